"""Which losses to realise together: they are netted against one year's gains, so one takes from another.

A holding that needs little trading for its loss is worth more than one that needs much, whichever is
deeper, and short losses meet other gains than long ones. So several orders of choosing are tried, each
holding's number of shares the best on top of the others, until none changes any more; few shares are
enumerated.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import ROUND_FLOOR, Decimal
from itertools import permutations, product
from math import prod

from steelyard.app.harvest.sale_value import (
    MOST_BENT,
    Assumptions,
    SellableLots,
    break_even,
    gains_by_bucket,
    later_rate,
    loss_costs,
    tax_on,
    turns,
)
from steelyard.domain.harvest.sale_size import Sale, best_sale
from steelyard.domain.money import EXACT, ZERO, exact_sum
from steelyard.domain.tax.planning import Formula, PlanTax, on_top_of, tax_at
from steelyard.records import dataclass, field

_PERMUTED = 4
"""So many holdings are tried in every order; more of them in as many orders as there are holdings."""
_ENUMERATED = 150
"""So many combinations of share numbers are gone through one by one."""

Gains = Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class NettedLoss:
    """A loss sale of one holding, with what it saves and costs on top of those chosen before it."""

    row: SellableLots
    sold: Sale
    saves: Decimal
    costs: Decimal
    before: Gains = field(default_factory=dict)

    def saved_by(self, tax: Formula) -> Decimal:
        """Return what one of the taxes contributes to what is saved."""
        return EXACT.minus(tax_at(on_top_of(tax, self.before), gains_by_bucket(self.row, self.sold)))

    @property
    def worth(self) -> Decimal:
        """What is saved after all costs."""
        return EXACT.subtract(self.saves, self.costs)


def best_alone(row: SellableLots, rules: PlanTax, given: Assumptions, others: Gains) -> NettedLoss | None:
    """Return the loss sale of a holding that is worth most on top of others, None when none saves anything.

    Exact over whole shares: what a sale is worth is linear between the ends of lots and the bends of the tax,
    and where it is not (`bent`) each number of shares is looked at, up to `MOST_BENT`.
    """
    taxes = [on_top_of(f, others) for f in rules.taxes]
    later = later_rate(rules, row)

    def worth(shares: Decimal, gain: Decimal) -> Decimal:
        saved = -tax_on(taxes, gains_by_bucket(row, row.sell(shares)))
        return EXACT.subtract(saved, loss_costs(row, shares, gain, later, given))

    # What the later tax costs bends where the gain of the whole sale turns into a loss.
    found = best_sale(row.order, row.proceeds, worth, turns=[*turns(taxes, row), *break_even(row)])
    if found is None or found[0].gain >= ZERO:
        return None
    sold, value = found
    costs = loss_costs(row, sold.shares, sold.gain, later, given)
    return NettedLoss(row, sold, EXACT.add(value, costs), costs, others)


def best_together(
    rows: Sequence[SellableLots], rules: PlanTax, given: Assumptions
) -> tuple[tuple[NettedLoss, ...], bool]:
    """Return the loss sales that are worth most together, each worth something on top of those before it.

    Exact where a single holding can be sold at a loss, and where all numbers of shares but those of the
    largest holding are few enough to go through; beyond that no single holding's number of shares can be
    changed for the better, in none of the orders tried.

    Args:
        rows: Holdings, one row each.
        rules: Of the country, on top of the year so far.
        given: What costs and later tax rest on.

    Returns:
        The sales, and whether no others are proven to be worth more.
    """
    able = [r for r in rows if any(b is not None for b in r.buckets)]
    able = [r for r in able if min(_gains_along(r)) < ZERO]
    search = _Search(able, rules, given)
    best: tuple[NettedLoss, ...] = ()
    for counts in search.candidates():
        found = search.in_turn(counts)
        if _total(found) > _total(best):
            best = found
    proven = len(able) < 2 or search.ways <= _ENUMERATED
    return best, proven and all(r.bent <= MOST_BENT for r in able)


def _gains_along(row: SellableLots) -> Iterator[Decimal]:
    """Yield what has been gained at the end of each lot: its least value is reached at one of them."""
    yield ZERO
    sold = ZERO
    for lot in row.order:
        sold = EXACT.add(sold, lot.shares)
        yield row.sell(sold).gain


def _total(found: Sequence[NettedLoss]) -> Decimal:
    return exact_sum(x.worth for x in found)


Counts = tuple[Decimal, ...]
"""Shares to sell of each holding, in the order of the rows; zero keeps it."""


class _Search:
    """Numbers of shares of several holdings, and what they are worth together."""

    def __init__(self, rows: Sequence[SellableLots], rules: PlanTax, given: Assumptions) -> None:
        self.rows, self.rules, self.given = rows, rules, given
        self.most = [int(r.shares.to_integral_value(ROUND_FLOOR)) for r in rows]
        self.last = max(range(len(rows)), key=self.most.__getitem__, default=0)
        self.ways = prod(n + 1 for i, n in enumerate(self.most) if i != self.last)

    def candidates(self) -> Iterator[Counts]:
        """Yield combinations, without those seen before."""
        seen: set[Counts] = set()
        for make in (self._from_orders, self._listed):
            for counts in make():
                if counts not in seen:
                    seen.add(counts)
                    yield counts

    def _from_orders(self) -> Iterator[Counts]:
        depth = sorted(range(len(self.rows)), key=lambda i: (min(_gains_along(self.rows[i])), i))
        if len(depth) <= _PERMUTED:
            orders: Iterator[Sequence[int]] = iter(permutations(depth))
        else:
            orders = iter([[first, *(i for i in depth if i != first)] for first in depth])
        for order in orders:
            yield self._settled(order)

    def _settled(self, order: Sequence[int]) -> Counts:
        """Choose holding by holding, then go round until no number of shares changes."""
        counts = [ZERO] * len(self.rows)
        for _ in range(2 + len(order)):
            before = list(counts)
            for i in order:
                counts[i] = self._best(i, counts)
            if counts == before:
                break
        return tuple(counts)

    def _listed(self) -> Iterator[Counts]:
        """Every combination of the smaller holdings, the largest at its best."""
        most, last = self.most, self.last
        if len(most) < 2 or self.ways > _ENUMERATED:
            return
        for parts in product(*(range(1 if i == last else n + 1) for i, n in enumerate(most))):
            counts = [Decimal(n) for n in parts]
            counts[last] = self._best(last, counts)
            yield tuple(counts)

    def _best(self, i: int, counts: Sequence[Decimal]) -> Decimal:
        others: dict[str, Decimal] = {}
        for j, row in enumerate(self.rows):
            if j != i and counts[j]:
                _add(others, gains_by_bucket(row, row.sell(counts[j])))
        found = best_alone(self.rows[i], self.rules, self.given, others)
        return ZERO if found is None else found.sold.shares

    def in_turn(self, counts: Counts) -> tuple[NettedLoss, ...]:
        """Return the sales, the one worth most first, each judged on top of those before.

        None at all where one of them is no loss or not worth its costs then: it could not be explained.
        """
        left = [i for i, n in enumerate(counts) if n]
        before: dict[str, Decimal] = {}
        found: list[NettedLoss] = []
        while left:
            steps = [(self._judged(i, counts[i], before), i) for i in left]
            step, i = max(steps, key=lambda x: (x[0].worth, -x[1]))
            if step.worth <= ZERO or step.sold.gain >= ZERO:
                return ()
            found.append(step)
            left.remove(i)
            _add(before, gains_by_bucket(step.row, step.sold))
        return tuple(found)

    def _judged(self, i: int, shares: Decimal, before: Gains) -> NettedLoss:
        row = self.rows[i]
        sold = row.sell(shares)
        taxes = [on_top_of(f, before) for f in self.rules.taxes]
        saves = -tax_on(taxes, gains_by_bucket(row, sold))
        later = later_rate(self.rules, row)
        costs = loss_costs(row, shares, sold.gain, later, self.given)
        return NettedLoss(row, sold, saves, costs, dict(before))


def _add(gains: dict[str, Decimal], more: Gains) -> None:
    for bucket, gain in more.items():
        gains[bucket] = EXACT.add(gains.get(bucket, ZERO), gain)
