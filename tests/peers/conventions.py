"""A plain backtest with a choice of sizing rules: those of bt and of cvxportfolio, and our documented one.

Written from the description of each rule, on its own: one loop, no code of the product. What a peer and this
loop agree on to the last digits is understood; what is then left between the peer and us is the sizing rule.
"""

import math

INITIAL = 1_000_000.0


def bt_sizes(shares, prices, targets, value, rate):
    """bt, fractional: each leg pays for itself out of its own amount, so cash stays nothing."""
    new = []
    for held, price, target in zip(shares, prices, targets, strict=True):
        amount = (target - held * price / value) * value
        new.append(held + amount / (price * (1.0 + rate) if amount > 0.0 else price * (1.0 - rate)))
    return new


def bt_whole_sizes(shares, prices, targets, value, rate):
    """bt, whole shares: the most that the amount buys with its fee; sales raise at least the amount."""
    new = []
    for held, price, target in zip(shares, prices, targets, strict=True):
        amount = (target - held * price / value) * value
        if amount > 0.0:
            bought = math.floor(amount / (price * (1.0 + rate)))
            while (bought + 1) * price * (1.0 + rate) <= amount:
                bought += 1
            while bought * price * (1.0 + rate) > amount:
                bought -= 1
            new.append(held + bought)
        else:
            new.append(held + math.floor(amount / (price * (1.0 - rate))))
    return new


def cash_sizes(shares, prices, targets, value, rate):
    """The targets of the value before costs; the cost is taken from cash, which may go below nothing."""
    return [target * value / price for price, target in zip(prices, targets, strict=True)]


def exact_sizes(shares, prices, targets, value, rate):
    """Ours: the value after costs at which the weights hold exactly, found by halving."""
    low, high = value * (1.0 - 2.0 * rate), value
    for _ in range(200):
        middle = (low + high) / 2.0
        moved = sum(abs(t * middle - h * p) for h, p, t in zip(shares, prices, targets, strict=True))
        if middle + rate * moved > value:
            high = middle
        else:
            low = middle
    return [t * low / p for p, t in zip(prices, targets, strict=True)]


def walk(prices, looks, targets, sizes, rate, *, band=None):
    """Return wealth before and after each session's trades, and the sessions that traded.

    Args:
        prices: Rows of closes.
        looks: Whether the policy looks, one a session; the first session buys.
        targets: Fractions.
        sizes: One of the rules above.
        rate: Cost, fraction of the traded value.
        band: Absolute half-width; without one every look trades.
    """
    shares, cash = [0.0] * len(targets), INITIAL
    before, after, traded = [], [], []
    for t, row in enumerate(prices):
        value = cash + sum(h * p for h, p in zip(shares, row, strict=True))
        before.append(value)
        gaps = [abs(h * p - w * value) for h, p, w in zip(shares, row, targets, strict=True)]
        if t == 0 or (looks[t] and (band is None or max(gaps) > band * value)):
            new = sizes(shares, row, targets, value, rate)
            for i, price in enumerate(row):
                moved = (new[i] - shares[i]) * price
                cash -= moved + rate * abs(moved)
            if new != shares:
                traded.append(t)
            shares = new
        after.append(cash + sum(h * p for h, p in zip(shares, row, strict=True)))
    return before, after, traded
