"""What the audit record or a plan keeps in English is said in Korean by the message it came from."""

import pytest

from steelyard.languages import kept, language
from steelyard.words import render, say

KOREAN = language("ko")
NESTED = say("no rule: no Steelyard order matches it")


@pytest.mark.parametrize(
    "message",
    [
        say("everything is halted: {why}", why=say("asked for by the owner; {why}", why="점검")),
        say("{text} It did not answer, and may have taken the message", text="VOO"),
        say("plan {plan}, approved by {who}", plan="e361bc1d6782", who="jun"),
        say("{trades} trades, {unmatched} without a rule", trades=3, unmatched=0),
        say("a day at most {part} of the portfolio", part="25 %"),
        NESTED,
    ],
)
def test_a_kept_message_is_said_as_if_it_had_been_said_in_korean(message):
    assert kept.again(str(message), KOREAN) == render(message, KOREAN) != str(message)


@pytest.mark.parametrize("text", ["점검", "prices look wrong", "-5.3 -> 15.0 %", "", " ", "{x} {"])
def test_what_no_message_made_stays_as_it_is(text):
    assert kept.again(text, KOREAN) == text


def test_english_stays_english():
    assert kept.again(str(NESTED), language("en")) == NESTED


def test_a_particle_goes_with_the_word_that_was_kept():
    """을 after a final consonant, 를 after a vowel: 네임 and 브이오오, as they are read aloud."""
    said = [kept.again(f"{path} cannot be written: disk full", KOREAN).split()[0] for path in ("name", "VOO")]
    assert said == ["name을", "VOO를"]
