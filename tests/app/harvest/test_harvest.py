"""What is worth realising: cases worked by hand, the arithmetic beside each.

Unless a test says otherwise nothing is paid for trading, later tax is discounted at 4 % over ten years
(1.04^10 = 1.480244), and the day is 2026-11-23.
"""

from datetime import date

import pytest

from steelyard.app.harvest.harvest import harvest
from steelyard.app.harvest.sale_value import Assumptions
from steelyard.errors import InputError
from tax_files import DAY, KR, LONG_AGO, SPRING, US, D, buy, known, portfolio, trade, won

CENT = D("0.01")


def report(held, entries=(), **assumptions):
    return harvest(
        held, known(held, entries), as_of=DAY, assumptions=Assumptions(**{"likelihood": D(0)} | assumptions)
    )


def test_what_this_year_has_no_use_for_is_worth_the_3000_a_year_it_takes_off_later_income():
    """Loss 100 * 100 = 10,000 at 32 %: 960.00 this year; then 3,000 * 0.32 / 1.04 = 923.08, 887.57
    and the last 1,000 / 1.04^3 = 284.48. Later tax 15 % of 10,000 / 1.480244 = 1,013.35."""
    entries = [buy(LONG_AGO, "TLT", 100, 200)]
    (found,) = report(portfolio(US, {"TLT": 100}), entries, likelihood=D(1)).losses
    assert (found.shares, found.do) == (100, True)
    assert found.carried.quantize(CENT) == D("2095.13")
    assert found.saves.quantize(CENT) == D("3055.13")
    assert found.costs.quantize(CENT) == D("1013.35")


def test_the_likelihood_and_the_discount_of_the_file_count_for_a_loss_carried_on():
    """3,000 of loss were realised already: of 1,000 more all is carried, 320 / 1.10 * 80 % = 232.73."""
    tax = f'{US}\ncarry_likelihood = "80%"\ncarry_discount = "10%"'
    before = [buy(LONG_AGO, "GLD", 10, 500), trade("sell", SPRING, "GLD", 10, 200)]
    held = portfolio(tax, {"TLT": 100, "GLD": 200})
    found = next(
        x for x in report(held, [*before, buy(LONG_AGO, "TLT", 10, 200)]).losses if x.symbol == "TLT"
    )
    assert found.saves.quantize(CENT) == found.carried.quantize(CENT) == D("232.73")
    assert found.do


def test_nothing_counts_after_ten_years():
    """A loss of 50,000: 3,000 this year, 30,000 in ten more; 330 shares lose 100 each."""
    (found,) = report(portfolio(US, {"TLT": 100}), [buy(LONG_AGO, "TLT", 500, 200)], likelihood=D(1)).losses
    assert found.shares == 330


def test_a_loss_is_worth_the_tax_it_saves_less_the_present_value_of_the_later_tax():
    """Loss 50 * 20 = 1,000; saves 32 % of it; later 15 % of 1,000 / 1.480244 = 101.33."""
    (found,) = report(portfolio(US, {"TLT": 80}), [buy(LONG_AGO, "TLT", 50, 100)]).losses
    assert (found.do, found.shares, found.gain, found.saves) == (True, 50, -1000, 320)
    assert found.costs.quantize(CENT) == D("101.33")
    assert found.worth.quantize(CENT) == D("218.67")


def test_trading_costs_are_paid_twice_and_make_a_small_loss_not_worth_it():
    """Down 0.20 of 100: 10 shares lose 2 and 1 % of 99.80 on the way out. The sale and the purchase back
    cost 0.998 each a share; 32 % of (0.20 + 0.998) = 0.383 a share is less than that."""
    held = portfolio(US, {"TLT": "99.80"}, commission="1%")
    assert not [x for x in report(held, [buy(LONG_AGO, "TLT", 10, 100)]).losses if x.do]


def test_no_more_is_sold_than_the_3000_offset_takes_when_there_are_no_gains():
    """50 a share: 60 shares are 3,000, which saves 960; the rest would be carried forward and is worth
    nothing this year, but would cost later tax."""
    (found,) = report(portfolio(US, {"TLT": 80}), [buy(SPRING, "TLT", 100, 130)]).losses
    assert (found.shares, found.gain, found.saves) == (60, -3000, 960)


