"""Sending a message through apprise: Telegram, Slack, Discord, mail, ntfy, JSON and some 180 more.

Apprise does not raise: `add` answers False for an address it cannot read, and a result is truthy only
when every service took the message. Both are turned into errors here. It is imported when the first
message goes out, since it loads all of its services.
"""

from __future__ import annotations

import logging

from steelyard.errors import ServiceError
from steelyard.ports import Secrets


class AppriseNotifier:
    """The `Notifier` over apprise.

    Args:
        secrets: Masks whatever apprise says before anybody sees it.
    """

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets

    def send(self, address: str, title: str, body: str) -> None:
        """Return when the service has accepted the message; see `Notifier`.

        Raises:
            ServiceError: The address cannot be read, or the service did not accept.
        """
        import apprise

        said = _listen()
        service = apprise.Apprise()
        if not service.add(address):
            raise ServiceError(
                "notify-address",
                "apprise cannot read the address of this service",
                "check it against https://github.com/caronc/apprise/wiki",
            )
        try:
            accepted = bool(service.notify(title=title, body=body, body_format=apprise.NotifyFormat.TEXT))
        except Exception as error:  # 180 plug-ins: one that breaks must not stop the others
            said.texts.append(type(error).__name__)
            accepted = False
        if not accepted:
            text = "; ".join(dict.fromkeys(said.texts)) or "no reason was given"
            raise ServiceError(
                "notify-failed", self._secrets.mask(text), "run: steelyard notify test, and see notify list"
            )

    def reads(self, address: str) -> bool:
        """Say whether apprise can read an address; sends nothing."""
        import apprise

        _listen()
        return bool(apprise.Apprise().add(address))


def _listen() -> _Said:
    """Collect what apprise says: left alone, its warnings, addresses in them, go to standard error."""
    said = _Said()
    logger = logging.getLogger("apprise")
    logger.propagate = False
    logger.handlers = [said]
    logger.setLevel(logging.WARNING)
    return said


class _Said(logging.Handler):
    """Collects what apprise says about a failure."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one line."""
        self.texts.append(record.getMessage())
