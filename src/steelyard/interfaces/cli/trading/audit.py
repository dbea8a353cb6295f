"""The commands `audit verify`, `show`, `replay` and `report`."""

from __future__ import annotations

import csv
import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from steelyard.domain.money import plain
from steelyard.interfaces.cli.trading.order_views import ENDS, JSON, portfolio_option, print_json

if TYPE_CHECKING:
    from steelyard.app.trading.trade_report import TradeReport
    from steelyard.domain.trading.saved_plans import SavedPlan


@click.group()
def audit() -> None:
    """Verify and read the record of everything that was decided, sent and answered."""


@audit.command(epilog=f"Example: steelyard audit verify. {ENDS}")
@portfolio_option
def verify(file: Path) -> None:
    """Check that the record is whole; name the first broken link when it is not."""
    from steelyard import bootstrap
    from steelyard.app.trading.sync import verify as check

    with bootstrap.order_book(file) as book:
        broken, (count, _) = check(book), book.head()
    if broken is None:
        click.echo(f"whole: {count} links")
        return
    text = f"error[audit-broken]: link {broken.number}: {broken.why}"
    click.echo(f"{text}\n\n  hint: compare with a backup from before\n", err=True)
    sys.exit(4)


@audit.command(epilog=f"Example: steelyard audit show latest. {ENDS}")
@click.argument("plan", metavar="PLAN")
@portfolio_option
@JSON
def show(plan: str, file: Path, as_json: bool) -> None:
    """Tell the whole story of a plan."""
    from steelyard import bootstrap
    from steelyard.app.trading.sync import describe, story

    with bootstrap.order_book(file) as book:
        plan_id = book.plan(plan).id
        entries = story(book, plan_id)
    if as_json:
        print_json({"schema": "steelyard/audit/1", "plan": plan_id, "entries": entries})
    else:
        for entry in entries:
            click.echo(describe(entry))


@audit.command(epilog=f"Example: steelyard audit replay latest. {ENDS}")
@click.argument("plan", metavar="PLAN")
@portfolio_option
def replay(plan: str, file: Path) -> None:
    """Make a saved plan again from what it was saved with, and compare the bytes.

    The words of the file, the options and the fetched prices are the saved ones; the journal is taken as far
    as it had been written then.
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
    hint = "look for another version of steelyard, or a catalogue or tax data changed since"
    click.echo(f"{text}\n\n  hint: {hint}\n", err=True)
    sys.exit(4)


def _planned_again(file: Path, saved: SavedPlan) -> SavedPlan:
    import steelyard
    from steelyard import bootstrap

    options = saved.inputs["options"]
    drift = options["accept_drift"]
    if drift is None and options["save_tax"]:
        drift = "0.5%"
    elif drift is None and options["harvest"]:
        drift = "0"
    holder = bootstrap.past_portfolio(file, saved.inputs)
    made = steelyard.plan(
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
    )
    return bootstrap.plan_to_save(holder, made, options["account"], saved.inputs)


@audit.command(epilog=f"Example: steelyard audit report --quarter 2026Q4. {ENDS}")
@portfolio_option
@click.option("--quarter", required=True, metavar="2026Q4", help="Year and quarter.")
@JSON
@click.option("--csv", "as_csv", is_flag=True, help="A CSV, one line for each trade.")
def report(file: Path, quarter: str, as_json: bool, as_csv: bool) -> None:
    """Match every trade of a quarter to the rule that caused it.

    A trade is an order that filled, in part or in full. A fill that the broker reported (see `sync`) and no
    order of ours explains is one, too: it has no rule.
    """
    from steelyard import bootstrap
    from steelyard.app.trading.trade_report import trade_report

    with bootstrap.order_book(file) as book:
        found = trade_report(book, quarter)
    if as_json:
        print_json(_report(found))
    elif as_csv:
        rows = _rows(found)
        writer = csv.DictWriter(sys.stdout, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(
            {
                **r,
                "rules": " ".join(r["rules"]),
                "why": "; ".join(r["why"]),
                "approved_by": " ".join(r["approved_by"]),
            }
            for r in rows
        )
    else:
        _show_report(found)


COLUMNS = (
    "traded_on", "account", "symbol", "side", "shares", "price", "currency", "amount", "fees", "rules", "why",
    "reason", "approved_by", "plan", "order",
)  # fmt: skip


def _rows(found: TradeReport) -> list[dict[str, Any]]:
    return [
        {
            "traded_on": t.traded_on.isoformat(),
            "account": t.account,
            "symbol": t.symbol,
            "side": t.side,
            "shares": plain(t.shares),
            "price": plain(t.price),
            "currency": t.currency,
            "amount": plain(t.amount),
            "fees": plain(t.fees),
            "rules": list(dict.fromkeys(rule for rule, _ in t.causes)),
            "why": [text for _, text in t.causes],
            "reason": t.reason,
            "approved_by": list(t.approved_by),
            "plan": t.plan_id,
            "order": t.order_id,
        }
        for t in found.trades
    ]


def _report(found: TradeReport) -> dict[str, Any]:
    return {
        "schema": "steelyard/trade-report/1",
        "quarter": found.quarter,
        "from": found.first.isoformat(),
        "to": found.last.isoformat(),
        "trades": _rows(found),
        "unmatched": sum(not t.causes for t in found.trades),
        "audit_whole": found.broken is None,
    }


def _show_report(found: TradeReport) -> None:
    click.echo(f"Trades of {found.quarter} ({found.first} to {found.last})\n")
    for t in found.trades:
        click.echo(
            f"{t.traded_on}  {t.account}  {t.side:<4} {plain(t.shares):>6} {t.symbol:<8} "
            f"{plain(t.amount)} {t.currency}, fees {plain(t.fees)}"
        )
        if not t.causes:
            click.echo("            no rule: no order of ours explains it")
        for rule, text in t.causes:
            click.echo(f"            {rule}: {text}")
        if t.reason:
            click.echo(f"            {t.reason}")
        if t.plan_id:
            click.echo(
                f"            plan {t.plan_id[:12]}, approved by {', '.join(t.approved_by) or 'nobody'}"
            )
    unmatched = sum(not t.causes for t in found.trades)
    click.echo(f"{len(found.trades)} trades, {unmatched} without a rule")
    if found.broken is not None:
        click.echo(f"the audit record is broken at link {found.broken.number}: {found.broken.why}", err=True)
