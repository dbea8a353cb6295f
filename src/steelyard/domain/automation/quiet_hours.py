"""When no alert is sent; what waits is sent by the next run after it."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from steelyard.records import dataclass


@dataclass(frozen=True, slots=True)
class QuietHours:
    """A time of day in which nothing is sent; may span midnight.

    Attributes:
        start, end: By the clock of the owner's zone.
    """

    start: time
    end: time

    def until(self, local: datetime) -> datetime | None:
        """Return when the quiet hours that `local` falls into end, None outside them.

        The start belongs to them, the end does not.
        """
        clock = local.timetz().replace(tzinfo=None)
        if self.start == self.end:
            return None
        if self.start < self.end:
            inside, days = self.start <= clock < self.end, 0
        else:
            inside, days = clock >= self.start or clock < self.end, int(clock >= self.start)
        if not inside:
            return None
        day = local.date() + timedelta(days=days)
        return datetime.combine(day, self.end, tzinfo=local.tzinfo)


def is_quiet(hours: QuietHours | None, timezone: str, now: datetime) -> bool:
    """Say whether a moment falls into the quiet hours of a zone, never where there are none.

    Args:
        hours: The owner's.
        timezone: IANA name of the zone whose clock they are by.
        now: With a zone of its own.
    """
    return hours is not None and hours.until(now.astimezone(ZoneInfo(timezone))) is not None
