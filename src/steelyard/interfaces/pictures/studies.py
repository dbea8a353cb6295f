"""A study or a comparison as panels: each is drawn for the page as SVG, wide and narrow, and for `--plot`."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from steelyard.app.lab.compare import Comparison
from steelyard.app.lab.study import Result, Study
from steelyard.app.lab.sweep import Sweep, gains
from steelyard.app.lab.timing_luck import TimingLuck
from steelyard.app.lab.weight_history import weight_history
from steelyard.errors import unwritable
from steelyard.interfaces.amounts import short
from steelyard.interfaces.lab_words import best, headline, yearly
from steelyard.interfaces.language import current, tell
from steelyard.interfaces.pictures import charts, figures
from steelyard.interfaces.pictures.charts import Floats
from steelyard.words import say

if TYPE_CHECKING:
    from matplotlib.figure import SubFigure

_WIDE, _NARROW = 9.0, 4.3
"""Inches; a page shows the narrow drawing where the wide one's letters would be too small."""
MOST_TOLD = 3
"""Rebalances that are told in words: the largest."""
MOST_WEIGHTS = 8
"""Instruments whose weights are drawn: those that strayed furthest, where there are more."""


@dataclass(frozen=True, slots=True)
class Panel:
    """One chart, or several that differ in one thing.

    Attributes:
        heading: What it shows.
        text: What to know when reading it; may be empty.
        heights: Inches, where it is wide and where it is narrow.
        draw: Draws it on an empty part of a figure; told whether it is narrow.
        on_white: Its greys say something, so that a dark page shows it on white.
    """

    heading: str
    text: str
    heights: tuple[float, float]
    draw: Callable[[SubFigure, bool], None]
    on_white: bool = False


def panels(
    study: Study,
    names: Mapping[str, str],
    currency: str,
    *,
    comparison: Comparison | None = None,
    sweep: Sweep | None = None,
    timing: TimingLuck | None = None,
) -> list[Panel]:
    """Return the charts of a study.

    Args:
        study: Its first policy is the yardstick.
        names: Symbol to what an instrument is called.
        currency: Of all amounts.
        comparison: The same with its resampled histories.
        sweep: Where thresholds and looks are among the policies.
        timing: The luck of the day.
    """
    made: list[Panel] = []
    if comparison is not None and comparison.differences and len(study.results) > 1:
        made.append(_differences(comparison))
    if comparison is not None and sweep is not None:
        made.append(_heat_map(comparison, sweep))
    made += [] if timing is None else _timing(timing)
    made += _over_time(study, currency)
    made.append(_trades(study, currency))
    if len(study.results) > 1:
        made.append(_cost_and_tracking(study))
    made.append(_weights(study, names))
    return made


def svg(panel: Panel, salt: str, *, narrow: bool, simulated: bool) -> str:
    """Return a panel as an element for a page; `salt` differs from panel to panel."""
    with figures.style(salt):
        figure, (part,) = figures.parts(_NARROW if narrow else _WIDE, [panel.heights[narrow]])
        panel.draw(part, narrow)
        if simulated:
            charts.stamp(figure.axes[0], tell(say("SIMULATED")))
        return figures.svg(figure, panel.heading)


def write_plot(path: Path, made: Sequence[Panel], study: Study, comparison: Comparison | None) -> None:
    """Write all panels one below the other as a PNG file, the verdict above them.

    Raises:
        InputError: It cannot be written (`unwritable`).
    """
    span = {"first": study.dates[0], "last": study.dates[-1]}
    word = (
        say("SIMULATED prices, {first} to {last}", **span)
        if study.simulated
        else say("Prices, {first} to {last}", **span)
    )
    verdict = textwrap.fill(f"{tell(headline(study, comparison))}.", 62 if current().code == "ko" else 100)
    with figures.style():
        # Room for the name of each panel.
        figure, places = figures.parts(_WIDE, [panel.heights[0] + 0.3 for panel in made])
        figure.suptitle(f"{verdict}\n{tell(word)}", fontweight="bold", fontsize=12, x=0.01, ha="left")
        for panel, place in zip(made, places, strict=True):
            panel.draw(place, False)
            stamp = f" ({tell(say('SIMULATED'))})" if study.simulated else ""
            place.suptitle(f"{panel.heading}{stamp}", fontsize=10, x=0.01, ha="left")
        drawn = figures.png(figure)
    try:
        path.write_bytes(drawn)
    except OSError as error:
        raise unwritable(path, error) from None


