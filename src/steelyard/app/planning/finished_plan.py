"""A plan ready to be shown: replayed exactly, with a reason for every trade and for what is left alone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from steelyard.app.planning.plan_request import Outcome, PlanRequest
from steelyard.app.planning.reasons import decided_by, explain, goal_worth
from steelyard.app.planning.untraded import untraded
from steelyard.domain.class_holdings import class_documents, member_documents, members_of
from steelyard.domain.money import EXACT, ZERO, exact_sum, written
from steelyard.domain.policy.drift import measure
from steelyard.domain.policy.policies import Decision
from steelyard.domain.portfolio import Portfolio, Valuation
from steelyard.domain.trades import HoldingAfter, Nearest, Plan, Reached, Settled, settle
from steelyard.records import replace
from steelyard.words import say


def finished(
    portfolio: Portfolio,
    valuation: Valuation,
    request: PlanRequest,
    outcome: Outcome,
    as_of: date,
    decision: Decision,
) -> Plan:
    """Return the plan of an outcome, what it leads to replayed from its trades alone."""
    settled = settle(portfolio, outcome.trades, outcome.conversions, request.cash_flow, request.flow_account)
    assert settled.cash >= valuation.reserve, "the planner spent money that is not there"
    costs = exact_sum((c.cost for c in outcome.conversions), exact_sum(t.cost for t in outcome.trades))
    gross = exact_sum(settled.values.values(), settled.cash)
    managed = EXACT.subtract(gross, valuation.reserve)
    before = goal_worth(portfolio, {h.symbol: h.value for h in valuation.holdings})
    worth = goal_worth(portfolio, settled.values)
    drifts = measure(worth, managed, portfolio.targets)
    shares: dict[str, Decimal] = dict.fromkeys(portfolio.counted, ZERO)
    for (_, symbol), held in settled.shares.items():
        if symbol in shares:
            shares[symbol] = EXACT.add(shares[symbol], held)
    after = tuple(HoldingAfter(d.symbol, shares.get(d.symbol), d) for d in drifts)
    members = members_of(portfolio, settled.values, shares, managed)
    trades = tuple(
        sorted(
            (
                replace(
                    t,
                    reason=explain(portfolio, valuation, t, request, before, worth),
                    decided_by=decided_by(request, outcome, t),
                )
                for t in outcome.trades
            ),
            key=lambda t: t.side != "sell",
        )
    )
    return Plan(
        as_of=as_of,
        base_currency=portfolio.base_currency,
        cash_flow=request.cash_flow,
        trades=trades,
        conversions=outcome.conversions,
        untraded=untraded(portfolio, valuation, outcome, request, settled),
        after=after,
        members=members,
        member_positions=tuple(member_documents(members)),
        classes=class_documents(portfolio, drifts),
        managed_after=managed,
        total_after=gross,
        cash_after=settled.cash,
        turnover=exact_sum(t.amount for t in outcome.trades),
        costs=costs,
        objective=_reached(request, outcome),
        gated=request.gated,
        notes=_notes(portfolio, outcome) + _raised(portfolio, valuation, request, outcome, settled),
        decision=decision,
        distance=_distance(valuation, request, worth),
        accepted=request.accept_drift,
        effort=outcome.effort,
        nearest=_nearest(valuation, request, outcome),
    )


def _notes(portfolio: Portfolio, outcome: Outcome) -> tuple[str, ...]:
    selling = {t.account for t in outcome.trades if t.side == "sell"}
    return tuple(
        say("{account}: {note}", account=a.name, note=a.rules.selling_note)
        for a in portfolio.accounts
        if a.name in selling and a.rules.selling_note
    )


def _raised(
    portfolio: Portfolio, valuation: Valuation, request: PlanRequest, outcome: Outcome, settled: Settled
) -> tuple[str, ...]:
    """Return that a withdrawal sells more than it is asked to raise, where one sale less would raise it too.

    By contract section 3 it goes as near to target as sales alone can, and what is over its target comes
    nearer by being sold; who asks for an amount does not expect more of it.
    """
    if request.cash_flow >= ZERO or request.can_buy or not outcome.trades:
        return ()
    # Money that lies in other accounts, or lay there before, is not of these sales.
    over = EXACT.subtract(settled.cash, valuation.reserve)
    raised = ZERO
    for account in sorted({t.account for t in outcome.trades}):
        sales = [t for t in outcome.trades if t.account == account]
        got = exact_sum(EXACT.subtract(t.amount, t.cost) for t in sales)
        idle = min(got, settled.money[account], EXACT.subtract(over, raised))
        if idle >= min(EXACT.divide(t.amount, t.shares) for t in sales):
            raised = EXACT.add(raised, idle)
    if not raised:
        return ()
    return (
        say(
            "{over} more than asked is raised, since what is over its target comes nearer by being sold;"
            " `steelyard plan` then spends it on what is under",
            over=written(raised, portfolio.base_currency),
        ),
    )


def _reached(request: PlanRequest, outcome: Outcome) -> Reached:
    if request.gated:
        # Nothing was looked for, so nothing is proven of what would have been found.
        note = say("no rebalance is due, so no plan was made")
        return Reached(request.objective.name, outcome.value, ZERO, proven=False, note=note)
    return Reached(
        request.objective.name, outcome.value, outcome.bound, outcome.proven, outcome.note, outcome.nearest
    )


def _distance(valuation: Valuation, request: PlanRequest, worth: Mapping[str, Decimal]) -> Decimal:
    """Return how far from its destination a plan ends, as contract section 3b measures it."""
    if valuation.managed <= ZERO:
        return ZERO
    misses = (
        EXACT.subtract(worth[g], EXACT.multiply(w, valuation.managed)) for g, w in request.targets.items()
    )
    square = exact_sum(EXACT.multiply(miss, miss) for miss in misses)
    return EXACT.divide(EXACT.sqrt(square), valuation.managed)


def _nearest(valuation: Valuation, request: PlanRequest, outcome: Outcome) -> Nearest | None:
    """Return the nearest plan's figures where another one is proposed."""
    if outcome.nearest is None or valuation.managed <= ZERO:
        return None

    def distance(square: Decimal) -> Decimal:
        return EXACT.divide(EXACT.sqrt(square), valuation.managed)

    return Nearest(
        distance=distance(outcome.nearest_square),
        plan_distance=distance(outcome.square),
        tax=outcome.nearest_tax if request.tax is not None else None,
        costs=outcome.nearest_costs,
        trades=len(outcome.nearest_trades),
        turnover=exact_sum(t.amount for t in outcome.nearest_trades),
    )
