"""Use case: what the real account was worth over time, what was paid in, done, and what it brought.

The values are those the scheduled job recorded; deposits and trades are the journal's. Between two recorded
days the return is by Modified Dietz, which is the exact time-weighted return when money moves on recorded
days only.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from itertools import groupby, pairwise
from typing import Any

from steelyard.domain.books.corrections import corrected
from steelyard.domain.books.ledger import OPENING_NOTE, Entry
from steelyard.domain.books.valuations import DayValue
from steelyard.domain.money import EXACT, ONE, ZERO, exact_sum, plain
from steelyard.domain.portfolio import Portfolio
from steelyard.domain.portfolio import value as valuation
from steelyard.records import dataclass, replace
from steelyard.words import say

YEAR_DAYS = 365
_EIGHT = Decimal("1e-8")
RateOn = Callable[[str, date], Decimal | None]
"""Units of base currency for one unit of a currency at the end of a day, None when unknown."""


@dataclass(frozen=True, slots=True)
class Flow:
    """Money paid in on a day (negative: taken out), in base currency."""

    day: date
    amount: Decimal


@dataclass(frozen=True, slots=True)
class ValueDay:
    """One recorded day.

    Attributes:
        day, total, cash, largest_drift, due: As recorded; see `DayValue`.
        paid_in: Deposits less withdrawals since the recorded day before, base currency.
        change: Time-weighted return since the recorded day before, None on the first and when nothing
            was invested.
        growth: What one unit of the first day has become, time-weighted.
        recorded: The total as it was recorded, where the journal has learned more of the day since; None
            where the two are the same.
    """

    day: date
    total: Decimal
    cash: Decimal
    largest_drift: Decimal
    due: bool
    paid_in: Decimal
    change: Decimal | None
    growth: Decimal
    recorded: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Rebalance:
    """A day on which something was sold and something bought, in base currency.

    Attributes:
        day: When.
        due_since: First recorded day of the stretch of days on which a rebalance was due, None if it was not.
        sold, bought: Symbols.
        turnover: Proceeds of the sales.
        effect: What it has brought by now: today's value of what was bought and of the money that moved,
            less today's value of what was sold. Not having done it, the account would be worth this much
            less. Dividends since are left out. None when a price is missing.
        without: What the account would be worth now, at the newest prices, had it not been done.
    """

    day: date
    due_since: date | None
    sold: tuple[str, ...]
    bought: tuple[str, ...]
    turnover: Decimal | None
    effect: Decimal | None
    without: Decimal | None


@dataclass(frozen=True, slots=True)
class Drifted:
    """A stretch of recorded days on which a rebalance was due.

    Attributes:
        since, until: First and last recorded day of it.
        largest: Largest drift on any of them, fraction.
        rebalanced_on: The rebalance that ended it, or began on it; None when none did.
        over: Whether a recorded day after it was inside the bands.
    """

    since: date
    until: date
    largest: Decimal
    rebalanced_on: date | None
    over: bool


@dataclass(frozen=True, slots=True)
class ValueHistory:
    """The real account over time.

    Attributes:
        currency: Base currency.
        days: Oldest first.
        rebalances: Oldest first.
        drifted: When a rebalance was due, oldest first.
        time_weighted: Return over the whole time, None with fewer than two days.
        time_weighted_yearly: The same a year, None for less than a year: it would only exaggerate.
        money_weighted: The yearly rate at which all money paid in grows to the last value (XIRR, 365 days
            a year), None without time or without an answer.
        notes: What is not counted, in sentences.
    """

    currency: str
    days: tuple[ValueDay, ...]
    rebalances: tuple[Rebalance, ...]
    drifted: tuple[Drifted, ...]
    time_weighted: Decimal | None
    time_weighted_yearly: float | None
    money_weighted: float | None
    notes: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the document of `values --json` (`steelyard/values/1`).

        Money and fractions are decimal text, yearly rates JSON numbers.
        """
        return {
            "schema": "steelyard/values/1",
            "base_currency": self.currency,
            "time_weighted": _cut(self.time_weighted),
            "time_weighted_yearly": _eight(self.time_weighted_yearly),
            "money_weighted_yearly": _eight(self.money_weighted),
            "days": [
                {
                    "day": str(d.day),
                    "total_value": plain(d.total),
                    "cash": plain(d.cash),
                    "paid_in": plain(d.paid_in),
                    "largest_drift": _cut(d.largest_drift),
                    "due": d.due,
                    "return": _cut(d.change),
                    "growth": _cut(d.growth),
                    "recorded_total": None if d.recorded is None else plain(d.recorded),
                }
                for d in self.days
            ],
            "drifted": [
                {
                    "since": str(d.since),
                    "until": str(d.until),
                    "largest_drift": _cut(d.largest),
                    "rebalanced_on": str(d.rebalanced_on) if d.rebalanced_on else None,
                    "over": d.over,
                }
                for d in self.drifted
            ],
            "rebalances": [
                {
                    "day": str(r.day),
                    "due_since": str(r.due_since) if r.due_since else None,
                    "sold": list(r.sold),
                    "bought": list(r.bought),
                    "turnover": None if r.turnover is None else plain(r.turnover),
                    "effect": None if r.effect is None else plain(r.effect),
                    "worth_without": None if r.without is None else plain(r.without),
                }
                for r in self.rebalances
            ],
            "notes": list(self.notes),
        }


