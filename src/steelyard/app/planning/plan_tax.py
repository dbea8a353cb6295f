"""What a plan costs in tax: lots and formulas for the planner, and the exact tax of the finished plan.

The planner sees each country's tax as a formula; the figures a plan shows are not taken from there but from
the year's return, computed with the planned sales added to the journal and without them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal

from steelyard.app.planning.lot_choice import cheapest
from steelyard.app.planning.plan_request import LotTaxes
from steelyard.app.tax.selling_order import is_free_choice, method_of, selling_order
from steelyard.app.tax.situation import TaxSituation
from steelyard.app.tax.wash_window import recent_purchases
from steelyard.domain.books.ledger import Entry
from steelyard.domain.books.lots import TaxLot
from steelyard.domain.money import EXACT, ONE, ZERO, exact_sum, plain
from steelyard.domain.portfolio import Portfolio
from steelyard.domain.tax.country import Disposal, YearTax
from steelyard.domain.tax.planning import Case, Formula, NoBuy, TaxLine
from steelyard.domain.trades import Trade
from steelyard.errors import DataError, InputError
from steelyard.records import dataclass, replace
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
    """

    gain: Decimal | None
    tax: Decimal | None
    disposals: tuple[Disposal, ...]
    no_buy: NoBuy | None = None


@dataclass(frozen=True, slots=True)
class PlanTaxes:
    """The tax of a whole plan.

    Attributes:
        sales: By place among the plan's trades.
        total: Base currency; None when it cannot be computed.
        note: Why not, or what is left out.
        washed: What the plan sells at a loss that its own purchases disallow.
    """

    sales: Mapping[int, SaleTax]
    total: Decimal | None
    note: str = ""
    washed: frozenset[str] = frozenset()


def lot_taxes(
    portfolio: Portfolio,
    situation: TaxSituation,
    *,
    as_of: date,
    max_tax: Decimal | None = None,
    max_gain: Decimal | None = None,
) -> LotTaxes:
    """Return how the planner should look at tax.

    Args:
        portfolio: Without problems, with prices.
        situation: The journal and the country.
        as_of: Day of the planned sales.
        max_tax: Most tax the plan may cause, base currency.
        max_gain: Most net gain it may realise, base currency.

    Raises:
        InputError: Something that could be sold has no known cost (`cost-unknown`).
        DataError: No rate between the tax currency and the base currency.
    """
    # What a sale costs in tax does not depend on the cost of what is not taxed.
    unknown = sorted({s for a, s in situation.unknown - situation.untaxed if s in portfolio.counted})
    if unknown:
        raise InputError(
            "cost-unknown",
            say(
                "what was paid for {unknown} is not known, so its tax is not either",
                unknown=", ".join(unknown),
            ),
            say("add lots to the position, or import the trades with `steelyard import`"),
        )
    to_base = tax_rate(portfolio, situation.country.currency)
    rules = situation.country.plan_tax(situation.facts, situation.so_far, as_of)
    keep = EXACT.subtract(ONE, portfolio.costs.commission)
    groups: dict[Key, list[TaxLot]] = {}
    for lot in situation.so_far.open_lots:
        if lot.symbol in portfolio.counted and lot.symbol in portfolio.quotes:
            groups.setdefault((lot.account, lot.symbol), []).append(lot)
    lots: dict[Key, tuple[TaxLot, ...]] = {}
    gains: dict[Key, tuple[Decimal, ...]] = {}
    buckets: dict[Key, tuple[str | None, ...]] = {}
    free: set[Key] = set()
    for key, group in groups.items():
        price = EXACT.multiply(portfolio.base_price(key[1]), keep)
        method = method_of(situation, *key)
        if is_free_choice(method):
            free.add(key)
        line = selling_order(group, method)
        if method == "average":
            line = _merged(line, rules.bucket_of)

        def gain(lot: TaxLot, price: Decimal = price) -> Decimal:
            proceeds = EXACT.divide(EXACT.multiply(price, lot.shares), to_base)
            cost = EXACT.multiply(EXACT.divide(rules.cost_of(lot, proceeds), lot.shares), to_base)
            return EXACT.subtract(price, cost)

        parts = _washed_first(situation, line, gain, as_of, ordered=key not in free)
        lots[key] = tuple(lot for lot, _ in parts)
        gains[key] = tuple(gain_of_one for _, gain_of_one in parts)
        buckets[key] = tuple(rules.bucket_of(lot) for lot, _ in parts)
    return LotTaxes(
        lots=lots,
        gains=gains,
        buckets=buckets,
        free_choice=frozenset(free),
        taxes=tuple(_scaled(formula, to_base) for formula in rules.taxes),
        max_tax=max_tax,
        max_gain=max_gain,
        wash_groups=None if situation.country.wash_days is None else situation.identical,
        left_out=rules.left_out,
    )


