"""Use cases around orders: bring the books up to what brokers say, cancel, halt, and audit.

Differences are reported and never papered over: nothing here changes a position of the portfolio file, and
the journal gets trades that happened, never a correction that makes the shares agree.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from steelyard.app.trading.fill_entries import FillBooks, Written
from steelyard.app.trading.order_reports import Desk
from steelyard.domain.books.comparison import amounts, compare
from steelyard.domain.money import ZERO, plain
from steelyard.domain.portfolio import Account
from steelyard.domain.trading.audit import Break, against_anchor, first_break
from steelyard.domain.trading.audit_state import disagreement, told_by
from steelyard.domain.trading.brokerage import Fill, OpenOrder, Statement
from steelyard.domain.trading.orders import CANCELLED, PLANNED, SENT, UNKNOWN, Order, move
from steelyard.errors import InputError, ServiceError
from steelyard.ports.trading import OrderBook
from steelyard.records import dataclass
from steelyard.words import say


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
        new_fills: How many fills were new to the order book.
        differences: Shares and cash that do not agree, and orders the book does not know.
        unanswered: Accounts whose broker did not answer, with the reason.
        written: By account, what became of its fills in the journal; accounts on paper are not in it, and
            it is None where there is no journal.
    """

    changed: tuple[Order, ...]
    new_fills: int
    differences: tuple[Difference, ...]
    unanswered: Mapping[str, str]
    written: Mapping[str, Written] | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the document of `sync --json` (`steelyard/sync/1`)."""
        written = self.written
        return {
            "schema": "steelyard/sync/1",
            "changed": [order.to_dict() for order in self.changed],
            "new_fills": self.new_fills,
            "journal": None if written is None else {a: w.to_dict() for a, w in written.items()},
            "differences": [
                {"account": d.account, "what": d.what, "ours": plain(d.ours), "theirs": plain(d.theirs)}
                for d in self.differences
            ],
            "unanswered": dict(self.unanswered),
        }


@dataclass(frozen=True, slots=True)
class Story:
    """Everything the audit record tells of a plan; an entry has number, at, kind, plan and body."""

    plan_id: str
    entries: tuple[Mapping[str, Any], ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the document of `audit show --json` (`steelyard/audit/1`)."""
        return {"schema": "steelyard/audit/1", "plan": self.plan_id, "entries": list(self.entries)}


@dataclass(frozen=True, slots=True)
class AuditState:
    """Whether the audit record is whole.

    Attributes:
        links: How many it has.
        broken: Where it is broken first, None when it is whole.
        last: Hash of the last link.
    """

    links: int
    broken: Break | None
    last: str


def sync(
    desk: Desk,
    accounts: Callable[[], Sequence[Account]],
    *,
    since: date,
    journal: FillBooks | None = None,
    over_after_hours: int = 24,
) -> SyncReport:
    """Ask every broker about orders, fills, shares and cash; write fills into the journal; compare.

    Args:
        desk: Book, brokers and clock.
        accounts: Reads what file and journal hold, after the fills are written.
        since: Fills from this date on.
        journal: Takes the fills of brokers that really trade; None where no journal is kept.
        over_after_hours: As in `Desk.hear`.

    Raises:
        DataError: The journal cannot be used.
    """
    changed: list[Order] = []
    unanswered: dict[str, str] = {}
    new_fills = 0
    for order in desk.book.orders():
        if order.is_out and order.account in desk.brokers:
            heard = desk.hear(order, over_after_hours)
            if heard != order:
                changed.append(heard)
    heard_of: dict[str, tuple[Statement, tuple[Fill, ...], tuple[OpenOrder, ...]]] = {}
    for account, broker in desk.brokers.items():
        try:
            heard_of[account] = broker.statement(), broker.fills(since), broker.open_orders()
        except ServiceError as error:
            unanswered[account] = str(error)
    orders = desk.book.orders()
    written: dict[str, Written] = {}
    for account, (_, fills, _) in heard_of.items():
        new_fills += desk.book.keep_fills(account, fills, desk.clock.now())
        if journal is not None:
            own = [o for o in orders if o.account == account]
            entered = journal.write(account, desk.brokers[account], fills, own, desk.clock.now())
            if entered is not None:
                written[account] = entered
    ours = {a.name: a for a in accounts()}
    known = {o.id for o in orders} | {o.broker_id for o in orders}
    differences: list[Difference] = []
    for account, (statement, _, listed) in heard_of.items():
        differences += _differences(account, ours.get(account), statement)
        for stray in listed:
            if stray.order_id not in known and stray.broker_id not in known:
                what = say("order {broker_id} ({symbol})", broker_id=stray.broker_id, symbol=stray.symbol)
                differences.append(Difference(account, what, ZERO, stray.shares))
    body = {
        "changed": len(changed),
        "new_fills": new_fills,
        "written": {account: w.added for account, w in written.items()},
        "statements": {account: _told(heard[0]) for account, heard in heard_of.items()},
        "differences": [
            {"account": d.account, "what": d.what, "ours": d.ours, "theirs": d.theirs} for d in differences
        ],
        "unanswered": unanswered,
    }
    desk.book.record("sync", "", body, desk.clock.now())
    return SyncReport(
        tuple(changed), new_fills, tuple(differences), unanswered, None if journal is None else written
    )


