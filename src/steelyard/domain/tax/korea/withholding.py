"""What a Korean payer withholds: from a sale of a KRX-listed ETF, a distribution, a foreign dividend.

All of it is dividend income. Nothing is netted: each payment, and each day's sales of one ETF in one
account, stands alone.
"""

from __future__ import annotations

from decimal import Decimal

from steelyard.domain.money import EXACT, ONE, ZERO
from steelyard.domain.tax.korea.rates import TaxRates, tens_of_won, whole_won
from steelyard.records import dataclass, field

_CREDIT_YEARS = 10


@dataclass(frozen=True, slots=True)
class Withheld:
    """Tax taken from one payment, in won.

    Attributes:
        base: What is taxed, whole won, >= 0.
        national, local: What is collected.
        waived: There was tax, but too little to be collected.
        credit: What a fund's tax abroad took off the national tax.
    """

    base: Decimal
    national: Decimal
    local: Decimal
    waived: bool
    credit: Decimal = ZERO

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


def withhold(
    base: Decimal, rates: TaxRates, *, foreign_tax: Decimal = ZERO, credit: Decimal = ZERO
) -> Withheld:
    """Return what is withheld from a payment.

    National tax is a fraction of the base less the foreign tax and the fund's credit, at least nothing; under
    1,000 won it is not collected. Local tax is a tenth of what is collected. Both are cut to tens of won.

    Args:
        base: Won, cut to whole ones; a negative base is none.
        rates: Of the year of payment.
        foreign_tax: Tax already taken abroad, won, >= 0.
        credit: Of a fund's tax abroad; see `fund_credit`.

    Source: rules kr.withholding, kr.small-amount, kr.foreign-dividend, kr.fund-foreign-tax, kr.ten-won.
    """
    base = whole_won(max(base, ZERO))
    gross = EXACT.multiply(base, rates["withholding.national"])
    due = whole_won(max(EXACT.subtract(EXACT.subtract(gross, foreign_tax), credit), ZERO))
    waived = ZERO < due < rates["withholding.waived_below"]
    national = ZERO if waived else tens_of_won(due)
    local = tens_of_won(EXACT.multiply(national, rates["withholding.local_part"]))
    return Withheld(base, national, local, waived, credit)


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


@dataclass(slots=True)
class FundCredits:
    """What a fund paid abroad on one holding's income, as far as no payment has used it yet.

    Each payment may use up to 14 % of its own income; the rest waits for later payments of the same fund,
    until the end of the tenth year. What is left when the last share is sold is lost.

    Source: rule kr.fund-foreign-tax.
    """

    waiting: list[tuple[int, Decimal]] = field(default_factory=list)

    def use(
        self, base: Decimal, rates: TaxRates, *, paid: Decimal, rate: Decimal | None, sold_out: bool = False
    ) -> Decimal:
        """Return the credit of a payment, and keep what is beyond its limit.

        Args:
            base: Income of the payment, won.
            rates: Of the year of payment.
            paid: Abroad by the fund on this income, won.
            rate: At which it was taken; None counts the rate of the decree for an unknown one.
            sold_out: The payment is for the last shares.
        """
        if paid:
            self.waiting.append((rates.year, fund_credit(paid, rate, rates)))
        limit = EXACT.multiply(whole_won(max(base, ZERO)), rates["withholding.national"])
        used, left = ZERO, []
        for year, amount in self.waiting:
            if year + _CREDIT_YEARS < rates.year:
                continue
            part = min(amount, EXACT.subtract(limit, used))
            used = EXACT.add(used, part)
            if amount > part:
                left.append((year, EXACT.subtract(amount, part)))
        self.waiting = [] if sold_out else left
        return used


def fund_credit(paid: Decimal, rate: Decimal | None, rates: TaxRates) -> Decimal:
    """Return what tax paid abroad by a fund is worth against Korean withholding, before its limit.

    With a foreign rate above the Korean one k the factor is k / rate - k, else 1 - k: the income already
    stands after the foreign tax, so that income and tax together bear k.

    >>> from steelyard.domain.tax.korea.rates import TaxRates
    >>> figures = {"withholding.national": Decimal("0.14"), "fund_credit.unknown_rate": Decimal("0.14")}
    >>> fund_credit(Decimal(1_000_000), Decimal("0.10"), TaxRates(2025, figures, {}, {}))
    Decimal('860000.00')

    Source: rule kr.fund-foreign-tax.
    """
    korean = rates["withholding.national"]
    abroad = rates["fund_credit.unknown_rate"] if rate is None else rate
    if korean < abroad:
        return EXACT.multiply(paid, EXACT.subtract(EXACT.divide(korean, abroad), korean))
    return EXACT.multiply(paid, EXACT.subtract(ONE, korean))
