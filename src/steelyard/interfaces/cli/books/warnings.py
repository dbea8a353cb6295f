"""What every command that values a portfolio says beside its report, on standard error."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from steelyard.domain.footing import Footing, unrecorded
from steelyard.interfaces import language
from steelyard.words import say

if TYPE_CHECKING:
    from datetime import date


def warn(rests_on: Footing, as_of: date, source: str) -> None:
    """Say how old prices are, and where file and journal differ and nobody has decided which counts.

    Args:
        rests_on: Of the report.
        as_of: Its day.
        source: The portfolio file, for messages.
    """
    tell = language.tell
    if rests_on.differences:
        from steelyard.domain.books.comparison import told, undecided

        for account, differences in undecided(rests_on.differences).items():
            text, hint = told(account, differences, source)
            click.echo(tell(say("warning[journal-differs]: {text}", text=text)), err=True)
            click.echo(f"\n  {language.hint(hint)}\n", err=True)
    for action in rests_on.actions:
        error = unrecorded(action)
        click.echo(tell(say("warning[action-unrecorded]: {text}", text=error.message)), err=True)
        click.echo(f"\n  {language.hint(error.hint)}\n", err=True)
    if rests_on.stale:
        listed = tuple(
            say("{symbol} of {priced_on}", symbol=s.what, priced_on=s.priced_on) for s in rests_on.stale
        )
        click.echo(tell(say("warning[price-stale]: old prices: {listed}", listed=listed)), err=True)
    elif rests_on.oldest is not None and rests_on.oldest < as_of:
        days = (as_of - rests_on.oldest).days
        text = say(
            "note: the oldest price is of {day}, {days} {days:day|days} old", day=rests_on.oldest, days=days
        )
        click.echo(tell(text), err=True)
    if rests_on.undated:
        text = say(
            "note: prices in the file have no day; write priced_on = {day} at the top of {file}",
            day=as_of,
            file=source,
        )
        click.echo(tell(text), err=True)
