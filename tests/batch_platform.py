"""Random platforms: the tables of a batch, and the portfolio file of each of its accounts.

A platform is drawn by a seeded `random.Random`. What people have is drawn most, what is wrong or rare
sometimes: odd fractions, foreign cash, locks, reserves, symbols without a target, without a price, twice.
"""

import random
from datetime import date, timedelta
from decimal import Decimal

import pyarrow as pa

from builders import account, portfolio, position

AS_OF = date(2026, 11, 23)
US = {"VOO": "601.37", "BND": "73.12", "GLD": "381.5", "VXUS": "71.05", "TLT": "88.4", "QQQ": "598.01"}
KR = {"069500": "41235", "360750": "23110", "148070": "112400", "411060": "28350"}
UNLISTED = {"FUNDX": "12.345", "NOTE9": "1000"}
POLICIES = {
    "threshold 5%": {"kind": "threshold", "threshold": "5%"},
    "threshold 5% relative 25%": {"kind": "threshold", "threshold": "5%", "relative_threshold": "25%"},
    "hybrid quarterly 5% 180d": {"kind": "hybrid", "threshold": "5%", "max_interval_days": 180},
    "hybrid quarterly 3% 90d cooldown 30d": {
        "kind": "hybrid", "threshold": "3%", "max_interval_days": 90, "cooldown_days": 30,
    },
    "calendar monthly": {"kind": "calendar", "look": "monthly"},
    "calendar quarterly last": {"kind": "calendar", "look": "quarterly", "look_at": "last"},
    "threshold 4% to edge": {"kind": "threshold", "threshold": "4%", "destination": "edge"},
    None: {},
}  # fmt: skip

SCHEMA = pa.schema(
    [
        ("account", pa.string()),
        ("model", pa.string()),
        ("positions", pa.list_(pa.struct([("symbol", pa.string()), ("shares", pa.decimal128(24, 6))]))),
        ("cash", pa.list_(pa.struct([("currency", pa.string()), ("amount", pa.decimal128(24, 2))]))),
        ("cash_flow", pa.decimal128(24, 2)),
        ("reserve", pa.decimal128(24, 2)),
        ("min_trade", pa.decimal128(24, 2)),
        ("can_sell", pa.bool_()),
        ("can_buy", pa.bool_()),
        ("last_rebalance", pa.date32()),
        ("locked", pa.list_(pa.string())),
        ("fractional", pa.bool_()),
    ]
)


