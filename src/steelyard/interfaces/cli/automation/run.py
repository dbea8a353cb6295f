"""The commands `run` and `watch`: the scheduled job, once or for ever."""

from __future__ import annotations

import signal
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import steelyard
from steelyard.errors import SteelyardError
from steelyard.interfaces.cli.typed import Count
from steelyard.interfaces.language import json_text

if TYPE_CHECKING:
    from steelyard.app.check import CheckReport

_ENDS = (
    "Exit status: 0 done, nothing due, or another run is under way; 2 a file or flag is wrong; "
    "3 a price is missing or stale; 5 the database is locked."
)
_FILE = click.argument(
    "path", metavar="[FILE]", required=False, default="portfolio.toml", type=click.Path(path_type=Path)
)
_LOG = click.option(
    "--log",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Format of the one line per run on standard error.",
)


@click.command(epilog=f"Example: steelyard run portfolio.toml --if-due. {_ENDS}")
@_FILE
@click.option("--if-due", is_flag=True, help="Only on a look date not handled yet.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document and nothing else.")
@_LOG
def run(path: Path, if_due: bool, as_json: bool, log: str) -> None:
    """Fetch prices, check, record the day, and alert when a rebalance is due.

    Made to be started by a scheduler as often as you like: a look date is handled once, a missed one at
    the next start, and a killed run is finished by the next.
    """
    document = steelyard.run(path, if_due=if_due, draw=_picture).to_dict()
    if as_json:
        click.echo(json_text(document))
    else:
        _log(document, log)


@click.command(epilog=f"Example: steelyard watch portfolio.toml --health-file health. {_ENDS}")
@_FILE
@click.option("--every", default=900, show_default=True, type=Count(1, 86_400), help="Seconds between looks.")
@click.option(
    "--health-file", type=click.Path(path_type=Path), help="Rewritten after every run, with its time."
)
@_LOG
def watch(path: Path, every: int, health_file: Path | None, log: str) -> None:
    """Do `run --if-due` again and again until told to stop (SIGTERM, SIGINT)."""
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    while not stop.is_set():
        try:
            line = steelyard.run(path, if_due=True, draw=_picture).to_dict()
        except SteelyardError as error:
            # Told by an alert as well; the next round may find it mended.
            line = {"outcome": "failed", "code": error.code, "text": steelyard.masked(path, error.message)}
        _log(line, log)
        if health_file is not None:
            part = health_file.with_name(health_file.name + ".part")
            part.write_text(f"{_now()} {line['outcome']}\n", encoding="utf-8")
            part.replace(health_file)
        stop.wait(every)
    _log({"outcome": "stopped"}, log)


def _picture(report: CheckReport) -> bytes:
    # Imported here: drawing takes longer to load than all of a run without an alert.
    from steelyard.interfaces.pictures.portfolio import weights_png

    return weights_png(report)


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _log(document: dict[str, Any], form: str) -> None:
    line = {key: value for key, value in document.items() if key != "schema"}
    if form == "json":
        click.echo(json_text({"time": _now(), "event": "run", **line}, indent=None), err=True)
    else:
        shown = (f"{key}={_shown(value)}" for key, value in line.items() if value not in (None, [], 0, False))
        click.echo(f"{_now()} run {' '.join(shown)}", err=True)
    sys.stderr.flush()


def _shown(value: Any) -> str:
    if isinstance(value, list):
        # Of a difference, where it is: the figures are for `check` and for programs.
        words = [one["account"] if isinstance(one, dict) else str(one) for one in value]
        text = ", ".join(dict.fromkeys(words))
    else:
        text = str(value)
    return f'"{text}"' if " " in text else text
