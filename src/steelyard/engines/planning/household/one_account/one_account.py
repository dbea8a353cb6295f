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

from steelyard.engines.planning.household.household import Change, Household
from steelyard.engines.planning.household.one_account.counts import Counts
from steelyard.engines.planning.household.one_account.mixture import CaseBound, MixtureModel
from steelyard.engines.planning.household.one_account.whole_shares import (
    HAIR,
    NO_TAXES,
    Frame,
    ManyTaxes,
    Middle,
    Proposal,
    whole_near,
)
from steelyard.engines.planning.household.ranks import Leeway, judge, permitted
from steelyard.engines.planning.household.taxation import Taxation
from steelyard.engines.planning.household.work import NUMBERS, PER_NUMBER

GROWTH = 4.0
"""How much farther from the bound plans are looked for each time."""

TIMES = 30
"""How often it is looked farther, at most."""

LISTED = 40_000
"""Combinations listed at most, where the nearest is looked for."""

LISTED_FOR_PROOF = 100_000
"""The same where the least tax and costs are."""

LISTED_TO_BETTER = 8_000
"""The same where a plan is known that is near enough to the bound, and at most the last bit is to be had."""

LOOKED_AT = 2_000_000
"""Beginnings with one more fund that are looked at at once, at most."""

OFFERED = 2
"""Plans of one list that are judged."""

SUMMED = ("cost", "miss", "turnover")
"""What is summed over the funds of a plan, besides what limits it."""


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


def is_one(problem: Household, taxation: Taxation | None, leeway: Leeway) -> bool:
    """Say whether one account pays for all, each goal has one position, and nothing else couples them."""
    if taxation is not None and any(
        not ordered and len(lots) > 1 for ordered, lots in zip(taxation.ordered, taxation.lots, strict=True)
    ):
        return False  # which lots go is a choice of its own
    if taxation is not None and any(len(group) > 1 for group in taxation.wash):
        return False  # one fund's loss may be washed by another's purchase
    goals = [s.goal for s in problem.positions]
    return (
        len(problem.balances) == 1
        and not problem.caps
        and not problem.spread
        and not problem.idle
        and not any(any(level) for level in leeway.places)
        and not any(s.continuous or s.parts for s in problem.positions)
        and len(set(goals)) == len(goals)
    )


