"""What every importer shares: collecting rows in the words of `entry_text`, and every problem with its line.

A file is taken whole or not at all. What a broker's file holds that is no business of a journal of funds
(an option, a cancelled order) is skipped and said so; what ought to be understood and is not, is a problem.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import lru_cache
from typing import Any, TypeVar

from steelyard.adapters.files.delimited import delimiter_of, text_of, usual_sign
from steelyard.domain.books.entry_reader import EntryReader
from steelyard.domain.books.entry_text import unit_price
from steelyard.domain.books.ledger import Row
from steelyard.domain.market.catalogue import Catalogue
from steelyard.domain.money import EXACT, ZERO, parse_number, plain
from steelyard.domain.numerals import TwoReadings, decimal_sign
from steelyard.errors import PortfolioProblems, Problem
from steelyard.words import say

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

    def __init__(self, read: Callable[[Any], _Read], most: int = MANY) -> None:
        self._read = read
        self._most = most

    def __missing__(self, cells: Any) -> _Read:
        if len(self) >= self._most:
            self.clear()
        found = self[cells] = self._read(cells)
        return found


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """What the owner says about a file.

    Attributes:
        format: Its format; found by content where None.
        account: Of rows that name none.
        accounts: A broker's account number to an account's name.
        symbols: A broker's name of an instrument to its symbol.
        leave: Lines to leave out.
    """

    format: str | None = None
    account: str | None = None
    accounts: Mapping[str, str] = field(default_factory=dict)
    symbols: Mapping[str, str] = field(default_factory=dict)
    leave: Sequence[int] = ()


class Sheet:
    """Collects the rows of one file.

    Args:
        name: The file, for messages.
        catalogue: Known instruments.
        said: What its owner says about it; rows that name no account are of `main` unless that is said.
    """

    def __init__(self, name: str, catalogue: Catalogue, said: ImportOptions) -> None:
        self.name = name
        self.said = said
        self.catalogue = catalogue
        self.account = said.account
        self._owner = said.account or "main"
        self._left: set[int] = set()
        self._called: set[str] = set()
        self._numbers: set[str] = set()
        self._owned = False
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

    def left(self, line: int, reason: str) -> None:
        """Note that a row is left out as the owner said."""
        self._left.add(line)
        self.skip(line, say("left out as you said: {reason}", reason=reason))

    def called(self, name: str) -> str | None:
        """Return the symbol that the owner says a broker's name stands for."""
        symbol = self.said.symbols.get(name)
        if symbol is not None:
            self._called.add(name)
        return symbol

    def as_said(self, columns: dict[str, Sequence[str]]) -> dict[str, Sequence[str]]:
        """Return columns of words with the accounts and symbols that the owner says theirs stand for."""
        found = dict(columns)
        if self.said.symbols and "symbol" in columns:
            found["symbol"] = [self.called(text) or text for text in columns["symbol"]]
        if self.said.accounts and "account" in columns:
            found["account"] = [self.owner(number, several=True) or number for number in columns["account"]]
        return found

    def owner(self, number: str, *, several: bool) -> str:
        """Return the account of a broker's number, "" where it is that of the file.

        Args:
            number: As rows name it; "" where they name none.
            several: The file has rows of several.
        """
        self._numbers.add(number)
        if number in self.said.accounts:
            return self.said.accounts[number]
        return number if several and self.account is None else ""

    def cancel(self, line: int | None, reference: str) -> None:
        """Note a row that takes back the one of a number, in this file or in one that came before."""
        self.cancelled.append((line, reference))

    def unread(self, reason: str, line: int | None = None, key: str | None = None) -> None:
        """Note a row that ought to be understood and is not."""
        hint = say("take it out of the file, and enter what it did with `steelyard record`")
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
            self._owned = True
        entry, problems = self._reader.read(words)
        if entry is not None:
            self.rows.append(Row(entry, line, reference))
        elif problems:
            self.problems += [replace(p, file=self.name, line=line, key=key) for p in problems]

    def put_columns(
        self,
        columns: dict[str, Sequence[str]],
        lines: Sequence[int],
        alone: Callable[[int], None],
        references: Sequence[str] | None = None,
    ) -> None:
        """Read rows that are given a column after the other, by the names of `entry_text.COLUMNS`.

        Args:
            columns: Their words.
            lines: Where each row stands.
            alone: Reads the row of a place that is no usual one.
            references: Of the rows; none unless given.
        """
        owners = columns.get("account", [""] * len(lines))
        if not all(owners):
            self.unnamed, self._owned = self.account is None, True
            columns = {**columns, "account": [owner or self._owner for owner in owners]}
        entries = self._reader.read_columns(columns, len(lines))
        said = [""] * len(lines) if references is None else references
        for place, (entry, line, reference) in enumerate(zip(entries, lines, said, strict=True)):
            if entry is None:
                alone(place)
            else:
                self.rows.append(Row(entry, line, reference))

    def _leave(self, lines: frozenset[int]) -> None:
        """Leave out what the owner wants left out, whether or not it is understood."""
        for line, reason in [(p.line, p.message) for p in self.problems if p.line in lines]:
            self.left(line or 0, reason)
        for row in [row for row in self.rows if row.line in lines]:
            self.left(row.line or 0, f"{row.entry.kind} {row.entry.symbol}".strip())
        self._left |= {line for line, _ in (*self.skipped, *self.cancelled) if line in lines}
        self.problems = [p for p in self.problems if p.line not in lines]
        self.rows = [row for row in self.rows if row.line not in lines]
        self.cancelled = [one for one in self.cancelled if one[0] not in lines]
        self.incomplete = [one for one in self.incomplete if one[0] not in lines]
        for line in sorted(lines - self._left):
            hint = say("take it out of --leave; lines are those of the file, from 1, as messages name them")
            self.problem("import-row", say("no row begins in line {line} to be left out", line=line), hint)

    def _tell_unused(self) -> None:
        """Say what the owner said that is of no row."""
        numbers = ", ".join(sorted(self._numbers - {""})) or say("none")
        for number in sorted(set(self.said.accounts) - self._numbers):
            text = say(
                "no row is of the account {number}: the file names {seen}", number=number, seen=numbers
            )
            self.skip(None, text)
        for name in sorted(set(self.said.symbols) - self._called):
            self.skip(None, say("no row names {name}, which --symbol says what it is", name=name))
        found = {row.entry.account for row in self.rows}
        if self.account is not None and self.rows and not self._owned and self.account not in found:
            text = say(
                "every row names its account, and none is {account}: they name {found}",
                account=self.account,
                found=", ".join(sorted(found)),
            )
            hint = say(
                "leave --account out, or rename theirs: --account THEIRS={account}", account=self.account
            )
            self.problem("entry-account", text, hint)

    def finish(self) -> ImportedFile:
        """Return the file.

        Raises:
            PortfolioProblems: With every problem, by line.
        """
        if not (self.rows or self.problems or self.skipped or self.cancelled):
            self.problem("import-empty", say("the file has no rows"), say("export it again"))
        if self.said.leave:
            self._leave(frozenset(self.said.leave))
        self._tell_unused()
        if self.problems:
            raise PortfolioProblems(tuple(sorted(self.problems, key=lambda p: p.line or 0)))
        return ImportedFile(
            tuple(self.rows),
            tuple(self.skipped),
            tuple(self.incomplete),
            tuple(self.cancelled),
            self.unnamed,
        )


