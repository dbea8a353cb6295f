"""Reports as text for a terminal: tables that read well without colour, amounts by locale rules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Context, Decimal
from typing import Any

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from steelyard.app.check import CheckReport
from steelyard.app.planning.ways import Ways
from steelyard.domain.class_holdings import Member
from steelyard.domain.money import EXACT, ONE, ZERO, currency_sign
from steelyard.domain.policy.drift import Drift
from steelyard.domain.policy.models import Model
from steelyard.domain.policy.policies import band
from steelyard.domain.portfolio import Portfolio
from steelyard.domain.trades import Plan, Trade
from steelyard.interfaces import edge
from steelyard.interfaces.cli.long_lists import MOST_ROWS, first_lines, more
from steelyard.interfaces.language import tell
from steelyard.interfaces.rounding import ROUNDED, adds_up, rounded
from steelyard.interfaces.vocabulary import SIDES, WAYS
from steelyard.words import join, say

_MILLIONTH = Decimal("0.000001")
_WIDE = Context(prec=1000)
"""For printing: no amount that a file may hold is too long."""
GAUGE = 8
"""Cells on each side of the middle of a drift gauge."""

NAME_ROOM = 10
"""Cells the name must have before the gauge is drawn."""


def console() -> Console:
    """Return a console on standard output; plain text when that is no terminal."""
    return edge.console(highlight=False, markup=False, soft_wrap=False)


def money(amount: Decimal, currency: str) -> str:
    """Return an amount by locale rules, in the currency's own decimals: `₩4,800,000`, `$412.35`."""
    shown = rounded(amount, currency)
    return f"{'-' if shown < 0 else ''}{currency_sign(currency)}{abs(shown):,f}"


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
    console().print(Text.assemble(("\n$ ", "dim"), (command, "bold"), (f"   # {tell(about)}", "dim")))


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


class _LongTable(Table):
    """A table that shows its first rows, and says how many more there are."""

    def add_row(self, *cells: object, **how: Any) -> None:
        if self.row_count < MOST_ROWS:
            super().add_row(*cells, **how)  # type: ignore[arg-type]
            return
        self.left_out = getattr(self, "left_out", 0) + 1
        self.caption, self.caption_style, self.caption_justify = tell(more(self.left_out)), "", "left"


def columns(*titles: tuple[str, str]) -> Table:
    """Return a table of columns by title and side: left, right, or the one that may wrap."""
    table = _LongTable(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for title, side in titles:
        table.add_column(tell(title), justify="right" if side == "right" else "left", no_wrap=side != "wrap")
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
            gauge(d, band(d.symbol, d.target, portfolio.policy)),
        )
        for d in report.drifts
    ]
    symbol_, value_, weight_ = say("symbol"), say("value"), say("weight")
    target_, drift_, band_ = say("target"), say("drift"), say("band")
    titles = tuple(map(tell, (symbol_, value_, weight_, target_, drift_, band_)))
    inside = [
        (_inside(m), money(m.value, portfolio.base_currency), percent(m.weight), "", "", "")
        for m in report.members
    ]
    taken = [max(map(cell_len, column)) + 2 for column in zip(titles, *figures, *inside, strict=True)]
    # One more column says "!" where the band is broken.
    room = width - sum(taken) - 3
    drawn = room >= NAME_ROOM
    room = room - 2 if drawn else room + taken[-1] - 2
    sides = [(symbol_, ""), (say("name"), ""), (value_, "right"), (weight_, "right"), (target_, "right")]
    table = columns(*sides, (drift_, "right"), ("", ""), *([(band_, "")] if drawn else []))
    of_class: dict[str, list[Member]] = {}
    for member in report.members:
        of_class.setdefault(member.name, []).append(member)
    for drift, (symbol, worth, weight, target, off, picture) in zip(report.drifts, figures, strict=True):
        breach = drift.symbol in report.breaches
        known = portfolio.instruments.get(drift.symbol)
        name = Text(known.name if known else tell(say("asset class")))
        name.truncate(max(min(room, 28), 1), overflow="ellipsis")
        red = "bold red" if breach else ""
        mark = "!" if breach else ""
        row: list[str | Text] = [symbol, name, worth, weight, target, Text(off, style=red), mark]
        table.add_row(*row, *([picture] if drawn else []))
        for member in of_class.get(drift.symbol, ()):
            called = Text(portfolio.instruments[member.symbol].name, style="dim")
            called.truncate(max(min(room, 28), 1), overflow="ellipsis")
            held = money(member.value, portfolio.base_currency)
            own: list[str | Text] = [_inside(member), called, held, percent(member.weight)]
            table.add_row(*own, "", "", "", *([""] if drawn else []))
    return table


