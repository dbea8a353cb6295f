"""The command `values`: the real account over time, from what the scheduled job recorded."""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from steelyard.errors import SteelyardError

if TYPE_CHECKING:
    from datetime import date

    from steelyard.app.values import ValueHistory
    from steelyard.bootstrap import Automation
    from steelyard.domain.portfolio import Portfolio

_COLUMNS = (
    "day", "total_value", "cash", "paid_in", "largest_drift", "due", "return", "growth", "rebalanced",
)  # fmt: skip


@click.command(
    epilog="Example: steelyard values portfolio.toml --csv > values.csv. Exit status: 0 done; "
    "2 a file or flag is wrong; 3 the database cannot be used."
)
@click.argument(
    "path", metavar="[FILE]", required=False, default="portfolio.toml", type=click.Path(path_type=Path)
)
@click.option("--csv", "as_csv", is_flag=True, help="One line a recorded day, for a spreadsheet.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document and nothing else.")
def values(path: Path, as_csv: bool, as_json: bool) -> None:
    """Show value, deposits, drift and rebalances over time, and the return of the real account.

    Values are those that `steelyard run` recorded; deposits and trades are the journal's. For each
    rebalance done it says what it has brought by now: without it, the account would be worth that much less.
    """
    if as_csv and as_json:
        raise click.UsageError("--csv and --json exclude each other")
    from steelyard import bootstrap

    if not path.exists():
        # The reader of portfolio files says it best.
        bootstrap.portfolio(path)
    with bootstrap.automation(path) as parts:
        found = _found(path, parts)
    if as_json:
        click.echo(json.dumps(document(found), ensure_ascii=False, indent=1))
    elif as_csv:
        click.echo(_csv(found), nl=False)
    else:
        _show(found)


def _found(path: Path, parts: Automation) -> ValueHistory:
    from steelyard import bootstrap
    from steelyard.app.values import value_history

    outline, _ = parts.job.file.outline()
    base = outline.base_currency

    def rate_on(currency: str, day: date) -> Decimal | None:
        closes = parts.prices.history(f"{currency}{base}", 100_000)
        known = next((close.price for _, close in closes if close.day <= day), None)
        # Before anything was fetched, the file's own rate is the only one there is.
        return known or outline.fx.get(currency)

    return value_history(
        parts.runs.days(path.name),
        bootstrap.journal_entries(parts.database),
        currency=base,
        rate_on=rate_on,
        portfolio=_priced(parts, outline),
    )


def _priced(parts: Automation, outline: Portfolio) -> Portfolio | None:
    """Return the portfolio at the newest good prices, None when some are missing."""
    from steelyard.app.prices import stored, wanted_by

    wanted = wanted_by(outline)
    quotes, kept = stored(wanted, parts.prices)
    rates = {w.symbol[:3]: kept[w.symbol][1].price for w in wanted if w.is_rate and w.symbol in kept}
    try:
        return parts.job.file.load(quotes, rates)
    except SteelyardError:
        # The history itself needs no prices; only what rebalances brought is left out.
        return None


def document(found: ValueHistory) -> dict[str, Any]:
    """Return the history as JSON carries it: money and fractions as text, yearly rates as numbers."""
    from steelyard.domain.money import plain

    def text(number: Decimal | None) -> str | None:
        return None if number is None else plain(number)

    return {
        "schema": "steelyard/values/1",
        "base_currency": found.currency,
        "time_weighted": text(_rounded(found.time_weighted)),
        "time_weighted_yearly": _figure(found.time_weighted_yearly),
        "money_weighted_yearly": _figure(found.money_weighted),
        "days": [
            {
                "day": str(d.day),
                "total_value": text(d.total),
                "cash": text(d.cash),
                "paid_in": text(d.paid_in),
                "largest_drift": text(_rounded(d.largest_drift)),
                "due": d.due,
                "return": text(_rounded(d.change)),
                "growth": text(_rounded(d.growth)),
            }
            for d in found.days
        ],
        "rebalances": [
            {
                "day": str(r.day),
                "due_since": str(r.due_since) if r.due_since else None,
                "sold": list(r.sold),
                "bought": list(r.bought),
                "turnover": text(r.turnover),
                "effect": text(r.effect),
            }
            for r in found.rebalances
        ],
        "notes": list(found.notes),
    }


def _rounded(number: Decimal | None) -> Decimal | None:
    from steelyard.domain.money import EXACT

    return None if number is None else number.quantize(Decimal("0.00000001"), context=EXACT)


def _figure(number: float | None) -> float | None:
    return None if number is None else round(number, 8)


def _csv(found: ValueHistory) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_COLUMNS)
    before = ""
    for row in document(found)["days"]:
        done = [str(r.day) for r in found.rebalances if before < str(r.day) <= row["day"]]
        fields = {**row, "due": "yes" if row["due"] else "no", "rebalanced": " ".join(done)}
        writer.writerow(["" if fields[name] is None else fields[name] for name in _COLUMNS])
        before = row["day"]
    return out.getvalue()


def _show(found: ValueHistory) -> None:
    from steelyard.interfaces.cli.tables import money, percent

    if not found.days:
        click.echo("nothing is recorded yet; run: steelyard run", err=True)
        return
    code = found.currency
    click.echo(f"{'day':<10} {'value':>22} {'paid in':>20} {'drift':>8} {'return':>9}")
    for d in found.days:
        change = "" if d.change is None else f"{percent(d.change, sign=True)} %"
        paid = money(d.paid_in, code) if d.paid_in else ""
        mark = "  due" if d.due else ""
        drift = f"{percent(d.largest_drift)} %"
        click.echo(f"{d.day} {money(d.total, code):>22} {paid:>20} {drift:>8} {change:>9}{mark}")
    for r in found.rebalances:
        since = f", due since {r.due_since}" if r.due_since else ""
        brought = "" if r.effect is None else f"; by now it has brought {money(r.effect, code)}"
        click.echo(f"rebalanced {r.day}{since}: {', '.join(r.sold)} into {', '.join(r.bought)}{brought}")
    if found.time_weighted is not None:
        click.echo(f"time-weighted return   {percent(found.time_weighted, sign=True)} %")
    for label, rate in (
        ("a year", found.time_weighted_yearly),
        ("money-weighted, a year", found.money_weighted),
    ):
        if rate is not None:
            click.echo(f"{label:<22} {percent(Decimal(repr(rate)), sign=True)} %")
    for note in found.notes:
        click.echo(f"note: {note}", err=True)
