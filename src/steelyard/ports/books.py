"""Where the portfolio comes from when a use case reads it again."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Protocol

# Types only: what `check` needs must not bring automation and brokers along.
if TYPE_CHECKING:
    from steelyard.domain.portfolio import Portfolio, Quote


class PortfolioText(Protocol):
    """The owner's portfolio file, read again each time it is asked."""

    @property
    def name(self) -> str:
        """File name without its folder."""
        ...

    def outline(self) -> tuple[Portfolio, frozenset[str]]:
        """Return the portfolio with made-up prices where the file gives none, and where that is."""
        ...

    def load(self, prices: Mapping[str, Quote], rates: Mapping[str, Quote | Decimal]) -> Portfolio:
        """Return the portfolio with what the file leaves open filled in."""
        ...
