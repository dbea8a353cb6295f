"""When a state of the portfolio is told to its owner, and how a message is tried.

The same state is told once. It is told again when it has become worse by a step, or after some days;
a state that is over is forgotten, so that its return is told like the first time.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from steelyard.domain.automation.settings import AlertSettings
from steelyard.domain.money import EXACT
from steelyard.records import asdict, dataclass

FIRST_WAIT = timedelta(minutes=5)
LONGEST_WAIT = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent.

    Attributes:
        portfolio: Name of the portfolio file.
        kind: One of `automation.ALERT_KINDS`.
        key: The state it is about; the same state has the same key.
        level: How bad it is, fraction of the portfolio; 0 where there is no measure.
        title, body: The text.
        picture: A PNG file for services that take one, None without.
    """

    portfolio: str
    kind: str
    key: str
    level: Decimal
    title: str
    body: str
    picture: bytes | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """The last time a state was told: how bad it was, since when it has lasted, and when that was."""

    level: Decimal
    since: date
    at: datetime


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message on its way to one service, after `attempts` attempts."""

    message: int
    service: str
    title: str
    body: str
    attempts: int
    picture: bytes | None = None


def must_tell(earlier: Told | None, level: Decimal, now: datetime, settings: AlertSettings) -> bool:
    """Say whether a state is told now.

    Args:
        earlier: When it was told last, None when it was not.
        level: How bad it is now.
        now: The time.
        settings: `again_step` of zero never repeats for getting worse, `again_days` of zero never for time.
    """
    if earlier is None:
        return True
    step, days = settings.again_step, settings.again_days
    worse = bool(step) and EXACT.subtract(level, earlier.level) >= step
    return worse or (bool(days) and now - earlier.at >= timedelta(days=days))


def wait_after(attempts: int) -> timedelta:
    """Return how long to wait after that many failed attempts: 5 minutes, doubling, at most a day.

    >>> [str(wait_after(n)) for n in (1, 2, 3, 12)]
    ['0:05:00', '0:10:00', '0:20:00', '1 day, 0:00:00']
    """
    doubled: int = 2 ** min(attempts - 1, 16)
    return min(FIRST_WAIT * doubled, LONGEST_WAIT)


@dataclass(frozen=True, slots=True)
class Sending:
    """One message to one service, and what came of it.

    Attributes:
        created_at: When it was written, ISO 8601 in UTC.
        kind, title: Of the message.
        service, state, attempts, detail: Where it goes, waiting | sending | sent | given_up | no service,
            how often it was tried, and what the service said.
    """

    created_at: str
    kind: str
    title: str
    service: str
    state: str
    attempts: int
    detail: str


@dataclass(frozen=True, slots=True)
class Notices:
    """The notification services, addresses masked, and the newest messages."""

    services: Mapping[str, str]
    messages: tuple[Sending, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the document of `notify list --json` (`steelyard/notify/1`)."""
        rows = [asdict(message) for message in self.messages]
        return {"schema": "steelyard/notify/1", "services": dict(self.services), "messages": rows}
