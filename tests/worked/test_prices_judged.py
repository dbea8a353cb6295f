"""Prices that were called good, and what they look like: slipped digits, pence, splits, days off."""

from datetime import date
from decimal import Decimal

import pytest

from steelyard.adapters.machine.calendar import ExchangeSessions
from steelyard.domain.market.prices import Close, PriceLimits, Wanted, judge

KODEX = Wanted("069500", "KRW", "XKRX")
TODAY = date(2026, 11, 23)


def closes(*rows):
    return [Close(date(2026, 11, day), Decimal(price)) for day, price in rows]


def judged(answer, known=(), wanted=KODEX, is_session=None):
    found = judge(
        wanted,
        "folder",
        answer,
        PriceLimits(),
        as_of=TODAY,
        known=list(reversed(known)),
        is_session=is_session,
    )
    return [str(c.price) for c in found.good], [(f.code, f.refused, f.text) for f in found.findings]


def test_a_correction_of_a_day_that_is_held_is_held_against_it():
    """26,210 was corrected to 9 and called good, since only later days were compared."""
    good, found = judged(closes((20, "9")), known=closes((19, "26100"), (20, "26210")))
    assert good == []
    assert found == [("price-jump", True, "069500: 9 on 2026-11-20 where 26210 was good before")]
    assert judged(closes((20, "26220")), known=closes((20, "26210"))) == (["26220"], [])


def test_a_wrong_row_two_days_running_confirms_nothing():
    good, found = judged(closes((20, "9"), (23, "9")), known=closes((19, "26100")))
    assert good == []
    assert [(code, refused) for code, refused, _ in found] == [("price-jump", True)] * 2


@pytest.mark.parametrize(("row", "fits"), [("2621000", "26210"), ("262.1", "26210")])
def test_a_hundredfold_row_is_proposed_as_such(row, fits):
    good, found = judged(closes((20, row), (23, row)), known=closes((19, "26100")))
    assert good == []
    assert f"looks a hundredfold off, as pence for pounds: {fits} would fit" in found[0][2]


def test_what_looks_like_a_split_names_the_entry_to_record():
    """8 for 1 on 26,210 is 3,276.25; the day moved it to 3,280."""
    good, found = judged(closes((20, "3280"), (23, "3290")), known=closes((19, "26210")))
    assert good == []
    assert "steelyard record date=2026-11-20 type=split symbol=069500 shares=8/1" in found[0][2]
    assert "steelyard prices set 069500 3280" in found[0][2]


def test_history_that_its_source_restated_for_a_split_agrees_with_what_was_held_before_it():
    """Two for one on the 23rd: the 20th was 600 and is told as 300 from then on."""
    answer = [
        Close(date(2026, 11, 20), Decimal(300)),
        Close(date(2026, 11, 23), Decimal(302), split=Decimal(2)),
    ]
    assert judged(answer, known=closes((20, "600"))) == (["300", "302"], [])


def test_a_close_on_a_day_without_a_session_is_named_and_refused():
    """21 November 2026 is a Saturday: its row took a month's look at Friday's price."""
    sessions = ExchangeSessions()
    good, found = judged(
        closes((20, "26210"), (21, "26210")), is_session=lambda day: sessions.is_session("XKRX", day)
    )
    assert good == ["26210"]
    assert found == [
        (
            "price-no-session",
            True,
            "069500: 2026-11-21 is not a session of XKRX; date the close of the session it is of",
        )
    ]
