"""Files that are there whole or not at all: written under another name, brought to the disk, renamed.

Folders of a batch tell what many people own, so they and their files are their owner's alone.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from steelyard.adapters.machine.private import make_private

_PIECE = 1 << 20


def write_whole(path: Path, fill: Callable[[Any], None]) -> str:
    """Write a file that is there whole or not at all; return its SHA-256.

    Args:
        path: Where it ends up; its folder is there.
        fill: Writes into the open binary file it is given.

    Raises:
        OSError: It cannot be written; then nothing of it stays.
    """
    partial = path.with_name(f".{path.name}.partial")
    try:
        make_private(partial)
        with partial.open("w+b") as file:
            fill(file)
            file.flush()
            os.fsync(file.fileno())
            file.seek(0)
            digest = _digest(file)
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    return digest


def write_table(path: Path, table: pa.Table) -> str:
    """Write a table as Parquet, the same bytes for the same table; return its SHA-256."""
    return write_whole(
        path,
        lambda file: pq.write_table(
            table, file, compression="zstd", write_statistics=False, row_group_size=1 << 20
        ),
    )


def write_json(path: Path, document: dict[str, Any]) -> None:
    """Write a JSON document, its keys as they stand."""
    text = json.dumps(document, indent=1, ensure_ascii=False) + "\n"
    write_whole(path, lambda file: file.write(text.encode()))


def read_json(path: Path) -> dict[str, Any] | None:
    """Return a JSON document, None where there is none or it is none."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file, empty where it cannot be read."""
    try:
        with path.open("rb") as file:
            return _digest(file)
    except OSError:
        return ""


def digest_of_document(document: dict[str, Any]) -> str:
    """Return the SHA-256 of a document, whatever the order of its keys."""
    text = json.dumps(document, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _digest(file: Any) -> str:
    digest = hashlib.sha256()
    while piece := file.read(_PIECE):
        digest.update(piece)
    return digest.hexdigest()
