"""The sweep and the rolling starts of `compare` as tables."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from rich.table import Table
from rich.text import Text as RichText

from steelyard.app.lab.compare import LEVELS, Comparison
from steelyard.app.lab.rolling_starts import RollingStarts
from steelyard.app.lab.study import Study
from steelyard.app.lab.sweep import Sweep, gains
from steelyard.interfaces.cli.lab.study_table import show_columns, stretch
from steelyard.interfaces.cli.tables import columns, console
from steelyard.interfaces.lab_words import headline
from steelyard.interfaces.language import tell
from steelyard.interfaces.vocabulary import LOOKS
from steelyard.words import say


def show_sweep(comparison: Comparison, sweep: Sweep) -> None:
    """Print growth against the yardstick, turnover and tracking error, thresholds down and looks across."""
    out = console()
    study = comparison.study
    means, evident = gains(comparison)
    out.print(tell(stretch(study)))
    out.print(RichText(f"{tell(headline(study, comparison))}.\n", style="bold"))
    where = (
        say(
            "mean over {paths} resampled histories, seed {seed}; without * it is no evidence",
            paths=comparison.paths,
            seed=comparison.drawn.seed,
        )
        if comparison.differences
        else say("as it happened; without resampling nothing here is evidence")
    )
    first = study.results[0].policy
    out.print(tell(say("Points a year against {policy} ({where}):", policy=first, where=where)))
    out.print(_grid(sweep, lambda n: f"{100 * means[n]:+.2f}{'*' if evident[n] else ' '}"))
    out.print(f"\n{tell(say('Turnover, percent a year:'))}")
    out.print(_grid(sweep, lambda n: f"{100 * study.results[n].turnover:.1f}"))
    out.print(f"\n{tell(say('Tracking error, percent a year:'))}")
    out.print(_grid(sweep, lambda n: f"{100 * study.results[n].tracking_error:.2f}"))


def show_rolling(rolling: RollingStarts, policies: Sequence[str]) -> None:
    """Print how the policies did against the first over all stretches."""
    out = console()
    starts = rolling.starts
    text = say(
        "{count} starts, one a quarter from {first} to {last}, {years} years each; points a year against "
        "{policy}:",
        count=len(starts),
        first=starts[0],
        last=starts[-1],
        years=rolling.years,
        policy=policies[0],
    )
    out.print(f"\n{tell(text)}")
    rows = list(zip(policies, rolling.spreads(), strict=True))[1:]
    made = [
        (name, [f"{100 * getattr(s, of):+.2f}" for _, s in rows])
        for name, of in ((say("worst"), "worst"), (say("median"), "median"), (say("best"), "best"))
    ]
    won = [tell(say("{wins} of {count}", wins=s.wins, count=len(starts))) for _, s in rows]
    show_columns([policy for policy, _ in rows], [*made, (say("better"), won)])
    out.print(tell(say("The stretches overlap: they are no independent evidence.")))


def show_statistics(study: Study) -> None:
    """Print the statistics that the first table has no room for."""
    out = console()
    results = study.results
    made = [
        (say("money-w."), [_points(r.money_weighted) for r in results]),
        (say("tracking"), [_points(r.tracking_error) for r in results]),
        (say("average drift"), [_points(r.average_drift) for r in results]),
        (say("worst drift"), [_points(r.worst_drift) for r in results]),
        (say("costs"), [f"{r.costs:,.0f}" for r in results]),
        (say("taxes"), [f"{r.taxes:,.0f}" for r in results]),
        # What is owed on gains that stand only shows in what would be left after selling.
        *([(say("if sold"), [f"{r.liquidation_value:,.0f}" for r in results])] if study.after_tax else []),
        (say("Sortino"), ["-" if math.isnan(r.sortino) else f"{r.sortino:.2f}" for r in results]),
        (say("fell from"), [r.drawdown_from.isoformat() for r in results]),
        (say("to"), [r.drawdown_to.isoformat() for r in results]),
    ]
    title = say("Money-weighted growth, tracking error, and drift on average and at worst in percent:")
    out.print(f"\n{tell(title)}")
    show_columns([r.policy for r in results], made)
    out.print()


def show_distributions(comparison: Comparison) -> None:
    """Print how growth and deepest fall of each policy are spread over the resampled histories."""
    spreads = comparison.distributions()
    if not spreads:
        return
    out = console()
    levels = [f"{100 * level:.0f} %" for level in LEVELS]
    growth = say(
        "Growth, percent a year, at quantiles over {paths} resampled histories:", paths=comparison.paths
    )
    fall = say(
        "Deepest fall, percent, at quantiles over {paths} resampled histories:", paths=comparison.paths
    )
    for title, of in ((growth, "growth"), (fall, "max_drawdown")):
        made = [
            (level, [_points(getattr(spread, of)[n]) for spread in spreads]) for n, level in enumerate(levels)
        ]
        out.print(tell(title))
        show_columns([spread.policy for spread in spreads], made)
        out.print()


def _points(fraction: float) -> str:
    return "-" if math.isnan(fraction) else f"{100 * fraction:.2f}"


def _grid(sweep: Sweep, cell: Callable[[int], str]) -> Table:
    table = columns((say("band"), "right"), *((LOOKS.get(look, look), "right") for look in sweep.looks))
    for threshold, row in zip(sweep.thresholds, sweep.cells, strict=True):
        table.add_row(threshold, *(cell(n) for n in row))
    return table
