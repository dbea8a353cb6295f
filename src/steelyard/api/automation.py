"""The scheduled job and its upkeep: run, schedule, notifications, doctor, backup and restore.

These functions work beside a portfolio file and take its path first; it is resolved when they are called.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from steelyard import bootstrap
from steelyard.app.automation.run_inputs import RUN_DEADLINE, RunReport
from steelyard.domain.automation.alerts import Notices
from steelyard.errors import InputError, ServiceError, SteelyardError
from steelyard.records import dataclass, replace
from steelyard.words import say

if TYPE_CHECKING:
    from steelyard.app.automation.doctor import Examination, Symptom
    from steelyard.app.automation.schedule import Entry
    from steelyard.app.check import CheckReport
    from steelyard.bootstrap.folder import Place
    from steelyard.domain.portfolio import Portfolio
    from steelyard.domain.trades import Plan

Scheduler = Literal["cron", "systemd", "launchd", "taskscheduler", "github", "kubernetes"]


@dataclass(frozen=True, slots=True)
class ServiceTest:
    """What came of a test message: None, or the error of the service with its secrets masked."""

    service: str
    error: ServiceError | None


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore did.

    Attributes:
        kept: Where the present database was kept, None without one.
        orders: Which record of orders stands now: `present`, `copy`, or `both` where each had what the other
            had not.
        halted: Why everything is halted now, empty when it is not.
        unanswered: Orders that were out, and whose brokers could not be asked, one line each.
    """

    kept: Path | None
    orders: str
    halted: str
    unanswered: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Installed:
    """A schedule that was installed.

    Attributes:
        line: Of the crontab, None where systemd starts the job.
        units: Files of systemd.
        started: Whether systemd took them up at once.
        timer: Its name, for `systemctl`.
        unseen: Variables of this environment that a scheduler does not see; they belong into `secrets`.
        secrets: The `.env` beside the portfolio file.
    """

    line: str | None
    units: tuple[Path, ...]
    started: bool
    timer: str
    unseen: tuple[str, ...]
    secrets: Path


def run(
    path: Place, *, if_due: bool = False, draw: Callable[[CheckReport], bytes] | None = None
) -> RunReport:
    """Fetch prices, check, record the day, and alert when a rebalance is due.

    A look date is handled once; a missed one at the next start; a killed run is finished by the next. While
    another run is under way nothing is done, and the outcome is `busy`.

    Args:
        path: The portfolio file.
        if_due: Do nothing but send what waits unless a look date is not handled yet.
        draw: Makes the picture of an alert, PNG; without it none is sent.

    Raises:
        SteelyardError: What stopped it; the owner is told by an alert as well.
    """
    from steelyard.app.automation.run import run as run_job

    folder = bootstrap.Folder.of(path)

    def save(holder: Portfolio, made: Plan) -> None:
        # So that `execute latest` carries the plan of a look date out.
        bootstrap.save_plan(folder, holder, made)

    with bootstrap.run_lock(folder) as mine:
        if not mine:
            if (since := _stuck_since(folder)) is not None:
                raise _stuck(since)
            text = say("another run is under way; nothing was done")
            return RunReport("busy", date.today(), None, None, text=text)
        folder = folder.read()
        with bootstrap.automation(folder) as parts:
            done = run_job(replace(parts.inputs, draw=draw, save_plan=save), if_due=if_due)
            done = replace(done, findings=tuple(map(parts.secrets.mask, done.findings)))
        # With the prices of today: a paper account is not opened without them.
        if bootstrap.has_unknown_orders(folder):
            _ask_about_orders(folder)
        return done


def _stuck_since(folder: bootstrap.Folder) -> datetime | None:
    """Return when a run began that has been going on for longer than any should, None when none has."""

    with bootstrap.recorded(folder) as found:
        last = None if found.runs is None else found.runs.going(folder.file.name)
    if last is None or datetime.now(UTC) - last <= RUN_DEADLINE:
        return None
    return last


def _stuck(since: datetime) -> ServiceError:
    return ServiceError(
        "run-stuck",
        say("a run has been going on since {since:%Y-%m-%d %H:%M} UTC", since=since),
        say("end that process; the next run does its work"),
    )


def _ask_about_orders(folder: bootstrap.Folder) -> tuple[str, ...]:
    """Ask again about orders of unknown fate; return what is still unknown, or what stood against asking."""
    from steelyard.app.trading.unknown_orders import ask_again

    try:
        with bootstrap.desk(folder) as (desk, settings, _), desk.book.sole_run():
            left = ask_again(desk, settings.terms.unknown_after_hours)
    except SteelyardError as error:
        return (error.message,)
    return tuple(say("nobody knows what became of {id}", id=order.id[:11]) for order in left)


def masked(path: Place, text: str) -> str:
    """Return a text with every secret of a portfolio's services made unreadable."""
    try:
        with bootstrap.automation(bootstrap.Folder.of(path)) as parts:
            return parts.secrets.mask(text)
    except SteelyardError:
        return say("see the error of `steelyard run`")


