"""Where prices come from: the sources the owner names, and what was fetched of them before."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from importlib import import_module
from typing import TYPE_CHECKING

from steelyard.bootstrap.folder import Folder
from steelyard.domain.market.rates import EXIMBANK

if TYPE_CHECKING:
    from steelyard.adapters.database.prices import StoredPrices
    from steelyard.domain.market.prices import PriceSettings
    from steelyard.ports.market import PriceSource


def price_settings(folder: Folder) -> PriceSettings:
    """Return what the owner decided about prices."""
    from steelyard.adapters.files import automation as automation_file

    return automation_file.read(folder.automation, folder.shown(folder.automation)).prices


@contextmanager
def fetched(folder: Folder) -> Iterator[StoredPrices | None]:
    """Open the prices of a folder's database for reading; None before there are any."""
    from steelyard.adapters.database import connection as database
    from steelyard.adapters.database.prices import StoredPrices

    base = folder.database
    connection = database.connect_to_read(base) if base.is_file() else None
    if connection is None:
        yield None
        return
    with closing(connection):
        yield StoredPrices(connection, base)


def price_sources(folder: Folder, settings: PriceSettings) -> list[PriceSource]:
    """Return the price sources of the settings, in their order."""
    return [_price_source(name, folder, settings) for name in settings.sources]


def _price_source(name: str, folder: Folder, settings: PriceSettings) -> PriceSource:
    """Return a price source by its name in the settings."""
    if name == "folder":
        from steelyard.adapters.prices.folder import FolderPrices

        return FolderPrices(folder.prices(settings.folder))
    if name == EXIMBANK:
        from steelyard.adapters.machine.secret_store import SecretStore
        from steelyard.adapters.prices.eximbank import EximbankRates

        secrets = SecretStore(os.environ, folder.secrets)
        return EximbankRates(lambda: secrets.kept("EXIMBANK_KEY", "eximbank"), settings.timeout_seconds)
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
