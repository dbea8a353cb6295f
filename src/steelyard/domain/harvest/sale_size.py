"""How much of one holding to sell for its loss or its gain, under the order in which its account sells lots.

A broker that sells the oldest lot first cannot sell a newer losing one alone, so what a sale of k shares
realises is a sum along that order. Between the ends of two lots it is linear, so what a sale is worth bends
only where a lot ends, where the commission exceeds its least or where the tax bends; the best whole number of
shares is beside one of these.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from steelyard.domain.books.lots import TaxLot
from steelyard.domain.costs import Costs
from steelyard.domain.money import EXACT, ONE, ZERO, exact_sum
from steelyard.records import dataclass, replace

Worth = Callable[[Decimal, Decimal], Decimal]
"""From (shares sold, gain realised) to what the sale is worth after all its costs."""


@dataclass(frozen=True, slots=True)
class Proceeds:
    """What selling shares brings in: their price less the commission of the sale.

    Attributes:
        price: Of one share in the tax currency, >= 0.
        costs: What a trade costs.
        rate: Units of base currency, that of `costs`, for one unit of the tax currency.
    """

    price: Decimal
    costs: Costs = Costs()
    rate: Decimal = ONE

    def commission_of(self, shares: Decimal) -> Decimal:
        """Return what one trade of so many shares costs, in the tax currency."""
        return self.costs.commission_of(EXACT.multiply(self.price, shares), self.rate)

    def of_one(self, shares: Decimal) -> Decimal:
        """Return what each of so many shares brings in: the commission is spread over all of them."""
        return EXACT.subtract(self.price, EXACT.divide(self.commission_of(shares), shares))

    @property
    def lines(self) -> tuple[tuple[Decimal, Decimal], ...]:
        """The lines a sale follows, whichever is lower: of one share, and what is taken off once."""
        of_one = EXACT.subtract(self.price, EXACT.multiply(self.price, self.costs.commission))
        least = self.commission_of(ZERO)
        return ((of_one, ZERO), (self.price, least)) if least else ((of_one, ZERO),)

    @property
    def least_until(self) -> Decimal | None:
        """The number of shares up to which the least commission is charged; None where that never ends."""
        one = EXACT.multiply(self.price, self.costs.commission)
        return EXACT.divide(self.commission_of(ZERO), one) if one else None


@dataclass(frozen=True, slots=True)
class Sale:
    """A sale along an account's order of lots.

    Attributes:
        shares: > 0.
        gain: Proceeds less cost, in the tax currency; negative for a loss.
        lots: The parts sold.
        of_one: What one share brings in, its part of the commission taken off.
    """

    shares: Decimal
    gain: Decimal
    lots: tuple[TaxLot, ...]
    of_one: Decimal

    def gain_of(self, part: TaxLot) -> Decimal:
        """Return the gain of one of its parts."""
        return EXACT.subtract(EXACT.multiply(part.shares, self.of_one), part.cost)


def sale(order: Sequence[TaxLot], shares: Decimal, proceeds: Proceeds) -> Sale:
    """Return what selling the first shares of an order realises.

    Args:
        order: Lots in the order in which the account sells them.
        shares: How many, > 0, at most all of them.
        proceeds: What they bring in.
    """
    left, of_one, parts = shares, proceeds.of_one(shares), []
    for lot in order:
        if left <= ZERO:
            break
        part = lot.part(min(left, lot.shares))
        parts.append(part)
        left = EXACT.subtract(left, part.shares)
    sold = Sale(EXACT.subtract(shares, left), ZERO, tuple(parts), of_one)
    return replace(sold, gain=exact_sum(sold.gain_of(part) for part in parts))


def best_sale(
    order: Sequence[TaxLot],
    proceeds: Proceeds,
    worth: Worth,
    *,
    step: Decimal = ONE,
    turns: Iterable[Decimal] = (),
) -> tuple[Sale, Decimal] | None:
    """Return the sale that is worth most, None when none is worth anything.

    Args:
        order: Lots in the order in which the account sells them.
        proceeds: What a sale brings in.
        worth: Linear in shares and gain together between the ends of lots, the turns and where the commission
            exceeds its least.
        step: Smallest number of shares that can be sold.
        turns: Numbers of shares at which it bends besides.

    Returns:
        The sale and its worth; of equally good ones the smallest.
    """

    def value(count: int) -> Decimal:
        sold = sale(order, EXACT.multiply(step, count), proceeds)
        return worth(sold.shares, sold.gain)

    held = exact_sum(lot.shares for lot in order)
    places, end = [*turns, proceeds.least_until or ZERO], ZERO
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
    return sale(order, EXACT.multiply(step, best[1]), proceeds), best[0]


def most_within(
    order: Sequence[TaxLot], proceeds: Proceeds, room: Decimal, *, step: Decimal = ONE
) -> Sale | None:
    """Return the sale that realises the most gain without exceeding some room.

    Args:
        order: Lots in the order in which the account sells them.
        proceeds: What a sale brings in.
        room: Gain that may be realised, >= 0.
        step: Smallest number of shares that can be sold.

    Returns:
        The sale, the smallest of equally good ones; None when every sale loses or exceeds the room.
    """
    least_until = proceeds.least_until or ZERO
    candidates: set[int] = set()
    for of_one, once in proceeds.lines:
        before, gain = ZERO, EXACT.minus(once)
        for lot in order:
            each = EXACT.subtract(of_one, EXACT.divide(lot.cost, lot.shares))
            after = EXACT.add(before, lot.shares)
            first = int(EXACT.divide(before, step).to_integral_value(ROUND_CEILING))
            last = int(EXACT.divide(after, step).to_integral_value(ROUND_FLOOR))
            candidates |= {first, last}
            places = [least_until]
            if each:
                places.append(EXACT.add(before, EXACT.divide(EXACT.subtract(room, gain), each)))
            for place in places:
                near = int(EXACT.divide(place, step).to_integral_value(ROUND_FLOOR))
                candidates |= {n for n in (near, near + 1) if first <= n <= last}
            gain = EXACT.add(gain, EXACT.multiply(each, lot.shares))
            before = after
    best: Sale | None = None
    for count in sorted(candidates - {0}):
        sold = sale(order, EXACT.multiply(step, count), proceeds)
        if ZERO < sold.gain <= room and (best is None or sold.gain > best.gain):
            best = sold
    return best
