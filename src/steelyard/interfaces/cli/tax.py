"""The command `tax`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from steelyard.domain.tax.country import YearTax

_ENDS = (
    "\b\nExit status:\n  0   done\n  2   a file or flag is wrong\n  3   an exchange rate or a year's figures"
    " are missing"
)


@click.command(
    epilog="\b\nExamples:\n  steelyard tax\n  steelyard tax --year 2025 --json\n  steelyard tax --csv\n\n"
    + _ENDS
)
@click.argument(
    "path", metavar="[FILE]", required=False, default="portfolio.toml", type=click.Path(path_type=Path)
)
@click.option("--year", type=int, help="Tax year.  [default: that of the date]")
@click.option("--as-of", "as_of", metavar="YYYY-MM-DD", help="Count nothing later.  [default: today]")
@click.option(
    "--journal", "database", type=click.Path(path_type=Path), help="[default: steelyard.db beside it]"
)
@click.option("--portfolio", "file", type=click.Path(path_type=Path), help="Same as FILE.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document and nothing else.")
@click.option("--csv", "as_csv", is_flag=True, help="The disposals as CSV, for the return.")
def tax(
    path: Path,
    year: int | None,
    as_of: str | None,
    database: Path | None,
    file: Path | None,
    as_json: bool,
    as_csv: bool,
) -> None:
    """Show the year's sales with their lots, the tax of each class, and what is to be filed.

    Every figure names its rule, its source and the day it was verified. It is a calculation from your
    journal, not tax advice.
    """
    from steelyard import api
    from steelyard.interfaces import tax_documents

    day = None
    if as_of is not None:
        try:
            day = date.fromisoformat(as_of)
        except ValueError:
            raise click.BadParameter(f"{as_of!r} is not a date; write it as 2026-11-23") from None
    result = api.tax(file or path, year=year, as_of=day, journal=database)
    if as_json:
        click.echo(json.dumps(tax_documents.tax(result), ensure_ascii=False, indent=1))
    elif as_csv:
        click.echo(tax_documents.disposals_csv(result), nl=False)
    else:
        _show(result)


def _show(year: YearTax) -> None:
    from rich.table import Table

    from steelyard.interfaces.cli.tables import console, money, shares

    currency = {"KR": "KRW", "US": "USD"}.get(year.jurisdiction, "USD")
    out = console()
    out.print(f"\nTax year {year.year}, {year.jurisdiction}, in {currency}\n")
    if year.disposals:
        table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
        for title in ("sold", "account", "symbol", "class", "shares", "gain", "disallowed"):
            table.add_column(title, justify="right" if title in ("shares", "gain", "disallowed") else "left")
        for d in year.disposals:
            table.add_row(
                d.sold_on.isoformat(),
                d.account,
                d.symbol,
                d.term or d.tax_class,
                shares(d.shares),
                money(d.gain, currency),
                money(d.disallowed, currency) if d.disallowed else "",
            )
        out.print(table)
    else:
        out.print("Nothing was sold.")
    for name, part in year.summary.items():
        out.print(f"\n{name.replace('_', ' ')}", style="bold", end="")
        rows = part if isinstance(part, Mapping) else {"": part}
        text = "; ".join(
            f"{key.replace('_', ' ')} {_figure(value, currency)}".strip() for key, value in rows.items()
        )
        out.print(f": {text}")
    total = "not computed" if year.total_tax is None else money(year.total_tax, currency)
    out.print(f"\nTax of the year: {total}", style="bold")
    for f in year.filings:
        out.print(f"To file: {f.what} from {f.opens} to {f.due}, {money(f.amount, currency)} ({f.rule})")
    for note in year.notes:
        out.print(f"note: {note}")
    if year.rules:
        out.print("\nRules:")
    for rule in year.rules:
        doubt = f" Doubtful: {rule.doubtful}" if rule.doubtful else ""
        out.print(f"  {rule.id}: {rule.source}, verified {rule.verified}.{doubt}")


def _figure(value: object, currency: str) -> str:
    from steelyard.interfaces.cli.tables import money

    return money(value, currency) if isinstance(value, Decimal) else str(value)
