"""Orders whose fate nobody knows: asked about again by whatever comes along, and seldom enough."""

from __future__ import annotations

from datetime import timedelta

from steelyard.app.trading.order_reports import Desk
from steelyard.domain.trading.orders import SENT, UNKNOWN, Order

FIRST, LONGEST = timedelta(minutes=1), timedelta(hours=1)
"""Between two questions about an order: a minute after the first, then twice as long, an hour at most."""


def is_unknown(order: Order) -> bool:
    """Say whether an order may be at a broker that has not said so."""
    return order.state in (SENT, UNKNOWN)


def ask_again(desk: Desk, over_after_hours: int) -> tuple[Order, ...]:
    """Ask about every order of unknown fate whose turn it is, and return those that stay unknown.

    Args:
        desk: Book, brokers and clock.
        over_after_hours: As in `Desk.hear`.
    """
    left = []
    for order in desk.book.orders():
        if not is_unknown(order):
            continue
        now = ask_in_turn(desk, order, over_after_hours)
        if is_unknown(now):
            left.append(now)
    return tuple(left)


def ask_in_turn(desk: Desk, order: Order, over_after_hours: int) -> Order:
    """Ask about an order of unknown fate if it is its turn; return it as it is then."""
    asked, turn = desk.book.asked(order.id)
    at = desk.clock.now()
    if order.account not in desk.brokers or (turn is not None and at < turn):
        return order
    now = desk.hear(order, over_after_hours)
    wait = min(FIRST * 2 ** min(asked, 10), LONGEST)
    desk.book.note_asked(order.id, at + wait if is_unknown(now) else None)
    return now
