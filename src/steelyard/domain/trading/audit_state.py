"""What the audit record says is so, held to the tables of the book: a row that nobody recorded is found."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal

from steelyard.domain.money import EXACT, ZERO, plain
from steelyard.domain.trading.arming import Arming
from steelyard.domain.trading.audit import Break, Link
from steelyard.domain.trading.orders import Order
from steelyard.records import dataclass, field
from steelyard.words import say

_SAID = ("account", "symbol", "side", "shares", "limit", "state", "filled", "paid")


@dataclass
class AuditState:
    """What the links told so far.

    Attributes:
        orders: By id, what the newest link about it says, and the number of that link.
        halted: Why everything is halted, empty when it is not.
        arming: Until, most and spent as text, None when there is none.
        approvals: (plan, attempt, who).
    """

    orders: dict[str, tuple[int, Mapping[str, object]]] = field(default_factory=dict)
    halted: str = ""
    arming: tuple[str, str, Decimal] | None = None
    approvals: set[tuple[str, int, str]] = field(default_factory=set)

    def hear(self, link: Link) -> None:
        """Take a link in."""
        told = json.loads(link.text)
        kind, body = told["kind"], told["body"]
        if "order" in body and "state" in body:
            self.orders[body["order"]] = link.number, body
            if self.arming is not None and body.get("armed"):
                until, most, spent = self.arming
                self.arming = until, most, EXACT.add(spent, Decimal(body["armed"]))
        elif kind == "halt":
            self.halted = body["why"] or "no reason given"
        elif kind == "resume":
            self.halted = ""
        elif kind == "arming":
            self.arming = body["until"], body["max_amount"], Decimal(body["spent"])
        elif kind == "disarming":
            self.arming = None
        elif kind == "approval":
            self.approvals.add((told["plan"], body.get("attempt", 1), body["who"]))


def told_by(links: Iterable[Link]) -> AuditState:
    """Return what a whole chain says."""
    state = AuditState()
    for link in links:
        state.hear(link)
    return state


def disagreement(
    said: AuditState,
    *,
    orders: Iterable[Order],
    halted: str,
    arming: Arming | None,
    approvals: Collection[tuple[str, int, str]],
) -> Break | None:
    """Return where tables and record part, at the link that says otherwise; None when they agree.

    Args:
        said: By the record.
        orders: All orders of the book.
        halted: As the book has it.
        arming: As the book has it.
        approvals: All of the book, as (plan, attempt, who).
    """
    kept = {o.id: o for o in orders}
    for name, (number, body) in said.orders.items():
        if name not in kept:
            return Break(number, say("its order {id} is gone from the book", id=name[:11]))
        has = _facts(kept.pop(name))
        for fact in _SAID:
            if body.get(fact) != has[fact]:
                text = say(
                    "it says {fact} {said} of order {id}, the book says {kept}",
                    fact=fact,
                    said=str(body.get(fact)),
                    id=name[:11],
                    kept=str(has[fact]),
                )
                return Break(number, text)
    for name in kept:
        return Break(0, say("the book has an order {id} that no link tells of", id=name[:11]))
    if said.halted != halted:
        return Break(0, say("the record and the book differ on whether everything is halted"))
    if said.arming != _armed(arming):
        return Break(0, say("the record and the book differ on the arming"))
    if said.approvals != set(approvals):
        return Break(0, say("the record and the book differ on who approved"))
    return None


def _facts(o: Order) -> dict[str, object]:
    limit = None if o.limit is None else plain(o.limit)
    numbers = {"shares": plain(o.shares), "limit": limit, "filled": plain(o.filled), "paid": plain(o.paid)}
    return {"account": o.account, "symbol": o.symbol, "side": o.side, "state": o.state, **numbers}


def _armed(arming: Arming | None) -> tuple[str, str, Decimal] | None:
    if arming is None:
        return None
    return arming.until.isoformat(), plain(arming.max_amount), EXACT.add(arming.spent, ZERO)
