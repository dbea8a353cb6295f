"""What the scheduled job needs: somebody to tell, an outbox, and a record of runs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Protocol

# Types only: what `check` needs must not bring automation and brokers along.
if TYPE_CHECKING:
    from steelyard.domain.automation.alerts import Delivery, Message, Told
    from steelyard.domain.books.valuations import DayValue


class Notifier(Protocol):
    """Sends a message to one service."""

    def send(self, address: str, title: str, body: str, picture: bytes | None = None) -> str:
        """Return when the service has accepted the message; say what came of the picture, if that is not all.

        A picture that is not taken is no failure: the text counts.

        Raises:
            NoAnswer: Nobody knows whether it did: it hung, or hung up, when it had the message.
            ServiceError: It did not; the text is free of secrets.
        """
        ...


class RunRecords(Protocol):
    """Which looks were handled, and what the portfolio was worth."""

    def handled(self, portfolio: str) -> date | None:
        """Return the newest look date a finished run handled, None when there is none."""
        ...

    def begin(self, portfolio: str, look: date | None, at: datetime) -> int:
        """Open a run; what an earlier one left unfinished is marked as interrupted."""
        ...

    def step(self, run: int, step: str) -> None:
        """Note how far a run has come."""
        ...

    def record_day(self, run: int, portfolio: str, value: DayValue) -> None:
        """Keep the value and drift of a day, in place of an earlier one of the same day."""
        ...

    def finish(self, run: int, at: datetime, outcome: str, detail: str = "") -> None:
        """Close a run."""
        ...

    def last(self, portfolio: str) -> tuple[datetime, str, str] | None:
        """Return start, outcome (or the step it stopped at) and detail of the newest run."""
        ...


class Outbox(Protocol):
    """Messages on their way, each attempt of each, and which states were told already."""

    def told(self, portfolio: str, key: str) -> Told | None:
        """Return when and at which level a state was told last, None when it is not told."""
        ...

    def queue(self, message: Message, services: Sequence[str], at: datetime, since: date) -> int:
        """Keep a message for every service, and that its state is told: both, or neither."""
        ...

    def audit_head(self) -> tuple[int, str] | None:
        """Return how many links the audit record has, and the last hash; None for none."""
        ...

    def clear(self, portfolio: str, key: str) -> None:
        """Forget a state that is over, so that its return is told."""
        ...

    def keys(self, portfolio: str, prefix: str) -> tuple[str, ...]:
        """Return the told states whose key begins with a prefix."""
        ...

    def recover(self, at: datetime) -> int:
        """Put back what a killed process was sending; return how many."""
        ...

    def waiting(self, at: datetime) -> tuple[Delivery, ...]:
        """Return what may be sent now, oldest first."""
        ...

    def start(self, delivery: Delivery, at: datetime) -> None:
        """Note an attempt before it is made."""
        ...

    def end(
        self,
        delivery: Delivery,
        at: datetime,
        failure: str | None,
        next_at: datetime | None,
        *,
        unanswered: bool = False,
        note: str = "",
    ) -> None:
        """Note what came of it: sent, or to be tried again at `next_at`, or given up.

        An `unanswered` attempt may have reached the service after all; a `note` is kept with a message
        that was sent.
        """
        ...
