"""What a plan is compared by: nearness, then what it costs, then how little it asks of its owner.

Contract section 3b in exact arithmetic. Nothing here searches: a plan that some search proposes becomes a
`Judged` with all that ranks it, and these functions say whether it is near enough, whether it leaves
accounts in leeway, and which of two plans is the better one.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from fractions import Fraction

from steelyard.engines.planning.household.household import (
    ZERO,
    Change,
    Household,
    Position,
    Settlement,
    feasible,
    missed,
    settle,
    traffic,
    values,
)
from steelyard.engines.planning.household.taxation import (
    Taxation,
    gains_of,
    in_order,
    near_parts,
    tax_of,
    washes,
)

SAME_EFFORT = Fraction(1, 100_000)
"""Plans whose tax and cost differ by no more than this of the managed value cost the same."""


@dataclass(frozen=True, slots=True)
class Leeway:
    """How far from the nearest plan one may stay, and for what.

    Attributes:
        total: Ticks of managed value, the cash flow counted.
        accept: Ticks by which the distance may exceed the nearest plan's.
        apart: Square of ticks that every plan misses outside the goals (what the objective leaves out).
        bands: By goal: least and most value it may have, None for no limit.
        new_money: New money must be spent as long as a step from an account's own cash brings nearness.
        relocate: Selling a goal in one account to buy it in another is no matter.
        paying: Accounts that money leaves, or whose cash is negative: what they sell is no relocation.
        places: Levels of preference; by position, what a tick standing there counts, >= 0.

    Nothing accepted means plans that reach the least objective, and no tolerance: ties alone are open.
    """

    total: Fraction
    accept: Fraction
    apart: Fraction = ZERO
    bands: tuple[tuple[Fraction, Fraction] | None, ...] = ()
    new_money: bool = False
    relocate: bool = False
    paying: frozenset[int] = frozenset()
    places: tuple[tuple[int, ...], ...] = ()

    @property
    def tolerance(self) -> Fraction:
        """Ticks of tax and cost that make no difference."""
        return SAME_EFFORT * self.total if self.accept else ZERO


@dataclass(frozen=True, slots=True)
class Judged:
    """A plan with everything that ranks it, exact.

    Attributes:
        change: Where every position ends.
        sold: Steps sold by position and lot.
        worth: Ticks by goal.
        miss: The objective.
        square: Sum of the squared misses, whatever the objective.
        tax, costs: Ticks; costs are commissions and conversion.
        gain: Net gain realised, ticks.
        trades, turnover: As `traffic` counts them.
        settled: What it costs and leaves.
    """

    change: Change
    sold: tuple[tuple[Fraction, ...], ...]
    worth: tuple[int | Fraction, ...]
    miss: Fraction
    square: Fraction
    tax: Fraction
    costs: Fraction
    gain: Fraction
    trades: int
    turnover: int
    settled: Settlement

    @property
    def effort(self) -> Fraction:
        """Tax and costs, ticks."""
        return self.tax + self.costs


def judge(
    problem: Household,
    taxation: Taxation | None,
    change: Change,
    wanted: Sequence[Sequence[float]] | None = None,
) -> Judged:
    """Return a change with all that ranks it.

    Args:
        problem, taxation: Without a taxation nothing is taxed.
        change: An allowed change.
        wanted: What a search would sell of each lot, where the owner may choose.
    """
    sold: list[tuple[Fraction, ...]] = []
    tax = gain = ZERO
    if taxation is not None:
        for k, position in enumerate(problem.positions):
            lots = taxation.lots[k]
            steps = Fraction(max(position.held - change.steps[k], 0))
            if change.sold_out[k]:
                steps = sum((lot.steps for lot in lots), ZERO)
            if wanted is None and not taxation.ordered[k]:
                sold.append(_kept_losses(problem, taxation, change, k, steps))
            elif taxation.ordered[k] or wanted is None or not lots:
                sold.append(in_order(lots, steps))
            else:
                sold.append(near_parts(lots, steps, wanted[k]))
        gains = gains_of(taxation, sold)
        tax, gain = tax_of(taxation, gains), sum(gains, ZERO)
    worth = values(problem, change)
    miss = square = missed(problem, change, worth)
    if problem.power != 2 or problem.idle or any(g.divisor != 1 for g in problem.goals):
        square = sum(((v - g.target) ** 2 for v, g in zip(worth, problem.goals, strict=True)), ZERO)
    trades, turnover = traffic(problem, change)
    settled = settle(problem, change)
    return Judged(
        change, tuple(sold), tuple(worth), miss, square, tax,
        _costs(problem, change, settled), gain, trades, turnover, settled,
    )  # fmt: skip


def _kept_losses(
    problem: Household, taxation: Taxation, change: Change, k: int, steps: Fraction
) -> tuple[Fraction, ...]:
    """Return what a sale takes of lots that the owner chooses: losses last that a purchase disallows."""
    lots = taxation.lots[k]
    groups = [group for group in taxation.wash if k in group]
    bought = any(change.steps[n] > problem.positions[n].held for group in groups for n in group)
    order = sorted(range(len(lots)), key=lambda n: bought and lots[n].gain < 0)
    parts = dict(zip(order, in_order([lots[n] for n in order], steps), strict=True))
    return tuple(parts[n] for n in range(len(lots)))


def _costs(problem: Household, change: Change, settled: Settlement) -> Fraction:
    if not (problem.rate or problem.floor or problem.spread):
        return ZERO
    amounts = sum(
        problem.amount(s, n, out)
        for s, n, out in zip(problem.positions, change.steps, change.sold_out, strict=True)
    )
    return sum(map(sum, problem.balances)) - amounts - settled.cash


def permitted(problem: Household, taxation: Taxation | None, plan: Judged) -> bool:
    """Say whether a plan keeps every rule: money, trades, caps, limits of tax and gain, wash sales."""
    if not feasible(problem, plan.change, plan.settled):
        return False
    if taxation is None:
        return True
    most_tax, most_gain = taxation.most_tax, taxation.most_gain
    if any(washes(problem, taxation, plan.change, plan.sold, group) for group in taxation.wash):
        return False
    return (most_tax is None or plan.tax <= most_tax) and (most_gain is None or plan.gain <= most_gain)


def limits(leeway: Leeway, nearest: Judged, goals: int) -> tuple[tuple[Fraction, Fraction] | None, ...]:
    """Return the least and most value of every goal in plans that are near enough.

    A goal may not be outside its band unless the nearest plan leaves it there, and then no further out.
    """
    rows: list[tuple[Fraction, Fraction] | None] = []
    for goal in range(goals):
        band = leeway.bands[goal] if leeway.bands else None
        value = Fraction(nearest.worth[goal])
        rows.append(band and (min(band[0], value), max(band[1], value)))
    return tuple(rows)


def near_enough(
    problem: Household, taxation: Taxation | None, leeway: Leeway, nearest: Judged, plan: Judged
) -> bool:
    """Say whether a plan that is permitted is near enough to the nearest one."""
    if not leeway.accept:
        return plan.miss <= nearest.miss
    if not within(plan.square + leeway.apart, nearest.square + leeway.apart, leeway.accept):
        return False
    for value, limit in zip(plan.worth, limits(leeway, nearest, len(problem.goals)), strict=True):
        if limit is not None and not limit[0] <= value <= limit[1]:
            return False
    return not (leeway.new_money and next_purchase(problem, taxation, plan) is not None)


def within(square: Fraction, least: Fraction, extra: Fraction) -> bool:
    """Say whether root(square) <= root(least) + extra, exactly."""
    rest = square - least - extra * extra
    return rest <= 0 or rest * rest <= 4 * extra * extra * least


def next_purchase(problem: Household, taxation: Taxation | None, plan: Judged) -> Judged | None:
    """Return the best nearer plan with one step more, paid from its account's own cash; None without."""
    money = plan.settled.money
    # The gradient is all that a step changes, as costs count like idle cash: so the first that is permitted
    # is the best, and there is no need to judge a whole plan for every position.
    gains = []
    for k, position in enumerate(problem.positions):
        if (
            not position.can_buy
            or plan.change.steps[k] < position.held
            or plan.change.sold_out[k]
            or position.price > money[position.account]
            or position.continuous
        ):
            continue
        more = gradient(problem, position, plan.worth)
        if more < 0:
            gains.append((more, k))
    for _, k in sorted(gains):
        steps = tuple(n + (i == k) for i, n in enumerate(plan.change.steps))
        grown = judge(problem, taxation, Change(steps, plan.change.sold_out))
        if permitted(problem, taxation, grown):
            return grown
    return None


