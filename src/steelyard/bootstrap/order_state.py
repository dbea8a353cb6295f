"""What can be told of orders without opening their book: light enough for a run that has nothing to do."""

from __future__ import annotations

from contextlib import closing

from steelyard.adapters.database.audit_anchor import AuditAnchor
from steelyard.adapters.database.connection import connect_to_read, told
from steelyard.bootstrap.folder import Folder, Place


def has_record(place: Place) -> bool:
    """Say whether there is an audit record, or its anchor, without making a database."""
    base = Folder.of(place).database
    if AuditAnchor(base).read() is not None:
        return True
    found = connect_to_read(base, having="audit")
    if found is None:
        return False
    found.close()
    return True


def has_unknown_orders(place: Place) -> bool:
    """Say whether an order may be at a broker that has not said so, without making a database."""
    base = Folder.of(place).database
    found = connect_to_read(base, having="orders")
    if found is None:
        return False
    with told(base), closing(found) as connection:
        asked = "SELECT 1 FROM orders WHERE state IN ('sent', 'unknown') LIMIT 1"
        return connection.execute(asked).fetchone() is not None
