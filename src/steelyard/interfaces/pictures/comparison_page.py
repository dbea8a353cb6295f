"""A study or a comparison as one web page that works offline: nothing in it is fetched from anywhere.

The verdict is its headline. Each picture is there twice, wide and narrow, and the sheet shows the one whose
letters can be read; its colours are names, so that a dark page is dark altogether.
"""

from __future__ import annotations

import math
from base64 import b64encode
from collections.abc import Mapping
from html import escape
from pathlib import Path

from steelyard.app.lab.compare import Comparison
from steelyard.app.lab.rolling_starts import RollingStarts
from steelyard.app.lab.study import Result, Study
from steelyard.app.lab.sweep import Sweep
from steelyard.app.lab.timing_luck import TimingLuck
from steelyard.errors import unwritable
from steelyard.interfaces.amounts import short
from steelyard.interfaces.lab_words import grown, headline, interval, verdict, yearly
from steelyard.interfaces.language import current, tell
from steelyard.interfaces.pictures import figures
from steelyard.interfaces.pictures.studies import panels, svg
from steelyard.words import say

_STYLE = """
:root { color-scheme: light dark; --paper: light-dark(#fff, #14191c); --ink: light-dark(#000, #e8eae7);
  --muted: light-dark(#566067, #a7b0b3); --line: light-dark(#ddd, #3a4348);
  --band: light-dark(#ccc, #4a555b); --c1: light-dark(#0072b2, #6cc0f0); --c2: light-dark(#d55e00, #f2955a);
  --c3: light-dark(#009e73, #3fd0a5); --c4: light-dark(#a8487f, #e2a3c6);
  --c5: light-dark(#a87100, #efbb55); }
* { box-sizing: border-box; }
body { font: 15px/1.55 system-ui, "Malgun Gothic", "Apple SD Gothic Neo", Drawn, sans-serif;
  max-width: 980px; margin: 0 auto; padding: 1.5em 1em 3em; color: var(--ink); background: var(--paper); }
:lang(ko) { word-break: keep-all; overflow-wrap: anywhere; }
h1 { font-size: 1.45em; line-height: 1.35; margin: 0 0 .4em; } h2 { font-size: 1.1em; margin: 2.2em 0 .3em; }
p, ul { margin: .4em 0; } .muted { color: var(--muted); }
.wide { overflow-x: auto; margin: 1.2em 0; }
table { border-collapse: collapse; font-size: 13px; font-variant-numeric: tabular-nums; }
td, th { padding: 3px 9px; text-align: right; white-space: nowrap; }
thead th { border-bottom: 1px solid var(--ink); font-weight: 600; }
tbody th { font-weight: 400; }
tbody tr:nth-child(odd) { background: color-mix(in srgb, var(--line) 30%, var(--paper)); }
th:first-child { text-align: left; position: sticky; left: 0; background: var(--paper); }
tbody tr:nth-child(odd) th { background: color-mix(in srgb, var(--line) 30%, var(--paper)); }
svg { width: 100%; height: auto; display: block; } svg text { fill: var(--ink); }
.white { background: #fff; --ink: #000; --paper: #fff; --line: #ddd; }
.narrow { display: none; }
.simulated { border: 2px solid; padding: .4em .8em; font-weight: 600; display: inline-block; }
@media (max-width: 640px) { .narrow { display: block; } .broad { display: none; }
  h1 { font-size: 1.2em; } tbody th { white-space: normal; min-width: 8.5em; max-width: 10em; } }
@media print { :root { color-scheme: light; } body { max-width: none; padding: 0; font-size: 11px; }
  .wide { overflow: visible; } table { font-size: 7.5px; } td, th { padding: 1px 3px; }
  th:first-child { position: static; } .narrow { display: none; } .broad { display: block; }
  figure, tr { break-inside: avoid; } h2 { break-after: avoid; } }
figure { margin: .5em 0 0; }
"""
_COLOURS = {
    "#000000": "--ink", "#ffffff": "--paper", "#dddddd": "--line", "#cccccc": "--band", "#0072b2": "--c1",
    "#d55e00": "--c2", "#009e73": "--c3", "#cc79a7": "--c4", "#e69f00": "--c5",
}  # fmt: skip
"""What pictures are drawn in to its name on the page."""


def _percent(fraction: float, digits: int = 2) -> str:
    return "-" if math.isnan(fraction) else f"{100 * fraction:.{digits}f} %"


