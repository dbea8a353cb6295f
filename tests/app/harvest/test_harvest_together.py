"""Which losses to realise together, against every combination; the tax is written out here, not asked for.

A loss saves the tax of this year that it takes away, less trading twice, less the later tax on it at its
present value over ten years at 4 %.
"""

import random
from datetime import date, timedelta
from itertools import product

import pytest

from steelyard.app.harvest.harvest import harvest
from tax_files import DAY, KR, NO_LATER, D, buy, known, portfolio, schedule_d, trade, won

DISCOUNT = 1 / D("1.04") ** 10
FEE = D("0.02")
LAST_YEAR, THIS_YEAR = DAY - timedelta(500), DAY - timedelta(200)
FUNDS = ["TLT", "GLD", "QQQ", "VEA", "IWM", "VNQ"]


def best_of_all(holdings, tax, later):
    """The largest worth over every number of shares of every holding; each sold one must lose.

    Args:
        holdings: (shares, cost, price, is long) each, of one lot.
        tax: Of further (short, long) gains.
        later: Rate on the loss years from now.
    """
    best, base = D(0), tax(D(0), D(0))
    for counts in product(*(range(n + 1) for n, *_ in holdings)):
        short, long, costs = D(0), D(0), D(0)
        for n, (_, cost, price, is_long) in zip(counts, holdings, strict=True):
            gain = n * (price * (1 - FEE) - cost)
            if n and gain >= 0:
                break
            short, long = (short, long + gain) if is_long else (short + gain, long)
            costs += n * price * FEE - gain * later * DISCOUNT
        else:
            best = max(best, base - tax(short, long) - costs)
    return best


def worth_of(held, entries):
    report = harvest(held, known(held, entries), as_of=DAY, assumptions=NO_LATER)
    assert all(x.do and x.worth > 0 and x.gain < 0 for x in report.losses)
    return sum((x.worth for x in report.losses), D(0)), report


def korean(r, sizes, gain):
    """Random overseas holdings beside a gain of the year, and the best that can be done with them."""
    facts = [(n, D(r.randint(80, 300) * 1000), D(r.randint(60, 250) * 1000), True) for n in sizes]
    held = portfolio(KR, {s: f[2] for s, f in zip(FUNDS, facts, strict=False)} | {"VOO": 1}, commission="2%")
    entries = [won(LAST_YEAR, s, f[0], f[1]) for s, f in zip(FUNDS, facts, strict=False)]
    entries += [won(date(2025, 1, 6), "VOO", 10, 100_000)]
    entries += [won(date(2026, 6, 1), "VOO", 10, 100_000 + gain // 10, "sell")]

    def tax(short, long):
        return D("0.22") * max(gain + short + long - 2_500_000, D(0))

    return worth_of(held, entries)[0], best_of_all(facts, tax, D("0.22"))


def test_the_shallow_loss_goes_first_where_the_deep_one_takes_more_trading():
    """2,500,000 is to be offset, which saves 550,000. QQQ loses 2,940,000 - 5,490,000 = -2,550,000 and costs
    60,000 to buy back; VEA loses 980,000 - 3,480,000 = -2,500,000 and costs 20,000."""
    held = portfolio(KR, {"QQQ": 3_000_000, "VEA": 1_000_000, "VOO": 1}, commission="2%")
    entries = [won(LAST_YEAR, "QQQ", 1, 5_490_000), won(LAST_YEAR, "VEA", 1, 3_480_000)]
    entries += [won(date(2025, 1, 6), "VOO", 10, 100_000)]
    entries += [won(date(2026, 6, 1), "VOO", 10, 600_000, "sell")]
    (loss,) = worth_of(held, entries)[1].losses
    assert (loss.symbol, loss.saves) == ("VEA", D("550000"))


@pytest.mark.parametrize("number", [2, 3, 4, 5, 6])
def test_korean_holdings_of_one_share_are_chosen_as_the_best_of_all_subsets(number):
    r = random.Random(number)
    sold = 0
    for _ in range(6):
        gain = 2_500_000 + r.choice([40_000, 120_000, 250_000, 600_000])
        worth, best = korean(r, [1] * number, gain)
        assert abs(worth - best) < D("1e-9")
        sold += best > 0
    assert sold > 1


@pytest.mark.parametrize("sizes", [(3, 4), (2, 3, 4), (40, 3), (1, 1, 9, 2)])
def test_korean_holdings_of_several_shares_are_chosen_as_the_best_of_all_combinations(sizes):
    r = random.Random(str(sizes))
    sold = 0
    for _ in range(6):
        worth, best = korean(r, sizes, 2_500_000 + r.choice([100_000, 400_000, 900_000]))
        assert abs(worth - best) < D("1e-9")
        sold += best > 0
    assert sold > 1


@pytest.mark.parametrize("sizes", [(1, 1, 1, 1, 1), (4, 3), (2, 2, 3)])
def test_american_holdings_of_both_terms_are_chosen_as_the_best_of_all_combinations(sizes):
    """Beside gains of both kinds; the offset of 3,000 against other income ends what a loss is worth."""
    r = random.Random(str(sizes))
    sold = 0
    for _ in range(6):
        income = r.choice([48_000, 52_000, 104_000])
        realised = r.choice([0, 900]), r.choice([0, 2_000])
        facts = []
        for n in sizes:
            price = D(r.randint(300, 2_500))
            facts.append((n, price * r.choice([1, 2]) + r.randint(-200, 900), price, r.random() < 0.5))
        funds = [s for s in FUNDS if s != "GLD"]
        prices = {s: f[2] for s, f in zip(funds, facts, strict=False)} | {"VOO": 1, "VTI": 1}
        held = portfolio(
            f'jurisdiction = "US"\nfiling = "single"\nother_income = {income}', prices, commission="2%"
        )
        entries = [
            buy(LAST_YEAR if f[3] else THIS_YEAR, s, f[0], f[1]) for s, f in zip(funds, facts, strict=False)
        ]
        for symbol, bought, gain in (("VTI", THIS_YEAR, realised[0]), ("VOO", date(2025, 1, 6), realised[1])):
            entries += [buy(bought, symbol, 10, 1000)]
            entries += [trade("sell", date(2026, 6, 1), symbol, 10, 1000 + D(gain) / 10)]

        def tax(short, long, income=income, realised=realised):
            return schedule_d(D(income), realised[0] + short, realised[1] + long)

        worth = worth_of(held, entries)[0]
        best = best_of_all(facts, tax, D("0.15"))
        assert abs(worth - best) < D("1e-9")
        sold += best > 0
    assert sold > 1
