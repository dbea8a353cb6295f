"""Amounts in short, as people say them: ₩3M, $12.3k, 300만원, 4.4억원; for pictures and where asked for."""

from __future__ import annotations

from decimal import Decimal

from steelyard.domain.money import currency_sign

_ENGLISH = ((12, "T"), (9, "B"), (6, "M"), (3, "k"))
_KOREAN = ((12, "조"), (8, "억"), (4, "만"))
_UNITS = {"KRW": "원", "USD": "달러", "EUR": "유로", "JPY": "엔", "GBP": "파운드", "CNY": "위안"}


def short(amount: Decimal | float, currency: str, code: str) -> str:
    """Return an amount in at most three or four figures with its unit.

    >>> short(Decimal(3_000_000), "KRW", "ko"), short(Decimal(3_000_000), "KRW", "en")
    ('300만원', '₩3M')

    Args:
        amount: Of any size and sign.
        currency: Its ISO 4217 code.
        code: The language, as `steelyard.languages` knows it.
    """
    number = Decimal(str(amount))
    korean = code == "ko"
    for power, unit in _KOREAN if korean else _ENGLISH:
        scaled = _rounded(number.scaleb(-power))
        if abs(scaled) >= 1:
            return _with_unit(scaled, unit, currency, korean=korean)
    return _with_unit(_rounded(number), "", currency, korean=korean)


def _rounded(number: Decimal) -> Decimal:
    """Return a number with one decimal below a hundred, two below ten, without noughts at its end."""
    size = abs(number)
    step = Decimal(1) if size >= 100 else Decimal("0.1") if size >= 10 else Decimal("0.01")
    return number.quantize(step).normalize() if size < 100 else number.quantize(step)


def _with_unit(number: Decimal, unit: str, currency: str, *, korean: bool) -> str:
    figures = f"{abs(number):,f}"
    sign = "-" if number < 0 else ""
    if not korean:
        return f"{sign}{currency_sign(currency)}{figures}{unit}"
    name = _UNITS.get(currency, currency)
    # 원 is written to its number, the name of another currency apart from it.
    return f"{sign}{figures}{unit}{'' if currency == 'KRW' else ' '}{name}"
