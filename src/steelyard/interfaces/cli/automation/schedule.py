"""The commands `schedule install`, `schedule show` and `schedule remove`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from steelyard.app.automation import schedule as texts
from steelyard.errors import InputError

_ENDS = "Exit status: 0 done; 2 a file or flag is wrong; 5 crontab refused."
_FILE = click.argument(
    "path", metavar="[FILE]", required=False, default="portfolio.toml", type=click.Path(path_type=Path)
)
_PRINTED = ("cron", "systemd", "launchd", "taskscheduler", "github", "kubernetes")


@click.group()
def schedule() -> None:
    """Start `run --if-due` every hour, so that no look date is missed.

    The job itself knows what is due: starting it often is what lets a machine that was off catch up.
    """


@schedule.command(epilog=f"Example: steelyard schedule install portfolio.toml --systemd. {_ENDS}")
@_FILE
@click.option("--systemd", is_flag=True, help="A systemd user service and timer instead of a cron line.")
@click.option("--print", "kind", type=click.Choice(_PRINTED), help="Print it and install nothing.")
def install(path: Path, systemd: bool, kind: str | None) -> None:
    """Install the schedule of a portfolio file, in place of an earlier one."""
    from steelyard import bootstrap

    entry, in_environment = _entry(path)
    if kind is not None:
        click.echo(_text(kind, entry, in_environment), nl=False)
        return
    if systemd:
        folder = bootstrap.crontab().unit_folder()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for name, text in texts.units(entry).items():
                (folder / name).write_text(text, encoding="utf-8")
        except OSError as error:
            raise InputError(
                "unwritable", f"{folder} cannot be written: {error.strerror}", "check its rights"
            ) from None
        cron = bootstrap.crontab()
        started = cron.systemctl("daemon-reload") is not None
        started = started and cron.systemctl("enable", "--now", f"{entry.name}.timer") is not None
        click.echo(f"wrote {folder / entry.name}.service and .timer", err=True)
        if not started:
            click.echo(
                f"systemd was not reached; run: systemctl --user enable --now {entry.name}.timer", err=True
            )
    else:
        cron = bootstrap.crontab()
        cron.write_crontab(texts.with_line(cron.read_crontab(), entry))
        click.echo(texts.cron_line(entry))
    if in_environment:
        click.echo(
            f"note: a scheduler does not see the variables of this shell; put {', '.join(in_environment)} "
            f"into {entry.portfolio.parent / '.env'} (chmod 600)",
            err=True,
        )


@schedule.command(epilog=f"Example: steelyard schedule show portfolio.toml. {_ENDS}")
@_FILE
def show(path: Path) -> None:
    """Show what is installed for a portfolio file."""
    found = installed(path)
    for text in found:
        click.echo(text)
    if not found:
        click.echo("nothing is scheduled; run: steelyard schedule install", err=True)


@schedule.command(epilog=f"Example: steelyard schedule remove portfolio.toml. {_ENDS}")
@_FILE
def remove(path: Path) -> None:
    """Remove what is installed for a portfolio file; anything else stays as it is."""
    from steelyard import bootstrap

    cron, (entry, _) = bootstrap.crontab(), _entry(path)
    removed = []
    try:
        crontab = cron.read_crontab()
    except InputError:
        crontab = ""
    if texts.line_in(crontab, entry):
        cron.write_crontab(texts.without_line(crontab, entry))
        removed.append("the cron line")
    names = [name for name in texts.units(entry) if (cron.unit_folder() / name).exists()]
    if names:
        cron.systemctl("disable", "--now", f"{entry.name}.timer")
        for name in names:
            (cron.unit_folder() / name).unlink()
        cron.systemctl("daemon-reload")
        removed.append(" and ".join(names))
    click.echo(f"removed {', '.join(removed)}" if removed else "nothing was scheduled", err=True)


def installed(path: Path) -> list[str]:
    """Return the cron line and the units of a portfolio file that are in place."""
    from steelyard import bootstrap

    cron, (entry, _) = bootstrap.crontab(), _entry(path)
    found = []
    try:
        line = texts.line_in(cron.read_crontab(), entry)
    except InputError:
        line = None
    if line:
        found.append(line)
    found += [
        str(cron.unit_folder() / name) for name in texts.units(entry) if (cron.unit_folder() / name).exists()
    ]
    return found


def _entry(path: Path) -> tuple[texts.Entry, tuple[str, ...]]:
    """Return what is scheduled, and the names of the service variables set in this environment."""
    from steelyard import bootstrap

    if not path.is_file():
        raise InputError("no-file", f"there is no file {path}", "write one with `steelyard init`")
    zone = bootstrap.automation_settings(path).alerts.timezone
    names = tuple(sorted(name for name in os.environ if name.startswith("STEELYARD_NOTIFY_")))
    return texts.Entry(_program(), path.absolute(), zone), names


def _program() -> tuple[str, ...]:
    """Return words that start steelyard without any PATH."""
    script = Path(sys.executable).parent / ("steelyard.exe" if os.name == "nt" else "steelyard")
    if script.is_file():
        return (str(script),)
    return (sys.executable, "-c", "from steelyard.interfaces.cli.main import main; main()")


def _text(kind: str, entry: texts.Entry, services: tuple[str, ...]) -> str:
    if kind == "cron":
        return texts.cron_line(entry) + "\n"
    if kind == "systemd":
        return "\n".join(f"# {name}\n{text}" for name, text in texts.units(entry).items())
    if kind == "launchd":
        return texts.launchd(entry)
    if kind == "taskscheduler":
        return texts.task_scheduler(entry)
    return texts.github(entry, services) if kind == "github" else texts.kubernetes(entry, services)
