"""The band advisor: which trigger and destination cost a person least, and what other rules cost more.

Three methods that know nothing of each other: closed forms (two funds, watched all the time, nothing but
costs), a dynamic programme (two funds at looks, three on a grid), and simulation of the person's own whole
shares, deposits and taxes. What rests on simulation says so and has its interval and its seed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from steelyard.app.lab.advice.saver_inputs import LOOKS_A_YEAR, SaverInputs
from steelyard.app.lab.advice.simulation_values import Drawing, Simulated, Tried
from steelyard.app.lab.advice.tried_rules import TriedRule, in_closed_form, own_rule, usual_rules
from steelyard.domain.policy.policies import Policy
from steelyard.engines.lab import closed_forms, programme, programme_three
from steelyard.engines.lab.closed_forms import Band, YearlyCost
from steelyard.errors import InputError
from steelyard.extras import ExtraMissing
from steelyard.words import say

_AHEAD = 120
"""Looks that the programme of three funds looks ahead: ten years of months."""


@dataclass(frozen=True, slots=True)
class FundBand:
    """A fund against all others together, in closed form.

    Attributes:
        symbol, target, volatility: The fund, its target, and its volatility against the rest.
        band: The best one, watched all the time. cost: Of it.
        floor: Deviation that whole shares leave whatever the rule; None for divisible ones.
    """

    symbol: str
    target: float
    volatility: float
    band: Band
    cost: YearlyCost
    floor: float | None

    def to_dict(self) -> dict[str, Any]:
        """Return it as in the document."""
        return {
            "symbol": self.symbol,
            "target": self.target,
            "volatility": self.volatility,
            "trigger": self.band.trigger,
            "destination": self.band.destination,
            "cost": self.cost.total,
            "whole_share_floor": self.floor,
        }


@dataclass(frozen=True, slots=True)
class Stretch:
    """Where a fund is left alone by the programme, and where it is traded to from beyond; weights."""

    symbol: str
    low: float
    high: float
    low_to: float
    high_to: float

    def to_dict(self) -> dict[str, Any]:
        """Return it as in the document."""
        return {name: getattr(self, name) for name in ("symbol", "low", "high", "low_to", "high_to")}


@dataclass(frozen=True, slots=True)
class Programmed:
    """What the programme says: its looks a year, the best rule by fund, and what it costs a year."""

    looks: int
    stretches: tuple[Stretch, ...]
    cost: float

    def to_dict(self) -> dict[str, Any]:
        """Return it as in the document."""
        return {"looks": self.looks, "cost": self.cost, "funds": [s.to_dict() for s in self.stretches]}


@dataclass(frozen=True, slots=True)
class RuleCost:
    """A rule and its cost a year by each method that knows it."""

    rule: TriedRule
    closed: YearlyCost | None
    programmed: float | None
    simulated: Simulated | None

    def to_dict(self) -> dict[str, Any]:
        """Return it as in the document."""
        return {
            "rule": self.rule.text,
            "closed_form": None if self.closed is None else self.closed.total,
            "programme": self.programmed,
            "simulation": None if self.simulated is None else self.simulated.to_dict(),
        }


@dataclass(frozen=True, slots=True)
class Inverse:
    """Which costs would make the present rule the best: of a unit moved, and of a rebalance as money.

    For a calendar each of the two alone would.
    """

    move: float
    fixed: float
    either: bool

    def to_dict(self) -> dict[str, Any]:
        """Return it as in the document."""
        return {"move": self.move, "fixed": self.fixed, "either": self.either}


@dataclass(frozen=True, eq=False, slots=True)
class BandReport:
    """The advice.

    Attributes:
        saver: What it rests on. drawing: How markets were simulated, None where they were not.
        funds: In closed form, each against the rest. programmed: None for more than three funds.
        best: The band to use. method: closed form | programme | simulation.
        as_good: Least and greatest trigger that simulation cannot tell from the best, None without it.
        rules: The best, the person's own and the usual ones. inverse: None where the own rule has no answer.
        deposits_enough: Deposits a year, part of the portfolio, that hold it as tight without selling.
        tried: What other bands cost, for a picture.
        notes: What to know, one sentence each.
    """

    saver: SaverInputs
    drawing: Drawing | None
    funds: tuple[FundBand, ...]
    programmed: Programmed | None
    best: Band
    method: str
    as_good: tuple[float, float] | None
    rules: tuple[RuleCost, ...]
    inverse: Inverse | None
    deposits_enough: float
    tried: tuple[Tried, ...]
    notes: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the document of `bands --json`: parts of wealth and of the portfolio, as fractions."""
        saver, drawing = self.saver, self.drawing
        return {
            "schema": "steelyard/bands/1",
            "inputs": {
                "currency": saver.currency,
                "value": saver.value,
                "targets": dict(zip(saver.symbols, saver.targets.tolist(), strict=True)),
                "aversion": saver.aversion,
                "look": saver.look,
                "move": saver.move,
                "fixed": saver.fixed,
                "least": saver.least,
                "whole": saver.whole,
                "deposits": saver.deposits,
                "gain": saver.gain,
                "taxed": saver.tax is not None,
            },
            "best": {
                "trigger": self.best.trigger,
                "destination": self.best.destination,
                "method": self.method,
                "as_good": None if self.as_good is None else list(self.as_good),
            },
            "closed_form": [fund.to_dict() for fund in self.funds],
            "programme": None if self.programmed is None else self.programmed.to_dict(),
            "rules": [rule.to_dict() for rule in self.rules],
            "inverse": None if self.inverse is None else self.inverse.to_dict(),
            "deposits_enough": self.deposits_enough,
            "simulation": None
            if drawing is None
            else {"paths": drawing.paths, "years": drawing.years, "seed": drawing.seed},
            "tried": [tried.to_dict() for tried in self.tried],
            "notes": [*self.notes],
        }


