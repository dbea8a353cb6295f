"""A portfolio and what is recorded of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from steelyard import bootstrap
from steelyard.domain.portfolio import Portfolio

if TYPE_CHECKING:
    from steelyard.api.tables import AccountTable, Number, Tables


def load(
    path: str | Path = "portfolio.toml",
    *,
    need_accounts: bool = True,
    need_prices: bool = True,
    journal: str | Path | None = None,
) -> Portfolio:
    """Read a portfolio file, with the journal and the fetched prices of `steelyard.db` beside it.

    What comes back is a value: nothing that is done with it looks at a file again.

    Args:
        path: The file.
        need_accounts: False where targets, policy, costs and [tax] are enough, as for `backtest`: the file
            alone is read, and may be without accounts.
        need_prices: False where only what was paid counts, as for `tax`.
        journal: Another database than the one beside the file.

    Raises:
        PortfolioProblems: With every problem of the file.
        DataError: Something the journal holds has no price.
    """
    folder = bootstrap.Folder.of(path, database=journal)
    return bootstrap.portfolio(folder, need_accounts=need_accounts, need_prices=need_prices)


def build(
    base_currency: str,
    targets: Mapping[str, Number],
    accounts: Sequence[AccountTable] = (),
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
        accounts: What is held; see `steelyard.api.tables`.
        name: What it is called in messages.
        need_accounts: False where targets, policy, costs and tax are enough, as for `backtest`.
        tables: policy, constraints, costs, fx, tax, instruments, prices and language, as in the file.

    Raises:
        PortfolioProblems: With every problem of the values, by the codes of the file (`target-sum`,
            `negative`, `price-missing`, ...); a float is `not-a-number`.
    """
    values = {"base_currency": base_currency, "targets": targets, "accounts": accounts, **tables}
    return bootstrap.portfolio_of(values, name, need_accounts=need_accounts)
