"""Files of which every row begins with the name of its section, and says whether it is a header or data."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from steelyard.adapters.importers.presets.rules import Layout, pattern, read_fields
from steelyard.adapters.importers.presets.sheets import Line, Sheets
from steelyard.adapters.importers.presets.statement import Statement
from steelyard.adapters.importers.presets.trades import Trades
from steelyard.words import message_of, say, written


def read_sections(statement: Statement, sheets: Sheets) -> bool:
    """Read a file whose rows begin with their section; False where it is none."""
    preset = statement.preset
    if sheets.text is None or not pattern(preset["recognise"]["first_line"]).search(sheets.text[:1000]):
        return False
    rows = sheets.rows("csv", ",")
    sections = preset["sections"]
    for _, cells in rows:
        if len(cells) > 3 and cells[1] == "Data":
            if (cells[0], cells[2]) == (sections["account"]["section"], sections["account"]["name"]):
                statement.account = cells[3]
            if any((cells[0], cells[2]) == (b["section"], b["name"]) for b in sections["base"]):
                statement.base = cells[3]
    known = {layout["section"] for layout in preset["layouts"]}
    heads: dict[str, Sequence[str]] = {}
    trades: dict[str, _SectionTrades] = {}
    at = 0
    while at < len(rows):
        line, cells = rows[at]
        at += 1
        if len(cells) < 3:
            continue
        if cells[1] == "Header":
            heads[cells[0]] = cells[2:]
            trades[cells[0]] = _SectionTrades(statement, cells[0], cells[2:])
        elif cells[1] == "Data" and cells[0] in known:
            taken = trades[cells[0]].run(rows, at - 1) if cells[0] in trades else 0
            if taken:
                at += taken - 1
                continue
            row = dict(zip(heads.get(cells[0], ()), cells[2:], strict=False))
            try:
                _tagged_row(statement, line, cells, row)
            except ValueError as error:
                statement.refused.append((line, message_of(error)))
    return True


class _SectionTrades:
    """The trades below one header of a section: what their rows are is found out once for all alike."""

    def __init__(self, statement: Statement, section: str, head: Sequence[str]) -> None:
        self.statement = statement
        self.section = section
        self.head = head
        # Of two columns with one name the last counts, as in the dictionary of a row.
        self.places = {name: at + 2 for at, name in enumerate(head)}
        layouts = [x for x in statement.preset["layouts"] if x["section"] == section]
        asked = {n for x in layouts for n in (*x.get("where", ()), *x.get("where_not", ()))}
        self.asked = sorted({2, *(self.places[name] for name in asked if name in self.places)})
        self.known: dict[tuple[str, ...], Trades | None] = {}
        self.ends = 0, -1

    def run(self, rows: Sequence[Line], at: int) -> int:
        """Take rows from one on that say the same of themselves; return how many."""
        cells = rows[at][1]
        if len(cells) < len(self.head) + 2:
            return 0
        said = tuple([cells[at] for at in self.asked])
        if said not in self.known:
            self.known[said] = self._trades(cells)
        trades = self.known[said]
        if trades is None:
            return 0
        begun, end = self.ends
        if not begun <= at < end:
            end = at + 1
            while end < len(rows) and self._alike(rows[end][1], cells, said):
                end += 1
            self.ends = at, end
        taken = trades.run(rows, at, end)
        if taken:
            self.statement.used.add(trades.layout["id"])
        return taken

    def _alike(self, cells: Sequence[str], first: Sequence[str], said: tuple[str, ...]) -> bool:
        """Say whether a row is of the same section and table as the first."""
        return (
            len(cells) >= len(self.head) + 2
            and cells[:2] == first[:2]
            and tuple([cells[at] for at in self.asked]) == said
        )

    def _trades(self, cells: Sequence[str]) -> Trades | None:
        if cells[2] == "Total":
            return None
        row = dict(zip(self.head, cells[2:], strict=False))
        layout = next((x for x in self.statement.preset["layouts"] if _is_of(x, self.section, row)), None)
        if layout is None or layout["kind"] == "positions" or layout.get("all"):
            return None
        return Trades.of(self.statement, layout, self.reader, self.places.get)

    def reader(self, cells: Sequence[str]) -> Callable[[str], str | None]:
        """Return what gives a cell of a row by the name of its column."""
        return dict(zip(self.head, cells[2:], strict=False)).get


def _is_of(layout: Layout, section: str, row: Mapping[str, str]) -> bool:
    """Say whether a row is of a layout by its section, its columns and its words."""
    return (
        layout["section"] == section
        and all(name in row for name in layout["header"])
        and not any(re.fullmatch(v, row.get(k, "")) for k, v in layout.get("where_not", {}).items())
        and all(re.fullmatch(v, row.get(k, "")) for k, v in layout.get("where", {}).items())
    )


def _tagged_row(statement: Statement, line: int, cells: Sequence[str], row: Mapping[str, str]) -> None:
    total = cells[2] == "Total"
    for layout in statement.preset["layouts"]:
        if layout["section"] != cells[0] or not all(name in row for name in layout["header"]):
            continue
        if any(re.fullmatch(v, row.get(k, "")) for k, v in layout.get("where_not", {}).items()):
            total = True
            continue
        if not all(re.fullmatch(v, row.get(k, "")) for k, v in layout.get("where", {}).items()):
            continue
        fields = read_fields(row.get, layout, layout.get("columns", {}))
        statement.used.add(layout["id"])
        if layout["kind"] == "positions":
            statement.hold(line, fields, layout)
        elif layout.get("all"):
            statement.ignored.append((line, written(layout["why"])))
        elif not statement.add(line, fields, layout):
            statement.refused.append((line, say("no date")))
        return
    if not total:
        statement.refused.append((line, say("not understood: {cell}", cell=cells[0])))
