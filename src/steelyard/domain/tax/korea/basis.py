"""Which Korean rule each figure of a year rests on."""

from __future__ import annotations

from steelyard.domain.tax.basis import together
from steelyard.domain.tax.country import Disposal
from steelyard.domain.tax.korea.gifts import CARRIED_OVER
from steelyard.domain.tax.korea.payments import ABROAD_UNKNOWN, UPPER_BOUND
from steelyard.records import replace

_NET = (
    "kr.overseas-netting",
    "kr.overseas-rate-of-exchange",
    "kr.overseas-settlement",
    "kr.overseas-method",
)
_WITHHELD = ("kr.withholding", "kr.small-amount", "kr.fund-foreign-tax", "kr.ten-won")
_DIVIDENDS = (*_WITHHELD, "kr.foreign-dividend")

FIGURES = {
    "overseas_listed": ("kr.overseas-rate", "kr.ten-won"),
    "overseas_listed.net_gain": _NET,
    "overseas_listed.deduction": ("kr.overseas-deduction",),
    "overseas_listed.taxable": ("kr.overseas-netting", "kr.overseas-deduction"),
    "overseas_listed.still_free": ("kr.overseas-deduction",),
    "overseas_listed.gain_room": ("kr.overseas-deduction", "kr.overseas-netting"),
    "overseas_listed.repatriation_deduction": ("kr.repatriation",),
    "overseas_listed.last_trade_day": ("kr.overseas-settlement",),
    "overseas_listed.last_trade_day_confirmed": ("kr.overseas-settlement",),
    "krx_other": _WITHHELD,
    "krx_other.taxable": ("kr.krx-other-base", "kr.same-day-unit"),
    "krx_other.fund_credit": ("kr.fund-foreign-tax",),
    "krx_other.upper_bound": ("kr.upper-bound", "kr.fund-foreign-tax"),
    "krx_domestic_equity": ("kr.domestic-equity-gain",),
    "dividends": _DIVIDENDS,
    "dividends.gross": ("kr.financial-income",),
    "dividends.taxable": ("kr.distribution-base", "kr.foreign-dividend"),
    "dividends.foreign_tax": ("kr.foreign-dividend",),
    "dividends.fund_credit": ("kr.fund-foreign-tax",),
    "dividends.upper_bound": ("kr.upper-bound", "kr.fund-foreign-tax"),
    "financial_income": ("kr.comprehensive",),
    "financial_income.total": ("kr.financial-income",),
    "financial_income.threshold": ("kr.financial-income",),
    "financial_income.over": ("kr.financial-income",),
    "overseas_listed.domestic_gain": ("kr.domestic-shares",),
    "overseas_listed.hedging_deduction": ("kr.hedging",),
    "financial_income.foreign_tax_credit": ("kr.foreign-tax-credit",),
    "financial_income.foreign_tax_carried": ("kr.foreign-tax-credit",),
    "financial_income.fund_credit_counted": ("kr.fund-comprehensive-credit",),
    "financial_income.extra_national_tax": (
        "kr.comprehensive",
        "kr.foreign-tax-credit",
        "kr.fund-comprehensive-credit",
        "kr.ten-won",
    ),
    "financial_income.extra_local_tax": ("kr.comprehensive", "kr.foreign-tax-credit", "kr.ten-won"),
    "high_dividends": ("kr.high-dividend",),
    "repatriation": ("kr.repatriation",),
    "repatriation.paid_back": ("kr.repatriation-paid-back",),
    "repatriation.paid_back_interest": ("kr.repatriation-interest",),
    "repatriation.paid_back_local": ("kr.repatriation-local",),
    "isa": ("kr.isa",),
    "isa.tax_if_closed": ("kr.isa", "kr.isa-early", "kr.ten-won"),
    "isa.ended_on": ("kr.isa-early",),
    "pension.fund_credit_waiting": ("kr.pension-foreign-tax",),
    "pension": ("kr.pension-credit", "kr.pension-transfer"),
    "pension.savings_paid": ("kr.pension-contribution",),
    "pension.irp_paid": ("kr.pension-contribution",),
    "pension.room": ("kr.pension-contribution",),
}
"""Rule ids by section and figure, as `basis_of` looks them up."""

TOTAL = together(("kr.overseas-rate",), _DIVIDENDS, ("kr.financial-income", "kr.comprehensive"))
"""What the tax of the year adds up."""

LOTS = ("kr.overseas-method", "kr.krx-other-base")
"""Which lots are left, and at what cost."""

_CLASSES = {
    "overseas_listed": ("kr.overseas-method", "kr.overseas-rate-of-exchange", "kr.overseas-settlement"),
    "krx_other": ("kr.krx-other-base", "kr.same-day-unit", *_WITHHELD),
    "krx_domestic_equity": ("kr.domestic-equity-gain",),
    "krx_taxable_shares": ("kr.domestic-shares", "kr.overseas-netting", "kr.overseas-method"),
}


def with_rules(disposal: Disposal) -> Disposal:
    """Return a sale with the ids of the rules that its figures rest on."""
    more: dict[str, str] = {
        CARRIED_OVER: "kr.gift-basis",
        UPPER_BOUND: "kr.upper-bound",
        ABROAD_UNKNOWN: "kr.fund-foreign-tax",
    }
    noted = [more[note] for note in disposal.notes if note in more]
    return replace(disposal, rules=together(_CLASSES[disposal.tax_class], noted))
