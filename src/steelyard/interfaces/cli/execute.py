"""The commands around brokers: from `execute` and `halt` to `orders`, `sync` and `audit`."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from steelyard.domain.money import parse_number, plain
from steelyard.errors import InputError

if TYPE_CHECKING:
    from steelyard.app.execute import Execution
    from steelyard.domain.orders import Order
    from steelyard.domain.saved_plans import SavedPlan

_ENDS = (
    "Exit status: 0 done; 2 a file or flag is wrong; 3 a price is missing; 4 the plan is refused, "
    "or the audit record is broken; 5 a broker failed or the database is locked."
)


def _file(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--portfolio",
        "file",
        type=click.Path(path_type=Path),
        default="portfolio.toml",
        show_default=True,
        help="The portfolio file.",
    )(command)


_JSON = click.option("--json", "as_json", is_flag=True, help="One JSON document and nothing else.")
_WHO = click.option("--who", metavar="NAME", help="Who approves.  [default: your login name]")


@click.command(epilog=f"Example: steelyard execute latest. {_ENDS}")
@click.argument("plan", metavar="PLAN")
@_file
@_JSON
@_WHO
@click.option("--live", is_flag=True, help="Send the orders; without it nothing is sent.")
@click.option("--unattended", is_flag=True, help="Nobody is looking: needs `arm`.")
def execute(plan: str, file: Path, as_json: bool, who: str | None, live: bool, unattended: bool) -> None:
    """Carry a saved plan out; a dry run unless --live is given.

    PLAN is the id a plan was saved under, the beginning of it, or `latest`. Called again, it goes on where
    it stopped. No order is ever sent twice.
    """
    from steelyard import bootstrap
    from steelyard.app.execute import execute as carry_out

    with bootstrap.desk(file) as (desk, settings, holder):
        saved = desk.book.plan(plan)
        result = carry_out(
            desk,
            saved,
            bootstrap.market(file, holder),
            settings.terms,
            live=live,
            who=_who(who),
            unattended=unattended,
        )
    if as_json:
        _print(_execution(result))
    else:
        click.echo(f"plan {saved.id[:12]}: {result.outcome}")
        _show_orders(result.orders)
        if not live:
            click.echo("nothing was sent; send with --live", err=True)
    for r in result.refusals:
        about = f"{r.symbol}: " if r.symbol else ""
        click.echo(f"error[{r.rule}]: {about}{r.text}\n\n  hint: {r.hint}\n", err=True)
    if result.refusals:
        sys.exit(4)


@click.command(epilog=f"Example: steelyard approve latest --who jun. {_ENDS}")
@click.argument("plan", metavar="PLAN")
@_file
@_WHO
def approve(plan: str, file: Path, who: str | None) -> None:
    """Approve a saved plan, by its hash, without sending anything."""
    from steelyard import bootstrap

    with bootstrap.order_book(file) as book:
        saved = book.plan(plan)
        book.approve(saved.id, _who(who), _now())
    click.echo(f"{_who(who)} approved {saved.id[:12]}", err=True)


@click.command(epilog=f"Example: steelyard arm --until 2026-12-31 --max-amount 5000000. {_ENDS}")
@_file
@click.option("--until", required=True, metavar="DATE", help="Last day, included.")
@click.option("--max-amount", required=True, metavar="AMOUNT", help="Most traded in all, base currency.")
def arm(file: Path, until: str, max_amount: str) -> None:
    """Give leave to execute unattended, until a date and up to an amount."""
    from steelyard import bootstrap
    from steelyard.domain.saved_plans import Arming

    try:
        day, amount = date.fromisoformat(until), parse_number(max_amount)
    except ValueError as error:
        raise InputError("arming", str(error), "write --until 2026-12-31 --max-amount 5000000") from None
    if day < _now().date() or amount <= 0:
        raise InputError("arming", "the day is over or the amount is not above 0", "give others")
    with bootstrap.order_book(file) as book:
        book.arm(Arming(day, amount), _now())
    click.echo(f"armed until {day} for {plain(amount)}", err=True)


@click.command(epilog=f"Example: steelyard halt 'prices look wrong'. {_ENDS}")
@click.argument("why", required=False, default="halted by the owner")
@_file
def halt(why: str, file: Path) -> None:
    """Cancel what is open and refuse everything until `resume`."""
    from steelyard import bootstrap
    from steelyard.app.sync import halt as stop

    # Written down first and alone: a broken portfolio file must not keep the switch from working.
    with bootstrap.order_book(file) as book:
        book.halt(why, _now())
    click.echo("halted", err=True)
    with bootstrap.desk(file) as (desk, _, _):
        orders, failed = stop(desk, why)
    _show_orders(orders)
    for order_id, text in failed.items():
        click.echo(f"error[not-cancelled]: {order_id[:12]}: {text}\n\n  hint: see the broker\n", err=True)
    if failed:
        sys.exit(5)


@click.command(epilog=f"Example: steelyard resume. {_ENDS}")
@_file
def resume(file: Path) -> None:
    """Lift the halt."""
    from steelyard import bootstrap

    with bootstrap.order_book(file) as book:
        book.resume(_now())
    click.echo("resumed", err=True)


@click.command(epilog=f"Example: steelyard orders --json. {_ENDS}")
@_file
@_JSON
@click.option("--plan", "plan", metavar="PLAN", help="Only those of one plan.")
def orders(file: Path, as_json: bool, plan: str | None) -> None:
    """List the orders and what became of them."""
    from steelyard import bootstrap

    with bootstrap.order_book(file) as book:
        found = book.orders(None if plan is None else book.plan(plan).id)
    if as_json:
        _print({"schema": "steelyard/orders/1", "orders": [_order(o) for o in found]})
    else:
        _show_orders(found)


@click.command(epilog=f"Example: steelyard cancel sy-5ea5fc54. {_ENDS}")
@click.argument("order", metavar="ORDER")
@_file
def cancel(order: str, file: Path) -> None:
    """Cancel an order by its id or the beginning of it."""
    from steelyard import bootstrap
    from steelyard.app.sync import cancel as cancel_order
    from steelyard.app.sync import find_order

    with bootstrap.desk(file) as (desk, _, _), desk.book.sole_run():
        _show_orders((cancel_order(desk, find_order(desk.book, order)),))


@click.command(epilog=f"Example: steelyard sync --json. {_ENDS}")
@_file
@_JSON
@click.option("--days", default=30, show_default=True, type=click.IntRange(0), help="Fills of so many days.")
def sync(file: Path, as_json: bool, days: int) -> None:
    """Ask the brokers for orders, fills, shares and cash, and report what differs from the file."""
    from steelyard import bootstrap
    from steelyard.app.sync import sync as compare

    with bootstrap.desk(file) as (desk, _, holder), desk.book.sole_run():
        shares = {a.name: {p.symbol: p.shares for p in a.positions} for a in holder.accounts}
        cash = {a.name: dict(a.cash) for a in holder.accounts}
        report = compare(desk, shares, cash, since=(_now() - timedelta(days=days)).date())
    if as_json:
        rows = [
            {"account": d.account, "what": d.what, "ours": plain(d.ours), "theirs": plain(d.theirs)}
            for d in report.differences
        ]
        _print(
            {
                "schema": "steelyard/sync/1",
                "changed": [_order(o) for o in report.changed],
                "new_fills": report.new_fills,
                "differences": rows,
                "unanswered": dict(report.unanswered),
            }
        )
    else:
        click.echo(f"{len(report.changed)} orders changed, {report.new_fills} new fills")
        for d in report.differences:
            click.echo(f"{d.account}  {d.what}: the file has {plain(d.ours)}, the broker {plain(d.theirs)}")
    for account, text in report.unanswered.items():
        click.echo(f"error[no-answer]: {account}: {text}\n\n  hint: try again later\n", err=True)
    if report.unanswered:
        sys.exit(5)


@click.group()
def audit() -> None:
    """Verify and read the record of everything that was decided, sent and answered."""


@audit.command(epilog=f"Example: steelyard audit verify. {_ENDS}")
@_file
def verify(file: Path) -> None:
    """Check that the record is whole; name the first broken link when it is not."""
    from steelyard import bootstrap
    from steelyard.app.sync import verify as check

    with bootstrap.order_book(file) as book:
        broken, (count, _) = check(book), book.head()
    if broken is None:
        click.echo(f"whole: {count} links")
        return
    text = f"error[audit-broken]: link {broken.number}: {broken.why}"
    click.echo(f"{text}\n\n  hint: compare with a backup from before\n", err=True)
    sys.exit(4)


@audit.command(epilog=f"Example: steelyard audit show latest. {_ENDS}")
@click.argument("plan", metavar="PLAN")
@_file
@_JSON
def show(plan: str, file: Path, as_json: bool) -> None:
    """Tell the whole story of a plan."""
    from steelyard import bootstrap
    from steelyard.app.sync import describe, story

    with bootstrap.order_book(file) as book:
        plan_id = book.plan(plan).id
        entries = story(book, plan_id)
    if as_json:
        _print({"schema": "steelyard/audit/1", "plan": plan_id, "entries": entries})
    else:
        for entry in entries:
            click.echo(describe(entry))


@audit.command(epilog=f"Example: steelyard audit replay latest. {_ENDS}")
@click.argument("plan", metavar="PLAN")
@_file
def replay(plan: str, file: Path) -> None:
    """Make a saved plan again from what it was saved with, and compare the bytes.

    The words of the file and the options are the saved ones; a journal or fetched prices are taken from the
    database as it is now.
    """
    from steelyard import bootstrap

    with bootstrap.order_book(file) as book:
        saved = book.plan(plan)
    again = _planned_again(file, saved)
    if again.text == saved.text:
        size = len(saved.text.encode())
        click.echo(f"the same plan again: {saved.id[:12]}, {size} of {size} bytes")
        return
    names = ("as_of", "targets", "policy", "cash", "shares", "prices", "fx", "trades")
    parts = [n for n in names if getattr(again, n) != getattr(saved, n)] or ["its costs or figures"]
    text = f"error[replay-differs]: made again, {saved.id[:12]} differs in {', '.join(parts)}"
    hint = "look for a journal or prices entered since, or another version of steelyard"
    click.echo(f"{text}\n\n  hint: {hint}\n", err=True)
    sys.exit(4)


def _planned_again(file: Path, saved: SavedPlan) -> SavedPlan:
    from steelyard import api, bootstrap
    from steelyard.app.saved_plans import saved_plan

    options = saved.inputs["options"]
    drift = options["accept_drift"]
    if drift is None and options["save_tax"]:
        drift = "0.5%"
    elif drift is None and options["harvest"]:
        drift = "0"
    with bootstrap.past_file(file, saved.inputs) as past:
        holder = api.load(past)
        made = api.plan(
            holder,
            cash=options["cash"],
            as_of=date.fromisoformat(options["as_of"]),
            account=options["account"],
            can_buy=not options["no_buy"],
            can_sell=not options["no_sell"],
            fractional=options["fractional"],
            objective=options["objective"],
            policy_gate=options["policy_gate"],
            max_tax=options["max_tax"],
            max_gain=options["max_gain"],
            allow_wash_sales=options.get("allow_wash_sales", False),
            accept_drift=drift,
            journal=bootstrap.journal_path(past),
        )
    return saved_plan(holder, made, flow_account=options["account"], inputs=saved.inputs)


def _who(name: str | None) -> str:
    import getpass

    return name or getpass.getuser()


def _now() -> datetime:
    return datetime.now(UTC)


def _print(document: dict[str, Any]) -> None:
    click.echo(json.dumps(document, ensure_ascii=False, indent=1))


def _order(o: Order) -> dict[str, Any]:
    return {
        "id": o.id,
        "plan": o.plan_id,
        "account": o.account,
        "symbol": o.symbol,
        "side": o.side,
        "shares": plain(o.shares),
        "limit": None if o.limit is None else plain(o.limit),
        "currency": o.currency,
        "state": o.state,
        "filled": plain(o.filled),
        "paid": plain(o.paid),
        "fees": plain(o.fees),
        "note": o.note,
    }


def _execution(result: Execution) -> dict[str, Any]:
    return {
        "schema": "steelyard/execution/1",
        "plan": result.plan.id,
        "live": result.live,
        "outcome": result.outcome,
        "orders": [_order(o) for o in result.orders],
        "refusals": [
            {"rule": r.rule, "order": r.order_id, "symbol": r.symbol, "text": r.text, "hint": r.hint}
            for r in result.refusals
        ],
    }


def _show_orders(found: tuple[Order, ...]) -> None:
    for o in found:
        limit = "market" if o.limit is None else f"limit {plain(o.limit)} {o.currency}"
        filled = f", {plain(o.filled)} filled" if o.filled else ""
        note = f" ({o.note})" if o.note else ""
        click.echo(
            f"{o.id[:11]}  {o.account}  {o.side:<4} {plain(o.shares):>6} {o.symbol:<8} {limit}  "
            f"{o.state.replace('_', ' ')}{filled}{note}"
        )
