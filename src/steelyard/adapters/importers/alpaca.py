"""Alpaca: the JSON list that `GET /v2/account/activities` answers with.

Source: Alpaca's reference of account activities (trade and non-trade activities).
"""

from __future__ import annotations

import re
from datetime import datetime
from zoneinfo import ZoneInfo

from steelyard.adapters.importers.arrivals import Arrival, to_record
from steelyard.adapters.importers.dividends import Booking, Dividends
from steelyard.adapters.importers.rows import ImportedFile, Sheet, amount, document, objects, refuse
from steelyard.domain.market.catalogue import Catalogue
from steelyard.domain.money import ZERO, plain

_DIVIDENDS = frozenset({"DIV", "DIVCGL", "DIVCGS", "DIVROC", "DIVTXEX", "CDIV"})
_WITHHELD = frozenset({"DIVNRA", "DIVFT", "DIVTW"})
_CASH = frozenset({"CSD", "CSW", "CSR", "TRANS", "JNLC", "ACATC"})
_INTEREST = frozenset({"INT"})
_COSTS = frozenset({"FEE", "CFEE", "PTC", "DIVFEE", "INTNRA", "INTTW", "REBATE"})
_SHARES = frozenset({"JNLS", "ACATS"})
_SPLITS = frozenset({"SPLIT", "SSP"})
_OPTION = re.compile(r"[A-Z]{1,6}\d{6}[CP]\d{8}")
_NEW_YORK = ZoneInfo("America/New_York")


def read(data: bytes, name: str, catalogue: Catalogue, account: str | None) -> ImportedFile:
    """Read account activities; the trade date is the day in New York.

    Args:
        data: A JSON list.
        name: For messages.
        catalogue: Known instruments.
        account: Of all rows; `main` unless given.

    Raises:
        PortfolioProblems: With every problem of the file and the item it is in.
    """
    sheet = Sheet(name, catalogue, account)
    content = document(data, name)
    if not isinstance(content, list) or len(objects(content)) < len(content):
        raise refuse(
            name,
            "import-header",
            "the file is no list of activities",
            "save what /v2/account/activities gives",
        )
    dividends = Dividends()
    for place, item in enumerate(objects(content)):
        key = f"[{place}]"
        try:
            _activity(sheet, dividends, item, key)
        except ValueError as error:
            sheet.unread(f"the activity cannot be read: {error}", key=key)
    dividends.add_to(sheet)
    return sheet.finish()


def _activity(sheet: Sheet, dividends: Dividends, item: dict[str, str], key: str) -> None:
    kind, symbol = item.get("activity_type", ""), item.get("symbol", "")
    reference = f"alpaca:{item['id']}" if item.get("id") else ""
    if item.get("status") in ("canceled", "rejected"):
        sheet.skip(None, f"{key}: {kind} {symbol} was {item['status']}")
    elif "/" in symbol or _OPTION.fullmatch(symbol):
        sheet.skip(None, f"{key}: {kind} of {symbol}, which is no fund or share")
    elif kind == "FILL":
        _fill(sheet, item, reference, key)
    elif kind in _DIVIDENDS | _WITHHELD:
        shares = abs(amount(item.get("qty", "")))
        money = amount(item.get("net_amount", ""))
        booking = Booking(
            "", symbol, item.get("date", ""), item.get("currency", "USD"), money, reference, shares, key=key
        )
        (dividends.withheld if kind in _WITHHELD else dividends.paid).append(booking)
    elif kind in _CASH | _INTEREST | _COSTS:
        money = amount(item.get("net_amount", ""))
        if not money:
            sheet.skip(None, f"{key}: {kind} moves no money")
            return
        inward = money > ZERO
        sheet.add(
            None,
            reference,
            key,
            type="deposit" if inward else "withdrawal" if kind in _CASH else "fee",
            date=item.get("date", ""),
            currency=item.get("currency", "USD"),
            shares=plain(abs(money)),
            note=item.get("description", "") or ("" if kind in _CASH else kind.lower()),
        )
    elif kind in _SHARES:
        shares = amount(item.get("qty", ""))
        sheet.add(
            None,
            reference,
            key,
            type="transfer_in" if shares > ZERO else "transfer_out",
            date=item.get("date", ""),
            symbol=symbol,
            shares=plain(abs(shares)),
            currency="USD",
        )
        if shares > ZERO:
            # The `price` of such an activity is that of the day it moved, not what the shares cost.
            arrival = Arrival("", symbol, item.get("date", ""), shares, "USD")
            command = to_record(arrival, sheet.account or "main", ())
            text = (
                f"what the {plain(shares)} {symbol} cost is not in the file; take the entry back and enter "
            )
            sheet.lacks(None, f"{key}: {text}{command}")
    elif kind in _SPLITS:
        day = item.get("date", "DAY")
        sheet.skip(
            None,
            f"{key}: the ratio of a split is not in the file; enter it with "
            f"`steelyard record date={day} type=split symbol={symbol} shares=RATIO`",
        )
    else:
        sheet.unread(f"{kind or 'an activity without a type'} {symbol} is not understood".strip(), key=key)


def _fill(sheet: Sheet, item: dict[str, str], reference: str, key: str) -> None:
    side = item.get("side", "")
    if side not in ("buy", "sell"):
        sheet.unread(f"{side or 'no side'} is neither buy nor sell", key=key)
        return
    at = datetime.fromisoformat(item.get("transaction_time", ""))
    if at.tzinfo is None:
        raise ValueError(f"transaction_time {item['transaction_time']!r} has no zone")
    sheet.add(
        None,
        reference,
        key,
        type=side,
        date=at.astimezone(_NEW_YORK).date().isoformat(),
        symbol=item.get("symbol", ""),
        shares=item.get("qty", ""),
        price=item.get("price", ""),
        currency="USD",
        order_id=item.get("order_id", ""),
    )
