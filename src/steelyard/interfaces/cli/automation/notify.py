"""The commands `notify test` and `notify list`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

import steelyard
from steelyard.interfaces.cli.typed import Count
from steelyard.interfaces.language import echo, json_text, padded
from steelyard.interfaces.vocabulary import DELIVERIES
from steelyard.words import say

if TYPE_CHECKING:
    from steelyard.api.automation import ServiceTest

_ENDS = "Exit status: 0 done; 2 a file or flag is wrong; 5 a service failed."
_FILE = click.argument(
    "path", metavar="[FILE]", required=False, default="portfolio.toml", type=click.Path(path_type=Path)
)


@click.group()
def notify() -> None:
    """Try the notification services, and see what was sent.

    A service is one variable in the environment or in `.env` beside the portfolio file:
    STEELYARD_NOTIFY_TELEGRAM=tgram://token/chat makes the service `telegram`.
    """


@notify.command(epilog=f"Example: steelyard notify test --service telegram. {_ENDS}")
@_FILE
@click.option("--service", "only", help="This service alone.")
def test(path: Path, only: str | None) -> None:
    """Send a test message to every service and say what came of it."""

    def tell(done: ServiceTest) -> None:
        if done.error is None:
            echo(say("{service}: accepted", service=done.service))
        else:
            text = say("{service}: {message}", service=done.service, message=done.error.message)
            echo(say("error[{code}]: {text}", code=done.error.code, text=text), err=True)

    if any(done.error for done in steelyard.try_services(path, only, told=tell)):
        sys.exit(5)


@notify.command("list", epilog=f"Example: steelyard notify list --last 5. {_ENDS}")
@_FILE
@click.option("--last", default=20, show_default=True, type=Count(1, 100_000), help="Newest messages.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document and nothing else.")
def list_sent(path: Path, last: int, as_json: bool) -> None:
    """List the services and the newest messages, with what came of each."""
    found = steelyard.notifications(path, last=last)
    if as_json:
        click.echo(json_text(found.to_dict()))
        return
    for name, scheme in found.services.items():
        echo(say("service {name} ({scheme})", name=name, scheme=scheme))
    for row in found.messages:
        tries = say("{count} {count:attempt|attempts}", count=row.attempts)
        click.echo(
            f"{row.created_at[:16]}  {padded(DELIVERIES[row.state], 14)} {row.service:<10} "
            f"{padded(tries, 11)}  {row.title}"
        )
        if row.detail:
            echo(say("  {detail}", detail=row.detail))
