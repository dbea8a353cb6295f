"""The daily values of a backtest as CSV."""

from __future__ import annotations

import csv
from pathlib import Path

from steelyard.app.lab.study import Study
from steelyard.domain.shown import cell
from steelyard.errors import unwritable


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
                    out.writerow([day.isoformat(), cell(result.policy), repr(value), int(mark)])
    except OSError as error:
        raise unwritable(path, error) from None
