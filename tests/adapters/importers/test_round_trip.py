"""Export then import gives the same entries and the same fold, for random journals of every kind of entry."""

import csv
import io
from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from steelyard.adapters.files.packaged import load_catalogue
from steelyard.adapters.importers.choice import ImportOptions, read_any
from steelyard.domain.books.entry_text import COLUMNS, written
from steelyard.domain.books.holdings import holdings
from steelyard.domain.books.ledger import (
    ACTION_KINDS,
    CASH_KINDS,
    KINDS,
    PAYMENT_KINDS,
    SIGNED_KINDS,
    Entry,
)

CATALOGUE = load_catalogue()
LATER = date(2027, 1, 1)
numbers = st.decimals("0.000001", "1000000", places=6).map(lambda x: x.normalize())
symbols = st.sampled_from(["VOO", "069500", "ZZZ"])
TAKES = ("sell", "transfer_out", "transfer")


@st.composite
def entries(draw):
    kind = draw(st.sampled_from([k for k in KINDS if k not in TAKES]))
    sign = draw(st.sampled_from([1, -1])) if kind in SIGNED_KINDS and kind != "stock_dividend" else 1
    facts = {"shares": draw(numbers) * sign, "currency": draw(st.sampled_from(["USD", "KRW"]))}
    if kind not in CASH_KINDS:
        facts["symbol"] = draw(symbols)
    if kind in ("buy", "transfer_in", "inheritance", *PAYMENT_KINDS):
        facts |= {"price": draw(numbers), "fees": draw(numbers)}
    if kind == "convert":
        facts |= {"symbol": "EUR", "price": draw(numbers)}
    if kind in ("split", "merger"):
        facts["per"] = draw(st.sampled_from([None, Decimal(3), Decimal(7)]))
    if kind in ("spin_off", "merger"):
        facts["other"] = "NEW"
    if kind == "spin_off":
        facts["part"] = Decimal(draw(st.integers(0, 100))) / 100
    if kind in ACTION_KINDS:
        facts["currency"] = draw(st.sampled_from(["", "USD"])) if facts["symbol"] == "ZZZ" else "USD"
    day = date(2026, 1, 1) + timedelta(draw(st.integers(0, 300)))
    return Entry(
        day, draw(st.sampled_from(["main", "isa"])), kind, note=draw(st.sampled_from(["", "a, b"])), **facts
    )


def as_csv(journal):
    out = io.StringIO()
    table = csv.DictWriter(out, COLUMNS, lineterminator="\n", restval="")
    table.writeheader()
    table.writerows(written(entry) for entry in journal)
    return out.getvalue()


def taken(data):
    return [row.entry for row in read_any(data, "all.csv", CATALOGUE, ImportOptions()).file.rows]


@settings(deadline=None, max_examples=60)
@given(st.lists(entries(), min_size=1, max_size=12))
def test_what_is_exported_comes_back_as_it_was(journal):
    found = taken(as_csv(journal).encode())
    assert found == journal
    assert holdings(found, LATER) == holdings(journal, LATER)


@settings(deadline=None, max_examples=30)
@given(st.lists(entries(), min_size=1, max_size=8), st.sampled_from(["utf-16", "utf-8-sig"]))
def test_an_encoding_and_other_line_ends_change_nothing(journal, encoding):
    assert taken(as_csv(journal).replace("\n", "\r\n").encode(encoding)) == journal
