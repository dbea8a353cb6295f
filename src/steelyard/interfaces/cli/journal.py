"""The commands of the journal: `record`, `import`, `history`, `undo`."""

from __future__ import annotations

import json
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from steelyard.domain.ledger import KINDS, Row
from steelyard.errors import InputError, PortfolioProblems, Problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from steelyard.domain.ledger import Entry, Recorded

_ENDS = "\b\n" + "\n".join(
    (
        "Exit status:",
        "  0   done",
        "  2   a file or flag is wrong",
        "  5   the database is locked by another program",
    )
)
_FIELDS = ("shares", "price", "fees", "fx_rate", "tax_base_price")


def _files(command: Callable[..., Any]) -> Callable[..., Any]:
    command = click.option(
        "--journal", "database", type=click.Path(path_type=Path), help="[default: steelyard.db beside it]"
    )(command)
    return click.option(
        "--portfolio",
        "file",
        type=click.Path(path_type=Path),
        default="portfolio.toml",
        show_default=True,
        help="The portfolio file the journal belongs to.",
    )(command)


def _database(file: Path, database: Path | None) -> Path:
    from steelyard import bootstrap

    return database or bootstrap.journal_path(file)


def _add(file: Path, database: Path | None, entries: list[Entry], source: str, *, always: bool) -> int:
    """Add entries after checking that they can have happened."""
    from steelyard import bootstrap
    from steelyard.app.journal import check_entries

    accounts: list[str] = []
    if file.exists():
        known = bootstrap.portfolio_of_entries(file, entries)
        accounts = [a.name for a in known.accounts]
    with bootstrap.journal(_database(file, database)) as journal:
        there = [row.entry for row in journal.rows() if row.counts]
        fresh = [e for e in entries if always or e not in there]
        check_entries([*there, *fresh], accounts)
        now = datetime.now(UTC)
        if always:
            return len([journal.record(e, source, now) for e in entries])
        return len(journal.add([Row(e) for e in entries], source, now))


@click.command(
    epilog="\b\nExamples:\n"
    "  steelyard record buy VOO --shares 5 --price 480.10 --date 2026-01-05 --fx-rate 1331.5\n"
    f"  steelyard record deposit --shares 1000000 --currency KRW\n\n{_ENDS}"
)
@click.argument("kind", metavar="TYPE", type=click.Choice(KINDS))
@click.argument("symbol", required=False, default="")
@click.option("--date", "day", default=None, metavar="YYYY-MM-DD", help="Trade date.  [default: today]")
@click.option("--account", default="main", show_default=True)
@click.option("--shares", help="Shares; of money entries the amount; of a split new shares per old one.")
@click.option("--price", help="Price of one share; of a dividend the gross amount per share.")
@click.option("--currency", default="", help="[default: the instrument's]")
@click.option("--fees", default="", help="Cost of the trade; of a dividend the foreign tax withheld.")
@click.option("--fx-rate", default="", help="Tax currency for one unit, on the settlement day.")
@click.option("--tax-base-price", default="", help="Korean tax base price of one share.")
@click.option("--lot", default="", metavar="YYYY-MM-DD", help="Purchase date of the lot sold or moved in.")
@click.option("--note", default="")
@_files
def record(kind: str, symbol: str, day: str | None, file: Path, database: Path | None, **rest: str) -> None:
    """Add one entry to the journal."""
    from steelyard import bootstrap
    from steelyard.adapters.trades_csv import TradeRow

    fields = {"type": kind, "symbol": symbol, "date": day or date.today().isoformat()}
    fields |= {key: value or "" for key, value in rest.items()}
    reader = TradeRow(fields, "record", 1)
    entry = reader.entry(bootstrap.catalogue())
    if entry is None:
        raise PortfolioProblems(
            tuple(Problem(p.code, p.message, p.hint.replace("the column ", "--")) for p in reader.problems)
        )
    _add(file, database, [entry], "record", always=True)
    click.echo(f"recorded: {describe(entry)}", err=True)


