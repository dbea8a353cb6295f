"""The official description of Alpaca's trading API, where it is at hand.

It is not part of this repository. It comes from alpacahq/alpaca-mcp-server,
`src/alpaca_mcp_server/specs/trading-api.json`, and is looked for as `specs/alpaca-trading-api.json` in the
shared folder beside the checkout.
"""

import json
import os
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
SPEC = Path(os.environ.get("STEELYARD_SHARED", ROOT.parent / "shared")) / "specs" / "alpaca-trading-api.json"


def official():
    """The official description, with one slip put right.

    It says each activity is "one of" two kinds none of whose fields is required, so that every fill is both
    and none would do. The same answer of `/v2/account/activities` is "any of" them.
    """
    told = json.loads(SPEC.read_text(encoding="utf-8"))
    answer = told["paths"]["/v2/account/activities/{activity_type}"]["get"]["responses"]["200"]
    items = answer["content"]["application/json"]["schema"]["items"]
    items["anyOf"] = items.pop("oneOf")
    return told
