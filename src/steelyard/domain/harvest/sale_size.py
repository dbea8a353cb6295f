"""How much of one holding to sell for its loss or its gain, under the order in which its account sells lots.

A broker that sells the oldest lot first cannot sell a newer losing one alone, so what a sale of k shares
realises is a sum along that order. Between the ends of two lots it is linear, so what a sale is worth bends
only where a lot ends or where the tax bends; the best whole number of shares is beside one of these.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from steelyard.domain.books.lots import TaxLot
from steelyard.domain.money import EXACT, ONE, ZERO, exact_sum
from steelyard.records import dataclass

Worth = Callable[[Decimal, Decimal], Decimal]
"""From (shares sold, gain realised) to what the sale is worth after all its costs."""


@dataclass(frozen=True, slots=True)
class Sale:
    """A sale along an account's order of lots.

    Attributes:
        shares: > 0.
        gain: Proceeds less cost, in the tax currency; negative for a loss.
        lots: The parts sold.
    """

    shares: Decimal
    gain: Decimal
    lots: tuple[TaxLot, ...]


def sale(order: Sequence[TaxLot], shares: Decimal, price: Decimal) -> Sale:
    """Return what selling the first shares of an order realises.

    Args:
        order: Lots in the order in which the account sells them.
        shares: How many, at most all of them.
        price: Of one share in the tax currency, selling costs taken off.
    """
    left, gain, parts = shares, ZERO, []
    for lot in order:
        if left <= ZERO:
            break
        part = lot.part(min(left, lot.shares))
        parts.append(part)
        gain = EXACT.add(gain, EXACT.subtract(EXACT.multiply(part.shares, price), part.cost))
        left = EXACT.subtract(left, part.shares)
    return Sale(EXACT.subtract(shares, left), gain, tuple(parts))


def best_sale(
    order: Sequence[TaxLot],
    price: Decimal,
    worth: Worth,
    *,
    step: Decimal = ONE,
    turns: Iterable[Decimal] = (),
) -> tuple[Sale, Decimal] | None:
    """Return the sale that is worth most, None when none is worth anything.

    Args:
        order: Lots in the order in which the account sells them.
        price: Of one share in the tax currency, selling costs taken off, >= 0.
        worth: Linear in shares and gain together between the ends of lots and the turns.
        step: Smallest number of shares that can be sold.
        turns: Numbers of shares at which it bends besides.

    Returns:
        The sale and its worth; of equally good ones the smallest.
    """

    def value(count: int) -> Decimal:
        sold = sale(order, EXACT.multiply(step, count), price)
        return worth(sold.shares, sold.gain)

    held = exact_sum(lot.shares for lot in order)
    places, end = list(turns), ZERO
    for lot in order:
        end = EXACT.add(end, lot.shares)
        places.append(end)
    most = int(EXACT.divide(held, step).to_integral_value(ROUND_FLOOR))
    counts = {1}
    for place in places:
        near = int(EXACT.divide(place, step).to_integral_value(ROUND_FLOOR))
        counts |= {near, near + 1}
    best: tuple[Decimal, int] | None = None
    for count in sorted(n for n in counts if 1 <= n <= most):
        here = value(count)
        if here > ZERO and (best is None or here > best[0]):
            best = here, count
    if best is None:
        return None
    return sale(order, EXACT.multiply(step, best[1]), price), best[0]


def most_within(
    order: Sequence[TaxLot], price: Decimal, room: Decimal, *, step: Decimal = ONE
) -> Sale | None:
    """Return the sale that realises the most gain without exceeding some room.

    Args:
        order: Lots in the order in which the account sells them.
        price: Of one share in the tax currency, selling costs taken off.
        room: Gain that may be realised, >= 0.
        step: Smallest number of shares that can be sold.

    Returns:
        The sale, the smallest of equally good ones; None when every sale loses or exceeds the room.
    """
    candidates: set[int] = set()
    before, gain = ZERO, ZERO
    for lot in order:
        each = EXACT.subtract(price, EXACT.divide(lot.cost, lot.shares))
        after = EXACT.add(before, lot.shares)
        first = int(EXACT.divide(before, step).to_integral_value(ROUND_CEILING))
        last = int(EXACT.divide(after, step).to_integral_value(ROUND_FLOOR))
        candidates |= {first, last}
        if each:
            fits = EXACT.add(before, EXACT.divide(EXACT.subtract(room, gain), each))
            near = int(EXACT.divide(fits, step).to_integral_value(ROUND_FLOOR))
            candidates |= {n for n in (near, near + 1) if first <= n <= last}
        gain = EXACT.add(gain, EXACT.multiply(each, lot.shares))
        before = after
    best: Sale | None = None
    for count in sorted(candidates - {0}):
        sold = sale(order, EXACT.multiply(step, count), price)
        if ZERO < sold.gain <= room and (best is None or sold.gain > best.gain):
            best = sold
    return best
