"""Whole shares near a solution in fractions: all combinations of neighbouring counts, looked at together.

A solution of the linear programme says which positions trade and about how much. Here every position takes
one of a few whole counts around that, and all combinations are enumerated goal by goal; what is too far from
target, or outside its band, whatever the other goals do, is dropped on the way. The best combination becomes
the middle of the next round, as long as that is better. Binary floats propose; `ranks` decides what counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import floor, inf
from typing import Any

from steelyard.engines.planning.household.household import Change, Household, unchanged, values
from steelyard.engines.planning.household.ranks import Leeway
from steelyard.engines.planning.household.taxation import Piece, Taxation
from steelyard.engines.planning.household.work import NUMBERS, PER_NUMBER, PER_OPTION

WIDTH, WIDTH_TAXED = 20_000, 8_000
"""Combinations looked at in one round, at most: the tax of each takes as long as all the rest."""

WIDTHS = (1, 2, 3, 5, 7, 9)
"""Counts one position may take, ever more."""

ROUNDS = 4
"""Rounds at most, each around the best combination of the last."""

OFFERED = 2
"""Combinations a round hands on to be judged."""

FIGURES = 5
"""Figures at the head of every row."""

HAIR = 1e-6
"""Ticks that floats may be off."""

NO_TAXES = Taxation((), (), 0, ())

Wanted = list[list[float]]
"""By position, what is sold of every lot."""


@dataclass(frozen=True, slots=True)
class Middle:
    """Where to look.

    Attributes:
        steps: By position that trades: steps bought, or sold below zero, in fractions.
        least, most: By position: how far that may go either way, whole.
        gone: Positions whose odd fraction may leave with the rest.
        lots: By position: the order in which its lots are sold.
    """

    steps: Mapping[int, float]
    least: Mapping[int, int]
    most: Mapping[int, int]
    gone: frozenset[int]
    lots: Mapping[int, Sequence[int]]


@dataclass(frozen=True, slots=True)
class Frame:
    """What every combination has to keep.

    Attributes:
        square: Most sum of squared misses, ticks squared.
        ranges: Least and most ticks by goal.
        effort: Most tax and costs, ticks; infinite to look for the least.
    """

    square: float
    ranges: Sequence[tuple[float, float]]
    effort: float = inf


@dataclass(frozen=True, slots=True)
class Proposal:
    """A combination that floats take for permitted."""

    change: Change
    wanted: Wanted | None


def whole_near(
    problem: Household, taxation: Taxation | None, leeway: Leeway, frame: Frame, middle: Middle
) -> list[Proposal]:
    """Return the best combinations near a solution in fractions, of every round, the last round's first.

    Args:
        problem, taxation, leeway: What may be done and what ranks it.
        frame: What has to be kept. Without a limit of tax and costs their least comes first; within one, as
            `ranks` has it: trades, places, objective, turnover.
        middle: The solution.
    """
    around = _Around(problem, taxation, leeway, frame, middle)
    found: list[Proposal] = []
    best: tuple[float, ...] | None = None
    steps = dict(middle.steps)
    if not steps or not around.possible:
        return []
    for turn in range(ROUNDS):
        rank, rows = around.look(steps, turn)
        found = rows + found
        if rank is not None and (best is None or rank < best):
            best = rank
            steps = {k: float(rows[0].change.steps[k] - problem.positions[k].held) for k in steps}
        elif turn:
            break
    return found


class _Around:
    """The positions that trade, by groups of goals that share a position.

    A combination is a row: sum of squared misses, costs, trades, turnover, objective, then what it does to
    every balance, the gain of every bucket, what stands well by level, and of every cap what is bought of
    what counts, whether anything is, and what is bought in its account.
    """

    def __init__(
        self, problem: Household, taxation: Taxation | None, leeway: Leeway, frame: Frame, middle: Middle
    ) -> None:
        self.problem, self.taxation = problem, taxation
        self.taxes = ManyTaxes(taxation or NO_TAXES)
        self.frame, self.middle = frame, middle
        self.held = [float(v) for v in values(problem, unchanged(problem))]
        self.target = [float(g.target) for g in problem.goals]
        self.inverse = [1 / float(g.divisor) for g in problem.goals]
        self.rate, self.idle = float(problem.rate), float(problem.idle)
        self.counts = {k: [(g, float(x)) for g, x in problem.positions[k].counts] for k in middle.steps}
        self.groups = self._groups()
        traded = {g for goals, _ in self.groups for g in goals}
        rest = [g for g in range(len(problem.goals)) if g not in traded]
        self.rest = sum((self.held[g] - self.target[g]) ** 2 for g in rest)
        self.possible = all(
            frame.ranges[g][0] - HAIR <= self.held[g] <= frame.ranges[g][1] + HAIR for g in rest
        )
        self.accounts = sorted({problem.positions[k].account for k in middle.steps})
        balances = [
            (a, c) for a in self.accounts for c in range(len(problem.balances[a]) if problem.spread else 1)
        ]
        self.balance = {key: FIGURES + n for n, key in enumerate(balances)}
        self.gain = FIGURES + len(balances)
        self.level = self.gain + (taxation.buckets if taxation is not None else 0)
        self.levels = [[float(x) for x in level] for level in leeway.places]
        self.capped = [cap for cap in problem.caps if cap.account in self.accounts]
        self.cap = self.level + len(self.levels)
        self.width = self.cap + 3 * len(self.capped)

    def _groups(self) -> list[tuple[list[int], list[int]]]:
        """Return goals and positions that belong together, each in ascending order."""
        groups: list[tuple[set[int], list[int]]] = []
        for k in sorted(self.middle.steps):
            goals = {g for g, _ in self.problem.positions[k].counts}
            positions, apart = [k], []
            for other, those in groups:
                if goals & other:
                    goals, positions = goals | other, those + positions
                else:
                    apart.append((other, those))
            groups = [*apart, (goals, positions)]
        return [(sorted(goals), sorted(positions)) for goals, positions in groups]

    def look(self, steps: Mapping[int, float], turn: int) -> tuple[tuple[float, ...] | None, list[Proposal]]:
        """Return the rank of the best combination around some steps, and the best few."""
        import numpy as np

        widths = self._widths(steps, turn)
        tables, work = [], self.problem.work
        for goals, positions in self.groups:
            options = product(*(self._options(k, steps[k], widths.get(k, 0)) for k in positions))
            rows = [(row, combo) for combo in options for row in [self._row(goals, positions, combo)] if row]
            if not rows:
                return None, []
            tables.append((positions, [combo for _, combo in rows], np.array([row for row, _ in rows])))
            work.take(PER_OPTION * len(rows) * len(positions))
        least = [float(table[:, 0].min()) for _, _, table in tables]
        left = self.frame.square * (1 + 1e-12) - self.rest - sum(least)
        # Most goals of a large household have one way only: they come first, and are no matter afterwards.
        tables.sort(key=lambda row: len(row[1]) > 1)
        open_ = [row for row in tables if len(row[1]) > 1]
        total = sum((table for _, combos, table in tables if len(combos) == 1), np.zeros((1, self.width)))
        done = float(total[0, 0])
        if left < 0:
            return None, []
        picked = np.zeros((1, len(tables) - len(open_)), dtype=np.int64)
        for _, _, table in open_:
            here = float(table[:, 0].min())
            done += here
            square = total[:, :1] + table[:, 0]
            one, two = np.nonzero(square <= left + done)
            if not len(one):
                return None, []
            most = NUMBERS // (self.width + len(tables))
            if len(one) > most:
                nearest = np.sort(np.argsort(square[one, two], kind="stable")[:most])
                one, two = one[nearest], two[nearest]
            work.take(PER_NUMBER * len(one) * (self.width + len(tables)))
            total = total[one] + table[two]
            picked = np.concatenate([picked[one], two[:, None]], axis=1)
        good, effort = self._judged(np, total)
        if not good.any():
            return None, []
        return self._best(np, tables, total[good], picked[good], effort[good])

    def _widths(self, steps: Mapping[int, float], turn: int) -> dict[int, int]:
        """Return how many counts each position takes: as many as there may be in all, about as many each."""
        positions = sorted(steps)
        # Those that stand nearest to a whole count have the least to choose; later rounds give others a turn.
        order = sorted(positions, key=lambda k: (-abs(steps[k] - round(steps[k])), k))
        shift = turn * 5 % len(order)
        order = order[shift:] + order[:shift]
        most = WIDTH if self.taxation is None else WIDTH_TAXED
        widths: dict[int, int] = {}
        ways, combined = dict.fromkeys(positions, 1), 1
        for more in WIDTHS:
            for k in order:
                # An odd fraction that may leave is one way more.
                count = more + self._leaves(k, self._counts(k, steps[k], more))
                if combined // ways[k] * count > most:
                    return widths
                combined = combined // ways[k] * count
                widths[k], ways[k] = more, count
        return widths

    def _options(self, k: int, at: float, width: int) -> list[tuple[int, bool]]:
        """Return so many whole counts around a fraction, and whether the odd fraction leaves; 0: one way."""
        counts = self._counts(k, at, width or 1)
        out = width > 0 and self._leaves(k, counts)
        return [(n, False) for n in counts] + ([(-self.problem.positions[k].held, True)] if out else [])

    def _counts(self, k: int, at: float, width: int) -> list[int]:
        low, high = self.middle.least[k], self.middle.most[k]
        first = (round(at) if width != 2 else floor(at + HAIR)) - (width - 1) // 2
        return sorted({min(max(first + n, low), high) for n in range(width)})

    def _leaves(self, k: int, counts: list[int]) -> bool:
        return k in self.middle.gone and -self.problem.positions[k].held in counts

    def _row(
        self, goals: list[int], positions: list[int], combo: Sequence[tuple[int, bool]]
    ) -> list[float] | None:
        """Return what a combination does to a group, None where it may not stand."""
        problem = self.problem
        row = [0.0] * self.width
        worth = {g: self.held[g] for g in goals}
        placed: list[dict[tuple[int, float], float]] = [{} for _ in self.levels]
        for k, (n, out) in zip(positions, combo, strict=True):
            position = problem.positions[k]
            amount = float(n * position.price - (position.odd if out else 0))
            size = abs(amount)
            if 0 < size < problem.min_trade:
                return None
            cost = float(problem.commission(int(amount))) if problem.floor else self.rate * size
            row[1] += cost
            row[2] += 1.0 if size else 0.0
            row[3] += size
            row[4] -= self.idle * amount
            row[self.balance[position.account, position.currency if problem.spread else 0]] -= amount
            row[self.balance[position.account, 0]] -= cost
            for g, part in self.counts[k]:
                worth[g] += amount * part
            for bucket, gain in self._gains(k, -n, out):
                row[self.gain + bucket] += gain
            for scores, sums in zip(self.levels, placed, strict=True):
                stands = 0.0 if out else float(position.price * (position.held + n) + position.odd)
                for g, part in self.counts[k] if scores[k] else ():
                    sums[g, scores[k]] = sums.get((g, scores[k]), 0.0) + part * stands
            for place, cap in enumerate(self.capped):
                at = self.cap + 3 * place
                if position.account == cap.account:
                    row[at + 2] += amount
                if k in cap.positions:
                    row[at] += amount
                    row[at + 1] += float(amount > 0)
        for g in goals:
            low, high = self.frame.ranges[g]
            if not low - HAIR <= worth[g] <= high + HAIR:
                return None
            away = abs(worth[g] - self.target[g])
            row[0] += away * away
            row[4] += away**problem.power * self.inverse[g]
        for level, sums in enumerate(placed):
            row[self.level + level] = -sum(x * min(v, self.target[g]) for (g, x), v in sums.items())
        return row

    def _sold(self, k: int, sold: int, out: bool) -> list[float]:
        """Return what a sale of so many steps takes of every lot; all where the odd fraction leaves."""
        lots = self.taxation.lots[k] if self.taxation is not None else ()
        left = inf if out else float(max(sold, 0))
        parts = [0.0] * len(lots)
        for n in self.middle.lots.get(k, range(len(lots))):
            parts[n] = min(float(lots[n].steps), left)
            left -= parts[n]
        return parts

    def _gains(self, k: int, sold: int, out: bool) -> list[tuple[int, float]]:
        if self.taxation is None or not (sold > 0 or out):
            return []
        lots = self.taxation.lots[k]
        return [
            (lot.bucket, part * float(lot.gain))
            for lot, part in zip(lots, self._sold(k, sold, out), strict=True)
        ]

    def _judged(self, np: Any, total: Any) -> tuple[Any, Any]:
        """Return which combinations can be paid and keep caps and limits, and their tax and costs."""
        problem = self.problem
        good = np.ones(len(total), dtype=bool)
        effort = total[:, 1].copy()
        everything = float(sum(sum(p) for a, p in enumerate(problem.balances) if a not in self.accounts))
        for account in self.accounts:
            money, cost, base = self._settled(np, total, account)
            good &= (money >= -HAIR) & (base >= -HAIR)
            effort += cost
            everything = everything + money
            for place, cap in enumerate(self.capped):
                if cap.account == account:
                    good &= self._keeps(total, money, place)
        good &= everything >= problem.reserve - HAIR
        if problem.most_trades is not None:
            good &= total[:, 2] <= problem.most_trades
        if self.taxation is not None:
            gains = total[:, self.gain : self.level].T
            tax = self.taxes.of(gains)
            effort += tax
            if self.taxation.most_tax is not None:
                good &= tax <= float(self.taxation.most_tax) + HAIR
            if self.taxation.most_gain is not None:
                good &= gains.sum(axis=0) <= float(self.taxation.most_gain) + HAIR
        return good & (effort <= self.frame.effort + HAIR), effort

    def _settled(self, np: Any, total: Any, account: int) -> tuple[Any, Any, Any]:
        """Return an account's money in the end, what converting costs, and its base balance; see `settle`."""
        problem, spread = self.problem, float(self.problem.spread)
        cash = problem.balances[account]
        if not problem.spread:
            money = total[:, self.balance[account, 0]] + float(sum(cash))
            return money, 0.0, money
        rows = [total[:, self.balance[account, c]] + float(x) for c, x in enumerate(cash)]
        cost = 0.0
        for c in range(1, len(rows)):
            lack = np.maximum(-rows[c], 0.0)
            rows[c], rows[0], cost = rows[c] + lack, rows[0] - lack * (1 + spread), cost + lack * spread
        for c in range(1, len(rows)):
            part = np.minimum(rows[c], np.ceil(np.maximum(-rows[0], 0.0) / (1 - spread)))
            rows[c], rows[0], cost = rows[c] - part, rows[0] + part * (1 - spread), cost + part * spread
        return sum(rows), cost, rows[0]

    def _keeps(self, total: Any, money: Any, place: int) -> Any:
        """Say which combinations buy nothing that counts for a cap, or stay under it."""
        cap, at = self.capped[place], self.cap + 3 * place
        positions = self.problem.positions
        held = {
            k: float(s.price * s.held + s.odd) for k, s in enumerate(positions) if s.account == cap.account
        }
        counted = cap.counted + sum(held[k] for k in cap.positions) + total[:, at]
        worth = cap.counted + cap.other + sum(held.values()) + total[:, at + 2] + money
        keeps = counted <= float(cap.fraction) * worth + HAIR
        return keeps if cap.always else keeps | (total[:, at + 1] == 0)

    def _best(
        self, np: Any, tables: list[Any], total: Any, picked: Any, effort: Any
    ) -> tuple[tuple[float, ...], list[Proposal]]:
        """Return the rank of the best combination, and the best few as plans."""
        if self.frame.effort == inf:
            keys = [effort, total[:, 4]]
        else:
            places = [total[:, c] for c in range(self.level, self.cap)]
            keys = [total[:, 2], *places, total[:, 4], total[:, 3]]
        order = np.lexsort(tuple(reversed(keys)))[:OFFERED]
        found = []
        positions = self.problem.positions
        for at in order:
            steps, gone = [s.held for s in positions], [False] * len(positions)
            wanted: Wanted = [[0.0] * len(x) for x in self.taxation.lots] if self.taxation is not None else []
            for place, (own, combos, _) in enumerate(tables):
                for k, (n, out) in zip(own, combos[picked[at, place]], strict=True):
                    steps[k], gone[k] = positions[k].held + n, out
                    if self.taxation is not None and (n < 0 or out):
                        wanted[k] = self._sold(k, -n, out)
            found.append(Proposal(Change(tuple(steps), tuple(gone)), wanted if self.taxation else None))
        return tuple(float(key[order[0]]) for key in keys), found


