"""What the law says of accounts as such: what they may hold, and what may still be paid into them.

Both are values. What stands in them is a country's to say (`Country.holding_rules`, `contribution_room`).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any, Literal, get_args

from steelyard.domain.market.instruments import Instrument
from steelyard.domain.money import EXACT, ZERO, exact_sum, figure
from steelyard.records import dataclass

AccountKind = Literal[
    "taxable", "isa", "pension", "irp", "ria", "joint", "ira", "roth", "401k", "roth_401k", "403b", "sep_ira",
    "simple_ira", "hsa", "529", "nisa",
]  # fmt: skip
CostMethod = Literal["fifo", "lifo", "hifo", "average", "specific", "least_tax"]
METHODS: tuple[CostMethod, ...] = get_args(CostMethod)
Keeper = Literal["file", "journal"]
KEEPERS: tuple[Keeper, ...] = get_args(Keeper)
Household = Literal["joint", "separate", "other"]
HOUSEHOLDS: tuple[Household, ...] = get_args(Household)


@dataclass(frozen=True, slots=True)
class HoldingRules:
    """What accounts of a kind may buy; what nothing is said about is free.

    Attributes:
        exchanges: Only what is listed on one of them, None for anything.
        tax_classes: Only what is of one of these classes, None for any.
        leveraged: Leveraged and inverse products too.
        risky_cap: Fraction of the account up to which risky assets may be bought, None for no limit; what
            grew past it may stay.
        selling_note: What somebody who sells in one should know, empty when nothing.
    """

    exchanges: frozenset[str] | None = None
    tax_classes: frozenset[str] | None = None
    leveraged: bool = True
    risky_cap: Decimal | None = None
    selling_note: str = ""

    def may_hold(self, instrument: Instrument) -> bool:
        """Say whether an instrument may be bought."""
        if self.exchanges is not None and instrument.exchange not in self.exchanges:
            return False
        if self.tax_classes is not None and instrument.tax_class not in self.tax_classes:
            return False
        return self.leveraged or not instrument.asset_class.endswith(("_leveraged", "_inverse"))

    def is_risky(self, instrument: Instrument) -> bool:
        """Say whether an instrument counts towards the cap; one that is not known to be safe does."""
        return self.risky_cap is not None and instrument.irp_risky is not False

    def risky_worth(self, held: Iterable[tuple[Instrument, Decimal]]) -> Decimal:
        """Return the worth of what counts towards the cap, of instruments and their worth."""
        return exact_sum(worth for instrument, worth in held if self.is_risky(instrument))


UNRESTRICTED = HoldingRules()


@dataclass(frozen=True, slots=True)
class ContributionRoom:
    """What may still be paid into accounts that share one limit of the law.

    Attributes:
        wrapper: isa | pension | ira | 401k | sep_ira | simple_ira | hsa.
        owner: Whose limit it is.
        accounts: Names of the accounts that share it.
        year: Of the limit.
        currency: Of the amounts.
        limit: The most that may be paid in by the end of the year.
        paid: What counts towards it so far, by the journal; None where no journal says.
        source, verified: The law and the day it was read.
        note: What the figures leave out, empty when nothing.
    """

    wrapper: str
    owner: str
    accounts: tuple[str, ...]
    year: int
    currency: str
    limit: Decimal
    paid: Decimal | None
    source: str
    verified: date
    note: str = ""

    @property
    def left(self) -> Decimal | None:
        """What may still be paid in, not below zero; None where nobody knows what was."""
        return None if self.paid is None else max(EXACT.subtract(self.limit, self.paid), ZERO)

    def to_dict(self) -> dict[str, Any]:
        """Return it as `holdings --json` carries it, under `rooms`."""
        return {
            "wrapper": self.wrapper,
            "owner": self.owner,
            "accounts": list(self.accounts),
            "year": self.year,
            "currency": self.currency,
            "limit": figure(self.limit),
            "paid": figure(self.paid),
            "room": figure(self.left),
            "source": self.source,
            "verified": self.verified.isoformat(),
            "note": self.note,
        }
