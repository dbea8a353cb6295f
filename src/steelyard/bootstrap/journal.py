"""The journal of a portfolio file, for writing, and the files of brokers that it takes entries from."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from steelyard.adapters.files.packaged import load_catalogue
from steelyard.bootstrap.books import instruments
from steelyard.bootstrap.folder import Folder
from steelyard.errors import InputError

if TYPE_CHECKING:
    from steelyard.adapters.database.journal import StoredJournal
    from steelyard.adapters.importers.rows import ImportedFile, Importer
    from steelyard.domain.portfolio import Portfolio

FORMATS = {
    "native": "native",
    "alpaca": "alpaca",
    "flex": "flex",
    "ghostfolio": "ghostfolio",
    "portfolio-performance": "portfolio_performance",
}
"""Whose file it is, and the adapter that reads such a file."""


@contextmanager
def open_journal(folder: Folder) -> Iterator[StoredJournal]:
    """Open the journal of a folder, made when there is none, and close it at the end."""
    from steelyard.adapters.database.journal import StoredJournal

    with closing(StoredJournal(folder.database)) as stored:
        yield stored


def imported(
    folder: Folder, file: Path, account: str | None, format_: str, columns: Path | None
) -> ImportedFile:
    """Read a broker's file.

    Args:
        folder: Of the portfolio, which says what instruments are called.
        file: What is read.
        account: Of rows that name none.
        format_: One of FORMATS.
        columns: A file that names the columns instead.

    Raises:
        InputError: A file cannot be read, or says what cannot be entered.
    """
    catalogue, data = instruments(folder), _bytes(file)
    if columns is None:
        reader: Importer = import_module(f"steelyard.adapters.importers.{FORMATS[format_]}").read
        return reader(data, str(file), catalogue, account)
    from steelyard.adapters.importers import column_map

    described = column_map.load(_bytes(columns), str(columns))
    return column_map.read(data, str(file), catalogue, account, described)


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        text = f"{file} cannot be read: {error.strerror}"
        raise InputError("unreadable", text, "check its name and rights") from None


def account_names(folder: Folder) -> frozenset[str] | None:
    """Return the accounts of a portfolio file, None where it cannot be read."""
    from steelyard.adapters.files.instruments import account_names as names

    return names(folder.file)


def file_alone(folder: Folder, *, need_accounts: bool = True) -> Portfolio:
    """Read what a portfolio file itself says is held, whatever a journal beside it says.

    What something is worth today plays no part in what is held, so no price is asked for.
    """
    from steelyard.adapters.files.portfolio import load

    name = str(folder.said)
    return load(folder.file, load_catalogue(), name=name, need_prices=False, need_accounts=need_accounts)
