"""Rows out of what brokers let people download: CSV, tables in HTML that call themselves .xls, and .xlsx."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from html import unescape
from html.parser import HTMLParser

from steelyard.adapters.files.delimited import cells_of, text_of
from steelyard.adapters.importers.rows import Known
from steelyard.errors import InputError
from steelyard.words import say

Line = tuple[int, list[str]]
"""Where a row stands, and its cells."""
MOST_TEXTS = 200_000
"""Different cells that are remembered."""
MOST_BYTES, MOST_CELLS = 300_000_000, 20_000_000
"""Of a workbook, unpacked: what repeats takes next to no room in the file."""
_OBJECTS = re.compile(r"\s*(?:\{|\[\s*[{\]])")
"""How JSON begins; a broker may well put its title in brackets."""
_BEFORE = "\ufeff \t\r\n"
_UNSEEN = "\u200b\ufeff\xa0 \t"
_ROW = re.compile(r"<tr(?=[\s>])", re.IGNORECASE)
_SEAM = re.compile(r"</td></tr>\s*<tr><td>")
_CELL = re.compile(r"<t[dh](?:\s(?:[^<>\"']|\"[^<>\"]*\")*)?>([^<]*)</t[dh]>", re.IGNORECASE)
_ODDITY = re.compile(
    r"<(?:[!?]|style|script|textarea|title|xmp|iframe|noembed|noframes|plaintext)", re.IGNORECASE
)
"""What makes the text behind it something else than tags and text."""


@dataclass(frozen=True, slots=True)
class Sheets:
    """One file, opened in whatever way a layout asks for it; each way is tried once."""

    data: bytes
    text: str | None
    _kept: dict[tuple[str, str], list[Line]] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def of(cls, data: bytes) -> Sheets:
        """Return the sheets of a file; what is no text has none."""
        try:
            return cls(data, None if data[:4] == b"PK\x03\x04" else text_of(data))
        except ValueError:
            return cls(data, None)

    def head(self, lines: int) -> Sheets | None:
        """Return a text's first lines as a file of its own; None where it has no more, or is no plain CSV."""
        if self.text is None or _OBJECTS.match(self.text) or _has_table(self.text):
            return None
        end = -1
        for _ in range(lines):
            end = self.text.find("\n", end + 1)
            if end < 0:
                return None
        return Sheets(b"", self.text[: end + 1])

    def rows(self, container: str, delimiter: str) -> list[Line]:
        """Return the rows of a container; none where the file is no such thing.

        Raises:
            InputError: It is a workbook and nothing here reads workbooks (`extra-missing`).
        """
        # Every preset looks into the file, and most of them by the same delimiter.
        key = container, delimiter
        if key not in self._kept:
            self._kept[key] = self._read(container, delimiter)
        return self._kept[key]

    def _read(self, container: str, delimiter: str) -> list[Line]:
        if container == "xlsx":
            return _workbook(self.data) if self.data[:4] == b"PK\x03\x04" else []
        if self.text is None:
            return []
        if container == "html-table":
            return _html(self.text) if _has_table(self.text) else []
        markup = _has_table(self.text) and self.text.lstrip(_BEFORE)[:1] == "<"
        if markup or _OBJECTS.match(self.text):
            return []
        try:
            # Cells repeat without end: each text is stripped once, and kept once.
            cells = Known(_stripped, MOST_TEXTS).__getitem__
            return [(line, list(map(cells, row))) for line, row in cells_of(self.text, delimiter)]
        except csv.Error:
            return []


def _stripped(cell: str) -> str:
    return cell.strip(_UNSEEN)


def _has_table(text: str) -> bool:
    return "<table" in text[:100_000].lower()