def _cut(number: Decimal | None) -> str | None:
    return None if number is None else plain(number.quantize(_EIGHT, context=EXACT))


def _eight(number: float | None) -> float | None:
    return None if number is None else round(number, 8) + 0.0


def value_history(
    recorded: Sequence[DayValue],
    entries: Sequence[Entry],
    *,
    currency: str,
    rate_on: RateOn,
    portfolio: Portfolio | None = None,
) -> ValueHistory:
    """Return value, deposits, drift and rebalances over time, with the return of the real account.

    Args:
        recorded: One portfolio's days, oldest first; those in another currency are left out, and said.
        entries: The journal's, those that count.
        currency: Base currency.
        rate_on: For deposits in other currencies.
        portfolio: With today's prices, for what rebalances have brought; None leaves that out.
    """
    known = corrected([v for v in recorded if v.currency == currency], entries, rate_on)
    kept = [one.value for one in known]
    notes = []
    if len(kept) < len(recorded):
        notes.append(
            say(
                "{recorded} days recorded in another currency are left out",
                recorded=len(recorded) - len(kept),
            )
        )
    flows, unrated = _flows(entries, currency, rate_on)
    if unrated:
        notes.append(
            say(
                "{unrated} deposits or withdrawals without an exchange rate are counted as gain or loss",
                unrated=unrated,
            )
        )
    if kept and any(
        e.kind in ("transfer_in", "transfer_out", "inheritance") and kept[0].day < e.traded_on <= kept[-1].day
        for e in entries
    ):
        notes.append(
            say("shares transferred in or out are counted as gain or loss, not as money paid in or out")
        )
    bare = [value.day for value in kept if value.content is None]
    if bare and entries:
        notes.append(
            say(
                "{bare} {bare:day|days} up to {last} were recorded by an earlier version, without what"
                " they held: what the journal has learned of them since does not correct them",
                bare=len(bare),
                last=bare[-1],
            )
        )
    changed = {one.value.day: one.recorded for one in known if one.changed}
    if changed:
        notes.append(
            say(
                "{changed} {changed:day|days} corrected: the journal has learned more of them since",
                changed=len(changed),
            )
        )
    days = tuple(replace(d, recorded=changed.get(d.day)) for d in _days(kept, flows))
    total = EXACT.subtract(days[-1].growth, ONE) if len(days) > 1 else None
    rebalances = tuple(_rebalances(entries, kept, portfolio))
    return ValueHistory(
        currency,
        days,
        rebalances,
        tuple(_drifted(kept, rebalances)),
        total,
        _yearly(total, days),
        _money_weighted(days, flows),
        tuple(notes),
    )


def _flows(entries: Sequence[Entry], base: str, rate_on: RateOn) -> tuple[list[Flow], int]:
    flows, unrated = [], 0
    for e in sorted(entries, key=lambda e: e.traded_on):
        # What a journal was opened with was there before, and no money came in.
        if e.kind not in ("deposit", "withdrawal") or e.note == OPENING_NOTE:
            continue
        rate = ONE if e.currency == base else rate_on(e.currency, e.traded_on)
        if rate is None:
            unrated += 1
            continue
        amount = EXACT.multiply(e.shares, rate)
        flows.append(Flow(e.traded_on, amount if e.kind == "deposit" else -amount))
    return flows, unrated


def _days(kept: Sequence[DayValue], flows: Sequence[Flow]) -> Iterator[ValueDay]:
    if not kept:
        return
    growth = ONE
    yield _day(kept[0], ZERO, None, growth)
    for before, now in pairwise(kept):
        between = [f for f in flows if before.day < f.day <= now.day]
        change = _change(before, now, between)
        if change is not None:
            growth = EXACT.multiply(growth, EXACT.add(ONE, change))
        yield _day(now, exact_sum(f.amount for f in between), change, growth)


def _day(value: DayValue, paid_in: Decimal, change: Decimal | None, growth: Decimal) -> ValueDay:
    return ValueDay(
        value.day, value.total, value.cash, value.largest_drift, value.due, paid_in, change, growth
    )


def _change(before: DayValue, now: DayValue, between: Sequence[Flow]) -> Decimal | None:
    """Return the gain over the money that worked, each flow weighted by the part of the time it was there.

    Source: Modified Dietz, as the Global Investment Performance Standards describe it.
    """
    span = Decimal((now.day - before.day).days)
    worked = before.total
    for f in between:
        weight = EXACT.divide(Decimal((now.day - f.day).days), span)
        worked = EXACT.add(worked, EXACT.multiply(f.amount, weight))
    if worked <= ZERO:
        return None
    gain = EXACT.subtract(EXACT.subtract(now.total, before.total), exact_sum(f.amount for f in between))
    return EXACT.divide(gain, worked)


