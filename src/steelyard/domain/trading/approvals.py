"""Who approves a plan, and whether it was proven to be them."""

from __future__ import annotations

from steelyard.records import dataclass


@dataclass(frozen=True, slots=True)
class Approver:
    """Somebody who approves.

    Attributes:
        name: What they are called.
        proven: They had the secret that belongs to the name; without it anybody can give any.
    """

    name: str
    proven: bool = False
