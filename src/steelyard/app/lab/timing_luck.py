"""How much of a policy's result is the luck of its day: the same policy looking on every day of its period.

Nobody chooses between the second and the third week of a quarter for a reason, so how far results differ
between them is noise that a comparison of policies must beat. Tranches hold parts of the money that look in
turn, and average most of it away.

Source: Hoffstein, Sibears and Faber (2019), Rebalance Timing Luck: The Difference Between Hired and Fired.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import numpy as np

from steelyard.app.lab.backtest import BacktestSetup
from steelyard.app.lab.look_sessions import look_mask
from steelyard.app.lab.stages import policy_rules
from steelyard.app.lab.study import Study
from steelyard.engines import statistics
from steelyard.engines.arrays import Flags, Floats
from steelyard.engines.lab.backtest import walks
from steelyard.engines.lab.backtest.records import Backtest
from steelyard.engines.market.price_history import PriceHistory, day_numbers
from steelyard.engines.market.spacing import years_between
from steelyard.errors import InputError
from steelyard.words import say

PERIODS_A_YEAR = {"weekly": 52, "biweekly": 26, "monthly": 12, "quarterly": 4, "semiannual": 2, "annual": 1}
MOST_TRANCHES = 52
_AT_ONCE = 16
"""Schedules walked between two looks at whether somebody wants to stop."""


@dataclass(frozen=True, slots=True)
class Luck:
    """Results of one policy from all of its days, or of tranches from all of theirs.

    Attributes:
        rates: (K,) float64, growth a year; after tax as if sold.
        wealth: (K,) float64, what one unit grew to.
        yearly: (K, Y) float64, growth of every whole calendar year.
    """

    rates: Floats = field(repr=False)
    wealth: Floats = field(repr=False)
    yearly: Floats = field(repr=False)

    @property
    def deviations(self) -> Floats:
        """Standard deviation over the days, by K - 1, of each calendar year's growth, (Y,) float64."""
        if len(self.yearly) < 2:
            return np.zeros(self.yearly.shape[1])
        found: Floats = np.std(self.yearly, axis=0, ddof=1)
        return found

    @property
    def yearly_luck(self) -> float:
        """Root of the mean square of these; nan without a whole calendar year."""
        found = self.deviations
        return float(np.sqrt(np.mean(found**2))) if len(found) else float("nan")

    @property
    def ahead(self) -> float:
        """How much more the best day ended with than the worst, a fraction."""
        return float(self.wealth.max() / self.wealth.min() - 1.0) if self.wealth.min() > 0.0 else float("inf")

    def to_dict(self, years: Sequence[int]) -> dict[str, Any]:
        """Return it as a part of a document."""
        middle = float(np.median(self.rates))
        return {
            "days": len(self.rates),
            "cagr": {"low": float(self.rates.min()), "median": middle, "high": float(self.rates.max())},
            "best_over_worst": self.ahead if np.isfinite(self.ahead) else None,
            "luck": None if not len(years) else self.yearly_luck,
            "years": [
                {
                    "year": year,
                    "low": float(grown.min()),
                    "high": float(grown.max()),
                    "deviation": float(apart),
                }
                for year, grown, apart in zip(years, self.yearly.T, self.deviations, strict=True)
            ],
        }


@dataclass(frozen=True, slots=True)
class PolicyLuck:
    """One policy from all days, whole and in tranches.

    Attributes:
        policy: Its text.
        alone, tranched: See `Luck`; None where it looks every day or never, which leaves nothing to luck.
    """

    policy: str
    alone: Luck | None
    tranched: Luck | None


