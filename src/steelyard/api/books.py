"""A portfolio and what is recorded of it."""

from __future__ import annotations

from pathlib import Path

from steelyard import bootstrap
from steelyard.domain.portfolio import Portfolio


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