def _washed_first(
    situation: TaxSituation,
    line: Sequence[TaxLot],
    gain: Callable[[TaxLot], Decimal],
    as_of: date,
    *,
    ordered: bool,
) -> list[tuple[TaxLot, Decimal]]:
    """Return lots with the gain of a share, as many losing shares at no gain as recent purchases disallow.

    Shares of another lot bought in the weeks before wash as many of the first that are sold at a loss. Where
    the owner chooses the lots none of such a loss is counted, or the plan would sell the rest of it only.
    The figures that are shown count exactly.
    """
    if not line:
        return []
    recent = recent_purchases(situation, situation.same(line[0].symbol), as_of)
    used = ZERO
    parts: list[tuple[TaxLot, Decimal]] = []
    for lot in line:
        one = gain(lot)
        others = exact_sum(n for key, n in recent.items() if key != (lot.bought, lot.symbol, lot.account))
        washed = max(EXACT.subtract(others, used), ZERO) if one < ZERO else ZERO
        if not washed:
            parts.append((lot, one))
        elif not ordered or washed >= lot.shares:
            parts.append((lot, ZERO))
            used = EXACT.add(used, lot.shares)
        else:
            rest = EXACT.subtract(lot.shares, washed)
            parts += [(lot.part(washed), ZERO), (lot.part(rest), one)]
            used = EXACT.add(used, washed)
    return parts


def _merged(lots: Sequence[TaxLot], bucket_of: Callable[[TaxLot], str | None]) -> list[TaxLot]:
    """Return lots at one cost a share with neighbours of one bucket made one: fewer to choose from."""
    merged: list[TaxLot] = []
    for lot in lots:
        if merged and bucket_of(merged[-1]) == bucket_of(lot):
            last = merged.pop()
            lot = replace(
                last, shares=EXACT.add(last.shares, lot.shares), cost=EXACT.add(last.cost, lot.cost)
            )
        merged.append(lot)
    return merged


def _scaled(formula: Formula, to_base: Decimal) -> Formula:
    def line(x: TaxLine) -> TaxLine:
        return TaxLine(x.slopes, EXACT.multiply(x.constant, to_base))

    return tuple(
        Case(tuple(line(p) for p in case.pieces), tuple(line(x) for x in case.limits)) for case in formula
    )


def tax_rate(portfolio: Portfolio, currency: str) -> Decimal:
    """Return the base currency's worth of one unit of the tax currency.

    Raises:
        DataError: No rate is known (`fx-missing`).
    """
    if currency == portfolio.base_currency:
        return ONE
    if currency not in portfolio.fx:
        raise DataError(
            "fx-missing",
            say(
                "tax is counted in {currency}, and no rate to {base_currency} is known",
                currency=currency,
                base_currency=portfolio.base_currency,
            ),
            say(
                'add under [fx]: {currency}{base_currency} = "..."',
                currency=currency,
                base_currency=portfolio.base_currency,
            ),
        )
    return portfolio.fx[currency]


