"""Reports as text for a terminal: tables that read well without colour, amounts by locale rules."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Context, Decimal

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from steelyard.app.check import CheckReport
from steelyard.domain.money import EXACT, ONE, ZERO, currency_sign, minor_digits
from steelyard.domain.policy.drift import Drift
from steelyard.domain.policy.models import Model
from steelyard.domain.policy.policies import band
from steelyard.domain.portfolio import Portfolio
from steelyard.domain.trades import Plan, Trade

_MILLIONTH = Decimal("0.000001")
_WIDE = Context(prec=1000)
"""For printing: no amount that a file may hold is too long."""
GAUGE = 8
"""Cells on each side of the middle of a drift gauge."""

NAME_ROOM = 10
"""Cells the name must have before the gauge is drawn."""


def console() -> Console:
    """Return a console on standard output; plain text when that is no terminal."""
    return Console(highlight=False, markup=False, soft_wrap=False)


def money(amount: Decimal, currency: str) -> str:
    """Return an amount by locale rules, in the currency's own decimals: `₩4,800,000`, `$412.35`."""
    rounded = _WIDE.quantize(amount, ONE.scaleb(-minor_digits(currency)))
    return f"{'-' if rounded < 0 else ''}{currency_sign(currency)}{abs(rounded):,f}"


def percent(fraction: Decimal, *, sign: bool = False) -> str:
    """Return a fraction as percent with one decimal, two where the first would hide something."""
    value = (fraction * 100).quantize(Decimal("0.01"))
    text = f"{value:+.2f}" if sign else f"{value:.2f}"
    return text[:-1] if text.endswith("0") else text


def shares(count: Decimal) -> str:
    """Return a number of shares with its group separators, fractions to 6 decimals."""
    text = f"{_WIDE.quantize(count, _MILLIONTH):,f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def heading(command: str, about: str) -> None:
    """Print a line that starts a new part."""
    console().print(Text.assemble(("\n$ ", "dim"), (command, "bold"), (f"   # {about}", "dim")))


def gauge(drift: Drift, limit: Decimal | None) -> str:
    """Draw a drift: the middle is the target, the brackets are the band, the dot is today.

    Twice the band fills the gauge; what lies further out sits at its end as an arrow.
    """
    if not limit:
        return ""
    half = GAUGE // 2
    cells = ["·"] * (2 * GAUGE + 1)
    cells[GAUGE] = "|"
    cells[GAUGE - half], cells[GAUGE + half] = "[", "]"
    place = int((drift.drift / limit * half).to_integral_value()) + GAUGE
    if place < 0:
        cells[0] = "◀"
    elif place > 2 * GAUGE:
        cells[-1] = "▶"
    else:
        cells[place] = "●"
    return "".join(cells)


