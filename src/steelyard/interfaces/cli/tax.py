"""The commands `tax` and `harvest`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import ROUND_DOWN, Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import click

import steelyard
from steelyard.domain.money import minor_digits
from steelyard.domain.tax.explanation import explained
from steelyard.errors import InputError
from steelyard.interfaces.cli.tax_details import show_explanation, show_reconciliation
from steelyard.interfaces.cli.typed import Count
from steelyard.interfaces.language import hint, json_text, tell
from steelyard.interfaces.rounding import CUT, rounded
from steelyard.interfaces.tax_words import COUNTRIES, FILING_PLACES, FILINGS, TAX_CLASSES, rows_of, word_of
from steelyard.interfaces.vocabulary import CAUTIONS
from steelyard.words import join, say

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from steelyard.app.harvest.harvest import HarvestReport
    from steelyard.domain.tax.country import Filing, YearTax
    from steelyard.domain.tax.rules import Rule

_ENDS = (
    "\b\nExit status:\n  0   done\n  2   a file or flag is wrong\n  3   an exchange rate or a year's figures"
    " are missing"
)


@click.command(
    epilog="\b\nExamples:\n  steelyard tax\n  steelyard tax --year 2025 --json\n  steelyard tax --csv\n"
    "  steelyard tax --form statement\n  steelyard tax --explain 1\n"
    "  steelyard tax --reconcile broker.csv --account main\n\n" + _ENDS
)
@click.argument(
    "path", metavar="[FILE]", required=False, default="portfolio.toml", type=click.Path(path_type=Path)
)
@click.option("--year", type=Count(1900, 2200), help="Tax year.  [default: that of the date]")
@click.option("--as-of", "as_of", metavar="YYYY-MM-DD", help="Count nothing later.  [default: today]")
@click.option(
    "--journal", "database", type=click.Path(path_type=Path), help="[default: steelyard.db beside it]"
)
@click.option("--portfolio", "file", type=click.Path(path_type=Path), help="Same as FILE.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document and nothing else.")
@click.option("--csv", "as_csv", is_flag=True, help="The disposals as CSV, for the return.")
@click.option(
    "--form",
    metavar="NAME",
    help="A form, filled in, as CSV; US: 8949, schedule-d, carryover, txf; KR: statement, sheet.",
)
@click.option(
    "--explain", "number", type=Count(1, 1_000_000), metavar="N", help="Walk the Nth sale through its rules."
)
@click.option(
    "--reconcile",
    "statement",
    type=click.Path(path_type=Path),
    metavar="CSV",
    help="Compare with a broker's yearly statement of sales.",
)
@click.option("--rules", "with_rules", is_flag=True, help="Also the rules behind each figure, with sources.")
@click.option("--account", help="The account that the statement is of.  [default: all]")
@click.option("--owner", metavar="NAME", help="Whose return; me is that of [tax].  [default: all]")
def tax(
    path: Path,
    year: int | None,
    as_of: str | None,
    database: Path | None,
    file: Path | None,
    as_json: bool,
    as_csv: bool,
    form: str | None,
    number: int | None,
    statement: Path | None,
    with_rules: bool,
    account: str | None,
    owner: str | None,
) -> None:
    """Say what tax there is to pay this year, by when and where, and what it comes from.

    With --rules every figure names its rule, the rule's source and the day it was verified. It is a
    calculation from your journal, not tax advice.
    """
    portfolio = steelyard.load(file or path, need_accounts=False, need_prices=False, journal=database)
    if statement is not None:
        compared = steelyard.reconcile(
            portfolio, statement, account=account, year=year, as_of=_day(as_of), owner=owner
        )
        if as_json:
            click.echo(json_text(compared.to_dict()))
        else:
            show_reconciliation(compared)
        return
    result = steelyard.tax(portfolio, year=year, as_of=_day(as_of), owner=owner)
    if result.others and (number is not None or form is not None or as_csv):
        raise InputError(
            "unknown-owner",
            say("{count} returns are filed from this file: say whose", count=len(result.all)),
            say(
                "add --owner and whose it is, one of {choices}",
                choices=", ".join(name for one in result.all for name in one.owners),
            ),
        )
    for one in result.all:
        _tell_gaps(one)
    if number is not None:
        show_explanation(explained(result, number))
    elif as_json:
        click.echo(json_text(result.to_dict()))
    elif form is not None:
        from steelyard.interfaces.documents.tax import form_csv

        filled = result.form(form)
        click.echo(filled.text or form_csv(filled), nl=False)
        for note in filled.notes:
            click.echo(tell(say("note: {note}", note=note)), err=True)
    elif as_csv:
        from steelyard.interfaces.documents.tax import disposals_csv

        click.echo(disposals_csv(result), nl=False)
    else:
        for one in result.all:
            _show(one, with_rules=with_rules)


@click.command(
    epilog="\b\nExamples:\n  steelyard harvest\n  steelyard harvest --min-loss 5%\n"
    f"  steelyard harvest --json\n\n{_ENDS}"
)
@click.argument(
    "path", metavar="[FILE]", required=False, default="portfolio.toml", type=click.Path(path_type=Path)
)
@click.option("--as-of", "as_of", metavar="YYYY-MM-DD", help="Day of the sales.  [default: today]")
@click.option("--min-loss", metavar="PERCENT", help="Also list what is down by more than this.")
@click.option(
    "--years", type=Count(0, 200), default=10, show_default=True, help="Until what is bought back is sold."
)
@click.option("--discount", default="4%", show_default=True, help="A year, for tax paid then.")
@click.option(
    "--journal", "database", type=click.Path(path_type=Path), help="[default: steelyard.db beside it]"
)
@click.option("--portfolio", "file", type=click.Path(path_type=Path), help="Same as FILE.")
@click.option("--stale-ok", is_flag=True, help="Use fetched prices even when they are too old.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document and nothing else.")
def harvest(
    path: Path,
    as_of: str | None,
    min_loss: str | None,
    years: int,
    discount: str,
    database: Path | None,
    file: Path | None,
    stale_ok: bool,
    as_json: bool,
) -> None:
    """Say which losses and gains are worth realising before the year ends.

    A loss is judged by what it saves this year, less trading cost and the present value of the tax on the
    lower cost basis; a percentage alone decides nothing. It is a calculation, not tax advice.
    """
    day = _day(as_of)
    portfolio = steelyard.load(file or path, journal=database, as_of=day)
    report = steelyard.harvest(
        portfolio,
        as_of=day,
        min_loss=min_loss,
        years=years,
        discount=discount,
        stale_ok=stale_ok,
    )
    if as_json:
        click.echo(json_text(report.to_dict()))
    else:
        for one in report.all:
            _show_harvest(one)
    from steelyard.interfaces.cli.warnings import warn

    warn(report.caveats, report.as_of or report.deadline, portfolio.source)


def _tell_gaps(year: YearTax) -> None:
    """Say on standard error what is in no figure: the report goes on without it."""
    for gap in year.gaps:
        click.echo(tell(say("warning[cost-unknown]: {text}", text=gap.message)), err=True)
        click.echo(f"\n  {hint(gap.hint)}\n", err=True)


def _day(text: str | None) -> date | None:
    if text is None:
        return None
    from steelyard.domain.days import read_day

    try:
        return read_day(text)
    except ValueError:
        raise click.BadParameter(
            tell(say("{text!r} is not a date; write it as 2026-11-23", text=text))
        ) from None


def _show_harvest(report: HarvestReport) -> None:
    from steelyard.interfaces.cli.tables import console, money, shares

    out, currency = console(), report.currency
    if report.owner:
        out.print(f"\n{tell(say('Return of {owners}', owners=report.owner))}", style="bold")
    for title, rows in ((say("Losses"), report.losses), (say("Gains"), report.gains)):
        out.print(f"\n{tell(title)}", style="bold")
        if not rows:
            out.print(f"  {tell(say('none worth realising'))}")
        for p in rows:
            facts = {
                "shares": shares(p.shares),
                "symbol": p.symbol,
                "account": p.account,
                "amount": money(abs(p.gain), currency),
                "saves": money(p.saves, currency),
                "costs": money(p.costs, currency),
                "worth": money(p.worth, currency),
                "verdict": say("sell") if p.do else say("leave"),
            }
            out.print(f"  {tell(_judged(facts, gain=p.gain >= 0, later=rows is report.gains))}")
            out.print(f"    {tell(p.why)}")
            if p.replacement is not None:
                symbol, caution = p.replacement
                text = say("instead: {symbol} ({caution})", symbol=symbol, caution=CAUTIONS[caution])
                out.print(f"    {tell(text)}")
    out.print(f"\n{tell(say('Last day that counts for this year: {day}', day=report.deadline))}")
    for note in report.notes:
        out.print(tell(say("note: {note}", note=note)))


def _judged(facts: dict[str, str], *, gain: bool, later: bool) -> str:
    """Return the line of a holding worth selling or left: what it realises, saves and costs."""
    if later:
        return say(
            "{verdict} {shares} {symbol} in {account}: gain {amount}, saves {saves} later, costs {costs}, "
            "worth {worth}",
            **facts,
        )
    if gain:
        return say(
            "{verdict} {shares} {symbol} in {account}: gain {amount}, saves {saves}, costs {costs}, "
            "worth {worth}",
            **facts,
        )
    return say(
        "{verdict} {shares} {symbol} in {account}: loss {amount}, saves {saves}, costs {costs}, "
        "worth {worth}",
        **facts,
    )


_DISALLOWED, _RULES = say("disallowed"), say("rules")
_COLUMNS = (
    (say("sold"), ""), (say("account"), ""), (say("symbol"), ""), (say("class"), ""),
    (say("shares"), "right"), (say("realised"), "right"), (_DISALLOWED, "right"), (_RULES, ""),
)  # fmt: skip


def _sales(year: YearTax, currency: str, marks: _Footnotes) -> Table:
    """Return a line a sale: figures are never cut; what was disallowed has a column where something was."""
    from rich.table import Table

    from steelyard.interfaces.cli.tables import money, shares

    washed = any(d.disallowed for d in year.disposals)
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for title, side in _COLUMNS:
        if (washed or title != _DISALLOWED) and (marks.shown or title != _RULES):
            table.add_column(
                tell(title),
                justify="right" if side == "right" else "left",
                no_wrap=side == "right",
                overflow="fold",
            )
    for d in year.disposals:
        table.add_row(
            d.sold_on.isoformat(),
            d.account,
            d.symbol,
            tell(TAX_CLASSES.get(d.term or d.tax_class, d.term or d.tax_class)),
            shares(d.shares),
            money(_counted(d.gain, currency), currency),
            *([money(d.disallowed, currency) if d.disallowed else ""] if washed else []),
            *([marks.of(d.rules)] if marks.shown else []),
        )
    return table


def _counted(gain: Decimal, currency: str) -> Decimal:
    """Return a gain as the totals count it: where there is nothing below one unit, what is below is cut."""
    dustless = round(gain, 10)
    return dustless if minor_digits(currency) else dustless.to_integral_value(ROUND_DOWN)


def _show(year: YearTax, *, with_rules: bool) -> None:
    """Print what is to be paid, by when and where; then what it comes from, and on what it rests."""
    from steelyard.interfaces.cli.tables import console, money

    currency = year.currency
    out = console()
    marks = _Footnotes(year.rules, shown=with_rules)
    total = say("not computed") if year.total_tax is None else money(year.total_tax, currency)
    numbers = marks.of(year.basis.get((), ()))
    facts = {"year": year.year, "place": COUNTRIES.get(year.jurisdiction, year.jurisdiction), "amount": total}
    opening: str = say("Tax of {year}, {place}: {amount}", **facts)
    if numbers:
        opening = say("Tax of {year}, {place}: {amount} (rules {numbers})", numbers=numbers, **facts)
    out.print()
    if year.owners:
        out.print(tell(say("Return of {owners}", owners=year.owners)))
    out.print(tell(opening), style="bold")
    for gap in year.gaps:
        out.print(tell(say("Not in it: {text}", text=gap.message)), style="bold")
    for f in year.filings:
        _show_filing(out, f, currency, marks)
    if not year.filings:
        out.print(tell(say("Nothing is to be filed for it.")))
    if year.disposals:
        out.print(f"\n{tell(say('What was sold'))}", style="bold")
        out.print(_sales(year, currency, marks))
        if any(d.gain != rounded(d.gain, currency) for d in year.disposals):
            out.print(tell(CUT))
    else:
        # What was sold and is in no figure is named above.
        unsold = () if any(gap.sold for gap in year.gaps) else (say("Nothing was sold."),)
        out.print()
        for sentence in year.sheltered_sales or unsold:
            out.print(tell(sentence))
    _show_summary(out, year, currency, marks)
    notes = (*(year.sheltered_sales if year.disposals else ()), *year.notes)
    if notes:
        out.print()
    for note in notes:
        out.print(tell(say("note: {note}", note=note)))
    if not with_rules:
        out.print(f"\n{tell(say('The rules behind each figure, with their sources: steelyard tax --rules'))}")
        return
    out.print(f"\n{tell(say('Rules, as numbered beside each figure:'))}")
    for number, rule in marks.named():
        facts = {"number": number, "rule": rule.id, "source": rule.source, "verified": rule.verified}
        text = say("{number} {rule}: {source}, verified {verified}.", **facts)
        if rule.doubtful:
            text = join(" ", (text, say("Doubtful: {doubt}", doubt=rule.doubtful)))
        out.print(f"  {tell(text)}")


def _show_filing(out: Console, filing: Filing, currency: str, marks: _Footnotes) -> None:
    """Print a return to file: what to pay, from when to when, and where."""
    from steelyard.interfaces.cli.tables import money

    facts = {
        "what": FILINGS.get(filing.what, filing.what),
        "opens": filing.opens,
        "due": filing.due,
        "amount": money(filing.amount, currency),
    }
    text = say("  {amount} by {due}: {what} (from {opens})", **facts)
    if number := marks.of((filing.rule,)):
        text = say("  {amount} by {due}: {what} (from {opens}; rule {number})", number=number, **facts)
    out.print(tell(text))
    place = FILING_PLACES.get(filing.what)
    if place is not None:
        out.print(tell(say("    where: {place}", place=place)))


class _Footnotes:
    """Numbers for rules, in the order they are first shown."""

    def __init__(self, rules: Iterable[Rule], *, shown: bool) -> None:
        self._known = {rule.id: rule for rule in rules} if shown else {}
        self.shown = shown
        self.numbers: dict[str, int] = {}

    def of(self, ids: Iterable[str]) -> str:
        """Return the numbers of some rules, such as "1 3"."""
        known = [name for name in ids if name in self._known]
        return " ".join(str(self.numbers.setdefault(name, len(self.numbers) + 1)) for name in known)

    def named(self) -> list[tuple[int, Rule]]:
        """Return every rule shown so far with its number."""
        return [(number, self._known[name]) for name, number in self.numbers.items()]


def _show_summary(out: Console, year: YearTax, currency: str, marks: _Footnotes) -> None:
    """Print the figures section by section, an amount a line; what is nothing but zeros is left out."""
    from rich.table import Table
    from rich.text import Text

    grid = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    grid.add_column("what")
    grid.add_column(say("how much"), justify="right")
    grid.add_column("rules")
    for name, part in year.summary.items():
        rows = list(rows_of(part))
        # A bound that nothing came near is no figure of the year.
        if not any(value for path, _, value in rows if path[-1:] != ("threshold",)):
            continue
        if isinstance(part, Mapping):
            grid.add_row(Text(tell(word_of(name)), style="bold"), "", "")
        for path, label, value in rows:
            text = f"  {tell(label)}" if label else Text(tell(word_of(name)), style="bold")
            grid.add_row(text, _figure(value, currency), marks.of(year.basis.get((name, *path), ())))
    if grid.row_count:
        out.print()
        out.print(grid)


def _figure(value: object, currency: str) -> str:
    from steelyard.interfaces.cli.tables import money

    if isinstance(value, bool):
        return tell(say("yes") if value else say("no"))
    return money(value, currency) if isinstance(value, Decimal) else str(value)
