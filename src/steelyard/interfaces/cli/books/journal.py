"""The commands of the journal: `record`, `import`, `history` and `undo`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from steelyard.errors import InputError, PortfolioProblems

if TYPE_CHECKING:
    from steelyard.adapters.database.journal import StoredJournal
    from steelyard.adapters.importers.rows import ImportedFile, Importer
    from steelyard.domain.books.ledger import Recorded
    from steelyard.domain.market.catalogue import Catalogue

_ENDS = "\b\nExit status:\n  0   done\n  2   a file or a flag is wrong\n  3   the journal cannot be used"


def _help(*examples: str) -> str:
    return "\n".join(["\b", "Examples:", *(f"  {x}" for x in examples)]) + "\n\n" + _ENDS


def _place(command: Callable[..., Any]) -> Callable[..., Any]:
    path = click.Path(path_type=Path)
    command = click.option("--journal", type=path, help="The journal.  [default: beside the portfolio]")(
        command
    )
    return click.option(
        "--portfolio", type=path, default=Path("portfolio.toml"), help="The portfolio file it belongs to."
    )(command)


@contextmanager
def _open(portfolio: Path, journal: Path | None) -> Iterator[StoredJournal]:
    from steelyard.adapters.database.journal import StoredJournal
    from steelyard.bootstrap.folder import Folder

    stored = StoredJournal(Folder.of(portfolio, database=journal).database)
    try:
        yield stored
    finally:
        stored.close()


def opening_day(now: datetime) -> date:
    """Return the day it is in New York, the last of the exchanges to begin one.

    What is sold in its session bears that day. Held only from a later one, as the owner's clock in Seoul or
    London has it, it would be sold before it is there.
    """
    return now.astimezone(ZoneInfo("America/New_York")).date()


def move_over(portfolio: Path, as_of: date | None) -> None:
    """Open a journal beside a portfolio file with what that file holds.

    Args:
        portfolio: The file; it is not changed.
        as_of: The date of the entries, `opening_day` where None.

    Raises:
        InputError: The file is wrong, or the journal has entries already (`journal-not-empty`).
    """
    from steelyard.adapters.files.packaged import load_catalogue
    from steelyard.adapters.files.portfolio import load
    from steelyard.app.books import journal as use

    # Read on its own: with a journal beside it `bootstrap.portfolio` would return what that holds. What
    # something is worth today plays no part in what is held, so no price is asked for.
    found = load(portfolio, load_catalogue(), need_prices=False)
    entries = use.moved_over(found, as_of or opening_day(datetime.now(UTC)))
    with _open(portfolio, None) as book:
        count = use.move_over(book, entries, found.source, datetime.now(UTC))
        name = book.name
    noun = "entry" if count == 1 else "entries"
    click.echo(
        f"{count} {noun} written to {portfolio.parent / name}; from now on it says what is held", err=True
    )


FORMATS = {
    "native": "native",
    "alpaca": "alpaca",
    "flex": "flex",
    "ghostfolio": "ghostfolio",
    "portfolio-performance": "portfolio_performance",
}
"""Names that `--format` takes, and the adapter that reads such a file."""


@click.command(
    "import",
    epilog=_help(
        "steelyard import trades.csv --account isa",
        "steelyard import statement.xml --format flex",
        "steelyard import orders.csv --map broker.toml",
    ),
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--account", metavar="NAME", help="Account of rows that name none.  [default: main]")
@click.option(
    "--format", "format_", type=click.Choice(list(FORMATS)), help="Whose file it is.  [default: native]"
)
@click.option(
    "--map",
    "map_",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="A TOML file that names the columns.",
)
@_place
def import_(
    file: Path,
    account: str | None,
    format_: str | None,
    map_: Path | None,
    portfolio: Path,
    journal: Path | None,
) -> None:
    """Add the rows of FILE to the journal, all of them or none; what is there already stays once."""
    from steelyard import bootstrap
    from steelyard.app.books import journal as use

    if format_ is not None and map_ is not None:
        raise click.UsageError("--format and --map exclude each other")
    found = _imported(file, account, format_ or "native", map_, bootstrap.instruments(portfolio))
    with _open(portfolio, journal) as book:
        done = use.import_rows(book, found.rows, str(file), as_of=date.today(), at=datetime.now(UTC))
    _tell_unknown_accounts(portfolio, {row.entry.account for row in found.rows})
    for what, places in (("left out", found.skipped), ("entered without its cost", found.incomplete)):
        for line, reason in places:
            place = "" if line is None else f"line {line}: "
            click.echo(f"{what}: {place}{reason}", err=True)
    click.echo(f"{done.added} entries added, {done.known} were there already", err=True)
    if done.taken_back:
        click.echo(
            f"{done.taken_back} of these were taken back and do not count; `steelyard history --all` shows "
            "the counter-entry, and `steelyard undo` of it brings them back",
            err=True,
        )


def _tell_unknown_accounts(portfolio: Path, names: Collection[str]) -> None:
    """Say which accounts the portfolio file lacks: a journal may be filled before the file is."""
    from steelyard.adapters.files.instruments import account_names

    known = account_names(portfolio)
    for name in sorted(set(names) - known) if known is not None else ():
        click.echo(
            f'note: {portfolio.name} has no account {name!r}; add [[accounts]] with name = "{name}", or take '
            "the entries back with `steelyard undo`",
            err=True,
        )


def _imported(
    file: Path, account: str | None, format_: str, map_: Path | None, catalogue: Catalogue
) -> ImportedFile:
    from importlib import import_module

    data = _bytes(file)
    if map_ is None:
        reader: Importer = import_module(f"steelyard.adapters.importers.{FORMATS[format_]}").read
        return reader(data, str(file), catalogue, account)
    from steelyard.adapters.importers import column_map as import_map

    described = import_map.load(_bytes(map_), str(map_))
    return import_map.read(data, str(file), catalogue, account, described)


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        text = f"{file} cannot be read: {error.strerror}"
        raise InputError("unreadable", text, "check its name and rights") from None


@click.command(epilog=_help("steelyard record date=2026-11-23 type=buy symbol=VOO shares=3 price=601.20"))
@click.argument("words", metavar="FIELD=VALUE...", nargs=-1, required=True)
@_place
def record(words: tuple[str, ...], portfolio: Path, journal: Path | None) -> None:
    """Add one entry; the fields are those of the CSV: date, type, symbol, shares, price and so on."""
    from steelyard import bootstrap
    from steelyard.app.books import journal as use
    from steelyard.domain.books.entry_text import COLUMNS, read_entry

    fields = {"account": "main", "date": date.today().isoformat()}
    for word in words:
        name, sign, value = word.partition("=")
        if not sign or name not in COLUMNS:
            text = f"{word!r} is no FIELD=VALUE"
            raise InputError("entry-field", text, f"the fields are {', '.join(COLUMNS)}")
        fields[name] = value
    entry, problems = read_entry(fields, bootstrap.instruments(portfolio))
    if entry is None:
        raise PortfolioProblems(problems)
    with _open(portfolio, journal) as book:
        number = use.record(book, entry, as_of=date.today(), at=datetime.now(UTC))
    click.echo(f"recorded as entry {number}", err=True)
    _tell_unknown_accounts(portfolio, {entry.account})


@click.command(epilog=_help("steelyard undo", "steelyard undo 12", "steelyard undo --import"))
@click.argument("number", type=int, required=False)
@click.option("--import", "whole", is_flag=True, help="With all other rows of its import.")
@_place
def undo(number: int | None, whole: bool, portfolio: Path, journal: Path | None) -> None:
    """Take back the last entry, or entry NUMBER, by a counter-entry."""
    from steelyard.app.books import journal as use

    with _open(portfolio, journal) as book:
        taken = use.undo(book, number=number, whole_import=whole, at=datetime.now(UTC))
    for row in taken:
        e = row.entry
        click.echo(f"took back entry {row.number}: {e.traded_on} {e.kind} {e.symbol}", err=True)


@click.command(
    epilog=_help("steelyard history", "steelyard history --all --json", "steelyard history --csv > all.csv")
)
@click.option("--all", "everything", is_flag=True, help="Also what was taken back, and what took it back.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document and nothing else.")
@click.option("--csv", "as_csv", is_flag=True, help="What counts, as a file that `import` reads.")
@click.option("--values", "only_values", is_flag=True, help="No entries; with --csv a line a recorded day.")
@click.option(
    "--plot", type=click.Path(path_type=Path), metavar="OUT.png", help="Draw the value and its drift."
)
@_place
def history(
    everything: bool,
    as_json: bool,
    as_csv: bool,
    only_values: bool,
    plot: Path | None,
    portfolio: Path,
    journal: Path | None,
) -> None:
    """Show the entries of the journal, then what `run` recorded: value, drift, rebalances and return.

    It says when a rebalance was due, what was done and what it brought; `values` shows that part alone.
    """
    import json

    from steelyard.domain.books.entry_text import DETAILS, written
    from steelyard.domain.money import plain
    from steelyard.interfaces.cli.books import values

    if as_csv and (as_json or everything):
        raise click.UsageError("--csv goes with neither --json nor --all")
    found = values.account_history(portfolio) if portfolio.exists() or only_values or plot else None
    if found is not None and plot is not None:
        values.draw(found, plot)
    if found is not None and only_values and as_csv:
        click.echo(values.as_table(found), nl=False)
        return
    rows: list[Recorded] = []
    if not only_values:
        with _open(portfolio, journal) as book:
            rows = [row for row in book.rows() if row.counts or everything]
    if as_csv:
        _print_csv(rows)
        return
    if not as_json:
        for row in rows:
            e = row.entry
            price = "" if e.price is None else f" at {plain(e.price)}"
            back = f"takes back {row.takes_back}" if row.takes_back else "taken back"
            mark = "" if row.counts else f"  ({back})"
            what = f"{e.account} {e.kind} {e.symbol}".rstrip()
            click.echo(f"{row.number:>5}  {e.traded_on}  {what} {plain(e.shares)}{price} {e.currency}{mark}")
        if found is not None and found.days:
            values.show(found)
        return
    entries = [
        {
            "number": row.number,
            "date": row.entry.traded_on.isoformat(),
            "account": row.entry.account,
            "type": row.entry.kind,
            "symbol": row.entry.symbol,
            "shares": plain(row.entry.shares),
            "price": None if row.entry.price is None else plain(row.entry.price),
            "currency": row.entry.currency,
            "fees": plain(row.entry.fees),
            "fx_rate": None if row.entry.fx_rate is None else plain(row.entry.fx_rate),
            "tax_base_price": None if row.entry.tax_base_price is None else plain(row.entry.tax_base_price),
            "lot": None if row.entry.lot is None else row.entry.lot.isoformat(),
            "note": row.entry.note,
            **{key: text for key, text in written(row.entry).items() if key in DETAILS},
            "source": row.source,
            "recorded_at": row.recorded_at.isoformat(),
            "takes_back": row.takes_back,
            "counts": row.counts,
        }
        for row in rows
    ]
    document: dict[str, Any] = {"schema": "steelyard/history/1", "entries": entries}
    if found is not None:
        document["values"] = values.document(found)
    click.echo(json.dumps(document, ensure_ascii=False, indent=1))


def _print_csv(rows: Sequence[Recorded]) -> None:
    import csv
    import sys

    from steelyard.domain.books.entry_text import COLUMNS, FIELDS, written

    words = [written(row.entry) for row in rows]
    used = {name for row in words for name in row}
    names = [name for name in COLUMNS if name in FIELDS or name in used]
    out = csv.DictWriter(sys.stdout, names, lineterminator="\n")
    out.writeheader()
    out.writerows(words)


# Looked up by the name of the command, which is a word of the language here.
globals()["import"] = import_
