"""Purchases and sales, of which long files are full, without reading again what their rows have in common.

Rows that say the same in words (type, instrument, account, currency) and whose numbers have the same signs
fall under the same rule of a preset, so that one of them tells what all are: it is read as any other row, and
of the others only the day, the numbers and the broker's own numbers, a column after the other. Whatever is
rare or wrong in a row, its day, a number, its rule, is left to the long way (`Statement.add`); a test holds
both to the same entries.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from operator import itemgetter
from typing import Any

from steelyard.adapters.importers.presets.rules import (
    NUMBERS,
    SIGNS,
    Fields,
    Layout,
    day,
    extract,
    holds,
    number,
    pattern,
    read_fields,
    rule_of,
)
from steelyard.adapters.importers.presets.statement import (
    TEXTS,
    Booking,
    Statement,
    cash_of,
    kind_of,
    numbers_of,
)
from steelyard.adapters.importers.rows import Known
from steelyard.domain.books.entry_text import unit_price
from steelyard.domain.money import EXACT, LARGEST, ZERO, exact_sum
from steelyard.domain.numerals import COMMA, POINT

Cells = Sequence[str]
Lines = Sequence[tuple[int, Cells]]
Reader = Callable[[Cells], Callable[[str], "str | None"]]
Place = Callable[[str], "int | None"]
Beside = Callable[[Iterable[Cells]], "Sequence[bool] | None"]
"""Says of each of some rows whether it is none of its table's; None where all are."""
_OWN = ("date", "ref", "order")
"""What every row has for itself, beside its numbers."""
_TRADES = frozenset({"buy", "sell", "buy|sell", "sell|buy"})
_FINEST = 9
_MANY = 20_000
"""Different words of a table that are worth remembering."""
_BLOCK = 2000
"""Records that are looked at together."""
_USUAL = re.compile(
    r"(?:(-)|(\())?\$?((?:[1-9][0-9]{0,2}(?:,[0-9]{3}){1,5}|[0-9]{1,18})(?:\.[0-9]{1,9})?)(?(2)\))"
)
_SWAPPED = {ord(POINT): COMMA, ord(COMMA): POINT}
"""What nearly all numbers look like, within `LARGEST` and `_FINEST`, and how the others become like them."""
_BLANK, _UNREAD = 8, 9
"""In place of the sign of a number: there is none, or it needs the long way."""


@dataclass(frozen=True, slots=True)
class Alike:
    """What rows have in common that say the same in words.

    Attributes:
        kind: `buy` or `sell`.
        account: The broker's number of it, "" where the row names none.
        rule: Of the preset.
        scoped: As of `Booking`.
        net: The amount is what moved the cash, costs included.
    """

    kind: str
    account: str
    rule: Mapping[str, Any]
    scoped: bool
    net: bool


class Trade:
    """A purchase or a sale whose numbers are read; its words are read when somebody asks."""

    __slots__ = ("_cells", "_table", "alike", "fees", "line", "on", "order", "price", "ref", "shares")

    def __init__(
        self,
        table: Trades,
        cells: Cells,
        line: int,
        alike: Alike,
        on: str,
        shares: Decimal,
        price: Decimal,
        fees: Decimal,
        ref: str,
        order: str,
    ) -> None:
        self._table = table
        self._cells = cells
        self.line = line
        self.alike = alike
        self.on = on
        self.shares = shares
        self.price = price
        self.fees = fees
        self.ref = ref
        self.order = order

    @property
    def kind(self) -> str:
        """As of `Booking`."""
        return self.alike.kind

    @property
    def account(self) -> str:
        """As of `Booking`."""
        return self.alike.account

    @property
    def booking(self) -> Booking:
        """The same, read the long way."""
        return self._table.booking(self.line, self._cells, self.alike.account)

    @property
    def word(self) -> str:
        """As of `Booking`."""
        return self.booking.word

    @property
    def facts(self) -> Mapping[str, str]:
        """As of `Booking`."""
        return self.booking.facts


