"""How much is done for each row of a long file, counted in calls: time is for `benchmarks/imports.py`.

What rows have in common is read once, so a row more of a purchase is a few dozen calls of any preset.
The bounds are what was counted when it was written, and a fifth more.
"""

import sys
from datetime import date, timedelta
from decimal import Decimal

import pytest

from broker_writers import BROKERS, CATALOGUE
from steelyard.adapters.importers.choice import ImportOptions, read_any
from steelyard.domain.books.ledger import Entry

MOST = {"fidelity": 55, "vanguard": 65, "etrade": 62, "kiwoom": 67, "mirae": 67, "samsung": 58, "ibkr": 88}


def purchases(many, currency):
    symbol, step = ("VOO", Decimal("0.01")) if currency == "USD" else ("069500", Decimal(1))
    first = date(2024, 1, 3)
    return [
        Entry(first + timedelta(n // 12), "main", "buy", symbol, Decimal(n % 7 + 1), (40_000 + n) * step,
              currency, 100 * step)
        for n in range(many)
    ]  # fmt: skip


def calls(broker, many):
    """Python functions called while a file is read, of the second reading."""
    data = broker.write(purchases(many, broker.currency))
    counted = 0

    def count(frame, event, argument):
        nonlocal counted
        counted += event == "call"

    read_any(data, "x.csv", CATALOGUE, ImportOptions())
    before = sys.getprofile()
    sys.setprofile(count)
    try:
        rows = read_any(data, "x.csv", CATALOGUE, ImportOptions()).file.rows
    finally:
        sys.setprofile(before)
    assert len(rows) == many
    return counted


@pytest.mark.parametrize("name", MOST)
def test_a_row_more_is_little_more_work(name):
    broker = BROKERS[name]
    assert (calls(broker, 900) - calls(broker, 450)) / 450 < MOST[name]
