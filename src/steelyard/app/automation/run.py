"""Use case: the scheduled job. Due? Then evaluate; and send what waits.

A run that was killed anywhere is finished by the next one, and a state is told once because telling it and
noting that it was told are one write. A look date that was missed is handled at the next start; of several
missed ones only the last.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import date

from steelyard.app.automation.delivery import deliver, tell
from steelyard.app.automation.job import Job, Occasion, RunReport, local_time
from steelyard.app.check import exchanges
from steelyard.domain.policy.looks import last_look, next_look, period
from steelyard.domain.portfolio import Portfolio
from steelyard.errors import SteelyardError
from steelyard.words import say


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
        # Imported here: on most days there is nothing to evaluate.
        from steelyard.app.automation.evaluation import evaluate

        report = evaluate(job, outline, open_prices, occasion, as_of)
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
        "hint": say("run: steelyard run, and report what it says"),
    }


def _failure_key(error: Exception) -> str:
    return f"job_failure:{error.code if isinstance(error, SteelyardError) else 'bug'}"


def _last_look(job: Job, portfolio: Portfolio, as_of: date) -> date | None:
    policy, names = portfolio.policy, exchanges(portfolio)
    return last_look(
        policy.look, policy.look_at, as_of, lambda d: all(job.sessions.is_session(e, d) for e in names)
    )


def _occasion(job: Job, portfolio: Portfolio, as_of: date) -> Occasion:
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
    return Occasion(open_look, digest, upcoming, _is_year_end(job, portfolio, as_of))


def _is_year_end(job: Job, portfolio: Portfolio, as_of: date) -> bool:
    """Say whether this is the first run of December, for an owner who wants to hear of harvests."""
    if portfolio.tax is None or as_of.month != 12 or "harvest" not in job.settings.alerts.kinds:
        return False
    last = job.runs.last(job.file.name)
    done_on = local_time(last[0], job.settings).date() if last and last[1] == "done" else None
    return done_on is None or done_on < as_of.replace(day=1)
