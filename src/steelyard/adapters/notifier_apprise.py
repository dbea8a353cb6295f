"""Sending a message through apprise: Telegram, Slack, Discord, mail, ntfy, JSON and some 180 more.

Apprise does not raise: `add` answers False for an address it cannot read, and a result is truthy only
when every service took the message. Both are turned into errors here. It is imported when the first
message goes out, since it loads all of its services.
"""

from __future__ import annotations

import logging

from steelyard.errors import NoAnswer, ServiceError
from steelyard.ports import Secrets

_NEVER_REACHED = (
    "Failed to establish a new connection", "Failed to resolve", "Tunnel connection failed", "ConnectTimeout",
    "CERTIFICATE_VERIFY_FAILED", "Connection refused", "Name or service not known",
)  # fmt: skip
"""What its HTTP and mail libraries say when no connection came about, so that nothing can have arrived."""


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
            NoAnswer: A connection broke, or ran out of time, when the message was on its way.
            ServiceError: The address cannot be read, or the service did not accept.
        """
        import apprise

        said = _listen()
        # Its own name and pictures at the foot of a message would only puzzle the reader.
        asset = apprise.AppriseAsset(app_id="Steelyard", app_desc="Steelyard", image_url_mask="")
        service = apprise.Apprise(asset=asset)
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
            text = self._secrets.mask("; ".join(dict.fromkeys(said.texts)) or "no reason was given")
            if said.broken:
                raise NoAnswer(
                    "notify-unanswered",
                    f"{text} It did not answer, and may have taken the message",
                    "look whether it arrived; the next run sends it again",
                )
            raise ServiceError("notify-failed", text, "run: steelyard notify test, and see notify list")

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
    logger.setLevel(logging.DEBUG)
    return said


class _Said(logging.Handler):
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
