"""How a country taxes a backtest: by the rules of one day, the latest its data file knows, in a few numbers.

A backtest walks tens of years many thousand times, so it cannot ask for a return every time. What it leaves
out of the law is in docs/explanation/backtest-model.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from steelyard.domain.money import ZERO
from steelyard.domain.tax.rules import Rule
from steelyard.records import dataclass, field
from steelyard.words import say

UNTAXED, YEARLY, EACH_SALE, BY_TERM = "untaxed", "yearly", "each sale", "by term"
"""How gains are taxed: not at all, as the year's net gain, at each sale, by how long they were held."""

IsSession = Callable[[str, date], bool]
"""Says whether an exchange (XKRX, XNYS) trades on a day."""


@dataclass(frozen=True, slots=True)
class BacktestFacts:
    """What a country is handed.

    Attributes:
        classes: Symbol to its class, as `classify` names it.
        methods: Class to the method the owner sells its lots by; "" for every other class.
        is_session: Trading sessions by exchange.
        figures: The country's data file, numbers as text.
        rules: The rules of that file.
        settings: The owner's own keys under [tax].
        harvest: Gains are to be realised every year as far as they are free.
    """

    classes: Mapping[str, str]
    methods: Mapping[str, str]
    is_session: IsSession
    figures: Mapping[str, Any]
    rules: Sequence[Rule] = ()
    settings: Mapping[str, object] = field(default_factory=dict)
    harvest: bool = False


@dataclass(frozen=True, slots=True)
class BacktestTax:
    """What gains, distributions and losses cost, whatever the dates.

    Attributes:
        kinds: Symbol to UNTAXED, YEARLY, EACH_SALE or BY_TERM.
        year_of: The tax year, by any number that rises by one, of what is sold on a day.
        due_on: The day on which the tax of such a year falls due.
        averaged: Symbols whose shares leave at the moving average cost; others leave oldest first.
        distributed: Symbol to the fraction of a distribution that is withheld.
        long_from: First day on which a purchase of a day is sold as long-term; read for BY_TERM alone.
        whole: Bases and taxes are cut to whole units of currency at every step.
        tax_unit: Taxes to multiples of this many of them.
        allowance: Of a year's net gain (YEARLY). national, local: Rates on the rest.
        withheld: Rate on the gain of a sale (EACH_SALE). withheld_local: Fraction of that on top.
        waived_below: Withholding below this is not collected.
        short, long: Rates by holding period (BY_TERM). ordinary: What a deductible loss saves.
        offset: Net loss that other income takes up a year; the rest is carried on.
        harvest: Gains are realised up to the unused allowance at the end of each tax year.
        notes: What the reader has to know, one sentence each.
    """

    kinds: Mapping[str, str]
    year_of: Callable[[date], int]
    due_on: Callable[[int], date]
    averaged: frozenset[str] = frozenset()
    distributed: Mapping[str, Decimal] = field(default_factory=dict)
    long_from: Callable[[date], date] | None = None
    whole: bool = False
    tax_unit: int = 1
    allowance: Decimal = ZERO
    national: Decimal = ZERO
    local: Decimal = ZERO
    withheld: Decimal = ZERO
    withheld_local: Decimal = ZERO
    waived_below: Decimal = ZERO
    short: Decimal = ZERO
    long: Decimal = ZERO
    ordinary: Decimal = ZERO
    offset: Decimal = ZERO
    harvest: bool = False
    notes: tuple[str, ...] = ()


def calendar_year(day: date) -> int:
    """Return the tax year of a country that goes by trade dates and the calendar."""
    return day.year


def averaged_of(facts: BacktestFacts) -> tuple[frozenset[str], tuple[str, ...]]:
    """Return the symbols sold at average cost, and notes on methods that a backtest does not follow."""
    methods = {s: facts.methods.get(c, facts.methods.get("", "fifo")) for s, c in facts.classes.items()}
    other = sorted(set(methods.values()) - {"fifo", "average"})
    note = say("lots are sold oldest first: a backtest does not follow {other}", other=", ".join(other))
    return frozenset(s for s, m in methods.items() if m == "average"), (note,) if other else ()
