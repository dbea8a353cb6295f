"""Kinds of entries beside trades and cash, from their words to shares, cash, lots and tax; worked by hand."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from steelyard.adapters.files.packaged import load_catalogue
from steelyard.adapters.files.tax_figures import load_tax_rules
from steelyard.adapters.machine.calendar import ExchangeSessions
from steelyard.app.books.performance import _flows
from steelyard.domain.books.entry_text import read_entry, written
from steelyard.domain.books.holdings import holdings
from steelyard.domain.books.lots import Pool, TaxLot
from steelyard.domain.tax.country import YearFacts
from steelyard.domain.tax.korea.isa_room import isa_room
from steelyard.domain.tax.korea.ledger import read_ledger
from steelyard.domain.tax.korea.rates import rates_of
from steelyard.domain.tax.united_states.positions import Setting
from steelyard.domain.tax.united_states.tax_year import Owner, year_report

CATALOGUE = load_catalogue()
LATER = date(2026, 11, 30)
US = Setting(classes=dict.fromkeys(["AAA", "BBB", "VOO"], "security"), settles=lambda d: d + timedelta(1))
FIGURES, _ = load_tax_rules("US")


def entry(text):
    """Read `date=2024-01-02 type=buy …`, dollars unless told."""
    fields = {"account": "main", "currency": "USD"} | dict(word.split("=", 1) for word in text.split())
    found, problems = read_entry(fields, CATALOGUE)
    assert problems == ()
    return found


def refused(text):
    fields = {"account": "main", "currency": "USD"} | dict(word.split("=", 1) for word in text.split())
    return [p.code for p in read_entry(fields, CATALOGUE)[1]]


def shares_of(*texts):
    held = holdings([entry(t) for t in texts], LATER).shares
    return {symbol: shares for (_, symbol), shares in held.items()}


def cash_of(*texts):
    return holdings([entry(t) for t in texts], LATER).cash.get(("main", "USD"), Decimal(0))


def us_year(year, *texts):
    return year_report([entry(t) for t in texts], year, setting=US, figures=FIGURES, owner=Owner())


BUY = "date=2024-01-02 type=buy symbol=AAA shares=300 price=10"


@pytest.mark.parametrize("ratio", ["1/3", "1:3", "1-for-3"])
def test_one_share_for_three_of_three_hundred_is_a_hundred_exactly(ratio):
    assert shares_of(BUY, f"date=2024-05-01 type=split symbol=AAA shares={ratio}") == {"AAA": 100}


def test_shares_that_a_broker_states_count_as_stated():
    """100 at 1 for 3 are 33 and a third; the broker books -67 and pays for the rest."""
    assert shares_of(
        "date=2024-01-02 type=buy symbol=AAA shares=100 price=10",
        "date=2024-05-01 type=stock_dividend symbol=AAA shares=-67",
    ) == {"AAA": 33}


def test_interest_fees_and_taxes_move_cash_and_may_be_paid_back():
    """100 - 5 withheld - 12 + 2 - 7 + 3 = 81."""
    assert cash_of(
        "date=2024-03-01 type=interest shares=100 fees=5",
        "date=2024-03-02 type=fee shares=12",
        "date=2024-03-03 type=fee shares=-2",
        "date=2024-03-04 type=tax shares=7",
        "date=2024-03-05 type=tax shares=-3",
    ) == Decimal(81)


def test_interest_is_neither_paid_in_nor_a_flow():
    """It made a return of 5 % zero, and filled the yearly limit of an ISA."""
    won = [
        entry("date=2024-03-01 type=deposit shares=1000 currency=KRW"),
        entry("date=2024-06-01 type=interest shares=50 currency=KRW"),
    ]
    data, rules = load_tax_rules("KR")
    assert isa_room(won, 2024, rates_of(data, rules, 2024)).paid == 1000
    assert [f.amount for f in _flows(won, "KRW", lambda *_: None)[0]] == [1000]


def test_a_return_of_capital_lowers_the_cost_and_is_a_gain_beyond_it():
    """10 at 10 and 10 at 30; 12 a share is paid back: costs 0 (2 x 10 = 20 too much) and 180.

    The first lot is held over a year: 20 of long-term gain. All 20 sold at 25 later: 500 - 180 = 320 more.
    """
    texts = (
        "date=2023-01-03 type=buy symbol=AAA shares=10 price=10",
        "date=2024-03-01 type=buy symbol=AAA shares=10 price=30",
        "date=2024-06-03 type=return_of_capital symbol=AAA shares=20 price=12",
    )
    paid = us_year(2024, *texts)
    assert (paid.summary.long_term, paid.summary.short_term, paid.summary.dividends.gross) == (20, 0, 0)
    assert [(x.shares, x.cost) for x in paid.open_lots] == [(10, 0), (10, 180)]
    sold = us_year(2025, *texts, "date=2025-06-03 type=sell symbol=AAA shares=20 price=25")
    assert sold.summary.long_term == 500 - 180
    assert cash_of(*texts) == -100 - 300 + 240


def test_a_capital_gain_distribution_is_a_long_term_gain_however_short_the_fund_was_held():
    texts = (BUY, "date=2024-02-01 type=capital_gain_distribution symbol=AAA shares=300 price=0.5")
    paid = us_year(2024, *texts)
    assert (paid.summary.long_term, paid.summary.dividends.gross) == (150, 0)
    assert cash_of(*texts) == -3000 + 150


def test_a_spin_off_takes_its_part_of_the_cost_and_the_holding_period_with_it():
    """300 at 10; 100 of BBB with 20 %: AAA keeps 2,400, BBB has 600; sold at 8 a long-term gain of 200."""
    texts = (BUY, "date=2024-05-01 type=spin_off symbol=AAA other=BBB shares=100 part=20%")
    assert shares_of(*texts) == {"AAA": 300, "BBB": 100}
    lots = us_year(2024, *texts).open_lots
    assert [(x.symbol, x.shares, x.cost, x.bought) for x in lots] == [
        ("AAA", 300, 2400, date(2024, 1, 2)),
        ("BBB", 100, 600, date(2024, 1, 2)),
    ]
    sold = us_year(2025, *texts, "date=2025-02-03 type=sell symbol=BBB shares=100 price=8")
    assert (sold.summary.long_term, sold.summary.short_term) == (200, 0)


def test_a_merger_and_a_rename_carry_shares_cost_and_days_over():
    """300 at 10 become 100 BBB at 1 for 3: cost 3,000, of 2024-01-02."""
    merger = (BUY, "date=2024-05-01 type=merger symbol=AAA other=BBB shares=1/3")
    assert shares_of(*merger) == {"BBB": 100}
    lots = us_year(2024, *merger).open_lots
    assert [(x.symbol, x.shares, x.cost, x.bought) for x in lots] == [("BBB", 100, 3000, date(2024, 1, 2))]
    assert shares_of(BUY, "date=2024-05-01 type=rename symbol=AAA other=BBB") == {"BBB": 300}


def test_a_stock_dividend_spreads_the_cost_over_more_shares():
    """3,000 over 300 + 15: 315 shares of the same lot, each 9.5238…; sold at 10 they bring 150."""
    texts = (BUY, "date=2024-05-01 type=stock_dividend symbol=AAA shares=15")
    assert shares_of(*texts) == {"AAA": 315}
    sold = us_year(2024, *texts, "date=2024-06-03 type=sell symbol=AAA shares=315 price=10")
    assert sold.summary.short_term == 150


def test_an_inheritance_is_held_long_term_at_once_at_its_value_of_that_day():
    texts = (
        "date=2024-03-01 type=inheritance symbol=VOO shares=10 price=400",
        "date=2024-04-01 type=sell symbol=VOO shares=10 price=410",
    )
    assert (us_year(2024, *texts).summary.long_term, us_year(2024, *texts).summary.short_term) == (100, 0)


def test_a_gift_needs_the_givers_cost_and_its_value():
    assert refused("date=2024-03-01 type=gift symbol=VOO shares=1") == ["entry-field"]
    found = entry("date=2024-03-01 type=gift symbol=VOO shares=1 price=300 gift_value=600000 lot=2020-01-02")
    assert (found.kind, found.gift_value, found.lot) == ("transfer_in", 600000, date(2020, 1, 2))


@pytest.mark.parametrize(
    "text",
    [
        "date=2024-03-01 type=spin_off symbol=AAA shares=10 part=20%",
        "date=2024-03-01 type=spin_off symbol=AAA other=BBB shares=10",
        "date=2024-03-01 type=spin_off symbol=AAA other=AAA shares=10 part=20%",
        "date=2024-03-01 type=spin_off symbol=AAA other=BBB shares=10 part=120%",
        "date=2024-03-01 type=merger symbol=AAA shares=1",
        "date=2024-03-01 type=merger symbol=AAA other=BBB shares=1/0",
        "date=2024-03-01 type=split symbol=AAA shares=1/x",
        "date=2024-03-01 type=buy symbol=AAA shares=1/3 price=1",
        "date=2024-03-01 type=stock_dividend symbol=AAA shares=0",
        "date=2024-03-01 type=return_of_capital symbol=AAA shares=1",
        "date=2024-03-01 type=deposit shares=-5",
        "date=2024-03-01 type=buy symbol=AAA shares=1 price=₩5",
    ],
)
def test_what_a_kind_needs_is_asked_for(text):
    assert refused(text)


@pytest.mark.parametrize(
    "text",
    [
        "date=2024-03-01 type=split symbol=AAA shares=2/7",
        "date=2024-03-01 type=spin_off symbol=AAA other=BBB shares=10 part=12.5%",
        "date=2024-03-01 type=merger symbol=AAA other=BBB shares=1/3",
        "date=2024-03-01 type=fee shares=-5",
        "date=2024-03-01 type=stock_dividend symbol=AAA shares=-7",
        "date=2024-03-01 type=return_of_capital symbol=AAA shares=3 price=0.1 ex_date=2024-02-20",
    ],
)
def test_every_kind_comes_back_from_its_own_words(text):
    assert read_entry(written(entry(text)), CATALOGUE)[0] == entry(text)


def test_in_korea_a_return_of_capital_lowers_the_cost_and_a_merger_carries_it_over():
    """10 VOO at 100 USD and 1,000 won: 1,000,000; 5 USD back a share: 950,000; renamed QQQ the cost stays."""
    base = {"currency": "USD", "fx_rate": "1000"}

    def korean(text):
        fields = {"account": "main", **base, **dict(w.split("=", 1) for w in text.split())}
        return read_entry(fields, CATALOGUE)[0]

    entries = [
        korean("date=2026-03-02 type=buy symbol=VOO shares=10 price=100"),
        korean("date=2026-03-20 type=return_of_capital symbol=VOO shares=10 price=5"),
        korean("date=2026-04-01 type=rename symbol=VOO other=QQQ"),
    ]
    data, rules = load_tax_rules("KR")
    classes = {"VOO": "overseas_listed", "QQQ": "overseas_listed"}
    facts = YearFacts(2026, entries, classes, ExchangeSessions().is_session, data, rules)
    ledger = read_ledger(facts, rates_of(data, rules, 2026))
    assert [(x.symbol, x.shares, x.cost) for x in ledger.open_lots] == [("QQQ", 10, 950000)]
    assert ledger.payments == ()


def test_lots_keep_their_cost_and_add_up_through_every_action():
    """7 and 11 shares at 100 and 200, 1 for 3 and 5 more: 11 shares in all, 300 of cost."""
    pool = Pool("fifo")
    for number, (shares, cost) in enumerate([(7, 100), (11, 200)]):
        day = date(2024, 1, 2 + number)
        pool.add(TaxLot("main", "AAA", day, Decimal(shares), Decimal(cost), day, order=number))
    pool.split(Decimal(1), Decimal(3))
    pool.grow(Decimal(5))
    assert pool.shares == Decimal(11)
    assert sum(x.shares for x in pool.lots()) == 11
    assert sum(x.cost for x in pool.lots()) == 300