def _yearly(total: Decimal | None, days: Sequence[ValueDay]) -> float | None:
    if total is None or (days[-1].day - days[0].day).days < YEAR_DAYS:
        return None
    from steelyard.engines.statistics import yearly_growth

    years = (days[-1].day - days[0].day).days / YEAR_DAYS
    return _known(yearly_growth(float(total) + 1.0, years))


def _money_weighted(days: Sequence[ValueDay], flows: Sequence[Flow]) -> float | None:
    if len(days) < 2:
        return None
    import numpy as np

    from steelyard.engines.statistics import money_weighted

    first, last = days[0], days[-1]
    counted = [f for f in flows if first.day < f.day <= last.day]
    moments = sorted({first.day, last.day, *(f.day for f in counted)})
    paid = [float(exact_sum(f.amount for f in counted if f.day == day)) for day in moments]
    values = np.zeros(len(moments))
    values[-1] = float(last.total)
    numbers = np.array([day.toordinal() for day in moments], dtype=np.int64)
    return _known(money_weighted(values, np.array(paid), numbers, float(first.total)))


def _known(number: float) -> float | None:
    return None if math.isnan(number) else number + 0.0  # no minus before a nought


def _rebalances(
    entries: Sequence[Entry], kept: Sequence[DayValue], portfolio: Portfolio | None
) -> Iterator[Rebalance]:
    trades = sorted(
        (e for e in entries if e.kind in ("buy", "sell") and kept and e.traded_on >= kept[0].day),
        key=lambda e: e.traded_on,
    )
    now = None if portfolio is None else valuation(portfolio).total
    for day, group in groupby(trades, key=lambda e: e.traded_on):
        done = list(group)
        sold = sorted({e.symbol for e in done if e.kind == "sell"})
        bought = sorted({e.symbol for e in done if e.kind == "buy"})
        if not sold or not bought:
            continue
        effect = _effect(done, entries, portfolio)
        yield Rebalance(
            day,
            _due_since(kept, day),
            tuple(sold),
            tuple(bought),
            _turnover(done, portfolio),
            effect,
            None if now is None or effect is None else EXACT.subtract(now, effect),
        )


def _drifted(kept: Sequence[DayValue], rebalances: Sequence[Rebalance]) -> Iterator[Drifted]:
    stretches = [(due, list(days)) for due, days in groupby(kept, key=lambda v: v.due)]
    for number, (due, days) in enumerate(stretches):
        if not due:
            continue
        following = stretches[number + 1][1][0].day if number + 1 < len(stretches) else None
        done = [
            r.day for r in rebalances if days[0].day <= r.day and (following is None or r.day <= following)
        ]
        largest = max(v.largest_drift for v in days)
        yield Drifted(days[0].day, days[-1].day, largest, min(done, default=None), following is not None)


def _due_since(kept: Sequence[DayValue], day: date) -> date | None:
    """Return the first of the unbroken run of due days up to a day, None when the last one was not due."""
    since = None
    for value in kept:
        if value.day > day:
            break
        since = (since or value.day) if value.due else None
    return since


def _rate(portfolio: Portfolio, currency: str) -> Decimal | None:
    if currency != portfolio.base_currency and currency not in portfolio.fx:
        return None
    return portfolio.rate(currency)


def _turnover(trades: Sequence[Entry], portfolio: Portfolio | None) -> Decimal | None:
    total = ZERO
    for e in trades:
        rate = None if portfolio is None else _rate(portfolio, e.currency)
        if rate is None:
            return None
        if e.kind == "sell":
            total = EXACT.add(total, EXACT.multiply(e.gross, rate))
    return total


def _effect(trades: Sequence[Entry], entries: Sequence[Entry], portfolio: Portfolio | None) -> Decimal | None:
    """Return what trades have brought, at today's prices and rates, shares counted after later splits."""
    effect = ZERO
    for e in trades:
        rate = None if portfolio is None else _rate(portfolio, e.currency)
        quote = None if portfolio is None else portfolio.quotes.get(e.symbol)
        if portfolio is None or rate is None or quote is None or quote.by_value:
            return None
        shares = e.shares
        for other in entries:
            same = other.symbol == e.symbol and other.account == e.account
            if other.kind == "split" and same and other.traded_on > e.traded_on:
                shares = EXACT.multiply(shares, other.ratio)
        now = EXACT.multiply(shares, portfolio.base_price(e.symbol))
        then = EXACT.multiply(e.gross, rate)
        signed = EXACT.subtract(now, then) if e.kind == "buy" else EXACT.subtract(then, now)
        effect = EXACT.subtract(EXACT.add(effect, signed), EXACT.multiply(e.fees, rate))
    return effect
