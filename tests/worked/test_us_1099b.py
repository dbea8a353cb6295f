"""A 1099-B beside the journal: a line a lot there, a sale a term here, and why they differ."""

from datetime import date

import pytest

from steelyard.adapters.files.packaged import load_catalogue
from steelyard.adapters.importers.statement import read_statement
from steelyard.app.tax.reconciliation import reconcile
from tax_files import buy, known, portfolio, trade

US = 'jurisdiction = "US"\nother_income = 100000'
HEAD = (
    "Symbol,Quantity,Date Acquired,Date Sold or Disposed,Proceeds,Cost or Other Basis,"
    "Wash Sale Loss Disallowed,Gain/Loss,Term"
)
SOLD = date(2026, 6, 1)
LOTS = [buy(date(2024, 1, 10), "VOO", 4, 100), buy(date(2024, 2, 12), "VOO", 6, 110)]


def compared(entries, *lines, method="fifo"):
    held = portfolio(US, {"VOO": 100}, method=method)
    (situation,) = known(held, entries)
    text = "\n".join((HEAD, *lines))
    return reconcile(situation, read_statement(text.encode(), "1099b.csv", load_catalogue()), "main")


def test_two_lots_of_one_sale_agree_with_the_sale():
    found = compared(
        [*LOTS, trade("sell", SOLD, "VOO", 10, 150)],
        "VOO,4,01/10/2024,06/01/2026,600.00,400.00,,200.00,Long-term",
        "VOO,6,02/12/2024,06/01/2026,900.00,660.00,,240.00,Long-term",
    )
    assert (found.agreed, found.differences, found.stated) == (1, (), 440)


def test_a_wash_in_another_account_is_what_the_broker_does_not_see():
    """Sold at a loss of 60; ten days later 10 are bought in the IRA: all of it is disallowed."""
    found = compared(
        [*LOTS, trade("sell", SOLD, "VOO", 10, 100), buy(date(2026, 6, 11), "VOO", 10, 99, account="ira")],
        "VOO,10,Various,06/01/2026,1000.00,1060.00,,-60.00,Long-term",
    )
    (difference,) = found.differences
    assert difference.amount == -60
    assert "does not see purchases of other accounts" in difference.reason


def test_a_wash_that_both_see_agrees_whether_or_not_the_gain_has_it():
    entries = [*LOTS, trade("sell", SOLD, "VOO", 10, 100), buy(date(2026, 6, 11), "VOO", 6, 99)]
    for gain in ("-60.00", "0.00"):
        lines = (
            "VOO,4,01/10/2024,06/01/2026,400.00,400.00,0.00,0.00,LT",
            f"VOO,6,02/12/2024,06/01/2026,600.00,660.00,60.00,{gain},LT",
        )
        assert compared(entries, *lines).agreed == 1


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("VOO,4,01/10/2024,06/01/2026,600.00,440.00,,160.00,Long-term", "by lifo"),
        ("VOO,4,01/10/2024,06/01/2026,600.00,390.00,,210.00,Long-term", "cost differs"),
        ("VOO,4,01/10/2024,06/01/2026,590.00,400.00,,190.00,Long-term", "proceeds differ"),
        ("VOO,4,01/10/2024,06/01/2026,600.00,400.00,,200.00,Short-term", "other term"),
        ("VOO,3,01/10/2024,06/01/2026,450.00,300.00,,150.00,Long-term", "no such sale"),
    ],
)
def test_a_difference_has_its_likely_reason(line, reason):
    found = compared([*LOTS, trade("sell", SOLD, "VOO", 4, 150)], line)
    assert reason in found.differences[0].reason


def test_short_and_long_of_one_day_are_two_lines():
    entries = [LOTS[0], buy(date(2026, 3, 2), "VOO", 4, 120), trade("sell", SOLD, "VOO", 8, 150)]
    found = compared(
        entries,
        "VOO,4,01/10/2024,06/01/2026,600.00,400.00,,200.00,Long-term",
        "VOO,4,03/02/2026,06/01/2026,600.00,480.00,,120.00,Short-term",
    )
    assert (found.agreed, found.differences) == (2, ())
