"""The band map as pictures, one a question: how size, deposits and gain move the best trigger, by regime."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from steelyard.interfaces.language import tell
from steelyard.interfaces.pictures import charts, figures
from steelyard.interfaces.pictures.figures import COLOURS, DASHES
from steelyard.words import say

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from steelyard.app.lab.advice.band_map import Grid, MapRow

_WIDTH, _MOST = 9.0, 30.0


def write_map(out: Path, grid: Grid, rows: Sequence[MapRow]) -> None:
    """Write `size.png`, `deposits.png`, `gain.png` and `never.png` into a folder."""
    middle = {"size": grid.sizes[-1], "deposits": grid.deposits[0], "gain": grid.gains[len(grid.gains) // 2]}
    questions = {
        "size": (grid.sizes, say("portfolio over price of a share"), True),
        "deposits": (grid.deposits, say("deposits a year, % of the first value"), False),
        "gain": (grid.gains, say("unrealised gain, % of the value"), False),
    }
    for name, (axis, label, logs) in questions.items():
        fixed = {key: value for key, value in middle.items() if key != name}
        _sheet(out / f"{name}.png", _triggers(grid, rows, name, axis, label, fixed, logs))
    _sheet(out / "never.png", _never(grid, rows, middle))


def _sheet(path: Path, draw: Callable[[Axes], None]) -> None:
    with figures.style():
        figure, (axes,) = figures.sheet(_WIDTH, [3.8])
        draw(axes)
        charts.stamp(axes, "SIMULATED")
        path.write_bytes(figures.png(figure))


def _line(
    grid: Grid, rows: Sequence[MapRow], regime: str, name: str, axis: Sequence[float], fixed: dict[str, float]
) -> list[MapRow]:
    by = {(r.regime, r.size, r.deposits, r.gain): r for r in rows}
    found = []
    for value in axis:
        at = {**fixed, name: value}
        found.append(by[(regime, int(at["size"]), at["deposits"], at["gain"])])
    return found


def _triggers(
    grid: Grid,
    rows: Sequence[MapRow],
    name: str,
    axis: Sequence[float],
    label: str,
    fixed: dict[str, float],
    logs: bool,
) -> Callable[[Axes], None]:
    """Return what draws the best trigger along an axis, with the triggers that are as good."""
    scale = 1.0 if name == "size" else 100.0

    def draw(axes: Axes) -> None:
        for n, (regime, colour, dash) in enumerate(zip(grid.regimes, COLOURS, DASHES, strict=False)):
            line = _line(grid, rows, regime.name, name, axis, fixed)
            apart = 1.0 + 0.06 * n if logs else 0.0
            x = [v * scale * apart if logs else v * scale + 0.25 * n for v in axis]
            best = [min(float(grid.rules[row.best, 0]) * 100, _MOST) for row in line]
            ends = [row.alike(grid.rules) for row in line]
            low = [b - min(e[0] * 100, _MOST) for b, e in zip(best, ends, strict=True)]
            high = [min(e[1] * 100, _MOST) - b for b, e in zip(best, ends, strict=True)]
            axes.errorbar(
                x, best, yerr=[low, high], color=colour, linestyle=dash, marker="o", markersize=4,
                linewidth=1.2, capsize=2, label=regime.name,
            )  # fmt: skip
        if logs:
            axes.set_xscale("log")
            # Written out: Matplotlib writes powers as mathematical text, which is off here.
            axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
        axes.set_ylim(0.0, _MOST + 1.0)
        axes.set_xlabel(tell(label))
        axes.set_ylabel(tell(say("best trigger, points (30: never)")))
        said = {
            "size": say("How size moves the best band"),
            "deposits": say("How deposits move the best band"),
            "gain": say("How gains move the best band"),
        }
        axes.set_title(tell(said[name]))
        axes.legend(
            loc="upper left",
            bbox_to_anchor=(0.0, -0.16),
            ncols=4,
            fontsize=8,
            frameon=False,
            handlelength=4.0,
        )

    return draw


def _never(grid: Grid, rows: Sequence[MapRow], fixed: dict[str, float]) -> Callable[[Axes], None]:
    """Return what draws what never selling costs more than the best band, by deposits."""

    def draw(axes: Axes) -> None:
        rest = {key: value for key, value in fixed.items() if key != "deposits"}
        for regime, colour, dash in zip(grid.regimes, COLOURS, DASHES, strict=False):
            line = _line(grid, rows, regime.name, "deposits", grid.deposits, rest)
            more = [float(row.more[-1]) * 1e4 for row in line]
            half = [float(row.more_half[-1]) * 1e4 for row in line]
            axes.errorbar(
                [d * 100 for d in grid.deposits], more, yerr=half, color=colour, linestyle=dash, marker="o",
                markersize=4, linewidth=1.2, capsize=2, label=regime.name,
            )  # fmt: skip
        axes.axhline(0.0, color="#000000", linewidth=0.8)
        axes.set_xlabel(tell(say("deposits a year, % of the first value")))
        axes.set_ylabel(tell(say("bp a year more than the best band")))
        axes.set_title(tell(say("What never selling costs")))
        axes.legend(
            loc="upper left",
            bbox_to_anchor=(0.0, -0.16),
            ncols=4,
            fontsize=8,
            frameon=False,
            handlelength=4.0,
        )

    return draw
