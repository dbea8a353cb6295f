"""The command `find`: instruments by what somebody remembers of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

import steelyard
from steelyard.domain.money import plain
from steelyard.errors import SteelyardError
from steelyard.interfaces.cli.options import epilog, print_json
from steelyard.interfaces.language import echo, tell
from steelyard.interfaces.vocabulary import TAX_CLASSES, class_words
from steelyard.words import join, say

if TYPE_CHECKING:
    from steelyard.domain.market.finding import Finding
    from steelyard.domain.portfolio import Portfolio


@click.command(
    epilog=epilog(
        "steelyard find vanguard bond",
        "steelyard find 타이거 나스닥",
        "steelyard find KR7069500007",
        ends=(0, 2),
    )
)
@click.argument("text", nargs=-1, required=True)
@click.option("--portfolio", type=click.Path(path_type=Path), default=Path("portfolio.toml"),
              help="The portfolio file, for its own instruments and what is held.")  # fmt: skip
@click.option(
    "--limit", type=click.IntRange(1), default=20, show_default=True, help="Show at most this many."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document and nothing else.")
def find(text: tuple[str, ...], portfolio: Path, limit: int, as_json: bool) -> None:
    """Find instruments by words of their name, a symbol, an ISIN or a class, in Korean or English."""
    said = steelyard.find(" ".join(text), _portfolio(portfolio), limit=limit)
    if as_json:
        print_json(said.to_dict())
        return
    if said.found:
        _show(said.found)
    if said.more:
        echo(say("{more} more; say more words, or --limit N", more=said.more), err=True)
    if not said.found:
        echo(say("nothing is called {text!r}", text=said.text), err=True)
    if said.near:
        echo(say("did you mean {near}?", near=join(say(" or "), said.near)), err=True)


def _portfolio(path: Path) -> Portfolio | None:
    """Return the portfolio, None where there is none: what is wrong with a file, `check` says."""
    try:
        return steelyard.load(path, need_prices=False)
    except SteelyardError:
        return None


def _show(found: tuple[Finding, ...]) -> None:
    from rich.table import Table

    from steelyard.interfaces.cli.tables import console, shares

    held = any(one.held for one in found)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(tell(say("symbol")), no_wrap=True)
    table.add_column(tell(say("name")))
    # Classes are words and may take a second line: the name is what somebody looks for.
    table.add_column(tell(say("asset class")), max_width=14)
    table.add_column(tell(say("cost a year")), justify="right", max_width=9)
    table.add_column(tell(say("tax class")), max_width=16)
    if held:
        table.add_column(tell(say("held")), justify="right", no_wrap=True)
    for one in found:
        cost = "" if one.expense_ratio is None else f"{plain(one.expense_ratio * 100)} %"
        mark = " *" if one.from_memory[:1] == ("name",) else ""
        taxed = one.tax_class or one.us_class or ""
        kind = class_words(one.asset_class or "")
        row = [one.symbol, one.name + mark, tell(kind), cost, tell(TAX_CLASSES.get(taxed, taxed))]
        table.add_row(*row, *([shares(one.held) if one.held else ""] if held else []))
    console().print(table)
    if any(one.from_memory[:1] == ("name",) for one in found):
        echo(say("* from memory: not verified"), err=True)
