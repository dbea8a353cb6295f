"""The journal: opened, written by hand and from files, and taken back."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from steelyard import bootstrap
from steelyard.api.reading import amount
from steelyard.app.books import journal as use
from steelyard.app.books import opening as beginning
from steelyard.app.books.completion import complete
from steelyard.domain.books.conversion import conversions
from steelyard.domain.books.entry_text import COLUMNS, read_entry
from steelyard.domain.books.ledger import Row, instruments_of
from steelyard.domain.books.quick_entry import quick_fields
from steelyard.domain.money import plain
from steelyard.domain.portfolio import Portfolio
from steelyard.errors import DataError, InputError, PortfolioProblems, SteelyardError
from steelyard.records import dataclass, replace
from steelyard.words import say

if TYPE_CHECKING:
    from steelyard.adapters.importers.choice import Found
    from steelyard.api.tables import EntryFields, Number
    from steelyard.app.books.journal import Conversions, Imported, Preview
    from steelyard.bootstrap.folder import Place
    from steelyard.domain.books.ledger import Entry, Recorded


@dataclass(frozen=True, slots=True)
class Added:
    """An entry that was recorded.

    Attributes:
        number: Its place in the journal.
        entry: What it says.
        unknown_accounts: Accounts of it that the portfolio file lacks.
        opening: How many entries were written before it, for what the file held.
        notes: What its owner should do next, in sentences.
        unvalued: What keeps the journal from being valued now, None when nothing does.
        converted: How many conversions were written with it.
    """

    number: int
    entry: Entry
    unknown_accounts: tuple[str, ...]
    opening: int = 0
    notes: tuple[str, ...] = ()
    unvalued: SteelyardError | None = None
    converted: int = 0


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of a file of entries.

    Attributes:
        counts: How many were added, were there already, and do not count since they were taken back.
        left_out, without_cost: Line (None where it has none) and why, of what was not entered, and of what
            was entered without what it cost.
        unknown_accounts: Accounts of its rows that the portfolio file lacks.
        notes: What its owner should do next, in sentences.
        unvalued: What keeps the journal from being valued now, None when nothing does.
        format: What the file was read as.
        doubts: What is not certain about that format.
        preview: What the import would do, None where it was done.
    """

    counts: Imported
    left_out: tuple[tuple[int | None, str], ...]
    without_cost: tuple[tuple[int | None, str], ...]
    unknown_accounts: tuple[str, ...]
    notes: tuple[str, ...] = ()
    unvalued: SteelyardError | None = None
    format: str = "native"
    doubts: tuple[str, ...] = ()
    preview: Preview | None = None


@dataclass(frozen=True, slots=True)
class Opened:
    """A journal that was opened: how many entries that took, where it is, and what to do next."""

    entries: int
    journal: Path
    notes: tuple[str, ...] = ()


