"""Policies on history as tools: short rows that fit a conversation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import steelyard
from steelyard.errors import InputError
from steelyard.interfaces.mcp.shelf import Shelf
from steelyard.words import ENGLISH, render, say

PATHS = 200
"""Resampled histories: few, since somebody waits for the answer."""
KEPT = (
    "policy",
    "cagr",
    "volatility",
    "max_drawdown",
    "turnover",
    "rebalances",
    "costs",
    "taxes",
    "difference",
)


def backtest(shelf: Shelf, asked: Mapping[str, Any]) -> Mapping[str, Any]:
    """Run policies on the prices that the owner gave."""
    if shelf.prices is None:
        raise InputError(
            "no-prices",
            say("a backtest needs prices"),
            say("the owner starts the server with {flag}", flag="--prices prices.csv"),
        )
    portfolio = steelyard.load(shelf.file, need_accounts=False)
    report = steelyard.backtest_portfolio(portfolio, shelf.prices, policies=_policies(asked))
    return _short(report.to_dict(), report.notes)


def compare(shelf: Shelf, asked: Mapping[str, Any]) -> Mapping[str, Any]:
    """Compare policies on the prices that the owner gave, or on simulated ones."""
    portfolio = steelyard.load(shelf.file, need_accounts=False)
    report = steelyard.compare_portfolio(portfolio, shelf.prices, policies=_policies(asked), paths=PATHS)
    return _short(report.to_dict(), report.notes)


def sums(found: Mapping[str, Any]) -> str:
    """Say in a sentence what came out."""
    kind = "Simulated prices, not history." if found["simulated"] else "On the owner's prices."
    rows = (f"{r['policy']} {100 * r['cagr']:.2f} % a year" for r in found["results"][:3])
    return f"{kind} {'; '.join(rows)}. No forecast."[:240]


def _policies(asked: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(asked.get("policies", ()))


def _short(document: Mapping[str, Any], notes: tuple[str, ...]) -> Mapping[str, Any]:
    rows = [{key: row[key] for key in KEPT if key in row} for row in document["results"]]
    said = [render(note, ENGLISH) for note in (*document["notes"], *notes)]
    return {
        "simulated": document["simulated"],
        "after_tax": document["after_tax"],
        "period": document["period"],
        "results": rows,
        "notes": said,
    }
