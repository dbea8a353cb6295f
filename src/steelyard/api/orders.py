"""What the order book tells of orders: short, since no broker is asked and nothing else is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steelyard import bootstrap
from steelyard.domain.trading.orders import OrderList

if TYPE_CHECKING:
    from steelyard.bootstrap.folder import Place


def orders(path: Place, plan: str | None = None) -> OrderList:
    """Return the orders of a plan, or all of them, as they were last heard of; no broker is asked."""
    with bootstrap.order_book_to_look_at(bootstrap.Folder.of(path)) as book:
        return OrderList(book.orders(None if plan is None else book.plan(plan).id))
