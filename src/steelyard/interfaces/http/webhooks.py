"""Events sent to an address of their owner's, signed: id, time and body by HMAC-SHA256 with a shared secret.

The three headers and what is signed are those of the Standard Webhooks specification, for which receivers
have libraries. An event is sent until it was taken, in order; the same may come twice, by the same id.
"""

from __future__ import annotations

import hmac
import json
import threading
import time
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from steelyard.errors import InputError
from steelyard.interfaces.http.feed import Event, Feed
from steelyard.words import say

PREFIX = "whsec_"
LOOK_SECONDS = 1.0
WAITS = (1.0, 5.0, 30.0, 120.0, 600.0)
"""Seconds until the next attempt; the last one again and again."""
GONE = 410
LOOPBACK = ("127.0.0.1", "localhost", "::1")


def signature(secret: str, event_id: str, seconds: int, body: bytes) -> str:
    """Return what `webhook-signature` says.

    Args:
        secret: `whsec_` and base64.
        event_id: As `webhook-id` says.
        seconds: Since 1970, as `webhook-timestamp` says.
        body: As it is sent.

    Source: the Standard Webhooks specification, section "Signature scheme".
    """
    key = b64decode(secret.removeprefix(PREFIX))
    signed = b".".join((event_id.encode(), str(seconds).encode(), body))
    return "v1," + b64encode(hmac.digest(key, signed, "sha256")).decode()


def need_address(url: str) -> None:
    """Refuse an address that would carry what somebody owns over a network in the clear.

    Raises:
        InputError: It is none of https, nor of this machine (`webhook-address`).
    """
    try:
        parts = urlsplit(url)
        name = parts.hostname or ""
    except ValueError:
        name = ""
    if not name or not (parts.scheme == "https" or (parts.scheme == "http" and name in LOOPBACK)):
        raise InputError(
            "webhook-address",
            say("{url} is no https address", url=url),
            say(
                "write {example}, or http for this machine alone",
                example="--webhook https://example.org/hook",
            ),
        )


class Webhooks:
    """What sends the events of one server to one address.

    Args:
        feed: The events.
        secret: By which they are signed.
        last: Id of the last one that was taken.
        send: Sends headers and body, returns the status; 0 where nobody answered.
        taken: Called with the id of each that was taken.
        clock: Seconds since 1970.
    """

    def __init__(
        self,
        feed: Feed,
        secret: str,
        last: str,
        send: Callable[[Mapping[str, str], bytes], int],
        taken: Callable[[str], None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._feed, self._secret, self._last = feed, secret, last
        self._send, self._taken, self._clock = send, taken, clock
        self._ends = threading.Event()
        self._failed = 0

    def start(self) -> None:
        """Send from now on, in a thread of its own."""
        threading.Thread(target=self._go, name="webhooks", daemon=True).start()

    def close(self) -> None:
        """Send nothing more."""
        self._ends.set()

    def _go(self) -> None:
        while not self._ends.wait(self.step()):
            pass

    def step(self) -> float:
        """Send what is new, and return after how many seconds to look again."""
        for event in self._feed.after(self._last):
            status = self._send(*self.message(event))
            if status == GONE:
                self._ends.set()
                return LOOK_SECONDS
            if not 200 <= status < 300:
                self._failed += 1
                return WAITS[min(self._failed, len(WAITS)) - 1]
            self._failed, self._last = 0, event.id
            self._taken(event.id)
        return LOOK_SECONDS

    def message(self, event: Event) -> tuple[Mapping[str, str], bytes]:
        """Return headers and body of an event, signed for now."""
        body = json.dumps({"id": event.id, **event.document}, ensure_ascii=True, default=str).encode()
        seconds = int(self._clock())
        return {
            "content-type": "application/json",
            "webhook-id": event.id,
            "webhook-timestamp": str(seconds),
            "webhook-signature": signature(self._secret, event.id, seconds, body),
        }, body
