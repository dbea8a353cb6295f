"""What the United States takes of capital gains: term, netting, brackets.

Figures come from a dated file; here are only the rules. Gains lie on top of the other income, in the order
the Schedule D tax worksheet stacks them: short-term, collectibles, then what is taxed at 0, 15 and 20 %.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from steelyard.domain.money import EXACT, ZERO
from steelyard.errors import DataError, InputError
from steelyard.records import dataclass
from steelyard.words import say

FILINGS = ("single", "mfj", "mfs", "hoh")
SHORT, LONG = "short", "long"
LONG_RATE = Decimal("0.15")
"""Assumed on long-term gains where the owner states an ordinary rate but no income."""


@dataclass(frozen=True, slots=True)
class Carry:
    """Losses carried from one year into the next, by character; both >= 0."""

    short: Decimal = ZERO
    long: Decimal = ZERO


NO_CARRY = Carry()


@dataclass(frozen=True, slots=True)
class Netting:
    """A year's gains after netting.

    Attributes:
        short: What is taxed like other income, >= 0.
        long: Net capital gain, >= 0.
        collectibles: The part of `long` taxed at most at 28 %.
        ordinary_offset: Loss that reduces other income, >= 0.
        carry: Loss left for later years.
    """

    short: Decimal
    long: Decimal
    collectibles: Decimal
    ordinary_offset: Decimal
    carry: Carry

    @property
    def gains(self) -> Decimal:
        """What enters net investment income, >= 0."""
        return EXACT.add(self.short, self.long)

    @property
    def counted(self) -> Decimal:
        """What enters adjusted gross income: net gains, or the loss that reduces other income."""
        return EXACT.subtract(self.gains, self.ordinary_offset)


@dataclass(frozen=True, slots=True)
class Schedule:
    """The figures of one year for one kind of return.

    Attributes:
        ordinary: Upper bounds of the brackets, and one rate more than bounds.
        gains: The same for long-term gains.
        collectibles_rate: Highest rate on collectibles.
        niit_rate, niit_threshold: Net investment income tax.
        year, figures_of: The tax year, and the year the bounds are of: an earlier one where its own are not
            published, or zero where the owner stated them.
    """

    ordinary: tuple[tuple[Decimal, ...], tuple[Decimal, ...]]
    gains: tuple[tuple[Decimal, ...], tuple[Decimal, ...]]
    collectibles_rate: Decimal
    niit_rate: Decimal
    niit_threshold: Decimal
    year: int = 0
    figures_of: int = 0

    @property
    def is_provisional(self) -> bool:
        """Whether the bounds are those of an earlier year."""
        return self.figures_of != self.year


@dataclass(frozen=True, slots=True)
class GainsTax:
    """The federal tax that a year's gains add, and where each part was taxed.

    Attributes:
        ordinary: On short-term gains; negative when a loss reduces other income.
        collectibles: On collectibles.
        at_rates: Long-term gains (and qualified dividends) by the rate they fall under, lowest rate first.
        long: The tax on them: at these rates, or at the ordinary ones where all of it is cheaper there.
        niit: Net investment income tax.
        paid: On ordinary dividends and interest that the other income does not hold.
        distributed: On what was taken out of traditional retirement accounts, where it is counted.
        additional: What is due besides on the part that was taken out too early.
    """

    ordinary: Decimal
    collectibles: Decimal
    at_rates: tuple[tuple[Decimal, Decimal], ...]
    long: Decimal
    niit: Decimal
    paid: Decimal = ZERO
    distributed: Decimal = ZERO
    additional: Decimal = ZERO

    @property
    def total(self) -> Decimal:
        """All parts together."""
        gains = _sum(self.ordinary, self.collectibles, self.long, self.niit, self.paid)
        return _sum(gains, self.distributed, self.additional)


def schedule(
    figures: Mapping[str, Any],
    year: int,
    filing: str,
    *,
    ordinary: Sequence[Decimal] | None = None,
    gains: Sequence[Decimal] | None = None,
) -> Schedule:
    """Read the figures of a year.

    A year later than all that are known takes the bounds of the last one, which are a little too low since
    they are raised for prices every year; `is_provisional` says so.

    Args:
        figures: As the data file has them.
        year: Tax year.
        filing: One of `FILINGS`.
        ordinary, gains: The owner's own upper bounds of the brackets, instead of the file's.

    Raises:
        InputError: Unknown filing (`filing-unknown`).
        DataError: No figures for a year in the past (`tax-year-unknown`).
    """
    _known(filing)
    last = max(map(int, figures["years"]))
    known = min(year, last)
    rows = figures["years"].get(str(known))
    if rows is None:
        raise DataError(
            "tax-year-unknown",
            say("no US brackets for {year}", year=year),
            say(
                "ask for one of {figures}, or add the year to the tax data",
                figures=", ".join(sorted(figures["years"])),
            ),
        )
    return Schedule(
        ordinary=(tuple(ordinary or _numbers(rows["ordinary"][filing])), _numbers(figures["ordinary_rates"])),
        gains=(tuple(gains or _numbers(rows["gains"][filing])), _numbers(figures["gain_rates"])),
        collectibles_rate=Decimal(figures["collectibles_rate"]),
        niit_rate=Decimal(figures["niit_rate"]),
        niit_threshold=Decimal(figures["niit_threshold"][filing]),
        year=year,
        figures_of=year if ordinary and gains else known,
    )


def loss_limit(figures: Mapping[str, Any], filing: str) -> Decimal:
    """Return how much net loss may reduce other income in a year.

    Source: 26 U.S.C. 1211(b).
    """
    _known(filing)
    return Decimal(figures["loss_limit"][filing])


def _known(filing: str) -> None:
    if filing not in FILINGS:
        raise InputError(
            "filing-unknown",
            say("{filing!r} is not a filing status", filing=filing),
            say("use {filings}", filings=", ".join(FILINGS)),
        )


def _numbers(values: Sequence[Any]) -> tuple[Decimal, ...]:
    return tuple(Decimal(x) for x in values)


def long_term_from(held_from: date) -> date:
    """Return the first day a sale is long-term: a year after the day that follows the purchase.

    >>> long_term_from(date(2023, 3, 1)), long_term_from(date(2024, 2, 28))
    (datetime.date(2024, 3, 2), datetime.date(2025, 3, 1))

    Source: 26 U.S.C. 1222; Rev. Rul. 66-7.
    """
    first = held_from + timedelta(1)
    if (first.month, first.day) == (2, 29):
        return date(first.year + 1, 3, 1)
    return first.replace(year=first.year + 1)


def term(held_from: date, sold_on: date) -> str:
    """Return `long` when held for more than one year, else `short`."""
    return LONG if sold_on >= long_term_from(held_from) else SHORT


def long_rate(ordinary: Decimal) -> Decimal:
    """Return the long-term rate that goes with an ordinary marginal rate: 0, 15 or 20 %.

    The brackets of both do not end at the same income, so near an end this is an approximation.
    """
    if ordinary <= Decimal("0.12"):
        return ZERO
    return LONG_RATE if ordinary < Decimal("0.37") else Decimal("0.20")


def net(
    short: Decimal,
    long: Decimal,
    *,
    limit: Decimal,
    carry: Carry = NO_CARRY,
    collectibles: Decimal = ZERO,
    income: Decimal | None = None,
) -> Netting:
    """Net a year's gains and losses.

    Each character is netted for itself with what was carried in, then with the other. A net loss offsets
    other income up to the limit, short-term loss first; the rest keeps its character. What the offset finds
    no income to reduce is not used up: it is carried too.

    Args:
        short: Net short-term gain after wash sales, may be negative.
        long: Net long-term gain after wash sales, collectibles included, may be negative.
        limit: See `loss_limit`.
        carry: From the year before.
        collectibles: The part of `long` on collectibles, may be negative.
        income: Taxable income without the gains, qualified dividends included, below zero by what the
            deductions exceed it; None takes it to be at least the limit.

    Source: 26 U.S.C. 1211, 1212(b); Schedule D, Capital Loss Carryover and 28% Rate Gain Worksheets.
    """
    s, t = EXACT.subtract(short, carry.short), EXACT.subtract(long, carry.long)
    total = EXACT.add(s, t)
    if total < ZERO:
        loss = EXACT.minus(total)
        offset = min(limit, loss)
        short_loss = ZERO if s >= ZERO else EXACT.minus(s) if t < ZERO else loss
        long_loss = EXACT.subtract(loss, short_loss)
        used = offset if income is None else min(offset, max(income, ZERO))
        from_short = min(used, short_loss)
        left = Carry(
            EXACT.subtract(short_loss, from_short),
            EXACT.subtract(long_loss, EXACT.subtract(used, from_short)),
        )
        return Netting(ZERO, ZERO, ZERO, offset, left)
    gain = min(t, total) if t > ZERO else ZERO
    metal = EXACT.subtract(EXACT.add(collectibles, min(s, ZERO)), carry.long)
    return Netting(EXACT.subtract(total, gain), gain, min(max(metal, ZERO), gain), ZERO, NO_CARRY)


def gains_tax(
    rates: Schedule,
    netting: Netting,
    *,
    income: Decimal = ZERO,
    qualified: Decimal = ZERO,
    magi: Decimal | None = None,
    investment_income: Decimal | None = None,
) -> GainsTax:
    """Return the tax that gains add to a return.

    Args:
        rates: Of the year and the filing.
        netting: See `net`.
        income: Taxable income without the gains and without qualified dividends; below zero by what the
            deductions exceed the income, which gains then use up before anything is taxed.
        qualified: Qualified dividends, >= 0.
        magi: Modified adjusted gross income with the gains; None takes income, gains and qualified
            dividends, which is too low by the deductions.
        investment_income: Net investment income with the gains; None takes gains and qualified dividends.

    Source: 26 U.S.C. 1(h), 1(j)(5), 1411; Schedule D Tax Worksheet.
    """
    base = EXACT.subtract(EXACT.add(income, netting.short), netting.ordinary_offset)
    base = max(min(ZERO, income), base)
    bounds, ordinary = rates.ordinary
    if base >= income:
        on_short = _between(bounds, ordinary, income, base)
    else:
        on_short = EXACT.minus(_between(bounds, ordinary, base, income))
    top = EXACT.add(base, netting.collectibles)
    capped = tuple(min(rate, rates.collectibles_rate) for rate in ordinary)
    metal = _between(bounds, capped, base, top)
    preferred = EXACT.subtract(EXACT.add(netting.long, qualified), netting.collectibles)
    at_rates = _stacked(rates, base, top, preferred)
    # 1(h)(1) "shall not exceed": where all of it is cheaper at the ordinary rates, these are paid.
    ordinary_on_all = _between(bounds, ordinary, base, EXACT.add(top, preferred))
    on_long = min(_tax(at_rates), EXACT.subtract(ordinary_on_all, metal))
    gains = _sum(netting.short, netting.long, qualified)
    over = EXACT.subtract(
        magi if magi is not None else EXACT.subtract(EXACT.add(income, gains), netting.ordinary_offset),
        rates.niit_threshold,
    )
    taxed = min(investment_income if investment_income is not None else gains, over)
    return GainsTax(
        ordinary=on_short,
        collectibles=metal,
        at_rates=at_rates,
        long=on_long,
        niit=EXACT.multiply(rates.niit_rate, max(ZERO, taxed)),
    )


def ordinary_tax(rates: Schedule, low: Decimal, high: Decimal) -> Decimal:
    """Return the tax at ordinary rates on the part of an income between two amounts."""
    return _between(*rates.ordinary, low, high)


def _stacked(
    rates: Schedule, base: Decimal, top: Decimal, preferred: Decimal
) -> tuple[tuple[Decimal, Decimal], ...]:
    """Return what of long-term gains falls under each rate.

    Gains on collectibles fill the bracket at 0 % before other gains do, but not the one at 15 %: beyond what
    is taxed at less than 25 %, they lie on top of everything.

    Args:
        rates: Of the year and the filing.
        base: Income below the gains.
        top: The same with gains on collectibles.
        preferred: Other long-term gains and qualified dividends.

    Source: 26 U.S.C. 1(h)(1)(A) to (D), 1(j)(5); Schedule D Tax Worksheet, lines 14 to 34.
    """
    (zero_top, second_top), (zero, second, third) = rates.gains
    below_25 = max(bound for bound, rate in zip(*rates.ordinary, strict=False) if rate < Decimal("0.25"))
    taxable = max(ZERO, EXACT.add(top, preferred))
    base, top, preferred = max(base, ZERO), max(top, ZERO), min(preferred, taxable)
    floor = max(base, min(top, below_25))
    free = max(ZERO, EXACT.subtract(min(taxable, zero_top), top))
    left = EXACT.subtract(preferred, free)
    room = EXACT.subtract(min(taxable, second_top), EXACT.add(floor, free))
    middle = min(left, max(ZERO, room))
    return (zero, free), (second, middle), (third, EXACT.subtract(left, middle))


def qualified_days(bought: date, sold_on: date | None, ex_date: date) -> int:
    """Count the days a share was held in the 121 round the ex-dividend date.

    The day of sale counts, the day of purchase does not; the window opens 60 days before that date.

    Source: 26 U.S.C. 1(h)(11)(B)(iii); IRS Pub. 550, Qualified Dividends, whose Example 2 prints 63 where
    this rule gives 64.
    """
    first = max(bought + timedelta(1), ex_date - timedelta(60))
    last = min(sold_on or date.max, ex_date + timedelta(60))
    return max(0, (last - first).days + 1)


def is_qualified(bought: date, sold_on: date | None, ex_date: date) -> bool:
    """Say whether the holding period makes a dividend qualified: more than 60 days."""
    return qualified_days(bought, sold_on, ex_date) > 60


def _between(bounds: Sequence[Decimal], rates: Sequence[Decimal], low: Decimal, high: Decimal) -> Decimal:
    """Return the tax on what of an interval of income lies above zero, cut at the bounds of the rates."""
    found, low = ZERO, max(low, ZERO)
    for bound, rate in zip((*bounds, high), rates, strict=True):
        if high <= low:
            break
        if bound > low:
            end = min(bound, high)
            found = EXACT.add(found, EXACT.multiply(rate, EXACT.subtract(end, low)))
            low = end
    return found


def _tax(slices: Sequence[tuple[Decimal, Decimal]]) -> Decimal:
    return _sum(*(EXACT.multiply(rate, amount) for rate, amount in slices))


def _sum(*values: Decimal) -> Decimal:
    result = ZERO
    for value in values:
        result = EXACT.add(result, value)
    return result
