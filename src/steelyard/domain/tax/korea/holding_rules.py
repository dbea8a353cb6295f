"""What Korean accounts may hold; apart from the rest of the country, since every file with one is read by it.

Source: STTCA 91-18(3)3 for the ISA, 91-26(3)2 for the repatriation account, rule kr.irp-cap for the 70 %
(verified 2026-06-08); the other pension rules from a published guide of 2026 (medium confidence).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from steelyard.domain.accounts import UNRESTRICTED, HoldingRules

_LISTED_HERE = frozenset({"XKRX"})


def holding_rules(kind: str, figures: Callable[[str], Mapping[str, Any]]) -> HoldingRules:
    """Return what accounts of a kind may hold.

    Tax-sheltered accounts take KRX-listed products only; pension accounts take no leveraged or inverse ones,
    and an IRP risky assets up to a cap, which binds purchases. The repatriation account of 2026 buys Korean
    shares and funds of at least 80 % of them.

    Args:
        kind: taxable | isa | pension | irp | ria.
        figures: The data file of a country's code; asked only for what has a figure.
    """
    if kind == "ria":
        return HoldingRules(tax_classes=frozenset({"krx_domestic_equity"}))
    if kind == "isa":
        return HoldingRules(exchanges=_LISTED_HERE)
    if kind == "pension":
        return HoldingRules(exchanges=_LISTED_HERE, leveraged=False)
    if kind == "irp":
        return HoldingRules(exchanges=_LISTED_HERE, leveraged=False, risky_cap=_risky_cap(figures("KR")))
    return UNRESTRICTED


def _risky_cap(figures: Mapping[str, Any]) -> Decimal:
    """Return the newest figure: an account is read before anybody has said of which day."""
    rows = [row for row in figures["parameters"] if row["id"] == "irp.risky_cap"]
    return Decimal(max(rows, key=lambda row: row["from"])["value"])
