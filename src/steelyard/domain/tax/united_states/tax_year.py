"""The United States: from a journal to the disposals, open lots and tax of a year.

`us_positions` says what was sold out of which lots and what wash sales made of it, over all years at once;
only here is one year looked at.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from steelyard.domain.books.ledger import Entry
from steelyard.domain.books.lots import TaxLot, total
from steelyard.domain.money import EXACT, ZERO
from steelyard.domain.tax.country import Disposal, SoldLot
from steelyard.domain.tax.united_states.capital_gains import (
    LONG,
    NO_CARRY,
    SHORT,
    Carry,
    GainsTax,
    Netting,
    Schedule,
    gains_tax,
    loss_limit,
    net,
    ordinary_tax,
    schedule,
    term,
)
from steelyard.domain.tax.united_states.distributions import NOTHING as NO_DISTRIBUTIONS
from steelyard.domain.tax.united_states.distributions import Distributions, distributions
from steelyard.domain.tax.united_states.dividends import DividendIncome, PaidDividend, dividend_income
from steelyard.domain.tax.united_states.positions import COLLECTIBLE, Positions, Setting, dollars, positions
from steelyard.domain.tax.united_states.wash_sales import Block, WashSales
from steelyard.records import dataclass, field, replace


@dataclass(frozen=True, slots=True)
class Owner:
    """The rest of the return.

    Attributes:
        filing: single, mfj (joint), mfs (separate) or hoh (head of household).
        income: Taxable income without the gains and without qualified dividends, >= 0; None when unknown,
            and then no tax is computed.
        qualified: Qualified dividends, >= 0; None takes those of the journal.
        magi: Modified adjusted gross income with the gains, None when unknown.
        investment_income: Net investment income with the gains, None when unknown.
        carry: Losses from the year before, None where nobody states them.
        stated_with: Which gains the two incomes count; None counts whichever they are asked for.
        other_investment: Investment income besides gains and qualified dividends.
        paid: The part of it that `income` does not hold: ordinary dividends and interest of the journal.
        holds_paid: The owner's income holds the journal's dividends and interest already.
        counted_accounts: Traditional retirement accounts whose withdrawals are to be counted.
        born: The owner's birthday, None when unknown.
        distributions: What was taken out of them, as far as it is counted.
        told_distributions: What of it the stated incomes count; None for all of it.
        ordinary_bounds, gain_bounds: Upper bounds of the brackets, where the owner states them.
    """

    filing: str = "single"
    income: Decimal | None = None
    qualified: Decimal | None = None
    magi: Decimal | None = None
    investment_income: Decimal | None = None
    carry: Carry | None = None
    stated_with: Netting | None = None
    other_investment: Decimal = ZERO
    paid: Decimal = ZERO
    holds_paid: bool = False
    counted_accounts: frozenset[str] = frozenset()
    born: date | None = None
    distributions: Distributions = NO_DISTRIBUTIONS
    told_distributions: Decimal | None = None
    ordinary_bounds: tuple[Decimal, ...] | None = None
    gain_bounds: tuple[Decimal, ...] | None = None

    @property
    def taxable(self) -> Decimal:
        """Taxable income without gains and qualified dividends, the journal's payments included."""
        return EXACT.add(EXACT.add(self.income or ZERO, self.distributions.gross), self.paid)

    def with_paid(self, dividends: DividendIncome, interest: Decimal) -> Owner:
        """Return the owner with what the journal paid: all dividends that are not qualified count in full."""
        ordinary = max(EXACT.subtract(dividends.gross, self.qualified_of(dividends)), ZERO)
        paid = EXACT.add(ordinary, interest)
        return replace(self, other_investment=paid, paid=ZERO if self.holds_paid else paid)

    def schedule(self, figures: Mapping[str, Any], year: int) -> Schedule:
        """Return the brackets of a year, this owner's where they are stated.

        Raises:
            InputError: See `capital_gains.schedule`.
            DataError: See there.
        """
        return schedule(figures, year, self.filing, ordinary=self.ordinary_bounds, gains=self.gain_bounds)

    def tax_on(self, rates: Schedule, netting: Netting, qualified: Decimal) -> GainsTax:
        """Return the tax that gains add to this owner's return.

        Args:
            rates: See `schedule`.
            netting: Of the gains asked about, which may be other ones than `stated_with`.
            qualified: Qualified dividends.
        """
        magi, invested = self.surtax_base(qualified, netting)
        found = gains_tax(
            rates,
            netting,
            income=self.taxable,
            qualified=qualified,
            magi=EXACT.add(magi, netting.counted),
            investment_income=EXACT.add(invested, netting.gains),
        )
        income = self.income or ZERO
        taken_out = EXACT.add(income, self.distributions.gross)
        return replace(
            found,
            paid=ordinary_tax(rates, taken_out, self.taxable),
            distributed=ordinary_tax(rates, income, taken_out),
            additional=self.distributions.additional,
        )

    def surtax_base(self, qualified: Decimal, told: Netting) -> tuple[Decimal, Decimal]:
        """Return modified adjusted gross income and net investment income as they are without gains.

        What the owner states counts; without it the first is the taxable income, which is too low by the
        deductions.

        Args:
            qualified: Qualified dividends.
            told: The gains that stated incomes count where `stated_with` does not say.
        """
        so_far = told if self.stated_with is None else self.stated_with
        magi, invested = self.magi, self.investment_income
        if magi is not None and self.told_distributions is not None:
            # What is taken out after the day of which the income was stated comes on top of it.
            magi = EXACT.add(magi, EXACT.subtract(self.distributions.gross, self.told_distributions))
        return (
            EXACT.add(self.taxable, qualified) if magi is None else EXACT.subtract(magi, so_far.counted),
            EXACT.add(qualified, self.other_investment)
            if invested is None
            else EXACT.subtract(invested, so_far.gains),
        )

    def qualified_of(self, paid: DividendIncome) -> Decimal:
        """Return the qualified dividends: what the owner says, else what the journal does."""
        return paid.qualified if self.qualified is None else self.qualified


