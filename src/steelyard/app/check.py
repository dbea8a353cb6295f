"""Use case: value a portfolio, measure its drift, and say whether a rebalance is due and why."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from steelyard.domain.caveats import Caveats, caveats_of
from steelyard.domain.class_holdings import Member, class_documents, member_documents, members_of
from steelyard.domain.money import EXACT, ZERO, exact_sum, figure
from steelyard.domain.policy.drift import Drift, largest, measure, misplaced
from steelyard.domain.policy.goals import worth_by_goal
from steelyard.domain.policy.held_weights import held_weights
from steelyard.domain.policy.policies import Decision, decide
from steelyard.domain.portfolio import Holding, Portfolio, Valuation, need_accounts, value
from steelyard.errors import InputError
from steelyard.records import dataclass
from steelyard.words import say

if TYPE_CHECKING:
    from steelyard.ports.market import Sessions


@dataclass(frozen=True, slots=True)
class OwnersPart:
    """What one person holds of what is managed.

    Attributes:
        owner: `me` is the person of [tax].
        accounts: Whose they are, in the order of the file.
        value: Of what has a target there, and cash; base currency, before any reserve.
        weight: Fraction of that of all persons, 0 where nobody holds anything.
    """

    owner: str
    accounts: tuple[str, ...]
    value: Decimal
    weight: Decimal

    def to_dict(self) -> dict[str, Any]:
        """Return it as in the document of `check`."""
        return {
            "owner": self.owner,
            "accounts": list(self.accounts),
            "value": figure(self.value),
            "weight": figure(self.weight),
        }


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
        caveats: What its reader should know of amounts and prices.
    """

    as_of: date
    portfolio: Portfolio
    valuation: Valuation
    drifts: tuple[Drift, ...]
    breaches: frozenset[str]
    decision: Decision
    caveats: Caveats

    @property
    def largest_drift(self) -> Decimal:
        """Size of the largest drift."""
        return abs(largest(self.drifts))

    @property
    def misplaced(self) -> Decimal:
        """Share of the money that is in the wrong place."""
        return misplaced(self.drifts)

    def to_dict(self) -> dict[str, Any]:
        """Return the document of `check --json` (`steelyard/check/1`); money and weights are decimal text."""
        portfolio, valuation = self.portfolio, self.valuation
        named = portfolio.instruments
        drift_of = {drift.symbol: drift for drift in self.drifts}
        positions: list[dict[str, Any]] = [
            {
                "symbol": drift.symbol,
                "name": named[drift.symbol].name,
                "shares": self._shares(holding),
                "value": figure(drift.value),
                "weight": figure(drift.weight),
                "target": figure(drift.target),
                "drift": figure(drift.drift),
                "relative_drift": figure(drift.relative),
                "breach": drift.symbol in self.breaches,
            }
            for holding in valuation.holdings
            for drift in [drift_of.get(holding.symbol)]
            if drift is not None
        ]
        positions += [
            {
                "name": named[row["symbol"]].name,
                **row,
                "relative_drift": None,
                "breach": False,
            }
            for row in member_documents(self.members)
        ]
        return {
            "schema": "steelyard/check/1",
            "as_of": self.as_of.isoformat(),
            "base_currency": portfolio.base_currency,
            "total_value": figure(valuation.managed),
            "positions": positions,
            **class_documents(portfolio, self.drifts),
            **({"owners": [x.to_dict() for x in self.owners]} if portfolio.owners else {}),
            "unmanaged": [
                {"symbol": h.symbol, "name": named[h.symbol].name, "value": figure(h.value)}
                for h in valuation.unmanaged
            ],
            "cash": figure(valuation.cash),
            "cash_reserve": figure(valuation.reserve),
            "largest_drift": figure(self.largest_drift),
            "misplaced": figure(self.misplaced),
            "decision": self.decision.to_dict(),
            **self.caveats.to_dict(),
        }

    @property
    def owners(self) -> tuple[OwnersPart, ...]:
        """What each person holds, `me` first; those without an account are left out."""
        portfolio = self.portfolio
        worth: dict[str, Decimal] = {}
        for account in portfolio.accounts:
            held = [portfolio.position_value(p) for p in account.positions if p.symbol in portfolio.counted]
            held += [EXACT.multiply(n, portfolio.rate(c)) for c, n in account.cash.items() if n]
            worth[account.owner] = exact_sum(held, worth.get(account.owner, ZERO))
        total = exact_sum(worth.values())
        return tuple(
            OwnersPart(
                name,
                tuple(a.name for a in portfolio.accounts if a.owner == name),
                worth[name],
                EXACT.divide(worth[name], total) if total else ZERO,
            )
            for name in ("me", *portfolio.owners)
            if name in worth
        )

    @property
    def members(self) -> tuple[Member, ...]:
        """What stands in classes."""
        values = {h.symbol: h.value for h in self.valuation.holdings}
        shares = {h.symbol: h.shares for h in self.valuation.holdings}
        return members_of(self.portfolio, values, shares, self.valuation.managed)

    def _shares(self, holding: Holding) -> str | None:
        """Shares of an instrument known by its value only are not shares at all."""
        quote = self.portfolio.quotes.get(holding.symbol)
        return None if quote is not None and quote.by_value else figure(holding.shares)


def exchanges(portfolio: Portfolio) -> tuple[str, ...]:
    """Return the exchanges of the targeted instruments, sorted: a look needs all of them open."""
    return tuple(sorted({portfolio.instruments[s].exchange for s in portfolio.counted}))


def check(portfolio: Portfolio, sessions: Sessions, *, as_of: date) -> CheckReport:
    """Value a portfolio and evaluate its policy as of a date; writes nothing.

    Args:
        portfolio: Without problems.
        sessions: Which days exchanges are open.
        as_of: The date to evaluate for, whether or not it is a look date.

    Raises:
        InputError: The portfolio has no accounts (`no-accounts`).
        DataError: A price is of a later day (`price-after`).
    """
    need_accounts(portfolio)
    caveats = caveats_of(portfolio, as_of)
    valuation = value(portfolio)
    values = worth_by_goal(portfolio.goals, {h.symbol: h.value for h in valuation.holdings})
    drifts = measure(values, valuation.managed, portfolio.targets)
    decision = decide(
        drifts, portfolio.policy, as_of=as_of, sessions=sessions, exchanges=exchanges(portfolio)
    )
    rules = ("threshold", "relative_threshold")
    breached = frozenset(r.symbol for r in decision.reasons if r.rule in rules and r.symbol is not None)
    return CheckReport(as_of, portfolio, valuation, drifts, breached, decision, caveats)


def weights_held(portfolio: Portfolio, *, everything: bool = False) -> dict[str, Decimal]:
    """Return today's weights of what has a target, cash left out, as targets that add up to 1.

    Args:
        portfolio: Without problems.
        everything: Also what is held without a target, by symbol.

    Raises:
        InputError: Nothing of it is held (`nothing-held`).
    """
    valuation = value(portfolio)
    values = worth_by_goal(portfolio.goals, {h.symbol: h.value for h in valuation.holdings})
    if everything:
        values |= {h.symbol: h.value for h in valuation.unmanaged if h.value}
    if not any(values.values()):
        raise InputError(
            "nothing-held",
            say("nothing that has a target is held in {source}", source=portfolio.source),
            say("set targets by hand: steelyard targets set VOO=60% BND=40%"),
        )
    return held_weights(values)
