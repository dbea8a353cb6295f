"""Accounts by the ordinary planner: what the kernel leaves, and what every plan of a batch must equal."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from steelyard.app.batch.book import Book, Row
from steelyard.app.planning import plan as planner
from steelyard.app.planning.tax_note import costless, returns_or_why_not
from steelyard.app.tax.paying_in import need_room
from steelyard.domain.caveats import caveats_of
from steelyard.domain.money import exact_sum
from steelyard.domain.policy.drift import measure, misplaced
from steelyard.domain.policy.goals import worth_by_goal
from steelyard.domain.policy.policies import Decision
from steelyard.domain.portfolio import Portfolio, Valuation, value
from steelyard.domain.trades import Plan
from steelyard.records import dataclass, replace


@dataclass(frozen=True, slots=True)
class Judged:
    """What an account is worth, how far it drifted and what its policy says; its plan where it has one.

    `flowed` says that its plan moves new money or money taken out although the policy is not due. `tax` is
    what its sales add to the year's, None where that is not known or nobody is taxed; `tax_note` says why.
    """

    managed: Decimal
    misplaced: Decimal
    decision: Decision
    plan: Plan | None = None
    flowed: bool = False
    tax: Decimal | None = None
    tax_note: str = ""

    @property
    def misplaced_after(self) -> Decimal | None:
        """Share of the money that is in the wrong place after the plan, None without one."""
        return None if self.plan is None else misplaced([h.drift for h in self.plan.after])


def judged(book: Book, rows: Sequence[Row]) -> list[Judged]:
    """Say of an account, or of each of a household, whether it is due.

    Raises:
        SteelyardError: Its file would be refused, by the same code.
    """
    portfolio = book.portfolio(rows)
    found, _ = _judged(book, portfolio)
    return [found] if len(rows) == 1 else [_of_account(portfolio, row, found) for row in rows]


def planned(book: Book, rows: Sequence[Row]) -> list[Judged]:
    """Judge an account, or the accounts of a household together, and plan it.

    A due one is planned with its cash flow, as `plan --policy-gate --cash` does. One that is not due is left
    alone, but for a cash flow: new money is spent as `invest` does, money taken out raised as `withdraw`
    does. Of a household each account is told its own value, trades, costs, tax and cash; how far off and how
    near is that of all.

    Raises:
        SteelyardError: The command would refuse, by the same code.
    """
    portfolio = book.portfolio(rows)
    found, _ = _judged(book, portfolio)
    moved = next((row for row in rows if row.cash_flow), rows[0])
    flow, due = moved.cash_flow, found.decision.due
    need_room(portfolio, book.figures, account=moved.account, money=flow, as_of=book.terms.as_of)
    tax, why_not = returns_or_why_not(portfolio, book.sessions, book.figures, book.terms.as_of)
    invests, withdraws = not due and flow > 0, not due and flow < 0
    plan = planner.plan(
        portfolio,
        book.sessions,
        as_of=book.terms.as_of,
        cash_flow=flow,
        account=moved.account if flow and len(rows) > 1 else None,
        can_buy=moved.can_buy and not withdraws,
        can_sell=moved.can_sell and not invests,
        objective="shortfall" if invests else "absolute",
        policy_gate=not flow,
        tax=tax,
    )
    found = Judged(
        found.managed,
        found.misplaced,
        found.decision,
        plan,
        flowed=invests or withdraws,
        tax=plan.taxes,
        tax_note=why_not or plan.tax_note or costless(portfolio, plan),
    )
    return [found] if len(rows) == 1 else [_of_account(portfolio, row, found) for row in rows]


def _of_account(portfolio: Portfolio, row: Row, found: Judged) -> Judged:
    """Return what is one account's of a household's."""
    alone = value(replace(portfolio, accounts=tuple(a for a in portfolio.accounts if a.name == row.account)))
    worth = exact_sum([alone.cash, *(h.value for h in alone.holdings)])
    if found.plan is None:
        return replace(found, managed=worth)
    trades = tuple(t for t in found.plan.trades if t.account == row.account)
    costs = exact_sum(
        [*(t.cost for t in trades), *(c.cost for c in found.plan.conversions if c.account == row.account)]
    )
    moved = (t.amount if t.side == "sell" else -t.amount for t in trades)
    cash = exact_sum([alone.cash, row.cash_flow, -costs, *moved])
    return replace(
        found,
        managed=worth,
        plan=replace(found.plan, trades=trades, costs=costs, cash_after=cash),
        tax=None if found.tax is None else exact_sum(t.tax for t in trades if t.tax is not None),
    )


def _judged(book: Book, portfolio: Portfolio) -> tuple[Judged, Valuation]:
    caveats_of(portfolio, book.terms.as_of)
    valuation = value(portfolio)
    values = worth_by_goal(portfolio.goals, {h.symbol: h.value for h in valuation.holdings})
    drifts = measure(values, valuation.managed, portfolio.targets)
    decision = planner.decide_now(portfolio, valuation, book.sessions, book.terms.as_of)
    return Judged(valuation.managed, misplaced(drifts), decision), valuation
