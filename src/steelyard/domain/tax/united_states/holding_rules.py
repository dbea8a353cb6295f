"""What American accounts may hold: the law forbids no listed fund, and an employer's menu is in the file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from steelyard.domain.accounts import UNRESTRICTED, HoldingRules


def holding_rules(kind: str, figures: Callable[[str], Mapping[str, Any]]) -> HoldingRules:
    """Return what accounts of a kind may hold: anything."""
    return UNRESTRICTED
