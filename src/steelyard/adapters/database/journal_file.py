"""Is there a journal, before anything in it is read.

Most portfolios have none, so what only asks for that stays light to import.
"""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from steelyard.adapters.database.connection import connect_to_read, told


def has_entries(path: Path) -> bool:
    """Say whether there is a journal with entries, without making one.

    Raises:
        As `connection.connect`.
    """
    found = connect_to_read(path, having="entries")
    if found is None:
        return False
    with told(path), closing(found) as connection:
        return connection.execute("SELECT 1 FROM entries LIMIT 1").fetchone() is not None
