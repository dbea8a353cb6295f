"""Which numbers of shares of several holdings fill a room of untaxed gain best, of all combinations.

Holdings are added one by one. Where all gains are of one kind, a combination that realises no less than
another and is worth no more before this year's tax is dropped: whatever follows, it stays the worse one,
since further gains never lower what the year costs. So nothing is lost, and where no more had to be dropped,
what is found is proven.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import ROUND_FLOOR, Decimal
from typing import NamedTuple

from steelyard.app.harvest.sale_value import SellableLots, gains_by_bucket
from steelyard.domain.money import EXACT, ONE, ZERO, exact_sum
from steelyard.domain.tax.planning import FreeGains
from steelyard.records import dataclass

MOST_TRIED = 400_000
"""So many combinations are put together, over all holdings."""
MOST_JUDGED = 4_000
"""Of so many what the year costs is worked out."""


@dataclass(frozen=True, slots=True)
class Filling:
    """Shares of each row, what they are worth, and whether no other combination is worth more."""

    counts: tuple[int, ...]
    worth: Decimal
    proven: bool


class _Part(NamedTuple):
    """Some shares of some holdings: their gain, the later tax saved less trading, the gain by bucket."""

    gain: Decimal
    value: Decimal
    counts: tuple[int, ...]
    gains: tuple[Decimal, ...]

    def plus(self, more: _Part) -> _Part:
        gains = tuple(EXACT.add(a, b) for a, b in zip(self.gains, more.gains, strict=True))
        gain, value = EXACT.add(self.gain, more.gain), EXACT.add(self.value, more.value)
        return _Part(gain, value, self.counts + more.counts, gains)


Year = Callable[[Sequence[Decimal]], Decimal]
"""From gains by bucket to what they cost this year."""


def best_filling(rows: Sequence[SellableLots], free: FreeGains, realised: Mapping[str, Decimal]) -> Filling:
    """Return the whole shares of each holding that are worth most together within the room.

    Every sale is a gain. Of equally good combinations the one of fewest shares is taken.

    Args:
        rows: Holdings, each up to its last lot that is free; lots an owner chooses are rows of their own.
        free: The room.
        realised: What is realised before by bucket.
    """
    buckets = sorted({b for row in rows for b in row.buckets if b is not None})
    room = EXACT.subtract(free.room, exact_sum(realised.values()))
    base = free.cost(realised)

    def year(gains: Sequence[Decimal]) -> Decimal:
        after = dict(realised)
        for bucket, gain in zip(buckets, gains, strict=True):
            after[bucket] = EXACT.add(after.get(bucket, ZERO), gain)
        return EXACT.subtract(free.cost(after), base)

    none = _Part(ZERO, ZERO, (), (ZERO,) * len(buckets))
    options = [_options(row, free, buckets, room) for row in rows]
    places = sorted(range(len(rows)), key=lambda i: len(options[i]))
    options = [options[i] for i in places]
    # Within the room most gains cost nothing at all, and then the most that fits is the best of the last one.
    filled = len(buckets) == 1 and year([room]) <= ZERO
    search = _Search(options, room, free.later_rate if len(buckets) == 1 else None, year)
    best = max((search.in_turn(none, first) for first in range(len(rows))), key=lambda f: f.worth)
    kept, proven = [none], True
    for place, row in enumerate(options):
        last = place == len(options) - 1
        ways = 1 if filled and last else len(row)
        most = MOST_TRIED // len(options) // ways
        if len(kept) > most:
            proven = False
            kept = _thinned(kept, max(most, 1), room, free.later_rate)
        if filled and last:
            kept = _topped_up(kept, row, room)
        else:
            kept = [a.plus(b) for a in kept for b in row if EXACT.add(a.gain, b.gain) <= room]
        kept = [p for p in kept if search.most(p, place + 1) >= best.worth]
        if not kept:
            break
        kept = _without_worse(kept)
    found = _judged(kept, year, search.least, proven) if kept else None
    if found is not None and (found.worth, -sum(found.counts)) >= (best.worth, -sum(best.counts)):
        best = found
    counts = dict(zip(places, best.counts, strict=True))
    # No gain is worth more than the later tax on it.
    full = len(buckets) == 1 and best.worth == EXACT.multiply(free.later_rate, room)
    proven = full or (proven if found is None else found.proven)
    return Filling(tuple(counts[i] for i in range(len(rows))), best.worth, proven)


def _thinned(parts: Iterable[_Part], number: int, room: Decimal, rate: Decimal) -> list[_Part]:
    """Return at most so many of the parts: of those of about one gain the one that loses least to trading."""
    width = EXACT.divide(room, number)
    kept: dict[int, tuple[Decimal, _Part]] = {}
    for part in parts:
        place = min(int(part.gain / width), number - 1)
        lead = EXACT.subtract(part.value, EXACT.multiply(rate, part.gain))
        if place not in kept or lead > kept[place][0]:
            kept[place] = lead, part
    return [part for _, part in kept.values()]


class _Search:
    """What the holdings that are still to come can add at most, and what they add one by one."""

    def __init__(
        self, options: Sequence[list[_Part]], room: Decimal, rate: Decimal | None, year: Year
    ) -> None:
        self.options, self.room, self.rate, self.year = options, room, rate, year
        self.still_to_come = [ZERO]
        for row in reversed(options):
            self.still_to_come.insert(0, EXACT.add(self.still_to_come[0], max(p.value for p in row)))
        kinds = range(len(options[0][0].gains))
        dips = [exact_sum(min(p.gains[k] for p in row) for row in options) for k in kinds]
        self.least = year(dips)

    def most(self, part: _Part, place: int) -> Decimal:
        """Return the most that a combination can become worth with the holdings from a place on."""
        more = self.still_to_come[place]
        if self.rate is not None:
            more = min(more, EXACT.multiply(self.rate, EXACT.subtract(self.room, part.gain)))
        return EXACT.subtract(EXACT.add(part.value, more), self.least)

    def in_turn(self, none: _Part, first: int) -> Filling:
        """Return the best of each holding on top of those before it, one of them first."""
        chosen: dict[int, _Part] = {}
        gains, left, paid, value = none.gains, self.room, ZERO, ZERO
        for i in (first, *(k for k in reversed(range(len(self.options))) if k != first)):
            best: tuple[Decimal, _Part, Decimal] | None = None
            for part in sorted(self.options[i], key=lambda p: -p.value):
                if part.gain > left or (best is not None and part.value <= best[0]):
                    continue
                now = self.year([EXACT.add(a, b) for a, b in zip(gains, part.gains, strict=True)])
                worth = EXACT.subtract(part.value, EXACT.subtract(now, paid))
                if best is None or worth > best[0]:
                    best = worth, part, now
            assert best is not None, "to sell nothing always fits"
            _, chosen[i], paid = best
            gains = tuple(EXACT.add(a, b) for a, b in zip(gains, chosen[i].gains, strict=True))
            left, value = EXACT.subtract(left, chosen[i].gain), EXACT.add(value, chosen[i].value)
        counts = tuple(chosen[i].counts[0] for i in range(len(self.options)))
        return Filling(counts, EXACT.subtract(value, paid), False)


def _options(row: SellableLots, free: FreeGains, buckets: Sequence[str], room: Decimal) -> list[_Part]:
    found = [_Part(ZERO, ZERO, (0,), (ZERO,) * len(buckets))]
    for n in range(1, int(row.shares.to_integral_value(ROUND_FLOOR)) + 1):
        sold = row.sell(Decimal(n))
        if not ZERO < sold.gain <= room:
            continue
        by_bucket = gains_by_bucket(row, sold)
        lasting = exact_sum(sold.gain_of(x) for x in sold.lots if free.is_free(x))
        trading = EXACT.multiply(row.proceeds.commission_of(sold.shares), ONE + ONE)
        value = EXACT.subtract(EXACT.multiply(free.later_rate, max(lasting, ZERO)), trading)
        found.append(_Part(sold.gain, value, (n,), tuple(by_bucket.get(b, ZERO) for b in buckets)))
    return _without_worse(found)


def _without_worse(parts: list[_Part]) -> list[_Part]:
    """Return the parts by gain, without those that another one beats."""
    parts = sorted(parts, key=lambda p: (p.gain, -p.value, sum(p.counts), p.counts))
    if len(parts[0].gains) != 1:
        return parts
    kept: list[_Part] = []
    for part in parts:
        if not kept or part.value > kept[-1].value:
            kept.append(part)
    return kept


def _topped_up(parts: Sequence[_Part], row: Sequence[_Part], room: Decimal) -> list[_Part]:
    """Return each part with the most of a last holding that still fits: more gain is always worth more."""
    gains = [p.gain for p in row]
    return [p.plus(row[bisect_right(gains, EXACT.subtract(room, p.gain)) - 1]) for p in parts]


def _judged(parts: Sequence[_Part], year: Year, least: Decimal, proven: bool) -> Filling:
    best = Filling((0,) * len(parts[0].counts), ZERO, proven)
    order = sorted(parts, key=lambda p: (-p.value, sum(p.counts), p.counts))
    for judged, part in enumerate(order):
        if EXACT.subtract(part.value, least) <= best.worth:
            break
        if judged == MOST_JUDGED:
            return Filling(best.counts, best.worth, False)
        worth = EXACT.subtract(part.value, year(part.gains))
        if worth > best.worth:
            best = Filling(part.counts, worth, proven)
    return best