def _inside(member: Member) -> str:
    """Return a member of a class as its row begins: a fund that counts in parts says with how much."""
    return f"  {member.symbol}" if member.part == ONE else f"  {member.symbol} {percent(member.part)} %"


def show_check(report: CheckReport) -> None:
    """Print what `check` found."""
    portfolio, valuation, out = report.portfolio, report.valuation, console()
    base = portfolio.base_currency
    table = _drift_table(report, out.width)
    managed = money(valuation.managed, base)
    title = say("{day}   {amount} managed   all weights in %", day=report.as_of, amount=managed)
    out.print(f"\n{tell(title)}\n")
    out.print(table)
    cash = say("cash {amount}", amount=money(valuation.cash, base))
    if valuation.reserve:
        reserve = money(valuation.reserve, base)
        cash = say("{cash}, of which {amount} is the reserve", cash=cash, amount=reserve)
    wrong = say("{percent} % of the money is in the wrong place", percent=percent(report.misplaced))
    begin = say("fill in shares, prices and cash to begin")
    out.print(f"\n{tell(join('; ', (cash, wrong if valuation.managed else begin)))}")
    if portfolio.owners:
        parts = [
            say(
                "{owner} {amount} ({percent} %)",
                owner=x.owner,
                amount=money(x.value, base),
                percent=percent(x.weight),
            )
            for x in report.owners
        ]
        out.print(tell(join("; ", parts)))
    unmanaged = [
        say(
            "unmanaged: {symbol} {amount} (no target, not counted)",
            symbol=holding.symbol,
            amount=money(holding.value, base),
        )
        for holding in valuation.unmanaged
    ]
    for text in first_lines(unmanaged):
        out.print(tell(text))
    values = [d.value for d in report.drifts]
    if not adds_up([*values, valuation.cash, EXACT.minus(valuation.reserve)], valuation.managed, base):
        out.print(tell(ROUNDED))
    decision = report.decision
    due = say("A rebalance is due:") if decision.due else say("No rebalance is due.")
    out.print(Text(f"\n{tell(due)}", style="bold"))
    for reason in decision.reasons:
        out.print(Text(f"  - {tell(reason.text)}"))
    if decision.held_back:
        out.print(f"  {tell(say('held back: {why}', why=decision.held_back))}")
    if decision.next_look:
        out.print(tell(say("Next look: {day}", day=decision.next_look)))


