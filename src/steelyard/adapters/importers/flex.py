"""Interactive Brokers: the XML of an Activity Flex Query.

Read are Trades (executions), Cash Transactions (details), Corporate Actions (splits) and Transfers, of Open
Positions the lots; all other sections are passed over. `fxRateToBase` is: it is the rate of the trade's day,
and `fx_rate` is that of the settlement date.
Source: the Flex Query reference, and the field names ibflex documents.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from xml.parsers import expat

from steelyard.adapters.importers.arrivals import Arrival, OpenPositionLot, lots_of, to_record
from steelyard.adapters.importers.dividends import Booking, Dividends
from steelyard.adapters.importers.rows import (
    ImportedFile,
    ImportOptions,
    Sheet,
    add_up,
    amount,
    listed,
    refuse,
    spread,
)
from steelyard.domain.market.catalogue import Catalogue
from steelyard.domain.money import EXACT, ZERO, plain
from steelyard.words import message_of, say

_READ = ("Trade", "CashTransaction", "CorporateAction", "Transfer")
_FUNDS = frozenset({"STK", "ETF", "FUND", ""})
_DAY = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})(?:[;,T ].*|\d{6}|\d{2}:\d{2}:\d{2})?")
_NAMED_DAY = re.compile(r"(\d{2})-([A-Za-z]{3})-(\d{2})(?:[;,T ].*|\d{6}|\d{2}:\d{2}:\d{2})?")
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_NOTHING = frozenset({"-", "--", "N/A"})
_PER_SHARE = re.compile(r"(?:([\d.]+) [A-Z]{3}|[A-Z]{3} ([\d.]+)|([\d.]+)) PER SHARE")
_SPLIT = re.compile(r"SPLIT (\d+) FOR (\d+)")
_PAID = frozenset({"Dividends", "Payment In Lieu Of Dividends"})


@dataclass(frozen=True, slots=True)
class _Element:
    tag: str
    line: int
    text: dict[str, str]

    def __getitem__(self, key: str) -> str:
        text = self.text.get(key, "")
        return "" if text in _NOTHING else text

    def day(self, *keys: str) -> str:
        """Return the first of these dates that is there, without its time.

        03/04/2024 stays as it is, and is refused: the query says whether month or day comes first, the file
        does not.
        """
        raw = next((self[k] for k in keys if self[k]), "")
        if found := _DAY.fullmatch(raw.strip()):
            return "-".join(found.groups())
        if (found := _NAMED_DAY.fullmatch(raw.strip())) and found[2].upper() in _MONTHS:
            return f"20{found[3]}-{_MONTHS.index(found[2].upper()) + 1:02}-{found[1]}"
        return raw


def read(data: bytes, name: str, catalogue: Catalogue, said: ImportOptions) -> ImportedFile:
    """Read a Flex statement.

    Unless its owner says whose it is, rows of a file with several accounts keep their account numbers.

    Args:
        data: XML.
        name: For messages.
        catalogue: Known instruments.
        said: What its owner says about it.

    Raises:
        PortfolioProblems: With every problem of the file and its line.
    """
    sheet = Sheet(name, catalogue, said)
    everything = list(_elements(data, name))
    elements = [e for e in everything if e.tag in _READ]
    lots = [
        _open_lot(sheet, e) for e in everything if e.tag == "OpenPosition" and e["levelOfDetail"] == "LOT"
    ]
    held = [lot for lot in lots if lot is not None]
    taken = {(e["accountId"], _symbol(sheet, e)) for e in elements if _takes(e)}
    several = len({e["accountId"] for e in elements if e["accountId"]}) > 1
    dividends = Dividends()
    executions = any(e["levelOfDetail"] in ("", "EXECUTION") for e in elements if e.tag == "Trade")
    for element in elements:
        owner = sheet.owner(element["accountId"], several=several)
        try:
            if element.tag == "Trade":
                _trade(sheet, element, owner, executions=executions)
            elif element.tag == "CashTransaction":
                _cash(sheet, dividends, element, owner)
            elif element.tag == "CorporateAction":
                _corporate_action(sheet, element, owner)
            else:
                _transfer(sheet, element, owner, held, taken)
        except ValueError as error:
            sheet.unread(
                say("the {tag} cannot be read: {error}", tag=element.tag, error=message_of(error)),
                element.line,
            )
    dividends.add_to(sheet)
    return sheet.finish()


def _elements(data: bytes, name: str) -> Iterator[_Element]:
    """Return every element with its line, which xml.etree does not tell."""
    found: list[_Element] = []
    parser = expat.ParserCreate()

    def start(tag: str, attributes: dict[str, str]) -> None:
        found.append(_Element(tag, parser.CurrentLineNumber, attributes))

    def forbidden(*_: object) -> None:
        # Flex has none, and entities can make a small file fill the memory.
        raise refuse("import-syntax", name, say("the file declares a document type"), say("export it again"))

    parser.StartElementHandler = start
    parser.StartDoctypeDeclHandler = forbidden
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        text = say("the file is no XML: {why}", why=expat.errors.messages[error.code])
        raise refuse("import-syntax", name, text, say("export it again, whole"), error.lineno) from None
    if not found or found[0].tag != "FlexQueryResponse":
        hint = say("run an Activity Flex Query with format XML")
        raise refuse("import-header", name, say("the file is no Flex statement"), hint)
    yield from found


def _reference(element: _Element, *keys: str) -> str:
    number = next((element[k] for k in keys if element[k]), "")
    return f"flex:{element['accountId']}:{element.tag}:{number}" if number else ""


def _symbol(sheet: Sheet, element: _Element) -> str:
    """Return the symbol that a row is of, by the owner's word where there is one."""
    return sheet.called(element["symbol"]) or listed(element["symbol"])


