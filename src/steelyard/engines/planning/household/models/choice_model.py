"""One linear model of all that a plan may do: trades, money, fees, lots, tax, nearness, accounts left alone.

Relaxed, it is a small linear programme that a warm simplex answers in a fraction of a millisecond, and so
can be asked hundreds of times; with whole numbers it is exact, but for squares, whose tangents and chords
are put in where a solution needs them. What either proposes is judged in fractions elsewhere (`ranks`).

Columns: steps bought and sold by position, an odd fraction that leaves, money converted, fees, lots sold,
gains by bucket, taxes, how far every goal is from target, and its square. Money is in units of a thousandth
of what is managed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from fractions import Fraction
from itertools import pairwise
from math import floor

from steelyard.engines.planning.household.household import (
    BUY,
    SELL,
    Change,
    Household,
    affordable,
    by_goal,
    unchanged,
    values,
)
from steelyard.engines.planning.household.models.choice_columns import Columns, Scope
from steelyard.engines.planning.household.models.linear_model import LinearModel, Terms
from steelyard.engines.planning.household.taxation import Taxation

TANGENTS = 8
"""Tangents of every square to begin with, on each side of the target."""


class ChoiceModel:
    """Columns and rows of one household within a scope.

    Attributes:
        linear: The model.
        at: Where its columns stand.
        unit: Ticks that count as one.
        either: Columns that are nothing or one whatever the scope: a cap kept by not buying or by staying
            under it, a group of funds sold at a loss or bought.
        flows: What trades do to every balance, by account and currency.
        cash_rows: Rows that keep money from running out.
        case_rows: By tax and alternative: its rows with their bounds, where every case is written.
    """

    def __init__(self, problem: Household, taxation: Taxation | None, scope: Scope, unit: float) -> None:
        """Write the model.

        Args:
            problem, taxation, scope: What may be done.
            unit: Ticks that count as one.
        """
        self.problem, self.taxation, self.scope, self.unit = problem, taxation, scope, unit
        self.linear = LinearModel()
        self.at = Columns()
        self.goals = by_goal(problem)
        self.most = affordable(problem)
        self.held = [float(v) for v in values(problem, unchanged(problem))]
        self.cuts: list[set[int]] = [set() for _ in problem.goals]
        self.case_rows: list[list[list[tuple[int, float, float]]]] = []
        self._sides()
        self._balances()
        self._nearness()
        self._restful()

    # What may move, and how far.

    def size(self, k: int) -> float:
        """Return how many steps one unit of a position's columns is."""
        position = self.problem.positions[k]
        return self.unit / position.price if position.continuous else 1.0

    def _sides(self) -> None:
        problem, scope = self.problem, self.scope
        allowed = scope.sides
        out = [self._sellable(g) for g in range(len(problem.goals))]
        into = [self._buyable(g) for g in range(len(problem.goals))]
        for k, position in enumerate(problem.positions):
            most = self.most[k] - position.held
            least = position.held if position.can_sell else 0
            for goal, part in position.counts:
                low, high = (float(x) for x in scope.ranges[goal])
                worth = float(part) * position.price
                # What other positions of the goal may do the other way makes room, where that is allowed.
                room = high - self.held[goal] + self._others(out[goal], position.account)
                most = min(most, max(floor(room / worth + 1e-9), 0))
                spare = self.held[goal] - low + self._others(into[goal], position.account)
                least = min(least, max(floor(spare / worth + 1e-9), 0))
            if most > 0 and (allowed is None or (k, BUY) in allowed):
                self._side(k, BUY, most)
            odd = position.odd and position.can_sell and (allowed is None or (k, SELL) in allowed)
            if (least > 0 or odd) and (allowed is None or (k, SELL) in allowed):
                self._side(k, SELL, least)
                if odd and least >= position.held:
                    self.at.gone[k] = self.linear.column(0.0, 1.0, whole=scope.whole)
                    # A complete sale takes the odd fraction along, and nothing else does.
                    size = self.size(k)
                    moved = self.at.moved[k, SELL]
                    self.linear.row({moved: 1.0, self.at.gone[k]: -position.held / size}, lower=0.0)

    def _sellable(self, goal: int) -> dict[int, float]:
        """Return by account what of a goal could be sold, in ticks that count."""
        found: dict[int, float] = {}
        for k in self.goals[goal]:
            position = self.problem.positions[k]
            if position.can_sell:
                part = float(dict(position.counts)[goal])
                found[position.account] = found.get(position.account, 0.0) + part * (
                    position.price * position.held + position.odd
                )
        return found

    def _buyable(self, goal: int) -> dict[int, float]:
        """Return by account what of a goal could be bought, in ticks that count."""
        found: dict[int, float] = {}
        for k in self.goals[goal]:
            position = self.problem.positions[k]
            if position.can_buy:
                part = float(dict(position.counts)[goal])
                more = (self.most[k] - position.held) * position.price
                found[position.account] = found.get(position.account, 0.0) + part * more
        return found

    def _others(self, by_account: Mapping[int, float], account: int) -> float:
        """Return how much may go the other way while one account trades: all, unless leeway forbids some."""
        if not self.scope.restful or any(position.parts for position in self.problem.positions):
            return sum(by_account.values())
        apart = {account, *self.scope.paying}
        return sum(amount for a, amount in by_account.items() if a in apart)

    def _side(self, k: int, side: int, most: int) -> None:
        position, size = self.problem.positions[k], self.size(k)
        whole = self.scope.whole and not position.continuous
        self.at.moved[k, side] = self.linear.column(0.0, most / size, whole=whole)
        self.at.most[k, side] = most

    # Money.

    def _balances(self) -> None:
        """Every account pays for itself; what is converted costs the spread; the reserve is common."""
        problem, linear, unit = self.problem, self.linear, self.unit
        flows: list[list[Terms]] = [[{} for _ in row] for row in problem.balances]
        self.flows, self.either, self.cash_rows = flows, list[int](), list[int]()
        for (k, side), column in self.at.moved.items():
            position = problem.positions[k]
            row = flows[position.account]
            balance = row[position.currency if problem.spread else 0]
            price = position.price * self.size(k) / unit
            amount = {column: price}
            if side == SELL and k in self.at.gone:
                amount[self.at.gone[k]] = position.odd / unit
            for c, x in amount.items():
                add(balance, c, -side * x)
            for c, x in self._fee(k, side, amount).items():
                add(row[0], c, -x)
                add(self.at.costs, c, x)
        spread = float(problem.spread)
        everything: Terms = {}
        for account, cash in enumerate(problem.balances):
            row = flows[account]
            for terms in row:
                for c, x in terms.items():
                    add(everything, c, x)
            if not problem.spread:
                self.cash_rows.append(linear.row(row[0], lower=-sum(cash) / unit))
                continue
            for currency in range(1, len(row)):
                if not row[currency] and not cash[currency]:
                    continue
                into, out = linear.column(), linear.column()
                add(row[currency], into, 1.0)
                add(row[currency], out, -1.0)
                self.cash_rows.append(linear.row(row[currency], lower=-cash[currency] / unit))
                add(row[0], into, -(1 + spread))
                add(row[0], out, 1 - spread)
                for c in (into, out):
                    add(everything, c, -spread)
                    add(self.at.costs, c, spread)
            self.cash_rows.append(linear.row(row[0], lower=-cash[0] / unit))
        self._caps(everything, flows)
        money = sum(map(sum, problem.balances)) - problem.reserve
        if problem.reserve:
            self.cash_rows.append(linear.row(everything, lower=-money / unit))
        self.idle: int | None = None
        if problem.idle:
            # Money before costs: counted after them, wasting it would look like a way to save it.
            self.idle = linear.column()
            left: Terms = {self.idle: 1.0}
            for (k, side), column in self.at.moved.items():
                add(left, column, side * problem.positions[k].price * self.size(k) / unit)
                if side == SELL and k in self.at.gone:
                    add(left, self.at.gone[k], -problem.positions[k].odd / unit)
            linear.row(left, lower=money / unit)

    def _fee(self, k: int, side: int, amount: Terms) -> Terms:
        """Return the terms of a trade's commission, its switch and its least amount put in where needed."""
        problem, linear, unit = self.problem, self.linear, self.unit
        most = (problem.positions[k].price * self.at.most[k, side] + problem.positions[k].odd) / unit
        rate, least, smallest = float(problem.rate), problem.floor / unit, problem.min_trade / unit
        if self.scope.switches:
            switch = self.at.switch[k, side] = linear.column(0.0, 1.0, whole=self.scope.whole)
            for c in amount:
                linear.row({c: 1.0, switch: -linear.upper[c]}, upper=0.0)
            # A switch that is on trades something: so its number is that of the trades.
            floor_ = smallest or min(x for x in amount.values()) * (1.0 if self.scope.whole else 0.0)
            if floor_ and not problem.positions[k].continuous:
                linear.row({**amount, switch: -floor_}, lower=-1e-12)
            if least:
                fee = linear.column()
                linear.row({fee: 1.0} | {c: -rate * x for c, x in amount.items()}, lower=0.0)
                linear.row({fee: 1.0, switch: -least}, lower=0.0)
                return {fee: 1.0}
        elif least and most > 0:
            # Without switches what a trade costs at the least, whatever its size.
            rate = max(rate, least / most)
        return {c: rate * x for c, x in amount.items()} if rate else {}

    def _caps(self, everything: Terms, flows: Sequence[Sequence[Terms]]) -> None:
        """Either nothing that counts is bought, or what counts stays under its fraction of the account."""
        problem, linear, unit = self.problem, self.linear, self.unit
        for cap in problem.caps:
            fraction = float(cap.fraction)
            terms: Terms = {}
            for flow in flows[cap.account]:
                for c, x in flow.items():
                    add(terms, c, -fraction * x)
            constant = (1 - fraction) * cap.counted - fraction * (
                cap.other + sum(problem.balances[cap.account])
            )
            most = 0.0
            bought = []
            for k, position in enumerate(problem.positions):
                if position.account != cap.account:
                    continue
                weight = (1.0 if k in cap.positions else 0.0) - fraction
                constant += weight * (position.price * position.held + position.odd)
                most += (position.price * self.most[k] + position.odd) / unit
                for side in (BUY, SELL):
                    column = self.at.moved.get((k, side))
                    if column is not None:
                        add(terms, column, side * weight * position.price * self.size(k) / unit)
                        if side == BUY and k in cap.positions:
                            bought.append(column)
                if k in self.at.gone:
                    add(terms, self.at.gone[k], -weight * position.odd / unit)
            if not bought and not cap.always:
                continue
            buying = linear.column(float(cap.always), 1.0, whole=self.scope.whole)
            self.either.append(buying)
            most += abs(constant) / unit + 1.0
            linear.row(terms | {buying: most}, upper=most - constant / unit)
            for column in bought:
                linear.row({column: 1.0, buying: -linear.upper[column]}, upper=0.0)

    # Nearness.

    def _nearness(self) -> None:
        """How far every goal ends from its target, within its range, and the square of that."""
        problem, linear, unit = self.problem, self.linear, self.unit
        for g, goal in enumerate(problem.goals):
            low, high = ((float(x) - float(goal.target)) / unit for x in self.scope.ranges[g])
            away = linear.column(low, max(high, low))
            square = linear.column()
            self.at.away.append(away)
            self.at.square.append(square)
            terms: Terms = {away: -1.0}
            for k in self.goals[g]:
                position = problem.positions[k]
                part = float(dict(position.counts)[g])
                for side in (BUY, SELL):
                    column = self.at.moved.get((k, side))
                    if column is not None:
                        add(terms, column, side * part * position.price * self.size(k) / unit)
                if k in self.at.gone:
                    add(terms, self.at.gone[k], -part * position.odd / unit)
            rest = (float(goal.target) - self.held[g]) / unit
            linear.row(terms, rest, rest)
            linear.upper[away] = linear.upper[away] + 1e-9
            linear.lower[away] = linear.lower[away] - 1e-9
            if problem.power == 1:
                self.at.size.append(linear.column())
                linear.row({self.at.size[g]: 1.0, away: -1.0}, lower=0.0)
                linear.row({self.at.size[g]: 1.0, away: 1.0}, lower=0.0)
            places = [(low if n < 0 else high) * abs(n) / TANGENTS for n in range(-TANGENTS, TANGENTS + 1)]
            if self.scope.whole:
                for at in places:
                    linear.row({square: 1.0, away: -2 * at}, lower=-at * at)
            else:
                self._bowl(away, square, sorted({*places, low, high}))

    def _bowl(self, away: int, square: int, places: Sequence[float]) -> None:
        """Let a square lie above its tangents, by stretches of the distance in place of a row each.

        The greatest of the tangents bends half-way between their places and rises ever steeper, so stretches
        are used in their order by themselves. The simplex works on rows: three a goal in place of seventeen.
        """
        linear, low, high = self.linear, places[0], places[-1]
        bends = [low, *((a + b) / 2 for a, b in pairwise(places)), high]
        stretches = [
            (linear.column(0.0, end - start), 2 * at)
            for at, start, end in zip(places, bends, bends[1:], strict=False)
            if end > start
        ]
        linear.row({away: 1.0} | {column: -1.0 for column, _ in stretches}, low - 1e-9, low + 1e-9)
        linear.row({square: 1.0} | {column: -slope for column, slope in stretches}, lower=low * low)

    def cut(self, goal: int, worth: int | Fraction) -> bool:
        """Put in the lines that make the square exact at a worth; return whether they were new."""
        target, unit = self.problem.goals[goal].target, self.unit
        step = self._grid(goal) if self.scope.whole else 0
        fresh = False
        for left in (worth - step, worth) if step else (worth,):
            key = floor(left * 1024)
            if key in self.cuts[goal]:
                continue
            self.cuts[goal].add(key)
            fresh = True
            a, b = float(left - target) / unit, float(left + step - target) / unit
            # The chord between neighbours of a grid, the tangent where there is none.
            self.linear.row({self.at.square[goal]: 1.0, self.at.away[goal]: -(a + b)}, lower=-a * b)
        return fresh

    def _grid(self, goal: int) -> int:
        """Return the ticks between neighbouring worths of a goal, 0 where they lie on no grid."""
        positions = [self.problem.positions[k] for k in self.goals[goal]]
        if (
            not positions
            or any(s.continuous or s.parts for s in positions)
            or any(k in self.at.gone for k in self.goals[goal])
        ):
            return 0
        return positions[0].price if len({s.price for s in positions}) == 1 else 0

    # Nothing sold in one account to be bought in another.

    def _restful(self) -> None:
        """Nothing is sold in one account and bought in another; needed only where both could happen."""
        if not self.scope.restful or not self.scope.whole:
            return
        linear = self.linear
        for positions in self.goals:
            sells = self._by_account(positions, SELL)
            buys = self._by_account(positions, BUY)
            for paying in self.scope.paying:
                sells.pop(paying, None)
            if not sells or not buys or (set(sells) == set(buys) and len(sells) == 1):
                continue
            on = {
                (account, side): linear.column(0.0, 1.0, whole=True)
                for side, rows in ((SELL, sells), (BUY, buys))
                for account in rows
            }
            for side, rows in ((SELL, sells), (BUY, buys)):
                for account, columns in rows.items():
                    for column in columns:
                        linear.row({column: 1.0, on[account, side]: -linear.upper[column]}, upper=0.0)
            for a in sells:
                for b in buys:
                    if a != b:
                        linear.row({on[a, SELL]: 1.0, on[b, BUY]: 1.0}, upper=1.0)

    def apart(self) -> list[tuple[list[int], list[int]]]:
        """Return pairs of columns of which a restful plan has one side: sales here, purchases elsewhere."""
        pairs = []
        for positions in self.goals if self.scope.restful else ():
            sells, buys = self._by_account(positions, SELL), self._by_account(positions, BUY)
            for account, sold in sells.items():
                bought = [c for b, columns in buys.items() if b != account for c in columns]
                if bought and account not in self.scope.paying:
                    pairs.append((sold, bought))
        return pairs

    def _by_account(self, positions: Collection[int], side: int) -> dict[int, list[int]]:
        found: dict[int, list[int]] = {}
        for k in positions:
            if (k, side) in self.at.moved and (side == BUY or not self.problem.positions[k].parts):
                columns = found.setdefault(self.problem.positions[k].account, [])
                columns.append(self.at.moved[k, side])
                if side == SELL and k in self.at.gone:
                    columns.append(self.at.gone[k])
        return found

    # What can be asked of it.

    def hold_back(self, units: float) -> None:
        """Let every balance keep more than it must: the solver overspent within its tolerance."""
        for row in self.cash_rows:
            lower, upper, terms = self.linear.rows[row]
            self.linear.rows[row] = (lower + units, upper, terms)

    def place(self, level: Sequence[int]) -> Terms:
        """Return the terms, below zero, of what stands where it is preferred; none above what is wanted."""
        problem, linear, unit = self.problem, self.linear, self.unit
        worth: dict[tuple[int, int], Terms] = {}
        held: dict[tuple[int, int], float] = {}
        for k, score in enumerate(level):
            position = problem.positions[k]
            for goal, part in position.counts if score else ():
                terms = worth.setdefault((goal, score), {})
                share = float(part) / unit
                held[goal, score] = held.get((goal, score), 0.0) + share * (
                    position.price * position.held + position.odd
                )
                for side in (BUY, SELL):
                    if (k, side) in self.at.moved:
                        add(terms, self.at.moved[k, side], side * share * position.price * self.size(k))
                if k in self.at.gone:
                    add(terms, self.at.gone[k], -share * position.odd)
        found: Terms = {}
        for (goal, score), terms in worth.items():
            column = linear.column(0.0, float(problem.goals[goal].target) / unit)
            linear.row(terms | {column: -1.0}, lower=-held[goal, score])
            found[column] = -float(score)
        return found

    def effort(self) -> Terms:
        """Return the terms of tax and costs, in units."""
        return dict.fromkeys(self.at.taxes, 1.0) | self.at.costs

    def turnover(self) -> Terms:
        """Return the terms of what is traded, in units."""
        terms = {
            column: self.problem.positions[k].price * self.size(k) / self.unit
            for (k, _), column in self.at.moved.items()
        }
        return terms | {c: self.problem.positions[k].odd / self.unit for k, c in self.at.gone.items()}

    def miss(self) -> Terms:
        """Return the terms of the objective, in units to its power."""
        columns = self.at.square if self.problem.power == 2 else self.at.size
        terms = {c: 1 / float(goal.divisor) for c, goal in zip(columns, self.problem.goals, strict=True)}
        return terms if self.idle is None else terms | {self.idle: float(self.problem.idle)}

    def ball(self, radius: float) -> int:
        """Add that the plan is no further from target than a radius in ticks; return the row."""
        return self.linear.row(dict.fromkeys(self.at.square, 1.0), upper=(radius / self.unit) ** 2)

    def aim(self, terms: Terms) -> None:
        """Let the model minimise some terms."""
        self.linear.cost = [terms.get(c, 0.0) for c in range(len(self.linear.lower))]

    def change(self, columns: Sequence[float]) -> Change:
        """Read a change off a solution, counts rounded to whole steps."""
        problem = self.problem
        steps = [s.held for s in problem.positions]
        for (k, side), column in self.at.moved.items():
            steps[k] += side * round(columns[column] * self.size(k))
        sold = tuple(
            k in self.at.gone and columns[self.at.gone[k]] > 0.5 for k in range(len(problem.positions))
        )
        return Change(tuple(0 if out else max(n, 0) for n, out in zip(steps, sold, strict=True)), sold)

    def lots(self, columns: Sequence[float]) -> list[list[float]]:
        """Return what a solution sells of every lot, in steps."""
        found = []
        for k, parts in enumerate(self.at.parts):
            row = [columns[c] * self.size(k) for c in parts]
            lots = len(self.taxation.lots[k]) if self.taxation else 0
            found.append(row + [0.0] * (lots - len(row)))
        return found


def add(terms: Terms, column: int, factor: float) -> None:
    """Add a factor to a column's."""
    terms[column] = terms.get(column, 0.0) + factor
