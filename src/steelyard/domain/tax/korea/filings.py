"""The Korean returns that are due after a year, and within it for taxable Korean shares."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal

from steelyard.domain.money import EXACT, ZERO
from steelyard.domain.tax.country import Filing
from steelyard.domain.tax.korea.ledger import KoreanLedger, share_gains
from steelyard.domain.tax.korea.overseas import OverseasTax, overseas_tax
from steelyard.domain.tax.korea.rates import TaxRates
from steelyard.domain.tax.korea.repatriation import PaidBack


def filings(
    ledger: KoreanLedger,
    overseas: OverseasTax,
    financial: Mapping[str, object],
    extra: Decimal,
    paid_back: PaidBack | None,
    rates: TaxRates,
) -> tuple[Filing, ...]:
    """Return what is to be filed for a year, in the order of the first day.

    Source: rules kr.overseas-filing, kr.domestic-shares-filing, kr.financial-income,
    kr.repatriation-paid-back.
    """
    year = rates.year
    opens, due = date(year + 1, 5, 1), date(year + 1, 5, 31)
    found: list[Filing] = list(_half_years(ledger, rates))
    if ledger.overseas or ledger.shares:
        found.append(Filing("overseas_listed", opens, due, overseas.tax, "kr.overseas-filing"))
    if financial["over"]:
        found.append(Filing("comprehensive_income", opens, due, extra, "kr.financial-income"))
    if paid_back is not None:
        national = EXACT.add(paid_back.tax, paid_back.interest)
        for what, amount, rule in (
            ("repatriation_paid_back", national, "kr.repatriation-paid-back"),
            ("repatriation_paid_back_local", paid_back.local, "kr.repatriation-local"),
        ):
            found.append(Filing(what, paid_back.withdrawn_on, paid_back.due, amount, rule))
    return tuple(found)


def _half_years(ledger: KoreanLedger, rates: TaxRates) -> Sequence[Filing]:
    """The interim returns for taxable Korean shares: two months after the half-year, each with its own tax.

    Source: ITA 105(1)2; the second counts what the first deducted already (ITA 107(2)).
    """
    result: list[Filing] = []
    paid = ZERO
    for last in (6, 12):
        sold = [d for d in ledger.shares if d.settles_on.month <= last]
        if not any(last - 5 <= d.settles_on.month <= last for d in ledger.shares):
            continue
        so_far = overseas_tax((), rates, shares=share_gains(sold)).tax
        opens = date(rates.year + last // 12, last % 12 + 1, 1)
        month = opens.month + 1
        due = date(opens.year, month, monthrange(opens.year, month)[1])
        amount = max(EXACT.subtract(so_far, paid), ZERO)
        paid = EXACT.add(paid, amount)
        result.append(Filing("domestic_shares", opens, due, amount, "kr.domestic-shares-filing"))
    return result
