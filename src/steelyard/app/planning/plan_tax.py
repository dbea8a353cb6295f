"""What a finished plan costs in tax: the year's return, with its sales added to the journal and without them.

The formulas that the planner looked at (`lot_taxes`) steer; the figures a plan shows come from here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal

from steelyard.app.planning.lot_choice import cheapest
from steelyard.app.planning.lot_taxes import lot_taxes, tax_rate
from steelyard.app.planning.plan_request import LotTaxes
from steelyard.app.tax.filers import entries_for
from steelyard.app.tax.selling_order import method_of
from steelyard.app.tax.situation import Returns, TaxSituation
from steelyard.domain.books.ledger import Entry
from steelyard.domain.books.lots import TaxLot
from steelyard.domain.money import EXACT, ZERO, exact_sum, written
from steelyard.domain.portfolio import Portfolio
from steelyard.domain.tax.country import Disposal, YearTax
from steelyard.domain.tax.gaps import tax_not_counted
from steelyard.domain.tax.planning import NoBuy
from steelyard.domain.trades import Trade
from steelyard.errors import InputError
from steelyard.records import dataclass, field, replace
from steelyard.words import join, say

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class SaleTax:
    """What one planned sale does to the year's tax.

    Attributes:
        gain: In the tax currency; negative for a loss, None when what was paid is not known.
        tax: What it adds to the year's tax after the sales before it, base currency; negative when a loss
            saves tax. None when the tax cannot be computed.
        disposals: As the return would list it, with its lots.
        no_buy: What a purchase would undo of it, as the country says; None where there is nothing to undo.
        has_lots: Whether it takes lots; under a moving average there are none.
    """

    gain: Decimal | None
    tax: Decimal | None
    disposals: tuple[Disposal, ...]
    no_buy: NoBuy | None = None
    has_lots: bool = True

    @property
    def lots(self) -> tuple[tuple[date, Decimal, Decimal], ...]:
        """Day, shares and cost of each lot it takes."""
        return tuple((x.bought, x.shares, x.cost) for d in self.disposals for x in d.lots if self.has_lots)


@dataclass(frozen=True, slots=True)
class PlanTaxes:
    """The tax of a whole plan.

    Attributes:
        sales: By place among the plan's trades.
        total: Base currency; None when it cannot be computed.
        note: Why not, or what is left out.
        washed: What the plan sells at a loss that its own purchases disallow.
        by_owner: Who files each return to its part of the total; empty with a single one.
    """

    sales: Mapping[int, SaleTax]
    total: Decimal | None
    note: str = ""
    washed: frozenset[str] = frozenset()
    by_owner: Mapping[str, Decimal | None] = field(default_factory=dict)


def plan_taxes(
    portfolio: Portfolio,
    returns: Returns,
    trades: Sequence[Trade],
    sold: Mapping[Key, Sequence[Decimal]],
    planned: LotTaxes | None,
    *,
    as_of: date,
    taken_out: tuple[str, Decimal] = ("", ZERO),
) -> PlanTaxes:
    """Return what a plan adds to the year's tax, by the returns themselves.

    Args:
        portfolio, returns: As for `lot_taxes`.
        trades: Of the plan.
        sold: Shares by lot where the plan chose them.
        planned: What the plan was made with, None when it did not look at tax; the lots are chosen here then.
        as_of: Day of the sales.
        taken_out: The account that money leaves and how much, base currency; nothing by default.
    """
    why_not = ""
    if planned is None:
        planned, sold, why_not = _chosen_afterwards(portfolio, returns, trades, as_of)
    years = [_Return(portfolio, situation, trades, as_of, taken_out) for situation in returns]
    for place, trade in enumerate(trades):
        if trade.side == "sell":
            year = next((y for y in years if y.filer.reports(trade.account)), years[0])
            year.sell(place, trade, *_lots_chosen(planned, sold, (trade.account, trade.symbol)))
    totals = [y.total for y in years]
    total = None if None in totals else exact_sum(x for x in totals if x is not None)
    first: list[str] = []
    rest: list[str] = [] if planned is None else _notes_of_planning(portfolio, planned, trades, total)
    for year in years:
        own = year.notes(why_not)
        if len(years) > 1:
            own = [n and say("{owner}: {note}", owner=year.filer.owners[0], note=n) for n in own]
        first, rest = [*first, own[0]], [*rest, *own[1:]]
    by_owner = {y.filer.owners[0]: t for y, t in zip(years, totals, strict=True)} if len(years) > 1 else {}
    return PlanTaxes(
        {place: sale for y in years for place, sale in y.sales.items()},
        total,
        join("; ", [n for n in (*first, *rest) if n]),
        frozenset().union(*(y.washed() for y in years)),
        by_owner,
    )


def _chosen_afterwards(
    portfolio: Portfolio, returns: Returns, trades: Sequence[Trade], as_of: date
) -> tuple[LotTaxes | None, Mapping[Key, Sequence[Decimal]], str]:
    """Return what a plan that did not look at tax could have known of it, the cheapest lots, and why not.

    Where what was paid is not known such a plan stands all the same, with the lots in the broker's order:
    nobody asked it to look at tax.
    """
    try:
        known = lot_taxes(portfolio, returns, as_of=as_of)
    except InputError as error:
        return None, {}, error.message
    return known, cheapest(known, trades), ""


def _lots_chosen(
    planned: LotTaxes | None, sold: Mapping[Key, Sequence[Decimal]], key: Key
) -> tuple[Sequence[TaxLot], Sequence[Decimal]]:
    """Return the lots whose shares a sale names, and how many; none where the broker's order is the law's."""
    if planned is None or key not in planned.free_choice or not sold.get(key):
        return (), ()
    return planned.lots[key], sold[key]


def _notes_of_planning(
    portfolio: Portfolio, planned: LotTaxes, trades: Sequence[Trade], total: Decimal | None
) -> list[str]:
    """Say what the formula left out, and where the return ends above the limit that the formula kept."""
    notes: list[str] = list(
        dict.fromkeys(
            planned.left_out[t.account, t.symbol]
            for t in trades
            if t.side == "sell" and (t.account, t.symbol) in planned.left_out
        )
    )
    if total is not None and planned.max_tax is not None and total > planned.max_tax:
        added, limit = (written(x, portfolio.base_currency) for x in (total, planned.max_tax))
        notes.append(
            say(
                "by the return the plan adds {added} of tax, more than the {limit} asked for",
                added=added,
                limit=limit,
            )
        )
    return notes


class _Return:
    """The year's return while planned sales are entered, one on top of the other.

    Purchases of the plan that may wash a loss are entered before any sale: the return of a day knows no hour.
    """

    def __init__(
        self,
        portfolio: Portfolio,
        situation: TaxSituation,
        trades: Sequence[Trade],
        as_of: date,
        taken_out: tuple[str, Decimal],
    ) -> None:
        self._portfolio, self._situation, self._as_of = portfolio, situation, as_of
        self.filer = situation.filer
        self._to_base = tax_rate(portfolio, situation.country.currency)
        planned = _buys(portfolio, situation, trades, self._to_base, as_of)
        self._buys = tuple(entries_for(self.filer, planned))
        self._first = (*self._buys, *self._withdrawn(*taken_out))
        self._sold: tuple[Entry, ...] = ()
        self._year = situation.with_entries(self._first) if self._first else situation.so_far
        self._left_out: list[str] = []
        self._forbidden: dict[int, Mapping[str, NoBuy]] = {}
        self.sales: dict[int, SaleTax] = {}

    def _withdrawn(self, account: str, amount: Decimal) -> tuple[Entry, ...]:
        """Return the money a plan takes out as an entry, where the return may count it."""
        lands = self._situation.country
        kind = self._situation.facts.account_kinds.get(account)
        if not amount or kind not in lands.taxed_withdrawals or not self.filer.reports(account):
            return ()
        money = EXACT.divide(amount, self._to_base)
        return (Entry(self._as_of, account, "withdrawal", shares=money, currency=lands.currency),)

    def sell(self, place: int, trade: Trade, lots: Sequence[TaxLot], parts: Sequence[Decimal]) -> None:
        """Enter a sale, lot by lot where they were chosen, and keep what it changes."""
        situation, key = self._situation, (trade.account, trade.symbol)
        if key in situation.unknown and key in situation.untaxed:
            # Its cost does not matter: nothing of it is taxed.
            self.sales[place] = SaleTax(None, ZERO, ())
            return
        if key in situation.unknown or trade.symbol not in situation.facts.classes:
            self._left_out.append(trade.symbol)
            return
        before, sold_before = self._year, self._sold
        self._sold += tuple(_entries(self._portfolio, trade, lots, parts, self._to_base, self._as_of))
        self._year = situation.with_entries([*self._first, *self._sold])
        fresh = _fresh(before.disposals, self._year.disposals)
        no_buy = None
        if situation.country.wash_days is not None and any(map(_has_losing_lot, fresh)):
            no_buy = self._no_buy(before, sold_before, trade.symbol)
        gain = exact_sum(d.gain for d in fresh)
        has_lots = method_of(situation, *key) != "average"
        self.sales[place] = SaleTax(gain, self._added(before, self._year), tuple(fresh), no_buy, has_lots)

    def _no_buy(self, before: YearTax, sold_before: tuple[Entry, ...], symbol: str) -> NoBuy | None:
        """Return the country's no-buy window of the last sale, None where it realises no loss that counts.

        Purchases of the plan itself are left aside: what they undo is undone, and nothing must undo more.

        Args:
            before: The year before this sale.
            sold_before: Sales of the plan before it.
            symbol: What it sells.
        """
        now = self._windows(self._year, self._sold).get(symbol)
        earlier = (*self._situation.facts.entries, *sold_before)
        sold_today = any(
            e.symbol == symbol and e.kind == "sell" and e.traded_on == self._as_of for e in earlier
        )
        then = self._windows(before, sold_before).get(symbol) if sold_today else None
        return now if now is not None and (then is None or now.loss > then.loss) else None

    def _windows(self, year: YearTax, sold: tuple[Entry, ...]) -> Mapping[str, NoBuy]:
        """Return by symbol what some first sales of the plan forbid; each number of them is asked once.

        Args:
            year: With these sales, and with whatever the plan buys or takes out before them.
            sold: The sales.
        """
        if len(sold) not in self._forbidden:
            found = year.no_buys
            if self._first:
                facts = self._situation.facts
                more = replace(facts, entries=(*facts.entries, *sold))
                found = self._situation.country.no_buys(more, self._as_of)
            self._forbidden[len(sold)] = {x.sold: x for x in reversed(found) if x.sold_on == self._as_of}
        return self._forbidden[len(sold)]

    @property
    def total(self) -> Decimal | None:
        """What all sales add to the year's tax, base currency; None where something of it is not known."""
        return None if self._left_out else self._added(self._situation.so_far, self._year)

    def washed(self) -> frozenset[str]:
        """Return what is sold at a loss that the plan's own purchases disallow."""
        if not self._buys or not self._sold:
            return frozenset()
        return _washed(self._year, self._situation.with_entries(self._sold), self._as_of)

    def notes(self, why_not: str) -> list[str]:
        """Return what is left out, which former loss the purchases disallow, and why there is no total.

        Args:
            why_not: Why the lots could not be looked at.
        """
        situation = self._situation
        notes: list[str] = [""]
        if self._left_out:
            notes = [tax_not_counted(self._left_out, situation.so_far.gaps)]
        undone = _undone(situation, self._buys, self._as_of)
        if undone:
            notes.append(
                say(
                    "buying {names} so soon after a sale at a loss disallows {amount} of that loss",
                    names=", ".join(sorted({e.symbol for e in self._buys})),
                    amount=written(undone, situation.country.currency),
                )
            )
        if situation.so_far.provisional and (self.total or any(x.disposals for x in self.sales.values())):
            notes.append(situation.so_far.provisional)
        if self.total is None and not self._left_out and self.sales:
            notes.append(join(" ", situation.so_far.notes) if situation.so_far.notes else why_not)
        return notes

    def _added(self, before: YearTax, after: YearTax) -> Decimal | None:
        if before.total_tax is None or after.total_tax is None:
            return None
        return EXACT.multiply(EXACT.subtract(after.total_tax, before.total_tax), self._to_base)


