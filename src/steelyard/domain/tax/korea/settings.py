"""What a Korean owner may say under [tax], read with its unit."""

from __future__ import annotations

from decimal import Decimal

from steelyard.domain.money import ZERO, parse_number
from steelyard.domain.tax.country import YearFacts
from steelyard.domain.tax.korea.accounts import ISA_TYPES
from steelyard.errors import InputError
from steelyard.words import say

SETTINGS = (
    "other_taxable_base", "other_financial_income", "repatriation_deduction", "isa_type", "salary",
    "pension_from_isa",
)  # fmt: skip


def won(facts: YearFacts, key: str) -> Decimal | None:
    """Return an amount of won, None when the owner does not say.

    Raises:
        InputError: It is no amount, or less than nothing (`tax-setting`).
    """
    raw = facts.settings.get(key)
    if raw is None:
        return None
    try:
        value = parse_number(raw)
    except ValueError as error:
        raise _bad(key, raw) from error
    if value < ZERO:
        raise _bad(key, raw)
    return value


def isa_type(facts: YearFacts) -> str:
    """Return the type of the owner's ISA, `general` unless said otherwise; `isa_closing` refuses others."""
    return str(facts.settings.get("isa_type", ISA_TYPES[0]))


def _bad(key: str, raw: object) -> InputError:
    return InputError(
        "tax-setting",
        say("tax.{key} is {raw!r}, not an amount of won", key=key, raw=raw),
        say("write {key} = 30000000 under [tax]", key=key),
    )
