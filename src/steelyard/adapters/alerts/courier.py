"""Delivering one message through apprise, in the process that `apart.call` makes for it.

Apprise does not raise: `add` answers False for an address it cannot read, and a result is truthy only
when every service took the message. It follows redirects with the message and its secrets, and reads an
answer without end; in this process neither happens.
"""

from __future__ import annotations

from base64 import b64decode
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from steelyard.adapters.alerts.apprise_log import Said

LARGEST = 1_000_000
"""Bytes of a service's answer, unpacked."""
_PART = 4096
"""Bytes that are unpacked at a time: a thousand times as many come of them at most."""

_TOGETHER = frozenset({"mailto", "mailtos", "json", "jsons", "form", "forms", "xml", "xmls"})
"""Services to which text and picture go as one message, taken or refused as one."""


def deliver(facts: dict[str, Any]) -> dict[str, Any]:
    """Deliver a message once.

    Only where text and picture go out as one they are sent as one. Elsewhere the picture follows the
    text in a message of its own: were it refused, the text would otherwise be sent a second time.

    Args:
        facts: `address`, `title`, `body`, and `picture` in base 64 or None.

    Returns:
        `readable`: whether apprise can read the address. `failure`: why the service did not take the message,
        None when it did. `broken`: whether a connection broke that had stood. `picture`: why the picture was
        not taken, None when it was.
    """
    import apprise

    from steelyard.adapters.alerts.apprise_log import listen

    _confine()
    picture = b64decode(facts["picture"]) if facts["picture"] else None
    # Its own name and pictures at the foot of a message would only puzzle the reader.
    asset = apprise.AppriseAsset(app_id="Steelyard", app_desc="Steelyard", image_url_mask="")
    service = apprise.Apprise(asset=asset)
    said = listen()
    if not service.add(facts["address"]):
        return {"readable": False}
    way = _way_of_pictures(service[0]) if picture else "none"
    failure = _try(service, said, facts["title"], facts["body"], picture if way == "together" else None)
    after = _try(service, listen(), "", "", picture) if failure is None and way == "after" else None
    return {"readable": True, "failure": failure, "broken": said.broken, "picture": after}


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
    return "; ".join(dict.fromkeys(said.texts))


def _confine() -> None:
    """Let no plug-in follow a redirect, or read more of an answer than `LARGEST`."""
    import requests

    send = requests.Session.send

    def bounded(self: requests.Session, request: requests.PreparedRequest, **how: Any) -> requests.Response:
        response = send(self, request, **{**how, "stream": True, "allow_redirects": False})
        body = bytearray()
        for part in response.iter_content(_PART):
            body += part
            if len(body) > LARGEST:
                response.close()
                raise requests.ConnectionError("the answer does not end")
        response._content = bytes(body)
        return response

    # A message that is turned into a request for a page, or taken to another host, is not delivered.
    requests.Session.send = bounded  # type: ignore[method-assign]
