"""A plan: the trades, what they cost, and what the portfolio looks like afterwards.

A plan is a value; nothing here sends anything. `settle` replays trades on balances and positions
exactly, which is how a plan's own claims ("never spends money that is not there") are checked
before anybody sees it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Literal, get_args

from steelyard.domain.caveats import Caveats
from steelyard.domain.class_holdings import Member
from steelyard.domain.money import EXACT, ZERO, exact_sum, figure
from steelyard.domain.policy.drift import Drift
from steelyard.domain.policy.policies import Decision
from steelyard.domain.portfolio import Portfolio
from steelyard.records import dataclass, field

Side = Literal["buy", "sell"]
Sell = Literal["none", "over", "any"]
"""What a plan may sell: nothing, what is over its target in all accounts together, or anything."""
SELLS: tuple[Sell, ...] = get_args(Sell)
DecidedBy = Literal["nearness", "tax", "trades", "place", "turnover", "rule"]


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
        decided_by: nearness | tax | trades | place | turnover | rule: what made it this trade.
        no_buy: What must not be bought after a sale at a loss, itself included, since that would undo the
            loss; empty where there is none, or nothing undoes it.
        no_buy_days: For so many days, that of the sale included.
    """

    account: str
    symbol: str
    side: Side
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
    decided_by: DecidedBy = "nearness"
    no_buy: tuple[str, ...] = ()
    no_buy_days: int = 0

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
            "decided_by": self.decided_by,
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
    """An instrument that stays off its target although it drifts, or cash that stays idle, and why.

    Attributes:
        symbol: The instrument or class; empty where it is cash.
        reason: One line for the owner.
        decided_by: nearness | tax | trades | place | turnover | rule.
        account: Of idle cash.
        amount: Idle cash, base currency.
    """

    symbol: str
    reason: str
    decided_by: DecidedBy = "nearness"
    account: str = ""
    amount: Decimal = ZERO

    def to_dict(self) -> dict[str, Any]:
        """Return it as in a plan's document."""
        return {
            "symbol": self.symbol or None,
            "account": self.account or None,
            "amount": figure(self.amount) if self.amount else None,
            "reason": self.reason,
            "decided_by": self.decided_by,
        }


@dataclass(frozen=True, slots=True)
class Blocked:
    """An instrument that is not bought before a day although it may be short of its target, and why."""

    symbol: str
    not_before: date
    reason: str


@dataclass(frozen=True, slots=True)
class HoldingAfter:
    """One target after the trades: drift, and shares where it is an instrument."""

    symbol: str
    shares: Decimal | None
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
class Reached:
    """What was minimised, how far, and how sure that is.

    Attributes:
        name: Of the objective, see `domain.objective`.
        value: The objective reached (base currency squared; base currency for the weighted forms).
        bound: A proven lower bound of it.
        proven: The nearest plan's and the bound meet within 1e-9 relative.
        note: Why not, when they do not.
        nearest: What the nearest plan reaches, None where it is this one.
    """

    name: str
    value: Decimal
    bound: Decimal
    proven: bool
    note: str = ""
    nearest: Decimal | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return it as in a plan's document."""
        return {
            "name": self.name,
            "value": figure(self.value),
            "nearest": figure(self.value if self.nearest is None else self.nearest),
            "bound": figure(self.bound),
            "proven_optimal": self.proven,
            "note": self.note,
        }


@dataclass(frozen=True, slots=True)
class Effort:
    """What a plan costs its owner, and how sure it is that no plan near enough costs less.

    Attributes:
        tax: What the planner counted for tax, base currency; None where it is not known.
        costs: Commissions and conversion, base currency.
        bound: A lower bound of their sum.
        proven: They meet within 0.001 % of the managed value.
    """

    tax: Decimal | None
    costs: Decimal
    bound: Decimal
    proven: bool

    def to_dict(self) -> dict[str, Any]:
        """Return it as in a plan's document."""
        return {
            "tax": figure(self.tax),
            "costs": figure(self.costs),
            "bound": figure(self.bound),
            "proven_optimal": self.proven,
        }


