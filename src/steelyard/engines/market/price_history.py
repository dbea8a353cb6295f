"""Prices as a backtest needs them: sessions by symbols, complete, with what was done to get there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import overload

import numpy as np

from steelyard.engines.arrays import Flags, Floats, Ints
from steelyard.engines.market.spacing import Spacing, spacing_of
from steelyard.errors import DataError
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
class Life:
    """When one instrument is bought for the first time, and sold since it ends; None for not on the way."""

    symbol: str
    joined: date | None
    left: date | None


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
            only on these is anything traded; None when they all are. Of the instruments that there are.
        present: (T, N) bool, which instruments may be held from the close of a session on; None when all may
            from the first. One joins once and leaves once; before it its first close stands, after it its
            last, and there is always one.
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
    present: Flags | None = None

    @property
    def lives(self) -> tuple[Life, ...]:
        """Who joins on the way or leaves, in the order of the symbols."""
        if self.present is None:
            return ()
        found = []
        for n, symbol in enumerate(self.symbols):
            there = np.flatnonzero(self.present[:, n])
            first, last = (int(there[0]), int(there[-1]) + 1) if len(there) else (0, 0)
            joined = self.dates[first] if first else None
            left = self.dates[last] if last < len(self.dates) else None
            if joined is not None or left is not None:
                found.append(Life(symbol, joined, left))
        return tuple(found)

    def between(self, first: int, stop: int) -> PriceHistory:
        """Return sessions first .. stop - 1."""
        present = None if self.present is None else self.present[first:stop]
        opened = None if self.opened is None else self.opened[first:stop]
        return replace(
            self,
            dates=self.dates[first:stop],
            prices=self.prices[first:stop],
            rates={pair: rate[first:stop] for pair, rate in self.rates.items()},
            distributions=None if self.distributions is None else self.distributions[first:stop],
            opened=None if opened is None or opened.all() else opened,
            present=None if present is None or present.all() else present,
        )

    def together(self) -> PriceHistory:
        """Return the time in which all instruments are there, with a note where that is not all of it.

        Raises:
            DataError: They never are (`price-short`).
        """
        if self.present is None:
            return self
        there = np.flatnonzero(self.present.all(axis=1))
        # Where one leaves there is a close of it still.
        first, stop = (int(there[0]), min(int(there[-1]) + 2, len(self.dates))) if len(there) else (0, 0)
        if stop - first < 2:
            raise DataError(
                "price-short",
                say(
                    "{source} has no time in which all of {symbols} have prices",
                    source=self.source,
                    symbols=", ".join(self.symbols),
                ),
                say("give more history, or leave one of them out of the targets"),
            )
        cut = self.between(first, stop)
        # What leaves at the last session is there up to its close.
        note = say(
            "cut to {first} to {last}, when all of them have prices",
            first=cut.dates[0],
            last=cut.dates[-1],
        )
        return replace(cut, present=None, mended=(*cut.mended, note))

    @property
    def spacing(self) -> Spacing:
        """How far apart the closes are, and how many a year has."""
        return spacing_of(day_numbers(self.dates))

    @property
    def notes(self) -> tuple[str, ...]:
        """What was mended, and what looks odd in prices that are not made up, one sentence each."""
        return self.mended if self.simulated else (*self.mended, *self._comings(), *oddities(self))

    def _comings(self) -> Iterator[str]:
        """Say of each that joins or leaves what becomes of its part."""
        for life in self.lives:
            if life.joined is not None:
                yield say(
                    "{symbol} joins on {day}, when it has prices: until then its part is spread over the "
                    "others by their targets, and on that day all is traded to the targets; "
                    "--from {day} leaves the time before out",
                    symbol=life.symbol,
                    day=life.joined,
                )
            if life.left is not None:
                yield say(
                    "{symbol} leaves on {day}, its last close: it is sold at it, and its part is spread over "
                    "the others by their targets; --to {day} leaves the time after out",
                    symbol=life.symbol,
                    day=life.left,
                )


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
        # Before one joins and after it left its price stands.
        own, began = moves[:, n], 0
        if history.present is not None:
            own = own[history.present[:-1, n]]
            began = int(np.argmax(history.present[:, n]))
        still = _longest_still(own)
        if still[0] >= STILL:
            notes.append(
                say(
                    "{symbol}: the same close on {still} sessions in a row up to {dates}",
                    symbol=symbol,
                    still=still[0],
                    dates=dates[began + still[1]],
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
