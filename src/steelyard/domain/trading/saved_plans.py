"""A plan as it was saved and approved: the one text whose hash is its name.

The hash covers the trades and everything they follow from: positions, cash, prices, rates, targets,
policy, costs and the words of the file. Nothing of the machine or the moment is in it, so planning the same
thing again gives the same id, and a changed byte gives another.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, cast

from steelyard.domain.costs import Costs
from steelyard.domain.money import ONE, ZERO
from steelyard.domain.trades import Side
from steelyard.domain.trading.fingerprint import canonical, fingerprint
from steelyard.records import dataclass, field

SCHEMA = "steelyard/saved-plan/1"


@dataclass(frozen=True, slots=True)
class Cause:
    """What made a plan necessary.

    Attributes:
        rule: A rule of the policy that had fired (threshold, relative_threshold, max_interval, calendar);
            `cash-flow` for new money or money taken out; `owner` when nothing had fired and the owner asked.
        symbol: The instrument a band rule is about, else empty.
        text: One line for the owner.
    """

    rule: str
    symbol: str
    text: str


FIRST_NO_BUY_DAYS = 31
"""How long a purchase would undo a loss in plans saved before they said so: the United States' window."""


@dataclass(frozen=True, slots=True)
class SavedTrade:
    """One trade of a saved plan, as in `trades.Trade`, with what placing it needs.

    A conversion is one too: so many units of a foreign currency (`USDKRW`), priced in the base currency.

    Attributes:
        exchange: Where it is placed; `FX` for money.
        step: The smallest tradable part of a share.
        at_loss: A sale with a loss that a purchase would undo, as the country of the owner says.
        washes: Other symbols whose purchase would undo that loss, since they count as identical.
        gain: What a sale realises by the return, in the tax currency; None when that is not known.
        no_buy_days: For so many days, that of the sale included, a purchase would undo it.
    """

    account: str
    symbol: str
    side: Side
    shares: Decimal
    price: Decimal
    currency: str
    amount: Decimal
    cost: Decimal
    reason: str
    exchange: str
    step: Decimal = ONE
    at_loss: bool = False
    washes: tuple[str, ...] = ()
    gain: Decimal | None = None
    no_buy_days: int = FIRST_NO_BUY_DAYS

    @property
    def no_buy(self) -> frozenset[str]:
        """What must not be bought after it: itself and what is identical, where its loss could be undone."""
        return frozenset((self.symbol, *self.washes)) if self.at_loss else frozenset()


@dataclass(frozen=True, slots=True)
class SavedPlan:
    """Everything needed to carry a plan out later, or to refuse to.

    Attributes:
        as_of: The date it was made for.
        base_currency: Of amounts, reserve, value and turnover.
        policy: As policy text.
        targets: Symbol to weight.
        reserve: Cash never spent.
        value: Of targets and cash together.
        turnover: Sum of the amounts traded.
        commission, min_commission: As in `costs.Costs`.
        cash: Money it counted on, by account and currency, new money included.
        shares: By account and symbol.
        prices: Symbol to price and its currency.
        fx: Currency to units of base currency, the base included.
        trades: Sells first.
        causes: Why it was made, in the order of the policy's rules.
        conversions: Foreign money to sell or to buy before the purchases it pays for, sales first.
        fx_spread: What changing money costs, a fraction.
        inputs: What planned it: the text of the file, its name and the options, for replay.
        saved_at: When it was first saved; not part of the hash.
    """

    as_of: date
    base_currency: str
    policy: str
    targets: Mapping[str, Decimal]
    reserve: Decimal
    value: Decimal
    turnover: Decimal
    commission: Decimal
    min_commission: Decimal
    cash: Mapping[str, Mapping[str, Decimal]]
    shares: Mapping[str, Mapping[str, Decimal]]
    prices: Mapping[str, tuple[Decimal, str]]
    fx: Mapping[str, Decimal]
    trades: tuple[SavedTrade, ...]
    causes: tuple[Cause, ...] = ()
    conversions: tuple[SavedTrade, ...] = ()
    fx_spread: Decimal = ZERO
    inputs: Mapping[str, Any] = field(default_factory=dict)
    saved_at: datetime | None = None

    @property
    def id(self) -> str:
        """The SHA-256 of `text`."""
        return fingerprint(content(self))

    @property
    def text(self) -> str:
        """The canonical text: equal plans have equal bytes."""
        return canonical(content(self))

    @property
    def costs(self) -> Costs:
        """What trading costs as the plan reckoned."""
        return Costs(self.commission, self.min_commission, self.fx_spread)

    @property
    def accounts(self) -> tuple[str, ...]:
        """The accounts with a trade, in the order of the trades."""
        return tuple(dict.fromkeys(t.account for t in (*self.trades, *self.conversions)))

    def trade(self, account: str, symbol: str) -> SavedTrade:
        """Return the trade (or conversion) of an instrument in an account."""
        return next(
            t for t in (*self.trades, *self.conversions) if (t.account, t.symbol) == (account, symbol)
        )

    def causes_of(self, symbol: str) -> tuple[Cause, ...]:
        """Return why an instrument is traded: what names it, else what made the whole plan necessary."""
        return tuple(c for c in self.causes if c.symbol == symbol) or self.causes


