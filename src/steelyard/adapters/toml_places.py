"""On which line of a TOML file a key stands. Used only once something is wrong.

A TOML parser forgets where things stood. This reads the text a second time, by lines: headers move
the path, `key = ...` names a place, and inside an array or inline table spread over several lines
the line of the key it belongs to is the answer.
"""

from __future__ import annotations

import re

Path = tuple[str | int, ...]
_HEADER = re.compile(r"\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*(#.*)?$")
_KEY = re.compile(
    r"\s*((?:[A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*'))*)\s*="
)
_PART = re.compile(r"[A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*'")
_STRING = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'[^']*'")


def places(text: str) -> dict[Path, int]:
    """Return the one-based line of every header and key of a TOML text, by path; entries of arrays
    of tables are numbered from 0."""
    found: dict[Path, int] = {}
    counts: dict[Path, int] = {}
    prefix: Path = ()
    depth = 0
    for number, line in enumerate(text.splitlines(), start=1):
        bare = _STRING.sub('""', line).split("#", 1)[0]
        if depth == 0:
            header = _HEADER.match(line)
            key = None if header else _KEY.match(line)
            if header:
                prefix = _resolve(_parts(header[2]), counts, new=header[1] == "[[")
                found.setdefault(prefix, number)
                continue
            if key:
                found.setdefault(prefix + _parts(key[1]), number)
        depth = max(depth + bare.count("[") + bare.count("{") - bare.count("]") - bare.count("}"), 0)
    return found


def line_of(found: dict[Path, int], path: Path) -> int | None:
    """Return the line of a path, or of the nearest thing around it."""
    while path:
        if path in found:
            return found[path]
        path = path[:-1]
    return None


def dotted(path: Path) -> str:
    """Return a path as people write it: `accounts[0].positions[2].shares`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else (f".{part}" if text else part)
    return text


def _parts(dotted_key: str) -> tuple[str, ...]:
    return tuple(part.strip("\"'") for part in _PART.findall(dotted_key))


def _resolve(parts: tuple[str, ...], counts: dict[Path, int], *, new: bool) -> Path:
    path: Path = ()
    for place, part in enumerate(parts):
        path += (part,)
        if new and place == len(parts) - 1:
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            path += (counts[path],)
    return path
