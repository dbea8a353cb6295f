"""The one tool that can move money: it carries out a plan that a person approved elsewhere, once.

An approval is given at the terminal (`steelyard approve`) or on the page, never in a conversation, where a
text that an assistant reads could give it. It holds for an hour and for one call; what became of an order is
what the broker says, and unknown stays unknown.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import steelyard
from steelyard.api.serving import happenings, kept_plan
from steelyard.errors import InputError, PlanError
from steelyard.interfaces.mcp.shelf import Shelf
from steelyard.words import say

HOLDS = timedelta(hours=1)
_ID = re.compile(r"[0-9a-f]{64}")


class Approvals:
    """Which approvals were used in one server."""

    def __init__(self) -> None:
        self._used: set[tuple[str, str]] = set()
        self._lock = threading.Lock()

    def execute(self, shelf: Shelf, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        """Carry a plan out whose approval is fresh and was not used."""
        plan = str(asked["plan"])
        if not shelf.orders():
            raise InputError(
                "orders-off",
                say("orders are off"),
                say("the owner starts the server with {flag}", flag="--allow-orders"),
            )
        kept = kept_plan(shelf.file, plan) if _ID.fullmatch(plan) else None
        if kept is None:
            raise InputError(
                "unknown-plan", say("there is no such plan"), say("give the whole id of a saved plan")
            )
        who = self._take(shelf, plan, kept.approved_by)
        return steelyard.execute(shelf.file, plan, live=True, who=who).to_dict()

    def _take(self, shelf: Shelf, plan: str, approved_by: frozenset[str]) -> str:
        """Return who approved a plan, and use that up.

        Raises:
            PlanError: Nobody did, too long ago, or it was used (`not-approved`).
        """
        given = [h for h in happenings(shelf.file) if h.kind == "approval" and h.plan == plan]
        sent = [h for h in happenings(shelf.file) if h.plan == plan and h.kind == "sent"]
        if not approved_by or not given:
            raise _not_approved(plan, say("nobody approved this plan"))
        last = given[-1]
        if datetime.now(UTC) - datetime.fromisoformat(last.at) > HOLDS:
            raise _not_approved(plan, say("its approval is over: it held for an hour"))
        with self._lock:
            if (plan, last.hash) in self._used or any(h.number > last.number for h in sent):
                raise _not_approved(plan, say("its approval was used"))
            self._used.add((plan, last.hash))
        return str(last.facts["who"])


def sums(found: Mapping[str, Any]) -> str:
    """Say in a sentence what became of it."""
    states = ", ".join(f"{o['symbol']} {o['state']}" for o in found["orders"][:6])
    refused = "; ".join(str(r["text"]) for r in found["refusals"][:3])
    return f"{found['outcome']}: {states or 'no orders'}. {refused}"[:240].strip()


def _not_approved(plan: str, why: str) -> PlanError:
    hint = say("the owner runs: {command}", command=f"steelyard approve {plan[:12]}")
    return PlanError("not-approved", why, hint)
