"""Use case: turn a plan into the value that is saved, approved and carried out."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from steelyard.domain.money import EXACT, ONE, ZERO
from steelyard.domain.policy_text import text as policy_text
from steelyard.domain.portfolio import Portfolio, value
from steelyard.domain.saved_plans import SavedPlan, SavedTrade
from steelyard.domain.trades import Plan, Trade
from steelyard.errors import InputError

_FRACTION = Decimal("1e-9")


def saved_plan(
    portfolio: Portfolio, plan: Plan, *, flow_account: str | None = None, inputs: Mapping[str, Any]
) -> SavedPlan:
    """Return a plan with all it follows from, ready to be saved.

    Args:
        portfolio: What it was planned on.
        plan: From `app.plan`.
        flow_account: Where new money goes to; the first account unless told.
        inputs: The text of the file and the options, so that the plan can be made again.

    Raises:
        InputError: It cannot be carried out as it stands (`not-executable`).
    """
    if plan.conversions:
        raise InputError(
            "not-executable",
            f"the plan changes money between currencies in {plan.conversions[0].account}",
            "change the money at the broker first, write the new cash into the file, then plan again",
        )
    cash = {a.name: dict(a.cash) for a in portfolio.accounts}
    if plan.cash_flow:
        purse = cash[flow_account or portfolio.accounts[0].name]
        purse[plan.base_currency] = EXACT.add(purse.get(plan.base_currency, ZERO), plan.cash_flow)
    used = {t.currency for t in plan.trades} | {q.currency for q in portfolio.quotes.values()}
    used |= {c for purse in cash.values() for c in purse} | {plan.base_currency}
    valuation = value(portfolio, cash_flow=plan.cash_flow)
    return SavedPlan(
        as_of=plan.as_of,
        base_currency=plan.base_currency,
        policy=policy_text(portfolio.policy),
        targets=portfolio.targets,
        reserve=valuation.reserve,
        value=valuation.total,
        turnover=plan.turnover,
        commission=portfolio.costs.commission,
        min_commission=portfolio.costs.min_commission,
        cash=cash,
        shares={a.name: {p.symbol: p.shares for p in a.positions} for a in portfolio.accounts},
        prices={s: (q.price, q.currency) for s, q in portfolio.quotes.items()},
        fx={c: portfolio.rate(c) for c in sorted(used) if c == plan.base_currency or c in portfolio.fx},
        trades=tuple(_trade(portfolio, t) for t in plan.trades),
        inputs=inputs,
    )


def _trade(portfolio: Portfolio, trade: Trade) -> SavedTrade:
    instrument = portfolio.instruments[trade.symbol]
    fractional = instrument.fractional or portfolio.constraints.fractional
    return SavedTrade(
        account=trade.account,
        symbol=trade.symbol,
        side=trade.side,
        shares=trade.shares,
        price=trade.price,
        currency=trade.currency,
        amount=trade.amount,
        cost=trade.cost,
        reason=trade.reason,
        exchange=instrument.exchange,
        step=_FRACTION if fractional else ONE,
        at_loss=_at_loss(portfolio, trade),
    )


def _at_loss(portfolio: Portfolio, trade: Trade) -> bool:
    """Say whether a sale may realise a loss where losses can be washed: any lot above the price."""
    if trade.side != "sell" or portfolio.tax is None or portfolio.tax.jurisdiction != "US":
        return False
    account = next(a for a in portfolio.accounts if a.name == trade.account)
    lots = next((p.lots for p in account.positions if p.symbol == trade.symbol), ())
    return any(lot.currency == trade.currency and lot.unit_cost > trade.price for lot in lots)
