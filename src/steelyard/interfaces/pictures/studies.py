"""A study or a comparison as panels: each is drawn once, for the page as SVG and for `--plot` as one PNG."""

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
from steelyard.app.lab.weight_history import weight_history
from steelyard.errors import unwritable
from steelyard.interfaces.pictures import charts, figures
from steelyard.interfaces.pictures.charts import Floats

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_WIDTH = 9.0
MOST_WEIGHTS = 8
"""Instruments whose weights are drawn: those that strayed furthest, where there are more."""


@dataclass(frozen=True, slots=True)
class Panel:
    """One chart.

    Attributes:
        heading: What it shows.
        text: What to know when reading it; may be empty.
        height: Inches.
        draw: Draws it on empty axes.
    """

    heading: str
    text: str
    height: float
    draw: Callable[[Axes], None]


def panels(
    study: Study,
    names: Mapping[str, str],
    *,
    comparison: Comparison | None = None,
    sweep: Sweep | None = None,
) -> list[Panel]:
    """Return the charts of a study.

    Args:
        study: Its first policy is the yardstick.
        names: Symbol to what an instrument is called.
        comparison: The same with its resampled histories.
        sweep: Where thresholds and looks are among the policies.
    """
    made = _over_time(study) + _weights(study, names)
    if len(study.results) > 1:
        made.append(_cost_and_tracking(study))
    if comparison is not None and comparison.differences and len(study.results) > 1:
        made.append(_differences(comparison))
    if comparison is not None and sweep is not None:
        made.append(_heat_map(comparison, sweep))
    return made


def svg(panel: Panel, salt: str, *, simulated: bool) -> str:
    """Return a panel as an element for a page; `salt` differs from panel to panel."""
    with figures.style(salt):
        figure, (axes,) = figures.sheet(_WIDTH, [panel.height])
        panel.draw(axes)
        axes.set_title("")
        if simulated:
            charts.stamp(axes, "SIMULATED")
        return figures.svg(figure, panel.heading)


def write_plot(path: Path, made: Sequence[Panel], study: Study) -> None:
    """Write all panels one below the other as a PNG file.

    Raises:
        InputError: It cannot be written (`unwritable`).
    """
    word = "SIMULATED prices" if study.simulated else "Prices"
    with figures.style():
        figure, axes = figures.sheet(_WIDTH, [panel.height for panel in made])
        figure.suptitle(f"{word}, {study.dates[0]} to {study.dates[-1]}", fontweight="bold", fontsize=12)
        for panel, place in zip(made, axes, strict=True):
            panel.draw(place)
            place.set_title(f"{panel.heading}{' (SIMULATED)' if study.simulated else ''}")
        drawn = figures.png(figure)
    try:
        path.write_bytes(drawn)
    except OSError as error:
        raise unwritable(path, error) from None


def drawn(results: Sequence[Result]) -> list[int]:
    """Return which policies the lines show: the first, and those that ended furthest from it.

    More lines than there are dashes cannot be told apart; the table and the other charts have all.
    """
    first = results[0].final_value
    others = sorted(range(1, len(results)), key=lambda n: (-abs(results[n].final_value - first), n))
    return [0, *sorted(others[: len(figures.COLOURS) - 1])]


def _over_time(study: Study) -> list[Panel]:
    chosen = drawn(study.results)
    hint = (
        ""
        if len(chosen) == len(study.results)
        else "Shown: the first, and those that ended furthest from it."
    )
    one = study.results[0].index

    def panel(heading: str, series: Callable[[Result], Floats], *, percent: bool) -> Panel:
        lines = [charts.Curve(n + 1, study.results[n].policy, series(study.results[n])) for n in chosen]
        return Panel(
            heading,
            hint,
            3.2,
            lambda axes: charts.lines(axes, heading, study.dates, lines, percent=percent),
        )

    made = [panel("Growth of 1", lambda r: r.index, percent=False)]
    if len(chosen) > 1 and one.min() > 0.0:
        # Growth less that of the yardstick is where policies differ at all.
        made.append(panel("Growth against the first", lambda r: r.index / one - 1.0, percent=True))
    made.append(panel("Below the highest so far", lambda r: r.drawdowns, percent=True))
    return made


