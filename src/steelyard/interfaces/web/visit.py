"""One request as a screen sees it: plain values, so that a screen is a function of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from steelyard.interfaces.web.display import Display
from steelyard.records import dataclass, field


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that was sent: the name that its owner gave it, and what is in it."""

    name: str
    content: bytes


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
        orders: Whether orders may be sent.
    """

    file: Path
    display: Display
    as_of: date | None = None
    query: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, Upload] = field(default_factory=dict)
    orders: bool = False

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
