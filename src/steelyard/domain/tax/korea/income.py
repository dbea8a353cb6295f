"""Korean tax on a person's whole financial income: the 20,000,000 won meter and what follows above it."""

from __future__ import annotations

from decimal import Decimal

from steelyard.domain.money import EXACT, ZERO
from steelyard.domain.tax.korea.rates import TaxRates, tens_of_won, whole_won
from steelyard.records import dataclass


@dataclass(frozen=True, slots=True)
class Abroad:
    """What a year's financial income has to do with tax abroad, and what was withheld of it here, in won.

    Attributes:
        income, tax: Foreign dividends, and the tax withheld of them abroad.
        fund_credit: Credits that payers gave for what funds paid abroad.
        withheld: National tax that was really withheld here; None takes the flat rate on all of it.
        withheld_local: Local tax likewise.
        other_income: All other comprehensive income before its deductions (종합소득금액); None takes the
        base.
    """

    income: Decimal = ZERO
    tax: Decimal = ZERO
    fund_credit: Decimal = ZERO
    withheld: Decimal | None = None
    withheld_local: Decimal = ZERO
    other_income: Decimal | None = None


NOTHING_ABROAD = Abroad()


@dataclass(frozen=True, slots=True)
class IncomeTax:
    """National income tax on financial and other income, in won.

    Attributes:
        over: The financial income exceeds the threshold and is taxed comprehensively.
        method1: Progressive on the excess and other income, plus the flat rate on the threshold.
        method2: Flat rate on all financial income, plus progressive on other income.
        income_tax: The greater one above the threshold, else method2; before credits.
        local_tax: A tenth of it.
        foreign_credit: Of tax withheld abroad, as far as its limit goes.
        carried: Tax withheld abroad beyond the limit, which may be credited in the next ten years.
        fund_credit: Of what funds paid abroad, times the coefficient of the income.
        extra: National tax beyond what is withheld and what other income alone bears; below zero paid back.
        extra_local: Local tax likewise.
    """

    over: bool
    method1: Decimal
    method2: Decimal
    income_tax: Decimal
    local_tax: Decimal
    foreign_credit: Decimal
    carried: Decimal
    fund_credit: Decimal
    extra: Decimal
    extra_local: Decimal


def over_threshold(financial_income: Decimal, rates: TaxRates) -> bool:
    """Say whether financial income leaves the withholding behind: MORE than 20,000,000 won does."""
    return financial_income > rates["financial_income.threshold"]


def income_tax(
    financial_income: Decimal, other_base: Decimal, rates: TaxRates, abroad: Abroad = NOTHING_ABROAD
) -> IncomeTax:
    """Return the income tax under both formulas, with the credits for tax paid abroad.

    Tax withheld abroad is credited up to the part of the tax that foreign income has in all income; what
    funds paid abroad is credited again as the payers did, times a coefficient that falls with the income.

    Args:
        financial_income: Interest and dividends of the year before tax, won, >= 0.
        other_base: Tax base of all other comprehensive income, after its deductions, won, >= 0.
        rates: Of the year.
        abroad: Foreign dividends and what was withheld.

    Source: rules kr.financial-income, kr.comprehensive, kr.foreign-tax-credit, kr.fund-comprehensive-credit.
    """
    flat = rates["withholding.national"]
    threshold = rates["financial_income.threshold"]
    excess = max(EXACT.subtract(financial_income, threshold), ZERO)
    below = min(financial_income, threshold)
    alone = rates.progressive("income", other_base)
    method1 = EXACT.add(
        rates.progressive("income", EXACT.add(excess, other_base)), whole_won(EXACT.multiply(below, flat))
    )
    method2 = EXACT.add(whole_won(EXACT.multiply(financial_income, flat)), alone)
    over = over_threshold(financial_income, rates)
    tax = max(method1, method2) if over else method2
    local = tens_of_won(EXACT.multiply(tax, rates["income.local_part"]))
    credit = _foreign_credit(tax, financial_income, other_base, abroad) if over else ZERO
    of_funds = _fund_credit(EXACT.add(excess, other_base), abroad.fund_credit, rates) if over else ZERO
    withheld = EXACT.subtract(method2, alone) if abroad.withheld is None else abroad.withheld
    part = rates["income.local_part"]
    withheld_local = EXACT.multiply(withheld, part) if abroad.withheld is None else abroad.withheld_local
    left = max(EXACT.subtract(EXACT.subtract(tax, credit), of_funds), ZERO)
    of_income = EXACT.subtract(left, alone)
    extra = extra_local = ZERO
    if over:
        extra = tens_of_won(EXACT.subtract(of_income, withheld))
        extra_local = tens_of_won(EXACT.subtract(EXACT.multiply(of_income, part), withheld_local))
    carried = EXACT.subtract(abroad.tax, credit) if over else ZERO
    return IncomeTax(over, method1, method2, tax, local, credit, carried, of_funds, extra, extra_local)


def _foreign_credit(tax: Decimal, financial: Decimal, other_base: Decimal, abroad: Abroad) -> Decimal:
    """Return the credit for tax withheld abroad, at most tax x foreign income / all income.

    Source: ITA 57(1); rule kr.foreign-tax-credit.
    """
    other = other_base if abroad.other_income is None else abroad.other_income
    income = EXACT.add(financial, other)
    if not abroad.income or income <= ZERO:
        return ZERO
    limit = EXACT.divide(EXACT.multiply(tax, abroad.income), income)
    return whole_won(min(abroad.tax, limit))


def _fund_credit(measure: Decimal, credit: Decimal, rates: TaxRates) -> Decimal:
    """Return the fund credits of the year times the coefficient of the base less the threshold.

    Source: Decree 117-2(3) to (5); rule kr.fund-comprehensive-credit.
    """
    if not credit:
        return ZERO
    # The scale holds from above each amount: exactly 14,000,000 has still the first coefficient.
    steps = [b for b in rates.brackets["fund_credit.adjustment"] if b.above < measure or not b.above]
    return whole_won(EXACT.multiply(credit, steps[-1].rate))


@dataclass(frozen=True, slots=True)
class DividendTax:
    """National and local tax on dividends that are taxed apart, in won."""

    national: Decimal
    local: Decimal


def high_dividend_tax(dividends: Decimal, rates: TaxRates) -> DividendTax:
    """Return the separate tax on dividends of qualifying high-dividend companies held directly.

    Distributions of ETFs and other funds are not eligible, whatever they hold: `withhold` is theirs.

    Args:
        dividends: Of the year, won, >= 0.
        rates: Of a year from 2026 to 2029, in which the dividends of the last business year are paid.

    Source: rule kr.high-dividend.
    """
    national = tens_of_won(rates.progressive("high_dividend", dividends))
    return DividendTax(national, tens_of_won(EXACT.multiply(national, rates["high_dividend.local_part"])))
