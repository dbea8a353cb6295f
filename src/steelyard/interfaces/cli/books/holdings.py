"""The command `holdings`: what is held, at what cost and gain."""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

import steelyard
from steelyard.domain.money import EXACT
from steelyard.domain.shown import cell
from steelyard.interfaces import language
from steelyard.interfaces.cli.typed import Day
from steelyard.interfaces.rounding import ROUNDED, adds_up
from steelyard.words import say

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from decimal import Decimal

    from rich.console import Console

    from steelyard.app.books.holdings_report import Holding, HoldingsReport

_EPILOG = """\b
Examples:
  steelyard holdings
  steelyard holdings --csv > holdings.csv
  steelyard holdings --json

\b
Exit status:
  0   done
  2   a file or a flag is wrong
  3   a price or an exchange rate is missing"""
_COLUMNS = (
    "account", "symbol", "name", "shares", "price", "currency", "priced_on", "value", "weight",
    "average_cost", "cost", "cost_currency", "gain", "price_gain", "currency_gain", "gain_share",
)  # fmt: skip


@click.command(epilog=_EPILOG)
@click.argument(
    "path", metavar="[FILE]", required=False, default="portfolio.toml", type=click.Path(path_type=Path)
)
@click.option("--portfolio", "file", type=click.Path(path_type=Path), help="Same as FILE.")
@click.option(
    "--journal", "database", type=click.Path(path_type=Path), help="[default: steelyard.db beside it]"
)
@click.option("--as-of", type=Day(), metavar="YYYY-MM-DD", help="The day.  [default: today]")
@click.option("--json", "as_json", is_flag=True, help="One JSON document and nothing else.")
@click.option("--csv", "as_csv", is_flag=True, help="A line a position and a line for cash.")
def holdings(
    path: Path, file: Path | None, database: Path | None, as_of: datetime | None, as_json: bool, as_csv: bool
) -> None:
    """Show what is held: shares, average cost, price and its day, value, gain, cash and room left.

    A gain is split into what the price did, at today's exchange rate, and what the currency did to the
    money that was paid. What is owed stands below zero.
    """
    from steelyard.interfaces.cli.warnings import warn

    if as_csv and as_json:
        raise click.UsageError(language.tell(say("--csv and --json exclude each other")))
    day = as_of
    portfolio = steelyard.load(file or path, journal=database, as_of=day)
    language.prefer(portfolio.language)
    report = steelyard.holdings(portfolio, as_of=day)
    if as_json:
        click.echo(language.json_text(report.to_dict()))
    elif as_csv:
        _print_csv(report)
    else:
        _show(report)
    warn(report.caveats, report.as_of, portfolio.source)


def _print_csv(report: HoldingsReport) -> None:
    out = csv.DictWriter(sys.stdout, _COLUMNS, extrasaction="ignore", lineterminator="\n")
    out.writeheader()
    for holding in report.holdings:
        out.writerow({key: cell(value) for key, value in holding.to_dict().items()})
    for cash in report.cash:
        found = cash.to_dict()
        out.writerow(
            {
                "account": cell(cash.account),
                "symbol": cash.currency,
                "name": language.tell(say("cash")),
                "shares": found["amount"],
                "currency": cash.currency,
                "value": found["value"],
            }
        )


def _show(report: HoldingsReport) -> None:
    from steelyard.interfaces.cli.tables import console, money

    out, base = console(), report.base_currency
    tell = language.tell
    out.print(f"{report.as_of}   {money(report.total, base)}", style="bold")
    # Where all is in one currency, the price did everything.
    split = any(h.currency_gain for h in report.holdings)
    accounts = list(dict.fromkeys(h.account for h in report.holdings))
    for account in accounts:
        _table(out, account, [h for h in report.holdings if h.account == account], base, split=split)
    if len(accounts) > 1:
        _table(out, tell(say("in all")), report.totals, base, split=split)
    out.print()
    for cash in report.cash:
        owed = (
            ""
            if cash.amount >= 0
            else "  " + tell(say("below zero: margin, a deposit not recorded, or won that paid for dollars"))
        )
        facts = {"account": cash.account, "amount": money(cash.amount, cash.currency)}
        text = say("cash in {account}: {amount}", **facts)
        if cash.currency != base:
            text = say("cash in {account}: {amount} ({value})", value=money(cash.value, base), **facts)
        out.print(f"{tell(text)}{owed}")
    if report.gain is not None and report.holdings:
        out.print(tell(say("unrealised gain: {gain}", gain=money(report.gain, base))))
    if not _adds_up(report, split=split):
        out.print(tell(ROUNDED))
    for room in report.contribution_room:
        names = ", ".join(room.accounts)
        limit = money(room.limit, room.currency)
        if room.left is None:
            text = say(
                "room in {accounts} for {year}: the limit is {limit}; no journal says what was paid in",
                accounts=names,
                year=room.year,
                limit=limit,
            )
        else:
            text = say(
                "room in {accounts} for {year}: {left} of {limit} ({source})",
                accounts=names,
                year=room.year,
                left=money(room.left, room.currency),
                limit=limit,
                source=room.source,
            )
        out.print(tell(text))
        if room.note:
            out.print(f"  {tell(room.note)}")


