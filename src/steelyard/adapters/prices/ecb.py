"""Exchange rates from the euro reference rates of the European Central Bank; others through the euro.

A reference rate is set around 14:15 in Frankfurt on working days, so it is a rate of the day and not of the
close of an exchange: good to value with and to hold another source against.

Source: www.ecb.europa.eu, "Euro foreign exchange reference rates" (90 days, XML, units for one euro).
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

from steelyard.adapters.prices import web_text, xml_answer
from steelyard.domain.market.prices import Close, Wanted
from steelyard.domain.money import EXACT, ONE
from steelyard.errors import DataError
from steelyard.words import say

URL = "https://www.ecb.europa.eu/stats/eurofxref/eurofxref-hist-90d.xml"
DIGITS = Decimal("0.000001")
_RATE = re.compile(r"\d+(?:\.\d+)?")


class EuropeanRates:
    """Exchange rates.

    Args:
        timeout_seconds: For one request.
    """

    name = "ecb"
    remote = True

    def __init__(self, timeout_seconds: float = 10.0) -> None:
        self._timeout = timeout_seconds

    def offers(self, wanted: Wanted) -> bool:
        """Only exchange rates."""
        return wanted.is_rate

    def ask(self, wanted: Wanted, first: date, last: date) -> str:
        """Return the XML text of the last 90 days; see `PriceSource`."""
        return web_text.ask(self.name, URL, {}, timeout_seconds=self._timeout)

    def read(self, wanted: Wanted, answer: str) -> tuple[Close, ...]:
        """Return the rates of a pair by day, rounded half even to six digits; see `PriceSource`."""
        one, other = wanted.symbol[:3], wanted.symbol[3:]
        closes = []
        for day, units in _days(self.name, answer):
            if units.get(one) and units.get(other):
                rate = EXACT.divide(units[other], units[one]).quantize(DIGITS, context=EXACT)
                closes.append(Close(day, rate, other))
        if not closes:
            raise DataError(
                "price-empty",
                say("ecb has no rate of {symbol}", symbol=wanted.symbol),
                say("ask another source"),
            )
        return tuple(sorted(closes, key=lambda c: c.day))


def _days(source: str, answer: str) -> list[tuple[date, dict[str, Decimal]]]:
    """Return the units for one euro of each day: a Cube with a time, and in it one for each currency."""
    found: list[tuple[date, dict[str, Decimal]]] = []
    try:
        for name, facts in xml_answer.elements(source, answer):
            if name == "Cube" and "time" in facts:
                found.append((date.fromisoformat(facts["time"]), {"EUR": ONE}))
            elif name == "Cube" and found and _RATE.fullmatch(facts.get("rate", "")):
                found[-1][1][facts["currency"]] = Decimal(facts["rate"])
    except (KeyError, ValueError):
        raise xml_answer.unreadable(source) from None
    return found
