"""What a Korean payer withholds: from a sale of a KRX-listed ETF, a distribution, a foreign dividend.

All of it is dividend income. Nothing is netted: each payment, and each day's sales of one ETF in one
account, stands alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from steelyard.domain.money import EXACT, ZERO
from steelyard.domain.tax.korea.rates import TaxRates, whole_won


@dataclass(frozen=True, slots=True)
class Withheld:
    """Tax taken from one payment, in won.

    Attributes:
        base: What is taxed, whole won, >= 0.
        national, local: What is collected.
        waived: There was tax, but too little to be collected.
    """

    base: Decimal
    national: Decimal
    local: Decimal
    waived: bool

    @property
    def total(self) -> Decimal:
        """National and local tax."""
        return EXACT.add(self.national, self.local)


@dataclass(frozen=True, slots=True)
class Base:
    """What is taxed of a sale or a distribution; an upper bound where no tax base price is known.

    Attributes:
        amount: Won, >= 0.
        upper_bound: See above.
        result: Of a sale the same with its sign: a loss counts inside an ISA.
    """

    amount: Decimal
    upper_bound: bool
    result: Decimal = ZERO


def withhold(base: Decimal, rates: TaxRates, *, foreign_tax: Decimal = ZERO) -> Withheld:
    """Return what is withheld from a payment.

    National tax is a fraction of the base less the foreign tax, at least nothing, cut to the won; under
    1,000 won it is not collected. Local tax is a tenth of what is collected.

    Args:
        base: Won, cut to whole ones; a negative base is none.
        rates: Of the year of payment.
        foreign_tax: Tax already taken abroad, won, >= 0.

    Source: rules kr.withholding, kr.small-amount, kr.foreign-dividend.
    """
    base = whole_won(max(base, ZERO))
    gross = EXACT.multiply(base, rates["withholding.national"])
    due = whole_won(max(EXACT.subtract(gross, foreign_tax), ZERO))
    waived = ZERO < due < rates["withholding.waived_below"]
    national = ZERO if waived else due
    local = whole_won(EXACT.multiply(national, rates["withholding.local_part"]))
    return Withheld(base, national, local, waived)


def sale_base(actual_gain: Decimal, tax_base_gain: Decimal | None, untaxed: Decimal = ZERO) -> Base:
    """Return what is taxed when units of an ETF of the class `krx_other` are sold.

    Args:
        actual_gain: Proceeds less cost of all units of the day, won.
        tax_base_gain: Rise of their tax base price, won; None when it is not known for all of them.
        untaxed: What earlier distributions on these units paid beyond what was taxed, won.

    Source: rules kr.krx-other-base, kr.same-day-unit, kr.upper-bound.
    """
    lesser = actual_gain if tax_base_gain is None else min(actual_gain, tax_base_gain)
    result = EXACT.add(lesser, untaxed)
    return Base(max(result, ZERO), tax_base_gain is None, result)


def distribution_base(distribution: Decimal, rise: Decimal | None) -> Base:
    """Return what is taxed of a distribution of a KRX-listed ETF.

    Args:
        distribution: Won, >= 0.
        rise: Of the tax base price on these units since purchase or the last distribution, won; None when
            it is not known, and then all of it is taxed.

    Source: rules kr.distribution-base, kr.upper-bound.
    """
    if rise is None:
        return Base(distribution, upper_bound=True)
    return Base(min(distribution, max(rise, ZERO)), upper_bound=False)
