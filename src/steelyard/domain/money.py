"""Exact numbers: how text becomes a Decimal and how much precision money gets.

Nothing here rounds. Amounts are Decimals in the context `EXACT`, wide enough that sums and
products of anything a portfolio file may hold come out exactly; only division rounds, at 40
digits. The ambient decimal context is per thread, so every function that divides names this one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation
from typing import overload

from steelyard.words import say

EXACT = Context(prec=40)
ZERO = Decimal(0)
ONE = Decimal(1)
_TWELVE = Decimal("1e-12")
_WIDE = Context(prec=120)

_MINOR_DIGITS = {"KRW": 0, "JPY": 0, "VND": 0, "CLP": 0, "KWD": 3, "BHD": 3}
# A comma only between thousands: "1,23" may be meant as 1.23 and must not pass for 123.
_NUMBER = re.compile(r"[+-]?(\d{1,3}(?:,\d{3})+|\d[\d_]*)(\.\d+)?([eE][+-]?\d{1,2})?")
_CURRENCY = re.compile(r"[A-Z]{3}")


@dataclass(frozen=True, slots=True)
class Amount:
    """A number of units of a currency; `currency` is None when the text named none."""

    value: Decimal
    currency: str | None = None


def minor_digits(currency: str) -> int:
    """Return the decimals a currency is counted in: 0 for won, 2 for dollars.

    Source: ISO 4217 minor units.
    """
    return _MINOR_DIGITS.get(currency, 2)


def is_currency(text: str) -> bool:
    """Say whether the text has the form of an ISO 4217 code."""
    return _CURRENCY.fullmatch(text) is not None


def exact_sum(amounts: Iterable[Decimal], start: Decimal = ZERO) -> Decimal:
    """Return the exact sum, which the built-in `sum` would round to the caller's own decimal context."""
    for amount in amounts:
        start = EXACT.add(start, amount)
    return start


def parse_number(raw: object) -> Decimal:
    """Read a number exactly as written.

    Args:
        raw: An int, a Decimal, or text such as `1,392.10` or `1_000`. A bool or a float is refused.

    Raises:
        ValueError: It is not a finite number.
    """
    if isinstance(raw, (bool, float)):
        raise ValueError(say("{raw!r} is not a number", raw=raw))
    if isinstance(raw, int):
        return Decimal(raw)
    if isinstance(raw, Decimal):
        if not raw.is_finite():
            raise ValueError(say("{raw} is not a finite number", raw=raw))
        return raw
    if isinstance(raw, str):
        text = raw.strip()
        if _NUMBER.fullmatch(text):
            try:
                return Decimal(text.replace(",", "").replace("_", ""))
            except InvalidOperation as error:  # pragma: no cover - the pattern admits only numbers
                raise ValueError(say("{raw!r} is not a number", raw=raw)) from error
    raise ValueError(say("{raw!r} is not a number", raw=raw))


def parse_fraction(raw: object) -> Decimal:
    """Read a weight or a band: `0.30`, `"0.30"` or `"30%"`, all exactly 0.30.

    Raises:
        ValueError: It is not a finite number with an optional percent sign.
    """
    if isinstance(raw, str) and raw.strip().endswith("%"):
        return parse_number(raw.strip()[:-1].rstrip()).scaleb(-2, EXACT)
    return parse_number(raw)


def parse_amount(raw: object) -> Amount:
    """Read an amount that may carry its currency: `550000`, `"550000 KRW"`, `"412.35 USD"`.

    Raises:
        ValueError: The number or the currency has the wrong form.
    """
    if isinstance(raw, str):
        parts = raw.split()
        if len(parts) == 2 and is_currency(parts[1]):
            return Amount(parse_number(parts[0]), parts[1])
        if len(parts) == 2 and is_currency(parts[0]):
            return Amount(parse_number(parts[1]), parts[0])
    return Amount(parse_number(raw))


def plain(value: Decimal) -> str:
    """Return the number as JSON carries it: no exponent, no trailing zeros, no minus zero.

    >>> plain(Decimal("4800000.00")), plain(Decimal("8E-2")), plain(Decimal("-0"))
    ('4800000', '0.08', '0')
    """
    if not value:
        return "0"
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


@overload
def figure(value: Decimal) -> str: ...
@overload
def figure(value: None) -> None: ...
def figure(value: Decimal | None) -> str | None:
    """Return the number as the documents of reports carry it: `plain`, a quotient cut to 12 decimals.

    >>> figure(Decimal(2) / Decimal(3)), figure(None)
    ('0.666666666667', None)
    """
    if value is None:
        return None
    exponent = value.as_tuple().exponent
    if isinstance(exponent, int) and exponent < -12:
        value = value.quantize(_TWELVE, ROUND_HALF_EVEN, _WIDE)
    return plain(value)
