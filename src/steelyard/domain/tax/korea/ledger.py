"""The journal read by Korean rules: sales with their cost, payments with what is withheld, lots left.

Everything is a fold over the entries in order, one position for each account and ETF. Sheltered accounts
are left out: nothing in them is taxed before money leaves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal

from steelyard.domain.books.holdings import ADDING, TAKING
from steelyard.domain.books.ledger import ACTION_KINDS, PAYMENT_KINDS, Entry, placed
from steelyard.domain.books.lots import Pool, TaxLot, share
from steelyard.domain.money import EXACT, ZERO, exact_sum
from steelyard.domain.tax.country import Disposal, SoldLot, YearFacts
from steelyard.domain.tax.korea.accounts import SHELTERED
from steelyard.domain.tax.korea.day_order import in_korean_order
from steelyard.domain.tax.korea.exchange import in_won, with_tax_base, won_rate
from steelyard.domain.tax.korea.gifts import CARRIED_OVER, Gift, a_year_after, sold_gift
from steelyard.domain.tax.korea.overseas import ShareGain
from steelyard.domain.tax.korea.payments import (
    ABROAD_UNKNOWN,
    UPPER_BOUND,
    WAIVED,
    Payment,
    fund_credit_of,
    payment_of,
)
from steelyard.domain.tax.korea.positions import Position, act, hand_over, move, priced
from steelyard.domain.tax.korea.rates import TaxRates
from steelyard.domain.tax.korea.settings import givers_died
from steelyard.domain.tax.korea.settlement import settles_on
from steelyard.domain.tax.korea.withholding import Withheld, sale_base, withhold
from steelyard.domain.tax.transfers import transfer_taxed
from steelyard.errors import InputError
from steelyard.records import dataclass, replace
from steelyard.words import say

AVERAGED = say("moving average: one cost a share, no lots")
CLASSES = ("krx_domestic_equity", "krx_other", "overseas_listed", "krx_taxable_shares")
OVERSEAS_METHODS = ("fifo", "lifo", "average")
DEFAULT_METHOD = "fifo"
"""Where the owner does not say what the broker applies; Decree 162(5)."""
_LONGEST_SETTLEMENT = timedelta(days=31)
"""A sale longer before the year cannot settle in it, and old settlement cycles need not be known."""
_HELD_KINDS = (*ADDING, *TAKING, *ACTION_KINDS, *PAYMENT_KINDS, "transfer")


@dataclass(frozen=True, slots=True)
class UnitSale:
    """All units of one ETF of the class `krx_other` that an account sold on one day."""

    disposal: Disposal
    withheld: Withheld
    upper_bound: bool
    result: Decimal
    """What is taxed, with its sign: a loss counts inside an ISA."""


@dataclass(frozen=True, slots=True)
class KoreanLedger:
    """What a year's tax rests on; the lots are those left at its end.

    `gifts` are those that some shares may be left of, by account, symbol and order of their lot.
    """

    overseas: tuple[Disposal, ...]
    domestic: tuple[Disposal, ...]
    units: tuple[UnitSale, ...]
    payments: tuple[Payment, ...]
    open_lots: tuple[TaxLot, ...]
    gifts: Mapping[tuple[str, str, int], Gift]
    shares: tuple[Disposal, ...] = ()
    """Taxable Korean shares, by the same net gain as `overseas`."""

    @property
    def upper_bound(self) -> bool:
        """Whether any figure is an upper bound."""
        return any(u.upper_bound for u in self.units) or any(p.upper_bound for p in self.payments)


@dataclass(frozen=True, slots=True)
class _Sold:
    entry: Entry
    taken: tuple[TaxLot, ...]
    proceeds: Decimal
    untaxed: Decimal
    gifts: Mapping[int, Gift]
    rate_notes: tuple[str, ...] = ()
    credit: Decimal = ZERO
    fund_notes: tuple[str, ...] = ()
    sale_fees: Decimal = ZERO
    bought_fees: tuple[Decimal, ...] = ()
    averaged: bool = False


def read_ledger(facts: YearFacts, rates: TaxRates) -> KoreanLedger:
    """Fold the journal up to the end of a year.

    Args:
        facts: See there; entries after the year are not read.
        rates: Of the year.

    Returns:
        The sales settled in the year, the payments made in it, and the lots held at its end.

    Raises:
        InputError: An unknown class (`tax-class-unknown`), a method Korea does not know
            (`cost-method-unknown`), more sold than held (`sold-more-than-held`).
        DataError: A trade in a foreign currency whose rate is nowhere (`rate-missing`).
    """
    positions: dict[tuple[str, str], Position] = {}
    sold: dict[tuple[str, str], list[_Sold]] = {}
    payments: list[Payment] = []
    entries = facts.entries
    if facts.tax_base_prices:
        entries = [with_tax_base(entry, facts) for entry in entries]
    for entry in in_korean_order(entries):
        sheltered = [facts.account_kinds.get(name) in SHELTERED for name in entry.accounts]
        if entry.kind not in _HELD_KINDS or entry.traded_on.year > facts.year or all(sheltered):
            continue
        if any(sheltered):
            raise transfer_taxed(entry)
        key = entry.account, entry.symbol
        if key not in positions:
            positions[key] = _opened(entry.symbol, entry, facts)
        position = positions[key]
        if entry.kind in ("dividend", "capital_gain_distribution"):
            payment = payment_of(entry, position, facts, rates)
            if payment is not None:
                payments.append(payment)
        elif entry.kind in TAKING:
            sale = _taken(entry, position, facts, rates)
            if sale is not None:
                sold.setdefault(key, []).append(sale)
        elif entry.kind in ADDING:
            _add(entry, position, facts)
        elif entry.kind == "transfer":
            key = entry.receiver, entry.symbol
            if key not in positions:
                positions[key] = _opened(entry.symbol, replace(entry, account=entry.receiver), facts)
            _move(entry, position, positions[key])
        elif entry.kind in ("spin_off", "merger"):
            other = positions.setdefault((entry.account, entry.other), _opened(entry.other, entry, facts))
            hand_over(entry, position, other)
        else:
            act(entry, position, facts)
    return _collected(positions, sold, payments, facts, rates)


def _opened(symbol: str, entry: Entry, facts: YearFacts) -> Position:
    tax_class = facts.classes.get(symbol)
    if tax_class not in CLASSES:
        raise class_unknown(symbol, tax_class)
    if tax_class == "krx_other":
        return Position(tax_class, Pool("average"))
    default = "average" if tax_class == "krx_domestic_equity" else DEFAULT_METHOD
    broad = facts.methods.get((entry.account, ""), default)
    method = facts.methods.get((entry.account, tax_class), broad)
    if tax_class == "krx_domestic_equity":
        # Neither gain nor loss is taxed: the method only decides the cost that is shown.
        return Position(tax_class, Pool(method if method in OVERSEAS_METHODS else "average"))
    if method not in OVERSEAS_METHODS:
        raise InputError(
            "cost-method-unknown",
            say(
                "account {account!r} sells {tax_class} by {method!r}, which no Korean broker offers",
                account=entry.account,
                tax_class=tax_class,
                method=method,
            ),
            say(
                'write cost_method = "{method}", or one of {others}: what the broker applies',
                method=OVERSEAS_METHODS[0],
                others=", ".join(OVERSEAS_METHODS[1:]),
            ),
        )
    return Position(tax_class, Pool(method))


def class_unknown(symbol: str, given: str | None) -> InputError:
    """Return the error for an instrument whose Korean class nobody has stated."""
    said = say("has the unknown class {given!r}", given=given) if given else say("has no Korean tax class")
    return InputError(
        "tax-class-unknown",
        say("{symbol} {said}, and a class is never guessed", symbol=symbol, said=said),
        say(
            "write under [instruments.{symbol}] tax_class = "
            '"krx_domestic_equity" (like KODEX 200), "krx_other" (like TIGER 미국S&P500), '
            '"overseas_listed" (like VOO) or "krx_taxable_shares" (Korean shares of a large holder)',
            symbol=symbol,
        ),
    )


def _add(entry: Entry, position: Position, facts: YearFacts) -> None:
    fees = entry.fees if entry.kind == "buy" else ZERO
    cost = in_won(entry, EXACT.add(priced(entry), fees), position.tax_class, facts)
    bought = entry.lot if entry.kind == "transfer_in" and entry.lot else entry.traded_on
    if entry.gift_value is not None and position.tax_class == "overseas_listed":
        value = EXACT.multiply(entry.gift_value, entry.shares)
        gift = Gift(
            entry.traded_on,
            entry.shares,
            value,
            giver_cost=cost,
            gift_tax=entry.gift_tax or ZERO,
            giver_died=givers_died(facts).get(entry.traded_on),
        )
        position.gifts[position.bought] = gift
        cost, bought = value, entry.traded_on
    elif cost > ZERO and fees:
        paid = in_won(entry, fees, position.tax_class, facts)
        position.fees = EXACT.add(position.fees, paid)
        position.fee_parts[position.bought] = EXACT.divide(paid, cost)
    note = won_rate(entry, position.tax_class, facts).note
    if note:
        position.rate_notes[position.bought] = note
    base = None
    if entry.tax_base_price is not None:
        base = EXACT.multiply(entry.tax_base_price, entry.shares)
        base = EXACT.add(base, in_won(entry, fees, position.tax_class, facts))
    position.pool.add(
        TaxLot(
            account=entry.account,
            symbol=entry.symbol,
            bought=bought,
            shares=entry.shares,
            cost=cost,
            holding_from=bought,
            tax_base=base,
            order=position.bought,
        )
    )
    position.bought += 1


def _move(entry: Entry, position: Position, other: Position) -> None:
    try:
        move(entry, position, other)
    except InputError as error:
        raise placed(entry, error) from error


def _taken(entry: Entry, position: Position, facts: YearFacts, rates: TaxRates) -> _Sold | None:
    held, several = position.pool.shares, position.bought > 1
    if entry.lot is not None:
        raise InputError(
            "lot-named",
            say(
                "the {kind} of {symbol} on {traded_on} names a lot, but a Korean broker sells "
                "{method} and takes no choice",
                kind=entry.kind,
                symbol=entry.symbol,
                traded_on=entry.traded_on,
                method=position.pool.method,
            ),
            say("leave the lot empty"),
        )
    try:
        taken = position.pool.take(entry.shares)
    except InputError as error:
        raise placed(entry, error) from error
    untaxed = EXACT.divide(EXACT.multiply(position.untaxed, entry.shares), held)
    position.untaxed = EXACT.subtract(position.untaxed, untaxed)
    if entry.kind == "transfer_out":
        return None
    proceeds = in_won(entry, EXACT.subtract(priced(entry), entry.fees), position.tax_class, facts)
    averaged = position.pool.method == "average" and several
    notes = [position.rate_notes[lot.order] for lot in taken if lot.order in position.rate_notes]
    notes.append(won_rate(entry, position.tax_class, facts).note)
    rate_notes = tuple(dict.fromkeys(note for note in notes if note))
    sale = _Sold(
        entry,
        tuple(taken),
        proceeds,
        untaxed,
        dict(position.gifts),
        rate_notes,
        sale_fees=in_won(entry, entry.fees, position.tax_class, facts),
        bought_fees=position.fees_of(taken, held),
        averaged=averaged,
    )
    if position.tax_class != "krx_other":
        return sale
    gain = EXACT.subtract(proceeds, exact_sum(lot.cost for lot in taken))
    alone = sale_base(gain, _unit_rise(sale), untaxed)
    credit, notes_of_fund = fund_credit_of(
        entry, position, facts, base=alone.amount, rates=rates, sold_out=not position.pool.shares
    )
    return replace(sale, credit=credit, fund_notes=tuple(notes_of_fund))


def _collected(
    positions: dict[tuple[str, str], Position],
    sold: dict[tuple[str, str], list[_Sold]],
    payments: list[Payment],
    facts: YearFacts,
    rates: TaxRates,
) -> KoreanLedger:
    singles: dict[str, list[Disposal]] = {name: [] for name in CLASSES}
    units: list[UnitSale] = []
    for key, sales in sold.items():
        tax_class = positions[key].tax_class
        days: dict[date, list[_Sold]] = {}
        for sale in sales:
            days.setdefault(sale.entry.traded_on, []).append(sale)
        for day, same_day in days.items():
            if day + _LONGEST_SETTLEMENT < date(facts.year, 1, 1):
                continue
            currency = same_day[0].entry.currency
            settled = settles_on(day, tax_class, facts.is_session, facts.rates, currency)
            if settled.year != facts.year:
                continue
            if tax_class == "krx_other":
                units.append(_unit(same_day, settled, rates))
            else:
                singles[tax_class] += [
                    _disposal([_of_gifts(sale, settled, facts)], tax_class, settled) for sale in same_day
                ]
    return KoreanLedger(
        overseas=tuple(sorted(singles["overseas_listed"], key=_place)),
        domestic=tuple(sorted(singles["krx_domestic_equity"], key=_place)),
        shares=tuple(sorted(singles["krx_taxable_shares"], key=_place)),
        units=tuple(sorted(units, key=lambda u: _place(u.disposal))),
        payments=tuple(sorted(payments, key=lambda p: (p.paid_on, p.account, p.symbol))),
        open_lots=tuple(lot for key in sorted(positions) for lot in _open(positions[key])),
        gifts={(*key, order): gift for key, held in positions.items() for order, gift in held.gifts.items()},
    )


def _open(position: Position) -> Sequence[TaxLot]:
    """Return the lots left; under the moving average there are none, but one holding at one cost."""
    lots = position.pool.lots()
    if position.pool.method != "average" or position.gifts or len(lots) < 2:
        return lots
    bases = [lot.tax_base for lot in lots if lot.tax_base is not None]
    return (
        replace(
            lots[0],
            shares=exact_sum(lot.shares for lot in lots),
            cost=exact_sum(lot.cost for lot in lots),
            tax_base=exact_sum(bases) if len(bases) == len(lots) else None,
        ),
    )


def share_gains(sold: Iterable[Disposal]) -> list[ShareGain]:
    """Return what taxable Korean shares gained, apart what was held less than a year (ITA 104(1)11가1))."""
    found = []
    for sale in sold:
        for lot in sale.lots:
            short = sale.settles_on < a_year_after(lot.bought)
            proceeds = share(sale.proceeds, lot.shares, sale.shares)
            found.append(ShareGain(EXACT.subtract(proceeds, lot.cost), sale.settles_on, short))
    return found


def _place(disposal: Disposal) -> tuple[date, str, str]:
    return disposal.sold_on, disposal.account, disposal.symbol


def _of_gifts(sale: _Sold, settled: date, facts: YearFacts) -> _Sold:
    """Put the giver's cost in place where a gift was sold within a year."""
    if not sale.gifts:
        return sale
    taken, carried = [], set()
    for lot in sale.taken:
        gift = sale.gifts.get(lot.order)
        if gift is not None:
            proceeds = share(sale.proceeds, lot.shares, sale.entry.shares)
            lot, carries = sold_gift(facts.rates, gift, lot, proceeds=proceeds, sold_on=settled)
            carried |= {lot.order} if carries else set()
        taken.append(lot)
    return replace(sale, taken=tuple(taken), gifts={o: sale.gifts[o] for o in sorted(carried)})