def _trade(sheet: Sheet, element: _Element, owner: str, *, executions: bool) -> None:
    line = element.line
    if element["levelOfDetail"] not in ("", "EXECUTION"):
        if not executions:
            text = say("the query lists trades by {level}", level=element["levelOfDetail"])
            sheet.problem("import-row", text, say("choose Executions in the Flex query"), line)
        return
    if element["assetCategory"] not in _FUNDS | {"CASH"}:
        sheet.skip(
            line,
            say(
                "{kind} {symbol} is no fund or share",
                kind=element["assetCategory"],
                symbol=element["symbol"],
            ),
        )
        return
    shares, price = amount(element["quantity"]), amount(element["tradePrice"])
    side = element["buySell"] or ("BUY" if shares > ZERO else "SELL")
    if side not in ("BUY", "SELL") or not shares:
        sheet.unread(
            say(
                "the trade {side} {quantity} {symbol} is not understood",
                side=side,
                quantity=element["quantity"],
                symbol=element["symbol"],
            ),
            line,
        )
        return
    reference = _reference(element, "tradeID", "ibExecID", "transactionID")
    day = element.day("tradeDate", "dateTime")
    currency = element["currency"]
    cost = EXACT.minus(amount(element["ibCommission"]))
    commission_currency = element["ibCommissionCurrency"] or currency
    same = commission_currency == currency
    fees = EXACT.subtract(cost if same else ZERO, amount(element["taxes"]))
    rebate = ZERO
    if fees < ZERO:
        fees, rebate = ZERO, EXACT.minus(fees)
    if element["assetCategory"] == "CASH":
        _conversion(sheet, element, owner, side, reference, day, abs(shares), price, fees)
    else:
        sheet.add(
            line, reference, type=side.lower(), date=day, account=owner, symbol=_symbol(sheet, element),
            shares=plain(abs(shares)), price=plain(price), currency=currency, fees=plain(fees),
            order_id=element["ibOrderID"],
        )  # fmt: skip
    extra = f"{reference}:commission" if reference else ""
    if rebate:
        _money(sheet, line, extra, owner, day, currency, rebate, "rebate of a commission")
    if not same and cost:
        _money(sheet, line, extra, owner, day, commission_currency, EXACT.minus(cost), "commission")


def _conversion(
    sheet: Sheet,
    element: _Element,
    owner: str,
    side: str,
    reference: str,
    day: str,
    shares: Decimal,
    price: Decimal,
    fees: Decimal,
) -> None:
    """`USD.KRW`: so many USD at a price in KRW; a sale of them buys the won."""
    bought, dot, paid = element["symbol"].partition(".")
    if not dot:
        sheet.unread(say("{symbol!r} is no pair of currencies", symbol=element["symbol"]), element.line)
        return
    if side == "SELL":
        got = EXACT.multiply(shares, price)
        if fees:
            # Their fees are in the currency that comes in.
            extra = f"{reference}:fees" if reference else ""
            _money(sheet, element.line, extra, owner, day, paid, EXACT.minus(fees), "commission")
        text, fees = spread(shares, got)
        bought, paid, shares = paid, bought, got
    else:
        text = plain(price)
    sheet.add(
        element.line, reference, type="convert", date=day, account=owner, symbol=bought,
        shares=plain(shares), price=text, currency=paid, fees=plain(fees),
    )  # fmt: skip


def _money(
    sheet: Sheet,
    line: int,
    reference: str,
    owner: str,
    day: str,
    currency: str,
    money: Decimal,
    note: str,
    outward: str = "fee",
) -> None:
    # What comes back of a fee is a fee below zero: it was not paid in.
    kind = "deposit" if money > ZERO and outward == "withdrawal" else outward
    size = EXACT.minus(money) if kind == "fee" else abs(money)
    sheet.add(
        line, reference, type=kind, date=day, account=owner, currency=currency, shares=plain(size), note=note,
    )  # fmt: skip


