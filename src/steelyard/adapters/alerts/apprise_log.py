"""What apprise says while it sends: the only place where it tells why a service did not take a message."""

from __future__ import annotations

import logging

_NEVER_REACHED = (
    "Failed to establish a new connection", "Failed to resolve", "Tunnel connection failed", "ConnectTimeout",
    "CERTIFICATE_VERIFY_FAILED", "Connection refused", "Name or service not known",
)  # fmt: skip
"""What its HTTP and mail libraries say when no connection came about, so that nothing can have arrived."""


def listen() -> Said:
    """Collect what apprise says: left alone, its warnings, addresses in them, go to standard error."""
    said = Said()
    logger = logging.getLogger("apprise")
    logger.propagate = False
    logger.handlers = [said]
    logger.setLevel(logging.DEBUG)
    return said


class Said(logging.Handler):
    """Collects what apprise says about a failure, and whether a connection broke off after it stood.

    The second it says on its debug level only, among lines with tokens in them, so those are not kept.
    """

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.texts: list[str] = []
        self.broken = False

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one line."""
        text = record.getMessage()
        if record.levelno >= logging.WARNING:
            self.texts.append(text)
        elif "Socket Exception" in text and not any(mark in text for mark in _NEVER_REACHED):
            self.broken = True
