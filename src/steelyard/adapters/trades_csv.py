"""Trades from a CSV file: every row read or every problem told, with its line.

The native columns are `date,account,type,symbol,shares,price,currency,fees,fx_rate,tax_base_price,lot,note`;
empty ones may be left out. The amount of a deposit, withdrawal or fee stands in `shares` or in `price`.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path

from steelyard.domain.catalogue import Catalogue
from steelyard.domain.ledger import KINDS, Entry
from steelyard.domain.money import ZERO, is_currency, parse_number
from steelyard.errors import PortfolioProblems, Problem

COLUMNS = (
    "date", "account", "type", "symbol", "shares", "price", "currency", "fees", "fx_rate",
    "tax_base_price", "lot", "note",
)  # fmt: skip
MONEY_KINDS = ("deposit", "withdrawal", "fee")
PRICED = ("buy", "sell", "dividend", "convert")


def read_trades(path: Path, catalogue: Catalogue) -> list[Entry]:
    """Read a file of trades in the native columns.

    Args:
        path: UTF-8 CSV with a heading.
        catalogue: Known instruments, for their names and quote currencies.

    Raises:
        PortfolioProblems: With every problem of the file; nothing of it may be used then.
    """
    name = str(path)
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise _refused(name, "no-file", "there is no such file", "check its name") from None
    except (OSError, UnicodeDecodeError) as error:
        raise _refused(name, "unreadable", f"cannot be read: {error}", "save it as UTF-8 text") from None
    rows = csv.DictReader(io.StringIO(text, newline=""))
    heading = [h.strip() for h in rows.fieldnames or ()]
    problems: list[Problem] = []
    unknown = [h for h in heading if h not in COLUMNS]
    if unknown or "date" not in heading or "type" not in heading:
        what = f"unknown columns {', '.join(unknown)}" if unknown else "no columns date and type"
        raise _refused(name, "csv-columns", what, f"the columns are {','.join(COLUMNS)}", 1)
    rows.fieldnames = heading
    entries = []
    for row in rows:
        if not any((v or "").strip() for v in row.values() if isinstance(v, str)):
            continue
        reader = TradeRow(
            {k: (v or "").strip() for k, v in row.items() if isinstance(k, str)}, name, rows.line_num
        )
        if None in row:
            reader.problem("csv-row", "has more fields than the heading", "quote a field that has a comma")
        entry = reader.entry(catalogue)
        problems += reader.problems
        if entry is not None:
            entries.append(entry)
    if problems:
        raise PortfolioProblems(tuple(problems))
    return entries


def _refused(name: str, code: str, message: str, hint: str, line: int | None = None) -> PortfolioProblems:
    return PortfolioProblems((Problem(code, message, hint, name, line),))


class TradeRow:
    """One row as text, becoming an entry or some problems."""

    def __init__(self, fields: Mapping[str, str], file: str, line: int) -> None:
        """Take the fields of a row by native column."""
        self.fields, self.file, self.line = fields, file, line
        self.problems: list[Problem] = []

    def problem(self, code: str, message: str, hint: str) -> None:
        """Note a problem of this row."""
        self.problems.append(Problem(code, message, hint, self.file, self.line))

    def entry(self, catalogue: Catalogue) -> Entry | None:
        """Return the entry, None when the row has problems."""
        kind = self.fields.get("type", "").lower()
        if kind not in KINDS:
            self.problem("entry-type", f"{kind!r} is no type of entry", f"use one of {', '.join(KINDS)}")
        day = self.day("date")
        symbol = self.fields.get("symbol", "")
        if kind == "convert":
            symbol = symbol.upper()
        elif symbol:
            symbol = catalogue.resolve(symbol) or symbol
        if kind in KINDS and not symbol and kind not in MONEY_KINDS:
            self.problem("key-missing", f"a {kind} has no symbol", "fill the column symbol")
        shares, price = self.number("shares"), self.number("price")
        if kind in MONEY_KINDS:
            shares = shares if shares is not None else price
            price = None
        if kind in KINDS and not shares:
            self.problem("key-missing", f"a {kind} has no shares", "fill the column shares")
        if kind in PRICED and price is None and not self.problems:
            self.problem("key-missing", f"a {kind} has no price", "fill the column price")
        known = catalogue.get(symbol) if symbol else None
        currency = self.fields.get("currency", "").upper() or (known.currency if known else "")
        if currency and not is_currency(currency):
            self.problem("currency", f"{currency!r} is no currency code", "write KRW or USD")
        if not currency and kind in KINDS and kind != "split":
            self.problem(
                "currency", f"a {kind} of {symbol or 'money'} has no currency", "fill the column currency"
            )
        fees, fx, base = self.number("fees"), self.number("fx_rate"), self.number("tax_base_price")
        lot = self.day("lot") if self.fields.get("lot") else None
        if self.problems or day is None or shares is None:
            return None
        return Entry(
            traded_on=day,
            account=self.fields.get("account", "") or "main",
            kind=kind,
            symbol=symbol,
            shares=shares,
            price=price,
            currency=currency,
            fees=fees or ZERO,
            fx_rate=fx,
            tax_base_price=base,
            lot=lot,
            note=self.fields.get("note", ""),
        )

    def number(self, column: str) -> Decimal | None:
        """Return a number >= 0 of a column, None when it is empty or wrong."""
        text = self.fields.get(column, "")
        if not text:
            return None
        try:
            value = parse_number(text)
        except ValueError:
            self.problem("not-a-number", f"{column} is {text!r}, not a number", "write digits and a point")
            return None
        if value < ZERO:
            self.problem("negative", f"{column} is {text}, below 0", "the type says which way money flows")
            return None
        return value

    def day(self, column: str) -> date | None:
        """Return a date of a column, None when it is missing or wrong."""
        text = self.fields.get(column, "")
        try:
            return date.fromisoformat(text[:10])
        except ValueError:
            self.problem("not-a-date", f"{column} is {text!r}, not a date", "write it as 2026-11-23")
            return None
