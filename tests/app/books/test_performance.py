"""Returns of the real account and what rebalances brought, worked by hand beside each case."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from steelyard.adapters.files.packaged import load_catalogue
from steelyard.adapters.files.portfolio import parse
from steelyard.app.books.performance import value_history
from steelyard.domain.books.ledger import OPENING_NOTE, Entry
from steelyard.domain.books.valuations import DayValue

D = Decimal
PORTFOLIO = """
base_currency = "USD"
[targets]
VOO = "50%"
TLT = "50%"
[[accounts]]
name = "main"
cash = { USD = "0" }
positions = [
  { symbol = "VOO", shares = 1, price = "110" },
  { symbol = "TLT", shares = 1, price = "60" },
]
"""


def worth(day, total, *, due=False, currency="USD"):
    return DayValue(date.fromisoformat(day), currency, D(total), D(0), D("0.01"), D("0.01"), due, {})


def paid(day, amount, kind="deposit", currency="USD"):
    return Entry(date.fromisoformat(day), "main", kind, shares=D(amount), currency=currency)


def trade(day, kind, symbol, shares, price, fees="1"):
    return Entry(date.fromisoformat(day), "main", kind, symbol, D(shares), D(price), "USD", D(fees))


def history(recorded, entries=(), **more):
    more = {"currency": "USD", "rate_on": lambda code, day: None} | more
    return value_history(recorded, entries, **more)


def test_money_paid_in_on_a_recorded_day_is_no_return():
    """1,000 becomes 1,100 and 500 come in; 1,600 becomes 1,760: twice 10 %, so 1.1 x 1.1 - 1 = 21 %."""
    days = [worth("2026-01-05", 1000), worth("2026-01-20", 1600), worth("2026-02-20", 1760)]
    found = history(days, [paid("2026-01-20", 500)])
    assert found.time_weighted == D("0.21")
    assert [d.paid_in for d in found.days] == [0, 500, 0]


def test_money_paid_in_between_counts_for_the_time_it_was_there():
    """100 for 15 of 30 days is 50 of 1,050 that worked; 1,205 - 1,000 - 100 = 105 is 10 % of it."""
    found = history([worth("2026-01-01", 1000), worth("2026-01-31", 1205)], [paid("2026-01-16", 100)])
    assert found.time_weighted == D("0.1")


def test_the_money_weighted_rate_is_the_one_all_money_grew_at():
    """1,000 for two years and 1,000 for one, at 10 %: 1,210 + 1,100 = 2,310."""
    days = [worth("2025-01-01", 1000), worth("2026-01-01", 2100), worth("2027-01-01", 2310)]
    found = history(days, [paid("2026-01-01", 1000)])
    assert found.money_weighted == pytest.approx(0.1, abs=1e-12)
    assert found.time_weighted_yearly == pytest.approx(0.1, abs=1e-12)


def test_what_was_paid_in_before_the_first_recorded_day_is_part_of_its_value():
    found = history([worth("2026-01-05", 1000), worth("2026-02-05", 1100)], [paid("2026-01-05", 1000)])
    assert found.time_weighted == D("0.1")


def test_a_withdrawal_in_another_currency_counts_at_the_rate_of_its_day():
    """100 euros at 1.2 are 120; 1,000 - 120 = 880 is no loss."""
    days = [worth("2026-01-05", 1000), worth("2026-01-20", 880)]
    taken = [paid("2026-01-20", 100, "withdrawal", "EUR")]
    found = history(days, taken, rate_on=lambda code, day: D("1.2"))
    assert found.time_weighted == 0
    said = "1 deposits or withdrawals without an exchange rate are counted as gain or loss"
    assert history(days, taken).notes[0] == said


def test_days_in_another_currency_are_left_out_and_said():
    found = history([worth("2026-01-05", 1000, currency="KRW"), worth("2026-01-20", 1)])
    assert (len(found.days), found.time_weighted) == (1, None)
    assert found.notes == ("1 days recorded in another currency are left out",)


def test_nothing_recorded_is_an_empty_history():
    found = history([])
    assert (found.days, found.rebalances, found.money_weighted) == ((), (), None)


@pytest.mark.parametrize("split", [False, True])
def test_a_rebalance_says_what_it_has_brought(split):
    """2 VOO sold at 100, now 110: 200 - 220. 4 TLT bought at 50, now 60: 240 - 200. Fees 2: 18 in all.

    After a split 2 for 1 the 2 TLT bought at 100 are 4: the same.
    """
    portfolio = parse(PORTFOLIO, "portfolio.toml", load_catalogue())
    bought = ("2", "100") if split else ("4", "50")
    entries = [trade("2026-01-07", "sell", "VOO", 2, 100), trade("2026-01-07", "buy", "TLT", *bought)]
    if split:
        entries.append(Entry(date(2026, 2, 2), "main", "split", "TLT", D(2)))
    days = [
        worth("2026-01-02", 900),
        worth("2026-01-05", 900, due=True),
        worth("2026-01-06", 900, due=True),
        worth("2026-01-08", 900),
    ]
    (done,) = history(days, entries, portfolio=portfolio).rebalances
    assert (done.sold, done.bought, done.turnover, done.effect) == (("VOO",), ("TLT",), 200, 18)
    assert done.due_since == date(2026, 1, 5)


def test_a_purchase_alone_is_no_rebalance():
    found = history([worth("2026-01-05", 900)], [trade("2026-01-06", "buy", "TLT", 4, 50)])
    assert found.rebalances == ()


def test_a_journal_that_is_opened_brings_no_money_in():
    """1,000 before and after: 400 in cash and the shares were there, so nothing was paid in and 0 % made."""
    opened = replace(paid("2026-01-10", 400), note=OPENING_NOTE)
    found = history([worth("2026-01-05", 1000), worth("2026-01-20", 1000)], [opened])
    assert [(d.paid_in, d.change) for d in found.days] == [(0, None), (0, 0)]
