"""Where plans go: `plans` and `trades`, a file a bucket each, and a record of each bucket that is done.

The record is written last. A bucket counts as done when its record names this work and the files are, byte
for byte, those that the record tells of: whatever was interrupted or changed is done again.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from steelyard.adapters.batch.kept_files import digest_of, read_json, write_json, write_table
from steelyard.adapters.machine.private import make_private_folder
from steelyard.errors import InputError
from steelyard.words import say

KINDS = ("plans", "trades")


class OutFolder:
    """Plans and trades by bucket.

    Args:
        folder: Where they lie.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def begin(self, digest: str) -> None:
        """Make the folders, and refuse one in which the plans of other work lie.

        Raises:
            InputError: Another work's plans, or something else, is there (`batch-folder`).
        """
        others = self._records_of_others(digest)
        names = {p.name for p in self.folder.iterdir()} if self.folder.is_dir() else set()
        strange = any(not name.startswith(".") for name in names - {*KINDS, "done", "report.json"})
        if others or strange:
            raise InputError(
                "batch-folder",
                say("{folder} holds the plans of other work", folder=self.folder)
                if others
                else say("{folder} holds something else", folder=self.folder),
                say("name an empty or a new folder"),
            )
        for name in (*KINDS, "done"):
            make_private_folder(self.folder / name)
            for left in (self.folder / name).glob(".*.partial"):
                left.unlink(missing_ok=True)

    def done(self, number: int, digest: str) -> dict[str, Any] | None:
        """Return the record of a bucket that is done, None for one to be done (again)."""
        record = read_json(self._record(number))
        if record is None or record.get("work") != digest:
            return None
        files = record.get("files")
        told = files if isinstance(files, dict) else {}
        whole = all(digest_of(self._file(kind, number)) == told.get(kind) for kind in KINDS)
        return record if whole else None

    def write(
        self, number: int, digest: str, plans: pa.Table, trades: pa.Table, told: dict[str, Any]
    ) -> None:
        """Write what became of a bucket, its record last."""
        digests = {
            kind: write_table(self._file(kind, number), table)
            for kind, table in zip(KINDS, (plans, trades), strict=True)
        }
        write_json(self._record(number), {"work": digest, "files": digests, **told})

    def read(self, number: int, plans: Sequence[str], trades: Sequence[str]) -> tuple[pa.Table, pa.Table]:
        """Return some columns of the plans and the trades of a bucket."""
        told, placed = (
            pq.read_table(self._file(kind, number), columns=list(columns), use_threads=False)
            for kind, columns in zip(KINDS, (plans, trades), strict=True)
        )
        return told, placed

    def strangers(self, count: int) -> list[str]:
        """Return files among plans and trades that belong to no bucket: their accounts would count twice."""
        known = {self._file(kind, number) for kind in KINDS for number in range(count)}
        found = [p for kind in KINDS for p in (self.folder / kind).glob("*.parquet")]
        return sorted(str(p.relative_to(self.folder)) for p in found if p not in known)

    def report(self, document: dict[str, Any]) -> None:
        """Write what was proven."""
        write_json(self.folder / "report.json", document)

    def _records_of_others(self, digest: str) -> bool:
        records = (read_json(p) for p in (self.folder / "done").glob("*.json"))
        return any(record is not None and record.get("work") != digest for record in records)

    def _file(self, kind: str, number: int) -> Path:
        return self.folder / kind / f"{kind}-{number:05d}.parquet"

    def _record(self, number: int) -> Path:
        return self.folder / "done" / f"{number:05d}.json"
