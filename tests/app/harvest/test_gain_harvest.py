"""Gains that stay free of tax in the United States, worked by hand.

A single person's long-term gains of 2026 are taxed at 0 % up to 49,450 of taxable income and at 15 % above
(Rev. Proc. 2025-32); income up to 50,400 is taxed at 12 %. A share of TLT bought long ago at 50 stands at 80.
"""

from datetime import date

import pytest

from steelyard.app.harvest.harvest import harvest
from tax_files import DAY, KR, LONG_AGO, SPRING, D, buy, known, portfolio, trade, won

OLDER = date(2024, 1, 10)


def us(income, *more):
    return "\n".join(['jurisdiction = "US"', 'filing = "single"', f"other_income = {income}", *more])


def gains(held, entries):
    return harvest(held, known(held, entries), as_of=DAY).gains


def test_the_zero_bracket_is_filled_with_whole_shares():
    """49,450 - 40,000 leaves 9,450: 315 shares at 30 are exactly that; 15 % of it is saved later."""
    (found,) = gains(portfolio(us(40000), {"TLT": 80}), [buy(LONG_AGO, "TLT", 400, 50)])
    assert (found.shares, found.gain, found.saves, found.costs) == (315, 9450, D("1417.50"), 0)
    assert found.do
    assert found.not_before is None


def test_one_share_less_where_the_room_is_a_dollar_smaller():
    """9,449 holds 314 shares at 30."""
    (found,) = gains(portfolio(us(40001), {"TLT": 80}), [buy(LONG_AGO, "TLT", 400, 50)])
    assert found.shares == 314


def test_gains_of_the_year_and_qualified_dividends_fill_the_bracket_first():
    """9,450 less 1,000 long, 500 short and 450 of dividends: 7,500, which is 250 shares."""
    entries = [
        buy(LONG_AGO, "TLT", 400, 50),
        buy(LONG_AGO, "VTI", 10, 200),
        trade("sell", date(2026, 6, 1), "VTI", 10, 300),
        buy(SPRING, "VEA", 10, 50),
        trade("sell", date(2026, 6, 1), "VEA", 10, 100),
    ]
    held = portfolio(us(40000, "qualified_dividends = 450"), {"TLT": 80, "VTI": 300, "VEA": 100})
    (found,) = gains(held, entries)
    assert found.shares == 250


def test_a_loss_carried_in_makes_room_and_its_lost_use_is_a_cost():
    """9,450 + 2,000: 381 shares gain 11,430. Without them the 2,000 would have offset income at 12 %: 240."""
    held = portfolio(us(40000, "carry_long = 2000"), {"TLT": 80})
    (found,) = gains(held, [buy(LONG_AGO, "TLT", 400, 50)])
    assert (found.shares, found.gain) == (381, 11430)
    assert (found.saves, found.costs) == (D("1714.50"), 240)


def test_a_deduction_larger_than_the_income_makes_room_too():
    """Taxable income of -5,000: 54,450 of room is 1,815 shares, and the tax on them is nothing."""
    held = portfolio(us(-5000), {"TLT": 80})
    entries = [buy(LONG_AGO, "TLT", 2000, 50)]
    (found,) = gains(held, entries)
    assert (found.shares, found.costs) == (1815, 0)
    sold = [*entries, trade("sell", DAY, "TLT", 1815, 80)]
    assert known(held, sold)[0].so_far.total_tax == 0
    one_more = [*entries, trade("sell", DAY, "TLT", 1816, 80)]
    assert known(held, one_more)[0].so_far.total_tax == D("4.50"), "15 % of the last 30"


def test_a_short_lot_that_the_broker_sells_first_is_realised_and_taxed_with_it():
    """lifo: 10 newer shares gain 300, taxed at 12 % = 36; then 305 old ones gain 9,150."""
    entries = [buy(LONG_AGO, "TLT", 400, 50), buy(SPRING, "TLT", 10, 50)]
    (found,) = gains(portfolio(us(40000), {"TLT": 80}, method="lifo"), entries)
    assert found.lots == ((SPRING, 10), (LONG_AGO, 305))
    assert (found.saves, found.costs) == (D("1372.50"), 36)


