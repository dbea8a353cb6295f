"""Households of silly sizes that a planner must end on: many accounts, equal targets, limits, odd prices.

All are honest in form. What they have in common is that much ties, or that nothing fits: a search that looks
for the last proof never ends there.
"""

from __future__ import annotations

from random import Random
from typing import Any

from portfolios import Raw, written

MOST_TARGETS, MOST_ACCOUNTS, MOST_PLACES = 1000, 30, 600
"""What one plan holds; a few files are beyond."""

PRICES = {
    "equal": lambda random, n: "1000",
    "rising": lambda random, n: str(1000 + n),
    "tiny": lambda random, n: random.choice(("0.0001", "0.01", "0.003")),
    "huge": lambda random, n: str(random.randrange(10**8, 10**12)),
    "both": lambda random, n: random.choice(("0.0001", "1", "123.4567", "99999999", "1e11")),
    "common": lambda random, n: f"{random.randrange(500, 90000)}.{random.randrange(100):02}",
    "awkward": lambda random, n: f"{random.randrange(1, 2000)}.{random.randrange(10**6):06}",
}
KINDS = {
    "KRW": ("taxable", "isa", "irp", "dc", "pension", None),
    "USD": ("taxable", "ira", "roth", "401k", None),
}


def text(random: Random) -> bytes:
    """Return the portfolio file of a household of some silly size."""
    return written(tree(random)).encode()


def tree(random: Random) -> dict[str, Any]:
    """Return the same as plain values."""
    base = random.choice(("KRW", "USD"))
    accounts = random.choice((1, 1, 1, 2, 2, 3, 5, 12, 30))
    most = MOST_TARGETS if accounts == 1 else MOST_PLACES // accounts
    targets = max(min(random.choice((2, 5, 20, 50, 50, 120, 300, 600, 1000)), most), 2)
    if random.random() < 0.02:
        targets += most  # and refused
    symbols = [f"S{n}" for n in range(targets)]
    price = PRICES[random.choice(tuple(PRICES))]
    prices = {s: price(random, n) for n, s in enumerate(symbols)}
    worth = float(random.choice((10_000, 1_000_000, 10**8, 10**11)))
    made: dict[str, Any] = {"base_currency": base, "targets": _targets(random, symbols)}
    if random.random() < 0.3:
        made["classes"], made["targets"] = _classes(random, symbols)
    if random.random() < 0.5:
        made["costs"] = random.choice(
            ({"commission": "0.1%"}, {"commission": "0.015%", "min_commission": "1"})
        )
    limits = _limits(random, symbols, worth)
    if limits:
        made["constraints"] = limits
    if random.random() < 0.3:
        made["policy"] = {"kind": "threshold", "threshold": random.choice(("0.1%", "5%"))}
    taxed = random.random() < 0.4
    if taxed:
        made["tax"] = (
            {"jurisdiction": "KR"}
            if base == "KRW"
            else {"jurisdiction": "US", "filing": "single", "ordinary_rate": "24%"}
        )
    made["instruments"] = {
        s: {
            "currency": base,
            "asset_class": random.choice(("equity", "bond")),
            "price": prices[s],
            **_tax_class(base),
        }
        for s in symbols
    }
    made["accounts"] = [
        _account(random, n, base, symbols, prices, worth / accounts, taxed) for n in range(accounts)
    ]
    return made


def _tax_class(base: str) -> dict[str, str]:
    return {"tax_class": "krx_other"} if base == "KRW" else {}


