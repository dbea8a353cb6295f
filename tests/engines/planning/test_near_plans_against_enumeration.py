"""The plan to follow against every plan there is, stage by stage, as contract section 3b reads.

Nothing of the judging code is used: values, costs, taxes, bands, rest and ranks are written out below on
integer arrays, all changes of two accounts side by side. Ticks are chosen so that all of it is whole.
"""

import itertools
import random
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from lanes import blocks
from steelyard.engines.planning.household import household_plan, near_plans
from steelyard.engines.planning.household.household import Cap, Goal, Household, Position
from steelyard.engines.planning.household.household_plan import plan_household
from steelyard.engines.planning.household.ranks import Leeway
from steelyard.engines.planning.household.taxation import Alternative, LotSteps, Piece, Taxation
from steelyard.engines.planning.one_budget.search import solve
from steelyard.engines.planning.problem import Infeasible

F = Fraction


class Case:
    """One random household, with what the enumeration needs to know of it."""

    def __init__(self, seed):
        r = random.Random(seed)
        self.r = r
        self.goals = r.randint(2, 3)
        self.classes = r.random() < 0.5
        self.exposed = self.classes and r.random() < 0.5
        # Instruments: (counts by goal in quarters, price); of a class the second one is a legacy member.
        self.instruments = [({g: 4}, 100 * r.randint(3, 30)) for g in range(self.goals)]
        if self.classes:
            self.instruments.append(({0: 4}, 100 * r.randint(3, 30)))
        if self.exposed:
            self.instruments.append(({0: 2, 1: 2}, 100 * r.randint(3, 30)))
        self.positions = []
        for account in range(2):
            for i, (counts, price) in enumerate(self.instruments):
                if i >= self.goals and r.random() < 0.4:
                    continue
                held = r.choice([0, 0, 1, 2, 3])
                menu = i < self.goals and r.random() < 0.85
                locked = r.random() < 0.1
                if not (held or menu):
                    continue
                self.positions.append((account, i, counts, price, held, menu and not locked, not locked))
        self.cash = [100 * r.randint(0, 25) for _ in range(2)]
        self.new_money = r.random() < 0.25
        if self.new_money:
            self.cash[0] += 100 * r.randint(5, 30)
        self.rate = r.choice([0, 0, 1, 2])  # hundredths of the amount
        self.floor = r.choice([0, 0, 0, 20])
        self.min_trade = r.choice([0, 0, 0, 700])
        self.most_trades = r.choice([None, None, None, 2, 3])
        self.reserve = r.choice([0, 0, 300])
        self.total = sum(self.cash) + sum(s[3] * s[4] for s in self.positions) - self.reserve
        shares = [r.randint(1, 6) for _ in range(self.goals)]
        self.targets = [self.total * s // sum(shares) for s in shares]
        self.accept = F(self.total * r.choice([1, 3, 8, 15]), 100)
        self.bands = (
            [
                (self.targets[g] - w, self.targets[g] + w)
                for g in range(self.goals)
                for w in [self.total * r.randint(5, 25) // 100]
            ]
            if r.random() < 0.4
            else []
        )
        self.prefer = [tuple(int(r.random() < 0.3) for _ in self.positions)] if r.random() < 0.4 else []
        self.cap = (
            (1, {k for k, s in enumerate(self.positions) if s[0] == 1 and s[1] == 0})
            if r.random() < 0.25
            else None
        )
        self.paying = frozenset({0}) if r.random() < 0.1 else frozenset()
        self.relocate = r.random() < 0.15
        self.taxed = r.random() < 0.5
        self.lots = []
        for account, _, _, price, held, _, _ in self.positions:
            rows, left = [], held
            while left and self.taxed and account == 0:
                n = r.randint(1, left)
                rows.append((n, 100 * r.randint(-6, 12) * price // 1200))
                left -= n
            self.lots.append(rows)
        self.allowance = r.choice([0, 200])
        self.wash = self.taxed and r.random() < 0.5

    def problem(self):
        positions = tuple(
            Position(
                a, min(c), 0, p, h, can_buy=b, can_sell=s,
                parts=() if c == {min(c): 4} else tuple((g, F(q, 4)) for g, q in c.items()),
                symbol=f"I{i}",
            )
            for a, i, c, p, h, b, s in self.positions
        )  # fmt: skip
        caps = () if self.cap is None else (Cap(self.cap[0], tuple(self.cap[1]), F(7, 10)),)
        return Household(
            tuple(Goal(f"G{g}", F(t)) for g, t in enumerate(self.targets)),
            positions,
            tuple((c,) for c in self.cash),
            reserve=self.reserve,
            rate=F(self.rate, 100),
            floor=self.floor,
            min_trade=self.min_trade,
            caps=caps,
            most_trades=self.most_trades,
        )

    def taxation(self):
        if not self.taxed:
            return None
        groups = {}
        for k, s in enumerate(self.positions):
            groups.setdefault(s[1], []).append(k)
        return Taxation(
            tuple(tuple(LotSteps(F(n), F(g), 0) for n, g in rows) for rows in self.lots),
            tuple(True for _ in self.positions),
            1,
            ((Alternative((Piece({}), Piece({0: F(1, 4)}, F(-self.allowance)))),),),
            wash=tuple(map(tuple, groups.values())) if self.wash else (),
        )

    def leeway(self):
        return Leeway(
            F(self.total),
            self.accept,
            bands=tuple((F(a), F(b)) for a, b in self.bands),
            new_money=self.new_money,
            relocate=self.relocate,
            paying=self.paying,
            places=tuple(self.prefer),
        )


def listed(case):
    """Return every permitted plan as arrays over two accounts: what 3b ranks by, money in hundredths."""
    sides = []
    for account in range(2):
        own = [k for k, s in enumerate(case.positions) if s[0] == account]
        money = case.cash[account] + sum(case.positions[k][3] * case.positions[k][4] for k in own)
        ranges = []
        for k in own:
            _, _, _, price, held, buys, sells = case.positions[k]
            ranges.append(range(0 if sells else held, (max(money // price, held) if buys else held) + 1))
        rows = list(itertools.product(*ranges))
        sides.append((own, np.array(rows, dtype=np.int64).reshape(len(rows), len(own))))
    return [_account(case, a, own, rows) for a, (own, rows) in enumerate(sides)]


def _account(case, account, own, rows):
    """Return the account's permitted changes: columns of what they do."""
    price = np.array([case.positions[k][3] for k in own], dtype=np.int64)
    held = np.array([case.positions[k][4] for k in own], dtype=np.int64)
    delta = (rows - held) * price
    size = np.abs(delta)
    cost = np.where(size > 0, np.maximum(size * case.rate, case.floor * 100), 0).sum(1)  # hundredths
    cash = (case.cash[account] - delta.sum(1)) * 100 - cost
    good = (cash >= 0) & ~((size > 0) & (size < case.min_trade)).any(1)
    if case.cap is not None and case.cap[0] == account:
        inside = np.array([k in case.cap[1] for k in own], dtype=bool)
        worth = rows * price
        counted = worth[:, inside].sum(1) * 100
        everything = worth.sum(1) * 100 + cash
        buys = (delta[:, inside] > 0).any(1)
        good &= ~buys | (counted * 10 <= everything * 7)
    rows, delta, size, cost, cash = (x[good] for x in (rows, delta, size, cost, cash))
    gains = np.zeros(len(rows), dtype=np.int64)
    loses = np.zeros((len(rows), len(own)), dtype=bool)
    for j, k in enumerate(own):
        sold = np.maximum(held[j] - rows[:, j], 0)
        for n, gain in case.lots[k]:
            part = np.minimum(sold, n)
            sold = sold - part
            gains += part * gain
            loses[:, j] |= (part > 0) & (gain < 0)
    goals = np.zeros((len(rows), case.goals), dtype=np.int64)
    for j, k in enumerate(own):
        for g, q in case.positions[k][2].items():
            goals[:, g] += q * rows[:, j] * price[j]  # quarters
    return {
        "own": own, "rows": rows, "delta": delta, "cost": cost, "cash": cash, "gains": gains, "loses": loses,
        "goals": goals, "trades": (size > 0).sum(1), "turnover": size.sum(1), "price": price,
    }  # fmt: skip


def combined(case):
    """Return the arrays of both accounts together, permitted plans only."""
    one, two = listed(case)
    i, j = (x.ravel() for x in np.meshgrid(range(len(one["rows"])), range(len(two["rows"])), indexing="ij"))
    trades = one["trades"][i] + two["trades"][j]
    good = one["cash"][i] + two["cash"][j] >= case.reserve * 100
    if case.most_trades is not None:
        good &= trades <= case.most_trades
    if case.wash:
        for instrument in range(len(case.instruments)):
            bought = np.zeros(len(i), dtype=bool)
            lost = np.zeros(len(i), dtype=bool)
            for side, at in ((one, i), (two, j)):
                for c, k in enumerate(side["own"]):
                    if case.positions[k][1] == instrument:
                        bought |= side["delta"][at, c] > 0
                        lost |= side["loses"][at, c]
            good &= ~(bought & lost)
    i, j = i[good], j[good]
    goals = one["goals"][i] + two["goals"][j]
    away = goals - 4 * np.array(case.targets, dtype=np.int64)
    gains = one["gains"][i] + two["gains"][j]
    tax = np.maximum(gains * 25 - case.allowance * 100, 0)  # hundredths
    return {
        "one": one, "two": two, "i": i, "j": j, "goals": goals, "square": (away**2).sum(1), "tax": tax,
        "effort": tax + one["cost"][i] + two["cost"][j], "trades": trades[good],
        "turnover": one["turnover"][i] + two["turnover"][j],
    }  # fmt: skip


def near(case, every, nearest):
    """Say which plans are near enough: distance, bands, and new money spent."""
    root = np.sqrt(every["square"].astype(float)) / 4
    good = root <= root[nearest] + float(case.accept) + 1e-9
    for g, (low, high) in enumerate(case.bands):
        value = every["goals"][:, g]
        good &= value >= min(4 * low, value[nearest])
        good &= value <= max(4 * high, value[nearest])
    if case.new_money:
        good &= ~improvable(case, every)
    return good


def improvable(case, every):
    """Say of which plans one more step, paid from its account's own cash, gives a permitted nearer plan."""
    place = {(a, b): n for n, (a, b) in enumerate(zip(every["i"].tolist(), every["j"].tolist(), strict=True))}
    found = np.zeros(len(every["i"]), dtype=bool)
    for name, other in (("one", "two"), ("two", "one")):
        side = every[name]
        index = {tuple(row): n for n, row in enumerate(side["rows"].tolist())}
        at = every["i"] if name == "one" else every["j"]
        beside = every["j"] if name == "one" else every["i"]
        for c in range(len(side["own"])):
            held = case.positions[side["own"][c]][4]
            for n in range(len(found)):
                row = side["rows"][at[n]]
                if row[c] < held:
                    continue
                more = index.get(tuple(int(x) + (k == c) for k, x in enumerate(row)))
                if more is None:
                    continue
                key = (more, int(beside[n])) if name == "one" else (int(beside[n]), more)
                grown = place.get(key)
                if grown is not None and every["square"][grown] < every["square"][n]:
                    found[n] = True
        del other
    return found


def quiet(case, every):
    """Say which plans do not sell a goal in one account and buy it in the other; mixed funds may be sold."""
    good = np.ones(len(every["i"]), dtype=bool)
    for g in range(case.goals):
        does = {}
        for name, at in (("one", every["i"]), ("two", every["j"])):
            side = every[name]
            columns = [c for c, k in enumerate(side["own"]) if g in case.positions[k][2]]
            delta = side["delta"][at][:, columns]
            pure = [case.positions[side["own"][c]][2] == {g: 4} for c in columns]
            does[name] = (delta[:, pure] < 0).any(1), (delta > 0).any(1)
        if 0 not in case.paying:
            good &= ~(does["one"][0] & does["two"][1])
        if 1 not in case.paying:
            good &= ~(does["two"][0] & does["one"][1])
    return good


def placed(case, every, level):
    """Value standing where it is preferred, quarters; more of a goal than is wanted counts no more."""
    totals = np.zeros((len(every["i"]), case.goals), dtype=np.int64)
    for name, at in (("one", every["i"]), ("two", every["j"])):
        side = every[name]
        for c, k in enumerate(side["own"]):
            if level[k]:
                for g, q in case.positions[k][2].items():
                    totals[:, g] += q * side["rows"][at, c] * side["price"][c]
    return np.minimum(totals, 4 * np.array(case.targets)).sum(1)


def best_by_hand(case, every):
    """Return the least square, and what the plan to follow reaches stage by stage."""
    if not len(every["i"]):
        return None
    nearest = int(np.argmin(every["square"]))
    inside = near(case, every, nearest)
    rest = inside & quiet(case, every)
    if not rest.any() or case.relocate:
        rest = inside
    left = np.flatnonzero(rest)
    effort = every["effort"][left]
    least = int(effort.min())
    left = left[effort <= least + case.total * 100 / 100_000]
    reached = [least]
    for values in (
        every["trades"],
        *(-placed(case, every, level) for level in case.prefer),
        every["square"],
        every["turnover"],
    ):
        reached.append(int(values[left].min()))
        left = left[values[left] == reached[-1]]
    return int(every["square"][nearest]), reached


def reached_by(case, found):
    """Return the same figures of the engine's plan, from its steps alone."""
    steps = found.plan.change.steps
    goals = [0] * case.goals
    trades = turnover = cost = gains = 0
    places = [[0] * case.goals for _ in case.prefer]
    for k, (_, _, counts, price, held, _, _) in enumerate(case.positions):
        size = abs(steps[k] - held) * price
        trades += size > 0
        turnover += size
        cost += max(size * case.rate, case.floor * 100) if size else 0
        sold = max(held - steps[k], 0)
        for n, gain in case.lots[k]:
            part = min(n, sold)
            sold -= part
            gains += part * gain
        for g, q in counts.items():
            goals[g] += q * steps[k] * price
            for level, row in zip(case.prefer, places, strict=True):
                row[g] += q * steps[k] * price * level[k]
    square = sum((v - 4 * t) ** 2 for v, t in zip(goals, case.targets, strict=True))
    tax = max(gains * 25 - case.allowance * 100, 0)
    capped = [-sum(min(v, 4 * t) for v, t in zip(row, case.targets, strict=True)) for row in places]
    return [tax + cost, trades, *capped, square, turnover]


@pytest.mark.parametrize("block", blocks(40, "a thousand households, every plan of each listed"))
def test_every_stage_is_what_the_list_of_all_plans_says(block):
    """Least objective, then tax and cost, trades, places, objective, turnover: all equal, proofs true."""
    for seed in range(block * 25, block * 25 + 25):
        case = Case(seed)
        every = combined(case)
        expected = best_by_hand(case, every)
        if expected is None:
            with pytest.raises(Infeasible):
                plan_household(case.problem(), case.taxation(), case.leeway(), solve)
            continue
        found = plan_household(case.problem(), case.taxation(), case.leeway(), solve)
        square, reached = expected
        assert found.nearest.plan.miss * 16 == square, seed
        assert found.nearest.proven, seed
        got = reached_by(case, found)
        # What makes no difference in cost is no difference: the least of it is not part of the comparison.
        assert got[0] <= reached[0] + case.total * 100 / 100_000, seed
        assert got[1:] == reached[1:], (seed, got, reached)
        assert found.effort_bound * 100 <= reached[0] + F(1, 1000), seed


class OneAccount(Case):
    """The first account alone, each goal met by one fund."""

    def __init__(self, seed):
        super().__init__(seed)
        self.instruments = self.instruments[: self.goals]
        kept = [k for k, s in enumerate(self.positions) if s[0] == 0 and s[1] < self.goals]
        self.positions, self.lots = [self.positions[k] for k in kept], [self.lots[k] for k in kept]
        self.cash[1], self.cap, self.prefer, self.paying = 0, None, [], frozenset()
        total = sum(self.cash) + sum(s[3] * s[4] for s in self.positions) - self.reserve
        self.targets = [t * total // max(self.total, 1) for t in self.targets]
        self.total, self.accept = total, F(max(total, 0) * self.r.choice([1, 3, 8]), 100)
        self.bands = []

    def problem(self):
        return replace(super().problem(), balances=((self.cash[0],),))


def ranked(case, found, expected):
    square, reached = expected
    assert found.nearest.plan.miss * 16 == square
    got = reached_by(case, found)
    assert found.effort_bound * 100 <= reached[0] + F(1, 1000)
    return got[0] <= reached[0] + case.total * 100 / 100_000 and got[1:] == reached[1:]


@pytest.mark.parametrize("block", blocks(12, "six hundred accounts, every plan of each listed"))
def test_one_account_is_ranked_to_the_end_by_its_list(block, monkeypatch):
    """The list of counts, as larger accounts take it, finds what the list of all plans says in each stage."""
    monkeypatch.setattr(near_plans, "FEWEST_POSITIONS", 0)
    tried = 0
    for seed in range(block * 50, block * 50 + 50):
        case = OneAccount(seed)
        if not case.positions or case.total <= 0 or case.new_money:
            continue
        expected = best_by_hand(case, combined(case))
        if expected is None:
            continue
        found = plan_household(case.problem(), case.taxation(), case.leeway(), solve)
        assert ranked(case, found, expected), (seed, reached_by(case, found), expected)
        tried += 1
    assert tried > 20


@pytest.mark.parametrize("block", blocks(12, "six hundred households through the search for many positions"))
def test_the_search_for_many_positions_finds_nearly_always_the_best(block, monkeypatch):
    """Two accounts through the linear programme: least tax and cost true, few ranked below the best."""
    monkeypatch.setattr(near_plans, "FEWEST_POSITIONS", 0)
    monkeypatch.setattr(near_plans, "FEW_POSITIONS", 0)
    monkeypatch.setattr(household_plan, "FEW_POSITIONS", 0)
    missed = []
    for seed in range(block * 50, block * 50 + 50):
        case = Case(seed)
        expected = best_by_hand(case, combined(case))
        if expected is None:
            continue
        found = plan_household(case.problem(), case.taxation(), case.leeway(), solve)
        if not ranked(case, found, expected):
            missed.append((seed, reached_by(case, found), expected[1]))
    # Few shares and much between them is not what that search is for; more would be a fault in it.
    assert len(missed) <= 6, missed