@dataclass(frozen=True, slots=True)
class Nearest:
    """The nearest plan beside the one that is proposed.

    Attributes:
        distance: Root of the sum of squared misses, fraction of the managed value.
        plan_distance: The same of the proposed plan.
        tax: What the planner counts for its tax, base currency; None where it is not known.
        costs: Its commissions and conversion, base currency.
        trades: How many it takes.
        turnover: What it trades, base currency.
    """

    distance: Decimal
    plan_distance: Decimal
    tax: Decimal | None
    costs: Decimal
    trades: int
    turnover: Decimal

    def to_dict(self) -> dict[str, Any]:
        """Return it as in a plan's document."""
        return {
            "distance": figure(self.distance),
            "plan_distance": figure(self.plan_distance),
            "tax": figure(self.tax),
            "costs": figure(self.costs),
            "trades": self.trades,
            "turnover": figure(self.turnover),
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
        effort: See there; None where tax and cost decided nothing.
        nearest: What the nearest plan would do, where this one stays further from target.
        distance: Root of the sum of squared misses, fraction of the managed value before the trades.
        gated: It is empty because the policy was asked and no rebalance is due.
        notes: What the law has its owner know of accounts that sell.
        accepted: How much further from target than the nearest plan was near enough, the same fraction.
        after: One a target, in the order of the targets.
        members: What stands in classes after the trades.
        member_positions: The same as the document shows it.
        classes: The classes as the document shows them, empty without any.
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
        taxes_of: By who files a return its part of `taxes`, where there are several.
        asked: What it was asked for, by the names that a saved plan keeps, so that it can be made again; None
            where that is not known. No part of the plan itself.
        caveats: What its reader should know of the holdings and prices it was made from.
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
    objective: Reached
    decision: Decision | None = None
    to_bands: Decimal | None = None
    taxes: Decimal | None = None
    tax_note: str = ""
    blocked: tuple[Blocked, ...] = ()
    effort: Effort | None = None
    nearest: Nearest | None = None
    distance: Decimal = ZERO
    accepted: Decimal = ZERO
    gated: bool = False
    notes: tuple[str, ...] = ()
    asked: Mapping[str, Any] | None = field(default=None, compare=False, repr=False)
    caveats: Caveats = Caveats()
    members: tuple[Member, ...] = ()
    member_positions: tuple[Mapping[str, Any], ...] = ()
    classes: Mapping[str, Any] = field(default_factory=dict)
    taxes_of: Mapping[str, Decimal | None] = field(default_factory=dict)

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
            "untraded": [u.to_dict() for u in self.untraded],
            "blocked": [
                {"symbol": b.symbol, "not_before": b.not_before.isoformat(), "reason": b.reason}
                for b in self.blocked
            ],
            "after": {
                "total_value": figure(self.managed_after),
                "cash": figure(self.cash_after),
                "positions": [h.to_dict() for h in self.after if h.shares is not None]
                + list(self.member_positions),
                **self.classes,
                "largest_drift": figure(max(sizes, default=ZERO)),
                "misplaced": figure(sum(sizes, ZERO) / 2),
            },
            "distance": figure(self.distance),
            "turnover": figure(self.turnover),
            "costs": figure(self.costs),
            "taxes": figure(self.taxes),
            **({"taxes_of": {name: figure(x) for name, x in self.taxes_of.items()}} if self.taxes_of else {}),
            "tax_note": self.tax_note,
            "notes": list(self.notes),
            "objective": self.objective.to_dict(),
            "effort": None if self.effort is None else self.effort.to_dict(),
            "nearest": None if self.nearest is None else self.nearest.to_dict(),
            "decision": None if self.decision is None else self.decision.to_dict(),
            **self.caveats.to_dict(),
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
    money: dict[str, Decimal]


def settle(
    portfolio: Portfolio,
    trades: Sequence[Trade],
    conversions: Sequence[Conversion],
    cash_flow: Decimal,
    flow_account: str | None = None,
) -> Settled:
    """Replay trades on a portfolio, exactly.

    Returns:
        Shares by (account, symbol), value of every instrument that counts, all cash after costs, and that of
        each account; the cash flow is part of the account it goes to.

    Raises:
        ValueError: A trade sells more than is held, which would be a bug of the planner.
    """
    shares: dict[tuple[str, str], Decimal] = {}
    values: dict[str, Decimal] = dict.fromkeys(portfolio.counted, ZERO)
    money: dict[str, Decimal] = {a.name: ZERO for a in portfolio.accounts}
    if portfolio.accounts:
        money[flow_account or portfolio.accounts[0].name] = cash_flow
    for account in portfolio.accounts:
        for position in account.positions:
            shares[account.name, position.symbol] = position.shares
            if position.symbol in values:
                worth = portfolio.position_value(position)
                values[position.symbol] = EXACT.add(values[position.symbol], worth)
        for currency, amount in account.cash.items():
            worth = EXACT.multiply(amount, portfolio.rate(currency)) if amount else ZERO
            money[account.name] = EXACT.add(money[account.name], worth)
    for trade in trades:
        move = EXACT.add if trade.side == "buy" else EXACT.subtract
        pay = EXACT.subtract if trade.side == "buy" else EXACT.add
        key = (trade.account, trade.symbol)
        shares[key] = move(shares.get(key, ZERO), trade.shares)
        if shares[key] < 0:
            raise ValueError(f"{trade.symbol} in {trade.account}: more sold than held")
        values[trade.symbol] = move(values[trade.symbol], trade.amount)
        money[trade.account] = EXACT.subtract(pay(money[trade.account], trade.amount), trade.cost)
    for conversion in conversions:
        money[conversion.account] = EXACT.subtract(money[conversion.account], conversion.cost)
    return Settled(shares, values, exact_sum(money.values()), money)
