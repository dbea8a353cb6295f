"""A study or a comparison as one web page that works offline: nothing in it is fetched from anywhere."""

from __future__ import annotations

import math
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from html import escape
from pathlib import Path

from steelyard.app.lab.compare import Comparison
from steelyard.app.lab.rolling_starts import RollingStarts
from steelyard.app.lab.study import Result, Study
from steelyard.app.lab.sweep import Sweep
from steelyard.errors import unwritable
from steelyard.interfaces.pictures import figures
from steelyard.interfaces.pictures.studies import panels, svg

_STYLE = """
body { font: 15px/1.5 system-ui, "Malgun Gothic", "Apple SD Gothic Neo", Drawn, sans-serif;
  max-width: 960px; margin: 2em auto; padding: 0 1em; color: #000; background: #fff; }
h1 { font-size: 1.5em; } h2 { font-size: 1.15em; margin-top: 2em; }
table { border-collapse: collapse; font-size: 13px; } td, th { padding: 2px 8px; text-align: right; }
th { border-bottom: 1px solid #000; } td:nth-child(2), th:nth-child(2) { text-align: left; }
.wide { overflow-x: auto; } td { white-space: nowrap; }
svg { width: 100%; height: auto; }
.simulated { border: 2px solid #000; padding: .5em 1em; font-weight: bold; }
"""


def _percent(fraction: float, digits: int = 2) -> str:
    return "-" if math.isnan(fraction) else f"{100 * fraction:.{digits}f} %"


def _ratio(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.2f}"


_COLUMNS: tuple[tuple[str, Callable[[Result], str]], ...] = (
    ("final", lambda r: f"{r.final_value:,.0f}"),
    ("a year", lambda r: _percent(r.cagr)),
    ("money-weighted", lambda r: _percent(r.money_weighted)),
    ("volatility", lambda r: _percent(r.volatility, 1)),
    ("Sharpe", lambda r: _ratio(r.sharpe)),
    ("Sortino", lambda r: _ratio(r.sortino)),
    ("drawdown", lambda r: _percent(r.max_drawdown, 1)),
    ("from", lambda r: r.drawdown_from.isoformat()),
    ("to", lambda r: r.drawdown_to.isoformat()),
    ("turnover", lambda r: _percent(r.turnover, 1)),
    ("trades", lambda r: str(r.rebalances)),
    ("costs", lambda r: f"{r.costs:,.0f}"),
    ("taxes", lambda r: f"{r.taxes:,.0f}"),
    ("average drift", lambda r: _percent(r.average_drift)),
    ("worst drift", lambda r: _percent(r.worst_drift)),
    ("tracking", lambda r: _percent(r.tracking_error)),
)


def write(path: Path, text: str) -> None:
    """Write a page.

    Raises:
        InputError: The file cannot be written (`unwritable`).
    """
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise unwritable(path, error) from None


def page(
    study: Study,
    currency: str,
    names: Mapping[str, str],
    *,
    comparison: Comparison | None = None,
    sweep: Sweep | None = None,
    rolling: RollingStarts | None = None,
) -> str:
    """Return the page: what was done, the numbers, and what they look like.

    Args:
        study: Its first policy is the yardstick.
        currency: Of all amounts.
        names: Symbol to what an instrument is called.
        comparison: The same with its resampled histories.
        sweep: Where thresholds and looks are among the policies, for a heat map.
        rolling: The same policies from many starts.
    """
    word = "SIMULATED prices" if study.simulated else "Prices"
    many = len(study.results)
    title = f"{many} policies compared" if many > 1 else study.results[0].policy
    parts = [f"<h1>{escape(title)}</h1>"]
    if study.simulated:
        parts.append(
            '<p class="simulated">SIMULATED: these prices are made up and say nothing of markets.</p>'
        )
    parts.append(
        f"<p>{word} from {study.dates[0]} to {study.dates[-1]}, {len(study.dates)} sessions. Amounts in "
        f"{escape(currency)}, {'after' if study.after_tax else 'before'} tax, "
        f"{'whole shares' if study.whole else 'shares divisible'}."
        f"{' The first policy is the yardstick.' if many > 1 else ''}</p>"
    )
    if study.notes:
        parts.append("<ul>" + "".join(f"<li>{escape(n)}</li>" for n in study.notes) + "</ul>")
    parts.append(f'<div class="wide">{_statistics(study.results)}</div>')
    for number, panel in enumerate(panels(study, names, comparison=comparison, sweep=sweep)):
        parts.append(f"<h2>{escape(panel.heading)}</h2>")
        if panel.text:
            parts.append(f"<p>{escape(panel.text)}</p>")
        parts.append(svg(panel, f"panel-{number}", simulated=study.simulated))
    if rolling is not None:
        parts += _starts(study, rolling)
    parts.append("<p>Past and resampled histories are no forecast, and this is no investment advice.</p>")
    body = "\n".join(parts)
    font = b64encode(figures.letters(body)).decode("ascii")
    return (
        '<!doctype html>\n<html lang="en">\n<head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{word}: {escape(title)}</title>\n<style>{_STYLE}"
        f"@font-face {{ font-family: Drawn; src: url(data:font/woff;base64,{font}); }}\n"
        f"</style></head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def _statistics(results: Sequence[Result]) -> str:
    head = "".join(f"<th>{name}</th>" for name in ("", "policy", *(name for name, _ in _COLUMNS)))
    rows = []
    for number, r in enumerate(results, 1):
        cells = "".join(f"<td>{cell(r)}</td>" for _, cell in _COLUMNS)
        rows.append(f"<tr><td>{number}</td><td>{escape(r.policy)}</td>{cells}</tr>")
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def _starts(study: Study, rolling: RollingStarts) -> list[str]:
    results = study.results
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
