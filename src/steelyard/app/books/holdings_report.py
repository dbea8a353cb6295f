"""What is held, at what cost and gain: per account, in all, and in cash.

A gain in base currency has two parts that add up to it: what the price did, at today's rate, and what the
currency did to the money that was paid.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from steelyard.domain.caveats import Caveats, caveats_of
from steelyard.domain.money import EXACT, ONE, ZERO, exact_sum, figure
from steelyard.domain.portfolio import Portfolio, Position, need_accounts
from steelyard.records import dataclass

if TYPE_CHECKING:
    from steelyard.domain.accounts import ContributionRoom

RATE_DAYS = 7
"""How much older than a purchase the rate may be that stands in for one nobody stated."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What is held of a purchase price: in the currency it was paid in, and in base currency where known."""

    amount: Decimal
    currency: str
    base: Decimal | None


@dataclass(frozen=True, slots=True)
class Holding:
    """Shares of one instrument, in one account or in all.

    Attributes:
        account: Where; empty for all accounts together.
        symbol, name: Which.
        shares: How many, None where only a value is known.
        price: Of one share in `currency`, None likewise.
        currency: Of the price.
        priced_on: Day of the price, None where nobody said.
        source: Who fetched it, empty where the file states it.
        value: In base currency.
        weight: Of everything held, cash included, fraction; None when that is not above zero.
        cost: What was paid for it, None where some share of it has no known cost.
        gain: Value less cost in base currency, None where the cost or a rate of then is unknown.
        price_gain, currency_gain: Its parts.
        gain_share: Gain over cost in base currency; in the currency of the cost where only that is known.
    """

    account: str
    symbol: str
    name: str
    shares: Decimal | None
    price: Decimal | None
    currency: str
    priced_on: date | None
    source: str
    value: Decimal
    weight: Decimal | None
    cost: Cost | None
    gain: Decimal | None
    price_gain: Decimal | None
    currency_gain: Decimal | None
    gain_share: Decimal | None

    @property
    def average_cost(self) -> Decimal | None:
        """What one share has cost on average, in the currency of the cost."""
        return EXACT.divide(self.cost.amount, self.shares) if self.cost and self.shares else None

    def to_dict(self) -> dict[str, Any]:
        """Return it as `holdings --json` carries it; money and fractions are decimal text."""
        return {
            "account": self.account or None,
            "symbol": self.symbol,
            "name": self.name,
            "shares": figure(self.shares),
            "price": figure(self.price),
            "currency": self.currency,
            "priced_on": None if self.priced_on is None else self.priced_on.isoformat(),
            "price_source": self.source or "file",
            "value": figure(self.value),
            "weight": figure(self.weight),
            "average_cost": figure(self.average_cost),
            "cost": None if self.cost is None else figure(self.cost.amount),
            "cost_currency": None if self.cost is None else self.cost.currency,
            "cost_in_base": None if self.cost is None else figure(self.cost.base),
            "gain": figure(self.gain),
            "price_gain": figure(self.price_gain),
            "currency_gain": figure(self.currency_gain),
            "gain_share": figure(self.gain_share),
        }


@dataclass(frozen=True, slots=True)
class Cash:
    """Money in one currency, in one account or (with an empty name) in all; below zero it is owed."""

    account: str
    currency: str
    amount: Decimal
    value: Decimal

    def to_dict(self) -> dict[str, Any]:
        """Return it as `holdings --json` carries it."""
        return {
            "account": self.account or None,
            "currency": self.currency,
            "amount": figure(self.amount),
            "value": figure(self.value),
            "below_zero": self.amount < ZERO,
        }


@dataclass(frozen=True, slots=True)
class HoldingsReport:
    """What is held.

    Attributes:
        as_of: The day it was asked for.
        base_currency: Of every value.
        total: All instruments, targeted or not, and all cash.
        holdings: By account in the order of the file, then by value.
        totals: The same of all accounts together, by value.
        cash: By account and currency.
        cash_totals: By currency.
        gain: Of everything, None where some part of it is unknown.
        contribution_room: What may still be paid into tax-sheltered accounts.
        caveats: What its reader should know of amounts and prices.
    """

    as_of: date
    base_currency: str
    total: Decimal
    holdings: tuple[Holding, ...]
    totals: tuple[Holding, ...]
    cash: tuple[Cash, ...]
    cash_totals: tuple[Cash, ...]
    gain: Decimal | None
    contribution_room: tuple[ContributionRoom, ...] = ()
    caveats: Caveats = Caveats()

    def to_dict(self) -> dict[str, Any]:
        """Return the document of `holdings --json` (`steelyard/holdings/1`)."""
        return {
            "schema": "steelyard/holdings/1",
            "as_of": self.as_of.isoformat(),
            "base_currency": self.base_currency,
            "total_value": figure(self.total),
            "gain": figure(self.gain),
            "holdings": [h.to_dict() for h in self.holdings],
            "totals": [h.to_dict() for h in self.totals],
            "cash": [c.to_dict() for c in self.cash],
            "cash_totals": [c.to_dict() for c in self.cash_totals],
            "rooms": [r.to_dict() for r in self.contribution_room],
            **self.caveats.to_dict(),
        }


