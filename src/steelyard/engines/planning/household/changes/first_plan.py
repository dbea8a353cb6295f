"""A good feasible change of several accounts, found by trying trades and pairs of trades.

Steps start large and halve. Every candidate is settled exactly, so the result is always allowed; the
solver that follows only needs it to know how far a better change can be from the targets.
"""

from __future__ import annotations

from steelyard.engines.planning.household.changes.shifts import Ledger
from steelyard.engines.planning.household.household import (
    Change,
    Household,
    affordable,
    settle,
    values,
    within_caps,
)
from steelyard.engines.planning.household.work import PER_PAIR

ROUNDS = 400
"""Improvements taken at one step size before it is halved."""
PAIRS = 1_000_000
"""Pairs of trades looked at in all: a household of thirty accounts has tens of thousands at every step, and
this is only where the search begins."""


def first_plan(problem: Household, start: Change) -> Change:
    """Return an allowed change at least as good as `start`, which must be allowed."""
    return _Climb(problem, start).run()


class _Climb:
    """One descent: the change so far, and the worth of every instrument."""

    def __init__(self, problem: Household, start: Change) -> None:
        self.problem = problem
        self.ledger = Ledger.of(problem)
        for k, steps in enumerate(start.steps):
            if start.sold_out[k]:
                self.ledger.sell_out(k)
            else:
                self.ledger.trade(k, steps)
        self.steps, self.sold = self.ledger.steps, self.ledger.sold
        self.worth = values(problem, start)
        self.pairs = 0
        self.most = affordable(problem)
        self.target = [float(g.target) for g in problem.goals]
        self.inverse = [1 / float(g.divisor) for g in problem.goals]
        self.parts = [[(g, float(part)) for g, part in s.counts] for s in problem.positions]
        self.members: list[list[int]] = [[] for _ in problem.balances]
        for index, position in enumerate(problem.positions):
            if position.can_buy or position.can_sell:
                self.members[position.account].append(index)

    def run(self) -> Change:
        size = max((abs(t) for t in self.target), default=0.0) / 2
        smallest = min((s.price for s in self.problem.positions), default=1)
        done = 0
        while size * 2 > smallest and done < 60 and self.pairs < PAIRS and not self.problem.work.over:
            done += 1
            for _ in range(ROUNDS):
                if self.pairs >= PAIRS or self.problem.work.over or not self._improve(size):
                    break
            size /= 2
        return Change(tuple(self.steps), tuple(self.sold))

    def _moves(self, *steps: tuple[int, int]) -> dict[int, float]:
        """Return by how much every goal grows when positions change by so many ticks."""
        moves: dict[int, float] = {}
        for k, ticks in steps:
            for goal, part in self.parts[k]:
                moves[goal] = moves.get(goal, 0.0) + part * ticks
        return moves

    def _gain(self, moves: dict[int, float]) -> float:
        """Return how much the objective falls when instruments change by so many ticks."""
        total = 0.0
        for goal, ticks in moves.items():
            before = float(self.worth[goal]) - self.target[goal]
            after = before + ticks
            total += (before * before - after * after) * self.inverse[goal]
        return total

    def _options(self, size: float) -> list[tuple[int, int]]:
        """Return (position, new steps) candidates about `size` ticks away, odd fractions left alone."""
        found = []
        for members in self.members:
            for k in members:
                position = self.problem.positions[k]
                if self.sold[k]:
                    continue
                stride = max(round(size / position.price), 1)
                for steps in (self.steps[k] + stride, self.steps[k] - stride):
                    amount = (steps - position.held) * position.price
                    if (
                        0 <= steps <= self.most[k]
                        and (amount <= 0 or position.can_buy)
                        and (amount >= 0 or position.can_sell)
                        and not 0 < abs(amount) < self.problem.min_trade
                    ):
                        found.append((k, steps))
        return found

    def _improve(self, size: float) -> bool:
        """Take the best single trade or pair of trades that can be paid; say whether there was one."""
        options = self._options(size)
        ranked: list[tuple[float, tuple[tuple[int, int], ...]]] = []
        positions = self.problem.positions
        self.pairs += len(options) ** 2 // 2
        self.problem.work.take(PER_PAIR * len(options) ** 2 / 2)
        ticks = [(steps - self.steps[k]) * positions[k].price for k, steps in options]
        for one, (k, steps) in enumerate(options):
            gain = self._gain(self._moves((k, ticks[one])))
            if gain > 0:
                ranked.append((gain, ((k, steps),)))
            for two in range(one):
                other, to = options[two]
                if other == k or ticks[one] * ticks[two] > 0:
                    continue
                gain = self._gain(self._moves((k, ticks[one]), (other, ticks[two])))
                if gain > 0:
                    ranked.append((gain, ((k, steps), (other, to))))
        ranked.sort(key=lambda item: -item[0])
        return any(self._take(moves) for _, moves in ranked[:40])

    def _take(self, moves: tuple[tuple[int, int], ...]) -> bool:
        before = [(k, self.steps[k]) for k, _ in moves]
        for k, steps in moves:
            self.ledger.trade(k, steps)
        if not self._may_stand(moves):
            for k, steps in before:
                self.ledger.trade(k, steps)
            return False
        for (k, steps), (_, was) in zip(moves, before, strict=True):
            position = self.problem.positions[k]
            for goal, part in position.counts:
                self.worth[goal] += (steps - was) * position.price * (part if position.parts else 1)
        return True

    def _may_stand(self, moves: tuple[tuple[int, int], ...]) -> bool:
        """Say whether the change as it is now can be paid; most cannot, which the ledger says at once."""
        if any(self.ledger.room(self.problem.positions[k].account) < 0 for k, _ in moves):
            return False
        change = self.ledger.change()
        settled = settle(self.problem, change)
        return not settled.short and within_caps(self.problem, change, settled)
