"""One evaluation of a portfolio: fetch prices, value, record the day, and queue what its owner should hear.

Each step is on disk before the next begins, and each may be repeated. Nothing here is imported by a run
that has nothing to do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import partial

from steelyard.app.automation import alert_texts as texts
from steelyard.app.automation.delivery import tell
from steelyard.app.automation.run_inputs import Occasion, RunInputs, RunReport
from steelyard.app.books.day_content import content_of
from steelyard.app.books.prices import Stored, stored, wanted_by
from steelyard.app.check import CheckReport, check
from steelyard.app.market.prices import Fetched, fetch
from steelyard.domain.books.comparison import told, undecided
from steelyard.domain.books.portfolio_books import books_of
from steelyard.domain.books.valuations import DayValue
from steelyard.domain.caveats import unrecorded
from steelyard.domain.market.prices import Close, Wanted, is_stale
from steelyard.domain.money import EXACT, ZERO
from steelyard.domain.portfolio import Portfolio
from steelyard.errors import DataError, InputError, PlanError
from steelyard.words import join, say

_SUSPECT = (
    "price-jump",
    "price-disagree",
    "price-currency",
    "price-not-positive",
    "price-future",
    "price-no-session",
)


def evaluate(
    inputs: RunInputs, outline: Portfolio, open_prices: frozenset[str], occasion: Occasion, as_of: date
) -> RunReport:
    """Fetch, value, record and queue alerts.

    Args:
        inputs: What to work with.
        outline: The portfolio file without the prices it leaves open.
        open_prices: The symbols and pairs whose prices it leaves open.
        occasion: Why this is done today.
        as_of: Today.

    Raises:
        DataError: A price is missing or too old; the owner is told by an alert as well.
    """
    name, clock = inputs.file.name, inputs.post.clock
    number = inputs.runs.begin(name, occasion.look, clock.now())
    wanted = tuple(w for w in wanted_by(outline) if w.symbol in open_prices)
    fetched = fetch(
        wanted,
        inputs.sources,
        inputs.prices,
        clock,
        inputs.settings.prices,
        as_of=as_of,
        sessions=inputs.sessions,
        splits=inputs.books.splits(),
    )
    inputs.runs.step(number, "prices")
    queued: list[str] = []
    known = stored(wanted, inputs.prices, inputs.settings.prices.limits, until=as_of)
    kept = known.kept
    stale = _stale(inputs, kept, as_of)
    try:
        portfolio = _priced(inputs, wanted, known, stale, as_of)
    except DataError as error:
        queued += _tell_prices(inputs, fetched, stale, as_of, evaluated=False)
        inputs.runs.finish(number, clock.now(), "failed", error.message)
        raise
    report = check(portfolio, inputs.sessions, as_of=as_of)
    priced_on = min((close.day for _, close in kept.values()), default=None)
    inputs.runs.record_day(number, name, _day_value(report, priced_on))
    inputs.runs.step(number, "recorded")
    queued += _tell_prices(inputs, fetched, stale, as_of, evaluated=True)
    if occasion.look is not None:
        queued += _tell_state(inputs, report, stale)
    if occasion.look is not None or occasion.year_end:
        queued += _tell_harvest(inputs, report, stale)
    if occasion.digest:
        queued += _tell_digest(inputs, report, occasion)
    inputs.runs.finish(number, clock.now(), "done", ", ".join(queued))
    return RunReport(
        "done",
        as_of,
        occasion.look,
        occasion.next_look,
        report.decision.due,
        report.valuation.total,
        tuple(queued),
        findings=tuple(f.text for one in fetched for f in one.findings),
        differences=books_of(portfolio).differences,
    )


def _stale(inputs: RunInputs, kept: Mapping[str, tuple[str, Close]], as_of: date) -> dict[str, date]:
    """Return the symbols whose newest good close is too old, with its day."""
    limits = inputs.settings.prices.limits
    return {s: c.day for s, (source, c) in kept.items() if is_stale(c, source, limits, as_of)}


def _priced(
    inputs: RunInputs,
    wanted: Sequence[Wanted],
    known: Stored,
    stale: dict[str, date],
    as_of: date,
) -> Portfolio:
    missing = [w.symbol for w in wanted if w.symbol not in known.kept]
    if missing:
        raise DataError(
            "price-missing",
            say("no good price of {missing}", missing=", ".join(missing)),
            say("run: steelyard prices check, or: steelyard prices set SYMBOL PRICE"),
        )
    if stale and not inputs.settings.prices.last_good:
        raise DataError(
            "price-stale",
            say("the newest good prices of {stale} are too old", stale=", ".join(stale)),
            say("run: steelyard prices fetch, or set last_good = true in automation.toml"),
        )
    return inputs.books.held(inputs.file.load(known.quotes, known.rates), as_of)


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
        content=content_of(report.portfolio),
    )


def _tell_prices(
    inputs: RunInputs, fetched: Sequence[Fetched], stale: dict[str, date], as_of: date, *, evaluated: bool
) -> list[str]:
    bad = [
        one
        for one in fetched
        if one.newest is None
        or one.wanted.symbol in stale
        or any(f.refused and f.code in _SUSPECT for f in one.findings)
    ]
    outbox, name = inputs.post.outbox, inputs.file.name
    key = "price:" + ",".join(sorted(one.wanted.symbol for one in bad))
    for old in outbox.keys(name, "price:"):
        if not bad or old != key:
            outbox.clear(name, old)
    if not bad:
        return []
    facts = {
        "symbols": ", ".join(one.wanted.symbol for one in bad),
        "findings": join("\n", [f.text for one in bad for f in one.findings]),
        "consequence": texts.LAST_GOOD if evaluated else texts.NOTHING,
    }
    told = tell(inputs.post, name, "price_failure", facts, as_of=as_of, key=key)
    return ["price_failure"] if told else []


def _tell_state(inputs: RunInputs, report: CheckReport, stale: dict[str, date]) -> list[str]:
    """Queue what the state of the portfolio asks for; forget what is over."""
    outbox, name, settings = inputs.post.outbox, inputs.file.name, inputs.settings.alerts
    base, as_of = report.portfolio.base_currency, report.as_of
    queued = []
    if report.decision.due:
        facts = {
            "reasons": texts.reason_lines(report),
            "total": texts.money(report.valuation.total, base),
            "prices": texts.stale_prices(str(min(stale.values()))) if stale else "",
            # Old prices are good enough to look at, never to trade on.
            "plan": "" if stale else _plan_text(inputs, report),
        }
        level, drawn = report.largest_drift, partial(_drawn, inputs, report)
        if tell(inputs.post, name, "rebalance_due", facts, as_of=as_of, level=level, draw=drawn):
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
        if tell(inputs.post, name, "new_cash", facts, as_of=as_of, level=level):
            queued.append("new_cash")
    else:
        outbox.clear(name, "new_cash")
    return queued + _tell_caps(inputs, report)


def _drawn(inputs: RunInputs, report: CheckReport) -> bytes | None:
    if inputs.draw is None or not inputs.settings.alerts.picture:
        return None
    try:
        return inputs.draw(report)
    # Fonts, caches and drawing libraries fail in their own ways; the alert goes without a picture.
    except Exception:
        return None


def _tell_caps(inputs: RunInputs, report: CheckReport) -> list[str]:
    """Queue an alert for every account whose risky share is over the cap of its kind."""
    portfolio, queued = report.portfolio, []
    for account in portfolio.accounts:
        cap = account.rules.risky_cap
        if cap is None:
            continue
        worth = {p.symbol: portfolio.position_value(p) for p in account.positions}
        cash = sum((EXACT.multiply(a, portfolio.rate(c)) for c, a in account.cash.items()), ZERO)
        total = sum(worth.values(), cash)
        risky = account.rules.risky_worth((portfolio.instruments[s], v) for s, v in worth.items())
        share = EXACT.divide(risky, total) if total else ZERO
        key = f"irp_cap:{account.name}"
        if share <= cap:
            inputs.post.outbox.clear(inputs.file.name, key)
            continue
        facts = {"account": account.name, "share": _percent(share), "cap": _percent(cap)}
        if tell(inputs.post, inputs.file.name, "irp_cap", facts, as_of=report.as_of, key=key, level=share):
            queued.append("irp_cap")
    return queued


def _tell_harvest(inputs: RunInputs, report: CheckReport, stale: dict[str, date]) -> list[str]:
    """Queue what is worth realising this year; in December once more, because the year ends."""
    portfolio, as_of = report.portfolio, report.as_of
    if portfolio.tax is None or stale or "harvest" not in inputs.settings.alerts.kinds:
        return []
    # Imported here: most owners never get this far.
    from steelyard.app.harvest.harvest import harvest

    try:
        returns = inputs.books.situation(portfolio, as_of)
        if returns is None:
            return []
        found = harvest(portfolio, returns, as_of=as_of)
    except (InputError, DataError):
        # A rate or a cost is not known, so nothing can be judged: the command `harvest` says what to write.
        # The day is recorded and its other alerts go out all the same.
        return []
    worthwhile = {
        report.currency: [p for x in found.all if x.currency == report.currency for p in x.proposals if p.do]
        for report in found.all
    }
    outbox, name = inputs.post.outbox, inputs.file.name
    # A deadline that has passed leaves nothing to do this year.
    key = f"harvest:{found.deadline.year}" + (":december" if as_of.month == 12 else "")
    told = any(worthwhile.values()) and as_of <= found.deadline
    for old in outbox.keys(name, "harvest:"):
        if not told or not old.startswith(f"harvest:{found.deadline.year}"):
            outbox.clear(name, old)
    if not told:
        return []
    facts = {
        "proposals": join(
            "\n", (texts.harvest_lines(rows, currency) for currency, rows in worthwhile.items() if rows)
        ),
        "deadline": str(found.deadline),
        "year": str(found.deadline.year),
        "days": str((found.deadline - as_of).days),
    }
    return ["harvest"] if tell(inputs.post, name, "harvest", facts, as_of=as_of, key=key) else []


def _tell_digest(inputs: RunInputs, report: CheckReport, occasion: Occasion) -> list[str]:
    facts = {
        "state": texts.STILL_DUE if report.decision.due else texts.QUIET,
        "total": texts.money(report.valuation.total, report.portfolio.base_currency),
        "day": str(report.as_of),
        "drift": _percent(report.largest_drift),
        "next": str(occasion.next_look) if occasion.next_look else texts.NONE,
    }
    # Forgotten first, so that the new period counts from today.
    inputs.post.outbox.clear(inputs.file.name, "digest")
    return ["digest"] if tell(inputs.post, inputs.file.name, "digest", facts, as_of=report.as_of) else []


def _plan_text(inputs: RunInputs, report: CheckReport) -> str:
    # Imported here: on all but a few days no plan is made.
    from steelyard.app.planning.plan import plan

    portfolio = report.portfolio
    try:
        if report.caveats.actions:
            raise unrecorded(report.caveats.actions)
        situation = inputs.books.situation(portfolio, report.as_of)
        made = plan(portfolio, inputs.sessions, as_of=report.as_of, tax=situation)
    except (PlanError, DataError) as error:
        return join("", (error.message, " (", error.hint, ")"))
    lines = texts.plan_lines(made, portfolio.base_currency)
    open_questions = [
        told(account, found, portfolio.source)
        for account, found in undecided(books_of(portfolio).differences).items()
        if any(trade.account == account for trade in made.trades)
    ]
    if open_questions:
        # A plan made on holdings nobody vouches for is looked at and never carried out.
        return join("\n\n", (lines, *(join("", (text, " (", hint, ")")) for text, hint in open_questions)))
    if inputs.save_plan is not None and made.trades:
        inputs.save_plan(portfolio, made)
    return lines


def _percent(fraction: Decimal) -> str:
    return str(fraction.scaleb(2, EXACT).quantize(Decimal("0.1"), context=EXACT))
