"""The commands `bands` and `deposits`: which band and how much saving fit one's own costs, taxes and size.

NumPy is imported inside, so that the other commands start without it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import steelyard
from steelyard.interfaces import language
from steelyard.interfaces.cli.options import epilog, named_file, need_png, print_json
from steelyard.interfaces.cli.typed import Count, Day

if TYPE_CHECKING:
    from steelyard.api.tables import AdviceOptions
    from steelyard.domain.portfolio import Portfolio

LOOKS = ("daily", "weekly", "biweekly", "monthly", "quarterly", "semiannual", "annual")


def saver_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add what advice is told of a person."""
    for option in reversed(
        [
            click.argument("path", metavar="[FILE]", required=False, type=click.Path(path_type=Path)),
            click.option("--portfolio", "file", type=click.Path(path_type=Path), help="Same as FILE."),
            click.option(
                "--prices",
                multiple=True,
                help="Past closing prices as for `backtest`; they say how much the funds move. Repeatable.",
            ),
            click.option(
                "--volatility",
                metavar="PERCENT",
                help="How much each fund moves against every other a year.  [default: of --prices, else 15%]",
            ),
            click.option(
                "--value", metavar="AMOUNT", help="Value of the portfolio.  [default: of the accounts]"
            ),
            click.option(
                "--aversion",
                default="4",
                show_default=True,
                metavar="NUMBER",
                help="Relative risk aversion: 1 bold, 4 usual, 10 cautious.",
            ),
            click.option(
                "--look",
                type=click.Choice(LOOKS),
                default="daily",
                show_default=True,
                help="How often the policy is evaluated.",
            ),
            click.option(
                "--move-cost",
                metavar="PERCENT",
                help="Cost of moving money between funds, both trades.  "
                "[default: the file's commission twice]",
            ),
            click.option("--spread", default="0%", metavar="PERCENT", help="Between bid and ask.  [0%]"),
            click.option("--fixed", default="0", metavar="AMOUNT", help="Cost of a rebalance besides.  [0]"),
            click.option("--deposits", default="0", metavar="AMOUNT", help="Paid in a year.  [0]"),
            click.option(
                "--gain",
                metavar="PERCENT",
                help="Share of the value that is unrealised gain.  [default: by the lots]",
            ),
            click.option(
                "--whole/--fractional", default=None, help="Whole shares.  [default: as the file says]"
            ),
            click.option("--before-tax", is_flag=True, help="Leave the file's [tax] out."),
            click.option("--base-prices", is_flag=True, help="All prices are in base currency already."),
            click.option(
                "--paths", default=200, show_default=True, type=Count(20, 100_000), help="Simulated."
            ),
            click.option(
                "--years", default=10, show_default=True, type=Count(1, 100), help="Length of each path."
            ),
            click.option(
                "--seed", default=21, show_default=True, type=Count(0, 2**62), help="Seed of the simulation."
            ),
            click.option("--plot", type=click.Path(path_type=Path), help="Write a picture as PNG."),
            click.option("--json", "as_json", is_flag=True, help="One JSON document and nothing else."),
        ]
    ):
        command = option(command)
    return command


@click.command(
    epilog=epilog(
        "steelyard bands",
        "steelyard bands --prices prices.csv --plot bands.png",
        "steelyard bands --value 50000 --volatility 15% --move-cost 0.1% --fixed 1 --fractional",
        ends=(0, 2, 3),
    )
)
@saver_options
@click.option("--simulate/--no-simulate", default=True, help="Also simulate.  [simulate]")
def bands(simulate: bool, paths: int, years: int, seed: int, **flags: Any) -> None:
    """Say which band and which destination fit one's own costs, taxes and size.

    Being off target costs a risk-averse owner something, and so does trading. The band that costs
    least in all is found in closed form, by a dynamic programme for two or three funds, and by simulation of
    the whole shares, deposits and taxes of the file; the usual rules are shown beside it.
    """
    portfolio = portfolio_of(flags)
    report = steelyard.bands(
        portfolio,
        flags["prices"] or None,
        simulate=simulate,
        paths=paths,
        years=years,
        seed=seed,
        **asked(flags),
    )
    if flags["plot"] is not None:
        from steelyard.interfaces.pictures import advice as pictures

        pictures.write_bands(flags["plot"], report)
    if flags["as_json"]:
        print_json(report.to_dict())
        return
    from steelyard.interfaces.cli.lab import advice_tables

    advice_tables.show_bands(report)


@click.command(
    epilog=epilog(
        "steelyard deposits",
        "steelyard deposits --deposits 6000 --prices prices.csv",
        "steelyard deposits --value 50000 --volatility 15% --json",
        ends=(0, 2, 3, 4),
    )
)
@saver_options
@click.option("--as-of", type=Day(), help="Plan from this date.  [default: today]")
def deposits(paths: int, years: int, seed: int, as_of: date | None, **flags: Any) -> None:
    """Say how much saving, and how often, makes selling unnecessary, and what it buys.

    New money that buys what is short holds the weights near their targets by itself. How near is told for
    several amounts and rhythms, in closed form and by simulation; for the own amount while the portfolio
    grows; and as the next twelve months' purchases in whole shares, planned as `invest` does.
    """
    portfolio = portfolio_of(flags)
    report = steelyard.deposits(
        portfolio,
        flags["prices"] or None,
        paths=paths,
        years=years,
        seed=seed,
        as_of=as_of,
        **asked(flags),
    )
    if flags["plot"] is not None:
        from steelyard.interfaces.pictures import advice as pictures

        pictures.write_deposits(flags["plot"], report)
    if flags["as_json"]:
        print_json(report.to_dict())
        return
    from steelyard.interfaces.cli.lab import deposit_tables

    deposit_tables.show_deposits(report)


def portfolio_of(flags: dict[str, Any]) -> Portfolio:
    """Return the portfolio of FILE or --portfolio, with its accounts where its value is not given."""
    need_png(flags["plot"])
    file = named_file(flags["path"], flags["file"])
    portfolio = steelyard.load(file, need_accounts=False)
    if portfolio.accounts and flags["value"] is None:
        # With the journal and the fetched prices, which say what it is worth.
        portfolio = steelyard.load(file)
    language.prefer(portfolio.language)
    return portfolio


def asked(flags: dict[str, Any]) -> AdviceOptions:
    """Return the flags as the library takes them."""
    return {
        "value": flags["value"],
        "aversion": flags["aversion"],
        "volatility": flags["volatility"],
        "look": flags["look"],
        "move_cost": flags["move_cost"],
        "spread": flags["spread"],
        "fixed": flags["fixed"],
        "deposits": flags["deposits"],
        "gain": flags["gain"],
        "whole": flags["whole"],
        "before_tax": flags["before_tax"],
        "base_prices": flags["base_prices"],
    }
