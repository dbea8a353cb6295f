"""What every command that values a portfolio says beside its report, on standard error."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from steelyard.domain.caveats import Caveats, unrecorded_action
from steelyard.domain.money import plain
from steelyard.interfaces import language
from steelyard.words import say

if TYPE_CHECKING:
    from datetime import date


def warn(caveats: Caveats, as_of: date, source: str) -> None:
    """Say how old prices are, and where file and journal differ and nobody has decided which counts.

    Args:
        caveats: Of the report.
        as_of: Its day.
        source: The portfolio file, for messages.
    """
    tell = language.tell
    if caveats.differences:
        from steelyard.domain.books.comparison import told, undecided

        for account, differences in undecided(caveats.differences).items():
            text, hint = told(account, differences, source)
            click.echo(tell(say("warning[journal-differs]: {text}", text=text)), err=True)
            click.echo(f"\n  {language.hint(hint)}\n", err=True)
    for action in caveats.actions:
        error = unrecorded_action(action)
        click.echo(tell(say("warning[action-unrecorded]: {text}", text=error.message)), err=True)
        click.echo(f"\n  {language.hint(error.hint)}\n", err=True)
    for lot in caveats.later_lots:
        text = say(
            "warning[lot-in-future]: a lot of {symbol} in account {account!r} is dated {bought},"
            " after {as_of}",
            symbol=lot.symbol,
            account=lot.account,
            bought=lot.bought,
            as_of=as_of,
        )
        click.echo(tell(text), err=True)
        found = say("correct bought = {bought} in {file}; the lot is counted", bought=lot.bought, file=source)
        click.echo(f"\n  {language.hint(found)}\n", err=True)
    for rate in caveats.rates:
        facts = {"pair": rate.pair, "rate": plain(rate.file), "fetched": plain(rate.fetched), "day": rate.day}
        text = say(
            "warning[rate-differs]: {pair} is {rate} in {file} and {fetched} by {source} of {day};"
            " the file counts",
            file=source,
            source=rate.source,
            **facts,
        )
        click.echo(tell(text), err=True)
        found = say(
            "take {pair} out of [fx] of {file}: what is fetched then counts", pair=rate.pair, file=source
        )
        click.echo(f"\n  {language.hint(found)}\n", err=True)
    if caveats.stale:
        listed = tuple(
            say("{symbol} of {priced_on}", symbol=s.what, priced_on=s.priced_on) for s in caveats.stale
        )
        click.echo(tell(say("warning[price-stale]: old prices: {listed}", listed=listed)), err=True)
    elif caveats.oldest is not None and caveats.oldest < as_of:
        days = (as_of - caveats.oldest).days
        text = say(
            "note: the oldest price is dated {day}, {days} {days:day|days} old", day=caveats.oldest, days=days
        )
        click.echo(tell(text), err=True)
    if caveats.undated:
        text = say(
            "note: prices in the file have no day; write priced_on = {day} at the top of {file}",
            day=as_of,
            file=source,
        )
        click.echo(tell(text), err=True)
