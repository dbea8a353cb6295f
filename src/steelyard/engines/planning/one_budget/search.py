"""The exact whole-share plan under one budget, in plain Python without any solver.

Everything but the budget is separate per instrument. A price of money m makes each choose alone; what
that reaches is a bound, and any state whose reduced cost exceeds the gap cannot be in a better plan. That
leaves short lists. Their lower convex hulls, merged, bound every partial plan as tightly as any price
of money can. A depth-first walk settles most plans; what it leaves goes to a dynamic programme that keeps
only partial plans not dominated by one that spends no more. Floats steer and prune, with slack;
whatever could be a tie is compared in exact arithmetic, so the ranked order holds exactly.

Source: Lagrangian relaxation and dominance for the separable knapsack (Kellerer, Pferschy, Pisinger).
"""

from __future__ import annotations

from fractions import Fraction
from heapq import heapify, heappop, heappush
from itertools import pairwise
from math import inf, lcm
from typing import TypeAlias

from steelyard.engines.planning.one_budget.divisible import solve_divisible
from steelyard.engines.planning.one_budget.hull import suffix_hulls, whole_hull
from steelyard.engines.planning.one_budget.states import LEAST_LISTED, LIST_LIMIT, Choices, State
from steelyard.engines.planning.problem import AllocationProblem, Answer, Infeasible, Line

NODE_LIMIT = 2_000_000
"""Partial choices looked at before the search stops with a certified gap."""

MOST_LINES_WALKED = 500
"""Lines of a problem that are walked: each is a level of the walk, and Python has a thousand."""

WALK_LIMIT = 50_000
"""Partial choices of the depth-first walk before the dynamic programme takes over."""

MOST_CORNERS = 1_500_000
"""Corners of all the hulls that bound a search, each line's in all the hulls before it."""

EXACT_WORK = 10
"""Partial choices that take as long as one line of a tie, which is compared in fractions."""

KEPT_WORK = 3
"""Partial choices that take as long as one that goes on to the next layer."""


SLACK = 1e-12
"""Relative rounding error allowed for in a float bound before a branch is given up."""


Rank = tuple[Fraction, int, int, tuple[int, ...]]

Chain: TypeAlias = "tuple[State, Chain] | tuple[()]"
"""The states of a partial plan, the last line's first."""

Partial: TypeAlias = tuple[int, float, Chain]
"""What a partial plan has spent and missed, and its states."""


def solve(problem: AllocationProblem, *, node_limit: int = NODE_LIMIT) -> Answer:
    """Return the best allowed plan, with its certificate.

    Args:
        problem: Lines in any order; integers and fractions, see `AllocationProblem`.
        node_limit: Partial choices to look at before stopping with a certified gap, >= 0.

    Returns:
        The plan that ranks first: least objective, then fewest trades, then least turnover, then
        most value in the symbol that sorts first. `proven` is False only after the node limit.

    Raises:
        Infeasible: Even the sales that raise the most leave the budget short.
    """
    if any(line.continuous for line in problem.lines):
        return solve_divisible(problem, solve, node_limit=node_limit)
    if not problem.lines:
        if problem.budget < 0:
            raise Infeasible(Fraction(-problem.budget))
        return Answer((), (), Fraction(0), Fraction(0), True, 0)
    return _Search(problem, node_limit).run()


class _Stopped(Exception):
    """The node limit was reached."""


