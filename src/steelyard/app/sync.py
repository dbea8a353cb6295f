"""Use cases around orders: bring the book up to what brokers say, cancel, halt, and audit.

Differences are reported and never papered over: nothing here changes a position of the portfolio file.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from steelyard.app.order_reports import Desk
from steelyard.domain.audit import Break, first_break
from steelyard.domain.money import ZERO
from steelyard.domain.orders import CANCELLED, PLANNED, Order, move
from steelyard.errors import InputError, ServiceError
from steelyard.ports import OrderBook


@dataclass(frozen=True, slots=True)
class Difference:
    """What the broker has and the books do not, or the other way round."""

    account: str
    what: str
    ours: Decimal
    theirs: Decimal


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What `sync` found.

    Attributes:
        changed: Orders that changed, as they are now.
        new_fills: How many fills were new.
        differences: Shares and cash that do not agree, and orders the book does not know.
        unanswered: Accounts whose broker did not answer, with the reason.
    """

    changed: tuple[Order, ...]
    new_fills: int
    differences: tuple[Difference, ...]
    unanswered: Mapping[str, str]


def sync(
    desk: Desk,
    shares: Mapping[str, Mapping[str, Decimal]],
    cash: Mapping[str, Mapping[str, Decimal]],
    *,
    since: date,
    over_after_hours: int = 24,
) -> SyncReport:
    """Ask every broker about orders, fills, shares and cash, and compare.

    Args:
        desk: Book, brokers and clock.
        shares: By account and symbol, as the books have them now.
        cash: By account and currency.
        since: Fills from this date on.
        over_after_hours: As in `Desk.hear`.
    """
    changed: list[Order] = []
    differences: list[Difference] = []
    unanswered: dict[str, str] = {}
    new_fills = 0
    for order in desk.book.orders():
        if order.is_out and order.account in desk.brokers:
            heard = desk.hear(order, over_after_hours)
            if heard != order:
                changed.append(heard)
    for account, broker in desk.brokers.items():
        try:
            statement, fills, listed = broker.statement(), broker.fills(since), broker.open_orders()
        except ServiceError as error:
            unanswered[account] = str(error)
            continue
        new_fills += desk.book.keep_fills(account, fills, desk.clock.now())
        ours = shares.get(account, {})
        for symbol in dict.fromkeys([*ours, *(h.symbol for h in statement.holdings)]):
            if ours.get(symbol, ZERO) != statement.shares(symbol):
                differences.append(
                    Difference(account, symbol, ours.get(symbol, ZERO), statement.shares(symbol))
                )
        purses = cash.get(account, {})
        for currency in dict.fromkeys([*purses, *(p.currency for p in statement.purses)]):
            theirs = statement.purse(currency).cash
            if purses.get(currency, ZERO) != theirs:
                differences.append(Difference(account, currency, purses.get(currency, ZERO), theirs))
        known = {o.id for o in desk.book.orders()} | {o.broker_id for o in desk.book.orders()}
        for stray in listed:
            if stray.order_id not in known and stray.broker_id not in known:
                differences.append(
                    Difference(account, f"order {stray.broker_id} ({stray.symbol})", ZERO, stray.shares)
                )
    body = {
        "changed": len(changed),
        "new_fills": new_fills,
        "differences": [
            {"account": d.account, "what": d.what, "ours": d.ours, "theirs": d.theirs} for d in differences
        ],
        "unanswered": unanswered,
    }
    desk.book.record("sync", "", body, desk.clock.now())
    return SyncReport(tuple(changed), new_fills, tuple(differences), unanswered)


def cancel(desk: Desk, order: Order) -> Order:
    """Cancel an order: one not sent yet at once, one that is out by asking its broker.

    Returns:
        The order as it is then; the broker has the last word, so it may have filled instead.

    Raises:
        ServiceError: The broker did not answer; the order stays as it was.
    """
    if order.state == PLANNED:
        return desk.write(move(order, CANCELLED, "cancelled by the owner"), "cancelled", {})
    if not order.is_out:
        return order
    desk.book.record("cancel-request", order.plan_id, {"order": order.id}, desk.clock.now())
    report = desk.brokers[order.account].cancel(order)
    return order if report is None else desk.learn(order, report)


def halt(desk: Desk, why: str) -> tuple[tuple[Order, ...], Mapping[str, str]]:
    """Refuse everything from now on, then cancel what is open.

    Returns:
        The orders that were open, as they are now, and what could not be cancelled, with the reason.
    """
    desk.book.halt(why, desk.clock.now())
    after, failed = [], {}
    for order in desk.book.orders():
        if order.is_final:
            continue
        try:
            after.append(cancel(desk, order))
        except (ServiceError, KeyError) as error:
            failed[order.id] = str(error)
    return tuple(after), failed


def find_order(book: OrderBook, name: str) -> Order:
    """Return the order whose id begins with `name`.

    Raises:
        InputError: There is none, or more than one.
    """
    found = [o for o in book.orders() if o.id.startswith(name)] if name else []
    if len(found) != 1:
        text = f"there is no order {name!r}" if not found else f"{name!r} names {len(found)} orders"
        raise InputError("unknown-order", text, "see `steelyard orders`")
    return found[0]


def verify(book: OrderBook) -> Break | None:
    """Return the first broken link of the audit record, None when it is whole."""
    count, head = book.head()
    return first_break(book.links(), count=count, head=head)


def story(book: OrderBook, plan_id: str) -> list[dict[str, Any]]:
    """Return everything the audit record tells of a plan, in order."""
    told = [{"number": link.number, **json.loads(link.text)} for link in book.links()]
    return [entry for entry in told if entry["plan"] == plan_id]


def describe(entry: Mapping[str, Any]) -> str:
    """Return one line for people on an entry of the record."""
    body = entry["body"]
    words = [f"{k} {v}" for k, v in body.items() if k not in {"order", "broker_id"} and v not in ("", None)]
    return f"{entry['at'][:19]}  {entry['kind']:<12} {', '.join(words)}"