def test_realised_gains_make_room_beyond_the_offset():
    """2,000 of short gains and 3,000 of the offset take all 5,000: 32 % is 1,600."""
    entries = [
        buy(SPRING, "TLT", 100, 130),
        buy(SPRING, "GLD", 10, 100),
        trade("sell", date(2026, 6, 1), "GLD", 10, 300),
    ]
    (found,) = report(portfolio(US, {"TLT": 80, "GLD": 300}), entries).losses
    assert (found.shares, found.gain, found.saves) == (100, -5000, 1600)


def test_the_second_loss_is_judged_on_top_of_the_first():
    """The deeper loss, 2,500 of VOO, leaves 500 of the 3,000: of 20 a share, 25 shares of TLT."""
    entries = [buy(SPRING, "VOO", 25, 600), buy(SPRING, "TLT", 100, 100)]
    found = {x.symbol: x for x in report(portfolio(US, {"VOO": 500, "TLT": 80}), entries).losses}
    assert (found["VOO"].shares, found["TLT"].shares) == (25, 25)


def test_two_purchases_of_one_day_count_once_in_what_is_left_for_the_next_loss():
    """VOO loses 10 * 110 + 10 * 90 = 2,000, which leaves 1,000 of the 3,000: 50 shares of TLT at 20."""
    entries = [buy(SPRING, "VOO", 10, 610), buy(SPRING, "VOO", 10, 590), buy(SPRING, "TLT", 95, 100)]
    prices = {"VOO": 500, "TLT": 80}
    (tlt,) = (x for x in report(portfolio(US, prices), entries).losses if x.symbol == "TLT")
    assert tlt.shares == 50


@pytest.mark.parametrize(
    ("bought", "free"),
    [(date(2026, 10, 23), True), (date(2026, 10, 24), False), (date(2026, 11, 3), False)],
)
def test_a_purchase_in_another_account_within_thirty_days_blocks_the_harvest(bought, free):
    """Thirty days before 23 November is 24 October (26 U.S.C. 1091(a)); an IRA counts (Rev. Rul. 2008-5)."""
    entries = [buy(LONG_AGO, "TLT", 50, 100), buy(bought, "TLT", 50, 79, account="ira")]
    (found,) = (x for x in report(portfolio(US, {"TLT": 80}), entries).losses if x.account == "main")
    assert found.do is free
    if not free:
        assert found.saves == 0
        assert "wash sale" in found.why
        assert str(bought) in found.why


def test_the_day_a_blocked_harvest_becomes_possible_is_31_days_after_the_purchase():
    entries = [buy(LONG_AGO, "TLT", 50, 100), buy(date(2026, 11, 3), "TLT", 50, 79, account="ira")]
    (found,) = report(portfolio(US, {"TLT": 80}), entries).losses
    assert "before 2026-12-04" in found.why


def test_a_purchase_of_another_fund_on_the_same_index_blocks_the_harvest():
    """SPY and VOO both follow the S&P 500."""
    entries = [buy(LONG_AGO, "VOO", 10, 700), buy(date(2026, 11, 3), "SPY", 10, 590, account="ira")]
    found = {x.symbol: x for x in report(portfolio(US, {"VOO": 600, "SPY": 600}), entries).losses}
    assert found["VOO"].do is False
    assert "SPY" in found["VOO"].why


def test_a_fund_on_another_index_does_not_block():
    """VTI follows the whole market."""
    entries = [buy(LONG_AGO, "VOO", 10, 700), buy(date(2026, 11, 3), "VTI", 5, 290, account="ira")]
    found = {x.symbol: x for x in report(portfolio(US, {"VOO": 600, "VTI": 300}), entries).losses}
    assert found["VOO"].do is True


