"""One account by the ordinary planner: what the kernel leaves, and what every plan of a batch must equal."""

from __future__ import annotations

from decimal import Decimal

from steelyard.app.batch.book import Book, Row
from steelyard.app.planning import plan as planner
from steelyard.domain.caveats import caveats_of
from steelyard.domain.policy.drift import measure, misplaced
from steelyard.domain.policy.goals import worth_by_goal
from steelyard.domain.policy.policies import Decision
from steelyard.domain.portfolio import Portfolio, Valuation, value
from steelyard.domain.trades import Plan
from steelyard.records import dataclass


@dataclass(frozen=True, slots=True)
class Judged:
    """What an account is worth, how far it drifted and what its policy says; its plan where it has one.

    `flowed` says that its plan moves new money or money taken out although the policy is not due.
    """

    managed: Decimal
    misplaced: Decimal
    decision: Decision
    plan: Plan | None = None
    flowed: bool = False

    @property
    def misplaced_after(self) -> Decimal | None:
        """Share of the money that is in the wrong place after the plan, None without one."""
        return None if self.plan is None else misplaced([h.drift for h in self.plan.after])


def judged(book: Book, row: Row) -> Judged:
    """Say whether an account is due.

    Raises:
        SteelyardError: Its file would be refused, by the same code.
    """
    return _judged(book, book.portfolio(row))[0]


def planned(book: Book, row: Row) -> Judged:
    """Judge an account and plan it.

    A due one is planned with its cash flow, as `plan --policy-gate --cash` does. One that is not due is left
    alone, but for a cash flow: new money is spent as `invest` does, money taken out raised as `withdraw`
    does.

    Raises:
        SteelyardError: The command would refuse, by the same code.
    """
    portfolio = book.portfolio(row)
    found, _ = _judged(book, portfolio)
    flow, due = row.cash_flow, found.decision.due
    invests, withdraws = not due and flow > 0, not due and flow < 0
    plan = planner.plan(
        portfolio,
        book.sessions,
        as_of=book.terms.as_of,
        cash_flow=flow,
        can_buy=row.can_buy and not withdraws,
        can_sell=row.can_sell and not invests,
        objective="shortfall" if invests else "absolute",
        policy_gate=not flow,
    )
    return Judged(found.managed, found.misplaced, found.decision, plan, flowed=invests or withdraws)


def _judged(book: Book, portfolio: Portfolio) -> tuple[Judged, Valuation]:
    caveats_of(portfolio, book.terms.as_of)
    valuation = value(portfolio)
    values = worth_by_goal(portfolio.goals, {h.symbol: h.value for h in valuation.holdings})
    drifts = measure(values, valuation.managed, portfolio.targets)
    decision = planner.decide_now(portfolio, valuation, book.sessions, book.terms.as_of)
    return Judged(valuation.managed, misplaced(drifts), decision), valuation
