"""Use case: the scheduled job. Due? Fetch prices, check, record the day, tell the owner, send.

Each step is on disk before the next begins, and each may be repeated: a run that was killed anywhere is
finished by the next one, and a state is told once because telling it and noting that it was told are one
write. A look date that was missed is handled at the next start; of several missed ones only the last.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Protocol
from zoneinfo import ZoneInfo

from steelyard.app import alert_texts as texts
from steelyard.app.check import CheckReport, check, exchanges
from steelyard.app.delivery import Post, Sent, deliver, tell
from steelyard.app.prices import Fetched, fetch, stored, wanted_by
from steelyard.domain.accounts import is_risky, risky_cap
from steelyard.domain.automation import AutomationSettings
from steelyard.domain.looks import last_look, next_look, period
from steelyard.domain.money import EXACT, ZERO
from steelyard.domain.portfolio import Portfolio
from steelyard.domain.prices import Close, Wanted, is_stale
from steelyard.domain.valuations import DayValue
from steelyard.errors import DataError, InputError, PlanError, SteelyardError
from steelyard.ports import PortfolioText, PriceRecords, PriceSource, RunRecords, Sessions

if TYPE_CHECKING:
    from steelyard.app.tax import TaxSituation
    from steelyard.domain.trades import Plan

_SUSPECT = ("price-jump", "price-disagree", "price-currency", "price-not-positive", "price-future")


class Books(Protocol):
    """What the owner's journal knows beyond the portfolio file."""

    def held(self, portfolio: Portfolio, as_of: date) -> Portfolio:
        """Return the portfolio holding what the journal says, or as it is without a journal."""
        ...

    def situation(self, portfolio: Portfolio, as_of: date) -> TaxSituation | None:
        """Return what tax is computed from, None when nothing says what was paid or where tax is due."""
        ...


class NoBooks:
    """No journal: the file holds everything, and no tax is computed."""

    def held(self, portfolio: Portfolio, as_of: date) -> Portfolio:
        """Return the portfolio as it is."""
        return portfolio

    def situation(self, portfolio: Portfolio, as_of: date) -> TaxSituation | None:
        """Return None."""
        return None


@dataclass(frozen=True, slots=True)
class Job:
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
    books: Books = NoBooks()  # noqa: RUF009 - it has no state
    draw: Callable[[CheckReport], bytes] | None = None
    save_plan: Callable[[Portfolio, Plan], None] | None = None

    def today(self) -> date:
        """Return the date where the owner lives."""
        return self.post.clock.now().astimezone(ZoneInfo(self.settings.alerts.timezone)).date()


@dataclass(frozen=True, slots=True)
class RunReport:
    """What a run did.

    Attributes:
        outcome: done | not-due.
        as_of: The date it ran for.
        look: The look date it handled, None when it handled none.
        next_look: When automation looks next, None when never.
        due: Whether a rebalance is due, None when that was not evaluated.
        total: Value in base currency, None likewise.
        queued: Kinds of the alerts it put into the outbox.
        sent: What went out.
        findings: What was wrong with prices.
    """

    outcome: str
    as_of: date
    look: date | None
    next_look: date | None
    due: bool | None = None
    total: Decimal | None = None
    queued: tuple[str, ...] = ()
    sent: Sent = Sent()  # noqa: RUF009 - a frozen value
    findings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Occasion:
    """Why a run does something today: an unhandled look, a digest, the year's end, or being told to."""

    look: date | None
    digest: bool
    next_look: date | None
    year_end: bool = False

    @property
    def idle(self) -> bool:
        """Nothing is asked for."""
        return self.look is None and not self.digest and not self.year_end


def run(job: Job, *, if_due: bool) -> RunReport:
    """Do the job once; the caller holds the lock.

    Args:
        job: What to work with.
        if_due: Do nothing but send what waits unless a look date, or a digest, is not handled yet.

    Raises:
        SteelyardError: What stopped it; the owner is told by an alert as well.
    """
    as_of = job.today()
    name = job.file.name
    try:
        outline, open_prices = job.file.outline()
        occasion = _occasion(job, outline, as_of)
        if if_due and occasion.idle:
            sent = deliver(job.post)
            return RunReport("not-due", as_of, None, occasion.next_look, sent=sent)
        if not if_due:
            occasion = replace(occasion, look=_last_look(job, outline, as_of))
        report = _work(job, outline, open_prices, occasion, as_of)
    # The one place where everything is caught: a job nobody watches must say that it failed.
    except Exception as error:
        with suppress(SteelyardError):
            tell(job.post, name, "job_failure", _failure(error), as_of=as_of, key=_failure_key(error))
            deliver(job.post)
        raise
    for key in job.post.outbox.keys(name, "job_failure:"):
        job.post.outbox.clear(name, key)
    return replace(report, sent=deliver(job.post))


