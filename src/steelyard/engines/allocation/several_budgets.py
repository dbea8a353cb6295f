"""The best plan where several budgets couple: a mixed-integer model, every claim re-checked exactly.

The convex miss of an instrument is replaced by its chords between neighbouring whole values, which is no
approximation: at whole steps the chords are the miss. A first feasible plan bounds how far any
instrument of a better one can be from its target, so few chords are needed. The merged problem, one
budget for all, gives an exact lower bound; when the plan meets it, no solver is asked at all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor, inf, isqrt
from time import monotonic

from steelyard.engines.allocation.first_plan import first_plan
from steelyard.engines.allocation.household import (
    Change,
    Household,
    affordable,
    by_goal,
    feasible,
    missed,
    most_raised,
    settle,
    traffic,
    unchanged,
    values,
)
from steelyard.engines.allocation.linear_model import LinearModel, Solved
from steelyard.engines.allocation.problem import Answer, Infeasible, Line, Problem

SECONDS = 0.9
"""Time for everything; the objective may use two thirds of it, the ranks after it the rest."""

CHORDS = 160
"""Chords of one instrument put into the model at once; the others are added where a solution needs them."""

MEETS = Fraction(1, 10**9)
"""Value and bound meet when they are this close, relative to the value."""


@dataclass(frozen=True, slots=True)
class Best:
    """The best change found, with its certificate.

    Attributes:
        change: Where every seat ends.
        value: The objective it reaches, exact.
        bound: A lower bound: exact where the merged problem gives it, else the solver's.
        proven: They meet, or the solver finished its search (within its tolerance of 1e-9).
    """

    change: Change
    value: Fraction
    bound: Fraction
    proven: bool


def solve_household(
    problem: Household, merged: Callable[[Problem], Answer], *, seconds: float = SECONDS
) -> Best:
    """Return the best allowed change of several accounts.

    Args:
        problem: Integers and fractions, see `Household`.
        merged: The exact one-budget search, for the bound.
        seconds: Time limit of it all.

    Returns:
        The change with the least objective; among changes that end with the same totals the one with
        the fewest trades, then the least turnover.

    Raises:
        Infeasible: Even the sales that raise the most leave an account, or the reserve, short.
    """
    end = monotonic() + seconds
    start = unchanged(problem)
    if settle(problem, start).short:
        start = most_raised(problem)
        settled = settle(problem, start)
        if settled.short:
            raise Infeasible(settled.short, settled.lacking)
    best = first_plan(problem, start)
    bound = _merged_bound(problem, merged)
    search = _Model(problem, best)
    finished = _meets(missed(problem, best), bound)
    if not finished:
        best, solver_bound, finished = search.improve(best, bound, end - seconds / 3)
        bound = max(bound, solver_bound)
    best = search.ranked(best, end)
    value = missed(problem, best)
    finished = finished or _meets(value, bound)
    return Best(best, value, value if finished else min(bound, value), finished)


def _meets(value: Fraction, bound: Fraction) -> bool:
    return value - bound <= MEETS * value


def _merged_bound(problem: Household, merged: Callable[[Problem], Answer]) -> Fraction:
    """Return what one common budget could reach: a lower bound, 0 where merging would forbid too much."""
    lines = []
    for goal, seats in zip(problem.goals, by_goal(problem), strict=True):
        rows = [problem.seats[k] for k in seats]
        if not rows:
            continue
        if any(s.odd and s.can_sell for s in rows) or any(s.continuous for s in rows):
            return Fraction(0)
        lines.append(
            Line(
                symbol=goal.symbol,
                price=rows[0].price,
                held=sum(s.held for s in rows),
                odd=sum(s.odd for s in rows),
                target=goal.target,
                divisor=goal.divisor,
                can_buy=any(s.can_buy for s in rows),
                can_sell=any(s.can_sell for s in rows),
                rate=problem.rate,
                floor=problem.floor,
                least_steps=sum(0 if s.can_sell else s.held for s in rows),
            )
        )
    empty = sum(
        (g.target**2 / g.divisor for g, k in zip(problem.goals, by_goal(problem), strict=True) if not k),
        Fraction(0),
    )
    budget = sum(sum(row) for row in problem.purses) - problem.reserve
    try:
        return merged(Problem(tuple(lines), budget)).bound + empty
    except Infeasible:
        return Fraction(0)


class _Model:
    """The mixed-integer model of one household, in units that keep its numbers near one."""

    def __init__(self, problem: Household, incumbent: Change) -> None:
        self.problem = problem
        self.goals = by_goal(problem)
        self.unit = float(max((s.price for s in problem.seats if not s.continuous), default=0)) or max(
            float(sum(values(problem, incumbent))) / 100, 1.0
        )
        self.weight = max(float(missed(problem, incumbent)), 1e-30)
        self.binaries = bool(problem.floor or problem.min_trade)

    # Size of one unit of a seat's column, in steps.
    def _size(self, seat_index: int) -> float:
        seat = self.problem.seats[seat_index]
        return self.unit / seat.price if seat.continuous else 1.0

    def _build(self, incumbent: Change, binaries: bool, slack: float) -> None:
        problem = self.problem
        self.model = model = LinearModel()
        self.count: list[int] = []
        self.gone: dict[int, int] = {}
        self.used: list[list[int]] = []
        self.moved: list[tuple[int, int]] = []
        flows: dict[tuple[int, int], dict[int, float]] = {}
        for account, row in enumerate(problem.purses):
            for currency in range(len(row)):
                flows[account, currency] = {}
        for index, seat in enumerate(problem.seats):
            size = self._size(index)
            price = seat.price * size / self.unit
            least = 0 if seat.can_sell else seat.held
            most = affordable(problem, seat)
            n = model.column(least / size, max(most, seat.held) / size, whole=not seat.continuous)
            bought = model.column(0.0, max(most - seat.held, 0) / size)
            sold = model.column(0.0, (seat.held - least) / size)
            held = seat.held / size
            model.row({n: 1.0, bought: -1.0, sold: 1.0}, held, held)
            self.count.append(n)
            self.moved.append((bought, sold))
            base = flows[seat.account, 0]
            purse = flows[seat.account, seat.currency if problem.spread else 0]
            rate = float(problem.rate)
            _add(purse, bought, -price)
            _add(purse, sold, price)
            odd = seat.odd / self.unit if seat.odd and seat.can_sell else 0.0
            gone = None
            if odd:
                gone = self.gone[index] = model.column(0.0, 1.0, whole=True)
                model.row({n: 1.0, gone: most / size}, upper=most / size)
                _add(purse, gone, odd)
            self.used.append([])
            if binaries:
                self._switches(index, n, bought, sold, price, odd, gone, base)
            elif rate:
                _add(base, bought, -price * rate)
                _add(base, sold, -price * rate)
                if gone is not None:
                    _add(base, gone, -odd * rate)
        self._purses(flows, slack)
        self._misses(incumbent)

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
        """Add the on/off choices of one seat: at most one trade, its smallest amount, its commission."""
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

    def _purses(self, flows: dict[tuple[int, int], dict[int, float]], slack: float) -> None:
        """Every account pays for itself; what is converted costs the spread; the reserve is common."""
        model, problem, unit = self.model, self.problem, self.unit
        spread = float(problem.spread)
        self._caps(flows)
        everything: dict[int, float] = {}
        for terms in flows.values():
            for column, factor in terms.items():
                _add(everything, column, factor)
        for account, row in enumerate(problem.purses):
            cash = [x / unit for x in row]
            base = flows[account, 0]
            if not problem.spread:
                model.row(base, lower=-sum(row) / unit + slack)
                continue
            for currency in range(1, len(row)):
                terms = flows[account, currency]
                if not terms and not row[currency]:
                    continue
                into, out = model.column(), model.column()
                _add(terms, into, 1.0)
                _add(terms, out, -1.0)
                model.row(terms, lower=-cash[currency] + slack)
                _add(base, into, -(1 + spread))
                _add(base, out, 1 - spread)
                _add(everything, into, -spread)
                _add(everything, out, -spread)
            model.row(base, lower=-cash[0] + slack)
        if problem.reserve:
            total = sum(sum(row) for row in problem.purses) - problem.reserve
            model.row(everything, lower=-total / unit + slack)

    def _caps(self, flows: dict[tuple[int, int], dict[int, float]]) -> None:
        """Either nothing that counts is bought, or what counts stays under its fraction of the account."""
        model, problem, unit = self.model, self.problem, self.unit
        for cap in problem.caps:
            fraction = float(cap.fraction)
            # The spread is left out of the account's money here: a little too generous, judged exactly later.
            terms: dict[int, float] = {}
            for (account, _), flow in flows.items():
                for column, factor in flow.items() if account == cap.account else ():
                    _add(terms, column, -fraction * factor)
            constant = (1 - fraction) * cap.counted - fraction * (
                cap.other + sum(problem.purses[cap.account])
            )
            most = 0.0
            for k, seat in enumerate(problem.seats):
                if seat.account != cap.account:
                    continue
                weight = (1.0 if k in cap.seats else 0.0) - fraction
                _add(terms, self.count[k], weight * seat.price * self._size(k) / unit)
                constant += weight * seat.odd
                if k in self.gone:
                    _add(terms, self.gone[k], -weight * seat.odd / unit)
                most += (seat.price * affordable(problem, seat) + seat.odd) / unit
            buying = model.column(0.0, 1.0, whole=True)
            most += abs(constant) / unit + 1.0
            model.row(terms | {buying: most}, upper=most - constant / unit)
            for k in cap.seats:
                bought = self.moved[k][0]
                model.row({bought: 1.0, buying: -model.upper[bought]}, upper=0.0)

    def _value(self, goal: int) -> tuple[dict[int, float], float]:
        """Return an instrument's worth over all accounts in units: terms and constant."""
        terms: dict[int, float] = {}
        constant = 0
        for k in self.goals[goal]:
            seat = self.problem.seats[k]
            terms[self.count[k]] = seat.price * self._size(k) / self.unit
            constant += seat.odd
            if k in self.gone:
                terms[self.gone[k]] = -seat.odd / self.unit
        return terms, constant / self.unit

    def _misses(self, incumbent: Change) -> None:
        """Add the miss of every instrument: range, and chords (tangents where values are not on a grid)."""
        problem, model = self.problem, self.model
        most = missed(problem, incumbent)
        # Rounded up, so that a plan exactly as good as the incumbent stays inside.
        self.miss: list[int] = []
        self.objective: dict[int, float] = {}
        self.cuts: list[set[int]] = []
        for goal_index, goal in enumerate(problem.goals):
            column = model.column()
            self.miss.append(column)
            self.objective[column] = 1.0
            self.cuts.append(set())
            if not self.goals[goal_index]:
                model.row({column: 1.0}, lower=float(goal.target**2 / goal.divisor) / self.weight)
                continue
            reach = isqrt(ceil(most * goal.divisor)) + 1
            terms, constant = self._value(goal_index)
            low, high = float(goal.target - reach) / self.unit, float(goal.target + reach) / self.unit
            model.row(terms, low - constant, high - constant)
            self._first_cuts(goal_index, goal.target - reach, goal.target + reach)

    def _grid(self, goal: int) -> tuple[int, int] | None:
        """Return (price, odd) when the instrument's worth moves in whole steps, None when it does not."""
        seats = [self.problem.seats[k] for k in self.goals[goal]]
        if any(s.continuous for s in seats) or any(k in self.gone for k in self.goals[goal]):
            return None
        return seats[0].price, sum(s.odd for s in seats)

    def _first_cuts(self, goal: int, low: Fraction, high: Fraction) -> None:
        grid = self._grid(goal)
        price = grid[0] if grid else max(ceil((high - low) / 40), 1)
        odd = grid[1] if grid else 0
        first, last = floor((low - odd) / price), ceil((high - odd) / price)
        stride = max((last - first) // CHORDS, 1)
        for step in range(max(first, 0) if grid else first, last + 1, stride):
            self._cut(goal, Fraction(odd + step * price))

    def _cut(self, goal: int, worth: Fraction) -> bool:
        """Bound the miss from below near a worth; return whether that was new."""
        wanted = self.problem.goals[goal]
        grid = self._grid(goal)
        key = floor((worth - grid[1]) / grid[0]) if grid else floor(worth)
        if key in self.cuts[goal]:
            return False
        self.cuts[goal].add(key)
        if grid:
            left = Fraction(grid[1] + key * grid[0])
            right = left + grid[0]
        else:
            left = right = worth
        # The line through both ends of the miss: slope (left + right - 2 target) / divisor.
        slope = (left + right - 2 * wanted.target) / wanted.divisor
        at_left = (left - wanted.target) ** 2 / wanted.divisor
        terms, constant = self._value(goal)
        gradient = float(slope) * self.unit / self.weight
        row = {column: -gradient * factor for column, factor in terms.items()}
        row[self.miss[goal]] = 1.0
        offset = float(at_left - slope * left) / self.weight + gradient * constant
        self.model.row(row, lower=offset)
        return True

    def improve(self, best: Change, known: Fraction, end: float) -> tuple[Change, Fraction, bool]:
        """Search for a better change.

        Args:
            best: The incumbent.
            known: A lower bound that needs no proof: a change that reaches it ends the search.
            end: When to stop, on the monotonic clock.

        Returns:
            The best change, a lower bound, and whether the search finished.
        """
        slack, bound, finished = 0.0, Fraction(0), False
        target = float(known) / self.weight * (1 + 1e-12)
        self._build(best, self.binaries, slack)
        for column in self.objective:
            self.model.cost[column] = 1.0
        for _ in range(8):
            left = end - monotonic()
            if left <= 0:
                break
            solved = self.model.solve(seconds=left, target=target)
            if solved.status == "infeasible":
                # No change is as good as the incumbent but the incumbent itself.
                return best, missed(self.problem, best), True
            if slack == 0.0 and solved.bound > -inf:
                bound = max(bound, Fraction(solved.bound) * Fraction(self.weight))
            if not solved.columns:
                break
            found = self._change(solved)
            exact = missed(self.problem, found)
            good = feasible(self.problem, found)
            if good and exact < missed(self.problem, best):
                best = found
            worth = values(self.problem, found)
            fresh = [
                self._cut(goal, Fraction(value) + shift)
                for goal, value in enumerate(worth)
                if self.goals[goal]
                for shift in self._around(goal)
            ]
            if any(fresh) and exact > Fraction(solved.bound) * Fraction(self.weight) * (1 + MEETS):
                continue
            if _meets(missed(self.problem, best), known):
                break
            if not good:
                # The solver overspent within its tolerance: ask again with that much less money.
                slack = 1e-6 if slack == 0.0 else slack * 4
                self._build(best, self.binaries, slack)
                for column in self.objective:
                    self.model.cost[column] = 1.0
                continue
            finished = solved.status == "optimal" and slack == 0.0
            break
        return best, min(bound, missed(self.problem, best)), finished

    def _around(self, goal: int) -> tuple[int, ...]:
        grid = self._grid(goal)
        return (-grid[0], 0) if grid else (0,)

    def ranked(self, best: Change, end: float) -> Change:
        """Return the change with the same totals, fewest trades, then least turnover, found by `end`."""
        if not traffic(self.problem, best)[0]:
            return best
        worth = values(self.problem, best)
        self._build(best, True, 0.0)
        for goal, value in enumerate(worth):
            if self.goals[goal]:
                terms, constant = self._value(goal)
                self.model.row(terms, value / self.unit - constant, value / self.unit - constant)
        switches = {s: 1.0 for used in self.used for s in used}
        for stage in ("trades", "turnover"):
            self.model.cost = [0.0] * len(self.model.cost)
            for column in switches if stage == "trades" else ():
                self.model.cost[column] = 1.0
            for index, (bought, sold) in enumerate(self.moved if stage == "turnover" else ()):
                price = self.problem.seats[index].price * self._size(index) / self.unit
                self.model.cost[bought] = self.model.cost[sold] = price
            left = end - monotonic()
            if left <= 0 or self._needless(stage, best):
                break
            solved = self.model.solve(seconds=left)
            if not solved.columns:
                break
            found = self._change(solved)
            if feasible(self.problem, found):
                same = missed(self.problem, found) <= missed(self.problem, best)
                if same and traffic(self.problem, found) < traffic(self.problem, best):
                    best = found
            self.model.row(switches, upper=float(traffic(self.problem, best)[0]))
        return best

    def _needless(self, stage: str, best: Change) -> bool:
        """Say whether a rank cannot be improved: one trade an instrument, none against another."""
        sides: dict[int, set[bool]] = {}
        trades = 0
        for k, seat in enumerate(self.problem.seats):
            amount = self.problem.amount(seat, best.steps[k], best.sold_out[k])
            if amount:
                trades += 1
                sides.setdefault(seat.goal, set()).add(amount > 0)
        if stage == "turnover":
            return all(len(x) == 1 for x in sides.values())
        return trades == len(sides)

    def _change(self, solved: Solved) -> Change:
        """Read a change off the solver's columns; divisible shares are rounded towards keeping cash."""
        steps, sold = [], []
        for index, seat in enumerate(self.problem.seats):
            out = index in self.gone and solved.columns[self.gone[index]] > 0.5
            value = solved.columns[self.count[index]] * self._size(index)
            if seat.continuous:
                near = round(value)
                count = near if abs(near - seat.held) < 2 else floor(value)
                count = seat.held if abs(count - seat.held) * seat.price < 1e-9 * self.unit else count
            else:
                count = round(value)
            steps.append(0 if out else min(max(count, 0), affordable(self.problem, seat)))
            sold.append(out)
        return Change(tuple(steps), tuple(sold))


def _add(terms: dict[int, float], column: int, factor: float) -> None:
    terms[column] = terms.get(column, 0.0) + factor
