"""Given totals in as few trades as can be found: all ways to hand them out, walked side by side.

Every instrument's change is given to one account, or cut between two at the brim of the first one's money.
All ways that no account's money rules out go on to the next instrument, as rows of arrays. Without cuts and
within `ROWS` this is every way there is; with cuts it is a search.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from steelyard.engines.planning.household.changes.shifts import Ledger
from steelyard.engines.planning.household.household import (
    Change,
    Household,
    affordable,
    by_goal,
    feasible,
    missed,
    traffic,
)
from steelyard.engines.planning.household.work import PER_WAY

ROWS = 8_000
"""Ways carried on from one instrument to the next."""

CUTS = 4
"""Searches, with no cut, one, two ..."""

JUDGED = 60
"""Ways that are checked exactly, of those the arrays leave at the end."""

WIDEST = 1 << 61

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Item:
    change: int
    price: int
    least: int
    currency: int
    positions: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Rows:
    """Ways to hand out the instruments so far.

    Attributes:
        money: (W, A, C) int64, money left by account and currency.
        cuts: (W,) int64, trades beyond one an instrument.
        parent: (W,) int64, the way before the last instrument.
        first, second: (W,) int64, positions that trade it, -1 for none.
        part: (W,) int64, steps of the first.
    """

    money: Integers
    cuts: Integers
    parent: Integers
    first: Integers
    second: Integers
    part: Integers


def fewest_trades(problem: Household, change: Change) -> Change:
    """Return a change with the same totals and no more trades, the fewest that were found.

    Args:
        problem: Without divisible positions.
        change: Allowed.
    """
    search = _Fewest(problem, change)
    trades, turnover = traffic(problem, change)
    if not search.fits or (trades, turnover) <= (search.least_trades, search.least_turnover):
        return change
    for cuts in range(min(max(trades - search.least_trades, 1), CUTS)):
        found = search.run(cuts)
        if found is not None:
            return min((found, change), key=lambda c: traffic(problem, c))
    return change


class _Fewest:
    """One household and the totals to hand out."""

    def __init__(self, problem: Household, change: Change) -> None:
        self.problem = problem
        self.value = missed(problem, change)
        ledger = Ledger.of(problem)
        gone = [k for k, sold in enumerate(change.sold_out) if sold]
        for k in gone:
            ledger.sell_out(k)
        self.ledger = ledger
        rows = problem.positions
        self.most = affordable(problem)
        items = []
        for positions in by_goal(problem):
            kept = tuple(k for k in positions if k not in gone)
            moved = sum(change.steps[k] - rows[k].held for k in kept)
            if moved:
                price = rows[kept[0]].price
                currency = rows[kept[0]].currency if problem.spread else 0
                items.append(_Item(moved, price, max(-(-problem.min_trade // price), 1), currency, kept))
        # Sales first: from the first purchase on, money only leaves and what is short stays short.
        self.items = sorted(items, key=lambda x: (x.change > 0, -x.price))
        self.least_trades = len(gone) + len(items)
        self.least_turnover = sum(abs(x.change) * x.price for x in items) + sum(
            rows[k].price * rows[k].held + rows[k].odd for k in gone
        )
        worth = sum(s.price * s.held + s.odd for s in rows) + sum(
            abs(x) for row in problem.balances for x in row
        )
        bottom = problem.spread.denominator + problem.spread.numerator
        self.fits = 8 * worth * ledger.unit * bottom < WIDEST

    def run(self, cuts: int) -> Change | None:
        """Return a change with at most so many trades beyond one an instrument."""
        start = np.array([self.ledger.balances], np.int64)
        none = np.zeros(1, np.int64)
        levels = [_Rows(start, none, none, none, none, none)]
        for place, item in enumerate(self.items):
            rows = self._extend(levels[-1], item, cuts)
            self.problem.work.take(200 + PER_WAY * len(rows.cuts) * len(self.ledger.balances))
            if self.problem.work.over:
                return None
            buying = place + 1 == len(self.items) or self.items[place + 1].change > 0
            if buying:
                rows = _take(rows, np.all(self._rooms(rows.money) >= 0, axis=1))
            if not len(rows.cuts):
                return None
            if len(rows.cuts) > ROWS:
                rows = _take(rows, np.argsort(rows.cuts, kind="stable")[:ROWS])
            levels.append(rows)
        for way in np.argsort(levels[-1].cuts, kind="stable")[:JUDGED]:
            change = self._read(levels, int(way))
            if feasible(self.problem, change) and missed(self.problem, change) == self.value:
                return change
        return None

    def _extend(self, rows: _Rows, item: _Item, cuts: int) -> _Rows:
        """Hand out one instrument in every way: whole, and cut in two."""
        size, sign = abs(item.change), 1 if item.change > 0 else -1
        able = [k for k in item.positions if self._limit(k, sign)]
        found = []
        every = np.arange(len(rows.cuts))
        for k in able:
            if self._limit(k, sign) >= size >= item.least:
                found.append(self._traded(rows, every, item, k, np.full(len(every), item.change), -1))
        if cuts:
            may = every[rows.cuts < cuts]
            for k in able:
                most = min(self._limit(k, sign), size - item.least)
                part = self._brim(rows.money[may], item, k, most) if sign > 0 else np.full(len(may), most)
                for other in able:
                    rest = size - part
                    good = (part >= item.least) & (rest <= self._limit(other, sign))
                    if other != k and good.any():
                        found.append(self._traded(rows, may[good], item, k, sign * part[good], other))
        if not found:
            return _take(rows, np.zeros(len(rows.cuts), bool))
        return _Rows(*(np.concatenate([getattr(part, name) for part in found]) for name in _Rows.__slots__))

    def _limit(self, k: int, sign: int) -> int:
        position = self.problem.positions[k]
        if sign > 0:
            return self.most[k] - position.held if position.can_buy else 0
        return position.held if position.can_sell else 0

    def _traded(self, rows: _Rows, ways: Integers, item: _Item, k: int, part: Integers, other: int) -> _Rows:
        """Return ways after position `k` traded `part` and `other` the rest."""
        money = rows.money[ways]
        self._pay(money, item, k, part)
        if other >= 0:
            self._pay(money, item, other, item.change - part)
        return _Rows(
            money,
            rows.cuts[ways] + (other >= 0),
            ways,
            np.full(len(ways), k),
            np.full(len(ways), other),
            part.astype(np.int64),
        )

    def _pay(self, money: Integers, item: _Item, k: int, steps: Integers) -> None:
        """Take a trade and its commission out of the money, in place."""
        account = self.problem.positions[k].account
        amount = steps * item.price
        rate = self.problem.rate.numerator * (self.ledger.unit // self.problem.rate.denominator)
        fee = np.where(
            amount != 0, np.maximum(self.problem.floor * self.ledger.unit, rate * np.abs(amount)), 0
        )
        money[:, account, item.currency] -= amount * self.ledger.unit
        money[:, account, 0] -= fee

    def _rooms(self, money: Integers) -> Integers:
        """Return (W, A) int64: base money by account once foreign balances are settled."""
        top, bottom = self.problem.spread.numerator, self.problem.spread.denominator
        foreign = money[:, :, 1:]
        settled = foreign // bottom * np.where(foreign < 0, bottom + top, bottom - top)
        rooms: Integers = money[:, :, 0] + settled.sum(axis=2)
        return rooms

    def _brim(self, money: Integers, item: _Item, k: int, most: int) -> Integers:
        """Return (W,) int64: the most steps a position's account can pay for, up to `most`."""
        account = self.problem.positions[k].account
        here = money[:, account : account + 1]

        def pays(steps: Integers) -> npt.NDArray[np.bool_]:
            paid = np.zeros((len(money), account + 1, money.shape[2]), np.int64)
            self._pay(paid, item, k, steps)
            good: npt.NDArray[np.bool_] = self._rooms(here + paid[:, account:])[:, 0] >= 0
            return good

        low, high = np.zeros(len(money), np.int64), np.full(len(money), max(most, 0))
        guess = np.clip(self._pays_about(here, item), low, high)
        for trial in (guess, np.minimum(guess + 1, high)):
            good = pays(trial)
            low, high = np.where(good, trial, low), np.where(good, high, np.maximum(trial - 1, 0))
        while (low < high).any():
            middle = (low + high + 1) // 2
            good = pays(middle)
            low, high = np.where(good, middle, low), np.where(good, high, middle - 1)
        return low

    def _pays_about(self, here: Integers, item: _Item) -> Integers:
        """Return (W,) int64: what `Ledger.pays_about` says of an account's money, (W, 1, C)."""
        ledger = self.ledger
        money: Integers = self._rooms(here)[:, 0]
        if item.currency:
            own = here[:, 0, item.currency]
            rest = money - own // ledger.bottom * np.where(own < 0, ledger.into, ledger.out)
            money = own + rest // np.where(rest < 0, ledger.out, ledger.into) * ledger.bottom
        dear = item.price * (ledger.unit + ledger.rate)
        steps: Integers = np.minimum(money // dear, (money - ledger.floor) // (item.price * ledger.unit))
        return steps

    def _read(self, levels: Sequence[_Rows], way: int) -> Change:
        """Return the change of one way through all instruments."""
        steps = list(self.ledger.steps)
        for item, rows in zip(reversed(self.items), reversed(levels), strict=False):
            first, second, part = int(rows.first[way]), int(rows.second[way]), int(rows.part[way])
            steps[first] += part
            if second >= 0:
                steps[second] += item.change - part
            way = int(rows.parent[way])
        return Change(tuple(steps), tuple(self.ledger.sold))


def _take(rows: _Rows, which: npt.NDArray[np.bool_] | Integers) -> _Rows:
    return _Rows(*(getattr(rows, name)[which] for name in _Rows.__slots__))
