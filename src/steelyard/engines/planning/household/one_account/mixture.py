"""A linear programme that mixes whole counts of every fund, and says what each count is worse by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice, product
from math import inf, prod
from typing import Any

from steelyard.engines.planning.household.models.linear_model import INFINITY, quiet
from steelyard.engines.planning.household.one_account.counts import Counts
from steelyard.engines.planning.household.one_account.whole_shares import HAIR
from steelyard.engines.planning.household.taxation import Alternative, Piece, meet_on_an_edge
from steelyard.engines.planning.household.work import PER_CELL, PER_ITERATION, Work

CASES = 27
"""Combinations of cases of the taxes that are looked at one by one."""


class Mixture:
    """Groups of columns, of each of which a mixture is taken, under rows that couple the groups."""

    def __init__(self, count: int, starts: Sequence[int], taxes: int, work: Work) -> None:
        """Begin a model.

        Args:
            count: Columns of all groups.
            starts: First column of every group.
            taxes: Columns more, one a tax, that cost what they are.
            work: What may still be spent; where it is over, questions remain without an answer (`cut_off`).
        """
        self.work, self.cut_off = work, False
        self.count, self.starts, self.taxes = count, list(starts), taxes
        self.rows: list[tuple[Any, float, int | None]] = []

    def row(self, terms: Any, *, upper: float = INFINITY, tax: int | None = None) -> int:
        """Add a row over all columns, a tax (-1 for all of them) with it; return its index."""
        self.rows.append((terms, upper, tax))
        return len(self.starts) + len(self.rows) - 1

    def write(self) -> None:
        """Hand the model to the solver."""
        import highspy
        import numpy as np

        groups, width = len(self.starts), self.count + self.taxes
        matrix = np.zeros((len(self.rows), width))
        for n, (terms, _, tax) in enumerate(self.rows):
            matrix[n, : self.count] = terms
            if tax is not None:
                matrix[
                    n, self.count if tax < 0 else self.count + tax : None if tax < 0 else self.count + tax + 1
                ] = 1.0
        one, two = np.nonzero(matrix)
        values = np.concatenate([np.ones(self.count), matrix[one, two]])
        # Of hundreds of groups each column is in one: written out they would be gigabytes of noughts.
        sizes = np.diff([*self.starts, self.count])
        lengths = np.concatenate([sizes, np.bincount(one, minlength=len(matrix))])
        made = highspy.HighsLp()
        made.num_col_, made.num_row_ = width, groups + len(matrix)
        made.col_cost_ = np.zeros(width)
        made.col_lower_ = np.concatenate([np.zeros(self.count), np.full(self.taxes, -INFINITY)])
        made.col_upper_ = np.full(width, INFINITY)
        made.row_lower_ = np.concatenate([np.ones(groups), np.full(len(self.rows), -INFINITY)])
        made.row_upper_ = np.concatenate([np.ones(groups), [upper for _, upper, _ in self.rows]])
        made.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        made.a_matrix_.start_ = np.concatenate([[0], np.cumsum(lengths)])
        made.a_matrix_.index_ = np.concatenate([np.arange(self.count), two]).astype(np.int32)
        made.a_matrix_.value_ = values
        self._solver = quiet(highspy)
        self._solver.passModel(made)
        self._optimal = highspy.HighsModelStatus.kOptimal
        self._limit = highspy.HighsModelStatus.kIterationLimit

    def hold(self, row: int, lower: float, upper: float) -> None:
        """Hold one row between other bounds from now on."""
        self._solver.changeRowBounds(row, lower, upper)

    def solve(self, cost: Any, tax: float) -> tuple[float, Any, Any] | None:
        """Return the least cost, what each column costs more by itself, and the mixture; None without any.

        Args:
            cost: Of every column.
            tax: Of every tax.
        """
        import numpy as np

        every = np.arange(self.count + self.taxes, dtype=np.int32)
        each = PER_ITERATION + PER_CELL * (len(every) + len(self.starts) + len(self.rows))
        if self.work.left < each:
            self.cut_off = True
            return None
        self._solver.changeColsCost(len(every), every, np.concatenate([cost, np.full(self.taxes, tax)]))
        self._solver.setOptionValue("simplex_iteration_limit", int(self.work.left / each) + 1)
        self._solver.run()
        self.work.take(self._solver.getInfo().simplex_iteration_count * each + PER_CELL * len(every) * 4)
        self.cut_off = self.cut_off or self._solver.getModelStatus() == self._limit
        if self._solver.getModelStatus() != self._optimal:
            return None
        solution = self._solver.getSolution()
        worse = np.maximum(np.array(solution.col_dual[: self.count]), 0.0)
        mixed = np.array(solution.col_value[: self.count])
        return float(self._solver.getInfo().objective_function_value), worse, mixed


Rows = list[tuple[int, float, float]]


@dataclass(frozen=True, slots=True)
class CaseBound:
    """A bound where some cases of the taxes hold, what each count is worse, the mixture, the rows held."""

    value: float
    worse: Any
    mixed: Any
    rows: list[Rows]


class MixtureModel:
    """The linear programme over the counts of every fund."""

    def __init__(self, one: Counts, np: Any) -> None:
        self.one = one
        taxation, at = one.taxation, one.at
        self.gains = self._gains(np)
        taxes = taxation.taxes if taxation is not None else ()
        count = len(at["position"])
        self.unit = max(float(np.abs(at["amount"]).max()) / 100, 1.0)
        unit = self.unit
        mixture = self.mixture = Mixture(count, one.starts, len(taxes), one.problem.work)
        mixture.row(at["spent"] / unit, upper=one.cash / unit)
        mixture.row(at["square"] / unit**2, upper=(one.frame.square - one.rest) / unit**2)
        self._trades = mixture.row(at["trades"], upper=self._most_trades(None))
        self._effort = mixture.row(at["cost"] / unit, tax=-1)
        self.rows: list[list[Rows]] = []
        for n, alternatives in enumerate(taxes):
            self.rows.append([])
            for alternative in alternatives:
                own = []
                for piece in alternative.pieces:
                    row = mixture.row(-self._slopes(np, piece) / unit, tax=n)
                    own.append((row, float(piece.constant) / unit, inf))
                for limit in alternative.limits:
                    row = mixture.row(self._slopes(np, limit) / unit)
                    own.append((row, -inf, -float(limit.constant) / unit))
                self.rows[-1].append(own)
        if taxation is not None and taxation.most_gain is not None:
            mixture.row(self.gains.sum(axis=0) / unit, upper=float(taxation.most_gain) / unit)
        if taxation is not None and taxation.most_tax is not None and taxes:
            mixture.row(np.zeros(count), upper=float(taxation.most_tax) / unit, tax=-1)
        mixture.write()

    def _slopes(self, np: Any, piece: Piece) -> Any:
        return sum(
            (float(s) * self.gains[b] for b, s in piece.slopes.items()),
            np.zeros(len(self.one.at["position"])),
        )

    def _most_trades(self, count: int | None) -> float:
        most = self.one.problem.most_trades if count is None else count
        return inf if most is None else float(most)

    def trades(self, count: int | None) -> None:
        """Allow so many trades from now on; None for what the problem allows."""
        self.mixture.hold(self._trades, -inf, self._most_trades(count))

    def within(self, most: float) -> None:
        """Allow so much tax and costs from now on, ticks."""
        self.mixture.hold(self._effort, -inf, most / self.unit)

    def hold(self, rows: list[Rows]) -> None:
        """Let some cases of the taxes hold from now on."""
        for every, held in zip(self.rows, rows, strict=True):
            for own in every:
                for row, lower, upper in own:
                    self.mixture.hold(row, *((lower, upper) if own is held else (-inf, inf)))

    def solve(self, cost: Any, scale: float, *, taxed: bool) -> tuple[float, Any, Any] | None:
        """Return the least of something, what every count is worse by itself, and the mixture of counts."""
        solved = self.mixture.solve(cost / scale, 1.0 if taxed else 0.0)
        return None if solved is None else (solved[0] * scale, solved[1] * scale, solved[2])

    def least_by_case(self) -> list[CaseBound]:
        """Return by case of the taxes, the least first, a bound of tax and costs.

        Where some were not asked about, `unknown` says so.
        """
        taxation = self.one.taxation
        taxes = taxation.taxes if taxation is not None else ()
        self.unknown = prod(map(len, taxes)) > CASES
        found: list[CaseBound] = []
        for cases in islice(product(*(range(len(t)) for t in taxes)), CASES):
            chosen = [t[n] for t, n in zip(taxes, cases, strict=True)]
            if (len(taxes) > 1 and meet_on_an_edge(chosen)) or not self._reachable(chosen):
                continue
            rows = [self.rows[n][case] for n, case in enumerate(cases)]
            self.hold(rows)
            solved = self.solve(self.one.at["cost"], self.unit, taxed=True)
            if solved is not None:
                found.append(CaseBound(*solved, rows))
        self.unknown = self.unknown or self.mixture.cut_off
        return sorted(found, key=lambda case: case.value)

    def _reachable(self, chosen: list[Alternative]) -> bool:
        import numpy as np

        starts = np.array(self.one.starts)
        for alternative in chosen:
            for limit in alternative.limits:
                least = np.minimum.reduceat(self._slopes(np, limit), starts).sum() + float(limit.constant)
                if least > HAIR:
                    return False
        return True

    def _gains(self, np: Any) -> Any:
        """Return the gain by bucket of every count."""
        one = self.one
        if one.taxation is None:
            return np.zeros((0, len(one.at["position"])))
        found = np.zeros((one.taxation.buckets, len(one.at["position"])))
        ends = [*one.starts[1:], len(one.at["position"])]
        for start, end in zip(one.starts, ends, strict=True):
            here = slice(start, end)
            left = np.where(one.at["out"][here], inf, np.maximum(-one.at["count"][here].astype(float), 0.0))
            for lot in one.taxation.lots[int(one.at["position"][start])]:
                part = np.minimum(left, float(lot.steps))
                found[lot.bucket, here] += part * float(lot.gain)
                left = left - part
        return found