@dataclass(frozen=True, slots=True)
class Summary:
    """A year in numbers.

    Attributes:
        short_term, long_term: Net gains after wash sales, before anything is carried in.
        collectibles: The part of `long_term` on collectibles.
        disallowed: Losses not deductible this year.
        permanent: The part of them lost for good.
        carried: Losses of earlier years, stated or of the journal.
        netting: After carrying in and netting: offset and carry-forward.
        dividends, interest: In taxable accounts.
        tax: What the gains add; None without the owner's income.
        distributions: Taken out of traditional retirement accounts, where that is counted.
    """

    short_term: Decimal
    long_term: Decimal
    collectibles: Decimal
    disallowed: Decimal
    permanent: Decimal
    carried: Carry
    netting: Netting
    dividends: DividendIncome
    interest: Decimal
    tax: GainsTax | None
    distributions: Distributions = NO_DISTRIBUTIONS


@dataclass(frozen=True, slots=True)
class YearReport:
    """Everything about one year; disposals by trade date, open lots at the end of the journal.

    `crossed` are the pairs of symbols, sold and bought, where the loss of one was disallowed by the other,
    `elsewhere` the accounts of another return, a spouse's, in which a purchase disallowed one.
    """

    year: int
    disposals: tuple[Disposal, ...]
    summary: Summary
    open_lots: tuple[TaxLot, ...]
    crossed: tuple[tuple[str, str], ...] = ()
    elsewhere: tuple[str, ...] = ()
    held: Positions = field(default_factory=lambda: Positions((), WashSales((), ()), (), ()), compare=False)


