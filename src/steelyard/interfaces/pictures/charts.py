"""Charts drawn on Matplotlib axes: lines, weights in their bands, points, intervals, heat maps.

Nothing is said by colour alone: every line has its own dash and its number at the end, what is outside a
band has another shape, every cell of a heat map has its figure. The colours are those of `figures`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter, PercentFormatter

from steelyard.interfaces.language import tell
from steelyard.interfaces.pictures.figures import COLOURS, DASHES
from steelyard.words import say

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
_POINTS = 600
_BAND = "#cccccc"


@dataclass(frozen=True, slots=True)
class Curve:
    """A series to draw.

    Attributes:
        number: What stands at its end and in the table beside the chart.
        label: Its name in the legend.
        values: (T,) float64.
    """

    number: int
    label: str
    values: Floats = field(repr=False)


@dataclass(frozen=True, slots=True)
class Weight:
    """An instrument against its target; fractions of the managed value, `band` a half-width or None."""

    label: str
    weight: float
    target: float
    band: float | None
    outside: bool


def lines(
    axes: Axes,
    title: str,
    dates: Sequence[date],
    series: Sequence[Curve],
    *,
    percent: bool,
    unit: Callable[[float], str] | None = None,
    narrow: bool = True,
) -> None:
    """Draw series over time, on a logarithmic scale where growth is more than fivefold.

    Args:
        axes: Empty.
        title: Above the chart.
        dates: T sessions.
        series: At least one, at most as many as there are dashes.
        percent: The values are fractions, to be labelled in percent.
        unit: How a value is written at the axis, as money is; plain figures without it.
        narrow: The names stand below; else beside the ends of the lines, where there is room.
    """
    axes.set_title(title)
    for line, colour, dash in zip(series, COLOURS, DASHES, strict=False):
        kept = extremes(line.values)
        axes.plot(
            [dates[k] for k in kept],  # type: ignore[arg-type]
            line.values[kept],
            color=colour,
            linestyle=dash,
            linewidth=1.2,
            label=f"{line.number}  {line.label}",
        )
    low = min(float(s.values.min()) for s in series)
    high = max(float(s.values.max()) for s in series)
    told = unit or (lambda v: f"{v:g}")
    if percent:
        axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    elif unit is not None:
        axes.yaxis.set_major_formatter(FuncFormatter(lambda v, _: told(v)))
    if not percent and low > 0.0 and high / low > 5.0:
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda v, _: told(v)))
        axes.yaxis.set_minor_formatter(NullFormatter())
    _over_time(axes, dates)
    _numbered_ends(axes, series, named=not narrow)
    if narrow and len(series) > 1:
        axes.legend(
            loc="upper left",
            bbox_to_anchor=(0.0, -0.12),
            ncols=1,
            fontsize=8,
            frameon=False,
            handlelength=4.0,
        )


def trades(
    axes: Axes, dates: Sequence[date], values: Floats, moved: Floats, *, unit: Callable[[float], str]
) -> None:
    """Draw a series with a mark on the line at every rebalance, the larger the more it moved.

    Args:
        axes: Empty.
        dates: T sessions.
        values: (T,) float64.
        moved: (T,) float64, part of wealth that a rebalance moved, 0 where there was none.
        unit: How a value is written at the axis.
    """
    lines(axes, "", dates, [Curve(1, "", values)], percent=False, unit=unit)
    at = np.flatnonzero(moved).tolist()
    if not at:
        return
    axes.scatter(
        [dates[k] for k in at],  # type: ignore[arg-type]
        values[at],
        # By area, and never so small that a mark is lost on the line.
        s=8.0 + 92.0 * moved[at] / moved[at].max(),
        marker="^",
        color=COLOURS[2],
        edgecolors="#000000",
        linewidths=0.4,
        zorder=3,
    )


def spans(
    axes: Axes, names: Sequence[str], outer: tuple[Floats, Floats], inner: tuple[Floats, Floats]
) -> None:
    """Draw one column a name: from the lowest to the highest thin, and within it another pair thick.

    Args:
        axes: Empty.
        names: Labels of the columns.
        outer, inner: Lowest and highest, (Y,) fractions each.
    """
    at = np.arange(len(names))
    axes.vlines(at, *outer, color="#000000", linewidth=1.0)
    for edge in outer:
        axes.plot(at, edge, linestyle="none", marker="_", markersize=6.0, color="#000000")
    axes.vlines(at, *inner, color=COLOURS[1], linewidth=6.0)
    axes.axhline(0.0, color="#000000", linewidth=0.8, linestyle=(0, (4, 2)))
    step = max(1, -(-len(names) // 8))
    axes.set_xticks(at[::step], list(names)[::step])
    axes.grid(False, axis="x")
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))


def weight_history(
    axes: Axes,
    title: str,
    dates: Sequence[date],
    weight: Floats,
    targets: Floats,
    bands: Floats,
    rebalanced: Flags,
) -> None:
    """Draw one instrument's weight over time in its band, with a mark below at every rebalance.

    Args:
        axes: Empty.
        title: The instrument.
        dates: T sessions.
        weight: (T,) float64, fraction of the managed value after the session's trades.
        targets: (T,) float64, fraction. bands: (T,) half-widths, infinity without one.
        rebalanced: (T,) bool.
    """
    axes.set_title(title)
    # A stretch for each set of instruments: targets change where one joins or leaves, else never.
    begins = [0, *(np.flatnonzero(np.diff(targets)) + 1).tolist()]
    for first, stop in zip(begins, [*begins[1:], len(targets)], strict=True):
        target, band = float(targets[first]), float(bands[first])
        ends = (0.0, 1.0) if len(begins) == 1 else (dates[first], dates[stop - 1])
        across = axes.get_yaxis_transform() if len(begins) == 1 else axes.transData
        if math.isfinite(band):
            axes.fill_between(
                ends, target - band, target + band,  # type: ignore[arg-type]
                color=_BAND, alpha=0.6, linewidth=0.0, transform=across,
            )  # fmt: skip
            for edge in (target - band, target + band):
                axes.plot(
                    ends, [edge, edge],  # type: ignore[arg-type]
                    color="#000000", linewidth=0.6, linestyle=(0, (4, 3)), transform=across,
                )  # fmt: skip
        axes.plot(ends, [target, target], color="#000000", linewidth=0.8, transform=across)  # type: ignore[arg-type]
    kept = extremes(weight)
    axes.plot([dates[k] for k in kept], weight[kept], color=COLOURS[1], linewidth=1.0)  # type: ignore[arg-type]
    low, high = axes.get_ylim()
    axes.set_ylim(low - 0.10 * (high - low), high)
    marks = np.flatnonzero(rebalanced).tolist()
    # Many marks in a row become a bar; thinner ones keep their places visible.
    size = 5.0 if len(marks) <= 60 else 2.5
    axes.plot(
        [dates[k] for k in marks],  # type: ignore[arg-type]
        np.full(len(marks), 0.04),
        transform=axes.get_xaxis_transform(),
        linestyle="none",
        marker="^",
        markersize=size,
        color=COLOURS[2],
        markeredgecolor="#000000",
        markeredgewidth=0.3,
    )
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    _over_time(axes, dates)


def weights(axes: Axes, title: str, rows: Sequence[Weight]) -> None:
    """Draw one row an instrument: band as a bar, target as a tick, weight as a mark with its figures."""
    axes.set_title(title)
    for at, row in enumerate(rows):
        if row.band is not None:
            low = max(row.target - row.band, 0.0)
            axes.barh(
                at,
                row.target + row.band - low,
                left=low,
                height=0.5,
                color=_BAND,
                edgecolor="#000000",
                lw=0.6,
            )
        axes.plot([row.target, row.target], [at - 0.34, at + 0.34], color="#000000", linewidth=1.6)
        axes.plot(
            row.weight,
            at,
            marker="D" if row.outside else "o",
            markersize=8.0,
            markerfacecolor=COLOURS[2] if row.outside else "#ffffff",
            markeredgecolor="#000000",
            markeredgewidth=1.2,
        )
        axes.text(
            1.01,
            at,
            f"{row.weight:.1%} ({100 * (row.weight - row.target):+.1f})",
            transform=axes.get_yaxis_transform(),
            va="center",
            fontweight="bold" if row.outside else "normal",
        )
    axes.set_yticks(range(len(rows)), [row.label for row in rows])
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_xlim(left=min(0.0, *(row.weight for row in rows)))
    axes.grid(False, axis="y")
    axes.xaxis.set_major_formatter(PercentFormatter(1.0))
    axes.set_xlabel(
        tell(say("bar: band   tick: target   circle: inside   filled diamond: outside")),
        loc="left",
        fontsize=8,
    )


def points(
    axes: Axes, title: str, across: Sequence[float], up: Sequence[float], *, names: tuple[str, str]
) -> None:
    """Draw numbered points, both axes in percent and from zero.

    Args:
        axes: Empty.
        title: Above the chart.
        across, up: Fractions, one a point.
        names: Of the two axes.
    """
    axes.set_title(title)
    axes.plot(across, up, linestyle="none", marker="o", markersize=4.5, color=COLOURS[1])
    span = max(across) or 1.0, max(up) or 1.0
    spots = [(a / span[0] / 1.08, b / span[1] / 1.1) for a, b in zip(across, up, strict=True)]
    for number, (spot, place) in enumerate(zip(spots, label_places(spots), strict=True), 1):
        axes.annotate(
            str(number),
            spot,
            place,
            xycoords="axes fraction",
            fontsize=8,
            ha="center",
            va="center",
            arrowprops={"arrowstyle": "-", "linewidth": 0.4, "shrinkA": 4.0, "shrinkB": 0.0},
        )
    axes.set_xlim(0.0, 1.08 * span[0])
    axes.set_ylim(0.0, 1.1 * span[1])
    axes.xaxis.set_major_locator(MaxNLocator(4))
    axes.xaxis.set_major_formatter(PercentFormatter(1.0))
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    axes.set_xlabel(names[0])
    axes.set_ylabel(names[1])


def intervals(axes: Axes, title: str, names: Sequence[str], samples: Sequence[Floats]) -> None:
    """Draw one row a name: the middle 95 % of a sample thin, its middle half thick, its median a tick.

    Args:
        axes: Empty.
        title: Above the chart.
        names: Labels of the rows.
        samples: (S,) fractions, one array a row.
    """
    axes.set_title(title)
    for at, sample in enumerate(samples):
        low, quarter, middle, three, high = np.quantile(sample, [0.025, 0.25, 0.5, 0.75, 0.975]).tolist()
        evident = low > 0.0 or high < 0.0
        axes.plot([low, high], [at, at], color="#000000", linewidth=1.0)
        axes.plot([quarter, three], [at, at], color=COLOURS[1], linewidth=6.0, solid_capstyle="butt")
        axes.plot([middle, middle], [at - 0.3, at + 0.3], color="#000000", linewidth=1.6)
        if evident:
            axes.annotate("*", (high, at), (4, -4), textcoords="offset points", fontweight="bold")
    axes.axvline(0.0, color="#000000", linewidth=0.8, linestyle=(0, (4, 2)))
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.grid(False, axis="y")
    axes.xaxis.set_major_locator(MaxNLocator(4))
    axes.xaxis.set_major_formatter(PercentFormatter(1.0))


def heat_map(
    axes: Axes,
    title: str,
    rows: Sequence[str],
    columns: Sequence[str],
    values: Floats,
    cell: Callable[[int, int], str],
) -> None:
    """Draw a table whose cells are the darker the higher their value; each says its figure.

    Args:
        axes: Empty.
        title: Above the chart.
        rows, columns: Labels.
        values: (rows, columns) float64, finite.
        cell: What stands in a cell.
    """
    axes.set_title(title)
    low, span = float(values.min()), float(np.ptp(values)) or 1.0
    # At most a middle grey: black figures stay readable on it.
    axes.imshow((values - low) / span, cmap="Greys", vmin=0.0, vmax=2.4, aspect="auto")
    for r in range(len(rows)):
        for c in range(len(columns)):
            axes.text(c, r, cell(r, c), ha="center", va="center", fontsize=8)
    axes.set_xticks(range(len(columns)), columns)
    axes.set_yticks(range(len(rows)), rows)
    axes.grid(False)
    axes.tick_params(length=0)


def stamp(axes: Axes, word: str) -> None:
    """Write a word above the right end of a chart, in bold."""
    axes.text(
        1.0, 1.02, word, transform=axes.transAxes, ha="right", va="bottom", fontweight="bold", fontsize=8
    )


def extremes(values: Floats) -> list[int]:
    """Return the sessions to draw: of each short stretch its ends, its low and its high."""
    sessions = len(values)
    if sessions <= _POINTS:
        return list(range(sessions))
    edges = np.linspace(0, sessions - 1, _POINTS // 2, dtype=np.int64)
    kept = {0, sessions - 1}
    for a, b in pairwise(edges.tolist()):
        kept.add(a + int(np.argmin(values[a : b + 1])))
        kept.add(a + int(np.argmax(values[a : b + 1])))
    return sorted(kept)


def _over_time(axes: Axes, dates: Sequence[date]) -> None:
    locator = AutoDateLocator()  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
    axes.set_xlim(dates[0], dates[-1])  # type: ignore[arg-type]


def label_places(spots: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return where the label of each point stands: the nearest of some places that is free.

    Args:
        spots: The points, both coordinates as fractions of the chart.
    """
    wide, high = 0.026, 0.052
    taken = list(spots)
    places = []
    for x, y in spots:
        tried = [
            (x + step * 0.9 * wide * across, y + step * high * up)
            for step in (1.0, 1.6, 2.4, 3.4)
            for across, up in ((1, 1), (-1, 1), (1, -1), (-1, -1), (0, 1), (0, -1), (1, 0), (-1, 0))
        ]
        free = (
            t
            for t in tried
            if t[1] > 0.0 and all(abs(t[0] - a) > 0.8 * wide or abs(t[1] - b) > 0.8 * high for a, b in taken)
        )
        places.append(next(free, tried[0]))
        taken.append(places[-1])
    return places


def _numbered_ends(axes: Axes, series: Sequence[Curve], *, named: bool) -> None:
    """Write each line's number, and its name where asked for, at its end, moved apart where ends meet."""
    to_axes = axes.transData + axes.transAxes.inverted()
    heights = [float(to_axes.transform((0.0, float(s.values[-1])))[1]) for s in series]
    gap = 0.06
    order = sorted(range(len(series)), key=lambda n: (heights[n], n))
    for before, after in pairwise(order):
        heights[after] = max(heights[after], heights[before] + gap)
    ceiling = 1.0
    for n in reversed(order):
        heights[n] = ceiling = min(heights[n], ceiling)
        ceiling -= gap
    for s, colour, at in zip(series, COLOURS, heights, strict=False):
        label = f"{s.number}  {s.label}" if named else str(s.number)
        axes.text(1.008, at, label, transform=axes.transAxes, color=colour, va="center", fontsize=8)
