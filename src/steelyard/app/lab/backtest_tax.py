"""How a portfolio's gains are taxed in a backtest: the owner's rules become numbers, dates become tax years.

A backtest applies the rules of one day to all years: the latest that the country's data file knows. What it
leaves out is in docs/explanation/backtest-model.md.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np

from steelyard.domain.money import EXACT, ONE, ZERO, parse_fraction, parse_number
from steelyard.domain.portfolio import Portfolio
from steelyard.domain.tax.country import IsSession, country
from steelyard.domain.tax.korea.rates import rates_of
from steelyard.domain.tax.korea.settlement import settles_on
from steelyard.domain.tax.rules import Rule
from steelyard.domain.tax.united_states.capital_gains import long_term_from, loss_limit, schedule
from steelyard.domain.tax.united_states.country import long_rate
from steelyard.engines.arrays import Ints
from steelyard.engines.backtest.records import TERMS, UNTAXED, WITHHELD, YEARLY, TaxRules
from steelyard.errors import InputError
from steelyard.ports.market import Sessions
from steelyard.words import say

WITHHELD_ABROAD = Decimal("0.15")
"""Withheld in the United States from a dividend to a resident of Korea, who then owes no more in Korea.

Source: Convention between the United States and Korea (1976), article 12(2)(a), from memory, so doubtful;
that no more is owed follows from rule kr.foreign-dividend.
"""

_KOREAN_KINDS = {"krx_domestic_equity": UNTAXED, "krx_other": WITHHELD, "overseas_listed": YEARLY}


@dataclass(frozen=True, slots=True)
class TaxTerms:
    """What tax is computed from, whatever the dates.

    Attributes:
        jurisdiction: KR | US.
        kinds: Symbol to UNTAXED, YEARLY, WITHHELD or TERMS.
        averaged: Symbols whose shares leave at the moving average cost; others leave oldest first.
        distributed: Symbol to the fraction of a distribution that is withheld.
        numbers: Further attributes of `TaxRules` by name.
        due_month: In which the tax of a year falls due, in the year after.
        is_session: Trading sessions by exchange, for settlement dates.
        rates: The country's data file.
        harvest: Gains are realised up to the unused allowance at the end of each tax year.
        notes: What the reader has to know, one sentence each.
    """

    jurisdiction: str
    kinds: Mapping[str, int]
    averaged: frozenset[str]
    distributed: Mapping[str, Decimal]
    numbers: Mapping[str, Decimal]
    due_month: int
    is_session: IsSession
    rates: Mapping[str, Any]
    harvest: bool = False
    notes: tuple[str, ...] = field(default_factory=tuple)


def tax_terms(
    portfolio: Portfolio,
    sessions: Sessions,
    figures: tuple[Mapping[str, Any], Sequence[Rule]],
    *,
    harvest: bool = False,
) -> TaxTerms | str:
    """Return how a portfolio is taxed in a backtest, or a sentence that says why it is not.

    All money is taken to be in the first taxable account of the file.

    Args:
        portfolio: With [tax].
        sessions: Trading days.
        figures: The country's data and rules.
        harvest: Realise gains up to the allowance every year (Korea only).

    Raises:
        InputError: An unknown tax class; a setting that is no number; harvesting outside Korea.
    """
    assert portfolio.tax is not None
    lands = country(portfolio.tax.jurisdiction)
    if portfolio.base_currency != lands.currency:
        ours = portfolio.base_currency
        return say(
            "before tax: {code} counts tax in {currency}, the backtest in {ours}",
            code=lands.code,
            currency=lands.currency,
            ours=ours,
        )
    account = next((a for a in portfolio.accounts if a.kind == "taxable"), None)
    if portfolio.accounts and account is None:
        return say("before tax: no account of the file is taxable")
    classes = {s: lands.classify(portfolio.instruments[s]) for s in portfolio.targets}
    stated = {} if account is None else account.cost_method
    if lands.code == "KR":
        return _korean(classes, stated, sessions, figures, harvest=harvest)
    if harvest:
        raise InputError(
            "harvest-allowance",
            say("--harvest-gains fills Korea's yearly allowance; the United States have none"),
            say("leave --harvest-gains out"),
        )
    return _american(classes, stated, sessions, figures[0], portfolio.tax.settings)


def _korean(
    classes: Mapping[str, str],
    stated: Mapping[str, str],
    sessions: Sessions,
    figures: tuple[Mapping[str, Any], Sequence[Rule]],
    *,
    harvest: bool,
) -> TaxTerms:
    data, rules = figures
    rates = rates_of(data, rules, max(int(row["from"]) for row in data["parameters"]))
    withheld, local = rates["withholding.national"], rates["withholding.local_part"]
    at_home = EXACT.multiply(withheld, EXACT.add(ONE, local))
    averaged, notes = _methods(classes, stated, "fifo")
    return TaxTerms(
        jurisdiction="KR",
        kinds={s: _KOREAN_KINDS[c] for s, c in classes.items()},
        averaged=averaged | {s for s, c in classes.items() if c == "krx_other"},
        distributed={s: WITHHELD_ABROAD if c == "overseas_listed" else at_home for s, c in classes.items()},
        numbers={
            "whole": ONE,
            "allowance": rates["overseas.deduction"],
            "national": rates["overseas.national"],
            "local": rates["overseas.local"],
            "withheld": withheld,
            "withheld_local": local,
            "waived_below": rates["withholding.waived_below"],
        },
        due_month=5,
        is_session=sessions.is_session,
        rates=_with_old_cycles(data),
        harvest=harvest,
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


def _american(
    classes: Mapping[str, str],
    stated: Mapping[str, str],
    sessions: Sessions,
    data: Mapping[str, Any],
    settings: Mapping[str, object],
) -> TaxTerms:
    filing = str(settings.get("filing", "single"))
    ordinary, long = _american_rates(data, filing, settings)
    averaged, notes = _methods(classes, stated, "fifo")
    return TaxTerms(
        jurisdiction="US",
        kinds=dict.fromkeys(classes, TERMS),
        averaged=averaged,
        distributed=dict.fromkeys(classes, long),
        numbers={
            "short": ordinary,
            "long": long,
            "ordinary": ordinary,
            "offset": loss_limit(data, filing),
        },
        due_month=4,
        is_session=sessions.is_session,
        rates=data,
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


def _american_rates(
    data: Mapping[str, Any], filing: str, settings: Mapping[str, object]
) -> tuple[Decimal, Decimal]:
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


def _methods(
    classes: Mapping[str, str], stated: Mapping[str, str], default: str
) -> tuple[frozenset[str], tuple[str, ...]]:
    """Return the symbols sold at average cost, and notes on methods that a backtest does not follow."""
    methods = {s: stated.get(c, stated.get("", default)) for s, c in classes.items()}
    other = sorted(set(methods.values()) - {"fifo", "average"})
    note = say("lots are sold oldest first: a backtest does not follow {other}", other=", ".join(other))
    return frozenset(s for s, m in methods.items() if m == "average"), (note,) if other else ()


def tax_rules(terms: TaxTerms, dates: Sequence[date], symbols: Sequence[str]) -> TaxRules:
    """Return the rules as arrays for the sessions of a backtest.

    Args:
        terms: See there.
        dates: T sessions.
        symbols: N instruments.
    """
    years, firsts = _years(terms, dates)
    ends = np.append(years[1:] != years[:-1], False) if terms.harvest else np.zeros(len(dates), np.bool_)
    numbers: dict[str, Any] = {name: float(value) for name, value in terms.numbers.items() if name != "whole"}
    return TaxRules(
        kinds=np.array([terms.kinds[s] for s in symbols], np.int64),
        averaged=np.array([s in terms.averaged for s in symbols]),
        year=years,
        due=_due(terms, dates, firsts),
        long_since=_long_since(dates),
        harvest=ends,
        distributed=np.array([float(terms.distributed.get(s, ZERO)) for s in symbols]),
        whole="whole" in terms.numbers,
        **numbers,
    )


def _years(terms: TaxTerms, dates: Sequence[date]) -> tuple[Ints, int]:
    """Return the tax year of each session, counted from 0, and the calendar year of the first."""
    years = np.array([day.year for day in dates], np.int64)
    if YEARLY in terms.kinds.values():
        for t, day in enumerate(dates):
            # The settlement decides, and only in the last days of a year can it fall into the next.
            if day.month == 12 and day.day > 20:
                years[t] = settles_on(day, "overseas_listed", terms.is_session, terms.rates).year
    first = int(years[0])
    return years - first, first


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


def _due(terms: TaxTerms, dates: Sequence[date], first: int) -> Ints:
    """Return how many tax years have fallen due by each session: those whose month has begun."""
    due = [day.year - first - (day.month < terms.due_month) for day in dates]
    return np.maximum(np.array(due, np.int64), 0)


def _long_since(dates: Sequence[date]) -> Ints:
    """Return for each session the last one whose purchase is long-term when sold there, -1 for none."""
    starts = [long_term_from(day) for day in dates]
    return np.array([bisect_right(starts, day) - 1 for day in dates], np.int64)