def drawn(study: Study) -> list[int]:
    """Return which policies the lines show: the first, the best, `hold`, and those that ended furthest off.

    More lines than there are dashes cannot be told apart; the table and the other charts have all.
    """
    results = study.results
    first = results[0].final_value
    held = [n for n, r in enumerate(results) if r.policy == "hold"]
    others = sorted(range(1, len(results)), key=lambda n: (-abs(results[n].final_value - first), n))
    chosen = list(dict.fromkeys([0, best(study), *held, *others]))
    return sorted(chosen[: len(figures.COLOURS)])


def _over_time(study: Study, currency: str) -> list[Panel]:
    chosen = drawn(study)
    hint = (
        ""
        if len(chosen) == len(study.results)
        else say("Shown: the first, the best, hold, and those that ended furthest from the first.")
    )
    one = study.results[0].index
    start = float(study.problem.terms.initial)
    code = current().code

    def panel(heading: str, series: Callable[[Result], Floats], unit: Callable[[float], str] | None) -> Panel:
        lines = [charts.Curve(n + 1, study.results[n].policy, series(study.results[n])) for n in chosen]

        def draw(part: SubFigure, narrow: bool) -> None:
            axes = part.add_subplot()
            charts.lines(axes, "", study.dates, lines, percent=unit is None, unit=unit, narrow=narrow)

        extra = 0.22 * len(chosen) if len(chosen) > 1 else 0.0
        return Panel(heading, tell(hint), (3.0, 2.4 + extra), draw)

    became = say("What {amount} became", amount=short(start, currency, code))
    made = [panel(tell(became), lambda r: r.index * start, lambda v: short(v, currency, code))]
    if len(chosen) > 1 and one.min() > 0.0:
        # Growth less that of the yardstick is where policies differ at all.
        made.append(panel(tell(say("Growth against the first")), lambda r: r.index / one - 1.0, None))
    made.append(panel(tell(say("Below the highest so far")), lambda r: r.drawdowns, None))
    return made


def _trades(study: Study, currency: str) -> Panel:
    """Return what the first policy did: its rebalances on its growth, and the largest in words."""
    first, code = study.results[0], current().code
    wealth = first.values + study.walk.runs.costs[first.row]
    traded = np.where(first.rebalanced, study.walk.runs.traded[first.row], 0.0)
    moved = traded / 2.0 / np.where(wealth > 0.0, wealth, 1.0)
    largest = sorted(np.flatnonzero(moved).tolist(), key=lambda n: (-moved[n], n))[:MOST_TOLD]
    text = say("It never traded after the first purchase.")
    if largest:
        text = say(
            "Triangles are its {count} rebalances, larger the more of the money they moved. Most: {told}.",
            count=first.rebalances,
            told=", ".join(f"{study.dates[n]} {100 * moved[n]:.1f} %" for n in sorted(largest)),
        )
    series = first.index * float(study.problem.terms.initial)

    def draw(part: SubFigure, narrow: bool) -> None:
        axes = part.add_subplot()
        charts.trades(axes, study.dates, series, moved, unit=lambda v: short(v, currency, code))

    heading = say("What the rule did: {policy}", policy=first.policy)
    return Panel(tell(heading), tell(text), (2.6, 2.4), draw)


def _timing(timing: TimingLuck) -> list[Panel]:
    """Return the luck of the day of the first policy that has any, calendar year by calendar year."""
    told = next((p for p in timing.policies if p.alone is not None and p.tranched is not None), None)
    if told is None or told.alone is None or told.tranched is None or not timing.years:
        return []
    middle = told.alone.yearly.mean(axis=0)
    outer, inner = (
        ((luck.yearly - middle).min(axis=0), (luck.yearly - middle).max(axis=0))
        for luck in (told.alone, told.tranched)
    )

    def draw(part: SubFigure, narrow: bool) -> None:
        charts.spans(part.add_subplot(), [str(year) for year in timing.years], outer, inner)

    text = say(
        "A calendar year's growth on the worst and the best of {days} days to look on, less the mean of all: "
        "{luck:.0f} basis points of luck a year. Thick: in {tranches} tranches, {rest:.0f}.",
        days=len(told.alone.rates),
        luck=10_000 * told.alone.yearly_luck,
        tranches=timing.tranches,
        rest=10_000 * told.tranched.yearly_luck,
    )
    heading = say("The luck of the day: {policy}", policy=told.policy)
    return [Panel(tell(heading), tell(text), (2.4, 2.2), draw)]


