"""The first screen: is a rebalance due, why, and when to look next."""

from __future__ import annotations

import steelyard
from steelyard.interfaces.web.attention import matters_of
from steelyard.interfaces.web.pages.frame import about
from steelyard.interfaces.web.visit import Screen, Visit
from steelyard.interfaces.web.weights import weights_of


def overview(visit: Visit) -> Screen:
    """Show whether a rebalance is due, the weights against their targets, and what needs a look."""
    portfolio = steelyard.load(visit.file, as_of=visit.as_of)
    report = steelyard.check(portfolio, as_of=visit.as_of)
    weights = weights_of(report)
    last = portfolio.policy.last_rebalance
    furthest = max(weights.rows, key=lambda row: abs(row.drift), default=None)
    return Screen(
        "overview.html",
        {
            **about(portfolio, report.as_of),
            "report": report,
            "decision": report.decision,
            "weights": weights,
            "furthest": furthest,
            "last": last,
            "days_since": None if last is None else (report.as_of - last).days,
            "matters": matters_of(report),
            "value": report.valuation.total,
            "account_names": [account.name for account in portfolio.accounts],
        },
    )
