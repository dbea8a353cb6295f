"""The commands `notify test` and `notify list`."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

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
    from steelyard import bootstrap
    from steelyard.app.automation.alert_texts import compose
    from steelyard.errors import InputError, ServiceError

    with bootstrap.automation(path) as parts:
        post = parts.job.post
        services = parts.secrets.services()
        if only is not None:
            services = {name: a for name, a in services.items() if name == only.lower()}
        if not services:
            raise InputError(
                "no-service",
                f"there is no service {only!r}" if only else "no notification service is set",
                "set STEELYARD_NOTIFY_TELEGRAM=tgram://token/chat in the environment or in .env",
            )
        failed = 0
        for name, address in services.items():
            title, body = compose("test", {"service": name}, post.settings)
            try:
                post.notifier.send(address, title, body)
            except ServiceError as error:
                failed += 1
                click.echo(f"error[{error.code}]: {name}: {parts.secrets.mask(error.message)}", err=True)
            else:
                click.echo(f"{name}: accepted")
    if failed:
        sys.exit(5)


@notify.command("list", epilog=f"Example: steelyard notify list --last 5. {_ENDS}")
@_FILE
@click.option("--last", default=20, show_default=True, type=click.IntRange(1), help="Newest messages.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document and nothing else.")
def list_sent(path: Path, last: int, as_json: bool) -> None:
    """List the services and the newest messages, with what came of each."""
    from steelyard import bootstrap

    with bootstrap.automation(path) as parts:
        services = {name: _scheme(address) for name, address in parts.secrets.services().items()}
        rows: list[dict[str, Any]] = [asdict(row) for row in parts.outbox.newest(last)]
    if as_json:
        document = {"schema": "steelyard/notify/1", "services": services, "messages": rows}
        click.echo(json.dumps(document, ensure_ascii=False, indent=1))
        return
    for name, scheme in services.items():
        click.echo(f"service {name} ({scheme})")
    for row in rows:
        tries = f"{row['attempts']} attempts" if row["attempts"] != 1 else "1 attempt"
        click.echo(
            f"{row['created_at'][:16]}  {row['state']:<10} {row['service']:<10} {tries:<11}  {row['title']}"
        )
        if row["detail"]:
            click.echo(f"  {row['detail']}")


def _scheme(address: str) -> str:
    """Return what kind of service an address is of; one that is no address is a secret as a whole."""
    scheme, mark, _ = address.partition("://")
    return f"{scheme}://***" if mark and scheme.isalnum() else "***"
