"""What a call sends: a JSON object whose figures are text, with known fields of known kinds."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from steelyard.interfaces.http.replies import Call, Trouble
from steelyard.interfaces.http.service import unknown, wrong
from steelyard.words import say

Kinds = Mapping[str, type | tuple[type, ...]]
_WORDS: Mapping[type, str] = {
    str: say("text, as decimal figures are"),
    bool: say("true or false"),
    int: say("a whole number"),
    list: say("a list"),
    dict: say("an object"),
}
DEEPEST = 32
"""Objects and lists inside each other."""


def fields(call: Call, kinds: Kinds, *required: str) -> dict[str, Any]:
    """Return the fields of a call.

    Raises:
        Trouble: One is not known, not of its kind, or missing.
    """
    return known(json_object(call), kinds, *required)


def known(document: dict[str, Any], kinds: Kinds, *required: str) -> dict[str, Any]:
    """Return an object whose fields are known and of their kinds.

    Raises:
        Trouble: One is not (422).
    """
    for name, value in document.items():
        if name not in kinds:
            raise unknown(name)
        kind = kinds[name]
        one = kind if isinstance(kind, type) else kind[0]
        if not isinstance(value, kind) or (isinstance(value, bool) and one is not bool):
            raise wrong(name, say("{name} has to be {kind}", name=name, kind=_WORDS[one]))
    for name in required:
        if name not in document:
            raise wrong(name, say("{name} is missing", name=name))
    return document


def json_object(call: Call, *, number: Callable[[str], Any] | None = None) -> dict[str, Any]:
    """Return the object that a call sends.

    Args:
        call: The call.
        number: Reads a figure that is no whole number; refused unless given.

    Raises:
        Trouble: The body is declared as something else (415), or is none (400).
    """
    kind = call.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Trouble(
            415, "no-json", say("the body has to be JSON"), say("send Content-Type: application/json")
        )
    try:
        found = json.loads(call.body, parse_float=number or _no_float, parse_constant=_no_float)
        deep = _depth(found)
    except (ValueError, RecursionError):
        raise Trouble(400, "bad-json", say("the body is no JSON"), say("see /openapi.json")) from None
    if not isinstance(found, dict) or deep > DEEPEST or _unspeakable(call.body):
        raise Trouble(400, "bad-json", say("the body has to be an object"), say("see /openapi.json"))
    return found


def decimal(raw: str) -> Decimal:
    """Return a JSON number as it is written."""
    return Decimal(raw)


def _unspeakable(body: bytes) -> bool:
    """Say whether a text in it is half a character, which nothing can write down."""
    if b"\\u" not in body:
        return False
    return any("\ud800" <= c <= "\udfff" for c in json.dumps(json.loads(body), ensure_ascii=False))


def _depth(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + max(map(_depth, value.values()), default=0)
    return 1 + max(map(_depth, value), default=0) if isinstance(value, list) else 0


def _no_float(raw: str) -> str:
    raise ValueError(raw)
