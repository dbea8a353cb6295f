"""Orders: what is asked of a broker, what the broker says about it, and how the two meet.

An order's id follows from plan, attempt, account, symbol and leg, so the same trade of the same attempt has
the same id however often it is offered. `advance` folds a broker's report into an order; it only ever learns:
reports may come twice, late or out of order, and none of them takes a fill back.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

from steelyard.domain.money import EXACT, ZERO, plain
from steelyard.domain.trades import Side
from steelyard.domain.trading.brokerage import FX
from steelyard.domain.trading.fingerprint import fingerprint
from steelyard.errors import DataError
from steelyard.records import dataclass, replace
from steelyard.words import say

PLANNED = "planned"
SENT = "sent"
ACCEPTED = "accepted"
PARTIALLY_FILLED = "partially_filled"
FILLED = "filled"
CANCELLED = "cancelled"
REJECTED = "rejected"
EXPIRED = "expired"
UNKNOWN = "unknown"

FINAL = frozenset({FILLED, CANCELLED, REJECTED, EXPIRED})
REPORTED = frozenset({ACCEPTED, PARTIALLY_FILLED}) | FINAL
STATES = frozenset({PLANNED, SENT, UNKNOWN}) | REPORTED

# What the owner's side may decide on its own. Everything else needs a broker's report (`advance`).
OWN_MOVES = {
    PLANNED: frozenset({SENT, CANCELLED}),
    SENT: frozenset({UNKNOWN, PLANNED}),
    UNKNOWN: frozenset({EXPIRED}),
    ACCEPTED: frozenset({EXPIRED}),
    PARTIALLY_FILLED: frozenset({EXPIRED}),
}


@dataclass(frozen=True, slots=True)
class Order:
    """One order, with all that is known about it.

    Attributes:
        id: From `order_id`; the broker gets it as its client order id.
        plan_id: The plan it carries out.
        account: Name of the account it is placed in.
        symbol: The instrument.
        side: `buy` or `sell`.
        shares: Asked for, > 0.
        limit: Worst acceptable price in `currency`; None asks for a market order.
        currency: Of the limit and of everything paid.
        exchange: ISO 10383 code (XKRX, XNYS).
        leg: Counts orders of one plan for the same account and symbol, from 1.
        state: One of `STATES`.
        filled: Shares filled so far.
        paid: Sum of shares times price over the fills, before fees.
        fees: Commission and duties reported so far.
        broker_id: The broker's own number, empty until it told one.
        note: Why it ended as it did, one line.
        sent_at: When it was first written down as sent, None before.
        attempt: At carrying the plan out, from 1: another one begins only when the last ended without a fill.
    """

    id: str
    plan_id: str
    account: str
    symbol: str
    side: Side
    shares: Decimal
    limit: Decimal | None
    currency: str
    exchange: str
    leg: int = 1
    state: str = PLANNED
    filled: Decimal = ZERO
    paid: Decimal = ZERO
    fees: Decimal = ZERO
    broker_id: str = ""
    note: str = ""
    sent_at: datetime | None = None
    attempt: int = 1

    def to_dict(self) -> dict[str, Any]:
        """Return it as in the documents of `orders`, `execute` and `sync`."""
        return {
            "id": self.id,
            "plan": self.plan_id,
            "attempt": self.attempt,
            "account": self.account,
            "symbol": self.symbol,
            "side": self.side,
            "shares": plain(self.shares),
            "limit": None if self.limit is None else plain(self.limit),
            "currency": self.currency,
            "state": self.state,
            "filled": plain(self.filled),
            "paid": plain(self.paid),
            "fees": plain(self.fees),
            "note": self.note,
        }

    @property
    def is_final(self) -> bool:
        """Nothing more can come of it."""
        return self.state in FINAL

    @property
    def is_out(self) -> bool:
        """It may be at the broker: sent or unknown count, since nobody denied them."""
        return self.state not in FINAL and self.state != PLANNED

    @property
    def remaining(self) -> Decimal:
        """Shares not filled yet."""
        return EXACT.subtract(self.shares, self.filled)


@dataclass(frozen=True, slots=True)
class OrderList:
    """Orders, in the order they were written down first."""

    orders: tuple[Order, ...]

    def __iter__(self) -> Iterator[Order]:
        return iter(self.orders)

    def __len__(self) -> int:
        return len(self.orders)

    def to_dict(self) -> dict[str, Any]:
        """Return the document of `orders --json` (`steelyard/orders/1`)."""
        return {"schema": "steelyard/orders/1", "orders": [order.to_dict() for order in self.orders]}


@dataclass(frozen=True, slots=True)
class Report:
    """What a broker says about one order: cumulative, never a difference.

    Attributes:
        order_id: The client order id; empty where the broker keeps none.
        broker_id: The broker's own number.
        state: One of `REPORTED`.
        filled, paid, fees: Totals so far, as in `Order`.
        note: The broker's words.
    """

    order_id: str
    broker_id: str
    state: str
    filled: Decimal = ZERO
    paid: Decimal = ZERO
    fees: Decimal = ZERO
    note: str = ""


def order_id(plan_id: str, account: str, symbol: str, leg: int = 1, attempt: int = 1) -> str:
    """Return the id of an order: `sy-` and 40 hexadecimal digits.

    Every broker that takes a client order id takes letters, digits and a dash in 48 characters. Ids of a
    first attempt are what they were before there was a second.
    """
    named = [plan_id, account, symbol, leg]
    return "sy-" + fingerprint(named if attempt == 1 else [*named, attempt])[:40]


def content(order: Order) -> tuple[object, ...]:
    """Return what an order asks for and of whom, whatever became of it: what its plan has decided."""
    return (
        order.id,
        order.plan_id,
        order.attempt,
        order.account,
        order.symbol,
        order.side,
        order.currency,
        order.exchange,
        order.leg,
    )


def move(order: Order, state: str, note: str = "") -> Order:
    """Return the order after a step the owner's side takes on its own.

    Planned to sent (written down before the call), sent to unknown (no answer), sent back to planned
    (the broker certainly did not take it), unknown or open to expired (its day is over and nobody sees it
    any more), planned to cancelled (not wanted any more).

    Raises:
        ValueError: The step is not one of those, which would be a bug of the caller.
    """
    if state not in OWN_MOVES.get(order.state, frozenset()):
        raise ValueError(f"order {order.id} cannot go from {order.state} to {state}")
    return replace(order, state=state, note=note or order.note)


def changed_by_hand(order: Order, paid: Decimal) -> Order:
    """Return a planned conversion as done: the owner changed the money, and it was seen at the broker.

    Args:
        order: A conversion that was never sent.
        paid: What it is taken to have cost or brought, in the order's currency.

    Raises:
        ValueError: It was sent, or is no conversion, which would be a bug of the caller.
    """
    if order.state != PLANNED or order.exchange != FX:
        raise ValueError(f"order {order.id} is no conversion waiting to be made by hand")
    note = say("changed by hand, seen at the broker")
    return replace(order, state=FILLED, filled=order.shares, paid=paid, note=note)


def advance(order: Order, report: Report) -> Order:
    """Return the order after a broker's report.

    Totals never shrink. A final state stays, except that fills which come after a cancellation or an
    expiry are counted, and that an order which expired on our own conclusion (nobody had seen it) opens
    again when the broker does report it. A report that every share is filled ends the order whatever
    the state it names, and "filled" with shares missing counts as partially filled.

    Raises:
        DataError: The report is about another order or fills more than was asked (`broker-report`).
    """
    _check(order, report)
    filled = max(order.filled, report.filled)
    paid = report.paid if report.filled >= order.filled else order.paid
    # A repeated total may correct the price of the fills; of the same fill count the newest word holds.
    concluded = order.state == EXPIRED and not order.broker_id
    state = report.state
    if order.is_final and not concluded:
        state = order.state
    elif state == ACCEPTED and filled:
        state = PARTIALLY_FILLED
    if filled == order.shares:
        state = FILLED
    elif state == FILLED:
        state = PARTIALLY_FILLED
    return replace(
        order,
        state=state,
        filled=filled,
        paid=paid,
        fees=max(order.fees, report.fees),
        broker_id=report.broker_id or order.broker_id,
        note=report.note or order.note,
    )


def _check(order: Order, report: Report) -> None:
    problem = ""
    if report.order_id and report.order_id != order.id:
        problem = say("a report about {order_id} was taken for {id}", order_id=report.order_id, id=order.id)
    elif report.broker_id and order.broker_id and report.broker_id != order.broker_id:
        problem = say(
            "order {id} is {broker_id} at the broker, the report is about {other}",
            id=order.id,
            broker_id=order.broker_id,
            other=report.broker_id,
        )
    elif report.state not in REPORTED:
        problem = say("the broker reports the state {state!r}", state=report.state)
    elif not ZERO <= report.filled <= order.shares:
        problem = say(
            "{filled} of {shares} {symbol} reported filled",
            filled=plain(report.filled),
            shares=plain(order.shares),
            symbol=order.symbol,
        )
    elif report.paid < 0 or report.fees < 0 or (report.filled and not report.paid):
        problem = say("{symbol}: fills without a price, or a negative one", symbol=order.symbol)
    elif order.state == PLANNED:
        problem = say(
            "order {id} was never sent, yet the broker reports it as {state}", id=order.id, state=report.state
        )
    if problem:
        raise DataError(
            "broker-report",
            problem,
            say("look at the order on the broker's own page, then run `steelyard sync`"),
        )
