"""What kind of account may hold what.

Korean tax-sheltered accounts take KRX-listed products only; pension accounts take no leveraged or inverse
ones, and an IRP at most 70 % of risky assets, which binds purchases: a share that grew past it may stay.

Source: STTCA 91-18(3)3 for the ISA (verified 2026-06-08); the pension rules from a published guide of 2026,
the regulation's own text not seen (medium confidence).
"""

from __future__ import annotations

from decimal import Decimal

from steelyard.domain.instruments import Instrument

KRX_ONLY = frozenset({"isa", "pension", "irp"})
UNLEVERED = frozenset({"pension", "irp"})
IRP_RISKY_CAP = Decimal("0.7")


def may_hold(kind: str, instrument: Instrument) -> bool:
    """Say whether an account of a kind may buy an instrument.

    Args:
        kind: taxable | isa | pension | irp | ira | roth | 401k.
        instrument: From the catalogue or the owner's own entry.
    """
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
