"""What a broker's file says is held, as a portfolio file can begin with it: accounts, prices and names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from decimal import ROUND_DOWN, Decimal

from steelyard.domain.money import EXACT, ZERO, exact_sum
from steelyard.records import dataclass, field

_STEP = Decimal("0.0001")
_KINDS = (
    ("roth 401", "roth_401k"), ("sep ira", "sep_ira"), ("simple ira", "simple_ira"), ("hsa", "hsa"),
    ("529", "529"), ("joint", "joint"), ("403", "403b"), ("roth", "roth"), ("401", "401k"), ("ira", "ira"),
    ("isa", "isa"), ("irp", "irp"), ("연금", "pension"),
)  # fmt: skip
_ALONE = r"(?<![a-z]){}(?![a-z])"
"""Visa is no ISA."""


@dataclass(frozen=True, slots=True)
class HeldLot:
    """Shares bought together; `cost` is of one, None where the file does not tell."""

    bought: date
    shares: Decimal
    cost: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class HeldAccount:
    """An account.

    Attributes:
        name: As the portfolio file will have it.
        shares: Symbol to shares, > 0.
        lots: Symbol to its lots, only where they are all of the shares.
        cash: Currency to amount, >= 0.
        called: What the broker calls it beside its number, "" where the file does not say.
    """

    name: str
    shares: Mapping[str, Decimal]
    lots: Mapping[str, tuple[HeldLot, ...]] = field(default_factory=dict)
    cash: Mapping[str, Decimal] = field(default_factory=dict)
    called: str = ""

    @property
    def kind(self) -> str:
        """What its name says it is, `taxable` where the name does not tell."""
        name = (self.called or self.name).lower()
        return next((kind for word, kind in _KINDS if re.search(_ALONE.format(word), name)), "taxable")


@dataclass(frozen=True, slots=True)
class Beginning:
    """What is held.

    Attributes:
        source: The file.
        accounts: By name.
        prices: Symbol to price and currency.
        priced_on: The day of the prices, the oldest one where they are of several; None where it is not told.
        names: Symbol to the name that the file gives it.
        recorded: The file tells what happened, so that a journal says what is held.
    """

    source: str
    accounts: tuple[HeldAccount, ...]
    prices: Mapping[str, tuple[Decimal, str]]
    priced_on: date | None
    names: Mapping[str, str]
    recorded: bool = False

    @property
    def symbols(self) -> list[str]:
        """Return what is held, sorted."""
        return sorted({symbol for account in self.accounts for symbol in account.shares})

    def values(self) -> dict[str, dict[str, Decimal]]:
        """Return currency to symbol to value; what has no price is not in it."""
        found: dict[str, dict[str, Decimal]] = {}
        for symbol in self.symbols:
            if symbol in self.prices:
                price, currency = self.prices[symbol]
                shares = exact_sum(a.shares.get(symbol, ZERO) for a in self.accounts)
                found.setdefault(currency, {})[symbol] = EXACT.multiply(shares, price)
        return found

    def currencies(self) -> set[str]:
        """Return every currency of a price or of money."""
        return {c for _, c in self.prices.values()} | {c for a in self.accounts for c in a.cash}


def weights(values: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """Return values as fractions in hundredths of a percent that add up to exactly 1, the largest first.

    What is cut off goes to those that lost most of a step by it, ties by symbol; a weight that has no step is
    left out.

    >>> weights({"VOO": Decimal(200), "TLT": Decimal(100)})
    {'VOO': Decimal('0.6667'), 'TLT': Decimal('0.3333')}
    """
    total = exact_sum(values.values())
    if total <= ZERO:
        return {}
    exact = {symbol: EXACT.divide(value, total) for symbol, value in values.items()}
    cut = {symbol: share.quantize(_STEP, ROUND_DOWN) for symbol, share in exact.items()}
    left = int((1 - exact_sum(cut.values())) / _STEP)
    for symbol in sorted(cut, key=lambda s: (cut[s] - exact[s], s))[:left]:
        cut[symbol] += _STEP
    return {s: cut[s] for s in sorted(cut, key=lambda s: (-cut[s], s)) if cut[s]}
