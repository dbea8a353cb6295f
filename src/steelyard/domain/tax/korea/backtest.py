"""How Korea taxes a backtest: overseas gains of a year in May, other KRX-listed gains at each sale."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from steelyard.domain.money import EXACT, ONE
from steelyard.domain.tax.backtest import (
    EACH_SALE,
    UNTAXED,
    YEARLY,
    BacktestFacts,
    BacktestTax,
    averaged_of,
    calendar_year,
)
from steelyard.domain.tax.korea.rates import rates_of
from steelyard.domain.tax.korea.settlement import settles_on
from steelyard.words import say

WITHHELD_ABROAD = Decimal("0.15")
"""Withheld in the United States from a dividend to a resident of Korea, who then owes no more in Korea.

Source: Convention between the United States and Korea (1976), article 12(2)(a), from memory, so doubtful;
that no more is owed follows from rule kr.foreign-dividend.
"""

_KINDS = {"krx_domestic_equity": UNTAXED, "krx_other": EACH_SALE, "overseas_listed": YEARLY}


def backtest_tax(facts: BacktestFacts) -> BacktestTax:
    """Return what a backtest is taxed by; see `Country.backtest_tax`."""
    data, classes = facts.figures, facts.classes
    rates = rates_of(data, facts.rules, max(int(row["from"]) for row in data["parameters"]))
    withheld, local = rates["withholding.national"], rates["withholding.local_part"]
    at_home = EXACT.multiply(withheld, EXACT.add(ONE, local))
    averaged, notes = averaged_of(facts)
    kinds = {s: _KINDS[c] for s, c in classes.items()}
    cycles = _with_old_cycles(data)

    def year_of(day: date) -> int:
        # The settlement decides, and only in the last days of a year can it fall into the next.
        if day.month == 12 and day.day > 20:
            return settles_on(day, "overseas_listed", facts.is_session, cycles).year
        return day.year

    return BacktestTax(
        kinds=kinds,
        year_of=year_of if YEARLY in kinds.values() else calendar_year,
        due_on=lambda year: date(year + 1, 5, 1),
        averaged=averaged | {s for s, kind in kinds.items() if kind == EACH_SALE},
        distributed={s: WITHHELD_ABROAD if c == "overseas_listed" else at_home for s, c in classes.items()},
        whole=True,
        tax_unit=10,
        allowance=rates["overseas.deduction"],
        national=rates["overseas.national"],
        local=rates["overseas.local"],
        withheld=withheld,
        withheld_local=local,
        waived_below=rates["withholding.waived_below"],
        harvest=facts.harvest,
        notes=(
            say(
                "after tax as Korea takes it by the rules of {year}: overseas-listed gains of a "
                "year above {rates:,f} won in May, other KRX-listed gains at each sale",
                year=rates.year,
                rates=rates["overseas.deduction"],
            ),
            *notes,
        ),
    )


def _with_old_cycles(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the data with the first settlement cycle of each exchange holding for all time before it too."""
    first: dict[str, str] = {}
    for row in data["settlement_cycles"]:
        first[row["exchange"]] = min(str(row["from"]), first.get(row["exchange"], "9999"))
    cycles = [
        {**row, "from": "1900-01-01"} if row["from"] == first[row["exchange"]] else row
        for row in data["settlement_cycles"]
    ]
    return {**data, "settlement_cycles": cycles}
