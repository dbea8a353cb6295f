"""A plan: the trades, what they cost, and what the portfolio looks like afterwards.

A plan is a value; nothing here sends anything. `settle` replays trades on purses and positions
exactly, which is how a plan's own claims ("never spends money that is not there") are checked
before anybody sees it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from steelyard.domain.money import EXACT, ZERO, figure
from steelyard.domain.policy.drift import Drift
from steelyard.domain.policy.policies import Decision
from steelyard.domain.portfolio import Portfolio


@dataclass(frozen=True, slots=True)
class Trade:
    """One order to place.

    Attributes:
        account: Name of the account it is placed in.
        symbol: The instrument.
        side: `buy` or `sell`.
        shares: > 0, whole unless the instrument is fractional or a sale takes an odd fraction along.
        price: One share, in `currency`.
        currency: The currency of the price.
        amount: Shares times price in base currency, > 0.
        cost: Commission of this trade, base currency.
        reason: One line for the owner.
        gain: What a sale realises, in the tax currency; None when it is not known.
        tax: What a sale adds to the year's tax, base currency; negative when a loss saves tax.
        lots: What a sale takes: purchase date, shares and cost in the tax currency.
        disallowed: Part of a sale's loss that does not count, in the tax currency.
    """

    account: str
    symbol: str
    side: str
    shares: Decimal
    price: Decimal
    currency: str
    amount: Decimal
    cost: Decimal
    reason: str = ""
    gain: Decimal | None = None
    tax: Decimal | None = None
    lots: tuple[tuple[date, Decimal, Decimal], ...] = ()
    disallowed: Decimal = ZERO

    def to_dict(self) -> dict[str, Any]:
        """Return it as in a plan's document."""
        return {
            "account": self.account,
            "symbol": self.symbol,
            "side": self.side,
            "shares": figure(self.shares),
            "price": figure(self.price),
            "currency": self.currency,
            "amount": figure(self.amount),
            "cost": figure(self.cost),
            "reason": self.reason,
            "gain": figure(self.gain),
            "tax": figure(self.tax),
            "lots": [
                {"bought": bought.isoformat(), "shares": figure(shares), "cost": figure(cost)}
                for bought, shares, cost in self.lots
            ],
            "disallowed": figure(self.disallowed),
        }


@dataclass(frozen=True, slots=True)
class Conversion:
    """Money changed inside one account: `amount` of base-currency worth, at a cost in base currency."""

    account: str
    from_currency: str
    to_currency: str
    amount: Decimal
    cost: Decimal

    def to_dict(self) -> dict[str, Any]:
        """Return it as in a plan's document."""
        return {
            "account": self.account,
            "from": self.from_currency,
            "to": self.to_currency,
            "amount": figure(self.amount),
            "cost": figure(self.cost),
        }


@dataclass(frozen=True, slots=True)
class Untraded:
    """An instrument that stays off its target although it drifts, and why."""

    symbol: str
    reason: str


@dataclass(frozen=True, slots=True)
class Blocked:
    """An instrument that is not bought before a day although it may be short of its target, and why."""

    symbol: str
    not_before: date
    reason: str


@dataclass(frozen=True, slots=True)
class HoldingAfter:
    """One instrument after the trades: shares and drift."""

    symbol: str
    shares: Decimal
    drift: Drift

    def to_dict(self) -> dict[str, Any]:
        """Return it as in a plan's document."""
        return {
            "symbol": self.symbol,
            "shares": figure(self.shares),
            "value": figure(self.drift.value),
            "weight": figure(self.drift.weight),
            "target": figure(self.drift.target),
            "drift": figure(self.drift.drift),
        }


@dataclass(frozen=True, slots=True)
class Objective:
    """What was minimised, how far, and how sure that is.

    Attributes:
        name: absolute | relative | shortfall.
        value: The objective reached (base currency squared; base currency for the weighted forms).
        bound: A proven lower bound of it.
        proven: The two meet within 1e-9 relative.
        note: Why not, when they do not.
    """

    name: str
    value: Decimal
    bound: Decimal
    proven: bool
    note: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return it as in a plan's document."""
        return {
            "name": self.name,
            "value": figure(self.value),
            "bound": figure(self.bound),
            "proven_optimal": self.proven,
            "note": self.note,
        }