def year_report(
    entries: Sequence[Entry],
    year: int,
    *,
    setting: Setting,
    figures: Mapping[str, Any],
    owner: Owner,
    earlier: Callable[[int], Owner] | None = None,
    stated: Collection[int] = (),
) -> YearReport:
    """Return a year's disposals, totals and tax.

    Losses that earlier years of the journal leave are carried in, year after year from its first gain or
    loss on, unless the owner states what was carried into a year: then that counts from there on.

    Args:
        entries: The whole journal: purchases of the next January wash losses of December.
        year: Calendar year; the trade date decides.
        setting: What the journal does not say.
        figures: Of the data file.
        owner: The rest of the return.
        earlier: The rest of the return of an earlier year; None takes that of the year asked, without what
            was carried into it.
        stated: Earlier years for which it says what was carried in, with or without gains in the journal.

    Raises:
        InputError: See `positions` and `capital_gains.schedule`.
        DataError: See there.

    Source: 26 U.S.C. 1212(b).
    """
    held = positions(entries, setting)
    gains = _gains(held, entries, year, setting)
    disposals = gains.disposals
    began = [first for first in (first_gains(held, entries, setting), *stated) if first is not None]
    dividends = _dividends(held, entries, year, setting)
    interest = _interest(entries, year, setting)
    owner = _with_distributions(owner.with_paid(dividends, interest), entries, year, setting, figures)
    carried = _carried_into(year, min(began, default=year), held, entries, setting, figures, owner, earlier)
    netting = _netting(gains, carried, figures, owner, dividends)
    tax = None
    if owner.income is not None:
        tax = owner.tax_on(owner.schedule(figures, year), netting, owner.qualified_of(dividends))
    summary = Summary(
        short_term=gains.short,
        long_term=gains.long,
        collectibles=gains.metal,
        disallowed=total(x.disallowed for x in disposals),
        permanent=total(
            x.amount
            for x in held.washed.washes
            if x.permanent and _sold_in(held.blocks[x.loss], year, setting)
        ),
        carried=carried,
        netting=netting,
        dividends=dividends,
        interest=interest,
        tax=tax,
        distributions=owner.distributions,
    )
    washed = [
        (held.blocks[x.loss], held.blocks[x.replacement])
        for x in held.washed.washes
        if _sold_in(held.blocks[x.loss], year, setting)
    ]
    crossed = sorted(
        {(sold.symbol, bought.symbol) for sold, bought in washed if sold.symbol != bought.symbol}
    )
    elsewhere = sorted({bought.account for _, bought in washed if not setting.owns(bought.account)})
    lots = open_lots(held, setting)
    return YearReport(year, disposals, summary, lots, tuple(crossed), tuple(elsewhere), held)


@dataclass(frozen=True, slots=True)
class _Gains:
    """What a year realised, after wash sales."""

    disposals: tuple[Disposal, ...]
    short: Decimal
    long: Decimal
    metal: Decimal


def _realised(held: Positions, setting: Setting) -> Mapping[int, tuple[Decimal, Decimal, Decimal]]:
    """Return short gains, long gains and those on collectibles of every year, in one walk.

    What one year's disposals add up to: years before the one asked need no more than this.
    """
    found: dict[int, tuple[list[Decimal], list[Decimal], list[Decimal]]] = {}
    for part in held.washed.blocks:
        if part.sold_on is not None and setting.reports(part.account):
            short, long, metal = found.setdefault(part.sold_on.year, ([], [], []))
            if term(part.held_from, part.sold_on) == SHORT:
                short.append(part.gain)
                continue
            long.append(part.gain)
            if setting.classes[part.symbol] == COLLECTIBLE:
                metal.append(part.gain)
    for x in held.returned:
        if setting.reports(x.lot.account):
            short, long, metal = found.setdefault(x.paid_on.year, ([], [], []))
            if term(x.lot.holding_from, x.paid_on) == SHORT:
                short.append(x.gain)
                continue
            long.append(x.gain)
            if setting.classes[x.lot.symbol] == COLLECTIBLE:
                metal.append(x.gain)
    return {year: (total(s), total(lo), total(m)) for year, (s, lo, m) in found.items()}