def _failure(error: Exception) -> dict[str, str]:
    if isinstance(error, SteelyardError):
        return {"code": error.code, "text": error.message, "hint": error.hint}
    return {
        "code": "bug",
        "text": type(error).__name__,
        "hint": "run: steelyard run, and report what it says",
    }


def _failure_key(error: Exception) -> str:
    return f"job_failure:{error.code if isinstance(error, SteelyardError) else 'bug'}"


def _last_look(job: Job, portfolio: Portfolio, as_of: date) -> date | None:
    policy, names = portfolio.policy, exchanges(portfolio)
    return last_look(
        policy.look, policy.look_at, as_of, lambda d: all(job.sessions.is_session(e, d) for e in names)
    )


def _occasion(job: Job, portfolio: Portfolio, as_of: date) -> _Occasion:
    policy, names = portfolio.policy, exchanges(portfolio)
    look = _last_look(job, portfolio, as_of)
    handled = job.runs.handled(job.file.name)
    upcoming = next_look(
        policy.look, policy.look_at, as_of, lambda d: all(job.sessions.is_session(e, d) for e in names)
    )
    open_look = look if look is not None and (handled is None or handled < look) else None
    alerts = job.settings.alerts
    digest = False
    if alerts.digest != "never" and "digest" in alerts.kinds:
        told = job.post.outbox.told(job.file.name, "digest")
        digest = told is None or told.since < period(alerts.digest, as_of)[0]
    return _Occasion(open_look, digest, upcoming, _is_year_end(job, portfolio, as_of))


def _is_year_end(job: Job, portfolio: Portfolio, as_of: date) -> bool:
    """Say whether this is the first run of December, for an owner who wants to hear of harvests."""
    if portfolio.tax is None or as_of.month != 12 or "harvest" not in job.settings.alerts.kinds:
        return False
    last = job.runs.last(job.file.name)
    done_on = local_time(last[0], job.settings).date() if last and last[1] == "done" else None
    return done_on is None or done_on < as_of.replace(day=1)


def _work(
    job: Job, outline: Portfolio, open_prices: frozenset[str], occasion: _Occasion, as_of: date
) -> RunReport:
    name, clock = job.file.name, job.post.clock
    number = job.runs.begin(name, occasion.look, clock.now())
    wanted = tuple(w for w in wanted_by(outline) if w.symbol in open_prices)
    fetched = fetch(wanted, job.sources, job.prices, clock, job.settings.prices, as_of=as_of)
    job.runs.step(number, "prices")
    queued: list[str] = []
    _, kept = stored(wanted, job.prices)
    stale = _stale(job, kept, as_of)
    try:
        portfolio = _priced(job, wanted, kept, stale, as_of)
    except DataError as error:
        queued += _tell_prices(job, fetched, stale, as_of, evaluated=False)
        job.runs.finish(number, clock.now(), "failed", error.message)
        raise
    report = check(portfolio, job.sessions, as_of=as_of)
    priced_on = min((close.day for _, close in kept.values()), default=None)
    job.runs.record_day(number, name, _day_value(report, priced_on))
    job.runs.step(number, "recorded")
    queued += _tell_prices(job, fetched, stale, as_of, evaluated=True)
    if occasion.look is not None:
        queued += _tell_state(job, report, stale)
    if occasion.look is not None or occasion.year_end:
        queued += _tell_harvest(job, report, stale)
    if occasion.digest:
        queued += _tell_digest(job, report, occasion)
    job.runs.finish(number, clock.now(), "done", ", ".join(queued))
    return RunReport(
        "done",
        as_of,
        occasion.look,
        occasion.next_look,
        report.decision.due,
        report.valuation.total,
        tuple(queued),
        findings=tuple(f.text for one in fetched for f in one.findings),
    )


