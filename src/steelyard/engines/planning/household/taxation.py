"""What sales cost in tax, as a planner counts it: lots, a formula over a year's gains, limits, wash sales.

A tax is a choice among alternatives (most countries have one; netting long and short gains in the United
States has three), each the greatest of some linear pieces in the gains of its buckets.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from steelyard.engines.planning.household.household import ZERO, Change, Household


@dataclass(frozen=True, slots=True)
class LotSteps:
    """Steps of one position that were bought together.

    Attributes:
        steps: How many, > 0.
        gain: Ticks of gain (selling costs taken off) on each step sold, negative for a loss.
        bucket: Index of the bucket the gain falls into.
    """

    steps: Fraction
    gain: Fraction
    bucket: int


@dataclass(frozen=True, slots=True)
class Piece:
    """One linear piece: constant + sum of slope times the bucket's gain, in ticks."""

    slopes: Mapping[int, Fraction]
    constant: Fraction = ZERO
    rough: tuple[float, tuple[tuple[int, float], ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        slopes = tuple((b, float(slope)) for b, slope in self.slopes.items())
        object.__setattr__(self, "rough", (float(self.constant), slopes))

    def at(self, gains: Sequence[Fraction]) -> Fraction:
        """Return its value at the gains by bucket."""
        return sum((slope * gains[b] for b, slope in self.slopes.items()), self.constant)

    def about(self, gains: Sequence[float]) -> float:
        """Return the same in binary floats."""
        constant, slopes = self.rough
        for bucket, slope in slopes:
            constant += slope * gains[bucket]
        return constant


@dataclass(frozen=True, slots=True)
class Alternative:
    """A tax formula and where it holds.

    Attributes:
        pieces: The tax is the greatest of them.
        limits: Each must be <= 0 for the formula to hold.
    """

    pieces: tuple[Piece, ...]
    limits: tuple[Piece, ...] = ()


@dataclass(frozen=True, slots=True)
class Taxation:
    """What sales cost in tax.

    Attributes:
        lots: By position: its lots. Empty for a position whose sales are not taxed.
        ordered: By position: lots must be sold in their order (False: the owner may choose).
        buckets: How many buckets there are.
        taxes: The tax is the sum over these; each is the formula of the alternative that holds.
        most_tax: Ticks of tax a plan may cause, None for no limit.
        most_gain: Ticks of net gain over all buckets a plan may realise, None for no limit.
        wash: Groups of positions: where one of them sells a lot at a loss, none of them may buy.
    """

    lots: tuple[tuple[LotSteps, ...], ...]
    ordered: tuple[bool, ...]
    buckets: int
    taxes: tuple[tuple[Alternative, ...], ...]
    most_tax: Fraction | None = None
    most_gain: Fraction | None = None
    wash: tuple[tuple[int, ...], ...] = ()


def simpler(taxes: Sequence[tuple[Alternative, ...]]) -> tuple[tuple[Alternative, ...], ...]:
    """Return taxes without what is never the least, and without those that are nothing whatever is sold.

    An alternative of one piece that holds everywhere is never above one that has the same piece among others.
    """
    found = []
    for alternatives in taxes:
        rows = tuple(
            Alternative(tuple(_distinct(a.pieces)), tuple(x for x in _distinct(a.limits) if not _holds(x)))
            for a in alternatives
        )
        for a in rows:
            if not a.limits and len(a.pieces) == 1 and all(a.pieces[0] in other.pieces for other in rows):
                rows = (a,)
                break
        nothing = all(not x.constant and not any(x.slopes.values()) for a in rows for x in a.pieces)
        if not nothing:
            found.append(rows)
    return tuple(found)


def _distinct(pieces: Sequence[Piece]) -> list[Piece]:
    found: list[Piece] = []
    for piece in pieces:
        if piece not in found:
            found.append(piece)
    return found


def _holds(limit: Piece) -> bool:
    return limit.constant <= 0 and not any(limit.slopes.values())


def meet_on_an_edge(alternatives: Sequence[Alternative]) -> bool:
    """Say whether some alternatives hold together on an edge only, where others hold as well.

    A tax does not jump where its cases meet, so such a combination has nothing of its own.
    """
    limits = [limit for a in alternatives for limit in a.limits]
    return any(
        one.constant == -other.constant
        and one.slopes.keys() == other.slopes.keys()
        and all(one.slopes[b] == -other.slopes[b] for b in one.slopes)
        for n, one in enumerate(limits)
        for other in limits[:n]
    )


def tax_of(taxation: Taxation, gains: Sequence[Fraction]) -> Fraction:
    """Return the tax on gains by bucket, exact.

    Floats leave out what is certainly not it; what is so close that they could be wrong is asked exactly.
    """
    total = ZERO
    rough = [float(gain) for gain in gains]
    size = sum(map(abs, rough))
    for alternatives in taxation.taxes:
        holding = [a for a in alternatives if all(_is_kept(x, gains, rough, size) for x in a.limits)]
        greatest = [max(piece.about(rough) for piece in a.pieces) for a in holding]
        near = min(greatest) + _doubt(min(greatest), size)
        total += min(
            max(p.at(gains) for p in a.pieces if p.about(rough) >= most - _doubt(most, size))
            for a, most in zip(holding, greatest, strict=True)
            if most <= near + _doubt(most, size)
        )
    return total


DOUBT = 1e-9
"""Part of the amounts at hand within which floats are not trusted."""


def _doubt(value: float, size: float) -> float:
    return DOUBT * (abs(value) + size + 1.0)


def _is_kept(limit: Piece, gains: Sequence[Fraction], rough: Sequence[float], size: float) -> bool:
    about = limit.about(rough)
    if abs(about) > _doubt(limit.rough[0], size):
        return about < 0
    return limit.at(gains) <= 0


def gains_of(taxation: Taxation, sold: Sequence[Sequence[Fraction]]) -> list[Fraction]:
    """Return the gain by bucket of what is sold from every position's lots."""
    gains = [ZERO] * taxation.buckets
    for lots, parts in zip(taxation.lots, sold, strict=True):
        for lot, part in zip(lots, parts, strict=True):
            if part:
                gains[lot.bucket] += lot.gain * part
    return gains


def in_order(lots: Sequence[LotSteps], steps: Fraction) -> tuple[Fraction, ...]:
    """Return what a sale takes from each lot when the order is fixed."""
    parts = []
    for lot in lots:
        part = min(lot.steps, steps) if steps else ZERO
        parts.append(part)
        if part:
            steps -= part
    return tuple(parts)


def near_parts(lots: Sequence[LotSteps], steps: Fraction, wanted: Sequence[float]) -> tuple[Fraction, ...]:
    """Return whole parts of lots near what a search wants that add up to the steps exactly."""
    parts = [
        min(Fraction(round(w)), lot.steps) if w > 0.5 else ZERO for lot, w in zip(lots, wanted, strict=True)
    ]
    left = steps - sum(parts, ZERO)
    for place, lot in enumerate(lots):
        move = min(max(left, -parts[place]), lot.steps - parts[place])
        parts[place] += move
        left -= move
    return tuple(parts)


def washes(
    problem: Household,
    taxation: Taxation,
    change: Change,
    sold: Sequence[Sequence[Fraction]],
    group: Sequence[int],
) -> bool:
    """Say whether a plan buys at one position of a group and sells a losing lot at another."""
    bought = any(change.steps[k] > problem.positions[k].held for k in group)
    return bought and any(
        lot.gain < 0 and part > 0 for k in group for lot, part in zip(taxation.lots[k], sold[k], strict=True)
    )
