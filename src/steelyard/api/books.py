"""A portfolio, what it holds and what it was worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from steelyard import bootstrap
from steelyard.api import reading
from steelyard.domain.portfolio import Portfolio
from steelyard.domain.tax.codes import TAXED_KINDS

if TYPE_CHECKING:
    from steelyard.api.tables import AccountTable, ArrowStream, Number, Tables
    from steelyard.app.books.history import History
    from steelyard.app.books.holdings_report import HoldingsReport
    from steelyard.app.books.performance import ValueHistory
    from steelyard.bootstrap.folder import Place
    from steelyard.domain.accounts import ContributionRoom


def load(
    path: str | Path = "portfolio.toml",
    *,
    need_accounts: bool = True,
    need_prices: bool = True,
    journal: str | Path | None = None,
    as_of: date | None = None,
) -> Portfolio:
    """Read a portfolio file, with the journal and the fetched prices of `steelyard.db` beside it.

    What comes back is a value: nothing that is done with it looks at a file again.

    Args:
        path: The file.
        need_accounts: False where targets, policy, costs and [tax] are enough, as for `backtest`: the file
            alone is read, and may be without accounts.
        need_prices: False where only what was paid counts, as for `tax`.
        journal: Another database than the one beside the file.
        as_of: No fetched price later than this day is taken; the newest ones are unless given.

    Raises:
        PortfolioProblems: With every problem of the file.
        DataError: Something the journal holds has no price.
    """
    folder = bootstrap.Folder.of(path, database=journal)
    return bootstrap.portfolio(folder, need_accounts=need_accounts, need_prices=need_prices, as_of=as_of)


def build(
    base_currency: str,
    targets: Mapping[str, Number],
    accounts: Sequence[AccountTable] | ArrowStream = (),
    *,
    name: str = "portfolio",
    need_accounts: bool = True,
    **tables: Unpack[Tables],
) -> Portfolio:
    """Make a portfolio in memory from plain Python values, held to the same rules as a portfolio file.

        steelyard.build(
            "USD",
            {"VOO": "60%", "BND": "40%"},
            [{"name": "main", "positions": [{"symbol": "VOO", "shares": 10, "price": 600}]}],
            prices={"BND": "73.10"},
        )

    No file is read and no journal belongs to it: what shares have cost is what their `lots` say.

    Args:
        base_currency: What everything is valued in, ISO 4217.
        targets: Symbol, or a name of the catalogue, to fraction (`"60%"`, `Decimal("0.6")`); they sum to 1.
        accounts: What is held; see `steelyard.api.tables`. The positions of an account may be a frame of
            pandas, Polars, pyarrow, DuckDB or whatever else speaks Arrow, with the columns symbol, shares,
            price, value and priced_on; so may all accounts together, with a column account.
        name: What it is called in messages.
        need_accounts: False where targets, policy, costs and tax are enough, as for `backtest`.
        tables: policy, constraints, costs, fx, tax, instruments, prices and language, as in the file.

    Raises:
        PortfolioProblems: With every problem of the values, by the codes of the file (`target-sum`,
            `negative`, `price-missing`, ...); a float is `not-a-number`.
    """
    values = {"base_currency": base_currency, "targets": targets, "accounts": accounts, **tables}
    return bootstrap.portfolio_of(values, name, need_accounts=need_accounts)


def history(path: Place, *, everything: bool = False, journal: str | Path | None = None) -> History:
    """Return the entries of the journal, and what `run` recorded where the portfolio file is there.

    Args:
        path: The portfolio file.
        everything: Also what was taken back, and what took it back.
        journal: Another database than the one beside the portfolio file, for the entries.
    """
    from steelyard.app.books.history import History

    folder = bootstrap.Folder.of(path)
    recorded = values(folder) if folder.file.exists() else None
    rows = bootstrap.journal_rows(bootstrap.Folder.of(folder, database=journal))
    return History(tuple(row for row in rows if row.counts or everything), recorded)


def values(path: Place) -> ValueHistory:
    """Return value, deposits, drift and rebalances over time, and the return of the real account.

    Values are those that `run` recorded, none before the first run; deposits and trades are the journal's.
    """
    from steelyard.app.books.history import recorded_values

    folder = bootstrap.Folder.of(path).read()
    if not folder.file.exists():
        # The reader of portfolio files says it best.
        bootstrap.portfolio(folder)
    with bootstrap.recorded(folder) as records:
        return recorded_values(
            records.file,
            records.runs.days(folder.file.name) if records.runs else (),
            records.prices,
            bootstrap.journal_entries(folder),
            lambda portfolio: records.books.held(portfolio, date.max),
        )


def holdings(portfolio: Portfolio, *, as_of: date | None = None) -> HoldingsReport:
    """Return what is held: shares, cost, price and its day, value and gain, per account and in all.

    Args:
        portfolio: From `load`.
        as_of: Today unless given.

    Raises:
        InputError: The portfolio has no accounts.
    """
    from steelyard.app.books.holdings_report import holdings_report

    day = reading.day(as_of, portfolio)
    wrapped = any(account.kind not in TAXED_KINDS for account in portfolio.accounts)
    found: tuple[ContributionRoom, ...] = ()
    # A country is only imported for who has an account with a limit.
    if portfolio.tax is not None and wrapped:
        from steelyard.app.tax.contribution_limits import contribution_room

        found = contribution_room(portfolio, bootstrap.tax_figures, as_of=day)
    return holdings_report(portfolio, as_of=day, contribution_room=found)
