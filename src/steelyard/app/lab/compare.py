"""The usual policies side by side, and whether their differences are more than luck."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from steelyard.app.lab.backtest import BacktestSettings, Candidate, backtest, candidate
from steelyard.app.lab.study import Study
from steelyard.domain.policy import policy_text
from steelyard.domain.policy.policies import Policy
from steelyard.engines.arrays import Floats
from steelyard.engines.lab.backtest import resample
from steelyard.engines.lab.backtest.records import TALLIES
from steelyard.engines.market.price_history import PriceHistory
from steelyard.errors import InputError
from steelyard.words import Text, say

USUAL = (
    "hold",
    "calendar monthly",
    "calendar quarterly",
    "calendar semiannual",
    "calendar annual",
    "threshold 1%",
    "threshold 2%",
    "threshold 3%",
    "threshold 5%",
    "threshold 10%",
    "threshold relative 20%",
    "threshold relative 25%",
    "threshold 5% relative 25%",
    "hybrid quarterly 5% 180d",
    "threshold 2% to 1.75%",
    "threshold relative 20% look biweekly to halfway",
)
"""What `compare` tries.

Source: the last two are Vanguard's 200/175 (Zhang et al. 2022) and Daryanani's tolerance bands (2008).
"""


def a_month(study: Study) -> float:
    """Return the mean block of the resampling in sessions: a month, which keeps volatility's clusters."""
    return max(1.0, float(round(study.walk.spacing.a_year / 12.0)))


MeanDifference = resample.MeanDifference
"""A paired difference of two policies with its interval."""
LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
"""Quantiles by which a distribution is told."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """How histories were drawn: of what seed, in pieces of how many sessions on average or exactly."""

    seed: int
    block: float
    circular: bool


@dataclass(frozen=True, slots=True)
class Distribution:
    """How one policy's results are spread over resampled histories, at `LEVELS`; rates are a year's."""

    policy: str
    growth: tuple[float, ...]
    max_drawdown: tuple[float, ...]
    final_value: tuple[float, ...]
    turnover: tuple[float, ...]
    rebalances: tuple[float, ...]
    costs: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Policies on history and on resampled histories.

    Attributes:
        study: On history; the first result is the yardstick. What is resampled is `study.together`, the time
            in which all instruments are there.
        paths: Resampled histories that were done.
        differences: One a result: its yearly growth less that of the yardstick, path by path; empty
            without resampling.
        tallies: (S, P, 10) float64, see `engines.lab.backtest.records.TALLIES`.
        drawn: How the histories were drawn.
    """

    study: Study
    paths: int
    differences: tuple[resample.MeanDifference, ...]
    tallies: Floats
    drawn: Drawn

    def rates(self) -> Floats:
        """Return the growth a year of every policy on every path, (S, P) float64.

        After tax it is that of what is left when everything is sold and all tax is paid: a policy that never
        sells would else look better by what it owes.
        """
        years = self.study.together.years
        growth = np.maximum(self.tallies[:, :, TALLIES.index("growth")], 0.0)
        if self.study.after_tax:
            final = self.tallies[:, :, TALLIES.index("final")]
            sold = np.maximum(self.tallies[:, :, TALLIES.index("liquidation")], 0.0)
            growth = growth * np.where(final > 0.0, sold / np.where(final > 0.0, final, 1.0), 0.0)
        rates: Floats = growth ** (1.0 / years) - 1.0
        return rates

    def between(self, first: str, second: str) -> resample.MeanDifference:
        """Return the growth a year of one policy less that of another, on the same paths.

        Args:
            first, second: Texts of two policies of the study.

        Raises:
            InputError: One of them is not in the study, or nothing was resampled (`policy-text`).
        """
        names = [r.policy for r in self.study.results]
        missing = [name for name in (first, second) if name not in names]
        if missing:
            wrong, hint = (
                say("{missing} was not compared", missing=", ".join(missing)),
                say("name two of: {names}", names=", ".join(names)),
            )
            raise InputError("policy-text", wrong, hint)
        if not self.paths:
            raise InputError(
                "policy-text", say("nothing was resampled"), say("compare with paths above zero")
            )
        rates = self.rates()
        return resample.difference(
            np.ascontiguousarray(rates[:, names.index(first)]),
            np.ascontiguousarray(rates[:, names.index(second)]),
        )

    def statement(self, first: str, second: str) -> Text:
        """Say in one sentence which of two policies grew more, by how much, and whether that is evidence."""
        gap = self.between(first, second)
        paid = say("cost and tax") if self.study.after_tax else say("cost")
        if not gap.evident:
            return say(
                "{first} and {second} do not differ: {mean:+.2f} points a year after {paid}, "
                "95 % {low:+.2f} to {high:+.2f}",
                first=first,
                second=second,
                mean=100 * gap.mean + 0.0,
                paid=paid,
                low=100 * gap.low,
                high=100 * gap.high,
            )
        better, worse = (first, second) if gap.mean > 0.0 else (second, first)
        low, high = sorted((100 * abs(gap.low), 100 * abs(gap.high)))
        return say(
            "{better} beats {worse} by {mean:.2f} points a year after {paid}, 95 % {low:.2f} to {high:.2f}: "
            "more than luck in histories like this",
            better=better,
            worse=worse,
            mean=100 * abs(gap.mean),
            paid=paid,
            low=low,
            high=high,
        )

    def summary(self, frame: Callable[[dict[str, list[Any]]], Any] = dict) -> Any:
        """Return differences to the first policy and spreads, a row a policy, as `frame` makes it of columns.

        Args:
            frame: For example `pandas.DataFrame` or `polars.DataFrame`; plain lists unless given.
        """
        columns: dict[str, list[Any]] = {"policy": [r.policy for r in self.study.results]}
        for name in ("mean", "low", "high", "evident"):
            columns[f"difference_{name}"] = [getattr(d, name) for d in self.differences]
        spreads = self.distributions()
        for name in ("growth", "max_drawdown"):
            for n, level in enumerate(LEVELS):
                columns[f"{name}_{100 * level:.0f}"] = [getattr(s, name)[n] for s in spreads]
        return frame(columns)

    def to_dict(self) -> dict[str, Any]:
        """Return the document of `compare --json`: that of `backtest`, and differences to the first."""
        document = self.study.to_dict()
        document["paths"] = self.paths
        document["resampling"] = asdict(self.drawn)
        if self.paths and self.study.history.lives:
            dates = self.study.together.dates
            document["drawn_from"] = {"start": dates[0].isoformat(), "end": dates[-1].isoformat()}
        first = self.study.results[0].policy
        for row, difference in zip(document["results"], self.differences, strict=False):
            row["difference"] = {**asdict(difference), "evident": difference.evident}
        for row, spread in zip(document["results"], self.distributions(), strict=False):
            levels = {name: list(values) for name, values in asdict(spread).items() if name != "policy"}
            row["distribution"] = {"levels": list(LEVELS), **levels}
            if row["policy"] != first:
                row["difference"]["statement"] = self.statement(row["policy"], first)
        return document

    def distributions(self) -> tuple[Distribution, ...]:
        """Return how each policy's results are spread over the paths; empty without resampling."""
        if not self.paths:
            return ()
        years = self.study.together.years
        of = {name: self.tallies[:, :, n] for n, name in enumerate(TALLIES)}
        spread = {
            "growth": self.rates(),
            "max_drawdown": of["trough"] - 1.0,
            "final_value": of["final"],
            "turnover": of["turnover"] / years,
            "rebalances": of["rebalances"],
            "costs": of["costs"],
        }
        levels = {name: np.quantile(values, LEVELS, axis=0) for name, values in spread.items()}
        return tuple(
            Distribution(r.policy, **{name: tuple(q[:, p].tolist()) for name, q in levels.items()})
            for p, r in enumerate(self.study.results)
        )


