"""Any broker's CSV, described by a TOML file: which column is which field, which word is which type.

```toml
encoding = "cp949"            # found out unless given, as are
delimiter = ","
date_format = "%Y.%m.%d"
decimal = "."                 # or ","
first_line = 1                # the line of column names
ignore_signs = false          # true where sales have negative shares

[columns]                     # field = "name of the column"; `total` may stand for `price`
date = "거래일"
reference = "거래번호"         # the broker's own number tells equal rows apart

[types]                       # word = type; "" leaves the row out
"매수" = "buy"
"취소" = "cancel"              # takes back the row whose number stands in the column `original`

[constants]                   # field = "the same in every row"
currency = "KRW"
```
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from functools import lru_cache, partial

from steelyard.adapters.files.delimited import delimiter_of
from steelyard.adapters.files.toml_text import tree_of
from steelyard.adapters.importers.rows import (
    MANY,
    ImportedFile,
    ImportOptions,
    Known,
    Sheet,
    add_up,
    decode,
    grid,
    listed,
    payment,
    refuse,
    sign_in,
    spread,
)
from steelyard.domain.books.entry_text import COLUMNS
from steelyard.domain.books.ledger import CASH_KINDS, KINDS, PAYMENT_KINDS, SIGNED_KINDS
from steelyard.domain.days import YEAR_FIRST, TwoOrders, day_order, read_day
from steelyard.domain.market.catalogue import Catalogue, korean_code
from steelyard.domain.money import ZERO, plain
from steelyard.domain.numerals import POINT, read_numeral
from steelyard.errors import PortfolioProblems, Problem
from steelyard.words import message_of, say

_NUMBERS = (
    "shares", "price", "total", "fees", "fx_rate", "tax_base_price", "gift_value", "gift_tax", "foreign_tax",
)  # fmt: skip
_FORMS = (
    "%Y-%m-%d",
    "%Y.%m.%d",
    "%Y/%m/%d",
    "%Y%m%d",
    "%d.%m.%Y",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d-%m-%Y",
    "%m/%d/%y",
)
"""Forms of dates that are tried where a map has none of the file's."""
_ENCODINGS = r"(utf-(8|16|32)|cp|iso8859|latin|ascii|euc|shift|big5|gb|hz|johab|koi|mac|tis|ptcp|hp)[\w-]*"
_COLUMNS = frozenset({*COLUMNS, "total", "reference", "original"})
CANCEL = "cancel"
_KEYS = {"encoding": str, "delimiter": str, "first_line": int, "date_format": str, "decimal": str,
         "ignore_signs": bool, "columns": dict, "types": dict, "constants": dict}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """How to read a broker's CSV; see the module for the keys."""

    columns: Mapping[str, str]
    types: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    encoding: str | None = None
    delimiter: str | None = None
    first_line: int = 1
    date_format: str | None = None
    decimal: str | None = None
    ignore_signs: bool = False
    order: str = YEAR_FIRST
    """Of day, month and year, where there is no date_format; found out from the file."""


