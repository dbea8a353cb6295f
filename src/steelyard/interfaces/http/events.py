"""Events that happened since one that is known, at once; a stream of them is `interfaces.web.api`'s."""

from __future__ import annotations

from collections.abc import Mapping

from steelyard.interfaces.http.replies import Call, Reply
from steelyard.interfaces.http.service import Service, wrong
from steelyard.interfaces.http.ulids import is_ulid
from steelyard.words import say


def since(call: Call) -> str:
    """Return the id after which events are asked for, empty for all there are.

    Raises:
        Trouble: It is no id (422).
    """
    found = call.headers.get("last-event-id") or call.query.get("since_id") or ""
    if found and not is_ulid(found):
        raise wrong("since_id", say("{raw!r} is not an id of an event", raw=found[:40]))
    return found


def events(service: Service, call: Call, names: Mapping[str, str]) -> Reply:
    """Give what happened since, at once; `Accept: text/event-stream` asks for a stream instead."""
    start = since(call)
    found = service.feed.after(start)
    return Reply(
        200,
        {
            "schema": "steelyard/events/1",
            "events": [{"id": event.id, **event.document} for event in found],
            "last_id": found[-1].id if found else start,
        },
    )
