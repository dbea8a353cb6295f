"""Names that sort by time: 48 bits of milliseconds, then 80 bits, in Crockford's alphabet (ULID)."""

from __future__ import annotations

import secrets
import threading
import time

_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 26
_RANDOM = 80


def ulid(milliseconds: int, rest: int) -> str:
    """Return the name of a moment and 80 bits.

    >>> ulid(1469918176385, 0)
    '01ARYZ6S410000000000000000'
    """
    value = milliseconds << _RANDOM | rest
    return "".join(_LETTERS[value >> 5 * place & 31] for place in range(LENGTH - 1, -1, -1))


def is_ulid(text: str) -> bool:
    """Say whether a text is such a name."""
    return len(text) == LENGTH and text[0] in "01234567" and all(c in _LETTERS for c in text)


class Ulids:
    """New names, each after the one before, also within one millisecond and where a clock goes back."""

    def __init__(self) -> None:
        self._last = (0, 0)
        self._lock = threading.Lock()

    def new(self) -> str:
        """Return the next name."""
        with self._lock:
            now, (before, rest) = time.time_ns() // 1_000_000, self._last
            self._last = (now, secrets.randbits(_RANDOM - 1)) if now > before else (before, rest + 1)
            return ulid(*self._last)
