"""The text of a portfolio file with other targets: figures change, comments and everything else stay.

A file is somebody's own, so nothing of it is written anew: the characters of a weight are replaced where they
stand, and a new target gets a line of its own. What comes out is read again and must say just that, or it is
refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal

from steelyard.adapters.files.toml_places import spans
from steelyard.adapters.files.toml_text import tree_of
from steelyard.domain.money import EXACT, plain
from steelyard.errors import InputError
from steelyard.words import say

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def percent_text(weight: Decimal) -> str:
    """Return a weight as a file says it: `"35%"`, the quotes included."""
    return f'"{plain(weight.scaleb(2, EXACT))}%"'


def with_targets(text: str, targets: Mapping[str, Decimal]) -> str:
    """Return the text of a file in which some targets have other weights.

    Args:
        text: Of a TOML file with `[targets]`.
        targets: By name as the file writes it, or a new one; names that are not there are added at the end.

    Raises:
        InputError: The targets stand in the file in a way that is not understood (`targets-layout`).
    """
    before, found = tree_of(text), spans(text)
    written = {path[1]: span for path, span in found.items() if len(path) == 2 and path[0] == "targets"}
    changes = [(*written[name], percent_text(weight)) for name, weight in targets.items() if name in written]
    added = {name: weight for name, weight in targets.items() if name not in written}
    if added:
        changes.append(_added(text, list(written.values()), found.get(("targets",)), added))
    for start, end, word in sorted(changes, reverse=True):
        text = text[:start] + word + text[end:]
    said = {name: percent_text(weight).strip('"') for name, weight in targets.items()}
    table = before.get("targets", {})
    try:
        understood = isinstance(table, dict) and tree_of(text) == {**before, "targets": {**table, **said}}
    except ValueError:
        understood = False
    if not understood:
        raise InputError(
            "targets-layout",
            say("the targets stand in a way that cannot be changed safely"),
            say("write them under [targets], each on a line of its own, then try again"),
        )
    return text


def _added(
    text: str,
    written: list[tuple[int, int]],
    inline: tuple[int, int] | None,
    added: Mapping[str, Decimal],
) -> tuple[int, int, str]:
    """Return where new targets go and as what: behind the last one there is."""
    pairs = [f"{_key(name)} = {percent_text(weight)}" for name, weight in added.items()]
    if inline is not None and written:
        end = max(end for _, end in written)
        return end, end, "".join(f", {pair}" for pair in pairs)
    newline = "\r\n" if "\r\n" in text else "\n"
    if written:
        last = max(end for _, end in written)
        line_start = text.rfind("\n", 0, last) + 1
        lead = re.match(r"[ \t]*(targets[ \t]*\.[ \t]*)?", text[line_start:])
        place = text.find("\n", last)
        place = len(text) if place < 0 else place - (text[place - 1] == "\r")
        return place, place, "".join(f"{newline}{lead[0] if lead else ''}{pair}" for pair in pairs)
    header = re.search(r"^[ \t]*\[targets\][^\n]*", text, re.MULTILINE)
    if header is None:
        return len(text), len(text), f"{newline}[targets]{newline}" + newline.join(pairs) + newline
    place = header.end() - header[0].endswith("\r")
    return place, place, "".join(newline + pair for pair in pairs)


def _key(name: str) -> str:
    # Symbols of digits are quoted too, as people write them: a bare 069500 looks like a number.
    if _BARE.fullmatch(name) and not name[0].isdigit():
        return name
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
