"""Rows on their way to buckets, kept in files so that memory does not grow with the platform."""

from __future__ import annotations

import shutil
from pathlib import Path

import pyarrow as pa

from steelyard.adapters.machine.private import make_private_folder


class Parts:
    """A file of record batches for every bucket, gone when they are closed.

    Args:
        folder: Of the files; what an earlier run left in it is thrown away.
        count: How many buckets.
    """

    def __init__(self, folder: Path, count: int) -> None:
        self._folder, self._writers = folder, [None] * count
        shutil.rmtree(folder, ignore_errors=True)
        make_private_folder(folder)

    @classmethod
    def of(cls, folder: Path) -> Parts:
        """Return those that another process wrote to their end."""
        parts = cls.__new__(cls)
        parts._folder, parts._writers = folder, []
        return parts

    def add(self, bucket: int, rows: pa.RecordBatch) -> None:
        """Keep rows of a bucket; all of one bucket have the same columns."""
        writer = self._writers[bucket]
        if writer is None:
            writer = pa.ipc.new_file(str(self._folder / f"{bucket:05d}"), rows.schema)
            self._writers[bucket] = writer
        writer.write_batch(rows)

    def end(self) -> None:
        """Finish the files, so that they can be read."""
        for writer in self._writers:
            if writer is not None:
                writer.close()

    def rows(self, bucket: int) -> pa.Table | None:
        """Return the rows of a bucket, None where it has none."""
        path = self._folder / f"{bucket:05d}"
        if not path.exists():
            return None
        with pa.memory_map(str(path)) as source:
            return pa.ipc.open_file(source).read_all()

    def close(self) -> None:
        """Throw all of it away."""
        shutil.rmtree(self._folder, ignore_errors=True)
