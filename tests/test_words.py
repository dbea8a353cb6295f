"""Messages that read as English and can be said again in another language."""

import copy
import dataclasses
import pickle
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steelyard.words import ENGLISH, Language, Text, changed, join, placeholders, render, say

UPSIDE = Language(
    "xx", {"{n} {n:share|shares} of {symbol}": "{symbol}: {n}", "both": "beide", "if {it}": "wenn {it}"}
)


def test_a_message_is_the_english_string_it_reads_as():
    text = say("{n} {n:share|shares} of {symbol}", n=1, symbol="VOO")
    assert text == "1 share of VOO"
    assert isinstance(text, str)
    assert {text: 1}["1 share of VOO"] == 1


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 shares"), (1, "1 share"), (Decimal("1.0"), "1.0 share"), (Decimal("1.5"), "1.5 shares")],
)
def test_the_form_goes_with_the_number(count, text):
    assert say("{n} {n:share|shares}", n=count) == text


def test_a_message_in_a_message_is_said_in_the_same_language():
    outer = say(
        "if {it}", it=join(" and ", [say("both"), say("{n} {n:share|shares} of {symbol}", n=2, symbol="A")])
    )
    assert outer == "if both and 2 shares of A"
    assert render(outer, UPSIDE) == "wenn beide and A: 2"


def test_what_has_no_translation_is_said_in_english():
    assert render(say("nothing like it"), UPSIDE) == "nothing like it"
    assert render("a plain string {x}", UPSIDE) == "a plain string {x}"


def test_numbers_are_written_out_and_dates_are_iso():
    text = say(
        "{a} {b:,f} {c} {d!r} {e}",
        a=Decimal("1E+6"),
        b=Decimal("1234.50"),
        c=date(2026, 3, 1),
        d="it's",
        e=("a", "b"),
    )
    assert text == '1000000 1,234.50 2026-03-01 "it\'s" a, b'


def test_braces_of_the_text_itself_are_doubled_and_facts_are_not_read_again():
    assert say("cash = {{ KRW = {amount} }}", amount="{x}") == "cash = { KRW = {x} }"
    assert join("{}", ["a", "b"]) == "a{}b"


def test_a_message_survives_copies_and_pickles_with_its_facts():
    text = say("{n} {n:share|shares} of {symbol}", n=2, symbol="VOO")

    @dataclasses.dataclass(frozen=True)
    class Holder:
        text: str

    for other in (
        copy.copy(text),
        copy.deepcopy(text),
        pickle.loads(pickle.dumps(text)),
        dataclasses.asdict(Holder(text))["text"],
    ):
        assert isinstance(other, Text)
        assert render(other, UPSIDE) == "VOO: 2"


@given(st.text(), st.text())
def test_any_fact_comes_through_unchanged_in_english(one, two):
    assert say("{one}|{two}", one=one, two=two) == f"{one}|{two}"
    assert render(say("{one}", one=one), ENGLISH) == one


def test_placeholders_are_found_in_every_form():
    assert placeholders("{a} {b!r} {c:은는} {{d}} {e:x|y}") == {"a", "b", "c", "e"}


def test_a_change_reaches_every_text_among_the_facts_and_leaves_the_message_one():
    inner = say("no answer from {host}", host="https://secret.example")
    text = changed(
        say("{a} and {b}: {n}", a=inner, b=("secret", 1), n=2), lambda x: x.replace("secret", "***")
    )
    assert text == "no answer from https://***.example and ***, 1: 2"
    assert isinstance(text, Text)
    assert isinstance(text.facts["a"], Text)
