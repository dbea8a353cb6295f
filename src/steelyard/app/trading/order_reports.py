"""Hearing what became of an order: ask its broker, learn what it says, draw no conclusion from silence."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta

from steelyard.domain.trading.orders import EXPIRED, SENT, UNKNOWN, Order, Report, advance, move
from steelyard.errors import DataError, NoAnswer, ServiceError
from steelyard.ports.machine import Clock
from steelyard.ports.trading import Broker, OrderBook
from steelyard.records import dataclass
from steelyard.words import say

CLOCKS_APART = timedelta(minutes=5)
"""How much earlier than it was sent by our clock a fill may be by the broker's."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What carrying out needs: the book, a broker for each account, and the time."""

    book: OrderBook
    brokers: Mapping[str, Broker]
    clock: Clock

    def change(
        self, order: Order, step: Callable[[Order], Order], event: str, body: Mapping[str, object]
    ) -> Order:
        """Have the book put an order through a step, from what it is there, and return it as it is then."""
        return self.book.change(order.id, step, event, self.clock.now(), body)

    def learn(self, order: Order, report: Report) -> Order:
        """Return the order after a report, written down when it changed anything.

        Raises:
            NoAnswer: The report cannot be true, so nobody knows.
        """
        body = {"broker_id": report.broker_id, "note": report.note}
        try:
            return self.change(order, lambda now: advance(now, report), "answer", body)
        except DataError as error:
            if error.code != "broker-report":
                raise
            raise NoAnswer("broker-report", error.message, error.hint) from error

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
        unseen = say("the broker has not seen it yet")
        order = self.change(
            order, lambda now: move(now, UNKNOWN, unseen) if now.state == SENT else now, "not-seen", {}
        )
        waited = timedelta(hours=over_after_hours)
        late = order.sent_at is not None and self.clock.now() - order.sent_at > waited
        if late and self._is_gone(order):
            why = say("its day is over and the broker does not know it")
            order = self.change(
                order, lambda now: move(now, EXPIRED, why) if now.is_out else now, "expired", {}
            )
        return order

    def may_be_there(self, order: Order) -> bool:
        """Say whether the broker shows an open order or a fill that may be this order under another name.

        A broker may forget our ids: some keep them for ten minutes, some not at all. So before anything is
        sent again, or taken for over, what it shows is looked through: an open order or a fill of the same
        instrument and side, since the order was sent, that belongs to no other order of ours.

        Raises:
            ServiceError: It does not answer.
        """
        broker = self.brokers[order.account]
        others = [o for o in self.book.orders() if o.id != order.id and o.account == order.account]
        ids, numbers = {o.id for o in others}, {o.broker_id for o in others} - {""}
        began = (order.sent_at or self.clock.now()) - timedelta(days=1)
        shown = [
            *((o.order_id, o.broker_id, o.symbol, o.side) for o in broker.open_orders()),
            *(
                (f.order_id, f.broker_id, f.symbol, f.side)
                for f in broker.fills(began.date())
                if order.sent_at is None or f.at >= order.sent_at - CLOCKS_APART
            ),
        ]
        return any(
            (symbol, side) == (order.symbol, order.side) and order_id not in ids and number not in numbers
            for order_id, number, symbol, side in shown
        )

    def _is_gone(self, order: Order) -> bool:
        try:
            return not self.may_be_there(order)
        except ServiceError:
            return False
