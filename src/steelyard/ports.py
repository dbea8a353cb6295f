"""What the use cases need from the world, as small protocols in domain types."""

from __future__ import annotations

from datetime import date
from typing import Protocol


class Sessions(Protocol):
    """Which days an exchange trades."""

    def is_session(self, exchange: str, day: date) -> bool:
        """Say whether `exchange` (ISO 10383 code: XKRX, XNYS) has a session on `day`."""
        ...
