"""Korean tax on a person's whole financial income: the 20,000,000 won meter and what follows above it."""

from __future__ import annotations

from decimal import Decimal

from steelyard.domain.money import EXACT, ZERO
from steelyard.domain.tax.korea.rates import TaxRates, whole_won
from steelyard.records import dataclass


@dataclass(frozen=True, slots=True)
class IncomeTax:
    """National income tax on financial and other income, before credits, in won.

    Attributes:
        over: The financial income exceeds the threshold and is taxed comprehensively.
        method1: Progressive on the excess and other income, plus the flat rate on the threshold.
        method2: Flat rate on all financial income, plus progressive on other income.
        income_tax: The greater one above the threshold, else method2.
        local_tax: A tenth of it.
        extra: National tax beyond what is withheld.
        extra_local: Local tax beyond what is withheld.
    """

    over: bool
    method1: Decimal
    method2: Decimal
    income_tax: Decimal
    local_tax: Decimal
    extra: Decimal
    extra_local: Decimal


def over_threshold(financial_income: Decimal, rates: TaxRates) -> bool:
    """Say whether financial income leaves the withholding behind: MORE than 20,000,000 won does."""
    return financial_income > rates["financial_income.threshold"]


def income_tax(financial_income: Decimal, other_base: Decimal, rates: TaxRates) -> IncomeTax:
    """Return the income tax under both formulas.

    Args:
        financial_income: Interest and dividends of the year before tax, won, >= 0.
        other_base: Tax base of all other comprehensive income, after its deductions, won, >= 0.
        rates: Of the year.

    Source: rules kr.financial-income, kr.comprehensive.
    """
    flat = rates["withholding.national"]
    threshold = rates["financial_income.threshold"]
    excess = max(EXACT.subtract(financial_income, threshold), ZERO)
    below = min(financial_income, threshold)
    method1 = EXACT.add(
        rates.progressive("income", EXACT.add(excess, other_base)), whole_won(EXACT.multiply(below, flat))
    )
    method2 = EXACT.add(
        whole_won(EXACT.multiply(financial_income, flat)), rates.progressive("income", other_base)
    )
    over = over_threshold(financial_income, rates)
    tax = max(method1, method2) if over else method2
    local = whole_won(EXACT.multiply(tax, rates["income.local_part"]))
    withheld_local = whole_won(EXACT.multiply(method2, rates["income.local_part"]))
    return IncomeTax(
        over,
        method1,
        method2,
        tax,
        local,
        EXACT.subtract(tax, method2),
        EXACT.subtract(local, withheld_local),
    )


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
        rates: Of a year from 2026 to 2028.

    Source: rule kr.high-dividend.
    """
    national = rates.progressive("high_dividend", dividends)
    return DividendTax(national, whole_won(EXACT.multiply(national, rates["high_dividend.local_part"])))
