"""The commands `schedule install`, `schedule show` and `schedule remove`."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import click

import steelyard
from steelyard.api.automation import Scheduler
from steelyard.interfaces.language import echo
from steelyard.words import say

_ENDS = "Exit status: 0 done; 2 a file or flag is wrong; 5 crontab refused."
_FILE = click.argument(
    "path", metavar="[FILE]", required=False, default="portfolio.toml", type=click.Path(path_type=Path)
)


@click.group()
def schedule() -> None:
    """Start `run --if-due` every hour, so that no look date is missed.

    The job itself knows what is due: starting it often is what lets a machine that was off catch up.
    """


@schedule.command(epilog=f"Example: steelyard schedule install portfolio.toml --systemd. {_ENDS}")
@_FILE
@click.option("--systemd", is_flag=True, help="A systemd user service and timer instead of a cron line.")
@click.option("--print", "kind", type=click.Choice(get_args(Scheduler)), help="Print it and install nothing.")
def install(path: Path, systemd: bool, kind: Scheduler | None) -> None:
    """Install the schedule of a portfolio file, in place of an earlier one."""
    if kind is not None:
        click.echo(steelyard.schedule_text(path, kind), nl=False)
        return
    done = steelyard.install_schedule(path, systemd=systemd)
    if done.line is not None:
        click.echo(done.line)
    else:
        echo(say("wrote {units} and .timer", units=done.units[0]), err=True)
        if not done.started:
            echo(
                say("systemd was not reached; run: systemctl --user enable --now {timer}", timer=done.timer),
                err=True,
            )
    if done.unseen:
        echo(
            say(
                "note: a scheduler does not see the variables of this shell; put {unseen} into "
                "{secrets} (chmod 600)",
                unseen=", ".join(done.unseen),
                secrets=done.secrets,
            ),
            err=True,
        )


@schedule.command(epilog=f"Example: steelyard schedule show portfolio.toml. {_ENDS}")
@_FILE
def show(path: Path) -> None:
    """Show what is installed for a portfolio file."""
    found = steelyard.scheduled(path)
    for text in found:
        click.echo(text)
    if not found:
        echo(say("nothing is scheduled; run: steelyard schedule install"), err=True)


@schedule.command(epilog=f"Example: steelyard schedule remove portfolio.toml. {_ENDS}")
@_FILE
def remove(path: Path) -> None:
    """Remove what is installed for a portfolio file; anything else stays as it is."""
    removed = steelyard.remove_schedule(path)
    echo(
        say("removed {removed}", removed=", ".join(removed)) if removed else say("nothing was scheduled"),
        err=True,
    )
