"""The commands `orders`, `orders watch`, `cancel` and `sync`."""

from __future__ import annotations

import json
import signal
import sys
import threading
from datetime import timedelta
from pathlib import Path

import click

from steelyard.domain.money import plain
from steelyard.interfaces.cli.trading.order_views import (
    ENDS,
    JSON,
    now,
    order_document,
    order_line,
    portfolio_option,
    print_json,
    show_orders,
)


@click.group(invoke_without_command=True, epilog=f"Example: steelyard orders --json. {ENDS}")
@portfolio_option
@JSON
@click.option("--plan", "plan", metavar="PLAN", help="Only those of one plan.")
@click.pass_context
def orders(context: click.Context, file: Path, as_json: bool, plan: str | None) -> None:
    """List the orders and what became of them."""
    if context.invoked_subcommand is not None:
        return
    from steelyard import bootstrap

    with bootstrap.order_book(file) as book:
        found = book.orders(None if plan is None else book.plan(plan).id)
    if as_json:
        print_json({"schema": "steelyard/orders/1", "orders": [order_document(o) for o in found]})
    else:
        show_orders(found)


@orders.command(epilog=f"Example: steelyard orders watch --every 10. {ENDS}")
@portfolio_option
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line for each change.")
@click.option("--plan", "plan", metavar="PLAN", help="Only those of one plan.")
@click.option(
    "--every", default=5, show_default=True, type=click.IntRange(1), help="Seconds between questions."
)
def watch(file: Path, as_json: bool, plan: str | None, every: int) -> None:
    """Follow the open orders until none is left, with a line for each change.

    SIGINT and SIGTERM end it after the question under way; nothing is cancelled by that.
    """
    from steelyard import bootstrap
    from steelyard.app.trading.watch_orders import follow

    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    with bootstrap.desk(file) as (desk, settings, _):
        plan_id = None if plan is None else desk.book.plan(plan).id
        hours = settings.terms.unknown_after_hours
        for order in follow(desk, plan_id, over_after_hours=hours, pause=lambda: stop.wait(every)):
            line = {"time": now().isoformat(timespec="seconds"), **order_document(order)}
            text = json.dumps(line, ensure_ascii=False) if as_json else order_line(order)
            click.echo(text)
            sys.stdout.flush()
        left = [o for o in desk.book.orders(plan_id) if not o.is_final]
    for order in left:
        click.echo(f"left as it is: {order_line(order)}", err=True)


@click.command(epilog=f"Example: steelyard cancel sy-5ea5fc54. {ENDS}")
@click.argument("order", metavar="ORDER")
@portfolio_option
def cancel(order: str, file: Path) -> None:
    """Cancel an order by its id or the beginning of it."""
    from steelyard import bootstrap
    from steelyard.app.trading.sync import cancel as cancel_order
    from steelyard.app.trading.sync import find_order

    with bootstrap.desk(file) as (desk, _, _), desk.book.sole_run():
        show_orders((cancel_order(desk, find_order(desk.book, order)),))


@click.command(epilog=f"Example: steelyard sync --json. {ENDS}")
@portfolio_option
@JSON
@click.option("--days", default=30, show_default=True, type=click.IntRange(0), help="Fills of so many days.")
def sync(file: Path, as_json: bool, days: int) -> None:
    """Ask the brokers for orders, fills, shares and cash; enter fills in the journal, report what differs.

    \b
    Fills of a ticket and of live accounts become entries of the journal where one is kept, each once.
    Trades on paper never do. A fill that may be in the journal by other means is shown, not entered.
    """
    from steelyard import bootstrap
    from steelyard.app.trading.sync import sync as bring_up

    with (
        bootstrap.desk(file) as (desk, settings, _),
        desk.book.sole_run(),
        bootstrap.fill_books(file, settings) as journal,
    ):
        report = bring_up(
            desk,
            lambda: bootstrap.portfolio(file).accounts,
            since=(now() - timedelta(days=days)).date(),
            journal=journal,
            over_after_hours=settings.terms.unknown_after_hours,
        )
    written = report.written or {}
    left_out = [left for w in written.values() for left in w.left_out]
    if as_json:
        rows = [
            {"account": d.account, "what": d.what, "ours": plain(d.ours), "theirs": plain(d.theirs)}
            for d in report.differences
        ]
        print_json(
            {
                "schema": "steelyard/sync/1",
                "changed": [order_document(o) for o in report.changed],
                "new_fills": report.new_fills,
                "journal": None
                if report.written is None
                else {
                    account: {
                        "added": w.added,
                        "known": w.known,
                        "older": w.older,
                        "left_out": [{"fill": left.fill.id, "why": left.why} for left in w.left_out],
                    }
                    for account, w in written.items()
                },
                "differences": rows,
                "unanswered": dict(report.unanswered),
            }
        )
    else:
        click.echo(f"{len(report.changed)} orders changed, {report.new_fills} new fills")
        for account, w in written.items():
            if w.added:
                noun = "entry" if w.added == 1 else "entries"
                click.echo(
                    f"{account}  {w.added} {noun} added to the journal; take back: steelyard undo --import"
                )
        for left in left_out:
            f = left.fill
            trade = f"{f.side} {plain(f.shares)} {f.symbol} at {plain(f.price)} {f.currency}"
            click.echo(f"{left.account}  not entered: {trade} of {f.at.date()}: {left.why}")
        for d in report.differences:
            click.echo(f"{d.account}  {d.what}: the file has {plain(d.ours)}, the broker {plain(d.theirs)}")
    for account, text in report.unanswered.items():
        click.echo(f"error[no-answer]: {account}: {text}\n\n  hint: try again later\n", err=True)
    if report.unanswered:
        sys.exit(5)
