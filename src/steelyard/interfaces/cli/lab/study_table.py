"""The table of `backtest` and `compare`: what each policy did, and against the first."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal

from rich.box import SIMPLE_HEAD
from rich.table import Table

from steelyard.app.lab.compare import Comparison
from steelyard.app.lab.study import Result, Study
from steelyard.interfaces.cli.tables import console, money
from steelyard.interfaces.language import tell
from steelyard.words import say

MOST_STATEMENTS = 4
"""Policies up to which each difference is also said in a sentence."""


def show(study: Study, comparison: Comparison | None, base: str) -> None:
    """Print a line a policy, and what the resampled histories say of their differences.

    Args:
        study: At least one policy.
        comparison: The same with its resampled histories, None for what happened alone.
        base: The currency of its money.
    """
    out = console()
    out.print(f"{tell(stretch(study))}\n")
    differences = () if comparison is None else comparison.differences
    table = Table(box=SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    table.add_column(tell(say("policy")), min_width=28)
    # A narrow terminal gets fewer columns rather than cut numbers; --json has them all.
    room = 118 if comparison is None or not comparison.differences else 146
    shown = _COLUMNS if out.width >= room else [c for c in _COLUMNS if c[2]]
    if study.after_tax:
        shown = [*shown, *_TAX_COLUMNS[: 2 if out.width >= room else 0 if differences else 1]]
    for name, _, _ in shown:
        table.add_column(tell(name), justify="right", no_wrap=True)
    if differences:
        table.add_column(tell(say("against the first")), justify="right", no_wrap=True)
    for n, result in enumerate(study.results):
        cells = [write(result, base) for _, write, _ in shown]
        if differences:
            d = differences[n]
            mark = "*" if d.evident else " "
            interval = f"{100 * d.mean:+.2f} [{100 * d.low:+.2f}..{100 * d.high:+.2f}]{mark}"
            cells.append(interval if n else "")
        table.add_row(result.policy, *cells)
    out.print(table)
    if comparison is not None and differences:
        text = say(
            "Last column: points a year over {paths} resampled histories, 95 % interval; "
            "without * the difference is no evidence.",
            paths=comparison.paths,
        )
        out.print(f"\n{tell(text)}")
        first = study.results[0].policy
        for r in study.results[1:] if len(study.results) <= MOST_STATEMENTS else ():
            out.print(f"\n{tell(comparison.statement(r.policy, first))}.")
    if comparison is None:
        for r in study.results:
            _show_details(r, out.print)


def stretch(study: Study) -> str:
    """Return from when to when a study goes, and that its prices are simulated where they are."""
    facts = {"first": study.dates[0], "last": study.dates[-1], "count": len(study.dates)}
    if study.simulated:
        return say("SIMULATED prices, {first} to {last}, {count} sessions", **facts)
    return say("{first} to {last}, {count} sessions", **facts)


def _show_details(r: Result, show: Callable[[str], None]) -> None:
    sortino = "-" if math.isnan(r.sortino) else f"{r.sortino:.2f}"
    text = say(
        "{policy}: deepest fall from {first} to {last}; money-weighted {growth} a year; Sortino {sortino}; "
        "drift {drift} on average, {worst} at worst; tracking error {tracking}",
        policy=r.policy,
        first=r.drawdown_from,
        last=r.drawdown_to,
        growth=_percent(r.money_weighted),
        sortino=sortino,
        drift=_percent(r.average_drift),
        worst=_percent(r.worst_drift),
        tracking=_percent(r.tracking_error),
    )
    show(f"\n{tell(text)}")
    if r.ruined_on is not None:
        show(tell(say("The money ran out on {day}.", day=r.ruined_on)))


def _percent(fraction: float, digits: int = 2) -> str:
    return "-" if math.isnan(fraction) else f"{100 * fraction:.{digits}f} %"


def _money(amount: float, currency: str) -> str:
    return money(Decimal(amount), currency)


_COLUMNS: list[tuple[str, Callable[[Result, str], str], bool]] = [
    (say("final"), lambda r, base: _money(r.final_value, base), False),
    (say("a year"), lambda r, _: _percent(r.cagr), True),
    (say("volatility"), lambda r, _: _percent(r.volatility, 1), False),
    (say("Sharpe"), lambda r, _: "-" if math.isnan(r.sharpe) else f"{r.sharpe:.2f}", False),
    (say("drawdown"), lambda r, _: _percent(r.max_drawdown, 1), True),
    (say("turnover"), lambda r, _: _percent(r.turnover, 1), False),
    (say("trades"), lambda r, _: str(r.rebalances), True),
    (say("costs"), lambda r, base: _money(r.costs, base), False),
]
"""Heading, cell, and whether a narrow terminal shows it."""

_TAX_COLUMNS: list[tuple[str, Callable[[Result, str], str], bool]] = [
    (say("taxes"), lambda r, base: _money(r.taxes, base), True),
    (say("if sold"), lambda r, base: _money(r.liquidation_value, base), True),
]