def load(data: bytes, name: str) -> ColumnMap:
    """Read the description.

    Args:
        data: TOML.
        name: For messages.

    Raises:
        PortfolioProblems: With every problem of it (`import-map`).
    """
    try:
        found = tree_of(decode(data, name))
    except ValueError as error:
        raise refuse(
            "import-map",
            name,
            say("the map is no TOML: {error}", error=message_of(error)),
            say("check that line"),
        ) from None
    problems: list[Problem] = []

    def wrong(key: str, text: str, hint: str) -> None:
        problems.append(Problem("import-map", text, hint, name, None, key))

    for key, value in found.items():
        if key not in _KEYS:
            wrong(key, say("there is no such key"), say("the keys are {choices}", choices=", ".join(_KEYS)))
        elif type(value) is not _KEYS[key]:
            wrong(
                key, say("{value!r} is of the wrong kind", value=value), say("see the guide of the journal")
            )
    for part, known in (("columns", _COLUMNS), ("constants", frozenset(COLUMNS))):
        for key, value in _table(found, part).items():
            if key not in known or not isinstance(value, str):
                wrong(
                    f"{part}.{key}",
                    say("{key} = {value!r} means nothing", key=key, value=value),
                    say("write one of {choices}", choices=", ".join(COLUMNS)),
                )
    for word, kind in _table(found, "types").items():
        if kind not in (*KINDS, CANCEL, ""):
            wrong(
                f"types.{word}",
                say("{kind!r} is not a type of entry", kind=kind),
                say("write one of {choices}", choices=", ".join(KINDS)),
            )
    for needed in ("date", "type"):
        if needed not in {**_table(found, "columns"), **_table(found, "constants")}:
            wrong(
                f"columns.{needed}",
                say("no column is the {needed}", needed=needed),
                say('write {needed} = "NAME OF THE COLUMN"', needed=needed),
            )
    if found.get("decimal", ".") not in (".", ","):
        wrong(
            "decimal",
            say("{decimal!r} is no decimal sign", decimal=found["decimal"]),
            say('write "." or ","'),
        )
    first_line = found.get("first_line", 1)
    if type(first_line) is int and first_line < 1:
        wrong(
            "first_line",
            say("there is no line {first_line}", first_line=first_line),
            say("write the line of the column names"),
        )
    if type(found.get("delimiter", ",")) is str and len(found.get("delimiter", ",")) != 1:
        wrong("delimiter", say("it is not one character"), say('write ";"'))
    if isinstance(encoding := found.get("encoding"), str) and not _is_encoding(encoding):
        wrong(
            "encoding",
            say("{encoding!r} is no encoding of files", encoding=encoding),
            say('write "cp949" or "utf-8"'),
        )
    if isinstance(form := found.get("date_format"), str) and not _is_form(form):
        wrong(
            "date_format",
            say("{form!r} does not describe a date", form=form),
            say('write "%Y.%m.%d": year, month and day once'),
        )
    if problems:
        raise PortfolioProblems(tuple(problems))
    return ColumnMap(**found)


def _is_encoding(name: str) -> bool:
    """Say whether a name is of an encoding that programs write files in.

    Python knows others, which are for names of hosts (`punycode` takes hours for a file), for bytes
    (`zip`) or for nothing (`undefined`).
    """
    try:
        return re.fullmatch(_ENCODINGS, codecs.lookup(name).name) is not None
    except (LookupError, ValueError):
        return False


def _is_form(text: str) -> bool:
    """Say whether a form of dates gives a day back that was written with it."""
    day = datetime(2024, 11, 23)
    try:
        return datetime.strptime(day.strftime(text), text).date() == day.date()
    except (ValueError, re.error):
        return False


def read(
    data: bytes, name: str, catalogue: Catalogue, said: ImportOptions, described: ColumnMap
) -> ImportedFile:
    """Read a broker's CSV as its map describes it.

    Args:
        data: CSV.
        name: For messages.
        catalogue: Known instruments.
        said: What its owner says about it.
        described: The map.

    Raises:
        PortfolioProblems: With every problem of the file and its line.
    """
    sheet = Sheet(name, catalogue, said)
    columns = {key: column.strip().lower() for key, column in described.columns.items()}
    text = decode(data, name, described.encoding)
    heads, lines, rows = grid(text, name, described.delimiter, described.first_line)
    # The last column of a name counts, and one without a name is none.
    cells = {head: column for head, column in zip(heads, zip(*rows, strict=False), strict=False) if head}
    if rows:
        missing = [described.columns[key] for key, column in columns.items() if column not in cells]
        if missing:
            hint = say("correct the map; first_line is the line of column names")
            text = say("there is no column {names}", names=", ".join(missing))
            raise refuse("import-header", name, text, hint, described.first_line)
    words: dict[str, Sequence[str]] = {key: cells.get(column, ()) for key, column in columns.items()}
    described = _told(described, words, text, name)
    for key, constant in described.constants.items():
        words[key] = [text or constant for text in words.get(key, [""] * len(rows))]
    words = sheet.as_said(words)
    names = Known(lambda text: sheet.catalogue.resolve(described_name(text)) or text)

    def alone(place: int) -> None:
        """Read one row by its words."""
        said = {key: column[place] for key, column in words.items() if column[place]}
        try:
            _row(sheet, lines[place], said, described, names)
        except ValueError as error:
            sheet.unread(say("the row cannot be read: {error}", error=message_of(error)), lines[place])

    usual, references = _usual(words, described, names, sheet.account or "main", len(rows))
    sheet.put_columns(usual, lines, alone, references)
    return sheet.finish()