def cost_with_gifts(facts: YearFacts, rates: TaxRates, as_of: date) -> Callable[[TaxLot, Decimal], Decimal]:
    """Return what a lot still held would cost if it were sold on a day: of a gift within a year the giver's.

    Args:
        facts, rates: As for `read_ledger`.
        as_of: Day of the sale.

    Source: rule kr.gift-basis.
    """
    if all(entry.gift_value is None for entry in facts.entries):
        return lambda lot, _: lot.cost
    gifts = read_ledger(facts, rates).gifts
    settled = settles_on(as_of, "overseas_listed", facts.is_session, facts.rates)

    def cost(lot: TaxLot, proceeds: Decimal) -> Decimal:
        gift = gifts.get((lot.account, lot.symbol, lot.order))
        if gift is None:
            return lot.cost
        return sold_gift(facts.rates, gift, lot, proceeds=proceeds, sold_on=settled)[0].cost

    return cost


def _disposal(sales: list[_Sold], tax_class: str, settled: date) -> Disposal:
    first = sales[0].entry
    proceeds = exact_sum(s.proceeds for s in sales)
    cost = exact_sum(lot.cost for s in sales for lot in s.taken)
    return Disposal(
        account=first.account,
        symbol=first.symbol,
        tax_class=tax_class,
        sold_on=first.traded_on,
        settles_on=settled,
        shares=exact_sum(s.entry.shares for s in sales),
        proceeds=proceeds,
        cost=cost,
        gain=EXACT.subtract(proceeds, cost),
        lots=_sold_lots(sales),
        gross=EXACT.add(proceeds, exact_sum(s.sale_fees for s in sales)),
        expenses=exact_sum(exact_sum(s.bought_fees, s.sale_fees) for s in sales),
        taxable=ZERO if tax_class == "krx_domestic_equity" else None,
        notes=(
            *((CARRIED_OVER,) if any(s.gifts for s in sales) else ()),
            *((AVERAGED,) if tax_class != "krx_domestic_equity" and any(s.averaged for s in sales) else ()),
            *dict.fromkeys(note for s in sales for note in s.rate_notes),
        ),
    )


