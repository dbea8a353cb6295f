"""The commands `audit verify`, `show`, `replay` and `report`."""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import steelyard
from steelyard.domain.money import plain
from steelyard.domain.shown import cell
from steelyard.interfaces.cli.trading.order_views import ENDS, JSON, portfolio_option, print_json
from steelyard.interfaces.language import current, echo, fault, padded, tell
from steelyard.interfaces.vocabulary import FACTS, LINKS, SIDES, STATES
from steelyard.languages.kept import again
from steelyard.words import Text, say

if TYPE_CHECKING:
    from collections.abc import Mapping

    from steelyard.app.trading.trade_report import TradeReport


@click.group()
def audit() -> None:
    """Verify and read the record of everything that was decided, sent and answered."""


@audit.command(epilog=f"Example: steelyard audit verify. {ENDS}")
@portfolio_option
@click.option(
    "--head",
    metavar="'COUNT HASH'",
    help="The head as an alert gave it; checks that the record continues from it.",
)
def verify(file: Path, head: str | None) -> None:
    """Check that the record is whole; name the first broken link when it is not.

    It is held to itself, to its anchor beside the database, and to the orders, approvals, halt and arming
    there.
    """
    found = steelyard.verify_audit(file, head=head)
    if found.broken is None:
        echo(say("whole: {links} links", links=found.links))
        echo(say("head: {links} {last}", links=found.links, last=found.last[:32]))
        return
    broken = found.broken
    fault(
        "audit-broken",
        say("link {number}: {why}", number=broken.number, why=broken.why),
        say("compare with a backup from before"),
    )
    sys.exit(4)


@audit.command(epilog=f"Example: steelyard audit anchor. {ENDS}")
@portfolio_option
def anchor(file: Path) -> None:
    """Write the anchor beside the database anew, once you have looked why it differs."""
    found = steelyard.anchor_audit(file)
    echo(say("anchored: {links} links, {last}", links=found.links, last=found.last[:32]), err=True)


@audit.command(epilog=f"Example: steelyard audit show latest. {ENDS}")
@click.argument("plan", metavar="PLAN")
@portfolio_option
@JSON
def show(plan: str, file: Path, as_json: bool) -> None:
    """Show everything recorded about a plan."""
    found = steelyard.audit(file, plan)
    if as_json:
        print_json(found.to_dict())
    else:
        for entry in found.entries:
            click.echo(described(entry))


def described(entry: Mapping[str, Any]) -> str:
    """Return one line for people on an entry of the record."""
    words = [
        f"{tell(FACTS.get(k, k))} {_worded(v)}"
        for k, v in entry["body"].items()
        if k not in {"order", "broker_id"} and v not in ("", None)
    ]
    kind = padded(LINKS.get(entry["kind"], entry["kind"]), 12)
    return f"{entry['at'][:19]}  {kind} {', '.join(words)}"


def _worded(value: object) -> str:
    """A refusal is its text; what was kept in English is said in the language asked for."""
    if isinstance(value, bool):
        return tell(say("yes") if value else say("no"))
    if isinstance(value, list):
        return "; ".join(map(_worded, value))
    if isinstance(value, dict):
        text = value.get("text")
        return _worded(text) if text else ", ".join(f"{k} {_worded(v)}" for k, v in value.items())
    text = str(value)
    known = SIDES.get(text) or STATES.get(text)
    return tell(known) if known else _said(text)


def _said(text: str) -> str:
    """Return what was kept with a plan or in the record, which is English, in the language asked for."""
    return tell(text) if isinstance(text, Text) else again(text, current())


@audit.command(epilog=f"Example: steelyard audit replay latest. {ENDS}")
@click.argument("plan", metavar="PLAN")
@portfolio_option
def replay(plan: str, file: Path) -> None:
    """Make a saved plan again from what it was saved with, and compare the bytes.

    The words of the file, the options and the fetched prices are the saved ones; the journal is taken as far
    as it had been written then.
    """
    found = steelyard.replay(file, plan)
    name = found.saved.id[:12]
    if not found.differs:
        size = len(found.saved.text.encode())
        echo(say("the same plan again: {name}, {size} of {size} bytes", name=name, size=size))
        return
    text = say("replanned, {name} differs in {differs}", name=name, differs=", ".join(found.differs))
    hint = say("look for another version of steelyard, or a catalogue or tax data changed since")
    fault("replay-differs", text, hint)
    sys.exit(4)


@audit.command(epilog=f"Example: steelyard audit report --quarter 2026Q4. {ENDS}")
@portfolio_option
@click.option("--quarter", required=True, metavar="2026Q4", help="Year and quarter.")
@JSON
@click.option("--csv", "as_csv", is_flag=True, help="A CSV, one line for each trade.")
def report(file: Path, quarter: str, as_json: bool, as_csv: bool) -> None:
    """Match every trade of a quarter to the rule that caused it.

    A trade is an order that filled, in part or in full. A fill that the broker reported (see `sync`) and no
    Steelyard order matches is one, too: it has no rule.
    """
    found = steelyard.trade_report(file, quarter)
    if as_json:
        print_json(found.to_dict())
    elif as_csv:
        rows = found.to_dict()["trades"]
        writer = csv.DictWriter(sys.stdout, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(
            {
                **{name: cell(value) for name, value in r.items()},
                "rules": cell(" ".join(r["rules"])),
                "why": cell("; ".join(r["why"])),
                "approved_by": cell(" ".join(r["approved_by"])),
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
    echo(
        say(
            "Trades of {quarter} ({first} to {last})",
            quarter=found.quarter,
            first=found.first,
            last=found.last,
        )
    )
    click.echo()
    for t in found.trades:
        amounts = f"{plain(t.shares):>6} {t.symbol:<8} {plain(t.amount)} {t.currency}"
        fees = tell(say("fees {fees}", fees=plain(t.fees)))
        echo(f"{t.traded_on}  {t.account}  {padded(SIDES[t.side], 4)} {amounts}, {fees}")
        if not t.causes:
            echo("            " + tell(say("no rule: no Steelyard order matches it")))
        for rule, text in t.causes:
            echo(f"            {rule}: {_said(text)}")
        if t.reason:
            echo(f"            {_said(t.reason)}")
        if t.plan_id:
            click.echo(
                "            "
                + tell(
                    say(
                        "plan {plan}, approved by {who}",
                        plan=t.plan_id[:12],
                        who=tuple(t.approved_by) or say("nobody"),
                    )
                )
            )
    echo(
        say(
            "{trades} trades, {unmatched} without a rule", trades=len(found.trades), unmatched=found.unmatched
        )
    )
    if found.broken is not None:
        echo(
            say(
                "the audit record is broken at link {number}: {why}",
                number=found.broken.number,
                why=found.broken.why,
            ),
            err=True,
        )
