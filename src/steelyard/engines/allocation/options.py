"""What one instrument may do, in order of merit at a given price of money.

For a multiplier m (the worth of one unit of budget) an allowed final state has the reduced cost
h = f + m g, its miss plus what it spends. On the buying side and on the selling side h is convex in
the number of steps, so the states can be listed from the best one outwards without looking at all.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from heapq import heapify, heappop, heapreplace
from math import ceil

from steelyard.engines.allocation.problem import Line


@dataclass(frozen=True, slots=True)
class Option:
    """One allowed final state of a line.

    Attributes:
        steps: Whole steps held.
        sold_out: The odd fraction left too.
        miss: Squared miss over the divisor, in float.
        spent: Budget it uses, in `1 / Scale.rates` ticks; negative when it raises money.
        value: Its worth, in `1 / Scale.values` ticks.
        amount: Ticks traded, 0 when nothing is.
    """

    steps: int
    sold_out: bool
    miss: float
    spent: int
    value: int
    amount: int


@dataclass(frozen=True, slots=True)
class Scale:
    """Denominators that make every target and every cost of a problem whole."""

    values: int
    rates: int


class Choices:
    """The allowed final states of one line, on integers."""

    __slots__ = (
        "_budget_rates",
        "_cost_floor",
        "_extra",
        "_inverse",
        "_odd",
        "_price",
        "_rate",
        "_steepness",
        "_target",
        "least_bought",
        "least_sold",
        "line",
        "most_bought",
        "most_sold",
        "scale",
        "singles",
    )  # fmt: skip

    def __init__(self, line: Line, scale: Scale, *, min_trade: int, most_money: int) -> None:
        """Prepare a line; `most_money` bounds what could ever be spent on it, in ticks."""
        self.line = line
        self.scale = scale
        self._price = line.price * scale.values
        self._odd = line.odd * scale.values
        self._target = int(line.target * scale.values)
        self._inverse = float(Fraction(1) / (line.divisor * scale.values**2))
        self._steepness = float(line.divisor)
        self._budget_rates = scale.rates
        self._cost_floor = line.floor * scale.rates
        self._rate = int(line.rate * scale.rates)
        self._extra = int(line.extra_rate * scale.rates)
        least = max(ceil(Fraction(min_trade, line.price)), 1)
        most = max(most_money, 0) // line.price
        if line.most_steps is not None:
            most = min(most, line.most_steps - line.held)
        self.least_bought, self.most_bought = least, most if line.can_buy else 0
        self.least_sold = least
        self.most_sold = max(line.held - line.least_steps, 0) if line.can_sell else 0
        self.singles = [self.state(0)]
        whole = line.price * line.held + line.odd
        if line.odd and line.can_sell and not line.least_steps and whole >= max(min_trade, 1):
            self.singles.append(self._sale(whole, 0, sold_out=True))

    def state(self, change: int) -> Option:
        """Return the state after buying `change` steps (selling when negative)."""
        line = self.line
        if not change:
            value = self._odd + self._price * line.held
            miss = float(value - self._target)
            return Option(line.held, False, miss * miss * self._inverse, 0, value, 0)
        amount = line.price * abs(change)
        if change < 0:
            return self._sale(amount, line.held + change, sold_out=False)
        value = self._odd + self._price * (line.held + change)
        miss = float(value - self._target)
        spent = self._budget_rates * amount + self._cost(amount)
        return Option(line.held + change, False, miss * miss * self._inverse, spent, value, amount)

    def _sale(self, amount: int, steps: int, *, sold_out: bool) -> Option:
        value = 0 if sold_out else self._odd + self._price * steps
        miss = float(value - self._target)
        spent = self._cost(amount) - self._budget_rates * amount
        return Option(steps, sold_out, miss * miss * self._inverse, spent, value, amount)

    def _cost(self, amount: int) -> int:
        return max(self._cost_floor, self._rate * amount) + self._extra * amount

    def exact_miss(self, option: Option) -> Fraction:
        """Return the squared miss over the divisor, exact, in ticks."""
        return Fraction((option.value - self._target) ** 2, self.scale.values**2) / self.line.divisor

    def best(self, multiplier: float) -> tuple[float, Option]:
        """Return the least reduced cost and the state that has it."""
        found = [(o.miss + multiplier * o.spent, o) for o in self.singles]
        for side in (1, -1):
            start = self._start(multiplier, side)
            if start is not None:
                option = self.state(start)
                found.append((option.miss + multiplier * option.spent, option))
        return min(found, key=_first)

    def cheapest(self) -> int:
        """Return the least budget any state uses (the most it can raise, negative)."""
        spent = [o.spent for o in self.singles]
        if self.most_sold >= self.least_sold:
            # Proceeds less cost is convex in the amount, so its largest value is at one of the ends.
            spent += [self.state(-self.least_sold).spent, self.state(-self.most_sold).spent]
        return min(spent)

    def outward(self, multiplier: float) -> Iterator[tuple[float, Option]]:
        """Yield (reduced cost, state) from the best state outwards, without an end before the last."""
        fronts: list[tuple[float, int, Option, int]] = []
        for index, option in enumerate(self.singles):
            fronts.append((option.miss + multiplier * option.spent, -index, option, 0))
        tie = 1
        for side in (1, -1):
            start = self._start(multiplier, side)
            if start is None:
                continue
            for direction in (1, -1):
                change = start if direction == 1 else start - side
                if self._allowed(change, side):
                    option = self.state(change)
                    tie += 1
                    fronts.append((option.miss + multiplier * option.spent, tie, option, side * direction))
        heapify(fronts)
        while fronts:
            cost, rank, option, move = fronts[0]
            yield cost, option
            if not move:
                heappop(fronts)
                continue
            change = option.steps - self.line.held
            side = 1 if change > 0 else -1
            if self._allowed(change + move, side):
                following = self.state(change + move)
                heapreplace(fronts, (following.miss + multiplier * following.spent, rank, following, move))
            else:
                heappop(fronts)

    def _allowed(self, change: int, side: int) -> bool:
        if side == 1:
            return self.least_bought <= change <= self.most_bought
        return self.least_sold <= -change <= self.most_sold

    def _start(self, multiplier: float, side: int) -> int | None:
        """Return the change on one side with the least reduced cost, None when the side is empty."""
        low, high = (self.least_bought, self.most_bought) if side == 1 else (self.least_sold, self.most_sold)
        if high < low:
            return None
        held = self.line.held * self._price + self._odd
        best: tuple[float, int] | None = None
        rates = [self._rate + self._extra]
        if self._cost_floor:
            rates.append(self._extra)
            knee = self._cost_floor // (self._rate * self.line.price) if self._rate else high
            best = self._reduced(multiplier, side, min(max(knee, low), high))
        for rate in rates:
            slope = multiplier * (self._budget_rates + side * rate) * self._steepness / 2
            wanted = (self._target - held) / self.scale.values - slope
            near = round(side * wanted / self.line.price)
            candidate = self._reduced(multiplier, side, min(max(near, low), high))
            best = candidate if best is None or candidate < best else best
        assert best is not None
        for direction in (1, -1):
            while low <= best[1] + direction <= high:
                candidate = self._reduced(multiplier, side, best[1] + direction)
                if candidate[0] >= best[0]:
                    break
                best = candidate
        return side * best[1]

    def _reduced(self, multiplier: float, side: int, size: int) -> tuple[float, int]:
        option = self.state(side * size)
        return option.miss + multiplier * option.spent, size


def _first(pair: tuple[float, Option]) -> float:
    return pair[0]