def _ratio(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.2f}"


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
    timing: TimingLuck | None = None,
) -> str:
    """Return the page: what was done, the numbers, and what they look like.

    Args:
        study: Its first policy is the yardstick.
        currency: Of all amounts.
        names: Symbol to what an instrument is called.
        comparison: The same with its resampled histories.
        sweep: Where thresholds and looks are among the policies, for a heat map.
        rolling: The same policies from many starts.
        timing: The same policies looking on every day of their periods.
    """
    many = len(study.results)
    parts = [f"<h1>{escape(tell(headline(study, comparison)))}.</h1>"]
    if study.simulated:
        made_up = tell(say("SIMULATED: these prices are made up and say nothing of markets."))
        parts.append(f'<p class="simulated">{escape(made_up)}</p>')
    parts.append(f'<p class="muted">{escape(_about(study, currency))}</p>')
    parts.append(f'<div class="wide">{_statistics(study, comparison, currency)}</div>')
    made = panels(study, names, currency, comparison=comparison, sweep=sweep, timing=timing)
    for number, panel in enumerate(made):
        parts.append(f"<figure><h2>{escape(panel.heading)}</h2>")
        if panel.text:
            parts.append(f"<p>{escape(panel.text)}</p>")
        white = " white" if panel.on_white else ""
        for narrow, shown in ((False, "broad"), (True, "narrow")):
            drawn = svg(panel, f"panel-{number}-{shown}", narrow=narrow, simulated=study.simulated)
            parts.append(f'<div class="{shown}{white}">{_named_colours(drawn)}</div>')
        parts.append("</figure>")
    if rolling is not None:
        parts += _starts(study, rolling)
    if study.notes:
        parts.append(f"<h2>{escape(tell(say('What it rests on')))}</h2>")
        parts.append("<ul>" + "".join(f"<li>{escape(tell(n))}</li>" for n in study.notes) + "</ul>")
    last = tell(say("Past and resampled histories are no forecast, and this is no investment advice."))
    parts.append(f'<p class="muted">{escape(last)}</p>')
    body = "\n".join(parts)
    title = say("{count} policies compared", count=many) if many > 1 else study.results[0].policy
    font = b64encode(figures.letters(body)).decode("ascii")
    return (
        f'<!doctype html>\n<html lang="{current().code}">\n<head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(tell(title))}</title>\n<style>{_STYLE}"
        f"@font-face {{ font-family: Drawn; src: url(data:font/woff;base64,{font}); }}\n"
        f"</style></head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def _about(study: Study, currency: str) -> str:
    span = {"first": study.dates[0], "last": study.dates[-1], "count": len(study.dates)}
    prices = (
        say("SIMULATED prices, {first} to {last}, {count} sessions", **span)
        if study.simulated
        else say("{first} to {last}, {count} sessions", **span)
    )
    terms = [
        say("amounts in {currency}", currency=currency),
        say("after tax") if study.after_tax else say("before tax"),
        say("whole shares") if study.whole else say("divisible shares"),
    ]
    if len(study.results) > 1:
        terms.append(say("the first policy is the yardstick"))
    return "; ".join(tell(part) for part in (prices, *terms))


def _named_colours(drawn: str) -> str:
    """Return a drawing whose colours are names of the page's, with what it was drawn in to fall back on."""
    for colour, name in _COLOURS.items():
        for paint in ("fill", "stroke"):
            drawn = drawn.replace(f"{paint}: {colour}", f"{paint}: var({name}, {colour})")
    return drawn


def _statistics(study: Study, comparison: Comparison | None, currency: str) -> str:
    """Return the table: what is asked first, and the policy in a first column that stays."""
    differences = () if comparison is None else comparison.differences
    heads: list[str] = [say("policy"), say("after tax") if study.after_tax else say("a year")]
    heads += [say("cost a year"), *([say("tax a year"), say("if sold")] if study.after_tax else [])]
    heads += [say("against the first"), ""] if differences else []
    heads += [
        say("final"), say("money-weighted"), say("drawdown"), say("fell from"), say("to"), say("trades"),
        say("turnover"), say("costs"), say("taxes"), say("volatility"), say("Sharpe"), say("Sortino"),
        say("average drift"), say("worst drift"), say("tracking"),
    ]  # fmt: skip
    rows = []
    for n, r in enumerate(study.results):
        cells = [_percent(grown(study, r)), _percent(yearly(study, r, r.costs))]
        if study.after_tax:
            cells += [_percent(yearly(study, r, r.taxes)), _money(r.liquidation_value, currency)]
        if differences:
            d = differences[n]
            cells += [interval(d), tell(verdict(d))] if n else ["", ""]
        cells += _others(r, currency)
        row = "".join(f"<td>{escape(cell)}</td>" for cell in cells)
        rows.append(f"<tr><th scope=row>{n + 1}  {escape(r.policy)}</th>{row}</tr>")
    head = "".join(f"<th scope=col>{escape(tell(name))}</th>" for name in heads)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def _others(r: Result, currency: str) -> list[str]:
    return [
        _money(r.final_value, currency),
        _percent(r.money_weighted),
        _percent(r.max_drawdown, 1),
        r.drawdown_from.isoformat(),
        r.drawdown_to.isoformat(),
        str(r.rebalances),
        _percent(r.turnover, 1),
        _money(r.costs, currency),
        _money(r.taxes, currency),
        _percent(r.volatility, 1),
        _ratio(r.sharpe),
        _ratio(r.sortino),
        _percent(r.average_drift),
        _percent(r.worst_drift),
        _percent(r.tracking_error),
    ]


def _money(amount: float, currency: str) -> str:
    return short(amount, currency, current().code)


def _starts(study: Study, rolling: RollingStarts) -> list[str]:
    results = study.results
    heads = (say("policy"), say("worst"), say("median"), say("best"), say("better"))
    rows = ["<tr>" + "".join(f"<th>{escape(tell(head))}</th>" for head in heads) + "</tr>"]
    for number, (r, s) in enumerate(zip(results, rolling.spreads(), strict=True), 1):
        if number > 1:
            cells = "".join(f"<td>{100 * v:+.2f}</td>" for v in (s.worst, s.median, s.best))
            won = tell(say("{wins} of {count}", wins=s.wins, count=len(rolling.starts)))
            rows.append(f"<tr><th>{number}  {escape(r.policy)}</th>{cells}<td>{escape(won)}</td></tr>")
    text = say(
        "{count} starts, one a quarter from {first} to {last}, {years} years each; points a year against the "
        "first policy. They overlap, and are no independent evidence.",
        count=len(rolling.starts),
        first=rolling.starts[0],
        last=rolling.starts[-1],
        years=rolling.years,
    )
    return [
        f"<h2>{escape(tell(say('Other starts')))}</h2><p>{escape(tell(text))}</p>",
        f'<div class="wide"><table>{"".join(rows)}</table></div>',
    ]
