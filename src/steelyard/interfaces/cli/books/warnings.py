"""What every command that values a portfolio says beside its report, on standard error."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from steelyard.domain.books.comparison import told, undecided
from steelyard.domain.books.kept import books_of
from steelyard.interfaces import language
from steelyard.words import say

if TYPE_CHECKING:
    from steelyard.domain.portfolio import Portfolio


def warn(portfolio: Portfolio) -> None:
    """Say where file and journal differ and nobody has decided which of them counts."""
    for account, differences in undecided(books_of(portfolio).differences).items():
        text, hint = told(account, differences, portfolio.source)
        click.echo(language.tell(say("warning[journal-differs]: {text}", text=text)), err=True)
        click.echo(f"\n  {language.hint(hint)}\n", err=True)