class Platform:
    """Tables with the files that say the same."""

    def __init__(self, seed, accounts):
        self.draw = random.Random(seed)
        draw = self.draw
        self.base = draw.choice(["USD", "KRW"])
        self.quotes = US | KR | UNLISTED
        self.rates = {"USDKRW": "1392.1"} if self.base == "KRW" else {"KRWUSD": "0.000718"}
        self.costs = draw.choice(
            [
                {},
                {"commission": "0.1%"},
                {"commission": "0.015%", "min_commission": "1"},
                {"commission": "0.25%", "fx_spread": "0.2%"},
            ]
        )
        self.models = [self._model(f"model-{n}") for n in range(3)]
        self.accounts = [self._account(n) for n in range(accounts)]

    def tables(self):
        """Return models, prices and the settings of `batch.plan`."""
        rows = [
            {
                "model": m["name"],
                "symbol": s,
                "target": w,
                "policy": m["policy"],
                "fractional": m["fractional"],
            }
            for m in self.models
            for s, w in m["targets"].items()
        ]
        prices = [{"symbol": s, "price": Decimal(p), "priced_on": AS_OF} for s, p in self.quotes.items()]
        return (
            rows,
            prices,
            {
                "base_currency": self.base,
                "as_of": AS_OF,
                "rates": [{"pair": p, "rate": r} for p, r in self.rates.items()],
                "instruments": [{"symbol": s, "currency": "USD"} for s in UNLISTED],
                **self.costs,
            },
        )

    def file(self, one):
        """Return the text of an account's portfolio file."""
        model = next(m for m in self.models if m["name"] == one["model"])
        priced = {**model["targets"], **{p["symbol"]: 0 for p in one["positions"]}}
        policy = dict(POLICIES[model["policy"]])
        if one["last_rebalance"]:
            policy["last_rebalance"] = one["last_rebalance"]
        text = portfolio(
            model["targets"],
            account(
                *(position(p["symbol"], _text(p["shares"])) for p in one["positions"]),
                name=one["account"],
                cash={c["currency"]: _text(c["amount"]) for c in one["cash"]},
            ),
            base_currency=self.base,
            policy=policy,
            constraints={
                "fractional": model["fractional"] or one["fractional"],
                "cash_reserve": _text(one["reserve"]),
                "min_trade": _text(one["min_trade"]),
                "locked": list(one["locked"]),
            },
            costs=self.costs,
            fx=self.rates,
            prices={s: self.quotes[s] for s in priced if s in self.quotes},
        )
        own = [f'\n[instruments.{s}]\ncurrency = "USD"' for s in UNLISTED if s in priced]
        return text + "\n".join(own)

    def _model(self, name):
        draw = self.draw
        known = list(US) if self.base == "USD" and draw.random() < 0.7 else list(self.quotes)
        symbols = draw.sample(known, draw.randint(1, 6))
        cuts = sorted(draw.sample(range(1, 40), len(symbols) - 1)) if len(symbols) > 1 else []
        parts = [b - a for a, b in zip([0, *cuts], [*cuts, 40], strict=True)]
        weights = {s: str(Decimal(part) / 40) for s, part in zip(symbols, parts, strict=True)}
        return {
            "name": name,
            "targets": weights,
            "policy": draw.choice(list(POLICIES)),
            "fractional": draw.random() < 0.08,
        }

    def _account(self, number):
        draw = self.draw
        model = draw.choice(self.models)
        size = Decimal(round(10 ** draw.uniform(2.5, 6.5)))
        size *= 1 if self.base == "USD" else 1000
        held = []
        for symbol, weight in model["targets"].items():
            if draw.random() < 0.12:
                continue
            worth = Decimal(weight) * size * Decimal(str(round(draw.lognormvariate(0, 0.25), 4)))
            price = Decimal(self.quotes[symbol]) * self._rate("KRW" if symbol in KR else "USD")
            shares = worth / price
            odd = draw.random()
            step = Decimal("1") if odd < 0.8 else Decimal("0.01") if odd < 0.9 else Decimal("0.000001")
            held.append({"symbol": symbol, "shares": shares.quantize(step)})
        strange = draw.random()
        if strange < 0.1:
            held.append({"symbol": draw.choice(list(self.quotes)), "shares": Decimal(3)})
        elif strange < 0.12:
            held.append({"symbol": "ZZZZ", "shares": Decimal(2)})
        elif strange < 0.13 and held:
            held[0] = {**held[0], "shares": Decimal(-1)}
        foreign = "USD" if self.base == "KRW" else "KRW"
        cash = [{"currency": self.base, "amount": self._money(size, 0.05)}]
        if draw.random() < 0.15:
            other = draw.choice([foreign, foreign, "EUR"])
            cash.append({"currency": other, "amount": self._money(Decimal(1000), 1)})
        flow = Decimal(0)
        if draw.random() < 0.2:
            flow = self._money(size, 0.1) * draw.choice([1, -1])
        return {
            "account": f"A{number:06d}",
            "model": model["name"],
            "positions": held,
            "cash": cash,
            "cash_flow": flow,
            "reserve": self._money(size, 0.03) if draw.random() < 0.2 else Decimal(0),
            "min_trade": self._money(size, 0.03) if draw.random() < 0.2 else Decimal(0),
            "can_sell": draw.random() < 0.9,
            "can_buy": draw.random() < 0.95,
            "last_rebalance": AS_OF - timedelta(days=draw.randint(0, 400)) if draw.random() < 0.6 else None,
            "locked": draw.sample(list(model["targets"]), 1) if draw.random() < 0.1 else [],
            "fractional": draw.random() < 0.03,
        }

    def _rate(self, currency):
        if currency == self.base:
            return Decimal(1)
        return Decimal(self.rates[currency + self.base])

    def _money(self, size, part):
        places = Decimal("0.01") if self.base == "USD" else Decimal(1)
        return (size * Decimal(str(round(self.draw.random() * part, 6)))).quantize(places)


def _text(number):
    return format(number, "f")
