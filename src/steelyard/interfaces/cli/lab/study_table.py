"""What `backtest` and `compare` print: the verdict, then what each policy did, and against the first."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from decimal import Decimal

from rich.cells import cell_len
from rich.text import Text

from steelyard.app.lab.compare import Comparison
from steelyard.app.lab.study import Result, Study
from steelyard.interfaces.cli.tables import columns, console, money
from steelyard.interfaces.lab_words import grown, headline, interval, verdict, yearly
from steelyard.interfaces.language import tell
from steelyard.words import say

Column = tuple[str, list[str]]
"""Heading and cells."""
MOST_STATEMENTS = 4
"""Policies up to which each difference is also said in a sentence."""
_POLICY = 25
"""Cells of a policy's text where the table is short of room; what is cut stands below in full."""


def show(study: Study, comparison: Comparison | None, base: str) -> None:
    """Print the verdict, a line a policy, and what the resampled histories say of their differences.

    Args:
        study: At least one policy.
        comparison: The same with its resampled histories, None for what happened alone.
        base: The currency of its money.
    """
    out = console()
    out.print(tell(stretch(study)))
    out.print(Text(f"{tell(headline(study, comparison))}.", style="bold"))
    out.print()
    differences = () if comparison is None else comparison.differences
    made = [(name, [write(study, r, base) for r in study.results]) for name, write in _columns(study)]
    if differences:
        told = [
            (say("against the first"), ["", *map(interval, differences[1:])]),
            ("", ["", *(tell(verdict(d)) for d in differences[1:])]),
        ]
        # Before what is measured in percent of a fall: the answer to what was asked.
        at = 3 if study.after_tax else 2
        made[at:at] = told
    show_columns([r.policy for r in study.results], made, everything=False)
    if comparison is not None and differences:
        text = say(
            "Against the first: points a year over {paths} resampled histories (seed {seed}), with the "
            "interval that holds 95 % of them. Unclear: it holds zero.",
            paths=comparison.paths,
            seed=comparison.drawn.seed,
        )
        out.print(f"\n{tell(text)}")
        first = study.results[0].policy
        for r in study.results[1:] if 2 < len(study.results) <= MOST_STATEMENTS else ():
            out.print(f"\n{tell(comparison.statement(r.policy, first))}.")
    if comparison is None:
        for r in study.results:
            _show_details(r, out.print)


def show_columns(names: Sequence[str], made: Sequence[Column], *, everything: bool = True) -> None:
    """Print a line a policy as wide as the terminal is; a policy's text that was cut stands below in full.

    Args:
        names: The policies.
        made: Heading and cells of each column, what matters first.
        everything: Columns that do not fit go into a table of their own; else they are left out.
    """
    out, left = console(), list(made)
    widest = max(map(len, (*names, tell(say("policy")))))
    called = min(widest, _POLICY)
    while left:
        room = out.width - called - 2
        shown = _fitting(left, room) or left[:1]
        spare = max(room - sum(_width(column) + 2 for column in shown) + 2, 0)
        table = columns((say("policy"), ""), *((name, "right" if name else "") for name, _ in shown))
        for n, name in enumerate(names):
            policy = Text(name)
            policy.truncate(min(widest, called + spare), overflow="ellipsis")
            table.add_row(policy, *(cells[n] for _, cells in shown))
        out.print(table)
        for name in names:
            if len(name) > called + spare:
                out.print(tell(say("in full: {policy}", policy=name)))
        left = left[len(shown) :] if everything else []
        if left:
            out.print()


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


def _width(column: Column) -> int:
    name, cells = column
    return max(map(cell_len, (tell(name), *cells)))


def _fitting(made: list[Column], room: int) -> list[Column]:
    """Return the first columns that fit: fewer in a narrow terminal, rather than cut numbers."""
    taken: list[Column] = []
    for column in made:
        room -= _width(column) + (2 if taken else 0)
        if room < 0:
            break
        taken.append(column)
    return taken


def _columns(study: Study) -> list[tuple[str, Callable[[Study, Result, str], str]]]:
    """Return heading and cell of each column, what matters first."""
    tax: list[tuple[str, Callable[[Study, Result, str], str]]] = [
        (say("after tax"), lambda s, r, _: _percent(grown(s, r))),
        (say("cost a year"), lambda s, r, _: _percent(yearly(s, r, r.costs))),
        (say("tax a year"), lambda s, r, _: _percent(yearly(s, r, r.taxes))),
        (say("if sold"), lambda s, r, base: _money(r.liquidation_value, base)),
    ]
    before: list[tuple[str, Callable[[Study, Result, str], str]]] = [
        (say("a year"), lambda s, r, _: _percent(grown(s, r))),
        (say("cost a year"), lambda s, r, _: _percent(yearly(s, r, r.costs))),
    ]
    return [
        *(tax if study.after_tax else before),
        (say("drawdown"), lambda s, r, _: _percent(r.max_drawdown, 1)),
        (say("trades"), lambda s, r, _: str(r.rebalances)),
        (say("final"), lambda s, r, base: _money(r.final_value, base)),
        (say("costs"), lambda s, r, base: _money(r.costs, base)),
        *([(say("taxes"), tax_paid)] if study.after_tax else []),
        (say("volatility"), lambda s, r, _: _percent(r.volatility, 1)),
        (say("Sharpe"), lambda s, r, _: "-" if math.isnan(r.sharpe) else f"{r.sharpe:.2f}"),
        (say("turnover"), lambda s, r, _: _percent(r.turnover, 1)),
    ]


def tax_paid(study: Study, result: Result, base: str) -> str:
    """Return the tax that left over the years."""
    return _money(result.taxes, base)
