"""Portfolio files with the journal, the fetched prices and the tax data that belong to them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from steelyard.adapters.files.packaged import load_catalogue, sample_path
from steelyard.adapters.files.portfolio import load
from steelyard.adapters.machine.calendar import ExchangeSessions
from steelyard.domain.portfolio import Portfolio
from steelyard.errors import DataError, PortfolioProblems

if TYPE_CHECKING:
    from steelyard.app.tax.situation import MarketRates, TaxSituation
    from steelyard.domain.books.ledger import Entry
    from steelyard.domain.market.catalogue import Catalogue
    from steelyard.domain.market.prices import Wanted
    from steelyard.domain.policy.models import Model
    from steelyard.domain.tax.rules import Rule
    from steelyard.ports.market import Sessions


def sessions() -> Sessions:
    """Return the trading calendars."""
    return ExchangeSessions()


def portfolio(path: Path) -> Portfolio:
    """Read a portfolio file against the packaged catalogue; a journal beside it says what is held.

    Raises:
        PortfolioProblems: With every problem of the file.
        DataError: Something the journal holds has no price (`price-missing`).
    """
    beside = journal_path(path)
    # Looked at before anything of the journal is imported: most portfolios have none.
    if not beside.exists():
        return load(path, load_catalogue())
    file = load(path, load_catalogue(), symbols=held_symbols(beside))
    return Books(beside).held(file, date.max)


def stored_portfolio(path: Path) -> Portfolio:
    """Read a portfolio file; a price or rate it leaves open is the newest good one that was fetched.

    Raises:
        PortfolioProblems: With every problem of the file.
    """
    base = journal_path(path)
    if not base.exists():
        return portfolio(path)
    # Where the file leaves nothing open it is read once, and nothing of what fetches prices is imported.
    with suppress(PortfolioProblems, DataError):
        alone = portfolio(path)
        if _has_every_price(alone):
            return alone
    from steelyard.adapters.database import connection as database
    from steelyard.adapters.database.prices import StoredPrices
    from steelyard.adapters.files.quotes import PortfolioFile
    from steelyard.app.books.prices import stored, wanted_by

    file = PortfolioFile(path, load_catalogue(), held_symbols(base))
    outline, missing = file.outline()
    if not missing:
        return portfolio(path)
    connection = database.connect_to_read(base)
    if connection is None:
        return portfolio(path)
    try:
        wanted = [w for w in wanted_by(outline) if w.symbol in missing]
        quotes, kept = stored(wanted, StoredPrices(connection, base))
    finally:
        connection.close()
    rates = {w.symbol[:3]: kept[w.symbol][1].price for w in wanted if w.is_rate and w.symbol in kept}
    return Books(base).held(file.load(quotes, rates), date.max)


def _has_every_price(found: Portfolio) -> bool:
    valued = {p.symbol for account in found.accounts for p in account.positions if p.worth is not None}
    return all(symbol in found.quotes or symbol in valued for symbol in found.instruments)


def backtest_portfolio(path: Path) -> Portfolio:
    """Read a portfolio file of which only targets, policy and costs are needed."""
    return load(path, load_catalogue(), need_accounts=False)


def sample() -> Portfolio:
    """Read the bundled sample portfolio."""
    return portfolio(sample_path())


def models() -> tuple[Model, ...]:
    """Return the model portfolios."""
    from steelyard.adapters.files.packaged import load_models

    return load_models()


def new_portfolio_text(model: Model | None, base_currency: str) -> str:
    """Return a commented portfolio file to start from."""
    from steelyard.adapters.files.template import template

    return template(base_currency=base_currency, model=model, catalogue=load_catalogue())


def journal_path(portfolio_file: Path) -> Path:
    """Return where the journal of a portfolio file is, whether or not it exists."""
    return portfolio_file.parent / "steelyard.db"


def journal_entries(path: Path) -> list[Entry]:
    """Return the entries of a journal that count, none when there is no journal."""
    from steelyard.adapters.database.journal_file import has_entries

    if not has_entries(path):
        return []
    from steelyard.adapters.database.journal import StoredJournal

    with closing(StoredJournal(path)) as opened:
        return [row.entry for row in opened.rows() if row.counts]


def portfolio_of_entries(path: Path, entries: Sequence[Entry]) -> Portfolio:
    """Read a portfolio file that knows every instrument of some entries and needs no prices."""
    symbols = sorted({e.symbol for e in entries if e.symbol and e.kind != "convert"})
    return load(path, load_catalogue(), need_accounts=False, need_prices=False, symbols=symbols)


def held_symbols(journal: Path) -> Collection[str]:
    """Return every symbol that a journal knows, none when there is no journal."""
    entries = journal_entries(journal)
    if not entries:
        return ()
    from steelyard.app.books.journal import symbols_of

    return symbols_of(entries)


class Books:
    """The journal beside a portfolio file, read when it is asked."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def held(self, portfolio: Portfolio, as_of: date) -> Portfolio:
        """Return the portfolio with the positions of the journal on a day, as it is without a journal."""
        entries = journal_entries(self._path)
        if not entries:
            return portfolio
        from steelyard.app.books.journal import positions_from

        return replace(portfolio, accounts=positions_from(portfolio, entries, as_of=as_of).accounts)

    def situation(self, portfolio: Portfolio, as_of: date) -> TaxSituation | None:
        """Return what tax is computed from, None without [tax] or without costs."""
        return tax_situation(portfolio, self._path, as_of)


