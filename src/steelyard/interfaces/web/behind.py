"""Seen from another computer: only by a proxy on this one that ends TLS, and only with a password.

The server itself listens on loopback in every case. Who cannot show the password is kept waiting longer with
every guess.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from urllib.parse import urlsplit

from steelyard.errors import InputError
from steelyard.words import say

FREE = 10
"""Guesses before the first wait."""
LONGEST = 300.0


def name_of(url: str) -> str:
    """Return the name by which a proxy is reached, with its port where that is not 443.

    Raises:
        InputError: It is no https address, or more than an address (`behind`).
    """
    try:
        parts = urlsplit(url)
        name, port = parts.hostname or "", parts.port
        plain = parts.scheme == "https" and parts.path in ("", "/") and not (parts.query or parts.fragment)
        plain = plain and parts.username is None and name.isascii()
    except ValueError:
        name, port, plain = "", None, False
    if not name or not plain:
        raise InputError(
            "behind",
            say("{url} is no https address of a proxy", url=url),
            say(
                "write {example}; without TLS the page is for this computer alone",
                example="--behind https://home.example",
            ),
        )
    return name if port in (None, 443) else f"{name}:{port}"


class Guesses:
    """How often somebody signed in wrongly, and how long the next try has to wait.

    Args:
        clock: Seconds that never go back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._wrong = 0
        self._until = 0.0
        self._lock = threading.Lock()

    @property
    def wait(self) -> int:
        """Seconds until somebody may try again, rounded up; 0 for now."""
        return max(0, -int(-(self._until - self._clock()) // 1))

    def wrong(self) -> None:
        """Note a wrong guess."""
        with self._lock:
            self._wrong += 1
            if self._wrong >= FREE:
                self._until = self._clock() + min(LONGEST, 2.0 ** (self._wrong - FREE))

    def right(self) -> None:
        """Begin anew."""
        with self._lock:
            self._wrong, self._until = 0, 0.0
