"""What the use cases need from the world, as small protocols in domain types."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Protocol

from steelyard.domain.brokerage import Fill, OpenOrder, Statement
from steelyard.domain.orders import Order, Report
from steelyard.domain.prices import Close, Finding, Wanted


class Sessions(Protocol):
    """Which days an exchange trades."""

    def is_session(self, exchange: str, day: date) -> bool:
        """Say whether `exchange` (ISO 10383 code: XKRX, XNYS) has a session on `day`."""
        ...


class Clock(Protocol):
    """What time it is, and waiting."""

    def now(self) -> datetime:
        """Return the time, with its zone, in UTC."""
        ...

    def wait(self, seconds: float) -> None:
        """Return after that many seconds."""
        ...


class PriceSource(Protocol):
    """Somebody who knows closing prices, exchange rates, or both."""

    @property
    def name(self) -> str:
        """What it is called in settings and findings."""
        ...

    @property
    def remote(self) -> bool:
        """Whether it is asked over a network, so that asking again may help."""
        ...

    def offers(self, wanted: Wanted) -> bool:
        """Say whether it is worth asking for this."""
        ...

    def closes(self, wanted: Wanted, first: date, last: date) -> tuple[Close, ...]:
        """Return the closes of first to last, both included, as the source gives them.

        Raises:
            DataError: There is no answer, or an empty one, or one that cannot be read.
        """
        ...


class PriceRecords(Protocol):
    """What sources answered, raw, and which of their closes are used."""

    def keep_answer(
        self, wanted: Wanted, source: str, at: datetime, closes: Sequence[Close], failure: str | None
    ) -> int:
        """Keep an answer before anybody judges it; return its number."""
        ...

    def keep_judgement(
        self, answer: int, wanted: Wanted, source: str, good: Sequence[Close], findings: Sequence[Finding]
    ) -> None:
        """Keep what was decided about an answer, durably and whole."""
        ...

    def newest(self, symbol: str) -> tuple[str, Close] | None:
        """Return the newest good close and its source, None when there is none."""
        ...


class Secrets(Protocol):
    """Where tokens and addresses with tokens in them come from."""

    def get(self, name: str) -> str | None:
        """Return a secret, None when it is set nowhere."""
        ...

    def services(self) -> dict[str, str]:
        """Return the addresses of the notification services by name."""
        ...

    def mask(self, text: str) -> str:
        """Return the text with every secret that was handed out made unreadable."""
        ...


class Notifier(Protocol):
    """Sends a message to one service."""

    def send(self, address: str, title: str, body: str) -> None:
        """Return when the service has accepted the message.

        Raises:
            ServiceError: It did not; the text is free of secrets.
        """
        ...


class Broker(Protocol):
    """One account at one broker.

    Every call ends within the adapter's time-out. A call that cannot tell whether it had an effect
    raises `NoAnswer`; one that certainly had none raises `OrderNotTaken` or another `ServiceError`.
    """

    @property
    def name(self) -> str:
        """What it is called in settings and messages."""
        ...

    def statement(self) -> Statement:
        """Return money and shares as the broker has them now."""
        ...

    def is_open(self, exchange: str) -> bool:
        """Say whether `exchange` takes orders now."""
        ...

    def submit(self, order: Order) -> Report:
        """Send an order, once. A refusal by the broker is a report with the state `rejected`.

        Raises:
            OrderNotTaken: The broker certainly does not have it.
            NoAnswer: Nobody knows.
        """
        ...

    def find(self, order: Order) -> Report | None:
        """Return what the broker knows of an order; None says "not seen", which is not "not there"."""
        ...

    def cancel(self, order: Order) -> Report | None:
        """Ask for an order to be cancelled and return what the broker says of it afterwards."""
        ...

    def open_orders(self) -> tuple[OpenOrder, ...]:
        """Return every order of the account that may still fill, whoever placed it."""
        ...

    def fills(self, since: date) -> tuple[Fill, ...]:
        """Return the fills since a date, oldest first."""
        ...
