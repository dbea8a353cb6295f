"""The command `check`."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

import click

import steelyard
from steelyard.interfaces import language
from steelyard.interfaces.cli.long_lists import first_lines
from steelyard.interfaces.cli.options import epilog, options, print_json, read_portfolio, warn_of_caveats
from steelyard.words import say


@click.command(
    epilog=epilog(
        "steelyard check portfolio.toml",
        "steelyard check --as-of 2026-11-23 --json",
        "steelyard check --exit-code",
        ends=(0, 2, 3, 10),
    )
)
@click.argument("path", metavar="[FILE]", required=False, type=click.Path(path_type=Path))
@options
@click.option("--exit-code", is_flag=True, help="Exit with 10 when a rebalance is due.")
def check(path: Path | None, as_json: bool, as_of: date | None, file: Path | None, exit_code: bool) -> None:
    """Value the portfolio, list drift, say whether a rebalance is due and why.

    The rules are evaluated as of the date asked for, whether or not automation would look on it.
    """
    report = steelyard.check(read_portfolio(path, file, as_of), as_of=as_of)
    if as_json:
        print_json(report.to_dict())
    else:
        from steelyard.interfaces.cli import tables

        tables.show_check(report)
    unmanaged = [
        say("warning: {symbol} is held but has no target: left alone and not counted", symbol=holding.symbol)
        for holding in report.valuation.unmanaged
    ]
    for text in first_lines(unmanaged):
        language.echo(text, err=True)
    warn_of_caveats(report.caveats, report.as_of, report.portfolio)
    if exit_code and report.decision.due:
        sys.exit(10)
