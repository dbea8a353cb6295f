"""The commands `backtest` and `compare`: what a policy would have done on history.

NumPy and the compiled engine are imported inside, so that the other commands start without them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import steelyard
from steelyard.domain.money import parse_amount, parse_fraction
from steelyard.errors import InputError
from steelyard.interfaces.cli.options import named_file, need_png
from steelyard.interfaces.cli.typed import Count, Day
from steelyard.interfaces.language import echo, json_text, tell
from steelyard.words import message_of, say

if TYPE_CHECKING:
    from steelyard.api.tables import LabOptions
    from steelyard.app.lab.report import LabReport
    from steelyard.domain.portfolio import Portfolio

_ENDS = (
    "\b\nExit status:\n  0   done\n  2   a file or a flag is wrong\n"
    "  3   a price or an exchange rate is missing"
)
_GRAMMAR = (
    "\b\nPolicies are written as:\n"
    "  hold | calendar LOOK | threshold PCT | hybrid LOOK PCT Nd\n"
    "  options: relative PCT | look LOOK | last | cooldown Nd\n"
    "           to target|edge|halfway|PCT\n"
    "  LOOK: daily weekly biweekly monthly quarterly semiannual annual"
)
_DATE = Day()


def _options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that both commands take."""
    for option in reversed(
        [
            click.argument("path", metavar="[FILE]", required=False, type=click.Path(path_type=Path)),
            click.option("--portfolio", "file", type=click.Path(path_type=Path), help="Same as FILE."),
            click.option(
                "--prices",
                multiple=True,
                metavar="PATH",
                help="Closing prices and rates: CSV or Parquet, wide, long or of one instrument, a folder, "
                "steelyard.db, or SYMBOL=FILE; repeatable.  [prices/ and steelyard.db beside FILE]",
            ),
            click.option(
                "--distributions",
                type=click.Path(path_type=Path),
                help="Distributions per share: a file like --prices, or date, symbol, amount; paid in cash.",
            ),
            click.option("--from", "start", type=_DATE, help="First date to use."),
            click.option("--to", "--as-of", "end", type=_DATE, help="Last date to use."),
            click.option(
                "--initial",
                metavar="AMOUNT",
                help="Money at the start.  [what the portfolio is worth, else 100000000 won or 100000]",
            ),
            click.option(
                "--monthly",
                default="0",
                metavar="AMOUNT",
                help="Paid in every month; taken out with a minus.",
            ),
            click.option(
                "--flow",
                nargs=2,
                metavar="AMOUNT LOOK",
                help="The same in another rhythm, such as: --flow -3000 quarterly.",
            ),
            click.option(
                "--policy",
                "policies",
                multiple=True,
                metavar="TEXT",
                help="Instead of the file's; repeatable.",
            ),
            click.option("--deposits-wait", is_flag=True, help="Deposits wait for the next rebalance."),
            click.option(
                "--whole/--fractional",
                default=False,
                help="Trade whole shares, planned as `plan` does; else shares are divisible.  [fractional]",
            ),
            click.option("--before-tax", is_flag=True, help="Leave the file's [tax] out."),
            click.option(
                "--harvest-gains",
                is_flag=True,
                help="Realise gains up to Korea's yearly allowance at each year's end.",
            ),
            click.option("--risk-free", default="0%", metavar="RATE", help="A year, for the ratios.  [0%]"),
            click.option("--cash-rate", default="0%", metavar="RATE", help="A year, what cash earns.  [0%]"),
            click.option("--base-prices", is_flag=True, help="All prices are in base currency already."),
            click.option(
                "--tranches",
                metavar="N",
                type=Count(1, 52),
                help="Also say how much the day of the look decides, alone and in N tranches.",
            ),
            click.option("--series", type=click.Path(path_type=Path), help="Write daily values to this CSV."),
            click.option(
                "--report", type=click.Path(path_type=Path), help="Write one offline web page with pictures."
            ),
            click.option("--plot", type=click.Path(path_type=Path), help="Write the pictures as one PNG."),
            click.option("--json", "as_json", is_flag=True, help="One JSON document and nothing else."),
        ]
    ):
        command = option(command)
    return command


@click.command(
    epilog=f"{_GRAMMAR}\n\n\b\nExamples:\n  steelyard backtest --prices prices.csv\n"
    f'  steelyard backtest --prices prices.csv --policy "threshold 5%" --from 2010-01-04 --json\n\n{_ENDS}'
)
@_options
def backtest(**flags: Any) -> None:
    """Say what the portfolio's policy would have done on past prices.

    The file gives targets, policy and costs; positions are not needed. Decisions and trades happen at
    the close of the look session; the first session buys the targets. After tax when the file has [tax].
    """
    portfolio = _portfolio(flags)
    given = _given(portfolio, flags)
    prices = _prices(flags)
    if not prices:
        raise InputError(
            "no-prices",
            say("a backtest needs prices"),
            say("add --prices prices.csv, or see `steelyard compare --demo`"),
        )
    with _Bars() as stages:
        given["stages"] = stages
        report = steelyard.backtest_portfolio(portfolio, prices, policies=flags["policies"], **given)
    _finish(report, portfolio, flags)


