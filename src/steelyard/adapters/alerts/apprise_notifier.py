"""Sending a message through apprise: Telegram, Slack, Discord, mail, ntfy, JSON and some 180 more.

Each message goes out in a process of its own, since no plug-in has a deadline for the whole of what it does
(`courier` says what happens there). What became of it is turned into errors here.
"""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING

from steelyard.adapters.alerts.courier import deliver
from steelyard.adapters.machine import apart
from steelyard.errors import NoAnswer, ServiceError
from steelyard.words import Text, say

if TYPE_CHECKING:
    from steelyard.ports.machine import Secrets

SECONDS = 30
"""For the whole of a message, its picture and the start of its process included."""


class AppriseNotifier:
    """The `Notifier` over apprise.

    Args:
        secrets: Masks whatever apprise says before anybody sees it.
        seconds: Of a whole message.
    """

    def __init__(self, secrets: Secrets, seconds: float = SECONDS) -> None:
        self._secrets, self._seconds = secrets, seconds

    def send(self, address: str, title: str, body: str, picture: bytes | None = None) -> str:
        """Return when the service has accepted the message; see `Notifier`.

        Raises:
            NoAnswer: A connection broke, or ran out of time, when the message was on its way.
            ServiceError: The address cannot be read, or the service did not accept.
        """
        shown = b64encode(picture).decode() if picture else None
        facts = {"address": address, "title": title, "body": body, "picture": shown}
        try:
            found = apart.call(deliver, facts, seconds=self._seconds)
        except apart.Left:
            raise _unanswered(
                say(
                    "no answer within {seconds:g} seconds; the service may have taken the message",
                    seconds=self._seconds,
                )
            ) from None
        if not found["readable"]:
            raise ServiceError(
                "notify-address",
                say("apprise cannot read the address of this service"),
                say("check it against https://github.com/caronc/apprise/wiki"),
            )
        if found["failure"] is not None:
            text = self._secrets.mask(found["failure"] or say("no reason was given"))
            if not isinstance(text, Text):
                text = say("the service says: {text}", text=text)
            if found["broken"]:
                raise _unanswered(say("{text} It did not answer, and may have taken the message", text=text))
            raise ServiceError("notify-failed", text, say("run: steelyard notify test, and see notify list"))
        if found["picture"] is not None:
            failure = found["picture"] or say("no reason was given")
            return self._secrets.mask(say("the picture was not taken: {failure}", failure=failure))
        return ""

    def reads(self, address: str) -> bool:
        """Say whether apprise can read an address; sends nothing."""
        import apprise

        from steelyard.adapters.alerts.apprise_log import listen

        listen()
        return bool(apprise.Apprise().add(address))


def _unanswered(text: str) -> NoAnswer:
    return NoAnswer(
        "notify-unanswered",
        text,
        say("check whether it arrived; the next run sends it again"),
    )