class OneAccount(Counts):
    """The search over the counts of every fund.

    Attributes:
        gains: By bucket: the gain of every count.
        taxes: Of many plans at once.
    """

    gains: Any
    taxes: ManyTaxes

    def listed(self, enough: float, tolerance: float) -> Listed:
        """Return the plans that may be the best: least tax and costs, then fewest trades, then nearest.

        Where too many plans are near the bound, some near its mixture are looked at in their place.

        Args:
            enough: Tax and costs of a plan that is known.
            tolerance: What makes no difference, ticks, > 0.
        """
        import numpy as np

        model = MixtureModel(self, np)
        self.gains, self.taxes = model.gains, ManyTaxes(self.taxation or NO_TAXES)
        cases = model.least_by_case()
        bound = min((case.value for case in cases), default=inf)
        least, proposals = enough, list[Proposal]()
        proven = enough
        looked: list[_Prices] = []
        for case in cases:
            if case.value > least:
                break
            prices = _Prices(case.value, case.worse)
            if any(prices.same(np, other) for other in looked):
                continue
            looked.append(prices)
            kept, all_of_them = self._first(np, [prices], least, tolerance / 8, settled=tolerance)
            if not all_of_them:
                proven = min(proven, case.value)
            if kept is not None and len(kept.picked):
                least = min(least, float(kept.effort.min()))
                proposals += [self._proposal(row) for row in kept.best("effort", OFFERED)]
            elif not all_of_them:
                around = self._around(case.mixed, inf, None)
                proposals += around
                least = min([least, *(float(self._effort(x)) for x in around)])
        bound = min(least, max(bound, proven)) if proven < least else least
        if model.unknown:
            bound = -inf
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
        looked: list[tuple[int, _Prices]] = []
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
                prices = _Prices(value, worse)
                if any(count == n and prices.same(np, other) for n, other in looked):
                    continue
                looked.append((count, prices))
                enough = nearest if count == top else inf
                gap = max(abs(value), self.small) / 100
                # What a plan costs beyond the least is bounded by the prices of tax and costs as well.
                both = [prices, _Prices(case.value, case.worse, most - case.value)]
                kept, all_of_them = self._first(np, both, enough, gap, most=most, count=count)
                complete = complete and all_of_them
                if kept is not None and len(kept.picked):
                    rows = kept.best("miss", OFFERED)
                    best = [*(self._proposal(row) for row in rows), *best]
                    top, nearest = count, float(kept.miss.min())
                    break
                if not all_of_them and (around := self._around(mixed, most, count)):
                    best, top, nearest = [*around, *best], count, inf
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
                k = int(self.at["position"][start])
                steps[k] = at
                reach[k] = (min(int(counts.min()), 0), 0) if at < 0 else (0, max(int(counts.max()), 0))
        positions = self.problem.positions
        middle = Middle(
            steps, {k: r[0] for k, r in reach.items()}, {k: r[1] for k, r in reach.items()},
            frozenset(k for k in steps if positions[k].odd and positions[k].can_sell), {},
        )  # fmt: skip
        frame = Frame(self.frame.square, self.frame.ranges, most)
        problem = self.problem if count is None else replace(self.problem, most_trades=count)
        return whole_near(problem, self.taxation, self.leeway, frame, middle)[:OFFERED]

    def _first(
        self, np: Any, prices: list[_Prices], enough: float, gap: float,
        *, settled: float | None = None, most: float = inf, count: int | None = None,
    ) -> tuple[_Kept | None, bool]:  # fmt: skip
        """Return all plans as good as the best, looked for ever farther from the bound, and if that is so.

        Args:
            prices: Of what is to be the least, then of what has to be kept besides.
            enough: What a plan is known to reach.
            gap: How far from the bound is looked first.
            settled: How far from the bound tax and costs make no difference; None to look for the least miss.
            most: Tax and costs allowed.
            count: Trades allowed.
        """
        value, best, failed = prices[0].value, None, inf
        far = prices[0].worse
        for other in prices[1:]:
            far = np.where(other.worse <= other.room + HAIR, far, 0.0)
        everything = float(np.maximum.reduceat(far, self.starts).sum())
        if settled is not None and enough - value <= HAIR:
            return None, True  # what is known reaches the bound
        for _ in range(TIMES):
            reach = min(gap, enough - value, everything)
            last = reach >= min(enough - value, everything)
            found = best is not None and (settled is None or enough - value <= settled)
            listed = LISTED_TO_BETTER if found else LISTED if settled is None else LISTED_FOR_PROOF
            within = self._within(np, prices, reach, listed, count)
            if within is None:
                if best is not None or failed < inf:
                    return best, False
                failed, gap = gap, gap / GROWTH**3
                continue
            kept = self._kept(np, within, most)
            if len(kept.picked):
                best = kept
                least = float((kept.miss if settled is None else kept.effort).min())
                last = last or least - value <= reach
                enough = min(enough, least)
            if last:
                return best or kept, True
            gap *= GROWTH
            if gap >= failed and best is None:
                return None, False
        return best, False

    def _proposal(self, row: Any) -> Proposal:
        """Return one plan of a list."""
        steps = [s.held for s in self.problem.positions]
        gone = [False] * len(steps)
        for n in row:
            k = int(self.at["position"][n])
            steps[k] += int(self.at["count"][n])
            gone[k] = bool(self.at["out"][n])
        wanted = None
        if self.taxation is not None:
            wanted = [[0.0] * len(lots) for lots in self.taxation.lots]
            for k, lots in enumerate(self.taxation.lots):
                left = inf if gone[k] else float(max(self.problem.positions[k].held - steps[k], 0))
                for n in range(len(lots)):
                    wanted[k][n] = min(float(lots[n].steps), left)
                    left -= wanted[k][n]
        return Proposal(Change(tuple(steps), tuple(gone)), wanted)

    def _within(self, np: Any, prices: list[_Prices], gap: float, most: int, count: int | None) -> Any:
        """Return all combinations worse than the bound by no more than a gap, None where too many.

        What the funds so far take of money, distance, trades and other prices may leave too little for the
        least that the rest takes: such a beginning is dropped on the way. With the combinations come the sums
        of `SUMMED` and of the gains, a row each.
        """
        at = self.at
        trades = self.problem.most_trades if count is None else count
        limits = [gap + HAIR, *(p.room + HAIR for p in prices[1:])]
        limits += [(self.frame.square - self.rest) * (1 + 1e-12), self.cash + HAIR]
        limits += [inf if trades is None else trades + HAIR]
        rows = [p.worse for p in prices] + [at["square"], at["spent"], at["trades"]]
        every = np.vstack([*rows, *(at[name] for name in SUMMED), *self.gains])
        good = prices[0].worse <= limits[0]
        for other, limit in zip(prices[1:], limits[1:], strict=False):
            good = good & (other.worse <= limit)
        ends = [*self.starts[1:], len(good)]
        lists = sorted(
            (np.flatnonzero(good[a:b]) + a for a, b in zip(self.starts, ends, strict=True)), key=len
        )
        nothing = np.zeros((len(every), 0)), np.zeros((0, len(lists)), dtype=np.int64)
        if not len(lists[0]):
            return nothing
        parts = [every[:, here] for here in lists]
        least = [part.min(axis=1) for part in parts]
        base = sum(least)
        work, height = self.problem.work, len(every) + len(lists)
        most = min(most, NUMBERS // height)
        # What each takes more than the least of its fund, against what there is more than all of these.
        left = np.array(limits) - base[: len(limits)]
        if left.min() < 0:
            return nothing
        total, picked = np.zeros((len(every), 1)), np.zeros((1, 0), dtype=np.int64)
        for here, part, own in zip(lists, parts, least, strict=True):
            if total.shape[1] * len(here) > LOOKED_AT or work.over:
                return None
            work.take(PER_NUMBER * total.shape[1] * len(here) * len(limits))
            more = part - own[:, None]
            fits = total[0][:, None] + more[0] <= left[0]
            for n in range(1, len(limits)):
                fits &= total[n][:, None] + more[n] <= left[n]
            one, two = np.nonzero(fits)
            if len(one) > most:
                return None
            work.take(PER_NUMBER * len(one) * height)
            total = total[:, one] + more[:, two]
            picked = np.concatenate([picked[one], here[two][:, None]], axis=1)
        return (total + base[:, None])[len(limits) - 3 :], picked

    def _kept(self, np: Any, listed: Any, most: float) -> _Kept:
        """Return the combinations that keep the limits of tax and gain, and some tax and costs."""
        sums, picked = listed
        _, _, trades, effort, miss, turnover = sums[:6]
        taxation = self.taxation
        if taxation is not None and len(picked):
            realised = sums[6:]
            tax = self.taxes.of(realised)
            effort = effort + tax
            good = effort <= most + HAIR
            if taxation.most_tax is not None:
                good &= tax <= float(taxation.most_tax) + HAIR
            if taxation.most_gain is not None:
                good &= realised.sum(axis=0) <= float(taxation.most_gain) + HAIR
        else:
            good = effort <= most + HAIR
        return _Kept(picked[good], effort[good], trades[good], miss[good], turnover[good])


@dataclass(frozen=True, slots=True)
class _Prices:
    """A bound, what every count is worse than it by itself, and how much worse all may be together."""

    value: float
    worse: Any
    room: float = inf

    def same(self, np: Any, other: _Prices) -> bool:
        """Say whether two cases of the taxes have one solution, and so the same list."""
        size = max(abs(self.value), abs(other.value), 1.0) * 1e-9
        return abs(self.value - other.value) <= size and bool(
            np.abs(self.worse - other.worse).max(initial=0.0) <= size
        )


@dataclass(frozen=True, slots=True)
class _Kept:
    """Combinations with what ranks them."""

    picked: Any
    effort: Any
    trades: Any
    miss: Any
    turnover: Any

    def best(self, aim: str, count: int) -> Any:
        """Return the first few: by tax and costs, or by trades and distance."""
        import numpy as np

        keys = (self.miss, self.effort) if aim == "effort" else (self.turnover, self.miss, self.trades)
        return self.picked[np.lexsort(keys)[:count]]