def plan_taxes(
    portfolio: Portfolio,
    situation: TaxSituation,
    trades: Sequence[Trade],
    sold: Mapping[Key, Sequence[Decimal]],
    planned: LotTaxes | None,
    *,
    as_of: date,
) -> PlanTaxes:
    """Return what the sales of a plan add to the year's tax, by the return itself.

    Args:
        portfolio, situation: As for `lot_taxes`.
        trades: Of the plan.
        sold: Shares by lot where the plan chose them.
        planned: What the plan was made with, None when it did not look at tax; the lots are chosen here then.
        as_of: Day of the sales.
    """
    to_base = tax_rate(portfolio, situation.country.currency)
    rate_missing = ""
    if planned is None:
        try:
            planned = lot_taxes(portfolio, situation, as_of=as_of)
            sold = cheapest(planned, trades)
        except InputError as error:
            # Nobody asked the plan to look at tax: it stands, with the lots in the broker's order.
            rate_missing = error.message
    sales: dict[int, SaleTax] = {}
    buys = _buys(portfolio, situation, trades, to_base, as_of)
    entries: list[Entry] = list(buys)
    before = situation.with_entries(buys) if buys else situation.so_far
    undone = _undone(situation, buys, as_of)
    left_out = []
    for place, trade in enumerate(trades):
        if trade.side != "sell":
            continue
        key = trade.account, trade.symbol
        if key in situation.unknown and key in situation.untaxed:
            sales[place] = SaleTax(None, ZERO, ())
            continue
        if key in situation.unknown or trade.symbol not in situation.facts.classes:
            left_out.append(trade.symbol)
            continue
        parts = sold.get(key, ()) if planned is not None and key in planned.free_choice else ()
        sold_before = tuple(entries[len(buys) :])
        entries += _entries(
            portfolio, trade, planned.lots[key] if planned and parts else (), parts, to_base, as_of
        )
        after = situation.with_entries(entries)
        fresh = _fresh(before.disposals, after.disposals)
        tax = None
        if after.total_tax is not None and before.total_tax is not None:
            tax = EXACT.multiply(EXACT.subtract(after.total_tax, before.total_tax), to_base)
        no_buy = None
        if situation.country.wash_days is not None and any(map(_has_losing_lot, fresh)):
            no_buy = _no_buy(situation, sold_before, tuple(entries[len(buys) :]), trade.symbol, as_of)
        sales[place] = SaleTax(exact_sum(d.gain for d in fresh), tax, tuple(fresh), no_buy)
        before = after
    total = None
    if not left_out and before.total_tax is not None and situation.so_far.total_tax is not None:
        total = EXACT.multiply(EXACT.subtract(before.total_tax, situation.so_far.total_tax), to_base)
    notes: list[str] = (
        [say("what was paid for {left_out} is not known", left_out=", ".join(left_out))] if left_out else []
    )
    if planned is not None:
        notes += dict.fromkeys(
            planned.left_out[t.account, t.symbol]
            for t in trades
            if t.side == "sell" and (t.account, t.symbol) in planned.left_out
        )
        if total is not None and planned.max_tax is not None and total > planned.max_tax:
            added, limit = f"{plain(round(total, 2))} {portfolio.base_currency}", plain(planned.max_tax)
            notes.append(
                say(
                    "by the return the plan adds {added} of tax, more than the {limit} asked for",
                    added=added,
                    limit=limit,
                )
            )
    if undone:
        names = ", ".join(sorted({e.symbol for e in buys}))
        amount = f"{plain(undone)} {situation.country.currency}"
        notes.append(
            say(
                "buying {names} so soon after a sale at a loss disallows {amount} of that loss",
                names=names,
                amount=amount,
            )
        )
    if total is None and not left_out and any(t.side == "sell" for t in trades):
        notes.append(join(" ", situation.so_far.notes) if situation.so_far.notes else rate_missing)
    sold_now = entries[len(buys) :]
    washed = _washed(before, situation.with_entries(sold_now), as_of) if buys and sold_now else frozenset()
    return PlanTaxes(sales, total, join("; ", notes), washed)


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
    washed = {s for x in situation.country.no_buys(situation.facts, as_of) for s in x.symbols}
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


def _no_buy(
    situation: TaxSituation, before: tuple[Entry, ...], after: tuple[Entry, ...], symbol: str, as_of: date
) -> NoBuy | None:
    """Return the country's no-buy window of a sale, None where it realises no loss that counts.

    Purchases of the plan itself are left aside: what they undo is undone, and nothing must undo more.

    Args:
        situation: The journal and the country.
        before, after: Sales of the plan without this one, and with it.
        symbol: What it sells.
        as_of: Its day.
    """
    country, facts = situation.country, situation.facts

    def window(sold: tuple[Entry, ...]) -> NoBuy | None:
        found = country.no_buys(replace(facts, entries=(*facts.entries, *sold)), as_of)
        return next((x for x in found if (x.sold, x.sold_on) == (symbol, as_of)), None)

    now, then = window(after), window(before)
    return now if now is not None and (then is None or now.loss > then.loss) else None


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
