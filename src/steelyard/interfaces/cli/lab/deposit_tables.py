"""Advice on deposits as text: what they hold, what they are as good as, and what they buy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steelyard.interfaces.cli.lab.advice_tables import amount, table
from steelyard.interfaces.cli.tables import console, money, shares
from steelyard.interfaces.language import echo, tell
from steelyard.words import join, say

if TYPE_CHECKING:
    from steelyard.app.lab.advice.deposits import DepositReport, Held


def show_deposits(report: DepositReport) -> None:
    """Print the answer."""
    saver = report.saver
    for note in report.notes:
        echo(say("note: {note}", note=note), err=True)
    echo(
        say(
            "{value}, {deposits} paid in a year ({part:.1%})",
            value=amount(saver.value, saver.currency),
            deposits=amount(saver.deposits, saver.currency),
            part=saver.deposits / saver.value,
        )
    )
    echo("")
    _show_as_good(report)
    _show_parts(report)
    _show_ahead(report)
    _show_purchases(report)


def _show_as_good(report: DepositReport) -> None:
    for one in report.as_good:
        facts = {"rule": one.rule, "deviation": one.deviation * 100, "half": one.half * 100}
        if one.part is None:
            said = say(
                "{rule} stands off by {deviation:.2f} ±{half:.2f} points; no saving tried does", **facts
            )
        else:
            said = say(
                "{rule} stands off by {deviation:.2f} ±{half:.2f} points; so does saving {part:.0%} a year",
                part=one.part,
                **facts,
            )
        echo(said)
    echo("")


def _points(held: Held) -> list[str]:
    middle = (held.high - held.low) / 2.0
    return [f"{held.closed * 100:.2f}", f"{held.simulated * 100:.2f} ±{middle * 100:.2f}"]


def _show_parts(report: DepositReport) -> None:
    shown = table([say("a year"), say("how often"), say("formula"), say("simulated")])
    for held in report.parts:
        shown.add_row(f"{held.part:.1%}", tell(_rhythm(held.months)), *_points(held))
    for held in report.rhythms:
        shown.add_row(f"{held.part:.1%}", tell(_rhythm(held.months)), *_points(held))
    console().print(shown)
    drawing = report.drawing
    if len(report.saver.symbols) > 2:
        echo(
            say(
                "formula: one fund against the rest; where deposits fill several gaps, believe the simulation"
            )
        )
    echo(say("points off the target without a sale, root mean square of the fund furthest off"))
    echo(
        say(
            "SIMULATED: {paths} paths of {years} years, seed {seed}; 95 % intervals",
            paths=drawing.paths,
            years=drawing.years,
            seed=drawing.seed,
        )
    )
    echo("")


def _rhythm(months: int) -> str:
    names = {
        1: say("monthly"), 3: say("quarterly"), 6: say("twice a year"), 12: say("once a year"),
    }  # fmt: skip
    return names[months]


def _show_ahead(report: DepositReport) -> None:
    saver = report.saver
    shown = table([say("in years"), say("portfolio"), say("saving is"), say("formula"), say("simulated")])
    for held in report.ahead:
        worth = amount(round(held.value), saver.currency)
        shown.add_row(f"{held.year}", worth, f"{held.part:.1%}", *_points(held))
    console().print(shown)
    echo(say("the same deposits while the portfolio earns 6 % a year: what holds it today holds less later"))


def _show_purchases(report: DepositReport) -> None:
    if not report.purchases:
        return
    echo("")
    echo(say("The next twelve months, as `invest` plans them at today's prices:"))
    currency = report.saver.currency
    shown = table([say("month"), say("buy"), say("cash left")], left=2)
    for one in report.purchases:
        buys = [
            say("{count} {symbol}", count=shares(count), symbol=symbol) for symbol, count, _ in one.shares
        ]
        shown.add_row(one.month, tell(join(", ", buys)), money(one.cash, currency))
    console().print(shown)
