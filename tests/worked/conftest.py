"""Worked cases carried out as their reader would: a portfolio file, a CSV, two commands as processes."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from processes import run_command


def _run(folder: Path, *words: str) -> str:
    done = run_command(folder, *words)
    assert done.returncode == 0, done.stderr
    return done.stdout


def ask_in(
    folder: Path, portfolio: str, *trades: str, year: int, as_of: str = "2026-11-23"
) -> dict[str, Any]:
    """Write a portfolio and the trades of each file, import them and return the JSON of `tax`."""
    (folder / "portfolio.toml").write_text(portfolio, encoding="utf-8")
    for number, text in enumerate(trades):
        name = f"trades{number}.csv"
        (folder / name).write_text(text, encoding="utf-8")
        _run(folder, "import", name)
    words = ("tax", "--year", str(year), "--as-of", as_of, "--json")
    report: dict[str, Any] = json.loads(_run(folder, *words))
    return report


@pytest.fixture
def filed(tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """`ask_in` a folder of its own."""
    return partial(ask_in, tmp_path)