def _payments(entries: Sequence[Entry]) -> Mapping[int, Sequence[Entry]]:
    """Return the entries by year that pay, or take out, something which a return counts."""
    found: dict[int, list[Entry]] = {}
    for x in entries:
        if x.kind in ("dividend", "interest", "capital_gain_distribution", "withdrawal"):
            found.setdefault(x.traded_on.year, []).append(x)
    return found


def _past_gains(
    realised: Mapping[int, tuple[Decimal, Decimal, Decimal]],
    entries: Sequence[Entry],
    year: int,
    setting: Setting,
) -> _Gains:
    short, long, metal = realised.get(year, (ZERO, ZERO, ZERO))
    return _Gains((), short, EXACT.add(long, _distributed(entries, year, setting)), metal)


def _distributed(entries: Sequence[Entry], year: int, setting: Setting) -> Decimal:
    return total(
        dollars(x, x.gross, setting) for x in entries if _distributes(x, setting) and x.traded_on.year == year
    )


def _gains(held: Positions, entries: Sequence[Entry], year: int, setting: Setting) -> _Gains:
    disposals = _disposals(held, year, setting)
    # What a fund distributes of its own long-term gains is a long-term gain, however long the fund was held.
    # Source: 26 U.S.C. 852(b)(3)(B).
    distributed = _distributed(entries, year, setting)
    long = [x for x in disposals if x.term == LONG]
    return _Gains(
        disposals,
        short=total(x.counted for x in disposals if x.term == SHORT),
        long=EXACT.add(total(x.counted for x in long), distributed),
        metal=total(x.counted for x in long if x.tax_class == COLLECTIBLE),
    )


def _distributes(entry: Entry, setting: Setting) -> bool:
    return entry.kind == "capital_gain_distribution" and setting.reports(entry.account)


def _dividends(held: Positions, entries: Sequence[Entry], year: int, setting: Setting) -> DividendIncome:
    paid = [
        PaidDividend(x, dollars(x, x.gross, setting), dollars(x, x.fees, setting))
        for x in entries
        if x.kind == "dividend" and x.traded_on.year == year and setting.reports(x.account)
    ]
    return dividend_income(paid, held.blocks, setting.interest_funds)


def _interest(entries: Sequence[Entry], year: int, setting: Setting) -> Decimal:
    """Return the interest received in taxed accounts, less what was paid back; never below zero."""
    found = total(
        dollars(x, x.shares, setting)
        for x in entries
        if x.kind == "interest" and x.traded_on.year == year and setting.reports(x.account)
    )
    return max(found, ZERO)


def _with_distributions(
    owner: Owner, entries: Sequence[Entry], year: int, setting: Setting, figures: Mapping[str, Any]
) -> Owner:
    """Return the owner with what was taken out of traditional accounts, where it is to be counted."""
    if not owner.counted_accounts:
        return owner
    taken = distributions(entries, year, setting, owner.counted_accounts, figures, owner.born)
    return replace(owner, distributions=taken)


def _netting(
    gains: _Gains, carried: Carry, figures: Mapping[str, Any], owner: Owner, dividends: DividendIncome
) -> Netting:
    return net(
        gains.short,
        gains.long,
        limit=loss_limit(figures, owner.filing),
        carry=carried,
        collectibles=gains.metal,
        income=None if owner.income is None else EXACT.add(owner.taxable, owner.qualified_of(dividends)),
    )