def _sold_lots(sales: list[_Sold]) -> tuple[SoldLot, ...]:
    """Return what was sold by purchase; a moving average knows no purchases, so it is one line a sale."""
    found: list[SoldLot] = []
    for sale in sales:
        if sale.averaged:
            shares = exact_sum(lot.shares for lot in sale.taken)
            cost = exact_sum(lot.cost for lot in sale.taken)
            fees = exact_sum(sale.bought_fees)
            found.append(SoldLot(min(lot.bought for lot in sale.taken), shares, cost, fees))
        else:
            found += [
                SoldLot(lot.bought, lot.shares, lot.cost, fees)
                for lot, fees in zip(sale.taken, sale.bought_fees, strict=True)
            ]
    return tuple(found)


def _unit(sales: list[_Sold], settled: date, rates: TaxRates) -> UnitSale:
    disposal = _disposal(sales, "krx_other", settled)
    rises = [_unit_rise(sale) for sale in sales]
    known = [rise for rise in rises if rise is not None]
    rise = exact_sum(known) if len(known) == len(rises) else None
    base = sale_base(disposal.gain, rise, exact_sum(s.untaxed for s in sales))
    withheld = withhold(base.amount, rates, credit=exact_sum(s.credit for s in sales))
    of_fund = tuple(dict.fromkeys(note for s in sales for note in s.fund_notes)) if withheld.base else ()
    notes = disposal.notes + (UPPER_BOUND,) * base.upper_bound + of_fund + (WAIVED,) * withheld.waived
    upper_bound = base.upper_bound or ABROAD_UNKNOWN in of_fund
    return UnitSale(replace(disposal, taxable=withheld.base, notes=notes), withheld, upper_bound, base.result)


def _unit_rise(sale: _Sold) -> Decimal | None:
    bases = [lot.tax_base for lot in sale.taken if lot.tax_base is not None]
    if sale.entry.tax_base_price is None or len(bases) < len(sale.taken):
        return None
    after = EXACT.multiply(sale.entry.tax_base_price, sale.entry.shares)
    # A KRX-listed ETF is quoted in won, and so are the fees; those of the purchases are in the bases.
    return EXACT.subtract(after, exact_sum(bases, sale.entry.fees))
