"""What a scheduled run works with, why it does something on a day, and what it reports."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Protocol
from zoneinfo import ZoneInfo

from steelyard.app.automation.delivery import Post, Sent
from steelyard.records import dataclass

if TYPE_CHECKING:
    from steelyard.app.check import CheckReport
    from steelyard.app.tax.situation import Returns
    from steelyard.domain.automation.settings import AutomationSettings
    from steelyard.domain.caveats import HoldingDifference
    from steelyard.domain.portfolio import Portfolio
    from steelyard.domain.trades import Plan
    from steelyard.ports.automation import RunRecords
    from steelyard.ports.books import PortfolioText
    from steelyard.ports.market import PriceRecords, PriceSource, Sessions


class Books(Protocol):
    """What the owner's journal knows beyond the portfolio file."""

    def held(self, portfolio: Portfolio, as_of: date) -> Portfolio:
        """Return the portfolio holding what the journal says, or as it is without a journal."""
        ...

    def splits(self) -> Mapping[str, Sequence[tuple[date, Decimal]]]:
        """Return the splits that the journal records, by symbol: day and new shares for one old one."""
        ...

    def situation(self, portfolio: Portfolio, as_of: date) -> Returns | None:
        """Return what tax is computed from, None when nothing says what was paid or where tax is due."""
        ...


class NoBooks:
    """No journal: the file holds everything, and no tax is computed."""

    def held(self, portfolio: Portfolio, as_of: date) -> Portfolio:
        """Return the portfolio as it is."""
        return portfolio

    def splits(self) -> Mapping[str, Sequence[tuple[date, Decimal]]]:
        """Return none."""
        return {}

    def situation(self, portfolio: Portfolio, as_of: date) -> Returns | None:
        """Return None."""
        return None


@dataclass(frozen=True, slots=True)
class RunInputs:
    """Everything a run works with.

    `draw` makes the picture of an alert, None sends none; `save_plan` keeps the plan of a look date for
    `execute latest`.
    """

    file: PortfolioText
    sources: Sequence[PriceSource]
    prices: PriceRecords
    runs: RunRecords
    post: Post
    sessions: Sessions
    settings: AutomationSettings
    books: Books = NoBooks()
    draw: Callable[[CheckReport], bytes] | None = None
    save_plan: Callable[[Portfolio, Plan], None] | None = None

    def today(self) -> date:
        """Return the date where the owner lives."""
        return self.post.clock.now().astimezone(ZoneInfo(self.settings.alerts.timezone)).date()


RUN_DEADLINE = timedelta(minutes=30)
"""How long a run may go on before it counts as stuck; each call outside ends within seconds."""


@dataclass(frozen=True, slots=True)
class RunReport:
    """What a run did.

    Attributes:
        outcome: done | not-due | busy (another run was under way).
        as_of: The date it ran for.
        look: The look date it handled, None when it handled none.
        next_look: When automation looks next, None when never.
        due: Whether a rebalance is due, None when that was not evaluated.
        total: Value in base currency, None likewise.
        queued: Kinds of the alerts it put into the outbox.
        sent: What went out.
        findings: What was wrong with prices.
        text: What there is to say when nothing was done.
        differences: What the file says differently than the journal.
    """

    outcome: str
    as_of: date
    look: date | None
    next_look: date | None
    due: bool | None = None
    total: Decimal | None = None
    queued: tuple[str, ...] = ()
    sent: Sent = Sent()
    findings: tuple[str, ...] = ()
    text: str = ""
    differences: tuple[HoldingDifference, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the document of `run --json` (`steelyard/run/1`)."""
        if self.outcome == "busy":
            return {"schema": "steelyard/run/1", "outcome": self.outcome, "text": self.text}
        return {
            "schema": "steelyard/run/1",
            "outcome": self.outcome,
            "as_of": str(self.as_of),
            "look": str(self.look) if self.look else None,
            "next_look": str(self.next_look) if self.next_look else None,
            "due": self.due,
            "total_value": f"{self.total:f}" if self.total is not None else None,
            "alerts": list(self.queued),
            "sent": self.sent.sent,
            "failed": self.sent.failed,
            "repeated": self.sent.recovered,
            "quiet_hours": self.sent.quiet,
            "findings": list(self.findings),
            "differences": [d.to_dict() for d in self.differences],
        }


@dataclass(frozen=True, slots=True)
class Occasion:
    """Why a run does something today: an unhandled look, a digest, the year's end, or being told to.

    Attributes:
        look: The look date to handle, None for none.
        digest: A new period of the digest has begun.
        next_look: When automation looks next, None when never.
        year_end: It is the first run of December, for an owner who wants to hear of harvests.
    """

    look: date | None
    digest: bool
    next_look: date | None
    year_end: bool = False

    @property
    def idle(self) -> bool:
        """Nothing is asked for."""
        return self.look is None and not self.digest and not self.year_end


def local_time(now: datetime, settings: AutomationSettings) -> datetime:
    """Return a time where the owner lives."""
    return now.astimezone(ZoneInfo(settings.alerts.timezone))