def doctor(path: Place) -> Examination:
    """Look at file, prices, services, database, clock and schedule, and say what to do."""
    from steelyard.app.automation.doctor import Examination, LastRun, Symptom, examine, trouble

    folder = bootstrap.Folder.of(path).read()
    try:
        is_scheduled = bool(scheduled(folder))
    except (SteelyardError, OSError):  # a home that one may not read among them
        is_scheduled = False
    try:
        with bootstrap.only_looked_at(folder) as aside, bootstrap.automation(aside) as parts:
            last = parts.runs.last(folder.file.name)
            found = examine(
                parts.inputs,
                last=LastRun(*last[:2]) if last else None,
                unsound=bootstrap.database_copies().sound(folder.database),
                scheduled=is_scheduled,
                given_up=parts.outbox.given_up(),
                readable=parts.readable,
            )
            mask = parts.secrets.mask
            found = (*found, *_orders(folder))
            return Examination(tuple(Symptom(s.part, s.state, mask(s.text), mask(s.hint)) for s in found))
    except SteelyardError as error:
        return Examination(trouble("permissions" if error.code.startswith("env") else "database", error))


def _orders(folder: bootstrap.Folder) -> tuple[Symptom, ...]:
    """Look at the record, orders of unknown fate, the limits, and a run that does not end."""
    from steelyard.app.automation.doctor import trouble
    from steelyard.app.automation.order_symptoms import limits, orders_unknown, record, stuck

    found = list(stuck(since)) if (since := _stuck_since(folder)) is not None else []
    try:
        if bootstrap.has_record(folder):
            left = _ask_about_orders(folder) if bootstrap.has_unknown_orders(folder) else ()
            with bootstrap.order_book_to_look_at(folder) as book:
                found += [*record(book), *orders_unknown(left)]
        found += limits(bootstrap.execution_settings(folder).terms.limits)
    except SteelyardError as error:
        found += trouble("orders", error)
    return tuple(found)


def notifications(path: Place, *, last: int = 20) -> Notices:
    """Return the services, addresses masked, and the newest messages with what came of each.

    Args:
        path: The portfolio file.
        last: How many, >= 1.
    """

    with bootstrap.automation(bootstrap.Folder.of(path)) as parts:
        services = {name: _scheme(address) for name, address in parts.secrets.services().items()}
        return Notices(services, parts.outbox.newest(last))


def _scheme(address: str) -> str:
    """Return what kind of service an address is of; one that is no address is a secret as a whole."""
    scheme, mark, _ = address.partition("://")
    return f"{scheme}://***" if mark and scheme.isalnum() else "***"


def try_services(
    path: Place, service: str | None = None, *, told: Callable[[ServiceTest], None] = lambda _: None
) -> tuple[ServiceTest, ...]:
    """Send a test message to every service, or to one, and say what came of it.

    Args:
        path: The portfolio file.
        service: Its name; all of them unless given.
        told: Called after each.

    Raises:
        InputError: No service is set, or none of that name (`no-service`).
    """
    from steelyard.app.automation.alert_texts import compose

    done = []
    with bootstrap.automation(bootstrap.Folder.of(path)) as parts:
        post = parts.inputs.post
        services = parts.secrets.services()
        if service is not None:
            services = {name: a for name, a in services.items() if name == service.lower()}
        if not services:
            raise InputError(
                "no-service",
                say("there is no service {service!r}", service=service)
                if service
                else say("no notification service is set"),
                say("set STEELYARD_NOTIFY_TELEGRAM=tgram://token/chat in the environment or in .env"),
            )
        for name, address in services.items():
            title, body = compose("test", {"service": name}, post.settings)
            try:
                post.notifier.send(address, title, body)
            except ServiceError as error:
                hidden = ServiceError(error.code, parts.secrets.mask(error.message), error.hint)
                done.append(ServiceTest(name, hidden))
            else:
                done.append(ServiceTest(name, None))
            told(done[-1])
    return tuple(done)


def schedule_text(path: Place, kind: Scheduler) -> str:
    """Return what starts `run --if-due` every hour, for a scheduler to be given by hand.

    Args:
        path: The portfolio file.
        kind: Which scheduler.
    """
    from steelyard.app.automation import schedule as texts

    entry, services = _entry(bootstrap.Folder.of(path))
    return texts.text(kind, entry, services, texts.Installation(*bootstrap.installation()))


