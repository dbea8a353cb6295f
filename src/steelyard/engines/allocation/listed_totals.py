"""The best change of several accounts: totals in order, the first that the accounts can make up.

Totals that miss less are met first, and each is handed to `split`. Of those met before the first success
the solver is asked whether the accounts can make them up at all, totals fixed, which is far less than to
ask it for the best. What it refutes is a proof; what stays undecided is the bound.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from time import monotonic

from steelyard.engines.allocation.budget_model import BudgetModel
from steelyard.engines.allocation.household import Change, Household, by_goal, feasible, unchanged
from steelyard.engines.allocation.purse_prices import dual_totals, merged_totals, restricted
from steelyard.engines.allocation.shifts import Effort
from steelyard.engines.allocation.split import split
from steelyard.engines.allocation.totals import Ended, Total, Totals

WORK = {1: 20_000, 2: 400_000}
"""Partial totals looked at before the order is given up, by the power of the misses."""

HELPS = 25
"""Pairs of accounts between which shares are shifted, on the walk and again when it is over."""

TRIED = 40
"""Totals handed to the accounts."""

FAILED = 3
"""Totals without accounts after which the first of them are settled before more are tried."""

AGAIN = 2
"""Totals for which accounts are looked for again, harder, once others have been found."""

ASKED = 6
"""Totals the solver is asked about, of those for which no accounts were found."""

NODES = 100
"""Branches of the solver for each of them."""

TIES = 12
"""Totals of equal objective whose trades are compared."""

ODD_SEATS = 6
"""Seats of one instrument with odd fractions that may leave; each doubles its totals."""


@dataclass(frozen=True, slots=True)
class Listed:
    """What the list of totals gave.

    Attributes:
        changes: Changes that reach the least objective found, each with other totals; empty without any.
        bound: A lower bound of the objective, exact where a total gives it.
        proven: Nothing is better than the changes.
    """

    changes: tuple[Change, ...]
    bound: Fraction
    proven: bool


def listable(problem: Household) -> bool:
    """Say whether totals can be listed: whole shares, one price an instrument, few odd fractions."""
    for seats in by_goal(problem):
        rows = [problem.seats[k] for k in seats]
        if any(s.continuous for s in rows) or len({s.price for s in rows}) > 1:
            return False
        if sum(bool(s.odd and s.can_sell) for s in rows) > ODD_SEATS:
            return False
    return any(by_goal(problem))


def best_totals(problem: Household, start: Change, end: float) -> Listed:
    """Return the first totals in order that the accounts can make up, as a change.

    Args:
        problem: As `listable` asks for.
        start: A feasible change.
        end: When to stop on the monotonic clock, should the machine be slow; effort is limited by counting.
    """
    totals = dual_totals(problem, start) if restricted(problem) else merged_totals(problem)
    search = _Search(problem, totals, end)
    search.run()
    return search.result()


class _Search:
    """One walk along the list."""

    def __init__(self, problem: Household, totals: Totals, end: float) -> None:
        self.problem, self.totals, self.end = problem, totals, end
        self.found: list[Change] = []
        self.value: Fraction | None = None
        self.open: list[tuple[Fraction, dict[int, Total]]] = []
        self.tried = 0
        self.effort = Effort(HELPS)

    def run(self) -> None:
        with suppress(Ended):
            self._walk()
        self._settle()

    def _walk(self) -> None:
        """Hand totals to the accounts until some can make them up, and those that tie with them."""
        for miss, chosen in self.totals.in_order(WORK[self.problem.power]):
            if self.value is not None and miss > float(self.value) + 8 * self.totals.margin:
                return
            if self.tried >= TRIED or monotonic() > self.end:
                raise Ended
            self.tried += 1
            exact = self.totals.exact(chosen)
            if self.value is not None and exact > self.value:
                continue
            totals = dict(zip(self.totals.order, chosen, strict=True))
            change = split(self.problem, totals, self.effort)
            if change is None:
                self.open.append((exact, totals))
                if self.value is None and len(self.open) == FAILED:
                    self._settle()
            else:
                self._found(exact, change)
            if len(self.found) >= TIES:
                return

    def _found(self, exact: Fraction, change: Change) -> None:
        if self.value is None or exact < self.value:
            self.found, self.value = [], exact
        self.found.append(change)

    def _settle(self) -> None:
        """Ask the solver about what was left undecided, the least miss first."""
        undecided = []
        again = Effort(HELPS)
        for place, (exact, totals) in enumerate(sorted(self.open, key=lambda x: x[0])):
            if self.value is not None and exact >= self.value:
                break
            change, refuted = None, False
            if place < AGAIN:
                change = split(self.problem, totals, again, starts=len(self.problem.purses))
            if change is None and place < ASKED and monotonic() < self.end:
                change, refuted = self._ask(totals)
            if change is not None:
                self._found(exact, change)
            elif not refuted:
                undecided.append((exact, totals))
        self.open = undecided

    def _ask(self, chosen: dict[int, Total]) -> tuple[Change | None, bool]:
        """Ask the solver for accounts that make up totals; return them, and whether there are none."""
        problem = self.problem
        model = BudgetModel(problem, unchanged(problem), Fraction(1))
        linear = model.build(Fraction(1), binaries=bool(problem.floor or problem.min_trade), misses=False)
        for goal, total in chosen.items():
            terms = {model.count[k]: 1.0 for k in model.goals[goal] if k not in total.gone}
            linear.row(terms, total.steps, total.steps)
            for k in model.goals[goal]:
                if k in model.gone:
                    linear.lower[model.gone[k]] = linear.upper[model.gone[k]] = float(k in total.gone)
        solved = linear.solve(seconds=max(self.end - monotonic(), 0.01), nodes=NODES)
        if solved.columns:
            change = model.change(solved)
            return (change, False) if feasible(problem, change) else (None, False)
        return None, solved.status == "infeasible"

    def result(self) -> Listed:
        """Return the changes with their bound."""
        least = min((exact for exact, _ in self.open), default=None)
        if self.value is not None:
            proven = least is None or least >= self.value
            return Listed(tuple(self.found), self.value if least is None else min(least, self.value), proven)
        # Below nothing is no news where misses are squares; sizes have bounds of their own sign too.
        bound = Fraction(max(self.totals.bound(), 0.0))
        return Listed((), bound if least is None else min(bound, least), False)
