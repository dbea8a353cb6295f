"""Use case: every bucket of prepared work is judged or planned once, whatever is interrupted in between.

One task is one bucket, a pure function of its bytes: threads share the tasks, or an engine on a cluster maps
them over the numbers of the buckets. What is done stays done; the rest is done by running again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import closing
from typing import Any

import pyarrow as pa

from steelyard.app.batch.answer_rows import check_schema, plan_schema, trade_schema, trades_of
from steelyard.app.batch.model_arrays import PackedBook
from steelyard.app.batch.plan import plan_batches
from steelyard.ports.batch import Engine, Results, Task, Work
from steelyard.records import dataclass

Told = Callable[[int, int], None]
"""Told how many accounts are done, and of how many."""


@dataclass(frozen=True, slots=True)
class Tally:
    """What became of the accounts of a batch.

    Attributes:
        accounts: How many.
        statuses: How many of each status.
        codes: Of those, how many by code; empty for none.
        trades: How many orders.
        buckets, skipped: How many buckets, and how many of them were done before.
    """

    accounts: int
    statuses: Mapping[str, int]
    codes: Mapping[str, Mapping[str, int]]
    trades: int
    buckets: int
    skipped: int = 0

    @property
    def refused(self) -> int:
        """Accounts that were refused."""
        return self.statuses.get("refused", 0)

    def to_dict(self) -> dict[str, Any]:
        """Return it as `batch check --json` and `batch plan --json` print it."""
        return {
            "schema": "steelyard/batch-run/1",
            "accounts": self.accounts,
            "statuses": dict(self.statuses),
            "codes": {status: dict(codes) for status, codes in self.codes.items()},
            "trades": self.trades,
            "buckets": self.buckets,
            "skipped": self.skipped,
        }


def check_work(work: Work, task: Task, *, engine: Engine, said: Told) -> Tally:
    """Say of every account whether it is due.

    Args:
        work: Prepared.
        task: `check_bucket` for this work, by the number of a bucket.
        engine: Carries the tasks out.
        said: Told of the progress.

    Raises:
        InputError: A bucket is not what was prepared (`batch-changed`).
    """
    return _run(work.manifest()["buckets"], {}, task, engine, said)


def check_bucket(work: Work, book: PackedBook, entry: Mapping[str, Any]) -> dict[str, Any]:
    """Say of the accounts of one bucket how many are due, and why."""
    rows = work.bucket(dict(entry))
    parts = plan_batches(book, rows.to_batches(), plans=False)
    return _told(pa.Table.from_batches(parts, check_schema(rows.schema.field("account").type)), 0)


def plan_work(work: Work, results: Results, task: Task, *, engine: Engine, said: Told) -> Tally:
    """Plan every account of prepared work that is not planned yet.

    Args:
        work: Prepared.
        results: Receives plans and trades; buckets done there already stay as they are.
        task: `plan_bucket` for this work and these results, by the number of a bucket.
        engine: Carries the tasks out.
        said: Told of the progress.

    Raises:
        InputError: A bucket is not what was prepared (`batch-changed`), or the results belong to other work
            (`batch-folder`). Buckets that were done by then are kept.
    """
    manifest = work.manifest()
    digest, entries = str(manifest["digest"]), manifest["buckets"]
    results.begin(digest)
    before = {n: record for n in range(len(entries)) if (record := results.done(n, digest)) is not None}
    return _run(entries, before, task, engine, said)


def plan_bucket(
    work: Work, results: Results, book: PackedBook, digest: str, number: int, entry: Mapping[str, Any]
) -> dict[str, Any]:
    """Plan the accounts of one bucket and keep them; return what its record tells."""
    rows = work.bucket(dict(entry))
    name = rows.schema.field("account").type
    parts = list(plan_batches(book, rows.to_batches(), plans=True))
    plans = pa.Table.from_batches(parts, plan_schema(name)).drop_columns(["orders"])
    trades = pa.Table.from_batches([trades_of(part) for part in parts], trade_schema(name))
    told = _told(plans, trades.num_rows)
    results.write(number, digest, _plain(plans), _plain(trades), told)
    return told


def _run(
    entries: list[dict[str, Any]],
    before: Mapping[int, Mapping[str, Any]],
    task: Task,
    engine: Engine,
    said: Told,
) -> Tally:
    """Do what is left, in any order, and add up what all buckets tell."""
    told: dict[int, Mapping[str, Any]] = dict(before)
    total = sum(int(entry["accounts"]) for entry in entries)
    finished = sum(int(entries[number]["accounts"]) for number in before)
    left = [number for number in range(len(entries)) if number not in before]
    # Closed on an interruption too, before it goes on: what is running is then waited for and kept.
    with closing(engine.run(task, left)) as done:
        for number, record in done:
            told[number] = record
            finished += int(entries[number]["accounts"])
            said(finished, total)
    return tally([told[number] for number in range(len(entries))], skipped=len(before))


def tally(records: list[Mapping[str, Any]], *, skipped: int = 0) -> Tally:
    """Add up what the records of buckets tell."""
    statuses: Counter[str] = Counter()
    codes: dict[str, Counter[str]] = {}
    for record in records:
        for status, mine in record["codes"].items():
            codes.setdefault(status, Counter()).update(mine)
            statuses[status] += sum(mine.values())
    return Tally(
        accounts=sum(int(record["accounts"]) for record in records),
        statuses=dict(sorted(statuses.items())),
        codes={status: dict(sorted(mine.items())) for status, mine in sorted(codes.items())},
        trades=sum(int(record["trades"]) for record in records),
        buckets=len(records),
        skipped=skipped,
    )


def _told(table: pa.Table, trades: int) -> dict[str, Any]:
    words = pa.schema([("status", pa.string()), ("code", pa.string())])
    counted = table.select(["status", "code"]).cast(words)
    rows = counted.group_by(["status", "code"]).aggregate([([], "count_all")]).to_pylist()
    codes: dict[str, dict[str, int]] = {}
    for row in sorted(rows, key=lambda row: (row["status"], row["code"] or "")):
        codes.setdefault(row["status"], {})[row["code"] or ""] = row["count_all"]
    return {"accounts": table.num_rows, "trades": trades, "codes": codes}


def _plain(table: pa.Table) -> pa.Table:
    """Return a table in one piece a column, so that its file does not depend on how it was put together."""
    for name in ("status", "code", "reason", "tax_note"):
        if name in table.column_names:
            # What lies under a null of a dictionary column finds its way into the compressed page.
            place = table.column_names.index(name)
            table = table.set_column(place, name, table.column(name).cast(pa.string()))
    return table.unify_dictionaries().combine_chunks()
