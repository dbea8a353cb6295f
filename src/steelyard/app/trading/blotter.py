"""The orders of one plan while it is carried out: written down first, changed in memory second.

Every change goes through `write`, so that what is in memory was on disk a moment before. `become_sent` is the
only place where an order becomes sent. Nothing may reach a broker without it, and nothing in memory entitles
to it: whatever must hold at that very moment is to be asked of the book there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from steelyard.app.trading.order_reports import Desk
from steelyard.domain.trading.orders import CANCELLED, PLANNED, SENT, UNKNOWN, Order, move
from steelyard.domain.trading.saved_plans import SavedPlan
from steelyard.domain.trading.sizing import orders_of
from steelyard.errors import OrderNotTaken, ServiceError
from steelyard.records import replace


class Blotter:
    """What the plan asks for, order by order, each as the book has it or would have it."""

    def __init__(self, desk: Desk, plan: SavedPlan, limit_distance: Decimal | None) -> None:
        """Read the orders of a plan from the book; those it does not have are as the plan asks for them.

        Args:
            desk: Book, brokers and clock.
            plan: To be carried out.
            limit_distance: How far a limit lies from the price of the plan, a fraction; None: no limits.
        """
        self._desk, self._plan = desk, plan
        kept = {o.id: o for o in desk.book.orders(plan.id)}
        self._orders = {o.id: kept.get(o.id, o) for o in orders_of(plan, limit_distance)}

    def __iter__(self) -> Iterator[Order]:
        return iter(tuple(self._orders.values()))

    @property
    def by_id(self) -> Mapping[str, Order]:
        """The orders as they are at any time: whoever keeps it sees every change."""
        return self._orders

    @property
    def has_begun(self) -> bool:
        """Whether anything of the plan was ever sent, cancelled or changed by hand."""
        return any(o.state != PLANNED for o in self)

    @property
    def planned(self) -> list[Order]:
        """What is not sent yet."""
        return [o for o in self if o.state == PLANNED]

    @property
    def out(self) -> list[Order]:
        """What may be at a broker."""
        return [o for o in self if o.is_out]

    def keep_planned(self) -> None:
        """Write down every order that the book does not have."""
        kept = {o.id for o in self._desk.book.orders(self._plan.id)}
        now = self._desk.clock.now()
        for order in self:
            if order.id not in kept:
                self._desk.book.write(order, "planned", now, {})

    def write(self, order: Order, event: str, body: Mapping[str, object]) -> None:
        """Write an order down as it is now."""
        self._orders[order.id] = self._desk.write(order, event, body)

    def cancel_planned(self, why: str) -> None:
        """Give up what is not sent yet."""
        for order in self.planned:
            self.cancel(order, why)

    def cancel(self, order: Order, why: str) -> None:
        """Give up one order that is not sent yet."""
        self.write(move(order, CANCELLED, why), "cancelled", {})

    def hear(self, over_after_hours: int) -> None:
        """Ask about every order that may be at a broker; see `Desk.hear`."""
        for order in self.out:
            self._orders[order.id] = self._desk.hear(order, over_after_hours)

    def become_sent(self, order: Order) -> Order:
        """Write down that an order is sent, before its broker hears of it, and return it.

        After a crash between the two the order counts as sent and is asked about: twice sent is worse than
        not sent.
        """
        sent = replace(move(order, SENT), sent_at=self._desk.clock.now())
        self.write(sent, "sent", {"broker": self._desk.brokers[order.account].name})
        return sent

    def send(self, order: Order) -> None:
        """Send an order, once, and write down what its broker made of it.

        Without an answer it is unknown, which is not "not sent": nobody but the broker can tell.
        """
        sent = self.become_sent(order)
        try:
            self._orders[order.id] = self._desk.learn(sent, self._desk.brokers[order.account].submit(sent))
        except OrderNotTaken as error:
            self._take_back(sent, error)
        except ServiceError as error:
            self.write(move(sent, UNKNOWN, str(error)), "no-answer", {"text": str(error)})

    def _take_back(self, sent: Order, error: OrderNotTaken) -> None:
        """The broker says it has no such order: believe it only when asking says the same."""
        try:
            seen = self._desk.ask(sent)
        except ServiceError:
            self.write(move(sent, UNKNOWN, str(error)), "no-answer", {"text": str(error)})
            return
        if seen is not None:
            self._orders[sent.id] = seen
        else:
            self.write(replace(move(sent, PLANNED), sent_at=None), "not-taken", {"text": str(error)})
