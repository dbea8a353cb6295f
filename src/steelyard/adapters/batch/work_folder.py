"""What `batch prepare` leaves: buckets, copies of the small tables, a manifest that vouches for them."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from steelyard.adapters.batch.kept_files import (
    digest_of_document,
    read_json,
    write_json,
    write_table,
)
from steelyard.adapters.batch.parts import Parts
from steelyard.adapters.machine.private import make_private_folder
from steelyard.errors import InputError
from steelyard.words import say

SCHEMA = "steelyard/batch/1"
MANIFEST = "manifest.json"


class WorkFolder:
    """Buckets, small tables and their manifest.

    Args:
        folder: Where they lie.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def begun(cls, folder: Path) -> WorkFolder:
        """Return an empty one; what an earlier `prepare` left there is replaced.

        Raises:
            InputError: Something else is in the folder (`batch-folder`).
        """
        if folder.is_dir() and any(folder.iterdir()) and not (folder / MANIFEST).exists():
            left = {p.name for p in folder.iterdir()} - {".parts", "buckets", "tables"}
            if left:
                raise InputError(
                    "batch-folder",
                    say("{folder} holds something else", folder=folder),
                    say("name an empty or a new folder"),
                )
        # From here on what is there is no longer vouched for.
        (folder / MANIFEST).unlink(missing_ok=True)
        for name in ("buckets", "tables"):
            make_private_folder(folder / name)
            for path in (folder / name).glob("*.parquet"):
                path.unlink()
        return cls(folder)

    def parts(self, name: str, count: int) -> Parts:
        """Return a place for rows on their way to buckets."""
        return Parts(self.folder / ".parts" / name, count)

    def parts_there(self, name: str) -> Parts:
        """Return rows on their way to buckets that another process has written."""
        return Parts.of(self.folder / ".parts" / name)

    def without_parts(self) -> None:
        """Take away the place of the parts."""
        place = self.folder / ".parts"
        if place.is_dir():
            place.rmdir()

    def add_bucket(self, number: int, table: pa.Table) -> dict[str, Any]:
        """Write a bucket; return its file and digest for the manifest."""
        name = f"bucket-{number:05d}.parquet"
        return {"file": name, "sha256": write_table(self.folder / "buckets" / name, table)}

    def add_table(self, name: str, table: pa.Table) -> dict[str, Any]:
        """Write a small table; return its file and digest for the manifest."""
        file = f"{name}.parquet"
        return {"file": file, "sha256": write_table(self.folder / "tables" / file, table)}

    def finish(self, manifest: dict[str, Any]) -> None:
        """Write the manifest, last of all: with it the folder is whole."""
        document = {"schema": SCHEMA, **manifest}
        write_json(self.folder / MANIFEST, {**document, "digest": digest_of_document(document)})

    def manifest(self) -> dict[str, Any]:
        """Return the manifest.

        Raises:
            InputError: There is none, or it is not as `prepare` wrote it (`batch-manifest`).
        """
        found = read_json(self.folder / MANIFEST)
        if found is None or found.get("schema") != SCHEMA:
            raise InputError(
                "batch-manifest",
                say("{folder} was not prepared to its end", folder=self.folder),
                say("run `steelyard batch prepare IN --out {folder}`", folder=self.folder),
            )
        document = {key: value for key, value in found.items() if key != "digest"}
        if digest_of_document(document) != found.get("digest"):
            raise InputError(
                "batch-manifest",
                say("{path} is not as `batch prepare` wrote it", path=self.folder / MANIFEST),
                say("run `steelyard batch prepare` again"),
            )
        return found

    def bucket(self, entry: dict[str, Any]) -> pa.Table:
        """Return a bucket of the manifest.

        Raises:
            InputError: It is not what was prepared (`batch-changed`).
        """
        return self._vouched("buckets", entry)

    def table(self, entry: dict[str, Any] | None) -> pa.Table | None:
        """Return a small table of the manifest, None for none.

        Raises:
            InputError: It is not what was prepared (`batch-changed`).
        """
        return None if entry is None else self._vouched("tables", entry)

    def _vouched(self, kind: str, entry: dict[str, Any]) -> pa.Table:
        path = self.folder / kind / str(entry["file"])
        # The same bytes are looked at and read: a file changed in between would pass otherwise.
        try:
            held = path.read_bytes()
        except OSError:
            held = b""
        if hashlib.sha256(held).hexdigest() != entry["sha256"]:
            raise InputError(
                "batch-changed",
                say("{path} is not what was prepared", path=path),
                say("run `steelyard batch prepare` again; buckets that are done stay done"),
            )
        return pq.read_table(pa.BufferReader(held), use_threads=False)
