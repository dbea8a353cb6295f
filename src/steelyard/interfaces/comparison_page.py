"""A comparison as one web page that works offline: nothing in it is fetched from anywhere."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from html import escape
from pathlib import Path

import numpy as np

from steelyard.app.backtest import Result
from steelyard.app.compare import Comparison
from steelyard.app.rolling_starts import RollingStarts
from steelyard.app.sweep import Sweep, gains
from steelyard.engines import statistics
from steelyard.engines.backtest.problem import SESSIONS_A_YEAR, Floats
from steelyard.errors import InputError
from steelyard.interfaces import charts

_STYLE = """
body { font: 15px/1.5 system-ui, "Noto Sans KR", "Malgun Gothic", "Apple SD Gothic Neo", sans-serif;
  max-width: 920px; margin: 2em auto; padding: 0 1em; color: #000; background: #fff; }
h1 { font-size: 1.5em; } h2 { font-size: 1.15em; margin-top: 2em; }
table { border-collapse: collapse; font-size: 13px; } td, th { padding: 2px 8px; text-align: right; }
th { border-bottom: 1px solid #000; } td:nth-child(2), th:nth-child(2) { text-align: left; }
svg { width: 100%; font-size: 12px; }
.simulated { border: 2px solid #000; padding: .5em 1em; font-weight: bold; }
"""


def _percent(fraction: float, digits: int = 2) -> str:
    return "-" if math.isnan(fraction) else f"{100 * fraction:.{digits}f} %"


def _ratio(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.2f}"


_COLUMNS: tuple[tuple[str, Callable[[Result], str]], ...] = (
    ("final", lambda r: f"{r.final_value:,.0f}"),
    ("a year", lambda r: _percent(r.cagr)),
    ("volatility", lambda r: _percent(r.volatility, 1)),
    ("Sharpe", lambda r: _ratio(r.sharpe)),
    ("Sortino", lambda r: _ratio(r.sortino)),
    ("drawdown", lambda r: _percent(r.max_drawdown, 1)),
    ("turnover", lambda r: _percent(r.turnover, 1)),
    ("trades", lambda r: str(r.rebalances)),
    ("costs", lambda r: f"{r.costs:,.0f}"),
    ("tracking", lambda r: _percent(r.tracking_error)),
)


def write(
    comparison: Comparison,
    currency: str,
    path: Path,
    *,
    sweep: Sweep | None = None,
    rolling: RollingStarts | None = None,
) -> None:
    """Write the page of a comparison.

    Raises:
        InputError: The file cannot be written (`unwritable`).
    """
    try:
        path.write_text(page(comparison, currency, sweep=sweep, rolling=rolling), encoding="utf-8")
    except OSError as error:
        raise InputError(
            "unwritable", f"{path} cannot be written: {error.strerror}", "check the folder"
        ) from None


def page(
    comparison: Comparison,
    currency: str,
    *,
    sweep: Sweep | None = None,
    rolling: RollingStarts | None = None,
) -> str:
    """Return the page: what was compared, the numbers, and what they look like.

    Args:
        comparison: Its first policy is the yardstick.
        currency: Of all amounts.
        sweep: Where thresholds and looks are among the policies, for a heat map.
        rolling: The same policies from many starts.
    """
    study = comparison.study
    word = "SIMULATED prices" if study.simulated else "Prices"
    parts = [f"<h1>{len(study.results)} policies compared</h1>"]
    if study.simulated:
        parts.append(
            '<p class="simulated">SIMULATED: these prices are made up and say nothing of markets.</p>'
        )
    parts.append(
        f"<p>{word} from {study.dates[0]} to {study.dates[-1]}, {len(study.dates)} sessions. Amounts in "
        f"{escape(currency)}, before tax, shares divisible. The first policy is the yardstick.</p>"
    )
    if study.notes:
        parts.append("<ul>" + "".join(f"<li>{escape(n)}</li>" for n in study.notes) + "</ul>")
    parts.append(_statistics(study.results))
    parts += _over_time(comparison)
    parts += _cost_and_tracking(comparison)
    parts += _differences(comparison)
    if sweep is not None:
        parts += _heat_map(comparison, sweep)
    if rolling is not None:
        parts += _starts(comparison, rolling)
    body = "\n".join(parts)
    return (
        '<!doctype html>\n<html lang="en">\n<head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{word}: policies compared</title>\n<style>{_STYLE}</style></head>\n<body>\n{body}\n"
        "<p>Past and resampled histories are no forecast, and this is no investment advice.</p>\n"
        "</body>\n</html>\n"
    )


def _statistics(results: Sequence[Result]) -> str:
    head = "".join(f"<th>{name}</th>" for name in ("", "policy", *(name for name, _ in _COLUMNS)))
    rows = []
    for number, r in enumerate(results, 1):
        cells = "".join(f"<td>{cell(r)}</td>" for _, cell in _COLUMNS)
        rows.append(f"<tr><td>{number}</td><td>{escape(r.policy)}</td>{cells}</tr>")
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def drawn(results: Sequence[Result]) -> list[int]:
    """Return which policies the lines show: the first, and those that ended furthest from it.

    More lines than there are dashes cannot be told apart; the table and the other charts have all.
    """
    first = results[0].final_value
    others = sorted(range(1, len(results)), key=lambda n: (-abs(results[n].final_value - first), n))
    return [0, *sorted(others[: len(charts.COLOURS) - 1])]


def _over_time(comparison: Comparison) -> list[str]:
    study = comparison.study
    chosen = drawn(study.results)
    one = study.results[0].index
    shown = [study.results[n] for n in chosen]
    legend = "; ".join(f"{n + 1}: {escape(study.results[n].policy)}" for n in chosen)
    hint = (
        ""
        if len(shown) == len(study.results)
        else " Shown: the first, and those that ended furthest from it."
    )
    parts = [f"<h2>Growth of 1</h2><p>{legend}.{hint}</p>"]
    parts.append(_lines("Growth of 1", comparison, [r.index for r in shown], percent=False))
    if len(shown) > 1 and one.min() > 0.0:
        # Growth less that of the yardstick is where policies differ at all.
        gaps = [r.index / one - 1.0 for r in shown]
        parts.append(f"<h2>Growth against the first</h2><p>{legend}.</p>")
        parts.append(_lines("Growth against the first", comparison, gaps, percent=True))
    falls = [statistics.drawdowns(r.index) for r in shown]
    parts.append(f"<h2>Below the highest so far</h2><p>{legend}.</p>")
    parts.append(_lines("Drawdown", comparison, falls, percent=True))
    return parts


def _lines(title: str, comparison: Comparison, series: Sequence[Floats], *, percent: bool) -> str:
    numbers = drawn(comparison.study.results)
    numbered = [charts.Line(n + 1, values) for n, values in zip(numbers, series, strict=True)]
    return charts.lines(title, comparison.study.dates, numbered, percent=percent)


def _cost_and_tracking(comparison: Comparison) -> list[str]:
    results = comparison.study.results
    years = (len(comparison.study.dates) - 1) / SESSIONS_A_YEAR
    costs = [r.costs / max(float(np.mean(r.values)), 1e-300) / years for r in results]
    errors = [0.0 if math.isnan(r.tracking_error) else r.tracking_error for r in results]
    return [
        "<h2>Cost against tracking</h2><p>Down and to the left is better. Numbers are those of the table; "
        "the cost is a year's, as a part of average wealth.</p>",
        charts.points("Cost against tracking", costs, errors, names=("cost a year", "tracking error a year")),
    ]


def _differences(comparison: Comparison) -> list[str]:
    if not comparison.differences or len(comparison.study.results) < 2:
        return []
    names = [r.policy for r in comparison.study.results]
    rates = comparison.rates()
    gaps = [rates[:, p] - rates[:, 0] for p in range(1, len(names))]
    return [
        f"<h2>Growth a year less that of {escape(names[0])}</h2><p>Over {comparison.paths} resampled "
        "histories: the thin bar holds 95 % of them, the thick one half, the tick is the median. A thin bar "
        "across zero is no evidence for either policy.</p>",
        charts.intervals("Differences of yearly growth", names[1:], gaps),
    ]


def _heat_map(comparison: Comparison, sweep: Sweep) -> list[str]:
    """Return thresholds by looks; the darker a cell, the better, and its number says the same."""
    means, evident = gains(comparison)
    used = [means[n] for row in sweep.cells for n in row]
    low, span = min(used), (max(used) - min(used)) or 1.0
    rows = ["<tr><th>band</th>" + "".join(f"<th>{look}</th>" for look in sweep.looks) + "</tr>"]
    for threshold, row in zip(sweep.thresholds, sweep.cells, strict=True):
        cells = ""
        for n in row:
            # At most a light grey: black figures stay readable on it.
            shade = 255 - round(95 * (means[n] - low) / span)
            mark = "*" if evident[n] else ""
            colour = f"background: rgb({shade},{shade},{shade}); text-align: right"
            cells += f'<td style="{colour}">{100 * means[n]:+.2f}{mark}</td>'
        rows.append(f"<tr><th>{threshold}</th>{cells}</tr>")
    return [
        "<h2>Bands by looks</h2><p>Points a year against the first policy; darker is better, and without * "
        "it is no evidence. Neighbours that disagree say that the difference is luck.</p>",
        f'<table class="heat">{"".join(rows)}</table>',
    ]


def _starts(comparison: Comparison, rolling: RollingStarts) -> list[str]:
    results = comparison.study.results
    rows = ["<tr><th></th><th>policy</th><th>worst</th><th>median</th><th>best</th><th>better</th></tr>"]
    for number, (r, s) in enumerate(zip(results, rolling.spreads(), strict=True), 1):
        if number > 1:
            cells = "".join(f"<td>{100 * v:+.2f}</td>" for v in (s.worst, s.median, s.best))
            rows.append(
                f"<tr><td>{number}</td><td>{escape(r.policy)}</td>{cells}"
                f"<td>{s.wins} of {len(rolling.starts)}</td></tr>"
            )
    return [
        f"<h2>Other starts</h2><p>{len(rolling.starts)} starts, one a quarter from {rolling.starts[0]} to "
        f"{rolling.starts[-1]}, {rolling.years} years each; points a year against the first policy. They "
        "overlap, and are no independent evidence.</p>",
        f"<table>{''.join(rows)}</table>",
    ]
