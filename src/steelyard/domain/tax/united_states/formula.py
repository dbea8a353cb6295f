"""The tax of a return as a formula of a year's net short and net long gain, for the planner.

Inside every bracket the tax is linear, so it is a choice among convex pieces. The one idea: it is the sum of
a part that depends on short and long gains together, t, and a part that is paid because gains are short: it
depends on the net short gain while both are positive, on t while long gains are negative. Both are read off
the return itself at the places where it can bend; a test holds their sum to the return everywhere.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from decimal import ROUND_CEILING, Decimal
from functools import cache
from itertools import pairwise

from steelyard.domain.money import EXACT, ONE, ZERO, exact_sum
from steelyard.domain.tax.planning import Case, Formula, TaxLine
from steelyard.domain.tax.united_states.capital_gains import NO_CARRY, Netting, Schedule, net
from steelyard.domain.tax.united_states.tax_year import Owner
from steelyard.records import dataclass, replace

Curve = Callable[[Decimal], Decimal]

LONG = {"long": ONE, "metal": ONE}
"""Long-term gains; those on collectibles have a bucket of their own, since they are taxed more."""
TOGETHER = {"short": ONE, **LONG}
NOTHING = Netting(ZERO, ZERO, ZERO, ZERO, NO_CARRY)


def return_formulas(rates: Schedule, owner: Owner, *, limit: Decimal) -> tuple[Formula, ...]:
    """Return formulas whose sum is the tax that net gains add to a return.

    The first two are exact. The third is what long-term gains on collectibles cost more than others: what
    other losses leave of them, times the difference of the two rates at the owner's income, which holds as
    long as the gains stay in its brackets.

    Args:
        rates: Of the year and the filing.
        owner: With an income; what is carried in is part of the gains the formulas are asked for. The incomes
            it states count the gains of `stated_with`, or none.
        limit: See `capital_gains.loss_limit`.

    Source: 26 U.S.C. 1(h), 1211(b), 1411, by `capital_gains.gains_tax`.
    """

    income, qualified = owner.taxable, owner.qualified or ZERO
    owner = replace(owner, stated_with=owner.stated_with or NOTHING)

    @cache
    def tax(short: Decimal, long: Decimal) -> Decimal:
        found = owner.tax_on(rates, net(short, long, limit=limit), qualified)
        # At the gains' own rates, whether or not all of it were cheaper at the ordinary ones: see `_cheaper`.
        at_rates = exact_sum(EXACT.multiply(rate, part) for rate, part in found.at_rates)
        return EXACT.add(EXACT.subtract(found.total, found.long), at_rates)

    def of_all(gain: Decimal) -> Decimal:
        return tax(ZERO, gain)

    def for_short(gain: Decimal) -> Decimal:
        return EXACT.subtract(tax(gain, ZERO), tax(ZERO, gain))

    bends = _bends(rates, owner, limit)
    together = tuple(Case(run.lines(TOGETHER), run.limits(TOGETHER)) for run in _runs(of_all, [None, *bends]))
    short_runs = _runs(for_short, [x for x in bends if x >= ZERO])
    no_short = TaxLine({"short": ONE})
    no_long, some_long = TaxLine(LONG), TaxLine(_minus(LONG))
    a_loss, no_loss = TaxLine(TOGETHER), TaxLine(_minus(TOGETHER))
    extra = (
        Case((TaxLine({}),), (a_loss,)),
        Case((TaxLine({}),), (no_short, no_loss)),
        *(Case(run.lines({"short": ONE}), (some_long, *run.limits({"short": ONE}))) for run in short_runs),
        *(Case(run.lines(TOGETHER), (no_long, *run.limits(TOGETHER))) for run in short_runs),
        *_cheaper(rates, income, qualified, limit=limit),
    )
    metal = min(_rate(rates.ordinary, income), rates.collectibles_rate)
    more = max(EXACT.subtract(metal, _rate(rates.gains, EXACT.add(income, qualified))), ZERO)
    return together, extra, _dearer_metal(more, owner)


def _dearer_metal(more: Decimal, owner: Owner) -> Formula:
    """Return an extra rate on gains on collectibles less short losses and other long ones, carried in or not.

    Each case is what is left if some of these losses counted; the least of them is the truth.

    Source: 26 U.S.C. 1(h)(4); Schedule D, 28% Rate Gain Worksheet and Tax Worksheet.
    """
    carried = EXACT.multiply(more, EXACT.minus((owner.carry or NO_CARRY).long))
    found = []
    for losses in ({}, {"short": more}):
        found.append(Case((TaxLine({}), TaxLine({"metal": more, **losses}, carried))))
        found.append(Case((TaxLine({}), TaxLine({"metal": more, "long": more, **losses}))))
    return tuple(found)


def _cheaper(rates: Schedule, income: Decimal, qualified: Decimal, *, limit: Decimal) -> Iterable[Case]:
    """Return cases that hold the tax to that at ordinary rates where all gains are cheaper there.

    Let A(x) be the ordinary tax on an income x less the tax at the gains' rates. The return pays A of what
    lies below the long gains, or of all of it if that is less; A falls only where the bracket at 12 % reaches
    above the one at 0 %, so that the second is ever the less only in a stretch of some hundred dollars.

    Source: 26 U.S.C. 1(h)(1) ("shall not exceed"); Schedule D Tax Worksheet, lines 45 to 47.
    """

    def lead(x: Decimal) -> Decimal:
        return EXACT.subtract(_owed(rates.ordinary, x), _owed(rates.gains, x))

    here = lead(income)
    places = sorted({*rates.ordinary[0], *rates.gains[0]})
    for low, high in _dips(lead, places):
        first, last = (EXACT.subtract(EXACT.subtract(x, income), qualified) for x in (low, high))
        inside = [EXACT.subtract(EXACT.subtract(x, income), qualified) for x in places if low < x < high]

        def from_all(gain: Decimal) -> Decimal:
            return EXACT.subtract(lead(exact_sum((income, gain, qualified))), here)

        if last > ZERO:
            for run in _runs(from_all, [max(first, ZERO), *(x for x in inside if x > ZERO), last], ends=True):
                yield Case(run.lines(TOGETHER), run.limits(TOGETHER))
        if qualified > ZERO and first < ZERO and EXACT.add(last, qualified) > EXACT.minus(limit):

            def on_dividends(gain: Decimal) -> Decimal:
                base = EXACT.add(income, gain)
                return EXACT.subtract(lead(EXACT.add(base, qualified)), lead(base))

            bends = {*inside, first, last, *(EXACT.subtract(x, income) for x in (*places, low, high))}
            lowest = EXACT.minus(limit)
            between = sorted(x for x in bends if lowest < x < ZERO)
            for run in _runs(on_dividends, [None, lowest, *between, ZERO], ends=True):
                yield Case(run.lines(TOGETHER), (TaxLine(TOGETHER), *run.limits(TOGETHER)))


def _owed(scale: tuple[Sequence[Decimal], Sequence[Decimal]], income: Decimal) -> Decimal:
    """Return the tax on a whole income at a scale of rates."""
    bounds, rates = scale
    parts, low = [], ZERO
    for bound, rate in zip((*bounds, max(income, bounds[-1])), rates, strict=True):
        parts.append(EXACT.multiply(rate, max(ZERO, EXACT.subtract(min(income, bound), low))))
        low = bound
    return exact_sum(parts)


def _dips(lead: Curve, places: Sequence[Decimal]) -> Iterable[tuple[Decimal, Decimal]]:
    """Return stretches in which a curve, linear between places, lies below what it was before."""
    most, since = lead(ZERO), ZERO
    for low, high in pairwise([*places, EXACT.multiply(places[-1], Decimal(10))]):
        at, to = lead(low), lead(high)
        if at >= most:
            most, since = at, low
        elif to >= most:
            back = EXACT.divide(
                EXACT.multiply(EXACT.subtract(most, at), EXACT.subtract(high, low)), EXACT.subtract(to, at)
            )
            # Up to whole dollars: beyond its end the case is no longer the least, so it may reach further.
            yield since, EXACT.add(low, back.to_integral_value(ROUND_CEILING))


def _minus(slopes: dict[str, Decimal]) -> dict[str, Decimal]:
    return {bucket: EXACT.minus(slope) for bucket, slope in slopes.items()}


def _rate(scale: tuple[Sequence[Decimal], Sequence[Decimal]], income: Decimal) -> Decimal:
    """Return the rate on the next dollar above an income."""
    bounds, rates = scale
    return rates[bisect_right(bounds, income)] if income >= ZERO else ZERO


def _bends(rates: Schedule, owner: Owner, limit: Decimal) -> list[Decimal]:
    """Return the net gains at which the tax of a return can bend, in order, zero among them."""
    income, qualified = owner.taxable, owner.qualified or ZERO
    bounds = [ZERO, *rates.ordinary[0], *rates.gains[0]]
    places = {ZERO, EXACT.minus(limit), EXACT.minus(qualified)}
    for bound in bounds:
        places.add(EXACT.subtract(bound, income))
        places.add(EXACT.subtract(EXACT.subtract(bound, income), qualified))
    # The surtax begins above the threshold, and grows no more where all investment income is above it.
    magi, invested = owner.surtax_base(qualified, NOTHING)
    over = EXACT.subtract(rates.niit_threshold, magi)
    places |= {over, EXACT.add(over, invested), EXACT.minus(invested)}
    return sorted(x for x in places if x >= EXACT.minus(limit))


@dataclass(frozen=True, slots=True)
class _Run:
    """A convex stretch of a curve: (from, to, slope, value at zero); None is without end."""

    pieces: tuple[tuple[Decimal | None, Decimal | None, Decimal, Decimal], ...]

    def lines(self, slopes: dict[str, Decimal]) -> tuple[TaxLine, ...]:
        return tuple(
            TaxLine({b: EXACT.multiply(one, slope) for b, one in slopes.items()} if slope else {}, constant)
            for _, _, slope, constant in self.pieces
        )

    def limits(self, slopes: dict[str, Decimal]) -> tuple[TaxLine, ...]:
        low, high = self.pieces[0][0], self.pieces[-1][1]
        found = []
        if low is not None:
            found.append(TaxLine(_minus(slopes), low))
        if high is not None:
            found.append(TaxLine(slopes, EXACT.minus(high)))
        return tuple(found)


def _runs(curve: Curve, places: Sequence[Decimal | None], *, ends: bool = False) -> list[_Run]:
    """Cut a curve that is linear between some places into convex stretches.

    A first place of None means that the curve is flat before the second. The last stretch goes on for ever
    unless the curve `ends` at the last place.
    """
    pieces: list[tuple[Decimal | None, Decimal | None, Decimal, Decimal]] = []
    for low, high in pairwise(places if ends else [*places, None]):
        if low is None:
            assert high is not None
            slope, at, value = ZERO, high, curve(high)
        else:
            to = EXACT.add(low, ONE) if high is None else high
            at, value = low, curve(low)
            slope = EXACT.divide(EXACT.subtract(curve(to), value), EXACT.subtract(to, low))
        pieces.append((low, high, slope, EXACT.subtract(value, EXACT.multiply(slope, at))))
    runs: list[list[tuple[Decimal | None, Decimal | None, Decimal, Decimal]]] = []
    for piece in _merged(pieces):
        if runs and runs[-1][-1][2] < piece[2]:
            runs[-1].append(piece)
        else:
            runs.append([piece])
    return [_Run(tuple(run)) for run in runs]


def _merged(
    pieces: Iterable[tuple[Decimal | None, Decimal | None, Decimal, Decimal]],
) -> list[tuple[Decimal | None, Decimal | None, Decimal, Decimal]]:
    """Join neighbours on one line: most places of a list are no bends of the curve at hand."""
    joined: list[tuple[Decimal | None, Decimal | None, Decimal, Decimal]] = []
    for piece in pieces:
        if joined and joined[-1][2] == piece[2]:
            low, _, slope, constant = joined.pop()
            piece = (low, piece[1], slope, constant)
        joined.append(piece)
    return joined