def bands(saver: SaverInputs, policy: Policy, drawing: Drawing | None) -> BandReport:
    """Return the advice for a saver.

    Args:
        saver: See there.
        policy: The present rule.
        drawing: None to leave simulation out, where nothing needs it.

    Raises:
        InputError: Trading costs nothing (`no-costs`): the best band is none at all.
        ExtraMissing: Only simulation can answer, and it is not installed.
    """
    if saver.cost_of_move()(0.01) <= 0.0:
        raise InputError(
            "no-costs",
            say("trading costs nothing here, so no band is narrow enough"),
            say("add commission under [costs], or --move-cost 0.1%, --spread or --fixed"),
        )
    notes = list(saver.notes)
    funds = tuple(_fund(saver, n) for n in range(len(saver.symbols)))
    widest = max(range(len(funds)), key=lambda n: saver.drift(n).speed)
    programmed = _programme(saver)
    own = own_rule(saver, policy)
    tried = (own, *(r for r in usual_rules(saver) if r.text != own.text))
    best, method, as_good = funds[widest].band, "closed form", None
    if len(funds) == 2 and programmed is not None:
        one = programmed.stretches[0]
        looked = Band((one.high - one.low) / 2, (one.high_to - one.low_to) / 2)
        best, method = looked, "programme"
    simulated: tuple[Simulated, ...] | None = None
    grid = _curve(saver, widest)
    if drawing is not None:
        try:
            from steelyard.app.lab.advice import simulated_bands
        except ExtraMissing as error:
            if not saver.is_plain:
                raise
            drawing = None
            notes.append(say("nothing is simulated: {why}", why=error))
        else:
            found = simulated_bands.search(saver, funds[widest].band, drawing)
            as_good, grid = found.as_good, found.tried
            if not saver.is_plain or len(funds) > 2:
                best, method = found.best, "simulation"
            simulated = simulated_bands.measure(saver, best, tried, drawing)
    named = TriedRule(
        say("best, {trigger:.2f} to {to:.2f} points", trigger=best.trigger * 100, to=best.destination * 100),
        (best.trigger,) * len(funds),
        best.destination / best.trigger if best.trigger else 0.0,
    )
    chain = _chain(saver) if len(funds) == 2 else None
    rows = tuple(
        RuleCost(
            rule,
            in_closed_form(saver, rule, widest),
            None if chain is None else _on_chain(saver, chain, rule),
            None if simulated is None else simulated[n],
        )
        for n, rule in enumerate((named, *tried))
    )
    return BandReport(
        saver,
        drawing,
        funds,
        programmed,
        best,
        method,
        as_good,
        rows,
        _inverse(saver, own, widest),
        _deposits_enough(saver, widest, best),
        grid,
        tuple(notes),
    )


def _curve(saver: SaverInputs, fund: int) -> tuple[Tried, ...]:
    """Return what bands around the best one cost in closed form."""
    drift, cost = saver.drift(fund), saver.cost_of_move()
    best, _ = closed_forms.best_band(drift, cost)
    pairs = [
        (best.trigger * step, best.trigger * step * ratio)
        for step in (0.4, 0.55, 0.7, 0.85, 1.0, 1.2, 1.45, 1.8, 2.4)
        for ratio in (0.0, 0.25, 0.5, 0.75)
    ]
    return tuple(
        Tried(b, d, closed_forms.band_cost(drift, cost, Band(b, d)).total, 0.0) for b, d in pairs if b > 0.0
    )


def _fund(saver: SaverInputs, fund: int) -> FundBand:
    band, cost = closed_forms.best_band(saver.drift(fund), saver.cost_of_move())
    floor = None
    if saver.whole and saver.prices is not None:
        floor = closed_forms.whole_share_deviation(float(saver.prices[fund]), saver.value)
    return FundBand(
        saver.symbols[fund], float(saver.targets[fund]), saver.against_rest(fund), band, cost, floor
    )