class ManyTaxes:
    """The taxes as arrays: all pieces and limits of all cases are looked at for many plans at once."""

    def __init__(self, taxation: Taxation) -> None:
        import numpy as np

        rows: list[Piece] = []
        self.cases: list[list[tuple[slice, slice]]] = []
        for alternatives in taxation.taxes:
            self.cases.append([])
            for alternative in alternatives:
                start, end = len(rows), len(rows) + len(alternative.pieces)
                rows += [*alternative.pieces, *alternative.limits]
                self.cases[-1].append((slice(start, end), slice(end, len(rows))))
        self.slopes = np.zeros((len(rows), taxation.buckets))
        for n, piece in enumerate(rows):
            for bucket, slope in piece.slopes.items():
                self.slopes[n, bucket] = float(slope)
        self.constants = np.array([[float(piece.constant)] for piece in rows]).reshape(len(rows), 1)

    def of(self, gains: Any) -> Any:
        """Return the tax of many plans from their gains by bucket, a column each; see `tax_of`."""
        import numpy as np

        # The plans are the long side: what is the greatest of a few pieces is taken of whole rows at once.
        value = self.slopes @ gains + self.constants
        total = np.zeros(gains.shape[1])
        for cases in self.cases:
            least = np.full(gains.shape[1], inf)
            for pieces, limits in cases:
                tax = value[pieces].max(axis=0)
                if limits.start < limits.stop:
                    tax = np.where(value[limits].max(axis=0) <= HAIR, tax, inf)
                least = np.minimum(least, tax)
            total += least
        return total
