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
from steelyard.interfaces.cli.tables import console


def show_sweep(comparison: Comparison, sweep: Sweep) -> None:
    """Print growth against the yardstick, turnover and tracking error, thresholds down and looks across."""
    out = console()
    study = comparison.study
    means, evident = gains(comparison)
    label = "SIMULATED prices, " if study.simulated else ""
    out.print(f"{label}{study.dates[0]} to {study.dates[-1]}, {len(study.dates)} sessions\n")
    where = (
        f"mean over {comparison.paths} resampled histories; without * it is no evidence"
        if comparison.differences
        else "as it happened; without resampling nothing here is evidence"
    )
    first = study.results[0].policy
    out.print(f"Points a year against {first} ({where}):")
    out.print(_grid(sweep, lambda n: f"{100 * means[n]:+.2f}{'*' if evident[n] else ' '}"))
    out.print("Turnover, percent a year:")
    out.print(_grid(sweep, lambda n: f"{100 * study.results[n].turnover:.1f}"))
    out.print("Tracking error, percent a year:")
    out.print(_grid(sweep, lambda n: f"{100 * study.results[n].tracking_error:.2f}"))


def show_rolling(rolling: RollingStarts, policies: Sequence[str]) -> None:
    """Print how the policies did against the first over all stretches."""
    out = console()
    starts = rolling.starts
    out.print(
        f"\n{len(starts)} starts, one a quarter from {starts[0]} to {starts[-1]}, {rolling.years} years "
        f"each; points a year against {policies[0]}:"
    )
    table = Table(box=SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    table.add_column("policy", min_width=28)
    for name in ("worst", "median", "best", "better"):
        table.add_column(name, justify="right", no_wrap=True)
    for policy, s in list(zip(policies, rolling.spreads(), strict=True))[1:]:
        cells = [f"{100 * v:+.2f}" for v in (s.worst, s.median, s.best)]
        table.add_row(policy, *cells, f"{s.wins} of {len(starts)}")
    out.print(table)
    out.print("The stretches overlap: they are no independent evidence.")


def show_statistics(study: Study) -> None:
    """Print the statistics that the first table has no room for."""
    out = console()
    table = Table(box=SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    table.add_column("policy", min_width=24)
    heads = ("money-w.", "Sortino", "fell from", "to", "drift", "worst", "tracking", "costs", "taxes")
    # What is owed on gains that stand only shows in what would be left after selling.
    sold = ("if sold",) if study.after_tax else ()
    for name in (*heads, *sold):
        table.add_column(name, justify="right", no_wrap=True)
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
    out.print("\nMoney-weighted growth, drift on average and at worst, and tracking error in percent:")
    out.print(table)


def show_distributions(comparison: Comparison) -> None:
    """Print how growth and deepest fall of each policy are spread over the resampled histories."""
    spreads = comparison.distributions()
    if not spreads:
        return
    out = console()
    levels = [f"{100 * level:.0f} %" for level in LEVELS]
    for title, of in (("Growth", "growth"), ("Deepest fall", "max_drawdown")):
        table = Table(box=SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
        table.add_column("policy", min_width=24)
        for level in levels:
            table.add_column(level, justify="right", no_wrap=True)
        for spread in spreads:
            table.add_row(spread.policy, *(_points(v) for v in getattr(spread, of)))
        unit = "percent a year" if of == "growth" else "percent"
        out.print(f"{title}, {unit}, at quantiles over {comparison.paths} resampled histories:")
        out.print(table)


def _points(fraction: float) -> str:
    return "-" if math.isnan(fraction) else f"{100 * fraction:.2f}"


def _grid(sweep: Sweep, cell: Callable[[int], str]) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    table.add_column("band", justify="right")
    for look in sweep.looks:
        table.add_column(look, justify="right", no_wrap=True)
    for threshold, row in zip(sweep.thresholds, sweep.cells, strict=True):
        table.add_row(threshold, *(cell(n) for n in row))
    return table
