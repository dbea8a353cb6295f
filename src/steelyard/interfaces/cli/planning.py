"""The commands `plan`, `invest` and `withdraw`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

import steelyard
from steelyard.domain.money import figure
from steelyard.domain.objective import OF_NEW_MONEY, OF_PLANS
from steelyard.domain.shown import cell
from steelyard.domain.trades import SELLS
from steelyard.interfaces import language
from steelyard.interfaces.cli.options import (
    PlanFlags,
    epilog,
    plan_flags,
    print_json,
    read_portfolio,
    warn_of_caveats,
)
from steelyard.words import say

if TYPE_CHECKING:
    from decimal import Decimal

    from steelyard.api.tables import Method, PlanOptions
    from steelyard.app.planning.ways import Ways
    from steelyard.domain.objective import ObjectiveName
    from steelyard.domain.portfolio import Portfolio
    from steelyard.domain.trades import Plan, Sell

_wash_option = click.option(
    "--allow-wash-sales", is_flag=True, help="Buy also what undoes a loss of the last 30 days (US)."
)

_limit_option = click.option(
    "--over-limit", is_flag=True, help="New money may exceed what the law lets be paid into the account."
)


@click.command(
    epilog=epilog(
        "steelyard plan portfolio.toml",
        "steelyard plan --cash 1000000 --no-sell",
        "steelyard plan --policy-gate --csv",
    )
)
@click.argument("path", metavar="[FILE]", required=False, type=click.Path(path_type=Path))
@plan_flags
@click.option("--cash", default="0", metavar="AMOUNT", help="New money; with a minus, money taken out.")
@click.option("--no-sell", is_flag=True, help="Buy only; the same as --sell none.")
@click.option(
    "--sell",
    type=click.Choice(SELLS),
    default="any",
    show_default=True,
    help="What may be sold: nothing, only what is over its target in all, or anything.",
)
@click.option("--no-buy", is_flag=True, help="Sell only.")
@click.option(
    "--objective",
    type=click.Choice(OF_PLANS),
    default="absolute",
    show_default=True,
    help="How distance is measured: in money, or in proportion to each target.",
)
@click.option("--policy-gate", is_flag=True, help="No trades unless a rebalance is due.")
@click.option("--max-tax", metavar="AMOUNT", help="Largest tax the sales may cause.")
@click.option("--max-gain", metavar="AMOUNT", help="Largest net gain the sales may realise.")
@click.option("--harvest", is_flag=True, help="Of plans equally close to target, the least taxed one.")
@click.option("--save-tax", is_flag=True, help="Stay further from target where that saves tax.")
@click.option(
    "--accept-drift",
    metavar="PERCENT",
    help="How much further from target than the nearest plan is near enough, of the portfolio.  "
    "[default: 0.5% with several accounts or known tax, else 0]",
)
@click.option("--relocate", is_flag=True, help="Sell in one account to buy the same in another if nearer.")
@_wash_option
@_limit_option
@click.option(
    "--price",
    "prices",
    multiple=True,
    metavar="SYMBOL=PRICE",
    help="Plan as if a price were this, such as VOO=580USD.",
)
@click.option(
    "--fx",
    "rates",
    multiple=True,
    metavar="PAIR=RATE",
    help="Plan as if a rate were this, such as USDKRW=1450.",
)
@click.option(
    "--target",
    "targets",
    multiple=True,
    metavar="NAME=WEIGHT",
    help="Plan as if a target were this, such as VOO=35%; the others give way.",
)
@click.option("--ways", is_flag=True, help="Also list the plan's neighbours with what each would change.")
@click.option("--save", is_flag=True, help="Save the plan, to carry out later with `execute`.")
def plan(
    path: Path | None,
    told: PlanFlags,
    cash: str,
    no_sell: bool,
    sell: Sell,
    no_buy: bool,
    objective: ObjectiveName,
    policy_gate: bool,
    max_tax: str | None,
    max_gain: str | None,
    save_tax: bool,
    harvest: bool,
    accept_drift: str | None,
    relocate: bool,
    allow_wash_sales: bool,
    over_limit: bool,
    prices: tuple[str, ...],
    rates: tuple[str, ...],
    targets: tuple[str, ...],
    ways: bool,
    save: bool,
) -> None:
    """Say which whole shares to trade to come nearest to target.

    With [tax] in the file and lots or a journal, every sale shows what it adds to the year's tax. --price,
    --fx and --target ask what if; the file is not touched.
    """
    portfolio = read_portfolio(path, told.file, told.as_of)
    if prices or rates or targets:
        if save:
            raise click.UsageError(
                say("--save keeps what the file says; leave --price, --fx and --target out")
            )
        portfolio = steelyard.what_if(
            portfolio, prices=_pairs(prices), fx=_pairs(rates), targets=_pairs(targets)
        )
    if ways and told.as_csv:
        raise click.UsageError(
            language.tell(say("--ways lists several plans; --csv prints the orders of one"))
        )
    asked: PlanOptions = {
        "max_tax": max_tax,
        "max_gain": max_gain,
        "accept_drift": "0.5%" if save_tax and accept_drift is None else accept_drift,
        "harvest": harvest,
        "save_tax": save_tax,
        "relocate": relocate,
        "cash": cash,
        "can_buy": not no_buy,
        "can_sell": not no_sell,
        "sell": sell,
        "objective": objective,
        "policy_gate": policy_gate,
        "allow_wash_sales": allow_wash_sales,
        "over_limit": over_limit,
        **told.asked,
    }
    found = steelyard.ways(portfolio, **asked) if ways else None
    result = steelyard.plan(portfolio, **asked) if found is None else found.plan
    # Before anything is printed: whoever reads it may go away after the first line.
    saved = (
        steelyard.save_plan(path or told.file or Path("portfolio.toml"), portfolio, result) if save else None
    )
    if found is not None and told.as_json:
        print_json(found.to_dict())
    else:
        _print_plan(result, portfolio, told, say("Plan"), found)
    if saved is not None:
        plan_id = saved.id
        language.echo(say("saved as {plan}; next: steelyard execute {plan}", plan=plan_id[:12]), err=True)


@click.command(
    epilog=epilog("steelyard invest 1000000 portfolio.toml", 'steelyard invest "500 USD" --account pension')
)
@click.argument("amount_and_file", metavar="[AMOUNT] [FILE]", nargs=-1)
@plan_flags
@click.option(
    "--method",
    type=click.Choice(OF_NEW_MONEY),
    default="shortfall",
    show_default=True,
    help="In proportion to what is missing, or nearest to target in money or in proportion.",
)
@_wash_option
@_limit_option
def invest(
    amount_and_file: tuple[str, ...],
    told: PlanFlags,
    method: Method,
    allow_wash_sales: bool,
    over_limit: bool,
) -> None:
    """Spend new money without selling anything.

    Without an amount it spends the cash you have. With --account everything is bought in that account.
    The plan also says how much new money would bring everything inside its band that way.
    """
    from steelyard.interfaces.cli.amount_words import perhaps_amount

    amount, path = perhaps_amount(amount_and_file)
    portfolio = read_portfolio(path, told.file, told.as_of)
    result = steelyard.invest(
        portfolio,
        amount,
        method=method,
        allow_wash_sales=allow_wash_sales,
        over_limit=over_limit,
        **told.asked,
    )
    _print_plan(result, portfolio, told, say("Invest"))


@click.command(epilog=epilog("steelyard withdraw 500000 portfolio.toml", "steelyard withdraw 500000 --json"))
@click.argument("amount_and_file", metavar="AMOUNT [FILE]", nargs=-1, required=True)
@plan_flags
@click.option(
    "--objective",
    type=click.Choice(OF_PLANS),
    default="absolute",
    show_default=True,
    help="How distance is measured: in money, or in proportion to each target.",
)
def withdraw(
    amount_and_file: tuple[str, ...],
    told: PlanFlags,
    objective: ObjectiveName,
) -> None:
    """Raise money by selling, without buying anything."""
    from steelyard.interfaces.cli.amount_words import amount_and_path

    amount, path = amount_and_path(amount_and_file)
    portfolio = read_portfolio(path, told.file, told.as_of)
    result = steelyard.withdraw(portfolio, amount, objective=objective, **told.asked)
    _print_plan(result, portfolio, told, say("Withdraw"), asks_nearest=False)


def _pairs(words: tuple[str, ...]) -> dict[str, str]:
    """Return NAME=FIGURE words as a table; `580USD` is `580 USD`."""
    found = {}
    for word in words:
        name, equals, figure_ = word.partition("=")
        if not equals or not name or not figure_:
            raise click.BadParameter(say("{word!r} is no NAME=FIGURE, such as VOO=580USD", word=word))
        number, currency = figure_[:-3], figure_[-3:]
        found[name] = (
            f"{number} {currency}" if number and currency.isalpha() and " " not in figure_ else figure_
        )
    return found


def _print_plan(
    result: Plan,
    portfolio: Portfolio,
    told: PlanFlags,
    title: str,
    found: Ways | None = None,
    *,
    asks_nearest: bool = True,
) -> None:
    if told.as_json:
        print_json(result.to_dict())
    elif told.as_csv:
        _print_csv(result)
    else:
        from steelyard.interfaces.cli import tables

        tables.show_plan(result, portfolio, title, asks_nearest=asks_nearest)
        if found is not None:
            tables.show_ways(found)
    if not result.objective.proven and not result.gated:
        language.echo(say("note: not proven optimal; {why}", why=result.objective.note), err=True)
    warn_of_caveats(result.caveats, result.as_of, portfolio)


def _print_csv(result: Plan) -> None:
    import csv

    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow(["account", "side", "symbol", "shares", "price", "currency", "amount", "cost"])
    for t in result.trades:
        money: list[Decimal] = [t.shares, t.price]
        row = [t.account, t.side, t.symbol, *map(figure, money), t.currency, figure(t.amount), figure(t.cost)]
        out.writerow(map(cell, row))
