"""How the United States tax a backtest: gains by holding period in April, losses against other income."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from steelyard.domain.money import parse_fraction, parse_number
from steelyard.domain.tax.backtest import BY_TERM, BacktestFacts, BacktestTax, averaged_of, calendar_year
from steelyard.domain.tax.united_states.capital_gains import long_rate, long_term_from, loss_limit, schedule
from steelyard.errors import InputError
from steelyard.words import say


def backtest_tax(facts: BacktestFacts) -> BacktestTax:
    """Return what a backtest is taxed by; see `Country.backtest_tax`.

    Raises:
        InputError: A setting is no number; gains are to be harvested, and no allowance makes any free.
    """
    if facts.harvest:
        raise InputError(
            "harvest-allowance",
            say("--harvest-gains fills Korea's yearly allowance; the United States have none"),
            say("leave --harvest-gains out"),
        )
    filing = str(facts.settings.get("filing", "single"))
    ordinary, long = _rates(facts.figures, filing, facts.settings)
    averaged, notes = averaged_of(facts)
    return BacktestTax(
        kinds=dict.fromkeys(facts.classes, BY_TERM),
        year_of=calendar_year,
        due_on=lambda year: date(year + 1, 4, 1),
        averaged=averaged,
        distributed=dict.fromkeys(facts.classes, long),
        long_from=long_term_from,
        short=ordinary,
        long=long,
        ordinary=ordinary,
        offset=loss_limit(facts.figures, filing),
        notes=(
            say(
                "after federal tax: short-term gains at {ordinary:.0%}, long-term at {long:.0%}, "
                "paid in April; wash sales, state tax and the net investment income tax are left "
                "out",
                ordinary=ordinary,
                long=long,
            ),
            *notes,
        ),
    )


def _rates(data: Mapping[str, Any], filing: str, settings: Mapping[str, object]) -> tuple[Decimal, Decimal]:
    """Return the rates on short-term and long-term gains: the owner's, or the marginal ones of an income."""
    try:
        if settings.get("ordinary_rate") is not None:
            ordinary = parse_fraction(settings["ordinary_rate"])
            return ordinary, long_rate(ordinary)
        if settings.get("other_income") is not None:
            income = parse_number(settings["other_income"])
            latest = schedule(data, max(int(y) for y in data["years"]), filing)
            (bounds, ordinary_rates), (steps, gain_rates) = latest.ordinary, latest.gains
            return ordinary_rates[bisect_right(bounds, income)], gain_rates[bisect_right(steps, income)]
    except ValueError as error:
        raise InputError(
            "tax-setting",
            say("[tax]: {error}", error=error.args[0]),
            say('write ordinary_rate = "24%" under [tax]'),
        ) from None
    return Decimal("0.24"), long_rate(Decimal("0.24"))
