"""A broker's yearly statement of sales (양도소득 계산내역, Form 1099-B) as CSV, by the names of its columns.

Brokers export the same figures under names of their own; each is known by one of several. Numbers are in the
tax currency, as the statement is made for the return.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from steelyard.adapters.files.delimited import delimiter_of
from steelyard.adapters.importers.rows import decode, listed, refuse, sign_of, table
from steelyard.domain.books.statements import StatedSale
from steelyard.domain.days import MONTH_FIRST, YEAR_FIRST, read_day
from steelyard.domain.market.catalogue import Catalogue
from steelyard.domain.money import EXACT, ZERO
from steelyard.domain.numerals import read_numeral
from steelyard.errors import PortfolioProblems, Problem
from steelyard.words import message_of, say

NAMES: Mapping[str, tuple[str, ...]] = {
    "symbol": (
        "종목코드",
        "티커",
        "심볼",
        "종목",
        "종목명",
        "주식종목명",
        "symbol",
        "ticker",
        "cusip",
        "description",
    ),
    "on": (
        "양도일",
        "양도일자",
        "매도일",
        "매도일자",
        "매도체결일",
        "결제일",
        "date sold or disposed",
        "date sold or disposed of",
        "1c date sold or disposed",
        "date sold",
        "sale date",
        "sold",
        "sold_on",
    ),
    "shares": ("양도수량", "매도수량", "양도주식수", "수량", "shares", "quantity", "qty"),
    "proceeds": (
        "양도가액",
        "매도금액",
        "양도금액",
        "매도금액(원화)",
        "proceeds",
        "1d proceeds",
        "sales proceeds",
    ),
    "cost": (
        "취득가액",
        "매수금액",
        "취득금액",
        "매수금액(원화)",
        "cost",
        "cost basis",
        "cost or other basis",
        "1e cost or other basis",
    ),
    "expenses": ("필요경비", "제비용", "수수료", "기타비용", "expenses", "fees"),
    "gain": (
        "양도차익",
        "양도소득금액",
        "양도손익",
        "손익",
        "매매손익",
        "gain",
        "gain or loss",
        "gain/loss",
        "realized gain/loss",
        "net gain or loss",
    ),
    "disallowed": (
        "wash sale loss disallowed",
        "1g wash sale loss disallowed",
        "disallowed loss",
        "wash sale",
        "wash sale adjustment",
    ),
    "term": (
        "term",
        "type of gain or loss",
        "2 type of gain or loss",
        "short-term or long-term",
        "holding period",
    ),
}
"""Field to the names its column has, in lower case."""
_NEEDED = ("symbol", "on", "shares")


def read_statement(data: bytes, name: str, catalogue: Catalogue) -> tuple[StatedSale, ...]:
    """Read a broker's statement.

    Args:
        data: Of the file.
        name: For messages.
        catalogue: Its names and aliases may stand for symbols.

    Raises:
        PortfolioProblems: A column is missing or a cell cannot be read.
    """
    text = decode(data, name).lstrip("\n")
    rows = list(table(text, name))
    columns = _columns(rows[0][1] if rows else {}, name)
    numbers = [columns[key] for key in columns if key not in ("symbol", "on", "term")]
    sign = sign_of([row for _, row in rows], numbers, delimiter_of(text.partition("\n")[0]), name)
    found, problems = [], []
    for line, row in rows:
        try:
            sale = _sale(row, columns, line, sign, catalogue)
        except ValueError as error:
            hint = say("correct the cell, or take the line out")
            problems.append(Problem("statement-row", message_of(error), hint, name, line))
            continue
        if sale is not None:
            found.append(sale)
    if problems:
        raise PortfolioProblems(tuple(problems))
    return tuple(found)


def _columns(row: Mapping[str, str], name: str) -> dict[str, str]:
    found = {key: column for key, names in NAMES.items() for column in names[::-1] if column in row}
    missing = [key for key in _NEEDED if key not in found]
    if "gain" not in found and not {"proceeds", "cost"} <= set(found):
        missing.append("gain")
    if missing:
        wanted = "; ".join(f"{key}: {', '.join(_names_of(key))}" for key in missing)
        raise refuse(
            "statement-columns",
            name,
            say("the statement lacks columns: {missing}", missing=", ".join(missing)),
            say("name them as one of {wanted}", wanted=wanted),
            1,
        )
    return found


def _names_of(key: str) -> list[str]:
    """Return two names of a column in each language: a broker's file is in one of them."""
    return [n for plain in (False, True) for n in [x for x in NAMES[key] if x.isascii() == plain][:2]]


def _sale(
    row: Mapping[str, str], columns: Mapping[str, str], line: int, sign: str, catalogue: Catalogue
) -> StatedSale | None:
    def number(key: str) -> Decimal | None:
        raw = row.get(columns.get(key, ""), "").strip() if key in columns else ""
        return read_numeral(raw, sign).value if raw else None

    raw = row.get(columns["symbol"], "").strip()
    shares = number("shares")
    if not raw or not shares or not row.get(columns["on"], "").strip():
        # A line of totals names no sale.
        return None
    proceeds, cost, expenses = number("proceeds"), number("cost"), number("expenses")
    gain = number("gain")
    if gain is None:
        if proceeds is None or cost is None:
            raise ValueError(say("the line has no gain"))
        gain = EXACT.subtract(EXACT.subtract(proceeds, cost), expenses or ZERO)
    # A 1099-B is a form of the United States, where the month stands first.
    order = MONTH_FIRST if columns["on"].isascii() else YEAR_FIRST
    on: date = read_day(row[columns["on"]].strip(), order=order)
    symbol = catalogue.resolve(raw) or listed(raw)
    disallowed = number("disallowed")
    return StatedSale(
        line,
        symbol,
        on,
        abs(shares),
        proceeds,
        cost,
        expenses,
        gain,
        None if disallowed is None else abs(disallowed),
        _term(row.get(columns.get("term", ""), "")),
    )


def _term(raw: str) -> str | None:
    """Return `short` or `long` of whatever a broker calls it, None where it says neither."""
    word = raw.strip().lower()
    return next((term for term in ("short", "long") if word.startswith((term, term[0] + "t"))), None)
