"""A plan made from the text of a portfolio file is the best of all plans there are, rank by rank.

The planner's own tests start inside, at lines and ticks. Here everything is enumerated from the file's own
numbers, in fractions, by the definitions of the contract, so that a goal lost on the way from the file to the
planner shows as well.
"""

import random
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from itertools import product

import pytest

import steelyard
from steelyard.adapters.files.packaged import load_catalogue
from steelyard.adapters.files.portfolio import parse
from steelyard.errors import PlanError

DAY = date(2026, 11, 23)
SYMBOLS = ("VOO", "TLT", "GLD")


@dataclass(frozen=True)
class Case:
    weights: list[Fraction]
    prices: list[Fraction]
    held: list[Fraction]
    locked: list[int]
    cash: Fraction
    flow: Fraction
    reserve: Fraction
    reserve_is_weight: bool
    rate: Fraction
    floor: Fraction
    min_trade: Fraction
    can_sell: bool
    can_buy: bool
    objective: str


def draw(seed):
    r = random.Random(seed)
    count = r.randint(2, 3)
    cuts = sorted(r.sample(range(1, 100), count - 1))
    can_sell = r.random() < 0.75
    held = [Fraction(r.randint(0, 4)) for _ in range(count)]
    if r.random() < 0.25:
        held[0] += Fraction(r.randint(1, 99), 100)
    reserve = r.choice([Fraction(0), Fraction(0), Fraction(100), Fraction(3, 100)])
    return Case(
        weights=[Fraction(b - a, 100) for a, b in zip([0, *cuts], [*cuts, 100], strict=True)],
        prices=[Fraction(r.randint(4_000, 40_000), 100) for _ in range(count)],
        held=held,
        locked=[i for i in range(count) if r.random() < 0.15],
        cash=Fraction(r.randint(0, 60_000), 100),
        flow=r.choice(
            [Fraction(0), Fraction(r.randint(1, 40_000), 100), -Fraction(r.randint(1, 30_000), 100)]
        ),
        reserve=reserve,
        reserve_is_weight=reserve == Fraction(3, 100),
        rate=Fraction(r.choice([0, 0, 1, 25]), 1000),
        floor=Fraction(r.choice([0, 0, 1, 5])),
        min_trade=Fraction(r.choice([0, 0, 50, 300])),
        can_sell=can_sell,
        can_buy=not can_sell or r.random() < 0.75,
        objective=r.choice(["absolute", "absolute", "relative"] if can_sell else ["absolute", "shortfall"]),
    )


def decimal(number):
    """Write a fraction with few decimals as text."""
    text = f"{number * 10**6}"
    assert "/" not in text
    return f"{int(text) // 10**6}.{int(text) % 10**6:06d}"


def write(case):
    reserve = f"{decimal(case.reserve * 100)}%" if case.reserve_is_weight else decimal(case.reserve)
    rows = ['base_currency = "USD"', "[targets]"]
    rows += [f'{s} = "{decimal(w * 100)}%"' for s, w in zip(SYMBOLS, case.weights, strict=False)]
    rows += ["[constraints]", f'min_trade = "{decimal(case.min_trade)}"', f'cash_reserve = "{reserve}"']
    rows += [f"locked = {[SYMBOLS[i] for i in case.locked]}"]
    rows += ["[costs]", f'commission = "{decimal(case.rate)}"', f'min_commission = "{decimal(case.floor)}"']
    rows += ["[[accounts]]", 'name = "main"', f'cash = {{ USD = "{decimal(case.cash)}" }}']
    for symbol, price, shares in zip(SYMBOLS, case.prices, case.held, strict=False):
        rows += ["[[accounts.positions]]", f'symbol = "{symbol}"', f'shares = "{decimal(shares)}"']
        rows += [f'price = "{decimal(price)}"']
    return "\n".join(rows)


