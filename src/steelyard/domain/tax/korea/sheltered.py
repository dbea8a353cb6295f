"""What the journal says of sheltered Korean accounts: an ISA if it were closed now, pension contributions.

Nothing in them is taxed before money leaves, so none of this is part of a year's tax. An ISA is settled once,
over all the years it ran; a pension contribution is credited in the year it was made.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from steelyard.domain.books.ledger import OPENING_NOTE, Entry
from steelyard.domain.money import EXACT, ONE, ZERO, exact_sum
from steelyard.domain.tax.country import YearFacts
from steelyard.domain.tax.korea.accounts import (
    IsaClosing,
    IsaItem,
    PensionCredit,
    isa_closing,
    pension_credit,
)
from steelyard.domain.tax.korea.ledger import read_ledger
from steelyard.domain.tax.korea.rates import TaxRates
from steelyard.records import dataclass, replace

_LEAST_YEARS = 3


@dataclass(frozen=True, slots=True)
class IsaAccount:
    """An ISA at the end of a year, in won.

    Attributes:
        closing: The tax if it were closed then.
        paid_in: Deposits since it was opened.
        room: What may still be paid in that year: unused room of earlier years is kept.
        free_from: First day on which closing keeps the exemption, three years after the first entry.
        upper_bound: Some income counts in full because no tax base price is known.
    """

    account: str
    closing: IsaClosing
    paid_in: Decimal
    room: Decimal
    free_from: date
    upper_bound: bool


def isa_accounts(facts: YearFacts, isa_type: str, rates: TaxRates) -> tuple[IsaAccount, ...]:
    """Return every ISA of the journal, by name.

    Price results of KRX-listed ETFs of the class `krx_other` count with their sign, as the lesser of the
    actual result and the change of the tax base price; those of domestic-equity ETFs do not count.
    Distributions do.

    Args:
        facts: See there.
        isa_type: general | lower_income.
        rates: Of the year.

    Raises:
        InputError: The type is not known (`isa-type-unknown`), or what `read_ledger` raises.

    Source: rule kr.isa.
    """
    names = sorted(a for a, kind in facts.account_kinds.items() if kind == "isa")
    return tuple(
        _isa(name, entries, facts, isa_type, rates)
        for name in names
        if (entries := [e for e in facts.entries if e.account == name and e.traded_on.year <= facts.year])
    )


def _isa(name: str, entries: list[Entry], facts: YearFacts, isa_type: str, rates: TaxRates) -> IsaAccount:
    opened = min(e.traded_on for e in entries)
    inside = replace(facts, entries=entries, account_kinds={})
    items: list[IsaItem] = []
    upper_bound = False
    for year in range(opened.year, facts.year + 1):
        ledger = read_ledger(replace(inside, year=year), rates)
        items += [IsaItem("krx_other", unit.result) for unit in ledger.units]
        items += [IsaItem("dividend", payment.withheld.base) for payment in ledger.payments]
        items += [IsaItem("krx_domestic_equity", sale.gain) for sale in ledger.domestic]
        upper_bound = upper_bound or ledger.upper_bound
    paid_in = _deposits(entries)
    years = min(facts.year - opened.year, 4)
    limit = EXACT.multiply(rates["isa.yearly_limit"], EXACT.add(ONE, Decimal(years)))
    limit = min(limit, rates["isa.total_limit"])
    return IsaAccount(
        account=name,
        closing=isa_closing(items, isa_type, rates),
        paid_in=paid_in,
        room=max(EXACT.subtract(limit, paid_in), ZERO),
        free_from=_years_after(opened, _LEAST_YEARS),
        upper_bound=upper_bound,
    )


@dataclass(frozen=True, slots=True)
class PensionYear:
    """A year's pension contributions, in won.

    Attributes:
        savings, irp: Paid into pension savings and into IRPs.
        credit: What is credited against income tax.
        room: What may still be paid into all of them in the year.
    """

    savings: Decimal
    irp: Decimal
    credit: PensionCredit
    room: Decimal


def pension_year(
    facts: YearFacts, rates: TaxRates, *, salary: Decimal | None, from_isa: Decimal
) -> PensionYear | None:
    """Return what was paid into pension accounts in the year; None where the owner has none.

    Args:
        facts: See there.
        rates: Of the year.
        salary: Total salary; None takes the lower credit of a salary above the limit.
        from_isa: Part of the deposits that came out of a closed ISA, won.

    Source: rules kr.pension-credit, kr.pension-transfer, kr.pension-contribution.
    """
    kinds = facts.account_kinds
    if not {"pension", "irp"} & set(kinds.values()) or "pension.limit" not in rates.values:
        return None

    def paid(kind: str) -> Decimal:
        return _deposits(
            e for e in facts.entries if kinds.get(e.account) == kind and e.traded_on.year == facts.year
        )

    savings, irp = paid("pension"), paid("irp")
    own = max(EXACT.subtract(savings, from_isa), ZERO)
    beyond = EXACT.add(rates["pension.salary_limit"], ONE)
    credit = pension_credit(
        rates, savings=own, irp=irp, salary=beyond if salary is None else salary, from_isa=from_isa
    )
    used = EXACT.add(own, irp)
    return PensionYear(
        savings, irp, credit, max(EXACT.subtract(rates["pension.contribution_limit"], used), ZERO)
    )


def _deposits(entries: Iterable[Entry]) -> Decimal:
    """Won paid in; what `init --journal` moved over was there before."""
    return exact_sum(
        e.shares for e in entries if e.kind == "deposit" and e.currency == "KRW" and e.note != OPENING_NOTE
    )


def _years_after(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)
