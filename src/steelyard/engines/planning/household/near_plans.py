"""Of the plans that are near enough to the nearest one, the one that costs least and asks least.

The stages (b) to (g) of contract section 3b. Where plans lie is known from the nearest one: in a ball
around the targets. Relaxed, the least tax and cost in that ball is a bound; sets of few trades are searched
for within it (`sparse_search`), each is made whole (`ChoiceModel` with these trades only), and all that was
found is ranked in exact numbers (`ranks`). Few positions are searched to the end by whole-number models, one
a stage.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from itertools import islice, product
from math import inf, prod

from steelyard.engines.planning.household.changes.first_plan import first_plan
from steelyard.engines.planning.household.household import (
    BUY,
    SELL,
    Household,
    Side,
    settle,
    unchanged,
    values,
)
from steelyard.engines.planning.household.models.sparse_search import (
    MORE_STARTS,
    STARTS,
    SparseSearch,
    Support,
)
from steelyard.engines.planning.household.models.tax_columns import possible_cases
from steelyard.engines.planning.household.one_account.one_account import OneAccount, is_one
from steelyard.engines.planning.household.one_account.whole_shares import Frame, Middle, whole_near
from steelyard.engines.planning.household.questions import FEW_POSITIONS, HAIR, Near, Questions
from steelyard.engines.planning.household.ranks import Judged, Leeway
from steelyard.engines.planning.household.taxation import Taxation, meet_on_an_edge

FEWEST_POSITIONS = 6
"""Up to so many positions every stage is searched to the end."""

FEW_BITS = 40
"""Binary digits of all the counts that may trade, up to which shares are few."""

BRANCHES = 2000
"""Branches of the solver for one question, where everything is searched."""

SOME_BRANCHES = 100
"""The same where many positions are searched for the least tax and cost."""

PROOF_BRANCHES = 30
"""The same where less tax and cost than was found is ruled out."""

INSIDE = 0.985
"""Part of the square of the distance within which a first answer is looked for."""

FEW_BRANCHES = 200
"""The same where a set of trades is made whole."""

MADE_WHOLE = 8
"""Sets of trades made whole, the smallest first."""

CASES = 27
"""Combinations of cases of the taxes that are looked at one by one."""

JUDGED = 6
"""Combinations of whole shares judged until one is permitted."""

CASES_ROUNDED = 2
"""Combinations of cases made whole, those that cost least."""

FAR = 10
"""Tolerances between a bound and what was found from which the solver's own searches are worth while."""

SETTLED = 4
"""Times whole numbers are asked for less tax and cost than was found."""


def best_near(problem: Household, taxation: Taxation | None, leeway: Leeway, nearest: Judged) -> Near:
    """Return the plan that ranks first among those near enough to the nearest one.

    Args:
        problem, taxation: What may be done.
        leeway: How far from the nearest plan, and what makes accounts restful.
        nearest: The nearest plan, as far as it is known; it is near enough itself.
    """
    search = _Search(problem, taxation, leeway, nearest)
    return search.run(restful=bool(leeway.accept) and not leeway.relocate)


@dataclass(frozen=True, slots=True)
class _Relaxed:
    """The least tax and costs in fractions of a share, in units, where some cases of the taxes hold.

    `apart` says whether what excludes each other does, so that branching adds nothing.
    """

    value: float
    cases: tuple[int, ...]
    columns: list[float]
    apart: bool


