"""When a rebalance is due. (Being written: the dataclass is final, the functions follow.)"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Policy:
    """When to rebalance and where to."""

    kind: str = "hybrid"
    look: str = "quarterly"
    look_at: str = "first"
    threshold: Decimal | None = Decimal("0.05")
    relative_threshold: Decimal | None = None
    max_interval_days: int | None = 180
    cooldown_days: int = 0
    destination: str = "target"
    last_rebalance: date | None = None