Importer = Callable[[bytes, str, Catalogue, ImportOptions], ImportedFile]
"""What reads a file: its bytes, its name, the catalogue, what its owner says about it."""


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
        hint = say('save it as UTF-8, or give --map FILE with encoding = "cp949"')
        raise refuse(
            "import-encoding", name, say("the file cannot be read: {error}", error=error), hint
        ) from None


def sign_in(table: Mapping[str, Iterable[str]], columns: Collection[str], delimiter: str, name: str) -> str:
    """Return the decimal sign of a file, by the numbers in some of its columns.

    Raises:
        PortfolioProblems: They do not tell (`numbers-undecided`).
    """
    texts: dict[str, None] = {}  # in the order of the file, so that the same number is named each time
    for column in columns:
        texts |= dict.fromkeys(table.get(column, ()))
    try:
        return decimal_sign(texts, usual=usual_sign(delimiter))
    except TwoReadings as error:
        raise PortfolioProblems((error.problem(name),)) from None


def sign_of(rows: Sequence[Mapping[str, str]], columns: Collection[str], delimiter: str, name: str) -> str:
    """Return the same of rows by the names of their columns."""
    found = {key: [row.get(key, "") for row in rows] for key in columns if rows and key in rows[0]}
    return sign_in(found, columns, delimiter, name)


