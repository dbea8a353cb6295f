"""Sending a message through apprise: Telegram, Slack, Discord, mail, ntfy, JSON and some 180 more.

Apprise does not raise: `add` answers False for an address it cannot read, and a result is truthy only
when every service took the message. Both are turned into errors here. It is imported when the first
message goes out, since it loads all of its services.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from steelyard.errors import NoAnswer, ServiceError
from steelyard.words import say

if TYPE_CHECKING:
    from steelyard.adapters.alerts.apprise_log import Said
    from steelyard.ports.machine import Secrets


class AppriseNotifier:
    """The `Notifier` over apprise.

    Args:
        secrets: Masks whatever apprise says before anybody sees it.
    """

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets

    def send(self, address: str, title: str, body: str, picture: bytes | None = None) -> str:
        """Return when the service has accepted the message; see `Notifier`.

        Only where text and picture go out as one they are sent as one. Elsewhere the picture follows the
        text in a message of its own: were it refused, the text would otherwise be sent a second time.

        Raises:
            NoAnswer: A connection broke, or ran out of time, when the message was on its way.
            ServiceError: The address cannot be read, or the service did not accept.
        """
        import apprise

        from steelyard.adapters.alerts.apprise_log import listen

        # Its own name and pictures at the foot of a message would only puzzle the reader.
        asset = apprise.AppriseAsset(app_id="Steelyard", app_desc="Steelyard", image_url_mask="")
        service = apprise.Apprise(asset=asset)
        said = listen()
        if not service.add(address):
            raise ServiceError(
                "notify-address",
                say("apprise cannot read the address of this service"),
                say("check it against https://github.com/caronc/apprise/wiki"),
            )
        way = _way_of_pictures(service[0]) if picture else "none"
        failure = _try(service, said, title, body, picture if way == "together" else None)
        if failure is not None:
            text = self._secrets.mask(failure)
            if said.broken:
                raise NoAnswer(
                    "notify-unanswered",
                    say("{text} It did not answer, and may have taken the message", text=text),
                    say("look whether it arrived; the next run sends it again"),
                )
            raise ServiceError("notify-failed", text, say("run: steelyard notify test, and see notify list"))
        if way == "after":
            failure = _try(service, listen(), "", "", picture)
            return (
                ""
                if failure is None
                else self._secrets.mask(say("the picture was not taken: {failure}", failure=failure))
            )
        return ""

    def reads(self, address: str) -> bool:
        """Say whether apprise can read an address; sends nothing."""
        import apprise

        from steelyard.adapters.alerts.apprise_log import listen

        listen()
        return bool(apprise.Apprise().add(address))


_TOGETHER = frozenset({"mailto", "mailtos", "json", "jsons", "form", "forms", "xml", "xmls"})
"""Services to which text and picture go as one message, taken or refused as one."""


def _way_of_pictures(plugin: Any) -> str:
    """Say whether a service takes a picture together with the text, after it, or not at all (`none`)."""
    # A webhook of Slack has no way to take a file, though the plug-in has one for bots.
    if not plugin.attachment_support or (plugin.service_name == "Slack" and plugin.mode == "hook"):
        return "none"
    return "together" if plugin.schema in _TOGETHER else "after"


def _try(service: Any, said: Said, title: str, body: str, picture: bytes | None) -> str | None:
    """Send once; return why the service did not take it, None when it did."""
    import apprise
    from apprise.attachment.memory import AttachMemory

    memory: Any = AttachMemory  # it has no types
    attach = memory(content=picture, name="weights.png", mimetype="image/png") if picture else None
    try:
        if service.notify(title=title, body=body, body_format=apprise.NotifyFormat.TEXT, attach=attach):
            return None
    except Exception as error:  # 180 plug-ins: one that breaks must not stop the others
        said.texts.append(type(error).__name__)
    return "; ".join(dict.fromkeys(said.texts)) or say("no reason was given")
