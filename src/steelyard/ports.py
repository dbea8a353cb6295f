"""What the use cases need from the world, as small protocols in domain types."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Protocol

# Types only: what `check` needs of this module must not bring automation and brokers along.
if TYPE_CHECKING:
    from pathlib import Path

    from steelyard.domain.automation.alerts import Delivery, Message, Told
    from steelyard.domain.books.valuations import DayValue
    from steelyard.domain.market.prices import Close, Finding, Wanted
    from steelyard.domain.portfolio import Account, Portfolio, Quote
    from steelyard.domain.trading.audit import Link
    from steelyard.domain.trading.brokerage import Fill, OpenOrder, Statement
    from steelyard.domain.trading.orders import Order, Report
    from steelyard.domain.trading.saved_plans import Arming, SavedPlan


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


@dataclass(frozen=True, slots=True)
class BrokerOpening:
    """What the factory of an installed broker is handed.

    Attributes:
        account: The account of the portfolio file it serves, as it stands there.
        base_currency: The portfolio's.
        folder: Where the portfolio file is; the place for a file of the broker's own.
        clock, sessions, secrets: The same as everywhere.
    """

    account: Account
    base_currency: str
    folder: Path
    clock: Clock
    sessions: Sessions
    secrets: Secrets


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

    def ask(self, wanted: Wanted, first: date, last: date) -> str:
        """Return what the source says of first to last (today), as it came; it may say more.

        Raises:
            DataError: There is no answer: `price-source` where asking again may help.
        """
        ...

    def read(self, wanted: Wanted, answer: str) -> tuple[Close, ...]:
        """Return the closes in an answer of `ask`, by day.

        Raises:
            DataError: It is empty (`price-empty`), or cannot be read (`price-answer`).
        """
        ...


class PriceRecords(Protocol):
    """What sources answered, raw, and which of their closes are used."""

    def keep_answer(self, wanted: Wanted, source: str, at: datetime, raw: str, failure: str | None) -> int:
        """Keep an answer as it came, before anybody reads or judges it; return its number."""
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

    def send(self, address: str, title: str, body: str, picture: bytes | None = None) -> str:
        """Return when the service has accepted the message; say what came of the picture, if that is not all.

        A picture that is not taken is no failure: the text counts.

        Raises:
            NoAnswer: Nobody knows whether it did: it hung, or hung up, when it had the message.
            ServiceError: It did not; the text is free of secrets.
        """
        ...


class Broker(Protocol):
    """One account at one broker.

    An adapter that changes money says so with `converts = True` and takes orders of the exchange `FX`:
    `USDKRW` in KRW buys or sells dollars. Without it the owner changes money by hand.

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


class PortfolioText(Protocol):
    """The owner's portfolio file, read again each time it is asked."""

    @property
    def name(self) -> str:
        """File name without its folder."""
        ...

    def outline(self) -> tuple[Portfolio, frozenset[str]]:
        """Return the portfolio with made-up prices where the file gives none, and where that is."""
        ...

    def load(self, prices: Mapping[str, Quote], rates: Mapping[str, Decimal]) -> Portfolio:
        """Return the portfolio with what the file leaves open filled in."""
        ...


class RunRecords(Protocol):
    """Which looks were handled, and what the portfolio was worth."""

    def handled(self, portfolio: str) -> date | None:
        """Return the newest look date a finished run handled, None when there is none."""
        ...

    def begin(self, portfolio: str, look: date | None, at: datetime) -> int:
        """Open a run; what an earlier one left unfinished is marked as interrupted."""
        ...

    def step(self, run: int, step: str) -> None:
        """Note how far a run has come."""
        ...

    def record_day(self, run: int, portfolio: str, value: DayValue) -> None:
        """Keep the value and drift of a day, in place of an earlier one of the same day."""
        ...

    def finish(self, run: int, at: datetime, outcome: str, detail: str = "") -> None:
        """Close a run."""
        ...

    def last(self, portfolio: str) -> tuple[datetime, str, str] | None:
        """Return start, outcome (or the step it stopped at) and detail of the newest run."""
        ...


