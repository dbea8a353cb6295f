"""Totals of all instruments over all accounts, in ascending order of what they miss.

The objective knows totals only, so the budgets of many accounts can be relaxed into one: money gets a price
in every balance, and at these prices no payable change spends more than all balances are worth. What a total
spends at the least, whichever accounts make it up, is known per instrument; the rest is a best-first search
with the hulls of the one-budget search as bounds. The first totals that the accounts can really make up are
the best; those met before are proofs, one each, that nothing better exists.

Source: surrogate relaxation of the multi-dimensional knapsack (Glover 1975; Kellerer, Pferschy, Pisinger
2004).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from heapq import heappop, heappush
from itertools import chain, combinations
from math import floor, inf
from operator import sub
from typing import NamedTuple

from steelyard.engines.planning.household.household import Household, affordable, by_goal
from steelyard.engines.planning.household.work import CORNERS, PER_CHOSEN, PER_CORNER, PER_TOTAL
from steelyard.engines.planning.one_budget.hull import Hull, suffix_hulls
from steelyard.engines.planning.one_budget.search import SLACK
from steelyard.engines.planning.one_budget.states import State

WIDEST = 4_000
"""Totals one instrument may have on its list; beyond, the order ends early."""

WIDENINGS = 12
"""How often the lists are made longer, fourfold each time, before the order ends."""


@dataclass(frozen=True, slots=True)
class ShadowPrices:
    """A price of money in every balance.

    Attributes:
        amount: By position: price of a tick traded there, >= 0.
        commission: By position: price of a tick of its commission, >= 0.
        limit: No payable change spends more than this.
    """

    amount: tuple[int, ...]
    commission: tuple[int, ...]
    limit: int


class Ended(Exception):
    """The order ends before its natural end: a list or the work grew too long."""


class Total(NamedTuple):
    """Where one instrument may end over all accounts.

    Attributes:
        miss: What it adds to the objective, in float.
        spent: The least it takes, at each set of prices.
        steps: Steps over all accounts.
        gone: Positions whose odd fraction left too; they end with nothing.
        traffic: The fewest trades and the least turnover in ticks that lead there.
    """

    miss: float
    spent: tuple[int, ...]
    steps: int
    gone: tuple[int, ...]
    traffic: tuple[int, int]


class _Branch:
    """One instrument with given positions sold out: the least cost of any number of steps in the others."""

    def __init__(
        self,
        problem: Household,
        goal: int,
        positions: Sequence[int],
        gone: tuple[int, ...],
        most: Sequence[int],
    ) -> None:
        self.gone, self.most = gone, most
        kept = [k for k in positions if k not in gone]
        rows = [problem.positions[k] for k in kept]
        self.price = problem.positions[positions[0]].price
        self.odd = sum(s.odd for s in rows)
        self.held = sum(s.held for s in rows)
        self.kept = kept
        sold = [problem.positions[k] for k in gone]
        self.sold = len(sold), sum(s.price * s.held + s.odd for s in sold)
        self.low = sum(0 if s.can_sell else s.held for s in rows)
        self.high = sum(most[k] for k in kept)
        # Fewest trades that buy or sell so many steps: the largest capacities first.
        self.buys = _cumulated([most[k] - s.held for k, s in zip(kept, rows, strict=True)])
        self.sells = _cumulated([s.held if s.can_sell else 0 for s in rows])
        wanted = problem.goals[goal]
        self.top, self.bottom = wanted.target.numerator, wanted.target.denominator
        self.target = self.top / self.bottom
        self.power = problem.power
        self.inverse = float(1 / wanted.divisor)
        self.idle = float(problem.idle)

    def miss(self, steps: int) -> float:
        """Return what the objective counts, idle money not yet in it."""
        value = self.odd + self.price * steps
        away = abs(value * self.bottom - self.top) / self.bottom
        return (away * away if self.power == 2 else away) * self.inverse - self.idle * value

    def trades(self, steps: int) -> int:
        """Return the fewest trades that lead to so many steps."""
        change = steps - self.held
        return bisect_right(self.buys if change > 0 else self.sells, abs(change) - 1) if change else 0

    def traffic(self, steps: int) -> tuple[int, int]:
        """Return the fewest trades and the least turnover that lead to so many steps."""
        return self.trades(steps) + self.sold[0], abs(steps - self.held) * self.price + self.sold[1]


def _cumulated(capacities: list[int]) -> list[int]:
    total, sums = 0, [0]
    for capacity in sorted(capacities, reverse=True):
        total += capacity
        sums.append(total)
    return sums


class _Spending:
    """The least one branch spends at one set of prices, convex in its steps but for least costs."""

    def __init__(self, problem: Household, branch: _Branch, prices: ShadowPrices) -> None:
        self.branch = branch
        top, bottom = problem.rate.numerator, problem.rate.denominator
        segments: list[tuple[int, int]] = []
        plain: list[tuple[int, int]] = []
        self.base = self.plain_base = 0
        for k in branch.gone:
            position = problem.positions[k]
            amount = position.price * position.held + position.odd
            cost = max(problem.floor * bottom, top * amount) * prices.commission[k]
            self.base += cost - prices.amount[k] * amount * bottom
        self.plain_base = self.base
        for k in branch.kept:
            position = problem.positions[k]
            most, least = branch.most[k], 0 if position.can_sell else position.held
            unit = prices.amount[k] * bottom * position.price
            fee = prices.commission[k] * top * position.price
            segments += [(unit - fee, position.held - least), (unit + fee, most - position.held)]
            plain.append((unit, most - least))
            self.base -= (unit - fee) * (position.held - least)
            self.plain_base -= unit * (position.held - least)
        self.curve, self.plain = _convex(segments), _convex(plain)
        dearest = [prices.commission[k] for k in branch.kept]
        self.floor = problem.floor * bottom * min(dearest, default=0)

    def at(self, steps: int) -> int:
        """Return the least spent when the positions end with so many steps together."""
        above = steps - self.branch.low
        least = self.base + _read(self.curve, above)
        if self.floor:
            trades = self.branch.trades(steps)
            least = max(least, self.plain_base + _read(self.plain, above) + trades * self.floor)
        return least


Curve = tuple[list[int], list[int], list[int]]
"""A piecewise linear function: where pieces begin, its value there, its slope from there."""


def _convex(segments: list[tuple[int, int]]) -> Curve:
    begins, values = [0], [0]
    slopes: list[int] = []
    for slope, length in sorted(segments):
        if length > 0 and slopes and slopes[-1] == slope:
            begins[-1] += length
            values[-1] += slope * length
        elif length > 0:
            slopes.append(slope)
            begins.append(begins[-1] + length)
            values.append(values[-1] + slope * length)
    slopes.append(0)
    return begins, values, slopes


def _read(curve: Curve, at: int) -> int:
    begins, values, slopes = curve
    place = bisect_right(begins, at) - 1
    return values[place] + slopes[place] * (at - begins[place])


class Totals:
    """The totals of one household under some prices of money, ready to be listed in order."""

    def __init__(self, problem: Household, prices: Sequence[ShadowPrices]) -> None:
        """Prepare the order.

        Args:
            problem: Without divisible positions; all positions of an instrument have one price.
            prices: At least one; the first should be the best, it decides how long the lists are.
        """
        self.problem = problem
        self.prices = tuple(prices)
        self.work = 0
        goals = by_goal(problem)
        most = affordable(problem)
        self.order = sorted(
            (g for g, positions in enumerate(goals) if positions),
            key=lambda g: (-problem.positions[goals[g][0]].price, problem.goals[g].symbol),
        )
        bottom = problem.rate.denominator
        self.limits = [p.limit * bottom for p in prices]
        money = sum(map(sum, problem.balances)) - problem.reserve
        worth = sum(s.price * s.held + s.odd for s in problem.positions)
        problem.work.take(PER_TOTAL * 6 * len(problem.positions) * len(prices))
        self.constant = problem.idle * (money + worth) + sum(
            (
                problem.miss(problem.goals[g], Fraction(0))
                for g, positions in enumerate(goals)
                if not positions
            ),
            Fraction(0),
        )
        self.branches: list[list[tuple[_Branch, list[_Spending]]]] = []
        for g in self.order:
            odd = [k for k in goals[g] if problem.positions[k].odd and problem.positions[k].can_sell]
            subsets = chain.from_iterable(combinations(odd, n) for n in range(len(odd) + 1))
            rows = [_Branch(problem, g, goals[g], gone, most) for gone in subsets]
            self.branches.append([(b, [_Spending(problem, b, p) for p in prices]) for b in rows])
        self.multiplier = self._price()
        self.least = [
            min(b.miss(n) + self.multiplier * s[0].at(n) for b, s in rows for n in self._near(b, s))
            for rows in self.branches
        ]
        self.dual = sum(self.least) - self.multiplier * self.limits[0]
        size = sum(abs(x) for x in self.least) + abs(self.multiplier * self.limits[0])
        self.margin = SLACK * (size + float(abs(self.constant)))
        self.reached = self.dual

    def bound(self) -> float:
        """Return a lower bound of the objective of every total that was not listed yet."""
        return self.reached + float(self.constant) - self.margin

    def afford(self, chosen: Sequence[Total], prices: ShadowPrices) -> bool:
        """Say whether totals spend no more than other prices allow; exact, False is a proof against them."""
        spent = 0
        for total, rows in zip(chosen, self.branches, strict=True):
            branch = next(b for b, _ in rows if b.gone == total.gone)
            spent += _Spending(self.problem, branch, prices).at(total.steps)
        return spent <= prices.limit * self.problem.rate.denominator

    def exact(self, chosen: Sequence[Total]) -> Fraction:
        """Return the objective of totals, exact."""
        value = self.constant
        for g, total, rows in zip(self.order, chosen, self.branches, strict=True):
            branch = next(b for b, _ in rows if b.gone == total.gone)
            worth = branch.odd + branch.price * total.steps
            value += self.problem.miss(self.problem.goals[g], Fraction(worth)) - self.problem.idle * worth
        return value

    def _near(self, branch: _Branch, spending: list[_Spending]) -> set[int]:
        """Return step counts among which the one of least reduced cost is, least costs aside."""
        best = self._bottom(branch, spending[0], self.multiplier)
        return {best, min(max(branch.held, branch.low), branch.high)}

    @staticmethod
    def _bottom(branch: _Branch, spending: _Spending, multiplier: float) -> int:
        """Return the steps of least reduced cost, least costs aside."""
        begins, _, slopes = spending.curve
        low = branch.low
        if branch.power == 2:
            # On every piece the reduced cost is a parabola; the first that does not fall to its end has it.
            pull = branch.target + branch.idle / (2 * branch.inverse) - branch.odd
            scale = multiplier / (2 * branch.inverse * branch.price)
            found = begins[-1]
            for place in range(len(begins) - 1):
                best = (pull - scale * slopes[place]) / branch.price - low
                if best < begins[place + 1]:
                    found = max(floor(best), begins[place])
                    break
            options = (found, min(found + 1, begins[-1]))
        else:
            left, right = 0, begins[-1]
            while left < right:
                middle = (left + right) // 2
                rise = _read(spending.curve, middle + 1) - _read(spending.curve, middle)
                if branch.miss(low + middle + 1) - branch.miss(low + middle) + multiplier * rise < 0:
                    left = middle + 1
                else:
                    right = middle
            return low + left
        return low + min(options, key=lambda n: branch.miss(low + n) + multiplier * _read(spending.curve, n))

    def _price(self) -> float:
        """Find the price of the budget at which the instruments' own wishes just spend it."""

        def spent(multiplier: float) -> int:
            total = 0
            for rows in self.branches:
                options = [(b, s[0], self._bottom(b, s[0], multiplier)) for b, s in rows]
                total += min((b.miss(n) + multiplier * s.at(n), s.at(n)) for b, s, n in options)[1]
            return total

        if not self.branches or spent(0.0) <= self.limits[0]:
            return 0.0
        high = 1.0 / max(sum(abs(x) for x in self.limits), 1)
        for _ in range(200):
            if spent(high) <= self.limits[0]:
                break
            high *= 4.0
        low = high / 4.0 if spent(high / 4.0) > self.limits[0] else 0.0
        for _ in range(16):
            middle = (low + high) / 2
            low, high = (middle, high) if spent(middle) > self.limits[0] else (low, middle)
        return high

    def _list(self, place: int, gap: float) -> list[Total]:
        """List an instrument's totals whose reduced cost is within `gap` of the least."""
        found: list[Total] = []
        most, work = self.least[place] + gap, self.problem.work
        for branch, spending in self.branches[place]:
            first = self._bottom(branch, spending[0], self.multiplier)
            curve, base = spending[0].curve, spending[0].base
            steps_in: set[int] = set()
            # The reduced cost without least costs is convex: the first total too dear ends the direction.
            for steps_out in (range(first, branch.high + 1), range(first - 1, branch.low - 1, -1)):
                for steps in steps_out:
                    miss = branch.miss(steps)
                    if miss + self.multiplier * (base + _read(curve, steps - branch.low)) > most:
                        break
                    if len(steps_in) >= WIDEST or work.over:
                        raise Ended
                    steps_in.add(steps)
                    work.take(PER_TOTAL * len(spending))
                    spent = tuple(s.at(steps) for s in spending)
                    found.append(Total(miss, spent, steps, branch.gone, branch.traffic(steps)))
        return found

    def in_order(self, limit: int) -> Iterator[tuple[float, tuple[Total, ...]]]:
        """Yield (objective in float, totals by `order`), ascending but for rounding.

        What was not listed yet misses by at least `bound`, whenever the iterator is given up. It ends by
        itself when there are no more, or with `Ended` after `limit` partial totals.
        """
        prices = [b.price for rows in self.branches for b, _ in rows[:1]]
        inverses = [b.inverse for rows in self.branches for b, _ in rows[:1]]
        power = self.problem.power
        gap = sum(p**power * i for p, i in zip(prices, inverses, strict=True)) / 4.0 + self.margin
        done = -inf
        for _ in range(WIDENINGS):
            lists = [self._list(place, gap) for place in range(len(self.branches))]
            end = self.dual + gap
            for miss, chosen in self._search(lists, end, limit):
                if miss > done:
                    yield miss + float(self.constant), chosen
            complete = sum(map(len, lists)) == sum(
                b.high - b.low + 1 for rows in self.branches for b, _ in rows
            )
            if complete:
                return
            self.reached = max(self.reached, end)
            done, gap = end, gap * 4.0
        raise Ended

    def _search(
        self, lists: list[list[Total]], end: float, limit: int
    ) -> Iterator[tuple[float, tuple[Total, ...]]]:
        """Yield the totals on the lists that miss by at most `end`, best first."""
        # A hull has the corners of all lists from its place on.
        corners = sum(n * len(totals) for n, totals in enumerate(lists, 1)) * len(self.limits)
        if corners > CORNERS or self.problem.work.left < PER_CORNER * corners:
            raise Ended
        self.problem.work.take(PER_CORNER * corners)
        hulls = [
            suffix_hulls([[State(t.spent[p], t.miss, 0, False) for t in totals] for totals in lists])
            for p in range(len(self.limits))
        ]
        count, ticket = len(lists), 0
        # What is as good within rounding comes in order of trades and turnover.
        grain = 4.0 * self.margin or 1.0

        def key(node: _Node) -> tuple[float, tuple[int, int]]:
            return node.bound // grain, node.traffic

        heap: list[tuple[tuple[float, tuple[int, int]], int, list[_Node], int]] = []
        root = _Node(0.0, 0.0, tuple(self.limits), (), (0, 0))
        if min((h[0].bound(left) for h, left in zip(hulls, self.limits, strict=True)), default=0.0) < inf:
            heap.append((key(root), 0, [root], 0))
        while heap:
            _, _, siblings, index = heappop(heap)
            node = siblings[index]
            self.reached = max(self.reached, node.bound - grain if node.chosen else -inf)
            if index + 1 < len(siblings):
                ticket += 1
                heappush(heap, (key(siblings[index + 1]), ticket, siblings, index + 1))
            place = len(node.chosen)
            if place == count:
                yield node.miss, node.chosen
                continue
            self.work += len(lists[place])
            # A partial total carries all that were chosen before it.
            self.problem.work.take((PER_TOTAL * len(hulls) + PER_CHOSEN * place) * len(lists[place]))
            if self.work > limit or self.problem.work.over:
                raise Ended
            after = [h[place + 1] for h in hulls]
            children = _children(node, lists[place], after, end)
            children.sort(key=key)
            if children:
                ticket += 1
                heappush(heap, (key(children[0]), ticket, children, 0))


class _Node(NamedTuple):
    """A partial choice: its bound, its miss, the money left, the totals, their trades."""

    bound: float
    miss: float
    left: tuple[int, ...]
    chosen: tuple[Total, ...]
    traffic: tuple[int, int]


def _children(node: _Node, totals: list[Total], after: list[Hull], end: float) -> list[_Node]:
    found = []
    for total in totals:
        miss = node.miss + total.miss
        left = tuple(map(sub, node.left, total.spent))
        bound = miss + max(hull.bound(money) for hull, money in zip(after, left, strict=True))
        if bound <= end:
            traffic = node.traffic[0] + total.traffic[0], node.traffic[1] + total.traffic[1]
            found.append(_Node(bound, miss, left, (*node.chosen, total), traffic))
    return found
