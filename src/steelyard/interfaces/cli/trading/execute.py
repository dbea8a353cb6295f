"""The commands `execute`, `approve`, `arm`, `disarm`, `halt` and `resume`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

import steelyard
from steelyard.domain.money import parse_number, plain
from steelyard.errors import InputError
from steelyard.interfaces.cli.trading.order_views import (
    ENDS,
    JSON,
    portfolio_option,
    print_json,
    show_orders,
)
from steelyard.interfaces.language import echo, fault
from steelyard.interfaces.vocabulary import OUTCOMES
from steelyard.words import join, say

_WHO = click.option("--who", metavar="NAME", help="Who approves.  [default: your login name]")


@click.command(epilog=f"Example: steelyard execute latest. {ENDS}")
@click.argument("plan", metavar="PLAN")
@portfolio_option
@JSON
@_WHO
@click.option("--live", is_flag=True, help="Send the orders; without it nothing is sent.")
@click.option("--unattended", is_flag=True, help="Run with nobody watching: needs `arm`.")
def execute(plan: str, file: Path, as_json: bool, who: str | None, live: bool, unattended: bool) -> None:
    """Carry a saved plan out; a dry run unless --live is given.

    PLAN is the id a plan was saved under, the beginning of it, or `latest`. Called again, it goes on where
    it stopped. No order is ever sent twice.
    """
    result = steelyard.execute(file, plan, live=live, who=who, unattended=unattended)
    short = result.plan.id[:12]
    if as_json:
        print_json(result.to_dict())
    else:
        echo(say("plan {plan}: {outcome}", plan=short, outcome=OUTCOMES[result.outcome]))
        show_orders(result.orders)
        if not live:
            echo(say("nothing was sent; send with --live"), err=True)
        for account, what in result.left_to.items():
            again = f"steelyard execute {short} --live"
            echo(
                say(
                    "next, for {account}: {what}; then run `{again}` again",
                    account=account,
                    what=what,
                    again=again,
                ),
                err=True,
            )
    for r in result.refusals:
        about = f"{r.symbol}: " if r.symbol else ""
        fault(r.rule, join("", (about, r.text)), r.hint)
    if result.refusals:
        sys.exit(4)


@click.command(epilog=f"Example: steelyard approve latest --who jun. {ENDS}")
@click.argument("plan", metavar="PLAN")
@portfolio_option
@_WHO
def approve(plan: str, file: Path, who: str | None) -> None:
    """Approve a saved plan, by its hash, without sending anything."""
    import getpass

    name = who or getpass.getuser()
    saved = steelyard.approve(file, plan, who=name)
    echo(say("{name} approved {saved}", name=name, saved=saved[:12]), err=True)


@click.command(epilog=f"Example: steelyard arm --until 2026-12-31 --max-amount 5000000. {ENDS}")
@portfolio_option
@click.option("--until", required=True, metavar="DATE", help="Last day, included.")
@click.option(
    "--max-amount", required=True, metavar="AMOUNT", help="Largest amount traded in all, in base currency."
)
def arm(file: Path, until: str, max_amount: str) -> None:
    """Allow unattended execution, until a date and up to an amount."""
    from steelyard.domain.days import read_day

    try:
        day, amount = read_day(until), parse_number(max_amount)
    except ValueError as error:
        raise InputError(
            "arming", error.args[0], say("write --until 2026-12-31 --max-amount 5000000")
        ) from None
    steelyard.arm(file, until=day, max_amount=amount)
    echo(say("armed until {day} for {amount}", day=day, amount=plain(amount)), err=True)


@click.command(epilog=f"Example: steelyard disarm. {ENDS}")
@portfolio_option
def disarm(file: Path) -> None:
    """Stop allowing unattended execution."""
    steelyard.disarm(file)
    echo(say("disarmed: nothing is executed unattended any more"), err=True)


@click.command(epilog=f"Example: steelyard halt 'prices look wrong'. {ENDS}")
@click.argument("why", required=False, default="halted by the owner")
@portfolio_option
def halt(why: str, file: Path) -> None:
    """Cancel open orders and refuse new ones until `resume`."""
    found = steelyard.halt(
        file, why, told=lambda: echo(say("halted: new orders are refused until `steelyard resume`"), err=True)
    )
    show_orders(found.orders)
    for order_id, text in found.failed.items():
        fault("not-cancelled", join(": ", (order_id[:12], text)), say("see the broker"))
    if found.failed:
        sys.exit(5)


@click.command(epilog=f"Example: steelyard resume. {ENDS}")
@portfolio_option
def resume(file: Path) -> None:
    """Lift the halt."""
    steelyard.resume(file)
    echo(say("resumed: orders are allowed again"), err=True)
