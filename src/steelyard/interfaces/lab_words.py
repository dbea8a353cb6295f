"""What a backtest or a comparison says in one sentence, and what of it is told as a rate a year."""

from __future__ import annotations

import math

from steelyard.app.lab.compare import Comparison, MeanDifference
from steelyard.app.lab.study import Result, Study
from steelyard.words import Text, say


def headline(study: Study, comparison: Comparison | None) -> Text:
    """Return the verdict on a study in one sentence: how the first policy did, and whether that is luck.

    Args:
        study: At least one policy; the first is the yardstick.
        comparison: The same with its resampled histories, None or without any for what happened alone.
    """
    first, *others = study.results
    if not others:
        return _alone(study, first)
    if comparison is None or not comparison.differences:
        return _as_it_happened(study)
    if len(others) == 1:
        return comparison.statement(others[0].policy, first.policy)
    gaps = list(zip(others, comparison.differences[1:], strict=True))
    better = [(r, d) for r, d in gaps if d.evident and d.mean > 0.0]
    worse = [(r, d) for r, d in gaps if d.evident and d.mean < 0.0]
    if better:
        r, d = max(better, key=lambda gap: gap[1].mean)
        return say(
            "{count} of {others} policies did better than {first}; most of all {policy}, "
            "by {mean:+.2f} points a year, 95 % {low:+.2f} to {high:+.2f}",
            count=len(better), others=len(others), first=first.policy, policy=r.policy, **_points(d),
        )  # fmt: skip
    if worse:
        r, d = min(worse, key=lambda gap: gap[1].mean)
        return say(
            "No policy did better than {first}, and {count} of {others} did worse; most of all {policy}, by "
            "{mean:+.2f} points a year, 95 % {low:+.2f} to {high:+.2f}",
            count=len(worse), others=len(others), first=first.policy, policy=r.policy, **_points(d),
        )  # fmt: skip
    r, d = max(gaps, key=lambda gap: abs(gap[1].mean))
    return say(
        "No policy differs from {first} by more than luck; most of all {policy}, "
        "by {mean:+.2f} points a year, 95 % {low:+.2f} to {high:+.2f}",
        first=first.policy, policy=r.policy, **_points(d),
    )  # fmt: skip


def _alone(study: Study, result: Result) -> Text:
    paid = say("cost and tax") if study.after_tax else say("cost")
    facts = {"policy": result.policy, "paid": paid, "fall": f"{-100 * result.max_drawdown:.1f}"}
    if study.years < 1.0:
        # A rate a year of a few weeks would be one of nothing that happened.
        whole = (1.0 + grown(study, result)) ** study.years - 1.0
        return say(
            "{policy} returned {whole} % in {count} sessions, after {paid}; its deepest fall was {fall} %",
            whole=f"{100 * whole:+.2f}",
            count=len(study.dates),
            **facts,
        )
    return say(
        "{policy} returned {rate} % a year over {years} years, after {paid}; its deepest fall was {fall} %",
        rate=f"{100 * grown(study, result):+.2f}",
        years=f"{study.years:.1f}",
        **facts,
    )


def _as_it_happened(study: Study) -> Text:
    first = study.results[0]
    best = max(study.results, key=lambda r: grown(study, r))
    rate = f"{100 * grown(study, best):+.2f}"
    if best is first:
        return say(
            "{policy} did best, with {rate} % a year; one history alone is no evidence",
            policy=best.policy, rate=rate,
        )  # fmt: skip
    return say(
        "{policy} did best, with {rate} % a year, {gap} points more than {first}; one history alone is no "
        "evidence",
        policy=best.policy,
        rate=rate,
        gap=f"{100 * (grown(study, best) - grown(study, first)):.2f}",
        first=first.policy,
    )


def _points(d: MeanDifference) -> dict[str, float]:
    # Minus nothing would be said with its sign.
    return {"mean": 100 * d.mean + 0.0, "low": 100 * d.low + 0.0, "high": 100 * d.high + 0.0}


def verdict(difference: MeanDifference) -> Text:
    """Return in a word which way a difference to the first policy goes."""
    if not difference.evident:
        return say("unclear")
    return say("better") if difference.mean > 0.0 else say("worse")


def interval(difference: MeanDifference) -> str:
    """Return a difference in points a year with its interval: `+0.01 [-0.20, +0.22]`."""
    mean, low, high = (f"{100 * v:+.2f}" for v in (difference.mean, difference.low, difference.high))
    return f"{mean} [{low}, {high}]".replace("-0.00", "+0.00")


def grown(study: Study, result: Result) -> float:
    """Return what policies are compared by: growth a year, after tax as if all were sold at the end."""
    return result.cagr_if_sold if study.after_tax else result.cagr


def yearly(study: Study, result: Result, amount: float) -> float:
    """Return an amount that left over the years, such as costs, as a part of average wealth a year."""
    wealth = max(float(result.values.mean()), 1e-300)
    return amount / wealth / study.years if study.years > 0.0 else math.nan


def best(study: Study) -> int:
    """Return the row of the policy that grew most."""
    return max(range(len(study.results)), key=lambda n: (grown(study, study.results[n]), -n))
