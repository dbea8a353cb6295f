"""The commands `lab literature` and `lab map`: what is known, computed again, and what was not known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

import steelyard
from steelyard.interfaces.cli.options import epilog, print_json
from steelyard.interfaces.cli.typed import Count
from steelyard.interfaces.language import echo, tell
from steelyard.words import say

if TYPE_CHECKING:
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
    "--prices", multiple=True, help="Daily total-return closes of SPY and IEF, as for `backtest`; repeatable."
)
@click.option("--only", multiple=True, metavar="NAME", help="Only what begins with this; repeatable.")
@click.option("--seed", default=7, show_default=True, type=Count(0, 2**62), help="Of what is simulated.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document and nothing else.")
def literature(prices: tuple[str, ...], only: tuple[str, ...], seed: int, as_json: bool) -> None:
    """Compute published and exact results again: theirs, ours, the difference, and why.

    Closed forms, programmes and simulation need nothing; four results on past prices need those of SPY and
    IEF. What disagrees says why.
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
        more = [part for part in (f"[{one.source}]", one.why) if part and part not in said]
        echo("; ".join([f"{one.name}: {one.claim}", *more]))
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
