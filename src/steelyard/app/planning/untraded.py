"""Why a target stays off although it drifts, and why cash stays idle."""

from __future__ import annotations

from decimal import Decimal

from steelyard.app.planning.plan_request import Outcome, PlanRequest
from steelyard.app.planning.reasons import goal_worth, points, stage
from steelyard.app.planning.tradables import may_buy
from steelyard.domain.money import EXACT, ONE, ZERO, exact_sum, minor_digits, plain, written
from steelyard.domain.policy.drift import Drift
from steelyard.domain.policy.goals import Goal
from steelyard.domain.portfolio import Account, Portfolio, Valuation
from steelyard.domain.trades import DecidedBy, Settled, Untraded
from steelyard.words import Text, join, say

Why = tuple[Text, DecidedBy]
"""A reason and the stage or rule that decided."""


def untraded(
    portfolio: Portfolio, valuation: Valuation, outcome: Outcome, request: PlanRequest, settled: Settled
) -> tuple[Untraded, ...]:
    """Return every target that is off and yet not traded, in their order, then accounts with idle cash."""
    traded = {t.symbol for t in outcome.trades}
    worth = goal_worth(portfolio, {h.symbol: h.value for h in valuation.holdings})
    rows = []
    for goal in portfolio.goals:
        if traded & set(goal.parts):
            continue
        drift = Drift(goal.name, worth[goal.name], valuation.managed, request.targets[goal.name])
        if drift.excess:
            reason, by = _why_not(portfolio, valuation, outcome, request, settled, goal, drift)
            rows.append(Untraded(goal.name, reason, by))
    return (*rows, *idle_cash(portfolio, valuation, outcome, request, settled))


def _why_not(
    portfolio: Portfolio,
    valuation: Valuation,
    outcome: Outcome,
    request: PlanRequest,
    settled: Settled,
    goal: Goal,
    drift: Drift,
) -> Why:
    side = say("over") if drift.excess > 0 else say("under")
    off = say("{points} points {side}", points=points(drift.drift), side=side)
    if request.targets[goal.name] != portfolio.targets[goal.name]:
        off = say("{points} points {side} its destination", points=points(drift.drift), side=side)
    rule = _rule(portfolio, request, goal, drift, off)
    if rule is not None:
        return rule, "rule"
    near = _near_enough(portfolio, outcome, request, goal)
    if near is not None:
        return join("; ", [off, near[0]]), near[1]
    return _whole_shares(portfolio, valuation, request, settled, goal, drift, off), "nearness"


def _rule(portfolio: Portfolio, request: PlanRequest, goal: Goal, drift: Drift, off: Text) -> Text | None:
    """Return what forbids to bring a goal nearer, None when nothing does."""
    excess, symbols = drift.excess, set(goal.parts)
    if symbols <= portfolio.constraints.locked:
        return say("{off}, but locked", off=off)
    if request.gated:
        return say("{off}; no rebalance is due", off=off)
    if not request.can_buy and not request.can_sell:
        return say("{off}, but nothing may be bought or sold", off=off)
    if excess > 0 and not request.can_sell:
        return say("{off}, but nothing is sold; new money goes elsewhere", off=off)
    if excess < 0 and not request.can_buy:
        return say("{off}, but nothing is bought", off=off)
    if not any(portfolio.quotes.get(s) for s in symbols):
        return say("{off}; no price", off=off)
    if excess < 0 and all(s in request.blocked for s in goal.buy):
        return say("{off}, but {blocked}", off=off, blocked=request.blocked[goal.buy[0]])
    accounts = [a for a in portfolio.accounts if request.may_buy(a.name)]
    if excess < 0 and not any(may_buy(portfolio, a, s) for a in accounts for s in goal.buy):
        return say("{off}, but no account may buy it", off=off)
    if abs(excess) < portfolio.constraints.min_trade:
        least = plain(portfolio.constraints.min_trade)
        return say(
            "{off}, less than the smallest trade of {min_trade} {base}",
            off=off,
            min_trade=least,
            base=portfolio.base_currency,
        )
    return None


def _near_enough(portfolio: Portfolio, outcome: Outcome, request: PlanRequest, goal: Goal) -> Why | None:
    """Return why the nearest plan would trade a goal that this one leaves alone, None where it would not."""
    effort = outcome.effort
    if outcome.nearest is None or effort is None:
        return None
    if not any(t.symbol in goal.parts for t in outcome.nearest_trades):
        return None
    by = stage(request, outcome)
    tax = EXACT.subtract(outcome.nearest_tax, effort.tax or ZERO)
    cost = EXACT.add(tax, EXACT.subtract(outcome.nearest_costs, effort.costs))
    root = EXACT.subtract(EXACT.sqrt(outcome.square), EXACT.sqrt(outcome.nearest_square))
    part = EXACT.divide(root, outcome.managed) if outcome.managed else ZERO
    percent = str(part.scaleb(2, EXACT).quantize(Decimal("0.01")))
    base = portfolio.base_currency
    shown = written(cost, base)
    if by == "tax" and tax > ZERO:
        text = say(
            "stays: trading would cost {amount} of tax for {percent} %",
            amount=shown,
            percent=percent,
        )
        return text, by
    if by == "tax":
        text = say(
            "stays: trading would cost {amount} for {percent} %",
            amount=shown,
            percent=percent,
        )
        return text, by
    if by == "trades":
        fewer = len(outcome.nearest_trades) - len(outcome.trades)
        return say(
            "stays: {count} more {count:trade|trades} for {percent} %", count=fewer, percent=percent
        ), by
    return say("stays: another way stands in better places"), by


