"""Plans that look at tax: lots and formulas of the domain become those of the engine, and back."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

from steelyard.app.planning.slots import Slot, TaxWish, Ticks
from steelyard.domain.money import EXACT
from steelyard.domain.portfolio import Valuation
from steelyard.domain.tax.planning import Formula
from steelyard.domain.tax.planning import Line as TaxLine
from steelyard.engines.allocation.household.household import Household
from steelyard.engines.allocation.household.several_budgets import Best
from steelyard.engines.allocation.household.taxed import Alternative, LotSteps, Piece, Taxation, solve_taxed
from steelyard.engines.allocation.one_budget.search import solve


def allocate_taxed(
    valuation: Valuation, wish: TaxWish, problem: Household, seats: tuple[Slot, ...], ticks: Ticks
) -> tuple[Best, Mapping[tuple[str, str], tuple[Decimal, ...]]]:
    """Find the best plan within the wish's limits, or the least-taxed one close enough to it.

    Returns:
        The plan, and by (account, symbol) the shares each lot gives.
    """
    names = sorted({b for row in wish.buckets.values() for b in row if b is not None})
    place = {name: index for index, name in enumerate(names)}
    taxation = Taxation(
        lots=tuple(_lots(slot, wish, place, ticks) for slot in seats),
        ordered=tuple((s.account, s.symbol) not in wish.free_choice for s in seats),
        buckets=len(names),
        taxes=tuple(_cases(formula, place, ticks) for formula in wish.taxes),
        most_tax=None if wish.max_tax is None else ticks.part(Fraction(wish.max_tax)),
        most_gain=None if wish.max_gain is None else ticks.part(Fraction(wish.max_gain)),
        wash=_wash_groups(seats, wish),
    )
    # Without an accepted drift too: of equally close plans within the limits the least taxed is taken.
    extra = ticks.part(Fraction(wish.accept_drift or 0) * Fraction(valuation.managed))
    found = solve_taxed(problem, taxation, solve, extra_drift=extra)
    sold = {}
    for slot, parts in zip(seats, found.sold, strict=True):
        if any(parts):
            sold[slot.account, slot.symbol] = tuple(_shares(part, slot.step) for part in parts)
    return found.best, sold


def _wash_groups(seats: tuple[Slot, ...], wish: TaxWish) -> tuple[tuple[int, ...], ...]:
    if wish.wash_groups is None:
        return ()
    groups: dict[str, list[int]] = {}
    for k, slot in enumerate(seats):
        groups.setdefault(wish.wash_groups.get(slot.symbol, slot.symbol), []).append(k)
    return tuple(tuple(group) for group in groups.values())


def _lots(slot: Slot, wish: TaxWish, place: Mapping[str, int], ticks: Ticks) -> tuple[LotSteps, ...]:
    key = slot.account, slot.symbol
    rows = []
    for lot, gain, bucket in zip(
        wish.lots.get(key, ()), wish.gains.get(key, ()), wish.buckets.get(key, ()), strict=True
    ):
        if bucket is None:
            return ()
        steps = Fraction(lot.shares) / Fraction(slot.step)
        rows.append(LotSteps(steps, ticks.part(Fraction(gain) * Fraction(slot.step)), place[bucket]))
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
