"""The commands `serve` and `mcp`: a page for people, and tools for assistants."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from steelyard.interfaces.cli.options import epilog, tell_addresses
from steelyard.interfaces.cli.typed import Count, Day
from steelyard.interfaces.http.leave import Leave
from steelyard.interfaces.mcp.shelf import Shelf


@click.command(epilog=epilog("steelyard serve", "steelyard serve portfolio.toml --port 8080", ends=(0, 2)))
@click.argument("path", metavar="[FILE]", required=False, type=click.Path(path_type=Path))
@click.option("--portfolio", "file", type=click.Path(path_type=Path), help="Same as FILE.")
@click.option(
    "--port", type=Count(0, 65535), default=8765, help="Where to listen; 0 takes a free one.  [default: 8765]"
)
@click.option(
    "--allow-orders", is_flag=True, help="Let saved plans be approved here for an hour; nothing is sent."
)
@click.option(
    "--orders-for",
    "minutes",
    type=Count(1, 1440),
    default=60,
    metavar="MINUTES",
    help="Or for so long.  [60]",
)
@click.option("--prices", type=click.Path(path_type=Path), help="Past prices for backtests of assistants.")
@click.option(
    "--behind", default="", metavar="URL", help="Also answer to this https address of a proxy here."
)
@click.option("--password-file", type=click.Path(path_type=Path), help="What is asked of who comes by it.")
@click.option("--webhook", default="", metavar="URL", help="Send every event there, signed.")
@click.option("--as-of", type=Day(), help="Evaluate as of this date.  [default: today]")
def serve(
    path: Path | None,
    file: Path | None,
    port: int,
    allow_orders: bool,
    minutes: int,
    prices: Path | None,
    behind: str,
    password_file: Path | None,
    webhook: str,
    as_of: date | None,
) -> None:
    """Show the portfolio as a page in your browser, on this computer alone, until Ctrl-C.

    FILE may be a folder with a folder for each portfolio.

    The address that is printed works once; it needs the extra `steelyard[serve]`.
    """
    # Neither the framework nor the templates are for any other command.
    from steelyard.interfaces.web import server

    server.serve(
        path or file or Path("portfolio.toml"),
        port=port,
        as_of=as_of,
        orders=minutes if allow_orders else 0,
        webhook=webhook,
        prices=prices,
        behind=behind,
        password_file=password_file,
        told=tell_addresses,
    )


@click.command(epilog=epilog("steelyard mcp", "steelyard mcp portfolio.toml", ends=(0, 2)))
@click.argument("path", metavar="[FILE]", required=False, type=click.Path(path_type=Path))
@click.option("--portfolio", "file", type=click.Path(path_type=Path), help="Same as FILE.")
@click.option("--prices", type=click.Path(path_type=Path), help="Past prices for its backtests, a CSV file.")
@click.option(
    "--allow-orders",
    is_flag=True,
    help="Let it carry out, once, a plan you approved elsewhere within the hour.",
)
@click.option("--as-of", type=Day(), help="Evaluate as of this date.  [default: today]")
def mcp(
    path: Path | None, file: Path | None, prices: Path | None, allow_orders: bool, as_of: date | None
) -> None:
    """Give an assistant tools that read and calculate; none can save or approve anything.

    It speaks the Model Context Protocol on standard input and output, and needs the extra `steelyard[mcp]`.
    """
    from steelyard.interfaces.mcp import server

    leave = Leave(60 if allow_orders else 0)
    shelf = Shelf(path or file or Path("portfolio.toml"), as_of, prices, leave)
    server.run(shelf, can_send=allow_orders)