@dataclass(frozen=True, slots=True)
class TimingLuck:
    """The luck of the day of several policies.

    Attributes:
        tranches: Into how many parts the money is divided.
        years: Whole calendar years of the history.
        policies: One a policy; fewer than were asked for where it was stopped.
    """

    tranches: int
    years: tuple[int, ...]
    policies: tuple[PolicyLuck, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return it as in the documents of `backtest` and `compare`."""

        def part(luck: Luck | None) -> dict[str, Any] | None:
            return None if luck is None else luck.to_dict(self.years)

        return {
            "tranches": self.tranches,
            "policies": [
                {"policy": p.policy, "alone": part(p.alone), "tranched": part(p.tranched)}
                for p in self.policies
            ],
        }


def timing_luck(
    study: Study, setup: BacktestSetup, *, tranches: int = 4, progress: Callable[[int], None] | None = None
) -> TimingLuck:
    """Let every policy of a study look on each day of its period.

    An interrupt keeps the policies that are done.

    Args:
        study: Its prices and policies.
        setup: What it was made from.
        tranches: How many parts look in turn, 1 .. `MOST_TRANCHES`.
        progress: Told how many policies are done.

    Raises:
        InputError: There cannot be so many tranches (`tranches`).
    """
    check_tranches(tranches)
    years, _ = calendar_years(study.dates)
    done: list[PolicyLuck] = []
    try:
        for row, c in enumerate(setup.candidates):
            look = "daily" if c.policy.kind == "hold" else c.policy.look
            alone = tranched = None
            if look in PERIODS_A_YEAR:
                masks = schedules(study.history, look)
                alone, tranched = luck_of(study.problem, row, study.dates, masks, tranches)
            done.append(PolicyLuck(c.text, alone, tranched))
            if progress is not None:
                progress(row + 1)
    except KeyboardInterrupt:
        pass
    return TimingLuck(tranches, years, tuple(done))


def check_tranches(tranches: int) -> None:
    """Refuse a number of tranches that cannot be."""
    if not 1 <= tranches <= MOST_TRANCHES:
        raise InputError(
            "tranches",
            say(
                "{tranches} tranches: money is divided into 1 to {most}",
                tranches=tranches,
                most=MOST_TRANCHES,
            ),
            say("write --tranches 4"),
        )


def schedules(history: PriceHistory, look: str) -> Flags:
    """Return a schedule for each day of a period: the k-th session of every period, (K, T) bool.

    A period that has fewer sessions looks on its last one. K is how many sessions a period has on average.

    Args:
        history: Its sessions, of which only those count on which all markets are open.
        look: One of `PERIODS_A_YEAR`.
    """
    days, opened = day_numbers(history.dates), history.opened
    there = np.arange(len(days)) if opened is None else np.flatnonzero(opened)
    first = np.flatnonzero(look_mask(days[there], look, "first"))
    size = max(1, round(history.spacing.a_year * len(there) / len(days) / PERIODS_A_YEAR[look]))
    masks = np.zeros((size, len(days)), dtype=np.bool_)
    if len(first) < 2:
        return masks
    # What stands before the first whole period is the end of one: its sessions are counted from behind.
    begins = [int(first[1]) - size, *first[1:].tolist()]
    ends = [*first[1:].tolist(), len(there) + size]
    for k in range(size):
        at = np.minimum(np.array(begins) + k, np.array(ends) - 1)
        masks[k, there[at[(at > 0) & (at < len(there))]]] = True
    return masks


def luck_of(
    problem: Backtest, row: int, dates: Sequence[date], masks: Flags, tranches: int
) -> tuple[Luck, Luck]:
    """Walk one policy on every schedule, and put together what tranches on them make.

    Args:
        problem: Its prices and terms.
        row: Which policy.
        dates: T sessions.
        masks: (K, T) bool, schedules in the order of time; K a multiple of the tranches, or nearly so.
        tranches: How many of them hold equal parts of the money at the start.

    Returns:
        The policy alone on each of K schedules, and in tranches on each of K / tranches sets of them.
    """
    indices, left = np.empty(masks.shape), np.empty(len(masks))
    for first in range(0, len(masks), _AT_ONCE):
        part = masks[first : first + _AT_ONCE]
        runs = walks.run(_on(problem, row, part), holdings=False)
        for k in range(len(part)):
            grown = statistics.growth(runs.values[k], runs.paid[k], problem.terms.initial)
            indices[first + k] = grown
            final = float(runs.values[k, -1])
            taxed = problem.tax is not None and final > 0.0
            left[first + k] = float(runs.ending[k, 0]) / final if taxed else 1.0
    sets = max(1, len(masks) // tranches)
    turns = [[(k + len(masks) * n // tranches) % len(masks) for n in range(tranches)] for k in range(sets)]
    together = np.array([indices[turn].mean(axis=0) for turn in turns])
    kept = np.array([(indices[turn, -1] * left[turn]).sum() / indices[turn, -1].sum() for turn in turns])
    return _luck(indices, left, dates), _luck(together, kept, dates)


def _luck(indices: Floats, left: Floats, dates: Sequence[date]) -> Luck:
    _, ends = calendar_years(dates)
    wealth = indices[:, -1] * left
    length = years_between(dates[0].toordinal(), dates[-1].toordinal())
    rates = np.array([statistics.yearly_growth(float(w), length) for w in wealth])
    at = indices[:, ends]
    return Luck(rates, wealth, at[:, 1:] / at[:, :-1] - 1.0 if len(ends) else np.empty((len(indices), 0)))


def calendar_years(dates: Sequence[date]) -> tuple[tuple[int, ...], list[int]]:
    """Return the whole calendar years, and the last session of each and of the year before the first."""
    years = np.array([d.year for d in dates])
    last = [int(n) for n in np.flatnonzero(years[1:] != years[:-1])]
    if dates[-1].month == 12 and dates[-1].day >= 28:
        last.append(len(dates) - 1)
    return tuple(int(years[n]) for n in last[1:]), last if len(last) > 1 else []


def _on(problem: Backtest, row: int, masks: Flags) -> Backtest:
    """Return a backtest of one policy on each of several schedules."""
    rules = policy_rules(problem, row, lambda own: np.repeat(own, len(masks), axis=0), masks)
    return replace(problem, rules=rules)