def _weights(study: Study, names: Mapping[str, str]) -> list[Panel]:
    """Return the weights of the first policy, a panel an instrument."""
    held = weight_history(study)
    strayed = np.abs(held.weights - held.targets).max(axis=0)
    order = sorted(range(len(held.symbols)), key=lambda n: (-strayed[n], n))[:MOST_WEIGHTS]
    made: list[Panel] = []
    for n in sorted(order):
        symbol = held.symbols[n]
        name = names.get(symbol, symbol)
        label = symbol if name in ("", symbol) else f"{name} ({symbol})"
        band = None if math.isinf(held.bands[n]) else float(held.bands[n])

        def draw(axes: Axes, n: int = n, heading: str = label, band: float | None = band) -> None:
            weight = np.ascontiguousarray(held.weights[:, n])
            charts.weight_history(
                axes, heading, held.dates, weight, float(held.targets[n]), band, held.rebalanced
            )

        text = "" if made else _weights_text(held.policy, len(order), len(held.symbols))
        made.append(Panel(f"Weight of {label}, {held.policy}", text, 1.7, draw))
    return made


def _weights_text(policy: str, shown: int, all_of_them: int) -> str:
    text = f"Under {policy}: line the weight, thin line the target, grey the band, triangles the rebalances."
    return text if shown == all_of_them else f"{text} Shown: the {shown} that strayed furthest."


def _cost_and_tracking(study: Study) -> Panel:
    results = study.results
    costs = [r.costs / max(float(np.mean(r.values)), 1e-300) / study.years for r in results]
    errors = [0.0 if math.isnan(r.tracking_error) else r.tracking_error for r in results]
    heading = "Cost against tracking"
    legend = textwrap.fill("; ".join(f"{n} {r.policy}" for n, r in enumerate(results, 1)), 140)
    return Panel(
        heading,
        "Down and to the left is better. The cost is a year's, as a part of average wealth; the tracking "
        "error is against the mix rebalanced every session at no cost.",
        3.4 + 0.15 * (1 + legend.count("\n")),
        lambda axes: charts.points(
            axes, heading, costs, errors, names=(f"cost a year\n{legend}", "tracking error a year")
        ),
    )


def _differences(comparison: Comparison) -> Panel:
    results = comparison.study.results
    rates = comparison.rates()
    gaps = [rates[:, p] - rates[:, 0] for p in range(1, len(results))]
    labels = [f"{n}  {r.policy}" for n, r in enumerate(results, 1)][1:]
    heading = f"Growth a year less that of {results[0].policy}"
    return Panel(
        heading,
        f"Over {comparison.paths} resampled histories: the thin bar holds 95 % of them, the thick one half, "
        "the tick is the median. A thin bar across zero is no evidence for either policy.",
        0.9 + 0.26 * len(gaps),
        lambda axes: charts.intervals(axes, heading, labels, gaps),
    )


def _heat_map(comparison: Comparison, sweep: Sweep) -> Panel:
    means, evident = gains(comparison)
    cells = np.array(sweep.cells)
    values = np.array(means)[cells]
    heading = f"Bands by looks: points a year against {comparison.study.results[0].policy}"

    def cell(row: int, column: int) -> str:
        n = int(cells[row, column])
        return f"{100 * means[n]:+.2f}{'*' if evident[n] else ''}"

    return Panel(
        heading,
        "Darker is better, and without * it is no evidence. Neighbours that disagree say that the difference "
        "is luck.",
        0.7 + 0.3 * len(sweep.thresholds),
        lambda axes: charts.heat_map(axes, heading, sweep.thresholds, sweep.looks, values, cell),
    )
