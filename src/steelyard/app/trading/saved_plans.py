"""Use case: turn a plan into the value that is saved, approved and carried out."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Any

from steelyard.domain.money import EXACT, ONE, ZERO, plain
from steelyard.domain.policy.policies import Decision
from steelyard.domain.policy.policy_text import text as policy_text
from steelyard.domain.portfolio import Portfolio, Quote, value
from steelyard.domain.trades import Plan, Trade
from steelyard.domain.trading.conversion_orders import conversions
from steelyard.domain.trading.saved_plans import FIRST_NO_BUY_DAYS, Cause, SavedPlan, SavedTrade
from steelyard.words import say

_FRACTION = Decimal("1e-9")
PLAIN_OPTIONS: Mapping[str, Any] = {
    "account": None,
    "fractional": False,
    "cash": "0",
    "no_sell": False,
    "sell": "any",
    "no_buy": False,
    "objective": "absolute",
    "policy_gate": False,
    "max_tax": None,
    "max_gain": None,
    "harvest": False,
    "save_tax": False,
    "accept_drift": None,
    "relocate": False,
    "allow_wash_sales": False,
}
"""The options of `plan` when none is given."""


def saved_plan(
    portfolio: Portfolio,
    plan: Plan,
    decision: Decision,
    *,
    flow_account: str | None = None,
    inputs: Mapping[str, Any],
) -> SavedPlan:
    """Return a plan with all it follows from, ready to be saved.

    Args:
        portfolio: What it was planned on.
        plan: From `app.plan`.
        decision: What the policy says on the day of the plan.
        flow_account: Where new money goes to; the first account unless told.
        inputs: The text of the file and the options, so that the plan can be made again.
    """
    base = plan.base_currency
    cash = {a.name: dict(a.cash) for a in portfolio.accounts}
    if plan.cash_flow:
        balance = cash[flow_account or portfolio.accounts[0].name]
        balance[base] = EXACT.add(balance.get(base, ZERO), plan.cash_flow)
    used = {t.currency for t in plan.trades} | {q.currency for q in portfolio.quotes.values()}
    used |= {c for balance in cash.values() for c in balance} | {base}
    fx = {c: portfolio.rate(c) for c in sorted(used) if c == base or c in portfolio.fx}
    trades = tuple(_trade(portfolio, t) for t in plan.trades)
    spread = portfolio.costs.fx_spread
    valuation = value(portfolio, cash_flow=plan.cash_flow)
    return SavedPlan(
        as_of=plan.as_of,
        base_currency=base,
        policy=policy_text(portfolio.policy),
        # Of a class every member may be traded; what is wanted of it is wanted of all together.
        targets={s: g.weight for g in reversed(portfolio.goals) for s in g.parts}
        if any(g.is_class for g in portfolio.goals)
        else portfolio.targets,
        reserve=valuation.reserve,
        value=valuation.total,
        turnover=plan.turnover,
        commission=portfolio.costs.commission,
        min_commission=portfolio.costs.min_commission,
        cash=cash,
        shares={a.name: {p.symbol: p.shares for p in a.positions} for a in portfolio.accounts},
        prices={s: (q.price, q.currency) for s, q in portfolio.quotes.items()},
        fx=fx,
        trades=trades,
        causes=_causes(plan, decision),
        conversions=conversions(trades, cash, fx, base=base, spread=spread),
        fx_spread=spread,
        inputs=inputs,
    )


def inputs_of(
    portfolio: Portfolio,
    text: str,
    name: str,
    options: Mapping[str, Any],
    *,
    fetched: Collection[str],
    entries: int,
) -> dict[str, Any]:
    """Return what a plan can be made again from, to the same bytes.

    Args:
        portfolio: What it was planned on.
        text: Words of the portfolio file.
        name: Of that file, without its folder.
        options: Of `plan`, by the names of its parameters.
        fetched: Symbols and pairs that the file leaves open.
        entries: Number of the newest journal entry, 0 for none.
    """
    base = portfolio.base_currency
    kept = {
        "prices": {
            s: [plain(q.price), q.currency] for s, q in sorted(portfolio.quotes.items()) if s in fetched
        },
        "rates": {c: plain(r) for c, r in sorted(portfolio.fx.items()) if f"{c}{base}" in fetched},
    }
    inputs: dict[str, Any] = {"file": text, "name": name, "options": dict(options)}
    if kept["prices"] or kept["rates"]:
        inputs["fetched"] = kept
    if entries:
        inputs["entries"] = entries
    return inputs


def options_of(plan: Plan) -> dict[str, Any]:
    """Return the options of `plan` that a plan was made with, by the names that are kept with it."""
    options = {**PLAIN_OPTIONS, **(plan.asked or {}), "as_of": plan.as_of.isoformat()}
    if plan.asked is not None and not options["allow_wash_sales"]:
        # Not given, it leaves the id of a plan what it was before there was such a flag.
        del options["allow_wash_sales"]
    return options


def differing(saved: SavedPlan, again: SavedPlan) -> tuple[str, ...]:
    """Return what is not the same of a plan and the same made again, nothing when all bytes are."""
    if again.text == saved.text:
        return ()
    names = ("as_of", "targets", "policy", "cash", "shares", "prices", "fx", "trades")
    return tuple(n for n in names if getattr(again, n) != getattr(saved, n)) or ("its costs or figures",)


def prices_then(inputs: Mapping[str, Any]) -> tuple[dict[str, Quote], dict[str, Decimal]]:
    """Return the quotes by symbol and the rates by currency that `inputs_of` kept."""
    fetched = inputs.get("fetched", {"prices": {}, "rates": {}})
    quotes = {s: Quote(Decimal(price), currency) for s, (price, currency) in fetched["prices"].items()}
    return quotes, {currency: Decimal(rate) for currency, rate in fetched["rates"].items()}


def _causes(plan: Plan, decision: Decision) -> tuple[Cause, ...]:
    found = [Cause(r.rule, r.symbol or "", r.text) for r in decision.reasons] if decision.due else []
    if plan.cash_flow:
        amount = f"{plain(abs(plan.cash_flow))} {plan.base_currency}"
        text = (
            say("new money: {amount}", amount=amount)
            if plan.cash_flow > 0
            else say("money taken out: {amount}", amount=amount)
        )
        found.append(Cause("cash-flow", "", text))
    if not found and plan.trades:
        why = decision.held_back or say("no rule of the policy had fired")
        found.append(Cause("owner", "", say("asked for by the owner; {why}", why=why)))
    return tuple(found)


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
        at_loss=bool(trade.no_buy),
        washes=tuple(s for s in trade.no_buy if s != trade.symbol),
        gain=trade.gain,
        no_buy_days=trade.no_buy_days or FIRST_NO_BUY_DAYS,
    )