def gradient(problem: Household, position: Position, worth: Sequence[int | Fraction]) -> Fraction:
    """Return what one step more adds to the objective; below zero is nearer."""
    total = -problem.idle * position.price
    for goal, part in position.counts:
        g = problem.goals[goal]
        more = part * position.price
        total += problem.miss(g, worth[goal] + more) - problem.miss(g, Fraction(worth[goal]))
    return total


def restful(problem: Household, leeway: Leeway, change: Change) -> bool:
    """Say whether no goal is sold in one account and bought in another.

    A fund that counts in parts is sold with a bit of everything: what it gives up may be bought again.
    """
    sells: dict[int, set[int]] = {}
    buys: dict[int, set[int]] = {}
    for position, steps, out in zip(problem.positions, change.steps, change.sold_out, strict=True):
        amount = problem.amount(position, steps, out)
        if not amount or (amount < 0 and (position.parts or position.account in leeway.paying)):
            continue
        for goal, _ in position.counts:
            (buys if amount > 0 else sells).setdefault(goal, set()).add(position.account)
    return all(len(accounts | buys[goal]) == 1 for goal, accounts in sells.items() if goal in buys)


def placed(problem: Household, leeway: Leeway, plan: Judged) -> tuple[Fraction, ...]:
    """Return by level how much stands where it is preferred; more of a goal than is wanted counts no more."""
    totals = []
    for level in leeway.places:
        by_goal: dict[tuple[int, int], Fraction] = {}
        for position, steps, out, score in zip(
            problem.positions, plan.change.steps, plan.change.sold_out, level, strict=True
        ):
            if score and not out:
                for goal, part in position.counts:
                    key = goal, score
                    by_goal[key] = by_goal.get(key, ZERO) + part * (position.price * steps + position.odd)
        totals.append(
            sum((score * min(v, problem.goals[g].target) for (g, score), v in by_goal.items()), ZERO)
        )
    return tuple(totals)


def order_of(problem: Household, change: Change) -> tuple[int, ...]:
    """Return the last rank: most value in the account, then the symbol, that comes first."""
    rows = sorted(
        (s.account, s.symbol or problem.goals[s.goal].symbol, k) for k, s in enumerate(problem.positions)
    )
    return tuple(
        0
        if change.sold_out[k]
        else -(problem.positions[k].price * change.steps[k] + problem.positions[k].odd)
        for _, _, k in rows
    )


Rank = tuple[int, tuple[Fraction, ...], Fraction, int, tuple[int, ...]]


def rank(problem: Household, leeway: Leeway, plan: Judged) -> Rank:
    """Return what orders plans of the same effort: trades, places, objective, turnover, order."""
    places = tuple(-x for x in placed(problem, leeway, plan))
    return plan.trades, places, plan.miss, plan.turnover, order_of(problem, plan.change)


def best_of(problem: Household, leeway: Leeway, plans: Collection[Judged]) -> Judged:
    """Return the best of some plans that are all near enough, restful where they must be."""
    least = min(plan.effort for plan in plans) + leeway.tolerance
    return min((p for p in plans if p.effort <= least), key=lambda p: rank(problem, leeway, p))
