"""Korean accounts in which nothing is taxed until money leaves: ISA, pension savings and IRP."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from steelyard.domain.money import EXACT, ZERO, exact_sum
from steelyard.domain.tax.korea.rates import TaxRates, tens_of_won, whole_won
from steelyard.domain.tax.korea.withholding import fund_credit, withhold
from steelyard.errors import InputError
from steelyard.records import dataclass
from steelyard.words import say

SHELTERED = frozenset({"isa", "pension", "irp"})
ISA_TYPES = ("general", "lower_income")
ISA_ITEMS = ("interest", "dividend", "krx_other", "krx_domestic_equity", "domestic_share")


@dataclass(frozen=True, slots=True)
class IsaItem:
    """One result inside an ISA.

    Attributes:
        kind: interest | dividend (distributions of every ETF) | krx_other (price results of ETFs of that
            class) | krx_domestic_equity (price results of those: they do not count) | domestic_share (price
            results of single shares: only losses count).
        amount: Won, negative for a loss.
    """

    kind: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class IsaClosing:
    """The tax when an ISA is closed, in won."""

    net: Decimal
    exempt: Decimal
    taxable: Decimal
    national_tax: Decimal
    local_tax: Decimal
    tax: Decimal


def isa_closing(
    items: Iterable[IsaItem], isa_type: str, rates: TaxRates, *, foreign_tax: Decimal = ZERO
) -> IsaClosing:
    """Return the tax on an ISA's net income at closing.

    Args:
        items: Everything since it was opened.
        isa_type: general | lower_income.
        rates: Of the year of closing.
        foreign_tax: What funds in it paid abroad, of which a part is credited.

    Raises:
        InputError: A type or a kind is not known (`isa-type-unknown`, `isa-item-unknown`).

    Source: rules kr.isa, kr.isa-foreign-tax.
    """
    if isa_type not in ISA_TYPES:
        raise InputError(
            "isa-type-unknown",
            say("{isa_type!r} is not a type of ISA", isa_type=isa_type),
            say("use one of {choices}", choices=", ".join(ISA_TYPES)),
        )
    net = exact_sum(_counted(item) for item in items)
    exempt = min(max(net, ZERO), rates[f"isa.exempt.{isa_type}"])
    taxable = whole_won(EXACT.subtract(max(net, ZERO), exempt))
    due = EXACT.subtract(EXACT.multiply(taxable, rates["isa.national"]), _isa_credit(foreign_tax, rates))
    due = whole_won(max(due, ZERO))
    national = ZERO if due < rates["withholding.waived_below"] else tens_of_won(due)
    local = tens_of_won(EXACT.multiply(national, rates["isa.local_part"]))
    return IsaClosing(net, exempt, taxable, national, local, EXACT.add(national, local))


def isa_closed_early(income: Decimal, rates: TaxRates, *, foreign_tax: Decimal = ZERO) -> IsaClosing:
    """Return the tax on an ISA that is closed before three years: as if every income had been paid outside
    it.

    Args:
        income: All interest and dividends since it was opened, without what was lost, won.
        rates: Of the year of closing.
        foreign_tax: What funds in it paid abroad.

    Source: rule kr.isa-early.
    """
    taken = withhold(income, rates, credit=_isa_credit(foreign_tax, rates))
    return IsaClosing(income, ZERO, taken.base, taken.national, taken.local, taken.total)


def _isa_credit(foreign_tax: Decimal, rates: TaxRates) -> Decimal:
    return fund_credit(foreign_tax, None, rates) if foreign_tax else ZERO


def _counted(item: IsaItem) -> Decimal:
    if item.kind not in ISA_ITEMS:
        raise InputError(
            "isa-item-unknown",
            say("{kind!r} is not a kind of ISA income", kind=item.kind),
            say("use one of {choices}", choices=", ".join(ISA_ITEMS)),
        )
    if item.kind == "krx_domestic_equity":
        return ZERO
    return min(item.amount, ZERO) if item.kind == "domestic_share" else item.amount


@dataclass(frozen=True, slots=True)
class PensionCredit:
    """Tax credited for pension contributions, in won; `creditable` is what counts of them."""

    creditable: Decimal
    national: Decimal
    local: Decimal

    @property
    def total(self) -> Decimal:
        """National and local credit."""
        return EXACT.add(self.national, self.local)


def pension_credit(
    rates: TaxRates, *, savings: Decimal, irp: Decimal, salary: Decimal, from_isa: Decimal = ZERO
) -> PensionCredit:
    """Return the credit for a year's contributions.

    Args:
        rates: Of the year.
        savings, irp: Paid into pension savings and into IRPs, won.
        salary: Total salary of the year; up to 55,000,000 the higher rate holds.
        from_isa: Moved over from a closed ISA.

    Source: rules kr.pension-credit, kr.pension-transfer.
    """
    own = EXACT.add(min(savings, rates["pension.savings_limit"]), irp)
    creditable = min(own, rates["pension.limit"])
    moved = EXACT.multiply(from_isa, rates["pension.transfer_part"])
    creditable = EXACT.add(creditable, min(moved, rates["pension.transfer_limit"]))
    lower = salary <= rates["pension.salary_limit"]
    rate = rates["pension.credit_lower"] if lower else rates["pension.credit"]
    national = whole_won(EXACT.multiply(creditable, rate))
    return PensionCredit(
        creditable, national, whole_won(EXACT.multiply(national, rates["pension.local_part"]))
    )
