"""The advisor's picture: what bands cost by trigger and destination, and what the usual rules cost."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from steelyard.errors import unwritable
from steelyard.interfaces.language import tell
from steelyard.interfaces.pictures import charts, figures
from steelyard.interfaces.pictures.figures import COLOURS, DASHES
from steelyard.words import say

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from steelyard.app.lab.advice.bands import BandReport
    from steelyard.app.lab.advice.deposits import DepositReport

_WIDTH = 9.0
_BP = 1e4


def write_bands(path: Path, report: BandReport) -> None:
    """Write the picture as PNG.

    Raises:
        InputError: It cannot be written.
    """
    with figures.style():
        figure, (above, below) = figures.sheet(_WIDTH, [3.6, 0.8 + 0.3 * len(report.rules)])
        _curves(above, report)
        _rules(below, report)
        if report.drawing is not None:
            for axes in (above, below):
                charts.stamp(axes, tell(say("SIMULATED, seed {seed}", seed=report.drawing.seed)))
        drawn = figures.png(figure)
    _keep(path, drawn)


def write_deposits(path: Path, report: DepositReport) -> None:
    """Write the picture of `deposits` as PNG: how near deposits hold it, and what that is as good as.

    Raises:
        InputError: It cannot be written.
    """
    with figures.style():
        figure, (axes,) = figures.sheet(_WIDTH, [4.2])
        parts = [held.part * 100 for held in report.parts]
        closed = [held.closed * 100 for held in report.parts]
        axes.plot(parts, closed, color=COLOURS[0], linewidth=1.2, label=tell(say("closed form")))
        mean = [held.simulated * 100 for held in report.parts]
        below = [(held.simulated - held.low) * 100 for held in report.parts]
        above = [(held.high - held.simulated) * 100 for held in report.parts]
        axes.errorbar(
            parts, mean, yerr=[below, above], color=COLOURS[1], linestyle=DASHES[1], marker="o",
            markersize=4, linewidth=1.2, label=tell(say("simulation")),
        )  # fmt: skip
        for one, colour, dash in zip(report.as_good, COLOURS[2:], DASHES[2:], strict=False):
            axes.axhline(one.deviation * 100, color=colour, linestyle=dash, linewidth=1.0, label=one.rule)
        own = report.saver.deposits / report.saver.value * 100
        axes.axvline(own, color="#000000", linewidth=0.6, linestyle=(0, (4, 3)))
        axes.set_xlabel(tell(say("deposits a year, % of the portfolio")))
        axes.set_ylabel(tell(say("off the target, points rms")))
        axes.set_title(tell(say("How close deposits alone keep you to the targets")))
        axes.legend(fontsize=8, frameon=False, handlelength=4.0)
        charts.stamp(axes, tell(say("SIMULATED, seed {seed}", seed=report.drawing.seed)))
        drawn = figures.png(figure)
    _keep(path, drawn)


def _keep(path: Path, drawn: bytes) -> None:
    try:
        path.write_bytes(drawn)
    except OSError as error:
        raise unwritable(path, error) from None


def _curves(axes: Axes, report: BandReport) -> None:
    """Draw the cost by trigger, a line for each destination."""
    ratios = sorted({round(t.destination / t.trigger, 2) for t in report.tried})
    for ratio, colour, dash in zip(ratios, COLOURS, DASHES, strict=False):
        line = sorted(
            (t.trigger * 100, t.cost * _BP, t.half * _BP)
            for t in report.tried
            if round(t.destination / t.trigger, 2) == ratio
        )
        x, y, half = zip(*line, strict=True)
        label = (
            tell(say("back to {ratio:.0%} of the band", ratio=ratio))
            if ratio
            else tell(say("back to the target"))
        )
        axes.plot(x, y, color=colour, linestyle=dash, linewidth=1.2, marker="o", markersize=2.5, label=label)
        if any(half):
            low, high = (
                [a - h for a, h in zip(y, half, strict=True)],
                [a + h for a, h in zip(y, half, strict=True)],
            )
            axes.fill_between(x, low, high, color=colour, alpha=0.10, linewidth=0.0)
    least = min(t.cost for t in report.tried) * _BP
    most = max(t.cost for t in report.tried) * _BP
    axes.axvline(report.best.trigger * 100, color="#000000", linewidth=0.8, linestyle=(0, (4, 3)))
    if least > 0:
        axes.set_ylim(0.0, min(most, 4.0 * least) * 1.05)
    axes.set_title(
        tell(
            say(
                "Best: beyond {trigger:.2f} points, back to {destination:.2f}",
                trigger=report.best.trigger * 100,
                destination=report.best.destination * 100,
            )
        )
    )
    axes.set_xlabel(tell(say("trigger, points off the target")))
    axes.set_ylabel(tell(say("cost, bp a year")))
    axes.legend(fontsize=8, frameon=False, handlelength=4.0)


def _rules(axes: Axes, report: BandReport) -> None:
    """Draw the cost of each rule: a bar with its figure and, where simulated, its interval."""
    rows = []
    for row in report.rules:
        if row.simulated is not None:
            rows.append((row.rule.text, row.simulated.cost * _BP, row.simulated.half * _BP))
        elif row.closed is not None:
            rows.append((row.rule.text, row.closed.total * _BP, 0.0))
    places = range(len(rows))
    costs = [cost for _, cost, _ in rows]
    axes.barh(places, costs, height=0.6, color="#cccccc", edgecolor="#000000", linewidth=0.5)
    axes.errorbar(
        costs, places, xerr=[half for *_, half in rows], fmt="none", ecolor="#000000", linewidth=1.0
    )
    room = max(max(costs, default=0.0), 0.0) or 1.0
    for place, (_, cost, half) in enumerate(rows):
        axes.text(max(cost, 0.0) + half + 0.01 * room, place, f"{cost:.2f}", va="center", fontsize=8)
    axes.set_yticks(list(places), [tell(text) for text, *_ in rows])
    axes.invert_yaxis()
    axes.set_xlim(right=room * 1.15)
    axes.set_title(tell(say("What rules cost, bp of the portfolio a year")))