def test_an_owner_who_chooses_the_lots_sells_only_long_ones_of_the_largest_gain():
    """9,450 of room: 198 of 2024 gain 40 each, 7,920, and 51 of 2025 gain 30 each, 1,530: exactly all of it.
    All 200 of 2024 and 48 of 2025 would leave 10."""
    entries = [buy(LONG_AGO, "TLT", 400, 50), buy(OLDER, "TLT", 200, 40), buy(SPRING, "TLT", 90, 20)]
    (found,) = gains(portfolio(us(40000), {"TLT": 80}, method="specific"), entries)
    assert found.lots == ((OLDER, 198), (LONG_AGO, 51))
    assert found.gain == 9450


def test_average_cost_keeps_the_term_of_each_share():
    """300 at 50 and 100 at 90 average 60: a share gains 20. The 300 old ones gain 6,000, all long; the newer
    100 are short and stay."""
    entries = [buy(LONG_AGO, "TLT", 300, 50), buy(SPRING, "TLT", 100, 90)]
    (found,) = gains(portfolio(us(40000), {"TLT": 80}, method="average"), entries)
    assert (found.shares, found.gain, found.costs) == (300, 6000, 0)


@pytest.mark.parametrize("income", [49450, 60000])
def test_there_is_no_room_above_the_bracket(income):
    assert gains(portfolio(us(income), {"TLT": 80}), [buy(LONG_AGO, "TLT", 400, 50)]) == ()


def test_metal_funds_and_sheltered_accounts_are_left_out():
    """Collectibles are taxed at the rate of other income, never at 0 % (26 U.S.C. 1(h)(4))."""
    entries = [buy(LONG_AGO, "GLD", 10, 100), buy(LONG_AGO, "TLT", 10, 50, account="ira")]
    assert gains(portfolio(us(40000), {"GLD": 300, "TLT": 80}), entries) == ()


def test_trading_twice_may_cost_more_than_is_saved_later():
    """Up 1 on 80 with 1 % of commission: less than the sale costs, so nothing is gained at all; up 5, the 0.8
    of the way out leave 4.2, of which 15 % is 0.63, less than 1.6 for trading twice."""
    held = portfolio(us(40000), {"TLT": 80}, commission="1%")
    assert gains(held, [buy(LONG_AGO, "TLT", 10, "79.5")]) == ()
    (found,) = gains(held, [buy(LONG_AGO, "TLT", 10, 75)])
    assert (found.do, found.saves, found.costs) == (False, D("6.30"), 16)


def test_what_would_undo_a_loss_when_bought_back_is_not_harvested():
    """10 shares were sold at a loss on 10 November; buying TLT back before 11 December would wash it."""
    dear = date(2025, 3, 3)
    entries = [
        buy(LONG_AGO, "TLT", 100, 50),
        buy(dear, "TLT", 10, 120),
        trade("sell", date(2026, 11, 10), "TLT", 10, 80, lot=dear),
    ]
    (found,) = gains(portfolio(us(40000), {"TLT": 80}, method="specific"), entries)
    assert not found.do
    assert "2026-12-11" in found.why


def test_without_the_income_it_says_what_to_state():
    held = portfolio('jurisdiction = "US"\nordinary_rate = "12%"', {"TLT": 80})
    report = harvest(held, known(held, [buy(LONG_AGO, "TLT", 400, 50)]), as_of=DAY)
    assert report.gains == ()
    assert report.gain_room is None
    assert "standard deduction" in report.notes[0]


def test_the_room_is_reported_with_what_it_rests_on():
    held = portfolio(us(40000), {"TLT": 80})
    report = harvest(held, known(held, [buy(LONG_AGO, "TLT", 1, 50)]), as_of=DAY)
    assert report.gain_room == 9450
    assert "standard deduction" in report.notes[0]
    assert report.deadline == date(2026, 12, 31)


def test_two_shares_that_fill_the_deduction_go_before_one_that_gains_more_but_leaves_room():
    """One of VOO gains 2,000,000 and leaves 500,000; two of QQQ gain 2,500,000, of which 22 % is saved."""
    held = portfolio(KR, {"VOO": 3_000_000, "QQQ": 2_250_000})
    entries = [won(LONG_AGO, "VOO", 1, 1_000_000), won(LONG_AGO, "QQQ", 2, 1_000_000)]
    (found,) = gains(held, entries)
    assert (found.symbol, found.shares, found.saves) == ("QQQ", 2, 550_000)