def _whole_shares(
    portfolio: Portfolio,
    valuation: Valuation,
    request: PlanRequest,
    settled: Settled,
    goal: Goal,
    drift: Drift,
    off: Text,
) -> Text:
    excess = drift.excess
    symbol = next((s for s in (*goal.buy, *goal.parts) if s in portfolio.quotes), goal.name)
    price = portfolio.base_price(symbol)
    whole = not (
        request.fractional or portfolio.constraints.fractional or portfolio.instruments[symbol].fractional
    )
    if whole and abs(excess) * 2 <= price:
        return say("{off}, less than half a share", off=off)
    cost = portfolio.costs.commission_of(price)
    left = EXACT.subtract(settled.cash, valuation.reserve)
    if excess < 0 and whole and left < EXACT.add(price, cost):
        return say(
            "{off}, but the money is better spent elsewhere and what is left does not buy a share", off=off
        )
    if cost > ZERO and abs(excess) <= cost * (ONE + ONE):
        return say("{off}, not worth the commission", off=off)
    if request.tax is not None and not (request.tax.max_tax is None and request.tax.max_gain is None):
        return say("{off}; within the limit on tax or gains no plan is nearer to target", off=off)
    return say("{off}; the whole-share mix is nearest to target this way", off=off)


def idle_cash(
    portfolio: Portfolio, valuation: Valuation, outcome: Outcome, request: PlanRequest, settled: Settled
) -> tuple[Untraded, ...]:
    """Return the accounts in which cash stays that is no reserve, with what keeps it.

    Where one reserve is kept over several accounts, the first ones keep it.
    """
    if not request.can_buy:
        return ()
    reserve = valuation.reserve
    worth = goal_worth(portfolio, settled.values)
    short = [
        g
        for g in portfolio.goals
        if worth[g.name] < EXACT.multiply(request.targets[g.name], valuation.managed)
    ]
    rows = []
    for account in portfolio.accounts:
        money = settled.money[account.name]
        kept = min(max(money, ZERO), reserve)
        reserve, money = EXACT.subtract(reserve, kept), EXACT.subtract(money, kept)
        # Less than the smallest coin is what dividing shares leaves.
        if not request.may_buy(account.name) or money < ONE.scaleb(-minor_digits(portfolio.base_currency)):
            continue
        reason, by = _why_idle(portfolio, outcome, request, settled, account, money, short)
        rows.append(Untraded("", reason, by, account.name, money))
    return tuple(rows)


def _why_idle(
    portfolio: Portfolio,
    outcome: Outcome,
    request: PlanRequest,
    settled: Settled,
    account: Account,
    money: Decimal,
    short: list[Goal],
) -> Why:
    capped, barred, dear, banned, open_ = [], [], [], [], []
    for goal in short:
        symbol = next((s for s in goal.buy if may_buy(portfolio, account, s)), None)
        if symbol is None:
            barred.append(goal.name)
            continue
        if symbol in request.blocked:
            banned.append(symbol)
            continue
        price = portfolio.base_price(symbol) if symbol in portfolio.quotes else ZERO
        if _over_cap(portfolio, account, settled, symbol, price):
            capped.append(symbol)
        elif money < EXACT.add(price, portfolio.costs.commission_of(price)) and not _divisible(
            portfolio, account, request, symbol
        ):
            dear.append(symbol)
        else:
            open_.append(symbol)
    if open_ and outcome.nearest is not None:
        return say("near enough to target without spending it"), stage(request, outcome)
    if open_:
        return say("nothing bought with it would come nearer to target"), "nearness"
    parts = []
    if capped:
        cap = account.rules.risky_cap or ONE
        percent = plain(cap.scaleb(2, EXACT).normalize())
        parts.append(
            say("at most {percent} % may stand in risky funds, so no {symbols} is bought", percent=percent,
                symbols=tuple(capped))
        )  # fmt: skip
    if banned:
        parts.append(say("{symbols} may not be bought for now", symbols=tuple(banned)))
    if barred:
        parts.append(say("it may not hold {goals}", goals=tuple(barred)))
    if dear:
        parts.append(say("it is too little for a share of {symbols}", symbols=tuple(dear)))
    if parts:
        return join("; ", parts), "rule" if capped or banned or barred else "nearness"
    return say("nothing bought with it would come nearer to target"), "nearness"


def _over_cap(portfolio: Portfolio, account: Account, settled: Settled, symbol: str, price: Decimal) -> bool:
    cap = account.rules.risky_cap
    if cap is None or not account.rules.is_risky(portfolio.instruments[symbol]):
        return False
    inside = [
        (portfolio.instruments[held], EXACT.multiply(shares, portfolio.base_price(held)))
        for (name, held), shares in settled.shares.items()
        if name == account.name and held in portfolio.quotes and shares
    ]
    total = exact_sum((worth for _, worth in inside), settled.money[account.name])
    return EXACT.add(price, account.rules.risky_worth(inside)) > EXACT.multiply(cap, total)


def _divisible(portfolio: Portfolio, account: Account, request: PlanRequest, symbol: str) -> bool:
    return (
        request.fractional
        or portfolio.constraints.fractional
        or account.fractional
        or portfolio.instruments[symbol].fractional
    )