def _stale(job: Job, kept: dict[str, tuple[str, Close]], as_of: date) -> dict[str, date]:
    """Return the symbols whose newest good close is too old, with its day."""
    limits = job.settings.prices.limits
    return {s: c.day for s, (source, c) in kept.items() if is_stale(c, source, limits, as_of)}


def _priced(
    job: Job,
    wanted: Sequence[Wanted],
    kept: dict[str, tuple[str, Close]],
    stale: dict[str, date],
    as_of: date,
) -> Portfolio:
    missing = [w.symbol for w in wanted if w.symbol not in kept]
    if missing:
        raise DataError(
            "price-missing",
            f"no good price of {', '.join(missing)}",
            "run: steelyard prices check, or: steelyard prices set SYMBOL PRICE",
        )
    if stale and not job.settings.prices.last_good:
        raise DataError(
            "price-stale",
            f"the newest good prices of {', '.join(stale)} are too old",
            "run: steelyard prices fetch, or set last_good = true in automation.toml",
        )
    quotes, _ = stored(wanted, job.prices)
    rates = {w.symbol[:3]: kept[w.symbol][1].price for w in wanted if w.is_rate}
    return job.books.held(job.file.load(quotes, rates), as_of)


def _day_value(report: CheckReport, priced_on: date | None) -> DayValue:
    return DayValue(
        day=report.as_of,
        currency=report.portfolio.base_currency,
        total=report.valuation.total,
        cash=report.valuation.cash,
        largest_drift=report.largest_drift,
        misplaced=report.misplaced,
        due=report.decision.due,
        drifts={d.symbol: d.drift for d in report.drifts},
        priced_on=priced_on,
    )


def _tell_prices(
    job: Job, fetched: Sequence[Fetched], stale: dict[str, date], as_of: date, *, evaluated: bool
) -> list[str]:
    bad = [
        one
        for one in fetched
        if one.newest is None
        or one.wanted.symbol in stale
        or any(f.refused and f.code in _SUSPECT for f in one.findings)
    ]
    outbox, name = job.post.outbox, job.file.name
    key = "price:" + ",".join(sorted(one.wanted.symbol for one in bad))
    for old in outbox.keys(name, "price:"):
        if not bad or old != key:
            outbox.clear(name, old)
    if not bad:
        return []
    settings = job.settings.alerts
    facts = {
        "symbols": ", ".join(one.wanted.symbol for one in bad),
        "findings": "\n".join(f.text for one in bad for f in one.findings),
        "consequence": texts.word("last_good" if evaluated else "nothing", settings),
    }
    told = tell(job.post, name, "price_failure", facts, as_of=as_of, key=key)
    return ["price_failure"] if told else []


def _tell_state(job: Job, report: CheckReport, stale: dict[str, date]) -> list[str]:
    """Queue what the state of the portfolio asks for; forget what is over."""
    outbox, name, settings = job.post.outbox, job.file.name, job.settings.alerts
    base, as_of = report.portfolio.base_currency, report.as_of
    queued = []
    if report.decision.due:
        facts = {
            "reasons": texts.reason_lines(report, settings.language),
            "total": texts.money(report.valuation.total, base),
            "prices": texts.word("stale", settings, day=str(min(stale.values()))) if stale else "",
            # Old prices are good enough to look at, never to trade on.
            "plan": "" if stale else _plan_text(job, report),
        }
        level, drawn = report.largest_drift, partial(_drawn, job, report)
        if tell(job.post, name, "rebalance_due", facts, as_of=as_of, level=level, draw=drawn):
            queued.append("rebalance_due")
    else:
        outbox.clear(name, "rebalance_due")
    free = EXACT.subtract(report.valuation.cash, report.valuation.reserve)
    if settings.new_cash is not None and free >= settings.new_cash:
        facts = {
            "cash": texts.money(free, base),
            "amount": texts.money(free, base).split()[0].replace(",", ""),
            "total": texts.money(report.valuation.total, base),
        }
        level = EXACT.divide(free, report.valuation.managed) if report.valuation.managed else ZERO
        if tell(job.post, name, "new_cash", facts, as_of=as_of, level=level):
            queued.append("new_cash")
    else:
        outbox.clear(name, "new_cash")
    return queued + _tell_caps(job, report)


