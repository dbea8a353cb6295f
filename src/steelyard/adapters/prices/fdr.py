"""Korean closing prices and won rates through FinanceDataReader, which is an optional extra.

It asks Naver for what is listed on the KRX. Every answer is in won; it knows of no splits, so a split
shows as a jump and is refused until the owner has looked.
"""

from __future__ import annotations

import socket
from datetime import date

from steelyard.adapters.prices import rows as price_rows
from steelyard.adapters.prices.yfinance import read_frame
from steelyard.domain.market.prices import Close, Wanted
from steelyard.errors import DataError
from steelyard.extras import ExtraMissing
from steelyard.words import say


class FinanceDataReaderPrices:
    """Prices of KRX listings and won rates."""

    name = "fdr"
    remote = True

    def __init__(self, timeout_seconds: float = 10.0) -> None:
        self._timeout = timeout_seconds

    def offers(self, wanted: Wanted) -> bool:
        """Only what is listed on the KRX, and rates in won."""
        return wanted.exchange == "XKRX" or (wanted.is_rate and wanted.symbol.endswith("KRW"))

    def ask(self, wanted: Wanted, first: date, last: date) -> str:
        """Return closes; see `PriceSource`.

        Raises:
            ExtraMissing: FinanceDataReader is not installed.
            DataError: There is no answer, or an empty one.
        """
        try:
            import FinanceDataReader
        except ImportError:
            source = say("the source {source}", source=self.name)
            raise ExtraMissing("krx", source, "FinanceDataReader") from None

        symbol = f"{wanted.symbol[:3]}/{wanted.symbol[3:]}" if wanted.is_rate else wanted.symbol
        # The library takes neither a session nor a timeout; urllib3 falls back on the socket default.
        earlier = socket.getdefaulttimeout()
        socket.setdefaulttimeout(self._timeout)
        try:
            frame = FinanceDataReader.DataReader(symbol, first.isoformat(), last.isoformat())
        except Exception as error:  # requests, ValueError, KeyError: whatever the page looked like
            raise DataError(
                "price-source",
                say("fdr failed for {symbol}: {name}", symbol=symbol, name=type(error).__name__),
                say("try again later"),
            ) from error
        finally:
            socket.setdefaulttimeout(earlier)
        return price_rows.written(read_frame(frame, self.name, symbol, "KRW"))

    def read(self, wanted: Wanted, answer: str) -> tuple[Close, ...]:
        """Return the closes in such rows; see `PriceSource`."""
        return price_rows.read(answer)
