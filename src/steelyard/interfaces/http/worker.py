"""The process of a job: what is asked comes as JSON on standard input, lines of JSON go out.

Lines are `{"progress": 25}`, and at the end `{"result": ...}` or `{"problem": ...}`.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import steelyard
from steelyard import languages
from steelyard.domain.days import read_day
from steelyard.domain.portfolio import Portfolio
from steelyard.errors import SteelyardError
from steelyard.interfaces.http.replies import broken, refused, told
from steelyard.interfaces.lab_words import headline

NICE = 10
"""It gives way to whoever only looks."""
OPTIONS = (
    "initial",
    "monthly",
    "cash_rate",
    "risk_free",
    "whole",
    "before_tax",
    "deposits_wait",
    "base_prices",
)


def main() -> None:
    """Do one job."""
    os.nice(NICE)
    asked = json.load(sys.stdin)
    language = languages.language(asked.get("language", "en"))
    try:
        found = _done(asked)
    except SteelyardError as error:
        found = {"problem": refused(error).document}
    except Exception:
        traceback.print_exc(file=sys.stderr)
        found = {"problem": broken().document}
    _say(told(found, language))


def _say(document: Mapping[str, Any]) -> None:
    sys.stdout.write(json.dumps(document, default=str) + "\n")
    sys.stdout.flush()


def _done(asked: Mapping[str, Any]) -> dict[str, Any]:
    portfolio = _portfolio(asked)
    options: dict[str, Any] = {name: asked[name] for name in OPTIONS if name in asked}
    options |= {name: read_day(asked[name]) for name in ("start", "end") if asked.get(name)}
    with tempfile.TemporaryDirectory() as place:
        prices = _prices(asked, Path(place))
        if asked["kind"] == "backtest":
            report = steelyard.backtest_portfolio(
                portfolio, prices, policies=asked.get("policies", ()), **options
            )
        else:
            report = steelyard.compare_portfolio(
                portfolio,
                prices,
                policies=asked.get("policies", ()),
                paths=asked.get("paths", 0),
                seed=asked.get("seed", 6),
                sweep=asked.get("sweep", False),
                progress=lambda done: _say({"progress": done}),
                **options,
            )
    document = report.to_dict()
    document["notes"] = [*document["notes"], *report.notes]
    found: dict[str, Any] = {"result": document, "headline": headline(report.study, report.comparison)}
    if asked.get("page"):
        # Pictures take a second of their own, which nobody else has to wait for.
        from steelyard.interfaces.pictures.comparison_page import page

        names = {symbol: instrument.name for symbol, instrument in portfolio.instruments.items()}
        found["page"] = page(
            report.study, portfolio.base_currency, names, comparison=report.comparison, sweep=report.sweep
        )
    return found


def _portfolio(asked: Mapping[str, Any]) -> Portfolio:
    if "file" in asked:
        return steelyard.load(Path(asked["file"]), need_accounts=False)
    return steelyard.build(**{"accounts": (), **asked["stated"]}, need_accounts=False)


def _prices(asked: Mapping[str, Any], place: Path) -> Any:
    """Return prices: columns as they are, a file's text as a file; None for simulated ones."""
    if "prices_from" in asked:
        return Path(asked["prices_from"])
    prices = asked.get("prices")
    if not isinstance(prices, str):
        return prices
    file = place / "prices.csv"
    file.write_text(prices, encoding="utf-8")
    return file
