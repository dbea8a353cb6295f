"""Backtests as JSON documents and CSV series; statistics are JSON numbers, null where there is none."""

from __future__ import annotations

import csv
import math
from dataclasses import asdict
from pathlib import Path
from typing import Any

from steelyard.app.lab.compare import LEVELS, Comparison
from steelyard.app.lab.rolling_starts import RollingStarts
from steelyard.app.lab.study import STATISTICS, Result, Study
from steelyard.app.lab.sweep import Sweep
from steelyard.errors import InputError

_WORDS = ("policy", "drawdown_from", "drawdown_to", "ruined_on")
_NUMBERS = tuple(name for name in STATISTICS if name not in _WORDS)


def backtest(study: Study) -> dict[str, Any]:
    """Return the document of `backtest --json`, schema steelyard/backtest/1."""
    return {
        "schema": "steelyard/backtest/1",
        "period": {
            "start": study.dates[0].isoformat(),
            "end": study.dates[-1].isoformat(),
            "sessions": len(study.dates),
        },
        "simulated": study.simulated,
        "whole_shares": study.whole,
        "after_tax": study.after_tax,
        "results": [_result(r) for r in study.results],
        "notes": list(study.notes),
    }


def compare(
    comparison: Comparison, *, sweep: Sweep | None = None, rolling: RollingStarts | None = None
) -> dict[str, Any]:
    """Return the document of `compare --json`: that of `backtest`, with differences to the first policy.

    A sweep adds which policy is at which threshold and look, rolling starts the growth of every stretch.
    """
    document = backtest(comparison.study)
    document["paths"] = comparison.paths
    for row, difference in zip(document["results"], comparison.differences, strict=False):
        row["difference"] = {**asdict(difference), "evident": difference.evident}
    names = [r.policy for r in comparison.study.results]
    for row, spread in zip(document["results"], comparison.distributions(), strict=False):
        levels = {name: list(values) for name, values in asdict(spread).items() if name != "policy"}
        row["distribution"] = {"levels": list(LEVELS), **levels}
        if row["policy"] != names[0]:
            row["difference"]["statement"] = comparison.statement(row["policy"], names[0])
    if sweep is not None:
        document["sweep"] = {
            "thresholds": list(sweep.thresholds),
            "looks": list(sweep.looks),
            "policies": [[names[n] for n in row] for row in sweep.cells],
        }
    if rolling is not None:
        document["rolling"] = {
            "years": rolling.years,
            "stretches": [
                {
                    "start": start.isoformat(),
                    "end": end.isoformat(),
                    "cagr": dict(zip(names, row, strict=True)),
                }
                for start, end, row in zip(rolling.starts, rolling.ends, rolling.rates.tolist(), strict=True)
            ],
        }
    return document


def _result(result: Result) -> dict[str, Any]:
    row: dict[str, Any] = {"policy": result.policy}
    for name in _NUMBERS:
        value = getattr(result, name)
        row[name] = None if math.isnan(value) else value
    row["drawdown_from"] = result.drawdown_from.isoformat()
    row["drawdown_to"] = result.drawdown_to.isoformat()
    row["ruined_on"] = None if result.ruined_on is None else result.ruined_on.isoformat()
    return row


def write_series(study: Study, path: Path) -> None:
    """Write `date,policy,value,rebalanced` for every session of every policy.

    Raises:
        InputError: The file cannot be written.
    """
    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            out = csv.writer(file, lineterminator="\n")
            out.writerow(["date", "policy", "value", "rebalanced"])
            for result in study.results:
                values, marks = result.values.tolist(), result.rebalanced.tolist()
                for day, value, mark in zip(study.dates, values, marks, strict=True):
                    out.writerow([day.isoformat(), result.policy, repr(value), int(mark)])
    except OSError as error:
        raise InputError(
            "unwritable", f"{path} cannot be written: {error.strerror}", "check the folder"
        ) from None
