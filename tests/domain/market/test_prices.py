"""Expected findings are worked by hand from the rules in the docstring of `judge`."""

from datetime import date
from decimal import Decimal

from steelyard.domain.market.prices import Close, PriceLimits, Wanted, disagreement, judge

VOO = Wanted("VOO", "USD", "XNYS")
TODAY = date(2026, 11, 23)


def closes(*prices, currency="USD", splits=None):
    days = (16, 17, 18, 19, 20, 23)
    splits = splits or {}
    return [
        Close(date(2026, 11, d), Decimal(p), currency, Decimal(splits.get(d, 1)))
        for d, p in zip(days, prices, strict=False)
    ]


def verdict(answer, **more):
    found = judge(VOO, "yahoo", answer, PriceLimits(), as_of=TODAY, **more)
    return [str(c.price) for c in found.good], [(f.code, f.refused) for f in found.findings]


def test_ordinary_closes_are_all_good():
    assert verdict(closes("600", "605", "610", "600", "602", "603")) == (
        ["600", "605", "610", "600", "602", "603"],
        [],
    )


def test_an_empty_answer_is_refused():
    assert verdict([]) == ([], [("price-empty", True)])


def test_zero_and_negative_prices_are_refused_and_the_others_kept():
    assert verdict(closes("600", "0", "-1", "601", "602", "603")) == (
        ["600", "601", "602", "603"],
        [("price-not-positive", True), ("price-not-positive", True)],
    )


def test_another_currency_than_the_instruments_is_refused():
    assert verdict(closes("600", currency="KRW"))[1] == [("price-currency", True)]


def test_a_close_of_tomorrow_is_refused():
    answer = [*closes("600", "601", "602", "603", "604", "605"), Close(date(2026, 11, 24), Decimal("606"))]
    assert verdict(answer)[1] == [("price-future", True)]


def test_a_newest_close_that_jumps_is_refused_because_nothing_confirms_it():
    assert verdict(closes("600", "605", "610", "600", "602", "60.3")) == (
        ["600", "605", "610", "600", "602"],
        [("price-jump", True)],
    )


def test_a_jump_that_returns_is_refused_and_a_jump_that_stays_is_flagged():
    assert verdict(closes("600", "60", "610", "600", "602", "603"))[0] == ["600", "610", "600", "602", "603"]
    assert verdict(closes("600", "400", "401", "402", "403", "404")) == (
        ["600", "400", "401", "402", "403", "404"],
        [("price-jump", False)],
    )


def test_a_split_explains_its_jump():
    answer = closes("600", "605", "610", "600", "602", "301", splits={23: "2"})
    assert verdict(answer) == (["600", "605", "610", "600", "602", "301"], [])


def test_closes_that_the_source_restated_for_a_split_do_not_jump():
    answer = closes("300", "302.5", "305", "300", "301", "301", splits={23: "2"})
    assert verdict(answer) == (["300", "302.5", "305", "300", "301", "301"], [])


def test_the_close_known_from_before_is_what_a_first_close_is_held_against():
    before = Close(date(2026, 11, 13), Decimal("6000"))
    assert verdict(closes("600")[:1], before=before)[1] == [("price-jump", True)]


def test_a_close_as_old_as_the_limit_is_fresh_and_one_day_more_is_stale():
    week_old = [Close(date(2026, 11, 16), Decimal("600"))]
    assert verdict(week_old)[1] == []
    older = [Close(date(2026, 11, 15), Decimal("600"))]
    assert verdict(older) == (["600"], [("price-stale", False)])


def test_sources_that_differ_by_more_than_the_limit_disagree():
    day = date(2026, 11, 23)
    one, same, other = Close(day, Decimal(100)), Close(day, Decimal(102)), Close(day, Decimal("102.01"))
    assert disagreement("VOO", ("a", one), ("b", same), PriceLimits()) is None
    found = disagreement("VOO", ("a", one), ("b", other), PriceLimits())
    assert found is not None
    assert found.refused
