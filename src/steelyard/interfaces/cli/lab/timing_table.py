"""The luck of the day as a table: each policy from its worst day to its best, alone and in tranches."""

from __future__ import annotations

from steelyard.app.lab.timing_luck import Luck, TimingLuck
from steelyard.interfaces.cli.lab.study_table import show_columns
from steelyard.interfaces.cli.tables import console
from steelyard.interfaces.language import tell
from steelyard.words import say


def show(timing: TimingLuck) -> None:
    """Print growth on the worst and the best day of each policy, and how far years are apart."""
    out = console()
    told = [p for p in timing.policies if p.alone is not None and p.tranched is not None]
    if not told:
        text = say("Every policy looks daily or never: there is no day to be lucky with.")
        out.print(f"\n{tell(text)}")
        return
    title = say(
        "Luck of the day: the same policy on each day of its period, alone and in {tranches} tranches.",
        tranches=timing.tranches,
    )
    out.print(f"\n{tell(title)}\n")
    alone = [p.alone for p in told if p.alone is not None]
    tranched = [p.tranched for p in told if p.tranched is not None]
    show_columns(
        [p.policy for p in told],
        [
            (say("days"), [str(len(luck.rates)) for luck in alone]),
            (say("a year, worst..best day"), list(map(_span, alone))),
            (say("a year's luck"), list(map(_luck, alone))),
            (say("in tranches"), list(map(_span, tranched))),
            (say("their luck"), list(map(_luck, tranched))),
        ],
    )
    text = say(
        "A year's luck: standard deviation of a calendar year's growth over the days, in basis points, root "
        "mean square of {years} years. A policy that leads another by less may owe it to its day.",
        years=len(timing.years),
    )
    out.print(f"\n{tell(text)}")


def _span(luck: Luck) -> str:
    return f"{100 * luck.rates.min():.2f}..{100 * luck.rates.max():.2f} %"


def _luck(luck: Luck) -> str:
    return f"{10_000 * luck.yearly_luck:.0f} bp" if luck.yearly.shape[1] else "-"