def _carried_into(
    year: int,
    first: int,
    held: Positions,
    entries: Sequence[Entry],
    setting: Setting,
    figures: Mapping[str, Any],
    owner: Owner,
    earlier: Callable[[int], Owner] | None,
) -> Carry:
    """Return the losses that are left for a year: as stated for it, else what the year before leaves."""
    if owner.carry is not None:
        return owner.carry
    carried = NO_CARRY
    if first >= year:
        return carried
    realised, payments = _realised(held, setting), _payments(entries)
    for past in range(first, year):
        then = earlier(past) if earlier is not None else owner
        if then.carry is not None:
            carried = then.carry
        paid = payments.get(past, ())
        gains, dividends = _past_gains(realised, paid, past, setting), _dividends(held, paid, past, setting)
        then = then.with_paid(dividends, _interest(paid, past, setting))
        then = _with_distributions(then, paid, past, setting, figures)
        carried = _netting(gains, carried, figures, then, dividends).carry
    return carried


def first_gains(held: Positions, entries: Sequence[Entry], setting: Setting) -> int | None:
    """Return the first year in which a taxed account realised a gain or a loss, None when none did."""
    years = [x.sold_on.year for x in held.blocks if x.sold_on is not None and setting.reports(x.account)]
    years += [x.traded_on.year for x in entries if _distributes(x, setting)]
    years += [x.paid_on.year for x in held.returned if setting.reports(x.lot.account)]
    return min(years, default=None)


def open_lots(held: Positions, setting: Setting) -> tuple[TaxLot, ...]:
    """Return the lots of the taxed accounts that are still held, by account, symbol and purchase."""
    lots = [
        TaxLot(x.account, x.symbol, x.bought, x.shares, x.cost, x.held_from)
        for x in held.washed.blocks
        if x.sold_on is None and setting.reports(x.account)
    ]
    return tuple(sorted(lots, key=lambda x: (x.account, x.symbol, x.bought)))


def _sold_in(block: Block, year: int, setting: Setting) -> bool:
    return block.sold_on is not None and block.sold_on.year == year and setting.reports(block.account)


def _disposals(held: Positions, year: int, setting: Setting) -> tuple[Disposal, ...]:
    """Put the parts of each sale together again, one disposal per term."""
    sales: dict[tuple[int, str], list[Block]] = defaultdict(list)
    for part in held.washed.blocks:
        number = held.sales[part.source]
        if part.sold_on is not None and part.sold_on.year == year and setting.reports(part.account):
            assert number is not None
            sales[(number, term(part.held_from, part.sold_on))].append(part)
    result = []
    for (_, kind), parts in sorted(sales.items(), key=lambda x: x[0]):
        first = parts[0]
        assert first.sold_on is not None
        lots = tuple(SoldLot(x.bought, EXACT.divide(x.shares, held.scale[x.source]), x.cost) for x in parts)
        proceeds, cost = total(x.proceeds for x in parts), total(x.cost for x in parts)
        result.append(
            Disposal(
                account=first.account,
                symbol=first.symbol,
                tax_class=setting.classes[first.symbol],
                sold_on=first.sold_on,
                settles_on=setting.settles(first.sold_on),
                shares=total(x.shares for x in lots),
                proceeds=proceeds,
                cost=cost,
                gain=EXACT.subtract(proceeds, cost),
                disallowed=total(x.disallowed for x in parts),
                term=kind,
                lots=lots,
            )
        )
    return (*result, *_returned(held, year, setting))


def _returned(held: Positions, year: int, setting: Setting) -> Iterator[Disposal]:
    """Return what returns of capital paid beyond cost, as disposals of no shares."""
    for x in held.returned:
        if x.paid_on.year == year and setting.reports(x.lot.account):
            yield Disposal(
                account=x.lot.account,
                symbol=x.lot.symbol,
                tax_class=setting.classes[x.lot.symbol],
                sold_on=x.paid_on,
                settles_on=x.paid_on,
                shares=ZERO,
                proceeds=x.gain,
                cost=ZERO,
                gain=x.gain,
                disallowed=ZERO,
                term=term(x.lot.holding_from, x.paid_on),
                lots=(),
            )