class Trades:
    """The trades of one table.

    Args:
        statement: Takes them.
        layout: Of the table; see `of`.
        reader: Gives what reads the cells of a row by the names of their columns.
        place: Gives the place of a column by its name, None where the table has none.
        beside: Tells rows that are none of the table's; none unless given.
        width: Of a table whose records take several rows: cells of each in the record, which has those of
            the first row before those of the second.
    """

    def __init__(
        self,
        statement: Statement,
        layout: Layout,
        reader: Reader,
        place: Place,
        *,
        beside: Beside | None = None,
        width: int = 0,
    ) -> None:
        columns: Mapping[str, Any] = layout["columns"]
        places = {key: _places(source, place) for key, source in columns.items()}
        numeric = [key for key in columns if key in NUMBERS and places[key]]
        asked = _asked(layout)
        told = {"type", *TEXTS, *asked, *(part for parts in layout.get("add", {}).values() for part in parts)}
        worded = [k for k in columns if k in told and k not in numeric and (k not in _OWN or k in asked)]
        self.statement = statement
        self.layout = layout
        self.reader = reader
        self.adds: Sequence[str] = layout.get("add", {}).get("tax", ())
        self.words = _cells(sorted({p for key in worded for p in places[key]}))
        self.day = _cells(places["date"])
        self.names = [_cells(places.get(key, ())) for key in ("ref", "order")]
        self.numbers = [
            (key, _cells(places[key]), Known(self._number_of(key, places[key]))) for key in numeric
        ]
        self.days = Known(self._day)
        self.alike: dict[object, Alike | None] = {}
        self.above = statement.account, statement.base
        self.beside = beside
        self.size: int = layout.get("record_rows", 1)
        self.width = width
        self.needs = 1 + max((p for key in columns for p in places[key]), default=0)
        self.costs = [key for key in ("fee", "tax") if key in numeric or (key == "tax" and self.adds)]
        self.ready: list[Trade | None] = []
        self.begun = -1
        self.rows: Lines = ()

    @staticmethod
    def of(
        statement: Statement,
        layout: Layout,
        reader: Reader,
        place: Place,
        *,
        beside: Beside | None = None,
        width: int = 0,
    ) -> Trades | None:
        """Return what reads the trades of a table; None where each row needs the long way."""
        columns = layout.get("columns", {})
        whens = [rule["when"] for rule in layout.get("types", ()) if "when" in rule]
        if (
            layout["kind"] != "transactions"
            or any(key in layout for key in ("parts", "all", "checks"))
            or (layout.get("record_rows", 1) > 1 and not width)
            or set(layout.get("add", {})) - {"tax", "symbol"}
            or any(key in NUMBERS and want not in SIGNS for when in whens for key, want in when.items())
            or any(len(_places(columns[key], place)) > 1 for key in _OWN if key in columns)
            or "date" not in columns
            or not _places(columns["date"], place)
        ):
            return None
        return Trades(statement, layout, reader, place, beside=beside, width=width)

    def run(self, rows: Lines, at: int, end: int | None = None) -> int:
        """Take records from a row on, up to the first that needs the long way.

        Args:
            rows: Of the file.
            at: Where to begin.
            end: Of the table, as far as it is known.

        Returns:
            How many rows were taken.
        """
        end = len(rows) if end is None else end
        if rows is not self.rows:
            self.rows, self.begun = rows, -1
        taken = 0
        while at + taken < end:
            place, odd = divmod(at + taken - self.begun, self.size)
            above = self.statement.account, self.statement.base
            if odd or self.begun < 0 or not 0 <= place < len(self.ready) or above != self.above:
                self._look(rows, at + taken, end)
                place = 0
            try:
                stop = self.ready.index(None, place)
            except ValueError:
                stop = len(self.ready)
            self.statement.bookings += self.ready[place:stop]  # type: ignore[arg-type]  # none is None
            taken += (stop - place) * self.size
            if stop < len(self.ready):
                break
        return taken

    def _look(self, rows: Lines, at: int, end: int) -> None:
        """Read a block of records; those that need the long way are None."""
        if self.above != (self.statement.account, self.statement.base) or len(self.alike) > _MANY:
            self.above = self.statement.account, self.statement.base
            self.alike.clear()
        some = rows[at : min(at + _BLOCK * self.size, end)]
        first = some[:: self.size]
        records = [cells for _, cells in first]
        beside = self.beside(records) if self.beside is not None else None
        if self.size > 1:
            records = self._joined([cells for _, cells in some])
        lines = [line for line, _ in first]
        self.begun, self.ready = at, self._read(lines, records)
        if beside is not None:
            self.ready = [None if out else trade for trade, out in zip(self.ready, beside, strict=True)]

    def _joined(self, rows: Sequence[Cells]) -> list[Cells]:
        """Return records of several rows as one of all their cells."""
        width = self.width
        even = [[*r, *[""] * (width - len(r))] if len(r) < width else r[:width] for r in rows]
        even += [[""] * width] * (-len(even) % self.size)
        parts = [even[n :: self.size] for n in range(self.size)]
        return [[cell for part in record for cell in part] for record in zip(*parts, strict=True)]

    def _read(self, lines: Sequence[int], records: Sequence[Cells]) -> list[Trade | None]:
        if min(map(len, records), default=0) < self.needs:
            records = [r if len(r) >= self.needs else [*r, *[""] * (self.needs - len(r))] for r in records]
        days = map(self.days.__getitem__, map(self.day, records))
        pairs = [list(map(known.__getitem__, map(get, records))) for _, get, known in self.numbers]
        values = {key: [p[0] for p in found] for (key, *_), found in zip(self.numbers, pairs, strict=True)}
        said = zip(map(self.words, records), *([p[1] for p in found] for found in pairs), strict=True)
        refs, orders = (map(get, records) for get in self.names)
        if self.adds:
            parts = zip(*self._parts(values, len(records)), strict=True)
            values["tax"] = [abs(exact_sum(n or ZERO for n in ns)) for ns in parts]
        nothing = [None] * len(records)
        shares, prices, amounts = (values.get(key, nothing) for key in ("shares", "price", "amount"))
        costs = [values[key] for key in self.costs]
        taxed = zip(*costs, strict=True) if costs else [()] * len(records)
        alike = self.alike
        found: list[Trade | None] = []
        with localcontext(EXACT):
            for line, cells, on, words, many, price, amount, cost, ref, order in zip(
                lines, records, days, said, shares, prices, amounts, taxed, refs, orders, strict=True
            ):
                if words not in alike:
                    alike[words] = self._like(cells, words)
                like = alike[words]
                money = (
                    None
                    if like is None or on is None or not many
                    else _money(like, many, price, amount, cost)
                )
                if money is None or like is None or on is None:
                    found.append(None)
                else:
                    found.append(Trade(self, cells, line, like, on, *money, ref, order))
        return found

    def _parts(self, values: Mapping[str, list[Decimal | None]], many: int) -> list[list[Decimal | None]]:
        """Return the columns that tax is added up of, at least one."""
        return [values[part] for part in self.adds if part in values] or [[None] * many]

    def booking(self, line: int, cells: Cells, account: str) -> Booking:
        """Return a row read the long way, below lines that named an account."""
        apart = Statement(self.statement.preset, account=account, base=self.statement.base)
        fields = read_fields(self.reader(cells), self.layout, self.layout["columns"])
        apart.add(line, fields, self.layout)
        (booked,) = apart.bookings
        assert isinstance(booked, Booking)
        return booked

    def _like(self, cells: Cells, words: Sequence[object]) -> Alike | None:
        """Return what a row is, and with it every row that says the same; None where it is no usual trade."""
        layout = self.layout
        if _UNREAD in words[1:]:
            return None
        try:
            fields = read_fields(self.reader(cells), layout, layout["columns"])
            before = dict(fields)
            extract(fields, layout)
            if any(_taken(rule, before) or _taken(rule, fields) for rule in layout.get("extract", ())):
                return None
            marks = layout.get("corrections", {}).get("cancelled", {})
            if any(holds({key: mark}, fields, layout) for key, mark in marks.items()):
                return None
            rule = rule_of(fields, layout)
            if rule is None or rule["to"] not in _TRADES or "drop" in rule or "amount_from" in rule:
                return None
            if not set(rule.get("set", ())).isdisjoint((*_OWN, *NUMBERS)):
                return None
            numbers = numbers_of(fields, layout)
            booked = self.booking(0, cells, self.statement.account)
        except (ValueError, ArithmeticError):
            return None
        kind = kind_of(rule, fields, numbers.get("shares"), numbers.get("amount"))
        try:
            cash, _, _ = cash_of(kind, layout, rule, numbers)
        except ValueError:
            return None
        if (cash > ZERO) if kind == "buy" else (cash < ZERO):
            return None  # the money goes the wrong way, or a sale costs more than it brings
        net = layout.get("signs", {}).get("is") == "net" and "amount" in numbers
        return Alike(kind, booked.account, rule, booked.scoped, net)

    def _day(self, text: str) -> str | None:
        fields = {"date": text}
        extract(fields, {**self.layout, "add": {}})
        return day(fields["date"], self.layout) if set(fields) == {"date"} else None

    def _number_of(self, key: str, places: Sequence[int]) -> Callable[[Any], tuple[Decimal | None, int]]:
        layout, source = self.layout, {key: self.layout["columns"][key]}
        whole = key in self.adds  # tax that is paid back in part counts as it stands
        blank = frozenset(layout.get("numbers", {}).get("blank", ()))
        usual, swapped = _USUAL.fullmatch, layout.get("decimal", POINT) == COMMA

        def read(cells: Any) -> tuple[Decimal | None, int]:
            """Return a number and its sign."""
            found = usual(cells.translate(_SWAPPED) if swapped else cells)
            if found and cells not in blank:
                minus, bracket, digits = found.groups()
                value = Decimal(digits.replace(",", ""))
                sign = 0 if not value else -1 if minus or bracket else 1
                return (-value if whole and sign < 0 else value), sign
            try:
                return _parted(number(cells, layout), whole=whole)
            except ValueError:
                return None, _UNREAD

        def read_long(cells: Any) -> tuple[Decimal | None, int]:
            row = [""] * (max(places) + 1)
            for place, text in zip(places, cells if len(places) > 1 else (cells,), strict=True):
                row[place] = text
            try:
                fields = read_fields(self.reader(row), layout, source)
                found = fields.get(key, "")
                extract(fields, {**layout, "add": {}})
                if fields != {key: found}:
                    return None, _UNREAD
                return _parted(number(found, layout), whole=whole)
            except ValueError:
                return None, _UNREAD

        parts = Known(read)

        def read_first(cells: Any) -> tuple[Decimal | None, int]:
            """Return the first number that is not nothing."""
            for text in cells:
                value, sign = parts[text] if text.strip() else (None, _BLANK)
                if value or sign == _UNREAD:
                    return value, sign
            return parts[cells[0]]

        def read_sum(cells: Any) -> tuple[Decimal | None, int]:
            """Return what several numbers, their signs aside, come to."""
            found = [parts[text] for text in cells]
            if any(sign == _UNREAD for _, sign in found):
                return None, _UNREAD
            return _parted(exact_sum(abs(value) for value, _ in found if value), whole=whole)

        if any(key in (x["from"], *_given(x)) for x in layout.get("extract", ())):
            return read_long
        if isinstance(source[key], dict):
            how = next(iter(source[key]))
            return read_long if len(places) < 2 else read_sum if how == "sum" else read_first
        return read if len(places) == 1 else read_long