class Outbox(Protocol):
    """Messages on their way, each attempt of each, and which states were told already."""

    def told(self, portfolio: str, key: str) -> Told | None:
        """Return when and at which level a state was told last, None when it is not told."""
        ...

    def queue(self, message: Message, services: Sequence[str], at: datetime, since: date) -> int:
        """Keep a message for every service, and that its state is told: both, or neither."""
        ...

    def clear(self, portfolio: str, key: str) -> None:
        """Forget a state that is over, so that its return is told."""
        ...

    def keys(self, portfolio: str, prefix: str) -> tuple[str, ...]:
        """Return the told states whose key begins with a prefix."""
        ...

    def recover(self, at: datetime) -> int:
        """Put back what a killed process was sending; return how many."""
        ...

    def waiting(self, at: datetime) -> tuple[Delivery, ...]:
        """Return what may be sent now, oldest first."""
        ...

    def start(self, delivery: Delivery, at: datetime) -> None:
        """Note an attempt before it is made."""
        ...

    def end(
        self,
        delivery: Delivery,
        at: datetime,
        failure: str | None,
        next_at: datetime | None,
        *,
        unanswered: bool = False,
        note: str = "",
    ) -> None:
        """Note what came of it: sent, or to be tried again at `next_at`, or given up.

        An `unanswered` attempt may have reached the service after all; a `note` is kept with a message
        that was sent.
        """
        ...


class OrderBook(Protocol):
    """Where plans, orders and the audit record are kept. What a call wrote is on disk when it returns."""

    def save_plan(self, plan: SavedPlan, at: datetime) -> None:
        """Keep a plan; one that is there already stays as it is."""
        ...

    def plan(self, name: str) -> SavedPlan:
        """Return a plan by its id, by the beginning of it, or the newest one by `latest`."""
        ...

    def plans(self, since: datetime) -> tuple[SavedPlan, ...]:
        """Return the plans saved since a moment, oldest first."""
        ...

    def finish_plan(self, plan_id: str, at: datetime) -> None:
        """Note that a plan was carried out."""
        ...

    def finished(self) -> frozenset[str]:
        """Return the ids of the plans that were carried out."""
        ...

    def write(self, order: Order, event: str, at: datetime, body: Mapping[str, object]) -> None:
        """Keep an order as it is now, what happened to it, and a link of the audit record: all or nothing."""
        ...

    def orders(self, plan_id: str | None = None) -> tuple[Order, ...]:
        """Return the orders of a plan, or all of them, in the order they were written first."""
        ...

    def keep_fills(self, account: str, fills: Sequence[Fill], at: datetime) -> int:
        """Keep the fills that are not there yet; return how many were new."""
        ...

    def fills(self) -> tuple[tuple[str, Fill], ...]:
        """Return every fill that was kept, with its account, oldest first."""
        ...

    def record(self, kind: str, plan_id: str, body: Mapping[str, object], at: datetime) -> None:
        """Add a link to the audit record."""
        ...

    def links(self) -> Iterator[Link]:
        """Return the audit record, link by link."""
        ...

    def head(self) -> tuple[int, str]:
        """Return how many links there should be, and the hash of the last one."""
        ...

    def approve(self, plan_id: str, who: str, at: datetime) -> None:
        """Note that somebody approved a plan."""
        ...

    def approvals(self, plan_id: str) -> frozenset[str]:
        """Return who approved a plan."""
        ...

    def halted(self) -> str:
        """Return why everything is halted, empty when it is not."""
        ...

    def halt(self, why: str, at: datetime) -> None:
        """Refuse everything from now on."""
        ...

    def resume(self, at: datetime) -> None:
        """Lift the halt."""
        ...

    def arm(self, arming: Arming, at: datetime) -> None:
        """Give leave to trade unattended."""
        ...

    def disarm(self, at: datetime) -> None:
        """Take the leave to trade unattended back."""
        ...

    def arming(self) -> Arming | None:
        """Return the leave to trade unattended, None when there is none."""
        ...

    def sole_run(self) -> AbstractContextManager[None]:
        """Keep every other process from executing; let go when this one ends, however it ends.

        Raises:
            PlanError: Another one runs.
        """
        ...