def _usual(
    words: Mapping[str, Sequence[str]], described: ColumnMap, names: Known[str], owner: str, many: int
) -> tuple[dict[str, Sequence[str]], Sequence[str]]:
    """Return the words of usual rows as the native format has them, and their references.

    A row that is none has no type left: it is read alone. So is what has no number, one below zero or one
    that names a currency, and a total that is no purchase or sale.
    """
    found: dict[str, Sequence[str]] = {k: v for k, v in words.items() if k not in ("total", "original")}
    kinds = words.get("type", [""] * many)
    if described.types:
        kinds = [described.types.get(kind, "") for kind in kinds]
    if described.date_format or described.order != YEAR_FIRST:
        days = Known(partial(_day_or_none, form=described.date_format, order=described.order))
        found |= {key: list(map(days.__getitem__, words[key])) for key in ("date",) if key in words}
    decimal = described.decimal or POINT
    read = Known(partial(_plain_number, decimal=decimal), MANY * 10).__getitem__
    numbers = {key: list(map(read, words[key])) for key in _NUMBERS if key in words}
    alone = [kind == CANCEL for kind in kinds]
    for key, column in numbers.items():
        if None in column:
            alone = [a or number is None for a, number in zip(alone, column, strict=True)]
        found[key] = ["" if number is None else number[1] for number in column]
    totals = found.pop("total", [])
    if any(totals):
        alone = _priced(found, totals, numbers, kinds, alone)
    if "symbol" in words:
        symbols = Known(lambda text: names[listed(text)] if text else "")
        found["symbol"] = list(map(symbols.__getitem__, words["symbol"]))
    found["type"] = ["" if a else kind for a, kind in zip(alone, kinds, strict=True)] if any(alone) else kinds
    refs = found.pop("reference", None)
    if refs is None:
        return found, [""] * many
    owners = words.get("account", [""] * many)
    return found, [f"map:{who or owner}:{ref}" if ref else "" for who, ref in zip(owners, refs, strict=True)]


def _priced(
    found: dict[str, Sequence[str]],
    totals: Sequence[str],
    numbers: Mapping[str, Sequence[tuple[Decimal, str] | None]],
    kinds: Sequence[str],
    alone: Sequence[bool],
) -> list[bool]:
    """Fill in price and fees where only a total is there; say which rows are to be read alone."""
    nothing: Sequence[tuple[Decimal, str] | None] = [(ZERO, "")] * len(totals)
    prices, fees, left = list(found.get("price", totals)), list(found.get("fees", totals)), list(alone)
    if "price" not in found:
        prices = [""] * len(totals)
    if "fees" not in found:
        fees = [""] * len(totals)
    columns = (numbers.get(key, nothing) for key in ("total", "shares", "fees"))
    for place, (total, shares, paid) in enumerate(zip(*columns, strict=True)):
        if (
            not totals[place]
            or prices[place]
            or left[place]
            or total is None
            or shares is None
            or paid is None
        ):
            continue
        if kinds[place] not in ("buy", "sell") or not shares[0]:
            left[place] = True
            continue
        prices[place], rest = spread(total[0], shares[0], sale=kinds[place] == "sell")
        if rest:
            fees[place] = plain(add_up(paid[0], rest))
    found |= {"price": prices, "fees": fees}
    return left


def _day_or_none(text: str, form: str | None, order: str) -> str:
    """Return a day as ISO 8601; what is none is returned as nothing."""
    try:
        return _day(text, form, order) if text else ""
    except ValueError:
        return ""


def _plain_number(text: str, decimal: str) -> tuple[Decimal, str] | None:
    """Return a number and how it is written here; None where the row is to be read alone."""
    if not text:
        return ZERO, ""
    try:
        value, written, currency = _number(text, decimal)
    except ValueError:
        return None
    return None if currency is not None or value < ZERO else (value, written)


def _told(described: ColumnMap, words: Mapping[str, Sequence[str]], text: str, name: str) -> ColumnMap:
    """Return the map with what it leaves open and all rows together tell.

    Raises:
        PortfolioProblems: They do not tell, or no row has the map's `date_format`.
    """
    days = list(dict.fromkeys(day for day in words.get("date", ()) if day))
    order, form = YEAR_FIRST, described.date_format
    if form is not None and days and not any(_fits(day, form) for day in days):
        right = next((f for f in _FORMS if all(_fits(day, f) for day in days)), None)
        said = say("no date has the form {form!r}: {day!r}", form=form, day=days[0])
        hint = say('write date_format = "{right}"', right=right) if right else say("leave date_format out")
        raise refuse("import-map", name, said, hint)
    try:
        order = day_order(days) if form is None else order
    except TwoOrders as error:
        raise PortfolioProblems((error.problem(name),)) from None
    decimal = described.decimal
    if decimal is None:
        first = text.split("\n", described.first_line)[described.first_line - 1 :][:1]
        decimal = sign_in(words, _NUMBERS, described.delimiter or delimiter_of("".join(first)), name)
    return replace(described, decimal=decimal, order=order)


