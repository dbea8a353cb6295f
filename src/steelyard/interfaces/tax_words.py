"""The words for sections and figures of a year's tax, its classes and what is to be filed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from steelyard.words import join, say

FIGURES = {
    "overseas_listed": say("overseas listed"),
    "krx_other": say("KRX other"),
    "krx_domestic_equity": say("KRX domestic equity"),
    "dividends": say("dividends"),
    "financial_income": say("financial income"),
    "repatriation": say("repatriation"),
    "isa": say("ISA"),
    "pension": say("pension"),
    "net_gain": say("net gain"),
    "deduction": say("deduction"),
    "taxable": say("taxable"),
    "national_tax": say("national tax"),
    "local_tax": say("local tax"),
    "tax": say("tax"),
    "still_free": say("still free"),
    "overseas_gain": say("of it shares listed abroad"),
    "domestic_gain": say("of it taxable Korean shares"),
    "hedging_deduction": say("hedging deduction"),
    "foreign_tax_credit": say("foreign tax credit"),
    "foreign_tax_carried": say("foreign tax carried forward"),
    "fund_credit_counted": say("credit for tax abroad in funds, adjusted"),
    "fund_credit_waiting": say("credit for tax abroad in funds, waiting"),
    "tax_if_kept": say("tax if kept three years, on what was realised"),
    "ended_on": say("ended on"),
    "high_dividends": say("high dividends"),
    "income": say("income"),
    "gain_room": say("gain room"),
    "repatriation_deduction": say("repatriation deduction"),
    "last_trade_day": say("last trade day"),
    "last_trade_day_confirmed": say("last trade day confirmed"),
    "gross": say("gross"),
    "foreign_tax": say("foreign tax"),
    "fund_credit": say("credit for tax abroad in funds"),
    "upper_bound": say("upper bound"),
    "total": say("total"),
    "threshold": say("threshold of the year"),
    "over": say("over"),
    "income_tax": say("income tax"),
    "income_local_tax": say("income local tax"),
    "extra_national_tax": say("extra national tax"),
    "extra_local_tax": say("extra local tax"),
    "proceeds": say("proceeds"),
    "gain": say("realised"),
    "not_held_on_reference_day": say("not held on reference day"),
    "ratio": say("ratio"),
    "used": say("used"),
    "paid_back": say("paid back"),
    "paid_back_interest": say("paid back interest"),
    "paid_back_local": say("paid back local"),
    "savings_paid": say("savings paid"),
    "irp_paid": say("IRP paid"),
    "creditable": say("creditable"),
    "national_credit": say("national credit"),
    "local_credit": say("local credit"),
    "credit": say("credit"),
    "room": say("room"),
    "net_income": say("net income"),
    "exempt": say("exempt"),
    "tax_if_closed": say("tax if closed, on what was realised"),
    "exemption_from": say("exemption from"),
    "paid_in": say("paid in so far"),
    "short_term": say("short term"),
    "long_term": say("long term"),
    "collectibles": say("collectibles"),
    "disallowed": say("disallowed"),
    "disallowed_permanently": say("disallowed permanently"),
    "ordinary_offset": say("ordinary offset"),
    "carry_forward": say("carry forward"),
    "short": say("short"),
    "long": say("long"),
    "qualified": say("qualified"),
    "ordinary": say("ordinary"),
    "ex_date_unknown": say("ex date unknown"),
    "long_term_by_rate": say("long term by rate"),
    "net_investment_income_tax": say("net investment income tax"),
    "carried_in": say("loss carried in"),
    "interest": say("interest"),
    "dividends_and_interest": say("on ordinary dividends and interest"),
    "distributions": say("taken out of retirement accounts"),
    "early_distributions": say("more, as taken out before 59 1/2"),
    "method1": say("tax by brackets on the excess"),
    "method2": say("tax at 14 % on all of it"),
    "listed": say("listed shares and funds"),
    "carried_used": say("loss carried in and used"),
}
"""Words by the key of a section or a figure."""

TAX_CLASSES = {
    "overseas_listed": say("listed abroad"),
    "krx_other": say("KRX other"),
    "krx_domestic_equity": say("KRX domestic equity"),
    "krx_taxable_shares": say("KRX taxable shares"),
    "short": say("short"),
    "long": say("long"),
}

FILINGS = {
    "overseas_listed": say("yearly return on gains of shares"),
    "domestic_shares": say("half-year return on taxable Korean shares"),
    "comprehensive_income": say("comprehensive income return"),
    "repatriation_paid_back": say("repatriation deduction to pay back"),
    "repatriation_paid_back_local": say("local tax on the repatriation deduction to pay back"),
}


COUNTRIES = {"KR": say("Korea"), "US": say("United States"), "JP": say("Japan")}

_HOMETAX = say("Hometax (hometax.go.kr), local tax at Wetax (wetax.go.kr)")
FILING_PLACES = {
    "overseas_listed": _HOMETAX,
    "domestic_shares": _HOMETAX,
    "comprehensive_income": _HOMETAX,
    "repatriation_paid_back": say("Hometax (hometax.go.kr)"),
    "repatriation_paid_back_local": say("Wetax (wetax.go.kr)"),
    "Form 8949 and Schedule D": say("with Form 1040, at irs.gov"),
    "final income tax return": say("e-Tax (e-tax.nta.go.jp)"),
}
"""Where a return is filed."""


def rows_of(part: object) -> Iterator[tuple[tuple[str, ...], str, object]]:
    """Return path, label and figure of each line of a section; a figure by rate becomes a line a rate."""
    if not isinstance(part, Mapping):
        yield (), "", part
        return
    for key, value in part.items():
        if isinstance(value, Mapping):
            yield from (
                ((key, inner), join(" ", (word_of(key), word_of(inner))), x) for inner, x in value.items()
            )
        else:
            yield (key,), word_of(key), value


def word_of(key: str) -> str:
    """Return the word for a section or a figure of the year's tax."""
    return FIGURES.get(key) or key.replace("_", " ").replace("krx", "KRX")
