"""Advice on bands as text: what it rests on, what is best, and what other rules cost."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.table import Table

from steelyard.interfaces.cli.tables import console, money
from steelyard.interfaces.language import echo, tell
from steelyard.words import join, say

if TYPE_CHECKING:
    from steelyard.app.lab.advice.bands import BandReport
    from steelyard.app.lab.advice.saver_inputs import SaverInputs

_BP = 1e4
METHODS = {
    "closed form": say("closed form"),
    "programme": say("dynamic programme"),
    "simulation": say("simulation"),
}


def amount(value: float, currency: str) -> str:
    """Return money that a float says, to three digits where it is less than a unit of currency."""
    if 0 < abs(value) < 1:
        return f"{value:.3g} {currency}"
    return money(Decimal(repr(value)), currency)


def table(columns: Sequence[str], *, left: int = 1) -> Table:
    """Return an empty table whose first columns stand to the left."""
    made = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for number, column in enumerate(columns):
        made.add_column(tell(column), justify="left" if number < left else "right", no_wrap=True)
    return made


def show_saver(saver: SaverInputs, notes: Sequence[str]) -> None:
    """Print what advice rests on."""
    for note in notes:
        echo(say("note: {note}", note=note), err=True)
    costs = [say("{cost:.3g} % of what moves from one fund to another", cost=saver.move * 100)]
    if saver.least:
        costs.append(say("at least {least} a trade", least=amount(saver.least, saver.currency)))
    if saver.fixed:
        costs.append(say("{fixed} a rebalance", fixed=amount(saver.fixed, saver.currency)))
    echo(
        say(
            "{value}, {kind}, {taxed}; risk aversion {aversion:g}",
            value=amount(saver.value, saver.currency),
            kind=say("whole shares") if saver.whole else say("divisible shares"),
            taxed=say("after tax") if saver.tax is not None else say("no tax"),
            aversion=saver.aversion,
        )
    )
    echo(say("trading costs: {costs}", costs=join(say(", "), costs)))
    if saver.deposits:
        echo(say("deposits: {deposits} a year", deposits=amount(saver.deposits, saver.currency)))
    echo("")


def show_bands(report: BandReport) -> None:
    """Print the advice."""
    show_saver(report.saver, report.notes)
    best = report.best
    echo(
        say(
            "Best: trade beyond {trigger:.2f} points off the target, back to {destination:.2f} ({method})",
            trigger=best.trigger * 100,
            destination=best.destination * 100,
            method=METHODS[report.method],
        )
    )
    if report.as_good is not None:
        low, high = report.as_good
        echo(
            say(
                "as good as simulation can tell: triggers from {low:.1f} to {high:.1f} points",
                low=low * 100,
                high=high * 100,
            )
        )
    _show_funds(report)
    _show_rules(report)
    _show_rest(report)


def _show_funds(report: BandReport) -> None:
    echo("")
    floors = any(fund.floor is not None for fund in report.funds)
    columns = [say("fund"), say("target"), say("moves"), say("trigger"), say("back to"), say("bp a year")]
    shown = table([*columns, *([say("a share")] if floors else [])])
    for fund in report.funds:
        row = [
            fund.symbol,
            f"{fund.target * 100:g}%",
            f"{fund.volatility * 100:.1f}%",
            f"{fund.band.trigger * 100:.2f}",
            f"{fund.band.destination * 100:.2f}",
            f"{fund.cost.total * _BP:.3f}",
        ]
        if floors:
            row.append("" if fund.floor is None else f"±{fund.floor * 100:.2f}")
        shown.add_row(*row)
    console().print(shown)
    echo(say("closed form: each fund against the rest, watched all the time, points off its target"))
    if floors:
        echo(say("a share: how far off whole shares leave a fund on average, whatever the rule"))
    programmed = report.programmed
    if programmed is None:
        return
    echo("")
    echo(
        say(
            "dynamic programme, {looks} looks a year, {cost:.3f} bp a year:",
            looks=programmed.looks,
            cost=programmed.cost * _BP,
        )
    )
    for one in programmed.stretches:
        echo(
            say(
                "  {symbol}: left from {low:.1f} to {high:.1f}, else to {low_to:.1f} or {high_to:.1f} %",
                symbol=one.symbol,
                low=one.low * 100,
                high=one.high * 100,
                low_to=one.low_to * 100,
                high_to=one.high_to * 100,
            )
        )


def _show_rules(report: BandReport) -> None:
    echo("")
    simulated, taxed = report.drawing is not None, report.saver.tax is not None
    # What knows neither taxes nor deposits nor whole shares gives way to what does.
    programmed = (report.saver.is_plain or not simulated) and any(r.programmed for r in report.rules)
    columns = [say("bp a year"), say("formula"), *([say("programme")] if programmed else [])]
    columns += [say("simulated"), say("than best")] if simulated else []
    columns += [say("tax")] if simulated and taxed else []
    shown = table(columns)
    for row in report.rules:
        cells = [
            tell(row.rule.text),
            "" if row.closed is None else f"{row.closed.total * _BP:.2f}",
        ]
        if programmed:
            cells.append("" if row.programmed is None else f"{row.programmed * _BP:.2f}")
        one = row.simulated
        if one is not None:
            cells += [f"{one.cost * _BP:.2f} ±{one.half * _BP:.2f}"]
            cells += [f"{one.more * _BP:+.2f} ±{one.more_half * _BP:.2f}"]
            cells += [f"{one.tax * _BP:.2f}"] if taxed else []
        shown.add_row(*cells)
    console().print(shown)
    if report.drawing is not None:
        echo(
            say(
                "SIMULATED: {paths} paths of {years} years, seed {seed}; 95 % intervals",
                paths=report.drawing.paths,
                years=report.drawing.years,
                seed=report.drawing.seed,
            )
        )
        _say_of_holding(report)
        if not report.saver.is_plain:
            echo(say("formula and programme know neither taxes nor deposits nor whole shares"))
        if taxed:
            echo(say("tax: beyond that of never selling; below zero where allowances are used up"))


def _say_of_holding(report: BandReport) -> None:
    """Say so where never selling cannot be told from the best band."""
    hold = next((r.simulated for r in report.rules if r.rule.never_sells and r.simulated), None)
    if hold is not None and hold.more <= hold.more_half:
        echo(
            say(
                "never selling is as good as the best band, over {years} years: {more:+.2f} ±{half:.2f} bp",
                years=report.drawing.years if report.drawing is not None else 0,
                more=hold.more * _BP,
                half=hold.more_half * _BP,
            )
        )


def _show_rest(report: BandReport) -> None:
    saver, inverse = report.saver, report.inverse
    echo("")
    if inverse is not None:
        facts = {"move": inverse.move * _BP, "fixed": amount(inverse.fixed, saver.currency)}
        costs = (
            say("{move:.1f} bp of what moves with nothing fixed, or {fixed} a rebalance alone", **facts)
            if inverse.either
            else say("{move:.1f} bp of what moves and {fixed} a rebalance", **facts)
        )
        own = report.rules[1].rule.text
        echo(say("your rule ({rule}) would be right at costs of {costs}", rule=own, costs=costs))
    echo(
        say(
            "saving {part:.0%} of the portfolio a year holds it as tight without a sale",
            part=report.deposits_enough,
        )
    )
