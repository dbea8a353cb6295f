"""Korean closing prices and won rates through FinanceDataReader, which is an optional extra.

It asks Naver for what is listed on the KRX. Every answer is in won; it knows of no splits, so a split
shows as a jump and is refused until the owner has looked.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from steelyard.adapters.prices import rows as price_rows
from steelyard.adapters.prices.yfinance import answer_of, ask_apart
from steelyard.domain.market.prices import Close, Wanted
from steelyard.extras import ExtraMissing, is_there
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
        if not is_there("FinanceDataReader"):
            source = say("the source {source}", source=self.name)
            raise ExtraMissing("krx", source, "FinanceDataReader")
        symbol = f"{wanted.symbol[:3]}/{wanted.symbol[3:]}" if wanted.is_rate else wanted.symbol
        facts = {"symbol": symbol, "first": first.isoformat(), "last": last.isoformat()}
        return ask_apart(fetch, facts, self.name, symbol, self._timeout)

    def read(self, wanted: Wanted, answer: str) -> tuple[Close, ...]:
        """Return the closes in such rows; see `PriceSource`."""
        return price_rows.read(answer)


def fetch(facts: dict[str, Any]) -> dict[str, str]:
    """Ask the library, in a process of its own: it takes no deadline at all."""
    import FinanceDataReader

    try:
        frame = FinanceDataReader.DataReader(facts["symbol"], facts["first"], facts["last"])
    except Exception as error:  # requests, ValueError, KeyError: whatever the page looked like
        return {"failed": type(error).__name__}
    return answer_of(frame, "fdr", facts["symbol"], "KRW")