@click.command(
    epilog=f"{_GRAMMAR}\n\n\b\nExamples:\n  steelyard compare --demo\n"
    f'  steelyard compare --prices prices.csv --policy hold --policy "threshold 5%"\n\n{_ENDS}'
)
@_options
@click.option(
    "--demo", is_flag=True, help="Use simulated prices; with the bundled sample unless FILE is given."
)
@click.option(
    "--paths",
    default=1000,
    show_default=True,
    type=Count(0, 1_000_000),
    help="Resampled histories; 0 for none.",
)
@click.option(
    "--seed",
    default=6,
    show_default=True,
    type=Count(0, 2**62),
    help="Seed of resampling and simulation.",
)
@click.option(
    "--block",
    type=click.FloatRange(1.0, 10_000.0),
    help="Mean length of what is resampled, sessions.  [a month]",
)
@click.option(
    "--bootstrap",
    default="stationary",
    show_default=True,
    type=click.Choice(["stationary", "circular"]),
    help="Blocks of random length, or all of the length of --block.",
)
@click.option("--details", is_flag=True, help="Also print the other statistics and the distributions.")
@click.option("--sweep", "sweeping", is_flag=True, help="Compare bands of many widths at many looks.")
@click.option(
    "--rolling",
    metavar="YEARS",
    type=Count(1, 100),
    help="Also start again every quarter, each time for this long.",
)
def compare(
    demo: bool,
    paths: int,
    seed: int,
    block: float | None,
    bootstrap: str,
    details: bool,
    sweeping: bool,
    rolling: int | None,
    **flags: Any,
) -> None:
    """Compare the usual policies with the portfolio's own, and say which differences are evident.

    Every policy also runs on resampled histories. A difference whose 95 % interval holds zero is no
    evidence for either policy. Ctrl-C stops the resampling and keeps what is done.
    """
    portfolio = _portfolio(flags, demo=demo)
    given = _given(portfolio, flags)
    prices = None if demo else _prices(flags)
    if demo and flags["prices"]:
        raise InputError(
            "two-prices", say("--demo simulates prices, --prices reads them"), say("give only one of them")
        )
    if not demo and not prices:
        raise InputError(
            "no-prices",
            say("a comparison needs prices"),
            say("add --prices prices.csv, or --demo for simulated ones"),
        )
    if demo and flags["distributions"] is not None:
        raise InputError(
            "distributions-of-demo",
            say("simulated prices pay nothing out"),
            say("give --prices with --distributions"),
        )
    if bootstrap == "circular" and block is not None and block != int(block):
        raise InputError(
            "resampling",
            say("--block {block:g} is no whole number", block=block),
            say("write --block {block:.0f}", block=block),
        )
    if sweeping and len(flags["policies"]) > 1:
        raise click.UsageError(tell(say("--sweep compares with one --policy only")))
    with _Bars() as stages:
        given["stages"] = stages
        report = steelyard.compare_portfolio(
            portfolio,
            prices,
            policies=flags["policies"],
            paths=paths,
            seed=seed,
            block=block,
            circular=bootstrap == "circular",
            sweep=sweeping,
            rolling_years=rolling,
            **given,
        )
    comparison = report.comparison
    if comparison is not None and comparison.paths < paths:
        text = say(
            "note: stopped after {done} of {paths} resampled histories; what follows rests on those",
            done=comparison.paths,
            paths=paths,
        )
        echo(text, err=True)
    if rolling is not None and report.rolling is None:
        echo(say("note: stopped before the other starts"), err=True)
    _finish(report, portfolio, flags)
    if details and comparison is not None and not flags["as_json"]:
        from steelyard.interfaces.cli.lab import comparison_tables as tables

        tables.show_statistics(comparison.study)
        tables.show_distributions(comparison)


def _portfolio(flags: dict[str, Any], *, demo: bool = False) -> Portfolio:
    need_png(flags["plot"])
    file = named_file(flags["path"], flags["file"])
    if demo and flags["path"] is None and flags["file"] is None:
        return steelyard.sample()
    return steelyard.load(file, need_accounts=False)


def _prices(flags: dict[str, Any]) -> list[str]:
    """Return where prices come from: what is given, else the folder and the database beside the file."""
    if flags["prices"]:
        return list(flags["prices"])
    folder = (flags["path"] or flags["file"] or Path("portfolio.toml")).absolute().parent
    return [str(p) for p in (folder / "prices", folder / "steelyard.db") if p.exists()]


