"""Use cases: account rows in, one row an account out; judged only, or planned."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from steelyard.app.batch.account_rows import account_arrays, need_columns, rows_of
from steelyard.app.batch.answer_rows import answer_batch
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
    for batch in batches:
        need_columns(batch)
        for start in range(0, batch.num_rows, ROWS):
            yield _planned(book, batch.slice(start, ROWS), plans)


def _planned(book: PackedBook, batch: pa.RecordBatch, plans: bool) -> pa.RecordBatch:
    answers = plan_rows(book.arrays, account_arrays(book, batch), planned=plans)
    left: dict[int, Judged | SteelyardError] = {}
    places = np.flatnonzero(answers.status == LEFT)
    for place, row in zip(places.tolist(), rows_of(batch, places), strict=True):
        try:
            left[place] = planned(book.book, row) if plans else judged(book.book, row)
        except SteelyardError as error:
            left[place] = error
    return answer_batch(book, _names(batch.column("account")), answers, left, planned=plans)


def _names(column: Any) -> Any:
    """Return names in a form that every function of Arrow takes: views are not among those."""
    return column.cast(pa.string()) if pa.types.is_string_view(column.type) else column
