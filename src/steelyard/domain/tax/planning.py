"""What a country's tax looks like to a planner: gains in buckets, and a formula over their sums.

A formula is a choice among cases, each with the region of gains where it holds; inside a case the tax is
the greatest of some linear pieces. It is the change that further gains make to the year's tax, so
realising a loss may make it negative.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import Decimal
from itertools import combinations

from steelyard.domain.books.lots import TaxLot
from steelyard.domain.money import EXACT, ONE, ZERO
from steelyard.records import dataclass, field


@dataclass(frozen=True, slots=True)
class TaxLine:
    """constant + sum of slope times the gain of a bucket, in the tax currency."""

    slopes: Mapping[str, Decimal]
    constant: Decimal = ZERO

    def at(self, gains: Mapping[str, Decimal]) -> Decimal:
        """Return its value; a bucket without a gain counts as zero."""
        total = self.constant
        for bucket, slope in self.slopes.items():
            total = EXACT.add(total, EXACT.multiply(slope, gains.get(bucket, ZERO)))
        return total

    def shifted(self, gains: Mapping[str, Decimal], less: Decimal = ZERO) -> TaxLine:
        """Return the line as a function of gains on top of some, less a constant."""
        return TaxLine(self.slopes, EXACT.subtract(self.at(gains), less))


@dataclass(frozen=True, slots=True)
class Case:
    """The tax is the greatest of `pieces` where every one of `limits` is at most zero."""

    pieces: tuple[TaxLine, ...]
    limits: tuple[TaxLine, ...] = ()


Formula = tuple[Case, ...]
"""The cases of one tax; at least one holds everywhere."""


@dataclass(frozen=True, slots=True)
class PlanTax:
    """A country's tax on sales that are only planned.

    Attributes:
        taxes: What further gains add to the year's tax; the tax is their sum.
        bucket_of: Names the bucket a lot's gain falls into when sold now, None when it is not taxed.
        later_rate: On a gain years from now, where it is not what one more unit of gain costs today.
        cost_of: The cost that counts of a lot when it is sold now for some proceeds, both of all its shares
            in the tax currency; what the lot says unless given.
        left_out: (account, symbol) to what the formula does not know of its sale, for people.
        carried: What losses that this year has no use for are worth in later ones; None where they expire.
    """

    taxes: tuple[Formula, ...]
    bucket_of: Callable[[TaxLot], str | None]
    later_rate: Decimal | None = None
    cost_of: Callable[[TaxLot, Decimal], Decimal] = lambda lot, _: lot.cost
    left_out: Mapping[tuple[str, str], str] = field(default_factory=dict)
    carried: CarriedLoss | None = None


@dataclass(frozen=True, slots=True)
class CarriedLoss:
    """What a loss is worth that is carried into later years.

    Where no gain comes to take it, it is used year by year against other income up to a limit: each year's
    part saves its rate, discounted and counted by how likely it is that the income is there. Gains of later
    years use it up sooner, so that this is a cautious value.

    Attributes:
        buckets: Whose gains are netted together.
        realised: Their net gain so far, what was carried in taken off.
        limit: Loss that a year may take off other income, this year's among them; > 0.
        rate: What a unit of loss saves against other income.
        likelihood: As the owner states it; None where nothing is said.
        discount: A year, as the owner states it; None where nothing is said.
        years: After so many nothing counts any more.
    """

    buckets: tuple[str, ...]
    realised: Decimal
    limit: Decimal
    rate: Decimal
    likelihood: Decimal | None = None
    discount: Decimal | None = None
    years: int = 10

    def formula(self, discount: Decimal, likelihood: Decimal) -> Formula:
        """Return the value of what further gains and losses leave to carry, as tax below zero.

        Args:
            discount: A year, > -1.
            likelihood: That a year's income is there to use its part, 0 to 1.
        """
        # What is carried on is -(gains + realised) - limit, where that is above zero.
        beyond = TaxLine(dict.fromkeys(self.buckets, -ONE), EXACT.minus(EXACT.add(self.realised, self.limit)))
        pieces, before, value = [], ZERO, ZERO
        for year in range(1, self.years + 1):
            factor = EXACT.divide(ONE, EXACT.power(EXACT.add(ONE, discount), year))
            slope = EXACT.multiply(EXACT.multiply(self.rate, likelihood), factor)
            # Through the point where this year's part begins, with what a unit of it saves.
            start = EXACT.subtract(EXACT.multiply(slope, before), value)
            pieces.append(_times(beyond, -slope, start))
            before, value = (
                EXACT.add(before, self.limit),
                EXACT.add(value, EXACT.multiply(slope, self.limit)),
            )
        pieces.append(TaxLine({}, EXACT.minus(value)))
        none_left, some_left = beyond, _times(beyond, -ONE, ZERO)
        formula = Case((TaxLine({}),), (none_left,)), Case(tuple(pieces), (some_left,))
        paid = tax_at(formula, {})
        return tuple(Case(tuple(p.shifted({}, paid) for p in c.pieces), c.limits) for c in formula)


def _times(line: TaxLine, factor: Decimal, more: Decimal) -> TaxLine:
    slopes = {bucket: EXACT.multiply(slope, factor) for bucket, slope in line.slopes.items()}
    return TaxLine(slopes, EXACT.add(EXACT.multiply(line.constant, factor), more))


@dataclass(frozen=True, slots=True)
class NoBuy:
    """A loss already realised that a purchase would undo.

    Attributes:
        symbols: What must not be bought, in any account.
        sold, sold_on: The sale at a loss.
        loss: What still counts of it, in the tax currency, > 0.
        not_before: First day on which a purchase leaves it alone.
        rule: Id of the rule.
    """

    symbols: frozenset[str]
    sold: str
    sold_on: date
    loss: Decimal
    not_before: date
    rule: str


@dataclass(frozen=True, slots=True)
class FreeGains:
    """Gain that can still be realised this year without tax on it.

    Attributes:
        room: Net gain over all buckets, in the tax currency; negative when there is none left.
        is_free: Says whether a lot's gain is of the kind that the room is for.
        later_rate: What the same gain would cost in a later year.
        cost: From further gains by bucket to what realising them costs: tax of this year, and what losses
            that they use up would have saved.
        why: What a proposal fills, for people.
        note: What the room rests on, for people.
    """

    room: Decimal
    is_free: Callable[[TaxLot], bool]
    later_rate: Decimal
    cost: Callable[[Mapping[str, Decimal]], Decimal]
    why: str
    note: str


def tax_at(formula: Formula, gains: Mapping[str, Decimal]) -> Decimal:
    """Return the tax at the gains by bucket."""
    holding = [c for c in formula if all(limit.at(gains) <= ZERO for limit in c.limits)]
    return min(max(piece.at(gains) for piece in case.pieces) for case in holding)


def on_top_of(formula: Formula, gains: Mapping[str, Decimal]) -> Formula:
    """Return the tax that further gains add when some are realised already."""
    paid = tax_at(formula, gains)
    return tuple(
        Case(
            tuple(piece.shifted(gains, paid) for piece in case.pieces),
            tuple(limit.shifted(gains) for limit in case.limits),
        )
        for case in formula
    )


def bends(formulas: Iterable[Formula]) -> tuple[TaxLine, ...]:
    """Return lines at whose zeros the sum of some formulas can bend: where pieces meet and cases end."""
    found: dict[tuple[tuple[tuple[str, Decimal], ...], Decimal], TaxLine] = {}
    for formula in formulas:
        for case in formula:
            meetings = [
                TaxLine(
                    {b: EXACT.subtract(one.slopes.get(b, ZERO), other.slopes.get(b, ZERO)) for b in both},
                    EXACT.subtract(one.constant, other.constant),
                )
                for one, other in combinations(case.pieces, 2)
                for both in [{*one.slopes, *other.slopes}]
            ]
            for line in (*case.limits, *meetings):
                found.setdefault((tuple(sorted(line.slopes.items())), line.constant), line)
    return tuple(found.values())


def above_allowance(bucket: str, rate: Decimal, allowance: Decimal) -> Formula:
    """Return a flat rate above a yearly allowance; losses beyond the year's gains are worth nothing."""
    return (Case((TaxLine({}), TaxLine({bucket: rate}, -EXACT.multiply(rate, allowance)))),)


