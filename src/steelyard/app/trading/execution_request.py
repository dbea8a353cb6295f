"""What one call of `execute` is about, and what the brokers said when they were last asked."""

from __future__ import annotations

from collections.abc import Mapping

from steelyard.app.trading.blotter import Blotter
from steelyard.app.trading.market import Market
from steelyard.app.trading.order_reports import Desk
from steelyard.domain.money import ZERO
from steelyard.domain.trading.approvals import Approver
from steelyard.domain.trading.brokerage import FX, Statement
from steelyard.domain.trading.execution import ExecutionTerms
from steelyard.domain.trading.orders import Order
from steelyard.domain.trading.saved_plans import SavedPlan
from steelyard.domain.trading.send_conditions import SendConditions
from steelyard.domain.trading.sizing import at_most
from steelyard.records import dataclass


@dataclass(frozen=True, slots=True)
class ExecutionRequest:
    """What is to be carried out, on whose word; nothing of it changes on the way.

    Attributes:
        desk: Book, brokers and clock.
        plan: As the book has it.
        market: Prices of now.
        terms: The owner's.
        who: Who approves by calling.
        unattended: Nobody is looking.
        attempt: At the plan.
        halts: How many halts there had been when it began: one more ends it.
    """

    desk: Desk
    plan: SavedPlan
    market: Market
    terms: ExecutionTerms
    who: Approver
    unattended: bool
    attempt: int
    halts: int

    def conditions(self, order: Order | None = None) -> SendConditions:
        """Return on whose word an order may be sent, and what it may cost at most."""
        move = self.terms.max_price_move
        amount = ZERO if order is None else at_most(self.plan, order, move)
        above = self.terms.limits.second_approval_above
        two = 2 if above is not None and self.plan.turnover > above else 0
        return SendConditions(self.halts, self.unattended, amount, two)

    def converts(self, account: str) -> bool:
        """Say whether the broker of an account changes money itself."""
        return self.desk.brokers[account].converts

    def by_hand(self, account: str) -> str:
        """Return what a person has to do for the orders of an account, empty where its broker does it."""
        return self.desk.brokers[account].by_hand


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What all brokers of a plan said, asked one after the other.

    Attributes:
        statements: Money and shares, by account.
        open_exchanges: Exchanges that take orders.
        others: Open orders that are not of the plan, as (account, symbol).
    """

    statements: Mapping[str, Statement]
    open_exchanges: frozenset[str]
    others: frozenset[tuple[str, str]]


def take_snapshot(request: ExecutionRequest, blotter: Blotter) -> Snapshot:
    """Ask every broker for its statement, open orders and hours.

    Raises:
        ServiceError: One does not answer.
    """
    statements: dict[str, Statement] = {}
    others: set[tuple[str, str]] = set()
    opened: set[str] = set()
    mine = {o.id for o in blotter} | {o.broker_id for o in blotter} - {""}
    for account in request.plan.accounts:
        broker = request.desk.brokers[account]
        statements[account] = broker.statement()
        for order in broker.open_orders():
            if order.order_id not in mine and order.broker_id not in mine:
                others.add((account, order.symbol))
        wanted = {o.exchange for o in blotter if o.account == account}
        # Money that its owner changes elsewhere has no hours here.
        wanted -= set() if request.converts(account) else {FX}
        opened |= {e for e in sorted(wanted) if broker.is_open(e)}
    return Snapshot(statements, frozenset(opened), frozenset(others))