def _table(*columns: tuple[str, str]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for title, side in columns:
        table.add_column(title, justify="right" if side == "right" else "left", no_wrap=title != "why")
    return table


def _drift_table(report: CheckReport, width: int) -> Table:
    """Return the drift table in a given width: figures are never cut, the name gives way, then the gauge."""
    portfolio = report.portfolio
    figures = [
        (
            d.symbol,
            money(d.value, portfolio.base_currency),
            percent(d.weight),
            percent(d.target),
            percent(d.drift, sign=True),
            gauge(d, band(d.target, portfolio.policy)),
        )
        for d in report.drifts
    ]
    titles = ("symbol", "value", "weight", "target", "drift", "band")
    taken = [max(map(cell_len, column)) + 2 for column in zip(titles, *figures, strict=True)]
    # One more column says "!" where the band is broken.
    room = width - sum(taken) - 3
    drawn = room >= NAME_ROOM
    room = room - 2 if drawn else room + taken[-1] - 2
    sides = [("symbol", ""), ("name", ""), ("value", "right"), ("weight", "right"), ("target", "right")]
    table = _table(*sides, ("drift", "right"), ("", ""), *([("band", "")] if drawn else []))
    for drift, (symbol, worth, weight, target, off, picture) in zip(report.drifts, figures, strict=True):
        breach = drift.symbol in report.breaches
        name = Text(portfolio.instruments[drift.symbol].name)
        name.truncate(max(min(room, 28), 1), overflow="ellipsis")
        red = "bold red" if breach else ""
        mark = "!" if breach else ""
        row: list[str | Text] = [symbol, name, worth, weight, target, Text(off, style=red), mark]
        table.add_row(*row, *([picture] if drawn else []))
    return table


def show_check(report: CheckReport) -> None:
    """Print what `check` found."""
    portfolio, valuation, out = report.portfolio, report.valuation, console()
    base = portfolio.base_currency
    table = _drift_table(report, out.width)
    out.print(f"\n{report.as_of}   {money(valuation.managed, base)} managed   all weights in %\n")
    out.print(table)
    cash = f"cash {money(valuation.cash, base)}"
    if valuation.reserve:
        cash += f", of which {money(valuation.reserve, base)} is the reserve"
    wrong = f"{percent(report.misplaced)} % of the money is in the wrong place"
    out.print(f"\n{cash}; {wrong if valuation.managed else 'fill in shares, prices and cash to begin'}")
    for holding in valuation.unmanaged:
        out.print(f"unmanaged: {holding.symbol} {money(holding.value, base)} (no target, not counted)")
    decision = report.decision
    out.print(Text("\nA rebalance is due:" if decision.due else "\nNo rebalance is due.", style="bold"))
    for reason in decision.reasons:
        out.print(Text(f"  - {reason.text}"))
    if decision.held_back:
        out.print(f"  held back: {decision.held_back}")
    if decision.next_look:
        out.print(f"Next look: {decision.next_look}")


def show_plan(plan: Plan, portfolio: Portfolio, title: str) -> None:
    """Print a plan: the trades with their reasons, then where they lead."""
    out, base = console(), plan.base_currency
    several = len(portfolio.accounts) > 1
    flow = f", {money(plan.cash_flow, base)} of cash flow" if plan.cash_flow else ""
    out.print(f"\n{title} for {plan.as_of}{flow}\n")
    names = [a.name for a in portfolio.accounts]
    if plan.trades:
        table = _table(
            *([("account", "")] if several else []),
            ("", ""), ("symbol", ""), ("shares", "right"), ("amount", "right"), ("cost", "right"),
            ("why", ""),
        )  # fmt: skip
        for t in sorted(plan.trades, key=lambda t: names.index(t.account)):
            # What is known by its value only has no shares to speak of.
            count = "" if portfolio.quotes[t.symbol].by_value else shares(t.shares)
            row = [t.side, t.symbol, count, money(t.amount, base), money(t.cost, base), t.reason]
            table.add_row(*([t.account] if several else []), *row)
        out.print(table)
    else:
        out.print("Nothing to trade.")
    for conversion in plan.conversions:
        out.print(
            f"convert {money(conversion.amount, base)} from {conversion.from_currency} to "
            f"{conversion.to_currency} in {conversion.account}, cost {money(conversion.cost, base)}"
        )
    for left in plan.untraded:
        if left.symbol:
            out.print(Text(f"not traded: {left.symbol}: {left.reason}"))
        elif several or left.decided_by == "rule":
            out.print(Text(f"not spent: {money(left.amount, base)} in {left.account}: {left.reason}"))
    for block in plan.blocked:
        if block.symbol not in {left.symbol for left in plan.untraded}:
            out.print(Text(f"not bought: {block.symbol}: {block.reason}"))
    out.print()
    after = _table(
        ("after", ""),
        ("shares", "right"),
        ("value", "right"),
        ("weight", "right"),
        ("target", "right"),
        ("drift", "right"),
    )
    for holding in plan.after:
        d = holding.drift
        quote = portfolio.quotes.get(holding.symbol)
        count = "" if quote is not None and quote.by_value else shares(holding.shares)
        after.add_row(
            holding.symbol,
            count,
            money(d.value, base),
            percent(d.weight),
            percent(d.target),
            percent(d.drift, sign=True),
        )
    out.print(after)
    if plan.nearest is not None:
        near, here = plan.nearest, percent(plan.nearest.plan_distance)
        costs = money(EXACT.add(near.costs, near.tax or ZERO), base)
        out.print(
            f"\n{here} % from target; the nearest plan is at {percent(near.distance)} %, with {near.trades} "
            f"trades of {money(near.turnover, base)} and {costs} of tax and costs: --accept-drift 0 shows it"
        )
    sure = "proven optimal" if plan.objective.proven else "best found, not proven"
    misplaced = sum((abs(h.drift.drift) for h in plan.after), ZERO) / 2
    out.print(
        f"\ncash {money(plan.cash_after, base)}; traded {money(plan.turnover, base)}; "
        f"costs {money(plan.costs, base)}; {percent(misplaced)} % misplaced; {sure}"
    )
    for t in plan.trades:
        if t.tax is not None:
            lost = f"; {shares(t.disallowed)} of the loss is disallowed" if t.disallowed else ""
            where = f" in {t.account}" if several else ""
            out.print(f"tax of selling {t.symbol}{where}: {money(t.tax, base)}{_lots_text(t)}{lost}")
    if plan.taxes is not None and any(t.tax is not None for t in plan.trades):
        out.print(f"tax of the plan: {money(plan.taxes, base)} on top of the year so far")
    if plan.tax_note and plan.trades:
        out.print(Text(f"tax: {plan.tax_note}"))
    if plan.to_bands is not None:
        if plan.to_bands:
            out.print(
                f"{money(plan.to_bands, base)} of new money would bring everything inside its band "
                "without a sale"
            )
        else:
            out.print("Everything comes inside its band without a sale even without new money.")


def _lots_text(trade: Trade) -> str:
    lots = ", ".join(f"{shares(count)} of {bought}" for bought, count, _ in trade.lots)
    return f" (sells {lots})" if lots else ""


def show_models(models: Iterable[Model]) -> None:
    """Print model portfolios."""
    out = console()
    for model in models:
        out.print(Text.assemble((f"\n{model.name}", "bold"), f"  {model.description}"))
        out.print(
            "  " + "  ".join(f"{symbol} {percent(weight)} %" for symbol, weight in model.weights.items())
        )
        out.print(Text(f"  source: {model.source}", style="dim"))