def test_recent_lots_of_the_portfolio_file_block_as_a_journal_does():
    """The old lot loses 1,000; the recent one is at a gain and would be kept under hifo."""
    lots = {"TLT": [(LONG_AGO, 50, 100), (date(2026, 11, 3), 50, 79)]}
    (found,) = report(portfolio(US, {"TLT": 80}, lots=lots, method="hifo")).losses
    assert (found.shares, found.do) == (50, False)


def test_what_is_left_of_the_lot_that_is_sold_does_not_replace_it():
    """60 of 100 shares bought at once are a reduction of holdings, not a wash sale (Rev. Rul. 56-602)."""
    (found,) = report(portfolio(US, {"TLT": 80}), [buy(date(2026, 11, 3), "TLT", 100, 130)]).losses
    assert (found.shares, found.do) == (60, True)


def test_the_replacement_comes_with_its_caution_and_the_window_with_a_date():
    """Thirty days after 23 November is 23 December; the 24th is free. VTI is another index."""
    (found,) = report(portfolio(US, {"VOO": 600}), [buy(LONG_AGO, "VOO", 10, 700)]).losses
    assert found.replacement == ("VTI", "accepted")
    assert found.not_before == date(2026, 12, 24)
    assert "SPY" in found.why


def test_a_replacement_is_never_what_is_itself_sold_at_a_loss():
    """Selling VOO for VTI and VTI for VOO on one day would be two wash sales."""
    entries = [buy(SPRING, "VOO", 10, 650), buy(SPRING, "VTI", 10, 350)]
    found = report(portfolio(US, {"VOO": 600, "VTI": 300}), entries).losses
    assert [x.do for x in found] == [True, True]
    sold = {"VOO", "VTI", "SPY", "IVV", "SPYM"}
    assert not [x for x in found if x.replacement and x.replacement[0] in sold]


def test_losses_in_a_sheltered_account_are_not_proposed():
    assert report(portfolio(US, {"TLT": 80}), [buy(LONG_AGO, "TLT", 50, 100, account="ira")]).losses == ()


def gain_of_ten_million():
    return [won(LONG_AGO, "VOO", 50, 400_000), won(SPRING, "VOO", 50, 600_000, "sell")]


def test_first_in_first_out_sells_the_old_gain_before_the_new_loss():
    """Down 300,000 on each of the 10 new shares, up 200,000 on each of the 10 old ones: all 20 lose
    1,000,000 together and save 22 % of it; under lifo the new ones alone lose 3,000,000."""
    lots = [won(LONG_AGO, "QQQ", 10, 300_000), won(date(2026, 3, 10), "QQQ", 10, 800_000)]
    prices = {"QQQ": 500_000, "VOO": 600_000}
    (fifo,) = report(portfolio(KR, prices), gain_of_ten_million() + lots).losses
    assert (fifo.shares, fifo.gain, fifo.saves) == (20, -1_000_000, 220_000)
    assert fifo.lots[0] == (LONG_AGO, 10)
    (lifo,) = report(portfolio(KR, prices, method="lifo"), gain_of_ten_million() + lots).losses
    assert (lifo.shares, lifo.gain, lifo.saves) == (10, -3_000_000, 660_000)


def test_a_newer_losing_lot_behind_a_larger_gain_is_not_proposed():
    """10 * 400,000 of gain come first and 10 * 300,000 of loss after: every sale ends in a gain."""
    lots = [won(LONG_AGO, "QQQ", 10, 100_000), won(date(2026, 3, 10), "QQQ", 10, 800_000)]
    found = report(portfolio(KR, {"QQQ": 500_000, "VOO": 600_000}), gain_of_ten_million() + lots)
    assert found.losses == ()


def test_no_window_forbids_buying_back_in_korea():
    lots = [won(date(2026, 11, 3), "QQQ", 10, 800_000)]
    prices = {"QQQ": 500_000, "VOO": 600_000}
    (found,) = report(portfolio(KR, prices), gain_of_ten_million() + lots).losses
    assert (found.do, found.not_before, found.replacement) == (True, None, None)


