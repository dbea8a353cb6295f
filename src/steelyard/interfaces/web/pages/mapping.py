"""A broker's file that nothing here knows: its owner says by clicks which column is what, and which word."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from steelyard.api.serving import file_columns
from steelyard.domain.books.ledger import KINDS
from steelyard.records import dataclass

UNKNOWN = frozenset({"import-header"})
"""What an import says of a file whose columns it does not know."""
FIELDS = ("date", "type", "symbol", "shares", "price", "total", "fees", "currency", "account", "note")
COLUMN, WORD, ORDER = "c:", "w:", "order"
FORMS = {"dmy": "%d{0}%m{0}%Y", "mdy": "%m{0}%d{0}%Y"}
SHOWN, WORDS = 3, 40
USUAL = {
    "date": ("date", "trade date", "거래일", "거래일자", "체결일", "when"),
    "type": ("type", "action", "side", "구분", "거래구분", "거래종류", "what"),
    "symbol": ("symbol", "ticker", "종목코드", "종목번호", "종목", "종목명"),
    "shares": ("shares", "quantity", "qty", "units", "수량", "거래수량", "체결수량"),
    "price": ("price", "단가", "거래단가", "체결단가", "체결가", "each"),
    "total": ("total", "amount", "거래금액", "금액"),
    "fees": ("fees", "fee", "commission", "수수료"),
    "currency": ("currency", "ccy", "통화", "통화코드"),
    "account": ("account", "계좌", "계좌번호"),
    "note": ("note", "memo", "적요", "비고"),
}
"""Names of columns that are proposed; what is chosen counts."""
SIDES = {
    "buy": ("buy", "bought", "매수", "kauf"),
    "sell": ("sell", "sold", "매도", "verkauf"),
    "dividend": ("dividend", "배당", "배당금"),
    "deposit": ("deposit", "입금"),
    "withdrawal": ("withdrawal", "출금"),
    "interest": ("interest", "이자", "이용료"),
    "fee": ("fee", "수수료"),
}


@dataclass(frozen=True, slots=True)
class Reading:
    """What is asked of the owner of a file.

    Attributes:
        names: The columns.
        rows: The first few, as they are.
        chosen: The column of each field, empty for none.
        words: What stands in the column of kinds, with the kind of each; empty to leave its rows out.
        order: How a date is written where it reads two ways: `dmy`, `mdy`, empty to find it out.
    """

    names: Sequence[str]
    rows: Sequence[Sequence[str]]
    chosen: Mapping[str, str]
    words: Mapping[str, str]
    order: str = ""

    @property
    def is_table(self) -> bool:
        """Whether there is something to be said of it."""
        return len(self.names) > 1 and bool(self.rows)


def asked(file: Path, name: str, form: Mapping[str, str]) -> Reading:
    """Return what is to be said of a file, with what was said so far or is proposed.

    Raises:
        PortfolioProblems: It is no table.
    """
    names, rows = file_columns(file, name)
    said = any(key.startswith(COLUMN) for key in form)
    chosen = {}
    for field in FIELDS:
        column = form.get(COLUMN + field, "") if said else _proposed(field, names)
        chosen[field] = column if column in names else ""
    words: dict[str, str] = {}
    if chosen["type"]:
        place = list(names).index(chosen["type"])
        for word in dict.fromkeys(row[place] for row in rows if len(row) > place and row[place]):
            if len(words) < WORDS:
                words[word] = form.get(WORD + word, _kind(word))
    order = form.get(ORDER, "")
    return Reading(names, rows[:SHOWN], chosen, words, order if order in FORMS else "")


def map_text(found: Reading) -> str:
    """Return what was said as the text of a map of columns."""
    columns = [f"{field} = {json.dumps(name)}" for field, name in found.chosen.items() if name]
    words = [f"{json.dumps(w)} = {json.dumps(k)}" for w, k in found.words.items() if k in (*KINDS, "")]
    return "\n".join([*_date_format(found), "[columns]", *columns, "[types]", *words]) + "\n"


def facts(found: Reading, number: str, name: str) -> Mapping[str, Any]:
    """Return what the page shows of it."""
    return {"mapping": found, "number": number, "name": name, "fields": FIELDS, "kinds": KINDS}


def _date_format(found: Reading) -> list[str]:
    """Return the line that says how a date is written, where its owner said it."""
    if not found.order or not found.chosen["date"]:
        return []
    place = list(found.names).index(found.chosen["date"])
    sign = next((c for row in found.rows for c in row[place] if not c.isdigit()), ".")
    return [f"date_format = {json.dumps(FORMS[found.order].format(sign))}"]


def _proposed(field: str, names: Sequence[str]) -> str:
    return next((name for name in USUAL[field] if name in names), "")


def _kind(word: str) -> str:
    return next((kind for kind, words in SIDES.items() if word.strip().lower() in words), "")
