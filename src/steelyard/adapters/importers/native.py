"""The native CSV: `date,account,type,symbol,shares,price,currency,fees,fx_rate,tax_base_price,lot,note`.

Empty columns may be left out; `date` and `type` may not. Few rows need `ex_date`, `gift_value`, `gift_tax` or
`order_id`. What each column means is told by
`domain/ledger.Entry` and `domain/entry_text`.
"""

from __future__ import annotations

from difflib import get_close_matches

from steelyard.adapters.importers.rows import ImportedFile, Sheet, decode, table
from steelyard.domain.books.entry_text import COLUMNS, FIELDS
from steelyard.domain.market.catalogue import Catalogue


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
    seen = False
    for line, row in table(decode(data, name), name):
        if not seen:
            seen = True
            if not _known_columns(sheet, row):
                break
        if row.pop("", ""):
            sheet.problem(
                "import-row",
                "the row has more cells than there are columns",
                "quote a cell that has a comma in it",
                line,
            )
            continue
        sheet.add(line, **row)
    return sheet.finish()


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
