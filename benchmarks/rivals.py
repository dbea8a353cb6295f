"""Random households planned by other ways: is one of them ever nearer than ours, or as near for less?

    python benchmarks/rivals.py [--cases 200]

Three ways that people and tools use, each written here from scratch and judged in fractions:

- greedy: sell whole shares of whatever is over its target in all, account by account, then buy one share
  after the other of what is shortest, wherever money is, as long as that comes nearer (net-worth trackers);
- sheltered first: the same, selling in accounts whose sales are not taxed before others;
- account by account: rebalance each account to the targets by itself (brokers and model portfolios).

Ours is the strict plan (`accept_drift=0`), and beside it the one proposed by default. Distance is that of
contract section 3b; tax is 15 % of long-term gains in the taxable account, what an American of middling
income pays, computed here and not by the code under test.
"""

from __future__ import annotations

import argparse
import random
import statistics
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from math import sqrt

import steelyard

AS_OF = date(2026, 11, 23)
KINDS = ("taxable", "ira", "roth")
Trades = dict[tuple[int, int], int]
"""Shares bought (+) or sold (-) by account and fund."""


@dataclass(frozen=True)
class Household:
    """Whole dollars; one lot a position, bought for less than it is worth, years ago."""

    prices: tuple[int, ...]
    weights: tuple[Fraction, ...]
    held: tuple[tuple[int, ...], ...]
    paid: tuple[int, ...]
    cash: tuple[int, ...]
    rate: Fraction

    @property
    def total(self) -> Fraction:
        """All there is."""
        held = sum(n * p for row in self.held for n, p in zip(row, self.prices, strict=True))
        return Fraction(sum(self.cash) + held)

    def cost(self, shares: int, fund: int) -> Fraction:
        """Return the commission of a trade."""
        return abs(shares) * self.prices[fund] * self.rate

    def left(self, account: int, trades: Trades) -> Fraction:
        """Return an account's cash after trades."""
        moved = [(n, i) for (a, i), n in trades.items() if a == account]
        return Fraction(self.cash[account]) - sum(n * self.prices[i] + self.cost(n, i) for n, i in moved)

    def square(self, trades: Trades) -> Fraction:
        """Return the sum of squared misses."""
        worth = [
            self.prices[i] * sum(row[i] + trades.get((a, i), 0) for a, row in enumerate(self.held))
            for i in range(len(self.prices))
        ]
        return sum(((v - w * self.total) ** 2 for v, w in zip(worth, self.weights, strict=True)), Fraction(0))

    def effort(self, trades: Trades) -> Fraction:
        """Return tax and commissions."""
        tax = sum(
            Fraction(15, 100) * -n * (self.prices[i] - self.paid[i])
            for (a, i), n in trades.items()
            if n < 0 and not a
        )
        return tax + sum((self.cost(n, i) for (_, i), n in trades.items()), Fraction(0))

    def portfolio(self) -> steelyard.Portfolio:  # type: ignore[name-defined]
        """Return the same for the library."""
        names = [f"S{i}" for i in range(len(self.prices))]
        accounts = [
            {
                "name": KINDS[a],
                "kind": KINDS[a],
                "cash": {"USD": self.cash[a]},
                "positions": [
                    {
                        "symbol": names[i],
                        "shares": n,
                        "lots": [{"bought": "2020-03-02", "shares": n, "unit_cost": self.paid[i]}],
                    }
                    for i, n in enumerate(row)
                    if n
                ],
            }
            for a, row in enumerate(self.held)
        ]
        return steelyard.build(
            "USD",
            {n: f"{float(100 * w):.0f}%" for n, w in zip(names, self.weights, strict=True)},
            accounts,
            prices=dict(zip(names, self.prices, strict=True)),
            instruments={n: {"currency": "USD", "us_class": "security"} for n in names},
            costs={"commission": f"{float(100 * self.rate):g}%"},
            tax={"jurisdiction": "US", "filing": "single", "other_income": 90000},
            priced_on=AS_OF,
        )


