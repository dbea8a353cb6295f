"""Closing prices and exchange rates from Yahoo's chart service, asked directly.

Its closes are restated for splits, not for dividends. They pass through single precision on the way, so
412.35 arrives as 412.3500061: each is rounded to the digits Yahoo itself says the price has. Yahoo documents
no service of this kind and may turn plain programs away; the source `yfinance` asks like a browser.

Source: the form of the answer as the public client libraries read it (ranaroussi/yfinance,
gadicc/yahoo-finance2); no live answer was seen while this was written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from steelyard.adapters.machine.web_answers import read_json
from steelyard.adapters.prices import web_text
from steelyard.domain.market.prices import Close, Wanted
from steelyard.domain.money import EXACT, ONE
from steelyard.errors import DataError
from steelyard.words import say

HOST = "https://query1.finance.yahoo.com"
SUFFIX = {"XKRX": ".KS", "XNYS": ""}
_DIGITS = 6


def symbol_of(wanted: Wanted) -> str:
    """Return what Yahoo calls an instrument or a rate."""
    return f"{wanted.symbol}=X" if wanted.is_rate else wanted.symbol + SUFFIX[wanted.exchange]


class YahooPrices:
    """Prices from Yahoo.

    Args:
        timeout_seconds: For one request.
    """

    name = "yahoo"
    remote = True

    def __init__(self, timeout_seconds: float = 10.0) -> None:
        self._timeout = timeout_seconds

    def offers(self, wanted: Wanted) -> bool:
        """Every rate, and what is listed in New York or Seoul."""
        return wanted.is_rate or wanted.exchange in SUFFIX

    def ask(self, wanted: Wanted, first: date, last: date) -> str:
        """Return the JSON text of the chart; see `PriceSource`."""
        # A day either side: where a session's day begins depends on the zone the answer names.
        begin = datetime.combine(first, time(), UTC) - timedelta(days=1)
        end = datetime.combine(last, time(), UTC) + timedelta(days=2)
        query = {
            "period1": str(int(begin.timestamp())),
            "period2": str(int(end.timestamp())),
            "interval": "1d",
            "events": "splits",
        }
        url = f"{HOST}/v8/finance/chart/{quote(symbol_of(wanted), safe='=')}"
        # A symbol it does not know is a 404 whose body says so.
        return web_text.ask(self.name, url, query, timeout_seconds=self._timeout, take=(200, 404))

    def read(self, wanted: Wanted, answer: str) -> tuple[Close, ...]:
        """Return the closes in a chart; see `PriceSource`."""
        try:
            chart = read_json(answer)["chart"]
            if chart.get("error"):
                raise DataError(
                    "price-empty",
                    say(
                        "yahoo has no price of {symbol_of}: {get}",
                        symbol_of=symbol_of(wanted),
                        get=chart["error"].get("description"),
                    ),
                    say("check the symbol"),
                )
            (result,) = chart["result"]
            found = dict(_closes(result))
        except (ValueError, LookupError, TypeError, AttributeError, OSError, ArithmeticError) as error:
            raise DataError(
                "price-answer",
                say("yahoo's answer cannot be read: {name}", name=type(error).__name__),
                say("try again later"),
            ) from None
        if not found:
            raise DataError(
                "price-empty",
                say("yahoo has no price of {symbol_of} in these days", symbol_of=symbol_of(wanted)),
                say("check the symbol"),
            )
        return tuple(found[day] for day in sorted(found))


def _closes(result: Mapping[str, Any]) -> Iterator[tuple[date, Close]]:
    """Give the closes by day; of two on one day the later one counts."""
    meta = result["meta"]
    zone = _zone(meta)
    currency = str(meta["currency"])
    hint = meta.get("priceHint")
    digits = hint if isinstance(hint, int) and 0 <= hint <= _DIGITS else _DIGITS
    splits = {
        _day(split["date"], zone): EXACT.divide(Decimal(split["numerator"]), Decimal(split["denominator"]))
        for split in (result.get("events") or {}).get("splits", {}).values()
    }
    stamps, prices = result.get("timestamp") or [], result["indicators"]["quote"][0].get("close") or []
    for stamp, price in zip(stamps, prices, strict=True):
        if price is None:
            continue
        day = _day(stamp, zone)
        exact = Decimal(price).quantize(ONE.scaleb(-digits, EXACT), context=EXACT)
        yield day, Close(day, exact, currency, splits.get(day, ONE))


def _zone(meta: Mapping[str, Any]) -> tzinfo:
    name = meta.get("exchangeTimezoneName")
    return ZoneInfo(name) if name else timezone(timedelta(seconds=int(meta["gmtoffset"])))


def _day(stamp: int, zone: tzinfo) -> date:
    return datetime.fromtimestamp(stamp, zone).date()
