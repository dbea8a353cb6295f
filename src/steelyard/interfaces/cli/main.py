"""The command line: parse, call, print. No rule lives here.

Every command imports what it needs when it runs, so that `check --json` starts in the time that
click itself takes.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from steelyard import __version__
from steelyard.domain.objective import OF_NEW_MONEY, OF_PLANS
from steelyard.errors import InputError, PortfolioProblems, SteelyardError
from steelyard.interfaces import language
from steelyard.interfaces.cli.command_table import LaterGroup
from steelyard.words import say

if TYPE_CHECKING:
    from decimal import Decimal

    from steelyard.api.tables import Method, ObjectiveName
    from steelyard.domain.caveats import Caveats
    from steelyard.domain.portfolio import Portfolio
    from steelyard.domain.trades import Plan

STATUSES = {
    0: "done",
    2: "a file or a flag is wrong",
    3: "a price or an exchange rate is missing",
    4: "no plan satisfies the constraints",
    10: "with --exit-code: a rebalance is due",
}


def _epilog(*examples: str, ends: tuple[int, ...] = (0, 2, 3, 4)) -> str:
    """Return what every command's help ends with: examples, and the statuses it may exit with."""
    lines = ["\b", "Examples:", *(f"  {example}" for example in examples)]
    statuses = ["\b", "Exit status:", *(f"  {status:<3} {STATUSES[status]}" for status in ends)]
    return "\n".join(lines) + "\n\n" + "\n".join(statuses)


class _Day(click.ParamType[date]):
    name = "YYYY-MM-DD"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        if isinstance(value, date):
            return value
        from steelyard.domain.days import read_day

        try:
            return read_day(value)
        except ValueError:
            self.fail(f"{value!r} is not a date; write it as 2026-11-23", param, ctx)


_wash_option = click.option(
    "--allow-wash-sales", is_flag=True, help="Buy also what undoes a loss of the last 30 days (US)."
)


