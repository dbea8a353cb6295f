"""Prices as a backtest needs them: sessions by symbols, complete, with what was done to get there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import overload

import numpy as np

from steelyard.engines.arrays import Flags, Floats, Ints
from steelyard.engines.market.spacing import Spacing, spacing_of
from steelyard.words import say

JUMP = 0.4
"""A larger move in one session is pointed out: most are splits or typing errors."""
STILL = 10
"""As many equal closes in a row are pointed out: a source that stopped, or no trading."""
_FEWEST, _MOST = 243.0, 254.0
"""Sessions a year that one exchange has: Seoul some 247, New York some 252. More or fewer are said."""
_RHYTHMS = {
    "daily": say("daily"),
    "weekly": say("weekly"),
    "biweekly": say("biweekly"),
    "monthly": say("monthly"),
    "quarterly": say("quarterly"),
    "semiannual": say("semiannual"),
    "annual": say("annual"),
}
_LONG_WAIT_DAYS = 11
"""A longer wait between sessions is pointed out where it is also more than three times the usual one."""


class SessionDates(Sequence[date]):
    """Dates kept as day numbers: they become `date` when looked at, which for thousands takes a while.

    Equal to any sequence of the same dates.

    Attributes:
        days: (T,) int64, `date.toordinal` of each.
    """

    __slots__ = ("days",)
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, days: Ints) -> None:
        self.days = days

    def __len__(self) -> int:
        return len(self.days)

    @overload
    def __getitem__(self, place: int) -> date: ...
    @overload
    def __getitem__(self, place: slice) -> SessionDates: ...
    def __getitem__(self, place: int | slice) -> date | SessionDates:
        if isinstance(place, slice):
            return SessionDates(self.days[place])
        return date.fromordinal(int(self.days[place]))

    def __iter__(self) -> Iterator[date]:
        return map(date.fromordinal, self.days.tolist())

    def __eq__(self, other: object) -> bool:
        if isinstance(other, SessionDates):
            return np.array_equal(self.days, other.days)
        return isinstance(other, Sequence) and list(self) == list(other)

    def __repr__(self) -> str:
        return f"SessionDates({self[0]} .. {self[-1]}, {len(self)})" if len(self) else "SessionDates()"


def day_numbers(dates: Sequence[date]) -> Ints:
    """Return `date.toordinal` of dates, (T,) int64."""
    if isinstance(dates, SessionDates):
        return dates.days
    return np.fromiter(map(date.toordinal, dates), np.int64, len(dates))


@dataclass(frozen=True, slots=True)
class PriceHistory:
    """Closing prices without holes.

    Attributes:
        symbols: N names, one a column.
        dates: T dates, strictly rising.
        prices: (T, N) float64, > 0, C-contiguous.
        rates: Currency pair (`USDKRW`) to (T,) float64, > 0, for those the source has.
        mended: What was sorted, filled or cut, one sentence each.
        source: Where they come from, for messages.
        simulated: They are no history but made up.
        distributions: (T, N) float64 >= 0, paid for one share at a session to who held it at the close
            before, in the currency of its price; None when there are none, or prices have them in.
        opened: (T,) bool, sessions on which every instrument has a close of its own, the first among them:
            only on these is anything traded; None when they all are.
    """

    symbols: tuple[str, ...]
    dates: Sequence[date]
    prices: Floats
    rates: dict[str, Floats] = field(default_factory=dict)
    mended: tuple[str, ...] = ()
    source: str = "prices"
    simulated: bool = False
    distributions: Floats | None = None
    opened: Flags | None = None

    @property
    def spacing(self) -> Spacing:
        """How far apart the closes are, and how many a year has."""
        return spacing_of(day_numbers(self.dates))

    @property
    def notes(self) -> tuple[str, ...]:
        """What was mended, and what looks odd in prices that are not made up, one sentence each."""
        return self.mended if self.simulated else (*self.mended, *oddities(self))


def oddities(history: PriceHistory) -> list[str]:
    """Return what looks odd in complete prices, one sentence each: jumps, standstill, waits, too few."""
    notes: list[str] = []
    dates, prices = history.dates, history.prices
    moves = prices[1:] / prices[:-1] - 1.0
    for n, symbol in enumerate(history.symbols):
        jumps = np.flatnonzero((moves[:, n] > JUMP) | (moves[:, n] < -JUMP))
        if len(jumps):
            at = int(jumps[0])
            notes.append(
                say(
                    "{symbol}: {count} moves of more than {jump:.0%} in a session, the first on "
                    "{day} ({move:+.0%}); is it a split?",
                    symbol=symbol,
                    count=len(jumps),
                    jump=JUMP,
                    day=dates[at + 1],
                    move=float(moves[at, n]),
                )
            )
        still = _longest_still(moves[:, n])
        if still[0] >= STILL:
            notes.append(
                say(
                    "{symbol}: the same close on {still} sessions in a row up to {dates}",
                    symbol=symbol,
                    still=still[0],
                    dates=dates[still[1]],
                )
            )
    waits = np.diff(day_numbers(dates))
    longest = int(waits.max(initial=0))
    if longest > _LONG_WAIT_DAYS and longest > 3 * int(np.sort(waits)[len(waits) // 2]):
        at = int(np.argmax(waits))
        notes.append(
            say(
                "no session for {longest} days between {before} and {after}",
                longest=longest,
                before=dates[at],
                after=dates[at + 1],
            )
        )
    return notes + rhythm(history)


def rhythm(history: PriceHistory) -> list[str]:
    """Return what is unusual about how many closes there are and how far apart, one sentence each."""
    found, count = history.spacing, len(history.dates)
    if found.years < 1.0:
        return [say("only {dates} sessions: less than a year says little", dates=count)]
    if found.kind == "irregular":
        return [say("the {count} closes have no rhythm: risk a year says little", count=count)]
    if found.kind == "daily" and _FEWEST < found.a_year < _MOST:
        return []
    return [
        say(
            "the closes are {kind}, {a_year:.0f} a year: yearly figures are counted from the dates",
            kind=_RHYTHMS[found.kind],
            a_year=found.a_year,
        )
    ]


def _longest_still(moves: Floats) -> tuple[int, int]:
    """Return how many sessions in a row had the same close at most, and the last of them."""
    moved = np.flatnonzero(np.concatenate([[True], moves != 0.0, [True]]))
    lengths = np.diff(moved)
    longest = int(np.argmax(lengths))
    return int(lengths[longest]), int(moved[longest + 1]) - 1