@click.command(
    "import",
    epilog="\b\nExamples:\n  steelyard import trades.csv\n  steelyard import trades.csv --dry-run\n\n"
    + _ENDS,
)
@click.argument("trades", metavar="TRADES.csv", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Read and check, and add nothing.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document and nothing else.")
@_files
def import_(trades: Path, file: Path, database: Path | None, dry_run: bool, as_json: bool) -> None:
    """Add the trades of a CSV file: all of them, or none when a row is wrong.

    Importing the same file twice changes nothing. Columns: date, account, type, symbol, shares, price,
    currency, fees, fx_rate, tax_base_price, lot, note; empty ones may be left out.
    """
    from steelyard import bootstrap

    entries = bootstrap.trades_file(trades)
    added = 0 if dry_run else _add(file, database, entries, trades.name, always=False)
    if as_json:
        click.echo(json.dumps({"schema": "steelyard/import/1", "read": len(entries), "added": added}))
    else:
        click.echo(f"{len(entries)} entries read, {added} new", err=True)


@click.command(
    epilog="\b\nExamples:\n  steelyard history\n  steelyard history --json\n"
    f"  steelyard history --csv > trades.csv\n\n{_ENDS}"
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document and nothing else.")
@click.option("--csv", "as_csv", is_flag=True, help="The entries that count, in the columns `import` reads.")
@_files
def history(file: Path, database: Path | None, as_json: bool, as_csv: bool) -> None:
    """Show the journal: every entry, what took it back, and what is held now."""
    from steelyard import bootstrap

    path = _database(file, database)
    recorded: list[Recorded] = []
    if path.exists():
        with bootstrap.journal(path) as journal:
            recorded = list(journal.rows())
    if as_json:
        rows = [_row(r) for r in recorded]
        click.echo(
            json.dumps({"schema": "steelyard/history/1", "entries": rows}, ensure_ascii=False, indent=1)
        )
    elif as_csv:
        _print_csv([r.entry for r in recorded if r.counts])
    elif not recorded:
        click.echo(f"{path} has no entries yet; see `steelyard record` and `steelyard import`", err=True)
    else:
        for r in recorded:
            mark = f"takes back {r.takes_back}" if r.takes_back else "" if r.counts else "taken back"
            click.echo(f"{r.number:>5}  {describe(r.entry)}" + (f"   ({mark})" if mark else ""))


@click.command(epilog=f"\b\nExamples:\n  steelyard undo\n  steelyard undo --portfolio my.toml\n\n{_ENDS}")
@_files
def undo(file: Path, database: Path | None) -> None:
    """Take the last entry back, by a counter-entry; nothing is ever deleted."""
    from steelyard import bootstrap

    with bootstrap.journal(_database(file, database)) as journal:
        counting = [row for row in journal.rows() if row.counts]
        if not counting:
            raise InputError("nothing-to-undo", "the journal has no entry to take back", "see `history`")
        last = counting[-1]
        journal.take_back([last.number], datetime.now(UTC))
    click.echo(f"taken back: {describe(last.entry)}", err=True)


def describe(entry: Entry) -> str:
    """Return an entry in one line."""
    text = f"{entry.traded_on} {entry.account} {entry.kind}"
    text += f" {entry.shares:f} {entry.symbol}" if entry.symbol else f" {entry.shares:f} {entry.currency}"
    if entry.price is not None:
        text += f" at {entry.price:f} {entry.currency}"
    if entry.fees:
        text += f", fees {entry.fees:f}"
    return text + (f" [{entry.note}]" if entry.note else "")


def _fields(entry: Entry) -> dict[str, str]:
    row = {
        "date": entry.traded_on.isoformat(),
        "account": entry.account,
        "type": entry.kind,
        "symbol": entry.symbol,
        "currency": entry.currency,
        "lot": entry.lot.isoformat() if entry.lot else "",
        "note": entry.note,
    }
    for name in _FIELDS:
        value = getattr(entry, name)
        row[name] = "" if value is None or (name == "fees" and not value) else f"{value:f}"
    return row


def _row(r: Recorded) -> dict[str, Any]:
    row: dict[str, Any] = {key: value or None for key, value in _fields(r.entry).items()}
    return {
        "id": r.number,
        **row,
        "source": r.source,
        "recorded_at": r.recorded_at.isoformat(),
        "takes_back": r.takes_back,
        "taken_back": not r.counts and r.takes_back is None,
    }


def _print_csv(entries: list[Entry]) -> None:
    import csv

    from steelyard.adapters.trades_csv import COLUMNS

    out = csv.DictWriter(sys.stdout, COLUMNS, lineterminator="\n")
    out.writeheader()
    out.writerows(_fields(e) for e in entries)


# The command is called `import`, which Python does not let a function be called.
globals()["import"] = import_
