"""The United States: from a journal to the disposals, open lots and tax of a year.

`us_positions` says what was sold out of which lots and what wash sales made of it, over all years at once;
only here is one year looked at.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
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
    gains_tax,
    loss_limit,
    net,
    schedule,
    term,
)
from steelyard.domain.tax.united_states.dividends import DividendIncome, PaidDividend, dividend_income
from steelyard.domain.tax.united_states.positions import COLLECTIBLE, Positions, Setting, dollars, positions
from steelyard.domain.tax.united_states.wash_sales import Block
from steelyard.records import dataclass


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
        carry: Losses from the year before.
    """

    filing: str = "single"
    income: Decimal | None = None
    qualified: Decimal | None = None
    magi: Decimal | None = None
    investment_income: Decimal | None = None
    carry: Carry = NO_CARRY

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
        netting: After carrying in and netting: offset and carry-forward.
        dividends: In taxable accounts.
        tax: What the gains add; None without the owner's income.
    """

    short_term: Decimal
    long_term: Decimal
    collectibles: Decimal
    disallowed: Decimal
    permanent: Decimal
    netting: Netting
    dividends: DividendIncome
    tax: GainsTax | None


@dataclass(frozen=True, slots=True)
class YearReport:
    """Everything about one year; disposals by trade date, open lots at the end of the journal.

    `crossed` are the pairs of symbols, sold and bought, where the loss of one was disallowed by the other.
    """

    year: int
    disposals: tuple[Disposal, ...]
    summary: Summary
    open_lots: tuple[TaxLot, ...]
    crossed: tuple[tuple[str, str], ...] = ()


def year_report(
    entries: Sequence[Entry], year: int, *, setting: Setting, figures: Mapping[str, Any], owner: Owner
) -> YearReport:
    """Return a year's disposals, totals and tax.

    Args:
        entries: The whole journal: purchases of the next January wash losses of December.
        year: Calendar year; the trade date decides.
        setting: What the journal does not say.
        figures: Of the data file.
        owner: The rest of the return.

    Raises:
        InputError: See `positions` and `capital_gains.schedule`.
        DataError: See there.
    """
    held = positions(entries, setting)
    disposals = _disposals(held, year, setting)
    short = total(x.counted for x in disposals if x.term == SHORT)
    # What a fund distributes of its own long-term gains is a long-term gain, however long the fund was held.
    # Source: 26 U.S.C. 852(b)(3)(B).
    distributed = total(
        dollars(x, x.gross, setting)
        for x in entries
        if x.kind == "capital_gain_distribution"
        and x.traded_on.year == year
        and x.account not in setting.sheltered
    )
    long = EXACT.add(total(x.counted for x in disposals if x.term == LONG), distributed)
    metal = total(x.counted for x in disposals if x.term == LONG and x.tax_class == COLLECTIBLE)
    limit = loss_limit(figures, owner.filing)
    netting = net(short, long, limit=limit, carry=owner.carry, collectibles=metal)
    paid = [
        PaidDividend(x, dollars(x, x.gross, setting), dollars(x, x.fees, setting))
        for x in entries
        if x.kind == "dividend" and x.traded_on.year == year and x.account not in setting.sheltered
    ]
    dividends = dividend_income(paid, held.blocks, setting.interest_funds)
    tax = None
    if owner.income is not None:
        tax = gains_tax(
            schedule(figures, year, owner.filing),
            netting,
            income=owner.income,
            qualified=owner.qualified_of(dividends),
            magi=owner.magi,
            investment_income=owner.investment_income,
        )
    summary = Summary(
        short_term=short,
        long_term=long,
        collectibles=metal,
        disallowed=total(x.disallowed for x in disposals),
        permanent=total(
            x.amount for x in held.washed.washes if x.permanent and _sold_in(held.blocks[x.loss], year)
        ),
        netting=netting,
        dividends=dividends,
        tax=tax,
    )
    pairs = {
        (held.blocks[x.loss].symbol, held.blocks[x.replacement].symbol)
        for x in held.washed.washes
        if _sold_in(held.blocks[x.loss], year)
    }
    crossed = tuple(sorted((sold, bought) for sold, bought in pairs if sold != bought))
    return YearReport(year, disposals, summary, open_lots(held), crossed)


def open_lots(held: Positions) -> tuple[TaxLot, ...]:
    """Return the lots of the taxed accounts that are still held, by account, symbol and purchase."""
    lots = [
        TaxLot(x.account, x.symbol, x.bought, x.shares, x.cost, x.held_from)
        for x in held.washed.blocks
        if x.sold_on is None and not x.sheltered
    ]
    return tuple(sorted(lots, key=lambda x: (x.account, x.symbol, x.bought)))


def _sold_in(block: Block, year: int) -> bool:
    return block.sold_on is not None and block.sold_on.year == year


def _disposals(held: Positions, year: int, setting: Setting) -> tuple[Disposal, ...]:
    """Put the parts of each sale together again, one disposal per term."""
    sales: dict[tuple[int, str], list[Block]] = defaultdict(list)
    for part in held.washed.blocks:
        number = held.sales[part.source]
        if part.sold_on is not None and part.sold_on.year == year and not part.sheltered:
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
        if x.paid_on.year == year and x.lot.account not in setting.sheltered:
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
