"""Files that are no tables: lists of JSON objects, and statements as text of which a line is a record."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from steelyard.adapters.importers.presets.rules import Layout, pattern, read_fields
from steelyard.adapters.importers.presets.sheets import Line, Sheets
from steelyard.adapters.importers.presets.statement import Statement
from steelyard.adapters.importers.presets.trades import Trades
from steelyard.words import message_of, say

_DATED = re.compile(r"^\d{4}[.-]\d\d[.-]\d\d ")
LONGEST = 2000
ENDS = 200
"""A header stands in the first lines of a file or it is of another broker."""


def read_objects(statement: Statement, sheets: Sheets, layouts: Sequence[Layout]) -> bool:
    """Read a list of JSON objects; False where it is none that a layout knows."""
    if not layouts or sheets.text is None or sheets.text.lstrip()[:1] not in ("{", "["):
        return False
    try:
        document = json.loads(sheets.text, parse_float=str, parse_int=str)
    except (ValueError, RecursionError):
        return False
    for layout in layouts:
        path = layout.get("json_path")
        items = document.get(path) if path and isinstance(document, dict) else None if path else document
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            continue
        if not items or not all(key in items[0] for key in layout["header"]):
            continue
        _objects(statement, items, layout)
        statement.used.add(layout["id"])
        return True
    return False


def _objects(statement: Statement, items: Sequence[Mapping[str, Any]], layout: Layout) -> None:
    """Hand on the objects of a list; those in a row with the same names, all of them text, are a table."""
    at = end = begun = 0
    trades: Trades | None = None
    known: dict[tuple[str, ...], Trades | None] = {}
    rows: list[Line] = []
    while at < len(items):
        if at >= end:
            names = tuple(items[at])
            end = at + 1
            while end < len(items) and tuple(items[end]) == names:
                end += 1
            rows = [(n, list(items[n].values())) for n in range(at, end)]
            begun = at
            if names not in known:
                known[names] = _of_names(statement, layout, names)
            trades = known[names] if all(set(map(type, cells)) <= {str} for _, cells in rows) else None
        taken = 0 if trades is None else trades.run(rows, at - begun)
        if taken:
            at += taken
            continue
        try:
            fields = read_fields(_json_reader(items[at]), layout, layout["columns"])
        except ValueError as error:
            statement.refused.append((at, message_of(error)))
        else:
            if not statement.add(at, fields, layout):
                statement.refused.append((at, say("no date")))
        at += 1


def _of_names(statement: Statement, layout: Layout, names: Sequence[str]) -> Trades | None:
    """Return what reads the trades of rows with a cell for each of these names."""
    places = {name: place for place, name in enumerate(names)}
    return Trades.of(statement, layout, lambda cells: dict(zip(names, cells, strict=False)).get, places.get)


def _json_reader(item: Mapping[str, Any]) -> Callable[[str], str | None]:
    return lambda name: None if item.get(name) is None else str(item[name])


def read_text(statement: Statement, sheets: Sheets, layouts: Sequence[Layout]) -> bool:
    """Read a statement that is text; False where none of the layouts begins in it."""
    if not layouts or sheets.text is None:
        return False
    if not starts(sheets.text, layouts):
        return False
    lines = _lines(sheets.text)
    opened: Sequence[Layout] = ()
    current: Layout | None = None
    number = 0
    records: _Records | None = None
    while number < len(lines):
        if records is not None and (taken := records.run(lines, number)):
            number += taken
            continue
        line = lines[number]
        number += 1
        if not statement.account and (found := pattern(layouts[0]["preamble_account"]).search(line)):
            statement.account = found["account"]
        if hit := [x for x in layouts if pattern(x["start"]).search(line)]:
            opened, current, records = hit, None, None
            continue
        if hit := [x for x in opened if pattern(x["header_line"]).search(line)]:
            current = hit[0]
            statement.used.add(current["id"])
            others = [*(x["start"] for x in layouts), *(x["header_line"] for x in opened)]
            records = _Records(statement, current, [*others, layouts[0]["preamble_account"]])
            continue
        if current is None:
            continue
        match = pattern(current["record"]).search(line)
        if match is None:
            if _DATED.match(line):
                statement.refused.append((number, say("not understood")))
            continue
        fields = {k: v for k, v in match.groupdict().items() if v is not None}
        at = number
        if current.get("continued") and number < len(lines):
            more = pattern(current["continued"]).search(lines[number])
            if more is None:
                statement.refused.append((at, say("the line of dollars is missing")))
                continue
            fields |= {k: v for k, v in more.groupdict().items() if v is not None}
            number += 1
        statement.add(at, fields, current)
    return bool(statement.used)


class _Records:
    """The records below one header of a text, of which a line is one."""

    def __init__(self, statement: Statement, layout: Layout, others: Sequence[str]) -> None:
        self.statement = statement
        self.layout = {**layout, "columns": {name: name for name in pattern(layout["record"]).groupindex}}
        self.others = [pattern(other).search for other in others]
        self.record = pattern(layout["record"]).search
        self.known: dict[tuple[bool, ...], Trades | None] = {}
        self.ready: tuple[int, list[Line]] = 0, []
        self.trades: Trades | None = None

    def run(self, lines: Sequence[str], at: int) -> int:
        """Take lines from one on that are trades with the same parts; return how many."""
        if self.layout.get("continued"):
            return 0
        begun, rows = self.ready
        if not begun <= at < begun + len(rows):
            self.look(lines, at)
            begun, rows = self.ready
        return self.trades.run(rows, at - begun) if self.trades is not None and rows else 0

    def look(self, lines: Sequence[str], at: int) -> None:
        """Gather the lines from one on that have the parts that it has."""
        rows: list[Line] = []
        parts: tuple[bool, ...] | None = None
        for number in range(at, len(lines)):
            line = lines[number]
            match = None if any(search(line) for search in self.others) else self.record(line)
            if match is None:
                break
            found = match.groups()
            has = tuple(part is not None for part in found)
            if parts is None:
                parts = has
            elif parts != has:
                break
            rows.append((number + 1, [part for part in found if part is not None]))
        self.ready = at, rows
        if parts is None:
            return
        if parts not in self.known:
            names = [n for n, there in zip(self.layout["columns"], parts, strict=True) if there]
            self.known[parts] = _of_names(self.statement, self.layout, names)
        self.trades = self.known[parts]


def _lines(text: str) -> list[str]:
    # No line of a statement is longer; patterns that look for several parts would take long in one.
    return [" ".join(line[:LONGEST].split()) for line in text.splitlines()]


def starts(text: str, layouts: Sequence[Layout]) -> bool:
    """Say whether one of the layouts begins in the first lines of a text."""
    first = _lines("\n".join(text.split("\n", 10 * ENDS)[: 10 * ENDS]))[: 10 * ENDS]
    return any(pattern(layout["start"]).search(line) for layout in layouts for line in first)
