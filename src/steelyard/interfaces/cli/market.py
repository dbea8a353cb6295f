"""The commands `prices fetch`, `prices show`, `prices check` and `prices set`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import steelyard
from steelyard.interfaces.cli.typed import Count, Day
from steelyard.interfaces.language import echo, hint, json_text, tell
from steelyard.interfaces.vocabulary import PRICE_STATES, SOURCES
from steelyard.words import say

if TYPE_CHECKING:
    from steelyard.app.books.price_reports import PriceReport

_ENDS = "Exit status: 0 done; 2 a file or flag is wrong; 3 a price is missing; 5 the database is locked."
_FILE = click.argument(
    "path", metavar="[FILE]", required=False, default="portfolio.toml", type=click.Path(path_type=Path)
)
_JSON = click.option("--json", "as_json", is_flag=True, help="One JSON document and nothing else.")


@click.group()
def prices() -> None:
    """Fetch, show and judge the prices of a portfolio's instruments."""


@prices.command(epilog=f"Example: steelyard prices fetch portfolio.toml --all. {_ENDS}")
@_FILE
@_JSON
@click.option("--all", "everything", is_flag=True, help="Include what the portfolio file has a price for.")
def fetch(path: Path, as_json: bool, everything: bool) -> None:
    """Ask the price sources, in order, and keep what they answer.

    Only what the portfolio file has no price for is asked for. Every answer is stored as it came, then
    judged.
    """
    found = steelyard.fetch_prices(path, everything=everything)
    _print(found, as_json)
    if not found.rows:
        echo(say("every price is in the portfolio file; nothing to fetch (see --all)"), err=True)
    if any(finding.get("code") == "price-source" for row in found.rows for finding in row.findings):
        text = say(
            'name sources in automation.toml beside the file: sources = ["krx", "yahoo", "ecb"] under '
            "[prices]; or type a price: steelyard prices set SYMBOL PRICE"
        )
        echo(hint(text), err=True)
    if not found.complete:
        sys.exit(3)


@prices.command(epilog=f"Example: steelyard prices show portfolio.toml. {_ENDS}")
@_FILE
@_JSON
@click.option("--last", default=1, show_default=True, help="Closes of each symbol.", type=Count(1, 100_000))
def show(path: Path, as_json: bool, last: int) -> None:
    """Show the newest stored closes, with their source."""
    found = steelyard.stored_prices(path, last=last)
    _print(found, as_json)
    if not found.rows and not as_json:
        echo(say("no price is stored yet; run: steelyard prices fetch"), err=True)


@prices.command(epilog=f"Example: steelyard prices check portfolio.toml. {_ENDS}")
@_FILE
@_JSON
def check(path: Path, as_json: bool) -> None:
    """Say which prices are missing, stale or were refused; fetches nothing."""
    found = steelyard.check_prices(path)
    _print(found, as_json)
    if not found.complete:
        sys.exit(3)


@prices.command("set", epilog=f"Example: steelyard prices set VOO 612.35. {_ENDS}")
@click.argument("symbol")
@click.argument("price")
@_FILE
@click.option("--day", type=Day(), help="The session it belongs to.  [default: the newest]")
@click.option(
    "--sure", is_flag=True, help="Accept also ten times the last price or more, or a tenth or less."
)
def set_price(symbol: str, price: str, path: Path, day: Any, sure: bool) -> None:
    """Store a price by hand, for when no source has it; SYMBOL may be a pair such as USDKRW."""
    close = steelyard.set_price(path, symbol, price, day=day, sure=sure)
    echo(say("stored {symbol} {price:f} of {day}", symbol=symbol, price=close.price, day=close.day), err=True)


def _print(found: PriceReport, as_json: bool) -> None:
    if as_json:
        click.echo(json_text(found.to_dict()))
        return
    for row in found.rows:
        price = "-" if row.price is None else f"{row.price:f} {row.currency}"
        state = "" if row.state is None else f"  {tell(PRICE_STATES[row.state])}"
        source = tell(SOURCES.get(row.source or "", row.source or "-"))
        click.echo(f"{row.symbol:<10} {price:>18}  {row.day or '-'!s:<10}  {source}{state}")
        for finding in row.findings:
            click.echo(f"  {tell(finding['text'])}", err=True)
