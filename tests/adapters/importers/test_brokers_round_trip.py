"""A random history, written as brokers write it, comes back with the same shares and the same money.

The writers here are of the test: what the columns mean is told by the brokers' samples in `tests/presets`.
What a format has no row for (an inheritance, a spin-off, lots) is not in these histories; the guide names it.
"""

import random
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broker_writers import BROKERS, CATALOGUE, Writer, table
from steelyard.adapters.database.journal import StoredJournal
from steelyard.adapters.importers import column_map
from steelyard.adapters.importers.choice import ImportOptions, formats, read_any
from steelyard.app.books.journal import import_rows
from steelyard.domain.books.holdings import holdings
from steelyard.domain.books.ledger import Entry
from steelyard.errors import InputError, PortfolioProblems

END = date(2027, 1, 1)
STEP = {"USD": Decimal("0.01"), "KRW": Decimal(1)}
FUNDS = {"USD": ["VOO", "BND", "SCHD"], "KRW": ["069500", "360750", "133690"]}
KINDS = ("deposit", "withdrawal", "buy", "sell", "dividend", "interest", "fee")


@st.composite
def histories(draw, currency="USD"):
    """Entries of an account, oldest first, that never sell more than there is."""
    step = STEP[currency]
    held, entries, day = {}, [], date(2025, 1, 2)
    for _ in range(draw(st.integers(1, 15))):
        day += timedelta(draw(st.integers(0, 20)))
        kind = draw(st.sampled_from(KINDS))
        symbol = draw(st.sampled_from(FUNDS[currency]))
        if kind in ("sell", "dividend") and not held.get(symbol):
            kind = "buy"
        money = Decimal(draw(st.integers(1, 5_000_000))) * step
        if kind not in ("buy", "sell", "dividend"):
            entries.append(Entry(day, "main", kind, shares=money, currency=currency))
            continue
        most = 500 if kind == "buy" else int(held[symbol])
        shares = Decimal(draw(st.integers(1, most)) if kind != "dividend" else held[symbol])
        price = Decimal(draw(st.integers(1, 90_000))) * step
        # A file without fees shows a sale that brought less than it cost as money that left: refused there.
        fees = min(Decimal(draw(st.integers(0, 500))) * step, shares * price)
        fees = Decimal(0) if kind == "dividend" else fees
        held[symbol] = held.get(symbol, 0) + {"buy": shares, "sell": -shares, "dividend": 0}[kind]
        entries.append(Entry(day, "main", kind, symbol, shares, price, currency, fees))
    return entries


MAP = column_map.load(
    b"""\
date_format = "%d.%m.%Y"
ignore_signs = true
[columns]
date = "Tag"
type = "Art"
symbol = "Papier"
shares = "Anzahl"
price = "Kurs"
fees = "Kosten"
[constants]
currency = "USD"
""",
    "map.toml",
)


def mapped(entries):
    def shown(value):
        return "" if value is None else f"{value:,.2f}".translate({44: ".", 46: ","})

    rows = [
        (f"{e.traded_on:%d.%m.%Y}", e.kind, e.symbol, shown(-e.shares if e.kind == "sell" else e.shares),
         shown(e.price), shown(e.fees))
        for e in entries
    ]  # fmt: skip
    return table(("Tag", "Art", "Papier", "Anzahl", "Kurs", "Kosten"), rows, ";")


WRITERS = {
    "map": Writer(mapped),
    **BROKERS,
}


def test_every_preset_has_a_writer():
    """Flex has a second reader to be compared with besides, see test_flex_beside_ibflex."""
    assert set(formats()) - {"native"} == {name.partition(" ")[0] for name in WRITERS} - {"map"}


def rows_of(name, data):
    if name == "map":
        return column_map.read(data, "x.csv", CATALOGUE, ImportOptions(), MAP).rows
    return read_any(data, "x.csv", CATALOGUE, ImportOptions()).file.rows


@pytest.mark.parametrize("name", WRITERS)
@settings(deadline=None, max_examples=20)
@given(data=st.data())
def test_what_a_broker_writes_comes_back_with_the_same_shares_and_money(name, data):
    broker = WRITERS[name]
    kept = broker.carried(data.draw(histories(broker.currency)))
    if not kept:
        return
    found = [row.entry for row in rows_of(name, broker.write(kept))]
    assert holdings(found, END) == holdings(kept, END)
    assert sorted((e.traded_on, e.kind) for e in found) == sorted((e.traded_on, e.kind) for e in kept)


def fold_of(tmp_path, name, files):
    """What a journal holds after some files were imported one after the other."""
    path = tmp_path / f"{len(list(tmp_path.iterdir()))}.db"
    journal = StoredJournal(path)
    at = datetime(2026, 11, 30, tzinfo=UTC)
    for data in files:
        import_rows(journal, rows_of(name, data), "x.csv", as_of=END, at=at)
    rows = journal.rows()
    journal.close()
    return len(rows), holdings([r.entry for r in rows if r.counts], END)


@pytest.mark.parametrize("name", WRITERS)
def test_rows_in_any_order_twice_and_in_overlapping_parts_are_one_history(name, tmp_path):
    """Parts begin and end with a day, as brokers export them; a seeded history of a year."""
    rng, broker = random.Random(name), WRITERS[name]
    fund, currency = FUNDS[broker.currency][0], broker.currency
    day, entries = date(2025, 1, 2), []
    for n in range(60):
        day += timedelta(rng.randint(0, 9))
        entries.append(
            Entry(
                day,
                "main",
                "buy",
                fund,
                Decimal(rng.randint(1, 3)),
                Decimal(60025) * STEP[currency],
                currency,
                Decimal(105) * STEP[currency],
            )
        )
        entries.append(Entry(day, "main", "deposit", shares=Decimal(1000 + n % 3), currency=currency))
    entries = broker.carried(entries)
    write = broker.write
    whole = fold_of(tmp_path, name, [write(entries)])
    assert whole[0] == len(entries)
    days = sorted({e.traded_on for e in entries})
    first, last = days[len(days) * 2 // 3], days[len(days) // 3]
    parts = [[e for e in entries if e.traded_on <= first], [e for e in entries if e.traded_on >= last]]
    shuffled = rng.sample(entries, len(entries))
    for files in ([entries, entries], [shuffled], [entries, shuffled], parts, parts[::-1], [*parts, entries]):
        assert fold_of(tmp_path, name, [write(f) for f in files]) == whole


@pytest.mark.parametrize("name", [n for n in WRITERS if n != "map"])
def test_a_file_under_any_other_format_is_refused_and_never_half_read(name):
    broker = WRITERS[name]
    fund, currency, step = FUNDS[broker.currency][0], broker.currency, STEP[broker.currency]
    entries = broker.carried([
        Entry(date(2025, 1, 2), "main", "deposit", shares=1_000_050 * step, currency=currency),
        Entry(date(2025, 1, 3), "main", "buy", fund, Decimal(2), 60_025 * step, currency, 105 * step),
        Entry(date(2025, 1, 6), "main", "interest", shares=125 * step, currency=currency),
    ])  # fmt: skip
    data = broker.write(entries)
    for other in formats():
        if other != name.partition(" ")[0]:
            with pytest.raises((PortfolioProblems, InputError)):
                read_any(data, "x.csv", CATALOGUE, ImportOptions(format=other))
