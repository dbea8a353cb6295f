"""A second implementation of a US return's tax on gains, line by line after the instructions' worksheets.

Written from the Schedule D instructions (28% Rate Gain, Capital Loss Carryover and Schedule D Tax
Worksheets) and section 1411, not from the engine: plain fractions, one name a line of the form.
"""

from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True)
class Figures:
    """Bounds and rates of one year and filing status; `below_25` is the top of the 24 % bracket."""

    ordinary: tuple[tuple[Fraction, ...], tuple[Fraction, ...]]
    zero_top: Fraction
    fifteen_top: Fraction
    below_25: Fraction
    niit_over: Fraction
    limit: Fraction


@dataclass(frozen=True)
class Year:
    """What stands on the return; losses carried in are above zero."""

    short: Fraction
    long: Fraction
    metal: Fraction
    carry_short: Fraction
    carry_long: Fraction
    qualified: Fraction
    other: Fraction


def on_ordinary(figures, income):
    bounds, rates = figures.ordinary
    tax, low = Fraction(0), Fraction(0)
    for bound, rate in zip((*bounds, None), rates, strict=True):
        high = income if bound is None else min(income, bound)
        tax += rate * max(high - low, 0)
        low = low if bound is None else bound
    return tax


def form(year):
    """Schedule D lines 7, 15, 16, 18 and 21."""
    line7 = year.short - year.carry_short
    line15 = year.long - year.carry_long
    line16 = line7 + line15
    # 28% Rate Gain Worksheet: lines 1 to 4 are the metal, 5 the long-term carryover, 6 a short-term loss.
    line18 = (
        max(year.metal - year.carry_long + min(line7, 0), 0) if line15 > 0 and line16 > 0 else Fraction(0)
    )
    return line7, line15, line16, line18


def tax_with(figures, year):
    """Form 1040 line 16 and Form 8960 line 17."""
    _, line15, line16, line18 = form(year)
    counted = line16 if line16 >= 0 else -min(figures.limit, -line16)
    l1 = max(year.other + year.qualified + counted, 0)
    net_capital = max(min(line15, line16), 0)
    l6 = year.qualified
    l9 = net_capital
    l10 = l6 + l9
    l12 = min(l9, line18)
    l13 = l10 - l12
    l14 = max(l1 - l13, 0)
    l16 = min(l1, figures.zero_top)
    l17 = min(l14, l16)
    l18 = max(l1 - l10, 0)
    l19 = min(l1, figures.below_25)
    l20 = min(l14, l19)
    l21 = max(l18, l20)
    l22 = l16 - l17
    l23 = min(l1, l13)
    l25 = max(l23 - l22, 0)
    l27 = min(l1, figures.fifteen_top)
    l29 = max(l27 - (l21 + l22), 0)
    l30 = min(l25, l29)
    l33 = l23 - (l22 + l30)
    l41 = l21 + l22 + l30 + l33
    l42 = l1 - l41
    l45 = (
        on_ordinary(figures, l21)
        + Fraction(15, 100) * l30
        + Fraction(20, 100) * max(l33, 0)
        + Fraction(28, 100) * max(l42, 0)
    )
    income_tax = min(l45, on_ordinary(figures, l1))
    gains = max(line16, 0) + year.qualified
    magi = year.other + year.qualified + counted
    niit = Fraction(38, 1000) * max(min(gains, magi - figures.niit_over), 0)
    return income_tax, niit


def added(figures, year):
    """What gains, losses and qualified dividends add to the tax of the other income."""
    without, _ = tax_with(figures, Year(*[Fraction(0)] * 6, other=year.other))
    with_them, niit = tax_with(figures, year)
    return with_them - without + niit


def carryover(figures, year):
    """Capital Loss Carryover Worksheet: (short, long) left for the next year."""
    line7, line15, line16, _ = form(year)
    if line16 >= 0:
        return Fraction(0), Fraction(0)
    line21 = min(figures.limit, -line16)
    l1 = year.other + year.qualified - line21
    l3 = max(l1 + line21, 0)
    l4 = min(line21, l3)
    short = long = Fraction(0)
    l5 = Fraction(0)
    if line7 < 0:
        l5 = -line7
        short = max(l5 - (l4 + max(line15, 0)), 0)
    if line15 < 0:
        l12 = max(l4 - l5, 0)
        long = max(-line15 - (max(line7, 0) + l12), 0)
    return short, long
