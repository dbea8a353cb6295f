"""Other ways: a plan with its neighbours, and what each changes in distance, tax and costs.

A plan answers one question. What an owner asks next is what it would take to pay no tax, to sell nothing,
to stay a little further off, or to come as near as can be; each is the same request with one word changed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Literal, get_args

from steelyard.app.tax.situation import taxed_pairs
from steelyard.domain.money import EXACT, ZERO, figure
from steelyard.domain.policy.policies import band
from steelyard.domain.portfolio import Portfolio
from steelyard.domain.trades import Plan
from steelyard.errors import InputError, PlanError
from steelyard.records import dataclass
from steelyard.words import Text

WayName = Literal["asked", "strict", "further", "no_tax", "new_money"]
WAYS: tuple[WayName, ...] = get_args(WayName)
FURTHER = Decimal("0.01")
"""How much further from target the way `further` may stay, of the managed value: a point."""


@dataclass(frozen=True, slots=True)
class Way:
    """One way.

    Attributes:
        name: asked (the plan itself), strict (the nearest there is), further (may stay a point further from
            target), no_tax (adds nothing to the year's tax), new_money (sells nothing).
        plan: None where there is none.
        same_as: The first way that trades the same, None where this is another one.
        still_due: A target is outside its band after it.
        why_not: Why there is none, empty where there is.
        tax: What its sales add to the year's tax; 0 where nothing it sells is taxed, None where nobody knows.
    """

    name: WayName
    plan: Plan | None
    same_as: WayName | None = None
    still_due: bool = False
    why_not: str = ""
    tax: Decimal | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return it as in the document of `plan --ways --json`."""
        plan = self.plan
        return {
            "way": self.name,
            "same_as": self.same_as,
            "distance": None if plan is None else figure(plan.distance),
            "costs": None if plan is None else figure(plan.costs),
            "tax": figure(self.tax),
            "trades": None if plan is None else len(plan.trades),
            "turnover": None if plan is None else figure(plan.turnover),
            "still_due": None if plan is None else self.still_due,
            "why_not": self.why_not,
            "plan": None if plan is None else plan.to_dict(),
        }


@dataclass(frozen=True, slots=True)
class Ways:
    """A plan and its neighbours, the plan first.

    Attributes:
        as_of: The date they were made for.
        base_currency: Of every amount.
        ways: One a name of WAYS, in that order.
    """

    as_of: date
    base_currency: str
    ways: tuple[Way, ...]

    @property
    def plan(self) -> Plan:
        """The plan that was asked for."""
        found = self.ways[0].plan
        assert found is not None, "without it there would be no ways"
        return found

    def to_dict(self) -> dict[str, Any]:
        """Return the document of `plan --ways --json` (`steelyard/ways/1`)."""
        return {
            "schema": "steelyard/ways/1",
            "as_of": self.as_of.isoformat(),
            "base_currency": self.base_currency,
            "ways": [way.to_dict() for way in self.ways],
        }


def ways(portfolio: Portfolio, planned: Callable[[Mapping[str, Any]], Plan]) -> Ways:
    """Return a plan and its neighbours.

    Args:
        portfolio: Without problems.
        planned: Makes the plan with words of the request changed (`accept_drift`, `max_tax`, `can_sell`).

    Raises:
        InputError, DataError, PlanError: There is no plan as it was asked for.
    """
    asked = planned({})
    found = [Way("asked", asked, still_due=_still_due(portfolio, asked), tax=_tax(portfolio, asked))]
    changes: dict[WayName, Mapping[str, Any]] = {
        "strict": {"accept_drift": ZERO},
        "further": {"accept_drift": EXACT.add(asked.accepted, FURTHER)},
        "no_tax": {"max_tax": ZERO},
        "new_money": {"can_sell": False},
    }
    for name, changed in changes.items():
        try:
            # A plan that is the nearest itself need not be looked for again.
            plan = asked if name == "strict" and asked.nearest is None else planned(changed)
        except (PlanError, InputError) as error:
            why = error.message
            found.append(Way(name, None, why_not=why if isinstance(why, Text) else str(why)))
            continue
        same = next((w.name for w in found if w.plan is not None and _trades_alike(w.plan, plan)), None)
        found.append(Way(name, plan, same, _still_due(portfolio, plan), tax=_tax(portfolio, plan)))
    return Ways(asked.as_of, asked.base_currency, tuple(found))


def _tax(portfolio: Portfolio, plan: Plan) -> Decimal | None:
    sold = {(t.account, t.symbol) for t in plan.trades if t.side == "sell"}
    if not sold or (portfolio.tax is not None and not sold & taxed_pairs(portfolio)):
        return ZERO
    return plan.taxes


def _trades_alike(one: Plan, other: Plan) -> bool:
    def what(plan: Plan) -> set[tuple[str, str, str, Decimal]]:
        return {(t.account, t.symbol, t.side, t.shares) for t in plan.trades}

    return what(one) == what(other)


def _still_due(portfolio: Portfolio, plan: Plan) -> bool:
    """Say whether a band of the policy is broken after a plan, whether or not its kind looks at bands."""
    policy = portfolio.policy
    widths = [(h.drift, band(h.symbol, h.drift.target, policy)) for h in plan.after]
    return any(width is not None and drift.beyond(width) for drift, width in widths)
