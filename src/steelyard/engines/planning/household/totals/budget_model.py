"""The mixed-integer model of a household, in units that keep its numbers near one.

Columns: steps held, bought and sold by position; money converted; the miss of every instrument. The convex
miss is its chords between neighbouring whole values, which is no approximation: at whole steps the chords
are the miss. A limit on the objective bounds how far an instrument can be from its target, so few are needed.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import ceil, floor, isqrt

from steelyard.engines.planning.household.household import Change, Household, affordable, by_goal, values
from steelyard.engines.planning.household.models.linear_model import LinearModel, Solved
from steelyard.engines.planning.household.totals.totals import Total

CHORDS = 160
"""Chords of one instrument put into the model at once; the others are added where a solution needs them."""


class BudgetModel:
    """Columns and rows of one household.

    Attributes:
        problem: What is modelled.
        goals: Positions by instrument.
        unit: Ticks that count as one.
        weight: Objective that counts as one.
        model: The columns and rows, after `build`.
        moved: Columns bought and sold by position.
        used: On/off columns of every position's trades, where there are any.
        miss: Column of every instrument's miss.
        idle: Column of what idle cash counts, None where it does not.
        cash_rows: Row of every account and currency that must not run out of money.
        reserve_row: Row of the common reserve, None without one.
    """

    def __init__(self, problem: Household, incumbent: Change, most: Fraction) -> None:
        """Choose units from a first plan and the largest objective that matters."""
        self.problem = problem
        self.goals = by_goal(problem)
        self.most = affordable(problem)
        self.unit = float(max((s.price for s in problem.positions if not s.continuous), default=0)) or max(
            float(sum(values(problem, incumbent))) / 100, 1.0
        )
        # Where nothing is missed a miss still needs a scale that a solver can read.
        divisor = float(max((g.divisor for g in problem.goals), default=1))
        self.weight = float(most) or self.unit**problem.power / divisor

    def size(self, position_index: int) -> float:
        """Return how many steps one unit of a position's column is."""
        position = self.problem.positions[position_index]
        return self.unit / position.price if position.continuous else 1.0

    def build(
        self, limit: Fraction, *, binaries: bool, slack: float = 0.0, misses: bool = True
    ) -> LinearModel:
        """Write the model anew.

        Args:
            limit: The largest objective a change may have.
            binaries: Every trade gets an on/off column; needed where its number or its least cost counts.
            slack: Units every balance must keep beyond what it must.
            misses: Model what the objective counts; False where totals are fixed anyway.
        """
        problem = self.problem
        self.model = model = LinearModel()
        self.count: list[int] = []
        self.gone: dict[int, int] = {}
        self.cash_rows: dict[tuple[int, int], int] = {}
        self.reserve_row: int | None = None
        self.used: list[list[int]] = []
        self.moved: list[tuple[int, int]] = []
        flows: dict[tuple[int, int], dict[int, float]] = {}
        for account, row in enumerate(problem.balances):
            for currency in range(len(row)):
                flows[account, currency] = {}
        for index, position in enumerate(problem.positions):
            size = self.size(index)
            price = position.price * size / self.unit
            least = 0 if position.can_sell else position.held
            most = self.most[index]
            n = model.column(least / size, max(most, position.held) / size, whole=not position.continuous)
            bought = model.column(0.0, max(most - position.held, 0) / size)
            sold = model.column(0.0, (position.held - least) / size)
            held = position.held / size
            model.row({n: 1.0, bought: -1.0, sold: 1.0}, held, held)
            self.count.append(n)
            self.moved.append((bought, sold))
            base = flows[position.account, 0]
            balance = flows[position.account, position.currency if problem.spread else 0]
            rate = float(problem.rate)
            _add(balance, bought, -price)
            _add(balance, sold, price)
            odd = position.odd / self.unit if position.odd and position.can_sell else 0.0
            gone = None
            if odd:
                gone = self.gone[index] = model.column(0.0, 1.0, whole=True)
                model.row({n: 1.0, gone: most / size}, upper=most / size)
                _add(balance, gone, odd)
            self.used.append([])
            if binaries:
                self._switches(index, n, bought, sold, price, odd, gone, base)
            elif rate:
                _add(base, bought, -price * rate)
                _add(base, sold, -price * rate)
                if gone is not None:
                    _add(base, gone, -odd * rate)
        self._balances(flows, slack)
        if misses:
            self._misses(limit)
        return model

    def _switches(
        self,
        index: int,
        n: int,
        bought: int,
        sold: int,
        price: float,
        odd: float,
        gone: int | None,
        base: dict[int, float],
    ) -> None:
        """Add the on/off choices of one position: at most one trade, its smallest amount, its commission."""
        model, problem = self.model, self.problem
        least = problem.min_trade / self.unit
        commission = model.column() if problem.floor or problem.rate else None
        if commission is not None:
            terms = {
                commission: 1.0,
                bought: -price * float(problem.rate),
                sold: -price * float(problem.rate),
            }
            if gone is not None:
                terms[gone] = -odd * float(problem.rate)
            model.row(terms, lower=0.0)
            _add(base, commission, -1.0)
        sides = {}
        for column in (bought, sold):
            if model.upper[column] <= 0 and not (column == sold and gone is not None):
                continue
            switch = model.column(0.0, 1.0, whole=True)
            sides[column] = switch
            self.used[index].append(switch)
            model.row({column: 1.0, switch: -model.upper[column]}, upper=0.0)
            amount = {column: price, switch: -least}
            if column == sold and gone is not None:
                amount[gone] = odd
                model.row({gone: 1.0, switch: -1.0}, upper=0.0)
            if least:
                model.row(amount, lower=0.0)
        if commission is not None and problem.floor and sides:
            model.row(
                {commission: 1.0} | dict.fromkeys(sides.values(), -problem.floor / self.unit), lower=0.0
            )
        if len(sides) == 2:
            model.row(dict.fromkeys(sides.values(), 1.0), upper=1.0)

    def _balances(self, flows: dict[tuple[int, int], dict[int, float]], slack: float) -> None:
        """Every account pays for itself; what is converted costs the spread; the reserve is common."""
        model, problem, unit = self.model, self.problem, self.unit
        spread = float(problem.spread)
        everything: dict[int, float] = {}
        for terms in flows.values():
            for column, factor in terms.items():
                _add(everything, column, factor)
        for account, row in enumerate(problem.balances):
            cash = [x / unit for x in row]
            base = flows[account, 0]
            if not problem.spread:
                self.cash_rows[account, 0] = model.row(base, lower=-sum(row) / unit + slack)
                continue
            for currency in range(1, len(row)):
                terms = flows[account, currency]
                if not terms and not row[currency]:
                    continue
                into, out = model.column(), model.column()
                _add(terms, into, 1.0)
                _add(terms, out, -1.0)
                self.cash_rows[account, currency] = model.row(terms, lower=-cash[currency] + slack)
                _add(base, into, -(1 + spread))
                _add(base, out, 1 - spread)
                _add(everything, into, -spread)
                _add(everything, out, -spread)
            self.cash_rows[account, 0] = model.row(base, lower=-cash[0] + slack)
        self._caps(flows)
        spare = total = sum(sum(row) for row in problem.balances) - problem.reserve
        self.idle: int | None = None
        if problem.idle:
            self.idle = model.column()
            # Money before costs: counted after them, wasting it would look like a way to save it.
            factor = float(problem.idle) * unit / self.weight
            terms = {self.idle: 1.0}
            for k, position in enumerate(problem.positions):
                terms[self.count[k]] = factor * position.price * self.size(k) / unit
                total += position.price * position.held
                if k in self.gone:
                    terms[self.gone[k]] = -factor * position.odd / unit
            model.row(terms, lower=factor * total / unit)
        if problem.reserve:
            self.reserve_row = model.row(everything, lower=-spare / unit + slack)

    def _caps(self, flows: dict[tuple[int, int], dict[int, float]]) -> None:
        """Either nothing that counts is bought, or what counts stays under its fraction of the account."""
        model, problem, unit = self.model, self.problem, self.unit
        for cap in problem.caps:
            fraction = float(cap.fraction)
            terms: dict[int, float] = {}
            for (account, _), flow in flows.items():
                for column, factor in flow.items() if account == cap.account else ():
                    _add(terms, column, -fraction * factor)
            constant = (1 - fraction) * cap.counted - fraction * (
                cap.other + sum(problem.balances[cap.account])
            )
            most = 0.0
            for k, position in enumerate(problem.positions):
                if position.account != cap.account:
                    continue
                weight = (1.0 if k in cap.positions else 0.0) - fraction
                _add(terms, self.count[k], weight * position.price * self.size(k) / unit)
                constant += weight * position.odd
                if k in self.gone:
                    _add(terms, self.gone[k], -weight * position.odd / unit)
                most += (position.price * self.most[k] + position.odd) / unit
            buying = model.column(float(cap.always), 1.0, whole=True)
            most += abs(constant) / unit + 1.0
            model.row(terms | {buying: most}, upper=most - constant / unit)
            for k in cap.positions:
                bought = self.moved[k][0]
                model.row({bought: 1.0, buying: -model.upper[bought]}, upper=0.0)

    def fix(self, totals: Mapping[int, Total]) -> None:
        """Add that instruments end with totals over all accounts, whichever accounts make them up."""
        model = self.model
        for goal, total in totals.items():
            model.row(
                {self.count[k]: 1.0 for k in self.goals[goal] if k not in total.gone},
                total.steps,
                total.steps,
            )
            for k in self.goals[goal]:
                if k in self.gone:
                    model.lower[self.gone[k]] = model.upper[self.gone[k]] = float(k in total.gone)

    def objective(self) -> tuple[int, ...]:
        """Return the columns whose sum is the objective, in the unit `weight`."""
        return (*self.miss, *(() if self.idle is None else (self.idle,)))

    def worth_of(self, goal: int) -> tuple[dict[int, float], float]:
        """Return an instrument's worth over all accounts in units: terms and constant."""
        terms: dict[int, float] = {}
        constant = 0
        for k in self.goals[goal]:
            position = self.problem.positions[k]
            terms[self.count[k]] = position.price * self.size(k) / self.unit
            constant += position.odd
            if k in self.gone:
                terms[self.gone[k]] = -position.odd / self.unit
        return terms, constant / self.unit

    def _misses(self, most: Fraction) -> None:
        """Add the miss of every instrument: range, and chords (tangents where values are not on a grid)."""
        problem, model = self.problem, self.model
        self.miss: list[int] = []
        self.cuts: list[set[int]] = []
        # By goal, and the same for each of its many chords; without positions it has none.
        self.grids = [self._grid(g) if positions else None for g, positions in enumerate(self.goals)]
        self.worths = [self.worth_of(g) if positions else ({}, 0.0) for g, positions in enumerate(self.goals)]
        for goal_index, goal in enumerate(problem.goals):
            column = model.column()
            self.miss.append(column)
            self.cuts.append(set())
            if not self.goals[goal_index]:
                model.row({column: 1.0}, lower=float(problem.miss(goal, Fraction(0))) / self.weight)
                continue
            reach = ceil(most * goal.divisor)
            reach = (isqrt(reach) if problem.power == 2 else reach) + 1
            terms, constant = self.worths[goal_index]
            low, high = float(goal.target - reach) / self.unit, float(goal.target + reach) / self.unit
            model.row(terms, low - constant, high - constant)
            self._first_cuts(goal_index, goal.target - reach, goal.target + reach)

    def _grid(self, goal: int) -> tuple[int, int] | None:
        """Return (price, odd) when the instrument's worth moves in whole steps, None when it does not."""
        positions = [self.problem.positions[k] for k in self.goals[goal]]
        if any(s.continuous for s in positions) or any(k in self.gone for k in self.goals[goal]):
            return None
        return positions[0].price, sum(s.odd for s in positions)

    def _first_cuts(self, goal: int, low: Fraction, high: Fraction) -> None:
        grid = self.grids[goal]
        if self.problem.power == 1:
            # Two straight sides and the chord across the kink are all there is.
            target = self.problem.goals[goal].target
            reach = grid[0] if grid else 1
            for worth in (target - reach, target, target + reach):
                self.cut(goal, worth)
            return
        price = grid[0] if grid else max(ceil((high - low) / 40), 1)
        odd = grid[1] if grid else 0
        first, last = floor((low - odd) / price), ceil((high - odd) / price)
        stride = max((last - first) // CHORDS, 1)
        for step in range(max(first, 0) if grid else first, last + 1, stride):
            self.cut(goal, Fraction(odd + step * price))

    def cut(self, goal: int, worth: Fraction) -> bool:
        """Bound the miss from below near a worth; return whether that was new."""
        wanted = self.problem.goals[goal]
        grid = self.grids[goal]
        key = floor((worth - grid[1]) / grid[0]) if grid else floor(worth)
        if key in self.cuts[goal]:
            return False
        self.cuts[goal].add(key)
        left: Fraction | int
        right: Fraction | int
        if grid:
            left = grid[1] + key * grid[0]
            right = left + grid[0]
        else:
            # A line that touches the miss is below it everywhere; beside a kink it lies on its side.
            left = worth
            right = worth if self.problem.power == 2 else worth + (1 if worth >= wanted.target else -1)
        if self.problem.power == 2:
            # The chord of (x - t)^2, which is its tangent where both ends are one.
            slope = (left + right - 2 * wanted.target) / wanted.divisor
            at_zero = (wanted.target * wanted.target - left * right) / wanted.divisor
        else:
            at_left = self.problem.miss(wanted, Fraction(left))
            slope = (self.problem.miss(wanted, Fraction(right)) - at_left) / (right - left)
            at_zero = at_left - slope * left
        terms, constant = self.worths[goal]
        gradient = float(slope) * self.unit / self.weight
        row = {column: -gradient * factor for column, factor in terms.items()}
        row[self.miss[goal]] = 1.0
        offset = float(at_zero) / self.weight + gradient * constant
        self.model.row(row, lower=offset)
        return True

    def around(self, goal: int) -> tuple[int, ...]:
        """Return where to cut next to a worth, so that both chords that meet there are in."""
        grid = self.grids[goal]
        return (-grid[0], 0) if grid else (0,)

    def change(self, solved: Solved) -> Change:
        """Read a change off the solver's columns; divisible shares are rounded towards keeping cash."""
        steps, sold = [], []
        for index, position in enumerate(self.problem.positions):
            out = index in self.gone and solved.columns[self.gone[index]] > 0.5
            value = solved.columns[self.count[index]] * self.size(index)
            if position.continuous:
                near = round(value)
                count = near if abs(near - position.held) < 2 else floor(value)
                count = (
                    position.held if abs(count - position.held) * position.price < 1e-9 * self.unit else count
                )
            else:
                count = round(value)
            steps.append(0 if out else min(max(count, 0), self.most[index]))
            sold.append(out)
        return Change(tuple(steps), tuple(sold))


def _add(terms: dict[int, float], column: int, factor: float) -> None:
    terms[column] = terms.get(column, 0.0) + factor
