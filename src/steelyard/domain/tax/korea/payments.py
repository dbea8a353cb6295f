"""What funds and foreign companies pay out, in won, with what is withheld of it here and was taken abroad.

Since 2025 a KRX-listed fund pays out what is left after the tax it bore abroad, and the payer credits that
tax; only the fund's notice tells it. Where it is not given the withholding shown is an upper bound.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from steelyard.domain.books.ledger import Entry
from steelyard.domain.money import EXACT, ZERO, exact_sum
from steelyard.domain.tax.country import YearFacts
from steelyard.domain.tax.korea.exchange import in_won, is_like_overseas, won_rate
from steelyard.domain.tax.korea.positions import Position, priced
from steelyard.domain.tax.korea.rates import TaxRates, whole_won
from steelyard.domain.tax.korea.withholding import Withheld, distribution_base, withhold
from steelyard.records import dataclass
from steelyard.words import say

UPPER_BOUND = say("upper bound: no tax base price is known")
ABROAD_UNKNOWN = say("upper bound: what the fund paid abroad is not given (foreign_tax)")
UNTAXED_UNKNOWN = say("upper bound: the untaxed part of the distribution is not known, so all of it counts")
RATE_ASSUMED = say("the rate abroad is not given: 14 % counts, as for one that cannot be told (foreign_rate)")
WAIVED = say("waived: under 1,000 won of national tax")
CREDITED_FROM = 2025
"""First year whose payers credit what a fund paid abroad; before, the state paid it back to the fund."""


@dataclass(frozen=True, slots=True)
class Payment:
    """A distribution or a dividend, in won.

    Attributes:
        foreign_tax: Taken abroad before it arrived; of a KRX-listed fund nothing, whose income stands after
        it. fund_tax: What a KRX-listed fund itself paid abroad on it, None when unknown.
        notes: What the reader has to know of its figures.
    """

    account: str
    symbol: str
    tax_class: str
    paid_on: date
    gross: Decimal
    foreign_tax: Decimal
    withheld: Withheld
    upper_bound: bool
    rate_note: str = ""
    fund_tax: Decimal | None = None
    notes: tuple[str, ...] = ()


def payment_of(entry: Entry, position: Position, facts: YearFacts, rates: TaxRates) -> Payment | None:
    """Return what a dividend or a distribution is taxed; None where it is not of the year.

    Args:
        entry: Of the kind dividend or capital_gain_distribution; the `fees` of an overseas one are the tax
            withheld abroad, those of a KRX-listed one were withheld here and are worked out anew.
        position: What is held when it is paid; what is not taxed of it is remembered there.
        facts: See there.
        rates: Of the year.
    """
    gross = whole_won(in_won(entry, priced(entry), position.tax_class, facts))
    if position.tax_class == "overseas_listed":
        foreign = whole_won(in_won(entry, entry.fees, position.tax_class, facts))
        notes: list[str] = []
        return _of_year(
            entry, position, facts, gross=gross, foreign=foreign, fund_tax=None, notes=notes,
            withheld=withhold(gross, rates, foreign_tax=foreign),
        )  # fmt: skip
    base, notes = gross, []
    if position.tax_class == "krx_domestic_equity":
        # Taxed is what is paid out without what is no fund income (Rule 13(1)1): no tax base price tells it.
        notes.append(UNTAXED_UNKNOWN)
    else:
        taxed = distribution_base(gross, _rise(entry, position))
        base = taxed.amount
        if taxed.upper_bound:
            notes.append(UPPER_BOUND)
        on_held = min(position.pool.shares, entry.shares)
        untaxed = EXACT.multiply(EXACT.subtract(gross, base), on_held)
        position.untaxed = EXACT.add(position.untaxed, EXACT.divide(untaxed, entry.shares))
    credit, more = fund_credit_of(entry, position, facts, base=base, rates=rates)
    return _of_year(
        entry, position, facts, gross=gross, foreign=ZERO, fund_tax=entry.foreign_tax, notes=[*notes, *more],
        withheld=withhold(base, rates, credit=credit),
    )  # fmt: skip


def fund_credit_of(
    entry: Entry,
    position: Position,
    facts: YearFacts,
    *,
    base: Decimal,
    rates: TaxRates,
    sold_out: bool = False,
) -> tuple[Decimal, list[str]]:
    """Return the credit for what a KRX-listed fund paid abroad on a payment or a sale, and what to say of it.

    Source: rule kr.fund-foreign-tax.
    """
    if entry.traded_on.year < CREDITED_FROM or "fund_credit.unknown_rate" not in rates.values:
        return ZERO, []
    paid = entry.foreign_tax
    credit = position.credits.use(base, rates, paid=paid or ZERO, rate=entry.foreign_rate, sold_out=sold_out)
    if paid is None:
        found = facts.instruments.get(entry.symbol)
        abroad = is_like_overseas(found, position.tax_class)
        # Of a sale only what a fund of shares has not yet paid out can be left; of other kinds there is none.
        told = entry.kind == "dividend" or (found is not None and found.asset_class.endswith("_equity"))
        return credit, [ABROAD_UNKNOWN] if abroad and told and base > ZERO else []
    return credit, [RATE_ASSUMED] if paid and entry.foreign_rate is None else []


def _of_year(
    entry: Entry,
    position: Position,
    facts: YearFacts,
    *,
    gross: Decimal,
    foreign: Decimal,
    fund_tax: Decimal | None,
    withheld: Withheld,
    notes: list[str],
) -> Payment | None:
    if entry.traded_on.year != facts.year:
        return None
    bounds = (UPPER_BOUND, ABROAD_UNKNOWN, UNTAXED_UNKNOWN)
    return Payment(
        account=entry.account,
        symbol=entry.symbol,
        tax_class=position.tax_class,
        paid_on=entry.traded_on,
        gross=gross,
        foreign_tax=foreign,
        withheld=withheld,
        upper_bound=any(note in bounds for note in notes),
        rate_note=won_rate(entry, position.tax_class, facts).note,
        fund_tax=fund_tax,
        notes=(*notes, *((WAIVED,) if withheld.waived else ())),
    )


def _rise(entry: Entry, position: Position) -> Decimal | None:
    """Rise of the tax base price on the units paid on, against the moving average of what is held."""
    if entry.tax_base_price is None or not position.pool.shares:
        return None
    lots = position.pool.lots()
    bases = [x.tax_base for x in lots if x.tax_base is not None]
    if len(bases) < len(lots):
        return None
    left = EXACT.subtract(exact_sum(bases), position.untaxed)
    before = EXACT.divide(EXACT.multiply(left, entry.shares), position.pool.shares)
    return EXACT.subtract(EXACT.multiply(entry.tax_base_price, entry.shares), before)