def best(case):
    """Return (objective, trades, turnover) of the best plan there is, None when there is none."""
    values = [p * h for p, h in zip(case.prices, case.held, strict=True)]
    gross = sum(values) + case.cash + case.flow
    reserve = case.reserve * gross if case.reserve_is_weight else case.reserve
    managed = gross - reserve
    if managed < 0:
        return None
    wanted = [w * managed for w in case.weights]
    choices = [
        moves(case, i, values[i], wanted[i], int(gross / case.prices[i]) + 1) for i in range(len(values))
    ]
    plans = [
        (sum(x[0] for x in plan), sum(x[1] for x in plan), sum(x[2] for x in plan))
        for plan in product(*choices)
        if sum(x[3] for x in plan) <= case.cash + case.flow - reserve
    ]
    return min(plans, default=None)


def moves(case, place, value, wanted, most):
    """List what may be done with one instrument: (miss, is a trade, amount, money it takes)."""
    held, price = case.held[place], case.prices[place]
    short = wanted - value
    changes = {Fraction(x) for x in range(-int(held), most + 1)} | {-held}
    found = []
    for change in sorted(changes):
        amount = abs(change) * price
        if change and (place in case.locked or amount < case.min_trade):
            continue
        if (change > 0 and not case.can_buy) or (change < 0 and not case.can_sell):
            continue
        if case.objective == "shortfall" and short <= 0 and change:
            continue
        after = value + change * price
        if case.objective == "absolute":
            miss = (after - wanted) ** 2
        elif case.objective == "relative":
            miss = (after - wanted) ** 2 / wanted
        else:
            miss = (short - change * price) ** 2 / short if short > 0 else Fraction(0)
        cost = max(case.floor, case.rate * amount) if change else Fraction(0)
        found.append((miss, bool(change), amount, change * price + cost))
    return found


def nothing_is_short(case):
    """Then `shortfall` means something else: spending by target weight."""
    gross = sum(p * h for p, h in zip(case.prices, case.held, strict=True)) + case.cash + case.flow
    managed = gross - (case.reserve * gross if case.reserve_is_weight else case.reserve)
    rows = zip(case.weights, case.prices, case.held, strict=True)
    return all(w * managed <= p * h for w, p, h in rows)


@pytest.mark.parametrize("block", range(8))
def test_a_plan_from_a_file_is_the_best_of_all_plans(block):
    found = 0
    for seed in range(block * 50, block * 50 + 50):
        case = draw(seed)
        if case.objective == "shortfall" and nothing_is_short(case):
            continue
        expected = best(case)
        portfolio = parse(write(case), "portfolio.toml", load_catalogue())
        try:
            plan = steelyard.plan(
                portfolio,
                cash=decimal(case.flow) if case.flow >= 0 else f"-{decimal(-case.flow)}",
                as_of=DAY,
                can_sell=case.can_sell,
                can_buy=case.can_buy,
                objective=case.objective,
            )
        except PlanError:
            assert expected is None, seed
            continue
        assert expected is not None, seed
        miss, trades, turnover = expected
        assert plan.objective.proven, seed
        assert (len(plan.trades), Fraction(plan.turnover)) == (trades, turnover), seed
        # The weighted objectives are fractions that no decimal holds; 36 digits of them are compared.
        assert abs(Fraction(plan.objective.value) - miss) <= miss / 10**36, seed
        found += 1
    assert found > 30


def test_a_locked_instrument_that_is_not_held_misses_its_whole_target():
    text = write(draw(0)).split("[constraints]")[0].split("[targets]")[0]
    text += '[targets]\nVOO = "60%"\nTLT = "40%"\n[constraints]\nlocked = ["TLT"]\n'
    text += '[[accounts]]\nname = "main"\n[[accounts.positions]]\nsymbol = "VOO"\nshares = 10\nprice = 100\n'
    portfolio = parse(text + '[prices]\nTLT = "50"\n', "portfolio.toml", load_catalogue())
    plan = steelyard.plan(portfolio, as_of=DAY, can_sell=False)
    # By hand: 1,000 managed; VOO is 400 over its 600, TLT 400 short of its 400.
    assert plan.objective.value == 400**2 + 400**2
