"""What money is worth in every balance: the relaxations under which totals are listed.

Where any account may hold anything, money is worth the same everywhere, but for foreign money, whose worth
lies between what converting into it and out of it costs. Where accounts differ in what they may hold, the
linear relaxation says what an account's money is worth.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import lcm

from steelyard.engines.planning.household.household import (
    Cap,
    Change,
    Household,
    by_goal,
    cap_room,
    missed,
    unchanged,
)
from steelyard.engines.planning.household.models.linear_model import LinearModel
from steelyard.engines.planning.household.totals.budget_model import BudgetModel
from steelyard.engines.planning.household.totals.totals import ShadowPrices, Total, Totals

GRAIN = 16
"""Parts into which the way from converting out to converting in is divided."""

STEPS = 4096
"""Parts into which the dearest money of the linear relaxation is divided."""

LACK = 1e-7
"""Money missing in a relaxation, in its units, that is not rounding."""

ONE = Fraction(1)


def at_tilt(
    problem: Household,
    tilts: Sequence[int],
    worths: Sequence[int] | None = None,
    reserve: int | None = None,
    caps: Sequence[int] = (),
) -> ShadowPrices:
    """Return prices under which no payable change spends more than their limit.

    Args:
        problem: See `Household`.
        tilts: By currency, -GRAIN..GRAIN: what a foreign tick is worth, from `1 - spread` to `1 + spread`
            base ticks.
        worths: By account, >= 0: what a base tick is worth, the same everywhere unless told.
        reserve: What a tick of the common reserve is worth; like all money, where there is one.
        caps: By cap, >= 0: what a tick of what may count for it is worth.
    """
    common = worths is None
    worths = worths if worths is not None else [0 if problem.reserve else 1] * len(problem.balances)
    if reserve is None:
        reserve = 1 if common and problem.reserve else 0
    values = [ONE + problem.spread * Fraction(t, GRAIN) for t in tilts] if problem.spread else []
    foreign = values or [ONE] * len(tilts)
    # Into a foreign balance converting costs the whole household too; out of it only what lacks elsewhere.
    kept = [max(v, ONE) for v in foreign]
    unit = lcm(*(v.denominator for v in foreign), *(v.denominator for v in kept))

    def of(account: int, currency: int) -> int:
        return int((worths[account] * foreign[currency] + reserve * kept[currency]) * unit)

    amounts = [of(s.account, s.currency) for s in problem.positions]
    commissions = tuple((worths[s.account] + reserve) * unit for s in problem.positions)
    limit = sum(of(a, c) * money for a, row in enumerate(problem.balances) for c, money in enumerate(row))
    for cap, worth in zip(problem.caps, caps, strict=False):
        for k in cap.positions:
            amounts[k] += worth * unit
        limit += worth * unit * cap_room(problem, cap)
    return ShadowPrices(tuple(amounts), commissions, limit - reserve * problem.reserve * unit)


def merged_totals(problem: Household) -> Totals:
    """Return the totals under the best prices that are the same in all accounts."""
    count = max(len(row) for row in problem.balances)
    tilts = [0] * count
    best = Totals(problem, [at_tilt(problem, tilts)])
    if not problem.spread:
        return best
    for currency in range(1, count):
        # The bound is concave in every tilt: climb, in steps that halve.
        step = GRAIN
        while step:
            for tilt in (tilts[currency] + step, tilts[currency] - step):
                trial = [*tilts[:currency], tilt, *tilts[currency + 1 :]]
                if abs(tilt) > GRAIN:
                    continue
                other = Totals(problem, [at_tilt(problem, trial)])
                if other.dual > best.dual + best.margin:
                    best, tilts = other, trial
                    break
            else:
                step //= 2
    return best


def restricted(problem: Household) -> bool:
    """Say whether accounts differ in what they may trade, so that money may be worth more in one of them."""
    if problem.caps:
        return True
    for positions in by_goal(problem):
        rows = [problem.positions[k] for k in positions]
        if len(rows) not in (0, len(problem.balances)) or len({(s.can_buy, s.can_sell) for s in rows}) > 1:
            return True
    return False


def dual_totals(problem: Household, incumbent: Change) -> Totals:
    """Return the totals under the prices of the linear relaxation.

    Args:
        problem: See `Household`.
        incumbent: A feasible change; only totals better than its own need to be modelled.
    """
    most = missed(problem, incumbent)
    model = BudgetModel(problem, incumbent, most)
    linear = model.build(most, binaries=False)
    linear.whole = [False] * len(linear.whole)
    cap_rows = [_cap_row(model, linear, cap) for cap in problem.caps]
    for column in (*model.miss, *([] if model.idle is None else [model.idle])):
        linear.cost[column] = 1.0
    found = _priced(model, linear.solve(work=problem.work).duals, cap_rows)
    if found is None:
        return merged_totals(problem)
    own, tilts = found
    return Totals(problem, [own, at_tilt(problem, tilts)])


def refuting_prices(problem: Household, totals: Mapping[int, Total]) -> ShadowPrices | None:
    """Return prices at which accounts cannot pay for totals, None where fractions of a share could.

    The linear relaxation says how much money is missing at the least, and at what prices. That these refute
    the totals is for the caller to check, exactly: here are floats.
    """
    model = BudgetModel(problem, unchanged(problem), ONE)
    linear = model.build(ONE, binaries=False, misses=False)
    linear.whole = [False] * len(linear.whole)
    model.fix(totals)
    cap_rows = [_cap_row(model, linear, cap) for cap in problem.caps]
    needs = [*model.cash_rows.values(), *([] if model.reserve_row is None else [model.reserve_row])]
    for row in needs:
        linear.rows[row][2][linear.column(cost=1.0)] = 1.0
    for row in cap_rows:
        linear.rows[row][2][linear.column(cost=1.0)] = -1.0
    solved = linear.solve(work=problem.work)
    if solved.status != "optimal" or solved.bound < LACK:
        return None
    found = _priced(model, solved.duals, cap_rows)
    return None if found is None else found[0]


def _priced(
    model: BudgetModel, duals: Sequence[float], cap_rows: Sequence[int]
) -> tuple[ShadowPrices, list[int]] | None:
    """Return the prices that the duals of a relaxation say, with their tilts; None where money is free."""
    if not duals:
        return None
    problem = model.problem
    worth = {key: max(duals[row], 0.0) for key, row in model.cash_rows.items()}
    spare = 0.0 if model.reserve_row is None else max(duals[model.reserve_row], 0.0)
    capped = [max(-duals[row], 0.0) for row in cap_rows]
    scale = STEPS / max(*worth.values(), *capped, spare, 1e-300)
    worths = [round(worth[a, 0] * scale) for a in range(len(problem.balances))]
    tilts = [0] * max(len(row) for row in problem.balances)
    for currency in range(1, len(tilts)) if problem.spread else ():
        pairs = [(worth.get((a, currency)), worth[a, 0]) for a in range(len(problem.balances))]
        ratios = [(f / b - 1) / float(problem.spread) for f, b in pairs if f is not None and b > 0]
        if ratios:
            tilts[currency] = min(max(round(sum(ratios) / len(ratios) * GRAIN), -GRAIN), GRAIN)
    if not any(worths) and not spare:
        return None
    caps = [round(c * scale) for c in capped]
    return at_tilt(problem, tilts, worths, round(spare * scale), caps), tilts


def _cap_row(model: BudgetModel, linear: LinearModel, cap: Cap) -> int:
    """Add that what counts for a cap grows by no more than there is room for; return the row."""
    terms: dict[int, float] = {}
    for k in cap.positions:
        bought, sold = model.moved[k]
        position = model.problem.positions[k]
        size = position.price * model.size(k) / model.unit
        terms |= {bought: size, sold: -size}
        if k in model.gone:
            terms[model.gone[k]] = -position.odd / model.unit
    return linear.row(terms, upper=cap_room(model.problem, cap) / model.unit)
