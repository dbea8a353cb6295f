"""How many shares to sell for a loss, against every whole number of shares; the tax is written out here.

The worth of a sale is the tax it saves this year, less trading twice, less the later tax on the loss at
its present value over ten years at 4 %.
"""

import random
from datetime import date, timedelta

import pytest

from steelyard.app.harvest.harvest import harvest
from tax_files import DAY, KR, NO_LATER, D, buy, known, portfolio, schedule_d, trade, won

DISCOUNT = 1 / D("1.04") ** 10


def ordered(lots, method):
    keys = {"fifo": lambda x: x[0], "lifo": lambda x: -x[0].toordinal(), "hifo": lambda x: (-x[2], x[0])}
    return sorted(lots, key=keys[method])


def is_long(bought):
    return bought.replace(year=bought.year + 1) < DAY


def best_of_all(lots, price, before, tax, later, fee, least):
    """The largest worth over every number of shares, and the fewest shares that reach it.

    A trade costs the fraction of its value or the least, whichever is more; its shares share that equally.
    """
    best = (D(0), 0)
    counts, costs, count = {True: 0, False: 0}, {True: D(0), False: D(0)}, 0
    base = tax(*before)
    for bought, shares, cost in lots:
        for _ in range(shares):
            count += 1
            counts[is_long(bought)] += 1
            costs[is_long(bought)] += cost
            commission = max(D(least), price * fee * count)
            out = price - commission / count
            short, long = (before[kind] + counts[bool(kind)] * out - costs[bool(kind)] for kind in (0, 1))
            loss = sum(before) - short - long
            worth = base - tax(short, long) - commission - max(loss, D(0)) * later * DISCOUNT
            if loss > 0 and worth > best[0]:
                best = (worth, count)
    return best


@pytest.mark.parametrize(
    ("method", "least"), [("fifo", 0), ("lifo", 0), ("hifo", 0), ("fifo", 4), ("hifo", 25)]
)
def test_the_american_loss_sale_is_the_best_number_of_shares(method, least):
    """Incomes round the bounds, gains of the year of both kinds; the later rate is 15 %."""
    r = random.Random(method)
    proposed = 0
    for _ in range(40):
        income = r.choice([9_000, 12_900, 48_000, 50_000, 52_000, 104_000, 150_000])
        price = D(r.randint(60, 140))
        days = r.sample(range(40, 700), r.randint(1, 5))
        lots = [(DAY - timedelta(d), r.randint(1, 40), D(r.randint(40, 220))) for d in days]
        gains = {"QQQ": (date(2025, 1, 6), r.choice([-4000, 0, 900, 6000])),
                 "VTI": (date(2026, 2, 2), r.choice([-2500, 0, 700, 4000]))}  # fmt: skip
        entries = [buy(day, "TLT", n, cost) for day, n, cost in lots]
        for symbol, (bought, gain) in gains.items():
            entries += [buy(bought, symbol, 10, 1000)]
            entries += [trade("sell", date(2026, 6, 1), symbol, 10, 1000 + D(gain) / 10)]
        tax_lines = f'jurisdiction = "US"\nfiling = "single"\nother_income = {income}'
        held = portfolio(
            tax_lines, {"TLT": price, "QQQ": 1, "VTI": 1}, method=method, commission="0.2%", least=least
        )
        before = D(gains["VTI"][1]), D(gains["QQQ"][1])

        def tax(short, long, income=income):
            return schedule_d(D(income), short, long)

        worth, count = best_of_all(ordered(lots, method), price, before, tax, D("0.15"), D("0.002"), least)
        losses = harvest(held, known(held, entries), as_of=DAY, assumptions=NO_LATER).losses
        found = [x for x in losses if x.symbol == "TLT"]
        assert [x.shares for x in found] == ([count] if count else []), (income, price, lots, before)
        if found:
            proposed += 1
            assert abs(found[0].worth - worth) < D("1e-9")
    assert proposed > 10


@pytest.mark.parametrize(("method", "least"), [("fifo", 0), ("lifo", 0), ("fifo", 5000), ("lifo", 6_000)])
def test_the_korean_loss_sale_is_the_best_number_of_shares(method, least):
    """22 % of what the year's gain exceeds 2,500,000 by; later 22 % of the loss."""
    r = random.Random(method)
    proposed = 0
    for _ in range(30):
        gain = r.choice([0, 2_400_000, 2_600_000, 4_000_000, 9_000_000])
        price = D(r.randint(60, 140) * 1000)
        days = r.sample(range(40, 700), r.randint(1, 5))
        lots = [(DAY - timedelta(d), r.randint(1, 40), D(r.randint(40, 220) * 1000)) for d in days]
        entries = [won(day, "QQQ", n, cost) for day, n, cost in lots]
        entries += [won(date(2025, 1, 6), "VOO", 10, 100_000)]
        entries += [won(date(2026, 6, 1), "VOO", 10, 100_000 + gain // 10, "sell")]
        held = portfolio(KR, {"QQQ": price, "VOO": 1}, method=method, commission="0.2%", least=least)

        def tax(short, long):
            return D("0.22") * max(short + long - 2_500_000, D(0))

        worth, count = best_of_all(
            ordered(lots, method), price, (D(0), D(gain)), tax, D("0.22"), D("0.002"), least
        )
        losses = harvest(held, known(held, entries), as_of=DAY, assumptions=NO_LATER).losses
        found = [x for x in losses if x.symbol == "QQQ"]
        assert [x.shares for x in found] == ([count] if count else []), (gain, price, lots)
        if found:
            proposed += 1
            assert abs(found[0].worth - worth) < D("1e-9")
    assert proposed > 5
