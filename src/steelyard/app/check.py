"""Use case: value a portfolio, measure its drift, and say whether a rebalance is due and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from steelyard.domain.policy.drift import Drift, largest, measure, misplaced
from steelyard.domain.policy.policies import Decision, decide
from steelyard.domain.portfolio import Portfolio, Valuation, need_accounts, value

if TYPE_CHECKING:
    from steelyard.ports.market import Sessions


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What `check` found.

    Attributes:
        as_of: The date the rules were evaluated for.
        portfolio: What was checked.
        valuation: What it is worth.
        drifts: One a target, in the order of the file.
        breaches: Symbols outside their band.
        decision: Due or not, every reason, and the next look.
    """

    as_of: date
    portfolio: Portfolio
    valuation: Valuation
    drifts: tuple[Drift, ...]
    breaches: frozenset[str]
    decision: Decision

    @property
    def largest_drift(self) -> Decimal:
        """Size of the largest drift."""
        return abs(largest(self.drifts))

    @property
    def misplaced(self) -> Decimal:
        """Share of the money that is in the wrong place."""
        return misplaced(self.drifts)


def exchanges(portfolio: Portfolio) -> tuple[str, ...]:
    """Return the exchanges of the targeted instruments, sorted: a look needs all of them open."""
    return tuple(sorted({portfolio.instruments[s].exchange for s in portfolio.targets}))


def check(portfolio: Portfolio, sessions: Sessions, *, as_of: date) -> CheckReport:
    """Value a portfolio and evaluate its policy as of a date; writes nothing.

    Args:
        portfolio: Without problems.
        sessions: Which days exchanges are open.
        as_of: The date to evaluate for, whether or not it is a look date.

    Raises:
        InputError: The portfolio has no accounts (`no-accounts`).
    """
    need_accounts(portfolio)
    valuation = value(portfolio)
    values = {h.symbol: h.value for h in valuation.holdings}
    drifts = measure(values, valuation.managed, portfolio.targets)
    decision = decide(
        drifts, portfolio.policy, as_of=as_of, sessions=sessions, exchanges=exchanges(portfolio)
    )
    rules = ("threshold", "relative_threshold")
    breached = frozenset(r.symbol for r in decision.reasons if r.rule in rules and r.symbol is not None)
    return CheckReport(as_of, portfolio, valuation, drifts, breached, decision)
