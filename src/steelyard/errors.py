"""Every error a user can meet, in one tree, by family and exit status.

    SteelyardError
    +-- InputError      2   a file or a flag is wrong
    |   +-- PortfolioProblems   every problem of a portfolio file at once
    +-- DataError       3   a price or a rate is missing or stale
    +-- PlanError       4   no plan satisfies the constraints
    +-- ServiceError    5   a broker or a notification service failed
        +-- OrderNotTaken       the broker certainly did not take the order
        +-- NoAnswer            nobody knows whether it did

Anything else that escapes is a bug (exit status 1). Each error has a stable `code`, a
text, and a `hint`: one imperative sentence, best of all the line to write.
"""

from __future__ import annotations

from typing import Any, ClassVar

from steelyard.records import dataclass
from steelyard.words import ENGLISH, Language, Text, join, render, say


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, with where it stands and what to write instead.

    Attributes:
        code: Stable name, lower case with dashes (`target-sum`).
        message: What is wrong, one sentence without the place.
        hint: What to do about it, best of all the line to paste.
        file: File name as the user gave it, or None.
        line: One-based line in that file, or None.
        key: Dotted key in that file (`accounts[0].positions[2].shares`), or None.
        family: `input` (exit status 2) or `data` (exit status 3).
    """

    code: str
    message: str
    hint: str
    file: str | None = None
    line: int | None = None
    key: str | None = None
    family: str = "input"

    def __str__(self) -> str:
        return self.told(ENGLISH)

    def told(self, language: Language) -> str:
        """Return the problem with its code and place, in a language."""
        return render(self.text, language)

    @property
    def text(self) -> Text:
        """The problem with its code and place, as a message."""
        place = ""
        if self.file is not None:
            place = f" ({self.file}:{self.line})" if self.line is not None else f" ({self.file})"
        key = f"{self.key}: " if self.key else ""
        return join("", (f"error[{self.code}]: {key}", self.message, place))


class SteelyardError(Exception):
    """The root of everything raised on purpose."""

    exit_status: ClassVar[int] = 1

    def __init__(self, code: str, message: str, hint: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint

    def __reduce__(self) -> tuple[Any, ...]:
        # An exception is made again from its `args`, which are not what ours are made of; a worker's error
        # that cannot be made again ends a pool of processes.
        return _made_again, (type(self), self.args, self.__dict__)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """The error as a list of problems, so that every error renders the same way."""
        return (Problem(self.code, self.message, self.hint),)


def _made_again(kind: type[SteelyardError], args: tuple[Any, ...], facts: dict[str, Any]) -> SteelyardError:
    error = kind.__new__(kind, *args)
    error.__dict__.update(facts)
    return error


class InputError(SteelyardError):
    """A file or a flag is wrong."""

    exit_status = 2


class DataError(SteelyardError):
    """A price or a rate is missing or stale."""

    exit_status = 3


class PlanError(SteelyardError):
    """No plan satisfies the constraints; the text names the binding one."""

    exit_status = 4


class ServiceError(SteelyardError):
    """A broker or a notification service failed."""

    exit_status = 5


class OrderNotTaken(ServiceError):
    """A request certainly had no effect: the connection was refused, or the broker said "not now"."""


class NoAnswer(ServiceError):
    """A request may have had its effect or not: the answer never came, or made no sense."""


class PortfolioProblems(InputError):
    """A portfolio file is refused whole, with every problem in it.

    The exit status is 3 when nothing but prices and rates is missing, else 2. `language` is the one that the
    file asks for, None where it asks for none.
    """

    def __init__(self, problems: tuple[Problem, ...], language: str | None = None) -> None:
        if not problems:
            raise ValueError("PortfolioProblems needs at least one problem")
        super().__init__(problems[0].code, "\n".join(map(str, problems)), problems[0].hint)
        self._problems = problems
        self.language = language

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Every problem, in the order of the file."""
        return self._problems

    @property
    def status(self) -> int:
        """3 when every problem is missing data, else 2."""
        return 3 if all(p.family == "data" for p in self._problems) else 2


def unwritable(path: object, error: OSError) -> InputError:
    """Return the error of a file that cannot be written where its owner wants it."""
    text = say("{path} cannot be written: {why}", path=path, why=error.strerror)
    return InputError("unwritable", text, say("check the folder"))
