"""What a report rests on and its reader should know of: where file and journal differ."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from steelyard.domain.money import figure

if TYPE_CHECKING:
    from steelyard.domain.portfolio import Portfolio


@dataclass(frozen=True, slots=True)
class Difference:
    """Something of which file and journal say different amounts.

    Attributes:
        account: Where.
        what: A symbol, or a currency for cash.
        file, journal: Shares or money by either.
        counts: file | journal: which of the two is taken.
        decided: Its owner said so, by `kept` under the account.
    """

    account: str
    what: str
    file: Decimal
    journal: Decimal
    counts: str
    decided: bool

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON carries it, under `differences`."""
        return {
            "account": self.account,
            "what": self.what,
            "file": figure(self.file),
            "journal": figure(self.journal),
            "counts": self.counts,
            "decided": self.decided,
        }


@dataclass(frozen=True, slots=True)
class Footing:
    """What a report rests on.

    Attributes:
        differences: What the file says differently than the journal.
    """

    differences: tuple[Difference, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the keys that `check`, `plan` and `holdings` carry of it."""
        return {"differences": [d.to_dict() for d in self.differences]}


def footing_of(portfolio: Portfolio) -> Footing:
    """Return what whatever is said of a portfolio rests on."""
    # Most portfolios keep no books, and nothing of them is imported then.
    books = getattr(portfolio, "books", None)
    return Footing(books.differences if books is not None else ())