def _parted(value: Decimal | None, *, whole: bool) -> tuple[Decimal | None, int]:
    """Return a number and its sign, the number without it unless it is wanted whole."""
    if value is None:
        return None, _BLANK
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int) or exponent < -_FINEST or abs(value) >= LARGEST:
        return None, _UNREAD
    return value if whole else abs(value), (value > ZERO) - (value < ZERO)


def _money(
    alike: Alike,
    shares: Decimal,
    price: Decimal | None,
    amount: Decimal | None,
    costs: Sequence[Decimal | None],
) -> tuple[Decimal, Decimal, Decimal] | None:
    """Return shares, price of one and fees, none of the numbers with a sign; see `cash_of` and `trade_of`.

    None where money is missing or goes the wrong way. The context is `EXACT`.
    """
    fees = ZERO
    for cost in costs:
        if cost:
            fees += cost
    if amount is None:
        if price is None:
            return None
        gross = price * shares
    elif not alike.net:
        gross = amount
    else:
        gross = amount + fees if alike.kind == "sell" else amount - fees
        if gross < ZERO:
            return None
    if price and price * shares == gross:
        one = price
    else:
        one, rest = unit_price(gross, shares, up=alike.kind == "sell")
        fees += rest
    return (shares, one, fees) if one < LARGEST and fees < LARGEST else None


