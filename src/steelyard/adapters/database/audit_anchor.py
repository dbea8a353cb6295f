"""The anchor of the audit record: how many links there were, and the hash of the last, in a file of its own.

Whoever cuts the record off, recomputes it, empties or deletes the database, or puts an older copy in its
place without `restore`, leaves an anchor beside it that says otherwise. It only ever moves forward along the
record that it stands for: one that disagrees is evidence and stays.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from steelyard.adapters.machine.private import write_private

_TEXT = re.compile(r"([0-9]{1,15}) ([0-9a-f]{64})\n?")
BESIDE = ".head"


class AuditAnchor:
    """The anchor beside one database."""

    def __init__(self, database: Path) -> None:
        self.path = database.with_name(database.name + BESIDE)

    def read(self) -> tuple[int, str] | None:
        """Return count and hash; None where there is none, count -1 where it cannot be read."""
        try:
            text = self.path.read_bytes()[:200].decode("ascii", "replace")
        except FileNotFoundError:
            return None
        except OSError:
            return -1, ""
        found = _TEXT.fullmatch(text)
        return (int(found[1]), found[2]) if found else (-1, "")

    def copy_to(self, database: Path) -> None:
        """Put the same anchor beside a copy of the database."""
        found = self.read()
        if found is not None:
            AuditAnchor(database).put(*found)

    def follow(self, count: int, last: str, hash_of: Callable[[int], str | None]) -> None:
        """Move to the head of the record, where the anchor stands on a link of it.

        Args:
            count: How many links there are.
            last: Hash of the last one.
            hash_of: Hash of a link by its number, None where there is none.
        """
        now = self.read()
        if now == (count, last) or (now is not None and now[0] != 0 and hash_of(now[0]) != now[1]):
            return
        self.put(count, last)

    def put(self, count: int, last: str) -> None:
        """Write the anchor, whatever it said; where it cannot be written the record is ahead of it."""
        with suppress(OSError):
            write_private(self.path, f"{count} {last}\n")
