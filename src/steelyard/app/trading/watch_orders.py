"""Use case: follow the orders that are out until their brokers have had the last word."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from steelyard.app.trading.order_reports import Desk
from steelyard.app.trading.unknown_orders import ask_in_turn, is_unknown
from steelyard.domain.trading.orders import Order
from steelyard.errors import PlanError


def follow(
    desk: Desk, plan_id: str | None, *, over_after_hours: int, pause: Callable[[], bool]
) -> Iterator[Order]:
    """Yield every order that is out, and again each time anything about it changes, until none is out.

    Where another process carries a plan out meanwhile, it is the one that asks the brokers; what it wrote
    down is followed.

    Args:
        desk: Book, brokers and clock.
        plan_id: The orders of this plan only; None for all.
        over_after_hours: As in `Desk.hear`.
        pause: Waits between two looks; True ends the watch.
    """
    seen = {o.id: o for o in desk.book.orders(plan_id)}
    out = [o for o in seen.values() if o.is_out]
    yield from out
    while out:
        try:
            with desk.book.sole_run():
                for order in desk.book.orders(plan_id):
                    if is_unknown(order):
                        ask_in_turn(desk, order, over_after_hours)
                    elif order.is_out and order.account in desk.brokers:
                        desk.hear(order, over_after_hours)
        except PlanError as error:
            if error.code != "another-run":
                raise
        now = desk.book.orders(plan_id)
        yield from (o for o in now if o != seen.get(o.id))
        seen = {o.id: o for o in now}
        out = [o for o in now if o.is_out]
        if out and pause():
            return
