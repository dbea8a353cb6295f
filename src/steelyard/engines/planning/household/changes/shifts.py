"""Accounts that trade a little too much helped by others: shares shifted between two accounts, totals kept.

When money is nearly all spent, giving whole trades to accounts rarely fits to the last cent, but moving some
shares of two or three instruments between two accounts changes their money by almost any amount.
Every shift is listed with what it changes; pairs and triples that land inside the wanted window are found
in the sorted list.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice
from math import lcm
from typing import NamedTuple

from steelyard.engines.planning.household.household import Change, Household, affordable, cap_room, feasible

SHIFTS = 400
"""Shifts listed between two accounts; the fewer instruments, the more steps of each."""

HELPS = 10
"""Pairs of accounts whose shifts are listed before one start is given up."""

PAIRS = 20_000
"""Pairs of shifts to which a third one is looked for."""

LISTED = 400
"""Combinations of one to three shifts listed before the cheapest are tried."""

_AT_ONCE = 2_000
"""Pairs whose third shifts are listed at once."""

_WIDEST = 1 << 60
"""Larger sums of money are not looked for among pairs: three of them would leave 64 bits."""

NO_CAP = 1 << 62
"""More steps than any position can hold."""

CANDIDATES = 40
"""Combinations tried exactly before the next partner is asked."""


class _Shift(NamedTuple):
    """What moving steps of one instrument does to the money of the two accounts."""

    first: int
    second: int
    goal: int
    steps: int


@dataclass(slots=True)
class Ledger:
    """The money of every account while trades are changed, in whole parts of a tick.

    Attributes:
        problem: Whose accounts.
        unit: Parts of a tick.
        steps, sold: Where every position ends.
        balances: Money left by account and currency; one balance an account where converting is free.
        caps: By position, the caps it counts for.
        free: Ticks left by cap before purchases would certainly break it.
        rate, floor: Commission of a tick and of any trade, in parts of a tick.
        into, out: Parts, of `bottom`, that a foreign part costs, and brings, in base money.
    """

    problem: Household
    unit: int
    steps: list[int]
    sold: list[bool]
    balances: list[list[int]]
    caps: list[list[int]]
    free: list[int]
    rate: int
    floor: int
    into: int
    out: int
    bottom: int

    @classmethod
    def of(cls, problem: Household) -> Ledger:
        """Return the ledger before any trade."""
        unit = lcm(problem.rate.denominator, problem.spread.denominator)
        balances = [
            [x * unit for x in row] if problem.spread else [sum(row) * unit] for row in problem.balances
        ]
        caps: list[list[int]] = [[] for _ in problem.positions]
        for n, cap in enumerate(problem.caps):
            for k in cap.positions:
                caps[k].append(n)
        free = [cap_room(problem, cap) for cap in problem.caps]
        steps = [s.held for s in problem.positions]
        rate = problem.rate.numerator * (unit // problem.rate.denominator)
        top, bottom = problem.spread.as_integer_ratio()
        money = rate, problem.floor * unit, bottom + top, bottom - top, bottom
        return cls(problem, unit, steps, [False] * len(steps), balances, caps, free, *money)

    def copy(self) -> Ledger:
        """Return one that is changed apart from this."""
        return replace(
            self, steps=self.steps[:], balances=[row[:] for row in self.balances], free=self.free[:]
        )

    def save(self) -> tuple[list[int], list[list[int]], list[int]]:
        """Return what `restore` takes to undo all trades made since."""
        return self.steps[:], [row[:] for row in self.balances], self.free[:]

    def restore(self, saved: tuple[list[int], list[list[int]], list[int]]) -> None:
        """Go back to what `save` returned."""
        self.steps[:], self.balances[:], self.free[:] = saved

    def uncapped(self, k: int) -> int:
        """Return how many steps a position may be given on top before a cap is broken for certain."""
        return min((self.free[n] // self.problem.positions[k].price for n in self.caps[k]), default=NO_CAP)

    def fee(self, amount: int) -> int:
        """Return the commission of trading so many ticks."""
        return max(self.floor, self.rate * abs(amount)) if amount else 0

    def trade(self, k: int, steps: int) -> None:
        """Let a position end at `steps` instead of where it ends now."""
        position = self.problem.positions[k]
        before = (self.steps[k] - position.held) * position.price
        after = (steps - position.held) * position.price
        row = self.balances[position.account]
        row[position.currency if self.problem.spread else 0] -= (after - before) * self.unit
        row[0] += self.fee(before) - self.fee(after)
        for n in self.caps[k]:
            self.free[n] -= after - before
        self.steps[k] = steps

    def sell_out(self, k: int) -> None:
        """Let a position that holds what it held end with nothing, its odd fraction included."""
        position = self.problem.positions[k]
        amount = position.price * position.held + position.odd
        row = self.balances[position.account]
        row[position.currency if self.problem.spread else 0] += amount * self.unit
        row[0] -= self.fee(amount)
        for n in self.caps[k]:
            self.free[n] += amount
        self.steps[k], self.sold[k] = 0, True

    def room(self, account: int) -> int:
        """Return an account's base money with its foreign balances settled; below zero it cannot pay."""
        row = self.balances[account]
        room = row[0]
        for money in row[1:]:
            room += money * (self.into if money < 0 else self.out) // self.bottom
        return room

    def pays_about(self, k: int) -> int:
        """Return how many steps more a position's account can pay for, nearly always exact or one off."""
        position = self.problem.positions[k]
        money = self.room(position.account)
        traded = position.currency if self.problem.spread else 0
        if traded:
            # What is there in the currency, and what the rest of the room adds to it or takes from it.
            own = self.balances[position.account][traded]
            rest = money - own * (self.into if own < 0 else self.out) // self.bottom
            money = own + rest * self.bottom // (self.out if rest < 0 else self.into)
        dear = position.price * (self.unit + self.rate)
        return max(min(money // dear, (money - self.floor) // (position.price * self.unit)), 0)

    def rooms_at(self, k: int, ends: Sequence[int]) -> list[int]:
        """Return the room of a position's account for each end it might have; nothing is changed."""
        position = self.problem.positions[k]
        price, held, unit, rate, floor = position.price, position.held, self.unit, self.rate, self.floor
        row = self.balances[position.account]
        traded = position.currency if self.problem.spread else 0
        before = (self.steps[k] - held) * price
        base = row[0] + self.fee(before)
        for currency in range(1, len(row)):
            if currency != traded:
                base += row[currency] * (self.into if row[currency] < 0 else self.out) // self.bottom
        amounts = [(end - held) * price for end in ends]
        fees = [rate * abs(amount) for amount in amounts]
        if floor:
            fees = [max(fee, floor) if amount else 0 for fee, amount in zip(fees, amounts, strict=True)]
        if not traded:
            base += before * unit
            return [base - amount * unit - fee for amount, fee in zip(amounts, fees, strict=True)]
        into, out, bottom = self.into, self.out, self.bottom
        foreign = row[traded] + before * unit
        left = [foreign - amount * unit for amount in amounts]
        return [
            base - fee + money * (into if money < 0 else out) // bottom
            for money, fee in zip(left, fees, strict=True)
        ]

    def change(self) -> Change:
        """Return where every position ends."""
        return Change(tuple(self.steps), tuple(self.sold))


@dataclass(slots=True)
class Effort:
    """What may still be spent on one household: pairs of accounts whose shifts are listed."""

    helps: int


def even_out(ledger: Ledger, effort: Effort) -> Change | None:
    """Shift shares between accounts until every account can pay; None when that was not found."""
    return _Evening(ledger, effort).run()


class _Evening:
    """One attempt: accounts are brought to little more than nothing one after the other."""

    def __init__(self, ledger: Ledger, effort: Effort) -> None:
        self.ledger = ledger
        self.effort = effort
        self.problem = ledger.problem
        self.position = {(s.account, s.goal): k for k, s in enumerate(self.problem.positions)}
        self.most = affordable(self.problem)
        self.smallest = min(s.price for s in self.problem.positions) * ledger.unit
        self.helps = 0

    def run(self) -> Change | None:
        accounts = range(len(self.ledger.balances))
        for _ in range(3 * len(accounts)):
            rooms = [self.ledger.room(a) for a in accounts]
            short = [a for a in accounts if rooms[a] < 0]
            if not short:
                change = self.ledger.change()
                return change if feasible(self.problem, change) else None
            if sum(rooms) < 0 and not (self.problem.spread or self.problem.floor):
                return None
            worst = min(short, key=lambda a: (rooms[a], a))
            partners = sorted((a for a in accounts if a != worst), key=lambda a: (-rooms[a], a))
            if not any(self._help(worst, partner, rooms) for partner in partners):
                return None
        return None

    def _help(self, first: int, second: int, rooms: list[int]) -> bool:
        """Bring `first` to enough money at the cost of `second`; say whether the two are better off."""
        self.helps += 1
        if self.helps > HELPS or self.effort.helps <= 0:
            return False
        self.effort.helps -= 1
        spare = sum(rooms)
        low = -rooms[first]
        # What is left over stays small enough for those who are still short.
        both = rooms[first] + rooms[second] if rooms[second] > 0 else 0
        high = low + max(spare // 2, both, self.smallest // 4)
        shifts = sorted(self._shifts(first, second, low // self.ledger.unit))
        before = min(rooms[first], 0) + min(rooms[second], 0)
        # Shifts may cause commissions or save them: those first that leave the most money.
        listed = sorted(
            islice(self._combinations(shifts, low, high), LISTED),
            key=lambda c: (len(c) > 2, -sum(s.first + s.second for s in c)),
        )
        for combination in listed[:CANDIDATES]:
            saved = self.ledger.save()
            for shift in combination:
                source, target = self.position[first, shift.goal], self.position[second, shift.goal]
                self.ledger.trade(source, self.ledger.steps[source] - shift.steps)
                self.ledger.trade(target, self.ledger.steps[target] + shift.steps)
            after = self.ledger.room(first), self.ledger.room(second)
            kept = all(now >= min(was, 0) for now, was in zip(self.ledger.free, saved[2], strict=True))
            if after[0] >= 0 and min(after[1], 0) > before and kept:
                return True
            self.ledger.restore(saved)
        return False

    def _shifts(self, first: int, second: int, lack: int) -> Iterator[_Shift]:
        """List single shifts from `first` to `second`: of a few steps, and of what raises `lack`."""
        pairs = [
            (goal, self.position[first, goal], self.position[second, goal])
            for goal in range(len(self.problem.goals))
            if (first, goal) in self.position and (second, goal) in self.position
        ]
        pairs = [x for x in pairs if not (self.ledger.sold[x[1]] or self.ledger.sold[x[2]])]
        reach = SHIFTS // 2 // max(len(pairs), 1)
        ledger, positions = self.ledger, self.problem.positions
        one, other = ledger.room(first), ledger.room(second)
        for goal, source, target in pairs:
            given, taken = ledger.steps[source], ledger.steps[target]
            near = lack // positions[source].price
            least = max(given - self.most[source], self._least(target) - taken)
            most = min(given - self._least(source), self.most[target] - taken)
            sizes = sorted({*range(-reach, reach + 1), *range(near - 2, near + 3)} - {0})
            sizes = [n for n in sizes if least <= n <= most]
            if self.problem.min_trade:
                sizes = [n for n in sizes if self._may(source, given - n) and self._may(target, taken + n)]
            here = ledger.rooms_at(source, [given - n for n in sizes])
            there = ledger.rooms_at(target, [taken + n for n in sizes])
            for size, left, right in zip(sizes, here, there, strict=True):
                yield _Shift(left - one, right - other, goal, size)

    def _least(self, k: int) -> int:
        """Return the fewest steps a position may end with; the most are `affordable`."""
        position = self.problem.positions[k]
        return 0 if position.can_sell else position.held

    def _may(self, k: int, end: int) -> bool:
        """Say whether a trade to an end is large enough."""
        position = self.problem.positions[k]
        return end == position.held or abs(end - position.held) * position.price >= self.problem.min_trade

    @staticmethod
    def _combinations(shifts: list[_Shift], low: int, high: int) -> Iterator[tuple[_Shift, ...]]:
        """Yield one, two or three shifts that together change the first account by low..high."""
        changes = [s.first for s in shifts]
        singles = [(s,) for s in shifts]
        for chosen in chain([()], singles):
            total = chosen[0].first if chosen else 0
            yield from _completed(shifts, chosen, bisect_left(changes, low - total), changes, high - total)
        for one, two, three in _triples(shifts, changes, low, high):
            yield shifts[one], shifts[two], shifts[three]


def _completed(
    shifts: list[_Shift], chosen: tuple[_Shift, ...], place: int, changes: list[int], most: int
) -> list[tuple[_Shift, ...]]:
    """Return the chosen with one more, from a place on, that changes the first account by at most so much."""
    last = chosen[-1].goal if chosen else -1
    stop = bisect_right(changes, most, place)
    return [(*chosen, shift) for shift in shifts[place:stop] if shift.goal > last]


def _triples(shifts: list[_Shift], changes: list[int], low: int, high: int) -> Iterator[tuple[int, int, int]]:
    """Yield places of three shifts, of rising instruments, that change the first account by low..high.

    The places where a third one fits are found for all pairs at once: most pairs have none, and there are
    thousands.
    """
    import numpy as np

    if not changes or max(-changes[0], changes[-1], abs(low), abs(high)) > _WIDEST:
        return
    values, goals = np.array(changes, np.int64), np.array([s.goal for s in shifts])
    one, two = np.nonzero(goals[:, None] < goals)
    one, two = one[:PAIRS], two[:PAIRS]
    sums = values[one] + values[two]
    places = np.searchsorted(values, low - sums)
    counts = np.searchsorted(values, high - sums, side="right") - places
    fits = np.flatnonzero(counts > 0)
    # Some pairs at a time, since a few hundred triples are wanted and wide windows have millions.
    for start in range(0, len(fits), _AT_ONCE):
        some = fits[start : start + _AT_ONCE]
        pair = np.repeat(some, counts[some])
        after = np.arange(len(pair)) - np.repeat(np.cumsum(counts[some]) - counts[some], counts[some])
        three = places[pair] + after
        good = goals[three] > goals[two[pair]]
        pair, three = pair[good], three[good]
        yield from zip(one[pair].tolist(), two[pair].tolist(), three.tolist(), strict=True)
