"""The commands `orders`, `orders watch`, `cancel` and `sync`."""

from __future__ import annotations

import signal
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import click

import steelyard
from steelyard.domain.money import plain
from steelyard.interfaces.cli.trading.order_views import (
    ENDS,
    JSON,
    order_line,
    portfolio_option,
    print_json,
    show_orders,
)
from steelyard.interfaces.cli.typed import Count
from steelyard.interfaces.language import echo, fault, json_text
from steelyard.interfaces.vocabulary import SIDES
from steelyard.words import join, say


@click.group(invoke_without_command=True, epilog=f"Example: steelyard orders --json. {ENDS}")
@portfolio_option
@JSON
@click.option("--plan", "plan", metavar="PLAN", help="Only orders of one plan.")
@click.pass_context
def orders(context: click.Context, file: Path, as_json: bool, plan: str | None) -> None:
    """List the orders and what became of them."""
    if context.invoked_subcommand is not None:
        return
    found = steelyard.orders(file, plan)
    if as_json:
        print_json(found.to_dict())
    else:
        show_orders(found)


@orders.command(epilog=f"Example: steelyard orders watch --every 10. {ENDS}")
@portfolio_option
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line for each change.")
@click.option("--plan", "plan", metavar="PLAN", help="Only orders of one plan.")
@click.option(
    "--every", default=5, show_default=True, type=Count(1, 86_400), help="Seconds between questions."
)
def watch(file: Path, as_json: bool, plan: str | None, every: int) -> None:
    """Follow the open orders until none is left, with a line for each change.

    SIGINT and SIGTERM end it after the question under way; nothing is cancelled by that.
    """
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    for order in steelyard.follow_orders(file, plan, pause=lambda: stop.wait(every)):
        line = {"time": datetime.now(UTC).isoformat(timespec="seconds"), **order.to_dict()}
        click.echo(json_text(line, indent=None) if as_json else order_line(order))
        sys.stdout.flush()
    left = [order for order in steelyard.orders(file, plan) if not order.is_final]
    for order in left:
        echo(say("left as it is: {order}", order=order_line(order)), err=True)


@click.command(epilog=f"Example: steelyard cancel sy-5ea5fc54. {ENDS}")
@click.argument("order", metavar="ORDER")
@portfolio_option
def cancel(order: str, file: Path) -> None:
    """Cancel an order by its id or the beginning of it."""
    show_orders((steelyard.cancel(file, order),))


@click.command(epilog=f"Example: steelyard sync --json. {ENDS}")
@portfolio_option
@JSON
@click.option(
    "--days", default=30, show_default=True, type=Count(0, 36_500), help="How many days of fills to ask for."
)
def sync(file: Path, as_json: bool, days: int) -> None:
    """Ask the brokers for orders, fills, shares and cash; enter fills in the journal, report what differs.

    \b
    Fills of a ticket and of live accounts become entries of the journal where one is kept, each once.
    Trades on paper never do. A fill that may be in the journal by other means is shown, not entered.
    """
    report = steelyard.sync(file, days=days)
    written = report.written or {}
    left_out = [left for w in written.values() for left in w.left_out]
    if as_json:
        print_json(report.to_dict())
    else:
        echo(
            say(
                "{changed} orders changed, {new_fills} new fills",
                changed=len(report.changed),
                new_fills=report.new_fills,
            )
        )
        for account, w in written.items():
            if w.added:
                echo(
                    say(
                        "{account}  {added} {added:entry|entries} added to the journal; take back: "
                        "steelyard undo --import",
                        account=account,
                        added=w.added,
                    )
                )
        for left in left_out:
            f = left.fill
            trade = say(
                "{side} {shares} {symbol} at {price} {currency}",
                side=SIDES[f.side],
                shares=plain(f.shares),
                symbol=f.symbol,
                price=plain(f.price),
                currency=f.currency,
            )
            echo(
                say(
                    "{account}  not entered: {trade} of {date}: {why}",
                    account=left.account,
                    trade=trade,
                    date=f.at.date(),
                    why=left.why,
                )
            )
        for d in report.differences:
            echo(
                say(
                    "{account}  {what}: the file has {ours}, the broker {theirs}",
                    account=d.account,
                    what=d.what,
                    ours=plain(d.ours),
                    theirs=plain(d.theirs),
                )
            )
    for account, text in report.unanswered.items():
        fault("no-answer", join(": ", (account, text)), say("try again later"))
    if report.unanswered:
        sys.exit(5)
