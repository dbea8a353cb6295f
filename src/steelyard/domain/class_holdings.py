"""Classes and their members as documents show them: a class has target and drift, a member its class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from steelyard.domain.money import EXACT, ONE, ZERO, exact_sum, figure
from steelyard.domain.policy.drift import Drift
from steelyard.domain.portfolio import Portfolio
from steelyard.records import dataclass


def class_documents(portfolio: Portfolio, drifts: Sequence[Drift]) -> dict[str, Any]:
    """Return the `classes` of a document, nothing where every target is an instrument."""
    by_name = {drift.symbol: drift for drift in drifts}
    rows = [
        {
            "class": goal.name,
            "value": figure(by_name[goal.name].value),
            "weight": figure(by_name[goal.name].weight),
            "target": figure(by_name[goal.name].target),
            "drift": figure(by_name[goal.name].drift),
            "members": list(goal.parts),
        }
        for goal in portfolio.goals
        if goal.is_class
    ]
    return {"classes": rows} if rows else {}


@dataclass(frozen=True, slots=True)
class Member:
    """What of an instrument stands in a class.

    Attributes:
        symbol: The instrument.
        name: The class.
        shares: All that is held.
        value, weight: What of it counts for the class, and as a fraction of the managed value.
        part: The fraction that counts, 1 of a member.
    """

    symbol: str
    name: str
    shares: Decimal
    value: Decimal
    weight: Decimal
    part: Decimal


def members_of(
    portfolio: Portfolio, values: Mapping[str, Decimal], shares: Mapping[str, Decimal], total: Decimal
) -> tuple[Member, ...]:
    """Return what stands in classes: what is held, and of each class what would be bought first.

    Args:
        portfolio: Without problems.
        values, shares: By symbol.
        total: Managed value that weights refer to.
    """
    found = []
    for goal in portfolio.goals:
        for symbol, part in goal.parts.items() if goal.is_class else ():
            held = shares.get(symbol, ZERO)
            if held or symbol == next(iter(goal.buy), ""):
                worth = EXACT.multiply(values.get(symbol, ZERO), part)
                weight = EXACT.divide(worth, total) if total else ZERO
                found.append(Member(symbol, goal.name, held, worth, weight, part))
    return tuple(found)


def member_documents(members: Sequence[Member]) -> list[dict[str, Any]]:
    """Return members as positions of a document, each instrument once; one that counts in parts has them."""
    found: dict[str, dict[str, Any]] = {}
    for symbol in dict.fromkeys(m.symbol for m in members):
        own = [m for m in members if m.symbol == symbol]
        in_parts = any(m.part != ONE for m in own)
        found[symbol] = {
            "symbol": symbol,
            "shares": figure(own[0].shares),
            "value": figure(exact_sum(m.value for m in own)),
            "weight": figure(exact_sum(m.weight for m in own)),
            "target": None,
            "drift": None,
            "class": None if in_parts else own[0].name,
            **({"exposure": {m.name: figure(m.part) for m in own}} if in_parts else {}),
        }
    return list(found.values())
