"""Use cases: account rows in, one row an account out; judged only, or planned."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any

import numpy as np
import pyarrow as pa

from steelyard.app.batch.account_rows import account_arrays, need_columns, rows_of
from steelyard.app.batch.answer_rows import answer_batch
from steelyard.app.batch.book import Row
from steelyard.app.batch.model_arrays import PackedBook
from steelyard.app.batch.single import Judged, judged, planned
from steelyard.engines.batch.account_arrays import LEFT, plan_rows
from steelyard.errors import SteelyardError

ROWS = 16_384
"""Accounts handled at a time: their numbers stay in a cache, and memory does not grow with the batch."""


def plan_batches(
    book: PackedBook, batches: Iterable[pa.RecordBatch], *, plans: bool
) -> Iterator[pa.RecordBatch]:
    """Return what becomes of accounts, batch by batch, in the order they come.

    An account that cannot be planned is refused with the code its portfolio file would be refused with, and
    stops no other.

    Args:
        book: What they share.
        batches: Account rows; see `account_rows.need_columns`.
        plans: False to say only whether each is due.
    """
    told: Iterator[pa.RecordBatch] = iter(batches)
    first = next(told, None)
    if first is not None and "household" in first.schema.names:
        # The accounts of a household may stand anywhere: all are looked at before the first is planned.
        whole = pa.Table.from_batches([first, *told]).combine_chunks()
        together = whole.column("household").null_count < whole.num_rows
        told, rows = iter(whole.to_batches()), max(whole.num_rows, 1) if together else ROWS
    else:
        told, rows = iter([]) if first is None else chain([first], told), ROWS
    for batch in told:
        need_columns(batch)
        for start in range(0, batch.num_rows, rows):
            yield _planned(book, batch.slice(start, rows), plans)


def _planned(book: PackedBook, batch: pa.RecordBatch, plans: bool) -> pa.RecordBatch:
    answers = plan_rows(book.arrays, account_arrays(book, batch), planned=plans)
    left: dict[int, Judged | SteelyardError] = {}
    places = np.flatnonzero(answers.status == LEFT)
    together: dict[str | int, list[tuple[int, Row]]] = {}
    for place, row in zip(places.tolist(), rows_of(batch, places), strict=True):
        together.setdefault(place if row.household is None else str(row.household), []).append((place, row))
    for members in together.values():
        # By name: the order of the rows changes no plan.
        members.sort(key=lambda member: member[1].account)
        try:
            found: Sequence[Judged | SteelyardError] = (planned if plans else judged)(
                book.book, [row for _, row in members]
            )
        except SteelyardError as error:
            found = [error] * len(members)
        left |= {place: said for (place, _), said in zip(members, found, strict=True)}
    return answer_batch(book, _names(batch.column("account")), answers, left, planned=plans)


def _names(column: Any) -> Any:
    """Return names in a form that every function of Arrow takes: views are not among those."""
    return column.cast(pa.string()) if pa.types.is_string_view(column.type) else column
