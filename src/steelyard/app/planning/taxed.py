"""Plans that look at tax: lots and formulas of the domain become those of the engine, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction

from steelyard.app.planning.plan_request import LotTaxes, PlanRequest
from steelyard.app.planning.tradables import Ticks, Tradable
from steelyard.domain.money import EXACT
from steelyard.domain.tax.planning import Formula, TaxLine
from steelyard.engines.planning.household.household import Household
from steelyard.engines.planning.household.taxation import (
    Alternative,
    LotSteps,
    Piece,
    Taxation,
    simpler,
)

UNKNOWN_RATE = Fraction(1, 5)
"""Tax taken on everything a sale brings in where what was paid is not known: only to compare accounts by."""


def taxation(lot_taxes: LotTaxes, positions: tuple[Tradable, ...], ticks: Ticks) -> Taxation:
    """Return the tax of sales as the engine counts it, in ticks."""
    names = sorted({b for row in lot_taxes.buckets.values() for b in row if b is not None})
    place = {name: index for index, name in enumerate(names)}
    return Taxation(
        lots=tuple(_lots(one, lot_taxes, place, ticks) for one in positions),
        ordered=tuple((s.account, s.symbol) not in lot_taxes.free_choice for s in positions),
        buckets=len(names),
        taxes=simpler([_cases(formula, place, ticks) for formula in lot_taxes.taxes]),
        most_tax=None if lot_taxes.max_tax is None else ticks.part(Fraction(lot_taxes.max_tax)),
        most_gain=None if lot_taxes.max_gain is None else ticks.part(Fraction(lot_taxes.max_gain)),
        wash=_wash_groups(positions, lot_taxes),
    )


def cautious(request: PlanRequest, problem: Household, positions: tuple[Tradable, ...]) -> Taxation | None:
    """Return a tax to compare accounts by where what was paid is not known; None where all are alike.

    Everything a taxed sale brings in counts as gain, so sheltered accounts sell first.
    """
    if not request.taxed_sales:
        return None
    lots = []
    for one, position in zip(positions, problem.positions, strict=True):
        taxed = (one.account, one.symbol) in request.taxed_sales and (position.held or position.odd)
        steps = position.held + Fraction(position.odd, position.price)
        lots.append((LotSteps(steps, Fraction(position.price), 0),) if taxed else ())
    piece = Piece({0: UNKNOWN_RATE})
    return Taxation(tuple(lots), (True,) * len(positions), 1, ((Alternative((piece,)),),))


def lots_sold(
    positions: tuple[Tradable, ...], sold: Sequence[Sequence[Fraction]]
) -> Mapping[tuple[str, str], tuple[Decimal, ...]]:
    """Return by (account, symbol) the shares each lot gives."""
    return {
        (one.account, one.symbol): tuple(_shares(part, one.step) for part in parts)
        for one, parts in zip(positions, sold, strict=True)
        if any(parts)
    }


def _wash_groups(positions: tuple[Tradable, ...], lot_taxes: LotTaxes) -> tuple[tuple[int, ...], ...]:
    if lot_taxes.wash_groups is None:
        return ()
    groups: dict[str, list[int]] = {}
    for k, one in enumerate(positions):
        groups.setdefault(lot_taxes.wash_groups.get(one.symbol, one.symbol), []).append(k)
    return tuple(tuple(group) for group in groups.values())


def _lots(one: Tradable, lot_taxes: LotTaxes, place: Mapping[str, int], ticks: Ticks) -> tuple[LotSteps, ...]:
    key = one.account, one.symbol
    rows = []
    for lot, gain, bucket in zip(
        lot_taxes.lots.get(key, ()), lot_taxes.gains.get(key, ()), lot_taxes.buckets.get(key, ()), strict=True
    ):
        if bucket is None:
            return ()
        steps = Fraction(lot.shares) / Fraction(one.step)
        rows.append(LotSteps(steps, ticks.part(Fraction(gain) * Fraction(one.step)), place[bucket]))
    return tuple(rows)


def _cases(formula: Formula, place: Mapping[str, int], ticks: Ticks) -> tuple[Alternative, ...]:
    def piece(line: TaxLine) -> Piece:
        slopes = {place[b]: Fraction(slope) for b, slope in line.slopes.items() if b in place}
        return Piece(slopes, ticks.part(Fraction(line.constant)))

    return tuple(
        Alternative(tuple(piece(p) for p in case.pieces), tuple(piece(x) for x in case.limits))
        for case in formula
    )


def _shares(steps: Fraction, step: Decimal) -> Decimal:
    return EXACT.multiply(EXACT.divide(Decimal(steps.numerator), Decimal(steps.denominator)), step)
