"""Hearing what became of an order: ask its broker, learn what it says, draw no conclusion from silence."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from steelyard.domain.trading.orders import EXPIRED, SENT, UNKNOWN, Order, Report, advance, move
from steelyard.errors import DataError, NoAnswer, ServiceError
from steelyard.ports.machine import Clock
from steelyard.ports.trading import Broker, OrderBook
from steelyard.records import dataclass
from steelyard.words import say


@dataclass(frozen=True, slots=True)
class Desk:
    """What carrying out needs: the book, a broker for each account, and the time."""

    book: OrderBook
    brokers: Mapping[str, Broker]
    clock: Clock

    def write(self, order: Order, event: str, body: Mapping[str, object]) -> Order:
        """Write an order down as it is now, and return it."""
        self.book.write(order, event, self.clock.now(), body)
        return order

    def learn(self, order: Order, report: Report) -> Order:
        """Return the order after a report, written down when it changed anything.

        Raises:
            NoAnswer: The report cannot be true, so nobody knows.
        """
        try:
            now = advance(order, report)
        except DataError as error:
            raise NoAnswer("broker-report", error.message, error.hint) from error
        if now != order:
            self.write(now, "answer", {"broker_id": report.broker_id, "note": report.note})
        return now

    def ask(self, order: Order) -> Order | None:
        """Return an order as the broker knows it, None when it has not seen it.

        Raises:
            ServiceError: Nobody can tell.
        """
        report = self.brokers[order.account].find(order)
        return None if report is None else self.learn(order, report)

    def hear(self, order: Order, over_after_hours: int) -> Order:
        """Return an order with what the broker says of it.

        An order the broker has not seen is unknown. It is over when it was sent more than
        `over_after_hours` ago and the broker, asked for its open orders, does not list it either.
        """
        try:
            heard = self.ask(order)
        except ServiceError as error:
            body = {"order": order.id, "text": str(error)}
            self.book.record("no-answer", order.plan_id, body, self.clock.now())
            return order
        if heard is not None:
            return heard
        if order.state == SENT:
            order = self.write(move(order, UNKNOWN, say("the broker has not seen it yet")), "not-seen", {})
        waited = timedelta(hours=over_after_hours)
        late = order.sent_at is not None and self.clock.now() - order.sent_at > waited
        if late and self._is_gone(order):
            why = say("its day is over and the broker does not know it")
            order = self.write(move(order, EXPIRED, why), "expired", {})
        return order

    def _is_gone(self, order: Order) -> bool:
        try:
            listed = self.brokers[order.account].open_orders()
        except ServiceError:
            return False
        # Where the broker keeps no client ids, any open order for the instrument may be the one.
        return not any(
            o.order_id == order.id or (not o.order_id and o.symbol == order.symbol) for o in listed
        )