class _Search:
    """One run: the lines in search order, their short lists, the incumbent."""

    def __init__(self, problem: AllocationProblem, node_limit: int) -> None:
        lines = problem.lines
        # Over the common denominator of the rates every sum of money is a whole number: a plan that fits to
        # the last unit fits, and no order of adding changes that. Floats would make the budget itself a
        # matter of luck.
        self.unit = lcm(*(x.rate.denominator for x in lines), *(x.extra_rate.denominator for x in lines))
        self.budget = problem.budget * self.unit
        # Dearest first: that is the coarse choice, and the cheap lines behind it can still take up what it
        # leaves. Equal instruments side by side, so that their permutations can be skipped.
        kinds = [_kind(line) for line in lines]
        self.order = sorted(range(len(lines)), key=lambda i: (-lines[i].price, kinds[i], lines[i].symbol))
        raised = sum(x.price * x.held + x.odd for x in lines if x.can_sell)
        self.choices = [
            Choices(lines[i], self.unit, problem.min_trade, problem.budget + raised) for i in self.order
        ]
        self.twin = [False, *(kinds[i] == kinds[j] for i, j in pairwise(self.order))]
        # Places in the search order by symbol, for the last rank.
        self.by_symbol = sorted(range(len(lines)), key=lambda place: lines[self.order[place]].symbol)
        self.symbol_place = {place: rank for rank, place in enumerate(self.by_symbol)}
        self.best: list[State] = []
        self.best_miss = inf
        self.best_rank: Rank | None = None
        self.margin = 0.0
        self.nodes, self.node_limit = 0, node_limit

    def run(self) -> Answer:
        ends = [c.ends() for c in self.choices]
        missing = sum(min(states).spent for states in ends) - self.budget
        if missing > 0:
            raise Infeasible(Fraction(missing, self.unit))
        multiplier, dual, cheapest = self._price_money(ends)
        # The bound is the sum of every line's best at one price of money. A better plan can be worse than
        # that by the gap in all, so a state that is worse than its line's best by more than the gap is in
        # none of them.
        gap = self.best_miss - dual + self.margin
        self.lists, self.excess, cut = [], [], False
        limit = max(min(LIST_LIMIT, 2 * MOST_CORNERS // len(self.choices) ** 2), LEAST_LISTED)
        for choices, least in zip(self.choices, cheapest, strict=True):
            found, complete = choices.within(multiplier, least + gap, limit)
            cut = cut or not complete
            self.lists.append([state for _, state in found])
            self.excess.append([reduced - least for reduced, _ in found])
        self.dual = dual
        self.hulls = suffix_hulls(self.lists)
        # The hulls add up other floats than the prices did, and so round otherwise.
        self.margin = max(self.margin, SLACK * abs(self.hulls[0].miss[0]))
        open_bound = self._explore()
        # A state left off a short list is bounded by the price of money alone.
        return self._answer(min(open_bound, dual - self.margin) if cut else open_bound)

    def _explore(self) -> float:
        """Search the short lists; return the least bound left open, infinite when none is."""
        # The walk keeps nothing but its path and ends most problems at once. What it does not end soon has
        # many ways to spend nearly the same money, which it would visit one by one and the layers merge.
        if len(self.lists) > MOST_LINES_WALKED:
            return self._layers()
        limit, self.node_limit = self.node_limit, min(self.node_limit, WALK_LIMIT)
        try:
            self._walk(0, self.budget, 0.0, 0.0, [])
            return inf
        except _Stopped:
            self.node_limit = limit
            return self._layers()

    def _price_money(self, ends: list[list[State]]) -> tuple[float, float, list[float]]:
        """Find a price of money and a first plan.

        Returns:
            The multiplier, the bound it proves, and the least reduced cost of every line.
        """
        pools = [{(s.change, s.sold_out): s for s in states} for states in ends]
        multiplier = self._divisible_multiplier()
        best: tuple[float, float, list[float]] | None = None
        started = False
        # A bound holds at whatever price it was taken, so to stop after a few rounds may leave it loose,
        # never wrong. The pool is a sample of states: the price its hull names is a guess for the next round.
        for _ in range(6):
            least, found = [], False
            for choices, pool in zip(self.choices, pools, strict=True):
                known = min([s[1] + multiplier * s[0] for s in pool.values()])
                lowest = known
                for change in choices.near(multiplier):
                    if (change, False) not in pool:
                        pool[change, False] = state = choices.state(change)
                        lowest = min(lowest, state[1] + multiplier * state[0])
                found = found or lowest < known
                least.append(lowest)
            dual = sum(least) - multiplier * self.budget
            size = sum(abs(x) for x in least) + abs(multiplier * self.budget)
            self.margin = max(self.margin, SLACK * size)
            if best is None or dual > best[1]:
                best = multiplier, dual, least
            elif dual <= best[1] + 1e-9 * abs(dual):
                break
            if started and not found:
                break  # the hull of what was known named the best price there is
            started = True
            following = whole_hull([list(pool.values()) for pool in pools]).multiplier(self.budget)
            if following == multiplier:
                break
            multiplier = following
        assert best is not None
        self._first_plan(best[0], [sorted(pool.values()) for pool in pools])
        return best

    def _divisible_multiplier(self) -> float:
        """Return the price of money, per money unit, at which divisible shares would spend the budget."""
        rows = []
        for c in self.choices:
            most = float(c.bought[1] * c.line.price) if c.bought[1] >= c.bought[0] else 0.0
            least = -float(c.sold[1] * c.line.price) if c.sold[1] >= c.sold[0] else 0.0
            rows.append((c.wanted, 1 + c.charge, 1 - c.charge, c.half, most, least))
        budget = self.budget / self.unit

        def over(m: float) -> tuple[float, float]:
            """What is spent over the budget at a price of money, and how fast that falls with it."""
            total = fall = 0.0
            for wanted, up, down, half, most, least in rows:
                change = wanted - m * up * half
                if change > 0.0:
                    if change < most:
                        fall += up * up * half
                    else:
                        change = most
                    total += change * up
                else:
                    change = wanted - m * down * half
                    if change < 0.0:
                        if change > least:
                            fall += down * down * half
                        else:
                            change = least
                        total += change * down
            return total - budget, fall

        money, fall = over(0.0)
        if money <= 0.0:
            return 0.0
        low = price = 0.0
        high = max(
            (abs(w) - least) / (min(up, abs(down) or up) * half) for w, up, down, half, _, least in rows
        )
        # Straight between the kinks where a line starts or stops: a few steps of Newton's, held between
        # the ends.
        for _ in range(44):
            step = price + money / fall if fall else high
            following = step if low < step < high else (low + high) / 2
            if abs(following - price) <= 1e-15 * high:
                break
            price = following
            money, fall = over(price)
            low, high = (price, high) if money > 0.0 else (low, price)
        return price / self.unit

    def _first_plan(self, multiplier: float, pools: list[list[State]]) -> None:
        """Offer a feasible plan: the priced choices, made affordable, then improved step by step."""
        # It needs not be the best: every improvement narrows the gap, and with it the lists, before they are
        # made.
        plan = [min(pool, key=lambda s: s.miss + multiplier * s.spent) for pool in pools]
        left = self.budget - sum(s.spent for s in plan)

        def swaps(place: int) -> list[tuple[float, int, State]]:
            """The cheapest way for one line to give money back, none where it has the least."""
            now = plan[place]
            ways = [
                ((s.miss - now.miss) / (now.spent - s.spent), place, s)
                for s in pools[place]
                if s.spent < now.spent
            ]
            return [min(ways)] if ways else []

        offers = [way for place in range(len(plan)) for way in swaps(place)] if left < 0 else []
        heapify(offers)
        while left < 0:
            # Give money back where a unit of it costs the least miss.
            _, place, state = heappop(offers)
            left += plan[place].spent - state.spent
            plan[place] = state
            for way in swaps(place):
                heappush(offers, way)

        def gains(place: int) -> list[tuple[float, int, State]]:
            """The affordable state that one line gains most by, none where it gains nothing."""
            now, best = plan[place], None
            for s in pools[place]:
                if s.miss < (best or now).miss and s.spent - now.spent <= left:
                    best = s
            return [] if best is None else [(best.miss - now.miss, place, best)]

        better = [way for place in range(len(plan)) for way in gains(place)]
        heapify(better)
        for _ in range(4 * len(plan) + 40):
            # What was affordable may be no more, as money goes; where some came back, all is asked again.
            while better and better[0][2].spent - plan[better[0][1]].spent > left:
                for way in gains(heappop(better)[1]):
                    heappush(better, way)
            if not better:
                break
            _, place, state = heappop(better)
            change = state.spent - plan[place].spent
            left, plan[place] = left - change, state
            if change < 0:
                better = [way for other in range(len(plan)) for way in gains(other)]
                heapify(better)
            else:
                for way in gains(place):
                    heappush(better, way)
        self._offer(plan, sum(s.miss for s in plan))

    def _walk(self, place: int, left: int, miss: float, excess: float, chosen: list[State]) -> None:
        if place == len(self.lists):
            self._offer(chosen, miss)
            return
        if self.nodes > self.node_limit:
            raise _Stopped
        # Of interchangeable lines only falling values are walked. It has to be that order: they stand by
        # symbol, and of plans that are equal otherwise the one with more in the first symbol ranks first.
        ceiling = self.choices[place].value(chosen[-1]) if self.twin[place] else None
        # What the lines so far are worse than their best is taken from the one gap of all.
        most = self.best_miss - self.dual + self.margin - excess
        after = self.hulls[place + 1].bound
        worst = self.best_miss + self.margin - miss
        children = []
        for index, (over, state) in enumerate(zip(self.excess[place], self.lists[place], strict=True)):
            self.nodes += 1
            if over > most:
                break
            bound = state.miss + after(left - state.spent)
            if bound <= worst and (ceiling is None or self.choices[place].value(state) <= ceiling):
                children.append((bound, index))
        # The least bound first: where that is too much, so is all behind it.
        children.sort()
        for bound, index in children:
            if miss + bound > self.best_miss + self.margin:
                break
            state = self.lists[place][index]
            chosen.append(state)
            over = excess + self.excess[place][index]
            self._walk(place + 1, left - state.spent, miss + state.miss, over, chosen)
            chosen.pop()

    def _layers(self) -> float:
        """Run the dynamic programme; return the least bound left open, infinite when none is."""
        # Only what was spent and missed matters for what follows, not how: that is what makes layers smaller
        # than the tree. They are compared by the full rank, not by the miss alone, or a tie would be lost
        # here.
        layer: list[Partial] = [(0, 0.0, ())]
        for place, states in enumerate(self.lists):
            after = self.hulls[place + 1].bound
            worst = self.best_miss + self.margin
            grown: list[Partial] = []
            value = self.choices[place].value
            for spent, miss, chain in layer:
                left = self.budget - spent
                self.nodes += len(states)
                if self.nodes > self.node_limit:
                    here = self.hulls[place].bound
                    return min(m + here(self.budget - s) for s, m, _ in layer) - self.margin
                # Falling values of interchangeable lines here too, or each of their permutations is a tie. No
                # plan is lost: the first by rank has them fall, and nothing is before any part of it.
                ceiling = value(chain[0]) if chain and self.twin[place] else None
                for state in states:
                    if ceiling is not None and value(state) > ceiling:
                        continue
                    if miss + state.miss + after(left - state.spent) <= worst:
                        grown.append((spent + state.spent, miss + state.miss, (state, chain)))
            self.nodes += KEPT_WORK * len(grown)
            layer = self._undominated(grown, place)
        for _, miss, chain in layer:
            self._offer(_unchain(chain), miss)
        return inf

    def _undominated(self, grown: list[Partial], place: int) -> list[Partial]:
        """Keep partial plans that no other one beats in rank while spending no more."""
        # By money: then a plan has to be compared with the last one kept only, as ranks fall along what is
        # kept. All levels of the rank are sums over lines or in the order of lines, so whatever completes two
        # partial plans alike keeps their order.
        grown.sort(key=lambda partial: partial[:2])
        kept: list[Partial] = []
        for partial in grown:
            if kept:
                behind = partial[1] - kept[-1][1]
                if behind > self.margin:
                    continue
                if behind >= -self.margin and not self._goes_before(partial[2], kept[-1][2], place):
                    continue
            kept.append(partial)
        return kept

    def _goes_before(self, chain: Chain, other: Chain, place: int) -> bool:
        """Say whether one partial plan, up to a place, ranks before another one, exactly."""
        # Each level of the rank is a sum over lines, or what the first line by symbol that differs has. So
        # what two plans share decides nothing, and most ties share all but their last few lines.
        miss, trades, turnover = Fraction(0), 0, 0
        first = (len(self.lists), 0)
        while chain and other and chain is not other:
            (state, chain), (against, other) = chain, other
            self.nodes += 1
            choices = self.choices[place]
            if state != against:
                self.nodes += EXACT_WORK
                miss += choices.exact_miss(state) - choices.exact_miss(against)
                amount, opposed = choices.amount(state), choices.amount(against)
                trades += (amount > 0) - (opposed > 0)
                turnover += amount - opposed
                if less := choices.value(against) - choices.value(state):
                    first = min(first, (self.symbol_place[place], less))
            place -= 1
        return (miss, trades, turnover, first[1]) < (0, 0, 0, 0)

    def _offer(self, plan: list[State], miss: float) -> None:
        """Take a feasible plan if it ranks before the incumbent."""
        # Outside the margin floats decide; inside it only the exact rank does.
        if miss > self.best_miss + self.margin or plan == self.best:
            return
        rank = None
        if miss >= self.best_miss - self.margin:
            rank = self._rank(plan)
            self.best_rank = self.best_rank or self._rank(self.best)
            if rank >= self.best_rank:
                return
        self.best, self.best_miss, self.best_rank = list(plan), miss, rank

    def _rank(self, plan: list[State]) -> Rank:
        """Return the ranked levels of a plan, exact."""
        self.nodes += EXACT_WORK * len(plan)
        pairs = list(zip(self.choices, plan, strict=True))
        parts: dict[int, int] = {}  # most lines miss in parts of the same size, which add up as whole numbers
        for c, s in pairs:
            parts[c.scale] = parts.get(c.scale, 0) + c.scaled_miss(s)
        exact = sum((Fraction(miss, scale) for scale, miss in parts.items()), Fraction(0))
        amounts = [c.amount(s) for c, s in pairs]
        values = [-c.value(s) for c, s in pairs]
        ordered = tuple(values[place] for place in self.by_symbol)
        return exact, sum(a > 0 for a in amounts), sum(amounts), ordered

    def _answer(self, open_bound: float) -> Answer:
        steps = [0] * len(self.order)
        sold = [False] * len(self.order)
        for place, index in enumerate(self.order):
            steps[index] = self.choices[place].line.held + self.best[place].change
            sold[index] = self.best[place].sold_out
        value = (self.best_rank or self._rank(self.best))[0]
        proven = open_bound == inf
        bound = value if proven else min(Fraction(max(open_bound, 0.0)), value)
        return Answer(tuple(steps), tuple(sold), value, bound, proven, self.nodes)


def _unchain(chain: Chain) -> list[State]:
    states: list[State] = []
    while chain:
        state, chain = chain
        states.append(state)
    return states[::-1]


def _kind(line: Line) -> tuple[object, ...]:
    """Everything about a line but its name: two lines of one kind are interchangeable."""
    return (
        line.held, line.target, line.divisor, line.odd, line.can_buy, line.can_sell, line.rate, line.floor,
        line.extra_rate, line.price, line.least_steps, -1 if line.most_steps is None else line.most_steps,
    )  # fmt: skip
