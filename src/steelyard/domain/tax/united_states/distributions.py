"""Money taken out of traditional retirement accounts: ordinary income of its year, and what is due too early.

It is counted where the owner asks for it (`count_distributions`); else `caveats` says that it is not.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from steelyard.domain.books.ledger import Entry
from steelyard.domain.books.lots import total
from steelyard.domain.money import EXACT, ZERO
from steelyard.domain.tax.united_states.positions import Setting, dollars
from steelyard.records import dataclass

DEFERRED = frozenset({"ira", "401k", "403b", "sep_ira", "simple_ira"})
"""Kinds of accounts of which all that comes out is income."""


@dataclass(frozen=True, slots=True)
class Distributions:
    """What a year's withdrawals of an owner add to the return.

    Attributes:
        gross: Income, >= 0.
        additional: What is due on the part that was taken out before 59 1/2.
        unknown: Part of `gross` of which nobody knows whether it was too early.
    """

    gross: Decimal = ZERO
    additional: Decimal = ZERO
    unknown: Decimal = ZERO


NOTHING = Distributions()


def distributions(
    entries: Sequence[Entry],
    year: int,
    setting: Setting,
    accounts: Collection[str],
    figures: Mapping[str, Any],
    born: date | None,
) -> Distributions:
    """Return what was taken out of traditional accounts in a year.

    All of it counts as income: what was paid in after tax, and what is paid into another account within 60
    days, no journal tells apart from the rest.

    Args:
        entries: The journal.
        year: Of the withdrawals.
        setting: For rates of exchange.
        accounts: The return's own traditional accounts.
        figures: Of the data file.
        born: The owner's birthday; None leaves out what is due too early.

    Source: 26 U.S.C. 72(t)(1), 72(t)(2)(A)(i), 402(a), 408(d)(1); rule us.distribution.
    """
    taken = [
        (x.traded_on, dollars(x, abs(x.shares), setting))
        for x in entries
        if x.kind == "withdrawal" and x.traded_on.year == year and x.account in accounts
    ]
    gross = total(amount for _, amount in taken)
    if born is None:
        return Distributions(gross, ZERO, gross)
    free_from = half_past_59(born)
    early = total(amount for day, amount in taken if day < free_from)
    return Distributions(gross, EXACT.multiply(Decimal(figures["early_distribution_rate"]), early))


def half_past_59(born: date) -> date:
    """Return the day somebody is 59 and a half: the same day of the month, or the last there is.

    >>> half_past_59(date(1967, 8, 31)), half_past_59(date(1967, 3, 15))
    (datetime.date(2027, 2, 28), datetime.date(2026, 9, 15))

    Source: 26 CFR 1.401(a)(9)-5 counts half years so for 70 1/2; taken to hold for 59 1/2.
    """
    month = (born.month + 5) % 12 + 1
    year = born.year + 59 + (born.month > 6)
    for day in (born.day, 30, 29, 28):
        try:
            return date(year, month, day)
        except ValueError:
            continue
    raise AssertionError("every month has a 28th")
