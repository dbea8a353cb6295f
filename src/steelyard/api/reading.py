"""Numbers that callers of the library give: read exactly, refused with a code where they are none."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import lru_cache

from steelyard import bootstrap
from steelyard.domain.days import within
from steelyard.domain.money import EXACT, Amount, parse_amount, parse_fraction, parse_number
from steelyard.domain.portfolio import Portfolio
from steelyard.errors import InputError
from steelyard.words import message_of, say

Money = int | str | Decimal

# Kept by value and type, so that neither True nor 1.0 passes for 1: a study that calls `backtest` for every
# setting of a grid reads the same few numbers each time.
_read_fraction = lru_cache(maxsize=1024, typed=True)(parse_fraction)
_read_number = lru_cache(maxsize=1024, typed=True)(parse_number)


def day(given: date | None, portfolio: Portfolio) -> date:
    """Return the day to evaluate as of: the one given, else today where the portfolio's market is.

    Raises:
        InputError: It is none of a portfolio's days (`date`).
    """
    if given is None:
        return bootstrap.today(portfolio)
    try:
        return within(given)
    except ValueError as error:
        raise InputError("date", error.args[0], say("give a day such as 2026-11-23")) from None


def amount(raw: Money) -> Decimal:
    """Return an amount of base currency, which has no name here, exact.

    Raises:
        InputError: It is no number (`amount`).
    """
    try:
        return _read_number(raw)
    except (ValueError, TypeError):  # The second of what has no hash, as a list.
        raise InputError(
            "amount", say("{raw!r} is not a number", raw=raw), say("write a number such as 1000000")
        ) from None


def above_zero(raw: object) -> Amount:
    """Return an amount above zero with the currency it names, exact.

    Raises:
        InputError: It is none (`amount`).
    """
    try:
        given = parse_amount(raw)
    except ValueError as error:
        raise InputError("amount", str(error), say('write an amount such as 1000000 or "500 USD"')) from None
    if given.value <= 0:
        raise InputError(
            "amount",
            say("{raw!r} is not above zero", raw=str(raw)),
            say('write an amount such as 1000000 or "500 USD"'),
        )
    return given


def fraction(raw: Money) -> Decimal:
    """Return a fraction, or percent as text, exact.

    Raises:
        InputError: It is no number (`fraction`).
    """
    try:
        return _read_fraction(raw)
    except (ValueError, TypeError):
        text = say("{raw!r} is not a number", raw=raw)
        raise InputError("fraction", text, say('write a fraction such as "0.5%" or 0.005')) from None


def money(raw: object, portfolio: Portfolio) -> Decimal:
    """Return an amount in the portfolio's base currency, exact.

    Raises:
        InputError: It is no amount, or names a currency without a rate.
    """
    try:
        given = parse_amount(raw)
    except ValueError as error:
        raise InputError(
            "amount", message_of(error), say('write an amount such as 1000000 or "500 USD"')
        ) from None
    currency = given.currency or portfolio.base_currency
    return EXACT.multiply(given.value, portfolio.known_rate(currency))
