"""JSON documents of the reports, as the contract names them.

Everything money-like is a decimal string. Quotients are cut to 12 decimals; what is exact stays exact.
"""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import TYPE_CHECKING, Any

from steelyard.app.check import CheckReport
from steelyard.domain.money import plain
from steelyard.domain.policy.policies import Decision
from steelyard.domain.portfolio import Portfolio

if TYPE_CHECKING:
    from steelyard.domain.trades import Plan, Trade

DECIMALS = Decimal("1e-12")
_WIDE = Context(prec=120)


def number(value: Decimal) -> str:
    """Return a decimal string with at most 12 decimals."""
    exponent = value.as_tuple().exponent
    if isinstance(exponent, int) and exponent < -12:
        value = value.quantize(DECIMALS, ROUND_HALF_EVEN, _WIDE)
    return plain(value)


def decision(value: Decision) -> dict[str, Any]:
    """Return the policy's answer."""
    reasons = [
        {
            "rule": r.rule,
            "symbol": r.symbol,
            "drift": None if r.drift is None else number(r.drift),
            "limit": None if r.limit is None else number(r.limit),
            "text": r.text,
        }
        for r in value.reasons
    ]
    return {
        "due": value.due,
        "reasons": reasons,
        "next_look": value.next_look.isoformat() if value.next_look else None,
        "held_back": value.held_back,
    }


def check(report: CheckReport) -> dict[str, Any]:
    """Return the document of `check` (`steelyard/check/1`)."""
    portfolio, valuation = report.portfolio, report.valuation
    positions = []
    for holding, drift in zip(valuation.holdings, report.drifts, strict=True):
        positions.append(
            {
                "symbol": drift.symbol,
                "name": portfolio.instruments[drift.symbol].name,
                "shares": _shares(portfolio, drift.symbol, holding.shares),
                "value": number(drift.value),
                "weight": number(drift.weight),
                "target": number(drift.target),
                "drift": number(drift.drift),
                "relative_drift": None if drift.relative is None else number(drift.relative),
                "breach": drift.symbol in report.breaches,
            }
        )
    return {
        "schema": "steelyard/check/1",
        "as_of": report.as_of.isoformat(),
        "base_currency": portfolio.base_currency,
        "total_value": number(valuation.managed),
        "positions": positions,
        "unmanaged": [
            {"symbol": h.symbol, "name": portfolio.instruments[h.symbol].name, "value": number(h.value)}
            for h in valuation.unmanaged
        ],
        "cash": number(valuation.cash),
        "cash_reserve": number(valuation.reserve),
        "largest_drift": number(report.largest_drift),
        "misplaced": number(report.misplaced),
        "decision": decision(report.decision),
    }


def _shares(portfolio: Portfolio, symbol: str, shares: Decimal) -> str | None:
    """Shares of an instrument known by its value only are not shares at all."""
    quote = portfolio.quotes.get(symbol)
    return None if quote is not None and quote.by_value else number(shares)


def trade(value: Trade) -> dict[str, Any]:
    """Return one trade."""
    return {
        "account": value.account,
        "symbol": value.symbol,
        "side": value.side,
        "shares": number(value.shares),
        "price": number(value.price),
        "currency": value.currency,
        "amount": number(value.amount),
        "cost": number(value.cost),
        "reason": value.reason,
        "gain": None if value.gain is None else number(value.gain),
        "tax": None if value.tax is None else number(value.tax),
        "lots": [
            {"bought": bought.isoformat(), "shares": number(shares), "cost": number(cost)}
            for bought, shares, cost in value.lots
        ],
        "disallowed": number(value.disallowed),
    }


def plan(value: Plan) -> dict[str, Any]:
    """Return the document of `plan`, `invest` and `withdraw` (`steelyard/plan/1`)."""
    drifts = [h.drift for h in value.after]
    sizes = [abs(d.drift) for d in drifts]
    document = {
        "schema": "steelyard/plan/1",
        "as_of": value.as_of.isoformat(),
        "base_currency": value.base_currency,
        "cash_flow": number(value.cash_flow),
        "trades": [trade(t) for t in value.trades],
        "conversions": [
            {
                "account": c.account,
                "from": c.from_currency,
                "to": c.to_currency,
                "amount": number(c.amount),
                "cost": number(c.cost),
            }
            for c in value.conversions
        ],
        "untraded": [{"symbol": u.symbol, "reason": u.reason} for u in value.untraded],
        "blocked": [
            {"symbol": b.symbol, "not_before": b.not_before.isoformat(), "reason": b.reason}
            for b in value.blocked
        ],
        "after": {
            "total_value": number(value.managed_after),
            "cash": number(value.cash_after),
            "positions": [
                {
                    "symbol": h.symbol,
                    "shares": number(h.shares),
                    "value": number(h.drift.value),
                    "weight": number(h.drift.weight),
                    "target": number(h.drift.target),
                    "drift": number(h.drift.drift),
                }
                for h in value.after
            ],
            "largest_drift": number(max(sizes, default=Decimal(0))),
            "misplaced": number(sum(sizes, Decimal(0)) / 2),
        },
        "turnover": number(value.turnover),
        "costs": number(value.costs),
        "taxes": None if value.taxes is None else number(value.taxes),
        "tax_note": value.tax_note,
        "objective": {
            "name": value.objective.name,
            "value": number(value.objective.value),
            "bound": number(value.objective.bound),
            "proven_optimal": value.objective.proven,
            "note": value.objective.note,
        },
        "decision": None if value.decision is None else decision(value.decision),
    }
    if value.to_bands is not None:
        document["to_bands"] = {"amount": number(value.to_bands)}
    return document