def test_the_loss_of_a_domestic_equity_fund_is_worth_nothing():
    """Its gains are not taxed either, so nothing can be offset, even with ten million of other gains."""
    entries = [*gain_of_ten_million(), won(LONG_AGO, "069500", 200, 35_000)]
    prices = {"069500": 30_000, "VOO": 600_000}
    (found,) = report(portfolio(KR, prices), entries, min_loss=D("0.05")).losses
    assert (found.do, found.saves) == (False, 0)
    assert "worth nothing" in found.why


def test_without_gains_of_the_year_a_korean_harvest_is_harmful():
    """Nothing to offset and nothing carried forward; the basis falls by 1,000,000: 22 % of it in ten
    years is 220,000 / 1.480244 = 148,624 today."""
    entries = [won(LONG_AGO, "QQQ", 10, 600_000)]
    (found,) = report(portfolio(KR, {"QQQ": 500_000}), entries, min_loss=D("0.05")).losses
    assert (found.do, found.saves) == (False, 0)
    assert "harmful" in found.why
    assert found.worth.quantize(D(1)) == -148_624


def test_the_classic_list_takes_only_what_is_down_by_strictly_more():
    entries = [won(LONG_AGO, "QQQ", 10, 500_000)]
    assert report(portfolio(KR, {"QQQ": 475_000}), entries, min_loss=D("0.05")).losses == ()
    assert len(report(portfolio(KR, {"QQQ": 474_999}), entries, min_loss=D("0.05")).losses) == 1


def test_the_deduction_is_filled_with_whole_shares():
    """200,000 a share: 12 shares are 2,400,000 and 13 too many; 22 % of that is saved later."""
    (found,) = report(portfolio(KR, {"VOO": 600_000}), [won(LONG_AGO, "VOO", 20, 400_000)]).gains
    assert (found.shares, found.gain, found.saves) == (12, 2_400_000, 528_000)


def test_a_loss_opens_no_room_while_gains_still_exceed_the_deduction():
    """10,000,000 less a loss of 1,000,000 is far above 2,500,000: a further gain would be taxed."""
    more = [won(LONG_AGO, "QQQ", 10, 600_000), won(LONG_AGO, "TLT", 10, 100_000)]
    found = report(
        portfolio(KR, {"QQQ": 500_000, "VOO": 600_000, "TLT": 120_000}), gain_of_ten_million() + more
    )
    assert [x.symbol for x in found.losses if x.do] == ["QQQ"]
    assert found.gains == ()


def test_the_last_korean_day_is_the_trade_that_still_settles_in_the_year():
    """Tuesday 29 December 2026: the New York trade settles on the 30th there and on the 31st in Korea."""
    found = report(portfolio(KR, {"VOO": 600_000}), [won(LONG_AGO, "VOO", 1, 400_000)])
    assert found.deadline == date(2026, 12, 29)


def test_the_last_american_day_is_the_last_session_of_the_year():
    """Thursday, 31 December 2026; the trade date counts (Rev. Rul. 66-7)."""
    assert report(portfolio(US, {"TLT": 80}), [buy(LONG_AGO, "TLT", 1, 70)]).deadline == date(2026, 12, 31)


def us_owner(*lines):
    return "\n".join(['jurisdiction = "US"', *lines])


def test_the_rate_comes_from_the_bracket_of_the_income_where_none_is_stated():
    """100,000 lies between 50,400 and 105,700 of the single schedule of 2026: 22 % of 1,000."""
    held = portfolio(us_owner('filing = "single"', "other_income = 100000"), {"TLT": 80})
    (found,) = report(held, [buy(LONG_AGO, "TLT", 50, 100)]).losses
    assert found.saves == 220


def test_without_rate_and_income_nothing_is_guessed():
    with pytest.raises(InputError) as caught:
        report(portfolio(us_owner(), {"TLT": 80}), [buy(LONG_AGO, "TLT", 50, 100)])
    assert caught.value.code == "tax-setting"
    assert "other_income" in caught.value.hint


def test_a_key_that_the_country_does_not_know_is_refused():
    """A mistyped key would silently change the tax."""
    with pytest.raises(InputError) as caught:
        known(portfolio(us_owner("othr_income = 100000"), {"TLT": 80}))
    assert "othr_income" in caught.value.message
    assert "other_income" in caught.value.hint


