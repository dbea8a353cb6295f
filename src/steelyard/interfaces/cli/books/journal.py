"""The commands of the journal: `record`, `import`, `history` and `undo`."""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import steelyard
from steelyard.domain.money import ZERO, plain
from steelyard.domain.shown import cell
from steelyard.errors import InputError
from steelyard.interfaces import language
from steelyard.interfaces.cli.typed import Count, lines_of
from steelyard.interfaces.vocabulary import ENTRIES
from steelyard.words import say

if TYPE_CHECKING:
    from steelyard.api.journal import Added, ImportReport
    from steelyard.app.books.journal import Imported
    from steelyard.domain.books.ledger import Recorded

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


def _converts(command: Callable[..., Any]) -> Callable[..., Any]:
    command = click.option("--rate", metavar="RATE", help="The broker's rate of that conversion.")(command)
    return click.option(
        "--convert",
        is_flag=True,
        help="Also enter the conversion the broker makes itself where you buy in a currency you do not hold.",
    )(command)


@click.command(
    "import",
    epilog=_help(
        "steelyard import statement.csv --preview",
        "steelyard import trades.csv --account isa",
        "steelyard import 거래내역.xls --symbol '타이거 나스닥=133690'",
        "steelyard import orders.csv --map broker.toml",
    ),
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--preview", is_flag=True, help="Show what it would do; write nothing.")
@click.option(
    "--account",
    "accounts",
    metavar="NAME",
    multiple=True,
    help="Account of rows that name none, or NUMBER=NAME for the broker's number of one."
    "  [default: the only one, or main]",
)
@click.option(
    "--format", "format_", metavar="NAME", help="Whose file it is.  [default: found by its content]"
)
@click.option(
    "--map",
    "map_",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="A TOML file that names the columns.",
)
@click.option(
    "--open", "opening", is_flag=True, help="Write first what the file holds in the accounts of the rows."
)
@click.option(
    "--symbol", "symbols", metavar="NAME=SYMBOL", multiple=True, help="The broker's name for a symbol."
)
@_converts
@click.option("--corrected", is_flag=True, help="Replace rows imported earlier under the same number.")
@click.option("--again", is_flag=True, help="Import even where another account has all of the rows already.")
@click.option("--leave", metavar="LINES", default="", help="Lines to leave out, as 7,12 or 20-85.")
@_place
def import_(
    file: Path,
    preview: bool,
    accounts: tuple[str, ...],
    format_: str | None,
    map_: Path | None,
    opening: bool,
    symbols: tuple[str, ...],
    leave: str,
    convert: bool,
    rate: str | None,
    corrected: bool,
    again: bool,
    portfolio: Path,
    journal: Path | None,
) -> None:
    """Add the rows of FILE to the journal, all of them or none; what is there already stays once.

    Whose file it is, is found by its content.
    """
    from steelyard.api.journal import import_formats

    if format_ is not None and map_ is not None:
        raise click.UsageError(language.tell(say("--format and --map exclude each other")))
    if format_ is not None and format_ not in (known := import_formats()):
        unknown = say("{value!r} is not one of {choices}", value=format_, choices=tuple(known))
        raise click.BadParameter(language.tell(unknown), param_hint="--format")
    named = [a for a in accounts if "=" not in a]
    if len(named) > 1:
        twice = say("--account NAME is given twice; write NUMBER=NAME for several accounts")
        raise click.UsageError(language.tell(twice))
    done = steelyard.import_(
        portfolio,
        file,
        account=named[0] if named else None,
        format=format_,
        columns=map_,
        accounts=_pairs([a for a in accounts if "=" in a]),
        symbols=_pairs(symbols),
        leave=lines_of(leave),
        preview=preview,
        journal=journal,
        opening=opening,
        convert=convert or rate is not None,
        rate=rate,
        corrected=corrected,
        again=again,
    )
    _tell_unknown_accounts(portfolio, done.unknown_accounts)
    left, costless = say("left out"), say("entered without its cost")
    for what, places in ((left, done.left_out), (costless, done.without_cost)):
        for line, reason in places:
            text = reason if line is None else say("line {line}: {reason}", line=line, reason=reason)
            language.echo(say("{what}: {text}", what=what, text=text), err=True)
    if done.preview is not None:
        _show_preview(done)
        return
    if done.counts.opening:
        _tell_opening(done.counts.opening, portfolio)
    text = say(
        "{added} entries added, {known} were there already", added=done.counts.added, known=done.counts.known
    )
    language.echo(text, err=True)
    _tell_converted(done.counts.converted)
    _tell_netted(done.counts)
    if done.counts.taken_back:
        text = say(
            "{count} of these were taken back and do not count; `steelyard history --all` shows the "
            "counter-entry, and `steelyard undo` of it brings them back",
            count=done.counts.taken_back,
        )
        language.echo(text, err=True)
    _tell_what_follows(done)


def _tell_opening(many: int, portfolio: Path) -> None:
    language.echo(say("{count} entries say first what {file} holds", count=many, file=portfolio), err=True)


def _tell_converted(many: int) -> None:
    if many:
        text = say("{many} {many:conversion|conversions} entered beside, as the broker makes them", many=many)
        click.echo(language.tell(text), err=True)


def _tell_netted(counts: Imported) -> None:
    """Say what the broker's own numbers took back, replaced, or found typed already."""
    for many, text in (
        (counts.by_hand, say("{many} of these {many:was|were} recorded by hand", many=counts.by_hand)),
        (counts.corrected, say("{many} {many:entry|entries} corrected", many=counts.corrected)),
        (counts.cancelled, say("{many} {many:entry|entries} taken back", many=counts.cancelled)),
    ):
        if many:
            click.echo(language.tell(text), err=True)


def _tell_what_follows(done: Added | ImportReport) -> None:
    for note in done.notes:
        click.echo(language.tell(note), err=True)
    if done.unvalued is not None:
        text = say("warning[{code}]: {text}", code=done.unvalued.code, text=done.unvalued.message)
        click.echo(f"{language.tell(text)}\n\n  {language.hint(done.unvalued.hint)}\n", err=True)


def _pairs(words: Sequence[str]) -> dict[str, str]:
    pairs = {}
    for word in words:
        name, sign, value = word.rpartition("=")
        if not sign or not name or not value:
            raise click.UsageError(language.tell(say("{word!r} is no NAME=VALUE", word=word)))
        pairs[name] = value
    return pairs


def _show_preview(done: ImportReport) -> None:
    """Print what an import would do: format, rows, and what is held before and after."""
    assert done.preview is not None
    before, after = done.preview.before, done.preview.after
    language.echo(say("read as {format}; nothing is written", format=done.format))
    for doubt in done.doubts:
        language.echo(say("  note: {note}", note=doubt))
    counts = done.counts
    language.echo(
        say("{added} entries to add, {known} there already", added=counts.added, known=counts.known)
    )
    held = (language.tell(say("shares")), before.shares, after.shares)
    for row in done.preview.missing:
        text = say("in the journal and not in the file: {entry}", entry=" ".join(_line(row).split()))
        click.echo(f"  {language.tell(text)}")
    for what, old, new in (held, ("", before.cash, after.cash)):
        for key in sorted({*old, *new}):
            was, will = old.get(key, ZERO), new.get(key, ZERO)
            mark = "" if was == will else f" -> {plain(will)}"
            click.echo(f"  {key[0]:<12} {key[1]:<10} {plain(was)}{mark} {what}".rstrip())


def _tell_unknown_accounts(portfolio: Path, names: Sequence[str]) -> None:
    for name in names:
        text = say(
            'note: {file} has no account {name!r}; add [[accounts]] with name = "{name}", or take the '
            "entries back with `steelyard undo`",
            file=portfolio.name,
            name=name,
        )
        language.echo(text, err=True)


@click.command(
    # An amount may be below zero: a fee that was paid back.
    context_settings={"ignore_unknown_options": True},
    epilog=_help(
        "steelyard record buy VOO 3 @600.20",
        "steelyard record 매수 VOO 3주 600.2달러 어제",
        "steelyard record deposit 300만원",
        "steelyard record buy VOO 3 @600.20 --convert --rate 1391.5",
        "steelyard record date=2026-11-23 type=buy symbol=VOO shares=3 price=601.20",
    ),
)
@click.argument("words", metavar="WORDS|FIELD=VALUE...", nargs=-1, required=True)
@click.option(
    "--open", "opening", is_flag=True, help="Write first what the file holds in the account of the entry."
)
@click.option("--again", is_flag=True, help="Record it even when an equal entry is there already.")
@click.option("--complete", "completes", is_flag=True, help="Fill in what an equal entry still lacks.")
@_converts
@_place
def record(
    words: tuple[str, ...],
    opening: bool,
    again: bool,
    completes: bool,
    convert: bool,
    rate: str | None,
    portfolio: Path,
    journal: Path | None,
) -> None:
    """Add one entry: type, instrument, shares, price and day in words, or the fields of the CSV.

    The first entry of an account that holds something in the portfolio file needs --open, which writes that
    into the journal first, or `kept` under the account, which says whether file or journal counts.
    """
    from steelyard.domain.books.entry_text import COLUMNS
    from steelyard.domain.books.quick_entry import is_quick, refuse_options

    refuse_options(words)
    fields: dict[str, Any] = {}
    quick = is_quick(words)
    for word in () if quick else words:
        name, sign, value = word.partition("=")
        if not sign or name not in COLUMNS:
            text = say("{word!r} is no FIELD=VALUE", word=word)
            raise InputError("entry-field", text, say("the fields are {fields}", fields=tuple(COLUMNS)))
        fields[name] = value
    done = steelyard.record(
        portfolio,
        *(words if quick else ()),
        journal=journal,
        opening=opening,
        again=again,
        convert=convert or rate is not None,
        rate=rate,
        completes=completes,
        **fields,
    )
    if done.opening:
        _tell_opening(done.opening, portfolio)
    language.echo(say("recorded as entry {number}", number=done.number), err=True)
    _tell_converted(done.converted)
    _tell_unknown_accounts(portfolio, done.unknown_accounts)
    _tell_what_follows(done)


@click.command(epilog=_help("steelyard undo", "steelyard undo 12", "steelyard undo --import"))
@click.argument("number", type=Count(1, 10**15), required=False)
@click.option("--import", "whole", is_flag=True, help="With all other rows of its import.")
@_place
def undo(number: int | None, whole: bool, portfolio: Path, journal: Path | None) -> None:
    """Take back the last entry, or entry NUMBER, by a counter-entry."""
    for row in steelyard.undo(portfolio, number, whole_import=whole, journal=journal):
        e = row.entry
        entry = f"{e.traded_on} {language.tell(ENTRIES.get(e.kind, e.kind))} {e.symbol}".rstrip()
        if row.counts:
            text = say("entry {number} counts again: {entry}", number=row.number, entry=entry)
        else:
            text = say("took back entry {number}: {entry}", number=row.number, entry=entry)
        language.echo(text, err=True)


@click.command(
    epilog=_help("steelyard history", "steelyard history --all --json", "steelyard history --csv > all.csv")
)
@click.option(
    "--all", "everything", is_flag=True, help="Include entries that were taken back, and what took them back."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document and nothing else.")
@click.option("--csv", "as_csv", is_flag=True, help="What counts, as a file that `import` reads.")
@click.option(
    "--values",
    "only_values",
    is_flag=True,
    help="Leave the entries out; with --csv, one line per recorded day.",
)
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
    from steelyard.app.books.history import History
    from steelyard.interfaces.cli.books import values

    if as_csv and (as_json or everything):
        raise click.UsageError(language.tell(say("--csv goes with neither --json nor --all")))
    if only_values:
        found = History((), steelyard.values(portfolio))
    else:
        if plot is not None and not portfolio.exists():
            steelyard.values(portfolio)  # Refuses: there is nothing to draw.
        found = steelyard.history(portfolio, everything=everything, journal=journal)
    recorded = found.values
    if recorded is not None and plot is not None:
        values.draw(recorded, plot)
    if as_csv and only_values and recorded is not None:
        click.echo(values.as_table(recorded), nl=False)
    elif as_csv:
        _print_csv(found.rows)
    elif as_json:
        click.echo(language.json_text(found.to_dict()))
    else:
        for row in found.rows:
            click.echo(_line(row))
        if recorded is not None and recorded.days:
            values.show(recorded)


def _line(row: Recorded) -> str:
    e = row.entry
    price: str = "" if e.price is None else say(" at {price}", price=plain(e.price))
    back = say("takes back {number}", number=row.takes_back) if row.takes_back else say("taken back")
    mark = "" if row.counts else f"  ({language.tell(back)})"
    where = f"{e.account} -> {e.receiver}" if e.receiver else e.account
    what = f"{where} {language.tell(ENTRIES.get(e.kind, e.kind))} {e.symbol}".rstrip()
    return (
        f"{row.number:>5}  {e.traded_on}  {what} {plain(e.shares)}{language.tell(price)} {e.currency}{mark}"
    )


def _print_csv(rows: Sequence[Recorded]) -> None:
    from steelyard.domain.books.entry_text import COLUMNS, FIELDS, written

    words = [written(row.entry) for row in rows]
    used = {name for row in words for name in row}
    names = [name for name in COLUMNS if name in FIELDS or name in used]
    out = csv.DictWriter(sys.stdout, names, lineterminator="\n")
    out.writeheader()
    out.writerows({name: cell(word) for name, word in row.items()} for row in words)


# Looked up by the name of the command, which is a word of the language here.
globals()["import"] = import_