def hear_all(desk: Desk, over_after_hours: int) -> tuple[str, ...]:
    """Ask about every order that is out, and return whose fate stays unknown, one line each."""
    left = []
    for order in desk.book.orders():
        if not order.is_out:
            continue
        if order.account not in desk.brokers:
            left.append(say("{account} has no broker any more", account=order.account))
            continue
        now = desk.hear(order, over_after_hours)
        # Where the broker does not answer, what was asked about comes back as it was.
        if now is order or now.state in (SENT, UNKNOWN):
            left.append(say("nobody knows what became of {id}", id=now.id[:11]))
    return tuple(left)


def _differences(name: str, account: Account | None, statement: Statement) -> list[Difference]:
    ours = ({}, {}) if account is None else amounts(account)
    theirs = (
        {h.symbol: statement.shares(h.symbol) for h in statement.holdings},
        {p.currency: p.cash for p in statement.balances},
    )
    return [Difference(name, *found) for found in compare(ours, theirs)]


def _told(statement: Statement) -> dict[str, dict[str, Decimal]]:
    """What a broker said it has, for the record."""
    return {
        "shares": {h.symbol: h.shares for h in statement.holdings},
        "cash": {p.currency: p.cash for p in statement.balances},
    }


def cancel(desk: Desk, order: Order) -> Order:
    """Cancel an order: one not sent yet at once, one that is out by asking its broker.

    Returns:
        The order as it is then; the broker has the last word, so it may have filled instead.

    Raises:
        ServiceError: The broker did not answer; the order stays as it was.
    """
    why = say("cancelled by the owner")
    order = desk.change(
        order, lambda now: move(now, CANCELLED, why) if now.state == PLANNED else now, "cancelled", {}
    )
    if not order.is_out:
        return order
    desk.book.record("cancel-request", order.plan_id, {"order": order.id}, desk.clock.now())
    report = desk.brokers[order.account].cancel(order)
    return order if report is None else desk.learn(order, report)


def halt(desk: Desk, why: str) -> tuple[tuple[Order, ...], Mapping[str, str]]:
    """Refuse everything from now on, then cancel what is open.

    From the moment it is written down no order becomes sent any more. One that was on its way to its broker
    then is waited for, `ON_ITS_WAY_SECONDS` at most, and cancelled like those that were there before.

    Returns:
        The orders that were open, as they are now, and what could not be cancelled, with the reason.
    """
    desk.book.halt(why, desk.clock.now())
    on_its_way = not _all_arrived(desk)
    after: list[Order] = []
    failed: dict[str, str] = {}
    for order in desk.book.orders():
        if order.is_final:
            continue
        try:
            now = cancel(desk, order)
        except (ServiceError, KeyError) as error:
            failed[order.id] = str(error)
            continue
        after.append(now)
        if now.state == SENT and on_its_way:
            failed[order.id] = say("it is on its way to its broker; halt again to cancel it")
        elif now.state in (SENT, UNKNOWN):
            failed[order.id] = say("its broker has not seen it; halt again later")
    return tuple(after), failed


ON_ITS_WAY_SECONDS = 90
"""How long a halt waits for an order that is on its way; every call to a broker ends before that."""


def _all_arrived(desk: Desk) -> bool:
    """Wait until no order is on its way to its broker; False when that takes too long."""
    until = desk.clock.now() + timedelta(seconds=ON_ITS_WAY_SECONDS)
    while True:
        with desk.book.sole_sending() as alone:
            if alone:
                return True
        if desk.clock.now() >= until:
            return False
        desk.clock.wait(1)


def find_order(book: OrderBook, name: str) -> Order:
    """Return the order whose id begins with `name`.

    Raises:
        InputError: There is none, or more than one.
    """
    found = [o for o in book.orders() if o.id.startswith(name)] if name else []
    if len(found) != 1:
        text = (
            say("there is no order {name!r}", name=name)
            if not found
            else say("{name!r} names {found} orders", name=name, found=len(found))
        )
        raise InputError("unknown-order", text, say("see `steelyard orders`"))
    return found[0]


def verify(book: OrderBook) -> Break | None:
    """Return where the record breaks first, or parts from its anchor or the book; None when all is whole."""
    broken = verify_alone(book)
    if broken is None and (anchor := book.anchor()) is not None:
        broken = against_anchor(tuple(book.links()), anchor)
    return broken


def verify_alone(book: OrderBook) -> Break | None:
    """Return where the record is broken first, or parts from the book, whatever its anchor says."""
    count, head = book.head()
    links = tuple(book.links())
    broken = first_break(links, count=count, head=head)
    if broken is not None:
        return broken
    return disagreement(
        told_by(links),
        orders=book.orders(),
        halted=book.halted(),
        arming=book.arming(),
        approvals=book.all_approvals(),
    )


def agrees_with(book: OrderBook, head: str) -> Break | None:
    """Return where the record parts from a head that an alert or a backup told; None when it went on from it.

    Args:
        book: With the record.
        head: Count and hash, or at least 16 digits of it, like `16 3fa9c1d2e4f50718`.

    Raises:
        InputError: That is no head (`audit-head`).
    """
    found = re.fullmatch(r"\s*([0-9]{1,15})\s+([0-9a-f]{16,64})\s*", head)
    if found is None:
        raise InputError(
            "audit-head",
            say("{head!r} is not a head of an audit record", head=head),
            say("write it as an alert shows it: --head '16 3fa9c1d2e4f50718'"),
        )
    return verify(book) or against_anchor(tuple(book.links()), (int(found[1]), found[2]))


def story(book: OrderBook, plan_id: str) -> Story:
    """Return everything the audit record tells of a plan, in order."""
    told = [{"number": link.number, **json.loads(link.text)} for link in book.links()]
    return Story(plan_id, tuple(entry for entry in told if entry["plan"] == plan_id))
