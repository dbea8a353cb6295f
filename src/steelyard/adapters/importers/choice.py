"""Whose file it is: told by its content, or by the name that the owner gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module

from steelyard.adapters.files.delimited import text_of
from steelyard.adapters.importers.presets.catalogue import load_presets, preset_names
from steelyard.adapters.importers.presets.entries import entries_of
from steelyard.adapters.importers.presets.sheets import Sheets
from steelyard.adapters.importers.presets.statement import Statement
from steelyard.adapters.importers.presets.tables import may_be, read_statement
from steelyard.adapters.importers.rows import ImportedFile, Importer, ImportOptions, Sheet, refuse
from steelyard.domain.books.entry_text import COLUMNS
from steelyard.domain.market.catalogue import Catalogue
from steelyard.domain.numerals import TwoReadings
from steelyard.errors import PortfolioProblems
from steelyard.words import say

CODED = {
    "native": "native",
    "flex": "flex",
}
"""Formats read by code, and its module."""


@dataclass(frozen=True, slots=True)
class Found:
    """A file that was read: its format, its entries, and what there is to know about the format."""

    format: str
    file: ImportedFile
    doubts: tuple[str, ...] = ()


def formats() -> tuple[str, ...]:
    """Return every format there is, sorted."""
    presets = {name.replace("_", "-") for name in preset_names()}
    return tuple(sorted({*CODED, *presets}))


def read_any(data: bytes, name: str, catalogue: Catalogue, options: ImportOptions) -> Found:
    """Read a file.

    Args:
        data: Its bytes.
        name: For messages.
        catalogue: Known instruments.
        options: What its owner says about it.

    Raises:
        PortfolioProblems: Its format is not known or not the one named (`import-header`), or it has rows that
            are not understood.
        InputError: It is a workbook and nothing here reads workbooks (`extra-missing`).
    """
    wanted = options.format or coded(data)
    if wanted in CODED:
        reader: Importer = import_module(f"steelyard.adapters.importers.{CODED[wanted]}").read
        return Found(wanted, reader(data, name, catalogue, options))
    statement = statement_of(data, name, wanted)
    preset = statement.preset
    if not statement.bookings and statement.holdings:
        text = say("the file of {broker} says what is held, not what happened", broker=preset["broker"])
        hint = say("begin a portfolio file with it: `steelyard init DIR --from FILE`")
        raise refuse("import-header", name, text, hint)
    file = entries_of(statement, Sheet(name, catalogue, options))
    return Found(str(preset["id"]).replace("_", "-"), file, tuple(preset.get("doubts", ())))


def statement_of(data: bytes, name: str, wanted: str | None) -> Statement:
    """Return what a file says by the one preset that it is of.

    Args:
        data, name: As for `read_any`.
        wanted: The preset; found by content where None.

    Raises:
        PortfolioProblems: It is of none, or of several (`import-header`); its numbers read two ways.
        InputError: It is a workbook and nothing here reads workbooks (`extra-missing`).
    """
    sheets = Sheets.of(data)
    try:
        presets = [p for id_, p in load_presets().items() if wanted in (None, id_.replace("_", "-"))]
        statements = [s for p in may_be(presets, sheets) if (s := read_statement(p, sheets)) is not None]
    except TwoReadings as error:
        raise PortfolioProblems((error.problem(name),)) from None
    if len(statements) != 1:
        raise _not_one(statements, name, wanted)
    return statements[0]


def _not_one(statements: Sequence[Statement], name: str, wanted: str | None) -> PortfolioProblems:
    if wanted is not None:
        text = say("the file is not one of {wanted}", wanted=wanted)
        return refuse(
            "import-header", name, text, say("leave --format out: the format is found by the content")
        )
    if not statements:
        text = say("the file has no columns that any format here has")
        hint = say(
            "describe it with --map FILE, or name the columns {columns}", columns=", ".join(COLUMNS[:7])
        )
        return refuse("import-header", name, text, hint)
    brokers = " and ".join(str(s.preset["id"]) for s in statements)
    text = say("the file may be one of {brokers}", brokers=brokers)
    return refuse("import-header", name, text, say("name it with --format"))


def coded(data: bytes) -> str | None:
    """Return the format read by code that a file is in, None where it is none of them."""
    head = data[:2000].lstrip(b"\xef\xbb\xbf \r\n\t")
    if head.startswith(b"<") and b"<FlexQueryResponse" in head:
        return "flex"
    try:
        text = text_of(data[:20_000]) if data[:4] != b"PK\x03\x04" else ""
    except ValueError:
        return None
    first = text.lstrip("\n").partition("\n")[0].lower()
    names = [cell.strip().strip('"') for cell in max((first.split(d) for d in ",;\t"), key=len)]
    if {"date", "type"} <= set(names) and sum(n in COLUMNS for n in names) * 2 > len(names):
        return "native"
    return None
