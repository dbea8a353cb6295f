"""Instruments: something tradable, with what planning and tax need to know about it.

A class nobody knows is None, and what needs it refuses: a guessed tax class is a wrong tax.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Literal

from steelyard.records import dataclass

Caution = Literal["accepted", "caution", "avoid"]

TAX_CLASSES = ("krx_domestic_equity", "krx_other", "overseas_listed", "krx_taxable_shares")
US_CLASSES = ("security", "collectible")
EXCHANGES = ("XKRX", "XNYS")
CAUTIONS: tuple[Caution, ...] = ("accepted", "caution", "avoid")


@dataclass(frozen=True, slots=True)
class Replacement:
    """What may stand in for an instrument that is sold at a loss.

    Attributes:
        symbol: The stand-in.
        caution: How far US practice takes the pair for "substantially identical", which no ruling
            defines for funds: `accepted` (another index), `caution` (near index or same family),
            `avoid` (same index, same metal). Korea has no such rule.
        why: One line for people.
    """

    symbol: str
    caution: Caution
    why: str


@dataclass(frozen=True, slots=True)
class Instrument:
    """One instrument.

    Attributes:
        symbol: Its name everywhere.
        name: As people know it.
        currency: Quote currency.
        exchange: One of EXCHANGES; every US listing counts as XNYS, since all US exchanges share its
            sessions.
        asset_class: For grouping only (`us_equity`, `kr_bond`, `gold`).
        tax_class: Korean class, one of TAX_CLASSES, or None when unknown.
        us_class: US class, one of US_CLASSES, or None when unknown. KRX listings have none: for a US
            person they are most likely foreign investment companies (PFIC), which have rules of their own.
        fractional: Its broker takes fractions of a share.
        us_ptp: A publicly traded partnership: K-1 for US persons, withholding on gross proceeds for others.
        index: The index it tracks, None when it tracks none or it is not recorded.
        replacement_group: Instruments of one group serve the same purpose.
        replacements: Stand-ins, best first.
        aliases: Other names it is found by, earlier names included.
        irp_risky: Counts towards the 70 % cap on risky assets of a Korean IRP; None when not sure.
        source: Where the entry comes from.
        checked_on: When it was restated from there, None for the user's own entries.
        confidence: `H`, `M` or `L` for the entry as a whole, None for the user's own entries.
    """

    symbol: str
    name: str
    currency: str
    exchange: str
    asset_class: str = "other"
    tax_class: str | None = None
    us_class: str | None = None
    fractional: bool = False
    us_ptp: bool = False
    index: str | None = None
    replacement_group: str | None = None
    replacements: tuple[Replacement, ...] = ()
    aliases: tuple[str, ...] = ()
    irp_risky: bool | None = None
    source: str = "portfolio file"
    checked_on: date | None = None
    confidence: str | None = None

    def replacement(self, forbidden: Collection[str]) -> Replacement | None:
        """Return the best stand-in that practice takes for another security, None where there is none.

        Args:
            forbidden: Symbols that must not be bought meanwhile.
        """
        fit = (r for r in self.replacements if r.caution != "avoid" and r.symbol not in forbidden)
        return next(fit, None)
