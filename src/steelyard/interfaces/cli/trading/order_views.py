"""What the commands around brokers share: an option, and how an order is shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from steelyard.domain.money import plain
from steelyard.interfaces.language import echo, json_text, padded, tell
from steelyard.interfaces.vocabulary import SIDES, STATES
from steelyard.words import say

if TYPE_CHECKING:
    from steelyard.domain.trading.orders import Order

ENDS = (
    "Exit status: 0 done; 2 a file or flag is wrong; 3 a price is missing; 4 the plan is refused, "
    "or the audit record is broken; 5 a broker failed or the database is locked."
)


def portfolio_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the option that names the portfolio file, as the parameter `file`."""
    return click.option(
        "--portfolio",
        "file",
        type=click.Path(path_type=Path),
        default="portfolio.toml",
        show_default=True,
        help="The portfolio file.",
    )(command)


JSON = click.option("--json", "as_json", is_flag=True, help="One JSON document and nothing else.")


def print_json(document: dict[str, Any]) -> None:
    """Print the one document of a `--json` command."""
    click.echo(json_text(document))


def order_line(o: Order) -> str:
    """Return one line for people on an order."""
    limit = (
        say("market")
        if o.limit is None
        else say("limit {limit} {currency}", limit=plain(o.limit), currency=o.currency)
    )
    filled = say(", {filled} filled", filled=plain(o.filled)) if o.filled else ""
    note = f" ({tell(o.note)})" if o.note else ""
    wanted = f"{padded(SIDES[o.side], 4)} {plain(o.shares):>6} {o.symbol:<8} {tell(limit)}"
    return f"{o.id[:11]}  {o.account}  {wanted}  {tell(STATES[o.state])}{tell(filled)}{note}"


def show_orders(found: Iterable[Order]) -> None:
    """Print a line for each order."""
    for order in found:
        echo(order_line(order))