def record(
    path: Place,
    *words: str,
    journal: str | Path | None = None,
    opening: bool = False,
    again: bool = False,
    convert: bool = False,
    rate: Number | None = None,
    completes: bool = False,
    **fields: Unpack[EntryFields],
) -> Added:
    """Add one entry to the journal of a portfolio file.

        steelyard.record("portfolio.toml", type="buy", symbol="VOO", shares=3, price="601.20")
        steelyard.record("portfolio.toml", "buy", "VOO", "3", "@601.20", "yesterday")

    Args:
        path: The portfolio file.
        words: The entry as one says it, type first; see the guide of the journal. Today is the portfolio's:
            `yesterday` of Seoul is not that of London.
        journal: Another database than the one beside it.
        opening: Write first what its account holds in the portfolio file, where the journal lacks it.
        again: Also when an equal entry is there already; it is then a second one.
        convert: Enter with it the conversion that a broker makes by itself where the entry takes more of a
            foreign currency than its account has, as with Korea's integrated margin; it is paid in the base
            currency.
        completes: The entry says more of one that is there, such as the cost that was missing, and takes its
            place.
        rate: The broker's rate of that conversion; that of the entry (`fx_rate`) or the market's unless
            given.
        fields: Those of the CSV, as text, numbers or dates; `date` is today unless given, and `account` the
            only one of the file, or `main`.

    Raises:
        InputError: A word has no meaning, or one thing is said twice (`entry-words`), a field is unknown
            (`entry-field`), the file has several accounts and none is named
            (`entry-account`), the entry is dated later than today, or more would be taken than is held on
            some day.
        PortfolioProblems: With every problem of the fields; the journal knows nothing of what the file
            holds in its account (`journal-opening`).
    """
    folder = bootstrap.Folder.of(path, database=journal).read()
    today = bootstrap.today_at(folder)
    written = {"date": today.isoformat()}
    known = bootstrap.instruments(folder)
    if words:
        written |= quick_fields(words, today, bootstrap.account_names(folder) or (), known)
    for name, value in fields.items():
        if name not in COLUMNS:
            raise InputError(
                "entry-field",
                say("{name!r} is not a field of an entry", name=name),
                say("the fields are {fields}", fields=", ".join(COLUMNS)),
            )
        if value is not None:
            written[name] = _word(value)
    if not written.get("account"):
        written["account"] = _account_of(folder)
    entry, problems = read_entry(written, known)
    if entry is None:
        raise PortfolioProblems(problems)
    file = _file(folder)
    with bootstrap.open_journal(folder) as book:
        before = len(book.rows())
        if completes:
            number = complete(book, entry, as_of=today, at=datetime.now(UTC), file=file)
            return Added(number, entry, _unknown(folder, set(entry.accounts)))
        number = use.record(
            book,
            entry,
            as_of=today,
            at=datetime.now(UTC),
            file=file,
            opening=opening,
            again=again,
            converted=_conversions(folder, file, rate) if convert else None,
        )
        converted = len(book.rows()) - number
    opened = number - before - 1
    unknown = _unknown(folder, set(entry.accounts))
    return Added(number, entry, unknown, opened, _to_decide(file, opened), _unvalued(folder), converted)


def _account_of(folder: bootstrap.Folder) -> str:
    """Return the account of an entry that names none: the only one of the file, or `main`.

    Raises:
        InputError: The file has several, none of them `main` (`entry-account`).
    """
    names = sorted(bootstrap.account_names(folder) or ("main",))
    if len(names) > 1 and "main" not in names:
        raise InputError(
            "entry-account",
            say("the entry names no account, and the file has several: {names}", names=", ".join(names)),
            say("add the account's name, or account={name}", name=names[0]),
        )
    return "main" if "main" in names else names[0]


def _owned(folder: bootstrap.Folder, rows: Sequence[Row]) -> tuple[Row, ...]:
    """Return rows with those that name no account in the only one of the file, or in its `main`.

    Raises:
        InputError: The file has several, none of them `main` (`entry-account`).
    """
    names = sorted(bootstrap.account_names(folder) or ("main",))
    if "main" in names:
        return tuple(rows)
    if len(names) > 1:
        raise InputError(
            "entry-account",
            say("rows name no account, and the file has several: {names}", names=", ".join(names)),
            say("say whose they are: --account {name}", name=shlex.quote(names[0])),
        )
    return tuple(
        replace(row, entry=replace(row.entry, account=names[0])) if row.entry.account == "main" else row
        for row in rows
    )


def _conversions(folder: bootstrap.Folder, file: Portfolio | None, rate: Number | None) -> Conversions:
    """Return what finds the conversions that a broker makes by itself."""
    if file is None:
        raise InputError(
            "no-file",
            say("there is no portfolio file, so nobody says which currency pays"),
            say("write one with `steelyard init`"),
        )
    return partial(
        conversions,
        paying=file.base_currency,
        rate=None if rate is None else amount(rate),
        rate_on=bootstrap.market_rates(folder, file),
    )