def _weights(study: Study, names: Mapping[str, str]) -> Panel:
    """Return the weights of the first policy, a small chart an instrument."""
    held = weight_history(study)
    strayed = np.abs(held.weights - held.targets).max(axis=0)
    order = sorted(range(len(held.symbols)), key=lambda n: (-strayed[n], n))[:MOST_WEIGHTS]

    def draw(part: SubFigure, narrow: bool) -> None:
        across = 1 if narrow else 2
        down = math.ceil(len(order) / across)
        grid = part.subplots(down, across, squeeze=False, sharex=True).flatten()
        for n, axes in zip(sorted(order), grid, strict=False):
            symbol = held.symbols[n]
            name = names.get(symbol, symbol)
            label = symbol if name in ("", symbol) else f"{textwrap.shorten(name, 34)} ({symbol})"
            weight = np.ascontiguousarray(held.weights[:, n])
            charts.weight_history(
                axes, label, held.dates, weight, held.targets[:, n], held.bands[:, n], held.rebalanced
            )
        for axes in grid[len(order) :]:
            axes.set_axis_off()

    text: str = say("Line: the weight. Thin line: the target. Grey: the band. Triangles: rebalances.")
    if len(order) < len(held.symbols):
        more = say("Shown: the {count} that strayed furthest.", count=len(order))
        text = f"{tell(text)} {tell(more)}"
    heights = (1.6 * math.ceil(len(order) / 2), 1.6 * len(order))
    heading = say("Weights under {policy}", policy=held.policy)
    return Panel(tell(heading), tell(text), heights, draw)


def _cost_and_tracking(study: Study) -> Panel:
    results = study.results
    costs = [yearly(study, r, r.costs) for r in results]
    errors = [0.0 if math.isnan(r.tracking_error) else r.tracking_error for r in results]
    axes_named = tell(say("cost a year")), tell(say("tracking error a year"))
    key = "\n".join(f"{n}  {r.policy}" for n, r in enumerate(results, 1))

    def draw(part: SubFigure, narrow: bool) -> None:
        axes = part.add_subplot()
        charts.points(axes, "", costs, errors, names=axes_named)
        if narrow:
            axes.set_xlabel(f"{axes_named[0]}\n\n{key}", loc="left", fontsize=8, linespacing=1.3)
        else:
            axes.text(1.02, 1.0, key, transform=axes.transAxes, va="top", fontsize=8, linespacing=1.3)

    text = say(
        "Down and to the left is better. The cost is a year's, as a part of average wealth; the tracking "
        "error is against the mix rebalanced every session at no cost."
    )
    heights = (max(2.8, 0.17 * len(results) + 0.4), 2.8 + 0.19 * len(results))
    return Panel(tell(say("Cost against tracking")), tell(text), heights, draw)


def _differences(comparison: Comparison) -> Panel:
    results = comparison.study.results
    rates = comparison.rates()
    gaps = [rates[:, p] - rates[:, 0] for p in range(1, len(results))]
    labels = [f"{n}  {r.policy}" for n, r in enumerate(results, 1)][1:]
    heading = say("Growth a year less that of {policy}", policy=results[0].policy)

    def draw(part: SubFigure, narrow: bool) -> None:
        shown = ["\n".join(textwrap.wrap(label, 24)) for label in labels] if narrow else labels
        charts.intervals(part.add_subplot(), "", shown, gaps)

    text = say(
        "Over {paths} resampled histories (seed {seed}): the thin bar holds 95 % of them, the thick one "
        "half, the tick is the median. A thin bar across zero is no evidence for either policy.",
        paths=comparison.paths,
        seed=comparison.drawn.seed,
    )
    height = 0.9 + 0.26 * len(gaps)
    return Panel(tell(heading), tell(text), (height, height + 0.08 * len(gaps)), draw)


def _heat_map(comparison: Comparison, sweep: Sweep) -> Panel:
    means, evident = gains(comparison)
    cells = np.array(sweep.cells)
    values = np.array(means)[cells]
    heading = say("Bands by looks: points a year against {policy}", policy=comparison.study.results[0].policy)

    def cell(row: int, column: int) -> str:
        n = int(cells[row, column])
        return f"{100 * means[n]:+.2f}{'*' if evident[n] else ''}"

    def draw(part: SubFigure, narrow: bool) -> None:
        axes = part.add_subplot()
        charts.heat_map(axes, "", sweep.thresholds, sweep.looks, values, cell)
        if narrow:
            axes.tick_params(axis="x", rotation=30)

    text = say(
        "Darker is better, and without * it is no evidence. Neighbours that disagree say that the difference "
        "is luck."
    )
    height = 0.7 + 0.3 * len(sweep.thresholds)
    return Panel(tell(heading), tell(text), (height, height + 0.3), draw, on_white=True)
