"""What kind of account may hold what.

Korean tax-sheltered accounts take KRX-listed products only; pension accounts take no leveraged or inverse
ones, and an IRP at most 70 % of risky assets, which binds purchases: a share that grew past it may stay. The
repatriation account of 2026 buys Korean shares and funds of at least 80 % of them.

Source: STTCA 91-18(3)3 for the ISA, 91-26(3)2 for the repatriation account, Enforcement Rule of the Act on
the Guarantee of Employees' Retirement Benefits 10(1)2 for the 70 % (verified 2026-06-08); the other pension
rules from a published guide of 2026 (medium confidence).
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from steelyard.domain.market.instruments import Instrument
from steelyard.domain.money import EXACT, ZERO, figure
from steelyard.records import dataclass

KRX_ONLY = frozenset({"isa", "pension", "irp"})
REPATRIATION = "ria"
UNLEVERED = frozenset({"pension", "irp"})
IRP_RISKY_CAP = Decimal("0.7")


@dataclass(frozen=True, slots=True)
class ContributionRoom:
    """What may still be paid into accounts that share one limit of the law.

    Attributes:
        wrapper: isa | pension | ira | 401k.
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


def may_hold(kind: str, instrument: Instrument) -> bool:
    """Say whether an account of a kind may buy an instrument.

    Args:
        kind: taxable | isa | pension | irp | ria | ira | roth | 401k.
        instrument: From the catalogue or the owner's own entry.
    """
    if kind == REPATRIATION:
        return instrument.tax_class == "krx_domestic_equity"
    if kind in KRX_ONLY and instrument.exchange != "XKRX":
        return False
    levered = instrument.asset_class.endswith(("_leveraged", "_inverse"))
    return not (kind in UNLEVERED and levered)


def risky_cap(kind: str) -> Decimal | None:
    """Return the fraction of risky assets up to which an account may buy them, None for no limit."""
    return IRP_RISKY_CAP if kind == "irp" else None


def is_risky(instrument: Instrument) -> bool:
    """Say whether an instrument counts towards the cap; one that is not known to be safe does."""
    return instrument.irp_risky is not False
