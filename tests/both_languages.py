"""Every error that a test raises is said in both languages the moment it is made.

An error, a problem or a refusal of ours is made of messages (`steelyard.words`). A plain string would be
English for everybody, so the test that meets one fails. Errors that a test itself makes up are let be.
"""

import sys
from pathlib import Path

import steelyard
from steelyard import errors
from steelyard.domain.trading import guardrails
from steelyard.languages import language
from steelyard.words import Text, render

OURS = str(Path(steelyard.__file__).parent)
KOREAN = language("ko")


def watch():
    """Look at every error, problem and refusal that is made from now on."""
    made, found, refused = (
        kind.__init__ for kind in (errors.SteelyardError, errors.Problem, guardrails.Refusal)
    )

    def error(self, code, message, hint):
        made(self, code, message, hint)
        if not isinstance(self, errors.PortfolioProblems):
            look(code, message, hint)

    def problem(self, code, message, hint, *args, **more):
        found(self, code, message, hint, *args, **more)
        look(code, message, hint)

    def refusal(self, *args, **more):
        refused(self, *args, **more)
        look(self.rule, self.text, self.hint)

    errors.SteelyardError.__init__ = error
    errors.Problem.__init__ = problem
    guardrails.Refusal.__init__ = refusal


def look(code, *said):
    if not sys._getframe(2).f_code.co_filename.startswith(OURS):
        return
    english = [text for text in said if text and not in_korean(text)]
    assert not english, f"{code} is said in English alone: {english}; use steelyard.words.say"


def in_korean(text):
    return isinstance(text, Text) and any("가" <= letter <= "힣" for letter in render(text, KOREAN))
