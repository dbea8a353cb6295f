"""One text for one value, and its hash: what ids of plans and orders and the audit chain rest on.

The canonical text is JSON with sorted keys, no spaces and no floats. Numbers that matter are
decimal strings, so that equal values have equal bytes on every machine.
"""

from __future__ import annotations

import hashlib
import json
from datetime import date, datetime
from decimal import Decimal

from steelyard.domain.money import plain


def canonical(value: object) -> str:
    """Return the canonical JSON text of a value.

    Decimals become decimal strings without trailing zeros, dates ISO text, sets sorted lists.

    Raises:
        TypeError: A float, or something JSON has no word for.

    >>> canonical({"b": Decimal("1.50"), "a": (1, None)})
    '{"a":[1,null],"b":"1.5"}'
    """
    return json.dumps(_bare(value), ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def fingerprint(value: object) -> str:
    """Return the SHA-256 of the canonical text, 64 hexadecimal digits."""
    return sha256(canonical(value))


def sha256(text: str) -> str:
    """Return the SHA-256 of a text in UTF-8, 64 hexadecimal digits."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def _bare(value: object) -> object:
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            raise TypeError("the keys of a canonical object are text")
        return {key: _bare(item) for key, item in value.items()}
    if isinstance(value, (set, frozenset)):
        return sorted((_bare(item) for item in value), key=str)
    if isinstance(value, (list, tuple)):
        return [_bare(item) for item in value]
    raise TypeError(f"{type(value).__name__} has no canonical text")