def show_plan(plan: Plan, portfolio: Portfolio, title: str, *, asks_nearest: bool = True) -> None:
    """Print a plan: the trades with their reasons, then where they lead."""
    out, base = console(), plan.base_currency
    several = len(portfolio.accounts) > 1
    heading = say("{title} for {day}", title=title, day=plan.as_of)
    if plan.cash_flow:
        flow = money(plan.cash_flow, base)
        heading = say("{title} for {day}, {amount} of cash flow", title=title, day=plan.as_of, amount=flow)
    out.print(f"\n{tell(heading)}\n")
    if plan.trades:
        out.print(_trade_table(plan, portfolio, out.width))
    else:
        out.print(tell(say("Nothing to trade.")))
    for text in _beside(plan, several):
        out.print(Text(tell(text)))
    out.print()
    after = columns(
        (say("after"), ""),
        (say("shares"), "right"),
        (say("value"), "right"),
        (say("weight"), "right"),
        (say("target"), "right"),
        (say("drift"), "right"),
    )
    for holding in plan.after:
        d = holding.drift
        quote = portfolio.quotes.get(holding.symbol)
        known = holding.shares is not None and not (quote is not None and quote.by_value)
        count = shares(holding.shares) if known and holding.shares is not None else ""
        after.add_row(
            holding.symbol,
            count,
            money(d.value, base),
            percent(d.weight),
            percent(d.target),
            percent(d.drift, sign=True),
        )
        for member in plan.members:
            if member.name == holding.symbol:
                worth = money(member.value, base)
                after.add_row(
                    f"  {member.symbol}", shares(member.shares), worth, percent(member.weight), "", ""
                )
    out.print(after)
    if plan.nearest is not None:
        near = plan.nearest
        # Withdrawals cannot ask for it: a hint must be good to paste.
        ends = say(": --accept-drift 0 shows it") if asks_nearest else ""
        text = say(
            "{here} % from target; the nearest plan is at {distance} %, "
            "with {trades} {trades:trade|trades} of {amount} and {costs} of tax and costs{ends}",
            ends=ends,
            here=percent(near.plan_distance),
            distance=percent(near.distance),
            trades=near.trades,
            amount=money(near.turnover, base),
            costs=money(EXACT.add(near.costs, near.tax or ZERO), base),
        )
        out.print(f"\n{tell(text)}")
    sure = say("proven optimal") if plan.objective.proven else say("best found, not proven")
    if plan.gated:
        sure = say("no rebalance is due, so no plan was made")
    misplaced = sum((abs(h.drift.drift) for h in plan.after), ZERO) / 2
    text = say(
        "cash {cash}; traded {traded}; costs {costs}; {percent} % misplaced; {sure}",
        cash=money(plan.cash_after, base),
        traded=money(plan.turnover, base),
        costs=money(plan.costs, base),
        percent=percent(misplaced),
        sure=sure,
    )
    out.print(f"\n{tell(text)}")
    for text in _tax_lines(plan, several):
        out.print(Text(tell(text)))
    for note in plan.notes:
        out.print(Text(tell(note)))
    if plan.to_bands:
        text = say(
            "{amount} of new money would bring everything inside its band without a sale",
            amount=money(plan.to_bands, base),
        )
        out.print(tell(text))
    elif plan.to_bands is not None:
        out.print(tell(say("Everything comes inside its band without a sale even without new money.")))


def _trade_table(plan: Plan, portfolio: Portfolio, width: int) -> Table:
    """Return the trades account by account; funds have their names where a line has room for one.

    Where nothing costs anything there is no column for it.
    """
    base = plan.base_currency
    order = {account.name: n for n, account in enumerate(portfolio.accounts)}
    trades = sorted(plan.trades, key=lambda t: order[t.account])
    titles = [(say("account"), ""), ("", ""), (say("symbol"), ""), (say("shares"), "right")]
    titles += [(say("amount"), "right"), (say("cost"), "right"), (say("why"), "wrap")]
    rows = []
    for t in trades:
        # What is known by its value only has no shares to speak of.
        count = "" if portfolio.quotes[t.symbol].by_value else shares(t.shares)
        figures = [count, money(t.amount, base), money(t.cost, base), tell(t.reason)]
        rows.append([t.account, tell(SIDES[t.side]), t.symbol, *figures])
    left = {0: len(order) > 1, 5: any(t.cost for t in trades)}
    titles = [title for n, title in enumerate(titles) if left.get(n, True)]
    rows = [[cell for n, cell in enumerate(row) if left.get(n, True)] for row in rows]
    heads = [tell(title) for title, _ in titles]
    taken = sum(max(map(cell_len, column)) + 2 for column in zip(heads, *rows, strict=True))
    room = min(width - taken, 28)
    named = room >= NAME_ROOM
    place = 3 if left[0] else 2
    table = columns(*titles[:place], *([(say("name"), "")] if named else []), *titles[place:])
    for t, row in zip(trades, rows, strict=True):
        name = Text(portfolio.instruments[t.symbol].name)
        name.truncate(max(room, 1), overflow="ellipsis")
        table.add_row(*row[:place], *([name] if named else []), *row[place:])
    return table


