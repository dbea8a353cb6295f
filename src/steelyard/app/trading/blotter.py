"""The orders of one attempt at a plan while it is carried out, as the book has them.

The book is the authority: every change is a step that it takes with its own row, and what comes back is what
is kept here. `become_sent` is the only place where an order becomes sent. Nothing may reach a broker without
it, and nothing in memory entitles to it: halt, approval and arming are asked of the book in the transaction
that writes "sent".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal

from steelyard.app.trading.order_reports import Desk
from steelyard.domain.trading.approvals import Approver
from steelyard.domain.trading.guardrails import Refusal
from steelyard.domain.trading.orders import CANCELLED, PLANNED, SENT, UNKNOWN, Order, content, move
from steelyard.domain.trading.saved_plans import SavedPlan
from steelyard.domain.trading.send_conditions import SendConditions, changed
from steelyard.domain.trading.sizing import orders_of
from steelyard.errors import OrderNotTaken, ServiceError
from steelyard.words import say

BARRIER_SECONDS = 1
"""How often an order that is to leave looks whether a halt still holds the door."""


class Blotter:
    """What an attempt at a plan asks for, order by order, each as the book has it or would have it."""

    def __init__(self, desk: Desk, plan: SavedPlan, limit_distance: Decimal | None, attempt: int = 1) -> None:
        """Read the orders of an attempt from the book.

        What is not sent yet is as the plan asks for it, whatever its row says: a row is looked at, never
        followed.

        Args:
            desk: Book, brokers and clock.
            plan: To be carried out.
            limit_distance: How far a limit lies from the price of the plan, a fraction; None: no limits.
            attempt: At the plan.
        """
        self._desk, self._plan, self.attempt = desk, plan, attempt
        self._asked = {o.id: o for o in orders_of(plan, limit_distance, attempt)}
        self._orders = dict(self._asked)
        self.refusals: tuple[Refusal, ...] = ()
        self.reread()

    def __iter__(self) -> Iterator[Order]:
        return iter(tuple(self._orders.values()))

    @property
    def by_id(self) -> Mapping[str, Order]:
        """The orders as they are at any time: whoever keeps it sees every change."""
        return self._orders

    @property
    def has_begun(self) -> bool:
        """Whether anything of the attempt was ever sent, cancelled or changed by hand."""
        return any(o.state != PLANNED for o in self)

    @property
    def planned(self) -> list[Order]:
        """What is not sent yet."""
        return [o for o in self if o.state == PLANNED]

    @property
    def out(self) -> list[Order]:
        """What may be at a broker."""
        return [o for o in self if o.is_out]

    def reread(self) -> None:
        """Take every order as the book has it now; `refusals` tells those that are not as their plan says."""
        found = []
        for kept in self._desk.book.orders(self._plan.id):
            if kept.attempt != self.attempt:
                continue
            asked = self._asked.get(kept.id)
            more = asked is not None and kept.shares > asked.shares
            less = asked is not None and kept.state == PLANNED and kept.shares != asked.shares
            if asked is None or content(kept) != content(asked) or more or less:
                error = changed(asked or kept, kept)
                found.append(Refusal(error.code, kept.id, kept.symbol, error.message, error.hint))
            else:
                self._orders[kept.id] = asked if kept.state == PLANNED else kept
        self.refusals = tuple(found)

    def begin(self, who: Approver, conditions: SendConditions) -> None:
        """Approve the attempt and write down every order of it that the book does not have.

        Raises:
            PlanError: Something was halted meanwhile.
        """
        self._desk.book.begin(tuple(self), who, conditions, self._desk.clock.now())

    def change(
        self, order: Order, step: Callable[[Order], Order], event: str, body: Mapping[str, object]
    ) -> None:
        """Have the book put an order through a step, from what it is there."""
        now = self._desk.change(order, step, event, body)
        self._orders[order.id] = self._asked[order.id] if now.state == PLANNED else now

    def cancel_planned(self, why: str) -> None:
        """Give up what is not sent yet."""
        for order in self.planned:
            self.cancel(order, why)

    def cancel(self, order: Order, why: str) -> None:
        """Give up one order that is not sent yet."""
        self.change(
            order, lambda now: move(now, CANCELLED, why) if now.state == PLANNED else now, "cancelled", {}
        )

    def hear(self, over_after_hours: int) -> None:
        """Ask about every order that may be at a broker; see `Desk.hear`."""
        for order in self.out:
            self._orders[order.id] = self._desk.hear(order, over_after_hours)

    def become_sent(self, order: Order, conditions: SendConditions) -> Order:
        """Have the book write down that an order is sent, before its broker hears of it, and return it.

        After a crash between the two the order counts as sent and is asked about: twice sent is worse than
        not sent.

        Raises:
            PlanError: It may not be sent any more.
        """
        body = {"broker": self._desk.brokers[order.account].name}
        sent = self._desk.book.become_sent(order, conditions, self._desk.clock.now(), body)
        self._orders[order.id] = sent
        return sent

    def send(self, order: Order, conditions: SendConditions) -> None:
        """Send an order, once, and write down what its broker made of it.

        Without an answer it is unknown, which is not "not sent": nobody but the broker can tell.

        Raises:
            PlanError: It may not be sent any more; nothing was.
        """
        desk = self._desk
        with desk.book.sole_sending() as alone:
            if not alone:
                # A halt holds it for a moment: what it decided is asked of the book in the next round.
                desk.clock.wait(BARRIER_SECONDS)
                return
            sent = self.become_sent(order, conditions)
            if desk.book.halts() != conditions.halts:
                # This process slept between the two: the order certainly did not leave.
                self._orders[order.id] = self._return(order, conditions, say("halted before it left"))
                return
            self._submit(sent, order, conditions)
        if desk.book.halts() != conditions.halts and self._orders[order.id].is_out:
            self._call_back(self._orders[order.id])

    def _submit(self, sent: Order, order: Order, conditions: SendConditions) -> None:
        try:
            report = self._desk.brokers[order.account].submit(sent)
            self._orders[order.id] = self._desk.learn(sent, report)
        except OrderNotTaken as error:
            self._take_back(sent, order, conditions, error)
        except ServiceError as error:
            self._lose_sight(sent, error)

    def _lose_sight(self, sent: Order, error: ServiceError) -> None:
        why = str(error)
        self.change(
            sent,
            lambda now: move(now, UNKNOWN, why) if now.state == SENT else now,
            "no-answer",
            {"text": why},
        )

    def _take_back(self, sent: Order, order: Order, conditions: SendConditions, error: OrderNotTaken) -> None:
        """The broker says it has no such order: believe it only when all it shows says the same."""
        try:
            seen = self._desk.ask(sent)
            if seen is None and self._desk.may_be_there(sent):
                self._lose_sight(sent, error)
                return
        except ServiceError:
            self._lose_sight(sent, error)
            return
        if seen is not None:
            self._orders[sent.id] = seen
        else:
            self._orders[sent.id] = self._return(order, conditions, str(error))

    def _return(self, order: Order, conditions: SendConditions, why: str) -> Order:
        asked, now = self._asked[order.id], self._desk.clock.now()
        found = self._desk.book.take_back(asked, conditions.halts, now, {"text": why})
        return asked if found.state == PLANNED else found

    def _call_back(self, order: Order) -> None:
        """An order that left while everything was being halted is cancelled at once."""
        try:
            report = self._desk.brokers[order.account].cancel(order)
        except ServiceError as error:
            body = {"order": order.id, "text": str(error)}
            self._desk.book.record("no-answer", order.plan_id, body, self._desk.clock.now())
            return
        if report is not None:
            self._orders[order.id] = self._desk.learn(order, report)
