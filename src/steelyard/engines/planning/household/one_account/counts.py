"""The whole counts of every fund of one account, as arrays: what each costs, moves and misses."""

from __future__ import annotations

from typing import Any

from steelyard.engines.planning.household.household import Household, affordable, unchanged, values
from steelyard.engines.planning.household.one_account.whole_shares import HAIR, Frame
from steelyard.engines.planning.household.ranks import Leeway
from steelyard.engines.planning.household.taxation import Taxation

COUNTS = 200_000
"""Counts of all funds looked at, at most."""


class Counts:
    """The counts of every fund with what each does.

    Attributes:
        possible: Whether any plan keeps every fund in its range.
        at: Columns over all counts: position, count, whether an odd fraction leaves, amount, cost, both
            together, squared miss, objective, trades, turnover.
        starts: First count of every fund.
        rest: Squared miss of goals that nothing trades.
        cash: Ticks to spend.
        size, small: About the largest objective, for the solver, and the least step of it.
    """

    def __init__(self, problem: Household, taxation: Taxation | None, leeway: Leeway, frame: Frame) -> None:
        import numpy as np

        self.problem, self.taxation, self.leeway, self.frame = problem, taxation, leeway, frame
        held = [float(v) for v in values(problem, unchanged(problem))]
        rows: list[Any] = []
        self.starts: list[int] = []
        self.possible = True
        traded = {s.goal for s in problem.positions}
        size = 0
        most_steps = affordable(problem)
        for k, position in enumerate(problem.positions):
            low, high = frame.ranges[position.goal]
            room = most_steps[k] - position.held
            most = min(room, int(max(high - held[position.goal], 0.0) // position.price) + 1)
            least = min(
                position.held if position.can_sell else 0,
                int(max(held[position.goal] - low, 0.0) // position.price) + 1,
            )
            if size + most + least > COUNTS:
                self.possible = False
                return
            counts = np.arange(-least, most + 1, dtype=np.int64)
            out = np.zeros(len(counts), dtype=bool)
            if position.odd and position.can_sell and least == position.held:
                counts, out = np.append(counts, -position.held), np.append(out, True)
            amount = counts.astype(float) * position.price - np.where(out, float(position.odd), 0.0)
            traded_size = np.abs(amount)
            cost = np.where(
                traded_size > 0, np.maximum(float(problem.floor), float(problem.rate) * traded_size), 0.0
            )
            worth = held[position.goal] + amount
            good = (worth >= low - HAIR) & (worth <= high + HAIR)
            good &= (traded_size == 0) | (traded_size >= problem.min_trade)
            if not good.any():
                self.possible = False
                return
            goal = problem.goals[position.goal]
            away = np.abs(worth - float(goal.target))
            miss = away**problem.power / float(goal.divisor)
            row = {
                "position": np.full(len(counts), k), "count": counts, "out": out, "amount": amount,
                "cost": cost, "square": away * away, "miss": miss, "trades": (traded_size > 0).astype(float),
                "turnover": traded_size,
            }  # fmt: skip
            self.starts.append(size)
            rows.append({name: x[good] for name, x in row.items()})
            size += int(good.sum())
        rest = [g for g in range(len(problem.goals)) if g not in traded]
        self.rest = sum((held[g] - float(problem.goals[g].target)) ** 2 for g in rest)
        self.possible = all(
            frame.ranges[g][0] - HAIR <= held[g] <= frame.ranges[g][1] + HAIR for g in rest
        ) and bool(rows)
        if rows:
            self.at = {name: np.concatenate([row[name] for row in rows]) for name in rows[0]}
            self.at["spent"] = self.at["amount"] + self.at["cost"]
            self.size = max(float(self.at["miss"].max()) / 1000, 1e-9)
        self.cash = float(sum(problem.balances[0]) - problem.reserve)
        self.small = float(min(s.price for s in problem.positions)) ** problem.power / float(
            max(g.divisor for g in problem.goals)
        )
