"""Idempotency-Key: a call that is made twice has its effect once, and both are answered the same."""

from __future__ import annotations

import threading
from hashlib import sha256

from steelyard.interfaces.http.replies import Call, Reply, Trouble
from steelyard.words import say

MOST = 1000
"""Keys that are remembered, for as long as the server runs; the oldest is forgotten first."""
LONGEST = 200


class Repeats:
    """What was asked under which key, and what was answered."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[str, Reply | None]] = {}
        self._lock = threading.Lock()

    def begin(self, call: Call) -> Reply | None:
        """Return the answer of an earlier call with the same key; None for the first.

        Raises:
            Trouble: There is no key (400), its first call is still going on (409), or asked something else
                (422).
        """
        key, asked = key_of(call), _digest(call)
        with self._lock:
            if key not in self._known:
                while len(self._known) >= MOST:
                    del self._known[next(iter(self._known))]
                self._known[key] = (asked, None)
                return None
            before, reply = self._known[key]
        if before != asked:
            raise Trouble(
                422,
                "idempotency-key-reused",
                say("this Idempotency-Key was used for another request"),
                say("take a new key for a new request"),
            )
        if reply is None:
            raise Trouble(
                409,
                "idempotency-key-running",
                say("the first request with this Idempotency-Key is still going on"),
                say("ask again in a moment"),
                retry_after="1",
            )
        return reply

    def end(self, call: Call, reply: Reply) -> None:
        """Remember an answer; one that says "try again" is none."""
        with self._lock:
            if reply.status >= 500 or reply.status in (409, 429):
                self._known.pop(key_of(call), None)
            else:
                self._known[key_of(call)] = (_digest(call), reply)


def key_of(call: Call) -> str:
    """Return the key of a call.

    Raises:
        Trouble: There is none, or it is too long (400).
    """
    key = call.headers.get("idempotency-key", "")
    if not key or len(key) > LONGEST or not key.isprintable():
        raise Trouble(
            400,
            "idempotency-key-missing",
            say("a request that writes needs an Idempotency-Key of 1 to {most} characters", most=LONGEST),
            say("send a new UUID with each new request, and the same one when you try again"),
        )
    return key


def _digest(call: Call) -> str:
    return sha256(b"\0".join((call.method.encode(), call.path.encode(), call.body))).hexdigest()
