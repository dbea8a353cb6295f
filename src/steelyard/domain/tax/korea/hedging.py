"""The deduction of 2026 for hedging overseas shares against the exchange rate (STTCA 91-27)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from steelyard.domain.money import EXACT, ZERO, exact_sum, parse_number
from steelyard.domain.tax.country import YearFacts
from steelyard.domain.tax.korea.rates import TaxRates, whole_won
from steelyard.errors import InputError
from steelyard.words import say


def hedging_deduction(facts: YearFacts, gain: Decimal, rates: TaxRates) -> Decimal:
    """Return what forward sales of a foreign currency deduct from the year's gain on overseas shares.

    Each contract of `hedged_contracts` counts amount x agreed rate x days held (at most 275) / 275, all of
    them at most `hedged_value`, the value of the shares held on 2025-12-23. 5 % of that, at most 5,000,000
    and the gain.

    Args:
        facts: See there.
        gain: On overseas shares before losses are netted, won.
        rates: Of the year.

    Raises:
        InputError: A contract lacks a number, or there is no value (`tax-setting`).

    Source: rule kr.hedging.
    """
    contracts = facts.settings.get("hedged_contracts")
    if not contracts or "hedging.part" not in rates.values:
        return ZERO
    longest = rates["hedging.days"]
    invested = ZERO
    if not isinstance(contracts, list):
        raise _bad("hedged_contracts")
    for contract in contracts:
        amount, rate, days = (_number(contract, key) for key in ("amount", "rate", "days"))
        held = EXACT.divide(min(days, longest), longest)
        invested = exact_sum((EXACT.multiply(EXACT.multiply(amount, rate), held),), invested)
    invested = min(invested, _number(facts.settings, "hedged_value"))
    deduction = EXACT.multiply(invested, rates["hedging.part"])
    return whole_won(min(deduction, rates["hedging.most"], max(gain, ZERO)))


def _number(table: object, key: str) -> Decimal:
    raw = table.get(key) if isinstance(table, Mapping) else None
    try:
        value = parse_number(raw)
    except (TypeError, ValueError):
        raise _bad(key) from None
    if value < ZERO:
        raise _bad(key)
    return value


def _bad(key: str) -> InputError:
    return InputError(
        "tax-setting",
        say("tax.{key} of the hedging contracts is missing or no number", key=key),
        say(
            "write hedged_value = 50000000 and hedged_contracts = [{{ amount = 10000, rate = 1400, days = "
            "275 }}]"
        ),
    )
