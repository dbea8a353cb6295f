"""The commands `doctor`, `backup` and `restore`."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from steelyard.errors import SteelyardError

if TYPE_CHECKING:
    from steelyard.app.automation.doctor import Symptom

_PORTFOLIO = click.option(
    "--portfolio",
    "path",
    default="portfolio.toml",
    show_default=True,
    type=click.Path(path_type=Path),
    help="The portfolio file the database lies beside.",
)


@click.command(
    epilog="Example: steelyard doctor portfolio.toml. Exit status: 0 nothing is bad; 2 something is."
)
@click.argument(
    "path", metavar="[FILE]", required=False, default="portfolio.toml", type=click.Path(path_type=Path)
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document and nothing else.")
def doctor(path: Path, as_json: bool) -> None:
    """Look at file, prices, services, database, clock and schedule, and say what to do."""
    found = _examine(path)
    if as_json:
        document = {"schema": "steelyard/doctor/1", "checks": [asdict(s) for s in found]}
        click.echo(json.dumps(document, ensure_ascii=False, indent=1))
    else:
        for symptom in found:
            click.echo(f"{symptom.state:<8} {symptom.part:<10} {symptom.text}")
            if symptom.hint:
                click.echo(f"  hint: {symptom.hint}")
    if any(s.state == "bad" for s in found):
        sys.exit(2)


def _examine(path: Path) -> list[Symptom]:
    from steelyard import bootstrap
    from steelyard.app.automation.doctor import LastRun, Symptom, examine, trouble
    from steelyard.interfaces.cli.automation.schedule import installed

    try:
        scheduled = bool(installed(path))
    except SteelyardError:
        scheduled = False
    try:
        with bootstrap.automation(path) as parts:
            last = parts.runs.last(path.name)
            found = examine(
                parts.job,
                last=LastRun(*last[:2]) if last else None,
                unsound=bootstrap.database_copies().sound(parts.database),
                scheduled=scheduled,
                given_up=parts.outbox.given_up(),
                readable=parts.readable,
            )
            mask = parts.secrets.mask
            return [Symptom(s.part, s.state, mask(s.text), mask(s.hint)) for s in found]
    except SteelyardError as error:
        return list(trouble("permissions" if error.code.startswith("env") else "database", error))


@click.command(
    epilog="Example: steelyard backup copies/2026-11-24.db. Exit status: 0 done; 2 a file or flag is wrong; "
    "5 the database is locked."
)
@click.argument("target", metavar="COPY", type=click.Path(path_type=Path))
@_PORTFOLIO
def backup(target: Path, path: Path) -> None:
    """Copy the database to COPY, consistent also while a run is writing."""
    from steelyard import bootstrap
    from steelyard.bootstrap.folder import Folder

    bootstrap.database_copies().back_up(Folder.of(path).database, target)
    click.echo(f"wrote {target}; the portfolio file, automation.toml and .env are not in it", err=True)


@click.command(
    epilog="Example: steelyard restore copies/2026-11-24.db. Exit status: 0 done; 2 a file or flag is wrong; "
    "5 the database is locked."
)
@click.argument("source", metavar="COPY", type=click.Path(path_type=Path))
@_PORTFOLIO
def restore(source: Path, path: Path) -> None:
    """Put COPY in the place of the database; the present one is kept beside it."""
    from steelyard import bootstrap
    from steelyard.bootstrap.folder import Folder
    from steelyard.errors import ServiceError

    with bootstrap.run_lock(path) as mine:
        if not mine:
            raise ServiceError("database-locked", "a run is under way", "try again when it has ended")
        kept = bootstrap.database_copies().restore(source, Folder.of(path).database)
    click.echo(f"restored {source}" + (f"; what was there is now {kept}" if kept else ""), err=True)
