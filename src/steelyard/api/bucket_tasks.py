"""What a worker does with the bucket of a batch: tasks that can be sent to another process.

Each opens the folders anew where it runs, and reads what all buckets share once in a process.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from uuid import uuid4

from steelyard import bootstrap
from steelyard.errors import InputError
from steelyard.words import say

if TYPE_CHECKING:
    from steelyard.app.batch.book import Terms
    from steelyard.app.batch.model_arrays import PackedBook
    from steelyard.app.batch.prepare import Split
    from steelyard.ports.batch import Work


def packed_of(
    terms: Terms, models: Any, prices: Any, rates: Any, instruments: Any, owners: Any
) -> PackedBook:
    """Return the book of small tables with its numbers.

    Raises:
        PortfolioProblems: With every problem of the tables.
    """
    from steelyard.app.batch.model_arrays import packed
    from steelyard.app.batch.tables import read_book

    return packed(
        read_book(
            terms,
            models=models,
            prices=prices,
            rates=rates,
            instruments=instruments,
            owners=owners,
            build=bootstrap.portfolio_of,
            known=bootstrap.packaged_instruments(),
            sessions=bootstrap.sessions(),
            figures=bootstrap.tax_figures,
        )
    )


def book_of(work: Work) -> PackedBook:
    """Return the book of prepared work."""
    from steelyard.app.batch.prepare import SMALL, terms_of

    manifest = work.manifest()
    small = (work.table(manifest["tables"].get(name)) for name in SMALL)
    return packed_of(terms_of(manifest), *small)


@lru_cache(maxsize=1)
def opened_once(work: Path, digest: str) -> tuple[Work, list[dict[str, Any]], PackedBook]:
    """Return work, the entries of its buckets and its book, read once in a process."""
    place = bootstrap.batch_work(work)
    manifest = place.manifest()
    if manifest["digest"] != digest:
        raise InputError(
            "batch-changed",
            say("{path} is not what was prepared", path=work),
            say("run `steelyard batch plan` again"),
        )
    return place, manifest["buckets"], book_of(place)


class BucketTask:
    """The task of a bucket by its number; a worker on another machine opens the same folders.

    Args:
        what: check, plan or reconcile.
        work, out: Absolute; nothing comes out of `check`.
        digest: Of the work it belongs to; other work that has come in its place is refused.
    """

    def __init__(
        self, what: Literal["check", "plan", "reconcile"], work: Path, out: Path | None, digest: str
    ) -> None:
        self._what, self._work, self._out, self._digest = what, work, out, digest

    def __call__(self, number: int) -> dict[str, Any]:
        """Return what its record tells, or what was found."""
        place, entries, book = opened_once(self._work, self._digest)
        entry = entries[number]
        if self._out is None:
            from steelyard.app.batch.run import check_bucket

            return check_bucket(place, book, entry)
        results = bootstrap.batch_results(self._out)
        if self._what == "plan":
            from steelyard.app.batch.run import plan_bucket

            return plan_bucket(place, results, book, self._digest, number, entry)
        from steelyard.app.batch.reconcile import look_at

        return look_at(place, results, book, self._digest, number, entry)


class PreparedBucket:
    """The task of putting a bucket together by its number; another process reads the small tables anew.

    Args:
        tables, work: Absolute.
        terms, book, split_up: Of this `prepare`.
    """

    def __init__(
        self, tables: Path, work: Path, terms: Terms, book: PackedBook | None, split_up: Split
    ) -> None:
        self._tables, self._work, self._terms = tables, work, terms
        self._book, self._split, self._run = book, split_up, uuid4().hex

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_book": None}

    def __call__(self, number: int) -> dict[str, Any]:
        """Return its entry for the manifest, and which accounts are wrong."""
        from steelyard.app.batch.prepare import put_together

        book = self._book or book_of_tables(self._tables, self._terms, self._run)
        return put_together(bootstrap.batch_work(self._work), book, self._split, number)


@lru_cache(maxsize=1)
def book_of_tables(tables: Path, terms: Terms, run: str) -> PackedBook:
    """Return the book of a platform's tables, read once in a process for each `prepare`."""
    from steelyard.app.batch.prepare import SMALL

    given = bootstrap.batch_tables(tables)
    return packed_of(terms, *(given.table(name) for name in SMALL))
