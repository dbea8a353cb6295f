"""Standard output and standard error as everything that is printed passes them: the one door to a terminal.

What comes from files may hold characters that a terminal acts on; here they are written out. What a terminal
cannot show in its encoding is written in letters that it can, so that no command ends in the middle of a
sentence.
"""

from __future__ import annotations

import codecs
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TextIO
from unicodedata import normalize

from steelyard.domain.shown import shown, written

if TYPE_CHECKING:
    from rich.console import Console

_ALIKE = {
    "₩": ("￦", "KRW "), "€": ("EUR ",), "£": ("GBP ",), "¥": ("JPY ",), "…": ("...",), "—": ("-",),
    "–": ("-",), "−": ("-",), "·": (".",), "●": ("o",), "◀": ("<",), "▶": (">",), "’": ("'",),
    "‘": ("'",), "“": ('"',),
    "”": ('"',), "×": ("x",), "≥": (">=",), "≤": ("<=",), "→": ("->",), "\u00a0": (" ",), "\u202f": (" ",),
}  # fmt: skip
"""What stands for our own signs where an encoding lacks them, best first."""
_ERRORS = "steelyard"


class ReaderGone(Exception):
    """Whoever read what is printed has read enough (`| head`). An OSError click would call a failure."""


class Edge:
    """A text stream that what is printed goes through; all else is the stream's own.

    Attributes:
        beneath: The stream itself, for one that sees to its characters (`console`).
    """

    def __init__(self, beneath: TextIO) -> None:
        self.beneath = beneath

    def write(self, text: str) -> int:
        """Write a text, what is hidden in it written out."""
        try:
            self.beneath.write(shown(text, lines=True))
        except BrokenPipeError:
            raise ReaderGone from None
        return len(text)

    def flush(self) -> None:
        """Let what was written go on."""
        try:
            self.beneath.flush()
        except BrokenPipeError:
            raise ReaderGone from None

    def writelines(self, lines: Iterator[str]) -> None:
        """Write several."""
        for line in lines:
            self.write(line)

    @property
    def encoding(self) -> str:
        """That of the stream; of ASCII nothing is said, since click would go round a stream of that kind."""
        name = self.beneath.encoding or "utf-8"
        return name if name.lower().startswith("utf") else _name(name)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.beneath, name)


def _name(encoding: str) -> str:
    try:
        return "utf-8" if codecs.lookup(encoding).name == "ascii" else encoding
    except LookupError:
        return "utf-8"


@contextmanager
def guarded() -> Iterator[None]:
    """Let everything that is printed pass the edge."""
    kept = sys.stdout, sys.stderr
    try:
        sys.stdout, sys.stderr = _edge(sys.stdout), _edge(sys.stderr)
        yield
    finally:
        sys.stdout, sys.stderr = kept
        for stream in filter(None, kept):
            try:
                stream.flush()
            except BrokenPipeError:
                # Else Python tries again at its end, and fails.
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
            except ValueError:  # it is closed
                continue


def _edge(stream: Any) -> Any:
    if stream is None or isinstance(stream, Edge):
        return stream
    if hasattr(stream, "reconfigure") and not _is_wide(stream.encoding):
        codecs.register_error(_ERRORS, _told_otherwise)
        stream.reconfigure(errors=_ERRORS)
    return Edge(stream)


def can_show(text: str) -> bool:
    """Say whether standard output can show a text as it is."""
    encoding = getattr(getattr(sys.stdout, "beneath", sys.stdout), "encoding", None) or "utf-8"
    if _is_wide(encoding):
        return True
    try:
        text.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _is_wide(encoding: str | None) -> bool:
    return (encoding or "utf-8").lower().replace("_", "-").startswith(("utf-8", "utf8", "utf-16", "utf-32"))


def _told_otherwise(error: UnicodeError) -> tuple[str, int]:
    """Say in an encoding's own letters what it has no letter for."""
    assert isinstance(error, UnicodeEncodeError)
    letter = error.object[error.start]
    plain = "".join(c for c in normalize("NFKD", letter) if c.isascii())
    for alike in (*_ALIKE.get(letter, ()), *((plain,) if plain else ()), written(letter)):
        try:
            alike.encode(error.encoding)
        except UnicodeEncodeError:
            continue
        return alike, error.start + 1
    return "?", error.start + 1


def console(**how: Any) -> Console:
    """Return a console on standard output that writes colours itself, and out of a text takes none."""
    from rich.console import Console, ConsoleOptions, RenderableType
    from rich.segment import Segment

    class Plain(Console):
        def render(
            self, renderable: RenderableType, options: ConsoleOptions | None = None
        ) -> Iterator[Segment]:
            for segment in super().render(renderable, options):
                if segment.control:
                    yield segment
                else:
                    yield Segment(shown(segment.text, lines=True), segment.style)

    out: Any = sys.stdout
    if isinstance(out, Edge):
        out = _Trusted(out.beneath)
    return Plain(file=out, **how)


class _Trusted(Edge):
    """What a console writes to: it has seen to the characters itself."""

    def write(self, text: str) -> int:
        try:
            return self.beneath.write(text)
        except BrokenPipeError:
            raise ReaderGone from None
