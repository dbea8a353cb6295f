"""Accounts that make up given totals: which account trades what, in as few trades as can be found.

Every instrument's change is given to one account after the other, sales first, dear instruments first,
whole where it fits; what does not fit is cut at the brim of an account's money. Cuts cost trades, so
searches with none, one, two ... cuts follow each other. Each is cut short after a number of tries, so a
failure proves nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from steelyard.engines.planning.household.changes.shifts import Effort, Ledger, even_out
from steelyard.engines.planning.household.household import Change, Household, affordable, by_goal, feasible
from steelyard.engines.planning.household.totals.totals import Total

TRIES = 400
"""Accounts tried for an instrument, in one search, before it is given up."""

QUICK_TRIES = 40
"""The same where any accounts do, whatever trades that takes: what does not fit at once is shifted."""


def split(
    problem: Household,
    totals: Mapping[int, Total],
    effort: Effort,
    *,
    starts: int = 1,
    first: bool = True,
    tries: int = TRIES,
) -> Change | None:
    """Return an allowed change that ends with the totals, None when none was found.

    Args:
        problem: See `Household`.
        totals: By instrument that has positions.
        effort: What may be spent on shifting shares.
        starts: Accounts to begin with when shares are shifted, one after the other.
        first: Try to place whole trades before.
        tries: How hard.
    """
    search = _Split(problem, totals)
    if not search.possible:
        return None
    found = search.run(len(problem.balances) - 1, tries) if first else None
    if found is not None:
        return found
    for turn in range(min(starts, len(problem.balances))):
        found = search.run_over(turn, effort)
        if found is not None:
            return found
    return None


@dataclass(frozen=True, slots=True)
class _Item:
    """What is to be traded of one instrument; `least` steps in any one trade."""

    goal: int
    change: int
    price: int
    least: int
    positions: list[int]


class _Spent(Exception):
    """The tries are used up."""


class _Split:
    """One household, its totals, and the money in every balance while trades are placed."""

    def __init__(self, problem: Household, totals: Mapping[int, Total]) -> None:
        self.problem = problem
        self.ledger = Ledger.of(problem)
        self.most = affordable(problem)
        self.accounts = range(len(problem.balances))
        self.possible = True
        sales: list[_Item] = []
        buys: list[_Item] = []
        members = by_goal(problem)
        for goal, total in totals.items():
            for k in total.gone:
                position = problem.positions[k]
                self.possible = (
                    self.possible and position.price * position.held + position.odd >= problem.min_trade
                )
                self.ledger.sell_out(k)
            positions = [k for k in members[goal] if k not in total.gone]
            change = total.steps - sum(problem.positions[k].held for k in positions)
            if change:
                price = problem.positions[positions[0]].price
                item = _Item(goal, change, price, max(-(-problem.min_trade // price), 1), positions)
                (buys if change > 0 else sales).append(item)
        # Who may hold little is served first, and what few may hold.
        self.wide = [0] * len(problem.balances)
        for item in buys:
            for k in self._able(item, item.positions):
                self.wide[problem.positions[k].account] += 1
        sales.sort(key=lambda x: x.price * x.change)
        buys.sort(key=lambda x: (len(self._able(x, x.positions)), -x.price))
        self.items = sales + buys
        self.tries = 0

    def run(self, cuts: int, tries: int) -> Change | None:
        """Search with so many cuts, at most."""
        self.tries = tries
        saved = self.ledger.save()
        try:
            return self._place(0, cuts)
        except _Spent:
            self.ledger.restore(saved)
            return None

    def run_over(self, turn: int, effort: Effort) -> Change | None:
        """Fill one account after the other, the last beyond its money if need be; then shift shares.

        Args:
            turn: How many accounts to pass over at first, for another start.
        """
        start = self.ledger.copy()
        found = None
        rests = [self._pour(item, item.change, turn, over=False) for item in self.items]
        rests = [
            self._pour(item, rest, turn, over=True) for item, rest in zip(self.items, rests, strict=True)
        ]
        if not any(rests):
            found = even_out(self.ledger, effort)
        self.ledger = start
        return found

    def _pour(self, item: _Item, change: int, turn: int, *, over: bool) -> int:
        """Trade as much of an item as accounts can pay for (`over`: may hold); return what is left."""
        positions = self.problem.positions
        capable = self._capable(item, item.positions)
        turn = turn % max(len(capable), 1)
        for k in capable[turn:] + capable[:turn]:
            if not change:
                break
            now = self.ledger.steps[k]
            if change < 0:
                part = -min(-change, now)
            else:
                part = max(min(change, self.most[k] - now, self.ledger.uncapped(k)), 0)
                part = part if over else self._brim(k, part)
            if part and abs(now + part - positions[k].held) >= item.least:
                self.ledger.trade(k, now + part)
                change -= part
        return change

    def _place(self, place: int, cuts: int) -> Change | None:
        if place == len(self.items):
            if any(self.ledger.room(a) < 0 for a in self.accounts):
                return None
            change = self.ledger.change()
            return change if feasible(self.problem, change) else None
        item = self.items[place]
        first_buy = item.change > 0 and (place == 0 or self.items[place - 1].change < 0)
        # From the first purchase on, money only leaves.
        if first_buy and any(self.ledger.room(a) < 0 for a in self.accounts):
            return None
        return self._share(place, item.change, item.positions, cuts)

    def _share(self, place: int, change: int, positions: Sequence[int], cuts: int) -> Change | None:
        """Trade the rest of an item in the positions that have none of it yet."""
        item = self.items[place]
        for k, part, others in self._parts(item, change, positions, cuts):
            self.tries -= 1
            if self.tries < 0:
                raise _Spent
            held = self.ledger.steps[k]
            self.ledger.trade(k, held + part)
            if part == change:
                found = self._place(place + 1, cuts)
            else:
                found = self._share(place, change - part, others, cuts - 1)
            if found is not None:
                return found
            self.ledger.trade(k, held)
        return None

    def _capable(self, item: _Item, positions: Sequence[int]) -> list[int]:
        """Return the positions that may trade an item: who needs money sells, who has most buys first."""
        account = [s.account for s in self.problem.positions]
        rooms = {k: self.ledger.room(account[k]) for k in positions}
        able = self._able(item, positions)
        if item.change < 0:
            return sorted(able, key=lambda k: (rooms[k], k))
        return sorted(able, key=lambda k: (self.wide[account[k]], -rooms[k], k))

    def _able(self, item: _Item, positions: Sequence[int]) -> list[int]:
        rows = self.problem.positions
        return [k for k in positions if (rows[k].can_buy if item.change > 0 else rows[k].can_sell)]

    def _parts(
        self, item: _Item, change: int, positions: Sequence[int], cuts: int
    ) -> Iterator[tuple[int, int, list[int]]]:
        """Yield (position, steps, positions left for the rest): whole trades first, then cuts."""
        capable = self._capable(item, positions)
        size, sign = abs(change), 1 if change > 0 else -1
        if change < 0:
            limits = {k: self.problem.positions[k].held for k in capable}
        else:
            limits = {
                k: self._brim(k, min(size, self.most[k] - self.problem.positions[k].held)) for k in capable
            }
        for k in capable:
            if limits[k] >= size >= item.least:
                yield k, change, []
        for k in capable:
            part = min(limits[k], size - item.least)
            # A cut is free where nobody could make the whole trade.
            if part >= item.least and (cuts > 0 or max(limits.values()) < size):
                yield k, sign * part, [x for x in positions if x != k]

    def _brim(self, k: int, most: int) -> int:
        """Return how many steps an account can pay for and no cap forbids, at most `most`."""
        most = min(most, self.ledger.uncapped(k))
        if most <= 0:
            return 0
        guess = self.ledger.pays_about(k)
        if guess >= most - 1 and self._pays(k, most):
            return most
        low, high = 0, most
        for middle in (guess, guess + 1, guess - 1):
            if low < middle < high:
                low, high = (middle, high) if self._pays(k, middle) else (low, middle)
        while low + 1 < high:
            middle = (low + high) // 2
            low, high = (middle, high) if self._pays(k, middle) else (low, middle)
        return low

    def _pays(self, k: int, steps: int) -> bool:
        """Say whether a position's account can pay for so many steps more."""
        return self.ledger.rooms_at(k, [self.ledger.steps[k] + steps])[0] >= 0
