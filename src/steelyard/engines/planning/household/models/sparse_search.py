"""Few trades that do what is asked, found by asking a linear programme over and over.

A vertex of a linear programme has few trades by itself. Weighing each trade by how little it moves makes
fewer of them worth while; then trades are left out one by one as long as the others can do without; then
two are forbidden and any others allowed instead. Each question takes a fraction of a millisecond, since the
simplex goes on from where it stood. Nothing is proven here: that is for whole numbers to do.

Source: the weighing is the reweighted l1 minimisation of Candes, Wakin and Boyd (2008).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from heapq import heappop, heappush
from itertools import combinations, count
from math import exp
from random import Random

from steelyard.engines.planning.household.household import Side
from steelyard.engines.planning.household.models.choice_model import ChoiceModel
from steelyard.engines.planning.household.models.linear_model import INFINITY, Relaxed

NOTHING = 1e-7
"""Steps in units of what a side may move at most that are no trade."""

WEIGHINGS = 4
STARTS = 2
"""Searches begun from differently weighed trades."""

MORE_STARTS = range(STARTS, STARTS + 3)
"""Those begun where none of their trades could be made whole."""

QUESTIONS = 70
"""Linear programmes solved, at most."""

BRANCHES = 30
"""The same for a bound."""

TIGHTENED = 6
"""Times tangents are put in where the first solution stands."""

CLOSE = 1e-4
"""Part by which a square may lie below the truth before a tangent is put in."""

HAIR = 1e-9

TURNS = 3
"""Times one question takes the other way out of something that excludes each other, the first one failing."""

Support = frozenset[Side]


class SparseSearch:
    """The search within one model, relaxed."""

    def __init__(self, model: ChoiceModel) -> None:
        self.model = model
        linear = model.linear
        self.sides = list(model.at.moved)
        self.columns = [model.at.moved[s] for s in self.sides]
        self.most = [max(linear.upper[c], NOTHING) for c in self.columns]
        self.lower, self.upper = list(linear.lower), list(linear.upper)
        self.pairs = model.apart()
        self.gone = {
            side: model.at.gone[side[0]] for side in self.sides if side[1] < 0 and side[0] in model.at.gone
        }
        self.relaxed = Relaxed(linear, model.problem.work)
        self.seen: dict[Support, None] = {}
        self.least_trades = 0
        self.turns = TURNS

    def hold(self, cases: Sequence[int]) -> None:
        """Let one alternative of every tax hold from now on."""
        for rows, case in zip(self.model.case_rows, cases, strict=True):
            for n, own in enumerate(rows):
                for row, lower, upper in own:
                    self.relaxed.row(row, *((lower, upper) if n == case else (-INFINITY, INFINITY)))

    def toward(self, support: Support, aim: Mapping[int, float]) -> list[float] | None:
        """Return where some terms are least when only some sides trade, None where nothing is found."""
        return self._asked(self.lower, self._only(support), [aim.get(c, 0.0) for c in range(len(self.lower))])

    def support(self, x: Sequence[float]) -> Support:
        """Return the sides that trade in a solution."""
        return self._support(x)

    def supports(
        self, *, starts: Sequence[int] = range(STARTS), questions: int = QUESTIONS, least: int = 0
    ) -> list[Support]:
        """Return sets of sides that can do what is asked, the smallest first.

        Args:
            starts: Which searches are begun, each with trades weighed otherwise, the first as they are.
            questions: Linear programmes solved, about.
            least: No set is smaller; where one is found that is not, the search ends.
        """
        self.least_trades = least
        self.seen = {}
        last = self.relaxed.asked + questions
        for start in starts:
            random = Random(17 + start)
            noise = [exp(random.gauss(0.0, 1.0)) if start else 1.0 for _ in self.columns]
            found = self._start(noise)
            if found is None and not start:
                return []
            if found is not None:
                self.seen[self._without(*found)] = None
            best = self._fewest()
            if (
                self.relaxed.asked > last
                or self.relaxed.work.over
                or (best is not None and len(best) <= least)
            ):
                break
        best = self._fewest()
        while best is not None and len(best) > least and self.relaxed.asked < last:
            better = self._exchange(best, last)
            if better is None:
                break
            best = better
        return sorted(self.seen, key=lambda s: (len(s), sorted(s)))

    def first(
        self, aim: Mapping[int, float], *, enough: float = INFINITY
    ) -> tuple[float, list[float] | None, bool]:
        """Return a lower bound of some terms after few questions, and the solution; None where there is none.

        Tangents are put in where the solution stands, which all later questions keep, as long as the bound is
        not enough. Returned is too whether what excludes each other does.
        """
        self.relaxed.costs([aim.get(c, 0.0) for c in range(len(self.lower))])
        self.relaxed.bounds(self.lower, self.upper)
        x, value = list[float](), -INFINITY
        for _ in range(TIGHTENED):
            solved = self.relaxed.solve()
            if solved is None and self.relaxed.cut_off and x:
                break
            if solved is None:
                return (-INFINITY if self.relaxed.cut_off else INFINITY), None, False
            x = solved
            value = self.relaxed.value()
            if value >= enough or not self._tighten(x):
                break
        return value, x, not self._ways(x, list(self.lower), list(self.upper))

    def _tighten(self, x: Sequence[float]) -> bool:
        """Put in the tangents that a solution lacks; return whether there were any."""
        at, lacking = self.model.at, False
        for away, square in zip(at.away, at.square, strict=True):
            if x[square] < x[away] ** 2 - CLOSE * max(1.0, x[away] ** 2):
                self.relaxed.add(-(x[away] ** 2), {square: 1.0, away: -2 * x[away]})
                lacking = True
        return lacking

    def least(
        self, aim: Mapping[int, float], *, questions: int = BRANCHES, enough: float = INFINITY
    ) -> tuple[float, list[float] | None]:
        """Return a lower bound of some terms, in fractions of a share; infinite where nothing is allowed.

        What excludes each other is branched on, the least bound first; only counts may be divided at the end.
        With it comes the best solution found, None without. The search ends where only enough is left.
        """
        best: list[float] | None = None
        self.relaxed.costs([aim.get(c, 0.0) for c in range(len(self.lower))])
        serial = count()
        waiting: list[tuple[float, int, list[float], list[float]]] = []
        bound = lost = INFINITY

        def ask(low: list[float], high: list[float], known: float) -> None:
            nonlocal bound, best, lost
            self.relaxed.bounds(low, high)
            x = self.relaxed.solve()
            if x is None:
                lost = min(lost, known) if self.relaxed.cut_off else lost
                return
            value = self.relaxed.value()
            ways = self._ways(x, low, high)
            if not ways:
                if value < bound:
                    bound, best = value, x
                return
            for lower, upper in ways:
                heappush(waiting, (value, next(serial), lower, upper))

        ask(self.lower, self.upper, -INFINITY)
        last = self.relaxed.asked + questions
        while (
            waiting
            and waiting[0][0] < min(bound - HAIR, enough)
            and self.relaxed.asked < last
            and not self.relaxed.work.over
        ):
            known, _, low, high = heappop(waiting)
            ask(low, high, known)
        return min(bound, lost, *(row[0] for row in waiting[:1])), best

    def _ways(
        self, x: Sequence[float], low: list[float], high: list[float]
    ) -> list[tuple[list[float], list[float]]]:
        """Return the two ways out of something that excludes each other and yet is, the nearer one first.

        There are none where nothing is.
        """
        for one, other in self.pairs:
            a = sum([x[c] for c in one])
            if a > NOTHING and (b := sum([x[c] for c in other])) > NOTHING:
                ways = []
                for side in (one, other) if a <= b else (other, one):
                    upper = list(high)
                    for c in side:
                        upper[c] = 0.0
                    ways.append((low, upper))
                return ways
        for c in self.model.either:
            if low[c] < high[c] and NOTHING < x[c] < 1 - NOTHING:
                no, yes = list(high), list(low)
                no[c], yes[c] = 0.0, 1.0
                return [(low, no), (yes, high)] if x[c] < 0.5 else [(yes, high), (low, no)]
        return []

    def _fewest(self) -> Support | None:
        return min(self.seen, key=len, default=None)

    def _ask(
        self, lower: Sequence[float], upper: Sequence[float], weights: Sequence[float]
    ) -> list[float] | None:
        """Return a solution in which what excludes each other does, None where none is found."""
        costs = [0.0] * len(self.lower)
        for column, weight in zip(self.columns, weights, strict=True):
            costs[column] = weight
        for column in self.gone.values():
            costs[column] = 1e-3 / len(self.gone)
        return self._asked(lower, upper, costs)

    def _asked(
        self, lower: Sequence[float], upper: Sequence[float], costs: Sequence[float]
    ) -> list[float] | None:
        self.relaxed.costs(costs)
        self.turns = TURNS
        return self._apart(list(lower), list(upper))

    def _apart(self, low: list[float], high: list[float]) -> list[float] | None:
        """Return a solution in which what excludes each other does: the smaller side is forbidden first."""
        self.relaxed.bounds(low, high)
        x = self.relaxed.solve()
        if x is None:
            return None
        ways = self._ways(x, low, high)
        if not ways:
            return x
        found = self._apart(*ways[0])
        if found is None and self.turns > 0:
            self.turns -= 1
            found = self._apart(*ways[1])
        return found

    def _start(self, noise: Sequence[float]) -> tuple[Support, list[float]] | None:
        weights = [n / m for n, m in zip(noise, self.most, strict=True)]
        x: list[float] | None = None
        small = sum(self.most) / len(self.most) / 200 if self.most else 1.0
        for _ in range(WEIGHINGS):
            x = self._ask(self.lower, self.upper, weights)
            if x is None:
                return None
            weights = [n / (x[c] + small) for n, c in zip(noise, self.columns, strict=True)]
        assert x is not None
        return self._support(x), x

    def _support(self, x: Sequence[float]) -> Support:
        return frozenset(
            side
            for side, column in zip(self.sides, self.columns, strict=True)
            if x[column] > NOTHING or x[self.gone.get(side, column)] > NOTHING
        )

    def _without(self, support: Support, x: Sequence[float]) -> Support:
        """Leave trades out, the smallest first, as long as the others can do without."""
        place = {side: self.model.at.moved[side] for side in support}
        weights = [1 / m for m in self.most]
        for side in sorted(support, key=lambda s: (x[place[s]] * self._price(s), s)):
            if side not in support:
                continue
            if len(support) <= self.least_trades or self.relaxed.work.over:
                break
            y = self._ask(self.lower, self._only(support - {side}), weights)
            if y is not None:
                support, x = self._support(y), y
        return support

    def _price(self, side: Side) -> float:
        return self.model.problem.positions[side[0]].price * self.model.size(side[0])

    def _only(self, support: Support) -> list[float]:
        upper = list(self.upper)
        for side, column in zip(self.sides, self.columns, strict=True):
            if side not in support:
                upper[column] = 0.0
                if side in self.gone:
                    upper[self.gone[side]] = 0.0
        return upper

    def _exchange(self, best: Support, last: int) -> Support | None:
        """Forbid two trades of the best set and allow any others; return a smaller set, None without."""
        weights = [0.0 if s in best else 1 / m for s, m in zip(self.sides, self.most, strict=True)]
        for pair in self._pairs(best):
            if self.relaxed.asked >= last or self.relaxed.work.over:
                return None
            upper = list(self.upper)
            for side in pair:
                upper[self.model.at.moved[side]] = 0.0
                if side in self.gone:
                    upper[self.gone[side]] = 0.0
            x = self._ask(self.lower, upper, weights)
            if x is None or len(self._support(x)) > len(best):
                continue
            found = self._without(self._support(x), x)
            self.seen[found] = None
            if len(found) < len(best):
                return found
        return None

    def _pairs(self, support: Support) -> Iterator[tuple[Side, Side]]:
        order = sorted(
            support, key=lambda s: (self.model.linear.upper[self.model.at.moved[s]] * self._price(s), s)
        )
        return combinations(order, 2)
