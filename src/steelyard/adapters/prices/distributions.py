"""Reads what funds paid out: CSV or Parquet, wide (a column a symbol) or long (date, symbol, amount)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from steelyard.adapters.prices.file import Kind, values_of
from steelyard.adapters.prices.intake.columns import Names
from steelyard.adapters.prices.table import Table, table_of
from steelyard.engines.market.price_history import PriceHistory, day_numbers
from steelyard.errors import DataError, PortfolioProblems, Problem
from steelyard.words import say

DISTRIBUTIONS = Kind(
    say("distribution"),
    ("amount", "distribution", "dividend", "dividends", "분배금", "배당금", "주당분배금"),
    zero=True,
    needed=say("write the amount of one share in its own currency, or leave it blank"),
    twice=say("write their sum in one line"),
    usual="amount",
)


def load(path: Path, history: PriceHistory) -> PriceHistory:
    """Return a history with what was paid out; the rest as for `paid`."""
    return paid(path, table_of(path), history)


def paid(
    path: Path,
    table: Table,
    history: PriceHistory,
) -> PriceHistory:
    """Return a history with what was paid out, by session.

    The date of a distribution is its ex-date: who held the share at the close before is paid. A date that is
    no session counts at the next one. What was paid up to the first session, or after the last, is left out.

    Args:
        path: Its name is what messages call the source.
        table: Rows as a file or a frame has them.
        history: Closing prices without distributions in them.

    Raises:
        InputError: Rows cannot be read, or a distribution is not below the price of its share.
        DataError: There is none of these symbols in this time (`distribution-missing`).
    """
    found, notes = values_of(path, table, Names(history.symbols), DISTRIBUTIONS)
    days = day_numbers(history.dates)
    amounts = np.zeros(history.prices.shape)
    problems, counts = [], dict.fromkeys(history.symbols, 0)
    for column, symbol in enumerate(history.symbols):
        for on, (amount, line) in sorted(found.get(symbol, {}).items()):
            at = int(np.searchsorted(days, on.toordinal()))
            if not 0 < at < len(days):
                continue
            if amount >= history.prices[at - 1, column]:
                problems.append(
                    Problem(
                        "distribution-value",
                        say(
                            "{symbol} pays {amount:g} on {on}, and a share was worth {close:g} on {before}",
                            symbol=symbol,
                            amount=amount,
                            on=on,
                            close=float(history.prices[at - 1, column]),
                            before=history.dates[at - 1],
                        ),
                        DISTRIBUTIONS.needed,
                        path.name,
                        line,
                    )
                )
            amounts[at, column] += amount
            counts[symbol] += 1
    if problems:
        raise PortfolioProblems(tuple(problems))
    if not any(counts.values()):
        raise DataError(
            "distribution-missing",
            say(
                "{name} has no distribution of {symbols} after {first} and up to {last}",
                name=path.name,
                symbols=", ".join(history.symbols),
                first=history.dates[0],
                last=history.dates[-1],
            ),
            say("write lines of date,symbol,amount, or leave --distributions out"),
        )
    said = ", ".join(f"{symbol} {count}" for symbol, count in counts.items())
    notes.append(
        say(
            "distributions are paid in cash on top of the prices: {said}; prices must not have them in",
            said=said,
        )
    )
    return replace(history, distributions=amounts, mended=(*history.mended, *notes))