def each_gain(bucket: str, rate: Decimal) -> Formula:
    """Return a flat rate on a gain that nothing is netted against."""
    return (Case((TaxLine({}), TaxLine({bucket: rate}))),)


def short_and_long(
    *, short_rate: Decimal, long_rate: Decimal, ordinary_rate: Decimal, offset: Decimal
) -> Formula:
    """Return the netting of short and long gains, a net loss offsetting ordinary income up to a limit.

    Args:
        short_rate, long_rate: On net short and net long gains; short_rate >= long_rate.
        ordinary_rate: What a dollar of the offset saves.
        offset: Most net loss that offsets ordinary income in a year. What exceeds it is carried forward
            and counts nothing here.

    Source: 26 U.S.C. 1211(b), 1212(b), 1222.
    """
    one = {"short": ONE, "long": ONE}
    total_loss = TaxLine(one)
    total_gain = TaxLine({"short": -ONE, "long": -ONE})
    both = TaxLine({"short": short_rate, "long": long_rate})
    as_long = TaxLine({"short": long_rate, "long": long_rate})
    as_short = TaxLine({"short": short_rate, "long": short_rate})
    saved = TaxLine({"short": ordinary_rate, "long": ordinary_rate})
    most = TaxLine({}, -EXACT.multiply(ordinary_rate, offset))
    return (
        Case((both, as_long), (total_gain, TaxLine({"long": -ONE}))),
        Case((as_short,), (total_gain, TaxLine({"long": ONE}))),
        Case((saved, most), (total_loss,)),
    )
