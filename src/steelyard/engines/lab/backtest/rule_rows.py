"""Which rows of the rules hold for a policy at each session of a backtest whose instruments join or leave."""

from __future__ import annotations

from dataclasses import dataclass

from steelyard.engines.lab.backtest.records import Backtest


@dataclass(frozen=True, slots=True)
class RuleRows:
    """Which rows of the rules are those of a policy at each session."""

    problem: Backtest
    policy: int

    def moved(self, t: int) -> bool:
        """Say whether the targets are new: at the start, and where instruments join or leave."""
        stages = self.problem.stages
        return t == 0 or (stages is not None and bool(stages[t] != stages[t - 1]))

    def at(self, t: int) -> int:
        """Return the row of bands, boxes and the like."""
        stages, policies = self.problem.stages, self.problem.shape[0]
        return self.policy if stages is None else int(stages[t]) * policies + self.policy

    def targets(self, t: int) -> list[float]:
        """Return the targets, one an instrument; 0 of one that is not there."""
        stages, n = self.problem.stages, self.problem.shape[2]
        first = 0 if stages is None else int(stages[t]) * n
        wanted: list[float] = self.problem.rules.targets[first : first + n].tolist()
        return wanted

    def due(self, t: int, last: int, worth: list[float], managed: float) -> bool:
        """Say whether it is due: the rule of `policies.decide` on look dates; held by `test_due_everywhere`.

        Args:
            t: Session.
            last: Day of the last rebalance.
            worth: Values of the instruments. managed: Managed value, > 0.
        """
        rules, row = self.problem.rules, self.at(t)
        days = int(self.problem.market.days[t]) - last
        if not rules.looks[rules.schedule[row], t] or days < rules.cooldown[row]:
            return False
        if rules.always[row] or 0 <= rules.max_interval[row] < days:
            return True
        return any(
            abs(value - target * managed) > float(rules.bands[row, i]) * managed
            for i, (value, target) in enumerate(zip(worth, self.targets(t), strict=True))
        )
