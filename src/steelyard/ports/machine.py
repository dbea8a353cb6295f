"""What the use cases need of the machine: the time, and secrets."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """What time it is, and waiting."""

    def now(self) -> datetime:
        """Return the time, with its zone, in UTC."""
        ...

    def wait(self, seconds: float) -> None:
        """Return after that many seconds."""
        ...


class Secrets(Protocol):
    """Where tokens and addresses with tokens in them come from."""

    def get(self, name: str) -> str | None:
        """Return a secret, None when it is set nowhere."""
        ...

    def services(self) -> dict[str, str]:
        """Return the addresses of the notification services by name."""
        ...

    def mask(self, text: str) -> str:
        """Return the text with every secret that was handed out made unreadable."""
        ...
