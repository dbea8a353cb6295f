"""Instruments: something tradable, with what planning and tax need to know about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

TAX_CLASSES = ("krx_domestic_equity", "krx_other", "overseas_listed")
US_CLASSES = ("security", "collectible")
CAUTIONS = ("accepted", "caution", "avoid")


@dataclass(frozen=True, slots=True)
class Replacement:
    """What may stand in for an instrument after a loss sale in the US.

    `caution` is `accepted` (another index, commonly accepted), `caution` (same family or near index)
    or `avoid` (same or near-same index).
    """

    symbol: str
    caution: str
    why: str


@dataclass(frozen=True, slots=True)
class Instrument:
    """One instrument.

    Attributes:
        symbol: Its name everywhere.
        name: As people know it.
        currency: Quote currency.
        exchange: XKRX or XNYS; every US listing counts as XNYS, whose sessions all US exchanges share.
        asset_class: For grouping only (`us_equity`, `kr_bond`, `gold`).
        tax_class: Korean class, one of TAX_CLASSES; None is unknown and refused where tax needs it.
        us_class: US class, one of US_CLASSES, or None when unknown.
        fractional: Its broker takes fractions of a share.
        us_ptp: A publicly traded partnership: 10 % US withholding on gross proceeds of non-US holders.
        index: The index it tracks, None when not recorded.
        group: Replacement group; instruments of one group serve the same purpose.
        replacements: Ranked.
        aliases: Other names it is found by.
        source: Where the entry comes from.
        checked_on: When it was checked, None for the user's own entries.
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
    group: str | None = None
    replacements: tuple[Replacement, ...] = ()
    aliases: tuple[str, ...] = ()
    source: str = "portfolio file"
    checked_on: date | None = None
