"""How much saving, and how often, makes selling unnecessary; over the years, and as purchases.

Deposits that buy what is short hold the weights near their targets by themselves. How near is known in closed
form for a stream of money into two funds, and by simulation for the portfolio's own funds, whole shares and
rhythm. Deposits stay the same while the portfolio grows, so that what suffices today does not for ever.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Any

import numpy as np

from steelyard.app.lab.advice import simulated_bands
from steelyard.app.lab.advice.saver_inputs import SaverInputs
from steelyard.app.lab.advice.simulation_values import Drawing
from steelyard.app.lab.advice.tried_rules import TriedRule, as_arrays, own_rule, usual_rules
from steelyard.domain.money import ZERO, plain
from steelyard.domain.policy.policies import Policy
from steelyard.domain.portfolio import Account, Portfolio, Position
from steelyard.domain.trades import Plan
from steelyard.engines.lab import closed_forms
from steelyard.engines.lab import saver_codes_kernel as codes
from steelyard.engines.lab.saver import Rules, markets, mean_and_half, walk
from steelyard.words import say

PARTS = (0.025, 0.05, 0.10, 0.15, 0.20, 0.40)
"""Deposits a year that are tabled, parts of the portfolio."""
RHYTHMS = (1, 3, 6, 12)
"""Months from one deposit to the next."""
YEARS = (0, 2, 5, 10, 15, 20)
GROWTH = 0.06
"""What the portfolio earns a year in the look ahead."""
_LOOKS = 252
_MONTH = 21
_TIGHT = ("threshold 5%", "threshold 2% to 1.75%")


@dataclass(frozen=True, slots=True)
class Held:
    """How near deposits hold the weights, root mean square of the furthest fund, parts of the portfolio.

    Attributes:
        part: Deposits a year, part of the portfolio. months: From one to the next.
        closed: In closed form, for one fund against the rest.
        simulated, low, high: By simulation, with its 95 % interval.
        year: Years from now, where it is one of the look ahead. value: Of the portfolio then.
    """

    part: float
    months: int
    closed: float
    simulated: float
    low: float
    high: float
    year: int = 0
    value: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """Return it as in the document."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class AsGood:
    """What saving is as good as a rule that sells.

    Attributes:
        rule: The rule. deviation: Its root mean square distance by simulation, `half` its interval's half.
        part: Deposits a year, part of the portfolio, that hold it as near; None beyond what was simulated.
        closed: The same in closed form, None where no closed form knows the rule.
    """

    rule: str
    deviation: float
    half: float
    part: float | None
    closed: float | None

    def to_dict(self) -> dict[str, Any]:
        """Return it as in the document."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Purchase:
    """What is bought in a month: shares by symbol, and the cash that is left, base currency."""

    month: str
    shares: tuple[tuple[str, Decimal, Decimal], ...]
    cash: Decimal

    def to_dict(self) -> dict[str, Any]:
        """Return it as in the document."""
        return {
            "month": self.month,
            "buys": [{"symbol": s, "shares": plain(n), "amount": plain(a)} for s, n, a in self.shares],
            "cash": plain(self.cash),
        }


@dataclass(frozen=True, eq=False, slots=True)
class DepositReport:
    """The answer.

    Attributes:
        saver, drawing: What it rests on.
        parts: How near several amounts hold it, monthly. rhythms: The own amount in several rhythms.
        as_good: What saving is as good as the own and the usual rules.
        ahead: The own amount while the portfolio grows.
        purchases: The next twelve months by the exact planner, at today's prices.
        notes: What to know.
    """

    saver: SaverInputs
    drawing: Drawing
    parts: tuple[Held, ...]
    rhythms: tuple[Held, ...]
    as_good: tuple[AsGood, ...]
    ahead: tuple[Held, ...]
    purchases: tuple[Purchase, ...]
    notes: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the document of `deposits --json`."""
        drawing = self.drawing
        return {
            "schema": "steelyard/deposits/1",
            "currency": self.saver.currency,
            "value": self.saver.value,
            "deposits": self.saver.deposits,
            "parts": [held.to_dict() for held in self.parts],
            "rhythms": [held.to_dict() for held in self.rhythms],
            "as_good": [one.to_dict() for one in self.as_good],
            "ahead": [held.to_dict() for held in self.ahead],
            "purchases": [one.to_dict() for one in self.purchases],
            "simulation": {"paths": drawing.paths, "years": drawing.years, "seed": drawing.seed},
            "notes": [*self.notes],
        }


def deposits(
    saver: SaverInputs, policy: Policy, drawing: Drawing, purchases: Sequence[Purchase], notes: Sequence[str]
) -> DepositReport:
    """Return how near deposits hold a portfolio, and what they are as good as.

    Args:
        saver: Its deposits are the own amount, > 0; what it looks at and pays does not matter.
        policy: The present rule.
        drawing: How markets are simulated.
        purchases: From `bought`, month by month.
        notes: What is said already.
    """
    saver = replace(saver, look="daily", tax=None)
    growth = _markets(saver, drawing)
    parts = tuple(_held(saver, growth, part, 1) for part in PARTS)
    own = saver.deposits / saver.value
    rhythms = tuple(_held(saver, growth, own, months) for months in RHYTHMS)
    fund = _widest(saver)
    named = [r for r in usual_rules(saver) if r.text in _TIGHT]
    present = own_rule(saver, policy)
    as_good = tuple(
        _as_good(saver, growth, fund, parts, rule)
        for rule in (present, *(r for r in named if r.text != present.text))
        if not rule.never_sells
    )
    return DepositReport(
        saver, drawing, parts, rhythms, as_good, _ahead(saver, growth), tuple(purchases), tuple(notes)
    )


