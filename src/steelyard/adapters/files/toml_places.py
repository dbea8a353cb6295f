"""On which line of a TOML file a key stands, and from where to where its value. Used only once something is
wrong, or is to be changed.

A TOML parser forgets where things stood. This reads the text a second time, as tokens: headers move
the path, `key = ...` names a place, and so does every entry of a list or of an inline table, however
many lines it is spread over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

Path = tuple[str | int, ...]

# Written as text: compiled when the first file with a problem is read, since most have none.
_TOKEN = r"""
    (?P<comment>  \#[^\n]* )
  | (?P<string>   \"{3}(?:\\.|[^\\])*?\"{3,5} | '{3}.*?'{3,5} | "(?:\\.|[^"\\\n])*" | '[^'\n]*' )
  | (?P<newline>  \n )
  | (?P<space>    [ \t\r]+ )
  | (?P<mark>     [\[\]{}=,] )
  | (?P<bare>     [^\s\#"'\[\]{}=,]+ )
"""
_PART = r"[A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*'"


class _Token(NamedTuple):
    text: str
    line: int
    start: int


_END = _Token("", 0, -1)


def places(text: str) -> dict[Path, int]:
    """Return the one-based line of everything a TOML text names, by path: headers, keys, and the entries
    of lists and of arrays of tables, which are numbered from 0."""
    return _Reader(text).found


def spans(text: str) -> dict[Path, tuple[int, int]]:
    """Return from where to where every value stands that a TOML text names, by path."""
    return _Reader(text).spans


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


def _tokens(text: str) -> Iterator[_Token]:
    line = 1
    for match in re.finditer(_TOKEN, text, re.VERBOSE | re.DOTALL):
        if match.lastgroup not in ("comment", "space"):
            yield _Token(match[0], line, match.start())
        line += match[0].count("\n")


class _Reader:
    """Walks the tokens of a text that a TOML parser has accepted."""

    def __init__(self, text: str) -> None:
        self.found: dict[Path, int] = {}
        self.spans: dict[Path, tuple[int, int]] = {}
        self._behind = 0
        self._counts: dict[Path, int] = {}
        self._tokens = _tokens(text)
        self._now = next(self._tokens, _END)
        self._document()

    def _next(self) -> _Token:
        token, self._now = self._now, next(self._tokens, _END)
        if token is not _END:
            self._behind = token.start + len(token.text)
        return token

    def _document(self) -> None:
        prefix: Path = ()
        while self._now is not _END:
            if self._now.text == "\n":
                self._next()
            elif self._now.text == "[":
                prefix = self._header()
            else:
                self._pair(prefix)

    def _header(self) -> Path:
        line, new = self._next().line, self._now.text == "["
        if new:
            self._next()
        path: Path = ()
        parts = self._key("]")
        for place, part in enumerate(parts):
            path += (part,)
            if new and place == len(parts) - 1:
                self._counts[path] = self._counts.get(path, -1) + 1
            if path in self._counts:
                path += (self._counts[path],)
        self.found.setdefault(path, line)
        while self._now.text not in ("\n", ""):
            self._next()
        return path

    def _pair(self, prefix: Path) -> None:
        line = self._now.line
        path = prefix + self._key("=")
        self.found.setdefault(path, line)
        start = self._now.start
        self._value(path)
        self.spans.setdefault(path, (start, self._behind))

    def _key(self, end: str) -> tuple[str, ...]:
        """Read a key with the mark that ends it."""
        written = ""
        while self._now.text not in (end, ""):
            written += self._next().text
        self._next()
        return tuple(part.strip("\"'") for part in re.findall(_PART, written))

    def _value(self, path: Path) -> None:
        if self._now.text == "[":
            for place in self._entries("]"):
                self.found.setdefault((*path, place), self._now.line)
                self._value((*path, place))
        elif self._now.text == "{":
            for _ in self._entries("}"):
                self._pair(path)
        else:
            # A date and its time are two tokens.
            while self._now.text not in ("\n", ",", "]", "}", ""):
                self._next()

    def _entries(self, end: str) -> Iterator[int]:
        """Stop at the beginning of every entry of a list or inline table, and behind its end."""
        self._next()
        place = 0
        while True:
            while self._now.text in ("\n", ","):
                self._next()
            if self._now.text in (end, ""):
                self._next()
                return
            yield place
            place += 1
