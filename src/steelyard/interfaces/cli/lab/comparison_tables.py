"""The sweep and the rolling starts of `compare` as tables."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from rich.box import SIMPLE_HEAD
from rich.table import Table

from steelyard.app.lab.compare import LEVELS, Comparison
from steelyard.app.lab.rolling_starts import RollingStarts
from steelyard.app.lab.study import Study
from steelyard.app.lab.sweep import Sweep, gains
from steelyard.interfaces.cli.lab.study_table import stretch
from steelyard.interfaces.cli.tables import console
from steelyard.interfaces.language import tell
from steelyard.words import say


def show_sweep(comparison: Comparison, sweep: Sweep) -> None:
    """Print growth against the yardstick, turnover and tracking error, thresholds down and looks across."""
    out = console()
    study = comparison.study
    means, evident = gains(comparison)
    out.print(f"{tell(stretch(study))}\n")
    where = (
        say("mean over {paths} resampled histories; without * it is no evidence", paths=comparison.paths)
        if comparison.differences
        else say("as it happened; without resampling nothing here is evidence")
    )
    first = study.results[0].policy
    out.print(tell(say("Points a year against {policy} ({where}):", policy=first, where=where)))
    out.print(_grid(sweep, lambda n: f"{100 * means[n]:+.2f}{'*' if evident[n] else ' '}"))
    out.print(tell(say("Turnover, percent a year:")))
    out.print(_grid(sweep, lambda n: f"{100 * study.results[n].turnover:.1f}"))
    out.print(tell(say("Tracking error, percent a year:")))
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
    table = Table(box=SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    table.add_column(tell(say("policy")), min_width=28)
    for name in (say("worst"), say("median"), say("best"), say("better")):
        table.add_column(tell(name), justify="right", no_wrap=True)
    for policy, s in list(zip(policies, rolling.spreads(), strict=True))[1:]:
        cells = [f"{100 * v:+.2f}" for v in (s.worst, s.median, s.best)]
        table.add_row(policy, *cells, tell(say("{wins} of {count}", wins=s.wins, count=len(starts))))
    out.print(table)
    out.print(tell(say("The stretches overlap: they are no independent evidence.")))


def show_statistics(study: Study) -> None:
    """Print the statistics that the first table has no room for."""
    out = console()
    table = Table(box=SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    table.add_column(tell(say("policy")), min_width=24)
    heads = (
        say("money-w."), say("Sortino"), say("fell from"), say("to"), say("drift"), say("worst"),
        say("tracking"), say("costs"), say("taxes"),
    )  # fmt: skip
    # What is owed on gains that stand only shows in what would be left after selling.
    sold = (say("if sold"),) if study.after_tax else ()
    for name in (*heads, *sold):
        table.add_column(tell(name), justify="right", no_wrap=True)
    for r in study.results:
        table.add_row(
            r.policy,
            _points(r.money_weighted),
            "-" if math.isnan(r.sortino) else f"{r.sortino:.2f}",
            r.drawdown_from.isoformat(),
            r.drawdown_to.isoformat(),
            *(_points(v) for v in (r.average_drift, r.worst_drift, r.tracking_error)),
            f"{r.costs:,.0f}",
            f"{r.taxes:,.0f}",
            *(f"{r.liquidation_value:,.0f}" for _ in sold),
        )
    title = say("Money-weighted growth, drift on average and at worst, and tracking error in percent:")
    out.print(f"\n{tell(title)}")
    out.print(table)


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
        table = Table(box=SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
        table.add_column(tell(say("policy")), min_width=24)
        for level in levels:
            table.add_column(level, justify="right", no_wrap=True)
        for spread in spreads:
            table.add_row(spread.policy, *(_points(v) for v in getattr(spread, of)))
        out.print(tell(title))
        out.print(table)


def _points(fraction: float) -> str:
    return "-" if math.isnan(fraction) else f"{100 * fraction:.2f}"


def _grid(sweep: Sweep, cell: Callable[[int], str]) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    table.add_column(tell(say("band")), justify="right")
    for look in sweep.looks:
        table.add_column(look, justify="right", no_wrap=True)
    for threshold, row in zip(sweep.thresholds, sweep.cells, strict=True):
        table.add_row(threshold, *(cell(n) for n in row))
    return table
