"""Use case: fetch closing prices from several sources, keep them raw, judge them, keep what is good."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from steelyard.domain.automation import PriceSettings
from steelyard.domain.portfolio import Portfolio, Quote
from steelyard.domain.prices import Close, Finding, Judgement, Wanted, disagreement, is_stale, judge
from steelyard.errors import DataError
from steelyard.ports import Clock, PriceRecords, PriceSource

LONGEST_WAIT = 60


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


def wanted_by(portfolio: Portfolio) -> tuple[Wanted, ...]:
    """Return every instrument of a portfolio and the rates its currencies need, in the file's order."""
    instruments = portfolio.instruments.values()
    base = portfolio.base_currency
    cash = {c for account in portfolio.accounts for c in account.cash}
    foreign = sorted(({i.currency for i in instruments} | cash) - {base})
    return (
        *(Wanted(i.symbol, i.currency, i.exchange) for i in instruments),
        *(Wanted(f"{currency}{base}", base) for currency in foreign),
    )


def fetch(
    wanted: Sequence[Wanted],
    sources: Sequence[PriceSource],
    records: PriceRecords,
    clock: Clock,
    settings: PriceSettings,
    *,
    as_of: date,
) -> tuple[Fetched, ...]:
    """Ask for closes and keep them; one result each, whatever happened.

    Sources are asked in order until one has a good close that is not stale; with `compare` one more
    is asked. Where two disagree about a day, neither close of that day is used.

    Args:
        wanted: From `wanted_by`.
        sources: In the order of the settings.
        records: Where answers are kept before they are judged.
        clock: For time stamps and the waits between attempts.
        settings: The owner's.
        as_of: Today.
    """
    return tuple(_fetch_one(w, sources, records, clock, settings, as_of) for w in wanted)


def _fetch_one(
    wanted: Wanted,
    sources: Sequence[PriceSource],
    records: PriceRecords,
    clock: Clock,
    settings: PriceSettings,
    as_of: date,
) -> Fetched:
    findings: list[Finding] = []
    judged: list[tuple[int, str, Judgement]] = []
    fresh = 0
    known = records.newest(wanted.symbol)
    for source in sources:
        if not source.offers(wanted):
            continue
        closes, failure = _ask(source, wanted, clock, settings, as_of)
        answer = records.keep_answer(
            wanted, source.name, clock.now(), closes, None if failure is None else failure.message
        )
        if failure is not None:
            text = f"{wanted.symbol}: {failure.message}"
            findings.append(Finding(failure.code, wanted.symbol, source.name, text, True))
            continue
        judgement = judge(
            wanted, source.name, closes, settings.limits, as_of=as_of, before=known[1] if known else None
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
        text = f"{wanted.symbol}: no price source has it"
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
    source: PriceSource, wanted: Wanted, clock: Clock, settings: PriceSettings, as_of: date
) -> tuple[tuple[Close, ...], DataError | None]:
    """Ask once, and a remote source that failed again after growing waits."""
    first = as_of - timedelta(days=settings.history_days)
    wait = settings.backoff_seconds
    tries = settings.attempts if source.remote else 1
    for attempt in range(1, tries + 1):
        try:
            return source.closes(wanted, first, as_of), None
        except DataError as error:
            # An empty answer is an answer: asking again at once brings the same.
            if error.code != "price-source" or attempt == tries:
                return (), error
        clock.wait(min(wait, LONGEST_WAIT))
        wait *= 2
    return (), DataError("price-source", f"{source.name} was not asked", "set attempts to 1 or more")


def stored(
    symbols: Sequence[Wanted], records: PriceRecords
) -> tuple[dict[str, Quote], dict[str, tuple[str, Close]]]:
    """Return the newest good price of each instrument as a quote, and where each (and each rate) is from."""
    found = {w.symbol: kept for w in symbols if (kept := records.newest(w.symbol)) is not None}
    quotes = {
        w.symbol: Quote(found[w.symbol][1].price, found[w.symbol][1].currency or w.currency)
        for w in symbols
        if w.symbol in found and not w.is_rate
    }
    return quotes, found
