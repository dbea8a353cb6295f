"""Reports as pictures: what a portfolio holds against its bands, as one PNG."""

from __future__ import annotations

from itertools import accumulate

import numpy as np

from steelyard.app.books.performance import ValueHistory
from steelyard.app.check import CheckReport
from steelyard.domain.policy.policies import band
from steelyard.interfaces.amounts import short
from steelyard.interfaces.language import current, tell
from steelyard.interfaces.pictures import charts, figures
from steelyard.words import say


def weights_png(report: CheckReport) -> bytes:
    """Return every weight against its target and band as a PNG file.

    A weight inside its band is a hollow circle, one outside a filled diamond, so that the picture reads
    the same without colour; each row also says its weight and drift in figures.

    Args:
        report: As `check` returns it.
    """
    policy = report.portfolio.policy
    rows = []
    for drift in report.drifts:
        width = band(drift.symbol, drift.target, policy) if policy.kind in ("threshold", "hybrid") else None
        known = report.portfolio.instruments.get(drift.symbol)
        name = "" if known is None else known.name
        rows.append(
            charts.Weight(
                label=drift.symbol if name in ("", drift.symbol) else f"{name} ({drift.symbol})",
                weight=float(drift.weight),
                target=float(drift.target),
                band=None if width is None else float(width),
                outside=drift.symbol in report.breaches,
            )
        )
    due = say("A rebalance is due") if report.decision.due else say("No rebalance is due")
    title = tell(say("{headline}, {day}", headline=due, day=report.as_of))
    with figures.style():
        figure, (axes,) = figures.sheet(8.0, [1.1 + 0.42 * len(rows)])
        charts.weights(axes, title, rows)
        return figures.png(figure)


def values_png(found: ValueHistory) -> bytes:
    """Return the recorded value with what was paid in, and the drift below it, as a PNG file.

    A day on which a rebalance was due is a filled diamond; a rebalance that was done is a dashed line.

    Args:
        found: With at least two days.
    """
    days = [d.day for d in found.days]
    paid = accumulate((float(d.paid_in) for d in found.days[1:]), initial=float(found.days[0].total))
    series = [
        charts.Curve(1, tell(say("value")), np.array([float(d.total) for d in found.days])),
        charts.Curve(2, tell(say("first value and what was paid in since")), np.array(list(paid))),
    ]
    drift = np.array([float(d.largest_drift) for d in found.days])
    due = [n for n, d in enumerate(found.days) if d.due]
    with figures.style():
        figure, (above, below) = figures.sheet(8.0, [3.0, 2.2])
        title = tell(say("Value, {first} to {last}", first=days[0], last=days[-1]))
        code = current().code
        charts.lines(above, title, days, series, percent=False, unit=lambda v: short(v, found.currency, code))
        fallen = [charts.Curve(3, tell(say("drift")), drift)]
        charts.lines(below, tell(say("Largest drift")), days, fallen, percent=True)
        below.plot([days[n] for n in due], drift[due], "D", color="#000000", markersize=4, linestyle="none")  # type: ignore[arg-type]
        for axes in (above, below):
            for done in found.rebalances:
                axes.axvline(done.day, color="#666666", linestyle=(0, (2, 2)), linewidth=0.8)  # type: ignore[arg-type]
        below.annotate(
            tell(say("diamond: a rebalance was due; dashed: one was done")),
            (1.0, 1.02),
            xycoords="axes fraction",
            ha="right",
            fontsize=8,
        )
        return figures.png(figure)
