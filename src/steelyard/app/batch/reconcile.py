"""Use case: the proof that every account was told once, and that shares and money are conserved.

It computes nothing that planning computed: it reads buckets, plans and trades and holds them against each
other, account by account, to the last digit.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from steelyard.app.batch.account_rows import account_arrays, codes_of
from steelyard.app.batch.answer_rows import MONEY
from steelyard.app.batch.model_arrays import PackedBook
from steelyard.app.batch.run import Tally, Told, tally
from steelyard.engines.batch.account_arrays import owned
from steelyard.engines.batch.balance_kernel import balance, oversold
from steelyard.errors import PortfolioProblems, Problem
from steelyard.ports.batch import Engine, Results, Task, Work
from steelyard.words import Text, say

FEW = 3
PLANS = ("account", "status", "trades", "costs", "cash_after")
TRADES = ("account", "symbol", "side", "shares", "amount", "cost")
"""Columns that the proof looks at: reading is most of its work."""
_STATUSES = ("planned", "in_band", "refused")


def reconcile(work: Work, results: Results, task: Task, *, engine: Engine, said: Told) -> Tally:
    """Prove that every account of prepared work is planned, in band or refused, once, and that it adds up.

    Args:
        work: Prepared.
        results: Of `plan`.
        task: `look_at` for these, by the number of a bucket.
        engine: Carries the tasks out.
        said: Told of the progress.

    Raises:
        PortfolioProblems: Something does not hold, all of it together (`batch-reconcile`).
        InputError: A bucket is not what was prepared (`batch-changed`).
    """
    manifest = work.manifest()
    digest, entries = str(manifest["digest"]), manifest["buckets"]
    found: list[Problem] = []
    strangers = results.strangers(len(entries))
    if strangers:
        text = say("there are files of no bucket: {names}", names=", ".join(strangers[:FEW]))
        found.append(_problem(text))
    looked: dict[int, dict[str, Any]] = {}
    finished, total = 0, int(manifest["accounts"])
    with closing(engine.run(task, range(len(entries)))) as done:
        for number, seen in done:
            looked[number] = seen
            finished += int(entries[number]["accounts"])
            said(finished, total)
    in_order = [looked[number] for number in range(len(entries))]
    found += [_problem(text) for seen in in_order for text in seen["wrong"]]
    told = tally([seen["record"] for seen in in_order if seen["record"] is not None])
    if not found and (told.accounts != total or sum(told.statuses.values()) != total):
        found.append(
            _problem(say("{count:,} accounts came in and {out:,} out", count=total, out=told.accounts))
        )
    if found:
        raise PortfolioProblems(tuple(found))
    results.report({"work": digest, **told.to_dict(), "schema": "steelyard/batch-report/1"})
    return told


def look_at(
    work: Work, results: Results, book: PackedBook, digest: str, number: int, entry: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the record of a bucket, None where it is not done, and all that does not hold in it."""
    record = results.done(number, digest)
    if record is None:
        text = say("bucket {number} is not done, or was changed since", number=number)
        return {"record": None, "wrong": [text]}
    return {
        "record": record,
        "wrong": _bucket(book, work.bucket(dict(entry)), *results.read(number, PLANS, TRADES)),
    }


def _problem(text: Text) -> Problem:
    return Problem("batch-reconcile", text, say("run `steelyard batch plan` again: it does what is missing"))


def _bucket(book: PackedBook, rows: pa.Table, plans: pa.Table, trades: pa.Table) -> list[Text]:
    """Return what does not hold in one bucket."""
    names, told = _one(rows, "account"), _one(plans, "account")
    if not names.equals(told):
        lost = names.filter(pc.invert(pc.is_in(names, told))).to_pylist()
        return [
            say("plans are not one row an account: {names}", names=", ".join(map(str, lost[:FEW])) or "-")
        ]
    found = []
    counts = _one(plans, "trades").fill_null(0).to_numpy()
    starts = np.zeros(len(names) + 1, np.int64)
    np.cumsum(counts, out=starts[1:])
    owners = np.repeat(np.arange(len(names)), counts)
    if starts[-1] != trades.num_rows or not names.take(pa.array(owners)).equals(_one(trades, "account")):
        return [say("trades do not belong to the plans beside them: {names}", names=str(told[0]))]
    status = _one(plans, "status").cast(pa.string())
    refused = pc.equal(status, "refused").to_numpy(zero_copy_only=False)
    unknown = pc.invert(pc.is_in(status, pa.array(_STATUSES))).to_numpy(zero_copy_only=False)
    idle = ~pc.equal(status, "planned").to_numpy(zero_copy_only=False)
    (batch,) = rows.combine_chunks().to_batches() or [pa.RecordBatch.from_pylist([], rows.schema)]
    arrays = account_arrays(book, batch)
    buys = pc.equal(_one(trades, "side").cast(pa.string()), "buy").to_numpy(zero_copy_only=False)
    unbalanced, oversells = np.zeros(len(names), np.bool_), np.zeros(len(names), np.bool_)
    models, flow_places = book.arrays, int(arrays.places[0])
    amounts, costs, paid, after, sold = (
        _limbs(_one(table, name))
        for table, name in (
            (trades, "amount"),
            (trades, "cost"),
            (plans, "costs"),
            (plans, "cash_after"),
            (trades, "shares"),
        )
    )
    money = (arrays.settings[:, 1], flow_places, arrays.cash_starts, arrays.currencies, arrays.amounts)
    rates = (arrays.cash_places, models.rates, models.rate_places)
    told_by = (starts, buys, amounts, costs, paid, after)
    balance(*map(owned, (*money, *rates, *told_by)), not book.book.terms.fx_spread, unbalanced)
    traded = codes_of(_one(trades, "symbol"), book.number_of)
    held = (arrays.starts, arrays.symbols, arrays.shares, arrays.share_places)
    oversold(*map(owned, (*held, starts, traded, buys, sold)), oversells)
    # A number that the kernel could not hold is not a number of it: such accounts were planned the long way.
    whole = arrays.settings[:, 7] == 0
    for wrong, what in (
        (unknown, say("of no status")),
        (idle & (counts > 0), say("with trades, but no plan")),
        (unbalanced & whole & ~refused, say("whose cash does not add up")),
        (oversells, say("that sell more than they hold")),
    ):
        places = np.flatnonzero(wrong)
        if len(places):
            shown = ", ".join(map(str, names.take(pa.array(places[:FEW])).to_pylist()))
            found.append(
                say(
                    "{count:,} {count:account|accounts} {what}: {shown}",
                    count=len(places),
                    what=what,
                    shown=shown,
                )
            )
    return found


def _limbs(column: Any) -> npt.NDArray[np.uint64]:
    """Return a decimal column of twelve places as halves of 128 bits, nothing for a null."""
    if not len(column):
        return np.zeros((0, 2), np.uint64)
    column = column.fill_null(0).cast(MONEY)
    halves = np.frombuffer(column.buffers()[1], np.uint64)
    return halves[2 * column.offset : 2 * (column.offset + len(column))].reshape(-1, 2)


def _one(table: pa.Table, name: str) -> Any:
    """Return a column in one piece."""
    column = table.column(name)
    return column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
