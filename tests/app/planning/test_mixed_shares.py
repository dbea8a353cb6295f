"""Whole and divisible shares in one plan, against all whole-share choices with the rest solved exactly.

For fixed whole shares the divisible ones are a convex problem with one constraint. Its optimum is where every
one is a balance of its wish and one price of money, and that price lies between two of finitely many breaks.
"""

import random
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from itertools import pairwise, product

import pytest

import steelyard
from lanes import blocks
from steelyard.adapters.files.packaged import load_catalogue
from steelyard.adapters.files.portfolio import parse

DAY = date(2026, 11, 23)
WHOLE = ("VOO", "TLT")
DIVISIBLE = ("GLD", "QQQ")


@dataclass(frozen=True)
class Fund:
    symbol: str
    wanted: Fraction
    price: int
    held: Fraction
    divisor: Fraction

    @property
    def value(self):
        return self.price * self.held


def draw(seed):
    r = random.Random(seed)
    symbols = [*WHOLE[: r.randint(1, 2)], *DIVISIBLE[: r.randint(1, 2)]]
    cuts = sorted(r.sample(range(1, 100), len(symbols) - 1))
    weights = [b - a for a, b in zip([0, *cuts], [*cuts, 100], strict=True)]
    rows = []
    for symbol, weight in zip(symbols, weights, strict=True):
        held = Fraction(r.randint(0, 4)) if symbol in WHOLE else Fraction(r.randint(0, 4000), 1000)
        rows.append((symbol, weight, r.randint(40, 400), held))
    return {
        "rows": rows,
        "cash": r.randint(1, 900),
        "rate": Fraction(r.choice([0, 0, 1, 25]), 1000),
        "can_sell": r.random() < 0.6,
        "objective": r.choice(["absolute", "relative"]),
    }


def write(case):
    text = ['base_currency = "USD"', "[targets]"]
    text += [f'{s} = "{w}%"' for s, w, _, _ in case["rows"]]
    text += ["[costs]", f'commission = "{float(case["rate"])}"']
    text += [f"[instruments.{s}]\nfractional = true" for s, *_ in case["rows"] if s in DIVISIBLE]
    text += ["[[accounts]]", 'name = "main"', f"cash = {{ USD = {case['cash']} }}"]
    for symbol, _, price, held in case["rows"]:
        text += ["[[accounts.positions]]", f'symbol = "{symbol}"']
        text += [f'shares = "{float(held)}"', f"price = {price}"]
    return "\n".join(text)


def funds(case):
    total = case["cash"] + sum(p * h for _, _, p, h in case["rows"])
    rows = [(s, total * Fraction(w, 100), p, h) for s, w, p, h in case["rows"]]
    return [Fund(s, t, p, h, t if case["objective"] == "relative" else Fraction(1)) for s, t, p, h in rows]


def miss(fund, value):
    return (value - fund.wanted) ** 2 / fund.divisor


def takes(fund, value, rate):
    """The money a change of value takes, commission included."""
    change = value - fund.value
    return change + rate * abs(change)


def wish(fund, price, rate, can_sell):
    """What a divisible fund is worth at best when a unit of money costs `price`."""
    bought = fund.wanted - price * (1 + rate) * fund.divisor / 2
    if bought > fund.value:
        return bought
    kept = max(fund.wanted - price * (1 - rate) * fund.divisor / 2, Fraction(0))
    return kept if can_sell and kept < fund.value else fund.value


def divided(rest, money, rate, can_sell):
    """The least miss of the divisible funds with the money left, None when it cannot be paid."""

    def at(price):
        values = [wish(f, price, rate, can_sell) for f in rest]
        used = sum(takes(f, v, rate) for f, v in zip(rest, values, strict=True))
        return used, sum(miss(f, v) for f, v in zip(rest, values, strict=True)), values

    if at(Fraction(0))[0] <= money:
        return at(Fraction(0))[1]
    breaks = {Fraction(0)}
    for f in rest:
        for edge, factor in ((f.value, 1 + rate), (f.value, 1 - rate), (Fraction(0), 1 - rate)):
            breaks.add(max((f.wanted - edge) * 2 / f.divisor / factor, Fraction(0)))
    for low, high in pairwise(sorted(breaks)):
        most, least = at(low)[0], at(high)[0]
        if least <= money < most:
            # Between two breaks the money used is a straight line in the price.
            return at(low + (high - low) * (most - money) / (most - least))[1]
    return None


def best(case):
    every, rate, can_sell = funds(case), case["rate"], case["can_sell"]
    whole = [f for f in every if f.symbol in WHOLE]
    rest = [f for f in every if f.symbol in DIVISIBLE]
    total = case["cash"] + sum(f.value for f in every)
    counts = [range(0 if can_sell else int(f.held), int(total / f.price) + 1) for f in whole]
    found = []
    for plan in product(*counts):
        values = [f.price * Fraction(n) for f, n in zip(whole, plan, strict=True)]
        money = case["cash"] - sum(takes(f, v, rate) for f, v in zip(whole, values, strict=True))
        left = divided(rest, money, rate, can_sell)
        if left is not None:
            found.append(left + sum(miss(f, v) for f, v in zip(whole, values, strict=True)))
    return min(found)


def reached(case, plan):
    """The miss and the money left after the trades of a plan, from its shares alone."""
    sign = {"buy": 1, "sell": -1}
    moves = {t.symbol: sign[t.side] * Fraction(t.shares) for t in plan.trades}
    missed, money = Fraction(0), Fraction(case["cash"])
    for fund in funds(case):
        move = moves.get(fund.symbol, Fraction(0))
        assert fund.held + move >= 0
        assert case["can_sell"] or move >= 0
        assert fund.symbol in DIVISIBLE or move == int(move)
        value = fund.value + move * fund.price
        missed += miss(fund, value)
        money -= takes(fund, value, case["rate"])
    return missed, money


@pytest.mark.parametrize("block", blocks(2, "every choice of whole shares listed"))
def test_whole_and_divisible_shares_together_miss_as_little_as_any_choice_of_whole_shares(block):
    """A plan counts in billionths of a share; a miss of at most everything grows by no more than 2 * that
    for a step of each, and as much again for the steps that make room for it."""
    for seed in range(block * 15, block * 15 + 15):
        case = draw(seed)
        least = best(case)
        total = case["cash"] + sum(f.value for f in funds(case))
        steps = sum(f.price / f.divisor for f in funds(case) if f.symbol in DIVISIBLE) / 10**9
        plan = steelyard.plan(
            parse(write(case), "portfolio.toml", load_catalogue()),
            as_of=DAY,
            can_sell=case["can_sell"],
            objective=case["objective"],
        )
        missed, money = reached(case, plan)
        assert money >= 0, seed
        assert least <= missed <= least + 4 * total * steps, seed
        assert Fraction(plan.objective.bound) <= least + 4 * total * steps, seed
        assert abs(Fraction(plan.objective.value) - missed) <= missed / 10**36, seed


def test_the_price_of_money_splits_a_hand_worked_case():
    """100 to spend, wishes of 90 and 50 of equal weight: both give up 20."""
    one, two = (Fund("A", Fraction(t), 10, Fraction(0), Fraction(1)) for t in (90, 50))
    assert divided([one, two], Fraction(100), Fraction(0), True) == 2 * 20**2