@dataclass(frozen=True, slots=True)
class Plan:
    """What to trade and what that does. Sells come first.

    Attributes:
        as_of: The date the plan was made for.
        base_currency: Of every amount.
        cash_flow: New money (+) or money taken out (-), base currency.
        trades: In the order to place them.
        conversions: Between currencies of one account.
        untraded: Instruments left off target, with the reason.
        blocked: Instruments that are not bought for a while, see there.
        after: One a target, in the order of the targets.
        managed_after: What the weights after refer to: targeted instruments plus cash less reserve.
        total_after: The same with the reserve.
        cash_after: All cash after trades and costs.
        turnover: Sum of the amounts traded.
        costs: Commissions and conversion costs.
        objective: See there.
        decision: What the policy said, where it was asked.
        to_bands: New money that would bring everything inside its band without a sale; None when
            it was not asked for or the policy has no bands.
        taxes: What the sales add to the year's tax, base currency; None when it is not computed.
        tax_note: Why not, or what is left out.
        asked: What it was asked for, by the names that a saved plan keeps, so that it can be made again; None
            where that is not known. No part of the plan itself.
    """

    as_of: date
    base_currency: str
    cash_flow: Decimal
    trades: tuple[Trade, ...]
    conversions: tuple[Conversion, ...]
    untraded: tuple[Untraded, ...]
    after: tuple[HoldingAfter, ...]
    managed_after: Decimal
    total_after: Decimal
    cash_after: Decimal
    turnover: Decimal
    costs: Decimal
    objective: Objective
    decision: Decision | None = None
    to_bands: Decimal | None = None
    taxes: Decimal | None = None
    tax_note: str = ""
    blocked: tuple[Blocked, ...] = ()
    asked: Mapping[str, Any] | None = field(default=None, compare=False, repr=False)

    def to_dict(self) -> dict[str, Any]:
        """Return the document of `plan --json`, also of `invest` and `withdraw` (`steelyard/plan/1`).

        Money, shares and weights are decimal text.
        """
        sizes = [abs(h.drift.drift) for h in self.after]
        document = {
            "schema": "steelyard/plan/1",
            "as_of": self.as_of.isoformat(),
            "base_currency": self.base_currency,
            "cash_flow": figure(self.cash_flow),
            "trades": [t.to_dict() for t in self.trades],
            "conversions": [c.to_dict() for c in self.conversions],
            "untraded": [{"symbol": u.symbol, "reason": u.reason} for u in self.untraded],
            "blocked": [
                {"symbol": b.symbol, "not_before": b.not_before.isoformat(), "reason": b.reason}
                for b in self.blocked
            ],
            "after": {
                "total_value": figure(self.managed_after),
                "cash": figure(self.cash_after),
                "positions": [h.to_dict() for h in self.after],
                "largest_drift": figure(max(sizes, default=ZERO)),
                "misplaced": figure(sum(sizes, ZERO) / 2),
            },
            "turnover": figure(self.turnover),
            "costs": figure(self.costs),
            "taxes": figure(self.taxes),
            "tax_note": self.tax_note,
            "objective": self.objective.to_dict(),
            "decision": None if self.decision is None else self.decision.to_dict(),
        }
        if self.to_bands is not None:
            document["to_bands"] = {"amount": figure(self.to_bands)}
        return document


@dataclass(frozen=True, slots=True)
class Settled:
    """Positions and cash after trades, in base currency where it is money."""

    shares: dict[tuple[str, str], Decimal]
    values: dict[str, Decimal]
    cash: Decimal


def settle(
    portfolio: Portfolio, trades: Sequence[Trade], conversions: Sequence[Conversion], cash_flow: Decimal
) -> Settled:
    """Replay trades on a portfolio, exactly.

    Returns:
        Shares by (account, symbol), value of every targeted instrument, and all cash after costs.

    Raises:
        ValueError: A trade sells more than is held, which would be a bug of the planner.
    """
    shares: dict[tuple[str, str], Decimal] = {}
    values: dict[str, Decimal] = dict.fromkeys(portfolio.targets, ZERO)
    cash = cash_flow
    for account in portfolio.accounts:
        for position in account.positions:
            shares[account.name, position.symbol] = position.shares
            if position.symbol in values:
                worth = portfolio.position_value(position)
                values[position.symbol] = EXACT.add(values[position.symbol], worth)
        for currency, amount in account.cash.items():
            cash = EXACT.add(cash, EXACT.multiply(amount, portfolio.rate(currency)) if amount else ZERO)
    for trade in trades:
        move = EXACT.add if trade.side == "buy" else EXACT.subtract
        pay = EXACT.subtract if trade.side == "buy" else EXACT.add
        key = (trade.account, trade.symbol)
        shares[key] = move(shares.get(key, ZERO), trade.shares)
        if shares[key] < 0:
            raise ValueError(f"{trade.symbol} in {trade.account}: more sold than held")
        values[trade.symbol] = move(values[trade.symbol], trade.amount)
        cash = EXACT.subtract(pay(cash, trade.amount), trade.cost)
    for conversion in conversions:
        cash = EXACT.subtract(cash, conversion.cost)
    return Settled(shares, values, cash)