def show_ways(found: Ways) -> None:
    """Print a plan's neighbours under it: what each would change."""
    out, base = console(), found.base_currency
    table = columns(
        (say("other ways"), ""), (say("from target"), "right"), (say("trades"), "right"),
        (say("costs"), "right"), (say("tax"), "right"), ("", "wrap"),
    )  # fmt: skip
    for way in found.ways:
        name, plan = tell(WAYS[way.name]), way.plan
        if plan is None:
            table.add_row(name, "", "", "", "", tell(say("none: {why}", why=way.why_not)))
            continue
        remark = say("outside a band") if way.still_due else ""
        if way.same_as is not None:
            same = say("= {way}", way=WAYS[way.same_as])
            remark = join("; ", [same, remark]) if remark else same
        tax = tell(say("unknown")) if way.tax is None else money(way.tax, base)
        far = f"{percent(plan.distance)} %"
        table.add_row(name, far, str(len(plan.trades)), money(plan.costs, base), tax, tell(remark))
    out.print()
    out.print(table)


def _beside(plan: Plan, several: bool) -> Iterator[str]:
    """Yield what goes with the trades: money changed, and what is left alone with why."""
    base = plan.base_currency
    for conversion in plan.conversions:
        yield say(
            "convert {amount} from {have} to {need} in {account}, cost {cost}",
            amount=money(conversion.amount, base),
            have=conversion.from_currency,
            need=conversion.to_currency,
            account=conversion.account,
            cost=money(conversion.cost, base),
        )
    for left in plan.untraded:
        if left.symbol:
            yield say("not traded: {symbol}: {why}", symbol=left.symbol, why=left.reason)
        elif several or left.decided_by == "rule":
            amount = money(left.amount, base)
            yield say(
                "not spent: {amount} in {account}: {why}",
                amount=amount,
                account=left.account,
                why=left.reason,
            )
    for block in plan.blocked:
        if block.symbol not in {left.symbol for left in plan.untraded}:
            yield say("not bought: {symbol}: {why}", symbol=block.symbol, why=block.reason)


def _tax_lines(plan: Plan, several: bool) -> Iterator[str]:
    """Yield what each sale adds to the tax of the year, then the sum and what is to be known about it."""
    base = plan.base_currency
    for t in plan.trades:
        if t.tax is not None:
            text = say("tax of selling {symbol}: {amount}", symbol=t.symbol, amount=money(t.tax, base))
            if several:
                text = say(
                    "tax of selling {symbol} in {account}: {amount}",
                    symbol=t.symbol,
                    account=t.account,
                    amount=money(t.tax, base),
                )
            yield join("", (text, _lots_text(t), _lost_text(t)))
    if plan.taxes is not None and (plan.taxes or any(t.tax is not None for t in plan.trades)):
        yield say("tax of the plan: {amount} on top of the year so far", amount=money(plan.taxes, base))
    if plan.tax_note and (plan.trades or plan.cash_flow < 0):
        yield say("tax: {note}", note=plan.tax_note)


def _lots_text(trade: Trade) -> str:
    lots = tuple(
        say("{shares} of {bought}", shares=shares(count), bought=bought) for bought, count, _ in trade.lots
    )
    return say(" (sells {lots})", lots=lots) if lots else ""


def _lost_text(trade: Trade) -> str:
    if not trade.disallowed:
        return ""
    return say("; {shares} of the loss is disallowed", shares=shares(trade.disallowed))


def show_models(models: Iterable[Model]) -> None:
    """Print model portfolios."""
    out = console()
    for model in models:
        out.print(Text.assemble((f"\n{model.name}", "bold"), f"  {tell(model.description)}"))
        out.print(
            "  " + "  ".join(f"{symbol} {percent(weight)} %" for symbol, weight in model.weights.items())
        )
        out.print(Text(f"  {tell(say('source: {source}', source=model.source))}", style="dim"))
