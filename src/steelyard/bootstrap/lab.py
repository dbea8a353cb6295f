"""Past prices for the lab, from a file or from what a caller holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from steelyard.adapters.prices import distributions as distributions_file
from steelyard.adapters.prices import file as prices_file
from steelyard.adapters.prices import frame as prices_frame
from steelyard.adapters.prices.gathered import Source, gathered, sources_of
from steelyard.adapters.prices.intake.completed import Calendars
from steelyard.adapters.prices.table import Table
from steelyard.bootstrap.books import sessions
from steelyard.bootstrap.folder import Folder
from steelyard.bootstrap.prices import fetched
from steelyard.bootstrap.tax import tax_figures
from steelyard.domain.days import exchange_by_form
from steelyard.domain.market.prices import unsplit

if TYPE_CHECKING:
    from steelyard.domain.portfolio import Portfolio
    from steelyard.domain.tax.backtest import BacktestTax
    from steelyard.engines.market.price_history import PriceHistory


def history_of(
    prices: Any,
    symbols: Sequence[str],
    *,
    dates: Iterable[Any] | None = None,
    pairs: Sequence[str] = (),
    start: date | None = None,
    end: date | None = None,
    called: Mapping[str, str] | None = None,
    exchanges: Mapping[str, str] | None = None,
) -> PriceHistory:
    """Take closing prices from files and folders, a database, a frame, columns or an array.

    Args:
        prices: A frame, columns or an array; or a path or several: of a file, a folder, a database that
            prices were fetched into, or `SYMBOL=FILE`.
        symbols: Those wanted.
        dates: Of prices that have none.
        pairs: Currency pairs wanted where there are any.
        start, end: First and last date wanted.
        called: Symbol to name of its instrument.
        exchanges: Symbol to exchange; as the form of the symbol tells unless given.
    """

    def calendars() -> Calendars:
        return _calendars(tuple(symbols), None if exchanges is None else tuple(exchanges.items()))

    given = [prices] if isinstance(prices, str | Path) else prices
    if isinstance(given, list | tuple) and given and all(isinstance(p, str | Path) for p in given):
        sources = [s for text in given for s in _sources(text, (*symbols, *pairs))]
        limits: Any = {"pairs": pairs, "start": start, "end": end, "called": called, "calendars": calendars()}
        (first, *more) = sources
        if not more and first.asked and first.table is None and first.alone is None:
            return prices_file.load(first.path, symbols, **limits)
        return gathered(sources, symbols, **limits)
    return prices_frame.load(
        prices, symbols, dates=dates, pairs=pairs, start=start, end=end, called=called, calendars=calendars
    )


@lru_cache(maxsize=16)
def _calendars(symbols: tuple[str, ...], exchanges: tuple[tuple[str, str], ...] | None) -> Calendars:
    """Return when exchanges are shut, of symbols that nothing is known of as their form tells."""
    known = {s: e for s in symbols if (e := exchange_by_form(s)) is not None} | dict(exchanges or ())
    return Calendars(sessions(), known)


def _sources(text: str | Path, names: Sequence[str]) -> list[Source]:
    """Return what a path means: files, a database, or the file of one instrument (`VOO=closes.csv`)."""
    path = Path(text)
    name, sign, file = str(text).partition("=")
    if sign and name in names and not path.exists():
        return [Source(Path(file), alone=name)]
    if path.suffix.lower() == ".db":
        return [Source(path, _fetched_table(path, names), asked=False)]
    return sources_of([path])


def _fetched_table(path: Path, names: Sequence[str]) -> Table:
    """Return the closes that were fetched into a database, splits taken out of those before."""
    folder = Folder.of(path.with_name("portfolio.toml"), database=path)
    with fetched(folder) as records:
        rows = [
            (day, name, price)
            for name in names
            for day, price in unsplit([] if records is None else [c for _, c in records.history(name)])
        ]
    return Table(["date", "symbol", "close"], list(enumerate(rows, 1)))


def with_paid_out(history: PriceHistory, distributions: Any) -> PriceHistory:
    """Return a history with what its funds paid out, from a file, a frame or columns."""
    if isinstance(distributions, str | Path):
        return distributions_file.load(Path(distributions), history)
    table = prices_frame.rows_of(distributions, history.symbols)
    return distributions_file.paid(Path("distributions"), table, history)


def backtest_tax(portfolio: Portfolio, *, harvest: bool = False) -> BacktestTax | str:
    """Return what a backtest of a portfolio with [tax] is taxed by, or a sentence why it is not."""
    from steelyard.app.lab.backtest_tax import backtest_tax as of_portfolio

    return of_portfolio(portfolio, sessions(), tax_figures, harvest=harvest)
