"""Plans that look at tax: lots in the order an account sells them, a tax on the year's gains, limits on both.

A tax is a choice among alternatives (most countries have one; netting long and short gains in the United
States has two), each the greatest of some linear pieces in the gains of its buckets. So a country fits into a
handful of rows, and the plan with the least tax among those close enough to the best is a mixed-integer
problem like the plan itself. As everywhere, what the solver proposes is judged in exact fractions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import isqrt
from time import monotonic

from steelyard.engines.allocation.household.budget_model import BudgetModel
from steelyard.engines.allocation.household.household import (
    Change,
    Household,
    feasible,
    missed,
    unchanged,
    values,
)
from steelyard.engines.allocation.household.linear_model import LinearModel
from steelyard.engines.allocation.household.several_budgets import Best, solve_household
from steelyard.engines.allocation.household.sheltered_first import fewest_trades, shelter_first
from steelyard.engines.allocation.problem import Answer, Infeasible

ZERO = Fraction(0)
MEETS = Fraction(1, 10**9)

SECONDS = 5.0
"""Time for a plan that looks at tax; it is asked for expressly."""


@dataclass(frozen=True, slots=True)
class LotSteps:
    """Steps of one seat that were bought together.

    Attributes:
        steps: How many, > 0.
        gain: Ticks of gain (selling costs taken off) on each step sold, negative for a loss.
        bucket: Index of the bucket the gain falls into.
    """

    steps: Fraction
    gain: Fraction
    bucket: int


@dataclass(frozen=True, slots=True)
class Piece:
    """One linear piece: constant + sum of slope times the bucket's gain, in ticks."""

    slopes: Mapping[int, Fraction]
    constant: Fraction = ZERO

    def at(self, gains: Sequence[Fraction]) -> Fraction:
        """Return its value at the gains by bucket."""
        return sum((slope * gains[b] for b, slope in self.slopes.items()), self.constant)


@dataclass(frozen=True, slots=True)
class Alternative:
    """A tax formula and where it holds.

    Attributes:
        pieces: The tax is the greatest of them.
        limits: Each must be <= 0 for the formula to hold.
    """

    pieces: tuple[Piece, ...]
    limits: tuple[Piece, ...] = ()


