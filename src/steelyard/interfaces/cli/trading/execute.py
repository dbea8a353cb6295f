"""The commands `execute`, `approve`, `arm`, `disarm`, `halt` and `resume`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from steelyard.domain.money import parse_number, plain
from steelyard.errors import InputError
from steelyard.interfaces.cli.trading.order_views import (
    ENDS,
    JSON,
    now,
    order_document,
    portfolio_option,
    print_json,
    show_orders,
)

if TYPE_CHECKING:
    from steelyard.app.trading.execute import Execution

_WHO = click.option("--who", metavar="NAME", help="Who approves.  [default: your login name]")


@click.command(epilog=f"Example: steelyard execute latest. {ENDS}")
@click.argument("plan", metavar="PLAN")
@portfolio_option
@JSON
@_WHO
@click.option("--live", is_flag=True, help="Send the orders; without it nothing is sent.")
@click.option("--unattended", is_flag=True, help="Nobody is looking: needs `arm`.")
def execute(plan: str, file: Path, as_json: bool, who: str | None, live: bool, unattended: bool) -> None:
    """Carry a saved plan out; a dry run unless --live is given.

    PLAN is the id a plan was saved under, the beginning of it, or `latest`. Called again, it goes on where
    it stopped. No order is ever sent twice.
    """
    from steelyard import bootstrap
    from steelyard.app.trading.execute import execute as carry_out

    with bootstrap.desk(file) as (desk, settings, holder):
        saved = desk.book.plan(plan)
        result = carry_out(
            desk,
            saved,
            bootstrap.market(file, holder, saved, settings),
            settings.terms,
            live=live,
            who=_who(who),
            unattended=unattended,
        )
    if as_json:
        print_json(_execution(result))
    else:
        click.echo(f"plan {saved.id[:12]}: {result.outcome}")
        show_orders(result.orders)
        if not live:
            click.echo("nothing was sent; send with --live", err=True)
        for account, what in result.left_to.items():
            again = f"steelyard execute {saved.id[:12]} --live"
            click.echo(f"next, for {account}: {what}; then run `{again}` again", err=True)
    for r in result.refusals:
        about = f"{r.symbol}: " if r.symbol else ""
        click.echo(f"error[{r.rule}]: {about}{r.text}\n\n  hint: {r.hint}\n", err=True)
    if result.refusals:
        sys.exit(4)


@click.command(epilog=f"Example: steelyard approve latest --who jun. {ENDS}")
@click.argument("plan", metavar="PLAN")
@portfolio_option
@_WHO
def approve(plan: str, file: Path, who: str | None) -> None:
    """Approve a saved plan, by its hash, without sending anything."""
    from steelyard import bootstrap

    with bootstrap.order_book(file) as book:
        saved = book.plan(plan)
        book.approve(saved.id, _who(who), now())
    click.echo(f"{_who(who)} approved {saved.id[:12]}", err=True)


@click.command(epilog=f"Example: steelyard arm --until 2026-12-31 --max-amount 5000000. {ENDS}")
@portfolio_option
@click.option("--until", required=True, metavar="DATE", help="Last day, included.")
@click.option("--max-amount", required=True, metavar="AMOUNT", help="Most traded in all, base currency.")
def arm(file: Path, until: str, max_amount: str) -> None:
    """Give leave to execute unattended, until a date and up to an amount."""
    from steelyard import bootstrap
    from steelyard.domain.days import read_day
    from steelyard.domain.trading.saved_plans import Arming

    try:
        day, amount = read_day(until), parse_number(max_amount)
    except ValueError as error:
        raise InputError("arming", str(error), "write --until 2026-12-31 --max-amount 5000000") from None
    if day < now().date():
        raise InputError("arming", f"{day} is over", f"write --until {now().date()} or a later day")
    if amount <= 0:
        raise InputError("arming", f"{plain(amount)} is not above 0", "write --max-amount 5000000")
    with bootstrap.order_book(file) as book:
        book.arm(Arming(day, amount), now())
    click.echo(f"armed until {day} for {plain(amount)}", err=True)


@click.command(epilog=f"Example: steelyard disarm. {ENDS}")
@portfolio_option
def disarm(file: Path) -> None:
    """Take the leave to execute unattended back."""
    from steelyard import bootstrap

    with bootstrap.order_book(file) as book:
        book.disarm(now())
    click.echo("disarmed", err=True)


@click.command(epilog=f"Example: steelyard halt 'prices look wrong'. {ENDS}")
@click.argument("why", required=False, default="halted by the owner")
@portfolio_option
def halt(why: str, file: Path) -> None:
    """Cancel what is open and refuse everything until `resume`."""
    from steelyard import bootstrap
    from steelyard.app.trading.sync import halt as stop

    # Written down first and alone: a broken portfolio file must not keep the switch from working.
    with bootstrap.order_book(file) as book:
        book.halt(why, now())
    click.echo("halted", err=True)
    with bootstrap.desk(file) as (desk, _, _):
        orders, failed = stop(desk, why)
    show_orders(orders)
    for order_id, text in failed.items():
        click.echo(f"error[not-cancelled]: {order_id[:12]}: {text}\n\n  hint: see the broker\n", err=True)
    if failed:
        sys.exit(5)


@click.command(epilog=f"Example: steelyard resume. {ENDS}")
@portfolio_option
def resume(file: Path) -> None:
    """Lift the halt."""
    from steelyard import bootstrap

    with bootstrap.order_book(file) as book:
        book.resume(now())
    click.echo("resumed", err=True)


def _who(name: str | None) -> str:
    import getpass

    return name or getpass.getuser()


def _execution(result: Execution) -> dict[str, Any]:
    return {
        "schema": "steelyard/execution/1",
        "plan": result.plan.id,
        "live": result.live,
        "outcome": result.outcome,
        "orders": [order_document(o) for o in result.orders],
        "refusals": [
            {"rule": r.rule, "order": r.order_id, "symbol": r.symbol, "text": r.text, "hint": r.hint}
            for r in result.refusals
        ],
        "left_to": [{"account": account, "do": what} for account, what in result.left_to.items()],
    }
