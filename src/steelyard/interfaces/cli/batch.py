"""The command `batch`: many accounts prepared, judged, planned and proven, from Parquet to Parquet.

Everything of Arrow and the compiled search is imported where it is used, behind `steelyard.batch`.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import click

import steelyard
from steelyard.interfaces.cli.options import epilog, print_json
from steelyard.interfaces.cli.typed import Day
from steelyard.interfaces.language import echo, tell
from steelyard.words import Text, say

if TYPE_CHECKING:
    from steelyard.api.batch import EngineName
    from steelyard.app.batch.run import Tally

REFUSALS = 11
"""Exit status: complete, and some accounts were refused."""
_PATH = click.Path(path_type=Path)
_threads = click.option("--threads", type=click.IntRange(1), help="Buckets at a time.  [default: processors]")
_engine = click.option(
    "--engine",
    type=click.Choice(["threads", "dask", "ray"]),
    default="threads",
    show_default=True,
    help="What works on the buckets: threads of this process, or a cluster's workers.",
)
_address = click.option(
    "--address", help="Address of a running cluster; without it one starts on this machine."
)
_json = click.option("--json", "as_json", is_flag=True, help="One JSON document and nothing else.")


@click.group(
    epilog=epilog(
        "steelyard batch prepare tables --out work --as-of 2026-11-23",
        "steelyard batch plan work --out plans",
        "steelyard batch reconcile work plans",
        ends=(0, 2, 3, 11),
    )
)
def batch() -> None:
    """Plan many accounts at once, each exactly: Parquet in, Parquet out."""


@batch.command(
    epilog=epilog(
        "steelyard batch prepare tables --out work --as-of 2026-11-23 --commission 0.1%",
        "steelyard batch prepare tables --out work --as-of 2026-11-23 --refuse",
        ends=(0, 2, 3),
    )
)
@click.argument("tables", metavar="IN", type=_PATH)
@click.option("--out", "work", required=True, type=_PATH, help="Folder for the buckets.")
@click.option("--as-of", required=True, type=Day(), help="The day of every plan.")
@click.option("--base-currency", default="USD", show_default=True, help="Everything is valued in it.")
@click.option(
    "--commission", default="0", show_default=True, help="Fraction of the traded value, such as 0.1%."
)
@click.option("--min-commission", default="0", show_default=True, help="Least commission of a trade.")
@click.option("--fx-spread", default="0", show_default=True, help="Fraction of the converted value.")
@click.option("--accept-drift", help="How much further from target is acceptable to save tax, such as 0.5%.")
@click.option("--refuse", is_flag=True, help="Keep going when accounts have errors; each of them is refused.")
@_threads
@_engine
@_address
@_json
def prepare(
    tables: Path,
    work: Path,
    as_of: date,
    base_currency: str,
    commission: str,
    min_commission: str,
    fx_spread: str,
    accept_drift: str | None,
    refuse: bool,
    threads: int | None,
    engine: EngineName,
    address: str | None,
    as_json: bool,
) -> None:
    """Bring the tables of folder IN into buckets of whole accounts.

    IN holds positions, accounts, models, prices, and perhaps rates, instruments and owners, each as
    NAME.parquet or a folder NAME of Parquet files; docs/guides/batch.md has their columns.
    """
    progress = _Progress(say("buckets"))
    made = steelyard.batch.prepare(
        tables,
        work,
        base_currency=base_currency,
        as_of=as_of,
        commission=commission,
        min_commission=min_commission,
        fx_spread=fx_spread,
        accept_drift=accept_drift,
        refuse=refuse,
        threads=threads,
        engine=engine,
        address=address,
        said=progress,
    )
    progress.end()
    if as_json:
        print_json(made.to_dict())
        return
    echo(
        say(
            "{accounts:,} {accounts:account|accounts} with {positions:,} {positions:position|positions} "
            "in {buckets:,} {buckets:bucket|buckets}",
            accounts=made.accounts,
            positions=made.positions,
            buckets=made.buckets,
        )
    )
    for code, count in made.wrong.items():
        echo(say("{count:,} will be refused: {code}", count=count, code=code))


@batch.command(epilog=epilog("steelyard batch check work", "steelyard batch check work --json", ends=(0, 2)))
@click.argument("work", type=_PATH)
@_threads
@_engine
@_address
@_json
def check(work: Path, threads: int | None, engine: EngineName, address: str | None, as_json: bool) -> None:
    """Say how many accounts of folder WORK are due, and why."""
    progress = _Progress(say("accounts"))
    found = steelyard.batch.check_work(work, threads=threads, engine=engine, address=address, said=progress)
    progress.end()
    _show(found, as_json)


@batch.command(
    epilog=epilog(
        "steelyard batch plan work --out plans",
        "steelyard batch plan work --out plans --threads 4",
        "steelyard batch plan work --out plans --engine dask --address tcp://scheduler:8786",
        ends=(0, 2, 11),
    )
)
@click.argument("work", type=_PATH)
@click.option("--out", required=True, type=_PATH, help="Folder for plans and trades.")
@_threads
@_engine
@_address
@_json
def plan(
    work: Path,
    out: Path,
    threads: int | None,
    engine: EngineName,
    address: str | None,
    as_json: bool,
) -> None:
    """Plan every account of folder WORK that is not planned yet.

    Interrupted, it keeps the buckets that are done; the same command does the rest, with the same bytes.
    """
    progress = _Progress(say("accounts"))
    found = _kept(
        lambda: steelyard.batch.plan_work(
            work, out, threads=threads, engine=engine, address=address, said=progress
        )
    )
    progress.end()
    _show(found, as_json)
    if found.refused:
        sys.exit(REFUSALS)


@batch.command(
    epilog=epilog(
        "steelyard batch reconcile work plans", "steelyard batch reconcile work plans --json", ends=(0, 2, 11)
    )
)
@click.argument("work", type=_PATH)
@click.argument("out", type=_PATH)
@_threads
@_engine
@_address
@_json
def reconcile(
    work: Path, out: Path, threads: int | None, engine: EngineName, address: str | None, as_json: bool
) -> None:
    """Prove that folder OUT has every account of WORK once, and that shares and cash add up."""
    progress = _Progress(say("accounts"))
    found = steelyard.batch.reconcile(
        work, out, threads=threads, engine=engine, address=address, said=progress
    )
    progress.end()
    if not as_json:
        echo(say("every account is there once, and shares and cash add up"))
    _show(found, as_json)
    if found.refused:
        sys.exit(REFUSALS)


@batch.command(
    "what-if",
    epilog=epilog(
        "steelyard batch what-if work --models other.parquet",
        "steelyard batch what-if work --models other.parquet --plot what-if.png",
        ends=(0, 2),
    ),
)
@click.argument("work", type=_PATH)
@click.option("--models", required=True, type=_PATH, help="Parquet file with the other targets or policies.")
@click.option("--plot", type=_PATH, help="Write a PNG picture of both.")
@_threads
@_json
def what_if(work: Path, models: Path, plot: Path | None, threads: int | None, as_json: bool) -> None:
    """Say what other models or policies would have the accounts of folder WORK do."""
    progress = _Progress(say("accounts"))
    if plot is not None:  # Before the work: what it needs may be missing.
        from steelyard.interfaces.pictures.committee import write_what_if
    told = steelyard.batch.what_if(work, models, threads=threads, said=progress)
    progress.end()
    if plot is not None:
        write_what_if(plot, told)
    found = told.to_dict()
    if as_json:
        print_json(found)
        return
    echo(f"{'':34}{tell(say('now')):>20}{tell(say('other models')):>20}")
    for key, name in _OUTLOOK.items():
        cells = [_cell(found[side][key]) for side in ("now", "other")]
        echo(f"{tell(name):34}{cells[0]:>20}{cells[1]:>20}")


_OUTLOOK = {
    "trading": say("accounts that trade"),
    "refused": say("refused"),
    "trades": say("trades"),
    "turnover": say("amount traded"),
    "costs": say("costs"),
    "taxes": say("tax"),
    "misplaced_before": say("misplaced before, mean"),
    "misplaced_after": say("misplaced after, mean"),
}


def _cell(value: int | str) -> str:
    if isinstance(value, int):
        return f"{value:,}"
    number = Decimal(value)
    return f"{number:,.2f}" if number >= 1 else f"{number:.2%}" if number else "0"


def _kept(work: Callable[[], Tally]) -> Tally:
    try:
        return work()
    except KeyboardInterrupt:
        echo(say("what is done is kept; the same command does the rest"), err=True)
        raise


_STATUSES = {
    "planned": say("planned"),
    "due": say("due"),
    "in_band": say("in band"),
    "refused": say("refused"),
}


def _show(found: Tally, as_json: bool) -> None:
    if as_json:
        print_json(found.to_dict())
        return
    for status, name in _STATUSES.items():
        if status not in found.statuses:
            continue
        codes = ", ".join(f"{code} {count:,}" for code, count in found.codes[status].items() if code)
        echo(f"{found.statuses[status]:>12,}  {tell(name)}{f'  ({codes})' if codes else ''}")
    if found.trades:
        echo(f"{found.trades:>12,}  {tell(say('trades'))}")
    if found.skipped:
        echo(
            say(
                "{skipped:,} of {buckets:,} buckets were done before",
                skipped=found.skipped,
                buckets=found.buckets,
            )
        )


class _Progress:
    """One line on standard error, written over itself; nothing where nobody looks."""

    def __init__(self, what: Text) -> None:
        self._what, self._start, self._shown = what, time.monotonic(), 0.0
        self._first: int | None = None

    def __call__(self, done: int, of: int) -> None:
        now = time.monotonic()
        self._first = done if self._first is None else self._first
        if not sys.stderr.isatty() or (now - self._shown < 0.2 and done < of):
            return
        self._shown = now
        rate = (done - self._first) / (now - self._start) if now > self._start else 0.0
        line = say(
            "{done:,} of {of:,} {what}, {rate:,.0f} a second, {left:,.0f} s left",
            done=done,
            of=of,
            what=self._what,
            rate=rate,
            left=(of - done) / rate if rate else 0.0,
        )
        click.echo(f"\r\x1b[K{tell(line)}", nl=False, err=True)

    def end(self) -> None:
        """Take the line away."""
        if self._shown:
            click.echo("\r\x1b[K", nl=False, err=True)
