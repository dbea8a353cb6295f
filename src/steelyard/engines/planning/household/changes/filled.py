"""A good change in one pass: what is over its target is sold, then money goes where it brings most.

Trades start large and get smaller fourfold, so that a billion shares take no longer than ten. Where the work
ends before any search does, this is what is left: within a share or two of what money and limits allow.
"""

from __future__ import annotations

from heapq import heapify, heappop, heappush

from steelyard.engines.planning.household.changes.shifts import Ledger
from steelyard.engines.planning.household.household import (
    Change,
    Household,
    affordable,
    by_goal,
    feasible,
    missed,
    traffic,
    values,
)
from steelyard.engines.planning.household.work import PER_FILLED

SMALLER = 4
"""How much smaller trades get."""


def filled(problem: Household, start: Change) -> Change:
    """Return an allowed change at least as good as `start`, which must be allowed."""
    for sells in (True, False):
        found = _Filling(problem, start).run(sells=sells)
        if missed(problem, found) < missed(problem, start) and feasible(problem, found):
            return found
    return start


class _Filling:
    """A change that grows: its money, and what every goal is worth in floats."""

    def __init__(self, problem: Household, start: Change) -> None:
        self.problem = problem
        self.ledger = Ledger.of(problem)
        for k, steps in enumerate(start.steps):
            if start.sold_out[k]:
                self.ledger.sell_out(k)
            elif steps != problem.positions[k].held:
                self.ledger.trade(k, steps)
        self.worth = [float(v) for v in values(problem, start)]
        self.target = [float(g.target) for g in problem.goals]
        self.inverse = [1 / float(g.divisor) for g in problem.goals]
        self.parts = [[(g, float(part)) for g, part in s.counts] for s in problem.positions]
        self.goals = by_goal(problem)
        self.most = affordable(problem)
        self.trades = traffic(problem, start)[0]
        self.rooms = [self.ledger.room(a) for a in range(len(problem.balances))]
        self.left = sum(self.rooms) - problem.reserve * self.ledger.unit

    def run(self, *, sells: bool) -> Change:
        """Sell what is over its target, if so, then spend the money."""
        if sells:
            for goal, positions in enumerate(self.goals):
                for k in positions:
                    self._sell(goal, k)
        gaps = [t - w for t, w in zip(self.target, self.worth, strict=True)]
        size = int(max(gaps, default=0.0)) // 2
        smallest = min((s.price for s in self.problem.positions), default=1)
        while size > smallest and not self.problem.work.over:
            self._spend(size)
            size //= SMALLER
        self._spend(0)
        return self.ledger.change()

    def _sell(self, goal: int, k: int) -> None:
        position = self.problem.positions[k]
        over = self.worth[goal] - self.target[goal]
        steps = self.ledger.steps[k]
        if not position.can_sell or position.parts or self.ledger.sold[k] or steps > position.held:
            return
        sold = min(int(over // position.price) if over > 0 else 0, steps)
        if not sold or (position.held - steps + sold) * position.price < self.problem.min_trade:
            return
        if not self._may_begin(k):
            return
        self._move(k, steps - sold)

    def _may_begin(self, k: int) -> bool:
        """Say whether one trade more may be made, where this would be one."""
        most = self.problem.most_trades
        begun = self.ledger.steps[k] != self.problem.positions[k].held
        return begun or most is None or self.trades < most

    def _move(self, k: int, steps: int) -> None:
        position, before = self.problem.positions[k], self.ledger.steps[k]
        self.trades += (steps != position.held) - (before != position.held)
        self.ledger.trade(k, steps)
        for goal, part in self.parts[k]:
            self.worth[goal] += (steps - before) * position.price * part
        room = self.ledger.room(position.account)
        self.left += room - self.rooms[position.account]
        self.rooms[position.account] = room

    def _gain(self, k: int, ticks: int) -> float:
        """Return what a purchase takes from the objective; more is better."""
        total = float(self.problem.idle) * ticks
        power = self.problem.power
        for goal, part in self.parts[k]:
            away = self.worth[goal] - self.target[goal]
            total += (abs(away) ** power - abs(away + ticks * part) ** power) * self.inverse[goal]
        return total

    def _spend(self, size: int) -> None:
        """Buy for about so much at once, always where it brings most, as long as it brings anything."""
        positions, ledger, work = self.problem.positions, self.ledger, self.problem.work
        stride = [max(size // s.price, 1) for s in positions]
        now: dict[int, float] = {}
        for k, position in enumerate(positions):
            steps = ledger.steps[k]
            if position.can_buy and steps >= position.held and not ledger.sold[k]:
                now[k] = self._gain(k, stride[k] * position.price)
        waiting = [(-gain, k) for k, gain in now.items() if gain > 0]
        heapify(waiting)
        while waiting and not work.over:
            gain, k = heappop(waiting)
            work.take(PER_FILLED)
            if now.get(k) != -gain:
                continue
            if not self._buy(k, stride[k]):
                del now[k]
                continue
            touched = {other for goal, _ in self.parts[k] for other in self.goals[goal]}
            for other in touched & now.keys():
                work.take(PER_FILLED)
                now[other] = self._gain(other, stride[other] * positions[other].price)
                if now[other] > 0:
                    heappush(waiting, (-now[other], other))

    def _buy(self, k: int, steps: int) -> bool:
        position, ledger = self.problem.positions[k], self.ledger
        before = ledger.steps[k]
        after = before + steps
        small = (after - position.held) * position.price < self.problem.min_trade
        if small:
            # The least that may be bought, where that still brings something.
            after = position.held + -(-self.problem.min_trade // position.price)
            small = self._gain(k, (after - before) * position.price) <= 0
        if small or after > self.most[k] or after - before > ledger.uncapped(k) or not self._may_begin(k):
            return False
        self._move(k, after)
        if self.rooms[position.account] < 0 or self.left < 0:
            self._move(k, before)
            return False
        return True
