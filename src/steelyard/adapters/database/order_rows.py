"""Orders as rows of `steelyard.db`, and back."""

from __future__ import annotations

import sqlite3

from steelyard.adapters.database.connection import number_of, stamp, time_of
from steelyard.domain.money import plain
from steelyard.domain.trading.orders import Order

COLUMNS = (
    "id", "plan", "account", "symbol", "side", "shares", "price_limit", "currency", "exchange", "leg",
    "state", "filled", "paid", "fees", "broker_id", "note", "sent_at", "attempt",
)  # fmt: skip
CHANGING = ("shares", "price_limit", "state", "filled", "paid", "fees", "broker_id", "note", "sent_at")
"""What a step may change of an order; the rest is what its plan decided."""


def row_of(order: Order) -> dict[str, object]:
    """Return an order by column."""
    return {
        "id": order.id,
        "plan": order.plan_id,
        "account": order.account,
        "symbol": order.symbol,
        "side": order.side,
        "shares": plain(order.shares),
        "price_limit": None if order.limit is None else plain(order.limit),
        "currency": order.currency,
        "exchange": order.exchange,
        "leg": order.leg,
        "state": order.state,
        "filled": plain(order.filled),
        "paid": plain(order.paid),
        "fees": plain(order.fees),
        "broker_id": order.broker_id,
        "note": order.note,
        "sent_at": None if order.sent_at is None else stamp(order.sent_at),
        "attempt": order.attempt,
    }


def facts_of(order: Order) -> dict[str, object]:
    """Return what a link of the audit record says of an order."""
    return {
        "order": order.id,
        "account": order.account,
        "symbol": order.symbol,
        "side": order.side,
        "shares": order.shares,
        "limit": order.limit,
        "state": order.state,
        "filled": order.filled,
        "paid": order.paid,
    }


def order_of(r: sqlite3.Row) -> Order:
    """Return the order a row holds."""
    return Order(
        id=r["id"],
        plan_id=r["plan"],
        account=r["account"],
        symbol=r["symbol"],
        side=r["side"],
        shares=number_of(r["shares"]),
        limit=None if r["price_limit"] is None else number_of(r["price_limit"]),
        currency=r["currency"],
        exchange=r["exchange"],
        leg=r["leg"],
        state=r["state"],
        filled=number_of(r["filled"]),
        paid=number_of(r["paid"]),
        fees=number_of(r["fees"]),
        broker_id=r["broker_id"],
        note=r["note"],
        sent_at=None if r["sent_at"] is None else time_of(r["sent_at"]),
        attempt=r["attempt"],
    )
