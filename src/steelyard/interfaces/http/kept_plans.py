"""The document of a plan that is kept."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from steelyard.api.serving import KeptPlan


def document_of(kept: KeptPlan) -> Mapping[str, Any]:
    """Return the document of a kept plan (`steelyard/kept-plan/1`)."""
    plan = kept.plan
    # What it was made from holds the whole portfolio file: that is for the audit record.
    shown = {key: value for key, value in json.loads(plan.text).items() if key not in ("schema", "inputs")}
    return {
        "schema": "steelyard/kept-plan/1",
        "id": plan.id,
        "saved_at": None if plan.saved_at is None else plan.saved_at.isoformat(),
        "approved_by": sorted(kept.approved_by),
        "finished": kept.finished,
        "content": shown,
    }