def _cash(sheet: Sheet, dividends: Dividends, element: _Element, owner: str) -> None:
    if element["levelOfDetail"] == "SUMMARY":
        return
    kind, money = element["type"], amount(element["amount"])
    day = element.day("settleDate", "dateTime", "reportDate")
    reference = _reference(element, "transactionID")
    if not money:
        sheet.skip(element.line, say("{kind} moves no money", kind=kind))
    elif kind in _PAID | {"Withholding Tax"} and element["symbol"]:
        found = _PER_SHARE.search(element["description"])
        rate = amount(next(filter(None, found.groups()))) if found else ZERO
        shares = EXACT.divide(abs(money), rate) if rate else ZERO
        if EXACT.multiply(shares, rate) != abs(money):
            shares = ZERO
        booking = Booking(
            owner, _symbol(sheet, element), day, element["currency"], money, reference, shares, element.line
        )
        (dividends.paid if kind in _PAID else dividends.withheld).append(booking)
    else:
        note, currency = element["description"] or kind, element["currency"]
        if kind.startswith("Deposits"):
            _money(sheet, element.line, reference, owner, day, currency, money, note, "withdrawal")
            return
        interest = "Interest" in kind
        sheet.add(
            element.line, reference, type="interest" if interest else "fee", date=day, account=owner,
            currency=currency, shares=plain(money if interest else EXACT.minus(money)), note=note,
        )  # fmt: skip


def _corporate_action(sheet: Sheet, element: _Element, owner: str) -> None:
    if element["assetCategory"] not in _FUNDS or element["levelOfDetail"] == "SUMMARY":
        return
    text = element["actionDescription"] or element["description"]
    found = _SPLIT.search(text)
    if found is None:
        sheet.unread(say("the corporate action {text!r} is not understood", text=text), element.line)
        return
    new, old = (Decimal(n) for n in found.groups())
    sheet.add(
        element.line, _reference(element, "actionID", "transactionID"), type="split", account=owner,
        date=element.day("dateTime", "reportDate"), symbol=_symbol(sheet, element), shares=f"{new}/{old}",
    )  # fmt: skip


def _open_lot(sheet: Sheet, element: _Element) -> OpenPositionLot | None:
    """Return a lot, None where a figure is missing: it only serves to find a cost."""
    try:
        shares, cost = amount(element["position"]), amount(element["costBasisMoney"])
    except ValueError:
        return None
    if shares <= ZERO or not element["openDateTime"]:
        return None
    account, symbol = element["accountId"], _symbol(sheet, element)
    return OpenPositionLot(account, symbol, element.day("openDateTime"), shares, cost, element["currency"])


def _takes(element: _Element) -> bool:
    sold = element.tag == "Trade" and not element["buySell"].startswith("BUY")
    left = element.tag == "Transfer" and element["direction"] != "IN"
    return sold or left or element.tag == "CorporateAction"


def _transfer(
    sheet: Sheet, element: _Element, owner: str, held: list[OpenPositionLot], taken: set[tuple[str, str]]
) -> None:
    reference = _reference(element, "transactionID", "tradeID")
    day = element.day("date", "dateTime", "reportDate")
    shares, money = amount(element["quantity"]), amount(element["cashTransfer"])
    inward = element["direction"] == "IN" or (not element["direction"] and add_up(shares, money) > ZERO)
    if element["assetCategory"] in _FUNDS and shares and element["symbol"]:
        kind = "transfer_in" if inward else "transfer_out"
        symbol, currency = _symbol(sheet, element), element["currency"]
        arrival = Arrival(element["accountId"], symbol, day, abs(shares), currency)
        lots = lots_of(arrival, held, taken) if inward else ()
        # Several lots stay one entry without a cost: the broker's number is one, and an export without lots
        # would otherwise count some of them a second time.
        price, lot = (lots[0].price, lots[0].opened) if len(lots) == 1 else ("", "")
        sheet.add(
            element.line, reference, type=kind, date=day, account=owner,
            symbol=symbol, shares=plain(abs(shares)), price=price, currency=currency, lot=lot,
        )  # fmt: skip
        if inward and not price:
            command = to_record(arrival, owner or sheet.account or "main", lots)
            facts = {"shares": plain(abs(shares)), "symbol": symbol, "command": command}
            if lots:
                text = say(
                    "the {shares} {symbol} are of several lots; take the entry back and enter {command}",
                    **facts,
                )
            else:
                text = say(
                    "what the {shares} {symbol} cost is not in the file; take the entry back and enter "
                    "{command}",
                    **facts,
                )
            sheet.lacks(element.line, text)
    elif money:
        signed, currency = (abs(money) if inward else EXACT.minus(abs(money))), element["currency"]
        _money(sheet, element.line, reference, owner, day, currency, signed, "transfer", "withdrawal")
    else:
        sheet.unread(
            say("the transfer of {symbol} is not understood", symbol=element["symbol"] or say("nothing")),
            element.line,
        )