def table(
    text: str, name: str, delimiter: str | None = None, first_line: int = 1
) -> Iterator[tuple[int, dict[str, str]]]:
    """Return the rows of a CSV text with their line, by the names of the first row in lower case.

    Empty lines are left out; a row with more cells than there are names keeps the rest under "".

    Raises:
        PortfolioProblems: There is no header or it has a name twice.
    """
    names, lines, rows = grid(text, name, delimiter, first_line)
    for line, cells in zip(lines, rows, strict=True):
        yield line, named(names, cells)


def named(names: Sequence[str], cells: Sequence[str]) -> dict[str, str]:
    """Return a row of `grid` by the names of its columns, what is beyond them under ""."""
    row = dict(zip(names, cells, strict=False))
    row[""] = "".join(cells[len(names) :])
    return row


def grid(
    text: str, name: str, delimiter: str | None = None, first_line: int = 1
) -> tuple[list[str], list[int], list[list[str]]]:
    """Return the names of a CSV text's columns, and of each row its line and its cells; see `table`.

    Every row has a cell a name; one with more keeps the rest behind them.
    """
    start = text.split("\n", first_line - 1)
    body = start[-1] if len(start) == first_line else ""
    delimiter = delimiter or delimiter_of(body.partition("\n")[0])
    reader = csv.reader(io.StringIO(body, newline=""), delimiter=delimiter, strict=True)
    clean = Known(str.strip, MANY).__getitem__
    lines: list[int] = []
    rows: list[list[str]] = []
    try:
        names = [cell.strip().lower() for cell in next(reader, [])]
        if not any(names) or len({n for n in names if n}) < len([n for n in names if n]):
            hint = say("the first line names the columns, each once")
            raise refuse("import-header", name, say("there is no line of column names"), hint, first_line)
        many, before = len(names), reader.line_num
        for cells in reader:
            line, before = before + first_line, reader.line_num
            cells = list(map(clean, cells))
            if not any(cells):
                continue
            if len(cells) < many:
                cells += [""] * (many - len(cells))
            lines.append(line)
            rows.append(cells)
        return names, lines, rows
    except csv.Error as error:
        line = reader.line_num + first_line - 1
        raise refuse(
            "import-row",
            name,
            say("the row cannot be read: {error}", error=error),
            say("check its quotes"),
            line,
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
        text = say(
            "the file is no JSON: {why}", why=getattr(error, "msg", None) or say("it is nested too deeply")
        )
        raise refuse("import-syntax", name, text, say("export it again, whole"), line) from None


def listed(symbol: str) -> str:
    """Return a symbol as this program writes it: Korean ones without the suffix of data vendors."""
    text = symbol.strip()
    for suffix in (".KS", ".KQ"):
        text = text.removesuffix(suffix)
    return text.replace(" ", "-")


@lru_cache(maxsize=MANY)
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
