"""Reports as pictures: what a portfolio holds against its bands, as one PNG."""

from __future__ import annotations

from steelyard.app.check import CheckReport
from steelyard.domain.policies import band
from steelyard.interfaces import charts, figures


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
        width = band(drift.target, policy) if policy.kind in ("threshold", "hybrid") else None
        name = report.portfolio.instruments[drift.symbol].name
        rows.append(
            charts.Weight(
                label=drift.symbol if name in ("", drift.symbol) else f"{name} ({drift.symbol})",
                weight=float(drift.weight),
                target=float(drift.target),
                band=None if width is None else float(width),
                outside=drift.symbol in report.breaches,
            )
        )
    title = f"{report.as_of}: {'a rebalance is due' if report.decision.due else 'no rebalance is due'}"
    with figures.style():
        figure, (axes,) = figures.sheet(8.0, [1.1 + 0.42 * len(rows)])
        charts.weights(axes, title, rows)
        return figures.png(figure)
