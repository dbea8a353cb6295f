"""The commands `models`, `init` and `demo`."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

import click

import steelyard
from steelyard.domain.money import is_currency
from steelyard.errors import InputError
from steelyard.interfaces import language
from steelyard.interfaces.beginning import CURRENCIES, begin_from, write_new
from steelyard.interfaces.cli.options import epilog, print_json, tell_addresses
from steelyard.interfaces.cli.typed import Day, lines_of
from steelyard.words import say


@click.command(epilog=epilog("steelyard models", "steelyard models balanced", ends=(0, 2)))
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="One JSON document and nothing else.")
def models(name: str | None, as_json: bool) -> None:
    """List the model portfolios, or show one."""
    found = steelyard.models(name)
    if as_json:
        print_json(found.to_dict())
    else:
        from steelyard.interfaces.cli import tables

        tables.show_models(found.models)


@click.command(
    epilog=epilog(
        "steelyard init",
        "steelyard init money --model core-four",
        "steelyard init us --country US",
        "steelyard init mine --from positions.csv",
        ends=(0, 2, 3),
    )
)
@click.argument("folder", required=False, default=".", type=click.Path(path_type=Path), metavar="[DIR]")
@click.option("--model", "model_name", metavar="NAME", help="Start from a model portfolio.")
@click.option("--by-class", is_flag=True, help="With --model: targets are classes that several funds meet.")
@click.option(
    "--currency", metavar="CODE", help="Base currency.  [default: asked, else the country's, KRW, or FILE's]"
)
@click.option("--country", type=click.Choice(tuple(CURRENCIES)), help="Whose tax counts; written as [tax].")
@click.option(
    "--from",
    "broker_file",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Begin with what a broker's file of positions or trades holds.",
)
@click.option(
    "--symbol",
    "symbols",
    metavar="NAME=SYMBOL",
    multiple=True,
    help="With --from: the broker's name for a symbol.",
)
@click.option(
    "--leave", metavar="LINES", default="", help="With --from: lines to leave out, as 7,12 or 20-85."
)
@click.option("--journal", is_flag=True, help="Open a journal with what the portfolio file there holds.")
@click.option(
    "--as-of", type=Day(), help="With --journal: date of its entries.  [default: today in New York]"
)
def init(
    folder: Path,
    model_name: str | None,
    by_class: bool,
    currency: str | None,
    country: str | None,
    broker_file: Path | None,
    symbols: tuple[str, ...],
    leave: str,
    journal: bool,
    as_of: date | None,
) -> None:
    """Write a commented portfolio file to start from, or open a journal beside the one there is."""
    if (journal and (model_name is not None or broker_file is not None)) or (
        as_of is not None and not journal
    ):
        raise click.UsageError(
            language.tell(
                say("--model and --from are for a new file, --as-of for --journal beside the file there is")
            )
        )
    if by_class and (model_name is None or broker_file is not None):
        raise click.UsageError(language.tell(say("--by-class goes with --model, and not with --from")))
    if journal:
        opened = steelyard.open_journal(folder / "portfolio.toml", as_of=as_of)
        said = say(
            "{count} {count:entry|entries} written to {journal}; from now on it says what is held",
            count=opened.entries,
            journal=folder / opened.journal.name,
        )
        language.echo(said, err=True)
        for note in opened.notes:
            language.echo(note, err=True)
        return

    if currency is not None and not is_currency(currency):
        raise InputError(
            "currency",
            say("{currency!r} is no currency code", currency=currency),
            say("write --currency KRW or --currency USD"),
        )
    target = folder / "portfolio.toml"
    asked = currency is not None or country is not None
    if broker_file is None:
        if not asked and not target.exists() and sys.stdin.isatty() and sys.stderr.isatty():
            country, currency = _ask()
            asked = True
        currency = currency or CURRENCIES[country or "KR"]
    else:
        pairs = dict(pair.rsplit("=", 1) for pair in symbols if "=" in pair)
        begun, entries = begin_from(
            target, broker_file, language.tell, model=model_name, currency=currency, country=country,
            symbols=pairs, leave=lines_of(leave),
        )  # fmt: skip
        if entries is not None:
            language.echo(
                say("{count} entries written to {journal}", count=entries, journal=folder / "steelyard.db"),
                err=True,
            )
        language.echo(
            say(
                "wrote {file} with {positions} {positions:position|positions} in {accounts} "
                "{accounts:account|accounts}; read it through, then run: steelyard check {file}",
                file=target,
                positions=begun.positions,
                accounts=begun.accounts,
            ),
            err=True,
        )
        return
    text = steelyard.template(model=model_name, base_currency=currency or "KRW", by_class=by_class)
    write_new(target, language.tell(text), country)
    language.echo(
        say("wrote {file}; fill in your shares, then run: steelyard check {file}", file=target), err=True
    )
    if not asked and language.current().code != "ko":
        told = say("it counts in won (KRW); one in dollars, taxed in the US: steelyard init us --country US")
        language.echo(told, err=True)


def _ask() -> tuple[str | None, str]:
    """Ask whose tax counts and in which currency; an empty answer takes what is offered."""
    none = "-"
    question = say("Whose tax should count: KR, US, JP, or {none} for none", none=none)
    offered = "KR" if language.current().code == "ko" else none
    chosen = click.Choice((*CURRENCIES, none), case_sensitive=False)
    country = click.prompt(
        language.tell(question), default=offered, type=chosen, show_choices=False, err=True
    )
    currency = click.prompt(
        language.tell(say("Currency to count in")),
        default=CURRENCIES.get(country, "USD" if offered == none else "KRW"),
        err=True,
        value_proc=_currency,
    )
    return (None if country == none else country), currency


def _currency(text: str) -> str:
    code = text.strip().upper()
    if not is_currency(code):
        raise click.UsageError(language.tell(say("{currency!r} is no currency code", currency=text)))
    return code


@click.command(epilog=epilog("steelyard demo", "steelyard demo --as-of 2026-11-23", ends=(0, 2)))
@click.option("--as-of", type=Day(), help="Evaluate as of this date.  [default: today]")
@click.option("--serve", is_flag=True, help="Show it as a page in the browser instead.")
def demo(as_of: date | None, serve: bool) -> None:
    """Run check, plan and invest on the bundled sample portfolio; needs nothing."""
    if serve:
        _serve(as_of)
        return
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
    language.echo(
        say(
            "`steelyard demo --serve` shows the same in your browser, at {address}",
            address="http://127.0.0.1:8765/",
        )
    )


def _serve(as_of: date | None) -> None:
    """Show a copy of the sample; what is changed in it is gone afterwards."""
    from tempfile import TemporaryDirectory

    from steelyard.api.serving import sample_text
    from steelyard.interfaces.web import server

    with TemporaryDirectory() as folder:
        file = Path(folder) / "sample" / "portfolio.toml"
        file.parent.mkdir(mode=0o700)
        file.write_text(sample_text(), encoding="utf-8")
        server.serve(file, port=server.PORT, as_of=as_of, told=tell_addresses)