def _file(folder: bootstrap.Folder) -> Portfolio | None:
    """Return what the portfolio file holds whatever the journal says, None where there is no file."""
    return bootstrap.file_alone(folder, need_accounts=False) if folder.file.exists() else None


def _to_decide(file: Portfolio | None, opened: int) -> tuple[str, ...]:
    """Say what the owner of accounts that were opened should write into the file."""
    if file is None or not opened or all(account.kept for account in file.accounts):
        return ()
    text = say(
        'next: write kept = "journal" under each account in {file}; positions there then give prices only',
        file=file.source,
    )
    return (text,)


def _unvalued(folder: bootstrap.Folder) -> SteelyardError | None:
    """Return what keeps the journal from being valued, so that no later command has to find it."""
    if not folder.file.exists():
        return None
    try:
        bootstrap.portfolio(folder)
    except DataError as error:
        return error if error.code == "fx-missing" else None
    except PortfolioProblems as error:
        # What the journal holds now and nobody knows; what else is wrong, its next reader says best.
        new = next((p for p in error.problems if p.code == "unknown-symbol" and not p.line), None)
        return None if new is None else InputError(new.code, new.message, new.hint)
    except InputError:
        # Of the file, or of another account: whatever reads them next says it best.
        return None
    return None


def _rated(folder: bootstrap.Folder, file: Portfolio | None, entries: Sequence[Entry]) -> bool:
    """Say whether the file has a rate for whatever the entries are in; the whole journal is folded else."""
    if file is None:
        return True
    money = {e.currency for e in entries} | {e.symbol for e in entries if e.kind == "convert"}
    known = [bootstrap.instruments(folder).get(symbol) for symbol in sorted(instruments_of(entries))]
    money |= {instrument.currency for instrument in known if instrument is not None}
    return money <= {"", file.base_currency, *file.fx}


def _word(value: object) -> str:
    """Return a field as the CSV has it; a number is read as an amount is, so that a float is refused."""
    if isinstance(value, str):
        return value
    if isinstance(value, date):
        return value.isoformat()
    return plain(amount(value))  # type: ignore[arg-type]  # whatever else it is, it is refused


def import_(
    path: Place,
    file: str | Path,
    *,
    account: str | None = None,
    format: str | None = None,
    columns: str | Path | None = None,
    accounts: Mapping[str, str] | None = None,
    symbols: Mapping[str, str] | None = None,
    leave: Sequence[int] = (),
    preview: bool = False,
    journal: str | Path | None = None,
    opening: bool = False,
    convert: bool = False,
    rate: Number | None = None,
    corrected: bool = False,
    again: bool = False,
    name: str | None = None,
) -> ImportReport:
    """Add the rows of a file to the journal, all of them or none; what is there already stays once.

    Args:
        path: The portfolio file.
        file: What is read.
        account: Of rows that name none; the only one of the file, or `main`, unless given.
        format: Whose file it is; found by its content unless given.
        columns: A TOML file that names the columns, in place of a format.
        accounts: A broker's account number to the name of an account.
        symbols: A broker's name of an instrument to its symbol, where the catalogue does not know it.
        leave: Lines to leave out although they are not understood.
        preview: Read and compare only; nothing is written.
        journal: Another database than the one beside the portfolio file.
        opening: Write first what the accounts of the rows hold in the portfolio file, where the journal
            lacks it.
        convert, rate: As of `record`, for all rows that are not there yet.
        corrected: Rows whose broker's number is there already with other figures stand in their place.
        again: Also where another account has all of its rows already.
        name: What the journal calls the file; its path unless given.

    Raises:
        InputError: A file cannot be read, or says what cannot be entered.
        PortfolioProblems: Rows dated later than today, or that take more than is held, by line; the
            journal knows nothing of what the file holds in some account (`journal-opening`).
    """
    folder = bootstrap.Folder.of(path, database=journal).read()
    said = bootstrap.import_options(format, account, accounts or {}, symbols or {}, leave)
    # What is made for a long file is gone before the search for circles begins again.
    with bootstrap.much_to_keep():
        return _imported(
            folder,
            bootstrap.imported(folder, Path(file), said, None if columns is None else Path(columns)),
            name=name or str(file),
            preview=preview,
            opening=opening,
            convert=convert,
            rate=rate,
            corrected=corrected,
            again=again,
        )


