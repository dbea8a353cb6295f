"""What happened, as events that can be taken up again: ids that sort by time, each with a whole snapshot.

What happens to plans and orders is in the audit record, whoever did it: the page, a command, the scheduled
job. So events are read from there, their ids follow from the record alone, and a server that was started anew
gives the same ones. Jobs are this server's own and gone with it.
"""

from __future__ import annotations

import json
import threading
from bisect import bisect_right
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from steelyard.api.serving import Happening, OrderState, happenings, order_state
from steelyard.interfaces.http.jobs import Job
from steelyard.interfaces.http.kept_plans import document_of
from steelyard.interfaces.http.ulids import ulid
from steelyard.records import dataclass

MOST = 10_000
"""Events that are known; the oldest go first."""
PAGE = 500
"""Events in one answer."""
_ORDERS = ("planned", "sent", "accepted", "partially_filled", "filled", "cancelled", "rejected", "expired",
           "unknown", "adopted", "taken-back")  # fmt: skip
_TYPES = {
    "plan-saved": "plan.saved",
    "approval": "plan.approved",
    "plan-done": "plan.done",
    "refused": "plan.refused",
    "halt": "trading.halted",
    "resume": "trading.resumed",
    "arming": "trading.armed",
    "disarming": "trading.disarmed",
    "fill": "fill.heard",
    "sync": "orders.heard",
}


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened.

    Attributes:
        id: A ULID.
        type: What, in two words.
        document: Everything that is to be known of it, as it was when it was read.
    """

    id: str
    type: str
    document: Mapping[str, Any]


class Feed:
    """The events of the portfolios of one server, in the order of their ids.

    Args:
        files: The portfolio files, by name.
    """

    def __init__(self, files: Mapping[str, Path]) -> None:
        self._files = files
        self._links = dict.fromkeys(files, 0)
        self._marks: dict[str, tuple[int, ...]] = {}
        self._jobs: list[Job] = []
        self._events: list[Event] = []
        self._ids: list[str] = []
        self._last = 0
        self._lock = threading.Lock()

    def heard(self, job: Job) -> None:
        """Take up that a job changed."""
        with self._lock:
            self._jobs.append(job)

    def after(self, event_id: str, most: int = PAGE) -> tuple[Event, ...]:
        """Return the events after an id, the oldest first; from the beginning where it is empty."""
        with self._lock:
            self._read()
            start = bisect_right(self._ids, event_id)
            return tuple(self._events[start : start + most])

    def last_id(self) -> str:
        """Return the newest id there is, empty where nothing happened."""
        with self._lock:
            self._read()
            return self._ids[-1] if self._ids else ""

    def _read(self) -> None:
        for name, file in self._files.items():
            marks = _marks(file)
            if self._marks.get(name) == marks:
                continue
            self._marks[name] = marks
            found = happenings(file, self._links[name])
            if not found:
                continue
            state = order_state(file)
            for one in found:
                self._links[name] = one.number
                self._add(
                    _moment(one.at), one.number << 48 | int(one.hash[:12], 16), *_event(name, one, state)
                )
        for job in self._jobs:
            made = datetime.now(UTC).isoformat()
            shown = {**job.document, "result": None}
            document = {"type": "job.changed", "at": made, "portfolio": job.portfolio, "job": shown}
            self._add(_moment(made), len(self._ids) << 48, "job.changed", document)
        self._jobs.clear()

    def _add(self, moment: int, rest: int, kind: str, document: Mapping[str, Any]) -> None:
        # A clock that went back must not put an event before one that was already given out.
        self._last = max(self._last, moment)
        event = Event(ulid(self._last, rest), kind, document)
        place = bisect_right(self._ids, event.id)
        if place < len(self._ids):
            event = Event(ulid(self._last + 1, rest), kind, document)
            self._last += 1
        self._ids.append(event.id)
        self._events.append(event)
        if len(self._ids) > MOST:
            del self._ids[: MOST // 10], self._events[: MOST // 10]


def _marks(file: Path) -> tuple[int, ...]:
    """Return what tells that a database was written to."""
    found = []
    for beside in ("steelyard.db", "steelyard.db-wal"):
        try:
            about = file.with_name(beside).stat()
        except OSError:
            continue
        found += [about.st_mtime_ns, about.st_size]
    return tuple(found)


def _moment(at: str) -> int:
    return int(datetime.fromisoformat(at).timestamp() * 1000)


def _event(name: str, one: Happening, state: OrderState) -> tuple[str, Mapping[str, Any]]:
    kind = _TYPES.get(one.kind) or (
        "order.changed" if "order" in one.facts or one.kind in _ORDERS else "record"
    )
    kept = next((k for k in state.plans if k.plan.id == one.plan), None)
    orders = [o.to_dict() for o in state.orders if one.plan and o.plan_id == one.plan]
    return kind, {
        "type": kind,
        "at": one.at,
        "portfolio": name,
        "record": one.kind,
        "facts": dict(one.facts),
        "plan": None if kept is None else document_of(kept),
        "orders": orders,
        "halted": state.halted,
    }


def line_of(event: Event) -> str:
    """Return an event as a stream of server-sent events has it."""
    data = json.dumps({"id": event.id, **event.document}, ensure_ascii=True, default=str)
    return f"id: {event.id}\nevent: {event.type}\ndata: {data}\n\n"
