"""What one instrument may end up as, in order of merit at a given price of money.

For a multiplier m (the worth of one unit of budget) an allowed final state has the reduced cost
miss + m * spent. Among purchases and among sales it is convex in the number of steps, so the states
within some distance of the best are found by walking outwards from it.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from math import floor
from typing import NamedTuple

from steelyard.engines.planning.problem import Line

LEAST_LISTED = 8
"""States of a line that are listed however many lines there are."""

LIST_LIMIT = 50_000
"""States one line may put on its short list; beyond, the plan is called best found and carries its gap."""


class State(NamedTuple):
    """One allowed final state of a line.

    Attributes:
        spent: Budget it uses, in the problem's whole money unit; negative when it raises money.
        miss: Squared miss over the divisor, in float.
        change: Steps bought (+) or sold (-).
        sold_out: The odd fraction left too.
    """

    spent: int
    miss: float
    change: int
    sold_out: bool


_made = tuple.__new__
"""Makes a state without the constructor of its class, which takes three times as long."""


class Choices:
    """The allowed states of one line, in whole money units of 1 / `unit` ticks."""

    def __init__(self, line: Line, unit: int, min_trade: int, most_money: int) -> None:
        self.line, self.unit = line, unit
        self.price = line.price * unit
        self.cost_floor = line.floor * unit
        self.rate = line.rate.numerator * (unit // line.rate.denominator)
        self.extra = line.extra_rate.numerator * (unit // line.extra_rate.denominator)
        self.charge = (self.rate + self.extra) / unit
        # The miss is counted in 1 / `parts` ticks, which makes the target whole.
        self.parts = line.target.denominator
        self.off = (line.odd + line.price * line.held) * self.parts - line.target.numerator
        self.stride = line.price * self.parts
        self.wanted = -self.off / self.parts
        self.scale = line.divisor.numerator * self.parts**2
        self.inverse = line.divisor.denominator / self.scale
        self.half = float(line.divisor) / 2
        # Rounded up: a trade of just the least size is allowed.
        least = max(-(-min_trade // line.price), 1)
        most = max(most_money, 0) // line.price
        if line.most_steps is not None:
            most = min(most, line.most_steps - line.held)
        self.bought = (least, most if line.can_buy else 0)
        self.sold = (least, line.held - line.least_steps if line.can_sell else 0)
        # States on no side: to do nothing, and to sell out together with the odd fraction, which no number of
        # whole steps describes.
        self.singles = [self.state(0)]
        whole = line.price * line.held + line.odd
        if line.odd and line.can_sell and line.least_steps <= 0 and whole >= min_trade:
            miss = float(line.target) ** 2 / float(line.divisor)
            self.singles.append(State(self.cost(whole) - whole * unit, miss, -line.held, True))
        # Shares bought by the least cost alone: below, the cost does not depend on the amount.
        knee = self.cost_floor // (self.rate * line.price) if self.rate else max(most, line.held)
        self.knee = knee if self.cost_floor else None
        # Without least amounts the reduced cost is convex over sales, nothing and purchases together.
        self.ends_at = (-max(self.sold[1], 0), max(self.bought[1], 0))
        self.convex = self.knee is None and least == 1

    def cost(self, amount: int) -> int:
        """Return what trading `amount` ticks costs, in money units."""
        return max(self.cost_floor, self.rate * amount) + self.extra * amount

    def state(self, change: int) -> State:
        """Return the state after buying `change` steps (selling when negative)."""
        away = float(self.off + self.stride * change)
        spent = self.price * change
        if change:
            amount = self.line.price * abs(change)
            charged = self.rate * amount
            spent += (charged if charged > self.cost_floor else self.cost_floor) + self.extra * amount
        return _made(State, (spent, away * away * self.inverse, change, False))

    def amount(self, state: State) -> int:
        """Return the ticks traded to get there."""
        return self.line.price * abs(state.change) + (self.line.odd if state.sold_out else 0)

    def value(self, state: State) -> int:
        """Return what is held afterwards, in ticks."""
        if state.sold_out:
            return 0
        return self.line.odd + self.line.price * (self.line.held + state.change)

    def exact_miss(self, state: State) -> Fraction:
        """Return the squared miss over the divisor, exact."""
        return Fraction(self.scaled_miss(state), self.scale)

    def scaled_miss(self, state: State) -> int:
        """Return the squared miss over the divisor, exact, in parts of 1 / `scale`."""
        away = -self.line.target.numerator if state.sold_out else self.off + self.stride * state.change
        return away * away * self.line.divisor.denominator

    def ends(self) -> list[State]:
        """Return the states among which the one that raises the most money is."""
        low, high = self.sold
        # More sold raises more, unless its costs take all of it.
        sizes = ({high} if self.charge < 1.0 else {low, high}) if high >= low else set()
        if self.knee is not None:
            sizes |= {k for k in (self.knee, self.knee + 1) if low <= k <= high}
        return self.singles + [self.state(-size) for size in sorted(sizes)]

    def bottom(self, multiplier: float) -> int:
        """Return the change of least reduced cost, where that is convex over all changes."""
        money = multiplier * self.unit * self.half
        steps = (self.wanted - money * (1 + self.charge)) / self.line.price
        if steps < 0.0:
            steps = min((self.wanted - money * (1 - self.charge)) / self.line.price, 0.0)
        least, most = self.ends_at
        return min(max(floor(steps + 0.5), least), most)

    def near(self, multiplier: float) -> Iterable[int]:
        """Return the changes of least reduced cost by side and those beside them."""
        if self.convex:
            change, (least, most) = self.bottom(multiplier), self.ends_at
            return range(max(change - 1, least), min(change + 1, most) + 1)
        found = []
        for sign, (low, high) in ((1, self.bought), (-1, self.sold)):
            for start in self.side(multiplier, sign):
                middle = sign * start.change
                found += [sign * n for n in range(max(middle - 1, low), min(middle + 1, high) + 1)]
        return found

    def side(self, multiplier: float, sign: int) -> list[State]:
        """Return the state of least reduced cost among purchases (sign 1) or sales, none when empty."""
        low, high = self.bought if sign == 1 else self.sold
        if high < low:
            return []
        stride, per_unit, wanted = self.line.price, multiplier * self.unit, self.wanted
        # Below the knee the least cost holds, above it the rate: two parabolas. The best size is next to the
        # bottom of one of them or next to the knee, so a handful of sizes stands for all.
        rates, sizes = {self.charge}, set()
        if self.knee is not None:
            rates.add(self.extra / self.unit)
            sizes = {self.knee, self.knee + 1}
        for rate in rates:
            near = floor(sign * (wanted - per_unit * (1 + sign * rate) * self.half) / stride)
            sizes |= {near, near + 1}
        states = [self.state(sign * size) for size in {min(max(size, low), high) for size in sizes}]
        return [min(states, key=lambda s: s.miss + multiplier * s.spent)]

    def best(self, multiplier: float) -> State:
        """Return the state of least reduced cost miss + multiplier * spent."""
        states = self.singles + self.side(multiplier, 1) + self.side(multiplier, -1)
        return min(states, key=lambda s: s.miss + multiplier * s.spent)

    def within(self, multiplier: float, most: float, limit: int) -> tuple[list[tuple[float, State]], bool]:
        """List the states whose reduced cost is at most `most`, at most the `limit` best of them.

        Returns:
            (reduced cost, state) pairs, best first, and whether they are all there.
        """
        if self.convex:
            singles, (least, greatest) = self.singles[1:], self.ends_at
            start = self.bottom(multiplier)
            ways = [range(start, greatest + 1), range(start - 1, least - 1, -1)]
        else:
            singles, ways = self.singles, []
            for sign, (low, high) in ((1, self.bought), (-1, self.sold)):
                for best in self.side(multiplier, sign):
                    first = best.change
                    ways += [
                        range(first, sign * (high + 1), sign),
                        range(first - sign, sign * (low - 1), -sign),
                    ]
        found = [(s.miss + multiplier * s.spent, s) for s in singles]
        found = [pair for pair in found if pair[0] <= most]
        for changes in ways:
            # The reduced cost is convex that way: the first one too dear ends the direction. One more than
            # the limit from each way, so that the best are among them and a list that was cut is known.
            for change in changes[: limit + 1]:
                state = self.state(change)
                reduced = state[1] + multiplier * state[0]
                if reduced > most:
                    break
                found.append((reduced, state))
        found.sort(key=lambda pair: pair[0])
        return found[:limit], len(found) <= limit
