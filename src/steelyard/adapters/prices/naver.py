"""Closing prices of what is listed on the KRX, from the chart service of Naver Finance, asked directly.

It answers in won with XML in EUC-KR. It knows of no splits, so one that it does not restate shows as a jump
and is refused until the owner has looked. An answer that is cut off is no answer.

Source: the address and form that public clients use (FinanceDataReader, pykrx); Naver documents neither, and
no live answer was seen while this was written.
"""

from __future__ import annotations

import re
from datetime import date

from steelyard.adapters.machine.web_answers import decimal_of
from steelyard.adapters.prices import web_text, xml_answer
from steelyard.domain.market.prices import Close, Wanted
from steelyard.errors import DataError
from steelyard.words import say

URL = "https://fchart.stock.naver.com/sise.nhn"
_ITEM = re.compile(r"(\d{4})(\d\d)(\d\d)(?:\|[^|]*){3}\|(-?\d+(?:\.\d+)?)\|[^|]*", re.ASCII)


class NaverPrices:
    """Prices of KRX listings.

    Args:
        timeout_seconds: For one request.
    """

    name = "krx"
    remote = True

    def __init__(self, timeout_seconds: float = 10.0) -> None:
        self._timeout = timeout_seconds

    def offers(self, wanted: Wanted) -> bool:
        """Only what is listed on the KRX; it has no exchange rates."""
        return wanted.exchange == "XKRX"

    def ask(self, wanted: Wanted, first: date, last: date) -> str:
        """Return the XML text of the chart; see `PriceSource`."""
        query = {
            "symbol": wanted.symbol,
            "timeframe": "day",
            # It counts sessions back from the newest: as many as there are days is enough.
            "count": str((last - first).days + 1),
            "requestType": "0",
        }
        return web_text.ask(self.name, URL, query, timeout_seconds=self._timeout, encoding="euc-kr")

    def read(self, wanted: Wanted, answer: str) -> tuple[Close, ...]:
        """Return the closes in a chart; see `PriceSource`."""
        found = list(xml_answer.elements(self.name, answer))
        items = [_ITEM.fullmatch(facts.get("data", "")) for name, facts in found if name == "item"]
        if "chartdata" not in {name for name, _ in found} or None in items:
            raise xml_answer.unreadable(self.name)
        if not items:
            raise DataError(
                "price-empty",
                say("krx has no price of {symbol}", symbol=wanted.symbol),
                say("check the symbol"),
            )
        try:
            parts = [item.groups() for item in items if item is not None]
            return tuple(Close(date(int(y), int(m), int(d)), decimal_of(p), "KRW") for y, m, d, p in parts)
        except ValueError as error:
            raise DataError(
                "price-answer",
                say("krx names a day that is none: {error}", error=str(error)),
                say("try again"),
            ) from None
