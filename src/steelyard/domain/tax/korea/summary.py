"""The sections of a Korean year, as the JSON names them."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from steelyard.domain.money import EXACT, ZERO, exact_sum
from steelyard.domain.tax.country import YearFacts
from steelyard.domain.tax.korea.income import Abroad, IncomeTax, high_dividend_tax, income_tax, over_threshold
from steelyard.domain.tax.korea.ledger import KoreanLedger
from steelyard.domain.tax.korea.overseas import OverseasTax
from steelyard.domain.tax.korea.rates import TaxRates, tens_of_won, without_dust
from steelyard.domain.tax.korea.repatriation import PaidBack, RepatriationYear
from steelyard.domain.tax.korea.settings import isa_type, won
from steelyard.domain.tax.korea.settlement import last_trade_day
from steelyard.domain.tax.korea.sheltered import IsaAccount, PensionYear, isa_accounts, pension_year
from steelyard.records import dataclass


def overseas_section(overseas: OverseasTax, facts: YearFacts) -> dict[str, object]:
    """The yearly tax on overseas-listed ETFs, with what is still free and the last day to trade."""
    summary: dict[str, object] = {
        "net_gain": overseas.net_gain,
        "deduction": overseas.deduction,
        "taxable": overseas.taxable,
        "national_tax": overseas.national_tax,
        "local_tax": overseas.local_tax,
        "tax": overseas.tax,
        "still_free": overseas.still_free,
        "gain_room": overseas.gain_room,
    }
    if overseas.domestic:
        summary["overseas_gain"] = EXACT.subtract(overseas.net_gain, overseas.domestic)
        summary["domestic_gain"] = overseas.domestic
    if overseas.repatriation:
        summary["repatriation_deduction"] = overseas.repatriation
    if overseas.hedging:
        summary["hedging_deduction"] = overseas.hedging
    last = last_trade_day(facts.year, facts.is_session, facts.rates)
    return {
        **summary,
        "last_trade_day": last.day.isoformat(),
        "last_trade_day_confirmed": last.confirmed,
    }


def units_section(ledger: KoreanLedger) -> dict[str, Decimal]:
    """What was withheld from sales of other KRX-listed ETFs."""
    taken = [u.withheld for u in ledger.units]
    credit = exact_sum(w.credit for w in taken)
    return {
        "taxable": exact_sum(w.base for w in taken),
        **({"fund_credit": credit} if credit else {}),
        "national_tax": exact_sum(w.national for w in taken),
        "local_tax": exact_sum(w.local for w in taken),
        "tax": exact_sum(w.total for w in taken),
    }


def payments_section(ledger: KoreanLedger) -> dict[str, Decimal]:
    """Distributions and dividends, with what was withheld abroad and here."""
    paid = ledger.payments
    foreign = exact_sum(p.foreign_tax for p in paid)
    credit = exact_sum(p.withheld.credit for p in paid)
    return {
        "gross": exact_sum(p.gross for p in paid),
        "taxable": exact_sum(p.withheld.base for p in paid),
        "foreign_tax": foreign,
        **({"fund_credit": credit} if credit else {}),
        "national_tax": exact_sum(p.withheld.national for p in paid),
        "local_tax": exact_sum(p.withheld.local for p in paid),
        "tax": exact_sum((p.withheld.total for p in paid), foreign),
    }


def high_dividend_section(facts: YearFacts, rates: TaxRates) -> dict[str, Decimal]:
    """Dividends of qualifying companies that the owner has taxed apart, beyond nothing but their own
    scale."""
    income = won(facts, "high_dividends")
    if income is None:
        return {}
    tax = high_dividend_tax(income, rates)
    return {
        "income": income,
        "national_tax": tax.national,
        "local_tax": tax.local,
        "tax": EXACT.add(tax.national, tax.local),
    }


def financial_section(
    ledger: KoreanLedger, facts: YearFacts, rates: TaxRates, of_isas: tuple[Decimal, Decimal] = (ZERO, ZERO)
) -> tuple[dict[str, object], IncomeTax | None]:
    """The meter of financial income, and the comprehensive tax where it is over and other income is known."""
    elsewhere = won(facts, "other_financial_income") or ZERO
    bases = [u.withheld.base for u in ledger.units] + [p.withheld.base for p in ledger.payments]
    total = exact_sum((*bases, of_isas[0]), elsewhere)
    over = over_threshold(total, rates)
    summary: dict[str, object] = {
        "total": total,
        "threshold": rates["financial_income.threshold"],
        "over": over,
    }
    other = won(facts, "other_taxable_base")
    if other is None:
        return summary, None
    result = income_tax(total, other, rates, _abroad(ledger, facts, EXACT.add(elsewhere, of_isas[0]), rates))
    summary |= {"income_tax": result.income_tax, "income_local_tax": result.local_tax}
    if not over:
        return summary, None
    summary |= {
        "method1": result.method1,
        "method2": result.method2,
        **({"foreign_tax_credit": result.foreign_credit} if result.foreign_credit else {}),
        **({"foreign_tax_carried": result.carried} if result.carried else {}),
        **({"fund_credit_counted": result.fund_credit} if result.fund_credit else {}),
        "extra_national_tax": result.extra,
        "extra_local_tax": result.extra_local,
    }
    return summary, result


def _abroad(ledger: KoreanLedger, facts: YearFacts, elsewhere: Decimal, rates: TaxRates) -> Abroad:
    """What of the journal was paid abroad and withheld here; what comes from elsewhere bore the flat rate."""
    taken = [u.withheld for u in ledger.units] + [p.withheld for p in ledger.payments]
    foreign = [p for p in ledger.payments if p.tax_class == "overseas_listed"]
    flat = EXACT.multiply(elsewhere, rates["withholding.national"])
    local = EXACT.multiply(flat, rates["withholding.local_part"])
    return Abroad(
        income=exact_sum(p.gross for p in foreign),
        tax=exact_sum(p.foreign_tax for p in foreign),
        fund_credit=exact_sum(w.credit for w in taken),
        withheld=exact_sum((w.national for w in taken), tens_of_won(flat)),
        withheld_local=exact_sum((w.local for w in taken), tens_of_won(local)),
        other_income=won(facts, "other_income_amount"),
    )


def repatriation_section(
    year: RepatriationYear, used: Decimal, paid_back: PaidBack | None
) -> dict[str, object]:
    """What the repatriation account sold and deducts; `used` is the part of it there was gain left for."""
    return {
        "proceeds": year.proceeds,
        "gain": without_dust(year.gain),
        "not_held_on_reference_day": without_dust(year.not_held),
        "ratio": without_dust(year.result.ratio),
        "deduction": year.result.deduction,
        "used": used,
        "paid_back": paid_back.tax if paid_back else ZERO,
        "paid_back_interest": paid_back.interest if paid_back else ZERO,
        "paid_back_local": paid_back.local if paid_back else ZERO,
    }


@dataclass(frozen=True, slots=True)
class Sheltered:
    """The sheltered accounts of a year."""

    isas: tuple[IsaAccount, ...]
    pension: PensionYear | None

    @property
    def sections(self) -> Mapping[str, object]:
        """Their part of the summary, empty without such accounts."""
        found: dict[str, object] = {}
        if self.isas:
            found["isa"] = {isa.account: _isa_section(isa) for isa in self.isas}
        if self.pension is not None:
            found["pension"] = {
                "savings_paid": self.pension.savings,
                "irp_paid": self.pension.irp,
                "creditable": self.pension.credit.creditable,
                "national_credit": self.pension.credit.national,
                "local_credit": self.pension.credit.local,
                "credit": self.pension.credit.total,
                "room": self.pension.room,
                **({"fund_credit_waiting": self.pension.waiting} if self.pension.waiting else {}),
            }
        return found


def sheltered_accounts(facts: YearFacts, rates: TaxRates) -> Sheltered:
    """Read the sheltered accounts; years before the rate file knows them leave them out."""
    known = "isa.yearly_limit" in rates.values
    return Sheltered(
        isa_accounts(facts, isa_type(facts), rates) if known else (),
        pension_year(
            facts, rates, salary=won(facts, "salary"), from_isa=won(facts, "pension_from_isa") or ZERO
        ),
    )


def _isa_section(isa: IsaAccount) -> dict[str, object]:
    closing = isa.closing
    more: dict[str, object] = {}
    if isa.kept is not None:
        more["tax_if_kept"] = isa.kept.tax
    if isa.ended_on is not None:
        more["ended_on"] = isa.ended_on.isoformat()
    return {
        "net_income": without_dust(closing.net),
        "exempt": without_dust(closing.exempt),
        "taxable": closing.taxable,
        "national_tax": closing.national_tax,
        "local_tax": closing.local_tax,
        "tax_if_closed": closing.tax,
        "exemption_from": isa.free_from.isoformat(),
        "paid_in": isa.room.paid,
        "room": isa.room.left,
        "upper_bound": isa.upper_bound,
        **more,
    }
