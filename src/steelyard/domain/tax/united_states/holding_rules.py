"""What American accounts may hold: the law forbids no listed fund, and an employer's menu is in the file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from steelyard.domain.accounts import UNRESTRICTED, HoldingRules
from steelyard.words import say

_SAVED_FOR_SCHOOL = HoldingRules(
    selling_note=say(
        "what a 529 plan is invested in may be changed twice a calendar year (26 U.S.C. 529(b)(4)); where "
        "new money goes may be chosen each time"
    )
)
"""Source: 26 U.S.C. 529(b)(4) as amended by the ABLE Act of 2014; read in a published guide only."""


def holding_rules(kind: str, figures: Callable[[str], Mapping[str, Any]]) -> HoldingRules:
    """Return what accounts of a kind may hold: anything; of a 529 plan the changes are counted."""
    return _SAVED_FOR_SCHOOL if kind == "529" else UNRESTRICTED
