"""What a planner has to know of tax before it plans: lots in selling order, their gains, the year's formula.

It sees a country's tax as a formula over gains in buckets. What a finished plan costs is not taken from there
but from the year's return (`plan_tax`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import TypeVar

from steelyard.app.planning.plan_request import LotTaxes
from steelyard.app.tax.selling_order import is_free_choice, method_of, selling_order
from steelyard.app.tax.situation import Returns, TaxSituation
from steelyard.app.tax.wash_window import recent_purchases
from steelyard.domain.books.lots import TaxLot
from steelyard.domain.money import EXACT, ONE, ZERO, exact_sum
from steelyard.domain.portfolio import Portfolio
from steelyard.domain.tax.planning import Case, Formula, TaxLine
from steelyard.errors import DataError, InputError
from steelyard.records import replace
from steelyard.words import say

Key = tuple[str, str]
"""An account and a symbol."""
DISCOUNT = Decimal("0.04")
"""A year, for what is saved or paid later, where the owner does not say."""
_K = TypeVar("_K")
_V = TypeVar("_V")


def lot_taxes(
    portfolio: Portfolio,
    returns: Returns,
    *,
    as_of: date,
    max_tax: Decimal | None = None,
    max_gain: Decimal | None = None,
) -> LotTaxes:
    """Return how the planner should look at the tax of all returns.

    Args:
        portfolio: Without problems, with prices.
        returns: The journal and the country of each.
        as_of: Day of the planned sales.
        max_tax: Most tax the plan may cause, base currency.
        max_gain: Most net gain it may realise, base currency.

    Raises:
        InputError: Something that could be sold has no known cost (`cost-unknown`).
        DataError: No rate between the tax currency and the base currency.
    """
    # What a sale costs in tax does not depend on the cost of what is not taxed.
    unknown = sorted({s for x in returns for a, s in x.unknown - x.untaxed if s in portfolio.counted})
    if unknown:
        raise InputError(
            "cost-unknown",
            say(
                "what was paid for {unknown} is not known, so its tax is not either",
                unknown=", ".join(unknown),
            ),
            say("add lots to the position, or import the trades with `steelyard import`"),
        )
    # A limit is one of this year's tax, in which later years have no part.
    limited = max_tax is not None
    each = [
        _of_return(portfolio, x, as_of, str(n) if n else "", limited=limited) for n, x in enumerate(returns)
    ]
    washing = [x.wash_groups for x in each if x.wash_groups is not None]
    return LotTaxes(
        lots=_joined(x.lots for x in each),
        gains=_joined(x.gains for x in each),
        buckets=_joined(x.buckets for x in each),
        free_choice=frozenset().union(*(x.free_choice for x in each)),
        taxes=tuple(formula for x in each for formula in x.taxes),
        max_tax=max_tax,
        max_gain=max_gain,
        wash_groups=_joined(washing) if washing else None,
        left_out=_joined(x.left_out for x in each),
    )


def _joined(tables: Iterable[Mapping[_K, _V]]) -> dict[_K, _V]:
    """Return tables as one; of returns they share no account."""
    found: dict[_K, _V] = {}
    for table in tables:
        found |= table
    return found


def _of_return(
    portfolio: Portfolio, situation: TaxSituation, as_of: date, mark: str, *, limited: bool
) -> LotTaxes:
    """Return how the planner should look at the tax of one return, its buckets marked as its own."""
    to_base = tax_rate(portfolio, situation.country.currency)
    rules = situation.country.plan_tax(situation.facts, situation.so_far, as_of)
    taxes = rules.taxes
    if rules.carried is not None and rules.carried.likelihood and not limited:
        taxes = (*taxes, rules.carried.formula(rules.carried.discount or DISCOUNT, rules.carried.likelihood))
    groups: dict[Key, list[TaxLot]] = {}
    for lot in situation.so_far.open_lots:
        if lot.symbol in portfolio.counted and lot.symbol in portfolio.quotes:
            groups.setdefault((lot.account, lot.symbol), []).append(lot)
    lots: dict[Key, tuple[TaxLot, ...]] = {}
    gains: dict[Key, tuple[Decimal, ...]] = {}
    buckets: dict[Key, tuple[str | None, ...]] = {}
    free: set[Key] = set()
    for key, group in groups.items():
        # A smaller sale pays no less for each share, so that no gain is planned below what it will be, and at
        # most the least commission above it; the return that is shown counts what the sale really pays.
        held = exact_sum(lot.shares for lot in group)
        worth = EXACT.multiply(portfolio.base_price(key[1]), held)
        price = EXACT.divide(EXACT.subtract(worth, portfolio.costs.commission_of(worth)), held)
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
        buckets[key] = tuple(_marked(rules.bucket_of(lot), mark) for lot, _ in parts)
    return LotTaxes(
        lots=lots,
        gains=gains,
        buckets=buckets,
        free_choice=frozenset(free),
        taxes=tuple(_scaled(formula, to_base, mark) for formula in taxes),
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


def _marked(bucket: str | None, mark: str) -> str | None:
    return f"{bucket}@{mark}" if bucket is not None and mark else bucket


def _scaled(formula: Formula, to_base: Decimal, mark: str) -> Formula:
    def line(x: TaxLine) -> TaxLine:
        slopes = {f"{bucket}@{mark}": slope for bucket, slope in x.slopes.items()} if mark else x.slopes
        return TaxLine(slopes, EXACT.multiply(x.constant, to_base))

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
