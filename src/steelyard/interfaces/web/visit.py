"""One request as a screen sees it: plain values, so that a screen is a function of them."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from steelyard.interfaces.http.jobs import Jobs
from steelyard.interfaces.web.display import Display
from steelyard.records import dataclass, field


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that was sent: the name that its owner gave it, and what is in it."""

    name: str
    content: bytes

    @contextmanager
    def written(self) -> Iterator[Path]:
        """Write it as a file for as long as it is read."""
        with TemporaryDirectory() as folder:
            # The name is somebody else's: only its ending says anything of what is in it.
            file = Path(folder) / f"upload{Path(self.name).suffix[:8]}"
            file.write_bytes(self.content)
            yield file


class Waiting:
    """Uploads between a look at them and the word to add them: few, in memory, the oldest goes first."""

    MOST = 4

    def __init__(self) -> None:
        self._uploads: dict[str, Upload] = {}

    def keep(self, upload: Upload) -> str:
        """Keep a file and return the number under which it waits."""
        number = secrets.token_urlsafe(16)
        for old in list(self._uploads)[: max(0, len(self._uploads) - self.MOST + 1)]:
            self._uploads.pop(old, None)
        self._uploads[number] = upload
        return number

    def take(self, number: str) -> Upload | None:
        """Return the file of a number, which is then gone; None where there is none."""
        return self._uploads.pop(number, None)


@dataclass(frozen=True, slots=True)
class Visit:
    """What was asked for.

    Attributes:
        file: The portfolio file.
        display: How the reader sees figures.
        as_of: The day to evaluate for, None for today.
        query: What the address asks, the last of each name.
        form: What was sent, likewise; empty where something is only looked at.
        files: What was uploaded, by field.
        orders: Whether saved plans may be approved.
        waiting: Uploads that wait for a word.
        name: What the portfolio is called in addresses.
        prefix: What its addresses begin with.
        jobs: What takes long.
    """

    file: Path
    display: Display
    as_of: date | None = None
    query: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, Upload] = field(default_factory=dict)
    orders: bool = False
    waiting: Waiting = field(default_factory=Waiting)
    name: str = ""
    prefix: str = ""
    jobs: Jobs = field(default_factory=Jobs)

    def asked(self, name: str, default: str = "") -> str:
        """Return one field of the form or, without it, of the address, without space around it."""
        return (self.form.get(name) or self.query.get(name) or default).strip()


@dataclass(frozen=True, slots=True)
class Screen:
    """What a page shows: a template with its facts, or somewhere else to go.

    Attributes:
        template: File name, empty for something that is not HTML.
        facts: By the names that the template uses.
        status: Of HTTP.
        goto: Path of this server to go to next, after something was written.
        content: Body of what is not HTML.
        kind: Its media type.
        name: File name to save it under.
    """

    template: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    status: int = 200
    goto: str = ""
    content: str = ""
    kind: str = "text/plain; charset=utf-8"
    name: str = ""
