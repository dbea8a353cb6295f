"""The tables of a platform in one folder: `positions.parquet`, or a folder `positions` of Parquet files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from steelyard.errors import InputError
from steelyard.words import say

ROWS = 1 << 20
"""Rows read at a time."""


class InFolder:
    """Tables by name, read as streams.

    Args:
        folder: Where they lie.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def has(self, name: str) -> bool:
        """Say whether there is a table of that name."""
        return bool(self._files(name))

    def rows(self, name: str) -> int:
        """Return how many rows a table has, as its files say."""
        return sum(int(self._opened(path).metadata.num_rows) for path in self._files(name))

    def columns(self, name: str) -> list[str]:
        """Return the columns of a table.

        Raises:
            InputError: There is no such table, or a file of it cannot be read (`batch-table`).
        """
        return list(self._opened(self._needed(name)[0]).schema_arrow.names)

    def table(self, name: str) -> pa.Table | None:
        """Return a whole table, None where there is none.

        Raises:
            InputError: A file of it cannot be read (`batch-table`).
        """
        batches = list(self.stream(name)) if self.has(name) else []
        return pa.Table.from_batches(batches) if batches else None

    def stream(self, name: str, columns: list[str] | None = None) -> Iterator[pa.RecordBatch]:
        """Yield the record batches of a table, its files in the order of their names.

        Raises:
            InputError: There is no such table, or a file of it cannot be read (`batch-table`).
        """
        schema = None
        for path in self._needed(name):
            opened = self._opened(path)
            if schema is not None and opened.schema_arrow.names != schema.names:
                raise InputError(
                    "batch-table",
                    say("{path} has other columns than the files before it", path=path),
                    say("write all files of a table with the same columns"),
                )
            schema = schema or opened.schema_arrow
            try:
                yield from opened.iter_batches(ROWS, columns=columns)
            except (pa.ArrowException, OSError) as error:
                raise _unreadable(path, error) from None

    def _needed(self, name: str) -> list[Path]:
        found = self._files(name)
        if not found:
            raise InputError(
                "batch-table",
                say("there is no table {name} in {folder}", name=name, folder=self._folder),
                say("write {name}.parquet, or a folder {name} of Parquet files", name=name),
            )
        return found

    def _files(self, name: str) -> list[Path]:
        one = self._folder / f"{name}.parquet"
        if one.is_file():
            return [one]
        return sorted(p for p in (self._folder / name).glob("*.parquet") if not p.name.startswith("."))

    def _opened(self, path: Path) -> pq.ParquetFile:
        try:
            return pq.ParquetFile(path)
        except (pa.ArrowException, OSError) as error:
            raise _unreadable(path, error) from None


def one_table(path: Path) -> pa.Table:
    """Return the table of a Parquet file.

    Raises:
        InputError: It cannot be read (`batch-table`).
    """
    try:
        return pq.read_table(path)
    except (pa.ArrowException, OSError) as error:
        raise _unreadable(path, error) from None


def _unreadable(path: Path, error: Exception) -> InputError:
    why = (str(error) or type(error).__name__).splitlines()[0]
    return InputError(
        "batch-table",
        say("{path} cannot be read: {why}", path=path, why=why),
        say("write it again as Parquet"),
    )
