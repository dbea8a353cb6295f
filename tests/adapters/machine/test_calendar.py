"""Trading sessions, against closures announced by the exchanges and against the `holidays` package."""

from datetime import UTC, date, datetime, timedelta

import holidays
import pytest

from steelyard.adapters.machine.calendar import EXCHANGES, ExchangeSessions, early_close
from steelyard.adapters.machine.trading_hours import close_of, is_open
from steelyard.domain.policy.looks import look_in, next_look
from steelyard.errors import InputError

SESSIONS = ExchangeSessions()


@pytest.mark.parametrize(
    ("day", "why"),
    [
        (date(2026, 6, 3), "local elections"),
        (date(2026, 7, 17), "Constitution Day, a public holiday again"),
        (date(2027, 5, 3), "in lieu of Labour Day on a Saturday"),
        (date(2027, 7, 19), "in lieu of Constitution Day on a Saturday"),
        (date(2026, 12, 31), "closing day of the year"),
        (date(2026, 9, 25), "Chuseok"),
    ],
)
def test_the_korea_exchange_is_closed_on_days_that_other_calendars_miss(day, why):
    assert day.weekday() < 5, why
    assert not SESSIONS.is_session("XKRX", day), why
    assert SESSIONS.is_session("XNYS", day) or day == date(2026, 12, 31), why


def test_the_last_korean_session_of_2026_is_30_december():
    assert look_in("annual", "last", date(2026, 6, 1), lambda d: SESSIONS.is_session("XKRX", d)) == date(
        2026, 12, 30
    )


@pytest.mark.parametrize(
    "day",
    [
        date(2026, 1, 1),
        date(2026, 1, 19),
        date(2026, 4, 3),
        date(2026, 6, 19),
        date(2026, 7, 3),
        date(2026, 11, 26),
        date(2026, 12, 25),
        date(2018, 12, 5),
    ],
)
def test_new_york_is_closed_on_its_holidays(day):
    """NYSE's published list for 2026, and the day of mourning of 2018."""
    assert not SESSIONS.is_session("XNYS", day)


@pytest.mark.parametrize("exchange", EXCHANGES)
@pytest.mark.parametrize("year", [2000, 2001, 2012, 2026, 2027, 2040])
def test_every_day_of_a_year_agrees_with_the_holidays_package(exchange, year):
    closed = holidays.financial_holidays(exchange, years=year)
    day = date(year, 1, 1)
    while day.year == year:
        assert SESSIONS.is_session(exchange, day) is (day.weekday() < 5 and day not in closed), day
        day += timedelta(days=1)


@pytest.mark.parametrize("year", [2000, 2012, 2026, 2040])
def test_every_half_day_of_new_york_agrees_with_the_holidays_package(year):
    half = holidays.financial_holidays("XNYS", years=year, categories=("half_day",))
    day = date(year, 1, 1)
    while day.year == year:
        short = SESSIONS.is_session("XNYS", day) and early_close("XNYS", day) is not None
        assert short is (SESSIONS.is_session("XNYS", day) and day in half), day
        day += timedelta(days=1)


@pytest.mark.parametrize(("exchange", "day"), [("XKRX", date(1999, 12, 30)), ("XNYS", date(9999, 12, 31))])
def test_a_year_that_nobody_knows_is_refused_and_not_guessed(exchange, day):
    """Before 2000 the package knows no closure of Seoul at all: every weekday would pass for a session."""
    with pytest.raises(InputError) as caught:
        SESSIONS.is_session(exchange, day)
    assert caught.value.code == "calendar-year"


def test_new_york_closes_at_one_on_the_day_after_thanksgiving():
    """NYSE's published list for 2026: Friday, November 27, early close at 1:00 p.m. (18:00 UTC)."""
    assert close_of("XNYS", date(2026, 11, 27)) == datetime(2026, 11, 27, 18, 0, tzinfo=UTC)
    assert close_of("XNYS", date(2026, 11, 30)) == datetime(2026, 11, 30, 21, 0, tzinfo=UTC)
    assert is_open("XNYS", datetime(2026, 11, 27, 17, 59, tzinfo=UTC), SESSIONS)
    assert not is_open("XNYS", datetime(2026, 11, 27, 18, 0, tzinfo=UTC), SESSIONS)


@pytest.mark.parametrize("exchange", EXCHANGES)
def test_no_exchange_trades_on_a_weekend(exchange):
    saturday = date(2026, 11, 21)
    assert not SESSIONS.is_session(exchange, saturday)
    assert not SESSIONS.is_session(exchange, saturday + timedelta(days=1))


def test_a_closure_announced_later_can_be_added_for_one_exchange():
    day = date(2026, 11, 23)
    extra = ExchangeSessions({"XKRX": frozenset({day})})
    assert SESSIONS.is_session("XKRX", day)
    assert not extra.is_session("XKRX", day)
    assert extra.is_session("XNYS", day)


def test_the_next_joint_quarterly_look_after_november_2026_is_4_january():
    """1 January 2027 is a Friday and a holiday in both places, so Monday the 4th is the first."""

    def both(day):
        return all(SESSIONS.is_session(exchange, day) for exchange in EXCHANGES)

    assert next_look("quarterly", "first", date(2026, 11, 23), both) == date(2027, 1, 4)


def test_an_exchange_nobody_knows_is_refused_with_the_known_ones():
    with pytest.raises(InputError) as caught:
        SESSIONS.is_session("XLON", date(2026, 11, 23))
    assert caught.value.code == "unknown-exchange"
    assert "XKRX" in caught.value.hint
