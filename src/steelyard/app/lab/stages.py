"""Which instruments there are when: a backtest has a set of rules for every set of them.

Until one joins, and after one left, its part is spread over the others by their targets. A policy trades to
the new targets on the session that changes them, whatever it would do otherwise: a fund that never joined a
policy of holding would not be that portfolio.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from steelyard.engines.arrays import Flags, Ints
from steelyard.engines.lab.backtest.records import Backtest, PolicyRules

_BY_POLICY = ("schedule", "always", "bands", "max_interval", "cooldown", "boxed", "low", "high")


@dataclass(frozen=True, slots=True)
class Stages:
    """The sets of instruments of a history.

    Attributes:
        there: (S, N) bool, who belongs to each set.
        at: (T,) int64, which set each session has.
    """

    there: Flags
    at: Ints

    @property
    def changes(self) -> Ints:
        """The sessions, but the first, that have another set than the one before."""
        return changes_of(self.at)


def stages_of(present: Flags) -> Stages:
    """Return the sets of who is present, (T, N) bool."""
    there, at = np.unique(present, axis=0, return_inverse=True)
    return Stages(there, np.ascontiguousarray(at.reshape(-1), dtype=np.int64))


def changes_of(at: Ints) -> Ints:
    """Return the sessions, but the first, whose stage is another than that of the one before."""
    return np.flatnonzero(np.diff(at)) + 1


def policy_rules(problem: Backtest, row: int, made: Callable[[Any], Any], looks: Flags | None) -> PolicyRules:
    """Return the rules of policies made of one of a problem's, in every stage.

    Args:
        problem: See there.
        row: Which policy.
        made: Makes of its own rows, (1, ...) an array, those of the policies wanted.
        looks: (L, T) bool schedules in place of the problem's; a policy then has that of its number.
    """
    rules, policies = problem.rules, problem.shape[0]
    stages = len(rules.schedule) // policies
    fields = {
        name: np.concatenate(
            [made(getattr(rules, name)[k * policies + row : k * policies + row + 1]) for k in range(stages)]
        )
        for name in _BY_POLICY
    }
    if looks is None:
        return rules._replace(**fields)
    looks = np.array(looks)
    if problem.stages is not None:
        looks[:, changes_of(problem.stages)] = True
    fields["schedule"] = np.tile(np.arange(len(looks), dtype=np.int64), stages)
    return rules._replace(looks=looks, **fields)
