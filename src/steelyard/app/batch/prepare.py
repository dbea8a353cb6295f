"""Use case: a platform's tables become buckets of whole accounts, with a manifest that vouches for them.

What is wrong with an account (it stands twice, has no model, holds less than nothing or something that
nobody priced) is refused with examples and counts; or let through, to be refused account by account.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from steelyard.app.batch.account_rows import NEEDED, OPTIONAL, account_arrays, whole_numbers
from steelyard.app.batch.book import Terms
from steelyard.app.batch.buckets import (
    MOST_BUCKETS,
    POSITIONS_A_BUCKET,
    Households,
    Symbols,
    accounts_of,
    groups_of,
    held,
    split,
)
from steelyard.app.batch.model_arrays import PackedBook
from steelyard.domain.money import plain
from steelyard.engines.batch.account_arrays import UNKNOWN
from steelyard.errors import InputError, PortfolioProblems, Problem
from steelyard.ports.batch import Engine, Tables, Task, Work
from steelyard.records import dataclass
from steelyard.words import say

POSITIONS = ("account", "symbol", "shares")
LOTS = ("lot_date", "lot_cost", "lot_fx")
ACCOUNTS = tuple(name for name in NEEDED if name != "positions")
SETTINGS = tuple(name for name in OPTIONAL if name != "refused")
SMALL = ("models", "prices", "rates", "instruments", "owners")
FEW = 3
"""Accounts named as examples of one mistake."""
WRONG = {
    "duplicate-account": say("standing twice in the table of accounts"),
    "batch-orphan": say("with positions, but not in the table of accounts"),
    "batch-model": say("of a model that is not there"),
    "duplicate-position": say("that hold a symbol in two rows"),
    "negative": say("that hold less than nothing, or a number that is none"),
    "price-missing": say("that hold something without a price or a rate"),
}
"""What may be wrong with an account as it comes in, by the code it is refused with."""


class Split(NamedTuple):
    """What all buckets share once the tables are split.

    Attributes:
        accounts: Columns of the table of accounts.
        symbols, ranks: See `Symbols.ranked`.
        lots: Positions have a row for each lot.
    """

    accounts: pa.Schema
    symbols: list[str | None]
    ranks: npt.NDArray[np.int32]
    lots: bool


@dataclass(frozen=True, slots=True)
class Prepared:
    """What `prepare` made.

    Attributes:
        accounts, positions, buckets: How many.
        wrong: How many accounts will be refused, by code.
    """

    accounts: int
    positions: int
    buckets: int
    wrong: Mapping[str, int]

    def to_dict(self) -> dict[str, Any]:
        """Return it as `batch prepare --json` prints it."""
        return {
            "schema": "steelyard/batch-prepare/1",
            "accounts": self.accounts,
            "positions": self.positions,
            "buckets": self.buckets,
            "refused": dict(self.wrong),
        }


def terms_document(terms: Terms) -> dict[str, str]:
    """Return terms as the manifest keeps them."""
    return {
        "base_currency": terms.base_currency,
        "as_of": terms.as_of.isoformat(),
        "commission": plain(terms.commission),
        "min_commission": plain(terms.min_commission),
        "fx_spread": plain(terms.fx_spread),
        **({} if terms.accept_drift is None else {"accept_drift": plain(terms.accept_drift)}),
    }


def prepare(
    tables: Tables,
    work: Work,
    book: PackedBook,
    task: Callable[[Split], Task],
    *,
    engine: Engine,
    version: str,
    refuse: bool = False,
    said: Callable[[int, int], None] = lambda done, of: None,
) -> Prepared:
    """Bring a platform's tables into buckets.

    Args:
        tables: `positions` and `accounts` with the small tables.
        work: Receives them; it is whole once its manifest is written.
        book: Of the small tables.
        task: Makes `put_together` for what was split, by the number of a bucket.
        engine: Carries the tasks out.
        version: That plans, for the manifest.
        refuse: Let accounts through that cannot be planned, to be refused one by one.
        said: Told how many buckets are done, and of how many.

    Raises:
        InputError: A table lacks a column (`batch-column`) or cannot be read (`batch-table`).
        PortfolioProblems: Accounts are wrong and `refuse` was not asked for.
    """
    _need(tables)
    lots = [name for name in LOTS if name in tables.columns("positions")]
    # What was paid matters to whom somebody taxes; for all others lots are shares that are added up.
    kept_lots = lots if book.book.owners and {"lot_date", "lot_cost"} <= set(lots) else []
    count = min(max(-(-tables.rows("positions") // POSITIONS_A_BUCKET), 1), MOST_BUCKETS)
    symbols, households = Symbols(), Households()
    accounts, positions = work.parts("accounts", count), work.parts("positions", count)
    try:
        schema = pa.schema([(name, pa.string()) for name in ACCOUNTS])
        for batch in tables.stream("accounts"):
            schema = batch.schema
            households.add(batch)
            split(batch, count, accounts, households)
        households.end()
        for batch in tables.stream("positions", [*POSITIONS, *kept_lots]):
            numbered = batch.set_column(
                batch.schema.get_field_index("symbol"), "symbol", symbols.numbers(batch.column("symbol"))
            )
            split(numbered, count, positions, households)
        accounts.end()
        positions.end()
        made: dict[int, dict[str, Any]] = {}
        split_up = Split(schema, *symbols.ranked(), lots=bool(lots))
        with closing(engine.run(task(split_up), range(count))) as done:
            for number, told in done:
                made[number] = told
                said(len(made), count)
        entries = [made[number]["entry"] for number in range(count)]
        found: dict[str, list[str]] = {}
        for number in range(count):
            for code, examples in made[number]["wrong"].items():
                found.setdefault(code, []).extend(examples)
    finally:
        accounts.close()
        positions.close()
        work.without_parts()
    if found and not refuse:
        raise PortfolioProblems(tuple(_problem(code, names) for code, names in sorted(found.items())))
    kept = {name: tables.table(name) for name in SMALL}
    work.finish(
        {
            **terms_document(book.book.terms),
            "engine": version,
            "accounts": sum(entry["accounts"] for entry in entries),
            "positions": sum(entry["positions"] for entry in entries),
            "refused": {code: len(names) for code, names in sorted(found.items())},
            "tables": {n: work.add_table(n, table) for n, table in kept.items() if table is not None},
            "buckets": entries,
        }
    )
    return Prepared(
        sum(entry["accounts"] for entry in entries),
        sum(entry["positions"] for entry in entries),
        count,
        {code: len(names) for code, names in sorted(found.items())},
    )


def put_together(work: Work, book: PackedBook, split_up: Split, number: int) -> dict[str, Any]:
    """Write one bucket; return its entry for the manifest, and which of its accounts are wrong by code."""
    rows = work.parts_there("accounts").rows(number)
    rows = split_up.accounts.empty_table() if rows is None else rows
    inside = work.parts_there("positions").rows(number)
    table, wrong = _bucket(book, rows, inside, split_up.symbols, split_up.ranks, lots=split_up.lots)
    return {"entry": {**work.add_bucket(number, table), **_sums(table)}, "wrong": wrong}


def terms_of(manifest: Mapping[str, Any]) -> Terms:
    """Return the terms that a manifest keeps."""
    commission, least, spread = (
        Decimal(manifest[key]) for key in ("commission", "min_commission", "fx_spread")
    )
    accept = Decimal(manifest["accept_drift"]) if "accept_drift" in manifest else None
    day = date.fromisoformat(manifest["as_of"])
    return Terms(manifest["base_currency"], day, commission, least, spread, accept)


def _need(tables: Tables) -> None:
    for table, needed, others in (("positions", POSITIONS, LOTS), ("accounts", ACCOUNTS, SETTINGS)):
        columns, known = tables.columns(table), (*needed, *others)
        missing = [name for name in needed if name not in columns]
        unknown = [name for name in columns if name not in known]
        if not missing and not unknown:
            continue
        said = say("{table} has no column {missing}", table=table, missing=", ".join(missing))
        if not missing:
            names = ", ".join(unknown)
            said = say("{table} has a column that is not known: {names}", table=table, names=names)
        raise InputError("batch-column", said, say("columns are {needed}", needed=", ".join(known)))


def _bucket(
    book: PackedBook,
    rows: pa.Table,
    inside: pa.Table | None,
    names: list[str | None],
    ranks: npt.NDArray[np.int32],
    *,
    lots: bool,
) -> tuple[pa.Table, dict[str, list[str]]]:
    """Return the rows of a bucket, and which accounts are wrong by code."""
    if inside is None:
        kinds = [("account", pa.string()), ("symbol", pa.int32()), ("shares", pa.int64())]
        inside = pa.schema(kinds).empty_table()
    mine = accounts_of(rows)
    owners = inside.column("account").combine_chunks()
    groups = groups_of(mine, owners)
    wrong: dict[str, list[str]] = {}
    refused: dict[int, str] = dict.fromkeys(mine.twice, "duplicate-account")
    table = mine.table
    strays = np.flatnonzero(groups < 0)
    if len(strays):
        lost = sorted(set(map(str, owners.take(pa.array(strays)).to_pylist())))
        wrong["batch-orphan"] = lost
        refused |= {len(mine.names) + place: "batch-orphan" for place in range(len(lost))}
        added = pa.table({"account": pa.array(lost, pa.string())})
        table = pa.concat_tables([table, added], promote_options="default")
    listed = held(inside, groups, len(mine.names), names, ranks, lots=lots)
    if table.num_rows > len(mine.names):
        empty = pa.array([[]] * (table.num_rows - len(mine.names)), listed.type)
        listed = pa.concat_arrays([listed, empty])
    codes = [refused.get(place) for place in range(table.num_rows)] if refused else None
    table = table.append_column("positions", listed)
    table = table.append_column("refused", pa.array(codes or [None] * table.num_rows, pa.string()))
    for code, places in _looked_at(book, table).items():
        wrong[code] = list(map(str, table.column("account").take(pa.array(places)).to_pylist()))
    if mine.twice:
        wrong["duplicate-account"] = list(map(str, mine.names.take(pa.array(mine.twice)).to_pylist()))
    return table, wrong


def _looked_at(book: PackedBook, table: pa.Table) -> dict[str, npt.NDArray[np.int64]]:
    """Return the accounts that will be refused, by code; those refused already left out."""
    if "model" not in table.column_names or not table.num_rows:
        return {}
    (batch,) = table.combine_chunks().to_batches()
    arrays = account_arrays(book, batch)
    free = ~batch.column("refused").is_valid().to_numpy(zero_copy_only=False)
    owners = np.repeat(np.arange(table.num_rows), np.diff(arrays.starts))
    modelled = arrays.settings[:, 0]
    models = modelled[owners]
    known = arrays.symbols >= 0
    priced = known & book.arrays.known[np.where(known, arrays.symbols, 0)] if len(book.symbols) else known
    targeted = known & (models >= 0)
    targeted[targeted] = book.arrays.line_of[models[targeted], arrays.symbols[targeted]] >= 0
    same = np.zeros(len(owners), np.bool_)
    same[1:] = (owners[1:] == owners[:-1]) & (arrays.symbols[1:] == arrays.symbols[:-1]) & known[1:]
    shares = batch.column("positions").flatten().field("shares")
    none = shares.is_null().to_numpy(zero_copy_only=False)
    less = (arrays.shares < 0) & (arrays.shares != UNKNOWN)
    found = {
        "batch-model": np.flatnonzero(modelled < 0),
        "duplicate-position": np.unique(owners[same]),
        "negative": np.unique(owners[none | less]),
        "price-missing": np.unique(owners[~priced & ~targeted & (arrays.shares != 0)]),
    }
    return {code: kept for code, places in found.items() if len(kept := places[free[places]])}


def _problem(code: str, accounts: list[str]) -> Problem:
    more = len(accounts) - FEW
    shown = ", ".join(accounts[:FEW])
    message = say(
        "{count:,} {count:account|accounts} {what}: {shown}",
        count=len(accounts),
        what=WRONG[code],
        shown=say("{shown} and {more:,} more", shown=shown, more=more) if more > 0 else shown,
    )
    return Problem(
        code,
        message,
        say("correct them, or let them be refused one by one with --refuse"),
        family="data" if code == "price-missing" else "input",
    )


def _sums(table: pa.Table) -> dict[str, Any]:
    """Return what is counted and added up of a bucket: whole numbers, exact."""
    positions = table.column("positions").combine_chunks()
    shares = positions.flatten().field("shares") if len(positions) else pa.array([], pa.int64())
    numbers, places = whole_numbers(shares, missing=0)
    numbers = np.where(numbers == UNKNOWN, 0, numbers)
    total = (int((numbers >> 30).sum()) << 30) + int((numbers & ((1 << 30) - 1)).sum())
    return {"accounts": table.num_rows, "positions": len(shares), "shares": f"{total}e-{places}"}
