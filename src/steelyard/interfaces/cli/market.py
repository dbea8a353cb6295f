"""The commands `prices fetch`, `prices show`, `prices check` and `prices set`."""

from __future__ import annotations

import json
import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from steelyard.errors import InputError

if TYPE_CHECKING:
    from steelyard.domain.market.prices import Wanted

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
@click.option("--all", "everything", is_flag=True, help="Also what the portfolio file has a price for.")
def fetch(path: Path, as_json: bool, everything: bool) -> None:
    """Ask the price sources, in order, and keep what they answer.

    Asked for is what the portfolio file gives no price for. Every answer is stored as it came before it
    is judged.
    """
    from steelyard import bootstrap
    from steelyard.app.books.prices import wanted_by
    from steelyard.app.market.prices import fetch as fetch_prices

    with bootstrap.automation(path) as parts:
        job = parts.job
        outline, missing = job.file.outline()
        wanted = [w for w in wanted_by(outline) if everything or w.symbol in missing]
        results = fetch_prices(
            wanted, job.sources, job.prices, job.post.clock, job.settings.prices, as_of=job.today()
        )
        rows = [
            {
                "symbol": one.wanted.symbol,
                "source": one.source,
                "day": str(one.newest.day) if one.newest else None,
                "price": f"{one.newest.price:f}" if one.newest else None,
                "currency": one.wanted.currency,
                "findings": [
                    {"code": f.code, "refused": f.refused, "text": parts.secrets.mask(f.text)}
                    for f in one.findings
                ],
            }
            for one in results
        ]
    _print(rows, "steelyard/prices-fetch/1", as_json)
    if not rows:
        click.echo("every price is in the portfolio file; nothing to fetch (see --all)", err=True)
    if any(row["price"] is None for row in rows):
        sys.exit(3)


@prices.command(epilog=f"Example: steelyard prices show portfolio.toml. {_ENDS}")
@_FILE
@_JSON
@click.option("--last", default=1, show_default=True, help="Closes of each symbol.", type=click.IntRange(1))
def show(path: Path, as_json: bool, last: int) -> None:
    """Show the newest stored closes, with their source."""
    from steelyard import bootstrap

    rows: list[dict[str, Any]] = []
    with bootstrap.automation(path) as parts:
        for wanted in _wanted(parts.job):
            for source, close in parts.prices.history(wanted.symbol, last):
                rows.append(
                    {
                        "symbol": wanted.symbol,
                        "source": source,
                        "day": str(close.day),
                        "price": f"{close.price:f}",
                        "currency": close.currency,
                        "findings": [],
                    }
                )
    _print(rows, "steelyard/prices/1", as_json)
    if not rows and not as_json:
        click.echo("no price is stored yet; run: steelyard prices fetch", err=True)


@prices.command(epilog=f"Example: steelyard prices check portfolio.toml. {_ENDS}")
@_FILE
@_JSON
def check(path: Path, as_json: bool) -> None:
    """Say which prices are missing, stale or were refused; fetches nothing."""
    from steelyard import bootstrap
    from steelyard.domain.market.prices import is_stale

    rows: list[dict[str, Any]] = []
    bad = False
    with bootstrap.automation(path) as parts:
        job = parts.job
        portfolio, missing = job.file.outline()
        for wanted in _wanted(job):
            newest = parts.prices.newest(wanted.symbol)
            by_file = wanted.symbol not in missing
            state = "in the portfolio file" if by_file else "missing"
            if by_file and wanted.is_rate and wanted.symbol[:3] not in portfolio.fx:
                # Every price and amount of the file is in base currency already.
                state = "not needed"
            if newest is not None and not by_file:
                stale = is_stale(newest[1], newest[0], job.settings.prices.limits, job.today())
                state = "stale" if stale else "good"
            bad = bad or state in ("missing", "stale")
            rows.append(
                {
                    "symbol": wanted.symbol,
                    "source": newest[0] if newest else None,
                    "day": str(newest[1].day) if newest else None,
                    "price": f"{newest[1].price:f}" if newest else None,
                    "currency": wanted.currency,
                    "state": state,
                    "findings": [
                        {"text": parts.secrets.mask(text)}
                        for text in parts.prices.last_findings(wanted.symbol)
                    ],
                }
            )
    _print(rows, "steelyard/prices-check/1", as_json)
    if bad:
        sys.exit(3)


@prices.command("set", epilog=f"Example: steelyard prices set VOO 612.35. {_ENDS}")
@click.argument("symbol")
@click.argument("price")
@_FILE
@click.option("--day", type=click.DateTime(["%Y-%m-%d"]), help="The session it belongs to.  [default: today]")
def set_price(symbol: str, price: str, path: Path, day: Any) -> None:
    """Store a price by hand, for when no source has it; SYMBOL may be a pair such as USDKRW."""
    from steelyard import bootstrap
    from steelyard.domain.market.prices import Close, judge
    from steelyard.domain.money import parse_number

    try:
        number = parse_number(price)
    except ValueError as error:
        raise InputError("amount", str(error), "write: steelyard prices set VOO 612.35") from None
    with bootstrap.automation(path) as parts:
        job = parts.job
        known: dict[str, Wanted] = {w.symbol: w for w in _wanted(job)}
        if symbol not in known:
            raise InputError(
                "unknown-symbol", f"{symbol} is not in the portfolio", f"use one of {', '.join(known)}"
            )
        on: date = day.date() if day else job.today()
        close = Close(on, number, known[symbol].currency)
        said = f"{on} {price}"
        answer = job.prices.keep_answer(known[symbol], "manual", job.post.clock.now(), said, None)
        # The owner's word is not held against an earlier close: it is how a true jump gets in.
        judged = judge(known[symbol], "manual", [close], job.settings.prices.limits, as_of=job.today())
        job.prices.keep_judgement(answer, known[symbol], "manual", judged.good, judged.findings)
        refused = [f for f in judged.findings if f.refused]
        if refused:
            raise InputError(refused[0].code, refused[0].text, "give a price above zero of a past session")
    click.echo(f"stored {symbol} {number:f} of {on}", err=True)


def _wanted(job: Any) -> tuple[Wanted, ...]:
    from steelyard.app.books.prices import wanted_by

    return wanted_by(job.file.outline()[0])


def _print(rows: list[dict[str, Any]], schema: str, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({"schema": schema, "prices": rows}, ensure_ascii=False, indent=1))
        return
    for row in rows:
        price = f"{row['price']} {row['currency']}" if row["price"] else "-"
        state = f"  {row['state']}" if "state" in row else ""
        click.echo(f"{row['symbol']:<10} {price:>18}  {row['day'] or '-':<10}  {row['source'] or '-'}{state}")
        for finding in row["findings"]:
            click.echo(f"  {finding['text']}", err=True)