def _given(portfolio: Portfolio, flags: dict[str, Any]) -> LabOptions:
    """Return the flags as the library takes them; what is wrong with one is said by its name."""
    base = portfolio.base_currency
    initial = None if flags["initial"] is None else _amount("--initial", flags["initial"], base)
    if initial is not None and initial <= 0:
        raise InputError(
            "initial",
            say("--initial {amount} is not above zero", amount=flags["initial"]),
            say("write for example: {flag}", flag="--initial 10000"),
        )
    said = (_amount("--flow", flags["flow"][0], base), flags["flow"][1]) if flags["flow"] else None
    return {
        "initial": initial,
        "monthly": _amount("--monthly", flags["monthly"], base),
        "flow": said,
        "deposits_wait": flags["deposits_wait"],
        "cash_rate": _rate("--cash-rate", flags["cash_rate"]),
        "risk_free": _rate("--risk-free", flags["risk_free"]),
        "base_prices": flags["base_prices"],
        "whole": flags["whole"],
        "before_tax": flags["before_tax"],
        "harvest_gains": flags["harvest_gains"],
        "distributions": flags["distributions"],
        "start": flags["start"],
        "end": flags["end"],
        "tranches": flags["tranches"],
    }


def _amount(flag: str, text: str, base: str) -> Decimal:
    try:
        amount = parse_amount(text)
    except ValueError as error:
        raise InputError(
            "amount",
            say("{flag}: {why}", flag=flag, why=message_of(error)),
            say("write for example: {flag}", flag=f"{flag} 10000"),
        ) from None
    if amount.currency not in (None, base):
        raise InputError(
            "amount",
            say("{flag} is in {currency}", flag=flag, currency=amount.currency),
            say("write it in {currency}", currency=base),
        )
    return amount.value


def _rate(flag: str, text: str) -> Decimal:
    try:
        rate = parse_fraction(text)
    except ValueError as error:
        raise InputError(
            "rate",
            say("{flag}: {why}", flag=flag, why=message_of(error)),
            say("write for example: {flag}", flag=f"{flag} 2%"),
        ) from None
    if not -1 < rate <= 1:
        raise InputError(
            "rate",
            say("{flag} {text} is not a yearly rate", flag=flag, text=text),
            say("write for example: {flag}", flag=f"{flag} 2%"),
        )
    return rate


class _Bars:
    """A bar on standard error for each long stage, where that is a terminal."""

    def __init__(self) -> None:
        self._bars = ExitStack()

    def __enter__(self) -> _Bars:
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.close()

    def __call__(self, label: str, total: int) -> Callable[[int], None] | None:
        """Begin a stage: the bar of the one before it stays as it is."""
        self._bars.close()
        if not sys.stderr.isatty() or total < 1:
            return None
        # A bar moves the cursor itself.
        terminal = getattr(sys.stderr, "beneath", sys.stderr)
        bar = self._bars.enter_context(click.progressbar(length=total, label=tell(label), file=terminal))
        return lambda done: bar.update(done - bar.pos)


def _finish(report: LabReport, portfolio: Portfolio, flags: dict[str, Any]) -> None:
    from steelyard.interfaces.documents.lab import write_series

    study = report.study
    for note in (*report.notes, *study.notes):
        echo(say("note: {note}", note=note), err=True)
    if flags["series"] is not None:
        write_series(study, flags["series"])
    _draw(report, portfolio, flags)
    if flags["as_json"]:
        click.echo(json_text(report.to_dict()))
        return
    from steelyard.interfaces.cli.lab import comparison_tables as tables

    if report.sweep is not None and report.comparison is not None:
        tables.show_sweep(report.comparison, report.sweep)
    else:
        from steelyard.interfaces.cli.lab import study_table

        study_table.show(study, report.comparison, portfolio.base_currency)
    if report.rolling is not None:
        tables.show_rolling(report.rolling, [r.policy for r in study.results])
    if report.timing is not None:
        from steelyard.interfaces.cli.lab import timing_table

        timing_table.show(report.timing)


def _draw(report: LabReport, portfolio: Portfolio, flags: dict[str, Any]) -> None:
    """Write the page and the picture that were asked for."""
    page, plot, study = flags["report"], flags["plot"], report.study
    if page is None and plot is None:
        return
    from steelyard.interfaces.pictures import comparison_page
    from steelyard.interfaces.pictures import studies as study_pictures

    names = {symbol: instrument.name for symbol, instrument in portfolio.instruments.items()}
    if page is not None:
        text = comparison_page.page(
            study,
            portfolio.base_currency,
            names,
            comparison=report.comparison,
            sweep=report.sweep,
            rolling=report.rolling,
            timing=report.timing,
        )
        comparison_page.write(page, text)
    if plot is not None:
        made = study_pictures.panels(
            study,
            names,
            portfolio.base_currency,
            comparison=report.comparison,
            sweep=report.sweep,
            timing=report.timing,
        )
        study_pictures.write_plot(plot, made, study, report.comparison)
