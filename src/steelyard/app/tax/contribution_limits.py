"""What the owners of a portfolio may still pay into tax-sheltered accounts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from steelyard.domain.accounts import ContributionRoom
from steelyard.domain.books.portfolio_books import books_of
from steelyard.domain.money import EXACT, written
from steelyard.domain.portfolio import Portfolio
from steelyard.domain.tax.codes import TAXED_KINDS
from steelyard.domain.tax.country import country
from steelyard.domain.tax.rules import Rule
from steelyard.records import replace
from steelyard.words import join, say

Figures = Callable[[str], tuple[Mapping[str, Any], Sequence[Rule]]]
"""A country's tax data and rules, by its code."""


def contribution_room(portfolio: Portfolio, figures: Figures, *, as_of: date) -> tuple[ContributionRoom, ...]:
    """Return the room left in every owner's tax-sheltered accounts; none without [tax].

    Args:
        portfolio: With its books; without them nobody knows what was paid in, and the limit stands alone.
        figures: Of countries.
        as_of: Deposits up to this day count, against the limits of its year.
    """
    if portfolio.tax is None:
        return ()
    entries = [e for e in books_of(portfolio).entries if e.traded_on <= as_of]
    found: list[ContributionRoom] = []
    for owner in dict.fromkeys(account.owner for account in portfolio.accounts):
        kinds = {a.name: a.kind for a in portfolio.accounts if a.owner == owner}
        tax = portfolio.tax_of(owner)
        if tax is not None and set(kinds.values()) - TAXED_KINDS:
            code = tax.jurisdiction
            stated = {**tax.settings, **tax.by_year.get(as_of.year, {})}
            rooms = country(code).contribution_room(owner, kinds, entries, figures(code), as_of, stated)
            found += [_with_excess(room) for room in rooms]
    return tuple(found)


def _with_excess(room: ContributionRoom) -> ContributionRoom:
    """Return it with a note of what was paid in beyond the limit: a room of nothing does not say that."""
    if room.paid is None or room.paid <= room.limit:
        return room
    excess = say(
        "{excess} more than the limit of {year} was paid in",
        excess=written(EXACT.subtract(room.paid, room.limit), room.currency),
        year=room.year,
    )
    return replace(room, note=join("; ", (excess, room.note)) if room.note else excess)
