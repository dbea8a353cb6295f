"""The commands `targets set` and `targets from-holdings`."""

from __future__ import annotations

import sys
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import click

import steelyard
from steelyard.errors import InputError
from steelyard.interfaces import language
from steelyard.interfaces.cli.options import epilog, print_json
from steelyard.words import say

if TYPE_CHECKING:
    from steelyard.domain.policy.targets_edit import TargetsEdit

_JSON = click.option("--json", "as_json", is_flag=True, help="One JSON document and nothing else.")
_YES = click.option("--yes", is_flag=True, help="Write it without asking.")


@click.group()
def targets() -> None:
    """Change the targets of a portfolio file; its comments stay."""


@targets.command(
    "set",
    epilog=epilog(
        "steelyard targets set VOO=35% TLT=25%",
        "steelyard targets set bonds=30% stocks=70% family.toml --yes",
        ends=(0, 2),
    ),
)
@click.argument("words", metavar="NAME=WEIGHT... [FILE]", nargs=-1, required=True)
@_YES
@_JSON
def set_(words: tuple[str, ...], yes: bool, as_json: bool) -> None:
    """Give targets other weights, or add some.

    The targets that are not named keep their weights, so all must still add up to 100 %. The difference is
    shown first, and nothing is written before it is agreed to. A weight of 0% asks for it to be sold.
    """
    files = [word for word in words if "=" not in word]
    pairs = dict(word.rsplit("=", 1) for word in words if "=" in word)
    if not pairs or len(files) > 1:
        raise InputError(
            "targets-set",
            say("no targets in {words!r}", words=" ".join(words)[:100]),
            say("write: steelyard targets set VOO=35% TLT=25% portfolio.toml"),
        )
    for name, weight in pairs.items():
        if weight.replace(".", "", 1).isdecimal() and Decimal(weight) > 1:
            raise InputError(
                "targets-set",
                say("{name}={weight} is more than all there is", name=name, weight=weight),
                say("write {name}={weight}%", name=name, weight=weight),
            )
    path = Path(files[0] if files else "portfolio.toml")
    _agree(path, steelyard.new_targets(path, pairs), yes=yes, as_json=as_json)


@targets.command(
    "from-holdings",
    epilog=epilog(
        "steelyard targets from-holdings", "steelyard targets from-holdings --all family.toml", ends=(0, 2, 3)
    ),
)
@click.argument("path", metavar="[FILE]", default="portfolio.toml", type=click.Path(path_type=Path))
@click.option("--all", "everything", is_flag=True, help="Include what is held without a target.")
@_YES
@_JSON
def from_holdings(path: Path, everything: bool, yes: bool, as_json: bool) -> None:
    """Take today's weights as targets, in tenths of a percent.

    Cash is left out. The difference is shown first, and nothing is written before it is agreed to.
    """
    edit = steelyard.targets_from_holdings(path, everything=everything)
    _agree(path, edit, yes=yes, as_json=as_json)


def _agree(path: Path, edit: TargetsEdit, *, yes: bool, as_json: bool) -> None:
    """Show a difference, and write it once that is agreed to."""
    if as_json:
        print_json(edit.to_dict())
    else:
        _show(edit)
    if not edit.changes:
        return
    agreed = yes
    if not yes and not as_json and sys.stdin.isatty():
        agreed = click.confirm(language.tell(say("write it to {file}?", file=edit.file)))
    if not agreed:
        language.echo(say("nothing was written; --yes writes it"), err=True)
        return
    steelyard.write_targets(path, edit)
    language.echo(say("wrote {file}; next: steelyard check {file}", file=edit.file), err=True)


def _show(edit: TargetsEdit) -> None:
    from steelyard.interfaces.cli.tables import columns, console, percent

    if not edit.changes:
        language.echo(say("the targets are those already"))
        return
    table = columns((say("target"), ""), (say("now"), "right"), (say("then"), "right"), ("", ""))
    changed = {change.name for change in edit.changes}
    for name, weight in edit.targets.items():
        before = edit.before.get(name)
        then = f"{percent(weight)} %"
        table.add_row(
            name, "" if before is None else f"{percent(before)} %", then, "*" if name in changed else ""
        )
    console().print(table)
