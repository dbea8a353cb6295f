"""New money spent step by step, always where a step brings most, until no step brings anything.

A step changes one account's money and the few goals its position counts for, so only what it touched is asked
again: a thousand steps of six hundred positions take a tenth of a second, where judging a whole plan for
every one of them took a minute.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from heapq import heapify, heappop, heappush

from steelyard.engines.planning.household.changes.shifts import Ledger
from steelyard.engines.planning.household.household import Change, Household, Position, by_goal, traffic
from steelyard.engines.planning.household.ranks import Judged, gradient, judge, permitted
from steelyard.engines.planning.household.taxation import Taxation


def spent(
    problem: Household, taxation: Taxation | None, plan: Judged, most: int
) -> tuple[Judged | None, int]:
    """Return a permitted plan with as many best steps more as bring nearness, and how many there were.

    What it stops at is for `next_purchase` to say: a step may be given up here that is permitted.

    Args:
        problem, taxation: What may be done.
        plan: Permitted.
        most: Steps taken at most; with more to take there is no plan.
    """
    found = _Purchases(problem, taxation, plan)
    while found.step():
        if found.taken > most:
            return None, most
    if not found.taken:
        return plan, 0
    grown = judge(problem, taxation, found.ledger.change())
    return (grown if permitted(problem, taxation, grown) else plan), found.taken


class _Purchases:
    """A plan that grows step by step.

    Attributes:
        ledger: Its money and steps.
        taken: Steps so far.
    """

    def __init__(self, problem: Household, taxation: Taxation | None, plan: Judged) -> None:
        self.problem = problem
        self.ledger = Ledger.of(problem)
        for k, (steps, out) in enumerate(zip(plan.change.steps, plan.change.sold_out, strict=True)):
            if out:
                self.ledger.sell_out(k)
            elif steps != problem.positions[k].held:
                self.ledger.trade(k, steps)
        self.worth = list(plan.worth)
        self.trades = traffic(problem, plan.change)[0]
        self.rooms = [self.ledger.room(a) for a in range(len(problem.balances))]
        self.goals = by_goal(problem)
        self.taken = 0
        self.banned = _banned(taxation, plan)
        self.now: dict[int, Fraction] = {}
        for k, position in enumerate(problem.positions):
            if self._may(k, position, plan.change):
                self.now[k] = gradient(problem, position, self.worth)
        self.waiting = [(value, k) for k, value in self.now.items() if value < 0]
        heapify(self.waiting)

    def _may(self, k: int, position: Position, change: Change) -> bool:
        return (
            position.can_buy
            and not position.continuous
            and not change.sold_out[k]
            and change.steps[k] >= position.held
            and k not in self.banned
            and position.price * self.ledger.unit <= self.rooms[position.account]
        )

    def step(self) -> bool:
        """Take the best step there is; say whether there was one."""
        while self.waiting:
            value, k = heappop(self.waiting)
            if self.now.get(k) == value and self._take(k):
                return True
        return False

    def _take(self, k: int) -> bool:
        problem, ledger = self.problem, self.ledger
        position = problem.positions[k]
        before, room = ledger.steps[k], self.rooms[position.account]
        fresh = before == position.held
        full = fresh and problem.most_trades is not None and self.trades >= problem.most_trades
        small = (before + 1 - position.held) * position.price < problem.min_trade
        # Money only leaves and caps only fill: what is not to be had now never is.
        if full or small or ledger.uncapped(k) < 1 or position.price * ledger.unit > room:
            del self.now[k]
            return False
        ledger.trade(k, before + 1)
        after = ledger.room(position.account)
        left = sum(self.rooms) - room + after
        if after < 0 or left < problem.reserve * ledger.unit:
            ledger.trade(k, before)
            del self.now[k]
            return False
        self.rooms[position.account] = after
        self.trades += fresh
        self.taken += 1
        touched = set()
        for goal, part in position.counts:
            self.worth[goal] += position.price * (part if position.parts else 1)
            touched.update(self.goals[goal])
        for other in touched & self.now.keys():
            value = gradient(problem, problem.positions[other], self.worth)
            self.now[other] = value
            if value < 0:
                heappush(self.waiting, (value, other))
        return True


def _banned(taxation: Taxation | None, plan: Judged) -> Mapping[int, None]:
    """Return the positions a purchase of which would undo a loss that the plan sells."""
    if taxation is None:
        return {}
    found: dict[int, None] = {}
    for group in taxation.wash:
        if any(
            lot.gain < 0 and part > 0
            for k in group
            for lot, part in zip(taxation.lots[k], plan.sold[k], strict=True)
        ):
            found |= dict.fromkeys(group)
    return found