def household(seed: int, accounts: int | None = None) -> Household:
    """Return a random one: two or three accounts, three or four funds."""
    r = random.Random(seed)
    accounts = accounts or r.randint(2, 3)
    funds = r.randint(3, 4)
    prices = tuple(r.randint(15, 400) for _ in range(funds))
    parts = [r.randint(1, 6) for _ in range(funds)]
    weights = [max(100 * p // sum(parts), 1) for p in parts]
    weights[0] += 100 - sum(weights)
    return Household(
        prices,
        tuple(Fraction(w, 100) for w in weights),
        tuple(
            tuple(r.choice([0, 1, 1, 2]) * r.randint(3, 30) * 50 // p for p in prices)
            for _ in range(accounts)
        ),
        tuple(p * r.randint(40, 100) // 100 for p in prices),
        tuple(r.choice([0, 200, 900, 2500]) for _ in range(accounts)),
        Fraction(r.choice([0, 0, 1]), 1000),
    )


def _spend(home: Household, trades: Trades, wanted: list[Fraction], accounts: list[int]) -> None:
    """Buy the shortest fund, a share at a time, where there is money, as long as that comes nearer."""
    while True:
        worth = [
            home.prices[i] * sum(home.held[a][i] + trades.get((a, i), 0) for a in accounts)
            for i in range(len(home.prices))
        ]
        shortest = sorted(range(len(worth)), key=lambda i: worth[i] - wanted[i])
        for i in shortest:
            if 2 * (wanted[i] - worth[i]) <= home.prices[i]:
                continue
            price = home.prices[i] + home.cost(1, i)
            payer = next(
                (a for a in accounts if trades.get((a, i), 0) >= 0 and home.left(a, trades) >= price), None
            )
            if payer is not None:
                trades[payer, i] = trades.get((payer, i), 0) + 1
                break
        else:
            return


def greedy(home: Household, *, sheltered_first: bool = False) -> Trades:
    """Sell what is over in all, then buy what is shortest."""
    wanted = [w * home.total for w in home.weights]
    accounts = list(range(len(home.held)))
    trades: Trades = {}
    for i, price in enumerate(home.prices):
        over = sum(row[i] for row in home.held) * price - wanted[i]
        count = max(int(over // price), 0)
        for a in accounts[::-1] if sheltered_first else accounts:
            sold = min(count, home.held[a][i])
            if sold:
                trades[a, i] = -sold
                count -= sold
    _spend(home, trades, wanted, accounts)
    return trades


def account_by_account(home: Household) -> Trades:
    """Rebalance every account to the targets by itself."""
    trades: Trades = {}
    for a, row in enumerate(home.held):
        total = home.cash[a] + sum(n * p for n, p in zip(row, home.prices, strict=True))
        wanted = [w * total for w in home.weights]
        for i, price in enumerate(home.prices):
            count = int(max((row[i] * price - wanted[i]) // price, 0))
            if count:
                trades[a, i] = -count
        _spend(home, trades, wanted, [a])
    return trades


RIVALS: dict[str, Callable[[Household], Trades]] = {
    "greedy": greedy,
    "sheltered first": lambda home: greedy(home, sheltered_first=True),
    "account by account": account_by_account,
}


def ours(home: Household, *, strict: bool) -> Trades:
    """Return the trades of our plan."""
    options = {"accept_drift": 0} if strict else {}
    plan = steelyard.plan(home.portfolio(), as_of=AS_OF, **options)
    return {
        (KINDS.index(t.account), int(t.symbol[1:])): int(t.shares) * (1 if t.side == "buy" else -1)
        for t in plan.trades
    }


def beaten(home: Household, strict: Trades) -> list[str]:
    """Return the rivals that are nearer than our strict plan, or as near for less tax and cost."""
    found = []
    for name, way in RIVALS.items():
        trades = way(home)
        there, here = home.square(trades), home.square(strict)
        if there < here or (there == here and home.effort(trades) < home.effort(strict)):
            found.append(name)
    return found


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--cases", type=int, default=200)
    cases = parser.parse_args().cases
    rows: dict[str, list[tuple[Fraction, Fraction, float, Fraction, Fraction, float]]] = {
        name: [] for name in RIVALS
    }
    lost = []
    for seed in range(cases):
        home = household(seed)
        strict, followed = ours(home, strict=True), ours(home, strict=False)
        lost += [(seed, name) for name in beaten(home, strict)]
        for name, way in RIVALS.items():
            trades = way(home)
            rows[name].append(
                (
                    home.square(trades) - home.square(strict),
                    home.effort(trades) - home.effort(strict),
                    100 * (sqrt(home.square(trades)) - sqrt(home.square(strict))) / float(home.total),
                    home.effort(trades),
                    home.effort(followed),
                    100 * (sqrt(home.square(followed)) - sqrt(home.square(strict))) / float(home.total),
                )
            )
    print(f"{cases} households of two or three accounts and three or four funds\n")
    print(
        "| way | nearer than ours | as near | further by, median (points) | as near for less tax and cost |",
        end="",
    )
    print(" tax and cost a household | of ours by default | which is further by, median |")
    print("|---|---|---|---|---|---|---|---|")
    for name, found in rows.items():
        nearer = sum(square < 0 for square, *_ in found)
        equal = sum(square == 0 for square, *_ in found)
        cheaper = sum(square == 0 and effort < 0 for square, effort, *_ in found)
        asked, spent = (float(sum(r[n] for r in found)) / cases for n in (3, 4))
        print(
            f"| {name} | {nearer} | {equal} | {statistics.median(r[2] for r in found):.2f} | {cheaper} "
            f"| {asked:.2f} | {spent:.2f} "
            f"| {statistics.median(r[5] for r in found):.2f} |"
        )
    print(f"\nbeaten: {lost or 'never'}")


if __name__ == "__main__":
    main()
