"""The native CSV: `date,account,type,symbol,shares,price,currency,fees,fx_rate,tax_base_price,lot,note`.

Empty columns may be left out; `date` and `type` may not. Few rows need `ex_date`, `gift_value`, `gift_tax`,
`order_id`, `foreign_tax` or `foreign_rate`. What each column means is told by
`domain/ledger.Entry` and `domain/entry_text`.
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from steelyard.adapters.files.delimited import delimiter_of
from steelyard.adapters.importers.rows import ImportedFile, ImportOptions, Known, Sheet, decode, grid, sign_in
from steelyard.domain.books.entry_text import COLUMNS, FIELDS
from steelyard.domain.market.catalogue import Catalogue
from steelyard.domain.money import plain
from steelyard.domain.numerals import COMMA, read_numeral
from steelyard.domain.shown import uncell
from steelyard.words import say

NUMBERS = ("shares", "price", "fees", "fx_rate", "tax_base_price", "gift_value", "gift_tax", "foreign_tax")


def read(data: bytes, name: str, catalogue: Catalogue, said: ImportOptions) -> ImportedFile:
    """Read a native CSV file.

    Args:
        data: UTF-8, with `,`, `;` or tabs between the cells.
        name: For messages.
        catalogue: Its names and aliases may stand for symbols.
        said: What its owner says about it.

    Raises:
        PortfolioProblems: With every problem of the file and its line.
    """
    sheet = Sheet(name, catalogue, said)
    # Blank lines above the names are no names.
    text = decode(data, name).lstrip("\n")
    names, lines, rows = grid(text, name)
    if rows and not _known_columns(sheet, names):
        return sheet.finish()
    columns: dict[str, Sequence[str]] = dict(zip(names, zip(*rows, strict=False), strict=False))
    columns.pop("", None)
    columns = sheet.as_said(columns)
    sign = sign_in(columns, NUMBERS, delimiter_of(text.partition("\n")[0]), name)
    if "'" in text:
        columns = {key: [uncell(word) for word in column] for key, column in columns.items()}
    if sign == COMMA:
        pointed = Known(_pointed).__getitem__
        columns |= {key: list(map(pointed, columns[key])) for key in NUMBERS if key in columns}
    many = len(names)
    over = ["".join(cells[many:]) for cells in rows] if max(map(len, rows), default=0) > many else None

    def alone(place: int) -> None:
        """Read one row by its words."""
        line, row = lines[place], {key: column[place] for key, column in columns.items()}
        if over is not None and over[place]:
            sheet.problem(
                "import-row",
                say("the row has more cells than there are columns"),
                say("quote a cell that has a comma in it"),
                line,
            )
            return
        sheet.put(row, line)

    usual = columns
    if over is not None and "type" in columns:
        usual = columns | {"type": ["" if o else kind for o, kind in zip(over, columns["type"], strict=True)]}
    sheet.put_columns(usual, lines, alone)
    return sheet.finish()


def _pointed(text: str) -> str:
    """Return a number with a decimal comma as it is with a point; what is none stays, to be refused."""
    if not text:
        return text
    try:
        found = read_numeral(text, COMMA)
    except ValueError:
        return text
    return plain(found.value) + (f" {found.currency}" if found.currency else "")


def _known_columns(sheet: Sheet, found: Sequence[str]) -> bool:
    names = [n for n in found if n]
    for missing in ("date", "type"):
        if missing not in names:
            sheet.problem(
                "import-header",
                say("there is no column {missing}", missing=missing),
                say("the columns are {choices}; or name the format with --format", choices=",".join(FIELDS)),
                1,
            )
    for unknown in (n for n in names if n not in COLUMNS):
        near = get_close_matches(unknown, COLUMNS, n=1)
        hint = (
            say("did you mean {near}?", near=near[0])
            if near
            else say("take it out, or describe the file with --map")
        )
        sheet.problem(
            "import-header", say("the column {unknown!r} means nothing here", unknown=unknown), hint, 1
        )
    return not sheet.problems
