"""The journal of a portfolio file, for writing, and the files of brokers that it takes entries from."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from steelyard.adapters.database.connection import made_apart, put_in_place
from steelyard.adapters.database.journal import StoredJournal
from steelyard.adapters.files.instruments import account_names as names
from steelyard.adapters.files.packaged import load_catalogue
from steelyard.adapters.files.portfolio import load
from steelyard.adapters.files.template import begun
from steelyard.adapters.importers import choice, column_map, held
from steelyard.adapters.importers.choice import formats as known
from steelyard.adapters.importers.rows import ImportOptions, decode, grid
from steelyard.adapters.machine.file_bytes import read_file
from steelyard.bootstrap.books import instruments
from steelyard.bootstrap.folder import Folder
from steelyard.errors import InputError
from steelyard.words import say

if TYPE_CHECKING:
    from steelyard.adapters.importers.choice import Found
    from steelyard.domain.books.beginning import Beginning
    from steelyard.domain.policy.models import Model
    from steelyard.domain.portfolio import Portfolio

LARGEST = 100_000_000
"""Bytes that a broker's file may have: a million rows have fewer."""


@contextmanager
def open_journal(folder: Folder) -> Iterator[StoredJournal]:
    """Open the journal of a folder and close it at the end.

    What is refused leaves nothing behind: a new journal is written apart, and put in its place once it has
    entries.
    """
    if folder.database.exists():
        with closing(StoredJournal(folder.database)) as stored:
            yield stored
        return
    with made_apart(folder.database) as path:
        with closing(StoredJournal(path)) as stored:
            yield stored
            begun = bool(stored.last_number())
        if begun:
            put_in_place(path, folder.database)


@contextmanager
def journal_to_look_at(folder: Folder) -> Iterator[StoredJournal]:
    """Open the journal of a folder, or an empty one that is gone again where there is none."""
    from tempfile import TemporaryDirectory

    if folder.database.exists():
        with open_journal(folder) as stored:
            yield stored
        return
    with TemporaryDirectory() as empty, closing(StoredJournal(Path(empty) / folder.database.name)) as stored:
        yield stored


@contextmanager
def much_to_keep() -> Iterator[None]:
    """Make very many values without the search for circles among them, of which there are none."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def imported(folder: Folder, file: Path, options: ImportOptions, columns: Path | None) -> Found:
    """Read a broker's file.

    Args:
        folder: Of the portfolio, which says what instruments are called.
        file: What is read.
        options: What the owner says about it.
        columns: A file that names the columns instead of a format.

    Raises:
        InputError: A file cannot be read, or says what cannot be entered.
    """
    catalogue, data = instruments(folder), _bytes(file)
    if columns is None:
        return choice.read_any(data, str(file), catalogue, options)
    described = column_map.load(_bytes(columns), str(columns))
    return choice.Found("map", column_map.read(data, str(file), catalogue, options, described))


def beginning(file: Path, options: ImportOptions) -> Beginning:
    """Return what a broker's file says is held; see `imported`."""
    catalogue, data, name = load_catalogue(), _bytes(file), str(file)
    wanted = options.format or choice.coded(data)
    if wanted not in choice.CODED:
        statement = choice.statement_of(data, name, wanted)
        # Where a file has both, its table of positions is whole and its trades may not be.
        if any(holding.what != "cash" for holding in statement.holdings):
            return held.from_positions(statement, name, catalogue, options)
    return held.from_entries(choice.read_any(data, name, catalogue, options), name)


def begun_portfolio_text(beginning: Beginning, model: Model | None, base_currency: str) -> str:
    """Return a commented portfolio file that begins with what is held."""
    return begun(beginning, base_currency=base_currency, model=model, catalogue=load_catalogue())


def import_options(
    format_: str | None,
    account: str | None,
    accounts: Mapping[str, str],
    symbols: Mapping[str, str],
    leave: Sequence[int],
) -> ImportOptions:
    """Return what an owner says about a file, see `ImportOptions`."""
    return ImportOptions(format_, account, accounts, symbols, leave)


def import_formats() -> tuple[str, ...]:
    """Return the names of the formats that `import` reads, sorted."""
    return known()


def file_columns(file: Path, name: str) -> tuple[list[str], list[list[str]]]:
    """Return the names of a CSV file's columns and its rows, as they are.

    Raises:
        PortfolioProblems: It is no text, or has no line of column names (`import-encoding`, `import-header`).
    """
    names, _, rows = grid(decode(_bytes(file), name), name)
    return names, rows


def _bytes(file: Path) -> bytes:
    try:
        return read_file(file, LARGEST)
    except OSError as error:
        raise InputError(
            "unreadable",
            say("{path} cannot be read: {reason}", path=file, reason=error.strerror),
            say("check its name and rights"),
        ) from None


def account_names(folder: Folder) -> frozenset[str] | None:
    """Return the accounts of a portfolio file, None where it cannot be read."""
    return names(folder.text())


def file_alone(folder: Folder, *, need_accounts: bool = True) -> Portfolio:
    """Read what a portfolio file itself says is held, whatever a journal beside it says.

    What something is worth today plays no part in what is held, so no price is asked for.
    """
    return load(
        folder.file,
        load_catalogue(),
        name=str(folder.said),
        words=folder.words,
        need_prices=False,
        need_accounts=need_accounts,
    )