def _fits(day: str, form: str) -> bool:
    try:
        datetime.strptime(day, form)
    except ValueError:
        return False
    return True


def _table(found: Mapping[str, object], key: str) -> Mapping[str, object]:
    value = found.get(key)
    return value if isinstance(value, dict) else {}


def _row(
    sheet: Sheet, line: int, words: dict[str, str], described: ColumnMap, names: Mapping[str, str]
) -> None:
    kind = words.get("type", "")
    if described.types:
        if kind not in described.types:
            hint = say(
                'add to the map, under [types]: "{kind}" = "buy", or = "" to leave such rows out', kind=kind
            )
            sheet.problem("entry-type", say("{kind!r} is not in the map", kind=kind), hint, line)
            return
        words["type"] = described.types[kind]
        if not words["type"]:
            sheet.skip(line, say("the map wants no {kind!r}", kind=kind))
            return
        kind = words["type"]
    owner = words.get("account") or sheet.account or "main"
    original = words.pop("original", "")
    if kind == CANCEL:
        if not original:
            raise ValueError(say("it takes back a row and does not say which: name its column as `original`"))
        sheet.cancel(line, f"map:{owner}:{original}")
        return
    for key in ("date", "lot", "ex_date"):
        if words.get(key) and (described.date_format or described.order != YEAR_FIRST):
            words[key] = _day(words[key], described.date_format, described.order)
    numbers: dict[str, Decimal] = {}
    for key in _NUMBERS:
        if words.get(key):
            numbers[key], words[key], currency = _number(words[key], described.decimal or POINT)
            if currency is not None:
                words.setdefault("currency", currency)
    kind = _signed(kind, words, numbers, ignore=described.ignore_signs)
    _price_from_total(kind, words, numbers)
    if words.get("symbol"):
        words["symbol"] = listed(words["symbol"]) if kind != "convert" else words["symbol"]
        words["symbol"] = names[words["symbol"]]
    reference = words.pop("reference", "")
    sheet.add(line, f"map:{owner}:{reference}" if reference else "", **words)


@lru_cache(maxsize=4096)
def _day(text: str, form: str | None, order: str) -> str:
    if form is None:
        return read_day(text, order=order).isoformat()
    return datetime.strptime(text, form).date().isoformat()


@lru_cache(maxsize=20_000)
def _number(text: str, decimal: str) -> tuple[Decimal, str, str | None]:
    """Return a number, how it is written here, and the currency that it names."""
    found = read_numeral(text, decimal)
    return found.value, plain(found.value), found.currency


def _signed(kind: str, words: dict[str, str], numbers: dict[str, Decimal], *, ignore: bool) -> str:
    """Give signs their meaning and return the type: -2,500 of a deposit leave the account."""
    negative = any(numbers.get(key, ZERO) < ZERO for key in ("shares", "price", "total"))
    if kind in ("deposit", "withdrawal") and negative:
        kind = "withdrawal"
    elif kind in PAYMENT_KINDS and negative:
        raise ValueError(say("a payment below zero: taken back, or the purchase it was reinvested in"))
    elif kind in SIGNED_KINDS or not ignore:
        return kind
    for key, value in numbers.items():
        numbers[key] = abs(value)
        words[key] = plain(abs(value))
    words["type"] = kind
    return kind


def described_name(symbol: str) -> str:
    """Return a symbol without the `A` that Korean brokers put before a six-digit code."""
    return korean_code(symbol)


def _price_from_total(kind: str, words: dict[str, str], numbers: dict[str, Decimal]) -> None:
    """`total` is shares times price, before fees; of money it is the amount."""
    words.pop("total", None)
    if "total" not in numbers or words.get("price"):
        return
    total, shares = numbers["total"], numbers.get("shares", ZERO)
    if kind in CASH_KINDS:
        words["shares"] = plain(total)
    elif kind == "dividend":
        words.update(payment(total, shares))
    elif shares > ZERO and kind in ("buy", "sell", "convert", "transfer_in"):
        price, rest = spread(total, shares, sale=kind == "sell")
        words["price"] = price
        if rest and kind != "transfer_in":
            words["fees"] = plain(add_up(numbers.get("fees", ZERO), rest))
