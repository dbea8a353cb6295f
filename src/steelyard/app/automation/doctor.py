"""Use case: look at everything automation rests on, and say what to do about what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from steelyard.app.automation.run_inputs import RunInputs
from steelyard.app.books.prices import wanted_by
from steelyard.domain.books.comparison import told, undecided
from steelyard.domain.books.portfolio_books import books_of
from steelyard.domain.market.prices import is_stale
from steelyard.errors import PortfolioProblems, SteelyardError
from steelyard.records import asdict, dataclass
from steelyard.words import say

SLACK = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Symptom:
    """One thing looked at.

    Attributes:
        part: file | prices | journal | services | schedule | database | clock | last run | permissions |
            orders | limits.
        state: good | warning | bad.
        text: What was found.
        hint: What to do, empty when it is good.
    """

    part: str
    state: str
    text: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Examination:
    """Everything that was looked at."""

    symptoms: tuple[Symptom, ...]

    @property
    def well(self) -> bool:
        """Whether nothing is bad; a warning is not."""
        return all(symptom.state != "bad" for symptom in self.symptoms)

    def to_dict(self) -> dict[str, Any]:
        """Return the document of `doctor --json` (`steelyard/doctor/1`)."""
        return {"schema": "steelyard/doctor/1", "checks": [asdict(s) for s in self.symptoms]}


@dataclass(frozen=True, slots=True)
class LastRun:
    """The newest run: when it began, and how it ended or where it stopped."""

    started_at: datetime
    outcome: str


def trouble(part: str, error: SteelyardError) -> tuple[Symptom, ...]:
    """Return an error as symptoms, one a problem."""
    problems = error.problems if isinstance(error, PortfolioProblems) else ()
    if problems:
        return tuple(Symptom(part, "bad", p.text, p.hint) for p in problems)
    return (Symptom(part, "bad", error.message, error.hint),)


def examine(
    inputs: RunInputs,
    *,
    last: LastRun | None,
    unsound: str | None,
    scheduled: bool,
    given_up: int,
    readable: Callable[[str], bool],
) -> tuple[Symptom, ...]:
    """Return everything that was looked at.

    Args:
        inputs: What a run works with.
        last: The newest run, None when there was none.
        unsound: What is wrong with the database, None when it is sound.
        scheduled: Whether a schedule is installed.
        given_up: Messages no service ever took.
        readable: Says whether an address of a service can be read.
    """
    base = Symptom("database", "good", say("sound"))
    if unsound is not None:
        base = Symptom(
            "database", "bad", unsound, say("run: steelyard restore FILE, with your newest backup")
        )
    return (
        *_file(inputs),
        *_prices(inputs),
        *_journal(inputs),
        *_services(inputs, readable, given_up),
        base,
        _clock(inputs, last),
        _last_run(inputs, last, scheduled),
        Symptom("schedule", "good", say("installed"))
        if scheduled
        else Symptom("schedule", "warning", say("none is installed"), say("run: steelyard schedule install")),
    )


def _file(inputs: RunInputs) -> tuple[Symptom, ...]:
    try:
        inputs.file.outline()
    except SteelyardError as error:
        return trouble("file", error)
    return (Symptom("file", "good", say("{name} has no problem", name=inputs.file.name)),)


def _prices(inputs: RunInputs) -> tuple[Symptom, ...]:
    try:
        outline, missing = inputs.file.outline()
    except SteelyardError:
        return ()
    found = []
    wanted = [w for w in wanted_by(outline) if w.symbol in missing]
    for one in wanted:
        newest = inputs.prices.newest(one.symbol)
        hint = say("run: steelyard prices fetch, then: steelyard prices check")
        if newest is None:
            found.append(Symptom("prices", "bad", say("{symbol} has no good price", symbol=one.symbol), hint))
        elif is_stale(newest[1], newest[0], inputs.settings.prices.limits, inputs.today()):
            found.append(
                Symptom(
                    "prices",
                    "warning",
                    say("{symbol} is of {day}", symbol=one.symbol, day=newest[1].day),
                    hint,
                )
            )
    if found:
        return tuple(found)
    return (
        Symptom(
            "prices",
            "good",
            say("{wanted} from sources, the others in the portfolio file", wanted=len(wanted)),
        ),
    )


def _journal(inputs: RunInputs) -> tuple[Symptom, ...]:
    """Look at whether file and journal agree; prices of 1 will do, since only amounts are compared."""
    try:
        portfolio = inputs.books.held(inputs.file.outline()[0], inputs.today())
    except SteelyardError as error:
        return trouble("journal", error)
    books = books_of(portfolio)
    if not books.entries:
        return ()
    found = [
        Symptom("journal", "warning", *told(account, differences, portfolio.source))
        for account, differences in undecided(books.differences).items()
    ]
    decided = sorted({d.account for d in books.differences if d.decided})
    if decided:
        text = say("it differs from the file in {accounts}, as decided there", accounts=tuple(decided))
        found.append(Symptom("journal", "good", text))
    return tuple(found) or (Symptom("journal", "good", say("file and journal agree")),)


def _services(inputs: RunInputs, readable: Callable[[str], bool], given_up: int) -> tuple[Symptom, ...]:
    try:
        services = inputs.post.secrets.services()
    except SteelyardError as error:
        return trouble("services", error)
    hint = say("set STEELYARD_NOTIFY_TELEGRAM=tgram://token/chat in .env, then: steelyard notify test")
    if not services:
        return (
            Symptom("services", "warning", say("no notification service is set: alerts reach nobody"), hint),
        )
    found = [
        Symptom(
            "services",
            "bad",
            say("the address of {name} cannot be read", name=name),
            say("correct it; see apprise's wiki"),
        )
        for name, address in services.items()
        if not readable(address)
    ]
    if given_up:
        text = say("{given_up} messages were given up", given_up=given_up)
        found.append(Symptom("services", "warning", text, say("run: steelyard notify list")))
    return tuple(found) or (Symptom("services", "good", ", ".join(services)),)


def _clock(inputs: RunInputs, last: LastRun | None) -> Symptom:
    now = inputs.post.clock.now()
    if last is not None and last.started_at > now + SLACK:
        text = say(
            "the last run was at {started_at:%Y-%m-%d %H:%M} UTC, which is yet to come",
            started_at=last.started_at,
        )
        return Symptom("clock", "bad", text, say("set the clock: dates of looks depend on it"))
    return Symptom("clock", "good", f"{now:%Y-%m-%d %H:%M} UTC, {inputs.settings.alerts.timezone}")


_OUTCOMES = {"done": say("done"), "interrupted": say("interrupted")}
"""What became of a run; another word is the code of the error that ended it."""


def _last_run(inputs: RunInputs, last: LastRun | None, scheduled: bool) -> Symptom:
    if last is None:
        return Symptom("last run", "warning", say("there was none"), say("run: steelyard run"))
    outcome = _OUTCOMES.get(last.outcome, last.outcome)
    when = say("{started_at:%Y-%m-%d %H:%M} UTC: {outcome}", started_at=last.started_at, outcome=outcome)
    if last.outcome != "done":
        return Symptom("last run", "bad", when, say("run: steelyard run, and read what it says"))
    return Symptom("last run", "good", when)