def _buys(
    portfolio: Portfolio,
    situation: TaxSituation,
    trades: Sequence[Trade],
    to_base: Decimal,
    as_of: date,
) -> list[Entry]:
    """Return the planned purchases that may wash a loss: of this plan, or of the weeks before."""
    if situation.country.wash_days is None:
        return []
    washed = {s for x in situation.so_far.no_buys for s in x.symbols}
    for trade in trades:
        washed |= situation.same(trade.symbol) if trade.side == "sell" else set()
    return [
        entry
        for trade in trades
        if trade.side == "buy" and trade.symbol in washed and trade.symbol in situation.facts.classes
        for entry in _entries(portfolio, trade, (), (), to_base, as_of)
    ]


def _washed(with_buys: YearTax, without: YearTax, as_of: date) -> frozenset[str]:
    """Return what is sold on a day and loses more of its loss with some purchases than without."""

    def lost(year: YearTax) -> dict[str, Decimal]:
        found: dict[str, Decimal] = {}
        for d in year.disposals:
            if d.sold_on == as_of:
                found[d.symbol] = EXACT.add(found.get(d.symbol, ZERO), d.disallowed)
        return found

    less = lost(without)
    return frozenset(symbol for symbol, amount in lost(with_buys).items() if amount > less.get(symbol, ZERO))


