"""What the scheduled job, its alerts and its upkeep work with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from steelyard.bootstrap.books import OwnersBooks, portfolio_file, sessions
from steelyard.bootstrap.clock import home_of
from steelyard.bootstrap.folder import Folder, Place

if TYPE_CHECKING:
    from steelyard.adapters.database.outbox import StoredOutbox
    from steelyard.adapters.database.prices import StoredPrices
    from steelyard.adapters.database.runs import StoredRuns
    from steelyard.adapters.files.quotes import PortfolioFile
    from steelyard.adapters.machine.secret_store import SecretStore
    from steelyard.app.automation.run_inputs import RunInputs
    from steelyard.domain.automation.settings import AutomationSettings
    from steelyard.domain.market.prices import PriceSettings
    from steelyard.ports.market import PriceSource


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
def automation(place: Place) -> Iterator[Automation]:
    """Open what automation of a portfolio file works with, and close it at the end.

    Raises:
        SteelyardError: The settings, the `.env` file or the database cannot be used.
    """
    import os

    from steelyard.adapters.alerts.apprise_notifier import AppriseNotifier
    from steelyard.adapters.database import connection as database
    from steelyard.adapters.database.outbox import StoredOutbox
    from steelyard.adapters.database.prices import StoredPrices
    from steelyard.adapters.database.runs import StoredRuns
    from steelyard.adapters.files import automation as automation_file
    from steelyard.adapters.machine.clock import SystemClock
    from steelyard.adapters.machine.secret_store import SecretStore
    from steelyard.app.automation.delivery import Post
    from steelyard.app.automation.run_inputs import RunInputs

    folder = Folder.of(place)
    settings = automation_file.read(folder.automation, folder.shown(folder.automation), home=home_of(folder))
    secrets = SecretStore(os.environ, folder.secrets)
    base = folder.database
    connection = database.connect(base)
    try:
        prices, runs = StoredPrices(connection, base), StoredRuns(connection, base)
        outbox = StoredOutbox(connection, base)
        notifier = AppriseNotifier(secrets)
        post = Post(outbox, notifier, secrets, SystemClock(), settings.alerts)
        inputs = RunInputs(
            portfolio_file(folder),
            [_price_source(name, folder, settings.prices) for name in settings.prices.sources],
            prices,
            runs,
            post,
            sessions(),
            settings,
            OwnersBooks(folder),
        )
        yield Automation(inputs, prices, runs, outbox, secrets, base, notifier.reads)
    finally:
        connection.close()


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
def recorded(place: Place) -> Iterator[Recorded]:
    """Open what automation recorded of a portfolio file for reading alone, and close it at the end.

    Raises:
        SteelyardError: The database cannot be used.
    """
    from steelyard.adapters.database import connection as database
    from steelyard.adapters.database.prices import StoredPrices
    from steelyard.adapters.database.runs import StoredRuns

    folder = Folder.of(place)
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


def _price_source(name: str, folder: Folder, settings: PriceSettings) -> PriceSource:
    """Return a price source by its name in the settings."""
    if name == "folder":
        from steelyard.adapters.prices.folder import FolderPrices

        return FolderPrices(folder.prices(settings.folder))
    from importlib import import_module

    if name not in _REMOTE_PRICES:
        from steelyard.adapters.machine import plugins

        installed: PriceSource = plugins.factory(plugins.PRICE_SOURCES, name)(
            folder.path, settings.timeout_seconds
        )
        return installed
    module, maker = _REMOTE_PRICES[name]
    source: PriceSource = getattr(import_module(f"steelyard.adapters.prices.{module}"), maker)(
        settings.timeout_seconds
    )
    return source


_REMOTE_PRICES = {
    "yahoo": ("yahoo", "YahooPrices"),
    "krx": ("naver", "NaverPrices"),
    "ecb": ("ecb", "EuropeanRates"),
    "yfinance": ("yfinance", "BrowserLikeYahooPrices"),
    "fdr": ("fdr", "FinanceDataReaderPrices"),
}
"""Module and class by name; an adapter is imported when the owner asks for it."""


def automation_settings(place: Place) -> AutomationSettings:
    """Read the automation settings beside a portfolio file."""
    from steelyard.adapters.files import automation as automation_file

    folder = Folder.of(place)
    return automation_file.read(folder.automation, folder.shown(folder.automation), home=home_of(folder))


def run_lock(place: Place) -> AbstractContextManager[bool]:
    """Return the lock that one run in a folder holds; it gives False when another one holds it."""
    from steelyard.adapters.machine.run_lock import run_lock as lock

    return lock(Folder.of(place).path)


def crontab() -> ModuleType:
    """Return access to the owner's crontab and systemd units."""
    from steelyard.adapters.machine import crontab as module

    return module


def database_copies() -> ModuleType:
    """Return backup and restore of the database."""
    from steelyard.adapters.database import copies as module

    return module
