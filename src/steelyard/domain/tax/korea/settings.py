"""What a Korean owner may say under [tax], read with its unit."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from steelyard.domain.money import ZERO, parse_number
from steelyard.domain.tax.country import YearFacts
from steelyard.domain.tax.korea.accounts import ISA_TYPES
from steelyard.errors import InputError
from steelyard.words import say

SETTINGS = (
    "other_taxable_base", "other_financial_income", "repatriation_deduction", "isa_type", "salary",
    "pension_from_isa", "other_income_amount", "high_dividends",
    "hedged_contracts", "hedged_value", "deceased_givers",
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


def givers_died(facts: YearFacts) -> dict[date, date]:
    """Return the day of a gift to the day its giver died, of `deceased_givers` under [tax].

    Raises:
        InputError: It is not a list of tables with the days `given` and `died` (`tax-setting`).
    """
    raw = facts.settings.get("deceased_givers", [])
    try:
        return {_day(row["given"]): _day(row["died"]) for row in raw}  # type: ignore[attr-defined]
    except (TypeError, KeyError, ValueError, AttributeError):
        raise InputError(
            "tax-setting",
            say("tax.deceased_givers is not a list of gifts with the day their giver died"),
            say("write deceased_givers = [{{ given = 2025-06-01, died = 2025-12-01 }}] under [tax]"),
        ) from None


def _day(value: object) -> date:
    return value if isinstance(value, date) else date.fromisoformat(str(value))


def isa_type(facts: YearFacts) -> str:
    """Return the type of the owner's ISA, `general` unless said otherwise; `isa_closing` refuses others."""
    return str(facts.settings.get("isa_type", ISA_TYPES[0]))


def _bad(key: str, raw: object) -> InputError:
    return InputError(
        "tax-setting",
        say("tax.{key} is {raw!r}, not an amount of won", key=key, raw=raw),
        say("write {key} = 30000000 under [tax]", key=key),
    )
