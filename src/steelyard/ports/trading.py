"""Brokers, and the book in which plans and orders are kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import date, datetime
from typing import TYPE_CHECKING, Protocol

from steelyard.records import dataclass

# Types only: what `check` needs must not bring automation and brokers along.
if TYPE_CHECKING:
    from pathlib import Path

    from steelyard.domain.portfolio import Account
    from steelyard.domain.trading.approvals import Approver
    from steelyard.domain.trading.arming import Arming
    from steelyard.domain.trading.audit import Link
    from steelyard.domain.trading.brokerage import Fill, OpenOrder, Statement
    from steelyard.domain.trading.orders import Order, Report
    from steelyard.domain.trading.saved_plans import SavedPlan
    from steelyard.domain.trading.send_conditions import SendConditions
    from steelyard.ports.machine import Clock, Secrets
    from steelyard.ports.market import Sessions


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


class Broker(Protocol):
    """One account at one broker.

    What kind of broker it is stands in the first members; `BrokerHabits` has what most are.

    Every call ends within the adapter's time-out. A call that cannot tell whether it had an effect
    raises `NoAnswer`; one that certainly had none raises `OrderNotTaken` or another `ServiceError`.
    """

    @property
    def name(self) -> str:
        """What it is called in settings and messages."""
        ...

    @property
    def practice(self) -> bool:
        """Nothing is really bought or sold: no entry of the journal, and no tax, comes of it."""
        ...

    @property
    def trades_as_quoted(self) -> bool:
        """It trades in whatever currency the portfolio file quotes, not in that of the exchange."""
        ...

    @property
    def converts(self) -> bool:
        """It changes money, and takes orders of the exchange `FX`: `USDKRW` in KRW buys or sells dollars.

        Where it does not, the owner changes money by hand.
        """
        ...

    @property
    def by_hand(self) -> str:
        """What a person is to do with its orders, an imperative; empty where it carries them out itself.

        Nobody waits for fills that are typed tomorrow, and they count when the last order is over.
        """
        ...

    def reference(self, account: str, fill: Fill) -> str:
        """Return what tells a fill of an account of the owner's from every other, for good.

        Where a file of the same house can be imported, both give the same, so that nothing counts twice.
        """
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


class BrokerHabits:
    """What most brokers are, for an adapter to inherit; it says where it differs."""

    name: str = ""
    practice: bool = False
    trades_as_quoted: bool = False
    converts: bool = False
    by_hand: str = ""

    def reference(self, account: str, fill: Fill) -> str:
        """Return name, account and the broker's own number of the fill."""
        return f"{self.name}:{account}:{fill.id}"


class OrderBook(Protocol):
    """Where plans, orders and the audit record are kept. What a call wrote is on disk when it returns."""

    def save_plan(self, plan: SavedPlan, at: datetime) -> None:
        """Keep a plan; one that is there stays as it is, or may be tried again where it traded nothing."""
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
        """Return the ids of the plans whose last attempt is over."""
        ...

    def begin(self, orders: Sequence[Order], who: Approver, conditions: SendConditions, at: datetime) -> None:
        """Approve an attempt by beginning it, and write down every order of it that is not there yet.

        Raises:
            PlanError: Something was halted meanwhile.
        """
        ...

    def change(
        self,
        order_id: str,
        step: Callable[[Order], Order],
        event: str,
        at: datetime,
        body: Mapping[str, object],
    ) -> Order:
        """Put an order through a step, in one transaction with reading it; return it as it is then.

        What happened to it and a link of the audit record are written with it: all or nothing.
        """
        ...

    def become_sent(
        self, order: Order, conditions: SendConditions, at: datetime, body: Mapping[str, object]
    ) -> Order:
        """Write a planned order down as sent, if at this very moment everything lets it; return it.

        Raises:
            PlanError: It may not be sent (`halted`, `not-approved`, `not-armed`, `order-changed`).
        """
        ...

    def take_back(self, order: Order, halts: int, at: datetime, body: Mapping[str, object]) -> Order:
        """Return an order that its broker certainly does not have to its plan; cancelled after a halt."""
        ...

    def sole_sending(self) -> AbstractContextManager[bool]:
        """Hold what keeps a halt from overtaking an order on its way; False where somebody else holds it."""
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

    def links(self, after: int = 0) -> Iterator[Link]:
        """Return the audit record, link by link, those after a number."""
        ...

    def head(self) -> tuple[int, str]:
        """Return how many links there should be, and the hash of the last one."""
        ...

    def anchor(self) -> tuple[int, str] | None:
        """Return count and hash that the anchor beside the database says; None where none is to be expected.

        One that should be there and is gone, or cannot be read, has the count -1.
        """
        ...

    def anchor_anew(self, at: datetime) -> None:
        """Let the anchor follow this record from now on, whatever it says; a link tells what it said."""
        ...

    def attempt(self, plan_id: str) -> int:
        """Return which attempt at a plan goes on or comes next, from 1.

        Another one comes only when the plan is saved again after every order of the last was over and nothing
        of the plan ever filled.
        """
        ...

    def approve(self, plan_id: str, who: Approver, at: datetime) -> int:
        """Note that somebody approved the attempt at a plan that comes next or is going on; return it."""
        ...

    def approvals(self, plan_id: str, attempt: int, *, proven: bool = False) -> frozenset[str]:
        """Return who approved an attempt at a plan; only who proved to be who they say, where `proven`."""
        ...

    def all_approvals(self) -> frozenset[tuple[str, int, str]]:
        """Return every approval, as (plan, attempt, who)."""
        ...

    def halted(self) -> str:
        """Return why everything is halted, empty when it is not."""
        ...

    def halts(self) -> int:
        """Return how many halts there have been: whoever began before the last one is to stop."""
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

    def asked(self, order_id: str) -> tuple[int, datetime | None]:
        """Return how often an order of unknown fate was asked about, and when it is its turn again."""
        ...

    def note_asked(self, order_id: str, next_at: datetime | None) -> None:
        """Note that an order was asked about, and when to ask again; None when its fate is known."""
        ...

    def sole_run(self) -> AbstractContextManager[None]:
        """Keep every other process from executing; let go when this one ends, however it ends.

        Raises:
            PlanError: Another one runs.
        """
        ...
