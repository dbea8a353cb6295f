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

from steelyard.engines.planning.household.changes.shifts import Effort
from steelyard.engines.planning.household.household import Change, Household, by_goal, feasible, unchanged
from steelyard.engines.planning.household.totals.budget_model import BudgetModel
from steelyard.engines.planning.household.totals.cash_prices import (
    dual_totals,
    merged_totals,
    refuting_prices,
    restricted,
)
from steelyard.engines.planning.household.totals.split import QUICK_TRIES, TRIES, split
from steelyard.engines.planning.household.totals.totals import Ended, Total, Totals
from steelyard.engines.planning.household.work import PER_MISS

WORK = {1: 20_000, 2: 200_000}
"""Partial totals looked at before the order is given up, by the power of the misses."""

HELPS = 25
"""Pairs of accounts between which shares are shifted, on the walk and again when it is over."""

TRIED = 40
"""Totals handed to the accounts."""

FEW_POSITIONS = 16
"""Up to so many positions everything is fast: a list is walked on, and the solver is asked for everything."""

HOPELESS = 8
"""Totals handed out, with more positions, while none could be made up: shares are too large."""

FAILED = 3
"""Totals without accounts after which the first of them are settled before more are tried."""

AGAIN = 2
"""Totals for which accounts are looked for again, harder, once others have been found."""

ASKED = 3
"""Totals the solver is asked about, of those for which no accounts were found."""

ASKED_SLOWLY = 1
"""The same with many positions where a cap makes each question long. With many positions and least costs or
smallest trades nothing is asked: of 18 such questions, half a second each, none was answered."""

UNANSWERED = 2
"""Questions without an answer after which no more are asked."""

NODES = 450
"""Branches of the solver for each of them."""

PRICES = 12
"""Sets of prices by which totals are listed."""

TIES = 12
"""Totals of equal objective whose trades are compared."""

ODD_POSITIONS = 6
"""Positions of one instrument with odd fractions that may leave; each doubles its totals."""


@dataclass(frozen=True, slots=True)
class Listed:
    """What the list of totals gave.

    Attributes:
        changes: Changes that reach the least objective found, each with other totals; empty without any
            that is as good as what was known before.
        bound: A lower bound of the objective, exact where a total gives it.
        proven: Nothing is better than the changes.
    """

    changes: tuple[Change, ...]
    bound: Fraction
    proven: bool


def listable(problem: Household) -> bool:
    """Say whether totals can be listed: whole shares, one price a goal, few odd fractions, any trades."""
    if problem.mixed or problem.most_trades is not None:
        return False
    for positions in by_goal(problem):
        rows = [problem.positions[k] for k in positions]
        if any(s.continuous for s in rows) or len({s.price for s in rows}) > 1:
            return False
        if sum(bool(s.odd and s.can_sell) for s in rows) > ODD_POSITIONS:
            return False
    return any(by_goal(problem))


def best_totals(
    problem: Household,
    start: Change,
    end: float,
    *,
    known: Fraction | None = None,
    least: Fraction | None = None,
    quick: bool = False,
) -> Listed:
    """Return the first totals in order that the accounts can make up, as a change.

    Args:
        problem: As `listable` asks for.
        start: A change; only what misses no more than it is looked for.
        end: When to stop on the monotonic clock, should the machine be slow; effort is limited by counting.
        known: An objective that is reached already; what misses more than that is not looked for.
        least: An objective below which nothing can be made up; nothing there is tried.
        quick: Any accounts do that can make a total up; few trades are not looked for.
    """
    totals = dual_totals(problem, start) if restricted(problem) else merged_totals(problem)
    search = _Search(problem, totals, end, known, least)
    search.quick = quick
    search.run()
    return search.result()


