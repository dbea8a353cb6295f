"""What every importer shares: collecting rows in the words of `entry_text`, and every problem with its line.

A file is taken whole or not at all. What a broker's file holds that is no business of a journal of funds
(an option, a cancelled order) is skipped and said so; what ought to be understood and is not, is a problem.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, TypeVar

from steelyard.adapters.files.delimited import delimiter_of, text_of, usual_sign
from steelyard.domain.books.entry_reader import EntryReader
from steelyard.domain.books.entry_text import unit_price
from steelyard.domain.books.ledger import Row
from steelyard.domain.market.catalogue import Catalogue
from steelyard.domain.money import EXACT, ZERO, parse_number, plain
from steelyard.domain.numerals import TwoReadings, decimal_sign
from steelyard.errors import PortfolioProblems, Problem

MANY = 20_000
"""Texts that are remembered together with what they mean."""
_Read = TypeVar("_Read")


@dataclass(frozen=True, slots=True)
class ImportedFile:
    """A file without problems.

    Attributes:
        rows: Its entries, in its order.
        skipped: Line and what was left out there and why.
        incomplete: Line and what its entry lacks.
        cancelled: Line, and the broker's own number of the row that it takes back.
        unnamed: Some row names no account, and nobody said whose it is: it stands under `main`.
    """

    rows: tuple[Row, ...]
    skipped: tuple[tuple[int | None, str], ...] = ()
    incomplete: tuple[tuple[int | None, str], ...] = ()
    cancelled: tuple[tuple[int | None, str], ...] = ()
    unnamed: bool = False


class Known(dict[Any, _Read]):
    """Cells of a table and what each means; what is new is read, and no more is kept than is worth it."""

    def __init__(self, read: Callable[[Any], _Read]) -> None:
        self._read = read

    def __missing__(self, cells: Any) -> _Read:
        if len(self) >= MANY:
            self.clear()
        found = self[cells] = self._read(cells)
        return found


class Sheet:
    """Collects the rows of one file.

    Args:
        name: The file, for messages.
        catalogue: Known instruments.
        account: Of rows that name none; `main` unless given.
    """

    def __init__(self, name: str, catalogue: Catalogue, account: str | None) -> None:
        self.name = name
        self.catalogue = catalogue
        self.account = account
        self._owner = account or "main"
        self._reader = EntryReader(catalogue)
        self.unnamed = False
        self.rows: list[Row] = []
        self.problems: list[Problem] = []
        self.skipped: list[tuple[int | None, str]] = []
        self.incomplete: list[tuple[int | None, str]] = []
        self.cancelled: list[tuple[int | None, str]] = []

    def problem(
        self, code: str, message: str, hint: str, line: int | None = None, key: str | None = None
    ) -> None:
        """Note that something is wrong, in a line or, in a file that has none, under a key."""
        self.problems.append(Problem(code, message, hint, self.name, line, key))

    def skip(self, line: int | None, reason: str) -> None:
        """Note that a row is left out."""
        self.skipped.append((line, reason))

    def lacks(self, line: int | None, what: str) -> None:
        """Note that a row is entered without something."""
        self.incomplete.append((line, what))

    def cancel(self, line: int | None, reference: str) -> None:
        """Note a row that takes back the one of a number, in this file or in one that came before."""
        self.cancelled.append((line, reference))

    def unread(self, reason: str, line: int | None = None, key: str | None = None) -> None:
        """Note a row that ought to be understood and is not."""
        hint = "take it out of the file, and enter what it did with `steelyard record`"
        self.problem("import-row", reason, hint, line, key)

    def add(self, line: int | None, reference: str = "", key: str | None = None, **fields: str) -> None:
        """Read a row in the words of `entry_text.FIELDS`, `type_` and `date` among them."""
        self.put({key.rstrip("_"): text for key, text in fields.items()}, line, reference, key)

    def put(
        self, words: dict[str, str], line: int | None, reference: str = "", key: str | None = None
    ) -> None:
        """Read a row by the names of `entry_text.COLUMNS`."""
        if not words.get("account", "").strip():
            words["account"] = self._owner
            self.unnamed = self.account is None
        entry, problems = self._reader.read(words)
        if entry is not None:
            self.rows.append(Row(entry, line, reference))
        elif problems:
            self.problems += [replace(p, file=self.name, line=line, key=key) for p in problems]

    def finish(self) -> ImportedFile:
        """Return the file.

        Raises:
            PortfolioProblems: With every problem, by line.
        """
        if not (self.rows or self.problems or self.skipped or self.cancelled):
            self.problem("import-empty", "the file has no rows", "export it again")
        if self.problems:
            raise PortfolioProblems(tuple(sorted(self.problems, key=lambda p: p.line or 0)))
        return ImportedFile(
            tuple(self.rows),
            tuple(self.skipped),
            tuple(self.incomplete),
            tuple(self.cancelled),
            self.unnamed,
        )


Importer = Callable[[bytes, str, Catalogue, "str | None"], ImportedFile]
"""What reads a file: its bytes, its name, the catalogue, the account of rows that name none."""


def refuse(code: str, name: str, message: str, hint: str, line: int | None = None) -> PortfolioProblems:
    """Return the error for a file of which nothing can be read."""
    return PortfolioProblems((Problem(code, message, hint, name, line),))


def decode(data: bytes, name: str, encoding: str | None = None) -> str:
    """Return the text of a file with `\\n` as its line end; its encoding is found out unless given.

    Raises:
        PortfolioProblems: The bytes are no text of that encoding, or of any.
    """
    try:
        if encoding is None:
            return text_of(data)
        return data.decode(encoding).replace("\r\n", "\n").replace("\r", "\n")
    except (ValueError, LookupError) as error:
        hint = 'save it as UTF-8, or give --map FILE with encoding = "cp949"'
        raise refuse("import-encoding", name, f"the file cannot be read: {error}", hint) from None


def sign_of(rows: Sequence[Mapping[str, str]], columns: Collection[str], delimiter: str, name: str) -> str:
    """Return the decimal sign of a file, by the numbers in some of its columns.

    Raises:
        PortfolioProblems: They do not tell (`numbers-undecided`).
    """
    texts: dict[str, None] = {}  # in the order of the file, so that the same number is named each time
    for column in columns:
        if rows and column in rows[0]:
            texts |= dict.fromkeys([row.get(column, "") for row in rows])
    try:
        return decimal_sign(texts, usual=usual_sign(delimiter))
    except TwoReadings as error:
        raise PortfolioProblems((error.problem(name),)) from None


def table(
    text: str, name: str, delimiter: str | None = None, first_line: int = 1
) -> Iterator[tuple[int, dict[str, str]]]:
    """Return the rows of a CSV text with their line, by the names of the first row in lower case.

    Empty lines are left out; a row with more cells than there are names keeps the rest under "".

    Raises:
        PortfolioProblems: There is no header or it has a name twice.
    """
    lines = text.split("\n")[first_line - 1 :]
    delimiter = delimiter or delimiter_of(lines[0] if lines else "")
    reader = csv.reader(io.StringIO("\n".join(lines), newline=""), delimiter=delimiter, strict=True)
    try:
        names = [cell.strip().lower() for cell in next(reader, [])]
        if not any(names) or len({n for n in names if n}) < len([n for n in names if n]):
            hint = "the first line names the columns, each once"
            raise refuse("import-header", name, "there is no line of column names", hint, first_line)
        before = reader.line_num
        for cells in reader:
            line, before = before + first_line, reader.line_num
            cells = [cell.strip() for cell in cells]
            if not any(cells):
                continue
            row = dict(zip(names, cells, strict=False))
            row[""] = "".join(cells[len(names) :])
            yield line, row
    except csv.Error as error:
        line = reader.line_num + first_line - 1
        raise refuse(
            "import-row", name, f"the row cannot be read: {error}", "check its quotes", line
        ) from None


def objects(value: object) -> list[dict[str, str]]:
    """Return the JSON objects of a list with their plain values as text; empty when it is no such list.

    Args:
        value: As `document` returns it: numbers are text already.
    """
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        return []
    return [{k: v for k, v in item.items() if isinstance(v, str)} for item in value]


def document(data: bytes, name: str) -> object:
    """Return a JSON document with its numbers as the text they are written in.

    Raises:
        PortfolioProblems: It is no JSON (`import-syntax`).
    """
    try:
        return json.loads(decode(data, name), parse_float=str, parse_int=str)
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", None)
        text = f"the file is no JSON: {getattr(error, 'msg', 'it is nested too deeply')}"
        raise refuse("import-syntax", name, text, "export it again, whole", line) from None


def listed(symbol: str) -> str:
    """Return a symbol as this program writes it: Korean ones without the suffix of data vendors."""
    text = symbol.strip()
    for suffix in (".KS", ".KQ"):
        text = text.removesuffix(suffix)
    return text.replace(" ", "-")


def amount(text: str) -> Decimal:
    """Return a number of a broker's file; empty is zero.

    Raises:
        ValueError: It is no number.
    """
    return parse_number(text) if text.strip() else ZERO


def spread(total: Decimal, shares: Decimal, *, sale: bool = False) -> tuple[str, Decimal]:
    """Return the price of one share as text and what to add to the fees; see `unit_price`."""
    price, rest = unit_price(total, shares, up=sale)
    return plain(price), rest


def payment(total: Decimal, shares: Decimal) -> dict[str, str]:
    """Return shares and price of a dividend of which the total is known.

    A total that is no exact multiple of the shares stands as one share at that price: the money is exact.
    """
    if shares > ZERO:
        price, rest = unit_price(total, shares)
        if not rest:
            return {"shares": plain(shares), "price": plain(price)}
    return {"shares": "1", "price": plain(total)}


def add_up(*values: Decimal) -> Decimal:
    """Return the exact sum."""
    result = ZERO
    for value in values:
        result = EXACT.add(result, value)
    return result
