"""Walks a file by the layouts of a preset: finds its tables by their headers and hands on its rows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from string import whitespace
from typing import Any

from steelyard.adapters.importers.presets.records import ENDS, LONGEST, read_objects, read_text, starts
from steelyard.adapters.importers.presets.rules import Fields, Layout, day, holds, pattern, read_fields
from steelyard.adapters.importers.presets.sections import read_sections
from steelyard.adapters.importers.presets.sheets import Line, Sheets
from steelyard.adapters.importers.presets.statement import Statement
from steelyard.adapters.importers.presets.trades import Beside, Trades
from steelyard.domain.numerals import POINT, TwoReadings, decimal_sign
from steelyard.words import message_of, say

Preset = Mapping[str, Any]


class _Places(dict[str, "tuple[int, int] | None"]):
    """Names of columns as a layout writes them to their place, None where a header has no such column."""

    def __init__(self, header: Header) -> None:
        self.header = header

    def __missing__(self, name: str) -> tuple[int, int] | None:
        return self.setdefault(name, self.header.at.get(self.header.name(name)))


class Header:
    """Names of columns to their place; a header may take two rows, and so may a booking."""

    def __init__(self, rows: Sequence[Sequence[str]], layout: Layout) -> None:
        self.at: dict[str, tuple[int, int]] = {}
        self.places = _Places(self)
        self.nocase = layout.get("header_nocase", False)
        many = layout.get("header_rows", 1) > 1
        self.one_row = many and layout.get("record_rows", 1) == 1
        self.width = max(map(len, rows), default=0)
        for r, cells in enumerate(rows):
            seen: dict[str, int] = {}
            for i, cell in enumerate(cells):
                if not cell:
                    continue
                name = self.name(cell)
                seen[name] = seen.get(name, 0) + 1
                key = f"{r + 1}/{name}" if many else name
                self.at.setdefault(key, (r, i))
                self.at[f"{key}#{seen[name]}"] = (r, i)

    def name(self, text: str) -> str:
        """Return a name as it is compared: spaces do not count, nor case where the layout says so."""
        text = " ".join(text.split())
        return text.lower() if self.nocase else text

    def fits(self, layout: Layout) -> bool:
        """Say whether these are the columns of a layout."""

        def here(name: str) -> bool:
            return self.name(name) in self.at

        return (
            all(map(here, layout.get("header", ())))
            and all(any(map(here, names)) for names in layout.get("header_any", ()))
            and not any(map(here, layout.get("header_none", ())))
        )

    def reader(self, record: Sequence[Sequence[str]]) -> Callable[[str], str | None]:
        """Return what gives a cell of a record by the name of its column, None where there is no column."""

        places, one_row = self.places, self.one_row

        def get(name: str) -> str | None:
            place = places[name]
            if place is None:
                return None
            row = 0 if one_row else place[0]
            return record[row][place[1]] if row < len(record) and place[1] < len(record[row]) else ""

        return get

    def trades(self, statement: Statement, layout: Layout, beside: Beside | None) -> Trades | None:
        """Return what reads the trades below, None where each row needs the long way."""
        several = layout.get("record_rows", 1) > 1
        width = self.width

        def of(cells: Sequence[str]) -> Callable[[str], str | None]:
            return self.reader([cells[:width], cells[width:]] if several else [cells])

        def place(name: str) -> int | None:
            found = self.places[name]
            return None if found is None else found[1] + (found[0] * width if several else 0)

        return Trades.of(statement, layout, of, place, beside=beside, width=width)


def may_be(presets: Sequence[Preset], sheets: Sheets) -> list[Preset]:
    """Return the presets that a file may be of, by its first lines: only they read a large one whole."""
    head = sheets.head(2 * ENDS)
    if head is None:
        return list(presets)
    return [preset for preset in presets if _begun(preset, head, sheets)]


def _begun(preset: Preset, head: Sheets, sheets: Sheets) -> bool:
    texts = _of(preset["layouts"], "text")
    try:
        return bool(texts and starts(sheets.text or "", texts)) or read_statement(preset, head) is not None
    except TwoReadings:
        return True  # its later numbers may tell


def read_statement(preset: Preset, sheets: Sheets) -> Statement | None:
    """Return what a file says by a preset, None where it is no file of that broker.

    Raises:
        TwoReadings: The numbers of a table do not tell their decimal sign.
        InputError: It is a workbook and nothing here reads workbooks.
    """
    statement = Statement(preset)
    layouts = preset["layouts"]
    if preset.get("recognise", {}).get("tagged"):
        found = read_sections(statement, sheets)
    else:
        found = (
            read_objects(statement, sheets, _of(layouts, "json"))
            or read_text(statement, sheets, _of(layouts, "text"))
            or _tables(statement, sheets, _of(layouts, "xlsx"), "xlsx")
            or _tables(statement, sheets, _of(layouts, "html-table"), "html-table")
            or _tables(statement, sheets, _of(layouts, "csv"), "csv")
        )
    if not found:
        return None
    statement.net()
    return statement


def _of(layouts: Sequence[Layout], container: str) -> list[Layout]:
    return [layout for layout in layouts if container in layout.get("container", ())]


def _tables(statement: Statement, sheets: Sheets, layouts: Sequence[Layout], container: str) -> bool:
    if not layouts:
        return False
    every = [variant for layout in layouts for variant in _variants(layout)]
    delimiters = dict.fromkeys(d for x in layouts for d in x.get("delimiters", [","]))
    for delimiter in delimiters if container == "csv" else [","]:
        rows = sheets.rows(container, delimiter)
        if rows and _Walk(statement, every, rows, delimiter).run():
            return True
    return False


def _variants(layout: Layout) -> Iterator[Layout]:
    """Return a layout once for each language its columns and words may be in."""
    if not layout.get("header_by_language"):
        yield layout
        return
    for code, language in layout["languages"].items():
        columns = language["columns"]
        types = [
            {**{k: v for k, v in rule.items() if k != "word"}, "is": language["words"][rule["word"]]}
            for rule in layout["types_of_words"]
        ]
        yield {
            **layout, "columns": columns, "header": list(columns.values()), "types": types, "language": code
        }  # fmt: skip


class _Walk:
    """The rows of one file while its tables are found."""

    def __init__(
        self, statement: Statement, layouts: Sequence[Layout], rows: Sequence[Line], delimiter: str
    ) -> None:
        self.statement = statement
        self.layouts = layouts
        self.rows = rows
        self.delimiter = delimiter
        # A row without the name of any needed column is no header, and few cells even begin like one.
        self.names = {" ".join(n.split()).lower() for x in layouts for n in _needed(x)}
        self.skips: Sequence[str] = ()
        self.begins = {c for n in self.names for c in (n[:1], n[:1].upper())} | set(whitespace)

    def run(self) -> bool:
        """Read every table; False where there is none."""
        rows, statement = self.rows, self.statement
        current: Layout | None = None
        header: Header | None = None
        trades: Trades | None = None
        above: list[str] = []
        at = 0
        while at < len(rows):
            taken = 0 if trades is None else trades.run(rows, at)
            if taken:
                at += taken
                continue
            found = self.header_at(at)
            if found is not None:
                current, header = found
                current = {**current, "decimal": self.decimal(at, current, header)}
                statement.used.add(current["id"])
                at += current.get("header_rows", 1)
                for text in above:
                    self.told(text, current)
                above = []
                self.skips = (*current.get("skip", ()), *current.get("stop", ()))
                trades = header.trades(statement, current, self.beside if self.skips else None)
                continue
            text = ",".join(rows[at][1])[:LONGEST]
            if current is None or header is None:
                above.append(text)
                at += 1
                if at > ENDS and not statement.used:
                    return False
            elif "stop" in current and any(pattern(x).search(text) for x in current["stop"]):
                for _, cells in rows[at:]:
                    self.told(",".join(cells), current)
                at = next((n for n in range(at + 1, len(rows)) if self.header_at(n)), len(rows))
                current = trades = None
            else:
                try:
                    at += self.row(at, text, current, header)
                except ValueError as error:
                    # A cell that is no number where a pattern, a sum or a sign asks for one.
                    statement.refused.append((rows[at][0], message_of(error)))
                    at += current.get("record_rows", 1)
        return bool(statement.used)

    def beside(self, rows: Iterable[Sequence[str]]) -> list[bool] | None:
        """Say of each row whether it is none of its table's; None where all are."""
        texts = [",".join(cells)[:LONGEST] for cells in rows]
        # Most blocks have no such row: whatever a pattern finds in a line it finds in all of them together.
        if not pattern("|".join(self.skips), re.MULTILINE).search("\n".join(texts)):
            return None
        patterns = [pattern(skip) for skip in self.skips]
        return [any(p.search(text) for p in patterns) for text in texts]

    def row(self, at: int, text: str, layout: Layout, header: Header) -> int:
        """Hand on the record at a row; return how many rows it takes."""
        line, cells = self.rows[at]
        statement = self.statement
        filled = sum(map(bool, cells))
        if not filled:
            return 1
        if "skip" in layout and any(pattern(x).search(text) for x in layout["skip"]):
            self.told(text, layout)
            return 1
        if (
            layout.get("account_row")
            and filled == 1
            and (found := pattern(layout["account_row"]).search(text))
        ):
            statement.account = found["account"]
            return 1
        size: int = layout.get("record_rows", 1)
        get = header.reader([row for _, row in self.rows[at : at + size]] if size > 1 else [cells])
        if layout["kind"] != "transactions":
            statement.hold(line, read_fields(get, layout, layout["columns"]), layout)
            return size
        if layout.get("parts"):
            self.parts(line, get, layout)
            return size
        try:
            fields = read_fields(get, layout, layout["columns"])
        except ValueError as error:
            statement.refused.append((line, message_of(error)))
            return size
        if statement.add(line, fields, layout):
            return size
        if not (layout.get("footer_text") and filled == 1):
            statement.refused.append((line, say("not understood")))
        return 1

    def parts(self, line: int, get: Callable[[str], str | None], layout: Layout) -> None:
        """Hand on the purchase and the sale that one row holds."""
        done = False
        for part in layout["parts"]:
            fields: Fields = read_fields(get, layout, part["columns"])
            if day(fields.get("date", ""), layout) and holds(part.get("when"), fields, layout):
                self.statement.add(line, fields, layout, {"to": part["to"]})
                done = True
        if not done:
            self.statement.refused.append((line, say("not understood")))

    def header_at(self, at: int) -> tuple[Layout, Header] | None:
        """Return the layout whose header stands in a row: the one that asks for most of it."""
        cells = self.rows[at][1]
        begins = self.begins
        if not [c for c in cells if c[:1] in begins and " ".join(c.split()).lower() in self.names]:
            return None
        best: tuple[Layout, Header] | None = None
        for layout in self.layouts:
            header = Header([row for _, row in self.rows[at : at + layout.get("header_rows", 1)]], layout)
            larger = best is None or len(layout.get("header", ())) > len(best[0].get("header", ()))
            if larger and header.fits(layout):
                best = layout, header
        if best is None or not best[0].get("language"):
            return best
        return self.spoken(best, at), best[1]

    def spoken(self, found: tuple[Layout, Header], at: int) -> Layout:
        """Return which of the languages with these columns it is, by the words that occur."""
        layout, header = found
        twins = [x for x in self.layouts if x.get("language") and x["header"] == layout["header"]]
        if len(twins) == 1:
            return layout
        column = header.at[header.name(layout["columns"]["type"])][1]
        words = {cells[column] for _, cells in self.rows[at + 1 :] if len(cells) > column}
        return max(twins, key=lambda x: len(words & {w for rule in x["types"] for w in rule["is"]}))

    def decimal(self, at: int, layout: Layout, header: Header) -> str:
        """Return the decimal sign of a table, from all of its numbers where the preset leaves it open."""
        if layout.get("numbers", {}).get("decimal") != "auto":
            return POINT
        # Who parts cells with semicolons writes decimals with commas, or does not: the numbers tell.
        usual = POINT if self.delimiter == "," else None
        return decimal_sign(_numbers(self.rows[at + 1 :], layout, header), usual=usual)

    def told(self, text: str, layout: Layout) -> None:
        """Take what a line beside the tables tells: account, symbol, day."""
        statement = self.statement
        row = layout.get("account_row")
        if row and text.strip(",") and (found := pattern(row).search(text)):
            statement.account = found["account"]
        if (x := layout.get("preamble_account")) and (found := pattern(x).search(text)):
            statement.account = found["account"].strip()
        if (x := layout.get("preamble_symbol")) and (found := pattern(x).search(text)):
            statement.symbol = found["symbol"].strip()
        if (x := layout.get("preamble_date")) and (found := pattern(x).search(text)):
            statement.as_of = day(found["as_of"], {"dates": layout["as_of_dates"]}) or ""


def _needed(layout: Layout) -> Iterator[str]:
    for name in (*layout.get("header", ()), *(n for names in layout.get("header_any", ()) for n in names)):
        yield name.partition("/")[2] if layout.get("header_rows", 1) > 1 else name


def _numbers(rows: Sequence[Line], layout: Layout, header: Header) -> Iterator[str]:
    fields = ("shares", "price", "amount", "fee", "tax", "fx_rate", "gross")
    places = [p for f in fields if (p := header.at.get(header.name(str(layout["columns"].get(f, "")))))]
    for _, cells in rows:
        for _, column in places:
            if column < len(cells):
                yield cells[column]
