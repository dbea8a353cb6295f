"""Charts as inline SVG: lines, marked points and intervals, readable without colour.

Every series has its own dash and a number at its end or beside it, so that print and colour-blind readers
lose nothing. The colours are those of Okabe and Ito (2008).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from html import escape
from itertools import pairwise

import numpy as np

from steelyard.engines.backtest.problem import Floats

COLOURS = ("#000000", "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00")
DASHES = ("", "7 3", "2 3", "9 3 2 3", "5 2 1 2 1 2", "1 2")
_WIDTH, _LEFT, _RIGHT, _TOP, _BOTTOM = 860, 64, 40, 12, 44
_POINTS = 400


@dataclass(frozen=True, slots=True)
class Line:
    """A series to draw: the number that names it in the legend, and (T,) values."""

    number: int
    values: Floats


def ticks(low: float, high: float, count: int = 6) -> list[float]:
    """Return round numbers that span a range: 1, 2 or 5 times a power of ten apart.

    >>> ticks(0.0, 9.5)
    [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]
    """
    span = high - low
    if not span > 0.0:
        span = abs(high) or 1.0
    raw = span / (count - 1)
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(m * power for m in (1.0, 2.0, 5.0, 10.0) if m * power >= raw * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [n * step for n in range(first, max(last, first + 1) + 1)]


def lines(
    title: str, dates: Sequence[date], series: Sequence[Line], *, percent: bool, height: int = 300
) -> str:
    """Return a chart of series over time.

    Args:
        title: For readers who cannot see it.
        dates: T sessions.
        series: At least one, at most as many as there are colours.
        percent: The values are fractions, to be labelled in percent.
        height: Pixels.
    """
    kept = _kept(series)
    shown = np.concatenate([s.values[kept] for s in series])
    marks = ticks(float(shown.min()), float(shown.max()))
    days = [dates[k].toordinal() for k in kept]
    x = _scale(days[0], max(days[-1], days[0] + 1), _LEFT, _WIDTH - _RIGHT)
    y = _scale(marks[0], marks[-1], height - _BOTTOM, _TOP)
    parts = _horizontals(marks, y, percent)
    years = range(dates[0].year + 1, dates[-1].year + 1)
    every = max(1, math.ceil(len(years) / 10))
    for year in years[::every]:
        parts.append(_vertical(x(date(year, 1, 1).toordinal()), height, str(year)))
    ends: list[float] = []
    for s, colour, dash in zip(series, COLOURS, DASHES, strict=False):
        path = " ".join(f"{x(d):.1f},{y(v):.1f}" for d, v in zip(days, s.values[kept].tolist(), strict=True))
        parts.append(
            f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.6" '
            f'stroke-dasharray="{dash}"/>'
        )
        ends.append(y(float(s.values[-1])))
    for s, colour, at in zip(series, COLOURS, _apart(ends, 13.0), strict=False):
        parts.append(f'<text x="{_WIDTH - _RIGHT + 5}" y="{at + 4:.1f}" fill="{colour}">{s.number}</text>')
    return _svg(title, parts, height)


def points(
    title: str, across: Sequence[float], up: Sequence[float], *, names: tuple[str, str], height: int = 340
) -> str:
    """Return numbered points, both axes in percent and from zero.

    Args:
        title: For readers who cannot see it.
        across, up: Fractions, one a point.
        names: Of the two axes.
        height: Pixels.
    """
    x_marks, y_marks = ticks(0.0, max(across)), ticks(0.0, max(up))
    x = _scale(0.0, x_marks[-1], _LEFT, _WIDTH - _RIGHT)
    y = _scale(0.0, y_marks[-1], height - _BOTTOM, _TOP)
    parts = _horizontals(y_marks, y, True)
    parts += [_vertical(x(m), height, _percent(m, x_marks)) for m in x_marks]
    for number, (a, b) in enumerate(zip(across, up, strict=True), 1):
        parts.append(f'<circle cx="{x(a):.1f}" cy="{y(b):.1f}" r="3.5"/>')
        parts.append(f'<text x="{x(a) + 6:.1f}" y="{y(b) - 5:.1f}">{number}</text>')
    parts.append(f'<text x="{_WIDTH / 2}" y="{height - 6}" text-anchor="middle">{escape(names[0])}</text>')
    parts.append(f'<text x="{_LEFT + 6}" y="{_TOP + 10}">{escape(names[1])}</text>')
    return _svg(title, parts, height)


def intervals(title: str, names: Sequence[str], samples: Sequence[Floats]) -> str:
    """Return one row a name: the middle 95 % of a sample thin, its middle half thick, its median a tick.

    Args:
        title: For readers who cannot see it.
        names: Labels of the rows.
        samples: (S,) fractions, one array a row.
    """
    left, step = 300, 24
    height = _TOP + step * len(names) + _BOTTOM
    spreads = [np.quantile(s, [0.025, 0.25, 0.5, 0.75, 0.975]).tolist() for s in samples]
    marks = ticks(min(0.0, *(s[0] for s in spreads)), max(0.0, *(s[4] for s in spreads)))
    x = _scale(marks[0], marks[-1], left, _WIDTH - _RIGHT)
    parts = [_vertical(x(m), height, _percent(m, marks)) for m in marks]
    zero = x(0.0)
    parts.append(f'<line x1="{zero:.1f}" x2="{zero:.1f}" y1="{_TOP}" y2="{height - _BOTTOM}" stroke="#000"/>')
    for row, (name, spread) in enumerate(zip(names, spreads, strict=True)):
        at = _TOP + step * row + step / 2
        low, quarter, middle, three, high = (x(v) for v in spread)
        parts.append(f'<text x="{left - 10}" y="{at + 4:.1f}" text-anchor="end">{escape(name)}</text>')
        parts.append(_bar(low, high, at, 1.5))
        parts.append(_bar(quarter, three, at, 8))
        parts.append(
            f'<line x1="{middle:.1f}" x2="{middle:.1f}" y1="{at - 8:.1f}" y2="{at + 8:.1f}" stroke="#000" '
            'stroke-width="2"/>'
        )
    return _svg(title, parts, height)


def _kept(series: Sequence[Line]) -> list[int]:
    """Return the sessions to draw: of each stretch its ends and the low and high of the first series."""
    values = series[0].values
    sessions = len(values)
    if sessions <= _POINTS:
        return list(range(sessions))
    edges = np.linspace(0, sessions - 1, _POINTS // 2, dtype=np.int64)
    kept = {0, sessions - 1}
    for a, b in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        kept.add(a + int(np.argmin(values[a:b])))
        kept.add(a + int(np.argmax(values[a:b])))
    return sorted(kept)


class _scale:  # noqa: N801 -- it is called like a function
    """A straight map from one range to another."""

    def __init__(self, low: float, high: float, start: float, end: float) -> None:
        self._low, self._start, self._factor = low, start, (end - start) / (high - low)

    def __call__(self, value: float) -> float:
        return self._start + (value - self._low) * self._factor


def _apart(places: Sequence[float], gap: float) -> list[float]:
    """Return places moved down just enough that no two are nearer than a gap."""
    moved = list(places)
    order = sorted(range(len(places)), key=lambda n: (places[n], n))
    for before, after in pairwise(order):
        moved[after] = max(moved[after], moved[before] + gap)
    return moved


def _percent(value: float, marks: Sequence[float]) -> str:
    step = 100.0 * abs(marks[1] - marks[0])
    return f"{100.0 * value:.{max(0, -math.floor(math.log10(step) + 1e-9))}f} %"


def _horizontals(marks: Sequence[float], y: _scale, percent: bool) -> list[str]:
    parts = []
    for m in marks:
        label = _percent(m, marks) if percent else f"{m:,.10g}"
        parts.append(
            f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y(m):.1f}" y2="{y(m):.1f}" stroke="#ddd"/>'
            f'<text x="{_LEFT - 6}" y="{y(m) + 4:.1f}" text-anchor="end">{label}</text>'
        )
    return parts


def _vertical(at: float, height: int, label: str) -> str:
    return (
        f'<line x1="{at:.1f}" x2="{at:.1f}" y1="{_TOP}" y2="{height - _BOTTOM}" stroke="#ddd"/>'
        f'<text x="{at:.1f}" y="{height - _BOTTOM + 16}" text-anchor="middle">{label}</text>'
    )


def _bar(start: float, end: float, at: float, width: float) -> str:
    return (
        f'<line x1="{start:.1f}" x2="{end:.1f}" y1="{at:.1f}" y2="{at:.1f}" stroke="#0072B2" '
        f'stroke-width="{width}"/>'
    )


def _svg(title: str, parts: Sequence[str], height: int) -> str:
    body = "\n".join(parts)
    return (
        f'<svg viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{escape(title)}">\n'
        f"<title>{escape(title)}</title>\n{body}\n</svg>"
    )
