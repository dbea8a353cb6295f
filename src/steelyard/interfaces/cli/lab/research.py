"""The commands of `lab`: what is known, computed again, and what was not known."""

from __future__ import annotations

import contextlib
import csv
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import steelyard
from steelyard.errors import InputError, unwritable
from steelyard.interfaces.cli.lab.advice import asked, portfolio_of, saver_options
from steelyard.interfaces.cli.options import epilog, print_json
from steelyard.interfaces.cli.typed import Count
from steelyard.interfaces.language import echo, tell
from steelyard.words import join, say

if TYPE_CHECKING:
    from steelyard.app.lab.advice.own_policy import Duels
    from steelyard.app.lab.literature.review import Review


@click.group()
def lab() -> None:
    """Check what is known about rebalancing, and find what is not."""


@lab.command(
    epilog=epilog(
        "steelyard lab literature",
        "steelyard lab literature --only gerhold --json",
        "steelyard lab literature --prices prices.csv",
        ends=(0, 2, 3),
    )
)
@click.option(
    "--prices",
    multiple=True,
    help="Total-return closes of SPY and IEF, daily, or of 069500 and 152380, as for `backtest`; repeatable.",
)
@click.option(
    "--only", multiple=True, metavar="NAME", help="Only results whose name begins with this; repeatable."
)
@click.option("--seed", default=7, show_default=True, type=Count(0, 2**62), help="Seed of what is simulated.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document and nothing else.")
def literature(prices: tuple[str, ...], only: tuple[str, ...], seed: int, as_json: bool) -> None:
    """Compute published and exact results again: theirs, ours, the difference, and why.

    Closed forms, programmes and simulation need nothing; four results on past prices need those of SPY and
    IEF, one those of two Korean funds. What disagrees says why.
    """
    review = steelyard.literature(list(prices) or None, seed=seed, only=only)
    if as_json:
        print_json(review.to_dict())
        return
    _show(review)


def _show(review: Review) -> None:
    from steelyard.interfaces.cli.lab.advice_tables import table
    from steelyard.interfaces.cli.tables import console

    verdicts = {
        "agrees": say("agrees"),
        "same sign": say("same sign"),
        "differs": say("differs"),
        "not run": say("not run"),
    }
    shown = table([say("result"), say("theirs"), say("ours"), say("verdict")])
    for one in review.findings:
        ours = "" if one.ours is None else f"{one.ours:.5g}" + (f" ±{one.half:.2g}" if one.half else "")
        theirs = "" if one.theirs is None else f"{one.theirs:.5g}"
        shown.add_row(one.name, theirs, ours, tell(verdicts[one.verdict]))
    console().print(shown)
    said: set[str] = set()
    for one in review.findings:
        more = [part for part in (join("", ("[", one.source, "]")), one.why) if part and part not in said]
        echo(join("; ", [join("", (f"{one.name}: ", one.claim)), *more]))
        said.update(more)
    echo("")
    echo(
        say(
            "{agrees} agree, {same} have the same sign, {differ} differ, {left} were not run",
            agrees=review.count("agrees"),
            same=review.count("same sign"),
            differ=review.count("differs"),
            left=review.count("not run"),
        )
    )
    if any(one.basis == "simulated" for one in review.findings):
        echo(say("what has an interval is SIMULATED, seed {seed}, 95 %", seed=review.seed))