def holdings_report(
    portfolio: Portfolio, *, as_of: date, contribution_room: Sequence[ContributionRoom] = ()
) -> HoldingsReport:
    """Return what a portfolio holds, at what cost and gain.

    Args:
        portfolio: With its books, where some are kept.
        as_of: The day asked for.
        contribution_room: What may still be paid into tax-sheltered accounts.

    Raises:
        InputError: The portfolio has no accounts (`no-accounts`).
        DataError: A price is of a later day (`price-after`).
    """
    need_accounts(portfolio)
    cash = _cash(portfolio)
    pieces = [(a.name, p) for a in portfolio.accounts for p in a.positions if p.shares]
    values = {id(p): portfolio.position_value(p) for _, p in pieces}
    total = exact_sum((*values.values(), *(c.value for c in cash)))
    lines = [_holding(portfolio, account, p.symbol, [(p, values[id(p)])], total) for account, p in pieces]
    together: dict[str, list[tuple[Position, Decimal]]] = {}
    for _, position in pieces:
        together.setdefault(position.symbol, []).append((position, values[id(position)]))
    totals = [_holding(portfolio, "", symbol, parts, total) for symbol, parts in together.items()]
    order = {account.name: place for place, account in enumerate(portfolio.accounts)}
    gains = [line.gain for line in lines]
    return HoldingsReport(
        as_of=as_of,
        base_currency=portfolio.base_currency,
        total=total,
        holdings=tuple(sorted(lines, key=lambda h: (order[h.account], -h.value, h.symbol))),
        totals=tuple(sorted(totals, key=lambda h: (-h.value, h.symbol))),
        cash=cash,
        cash_totals=_cash_totals(cash),
        gain=None if None in gains else exact_sum(g for g in gains if g is not None),
        contribution_room=tuple(contribution_room),
        caveats=caveats_of(portfolio, as_of),
    )


def _holding(
    portfolio: Portfolio, account: str, symbol: str, parts: Sequence[tuple[Position, Decimal]], total: Decimal
) -> Holding:
    quote = portfolio.quotes.get(symbol)
    known = quote is not None and not quote.by_value
    value = exact_sum(worth for _, worth in parts)
    cost = _cost(portfolio, [position for position, _ in parts])
    gain = price_gain = currency_gain = share = None
    if cost is not None:
        now = portfolio.rate(cost.currency) if _rated(portfolio, cost.currency) else None
        local = None if now is None else EXACT.subtract(EXACT.divide(value, now), cost.amount)
        if cost.base is not None:
            gain = EXACT.subtract(value, cost.base)
            share = EXACT.divide(gain, cost.base) if cost.base else None
            if now is not None:
                # What was paid is worth more or less at today's rate: that is the currency's doing.
                currency_gain = EXACT.subtract(EXACT.multiply(cost.amount, now), cost.base)
                price_gain = EXACT.subtract(gain, currency_gain)
        elif local is not None and cost.amount:
            share = EXACT.divide(local, cost.amount)
    return Holding(
        account=account,
        symbol=symbol,
        name=portfolio.instruments[symbol].name,
        shares=exact_sum(p.shares for p, _ in parts) if known else None,
        price=quote.price if quote is not None and known else None,
        currency=quote.currency if quote is not None else portfolio.instruments[symbol].currency,
        priced_on=quote.priced_on if quote is not None else None,
        source=quote.source if quote is not None else "",
        value=value,
        weight=EXACT.divide(value, total) if total > ZERO else None,
        cost=cost,
        gain=gain,
        price_gain=price_gain,
        currency_gain=currency_gain,
        gain_share=share,
    )


def _cost(portfolio: Portfolio, positions: Iterable[Position]) -> Cost | None:
    """Return what positions have cost together, None where a cost is unknown or two currencies mix."""
    amount, base, currencies = ZERO, ZERO, set[str]()
    unrated = False
    for position in positions:
        if not position.lots:
            return None
        for lot in position.lots:
            paid = EXACT.multiply(lot.shares, lot.unit_cost)
            rate = lot.fx if lot.fx is not None else _rate_then(portfolio, lot.currency, lot.bought)
            amount = EXACT.add(amount, paid)
            currencies.add(lot.currency)
            if rate is None:
                unrated = True
            else:
                base = EXACT.add(base, EXACT.multiply(paid, rate))
    if len(currencies) != 1:
        return None
    return Cost(amount, currencies.pop(), None if unrated else base)


def _rated(portfolio: Portfolio, currency: str) -> bool:
    return currency == portfolio.base_currency or currency in portfolio.fx


def _rate_then(portfolio: Portfolio, currency: str, bought: date) -> Decimal | None:
    """Return the rate of a purchase's day or of the week before it, the latest there is; None for none."""
    if currency == portfolio.base_currency:
        return ONE
    books = getattr(portfolio, "books", None)
    known = {} if books is None else books.rates.get(currency + portfolio.base_currency, {})
    near = [day for day in known if 0 <= (bought - day).days <= RATE_DAYS]
    rate: Decimal | None = known[max(near)] if near else None
    return rate


def _cash(portfolio: Portfolio) -> tuple[Cash, ...]:
    return tuple(
        Cash(account.name, code, amount, EXACT.multiply(amount, portfolio.rate(code)))
        for account in portfolio.accounts
        for code, amount in account.cash.items()
        if amount
    )


def _cash_totals(cash: Sequence[Cash]) -> tuple[Cash, ...]:
    return tuple(
        Cash(
            "",
            code,
            exact_sum(c.amount for c in cash if c.currency == code),
            exact_sum(c.value for c in cash if c.currency == code),
        )
        for code in dict.fromkeys(c.currency for c in cash)
    )
