"""The commands `doctor`, `backup` and `restore`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

import steelyard
from steelyard.interfaces.language import echo, hint, json_text, padded
from steelyard.interfaces.vocabulary import MARKS, PARTS
from steelyard.words import join, say

_PORTFOLIO = click.option(
    "--portfolio",
    "path",
    default="portfolio.toml",
    show_default=True,
    type=click.Path(path_type=Path),
    help="The portfolio file the database lies beside.",
)


_STANDS = {
    "present": say("orders, halt, arming and the audit record stay as they were"),
    "copy": say("orders, halt, arming and the audit record are those of the copy, which is newer"),
    "both": say("orders of both are kept; the audit record stays as it was"),
}


@click.command(
    epilog="Example: steelyard doctor portfolio.toml. Exit status: 0 nothing is bad; 2 something is."
)
@click.argument(
    "path", metavar="[FILE]", required=False, default="portfolio.toml", type=click.Path(path_type=Path)
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document and nothing else.")
def doctor(path: Path, as_json: bool) -> None:
    """Look at file, prices, services, database, clock and schedule, and say what to do."""
    found = steelyard.doctor(path)
    if as_json:
        click.echo(json_text(found.to_dict()))
    else:
        for symptom in found.symptoms:
            state, part = padded(MARKS[symptom.state], 8), padded(PARTS[symptom.part], 10)
            echo(join("", (f"{state} {part} ", symptom.text)))
            if symptom.hint:
                echo(f"  {hint(symptom.hint)}")
    if not found.well:
        sys.exit(2)


@click.command(
    epilog="Example: steelyard backup copies/2026-11-24.db. Exit status: 0 done; 2 a file or flag is wrong; "
    "5 the database is locked."
)
@click.argument("target", metavar="COPY", type=click.Path(path_type=Path))
@_PORTFOLIO
def backup(target: Path, path: Path) -> None:
    """Copy the database to COPY, consistent also while a run is writing."""
    steelyard.backup(path, target)
    echo(
        say("wrote {target}; the portfolio file, automation.toml and .env are not in it", target=target),
        err=True,
    )


@click.command(
    epilog="Example: steelyard restore copies/2026-11-24.db. Exit status: 0 done; 2 a file or flag is wrong; "
    "5 the database is locked."
)
@click.argument("source", metavar="COPY", type=click.Path(path_type=Path))
@_PORTFOLIO
def restore(source: Path, path: Path) -> None:
    """Put what COPY recorded in the place of what the database has; the present one is kept beside it.

    What happened is not taken back: orders, halt, arming and the audit record stay as they are now, or as
    they are in COPY where that is newer. Brokers are asked first about orders that are out.
    """
    found = steelyard.restore(path, source)
    if found.kept:
        text = say("restored {source}; what was there is now {kept}", source=source, kept=found.kept)
        echo(text, err=True)
    else:
        echo(say("restored {source}", source=source), err=True)
    for line in found.unanswered:
        echo(say("not known: {line}", line=line), err=True)
    echo(_STANDS[found.orders], err=True)
    if found.halted:
        why = say("everything is halted: {why}", why=found.halted)
        echo(why, err=True)
