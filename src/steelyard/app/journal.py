"""Use cases of the journal: what it holds, and a portfolio whose positions come from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from steelyard.domain.holdings import holdings
from steelyard.domain.ledger import Entry
from steelyard.domain.portfolio import Account, Lot, Portfolio, Position
from steelyard.errors import DataError, InputError


def check_entries(entries: Sequence[Entry], accounts: Sequence[str]) -> None:
    """Refuse entries that cannot have happened.

    Raises:
        InputError: More leaves an account than it holds, or an account is not in the portfolio file.
    """
    strange = sorted({e.account for e in entries} - set(accounts)) if accounts else []
    if strange:
        raise InputError(
            "unknown-account",
            f"the portfolio file has no account {', '.join(map(repr, strange))}",
            f"use one of {', '.join(accounts)}, or add [[accounts]] with that name",
        )
    holdings(entries, date.max)


def with_journal(portfolio: Portfolio, entries: Sequence[Entry]) -> Portfolio:
    """Return the portfolio with the positions and cash of its journal.

    Accounts the journal does not mention keep what the file says. Cash comes from the journal only where a
    deposit was recorded there: a journal of trades alone says nothing about what an account holds.

    Raises:
        InputError: More was sold than held.
        DataError: Something held has no price (`price-missing`).
    """
    state = holdings(entries, date.max)
    mentioned = {e.account for e in entries}
    funded = {e.account for e in entries if e.kind == "deposit"}
    missing = sorted({s for _, s in state.shares if s not in portfolio.quotes})
    if missing:
        raise DataError(
            "price-missing",
            f"the journal holds {', '.join(missing)}, and there is no price",
            f'add under [prices]: {missing[0]} = "..."',
        )

    def account(old: Account) -> Account:
        if old.name not in mentioned:
            return old
        positions = tuple(
            Position(symbol, shares)
            for (name, symbol), shares in sorted(state.shares.items())
            if name == old.name
        )
        cash = old.cash
        if old.name in funded:
            cash = {c: amount for (name, c), amount in state.cash.items() if name == old.name}
        return replace(old, positions=positions, cash=cash)

    return replace(portfolio, accounts=tuple(account(a) for a in portfolio.accounts))


def opening_entries(portfolio: Portfolio, *, as_of: date) -> list[Entry]:
    """Return the positions, lots and cash of a portfolio file as the first entries of a journal."""
    entries = []
    for account in portfolio.accounts:
        for currency, amount in account.cash.items():
            if amount:
                entries.append(
                    Entry(as_of, account.name, "deposit", shares=amount, currency=currency, note="opening")
                )
        for position in account.positions:
            if position.shares:
                entries += _opening(portfolio, account.name, position, as_of)
    return entries


def _opening(portfolio: Portfolio, account: str, position: Position, as_of: date) -> list[Entry]:
    currency = portfolio.instruments[position.symbol].currency
    if not position.lots:
        return [
            Entry(
                as_of, account, "transfer_in", position.symbol, position.shares, currency=currency,
                note="opening, cost unknown",
            )
        ]  # fmt: skip
    return [_transfer(account, position.symbol, lot) for lot in position.lots]


def _transfer(account: str, symbol: str, lot: Lot) -> Entry:
    return Entry(
        traded_on=lot.bought,
        account=account,
        kind="transfer_in",
        symbol=symbol,
        shares=lot.shares,
        price=lot.unit_cost,
        currency=lot.currency,
        fx_rate=lot.fx,
        lot=lot.bought,
        note="opening",
    )