def content(plan: SavedPlan) -> dict[str, Any]:
    """Return what the hash covers, as JSON values and Decimals."""
    return {
        "schema": SCHEMA,
        "as_of": plan.as_of,
        "base_currency": plan.base_currency,
        "policy": plan.policy,
        "targets": dict(plan.targets),
        "reserve": plan.reserve,
        "value": plan.value,
        "turnover": plan.turnover,
        "commission": plan.commission,
        "min_commission": plan.min_commission,
        "cash": {a: dict(c) for a, c in plan.cash.items()},
        "shares": {a: dict(s) for a, s in plan.shares.items()},
        "prices": {s: [p, c] for s, (p, c) in plan.prices.items()},
        "fx": dict(plan.fx),
        "trades": [_trade(t) for t in plan.trades],
        "inputs": dict(plan.inputs),
        # Plans saved before these were kept have none, and keep their hash.
        **({"causes": [[c.rule, c.symbol, c.text] for c in plan.causes]} if plan.causes else {}),
        **(
            {"conversions": [_trade(t) for t in plan.conversions], "fx_spread": plan.fx_spread}
            if plan.conversions
            else {}
        ),
    }


def _trade(t: SavedTrade) -> dict[str, Any]:
    return {
        "account": t.account,
        "symbol": t.symbol,
        "side": t.side,
        "shares": t.shares,
        "price": t.price,
        "currency": t.currency,
        "amount": t.amount,
        "cost": t.cost,
        "reason": t.reason,
        "exchange": t.exchange,
        "step": t.step,
        "at_loss": t.at_loss,
        # What later versions added stands only where it says something: an earlier plan keeps its hash.
        **({"washes": list(t.washes)} if t.washes else {}),
        **({"gain": t.gain} if t.gain is not None else {}),
        **({"no_buy_days": t.no_buy_days} if t.no_buy_days != FIRST_NO_BUY_DAYS else {}),
    }


def from_content(data: Mapping[str, Any], saved_at: datetime | None) -> SavedPlan:
    """Return the plan whose `content` is `data`, as parsed from its text."""

    def numbers(values: Mapping[str, str]) -> dict[str, Decimal]:
        return {name: Decimal(v) for name, v in values.items()}

    def trade(t: Mapping[str, Any]) -> SavedTrade:
        exact = {k: Decimal(cast(str, t[k])) for k in ("shares", "price", "amount", "cost", "step")}
        gain = Decimal(t["gain"]) if "gain" in t else None
        return SavedTrade(**{**t, **exact, "washes": tuple(t.get("washes", ())), "gain": gain})

    return SavedPlan(
        as_of=date.fromisoformat(data["as_of"]),
        base_currency=data["base_currency"],
        policy=data["policy"],
        targets=numbers(data["targets"]),
        reserve=Decimal(data["reserve"]),
        value=Decimal(data["value"]),
        turnover=Decimal(data["turnover"]),
        commission=Decimal(data["commission"]),
        min_commission=Decimal(data["min_commission"]),
        cash={a: numbers(c) for a, c in data["cash"].items()},
        shares={a: numbers(s) for a, s in data["shares"].items()},
        prices={s: (Decimal(p), c) for s, (p, c) in data["prices"].items()},
        fx=numbers(data["fx"]),
        trades=tuple(trade(t) for t in data["trades"]),
        causes=tuple(Cause(*c) for c in data.get("causes", ())),
        conversions=tuple(trade(t) for t in data.get("conversions", ())),
        fx_spread=Decimal(data.get("fx_spread", "0")),
        inputs=data["inputs"],
        saved_at=saved_at,
    )
