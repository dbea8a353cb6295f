"""Exact numbers: how text becomes a Decimal and how much precision money gets.

Nothing here rounds. Amounts are Decimals in the context `EXACT`, wide enough that sums and
products of anything a portfolio file may hold come out exactly; only division rounds, at 40
digits. The ambient decimal context is per thread, so every function that divides names this one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import overload

from steelyard.domain.numerals import read_numeral
from steelyard.records import dataclass
from steelyard.words import say

EXACT = Context(prec=40)
ZERO = Decimal(0)
ONE = Decimal(1)
LARGEST = Decimal("1e18")
FINEST = 18
"""The one bound of numbers, wherever they come from: below 1e18, with at most 18 decimals.

No price, holding or amount of a real portfolio is beyond; sums and products of what is inside are exact.
"""
_TWELVE = Decimal("1e-12")
_WIDE = Context(prec=120)
_BITS = 60
"""Of the largest whole number within the bound."""
_LETTERS = 100
"""No number within the bound is written longer, its currency and the signs between thousands included."""

_DIGITS_BY_CURRENCIES = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
_MINOR_DIGITS = {code: digits for digits, codes in _DIGITS_BY_CURRENCIES.items() for code in codes.split()}
"""Where a currency is not counted in hundredths. Source: ISO 4217, List One (minor units), as of 2026-01."""
_SIGNS = {
    "AUD": "A$", "BRL": "R$", "CAD": "CA$", "CNY": "CN¥", "EUR": "€", "GBP": "£", "HKD": "HK$", "ILS": "₪",
    "INR": "₹", "JPY": "¥", "KRW": "₩", "MXN": "MX$", "NZD": "NZ$", "PHP": "₱", "TWD": "NT$", "USD": "$",
    "VND": "₫", "XAF": "FCFA", "XCD": "EC$", "XCG": "Cg.", "XOF": "F\u202fCFA", "XPF": "CFPF",
}  # fmt: skip
"""Signs that tell currencies apart for an English reader. Source: Unicode CLDR, English (United States)."""
_PLAIN = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")
_CURRENCY = re.compile(r"[A-Z]{3}")


class OutOfRange(ValueError):
    """A number is too large, or has too many decimals; see `LARGEST`."""

    def __init__(self) -> None:
        super().__init__(say("numbers are below 1e18 and have at most {finest} decimals", finest=FINEST))


def bounded(value: Decimal) -> Decimal:
    """Return a number that is within the bound of all numbers.

    Nothing is computed with it before: a comparison of 1e1000000 overflows.

    Raises:
        OutOfRange: It is not, or is no finite number.

    >>> bounded(Decimal("999999999999999999.5"))
    Decimal('999999999999999999.5')
    """
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int) or exponent < -FINEST or (value and value.adjusted() >= FINEST):
        raise OutOfRange
    return value


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


def currency_sign(currency: str) -> str:
    """Return the sign that goes before an amount (`₩`, `$`, `CA$`), the code where there is none.

    Source: Unicode CLDR, English (United States).
    """
    return _SIGNS.get(currency, currency)


def written(amount: Decimal, currency: str) -> str:
    """Return an amount as people read it, in the decimals its currency is counted in.

    >>> written(Decimal("49450"), "USD"), written(Decimal("-1118.4"), "KRW")
    ('$49,450.00', '-₩1,118')
    """
    shown = EXACT.quantize(amount, ONE.scaleb(-minor_digits(currency)))
    return f"{'-' if shown < 0 else ''}{currency_sign(currency)}{shown.copy_abs():,f}"


def is_currency(text: str) -> bool:
    """Say whether the text has the form of an ISO 4217 code."""
    return _CURRENCY.fullmatch(text) is not None


def exact_sum(amounts: Iterable[Decimal], start: Decimal = ZERO) -> Decimal:
    """Return the exact sum, which the built-in `sum` would round to the caller's own decimal context."""
    for amount in amounts:
        start = EXACT.add(start, amount)
    return start


def whole_number(text: str) -> int | None:
    """Return the number that at most nine ASCII digits are, None for any other text.

    `int` takes the digits of every script, and `str.isdigit` some that `int` refuses.
    """
    return int(text) if len(text) <= 9 and text.isascii() and text.isdigit() else None


def parse_number(raw: object) -> Decimal:
    """Read a number exactly as written.

    Args:
        raw: An int, a Decimal, or text such as `1,392.10`, `1_000` or `300만`; see `numerals.read_numeral`. A
            bool or a float is refused, and so is text that names a currency.

    Raises:
        ValueError: It is not a finite number; `OutOfRange` where it is one beyond the bound.
    """
    amount = parse_amount(raw)
    if amount.currency is not None:
        raise ValueError(say("{raw!r} is an amount of money, not a number", raw=str(raw)))
    return amount.value


def parse_fraction(raw: object) -> Decimal:
    """Read a weight or a band: `0.30`, `"0.30"` or `"30%"`, all exactly 0.30.

    Raises:
        ValueError: It is not a finite number with an optional percent sign; `OutOfRange` where it is one
            beyond the bound.
    """
    if isinstance(raw, str) and raw.strip().endswith("%"):
        return bounded(parse_number(raw.strip()[:-1].rstrip()).scaleb(-2, EXACT))
    return parse_number(raw)


def parse_amount(raw: object) -> Amount:
    """Read an amount that may carry its currency: `550000`, `"412.35 USD"`, `"₩3,000,000"`, `"300만원"`.

    Raises:
        ValueError: The number or the currency has the wrong form; `OutOfRange` where the number is beyond
            the bound.
    """
    if isinstance(raw, (bool, float)):
        raise ValueError(say("{raw!r} is not a number", raw=raw))
    if isinstance(raw, int):
        # Not even turned into a Decimal when it is hopeless: that takes the square of its digits.
        if raw.bit_length() > _BITS:
            raise OutOfRange
        return Amount(bounded(Decimal(raw)))
    if isinstance(raw, Decimal):
        if not raw.is_finite():
            raise ValueError(say("{raw} is not a finite number", raw=raw))
        return Amount(bounded(raw))
    if not isinstance(raw, str):
        raise ValueError(say("{raw!r} is not a number", raw=raw))
    text = raw.strip()
    if len(text) > _LETTERS:
        raise (
            OutOfRange
            if text.lstrip("+-")[:1].isdecimal()
            else ValueError(say("{raw!r} is not a number", raw=raw))
        )
    if _PLAIN.fullmatch(text):
        return Amount(bounded(Decimal(text)))
    found = read_numeral(text)
    return Amount(bounded(found.value), found.currency)


def plain(value: Decimal) -> str:
    """Return the number as JSON carries it: no exponent, no trailing zeros, no minus zero.

    >>> plain(Decimal("4800000.00")), plain(Decimal("8E-2")), plain(Decimal("-0"))
    ('4800000', '0.08', '0')
    """
    if not value:
        return "0"
    text = str(value)
    if "E" in text:
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
