"""What the use cases need to know of markets: sessions, prices, and where answers are kept."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Protocol

# Types only: what `check` needs must not bring automation and brokers along.
if TYPE_CHECKING:
    from steelyard.domain.market.prices import Close, Finding, Suspicion, Wanted


class Sessions(Protocol):
    """Which days an exchange trades."""

    def is_session(self, exchange: str, day: date) -> bool:
        """Say whether `exchange` (ISO 10383 code: XKRX, XNYS) has a session on `day`."""
        ...


class PriceSource(Protocol):
    """Somebody who knows closing prices, exchange rates, or both."""

    @property
    def name(self) -> str:
        """What it is called in settings and findings."""
        ...

    @property
    def remote(self) -> bool:
        """Whether it is asked over a network, so that asking again may help."""
        ...

    def offers(self, wanted: Wanted) -> bool:
        """Say whether it is worth asking for this."""
        ...

    def ask(self, wanted: Wanted, first: date, last: date) -> str:
        """Return what the source says of first to last (today), as it came; it may say more.

        Raises:
            DataError: There is no answer: `price-source` where asking again may help.
        """
        ...

    def read(self, wanted: Wanted, answer: str) -> tuple[Close, ...]:
        """Return the closes in an answer of `ask`, by day.

        Raises:
            DataError: It is empty (`price-empty`), or cannot be read (`price-answer`).
        """
        ...


class PriceRecords(Protocol):
    """What sources answered, raw, and which of their closes are used."""

    def keep_answer(self, wanted: Wanted, source: str, at: datetime, raw: str, failure: str | None) -> int:
        """Keep an answer as it came, before anybody reads or judges it; return its number."""
        ...

    def keep_judgement(
        self, answer: int, wanted: Wanted, source: str, good: Sequence[Close], findings: Sequence[Finding]
    ) -> None:
        """Keep what was decided about an answer, durably and whole."""
        ...

    def newest(self, symbol: str, until: date | None = None) -> tuple[str, Close] | None:
        """Return the newest good close up to a day and its source, None when there is none."""
        ...

    def history(self, symbol: str, limit: int = -1) -> tuple[tuple[str, Close], ...]:
        """Return the newest closes, newest first, with their sources; all without a limit."""
        ...

    def splits(self) -> tuple[tuple[str, date, Decimal], ...]:
        """Return the splits that sources told of with their closes: symbol, day, new shares for one old."""
        ...

    def suspicions(self, symbols: Collection[str]) -> tuple[Suspicion, ...]:
        """Return what the newest answers suggest has happened to some of these instruments."""
        ...

    def last_findings(self, symbol: str) -> tuple[str, ...]:
        """Return what the newest judged or failed answer of each source was blamed for."""
        ...
