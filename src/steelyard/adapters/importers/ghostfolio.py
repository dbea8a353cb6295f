"""Ghostfolio: the JSON that it exports, or the CSV that it imports.

Source: Ghostfolio's own export document and its example files for imports.
"""

from __future__ import annotations

import re

from steelyard.adapters.importers.rows import (
    ImportedFile,
    Sheet,
    add_up,
    amount,
    decode,
    document,
    first_of,
    listed,
    objects,
    refuse,
    table,
)
from steelyard.domain.market.catalogue import Catalogue
from steelyard.domain.money import EXACT, plain

_TRADES = frozenset({"buy", "sell", "dividend"})
_DAY_FIRST = re.compile(r"(\d{2})[-/.](\d{2})[-/.](\d{4})")
_YEAR_FIRST = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})(T.*)?")


def read(data: bytes, name: str, catalogue: Catalogue, account: str | None) -> ImportedFile:
    """Read activities; their date is the one written, whatever its hour.

    The `fee` of a dividend is taken as tax withheld. Without `account`, a file of several accounts keeps
    their names.

    Args:
        data: JSON, or CSV with `Date,Code,Currency,Price,Quantity,Action,Fee,Note`.
        name: For messages.
        catalogue: Known instruments.
        account: Of all rows.

    Raises:
        PortfolioProblems: With every problem of the file.
    """
    sheet = Sheet(name, catalogue, account)
    if data.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] not in (b"{", b"["):
        for line, row in table(decode(data, name), name):
            if not {"date", "quantity"} <= set(row):
                text = "the columns are not those of Ghostfolio"
                raise refuse("import-header", name, text, "describe the file with --map", 1)
            fields = {
                "date": row["date"],
                "type": first_of(row, "action", "type"),
                "symbol": first_of(row, "code", "symbol", "ticker"),
                "currency": first_of(row, "currency", "ccy"),
                "unitPrice": first_of(row, "price", "unitprice", "value"),
                "quantity": row["quantity"],
                "fee": row.get("fee", ""),
                "comment": first_of(row, "note", "comment"),
            }
            _activity(sheet, fields, row.get("account", ""), line, None)
        return sheet.finish()
    content = document(data, name)
    if not isinstance(content, dict):
        raise refuse("import-header", name, "the file has no activities", "export it again, whole")
    found = content.get("activities", content.get("orders"))
    items = objects(found)
    if not isinstance(found, list) or len(items) < len(found):
        raise refuse("import-header", name, "the file has no activities", "export it again, whole")
    names = {a.get("id", ""): a.get("name", "") for a in objects(content.get("accounts"))}
    several = len({item.get("accountId") for item in items}) > 1
    for place, item in enumerate(items):
        id_ = item.get("accountId", "")
        _activity(sheet, item, (names.get(id_) or id_) if several else "", None, f"activities[{place}]")
    return sheet.finish()


def _activity(sheet: Sheet, item: dict[str, str], account: str, line: int | None, key: str | None) -> None:
    kind = item.get("type", "").lower()
    try:
        shares, price, fee = (amount(item.get(k, "")) for k in ("quantity", "unitPrice", "fee"))
    except ValueError as error:
        sheet.unread(f"the activity cannot be read: {error}", line, key)
        return
    common = {
        "date": _day(item.get("date", "")),
        "account": sheet.account or account,
        "currency": item.get("currency", ""),
        "note": item.get("comment", ""),
    }
    reference = f"ghostfolio:{item['id']}" if item.get("id") else ""
    if kind in _TRADES:
        symbol = listed(item.get("symbol", ""))
        sheet.add(
            line, reference, key, type=kind, symbol=symbol, shares=plain(shares), price=plain(price),
            fees=plain(fee), **common,
        )  # fmt: skip
    elif kind in ("fee", "interest"):
        money = EXACT.multiply(shares, price)
        if kind == "fee":
            sheet.add(line, reference, key, type="fee", shares=plain(add_up(money, fee)), **common)
        else:
            sheet.add(
                line, reference, key, type="deposit", shares=plain(money), fees=plain(fee),
                **{**common, "note": common["note"] or "interest"},
            )  # fmt: skip
    elif kind in ("item", "liability"):
        sheet.skip(line, f"{item.get('symbol', '')} ({kind}) is no holding of an account")
    else:
        sheet.unread(f"{item.get('type', '')!r} is no type of activity", line, key)


def _day(text: str) -> str:
    if found := _YEAR_FIRST.fullmatch(text.strip()):
        return "-".join(found.groups()[:3])
    if found := _DAY_FIRST.fullmatch(text.strip()):
        return "-".join(reversed(found.groups()))
    return text