def _targets(random: Random, symbols: list[str]) -> dict[str, str]:
    """Return equal or steep weights that add up."""
    equal = random.random() < 0.7
    sizes = [1 if equal else random.randrange(1, 50) for _ in symbols]
    units = 10**9
    weights = [units * size // sum(sizes) for size in sizes]
    weights[-1] += units - sum(weights)
    return {s: f"{w / (units / 100):.7f}%" for s, w in zip(symbols, weights, strict=True)}


def _classes(random: Random, symbols: list[str]) -> tuple[dict[str, Any], dict[str, str]]:
    size = random.choice((2, 5, 40))
    groups = [symbols[n : n + size] for n in range(0, len(symbols), size)]
    names = [f"class{n}" for n in range(len(groups))]
    tables = {
        name: {"members": group, "buy": group[: random.choice((1, len(group)))]}
        for name, group in zip(names, groups, strict=True)
    }
    return tables, _targets(random, names)


def _limits(random: Random, symbols: list[str], worth: float) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if random.random() < 0.35:
        found["max_trades"] = Raw(str(random.choice((0, 1, 3, 10, len(symbols) // 2, len(symbols)))))
    if random.random() < 0.3:
        found["min_trade"] = str(int(random.choice((1.0, worth / 1000, worth / len(symbols), worth))))
    if random.random() < 0.2:
        found["cash_reserve"] = random.choice(("1%", "50%", str(int(worth / 10))))
    if random.random() < 0.15:
        found["fractional"] = Raw("true")
    if random.random() < 0.2:
        found["locked"] = random.sample(symbols, len(symbols) // 3)
    if random.random() < 0.3:
        found["accept_drift"] = random.choice(("0%", "0.5%", "20%"))
    return found


def _account(
    random: Random,
    number: int,
    base: str,
    symbols: list[str],
    prices: dict[str, str],
    worth: float,
    taxed: bool,
) -> dict[str, Any]:
    made: dict[str, Any] = {
        "name": f"a{number}",
        "cash": {base: f"{worth * random.choice((0, 0.01, 1)):.2f}"},
    }
    kind = random.choice(KINDS[base])
    if kind is not None:
        made["kind"] = kind
    if random.random() < 0.15:
        made["menu"] = random.sample(symbols, max(len(symbols) // 2, 1))
    if random.random() < 0.1:
        made["fractional"] = Raw("true")
    part = random.choice((0, 0.1, 1, 1))
    held = [s for s in symbols if random.random() < part]
    each = worth / max(len(held), 1) * random.choice((0.2, 1, 5))
    made["positions"] = [_position(random, s, float(prices[s]), each, taxed) for s in held]
    return made


def _position(random: Random, symbol: str, price: float, worth: float, taxed: bool) -> dict[str, Any]:
    shares = max(round(worth / price * random.choice((0.5, 1, 1, 2))), 1)
    odd = random.choice((0, 0, 0, 0.5))
    position: dict[str, Any] = {"symbol": symbol, "shares": f"{shares + odd}"}
    if taxed and random.random() < 0.9:
        lots = random.choice((1, 1, 2, 5))
        sizes = [shares // lots + (shares % lots if n == 0 else 0) for n in range(lots)]
        sizes[0] += odd
        position["lots"] = [
            {
                "bought": Raw(random.choice(("2019-03-04", "2026-01-15", "2026-11-10", "2026-11-20"))),
                "shares": f"{size}",
                "unit_cost": f"{price * random.choice((0.4, 0.9, 1, 1.1, 3)):.6f}",
            }
            for size in sizes
            if size
        ]
    return position


def words(random: Random) -> list[str]:
    """Return a command that plans."""
    made = [
        random.choices(("plan", "invest", "withdraw", "check", "harvest", "deposits"), (8, 6, 2, 1, 1, 1))[0]
    ]
    if made[0] in ("invest", "withdraw"):
        made.append(random.choice(("7", "10000", "1000000", "123456789", "1e12")))
    if made[0] == "plan":
        for flags in (
            ["--no-sell"], ["--no-buy"], ["--sell", "over"], ["--fractional"], ["--harvest"], ["--save-tax"],
            ["--relocate"], ["--ways"], ["--max-tax", "100"], ["--max-gain", "0"], ["--accept-drift", "5%"],
            ["--cash", "50000"], ["--cash=-5000"], ["--objective", "relative"], ["--objective", "deviation"],
            ["--objective", "relative_deviation"], ["--allow-wash-sales"],
        ):  # fmt: skip
            if random.random() < 0.08:
                made += flags
    if made[0] == "invest" and random.random() < 0.4:
        made += ["--method", random.choice(("absolute", "relative"))]
    if made[0] in ("plan", "invest", "withdraw") and random.random() < 0.3:
        made += ["--account", "a0"]
    if made[0] in ("plan", "invest") and random.random() < 0.1:
        made += ["--fractional"]
    return [*made, "--json", "--as-of", "2026-11-23"]
