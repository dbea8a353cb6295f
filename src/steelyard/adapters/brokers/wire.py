"""One call to a broker over HTTPS: what certainly had no effect is told from what may have had one.

Hosts are fixed where the wire is made, certificates are checked; limits and redirects are those of every call
to another machine (`adapters/machine/web.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from steelyard.adapters.machine.web_answers import Answer, Unanswered, Unreachable
from steelyard.domain.trading.audit import MASK
from steelyard.errors import InputError, NoAnswer, OrderNotTaken
from steelyard.words import say

SECONDS = 20.0
"""For the whole of a call, from the look-up of the name to the last byte."""

LARGEST = 4_000_000
"""Bytes of one answer; more is refused."""


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
        from steelyard.adapters.machine.web import Web

        self._broker = broker
        self._web = Web(
            seconds=seconds,
            largest=LARGEST,
            base_url=loopback or hosts[mode],
            headers=headers,
            trust_env=False,
        )

    def close(self) -> None:
        """Close the connection."""
        self._web.close()

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
        try:
            return self._web.ask(method, path, headers=headers, query=query, body=body)
        except Unreachable as error:
            text = say("{broker} cannot be reached: {why}", broker=self._broker, why=error.args[0])
            raise OrderNotTaken("broker-unreachable", text, say("check the network")) from None
        except Unanswered as error:
            text = say("no answer from {broker}: {why}", broker=self._broker, why=error.args[0])
            raise NoAnswer("broker-silent", text, say("ask again later")) from None
