"""The text of a portfolio file with another [policy]: values change where they stand, comments stay.

As with targets: what comes out is read again and must say just that, or it is refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from steelyard.adapters.files.toml_places import spans
from steelyard.adapters.files.toml_text import tree_of
from steelyard.errors import InputError
from steelyard.words import say


def with_policy(text: str, wanted: Mapping[str, str | int | None]) -> str:
    """Return the text of a file in which some keys of [policy] have other values.

    Args:
        text: Of a TOML file.
        wanted: By key; None for a key that is left out.

    Raises:
        InputError: The table stands in the file in a way that is not understood (`policy-layout`).
    """
    before, found = tree_of(text), spans(text)
    written = {path[1]: span for path, span in found.items() if len(path) == 2 and path[0] == "policy"}
    changes: list[tuple[int, int, str]] = []
    added = []
    for key, value in wanted.items():
        if key in written and value is not None:
            changes.append((*written[key], _value(value)))
        elif key in written:
            start = text.rfind("\n", 0, written[key][0]) + 1
            end = text.find("\n", written[key][1])
            changes.append((start, len(text) if end < 0 else end + 1, ""))
        elif value is not None:
            added.append(f"{key} = {_value(value)}")
    if added:
        changes.append(_added(text, list(written.values()), added))
    for start, end, word in sorted(changes, reverse=True):
        text = text[:start] + word + text[end:]
    table = before.get("policy", {})
    try:
        said = {**table, **{k: v for k, v in wanted.items() if v is not None}}
        for key in [k for k, v in wanted.items() if v is None]:
            said.pop(key, None)
        understood = tree_of(text) == {**before, "policy": said}
    except (TypeError, ValueError):
        understood = False
    if not understood:
        raise InputError(
            "policy-layout",
            say("the policy stands in a way that cannot be changed safely"),
            say("write it under [policy], each key on a line of its own, then try again"),
        )
    return text


def _added(text: str, written: list[tuple[int, int]], lines: list[str]) -> tuple[int, int, str]:
    newline = "\r\n" if "\r\n" in text else "\n"
    if written:
        place = text.find("\n", max(end for _, end in written))
    else:
        header = re.search(r"^[ \t]*\[policy\][^\n]*", text, re.MULTILINE)
        if header is None:
            return len(text), len(text), f"{newline}[policy]{newline}" + newline.join(lines) + newline
        place = text.find("\n", header.start())
    if place < 0:
        return len(text), len(text), "".join(newline + line for line in lines)
    place -= text[place - 1] == "\r"
    return place, place, "".join(newline + line for line in lines)


def _value(value: str | int) -> str:
    return str(value) if isinstance(value, int) else json.dumps(value, ensure_ascii=False)