def _undone(situation: TaxSituation, buys: Sequence[Entry], as_of: date) -> Decimal:
    """Return how much of the losses of the weeks before some purchases disallow, in the tax currency."""
    if not buys:
        return ZERO
    country, facts = situation.country, situation.facts
    after = country.no_buys(replace(facts, entries=(*facts.entries, *buys)), as_of)
    before = exact_sum(x.loss for x in country.no_buys(facts, as_of))
    return EXACT.subtract(before, exact_sum(x.loss for x in after))


def _has_losing_lot(disposal: Disposal) -> bool:
    """Say whether a lot had cost more than its share of the proceeds, be the whole sale a gain or not."""
    return any(
        EXACT.multiply(lot.cost, disposal.shares) > EXACT.multiply(disposal.proceeds, lot.shares)
        for lot in disposal.lots
    )


def _fresh(before: Sequence[Disposal], after: Sequence[Disposal]) -> list[Disposal]:
    left = list(before)
    fresh = []
    for disposal in after:
        if disposal in left:
            left.remove(disposal)
        else:
            fresh.append(disposal)
    return fresh


def _entries(
    portfolio: Portfolio,
    trade: Trade,
    lots: Sequence[TaxLot],
    parts: Sequence[Decimal],
    to_base: Decimal,
    as_of: date,
) -> list[Entry]:
    """Return a planned trade as journal entries, of a sale one for each lot the plan chose."""
    rate = EXACT.divide(portfolio.rate(trade.currency), to_base)
    fees = EXACT.divide(portfolio.costs.commission_of(trade.amount), portfolio.rate(trade.currency))

    def entry(shares: Decimal, lot: TaxLot | None) -> Entry:
        share = EXACT.divide(EXACT.multiply(fees, shares), trade.shares)
        return Entry(
            traded_on=as_of,
            account=trade.account,
            kind=trade.side,
            symbol=trade.symbol,
            shares=shares,
            price=trade.price,
            currency=trade.currency,
            fees=share,
            fx_rate=rate,
            lot=lot.bought if lot else None,
            note="planned",
        )

    chosen = [(lot, part) for lot, part in zip(lots, parts, strict=False) if part > ZERO]
    if not chosen:
        return [entry(trade.shares, None)]
    return [entry(part, lot) for lot, part in chosen]