def test_after_the_last_korean_day_a_sale_belongs_to_the_next_year():
    """Sold on 30 December 2026 it is settled in 2027: the deduction of that year is untouched, though that of
    2026 is used up."""
    late = date(2026, 12, 30)
    held = portfolio(KR, {"VOO": 600_000})
    entries = [*gain_of_ten_million(), won(LONG_AGO, "VOO", 20, 400_000)]
    (found,) = harvest(held, known(held, entries, as_of=late), as_of=late).gains
    assert found.shares == 12
    in_time = date(2026, 12, 29)
    assert harvest(held, known(held, entries, as_of=in_time), as_of=in_time).gains == ()
    assert harvest(held, known(held, entries, as_of=late), as_of=late).deadline.year == 2027


TWO_LOTS = [won(LONG_AGO, "VOO", 10, 400_000), won(date(2025, 6, 2), "VOO", 10, 500_000)]


@pytest.mark.parametrize(
    ("method", "shares", "gain"),
    [
        ("fifo", 15, 2_500_000),  # 10 at 200,000 and 5 at 100,000
        ("lifo", 17, 2_400_000),  # 10 at 100,000 and 7 at 200,000; an eighth would make it 2,600,000
        ("average", 16, 2_400_000),  # 150,000 each
    ],
)
def test_the_deduction_is_filled_in_the_order_in_which_the_broker_sells(method, shares, gain):
    (found,) = report(portfolio(KR, {"VOO": 600_000}, method=method), TWO_LOTS).gains
    assert (found.shares, found.gain, found.saves) == (shares, gain, gain * 22 // 100)


def test_several_holdings_share_the_deduction():
    """8 of VOO at 300,000 leave 100,000, one share of QQQ: exactly 2,500,000, worth 550,000."""
    entries = [won(LONG_AGO, "VOO", 20, 300_000), won(LONG_AGO, "QQQ", 20, 400_000)]
    found = report(portfolio(KR, {"VOO": 600_000, "QQQ": 500_000}), entries).gains
    assert [(x.symbol, x.shares) for x in found] == [("VOO", 8), ("QQQ", 1)]
    assert sum(x.worth for x in found) == 550_000


def test_a_loss_beside_a_gain_on_metal_saves_the_rate_of_metal():
    """Single, 150,000: gains on metal at 24 % like other income, 5,000 of them taken away: 1,200."""
    entries = [
        buy(date(2024, 1, 5), "GLD", 100, 100),
        trade("sell", date(2026, 3, 2), "GLD", 100, 200),
        buy(date(2024, 1, 5), "TLT", 100, 100),
    ]
    tax = 'jurisdiction = "US"\nfiling = "single"\nother_income = 150000'
    (found,) = report(portfolio(tax, {"TLT": 50, "GLD": 200}), entries).losses
    assert (found.symbol, found.gain, found.saves) == ("TLT", -5000, 1200)


def test_a_loss_is_offered_in_the_part_that_a_small_purchase_does_not_wash():
    """100 shares down 20 %, from 500 to 400, and half a share reinvested three days ago.

    30 shares lose the 3,000 that count this year and save 960. The half share washes half a share of them, 50
    of the 3,000; 29.5 thirtieths of 960 are 944.
    """
    entries = [buy(LONG_AGO, "VOO", 100, 500), buy(date(2026, 11, 20), "VOO", D("0.5"), 400)]
    (found,) = report(portfolio(US, {"VOO": 400}), entries).losses
    assert (found.do, found.shares, found.gain, found.saves) == (True, 30, -3000, 944)
    assert "; $50.00 of the loss is disallowed" in found.why


def test_a_purchase_as_large_as_the_sale_still_makes_it_wait():
    """30 shares bought three days ago wash all of the 30 that would be sold."""
    entries = [buy(LONG_AGO, "VOO", 100, 500), buy(date(2026, 11, 20), "VOO", 30, 400)]
    found = report(portfolio(US, {"VOO": 400}), entries).losses
    assert not [x for x in found if x.do]