class _Table(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.cell: str | None = None

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th") and self.rows:
            self.cell = ""

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th") and self.cell is not None:
            self.rows[-1].append(self.cell.replace("\xa0", " ").strip())
            self.cell = None

    def handle_data(self, data: str) -> None:
        if self.cell is not None:
            self.cell += data


def _html(text: str) -> list[Line]:
    """Return the rows of all tables; those that are nothing but cells of plain text are not parsed."""
    first = _ROW.search(text)
    begin = first.start() if first else 0
    if first is None or not _closed(text[:begin].lower()):
        return list(enumerate(_parsed(text), 1))
    known = Known(_cleaned, MOST_TEXTS).__getitem__
    if (alike := _alike(text[begin:], known)) is not None:
        return list(enumerate(alike, 1))
    looked = False
    rows: list[list[str]] = []
    for part in _ROW.split(text[begin:])[1:]:
        bare = part.rstrip()
        if bare[:5] == "><td>" and bare[-10:] == "</td></tr>":
            cells = bare[5:-10].split("</td><td>")
            if bare.count("<") == 2 * len(cells) + 1:
                rows.append(list(map(known, cells)))
                continue
        if not looked and _ODDITY.search(text, begin):
            return list(enumerate(_parsed(text), 1))
        looked = True
        cells = _CELL.findall(bare)
        # One sign for the row itself, two a cell, and one to close it.
        signs = 2 * len(cells) + 1, bare.count("<") + (0 if bare[-5:].lower() == "</tr>" else 1)
        if signs[0] == signs[1]:
            rows.append(list(map(known, cells)))
        else:
            rows += _parsed(f"<tr{part}")
    return list(enumerate(rows, 1))


def _alike(body: str, known: Callable[[str], str]) -> list[list[str]] | None:
    """Return the rows of a table that are written alike, the first and the last aside; None of others."""
    seam = _SEAM.search(body)
    if seam is None or "\x00" in body or "\x01" in body:
        return None
    joined = body.replace(seam[0], "\x00").replace("</td><td>", "\x01")
    first, *between, last = joined.split("\x00")
    if joined.count("<") > first.count("<") + last.count("<"):
        return None
    first = first.replace("\x01", "</td><td>") + "</td></tr>"
    last = "<tr><td>" + last.replace("\x01", "</td><td>")
    if _ODDITY.search(first) or _ODDITY.search(last):
        return None
    rows = [list(map(known, row.split("\x01"))) for row in between]
    return [*_parsed(first), *rows, *_parsed(last)]


def _closed(head: str) -> bool:
    """Say whether what stands above the first row has ended before it: comments, styles and scripts."""
    tags = ("style", "script", "title", "textarea", "td", "th>")
    pairs = (("<!--", "-->"), *((f"<{tag}", f"</{tag}") for tag in tags))
    return all(head.count(a) == head.count(b) for a, b in pairs) and head.rfind("<") <= head.rfind(">")


def _parsed(text: str) -> list[list[str]]:
    parser = _Table()
    parser.feed(text)
    parser.close()
    return parser.rows


def _cleaned(cell: str) -> str:
    if "&" in cell:
        cell = unescape(cell)
    return cell.replace("\xa0", " ").strip()


def _workbook(data: bytes) -> list[Line]:
    try:
        import openpyxl  # type: ignore[import-untyped]
    except ImportError:
        raise InputError(
            "extra-missing",
            say("reading .xlsx files needs openpyxl"),
            say("run: pip install 'steelyard[excel]', or save the sheet as CSV"),
        ) from None
    rows: list[Line] = []
    cells = 0
    try:
        if sum(part.file_size for part in zipfile.ZipFile(io.BytesIO(data)).infolist()) > MOST_BYTES:
            raise _too_large()
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        for sheet in book.worksheets:
            for row in sheet.iter_rows(values_only=True):
                cells += len(row)
                if cells > MOST_CELLS:
                    raise _too_large()
                rows.append((len(rows) + 1, [_cell(value) for value in row]))
    except (zipfile.BadZipFile, OSError, ValueError, KeyError, SyntaxError):
        return []  # a zip file, and no workbook
    return rows


def _too_large() -> InputError:
    return InputError(
        "unreadable",
        say("the workbook has more in it than a broker's file"),
        say("save the sheet with the trades as CSV"),
    )


def _cell(value: object) -> str:
    """Return a cell as text; a moment at midnight is a day, a whole float has no point."""
    if value is None:
        return ""
    text = value.isoformat(sep=" ") if hasattr(value, "hour") and hasattr(value, "isoformat") else str(value)
    return text.removesuffix(" 00:00:00").removesuffix(".0").strip()
