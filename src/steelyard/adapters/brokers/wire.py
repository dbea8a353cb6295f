"""One call to a broker over HTTPS: what certainly had no effect is told from what may have had one.

Hosts are fixed where the wire is made, certificates are checked, redirects are never followed, and an answer
has a limit in bytes and in seconds, also one that comes drop by drop.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

import httpx2

from steelyard.domain.trading.audit import MASK
from steelyard.errors import InputError, NoAnswer, OrderNotTaken
from steelyard.words import say

SECONDS = 10.0
"""For connecting, and for each part of an answer."""

PATIENCE = 3.0
"""Times that, for a whole answer."""

LARGEST = 4_000_000
"""Bytes of one answer; more is refused."""


class Answer(NamedTuple):
    """What came back: status, body, and the headers by lower-case name."""

    status: int
    body: bytes
    headers: Mapping[str, str]


def without(text: str, secrets: Iterable[str]) -> str:
    """Return the words of a broker with every secret masked: some throw a request back in its refusal."""
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = text.replace(secret, MASK)
    return text


class BrokerWire:
    """The connection to one broker."""

    def __init__(
        self,
        broker: str,
        hosts: Mapping[str, str],
        mode: str,
        *,
        headers: Mapping[str, str] | None = None,
        loopback: str | None = None,
        seconds: float = SECONDS,
    ) -> None:
        """Prepare the connection; nothing is asked yet.

        Args:
            broker: Its name, for messages.
            hosts: Address by mode.
            mode: One of them.
            headers: Sent with every call.
            loopback: Address of a stand-in on this machine, for tests.
            seconds: See `SECONDS`.

        Raises:
            InputError: The mode or the loopback address is not allowed.
        """
        if mode not in hosts or (loopback and urlsplit(loopback).hostname not in ("127.0.0.1", "localhost")):
            raise InputError(
                "broker-mode",
                say("{mode!r} at {loopback!r} is not allowed", mode=mode, loopback=loopback),
                say("use paper or live"),
            )
        self._broker, self._patience = broker, PATIENCE * seconds
        self._http = httpx2.Client(
            base_url=loopback or hosts[mode],
            headers=dict(headers or {}),
            timeout=seconds,
            follow_redirects=False,
            trust_env=False,
        )

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def call(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, str] | None = None,
    ) -> Answer:
        """Ask once.

        Raises:
            OrderNotTaken: No connection came about, so nothing was sent.
            NoAnswer: Something was sent, and no whole answer came back in time.
        """
        until = time.monotonic() + self._patience
        raw = bytearray()
        try:
            with self._http.stream(
                method, path, headers=dict(headers or {}), params=query, json=body
            ) as response:
                for part in response.iter_bytes():
                    raw += part
                    if len(raw) > LARGEST:
                        raise NoAnswer("broker-answer", say("the answer is too long"), say("ask again later"))
                    if time.monotonic() > until:
                        raise NoAnswer(
                            "broker-silent", say("the answer does not end"), say("ask again later")
                        )
                return Answer(response.status_code, bytes(raw), response.headers)
        except (httpx2.ConnectError, httpx2.ConnectTimeout):
            text = say("{broker} cannot be reached", broker=self._broker)
            raise OrderNotTaken("broker-unreachable", text, say("check the network")) from None
        except httpx2.HTTPError as error:
            text = say("no answer from {broker} ({name})", broker=self._broker, name=type(error).__name__)
            raise NoAnswer("broker-silent", text, say("ask again later")) from None
