"""Use case: fetch closing prices from several sources, keep them raw, judge them, keep what is good."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from functools import partial

from steelyard.domain.market.prices import (
    Close,
    Finding,
    Judgement,
    PriceSettings,
    Wanted,
    disagreement,
    is_stale,
    judge,
)
from steelyard.domain.money import ONE
from steelyard.errors import DataError
from steelyard.ports.machine import Clock
from steelyard.ports.market import PriceRecords, PriceSource, Sessions
from steelyard.records import dataclass, replace
from steelyard.words import join, say

LONGEST_WAIT = 60
NEARBY = timedelta(days=10)
"""How far a source's first close after a split may be from the day its owner gives."""
Splits = Mapping[str, Sequence[tuple[date, Decimal]]]
"""Symbol to day and new shares for one old one."""
_PASSING = ("price-source", "price-answer")
"""Failures that may be over when asked again."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came of asking for one instrument or rate.

    Attributes:
        wanted: What was asked for.
        source: Whose close is used, None when none is.
        newest: That close, None when no source had a good one.
        findings: Everything wrong on the way, failures of sources included.
    """

    wanted: Wanted
    source: str | None
    newest: Close | None
    findings: tuple[Finding, ...]


def fetch(
    wanted: Sequence[Wanted],
    sources: Sequence[PriceSource],
    records: PriceRecords,
    clock: Clock,
    settings: PriceSettings,
    *,
    as_of: date,
    sessions: Sessions | None = None,
    splits: Splits | None = None,
) -> tuple[Fetched, ...]:
    """Ask for closes and keep them; one result each, whatever happened.

    Sources are asked in order until one has a good close that is not stale; with `compare` one more
    is asked. Where two disagree about a day, neither close of that day is used.

    Args:
        wanted: What to ask for.
        sources: In the order of the settings.
        records: Where answers are kept before they are judged.
        clock: For time stamps and the waits between attempts.
        settings: The owner's.
        as_of: Today.
        sessions: Which days exchanges trade, None to take every day for one.
        splits: Those the owner has recorded, by symbol: they explain a jump that no source explains.
    """
    known = splits or {}
    return tuple(
        _fetch_one(w, sources, records, clock, settings, as_of, sessions, known.get(w.symbol, ()))
        for w in wanted
    )


def _explained(closes: Sequence[Close], splits: Sequence[tuple[date, Decimal]]) -> tuple[Close, ...]:
    """Return closes with the splits that the owner knows and the source does not.

    The source may have its first close after it a few days later than the owner's entry is dated, or earlier.
    """
    found = sorted(closes, key=lambda c: c.day)
    for day, ratio in splits:
        if any(c.split != ONE and abs(c.day - day) <= NEARBY for c in found):
            continue
        at = next((n for n, c in enumerate(found) if day <= c.day <= day + NEARBY), None)
        if at is not None:
            found[at] = replace(found[at], split=ratio)
    return tuple(found)


def _sessions_of(wanted: Wanted, sessions: Sessions | None) -> Callable[[date], bool] | None:
    if sessions is None or wanted.is_rate:
        return None
    return partial(sessions.is_session, wanted.exchange)


def _fetch_one(
    wanted: Wanted,
    sources: Sequence[PriceSource],
    records: PriceRecords,
    clock: Clock,
    settings: PriceSettings,
    as_of: date,
    sessions: Sessions | None,
    splits: Sequence[tuple[date, Decimal]],
) -> Fetched:
    findings: list[Finding] = []
    judged: list[tuple[int, str, Judgement]] = []
    fresh = 0
    known = [close for _, close in records.history(wanted.symbol)]
    for source in sources:
        if not source.offers(wanted):
            continue
        answer, closes, failure = _ask(source, wanted, records, clock, settings, as_of)
        if failure is not None:
            text = join(": ", (wanted.symbol, failure.message))
            finding = Finding(failure.code, wanted.symbol, source.name, text, True)
            records.keep_judgement(answer, wanted, source.name, (), (finding,))
            findings.append(finding)
            continue
        judgement = judge(
            wanted,
            source.name,
            _explained(closes, splits),
            settings.limits,
            as_of=as_of,
            known=known,
            is_session=_sessions_of(wanted, sessions),
        )
        judged.append((answer, source.name, judgement))
        good = judgement.good
        fresh += bool(good) and not is_stale(good[-1], source.name, settings.limits, as_of)
        if fresh > int(settings.compare):
            break
    contested = _contested(wanted.symbol, judged, settings)
    days = {f.day for f in contested}
    best: tuple[str, Close] | None = None
    for position, (answer, name, judgement) in enumerate(judged):
        kept = tuple(c for c in judgement.good if c.day not in days)
        found = (*judgement.findings, *(contested if position == 0 else ()))
        records.keep_judgement(answer, wanted, name, kept, found)
        findings += found
        if kept and (best is None or kept[-1].day > best[1].day):
            best = name, kept[-1]
    if not any(s.offers(wanted) for s in sources):
        text = say("{symbol}: no price source has it", symbol=wanted.symbol)
        findings.append(Finding("price-source", wanted.symbol, "", text, True))
    return Fetched(wanted, best[0] if best else None, best[1] if best else None, tuple(findings))


def _contested(
    symbol: str, judged: Sequence[tuple[int, str, Judgement]], settings: PriceSettings
) -> tuple[Finding, ...]:
    """Return a finding for every day on which two sources disagree."""
    found = []
    for position, (_, name, first) in enumerate(judged):
        by_day = {c.day: c for c in first.good}
        for _, other, second in judged[position + 1 :]:
            for close in second.good:
                mine = by_day.get(close.day)
                apart = mine and disagreement(symbol, (name, mine), (other, close), settings.limits)
                if apart:
                    found.append(apart)
    return tuple(found)


def _ask(
    source: PriceSource,
    wanted: Wanted,
    records: PriceRecords,
    clock: Clock,
    settings: PriceSettings,
    as_of: date,
) -> tuple[int, tuple[Close, ...], DataError | None]:
    """Ask once, and a remote source that failed again after growing waits; keep each answer as it came.

    Returns:
        The number of the last answer, its closes, and why there are none.
    """
    first = as_of - timedelta(days=settings.history_days)
    wait = settings.backoff_seconds
    tries = max(settings.attempts, 1) if source.remote else 1
    for left in reversed(range(tries)):
        try:
            raw = source.ask(wanted, first, as_of)
        except DataError as error:
            answer, failure = records.keep_answer(wanted, source.name, clock.now(), "", error.message), error
        else:
            answer = records.keep_answer(wanted, source.name, clock.now(), raw, None)
            try:
                return answer, tuple(c for c in source.read(wanted, raw) if c.day >= first), None
            except DataError as error:
                failure = error
        # An empty answer is an answer: asking again at once brings the same.
        if not left or failure.code not in _PASSING:
            break
        clock.wait(min(wait, LONGEST_WAIT))
        wait *= 2
    return answer, (), failure
