"""What the journal says of sheltered Korean accounts: an ISA if it were closed now, pension contributions.

Nothing in them is taxed before money leaves, so none of this is part of a year's tax. An ISA is settled once,
over all the years it ran; a pension contribution is credited in the year it was made.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal

from steelyard.domain.books.ledger import OPENING_NOTE, Entry
from steelyard.domain.money import EXACT, ONE, ZERO, exact_sum
from steelyard.domain.tax.country import YearFacts
from steelyard.domain.tax.korea.accounts import (
    IsaClosing,
    IsaItem,
    PensionCredit,
    isa_closed_early,
    isa_closing,
    pension_credit,
)
from steelyard.domain.tax.korea.isa_room import IsaRoom, deposits_of, isa_room
from steelyard.domain.tax.korea.ledger import read_ledger
from steelyard.domain.tax.korea.payments import CREDITED_FROM
from steelyard.domain.tax.korea.rates import TaxRates, whole_won
from steelyard.records import dataclass, replace

_LEAST_YEARS = 3


@dataclass(frozen=True, slots=True)
class IsaAccount:
    """An ISA at the end of a year, in won.

    Attributes:
        closing: The tax if it were closed then; before three years without exemption or netting.
        kept: Before three years the tax by today's figures if it were kept that long, else None.
        room: What was paid in and may still be.
        free_from: First day on which closing keeps the exemption, three years after the first entry.
        upper_bound: Some income counts in full because no tax base price is known.
        ended_on: The day on which more had been taken out than was paid in, within three years: then it
            ended.
    """

    account: str
    closing: IsaClosing
    kept: IsaClosing | None
    room: IsaRoom
    free_from: date
    upper_bound: bool
    ended_on: date | None


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
    # Shares come into an ISA by purchase only: what a journal was opened with is as old as its oldest lot.
    free_from = _years_after(min(e.lot or e.traded_on for e in entries), _LEAST_YEARS)
    ended_on = _ended(entries, free_from)
    inside = replace(facts, entries=entries, account_kinds={})
    items: list[IsaItem] = []
    upper_bound = False
    for year in range(opened.year, facts.year + 1):
        ledger = read_ledger(replace(inside, year=year), rates)
        items += [IsaItem("krx_other", unit.result) for unit in ledger.units]
        items += [IsaItem("dividend", payment.withheld.base) for payment in ledger.payments]
        items += [IsaItem("krx_domestic_equity", sale.gain) for sale in ledger.domestic]
        upper_bound = upper_bound or ledger.upper_bound
    foreign_tax = paid_abroad(entries)
    closing = isa_closing(items, isa_type, rates, foreign_tax=foreign_tax)
    kept = None
    asked = min(facts.as_of or date.max, date(facts.year, 12, 31))
    if ended_on is not None or asked < free_from:
        income = exact_sum(max(i.amount, ZERO) for i in items if i.kind != "krx_domestic_equity")
        kept = None if ended_on else closing
        closing = isa_closed_early(income, rates, foreign_tax=foreign_tax)
    return IsaAccount(
        account=name,
        closing=closing,
        kept=kept,
        room=isa_room(entries, facts.year, rates),
        free_from=free_from,
        upper_bound=upper_bound,
        ended_on=ended_on,
    )


def paid_abroad(entries: Iterable[Entry]) -> Decimal:
    """Return what funds paid abroad on the income of some entries, since it is credited, in won."""
    return exact_sum(
        e.foreign_tax for e in entries if e.foreign_tax is not None and e.traded_on.year >= CREDITED_FROM
    )


def _ended(entries: Sequence[Entry], free_from: date) -> date | None:
    """Return the day before three years on which more had been taken out than paid in (STTCA 91-18(8)).

    Where the journal does not know what was paid in before it begins, it cannot tell.
    """
    if any(e.note == OPENING_NOTE for e in entries):
        return None
    left = ZERO
    for entry in sorted(entries, key=lambda e: (e.traded_on, e.kind == "withdrawal")):
        if entry.traded_on >= free_from:
            return None
        left = EXACT.add(left, deposits_of((entry,)))
        if entry.kind == "withdrawal" and entry.currency == "KRW":
            left = EXACT.subtract(left, entry.shares)
            if left < ZERO:
                return entry.traded_on
    return None


@dataclass(frozen=True, slots=True)
class PensionYear:
    """A year's pension contributions, in won.

    Attributes:
        savings, irp: Paid into pension savings and into IRPs.
        credit: What is credited against income tax.
        room: What may still be paid into all of them in the year.
        waiting: Credited of what funds in them paid abroad since 2025, when money leaves.
    """

    savings: Decimal
    irp: Decimal
    credit: PensionCredit
    room: Decimal
    waiting: Decimal = ZERO


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
        return deposits_of(
            e for e in facts.entries if kinds.get(e.account) == kind and e.traded_on.year == facts.year
        )

    savings, irp = paid("pension"), paid("irp")
    own = max(EXACT.subtract(savings, from_isa), ZERO)
    beyond = EXACT.add(rates["pension.salary_limit"], ONE)
    credit = pension_credit(
        rates, savings=own, irp=irp, salary=beyond if salary is None else salary, from_isa=from_isa
    )
    used = EXACT.add(own, irp)
    abroad = paid_abroad(e for e in facts.entries if kinds.get(e.account) in ("pension", "irp"))
    return PensionYear(
        savings,
        irp,
        credit,
        max(EXACT.subtract(rates["pension.contribution_limit"], used), ZERO),
        whole_won(EXACT.multiply(abroad, rates["pension.fund_credit"])) if abroad else ZERO,
    )


def _years_after(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)
