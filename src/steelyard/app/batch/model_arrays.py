"""Models, prices and terms as the whole numbers of the account kernel.

What a model needs beyond one purse and whole shares (divisible shares, a destination short of the target,
conversion that costs, a price that is missing, drift accepted for less cost) leaves all its accounts to the
ordinary planner.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from steelyard.app.batch.book import Book, Model
from steelyard.app.check import exchanges
from steelyard.app.planning.allocation import MOST_TARGETS
from steelyard.domain.money import EXACT
from steelyard.domain.policy.looks import last_look
from steelyard.domain.policy.policies import band
from steelyard.domain.portfolio import Portfolio
from steelyard.engines.batch.account_arrays import NODE_LIMIT, UNKNOWN, ModelArrays

KINDS = ("calendar", "threshold", "hybrid", "hold")
"""In the order of the kernel's numbers."""
_MOST_PLACES = 11
_MOST = 1 << 59
_EPOCH = date(1970, 1, 1)


class PackedBook(NamedTuple):
    """A book with its numbers.

    Attributes:
        book: The values.
        arrays: The numbers.
        symbols: Every symbol by its number.
        number_of: The other way round.
        models: Number of each model.
        currencies: Number of each currency that has a rate.
        prices: By symbol number, None for what has no price.
    """

    book: Book
    arrays: ModelArrays
    symbols: list[str]
    number_of: dict[str, int]
    models: dict[str, int]
    currencies: dict[str, int]
    prices: list[Decimal | None]


def days_of(day: date) -> int:
    """Return a day as the kernel counts it, from 1970-01-01."""
    return (day - _EPOCH).days


def packed(book: Book) -> PackedBook:
    """Return a book with its numbers.

    Raises:
        PortfolioProblems: A model is wrong, by the codes of the portfolio file.
    """
    outlines = {name: book.outline(model) for name, model in book.models.items()}
    symbols = sorted({*book.prices, *(s for o in outlines.values() for s in o.targets)})
    number_of = {symbol: number for number, symbol in enumerate(symbols)}
    rates = _rates(book, outlines)
    lines: list[list[int]] = []
    models: list[list[int]] = []
    line_of = np.full((max(len(outlines), 1), len(symbols)), -1, np.int32)
    for number, (name, outline) in enumerate(outlines.items()):
        found, rows = _model(book, book.models[name], outline, number_of, len(lines))
        models.append(found)
        for place, row in enumerate(rows):
            line_of[number, row[0]] = place
        lines += rows
    models.append([len(lines), 0, 0, UNKNOWN, -1, 0, 0, 1])
    arrays = ModelArrays(
        lines=np.array(lines, np.int64).reshape(-1, 7),
        models=np.array(models, np.int64),
        line_of=line_of,
        known=np.array([_is_known(book, s, rates) for s in symbols], np.bool_),
        rates=np.array([rate for rate, _ in rates.values()] or [0], np.int64),
        rate_places=np.array([places for _, places in rates.values()] or [0], np.int64),
        run=np.array(_run(book), np.int64),
    )
    return PackedBook(
        book,
        arrays,
        symbols,
        number_of,
        {name: number for number, name in enumerate(outlines)},
        {currency: number for number, currency in enumerate(rates)},
        [book.prices.get(s) for s in symbols],
    )


def whole(amount: Decimal) -> tuple[int, int] | None:
    """Return an amount as a whole number with its decimals, None where it does not fit the kernel."""
    short = amount.normalize(EXACT)
    exponent = short.as_tuple().exponent
    assert isinstance(exponent, int), "amounts are finite"
    places = max(-exponent, 0)
    if places > _MOST_PLACES:
        return None
    number = int(short.scaleb(places, EXACT))
    return (number, places) if abs(number) < _MOST else None