class _Search:
    """One walk along the list."""

    def __init__(
        self, problem: Household, totals: Totals, end: float, known: Fraction | None, least: Fraction | None
    ) -> None:
        self.problem, self.totals, self.end = problem, totals, end
        self.found: list[Change] = []
        self.value, self.least = known, least
        self.open: list[tuple[Fraction, dict[int, Total]]] = []
        self.seen: set[tuple[tuple[int, tuple[int, ...]], ...]] = set()
        self.tried = self.work = self.asked = self.unanswered = 0
        self.complete = self.quick = False
        self.effort = Effort(HELPS)
        self.asks = ASKED
        self.shift_first = not restricted(problem)
        if len(problem.positions) > FEW_POSITIONS and (problem.floor or problem.min_trade):
            self.asks = 0
        elif len(problem.positions) > FEW_POSITIONS and problem.caps:
            self.asks = ASKED_SLOWLY

    def run(self) -> None:
        with suppress(Ended):
            while self._walk():
                pass
            self.complete = True
        self._settle()

    def _walk(self) -> bool:
        """Hand totals to the accounts until some can make them up, and those that tie with them.

        Returns:
            Whether prices were found that refute a total: the list is then to be walked anew, shorter.
        """
        limit = WORK[self.problem.power] - self.work
        totals = self.totals
        try:
            for miss, chosen in totals.in_order(limit):
                if self.value is not None and miss > float(self.value) + 8 * totals.margin:
                    return False
                key = tuple((total.steps, total.gone) for total in chosen)
                if key in self.seen:
                    continue
                hopeful = self.found or len(self.problem.positions) <= FEW_POSITIONS
                if (
                    self.tried >= (TRIED if hopeful else HOPELESS)
                    or monotonic() > self.end
                    or self.problem.work.over
                ):
                    raise Ended
                if self._try(chosen):
                    return True
                self.seen.add(key)
                if len(self.found) >= TIES:
                    return False
        finally:
            self.work += totals.work
        return False

    def _try(self, chosen: tuple[Total, ...]) -> bool:
        """Let the accounts make up one total; say whether new prices refute it instead."""
        self.problem.work.take(PER_MISS * len(chosen))
        exact = self.totals.exact(chosen)
        beaten = self.value is not None and exact > self.value
        if beaten or (self.least is not None and exact < self.least):
            return False
        self.tried += 1
        totals = dict(zip(self.totals.order, chosen, strict=True))
        # Where accounts differ in what they may trade, prices refute many a total; shifting would be in vain.
        tries = QUICK_TRIES if self.quick else TRIES
        change = split(self.problem, totals, self.effort, starts=int(self.shift_first), tries=tries)
        if change is None:
            if self._refuted(chosen, totals):
                return True
            if not self.shift_first:
                change = split(self.problem, totals, self.effort, first=False)
        if change is not None:
            self._found(exact, change)
            return False
        self.open.append((exact, totals))
        if not self.found and len(self.open) == FAILED:
            self._settle()
        return False

    def _refuted(self, chosen: tuple[Total, ...], totals: dict[int, Total]) -> bool:
        """Ask the relaxation for prices that refute a total, and list by them too from now on."""
        if len(self.totals.prices) >= PRICES:
            return False
        prices = refuting_prices(self.problem, totals)
        if prices is None or self.totals.afford(chosen, prices):
            return False
        known = self.totals.prices
        options = [Totals(self.problem, rows) for rows in ([*known, prices], [prices, *known])]
        self.totals = max(options, key=lambda x: x.dual)
        return True

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
                change = split(self.problem, totals, again, starts=len(self.problem.balances))
            if change is None and self._may_ask():
                self.asked += 1
                change, refuted = self._ask(totals)
                self.unanswered += change is None and not refuted
            if change is not None:
                self._found(exact, change)
            elif not refuted:
                undecided.append((exact, totals))
        self.open = undecided

    def _may_ask(self) -> bool:
        return self.asked < self.asks and self.unanswered < UNANSWERED and not self._late()

    def _late(self) -> bool:
        return monotonic() > self.end or self.problem.work.over

    def _ask(self, chosen: dict[int, Total]) -> tuple[Change | None, bool]:
        """Ask the solver for accounts that make up totals; return them, and whether there are none."""
        problem = self.problem
        model = BudgetModel(problem, unchanged(problem), Fraction(1))
        linear = model.build(Fraction(1), binaries=bool(problem.floor or problem.min_trade), misses=False)
        model.fix(chosen)
        searches = "all" if len(problem.positions) <= FEW_POSITIONS else "none"
        seconds = max(self.end - monotonic(), 0.01)
        solved = linear.solve(work=problem.work, seconds=seconds, nodes=NODES, searches=searches)
        if solved.columns:
            change = model.change(solved)
            return (change, False) if feasible(problem, change) else (None, False)
        return None, solved.status == "infeasible"

    def result(self) -> Listed:
        """Return the changes with their bound."""
        least = min((exact for exact, _ in self.open), default=None)
        # What was only known before is no total of the list: it says nothing of those not yet listed.
        if self.value is not None and (self.found or self.complete):
            proven = least is None or least >= self.value
            return Listed(tuple(self.found), self.value if least is None else min(least, self.value), proven)
        # Below nothing is no news where misses are squares; sizes have bounds of their own sign too.
        bound = Fraction(max(self.totals.bound(), 0.0))
        return Listed((), bound if least is None else min(bound, least), False)
