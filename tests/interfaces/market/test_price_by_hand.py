"""`prices set`: what is typed is looked at as what is fetched, and the owner has the last word."""

from datetime import date
from decimal import Decimal

import pytest

import steelyard
from processes import run_command
from steelyard.errors import InputError

FILE = """\
base_currency = "KRW"
[targets]
069500 = "100%"
[[accounts]]
name = "main"
positions = [ { symbol = "069500", shares = 10 } ]
"""
FRIDAY, SATURDAY, MONDAY = date(2026, 11, 20), date(2026, 11, 21), date(2026, 11, 23)


@pytest.fixture
def path(tmp_path):
    (tmp_path / "portfolio.toml").write_text(FILE.replace("069500 =", '"069500" ='), encoding="utf-8")
    steelyard.set_price(tmp_path / "portfolio.toml", "069500", "26,100", day=FRIDAY)
    return tmp_path / "portfolio.toml"


@pytest.mark.parametrize(("typed", "fits"), [("2621000", "26210"), ("262.10", "26210")])
def test_a_hundredfold_price_is_a_slip_until_its_owner_is_sure(path, typed, fits):
    """26,210 won typed with two zeros more, or in hundreds as pence are."""
    with pytest.raises(InputError, match=f"hundredfold off, as pence for pounds: {fits} would fit") as caught:
        steelyard.set_price(path, "069500", typed, day=MONDAY)
    assert caught.value.code == "price-jump"
    assert steelyard.set_price(path, "069500", typed, day=MONDAY, sure=True).price == Decimal(typed)


@pytest.mark.parametrize("typed", ["26210", "13000", "3280", "52000", "2611"])
def test_a_true_move_and_a_price_after_a_split_are_the_owners_word(path, typed):
    """8 for 1 of 26,210 is 3,276; a tenth of 26,100 is 2,610."""
    assert steelyard.set_price(path, "069500", typed, day=MONDAY).day == MONDAY


@pytest.mark.parametrize("typed", ["2610", "261000", "1", "9"])
def test_a_tenth_and_ten_times_are_asked_about(path, typed):
    with pytest.raises(InputError, match="26100 was good on 2026-11-20"):
        steelyard.set_price(path, "069500", typed, day=MONDAY)


def test_a_day_without_a_session_is_named_with_the_session_before(path):
    """The 21st of November 2026 is a Saturday."""
    with pytest.raises(InputError) as caught:
        steelyard.set_price(path, "069500", "26210", day=SATURDAY)
    assert (caught.value.code, caught.value.hint) == ("price-no-session", "write --day 2026-11-20")


def test_an_earlier_price_is_held_against_those_before_it_only(path):
    """What was typed for Friday says nothing of the year before."""
    assert steelyard.set_price(path, "069500", "1000", day=date(2025, 11, 20)).price == 1000


def test_the_command_says_it_and_takes_the_owners_word(path):
    said = run_command(path.parent, "prices", "set", "069500", "2621000", "--day", "2026-11-23")
    assert said.returncode == 2
    assert "error[price-jump]" in said.stderr
    assert "--sure" in said.stderr
    sure = run_command(path.parent, "prices", "set", "069500", "2621000", "--day", "2026-11-23", "--sure")
    assert sure.returncode == 0, sure.stderr
    assert "2621000" in run_command(path.parent, "prices", "show").stdout
