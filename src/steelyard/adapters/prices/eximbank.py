"""Base rates (매매기준율) of won from the Export-Import Bank of Korea, with a key of the owner's own.

A Korean return counts the base rate of the day on which the money moved (Income Tax Act decree 178-5: that of
the Foreign Exchange Transactions Act). The brokerage house sets it, so `kftc_deal_bas_r` is read and not the
bank's own `deal_bas_r`. One request has all currencies of one day; a day without business has an empty list
or null, and so has today before about eleven in the morning.

Source: the form of its "현재환율 API" (authkey, searchdate, data=AP01; result 1 good, 2 data, 3 key, 4
daily limit) as public clients of it read it; no live answer was seen while this was written.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from steelyard.adapters.machine.web_answers import decimal_of, read_json
from steelyard.adapters.prices import web_text, xml_answer
from steelyard.domain.market.prices import Close, Wanted
from steelyard.domain.market.rates import EXIMBANK
from steelyard.domain.money import EXACT
from steelyard.errors import DataError
from steelyard.words import say

URL = "https://oapi.koreaexim.go.kr/site/program/financial/exchangeJSON"
SATURDAY = 5
_UNIT = re.compile(r"([A-Z]{3})(?:\((\d{1,4})\))?", re.ASCII)
"""`USD`, and `JPY(100)` where the rate is that of a hundred."""


class EximbankRates:
    """Won for one unit of a currency.

    Args:
        key: Returns the owner's key, None where he has none; asked when it is needed.
        timeout_seconds: For one request.
    """

    name = EXIMBANK

    def __init__(self, key: Callable[[], str | None], timeout_seconds: float = 10.0) -> None:
        self._key, self._timeout = key, timeout_seconds
        self._days: dict[date, str] = {}
        """Good answers of this run: other currencies and further attempts need not ask again."""

    @property
    def remote(self) -> bool:
        """Whether asking again may help: without a key nobody is asked."""
        return bool(self._key())

    def offers(self, wanted: Wanted) -> bool:
        """Only exchange rates in won."""
        return wanted.is_rate and wanted.symbol[3:] == "KRW"

    def ask(self, wanted: Wanted, first: date, last: date) -> str:
        """Return the texts of the days from Monday to Friday, newest first, as JSON; see `PriceSource`."""
        key = self._key()
        if not key:
            raise DataError(
                "price-source",
                say(
                    "{source} failed: {why}", source=self.name, why=say("it is asked with a key of your own")
                ),
                say("set STEELYARD_EXIMBANK_KEY, or write it into .env or the keyring"),
            )
        found: dict[str, str] = {}
        for day in (last - timedelta(days=n) for n in range((last - first).days + 1)):
            if day.weekday() >= SATURDAY:
                continue
            text = self._days.get(day)
            if text is None:
                query = {"authkey": key, "searchdate": f"{day:%Y%m%d}", "data": "AP01"}
                text = web_text.ask(self.name, URL, query, timeout_seconds=self._timeout)
            found[day.isoformat()] = text
            try:
                _rows(text)
            except DataError:
                # A refused key or a used-up limit refuses the other days too: what it says is kept and read.
                break
            self._days[day] = text
        return json.dumps(found)

    def read(self, wanted: Wanted, answer: str) -> tuple[Close, ...]:
        """Return the base rates of a currency by day; see `PriceSource`."""
        try:
            days = [(date.fromisoformat(day), text) for day, text in dict(read_json(answer)).items()]
        except (ValueError, TypeError):
            raise xml_answer.unreadable(self.name) from None
        closes = [
            Close(day, rate, "KRW")
            for day, text in days
            for unit, rate in _rows(text)
            if unit == wanted.symbol[:3]
        ]
        if not closes:
            raise DataError(
                "price-empty",
                say("eximbank has no rate of {symbol}", symbol=wanted.symbol),
                say("ask another source"),
            )
        return tuple(sorted(closes, key=lambda c: c.day))


def _rows(text: str) -> list[tuple[str, Decimal]]:
    """Return won for one unit of each currency in the answer of a day."""
    try:
        rows = read_json(text) or []
        for row in rows:
            if str(row["result"]) != "1":
                raise _refused(str(row["result"]))
        return [found for row in rows if (found := _rate(row))]
    except (ValueError, TypeError, KeyError, AttributeError):
        raise xml_answer.unreadable(EXIMBANK) from None


def _rate(row: Any) -> tuple[str, Decimal] | None:
    """Return currency and rate of a row, None where there is none: a currency may have no base rate."""
    unit = _UNIT.fullmatch(str(row["cur_unit"]))
    rate = decimal_of(str(row["kftc_deal_bas_r"]).replace(",", "") or "0")
    if unit is None or not rate:
        return None
    return unit[1], EXACT.divide(rate, Decimal(unit[2] or 1))


def _refused(result: str) -> DataError:
    why = {
        "2": say("it does not know what is asked for (result 2)"),
        "3": say("it refuses the key (result 3)"),
        "4": say("the requests of today are used up (result 4)"),
    }.get(result) or say("it answers with result {result}", result=result[:20])
    return DataError(
        "price-source",
        say("{source} failed: {why}", source=EXIMBANK, why=why),
        say("look at STEELYARD_EXIMBANK_KEY, or try again tomorrow"),
    )
