"""The commands `audit verify`, `show`, `replay` and `report`."""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from steelyard.domain.money import plain
from steelyard.interfaces.cli.trading.order_views import ENDS, JSON, portfolio_option, print_json

if TYPE_CHECKING:
    from steelyard.app.trading.trade_report import TradeReport


@click.group()
def audit() -> None:
    """Verify and read the record of everything that was decided, sent and answered."""


@audit.command(epilog=f"Example: steelyard audit verify. {ENDS}")
@portfolio_option
def verify(file: Path) -> None:
    """Check that the record is whole; name the first broken link when it is not."""
    import steelyard

    found = steelyard.verify_audit(file)
    if found.broken is None:
        click.echo(f"whole: {found.links} links")
        return
    broken = found.broken
    text = f"error[audit-broken]: link {broken.number}: {broken.why}"
    click.echo(f"{text}\n\n  hint: compare with a backup from before\n", err=True)
    sys.exit(4)


@audit.command(epilog=f"Example: steelyard audit show latest. {ENDS}")
@click.argument("plan", metavar="PLAN")
@portfolio_option
@JSON
def show(plan: str, file: Path, as_json: bool) -> None:
    """Tell the whole story of a plan."""
    import steelyard
    from steelyard.app.trading.sync import describe

    found = steelyard.audit(file, plan)
    if as_json:
        print_json(found.to_dict())
    else:
        for entry in found.entries:
            click.echo(describe(entry))


@audit.command(epilog=f"Example: steelyard audit replay latest. {ENDS}")
@click.argument("plan", metavar="PLAN")
@portfolio_option
def replay(plan: str, file: Path) -> None:
    """Make a saved plan again from what it was saved with, and compare the bytes.

    The words of the file, the options and the fetched prices are the saved ones; the journal is taken as far
    as it had been written then.
    """
    import steelyard

    found = steelyard.replay(file, plan)
    name = found.saved.id[:12]
    if not found.differs:
        size = len(found.saved.text.encode())
        click.echo(f"the same plan again: {name}, {size} of {size} bytes")
        return
    text = f"error[replay-differs]: made again, {name} differs in {', '.join(found.differs)}"
    hint = "look for another version of steelyard, or a catalogue or tax data changed since"
    click.echo(f"{text}\n\n  hint: {hint}\n", err=True)
    sys.exit(4)


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
    import steelyard

    found = steelyard.trade_report(file, quarter)
    if as_json:
        print_json(found.to_dict())
    elif as_csv:
        rows = found.to_dict()["trades"]
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
    click.echo(f"{len(found.trades)} trades, {found.unmatched} without a rule")
    if found.broken is not None:
        click.echo(f"the audit record is broken at link {found.broken.number}: {found.broken.why}", err=True)