def usual(own: Policy | None) -> tuple[Candidate, ...]:
    """Return the usual policies, the owner's own first and once."""
    texts = list(USUAL)
    if own is not None:
        text = policy_text.text(own)
        return (candidate(own), *(candidate(t) for t in texts if t != text))
    return tuple(candidate(t) for t in texts)


def compare(
    history: PriceHistory,
    candidates: Sequence[Candidate],
    settings: BacktestSettings,
    *,
    paths: int = 1000,
    seed: int = 1,
    block: float | None = None,
    circular: bool = False,
    progress: Callable[[int], None] | None = None,
) -> Comparison:
    """Run policies on history and on resampled histories.

    An interrupt during resampling keeps the paths that are done.

    Args:
        history: Complete prices.
        candidates: The first is the yardstick.
        settings: Targets, costs, flows and rates.
        paths: Resampled histories, 0 for none.
        seed: Of the resampling; path k depends on it and on k alone.
        block: Mean block length, sessions; a month unless given.
        circular: Every block has just that length, instead of a random one.
        progress: Told how many paths are done.
    """
    study = backtest(history, candidates, settings)
    return resampled(study, paths=paths, seed=seed, block=block, circular=circular, progress=progress)


def resampled(
    study: Study,
    *,
    paths: int = 1000,
    seed: int = 1,
    block: float | None = None,
    circular: bool = False,
    progress: Callable[[int], None] | None = None,
) -> Comparison:
    """Run the policies of a study on resampled histories; the rest as for `compare`."""
    policies = len(study.results)
    block = a_month(study.together) if block is None else block
    drawn = Drawn(seed, block, circular)
    if paths == 0:
        return Comparison(study, 0, (), np.empty((0, policies, len(TALLIES))), drawn)
    tallies = resample.resampled(
        study.together.problem, paths=paths, seed=seed, block=block, circular=circular, progress=progress
    )
    if not len(tallies):
        return Comparison(study, 0, (), tallies, drawn)
    rates = Comparison(study, len(tallies), (), tallies, drawn).rates()
    differences = tuple(
        resample.difference(np.ascontiguousarray(rates[:, p]), np.ascontiguousarray(rates[:, 0]))
        for p in range(policies)
    )
    return Comparison(study, len(tallies), differences, tallies, drawn)
