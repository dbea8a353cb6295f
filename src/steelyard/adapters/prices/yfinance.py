"""Closing prices and rates from Yahoo through yfinance, which is an optional extra and asks like a browser.

It answers a dead network, an unknown symbol and a delisted one with the same empty frame and no
exception, so an empty frame is an error here. It hands binary floats; each becomes the shortest decimal
that reads back as the same float, rounded to the six digits after the point that Yahoo itself carries.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from steelyard.adapters.machine import apart
from steelyard.adapters.prices import rows as price_rows
from steelyard.adapters.prices.yahoo import YahooPrices, symbol_of
from steelyard.domain.market.prices import Close, Wanted
from steelyard.domain.money import EXACT, ONE
from steelyard.errors import DataError
from steelyard.extras import ExtraMissing, is_there
from steelyard.words import say

_DIGITS = Decimal("0.000001")


class BrowserLikeYahooPrices(YahooPrices):
    """Prices from Yahoo, asked as a browser asks: the same symbols, and what `YahooPrices` offers."""

    name = "yfinance"

    def ask(self, wanted: Wanted, first: date, last: date) -> str:
        """Return closes restated for splits but not for dividends, with the splits; see `PriceSource`.

        Raises:
            ExtraMissing: yfinance is not installed.
            DataError: There is no answer, or an empty one.
        """
        if not is_there("yfinance"):
            raise ExtraMissing("yahoo", say("the source {source}", source=self.name), "yfinance")
        symbol = symbol_of(wanted)
        facts = {
            "symbol": symbol,
            "first": first.isoformat(),
            "end": (last + timedelta(days=1)).isoformat(),
            "seconds": self._timeout,
        }
        return ask_apart(fetch, facts, self.name, symbol, self._timeout)

    def read(self, wanted: Wanted, answer: str) -> tuple[Close, ...]:
        """Return the closes in such rows; see `PriceSource`."""
        return price_rows.read(answer)


def fetch(facts: dict[str, Any]) -> dict[str, str]:
    """Ask the library, in a process of its own: it has neither a deadline for the whole nor a limit."""
    import yfinance

    try:
        ticker = yfinance.Ticker(facts["symbol"])
        frame = ticker.history(
            start=facts["first"],
            end=facts["end"],
            auto_adjust=False,
            actions=True,
            timeout=facts["seconds"],
            raise_errors=True,
        )
        currency = None if frame is None or frame.empty else ticker.history_metadata.get("currency")
    except Exception as error:  # the library lets those of three HTTP stacks through
        return {"failed": type(error).__name__}
    return answer_of(frame, "yfinance", facts["symbol"], currency)


def answer_of(frame: Any, source: str, symbol: str, currency: str | None) -> dict[str, str]:
    """Return what a frame says, or the code of what is wrong with it, as one process tells another."""
    try:
        return {"rows": price_rows.written(read_frame(frame, source, symbol, currency))}
    except DataError as error:
        return {"code": error.code, "text": str(error), "hint": str(error.hint)}


def ask_apart(
    function: Callable[[dict[str, Any]], dict[str, str]],
    facts: dict[str, Any],
    source: str,
    symbol: str,
    seconds: float,
) -> str:
    """Return the rows that a library brings in a process of its own.

    Raises:
        DataError: It failed, was not back in time, or what it brought is none.
    """
    hint = say("try again later")
    try:
        found = apart.call(function, facts, seconds=seconds)
    except apart.Left:
        text = say("{source} was not back within {seconds:g} seconds", source=source, seconds=seconds)
        raise DataError("price-source", text, hint) from None
    if "failed" in found:
        text = say("{source} failed for {symbol}: {name}", source=source, symbol=symbol, name=found["failed"])
        raise DataError("price-source", text, hint)
    if "code" in found:
        raise DataError(found["code"], found["text"], found["hint"])
    return str(found["rows"])


def read_frame(frame: Any, source: str, symbol: str, currency: str | None) -> tuple[Close, ...]:
    """Return the closes of a data frame with a date index and a column `Close`.

    Raises:
        DataError: It is empty.
    """
    if frame is None or frame.empty or "Close" not in frame.columns:
        raise DataError(
            "price-empty",
            say("{source} has no price of {symbol}", source=source, symbol=symbol),
            say("check the symbol and the network: this source answers both mistakes with nothing"),
        )
    splits = frame["Stock Splits"] if "Stock Splits" in frame.columns else None
    closes = []
    for position, (stamp, price) in enumerate(frame["Close"].items()):
        if price != price:  # NaN: a day without trading
            continue
        split = _exact(splits.iloc[position]) if splits is not None else ONE
        closes.append(Close(stamp.date(), _exact(price), currency, split if split > 0 else ONE))
    if not closes:
        raise DataError(
            "price-empty",
            say("{source} has only blanks for {symbol}", source=source, symbol=symbol),
            say("check the symbol"),
        )
    return tuple(closes)


def _exact(number: Any) -> Decimal:
    return Decimal(repr(float(number))).quantize(_DIGITS, context=EXACT).normalize(EXACT)
