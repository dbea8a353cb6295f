"""What an account of a Japanese resident may hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from steelyard.domain.accounts import UNRESTRICTED, HoldingRules


def holding_rules(account_kind: str, figures: Callable[[str], Mapping[str, Any]]) -> HoldingRules:
    """Return that nothing is refused: which funds NISA takes is not data here."""
    return UNRESTRICTED
