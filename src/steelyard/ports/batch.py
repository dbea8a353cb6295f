"""Where a batch's tables come from and go to."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import pyarrow as pa


Task = Callable[[int], dict[str, Any]]
"""What is done with the bucket of a number, and what its record tells. An engine with processes of its own
pickles it."""
Done = tuple[int, dict[str, Any]]
"""The number of a bucket, and what its task returned."""


class Engine(Protocol):
    """What carries tasks out, one for each bucket."""

    def run(self, task: Task, numbers: Iterable[int]) -> Generator[Done, None, None]:
        """Yield number and result of each task as it is done; an error of a task ends the run."""
        ...


class Tables(Protocol):
    """The tables of a platform."""

    def has(self, name: str) -> bool:
        """Say whether there is a table of that name."""
        ...

    def rows(self, name: str) -> int:
        """Return how many rows a table has."""
        ...

    def columns(self, name: str) -> list[str]:
        """Return the columns of a table."""
        ...

    def table(self, name: str) -> pa.Table | None:
        """Return a whole table, None where there is none."""
        ...

    def stream(self, name: str, columns: list[str] | None = None) -> Iterator[pa.RecordBatch]:
        """Yield the record batches of a table."""
        ...


class Parts(Protocol):
    """Rows on their way to buckets."""

    def add(self, bucket: int, rows: pa.RecordBatch) -> None:
        """Keep rows of a bucket."""
        ...

    def end(self) -> None:
        """Let them be read from now on."""
        ...

    def rows(self, bucket: int) -> pa.Table | None:
        """Return the rows of a bucket, None where it has none."""
        ...

    def close(self) -> None:
        """Throw all of it away."""
        ...


class Work(Protocol):
    """Buckets, small tables and the manifest that vouches for them."""

    def parts(self, name: str, count: int) -> Parts:
        """Return a place for rows on their way to buckets."""
        ...

    def parts_there(self, name: str) -> Parts:
        """Return rows on their way to buckets that another process has written."""
        ...

    def without_parts(self) -> None:
        """Take away the place of the parts."""
        ...

    def add_bucket(self, number: int, table: pa.Table) -> dict[str, Any]:
        """Write a bucket; return its entry for the manifest."""
        ...

    def add_table(self, name: str, table: pa.Table) -> dict[str, Any]:
        """Write a small table; return its entry for the manifest."""
        ...

    def finish(self, manifest: dict[str, Any]) -> None:
        """Write the manifest, last of all."""
        ...

    def manifest(self) -> dict[str, Any]:
        """Return the manifest, or refuse one that was not left as it was written."""
        ...

    def bucket(self, entry: dict[str, Any]) -> pa.Table:
        """Return a bucket, or refuse one that was not left as it was written."""
        ...

    def table(self, entry: dict[str, Any] | None) -> pa.Table | None:
        """Return a small table, None for none."""
        ...


class Results(Protocol):
    """Plans and trades by bucket, each done or not."""

    def begin(self, digest: str) -> None:
        """Make the place, or refuse one that holds other work."""
        ...

    def done(self, number: int, digest: str) -> dict[str, Any] | None:
        """Return the record of a bucket that is done, None for one to be done (again)."""
        ...

    def write(
        self, number: int, digest: str, plans: pa.Table, trades: pa.Table, told: dict[str, Any]
    ) -> None:
        """Write what became of a bucket, its record last."""
        ...

    def read(self, number: int, plans: Sequence[str], trades: Sequence[str]) -> tuple[pa.Table, pa.Table]:
        """Return some columns of the plans and the trades of a bucket."""
        ...

    def strangers(self, count: int) -> list[str]:
        """Return files that belong to no bucket."""
        ...

    def report(self, document: dict[str, Any]) -> None:
        """Write what was proven."""
        ...