def bought(portfolio: Portfolio, account: str, plan: Plan, month: str) -> tuple[Portfolio, Purchase]:
    """Return the portfolio after a plan that buys in one account, and what it bought.

    Args:
        portfolio: Before it. account: The only account that trades.
        plan: Without sales.
        month: Of the purchase, for people.
    """
    elsewhere = sum(
        (
            amount * portfolio.rate(currency)
            for a in portfolio.accounts
            if a.name != account
            for currency, amount in a.cash.items()
        ),
        ZERO,
    )
    left = plan.cash_after - elsewhere
    more = {t.symbol: t.shares for t in plan.trades}
    accounts = tuple(
        _with(a, more, {portfolio.base_currency: left}) if a.name == account else a
        for a in portfolio.accounts
    )
    rows = tuple((t.symbol, t.shares, t.amount) for t in plan.trades)
    return replace(portfolio, accounts=accounts), Purchase(month, rows, left)


def following(start: date, months: int) -> str:
    """Return a month from that of a day, as `2027-01`."""
    number = start.year * 12 + start.month - 1 + months
    return f"{number // 12}-{number % 12 + 1:02d}"


def _with(account: Account, more: dict[str, Decimal], cash: dict[str, Decimal]) -> Account:
    """Return an account with more shares; lots are dropped, which purchases do not ask for."""
    held = {p.symbol: p.shares for p in account.positions}
    for symbol, shares in more.items():
        held[symbol] = held.get(symbol, ZERO) + shares
    positions = tuple(Position(symbol, shares) for symbol, shares in held.items())
    return replace(account, positions=positions, cash=cash)


def _markets(saver: SaverInputs, drawing: Drawing) -> Any:
    return markets(
        saver.targets,
        saver.covariance,
        years=drawing.years,
        looks=_LOOKS,
        paths=drawing.paths,
        seed=drawing.seed,
        growth=0.0,
    )


def _widest(saver: SaverInputs) -> int:
    return max(range(len(saver.symbols)), key=lambda n: saver.drift(n).speed)


def _held(
    saver: SaverInputs, growth: Any, part: float, months: int, *, year: int = 0, value: float | None = None
) -> Held:
    """Return how near deposits of a part of the wealth hold it, the wealth staying as large."""
    worth = saver.value if value is None else value
    one = replace(
        simulated_bands.situation(saver),
        value=worth,
        deposits=part,
        in_parts=True,
        deposit_every=months * _MONTH,
    )
    never = Rules.bands(np.array([np.inf]), np.zeros(1), len(saver.symbols))
    mean, half = mean_and_half(walk(one, growth, never).measures[:, :, codes.SQUARE])
    fund = _widest(saver)
    closed = closed_forms.deposits_deviation(saver.drift(fund), float(saver.targets[fund]), part)
    low, high = (math.sqrt(max(float(mean[0] + side * half[0]), 0.0)) for side in (-1, 1))
    return Held(part, months, closed, math.sqrt(float(mean[0])), low, high, year, worth)


def _ahead(saver: SaverInputs, growth: Any) -> tuple[Held, ...]:
    """Return how near the same amount of money holds the portfolio once it has grown."""
    rows, value = [], saver.value
    for year in range(max(YEARS) + 1):
        if year in YEARS:
            rows.append(_held(saver, growth, saver.deposits / value, 1, year=year, value=value))
        value = value * (1.0 + GROWTH) + saver.deposits
    return tuple(rows)


def _as_good(saver: SaverInputs, growth: Any, fund: int, parts: Sequence[Held], rule: TriedRule) -> AsGood:
    one = replace(simulated_bands.situation(saver), deposits=0.0, in_parts=True)
    out = walk(one, growth, Rules(*as_arrays(saver, (rule,)))).measures[:, :, codes.SQUARE]
    mean, half = mean_and_half(out)
    deviation = math.sqrt(float(mean[0]))
    closed = None
    if rule.band is not None:
        off = closed_forms.band_cost(saver.drift(fund), lambda _: 0.0, rule.band).deviation
        closed = closed_forms.deposits_as_tight_as(saver.drift(fund), float(saver.targets[fund]), off)
    return AsGood(
        rule.text, deviation, float(half[0]) / (2.0 * deviation), _part_of(parts, deviation), closed
    )


def _part_of(parts: Sequence[Held], deviation: float) -> float | None:
    """Return the part that holds it as near, between those simulated on a scale of logarithms."""
    for less, more in pairwise(parts):
        if more.simulated <= deviation <= less.simulated:
            way = math.log(less.simulated / deviation) / math.log(less.simulated / more.simulated)
            return less.part * math.exp(way * math.log(more.part / less.part))
    return None


def not_planned(portfolio: Portfolio) -> str | None:
    """Return why purchases cannot be planned, None where they can."""
    if not portfolio.accounts:
        return say("no purchases are planned: the file has no accounts")
    if any(q.by_value for s, q in portfolio.quotes.items() if s in portfolio.counted):
        return say("no purchases are planned: a holding is given by its value alone")
    return None
