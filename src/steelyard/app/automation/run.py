"""Use case: the scheduled job. Due? Then evaluate; and send what waits.

A run that was killed anywhere is finished by the next one, and a state is told once because telling it and
noting that it was told are one write. A look date that was missed is handled at the next start; of several
missed ones only the last.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import date

from steelyard.app.automation.delivery import deliver, tell
from steelyard.app.automation.run_inputs import Occasion, RunInputs, RunReport, local_time
from steelyard.app.check import exchanges
from steelyard.domain.policy.looks import last_look, next_look, period
from steelyard.domain.portfolio import Portfolio
from steelyard.errors import SteelyardError
from steelyard.records import replace
from steelyard.words import say


def run(inputs: RunInputs, *, if_due: bool) -> RunReport:
    """Do the job once; the caller holds the lock.

    Args:
        inputs: What to work with.
        if_due: Do nothing but send what waits unless a look date, or a digest, is not handled yet.

    Raises:
        SteelyardError: What stopped it; the owner is told by an alert as well.
    """
    as_of = inputs.today()
    name = inputs.file.name
    try:
        outline, open_prices = inputs.file.outline()
        occasion = _occasion(inputs, outline, as_of)
        if if_due and occasion.idle:
            sent = deliver(inputs.post)
            return RunReport("not-due", as_of, None, occasion.next_look, sent=sent)
        if not if_due:
            occasion = replace(occasion, look=_last_look(inputs, outline, as_of))
        # Imported here: on most days there is nothing to evaluate.
        from steelyard.app.automation.evaluation import evaluate

        report = evaluate(inputs, outline, open_prices, occasion, as_of)
    # The one place where everything is caught: a job nobody watches must say that it failed.
    except Exception as error:
        with suppress(SteelyardError):
            tell(inputs.post, name, "job_failure", _failure(error), as_of=as_of, key=_failure_key(error))
            deliver(inputs.post)
        raise
    for key in inputs.post.outbox.keys(name, "job_failure:"):
        inputs.post.outbox.clear(name, key)
    return replace(report, sent=deliver(inputs.post))


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


def _last_look(inputs: RunInputs, portfolio: Portfolio, as_of: date) -> date | None:
    policy, names = portfolio.policy, exchanges(portfolio)
    return last_look(
        policy.look, policy.look_at, as_of, lambda d: all(inputs.sessions.is_session(e, d) for e in names)
    )


def _occasion(inputs: RunInputs, portfolio: Portfolio, as_of: date) -> Occasion:
    policy, names = portfolio.policy, exchanges(portfolio)
    look = _last_look(inputs, portfolio, as_of)
    handled = inputs.runs.handled(inputs.file.name)
    upcoming = next_look(
        policy.look, policy.look_at, as_of, lambda d: all(inputs.sessions.is_session(e, d) for e in names)
    )
    open_look = look if look is not None and (handled is None or handled < look) else None
    alerts = inputs.settings.alerts
    digest = False
    if alerts.digest != "never" and "digest" in alerts.kinds:
        told = inputs.post.outbox.told(inputs.file.name, "digest")
        digest = told is None or told.since < period(alerts.digest, as_of)[0]
    return Occasion(open_look, digest, upcoming, _is_year_end(inputs, portfolio, as_of))


def _is_year_end(inputs: RunInputs, portfolio: Portfolio, as_of: date) -> bool:
    """Say whether this is the first run of December, for an owner who wants to hear of harvests."""
    if portfolio.tax is None or as_of.month != 12 or "harvest" not in inputs.settings.alerts.kinds:
        return False
    last = inputs.runs.last(inputs.file.name)
    done_on = local_time(last[0], inputs.settings).date() if last and last[1] == "done" else None
    return done_on is None or done_on < as_of.replace(day=1)