def _options(*, sends_trades: bool = False) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Add the options that every read command takes."""

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        if sends_trades:
            command = click.option(
                "--csv", "as_csv", is_flag=True, help="Orders as CSV, to type in by hand."
            )(command)
            command = click.option(
                "--account",
                metavar="NAME",
                help="Where the money goes to or comes from.  [default: the first]",
            )(command)
            command = click.option("--fractional", is_flag=True, help="Whole shares are not required.")(
                command
            )
            command = click.option(
                "--stale-ok", is_flag=True, help="Plan on fetched prices that are too old all the same."
            )(command)
        command = click.option("--portfolio", "file", type=click.Path(path_type=Path), help="Same as FILE.")(
            command
        )
        command = click.option("--as-of", type=_Day(), help="Evaluate as of this date.  [default: today]")(
            command
        )
        return click.option("--json", "as_json", is_flag=True, help="One JSON document and nothing else.")(
            command
        )

    return decorate


@click.group(
    cls=LaterGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(__version__, prog_name="steelyard")
def cli() -> None:
    """Keep an ETF portfolio on target: when to rebalance, exactly what to trade, what it costs.

    Steelyard calculates from your own targets; it is not investment or tax advice.

    FILE is the portfolio file, `portfolio.toml` in the current folder unless given.
    """


@cli.command(
    epilog=_epilog(
        "steelyard check portfolio.toml",
        "steelyard check --as-of 2026-11-23 --json",
        "steelyard check --exit-code",
        ends=(0, 2, 3, 10),
    )
)
@click.argument("path", metavar="[FILE]", required=False, type=click.Path(path_type=Path))
@_options()
@click.option("--exit-code", is_flag=True, help="Exit with 10 when a rebalance is due.")
def check(path: Path | None, as_json: bool, as_of: date | None, file: Path | None, exit_code: bool) -> None:
    """Value the portfolio, list drift, say whether a rebalance is due and why.

    The rules are evaluated as of the date asked for, whether or not automation would look on it.
    """
    import steelyard

    report = steelyard.check(_portfolio(path, file, as_of), as_of=as_of)
    if as_json:
        _print_json(report.to_dict())
    else:
        from steelyard.interfaces.cli import tables

        tables.show_check(report)
    for holding in report.valuation.unmanaged:
        language.echo(
            say(
                "warning: {symbol} is held but has no target: left alone and not counted",
                symbol=holding.symbol,
            ),
            err=True,
        )
    _warn(report.caveats, report.as_of, report.portfolio)
    if exit_code and report.decision.due:
        sys.exit(10)


@cli.command(
    epilog=_epilog(
        "steelyard plan portfolio.toml",
        "steelyard plan --cash 1000000 --no-sell",
        "steelyard plan --policy-gate --csv",
    )
)
@click.argument("path", metavar="[FILE]", required=False, type=click.Path(path_type=Path))
@_options(sends_trades=True)
@click.option("--cash", default="0", metavar="AMOUNT", help="New money; with a minus, money taken out.")
@click.option("--no-sell", is_flag=True, help="Buy only.")
@click.option("--no-buy", is_flag=True, help="Sell only.")
@click.option(
    "--objective",
    type=click.Choice(OF_PLANS),
    default="absolute",
    show_default=True,
    help="What counts as near: in money, or in proportion to each target.",
)
@click.option("--policy-gate", is_flag=True, help="No trades unless a rebalance is due.")
@click.option("--max-tax", metavar="AMOUNT", help="Most tax that the sales may cause.")
@click.option("--max-gain", metavar="AMOUNT", help="Most net gain that the sales may realise.")
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
@click.option("--save", is_flag=True, help="Keep the plan, to be carried out with `execute`.")
def plan(
    path: Path | None,
    as_json: bool,
    as_of: date | None,
    file: Path | None,
    as_csv: bool,
    account: str | None,
    fractional: bool,
    stale_ok: bool,
    cash: str,
    no_sell: bool,
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
    save: bool,
) -> None:
    """Say which whole shares to trade to come nearest to target.

    With [tax] in the file and lots or a journal, every sale shows what it adds to the year's tax.
    """
    import steelyard

    portfolio = _portfolio(path, file, as_of)
    result = steelyard.plan(
        portfolio,
        max_tax=max_tax,
        max_gain=max_gain,
        accept_drift="0.5%" if save_tax and accept_drift is None else accept_drift,
        harvest=harvest,
        save_tax=save_tax,
        relocate=relocate,
        cash=cash,
        as_of=as_of,
        account=account,
        can_buy=not no_buy,
        can_sell=not no_sell,
        fractional=fractional,
        stale_ok=stale_ok,
        objective=objective,
        policy_gate=policy_gate,
        allow_wash_sales=allow_wash_sales,
    )
    _print_plan(result, portfolio, as_json=as_json, as_csv=as_csv, title=say("Plan"))
    if save:
        saved = steelyard.save_plan(path or file or Path("portfolio.toml"), portfolio, result)
        plan_id = saved.id
        language.echo(say("saved as {plan}; next: steelyard execute {plan}", plan=plan_id[:12]), err=True)


@cli.command(
    epilog=_epilog("steelyard invest 1000000 portfolio.toml", 'steelyard invest "500 USD" --account pension')
)
@click.argument("amount_and_file", metavar="AMOUNT [FILE]", nargs=-1, required=True)
@_options(sends_trades=True)
@click.option(
    "--method",
    type=click.Choice(OF_NEW_MONEY),
    default="shortfall",
    show_default=True,
    help="In proportion to what is missing, or nearest to target in money or in proportion.",
)
@_wash_option
def invest(
    amount_and_file: tuple[str, ...],
    as_json: bool,
    as_of: date | None,
    file: Path | None,
    as_csv: bool,
    account: str | None,
    fractional: bool,
    stale_ok: bool,
    method: Method,
    allow_wash_sales: bool,
) -> None:
    """Spend new money without selling anything.

    The plan also says how much new money would bring everything inside its band that way.
    """
    import steelyard
    from steelyard.interfaces.cli.amount_words import amount_and_path

    amount, path = amount_and_path(amount_and_file)
    portfolio = _portfolio(path, file, as_of)
    result = steelyard.invest(
        portfolio,
        amount,
        as_of=as_of,
        account=account,
        method=method,
        fractional=fractional,
        stale_ok=stale_ok,
        allow_wash_sales=allow_wash_sales,
    )
    _print_plan(result, portfolio, as_json=as_json, as_csv=as_csv, title=say("Invest"))


@cli.command(epilog=_epilog("steelyard withdraw 500000 portfolio.toml", "steelyard withdraw 500000 --json"))
@click.argument("amount_and_file", metavar="AMOUNT [FILE]", nargs=-1, required=True)
@_options(sends_trades=True)
@click.option(
    "--objective",
    type=click.Choice(OF_PLANS),
    default="absolute",
    show_default=True,
    help="What counts as near: in money, or in proportion to each target.",
)
def withdraw(
    amount_and_file: tuple[str, ...],
    as_json: bool,
    as_of: date | None,
    file: Path | None,
    as_csv: bool,
    account: str | None,
    fractional: bool,
    stale_ok: bool,
    objective: ObjectiveName,
) -> None:
    """Raise money by selling, without buying anything."""
    import steelyard
    from steelyard.interfaces.cli.amount_words import amount_and_path

    amount, path = amount_and_path(amount_and_file)
    portfolio = _portfolio(path, file, as_of)
    result = steelyard.withdraw(
        portfolio,
        amount,
        as_of=as_of,
        account=account,
        fractional=fractional,
        stale_ok=stale_ok,
        objective=objective,
    )
    _print_plan(result, portfolio, as_json=as_json, as_csv=as_csv, title=say("Withdraw"))


@cli.command(epilog=_epilog("steelyard models", "steelyard models balanced", ends=(0, 2)))
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="One JSON document and nothing else.")
def models(name: str | None, as_json: bool) -> None:
    """List the model portfolios, or show one."""
    import steelyard

    found = steelyard.models(name)
    if as_json:
        _print_json(found.to_dict())
    else:
        from steelyard.interfaces.cli import tables

        tables.show_models(found.models)


@cli.command(epilog=_epilog("steelyard init", "steelyard init money --model core-four", ends=(0, 2, 3)))
@click.argument("folder", required=False, default=".", type=click.Path(path_type=Path), metavar="[DIR]")
@click.option("--model", "model_name", metavar="NAME", help="Start from a model portfolio.")
@click.option("--currency", metavar="CODE", default="KRW", show_default=True, help="Base currency.")
@click.option("--journal", is_flag=True, help="Open a journal with what the portfolio file there holds.")
@click.option(
    "--as-of", type=_Day(), help="With --journal: date of its entries.  [default: today in New York]"
)
def init(folder: Path, model_name: str | None, currency: str, journal: bool, as_of: date | None) -> None:
    """Write a commented portfolio file to start from, or open a journal beside the one there is."""
    if (journal and model_name is not None) or (as_of is not None and not journal):
        raise click.UsageError("--model is for a new file, --as-of for --journal beside the file there is")
    import steelyard
    from steelyard.domain.money import is_currency

    if journal:
        opened = steelyard.open_journal(folder / "portfolio.toml", as_of=as_of)
        noun = "entry" if opened.entries == 1 else "entries"
        where = folder / opened.journal.name
        text = f"{opened.entries} {noun} written to {where}; from now on it says what is held"
        click.echo(text, err=True)
        for note in opened.notes:
            click.echo(language.tell(note), err=True)
        return

    if not is_currency(currency):
        raise InputError(
            "currency", f"{currency!r} is no currency code", "write --currency KRW or --currency USD"
        )
    target = folder / "portfolio.toml"
    text = steelyard.template(model=model_name, base_currency=currency)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with target.open("x", encoding="utf-8") as out:
            out.write(text)
    except FileExistsError:
        raise InputError(
            "file-exists", f"{target} is there already", "choose another folder, or move it"
        ) from None
    except OSError as error:
        raise InputError(
            "unwritable", f"{target} cannot be written: {error.strerror}", "check the folder"
        ) from None
    click.echo(f"wrote {target}; fill in your shares, then run: steelyard check {target}", err=True)


@cli.command(epilog=_epilog("steelyard demo", "steelyard demo --as-of 2026-11-23", ends=(0, 2)))
@click.option("--as-of", type=_Day(), help="Evaluate as of this date.  [default: today]")
def demo(as_of: date | None) -> None:
    """Run check, plan and invest on the bundled sample portfolio; needs nothing."""
    import steelyard
    from steelyard.interfaces.cli import tables

    portfolio = steelyard.sample()
    tables.heading("steelyard check", say("is a rebalance due?"))
    tables.show_check(steelyard.check(portfolio, as_of=as_of))
    tables.heading("steelyard plan", say("the exact whole-share trades"))
    tables.show_plan(steelyard.plan(portfolio, as_of=as_of), portfolio, say("Plan"))
    tables.heading("steelyard invest 1000000", say("new money, nothing sold"))
    tables.show_plan(steelyard.invest(portfolio, 1000000, as_of=as_of), portfolio, say("Invest"))
    click.echo()
    language.echo(
        say("Next: `steelyard init` writes a portfolio file of your own. (A calculation, not advice.)")
    )


def _portfolio(path: Path | None, option: Path | None, as_of: date | None) -> Portfolio:
    import steelyard

    if path is not None and option is not None and path != option:
        raise InputError("two-files", f"two portfolio files: {path} and {option}", "give one of them")
    portfolio = steelyard.load(path or option or Path("portfolio.toml"), as_of=as_of)
    language.prefer(portfolio.language)
    return portfolio


def _warn(caveats: Caveats, as_of: date, portfolio: Portfolio) -> None:
    # Nothing to say is the rule, and then nothing is imported for it.
    if caveats.differences or caveats.actions or caveats.undated or caveats.oldest not in (None, as_of):
        from steelyard.interfaces.cli.books.warnings import warn

        warn(caveats, as_of, portfolio.source)


def _print_plan(result: Plan, portfolio: Portfolio, *, as_json: bool, as_csv: bool, title: str) -> None:
    if as_json:
        _print_json(result.to_dict())
    elif as_csv:
        _print_csv(result)
    else:
        from steelyard.interfaces.cli import tables

        tables.show_plan(result, portfolio, title)
    if not result.objective.proven:
        language.echo(say("note: not proven optimal; {why}", why=result.objective.note), err=True)
    _warn(result.caveats, result.as_of, portfolio)


def _print_csv(result: Plan) -> None:
    import csv

    from steelyard.domain.money import figure

    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow(["account", "side", "symbol", "shares", "price", "currency", "amount", "cost"])
    for t in result.trades:
        money: list[Decimal] = [t.shares, t.price]
        out.writerow(
            [t.account, t.side, t.symbol, *map(figure, money), t.currency, figure(t.amount), figure(t.cost)]
        )


def _print_json(document: dict[str, Any]) -> None:

    click.echo(language.json_text(language.told(document)))


def main() -> None:
    """Run the command line; the one place where errors become text and an exit status."""
    # A journal is a long list of small records without cycles. To look for cycles among all of them each
    # time 700 are new took a quarter of the time its lots fold in (benchmarks/wash_sales.py).
    gc.set_threshold(50_000)
    try:
        language.begin(sys.argv[1:], os.environ)
        cli.main(prog_name="steelyard", standalone_mode=False)
    except SteelyardError as error:
        for text in language.problems(error):
            click.echo(text, err=True)
        sys.exit(error.status if isinstance(error, PortfolioProblems) else error.exit_status)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        sys.exit(2)
    except click.ClickException as error:
        click.echo(f"error[usage]: {error.format_message()}", err=True)
        where = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else "steelyard"
        click.echo(f"\n  {language.hint(say('see `{command} --help`', command=where))}", err=True)
        sys.exit(2)
    except (click.Abort, KeyboardInterrupt):
        click.echo("stopped", err=True)
        sys.exit(130)
    except BrokenPipeError:
        # Somebody downstream (`| head`) has read enough; nothing is wrong.
        sys.stderr.close()
        sys.exit(0)
