"""What a planner has to know of tax before it plans: lots in selling order, their gains, the year's formula.

It sees a country's tax as a formula over gains in buckets. What a finished plan costs is not taken from there
but from the year's return (`plan_tax`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal

from steelyard.app.planning.plan_request import LotTaxes
from steelyard.app.tax.selling_order import is_free_choice, method_of, selling_order
from steelyard.app.tax.situation import TaxSituation
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
    groups: dict[Key, list[TaxLot]] = {}
    for lot in situation.so_far.open_lots:
        if lot.symbol in portfolio.counted and lot.symbol in portfolio.quotes:
            groups.setdefault((lot.account, lot.symbol), []).append(lot)
    lots: dict[Key, tuple[TaxLot, ...]] = {}
    gains: dict[Key, tuple[Decimal, ...]] = {}
    buckets: dict[Key, tuple[str | None, ...]] = {}
    free: set[Key] = set()
    for key, group in groups.items():
        # A smaller sale pays no less for each share, so that no gain is planned below what it will be.
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