def _drawn(job: Job, report: CheckReport) -> bytes | None:
    if job.draw is None or not job.settings.alerts.picture:
        return None
    try:
        return job.draw(report)
    # Fonts, caches and drawing libraries fail in their own ways; the alert goes without a picture.
    except Exception:
        return None


def _tell_caps(job: Job, report: CheckReport) -> list[str]:
    """Queue an alert for every account whose risky share is over the cap of its kind."""
    portfolio, queued = report.portfolio, []
    for account in portfolio.accounts:
        cap = risky_cap(account.kind)
        if cap is None:
            continue
        worth = {p.symbol: portfolio.position_value(p) for p in account.positions}
        cash = sum((EXACT.multiply(a, portfolio.rate(c)) for c, a in account.cash.items()), ZERO)
        total = sum(worth.values(), cash)
        risky = sum((v for s, v in worth.items() if is_risky(portfolio.instruments[s])), ZERO)
        share = EXACT.divide(risky, total) if total else ZERO
        key = f"irp_cap:{account.name}"
        if share <= cap:
            job.post.outbox.clear(job.file.name, key)
            continue
        facts = {"account": account.name, "share": _percent(share), "cap": _percent(cap)}
        if tell(job.post, job.file.name, "irp_cap", facts, as_of=report.as_of, key=key, level=share):
            queued.append("irp_cap")
    return queued


def _tell_harvest(job: Job, report: CheckReport, stale: dict[str, date]) -> list[str]:
    """Queue what is worth realising this year; in December once more, because the year ends."""
    portfolio, as_of = report.portfolio, report.as_of
    if portfolio.tax is None or stale or "harvest" not in job.settings.alerts.kinds:
        return []
    situation = job.books.situation(portfolio, as_of)
    if situation is None:
        return []
    # Imported here: most owners never get this far.
    from steelyard.app.harvest import harvest

    try:
        found = harvest(portfolio, situation, as_of=as_of)
    except InputError:
        # The owner has stated no rate, so nothing can be judged: the command `harvest` says what to write.
        return []
    worthwhile = [p for p in (*found.losses, *found.gains) if p.do]
    outbox, name = job.post.outbox, job.file.name
    # A deadline that has passed leaves nothing to do this year.
    key = f"harvest:{found.deadline.year}" + (":december" if as_of.month == 12 else "")
    told = bool(worthwhile) and as_of <= found.deadline
    for old in outbox.keys(name, "harvest:"):
        if not told or not old.startswith(f"harvest:{found.deadline.year}"):
            outbox.clear(name, old)
    if not told:
        return []
    facts = {
        "proposals": texts.harvest_lines(worthwhile, found.currency, job.settings.alerts),
        "deadline": str(found.deadline),
        "year": str(found.deadline.year),
        "days": str((found.deadline - as_of).days),
    }
    return ["harvest"] if tell(job.post, name, "harvest", facts, as_of=as_of, key=key) else []


def _tell_digest(job: Job, report: CheckReport, occasion: _Occasion) -> list[str]:
    settings = job.settings.alerts
    facts = {
        "total": texts.money(report.valuation.total, report.portfolio.base_currency),
        "day": str(report.as_of),
        "drift": _percent(report.largest_drift),
        "next": str(occasion.next_look or texts.word("none", settings)),
    }
    # Forgotten first, so that the new period counts from today.
    job.post.outbox.clear(job.file.name, "digest")
    return ["digest"] if tell(job.post, job.file.name, "digest", facts, as_of=report.as_of) else []


def _plan_text(job: Job, report: CheckReport) -> str:
    # Imported here: on all but a few days no plan is made.
    from steelyard.app.plan import plan

    portfolio = report.portfolio
    try:
        situation = job.books.situation(portfolio, report.as_of)
        made = plan(portfolio, job.sessions, as_of=report.as_of, tax=situation)
    except (PlanError, DataError) as error:
        return f"{error.message} ({error.hint})"
    if job.save_plan is not None and made.trades:
        job.save_plan(portfolio, made)
    return texts.plan_lines(made, portfolio.base_currency, job.settings.alerts)


def _percent(fraction: Decimal) -> str:
    return str(fraction.scaleb(2, EXACT).quantize(Decimal("0.1"), context=EXACT))


def local_time(now: datetime, settings: AutomationSettings) -> datetime:
    """Return a time where the owner lives."""
    return now.astimezone(ZoneInfo(settings.alerts.timezone))
