"""The command `values`: the real account over time, from what the scheduled job recorded."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import click

import steelyard
from steelyard.domain.shown import cell
from steelyard.errors import InputError, unwritable
from steelyard.interfaces import language
from steelyard.interfaces.language import echo, json_text, padded, tell
from steelyard.words import say

if TYPE_CHECKING:
    from steelyard.app.books.performance import ValueHistory

_COLUMNS = (
    "day", "total_value", "cash", "paid_in", "largest_drift", "due", "return", "growth", "rebalanced",
)  # fmt: skip


@click.command(
    epilog="Example: steelyard values portfolio.toml --csv > values.csv. Exit status: 0 done; "
    "2 a file or flag is wrong; 3 the database cannot be used."
)
@click.argument(
    "path", metavar="[FILE]", required=False, default="portfolio.toml", type=click.Path(path_type=Path)
)
@click.option("--csv", "as_csv", is_flag=True, help="One line a recorded day, for a spreadsheet.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document and nothing else.")
@click.option("--plot", type=click.Path(path_type=Path), metavar="OUT.png", help="Draw value and drift.")
def values(path: Path, as_csv: bool, as_json: bool, plot: Path | None) -> None:
    """Show value, deposits, drift and rebalances over time, and the return of the real account.

    Values are those that `steelyard run` recorded; deposits and trades are the journal's. For each
    rebalance done it says what it has brought by now, and what the account would be worth without it.
    """
    if as_csv and as_json:
        raise click.UsageError(tell(say("--csv and --json exclude each other")))
    found = steelyard.values(path)
    if plot is not None:
        draw(found, plot)
    if as_json:
        click.echo(json_text(found.to_dict()))
    elif as_csv:
        click.echo(as_table(found), nl=False)
    elif found.days:
        show(found)
    else:
        echo(say("nothing is recorded yet; run: steelyard run"), err=True)


def as_table(found: ValueHistory) -> str:
    """Return a line a recorded day, comma-separated."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_COLUMNS)
    before = ""
    for row in found.to_dict()["days"]:
        done = [str(r.day) for r in found.rebalances if before < str(r.day) <= row["day"]]
        fields = {**row, "due": "yes" if row["due"] else "no", "rebalanced": " ".join(done)}
        writer.writerow([cell(fields[name]) for name in _COLUMNS])
        before = row["day"]
    return out.getvalue()


def draw(found: ValueHistory, target: Path) -> None:
    """Write value and drift over time as a PNG file.

    Raises:
        InputError: Fewer than two days are recorded (`no-history`), or it cannot be written.
    """
    if len(found.days) < 2:
        raise InputError(
            "no-history",
            say("fewer than two days are recorded: nothing to draw"),
            say("run: {command}", command="steelyard run"),
        )
    from steelyard.interfaces.pictures.portfolio import values_png

    try:
        target.write_bytes(values_png(found))
    except OSError as error:
        raise unwritable(target, error) from None
    echo(say("wrote {target}", target=target), err=True)


def show(found: ValueHistory) -> None:
    """Print the recorded days, when a rebalance was due, what was done and what it brought."""
    from steelyard.interfaces.cli.tables import money, percent

    code = found.currency
    heads = (
        (say("day"), -10),
        (say("value"), 22),
        (say("paid in"), 20),
        (say("drift"), 8),
        (say("return"), 9),
    )
    echo(" ".join(padded(head, abs(cells), right=cells > 0) for head, cells in heads))
    for d in found.days:
        change = "" if d.change is None else f"{percent(d.change, sign=True)} %"
        paid = money(d.paid_in, code) if d.paid_in else ""
        mark = f"  {tell(say('due'))}" if d.due else ""
        if d.recorded is not None:
            text = say("corrected: {recorded} was recorded", recorded=money(d.recorded, code))
            mark += f"  {language.tell(text)}"
        drift = f"{percent(d.largest_drift)} %"
        click.echo(f"{d.day} {money(d.total, code):>22} {paid:>20} {drift:>8} {change:>9}{mark}")
    for stretch in found.drifted:
        span = (
            say("{first} to {last}", first=stretch.since, last=stretch.until)
            if stretch.until != stretch.since
            else str(stretch.since)
        )
        if stretch.rebalanced_on:
            done: str = say("rebalanced {day}", day=stretch.rebalanced_on)
        else:
            done = say("nothing was done") if stretch.over else say("nothing was done yet")
        drift = percent(stretch.largest)
        echo(say("due {span}, drift up to {drift} %: {done}", span=span, drift=drift, done=done))
    for r in found.rebalances:
        since: str = say(", due since {day}", day=r.due_since) if r.due_since else ""
        brought: str = ""
        if r.effect is not None and r.without is not None:
            brought = say(
                "; by now it has brought {effect}: without it the account would be worth {without} today",
                effect=money(r.effect, code),
                without=money(r.without, code),
            )
        text = say(
            "rebalanced {day}{since}: {sold} into {bought}{brought}",
            day=r.day,
            since=since,
            sold=tuple(r.sold),
            bought=tuple(r.bought),
            brought=brought,
        )
        echo(text)
    if found.time_weighted is not None:
        echo(f"{padded(say('time-weighted return'), 22)} {percent(found.time_weighted, sign=True)} %")
    for label, rate in (
        (say("a year"), found.time_weighted_yearly),
        (say("money-weighted, a year"), found.money_weighted),
    ):
        if rate is not None:
            echo(f"{padded(label, 22)} {percent(Decimal(repr(rate)), sign=True)} %")
    for note in found.notes:
        echo(say("note: {note}", note=note), err=True)
