"""Is a rebalance due, and why."""

from __future__ import annotations

from datetime import date

from steelyard import bootstrap
from steelyard.api import reading
from steelyard.app import check as checking
from steelyard.app.check import CheckReport
from steelyard.domain.portfolio import Portfolio


def check(portfolio: Portfolio, *, as_of: date | None = None) -> CheckReport:
    """Value a portfolio and say whether a rebalance is due, and why.

    Args:
        portfolio: From `load`.
        as_of: The date to evaluate the policy for; today unless given.
    """
    return checking.check(portfolio, bootstrap.sessions(), as_of=reading.day(as_of, portfolio))