def install_schedule(path: Place, *, systemd: bool = False) -> Installed:
    """Start `run --if-due` every hour, in place of an earlier schedule of the same portfolio.

    Args:
        path: The portfolio file.
        systemd: A user service and timer instead of a line of the crontab.

    Raises:
        InputError: The crontab or the folder of units cannot be written.
    """
    from steelyard.app.automation import schedule as texts

    folder = bootstrap.Folder.of(path)
    entry, unseen = _entry(folder)
    machine = bootstrap.crontab()
    timer = f"{entry.name}.timer"
    if not systemd:
        machine.write_crontab(texts.with_line(machine.read_crontab(), entry))
        return Installed(texts.cron_line(entry), (), True, timer, unseen, folder.secrets)
    units = machine.unit_folder()
    try:
        units.mkdir(parents=True, exist_ok=True)
        for name, text in texts.units(entry).items():
            (units / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(
            "unwritable",
            say("{path} cannot be written: {reason}", path=str(units), reason=error.strerror),
            say("check its rights"),
        ) from None
    started = machine.systemctl("daemon-reload") is not None
    started = started and machine.systemctl("enable", "--now", timer) is not None
    files = (units / f"{entry.name}.service", units / timer)
    return Installed(None, files, started, timer, unseen, folder.secrets)


def scheduled(path: Place) -> tuple[str, ...]:
    """Return the cron line and the units of a portfolio file that are in place."""
    from steelyard.app.automation import schedule as texts

    machine, (entry, _) = bootstrap.crontab(), _entry(bootstrap.Folder.of(path))
    found = []
    try:
        line = texts.line_in(machine.read_crontab(), entry)
    except InputError:
        line = None
    if line:
        found.append(line)
    units = machine.unit_folder()
    return (*found, *(str(units / name) for name in texts.unit_names(entry) if (units / name).exists()))


def remove_schedule(path: Place) -> tuple[str, ...]:
    """Remove what is installed for a portfolio file and say what that was; anything else stays as it is."""
    from steelyard.app.automation import schedule as texts

    machine, (entry, _) = bootstrap.crontab(), _entry(bootstrap.Folder.of(path))
    removed: list[str] = []
    try:
        crontab = machine.read_crontab()
    except InputError:
        crontab = ""
    if texts.line_in(crontab, entry):
        machine.write_crontab(texts.without_line(crontab, entry))
        removed.append(say("the cron line"))
    names = [name for name in texts.unit_names(entry) if (machine.unit_folder() / name).exists()]
    if names:
        machine.systemctl("disable", "--now", f"{entry.name}.timer")
        for name in names:
            (machine.unit_folder() / name).unlink()
        machine.systemctl("daemon-reload")
        removed.append(" and ".join(names))
    return tuple(removed)


def _entry(folder: bootstrap.Folder) -> tuple[Entry, tuple[str, ...]]:
    """Return what is scheduled, and the names of the service variables set in this environment."""
    from steelyard.app.automation.schedule import Entry

    if not folder.file.is_file():
        text = say("there is no file {path}", path=str(folder.said))
        raise InputError("no-file", text, say("write one with `steelyard init`"))
    zone = bootstrap.automation_settings(folder).alerts.timezone
    names = tuple(sorted(name for name in os.environ if name.startswith("STEELYARD_NOTIFY_")))
    return Entry(_program(), folder.file, zone), names


def _program() -> tuple[str, ...]:
    """Return words that start steelyard without any PATH."""
    script = Path(sys.executable).parent / ("steelyard.exe" if os.name == "nt" else "steelyard")
    if script.is_file():
        return (str(script),)
    return (sys.executable, "-c", "from steelyard.interfaces.cli.main import main; main()")


def backup(path: Place, target: str | Path) -> None:
    """Copy the database to a file that is not there yet, consistent also while a run is writing.

    The portfolio file, automation.toml and .env are not in it.

    Raises:
        InputError: There is no database, the target is there already, or it cannot be written.
        ServiceError: Another program keeps the database locked.
    """
    bootstrap.database_copies().back_up(bootstrap.Folder.of(path).database, Path(target))


def restore(path: Place, source: str | Path) -> Restored:
    """Put what a copy recorded in the place of what the database has; what happened since stays.

    Brokers are asked first about orders that are out. Orders, halt, arming and the audit record are never
    taken back; where a copy lacks what once was recorded, everything is halted.

    Args:
        path: The portfolio file.
        source: The copy, as `backup` wrote it.

    Raises:
        InputError: The copy is no sound database of this or an earlier version.
        PlanError: A plan is being carried out.
        ServiceError: A run is under way, or another program keeps the database locked.
    """
    folder = bootstrap.Folder.of(path)
    bootstrap.database_copies().examine(Path(source))
    with bootstrap.run_lock(folder) as mine:
        if not mine:
            text = say("a run is under way")
            raise ServiceError("database-locked", text, say("try again when it has ended"))
        unanswered = _ask_brokers(folder)
        found = bootstrap.database_copies().restore(Path(source), folder.database, datetime.now(UTC))
    return Restored(found.kept, found.orders, found.halted, unanswered)


def _ask_brokers(folder: bootstrap.Folder) -> tuple[str, ...]:
    """Hear about the orders that are out; return what stood against it."""
    from steelyard.app.trading.sync import hear_all

    if not folder.database.is_file():
        return ()
    try:
        with bootstrap.order_book(folder) as book:
            out = any(o.is_out for o in book.orders())
        if not out:
            return ()
        with bootstrap.desk(folder) as (desk, settings, _), desk.book.sole_run():
            return hear_all(desk, settings.terms.unknown_after_hours)
    except SteelyardError as error:
        return (error.message,)
