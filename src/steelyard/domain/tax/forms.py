"""The forms that a year's figures are filed on, as tables a filer can copy from or a program can read."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from steelyard.records import dataclass

Cell = str | Decimal | date | None


@dataclass(frozen=True, slots=True)
class Form:
    """One form, filled in.

    Attributes:
        name: As its country calls it.
        columns: Headings, with the form's own letters or numbers.
        rows: A row a line of the form; money rounded as the form wants it.
        notes: What the filer has to look at before signing, a sentence each.
        text: The whole file where the form is one for other programs; `rows` is then empty.
    """

    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[str, ...] = ()
    text: str = ""