def _imported(
    folder: bootstrap.Folder,
    found: Found,
    *,
    name: str,
    preview: bool,
    opening: bool,
    convert: bool,
    rate: Number | None,
    corrected: bool,
    again: bool,
) -> ImportReport:
    """Add what a file says, or look at what that would do; see `import_`."""
    rows, own, seen = found.file.rows, _file(folder), None
    if found.file.unnamed:
        rows = _owned(folder, rows)
    today = bootstrap.today_at(folder)
    converted = _conversions(folder, own, rate) if convert else None
    said: dict[str, Any] = {
        "file": own,
        "opening": opening,
        "converted": converted,
        "cancellations": found.file.cancelled,
        "corrected": corrected,
        "again": again,
    }
    if preview:
        with bootstrap.journal_to_look_at(folder) as book:
            seen = use.preview_rows(book, rows, name, as_of=today, **said)
        counts = use.Imported(seen.added, seen.known)
    else:
        with bootstrap.open_journal(folder) as book:
            counts = use.import_rows(book, rows, name, as_of=today, at=datetime.now(UTC), **said)
    sure = preview or _rated(folder, own, [row.entry for row in rows])
    return ImportReport(
        counts,
        found.file.skipped,
        found.file.incomplete,
        _unknown(folder, {account for row in rows for account in row.entry.accounts}),
        () if preview else _to_decide(own, counts.opening),
        None if sure else _unvalued(folder),
        found.format,
        found.doubts,
        seen,
    )


def import_formats() -> tuple[str, ...]:
    """Return the names of the formats that `import_` reads, sorted."""
    return bootstrap.import_formats()


def _unknown(folder: bootstrap.Folder, names: Collection[str]) -> tuple[str, ...]:
    """Return the accounts that the portfolio file lacks: a journal may be filled before the file is."""
    known = bootstrap.account_names(folder)
    return () if known is None else tuple(sorted(set(names) - known))


def undo(
    path: Place,
    number: int | None = None,
    *,
    whole_import: bool = False,
    journal: str | Path | None = None,
) -> tuple[Recorded, ...]:
    """Take back an entry by a counter-entry; return what was taken back, and what `counts` again for it.

    Args:
        path: The portfolio file.
        number: Which entry; the last one that counts unless given.
        whole_import: With all other rows of its import.
        journal: Another database than the one beside the portfolio file.
    """
    with bootstrap.open_journal(bootstrap.Folder.of(path, database=journal)) as book:
        return use.undo(book, number=number, whole_import=whole_import, at=datetime.now(UTC))


def open_journal(path: Place, *, as_of: date | None = None) -> Opened:
    """Open a journal beside a portfolio file with what that file holds; the file is not changed.

    Args:
        path: The portfolio file.
        as_of: The date of the entries; today in New York, the last of the exchanges to begin a day, unless
            given: sold in its session from a later day on, it would be sold before it is there.

    Raises:
        InputError: The file is wrong, or the journal has entries already (`journal-not-empty`).
    """
    folder, now = bootstrap.Folder.of(path), datetime.now(UTC)
    found = bootstrap.file_alone(folder)
    entries = beginning.moved_over(found, as_of or beginning.opening_day(now))
    with bootstrap.open_journal(folder) as book:
        count = beginning.move_over(book, entries, found.source, now)
    return Opened(count, folder.database, _to_decide(found, count))
