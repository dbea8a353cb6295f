"""The native CSV: `date,account,type,symbol,shares,price,currency,fees,fx_rate,tax_base_price,lot,note`.

Empty columns may be left out; `date` and `type` may not. Few rows need `ex_date`, `gift_value`, `gift_tax`,
`order_id`, `foreign_tax` or `foreign_rate`. What each column means is told by
`domain/ledger.Entry` and `domain/entry_text`.
"""

from __future__ import annotations

from difflib import get_close_matches

from steelyard.adapters.files.delimited import delimiter_of
from steelyard.adapters.importers.rows import ImportedFile, Sheet, decode, sign_of, table
from steelyard.domain.books.entry_text import COLUMNS, FIELDS
from steelyard.domain.market.catalogue import Catalogue
from steelyard.domain.money import plain
from steelyard.domain.numerals import COMMA, read_numeral
from steelyard.domain.shown import uncell

NUMBERS = ("shares", "price", "fees", "fx_rate", "tax_base_price", "gift_value", "gift_tax", "foreign_tax")


def read(data: bytes, name: str, catalogue: Catalogue, account: str | None) -> ImportedFile:
    """Read a native CSV file.

    Args:
        data: UTF-8, with `,`, `;` or tabs between the cells.
        name: For messages.
        catalogue: Its names and aliases may stand for symbols.
        account: Of rows that name none; `main` unless given.

    Raises:
        PortfolioProblems: With every problem of the file and its line.
    """
    sheet = Sheet(name, catalogue, account)
    # Blank lines above the names are no names.
    text = decode(data, name).lstrip("\n")
    rows = list(table(text, name))
    if rows and not _known_columns(sheet, rows[0][1]):
        return sheet.finish()
    sign = sign_of([row for _, row in rows], NUMBERS, delimiter_of(text.partition("\n")[0]), name)
    guarded = "'" in text
    for line, row in rows:
        if guarded:
            row |= {key: uncell(word) for key, word in row.items() if word[:1] == "'"}
        if sign == COMMA:
            row |= {key: _pointed(row[key]) for key in NUMBERS if row.get(key)}
        if row.pop("", ""):
            sheet.problem(
                "import-row",
                "the row has more cells than there are columns",
                "quote a cell that has a comma in it",
                line,
            )
            continue
        sheet.put(row, line)
    return sheet.finish()


def _pointed(text: str) -> str:
    """Return a number with a decimal comma as it is with a point; what is none stays, to be refused."""
    try:
        found = read_numeral(text, COMMA)
    except ValueError:
        return text
    return plain(found.value) + (f" {found.currency}" if found.currency else "")


def _known_columns(sheet: Sheet, row: dict[str, str]) -> bool:
    names = [n for n in row if n]
    for missing in ("date", "type"):
        if missing not in names:
            sheet.problem(
                "import-header",
                f"there is no column {missing}",
                f"the columns are {','.join(FIELDS)}; or name the format with --format",
                1,
            )
    for unknown in (n for n in names if n not in COLUMNS):
        near = get_close_matches(unknown, COLUMNS, n=1)
        hint = f"did you mean {near[0]}?" if near else "take it out, or describe the file with --map"
        sheet.problem("import-header", f"the column {unknown!r} means nothing here", hint, 1)
    return not sheet.problems