@dataclass(frozen=True, slots=True)
class Taxation:
    """What sales cost in tax.

    Attributes:
        lots: By seat: its lots. Empty for a seat whose sales are not taxed.
        ordered: By seat: lots must be sold in their order (False: the owner may choose).
        buckets: How many buckets there are.
        taxes: The tax is the sum over these; each is the formula of the alternative that holds.
        most_tax: Ticks of tax a plan may cause, None for no limit.
        most_gain: Ticks of net gain over all buckets a plan may realise, None for no limit.
        wash: Groups of seats: where one of them sells a lot at a loss, none of them may buy.
    """

    lots: tuple[tuple[LotSteps, ...], ...]
    ordered: tuple[bool, ...]
    buckets: int
    taxes: tuple[tuple[Alternative, ...], ...]
    most_tax: Fraction | None = None
    most_gain: Fraction | None = None
    wash: tuple[tuple[int, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Taxed:
    """The plan, and what it costs in tax.

    Attributes:
        best: The plan with its objective. Unproven, its `bound` is that of a plan without any look at tax.
        sold: Steps sold by seat and lot.
        tax: Ticks, exact.
        tax_bound: A lower bound of the tax among plans as close to target, None when it was not minimised.
        proven: The search finished.
    """

    best: Best
    sold: tuple[tuple[Fraction, ...], ...]
    tax: Fraction
    tax_bound: Fraction | None
    proven: bool


def tax_of(taxation: Taxation, gains: Sequence[Fraction]) -> Fraction:
    """Return the tax on gains by bucket, exact."""
    total = ZERO
    for alternatives in taxation.taxes:
        holding = [a for a in alternatives if all(limit.at(gains) <= 0 for limit in a.limits)]
        total += min(max(piece.at(gains) for piece in a.pieces) for a in holding)
    return total


def gains_of(taxation: Taxation, sold: Sequence[Sequence[Fraction]]) -> list[Fraction]:
    """Return the gain by bucket of what is sold from every seat's lots."""
    gains = [ZERO] * taxation.buckets
    for lots, parts in zip(taxation.lots, sold, strict=True):
        for lot, part in zip(lots, parts, strict=True):
            gains[lot.bucket] += lot.gain * part
    return gains


def in_order(lots: Sequence[LotSteps], steps: Fraction) -> tuple[Fraction, ...]:
    """Return what a sale takes from each lot when the order is fixed."""
    parts = []
    for lot in lots:
        part = min(lot.steps, steps)
        parts.append(part)
        steps -= part
    return tuple(parts)


def solve_taxed(
    problem: Household,
    taxation: Taxation,
    merged: Callable[..., Answer],
    *,
    extra_drift: Fraction | None = None,
    seconds: float = SECONDS,
) -> Taxed:
    """Return the best plan within tax limits, or the least-taxed one close enough to the best.

    Args:
        problem, merged: As for `solve_household`.
        taxation: The tax and its limits.
        extra_drift: When given: ticks by which the root of the objective may exceed that of the best
            plan within the limits; among those plans the one with the least tax is returned, and of
            equal tax the closest one.
        seconds: Time limit of it all.

    Raises:
        Infeasible: No allowed plan exists within the limits.
    """
    end = monotonic() + seconds
    free = solve_household(problem, merged, seconds=seconds / 4)
    search = _Search(problem, taxation)
    chosen = [k for k, lots in enumerate(taxation.lots) if lots]
    # Where tax makes no difference it is still the sheltered seats that sell.
    best = search.judge(shelter_first(problem, free.change, chosen), None)
    proven, bound = free.proven, free.bound
    if not search.within_limits(best):
        found = None
        # A tight limit keeps the model's numbers small; only if nothing is inside it is everything asked for.
        for limit in (max(missed(problem, unchanged(problem)), free.value) * 4 + 1, _farthest(problem)):
            found = found or search.run(limit, "miss", monotonic() + (end - monotonic()) / 2)
        if found is None:
            raise Infeasible(ZERO)
        best, proven = found
    value = missed(problem, best.change)
    tax_bound = None
    if extra_drift is not None:
        limit = _widened(value, extra_drift)
        found = search.run(limit, "tax", end - (end - monotonic()) / 4)
        if found is not None:
            if found[0].tax < best.tax or (found[0].tax == best.tax and found[0].miss < best.miss):
                best = found[0]
            proven = proven and found[1]
            tax_bound = best.tax if found[1] else search.bound
        closer = search.run(limit, "miss", end, most_tax=best.tax)
        if closer is not None and closer[0].tax <= best.tax and closer[0].miss < best.miss:
            best = closer[0]
        proven = proven and closer is not None and closer[1]
    tidy = fewest_trades(problem, best.change, (), end=monotonic() + seconds / 8, kept=chosen)
    best = replace(best, change=tidy)
    # The bound is that of the question asked: within the limits, and at the least tax where that came first.
    result = Best(best.change, best.miss, best.miss if proven else min(bound, best.miss), proven)
    return Taxed(result, best.sold, best.tax, tax_bound, proven)


def _farthest(problem: Household) -> Fraction:
    """Return an objective that no change exceeds: each instrument at nothing or at all the money there is."""
    money = sum(map(sum, problem.purses)) + sum(s.price * s.held + s.odd for s in problem.seats)
    return sum(
        (max(problem.miss(g, ZERO), problem.miss(g, Fraction(max(money, 0)))) for g in problem.goals),
        problem.idle * max(money, 0),
    )


def _widened(value: Fraction, extra: Fraction) -> Fraction:
    """Return (root of value + extra) squared, rounded down a hair: an objective a plan may have."""
    scale = 10**12
    root = Fraction(isqrt(value.numerator * scale**2 // value.denominator), scale)
    return max((root + extra) ** 2, value)


@dataclass(frozen=True, slots=True)
class _Plan:
    change: Change
    sold: tuple[tuple[Fraction, ...], ...]
    tax: Fraction
    gain: Fraction
    miss: Fraction


class _Search:
    """The household's model with lots and taxes added."""

    def __init__(self, problem: Household, taxation: Taxation) -> None:
        self.problem, self.taxation = problem, taxation
        self.bound = ZERO

    def judge(self, change: Change, wanted: Sequence[Sequence[float]] | None) -> _Plan:
        """Return a change with the lots it sells and its exact tax.

        Args:
            change: An allowed change.
            wanted: What the model would sell of each lot, where the owner may choose.
        """
        sold = []
        for k, seat in enumerate(self.problem.seats):
            lots = self.taxation.lots[k]
            steps = Fraction(max(seat.held - change.steps[k], 0))
            if change.sold_out[k]:
                steps = sum((lot.steps for lot in lots), ZERO)
            if self.taxation.ordered[k] or wanted is None:
                sold.append(in_order(lots, steps))
            else:
                sold.append(_near(lots, steps, wanted[k]))
        gains = gains_of(self.taxation, sold)
        return _Plan(
            change, tuple(sold), tax_of(self.taxation, gains), sum(gains, ZERO), missed(self.problem, change)
        )

    def within_limits(self, plan: _Plan) -> bool:
        most_tax, most_gain = self.taxation.most_tax, self.taxation.most_gain
        if any(self._washes(plan, group) for group in self.taxation.wash):
            return False
        return (most_tax is None or plan.tax <= most_tax) and (most_gain is None or plan.gain <= most_gain)

    def _washes(self, plan: _Plan, group: Sequence[int]) -> bool:
        """Say whether a plan buys at one seat of a group and sells a losing lot at another."""
        bought = any(plan.change.steps[k] > self.problem.seats[k].held for k in group)
        return bought and any(
            lot.gain < 0 and part > 0
            for k in group
            for lot, part in zip(self.taxation.lots[k], plan.sold[k], strict=True)
        )

    def run(
        self, limit: Fraction, aim: str, end: float, *, most_tax: Fraction | None = None
    ) -> tuple[_Plan, bool] | None:
        """Minimise the miss or the tax; return the best plan found and whether the search finished."""
        model = BudgetModel(self.problem, unchanged(self.problem), limit)
        best: _Plan | None = None
        slack = 0.0
        linear = self._write(model, limit, aim, slack, most_tax)
        for _ in range(12):
            left = end - monotonic()
            if left <= 0:
                break
            solved = linear.solve(seconds=left)
            if slack == 0.0 and aim == "tax" and solved.columns:
                self.bound = Fraction(solved.bound) * Fraction(model.unit)
            if not solved.columns:
                return (best, solved.status == "infeasible" and slack == 0.0) if best else None
            change = model.change(solved)
            plan = self.judge(
                change, [[solved.columns[c] * model.size(k) for c in row] for k, row in enumerate(self.parts)]
            )
            good = feasible(self.problem, change) and self.within_limits(plan) and plan.miss <= limit
            if good and (best is None or _order(plan, aim) < _order(best, aim)):
                best = plan
            fresh = [
                model.cut(goal, Fraction(worth) + shift)
                for goal, worth in enumerate(values(self.problem, change))
                if model.goals[goal]
                for shift in model.around(goal)
            ]
            modelled = sum(solved.columns[c] for c in model.objective()) * model.weight
            if any(fresh) and float(plan.miss) > modelled * (1 + 1e-9):
                continue
            if good and best is not None:
                return best, solved.status == "optimal" and slack == 0.0
            slack = 1e-6 if slack == 0.0 else slack * 4
            linear = self._write(model, limit, aim, slack, most_tax)
        return (best, False) if best else None

    def _write(
        self, model: BudgetModel, limit: Fraction, aim: str, slack: float, most_tax: Fraction | None
    ) -> LinearModel:
        linear = model.build(limit, binaries=True, slack=slack)
        if aim == "tax":
            linear.row(
                dict.fromkeys(model.objective(), 1.0), upper=float(limit) / model.weight * (1 + 1e-12) - slack
            )
        gains = self._lots(model, linear)
        for group in self.taxation.wash:
            self._keep_apart(model, linear, group)
        tax = [self._tax(model, linear, gains, alternatives) for alternatives in self.taxation.taxes]
        unit = model.unit
        for most in (self.taxation.most_tax, most_tax):
            if most is not None and tax:
                linear.row(dict.fromkeys(tax, 1.0), upper=float(most) / unit + (1e-9 - slack))
        if self.taxation.most_gain is not None and gains:
            linear.row(dict.fromkeys(gains, 1.0), upper=float(self.taxation.most_gain) / unit + 1e-9 - slack)
        for column in model.objective() if aim == "miss" else tax:
            linear.cost[column] = 1.0
        return linear

    def _lots(self, model: BudgetModel, linear: LinearModel) -> list[int]:
        """Add what is sold of each lot, and the gain of every bucket; return the gains' columns."""
        inf = float("inf")
        gains = [linear.column(-inf, inf) for _ in range(self.taxation.buckets)]
        rows: list[dict[int, float]] = [{g: -1.0} for g in gains]
        self.parts: list[list[int]] = []
        for k, lots in enumerate(self.taxation.lots):
            columns: list[int] = []
            size = model.size(k)
            whole = not self.problem.seats[k].continuous
            for place, lot in enumerate(lots):
                cap = float(lot.steps) / size
                chosen = not self.taxation.ordered[k] and whole and lot.steps.denominator == 1
                column = linear.column(0.0, cap, whole=chosen)
                rows[lot.bucket][column] = float(lot.gain) * size / model.unit
                if place and self.taxation.ordered[k]:
                    opened = linear.column(0.0, 1.0, whole=True)
                    linear.row({column: 1.0, opened: -cap}, upper=0.0)
                    linear.row({columns[-1]: 1.0, opened: -linear.upper[columns[-1]]}, lower=0.0)
                columns.append(column)
            if columns:
                terms = dict.fromkeys(columns, 1.0) | {model.moved[k][1]: -1.0}
                if k in model.gone:
                    # A complete sale takes the odd fraction of a step along.
                    odd = float(sum((x.steps for x in lots), ZERO) - self.problem.seats[k].held)
                    terms[model.gone[k]] = -max(odd, 0.0) / size
                linear.row(terms, 0.0, 0.0)
            self.parts.append(columns)
        for row in rows:
            linear.row(row, 0.0, 0.0)
        return gains

    def _keep_apart(self, model: BudgetModel, linear: LinearModel, group: Sequence[int]) -> None:
        """Either nothing of a group is bought, or no lot of it is sold at a loss."""
        losing = [
            column
            for k in group
            for lot, column in zip(self.taxation.lots[k], self.parts[k], strict=True)
            if lot.gain < 0
        ]
        bought = [model.moved[k][0] for k in group if linear.upper[model.moved[k][0]] > 0]
        if not losing or not bought:
            return
        selling = linear.column(0.0, 1.0, whole=True)
        for column in losing:
            linear.row({column: 1.0, selling: -linear.upper[column]}, upper=0.0)
        for column in bought:
            linear.row({column: 1.0, selling: linear.upper[column]}, upper=linear.upper[column])

    def _tax(
        self,
        model: BudgetModel,
        linear: LinearModel,
        gains: list[int],
        alternatives: Sequence[Alternative],
    ) -> int:
        """Add one tax; return its column. It may be negative: a loss can save tax already due."""
        inf = float("inf")
        tax = linear.column(-inf, inf)
        reach = sum(
            (
                abs(lot.gain) * lot.steps * (1 + abs(slope))
                for lots in self.taxation.lots
                for lot in lots
                for a in alternatives
                for p in (*a.pieces, *a.limits)
                for slope in (p.slopes.get(lot.bucket, ZERO),)
            ),
            ZERO,
        ) + sum((abs(p.constant) for a in alternatives for p in (*a.pieces, *a.limits)), ZERO)
        big = 2 * float(reach) / model.unit + 1.0
        chosen = [linear.column(0.0, 1.0, whole=True) for _ in alternatives] if len(alternatives) > 1 else []
        if chosen:
            linear.row(dict.fromkeys(chosen, 1.0), 1.0, 1.0)
        for place, alternative in enumerate(alternatives):
            for piece in alternative.pieces:
                terms = {tax: 1.0} | {gains[b]: -float(s) for b, s in piece.slopes.items()}
                constant = float(piece.constant) / model.unit
                if chosen:
                    terms[chosen[place]] = -big
                    constant -= big
                linear.row(terms, lower=constant)
            for limit in alternative.limits:
                terms = {gains[b]: float(s) for b, s in limit.slopes.items()}
                constant = -float(limit.constant) / model.unit
                if chosen:
                    terms[chosen[place]] = big
                    constant += big
                linear.row(terms, upper=constant)
        return tax


def _order(plan: _Plan, aim: str) -> tuple[Fraction, Fraction]:
    return (plan.tax, plan.miss) if aim == "tax" else (plan.miss, plan.tax)


def _near(lots: Sequence[LotSteps], steps: Fraction, wanted: Sequence[float]) -> tuple[Fraction, ...]:
    """Return parts of lots near what the model wants that add up to the steps exactly."""
    parts = [
        min(Fraction(round(w)), lot.steps) if w > 0.5 else ZERO for lot, w in zip(lots, wanted, strict=True)
    ]
    left = steps - sum(parts, ZERO)
    for place, lot in enumerate(lots):
        move = min(max(left, -parts[place]), lot.steps - parts[place])
        parts[place] += move
        left -= move
    return tuple(parts)
