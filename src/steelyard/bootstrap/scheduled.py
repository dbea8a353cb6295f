"""What the scheduled job, its alerts and its upkeep work with."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from steelyard.adapters.alerts.apprise_notifier import AppriseNotifier
from steelyard.adapters.database import connection as database
from steelyard.adapters.database.outbox import StoredOutbox
from steelyard.adapters.database.prices import StoredPrices
from steelyard.adapters.database.runs import StoredRuns
from steelyard.adapters.files import automation as automation_file
from steelyard.adapters.machine.clock import SystemClock
from steelyard.adapters.machine.run_lock import run_lock as lock
from steelyard.adapters.machine.secret_store import SecretStore
from steelyard.app.automation.delivery import Post
from steelyard.app.automation.run_inputs import RunInputs
from steelyard.bootstrap.books import (
    held_by,
    journal_entries,
    portfolio_file,
    sessions,
    with_actions,
    with_books_of,
)
from steelyard.bootstrap.clock import home_of
from steelyard.bootstrap.folder import Folder
from steelyard.bootstrap.prices import fetched, price_sources
from steelyard.bootstrap.tax import tax_situation
from steelyard.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date
    from decimal import Decimal
    from sqlite3 import Connection

    from steelyard.adapters.files.quotes import PortfolioFile
    from steelyard.app.tax.situation import Returns
    from steelyard.domain.automation.settings import AutomationSettings
    from steelyard.domain.portfolio import Portfolio


class OwnersBooks:
    """What is recorded beside a portfolio file, for a job that reads it anew each time."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder

    def held(self, portfolio: Portfolio, as_of: date) -> Portfolio:
        """Return the portfolio with the positions of the journal on a day, and with its books."""
        past = journal_entries(self._folder)
        found = with_books_of(self._folder, held_by(portfolio, past, as_of), past)
        with fetched(self._folder) as prices:
            return found if prices is None else with_actions(found, prices, as_of)

    def splits(self) -> Mapping[str, Sequence[tuple[date, Decimal]]]:
        """Return the splits that the journal records, by symbol."""
        from steelyard.app.books.corporate_actions import splits_of

        return splits_of(journal_entries(self._folder))

    def situation(self, portfolio: Portfolio, as_of: date) -> Returns | None:
        """Return what tax is computed from, a return each, None without [tax] or without costs."""
        return tax_situation(portfolio, as_of)


@dataclass(frozen=True, slots=True)
class Automation:
    """What automation of one portfolio file works with.

    Attributes:
        inputs: For `app.run`.
        prices, runs, outbox: The same records as in the inputs, with what the commands show of them.
        secrets: Masks what is printed.
        database: The file they are in.
        readable: Says whether the address of a service can be read.
    """

    inputs: RunInputs
    prices: StoredPrices
    runs: StoredRuns
    outbox: StoredOutbox
    secrets: SecretStore
    database: Path
    readable: Callable[[str], bool]


@contextmanager
def automation(folder: Folder, *, to_look: bool = False) -> Iterator[Automation]:
    """Open what automation of a portfolio file works with, and close it at the end.

    Args:
        folder: Where it is.
        to_look: For reading alone: nothing is made, and nothing brought up to date.

    Raises:
        SteelyardError: The settings, the `.env` file or the database cannot be used.
    """
    settings = automation_file.read(folder.automation, folder.shown(folder.automation), home=home_of(folder))
    secrets = SecretStore(os.environ, folder.secrets)
    base = folder.database
    with _records(base, to_look=to_look) as connection:
        prices, runs = StoredPrices(connection, base), StoredRuns(connection, base)
        outbox = StoredOutbox(connection, base)
        notifier = AppriseNotifier(secrets, settings.alerts.timeout_seconds)
        post = Post(outbox, notifier, secrets, SystemClock(), settings.alerts)
        inputs = RunInputs(
            portfolio_file(folder),
            price_sources(folder, settings.prices),
            prices,
            runs,
            post,
            sessions(),
            settings,
            OwnersBooks(folder),
        )
        yield Automation(inputs, prices, runs, outbox, secrets, base, notifier.reads)


@contextmanager
def _records(base: Path, *, to_look: bool) -> Iterator[Connection]:
    """Open the database; where it is only looked at and there is none, an empty one that is gone again."""
    from tempfile import TemporaryDirectory

    looked = database.connect_to_read(base) if to_look else None
    if looked is not None or not to_look:
        with closing(looked or database.connect(base)) as connection:
            yield connection
        return
    with TemporaryDirectory() as elsewhere, closing(database.connect(Path(elsewhere) / base.name)) as empty:
        yield empty


@dataclass(frozen=True, slots=True)
class Recorded:
    """What automation recorded of one portfolio file; `runs` and `prices` are None before the first run.

    Attributes:
        file: The portfolio file.
        books: What is held.
        runs, prices: The records.
        database: The file they are in.
    """

    file: PortfolioFile
    books: OwnersBooks
    runs: StoredRuns | None
    prices: StoredPrices | None
    database: Path


@contextmanager
def recorded(folder: Folder) -> Iterator[Recorded]:
    """Open what automation recorded of a portfolio file for reading alone, and close it at the end.

    Raises:
        SteelyardError: The database cannot be used.
    """
    base = folder.database
    file, books = portfolio_file(folder), OwnersBooks(folder)
    connection = database.connect_to_read(base) if base.is_file() else None
    if connection is None:
        yield Recorded(file, books, None, None, base)
        return
    try:
        yield Recorded(file, books, StoredRuns(connection, base), StoredPrices(connection, base), base)
    finally:
        connection.close()


def automation_settings(folder: Folder) -> AutomationSettings:
    """Read the automation settings beside a portfolio file."""
    return automation_file.read(folder.automation, folder.shown(folder.automation), home=home_of(folder))


def run_lock(folder: Folder) -> AbstractContextManager[bool]:
    """Return the lock that one run in a folder holds; it gives False when another one holds it."""
    return lock(folder.path)


def crontab() -> ModuleType:
    """Return access to the owner's crontab and systemd units."""
    from steelyard.adapters.machine import crontab as module

    return module


def database_copies() -> ModuleType:
    """Return backup and restore of the database."""
    from steelyard.adapters.database import copies as module

    return module


def installation() -> tuple[str, tuple[str, ...]]:
    """Return the version of Python here, and of steelyard and all it rests on, as pip takes them."""
    from steelyard.adapters.machine import installed

    return installed.python(), installed.pins()
