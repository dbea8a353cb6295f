"""Portfolio files with the journal, the fetched prices and the tax data that belong to them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from datetime import date
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any

from steelyard.adapters.files.packaged import load_catalogue, load_models, sample_path
from steelyard.adapters.files.portfolio import load
from steelyard.adapters.machine.calendar import ExchangeSessions
from steelyard.bootstrap.clock import stated_zone, today
from steelyard.bootstrap.folder import Folder
from steelyard.bootstrap.prices import fetched, price_settings
from steelyard.domain.books.ledger import instruments_of
from steelyard.domain.market.rates import EXIMBANK, rate_by
from steelyard.domain.portfolio import Portfolio
from steelyard.errors import DataError, InputError, PortfolioProblems
from steelyard.records import replace

if TYPE_CHECKING:
    from steelyard.adapters.files.quotes import PortfolioFile
    from steelyard.adapters.prices.folder import FolderPrices
    from steelyard.domain.books.ledger import Entry, Recorded
    from steelyard.domain.books.portfolio_books import Books
    from steelyard.domain.market.catalogue import Catalogue
    from steelyard.domain.market.prices import Wanted
    from steelyard.domain.policy.models import Model
    from steelyard.ports.market import PriceRecords, Sessions


@cache
def sessions() -> Sessions:
    """Return the trading calendars, the same each time: what is worked out from them is kept by them."""
    return ExchangeSessions()


def portfolio(
    folder: Folder, *, need_accounts: bool = True, need_prices: bool = True, as_of: date | None = None
) -> Portfolio:
    """Read a portfolio file with all that belongs to it, as one value.

    A price or rate the file leaves open is the newest good one that was fetched; a journal says what is held.

    Args:
        folder: Of the file.
        need_accounts: False where targets and policy are enough: then the file alone is read.
        need_prices: False where only what was paid counts, as for tax: positions stay those of the file, and
            its accounts may be missing.
        as_of: No fetched price later than this day is taken.

    Raises:
        PortfolioProblems: With every problem of the file.
        DataError: Something the journal holds has no price (`price-missing`).
    """
    if not need_prices:
        past = journal_entries(folder)
        named = sorted(instruments_of(past))
        found = _load(folder, need_accounts=need_accounts, need_prices=False, symbols=named)
        return _with_zone(folder, with_books_of(folder, found, past))
    if not need_accounts:
        return _load(folder, need_accounts=False)
    # Looked at before anything of the journal is imported: most portfolios have none.
    if not folder.database.exists():
        return _with_zone(folder, with_books_of(folder, _load(folder), ()))
    past = journal_entries(folder)
    return _with_zone(folder, with_books_of(folder, _valued(folder, past, as_of), past))


def _with_zone(folder: Folder, portfolio: Portfolio) -> Portfolio:
    zone = stated_zone(folder)
    return replace(portfolio, timezone=zone) if zone else portfolio


def portfolio_of(values: Mapping[str, Any], name: str, *, need_accounts: bool) -> Portfolio:
    """Return a portfolio of plain values, against the packaged catalogue."""
    from steelyard.adapters.files.frames import account_tables, is_frame, position_tables
    from steelyard.adapters.files.values import portfolio_of as made

    accounts = values.get("accounts")
    if is_frame(accounts):
        values = {**values, "accounts": account_tables(accounts)}
    elif isinstance(accounts, list | tuple) and all(isinstance(account, dict) for account in accounts):
        taken = [
            {**a, "positions": position_tables(a["positions"])} if is_frame(a.get("positions")) else a
            for a in accounts
        ]
        values = {**values, "accounts": taken}
    return made(values, name, load_catalogue(), need_accounts=need_accounts)


def _load(folder: Folder, **asked: Any) -> Portfolio:
    return load(folder.file, load_catalogue(), name=str(folder.said), words=folder.words, **asked)


def _valued(folder: Folder, past: Sequence[Entry], as_of: date | None) -> Portfolio:
    """Read a portfolio file beside a database, which says what is held and what the file has no price of."""

    def alone() -> Portfolio:
        return held_by(_load(folder, symbols=_symbols(past)), past, date.max)

    # Where the file leaves nothing open it is read once, and nothing of what fetches prices is imported.
    with suppress(PortfolioProblems, DataError):
        found = alone()
        if _has_every_price(found):
            return found
    from steelyard.app.books.prices import stored, wanted_by

    file = portfolio_file(folder, past)
    outline, missing = file.outline()
    wanted = [w for w in wanted_by(outline) if w.symbol in missing]
    with fetched(folder) as prices:
        if prices is None or not missing:
            return alone()
        known = stored(wanted, prices, price_settings(folder).limits, until=as_of)
        found = held_by(file.load(known.quotes, known.rates), past, date.max)
        return with_actions(found, prices, as_of or _today(folder, found))


def _today(folder: Folder, portfolio: Portfolio) -> date:
    return today(_with_zone(folder, portfolio))


def with_actions(portfolio: Portfolio, prices: PriceRecords, as_of: date) -> Portfolio:
    """Return a portfolio that knows what prices suggest and its books lack."""
    from steelyard.app.books.corporate_actions import with_actions as compared

    return compared(portfolio, prices, as_of)


def _has_every_price(found: Portfolio) -> bool:
    valued = {p.symbol for account in found.accounts for p in account.positions if p.worth is not None}
    return all(symbol in found.quotes or symbol in valued for symbol in found.instruments)


def portfolio_file(
    folder: Folder, past: Sequence[Entry] | None = None, text: str | None = None
) -> PortfolioFile:
    """Return a portfolio file whose open prices come from elsewhere, with what its journal knows.

    Args:
        folder: Where it is.
        past: Entries of the journal, where they are known already.
        text: What stands in for its words, as they were once.
    """
    from steelyard.adapters.files.quotes import PortfolioFile

    kept = journal_entries(folder) if past is None else past
    return PortfolioFile(
        folder.file,
        load_catalogue(),
        _symbols(kept),
        shown=str(folder.said),
        text=folder.words if text is None else text,
        currencies=_currencies(kept),
    )


def sample() -> Portfolio:
    """Read the bundled sample portfolio."""
    return portfolio(Folder.of(sample_path()))


def models() -> tuple[Model, ...]:
    """Return the model portfolios."""
    return load_models()


def new_portfolio_text(model: Model | None, base_currency: str, *, by_class: bool = False) -> str:
    """Return a commented portfolio file to start from."""
    from steelyard.adapters.files.template import template

    return template(base_currency=base_currency, model=model, catalogue=load_catalogue(), by_class=by_class)


def journal_rows(folder: Folder) -> tuple[Recorded, ...]:
    """Return every row of a journal, none when there is no journal; nothing is written."""
    from steelyard.adapters.database.journal_reading import read_rows

    return read_rows(folder.database)


def journal_entries(folder: Folder) -> tuple[Entry, ...]:
    """Return the entries of a journal that count, none when there is no journal; nothing is written."""
    if not folder.database.exists():
        return ()
    from steelyard.adapters.database.journal_reading import read_entries

    return read_entries(folder.database)


def _symbols(entries: Sequence[Entry]) -> Collection[str]:
    if not entries:
        return ()
    from steelyard.app.books.file_and_journal import symbols_of

    return symbols_of(entries)


def _currencies(entries: Sequence[Entry]) -> Collection[str]:
    if not entries:
        return ()
    from steelyard.app.books.file_and_journal import currencies_of

    return currencies_of(entries)


def held_by(portfolio: Portfolio, past: Sequence[Entry], as_of: date) -> Portfolio:
    """Return a portfolio with the positions of some entries on a day, as it is without any."""
    if not past:
        return portfolio
    from steelyard.app.books.file_and_journal import held

    return held(portfolio, past, as_of=as_of)


def with_books_of(folder: Folder, portfolio: Portfolio, past: Sequence[Entry]) -> Portfolio:
    """Return a portfolio with its entries, and with the rates that its tax may ask for."""
    open_pairs = _open_pairs(portfolio, past)
    if not past and not open_pairs:
        return portfolio
    from steelyard.domain.books.portfolio_books import books_of, with_books

    books = replace(books_of(portfolio), entries=tuple(past))
    if portfolio.tax is not None and folder.tax_base_prices.is_dir():
        books = _with_tax_bases(folder, books)
    return with_books(portfolio, _rated(folder, books, open_pairs, for_tax=True) if open_pairs else books)


def _open_pairs(portfolio: Portfolio, past: Sequence[Entry]) -> tuple[tuple[str, str], ...]:
    """Return the pairs of currencies that entries or lots state no rate of, where there is tax."""
    lots = (lot for account in portfolio.accounts for p in account.positions for lot in p.lots)
    # Asked first and in little, so that `check` does not import a country for nothing.
    if portfolio.tax is None or not (past or any(lot.fx is None for lot in lots)):
        return ()
    from steelyard.app.books.lots import entries_of_lots
    from steelyard.domain.tax.country import country, unrated

    taxes = [tax for a in portfolio.accounts if (tax := portfolio.tax_of(a.owner))] or [portfolio.tax]
    others = {country(tax.jurisdiction).currency for tax in taxes}
    entries = past or entries_of_lots(portfolio)
    return tuple((c, other) for other in sorted(others) for c in unrated(entries, other))


def _with_tax_bases(folder: Folder, books: Books) -> Books:
    """Return books with the tax base prices of the folder's files, or with what kept them from being read."""
    from steelyard.adapters.prices.folder import FolderPrices
    from steelyard.domain.market.prices import Wanted

    files = FolderPrices(folder.tax_base_prices)
    try:
        found = {
            symbol: _by_day(files, wanted)
            for symbol in sorted({e.symbol for e in books.entries if e.symbol})
            if files.offers(wanted := Wanted(symbol, "KRW"))
        }
    except DataError as error:
        return replace(books, unread=error)
    return replace(books, tax_base_prices=found)