def _adds_up(report: HoldingsReport, *, split: bool) -> bool:
    """Say whether every sum on the screen is that of the figures above it."""
    base, lines = report.base_currency, report.holdings
    sums: list[tuple[list[Decimal | None], Decimal | None]] = [
        ([*(h.value for h in lines), *(c.value for c in report.cash)], report.total),
        ([h.gain for h in lines], report.gain),
        *(([h.price_gain, h.currency_gain], h.gain) for h in (*lines, *report.totals) if split),
    ]
    for total in report.totals:
        own = [h for h in lines if h.symbol == total.symbol]
        sums += [([h.value for h in own], total.value), ([h.gain for h in own], total.gain)]
    return all(adds_up(parts, total, base) for parts, total in sums)


_KEPT = (0, 6, 7, 8, 2, 1, 4, 3, 5, 10, 11, 9)
"""Columns of `_row` in the order in which they find room: what is gained before what it is made of."""
_LEAST_NAME, _MOST_NAME = 8, 28


def _table(out: Console, title: str, holdings: Sequence[Holding], base: str, *, split: bool) -> None:
    """Print a line a holding: figures are never cut, the name gives way, then columns that matter less."""
    from rich.cells import cell_len
    from rich.text import Text

    from steelyard.interfaces.cli.tables import columns

    heads = (
        (say("symbol"), "left"), (say("name"), "left"), (say("shares"), "right"),
        (say("average cost"), "right"), (say("price"), "right"), (say("of"), "left"),
        (say("value"), "right"), (say("gain"), "right"), ("%", "right"), (say("in its currency"), "right"),
        (say("price part"), "right"), (say("currency part"), "right"),
    )  # fmt: skip
    rows = [_row(holding, base) for holding in holdings]
    room, chosen = out.width + 2, set()
    for at in _KEPT:
        if (at >= 10 and not split) or not any(row[at] for row in rows):
            continue
        cells = [language.tell(heads[at][0]), *(row[at] for row in rows)]
        wide = _LEAST_NAME if at == 1 else max(map(cell_len, cells))
        if wide + 2 <= room or at in (0, 6):
            room -= wide + 2
            chosen.add(at)
    if 10 in chosen and 11 not in chosen:
        chosen.discard(10)  # one part of a gain without the other says nothing
    table = columns(*(head for at, head in enumerate(heads) if at in chosen))
    for row in rows:
        cells_: list[str | Text] = [cell for at, cell in enumerate(row) if at in chosen]
        if 1 in chosen:
            name = Text(row[1])
            name.truncate(min(_LEAST_NAME + max(room, 0), _MOST_NAME), overflow="ellipsis")
            cells_[1] = name
        table.add_row(*cells_)
    out.print(f"\n{title}", style="bold")
    # Where not even symbol and value fit, lines run on.
    out.width = max(out.width, out.width - room)
    out.print(table, crop=False)


def _row(holding: Holding, base: str) -> list[str]:
    from steelyard.interfaces.cli.tables import money, percent, shares

    def amount(value: Decimal | None, currency: str) -> str:
        return "" if value is None else money(value, currency)

    cost, own = holding.cost, holding.currency
    return [
        holding.symbol,
        holding.name,
        "" if holding.shares is None else shares(holding.shares),
        "" if cost is None else amount(holding.average_cost, cost.currency),
        amount(holding.price, holding.currency),
        "" if holding.priced_on is None else holding.priced_on.isoformat(),
        money(holding.value, base),
        amount(holding.gain, base),
        "" if holding.gain_share is None else percent(holding.gain_share, sign=True),
        money(EXACT.multiply(holding.shares, holding.price), own)
        if holding.shares is not None and holding.price is not None and own != base
        else "",
        amount(holding.price_gain, base),
        amount(holding.currency_gain, base),
    ]