def _rates(book: Book, outlines: dict[str, Portfolio]) -> dict[str, tuple[int, int]]:
    """Return every currency whose rate fits, the base currency first."""
    found = {book.terms.base_currency: (1, 0)}
    for currency, rate in next(iter(outlines.values())).fx.items() if outlines else ():
        fitting = whole(rate)
        # A spread on converting what is foreign is the household planner's.
        if fitting is not None and not book.terms.fx_spread:
            found[currency] = fitting
    return found


def _is_known(book: Book, symbol: str, rates: dict[str, tuple[int, int]]) -> bool:
    """Say whether a symbol without a target changes nothing: it has a price, a rate, and no other name."""
    if symbol not in book.prices or book.known.resolve(symbol) not in (None, symbol):
        return False
    own = book.instruments.get(symbol, {}).get("currency")
    listed = book.known.get(symbol)
    return (own or (listed.currency if listed else book.terms.base_currency)) in rates


def _run(book: Book) -> list[int]:
    terms = book.terms
    rate, least = whole(terms.commission), whole(terms.min_commission)
    if rate is None or least is None:
        # Nothing fits beside it: every model is left (`_model` asks the same).
        rate = least = (0, 0)
    short = Fraction(terms.commission)
    return [days_of(terms.as_of), *rate, *least, NODE_LIMIT, short.numerator, short.denominator]


def _model(
    book: Book, model: Model, outline: Portfolio, number_of: dict[str, int], first: int
) -> tuple[list[int], list[list[int]]]:
    """Return the row of a model and its lines."""
    policy = outline.policy
    weights = outline.targets
    bands = {symbol: band(symbol, weight, policy) for symbol, weight in weights.items()}
    banded = policy.kind in ("threshold", "hybrid")
    limits = [b for b in bands.values() if b is not None]
    places = max((_places(x) for x in [*weights.values(), *limits]), default=0)
    prices = {s: whole(outline.base_price(s)) for s in weights if s in outline.quotes}
    left = (
        places > _MOST_PLACES
        or any(prices.get(s) is None for s in weights)
        or model.fractional
        or any(outline.instruments[s].fractional for s in weights)
        or policy.destination != "target"
        or bool(book.terms.accept_drift)
        or len(weights) > MOST_TARGETS
        or whole(book.terms.commission) is None
        or whole(book.terms.min_commission) is None
        or (bool(book.terms.fx_spread) and any(_is_foreign(outline, s) for s in weights))
    )
    ranks = {symbol: rank for rank, symbol in enumerate(sorted(weights))}
    rows = []
    for symbol, weight in weights.items():
        limit = bands[symbol] if banded else None
        absolute = policy.threshold is not None and limit == policy.threshold
        price, price_places = prices.get(symbol) or (1, 0)
        rows.append(
            [
                number_of[symbol],
                0 if left else _scaled(weight, places),
                price,
                price_places,
                -1 if limit is None or left else _scaled(limit, places),
                0 if absolute else 1,
                ranks[symbol],
            ]
        )
    look = _last_look(book, outline) if policy.kind == "calendar" else None
    return [
        first,
        places,
        KINDS.index(policy.kind),
        UNKNOWN if look is None else days_of(look),
        -1 if policy.max_interval_days is None else policy.max_interval_days,
        policy.cooldown_days,
        max((price[1] for price in prices.values() if price), default=0),
        int(left),
    ], rows


def _places(fraction: Decimal) -> int:
    exponent = fraction.normalize(EXACT).as_tuple().exponent
    assert isinstance(exponent, int), "weights are finite"
    return max(-exponent, 0)


def _scaled(fraction: Decimal, places: int) -> int:
    return int(fraction.scaleb(places, EXACT))


def _is_foreign(outline: Portfolio, symbol: str) -> bool:
    return outline.instruments[symbol].currency != outline.base_currency


def _last_look(book: Book, outline: Portfolio) -> date | None:
    policy, listed = outline.policy, exchanges(outline)

    def is_open(day: date) -> bool:
        return all(book.sessions.is_session(exchange, day) for exchange in listed)

    return last_look(policy.look, policy.look_at, book.terms.as_of, is_open)