def _places(source: Any, place: Place) -> tuple[int, ...]:
    """Return the places of what a layout names as the source of a field; see `read_fields`."""
    if isinstance(source, str):
        names = [source]
    elif isinstance(source, list):
        names = [name for name in source if place(name) is not None][:1]
    else:
        names = next(iter(source.values()))
    return tuple(found for name in names if (found := place(name)) is not None)


def _cells(places: Sequence[int]) -> Callable[[Cells], Any]:
    """Return what gives the cells at some places: the text of one, a tuple of several, "" of none."""
    return itemgetter(*places) if places else _nothing


def _nothing(_: Cells) -> str:
    return ""


def _asked(layout: Layout) -> set[str]:
    """Return the fields that rules and patterns of a layout look at, but for a day that is taken out of
    its own cell."""
    asked = {key for rule in layout.get("types", ()) for key in rule.get("when", ())}
    asked |= set(layout.get("corrections", {}).get("cancelled", {}))
    for rule in layout.get("extract", ()):
        if rule["from"] != "date" or _given(rule) != {"date"}:
            asked.add(rule["from"])
    return asked


def _given(rule: Mapping[str, Any]) -> set[str]:
    """Return the fields that a pattern fills."""
    return {*pattern(rule["regex"]).groupindex, *([rule["blank"]] if rule.get("blank") else [])}


def _taken(rule: Mapping[str, Any], fields: Fields) -> bool:
    """Say whether a pattern takes what each row has for itself out of words that many have."""
    own = _given(rule) & {*_OWN, *NUMBERS}
    return bool(own - {rule["from"]}) and bool(pattern(rule["regex"]).search(fields.get(rule["from"], "")))
