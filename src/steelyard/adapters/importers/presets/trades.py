"""Purchases and sales, of which long files are full, without reading again what their rows have in common.

Rows that say the same in words (type, instrument, account, currency) and whose numbers have the same signs
fall under the same rule of a preset, so that one of them tells what all are: it is read as any other row, and
of the others only the day, the numbers and the broker's own numbers. Whatever is rare or wrong in a row, its
day, a number, its rule, is left to the long way (`Statement.add`); a test holds both to the same entries.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
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
    Booking,
    Statement,
    cash_of,
    kind_of,
    numbers_of,
    trade_of,
)
from steelyard.adapters.importers.rows import Known
from steelyard.domain.money import EXACT, LARGEST, ZERO, exact_sum

Cells = Sequence[str]
Reader = Callable[[Cells], Callable[[str], "str | None"]]
Place = Callable[[str], "int | None"]
_OWN = ("date", "ref", "order")
"""What every row has for itself, beside its numbers."""
_TRADES = frozenset({"buy", "sell", "buy|sell", "sell|buy"})
_FINEST = 9
_MANY = 20_000
"""Different words of a table that are worth remembering."""


@dataclass(frozen=True, slots=True)
class Alike:
    """What rows have in common that say the same in words.

    Attributes:
        kind: `buy` or `sell`.
        account: The broker's number of it, "" where the row names none.
        rule: Of the preset.
        scoped: As of `Booking`.
    """

    kind: str
    account: str
    rule: Mapping[str, Any]
    scoped: bool


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
        numbers: tuple[Decimal, Decimal, Decimal],
        names: Sequence[str],
    ) -> None:
        self._table = table
        self._cells = cells
        self.line = line
        self.alike = alike
        self.on = on
        self.shares, self.price, self.fees = numbers
        self.ref, self.order = names

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
    """

    def __init__(self, statement: Statement, layout: Layout, reader: Reader, place: Place) -> None:
        columns: Mapping[str, Any] = layout["columns"]
        places = {key: _places(source, place) for key, source in columns.items()}
        numeric = [key for key in columns if key in NUMBERS and places[key]]
        asked = _asked(layout)
        worded = [k for k in columns if k not in numeric and (k not in _OWN or k in asked)]
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

    @staticmethod
    def of(statement: Statement, layout: Layout, reader: Reader, place: Place) -> Trades | None:
        """Return what reads the trades of a table; None where each row needs the long way."""
        columns = layout.get("columns", {})
        whens = [rule["when"] for rule in layout.get("types", ()) if "when" in rule]
        if (
            layout["kind"] != "transactions"
            or any(key in layout for key in ("parts", "all", "checks"))
            or layout.get("record_rows", 1) > 1
            or set(layout.get("add", {})) - {"tax", "symbol"}
            or any(key in NUMBERS and want not in SIGNS for when in whens for key, want in when.items())
            or any(isinstance(columns.get(key, ""), dict) for key in _OWN)
            or "date" not in columns
            or not _places(columns["date"], place)
        ):
            return None
        return Trades(statement, layout, reader, place)

    def take(self, line: int, cells: Cells) -> bool:
        """Take a row, or leave it to the long way."""
        try:
            on = self.days[self.day(cells)]
            if on is None:
                return False
            found: dict[str, Decimal] = {}
            signs = []
            for key, get, known in self.numbers:
                value, sign = known[get(cells)]
                signs.append(sign)
                if value is not None:
                    found[key] = value
            said = self.words(cells), *signs
            names = [get(cells) for get in self.names]
        except (IndexError, ValueError):
            return False
        if self.above != (self.statement.account, self.statement.base) or len(self.alike) > _MANY:
            self.above = self.statement.account, self.statement.base
            self.alike.clear()
        if said not in self.alike:
            self.alike[said] = self._like(cells)
        alike = self.alike[said]
        if alike is None:
            return False
        if self.adds:
            found["tax"] = exact_sum(found.pop(part, ZERO) for part in self.adds)
        numbers = self._money(alike, found)
        if numbers is None:
            return False
        self.statement.bookings.append(Trade(self, cells, line, alike, on, numbers, names))
        return True

    def booking(self, line: int, cells: Cells, account: str) -> Booking:
        """Return a row read the long way, below lines that named an account."""
        apart = Statement(self.statement.preset, account=account, base=self.statement.base)
        fields = read_fields(self.reader(cells), self.layout, self.layout["columns"])
        apart.add(line, fields, self.layout)
        (booked,) = apart.bookings
        assert isinstance(booked, Booking)
        return booked

    def _money(self, alike: Alike, found: Mapping[str, Decimal]) -> tuple[Decimal, Decimal, Decimal] | None:
        """Return shares, price of one and fees; None where money is missing or goes the wrong way."""
        shares = abs(found.get("shares", ZERO))
        if not shares:
            return None
        try:
            cash, fee, tax = cash_of(alike.kind, self.layout, alike.rule, found)
        except ValueError:
            return None
        stated = found.get("price")
        try:
            price, fees = trade_of(
                alike.kind, cash, EXACT.add(fee, tax), shares, abs(stated) if stated else None
            )
        except ValueError:
            return None
        return (shares, price, fees) if price < LARGEST and fees < LARGEST else None

    def _like(self, cells: Cells) -> Alike | None:
        """Return what a row is, and with it every row that says the same; None where it is no usual trade."""
        layout = self.layout
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
        return Alike(kind, booked.account, rule, booked.scoped)

    def _day(self, text: str) -> str | None:
        fields = {"date": text}
        extract(fields, {**self.layout, "add": {}})
        return day(fields["date"], self.layout) if set(fields) == {"date"} else None

    def _number_of(self, key: str, places: Sequence[int]) -> Callable[[Any], tuple[Decimal | None, int]]:
        layout, source = self.layout, {key: self.layout["columns"][key]}

        def read(cells: Any) -> tuple[Decimal | None, int]:
            """Return a number and its sign; one that needs the long way raises ValueError."""
            return _signed(number(cells, layout))

        def read_long(cells: Any) -> tuple[Decimal | None, int]:
            row = [""] * (max(places) + 1)
            for place, text in zip(places, cells if len(places) > 1 else (cells,), strict=True):
                row[place] = text
            fields = read_fields(self.reader(row), layout, source)
            found = fields.get(key, "")
            extract(fields, {**layout, "add": {}})
            if fields != {key: found}:
                raise ValueError(found)
            return _signed(number(found, layout))

        patterns = layout.get("extract", ())
        alone = len(places) == 1 and not isinstance(source[key], dict)
        return read if alone and not any(key in (x["from"], *_given(x)) for x in patterns) else read_long


def _signed(value: Decimal | None) -> tuple[Decimal | None, int]:
    if value is None:
        return None, 0
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int) or exponent < -_FINEST or abs(value) >= LARGEST:
        raise ValueError(value)
    return value, (value > ZERO) - (value < ZERO)


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
