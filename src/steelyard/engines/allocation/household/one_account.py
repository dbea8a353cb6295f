"""One account that pays for all: every plan near the least tax and cost, listed.

Each fund takes one of its whole counts; a linear programme mixes them under the money, the distance and
the taxes that couple the funds (`mixture`). Its reduced costs say how much worse than the bound a count is by
itself. A plan that costs no more than something is worse by no more than the difference, in all funds
together: so each fund has a short list of counts, and all combinations are looked at. Whole shares, squares
and lots sold in their order are exact in these columns, where the model of steps sees fractions.

Source: Dantzig and Wolfe's decomposition (1960); fixing by reduced costs as in the one-budget search (0002).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil, inf
from typing import Any

from steelyard.engines.allocation.household.counts import Counts
from steelyard.engines.allocation.household.household import Change, Household
from steelyard.engines.allocation.household.mixture import CaseBound, MixtureModel
from steelyard.engines.allocation.household.ranks import Peace, judge, permitted
from steelyard.engines.allocation.household.taxation import Taxation
from steelyard.engines.allocation.household.whole_shares import (
    HAIR,
    Frame,
    Middle,
    Proposal,
    tax_of_many,
    whole_near,
)

GROWTH = 2.5
"""How much farther from the bound plans are looked for each time."""

TIMES = 30
"""How often it is looked farther, at most."""

LISTED = 40_000
"""Combinations listed at most, where the nearest is looked for."""

LISTED_FOR_PROOF = 100_000
"""The same where the least tax and costs are."""

OFFERED = 2
"""Plans of one list that are judged."""


@dataclass(frozen=True, slots=True)
class Listed:
    """What was listed.

    Attributes:
        proposals: The plans to judge, the best first.
        bound: No plan costs less in tax and costs, ticks.
        complete: The best of all plans near enough is among them.
    """

    proposals: tuple[Proposal, ...]
    bound: float
    complete: bool


def is_one(problem: Household, taxation: Taxation | None, peace: Peace) -> bool:
    """Say whether one account pays for all, each goal has one seat, and nothing couples or chooses more."""
    if taxation is not None and any(
        not ordered and len(lots) > 1 for ordered, lots in zip(taxation.ordered, taxation.lots, strict=True)
    ):
        return False  # which lots go is a choice of its own
    if taxation is not None and any(len(group) > 1 for group in taxation.wash):
        return False  # one fund's loss may be washed by another's purchase
    goals = [s.goal for s in problem.seats]
    return (
        len(problem.purses) == 1
        and not problem.caps
        and not problem.spread
        and not problem.idle
        and not any(any(level) for level in peace.places)
        and not any(s.continuous or s.parts for s in problem.seats)
        and len(set(goals)) == len(goals)
    )


class OneAccount(Counts):
    """The search over the counts of every fund."""

    def listed(self, enough: float, tolerance: float) -> Listed:
        """Return the plans that may be the best: least tax and costs, then fewest trades, then nearest.

        Where too many plans are near the bound, some near its mixture are looked at in their place.

        Args:
            enough: Tax and costs of a plan that is known.
            tolerance: What makes no difference, ticks, > 0.
        """
        import numpy as np

        model = MixtureModel(self, np)
        cases = model.least_by_case()
        bound = min((case.value for case in cases), default=inf)
        least, complete, proposals = enough, True, list[Proposal]()
        proven = enough
        gap = tolerance / 64
        for case in cases:
            if case.value > least:
                break
            found = self._first(np, model, case.worse, case.value, least, gap, "effort")
            if found is None:
                proven = min(proven, case.value)
                around = self._around(case.mixed, inf, None)
                proposals += around
                least = min([least, *(float(self._effort(x)) for x in around)])
            elif len(found.picked):
                least = min(least, float(found.effort.min()))
                proposals += [self._proposal(row) for row in found.best("effort", OFFERED)]
        bound = min(least, max(bound, proven)) if proven < least else least
        near = [case for case in cases if case.value <= least + tolerance]
        fewest, complete = self._fewest(np, model, near, least + tolerance)
        return Listed((*fewest, *reversed(proposals)), bound, complete and bound >= least)

    def _effort(self, proposal: Proposal) -> Fraction:
        plan = judge(self.problem, self.taxation, proposal.change, proposal.wanted)
        return plan.effort if permitted(self.problem, self.taxation, plan) else Fraction(10**30)

    def _fewest(
        self, np: Any, model: MixtureModel, cases: list[CaseBound], most: float
    ) -> tuple[list[Proposal], bool]:
        """Return the nearest plans in the fewest trades within some tax and costs, and if none is better."""
        best: list[Proposal] = []
        top, nearest, complete = len(self.starts), inf, True
        model.within(most)
        for case in cases:
            model.hold(case.rows)
            trades = model.solve(self.at["trades"], 1.0, taxed=False)
            if trades is None:
                continue
            for count in range(ceil(trades[0] - 1e-6), top + 1):
                model.trades(count)
                solved = model.solve(self.at["miss"], self.size, taxed=False)
                if solved is None:
                    continue
                value, worse, mixed = solved
                enough = nearest if count == top else inf
                gap = max(abs(value), self.small) / 1000
                found = self._first(np, model, worse, value, enough, gap, "miss", most=most, count=count)
                if found is None:
                    complete = False
                    if around := self._around(mixed, most, count):
                        best, top, nearest = [*around, *best], count, inf
                        break
                elif len(found.picked):
                    rows = found.best("miss", OFFERED)
                    best = [*(self._proposal(row) for row in rows), *best]
                    top, nearest = count, float(found.miss.min())
                    break
            model.trades(None)
        return best, complete and bool(best)

    def _around(self, mixed: Any, most: float, count: int | None) -> list[Proposal]:
        """Return plans of whole shares near a mixture of counts."""
        steps: dict[int, float] = {}
        reach: dict[int, tuple[int, int]] = {}
        ends = [*self.starts[1:], len(mixed)]
        for start, end in zip(self.starts, ends, strict=True):
            counts = self.at["count"][start:end]
            at = float((mixed[start:end] * counts).sum())
            if abs(at) > 1e-6:
                k = int(self.at["seat"][start])
                steps[k] = at
                reach[k] = (min(int(counts.min()), 0), 0) if at < 0 else (0, max(int(counts.max()), 0))
        seats = self.problem.seats
        middle = Middle(
            steps, {k: r[0] for k, r in reach.items()}, {k: r[1] for k, r in reach.items()},
            frozenset(k for k in steps if seats[k].odd and seats[k].can_sell), {},
        )  # fmt: skip
        frame = Frame(self.frame.square, self.frame.ranges, most)
        problem = self.problem if count is None else replace(self.problem, most_trades=count)
        return whole_near(problem, self.taxation, self.peace, frame, middle)[:OFFERED]

    def _first(
        self, np: Any, model: MixtureModel, worse: Any, value: float, enough: float, gap: float,
        aim: str, *, most: float = inf, count: int | None = None,
    ) -> _Kept | None:  # fmt: skip
        """Return all plans as good as the best, looked for ever farther from the bound; None if too many."""
        listed = LISTED_FOR_PROOF if aim == "effort" else LISTED
        for _ in range(TIMES):
            last = gap >= enough - value
            picked = self._within(np, worse, min(gap, enough - value), listed)
            if picked is None:
                return None
            kept = self._kept(np, picked, model.gains, most, count)
            if len(kept.picked):
                least = float(kept.column(aim).min())
                if least - value > gap:
                    # A better one may be farther by itself and yet be listed only now.
                    picked = self._within(np, worse, least - value, listed)
                    if picked is None:
                        return None
                    kept = self._kept(np, picked, model.gains, most, count)
                return kept
            if last:
                return kept
            gap *= GROWTH
        return None

    def _proposal(self, row: Any) -> Proposal:
        """Return one plan of a list."""
        steps = [s.held for s in self.problem.seats]
        gone = [False] * len(steps)
        for n in row:
            k = int(self.at["seat"][n])
            steps[k] += int(self.at["count"][n])
            gone[k] = bool(self.at["out"][n])
        wanted = None
        if self.taxation is not None:
            wanted = [[0.0] * len(lots) for lots in self.taxation.lots]
            for k, lots in enumerate(self.taxation.lots):
                left = inf if gone[k] else float(max(self.problem.seats[k].held - steps[k], 0))
                for n in range(len(lots)):
                    wanted[k][n] = min(float(lots[n].steps), left)
                    left -= wanted[k][n]
        return Proposal(Change(tuple(steps), tuple(gone)), wanted)

    def _within(self, np: Any, value: Any, gap: float, most: int) -> Any:
        """Return all combinations worse than the bound by no more than a gap; None where too many."""
        total, picked = np.zeros(1), np.zeros((1, 0), dtype=np.int64)
        ends = [*self.starts[1:], len(value)]
        for start, end in zip(self.starts, ends, strict=True):
            here = np.flatnonzero(value[start:end] <= gap + HAIR) + start
            one, two = np.nonzero(total[:, None] + value[here] <= gap + HAIR)
            if len(one) > most:
                return None
            total = total[one] + value[here][two]
            picked = np.concatenate([picked[one], here[two][:, None]], axis=1)
        return picked

    def _kept(self, np: Any, picked: Any, gains: Any, most: float, count: int | None) -> _Kept:
        """Return the combinations that keep money, distance and limits."""
        at, taxation = self.at, self.taxation

        def total(name: str) -> Any:
            return at[name][picked].sum(axis=1)

        picked = picked[total("square") <= (self.frame.square - self.rest) * (1 + 1e-12)]
        picked = picked[at["spent"][picked].sum(axis=1) <= self.cash + HAIR]
        trades = total("trades")
        limit = self.problem.most_trades if count is None else count
        if limit is not None:
            picked = picked[trades <= limit]
        effort = total("cost")
        if taxation is not None:
            realised = gains[:, picked].sum(axis=2).T
            tax = tax_of_many(np, taxation, realised)
            effort = effort + tax
            good = effort <= most + HAIR
            if taxation.most_tax is not None:
                good &= tax <= float(taxation.most_tax) + HAIR
            if taxation.most_gain is not None:
                good &= realised.sum(axis=1) <= float(taxation.most_gain) + HAIR
        else:
            good = effort <= most + HAIR
        picked, effort = picked[good], effort[good]
        return _Kept(picked, effort, total("trades"), total("miss"), total("turnover"))


@dataclass(frozen=True, slots=True)
class _Kept:
    """Combinations with what ranks them."""

    picked: Any
    effort: Any
    trades: Any
    miss: Any
    turnover: Any

    def column(self, aim: str) -> Any:
        return self.effort if aim == "effort" else self.miss

    def best(self, aim: str, count: int) -> Any:
        """Return the first few: by tax and costs, or by trades and distance."""
        import numpy as np

        keys = (self.miss, self.effort) if aim == "effort" else (self.turnover, self.miss, self.trades)
        return self.picked[np.lexsort(keys)[:count]]