def _by_day(files: FolderPrices, wanted: Wanted) -> dict[date, Decimal]:
    return {c.day: c.price for c in files.read(wanted, files.ask(wanted, date.min, date.max))}


def _rated(folder: Folder, books: Books, pairs: Sequence[tuple[str, str]], *, for_tax: bool = False) -> Books:
    """Return books with the rates of some pairs, or with what kept them from being read.

    For tax base rates go before all others, those of the folder `base_rates` before fetched ones: they are
    what a return counts.
    """
    from steelyard.adapters.prices.folder import FolderPrices
    from steelyard.app.market.rates import rates_at_hand
    from steelyard.domain.market.prices import Wanted

    rates: dict[str, Mapping[date, Decimal]] = {}
    names: dict[str, Mapping[date, str]] = {}
    official = FolderPrices(folder.base_rates)
    try:
        settings = price_settings(folder)
        files = FolderPrices(folder.prices(settings.folder))
        with fetched(folder) as prices:
            for currency, other in pairs:
                pair = Wanted(currency + other, other)
                kept = prices.history(pair.symbol) if prices else ()
                found = rates_at_hand(
                    pair,
                    files if files.name in settings.sources else None,
                    settings.limits,
                    [close for _, close in kept],
                )
                told = dict.fromkeys(found, settings.folder) | {c.day: s for s, c in reversed(kept)}
                if for_tax:
                    base = {close.day: close.price for source, close in reversed(kept) if source == EXIMBANK}
                    found, told = found | base, told | dict.fromkeys(base, EXIMBANK)
                if for_tax and official.offers(pair):
                    base = _by_day(official, pair)
                    found, told = found | base, told | dict.fromkeys(base, folder.base_rates.name)
                rates[pair.symbol], names[pair.symbol] = found, told
    except (InputError, DataError) as error:
        return replace(books, unread=error)
    return replace(books, rates=rates, rate_names=names)


def market_rates(folder: Folder, portfolio: Portfolio) -> Callable[[str, date], Decimal | None]:
    """Return what knows the market's rate of a currency in base currency, of a day or of the week before it.

    Raises:
        InputError, DataError: The rates cannot be read.
    """
    from steelyard.domain.books.portfolio_books import Books

    base = portfolio.base_currency
    known: dict[str, Mapping[date, Decimal]] = {}

    def rate_on(currency: str, day: date) -> Decimal | None:
        if currency not in known:
            books = _rated(folder, Books(), ((currency, base),))
            if books.unread is not None:
                raise books.unread
            known[currency] = books.rates[currency + base]
        found = rate_by(known[currency], day)
        return None if found is None else found[1]

    return rate_on


def packaged_instruments() -> Catalogue:
    """Return the packaged catalogue."""
    return load_catalogue()


def instruments(folder: Folder) -> Catalogue:
    """Return the packaged catalogue with what a portfolio file adds to it; the file may be missing."""
    from steelyard.adapters.files.instruments import with_own

    return with_own(load_catalogue(), folder.text())