def _inverse(saver: SaverInputs, own: TriedRule, fund: int) -> Inverse | None:
    drift, band = saver.drift(fund), own.band
    if own.is_calendar and own.look is not None:
        move, fixed = closed_forms.costs_that_make_periodic_right(drift, 1.0 / LOOKS_A_YEAR[own.look])
        return Inverse(move, fixed * saver.value, either=True)
    if math.isinf(own.widths[fund]):
        return None
    band = Band(own.widths[fund], own.ratio * own.widths[fund])
    move, fixed = closed_forms.costs_that_make_right(drift, band)
    return Inverse(move, fixed * saver.value, either=False)


def _deposits_enough(saver: SaverInputs, fund: int, best: Band) -> float:
    drift = saver.drift(fund)
    wanted = closed_forms.band_cost(drift, lambda _: 0.0, best).deviation
    return closed_forms.deposits_as_tight_as(drift, float(saver.targets[fund]), wanted)


def _two_funds(saver: SaverInputs, looks: float) -> programme.TwoFunds:
    return programme.TwoFunds(
        target=float(saver.targets[0]),
        volatility=saver.against_rest(0),
        aversion=saver.aversion,
        move=saver.move,
        fixed=saver.fixed / saver.value,
        looks=looks,
        least=2.0 * saver.least / saver.value,
    )


def _chain(saver: SaverInputs, looks: int | None = None) -> programme.Chain:
    """Return a grid wide enough for the best band and for five points."""
    drift = saver.drift(0)
    band, _ = closed_forms.best_band(drift, saver.cost_of_move())
    step = drift.speed / math.sqrt(looks or saver.looks)
    room = min(float(saver.targets[0]), 1.0 - float(saver.targets[0]))
    reach = min(max(2.0 * band.trigger, 0.06) + 5.0 * step, 0.95 * room)
    return programme.chain(_two_funds(saver, looks or saver.looks), reach)


def _programme(saver: SaverInputs) -> Programmed | None:
    if len(saver.symbols) == 2:
        rule = programme.solve(_chain(saver))
        first, second = saver.symbols
        return Programmed(
            saver.looks,
            (
                Stretch(first, rule.low, rule.high, rule.low_to, rule.high_to),
                Stretch(second, 1 - rule.high, 1 - rule.low, 1 - rule.high_to, 1 - rule.low_to),
            ),
            rule.cost,
        )
    if len(saver.symbols) != 3:
        return None
    # What is least of a commission is taken as what every rebalance costs at least.
    fixed = (saver.fixed + 2.0 * saver.least) / saver.value
    looks = min(saver.looks, 12)
    funds = programme_three.ThreeFunds(
        saver.targets, saver.covariance, saver.aversion, saver.move, fixed, float(looks)
    )
    plan = programme_three.solve(funds, _AHEAD)
    stretches = [_stretch(saver, funds, plan, fund) for fund in range(3)]
    return Programmed(looks, tuple(stretches), plan.yearly)


def _stretch(
    saver: SaverInputs, funds: programme_three.ThreeFunds, plan: programme_three.ThreePlan, fund: int
) -> Stretch:
    """Return where one fund is left alone while the other two stand to each other as their targets do."""
    others = [n for n in range(3) if n != fund]
    share = float(saver.targets[others[0]] / saver.targets[others].sum())
    line: list[tuple[float, bool, float]] = []
    for step in range(funds.steps + 1):
        counts = [0, 0, 0]
        counts[fund] = step
        counts[others[0]] = round((funds.steps - step) * share)
        counts[others[1]] = funds.steps - step - counts[others[0]]
        number = int(funds.numbers[counts[0], counts[1]])
        to = funds.weights[plan.to[number], fund]
        line.append((step / funds.steps, bool(plan.trades[number]), float(to)))
    middle = round(float(saver.targets[fund]) * funds.steps)
    low = high = middle
    while low > 0 and not line[low - 1][1]:
        low -= 1
    while high < funds.steps and not line[high + 1][1]:
        high += 1
    return Stretch(
        saver.symbols[fund], line[low][0], line[high][0], line[max(low - 1, 0)][2],
        line[min(high + 1, funds.steps)][2],
    )  # fmt: skip


def _on_chain(saver: SaverInputs, chain: programme.Chain, rule: TriedRule) -> float | None:
    """Return what a rule costs on the grid of two funds, None where it does not know the rule."""
    if rule.is_calendar and rule.look is not None:
        grid = _chain(saver, LOOKS_A_YEAR[rule.look])
        return programme.measured(grid, programme.band_rule(grid, -1.0, 0.0)).cost
    if rule.band is None:
        return None
    grid = chain if rule.look in (None, saver.look) else _chain(saver, LOOKS_A_YEAR[rule.look])
    if rule.band.trigger >= float(np.abs(grid.weights - saver.targets[0]).max()):
        return None
    return programme.measured(grid, programme.band_rule(grid, rule.band.trigger, rule.band.destination)).cost