def tax_situation(
    portfolio: Portfolio, journal: Path, as_of: date, *, needed: bool = False
) -> TaxSituation | None:
    """Return what tax is computed from, None without [tax].

    Where nothing says what was paid it is None as well, unless it is `needed`.
    """
    if portfolio.tax is None:
        return None
    entries = [e for e in journal_entries(journal) if e.traded_on <= as_of]
    costs = entries or any(p.lots for a in portfolio.accounts for p in a.positions)
    if not costs and not needed:
        return None
    from steelyard.app.tax.situation import situation

    figures = tax_figures(portfolio.tax.jurisdiction)
    return situation(
        portfolio,
        entries,
        sessions(),
        figures,
        as_of=as_of,
        selling=True,
        market_rates=market_rates(Path(portfolio.source)),
    )


def market_rates(portfolio_file: Path) -> MarketRates:
    """Return what knows the exchange rates the owner has: those fetched, and the folder of prices.

    A rate in the database was compared with other sources, so it goes before one of the folder.
    """

    def rates(currency: str, tax_currency: str, as_of: date) -> Mapping[date, Decimal]:
        from steelyard.domain.market.prices import Wanted

        pair = Wanted(f"{currency}{tax_currency}", tax_currency)
        return {**_folder_rates(portfolio_file, pair, as_of), **_fetched_rates(portfolio_file, pair)}

    return rates


def _folder_rates(portfolio_file: Path, pair: Wanted, as_of: date) -> dict[date, Decimal]:
    from steelyard.adapters.files import automation as automation_file
    from steelyard.adapters.prices.folder import FolderPrices
    from steelyard.domain.market.prices import judge

    settings = automation_file.read(portfolio_file.parent / automation_file.NAME).prices
    folder = FolderPrices(portfolio_file.parent / settings.folder)
    if folder.name not in settings.sources or not folder.offers(pair):
        return {}
    try:
        closes = folder.read(pair, folder.ask(pair, date.min, as_of))
    except DataError as error:
        if error.code != "price-empty":
            raise
        return {}
    # The same judgement as at a fetch: a slipped digit is no rate.
    return {c.day: c.price for c in judge(pair, folder.name, closes, settings.limits, as_of=as_of).good}


def _fetched_rates(portfolio_file: Path, pair: Wanted) -> dict[date, Decimal]:
    from steelyard.adapters.database import connection as database
    from steelyard.adapters.database.prices import StoredPrices

    base = database.path_beside(portfolio_file)
    connection = database.connect_to_read(base) if base.is_file() else None
    if connection is None:
        return {}
    with closing(connection):
        # Newest answer first, and the newest is to count.
        return {c.day: c.price for _, c in reversed(StoredPrices(connection, base).history(pair.symbol))}


def instruments(path: Path) -> Catalogue:
    """Return the packaged catalogue with what a portfolio file adds to it; the file may be missing."""
    from steelyard.adapters.files.instruments import with_own

    return with_own(load_catalogue(), path)


def tax_figures(country: str) -> tuple[Mapping[str, Any], Sequence[Rule]]:
    """Return a country's tax data and rules."""
    from steelyard.adapters.files.tax_figures import load_tax_rules

    return load_tax_rules(country)