@lab.command(
    name="map",
    epilog=epilog("steelyard lab map --out map", "steelyard lab map --small --out map --plot", ends=(0, 2)),
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("band-map"),
    show_default=True,
    help="Folder to write.",
)
@click.option("--small", is_flag=True, help="Few situations and rules, for a first look.")
@click.option(
    "--paths", default=100, show_default=True, type=Count(20, 10_000), help="Simulated, each ten years."
)
@click.option("--seed", default=21, show_default=True, type=Count(0, 2**62), help="Seed of the simulation.")
@click.option("--workers", default=2, show_default=True, type=Count(1, 64), help="Threads.")
@click.option("--plot", is_flag=True, help="Also draw a picture per question, as PNG.")
def map_(out: Path, small: bool, paths: int, seed: int, workers: int, plot: bool) -> None:
    """Compute which band is right for which saver: 100,000 cells of size, deposits, gain, tax and rule.

    Writes `cells.csv` with every cell and `best.csv` with each situation's best rule and its doubt. All of
    it is simulated. Ctrl-C stops and keeps what is done.
    """
    from steelyard.app.lab.advice import band_map as maps

    grid, rows = steelyard.band_map(paths=paths, seed=seed, small=small, workers=workers)
    rules, begun, done = grid.rules, time.process_time(), []
    _make(out)
    with (
        (out / "cells.csv").open("w", encoding="utf-8", newline="") as cells,
        (out / "best.csv").open("w", encoding="utf-8", newline="") as best,
    ):
        every, chosen = (csv.writer(f, lineterminator="\n") for f in (cells, best))
        every.writerow(maps.CELL_COLUMNS)
        chosen.writerow(maps.BEST_COLUMNS)
        total = len(grid.situations)
        with contextlib.suppress(KeyboardInterrupt), _bar(total) as step:
            for row in rows:
                every.writerows(maps.cell_rows(row, rules))
                chosen.writerow(maps.best_row(row, rules))
                done.append(row)
                step()
    spent = time.process_time() - begun
    if plot and len(done) == total:
        from steelyard.interfaces.pictures import band_map as pictures

        pictures.write_map(out, grid, done)
    echo(
        say(
            "SIMULATED: {cells} cells of {situations} situations, {paths} paths, seed {seed}; in {out}",
            cells=len(done) * len(rules),
            situations=len(done),
            paths=paths,
            seed=seed,
            out=out,
        )
    )
    if len(done) < total:
        echo(say("stopped: {left} situations were not computed", left=total - len(done)), err=True)
    rate = len(done) * len(rules) / max(spent, 1e-9)
    echo(say("{rate:,.0f} cells a second of one core", rate=rate), err=True)


@lab.command(
    epilog=epilog("steelyard lab rule --prices prices.csv --value 50000 --move-cost 0.1%", ends=(0, 2, 3))
)
@saver_options
def rule(paths: int, years: int, seed: int, **flags: Any) -> None:
    """Compare a rule of our own with the usual ones at equal deviation, on each half of your prices.

    "Even tracking": of all bands that stand off as far, the one whose trades cost least at your costs. Told
    from resampled paths that it was not matched on, with paired intervals, and from each half as it was.
    """
    if not flags["prices"]:
        raise InputError(
            "no-prices", say("a duel of rules needs past prices"), say("add --prices prices.csv")
        )
    found = steelyard.rule_duels(portfolio_of(flags), flags["prices"], paths=paths, seed=seed, **asked(flags))
    if flags["as_json"]:
        print_json(found.to_dict())
        return
    _show_duels(found)


def _show_duels(found: Duels) -> None:
    from steelyard.app.lab.advice.own_policy import summary
    from steelyard.interfaces.cli.lab.advice_tables import table
    from steelyard.interfaces.cli.tables import console

    for note in found.notes:
        echo(say("note: {note}", note=note), err=True)
    verdicts = {"better": say("better"), "worse": say("worse"), "no evidence": say("no evidence")}
    columns = (say("half: against"), say("ours"), say("bp a year"), say("history"), say("verdict"))
    shown = table(columns)
    for one in found.duels:
        mean, half = one.total
        shown.add_row(
            f"{'12'[one.part == 'second']}: {one.rival}",
            f"{one.trigger * 100:.1f}>{one.destination * 100:.1f}",
            f"{mean * 1e4:+.2f}±{half * 1e4:.2f}",
            f"{one.history * 1e4:+.2f}",
            tell(verdicts[one.verdict]),
        )
    console().print(shown)
    echo(say("bp a year: all costs, ours less theirs, resampled; history: on the half as it was"))
    echo(
        say(
            "SIMULATED: {paths} resampled paths of each half, seed {seed}; 95 % intervals",
            paths=found.paths,
            seed=found.seed,
        )
    )
    echo(summary(found.duels))


def _make(out: Path) -> None:
    """Make a folder to write to.

    Raises:
        InputError: It cannot be made (`unwritable`).
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        (out / "cells.csv").open("a", encoding="utf-8").close()
    except OSError as error:
        raise unwritable(out, error) from None


@contextlib.contextmanager
def _bar(total: int) -> Iterator[Callable[[], None]]:
    """Show a bar on standard error where that is a terminal."""
    if not sys.stderr.isatty():
        yield lambda: None
        return
    terminal = getattr(sys.stderr, "beneath", sys.stderr)
    with click.progressbar(length=total, label=tell(say("situations")), file=terminal) as bar:
        yield lambda: bar.update(1)