class _Search(Questions):
    """The stages, one after the other."""

    def run(self, *, restful: bool) -> Near:
        self.rest = restful
        self.found = {}
        for change in (self.nearest.change, unchanged(self.problem)):
            self.consider(change, None)
        if self._is_listed():
            known = self._listed()
            if known is not None:
                return self.result(known)
        relaxed = self._relaxed()
        if self.unknown and not relaxed:
            return self.result(-inf)
        if not relaxed and restful:
            return self.run(restful=False)  # no restful plan is near enough, not even in fractions of a share
        bound = -inf if self.unknown else min((row.value for row in relaxed), default=-inf)
        if self._few():
            return self._to_the_end(self._branched(relaxed, inf))
        bound = self._branched(relaxed, inf) if self.divided else self._rounded(relaxed, bound)
        most = bound + self.tolerance()
        if not self.divided and self.found:
            # The least that whole shares cost may be more than the bound by more than makes a difference.
            most = max(most, self.least_found() + HAIR)
        for row in relaxed[:CASES_ROUNDED]:
            if row.value <= most:
                self._few_trades(row.cases, most)
        if self.divided and self.least_found() > bound + self.tolerance():
            bound = max(bound, self._cheapest(relaxed))
        if not self.found and restful:
            return self.run(restful=False)
        return self.result(bound)

    def _few(self) -> bool:
        """Say whether there is so little to choose that every stage can be searched to its end at once."""
        if len(self.problem.positions) <= FEWEST_POSITIONS or len(self.problem.positions) > FEW_POSITIONS:
            return len(self.problem.positions) <= FEWEST_POSITIONS
        most = self.search.model.at.most
        return sum((n + 1).bit_length() for n in most.values()) <= FEW_BITS

    def _relaxed(self) -> list[_Relaxed]:
        """Return a bound of tax and cost by combination of the taxes' cases, the least first."""
        model = self.model(whole=False)
        effort = model.effort()
        self.limit = model.linear.row(effort) if effort else None
        self.search = SparseSearch(model)
        ways = possible_cases(model, self.taxation) if self.taxation is not None else []
        found: list[_Relaxed] = []
        taxes = self.taxation.taxes if self.taxation is not None else ()
        self.unknown = self.unknown or prod(map(len, ways)) > CASES
        for cases in islice(product(*ways), CASES):
            if len(taxes) > 1 and meet_on_an_edge([t[n] for t, n in zip(taxes, cases, strict=True)]):
                continue
            if self.problem.work.over:
                self.unknown = True
                break
            self.search.hold(cases)
            enough = min((row.value for row in found), default=inf) + self.tolerance()
            least, columns, apart = self.search.first(effort, enough=enough)
            self.unknown = self.unknown or (columns is None and least == -inf)
            if columns is not None:
                found.append(_Relaxed(least, cases, columns, apart))
        return sorted(found, key=lambda row: (row.value, row.cases))

    def _branched(self, relaxed: list[_Relaxed], enough: float) -> float:
        """Return a bound of tax and cost in which what excludes each other does, unless it is enough."""
        bound = -inf if self.unknown else inf
        for row in relaxed:
            if row.value < min(bound, enough):
                self.search.hold(row.cases)
                least, columns = self.search.least(self.search.model.effort(), enough=min(bound, enough))
                if columns is not None and not self.divided:
                    self._round(self.search.support(columns), columns, inf)
                bound = min(bound, least)
            else:
                bound = min(bound, row.value)
        return bound

    def _round(self, support: Support, columns: Sequence[float], most: float) -> bool:
        """Consider whole shares near a solution in which some sides trade, within some tax and cost."""
        model, positions = self.search.model, self.problem.positions
        steps: dict[int, float] = {}
        least, reach = dict.fromkeys((k for k, _ in support), 0), dict.fromkeys((k for k, _ in support), 0)
        for k, side in support:
            steps[k] = steps.get(k, 0.0) + side * columns[model.at.moved[k, side]] * model.size(k)
            if side == SELL:
                least[k] = -model.at.most[k, side]
            else:
                reach[k] = model.at.most[k, side]
        lots = {}
        for k in steps:
            if self.taxation is not None and not self.taxation.ordered[k] and model.at.parts[k]:
                # The owner chooses: what the solution takes most of goes first.
                share = [columns[c] / max(model.linear.upper[c], HAIR) for c in model.at.parts[k]]
                lots[k] = sorted(range(len(share)), key=lambda n: (-share[n], n))
        middle = Middle(
            steps, least, reach, frozenset(k for k in steps if k in model.at.gone and positions[k].odd), lots
        )
        ranges = [(float(low), float(high)) for low, high in self.ranges]
        frame = Frame(self.square if not self.ties else inf, ranges, most * self.unit)
        for proposal in whole_near(self.problem, self.taxation, self.leeway, frame, middle)[:JUDGED]:
            if self.consider(proposal.change, proposal.wanted) is not None:
                return True
        return False

    def _rounded(self, relaxed: list[_Relaxed], bound: float) -> float:
        """Make the cheapest solutions whole, look for less while it makes a difference; return a bound."""
        for row in relaxed[:CASES_ROUNDED]:
            self._round(self.search.support(row.columns), row.columns, inf)
        far = self.least_found() > bound + FAR * self.tolerance()
        if far and not all(row.apart for row in relaxed):
            bound = self._branched(relaxed, self.least_found() - self.tolerance())
        if not self.found:
            for row in relaxed[:1]:
                self._few_trades(row.cases, inf)
                if not self.found:
                    self._descend(self._its_ways(row.columns))
        if self.least_found() > bound + self.tolerance() and self.search.model.effort():
            bound = self._settled(relaxed, bound)
        return bound

    def _descend(self, sides: Collection[Side]) -> None:
        """Consider what a descent in whole shares finds with some sides only, however coarse shares are."""
        problem = self.problem
        if self.divided or settle(problem, unchanged(problem)).short:
            return
        positions = tuple(
            replace(
                position,
                can_buy=position.can_buy and (k, BUY) in sides,
                can_sell=position.can_sell and (k, SELL) in sides,
            )
            for k, position in enumerate(problem.positions)
        )
        self.consider(first_plan(replace(problem, positions=positions), unchanged(problem)), None)

    def _its_ways(self, columns: Sequence[float]) -> Support:
        """Return all sides that trade goals the way a solution does: so accounts are left in leeway."""
        positions = self.problem.positions
        ways = {(goal, side) for k, side in self.search.support(columns) for goal, _ in positions[k].counts}
        return frozenset(
            (k, side)
            for k, side in self.search.sides
            if all((g, side) in ways and (g, -side) not in ways for g, _ in positions[k].counts)
        )

    def _is_listed(self) -> bool:
        """Say whether one account pays for all and plans near enough can differ in tax or costs."""
        problem = self.problem
        costs = problem.rate or problem.floor or (self.taxation is not None and any(self.taxation.lots))
        open_ = not self.ties and not self.leeway.new_money and len(problem.positions) > FEWEST_POSITIONS
        return open_ and bool(costs) and is_one(problem, self.taxation, self.leeway)

    def _listed(self) -> float | None:
        """List the plans of one account near the least tax and cost; return a bound, None without plans."""
        ranges = [(float(low), float(high)) for low, high in self.ranges]
        one = OneAccount(self.problem, self.taxation, self.leeway, Frame(self.square, ranges))
        if not one.possible:
            return None
        enough = min((float(p.effort) for p in self.found.values()), default=inf)
        listed = one.listed(enough, float(self.leeway.tolerance))
        # Where lots go in their order, a change says all there is to a plan.
        for change, wanted in {p.change: p.wanted for p in listed.proposals}.items():
            self.consider(change, wanted)
        return listed.bound / self.unit if self.found else None

    def _settled(self, relaxed: list[_Relaxed], bound: float) -> float:
        """Let whole numbers look for less tax and cost, by as much as makes a difference; return a bound."""
        if not self.found:
            return self._cheapest(relaxed)
        if self.problem.floor:
            return bound  # least costs make each trade a choice, and whole numbers slow
        open_ = inf
        for row in relaxed:
            low = row.value
            for _ in range(SETTLED):
                # A little more than what makes a difference is what is asked for: rounding may not decide.
                less = self.least_found() - self.tolerance() * (1 - HAIR) + HAIR * HAIR
                if low >= less:
                    break
                model = self.model(whole=True, cases=row.cases)
                effort = model.effort()
                model.linear.row(effort, upper=less)
                far = self.least_found() - low > FAR * self.tolerance()
                value, proven = self.ask(
                    model,
                    effort,
                    SOME_BRANCHES if far else PROOF_BRANCHES,
                    searches="all" if far else "none",
                )
                low = max(low, min(value, less))
                if not proven or low >= less:
                    break
            open_ = min(open_, low)
        return max(bound, min(open_, self.least_found()))

    def _cheapest(self, relaxed: list[_Relaxed]) -> float:
        """Let whole numbers find the least tax and cost, then few trades within it; return a bound of it."""
        if self.problem.floor and self.found:
            # Least costs make each trade a choice, and whole numbers slow: few trades are cheap ones.
            for row in relaxed[:1]:
                self._few_trades(row.cases, inf)
            return -inf
        least = min((row.value for row in relaxed), default=-inf) + self.tolerance()
        bound = -inf
        for part in (INSIDE, 1.0):
            # A little inside the ball the first answer holds; on its edge each lacks some lines.
            model = self.model(whole=True, part=part)
            effort = model.effort()
            value, _ = self.ask(model, effort or model.turnover(), SOME_BRANCHES)
            bound = value if effort and part == 1.0 else bound
            if self.found and float(min(p.effort for p in self.found.values())) <= least * self.unit:
                break
        if not effort or not self.found:
            return bound if effort else 0.0
        most = float(min(p.effort for p in self.found.values())) / self.unit + self.tolerance()
        for row in relaxed:
            if row.value <= most:
                self._few_trades(row.cases, most)
        return bound

    def _few_trades(self, cases: tuple[int, ...], most: float) -> None:
        """Search for few trades within some tax and cost, and make the fewest whole."""
        self.search.hold(cases)
        if self.limit is not None:
            self.search.relaxed.row(self.limit, -inf, most + HAIR)
        least, smallest = self._least_trades(), len(self.problem.positions) + 1
        for more in (False, True):
            starts = MORE_STARTS if more else range(STARTS)
            supports = self.search.supports(starts=starts, least=least)
            for made, support in enumerate(supports):
                if self.problem.work.over:
                    return
                fewest = self._fewest_within(most, len(support))
                if made >= MADE_WHOLE or len(support) > fewest:
                    break
                if self.divided:
                    self._make_whole(support, cases, most)
                else:
                    self._make_near(support, most)
            smallest = min([smallest, *map(len, supports)])
            # Shares may be too coarse for some trades and not for as many others.
            if not supports or self._fewest_within(most, smallest + FAR) <= smallest + 1:
                break

    def _fewest_within(self, most: float, otherwise: int) -> int:
        """Return the fewest trades of a plan within some tax and cost, or so many where there is none."""
        return min((p.trades for p in self.found.values() if p.effort <= most * self.unit), default=otherwise)

    def _make_near(self, support: Support, most: float) -> bool:
        """Make some trades whole: between the nearest and the cheapest of them, then at each."""
        ends = [
            columns
            for aim in (self.search.model.miss(), self.search.model.effort())
            if aim and (columns := self.search.toward(support, aim)) is not None
        ]
        if len(ends) == 2:
            ends.insert(0, [(a + b) / 2 for a, b in zip(*ends, strict=True)])
        return any(self._round(support, columns, most) for columns in ends)

    def _least_trades(self) -> int:
        """Return a number of trades below which no plan is near enough: goals that cannot stay.

        Goals left alone miss what they miss now, so those nearest to their targets are, as many as fit into
        the ball.
        """
        problem = self.problem
        if any(position.parts for position in problem.positions):
            return 0  # one trade may move several goals
        left, must, misses = self.square * (1 + HAIR), 0, list[float]()
        for goal, value, (low, high) in zip(
            problem.goals, values(problem, unchanged(problem)), self.ranges, strict=True
        ):
            if low <= value <= high:
                misses.append(float(value - goal.target) ** 2)
            else:
                must += 1
        for miss in sorted(misses):
            left -= miss
            must += left < 0
        return must

    def _make_whole(self, support: Support, cases: tuple[int, ...], most: float) -> None:
        model = self.model(whole=True, sides=support, cases=cases)
        effort = model.effort()
        if effort and most == inf:
            most, _ = self.ask(model, effort, FEW_BRANCHES)
            most += self.tolerance()
        if effort and abs(most) < inf:
            model.linear.row(effort, upper=most + HAIR)
        for level in self.leeway.places:
            terms = model.place(level)
            if terms:
                value, proven = self.ask(model, terms, FEW_BRANCHES)
                if proven:
                    model.linear.row(terms, upper=value + HAIR)
        self.ask(model, model.miss(), FEW_BRANCHES)

    def _to_the_end(self, bound: float) -> Near:
        """Search every stage with whole numbers: few positions take milliseconds each."""
        model = self.model(whole=True)
        if model.effort():
            value, proven = self.ask(model, model.effort(), BRANCHES)
            bound = max(bound, value)
            if proven and self.found:
                bound = min(float(p.effort) for p in self.found.values()) / self.unit
        else:
            self.ask(model, model.turnover(), BRANCHES)
        if not self.found:
            return self.run(restful=False)
        model = self.model(whole=True, switches=True)
        if model.effort():
            least = float(min(p.effort for p in self.found.values())) / self.unit
            model.linear.row(model.effort(), upper=least + self.tolerance() + HAIR)
        switches = dict.fromkeys(model.at.switch.values(), 1.0)
        self.ask(model, switches, BRANCHES)
        model.linear.row(switches, upper=self.best().trades)
        for level in self.leeway.places:
            terms = model.place(level)
            if terms:
                value, _ = self.ask(model, terms, BRANCHES)
                model.linear.row(terms, upper=value + HAIR)
        self.ask(model, model.miss(), BRANCHES)
        miss = float(self.best().miss) / self.unit**self.problem.power
        model.linear.row(model.miss(), upper=miss * (1 + HAIR) + HAIR * HAIR)
        self.ask(model, model.turnover(), BRANCHES)
        return self.result(bound)
