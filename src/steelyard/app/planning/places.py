"""Where things stand best when nothing else decides: as the owner prefers, then as the country suggests."""

from __future__ import annotations

from steelyard.app.planning.tradables import Tradable
from steelyard.domain.portfolio import Portfolio


def places(portfolio: Portfolio, positions: tuple[Tradable, ...]) -> tuple[tuple[int, ...], ...]:
    """Return levels of preference; by position, what money standing there counts, the first level first.

    The accounts' own `prefer` comes first, then the country's table of places, then, of a class, what may
    still be bought before what is only kept. A level that prefers nothing is left out.
    """
    accounts = {a.name: a for a in portfolio.accounts}
    goals = {s: {g.name for g in portfolio.goals if s in g.parts} for s in portfolio.counted}
    wished = tuple(
        int(bool({one.symbol, *goals[one.symbol]} & set(accounts[one.account].prefer))) for one in positions
    )
    bought = {s for g in portfolio.goals for s in g.buy}
    kept = tuple(int(one.symbol in bought) for one in positions)
    levels = [wished, _suggested(portfolio, positions)]
    if any(g.is_class for g in portfolio.goals):
        levels.append(kept)
    return tuple(level for level in levels if any(level))


def _suggested(portfolio: Portfolio, positions: tuple[Tradable, ...]) -> tuple[int, ...]:
    if portfolio.tax is None or len(portfolio.accounts) < 2:
        return (0,) * len(positions)
    from steelyard.domain.tax.country import country

    lands = {
        a.name: country(tax.jurisdiction) for a in portfolio.accounts if (tax := portfolio.tax_of(a.owner))
    }
    kinds = {a.name: a.kind for a in portfolio.accounts}
    return tuple(
        int(lands[s.account].stands_well(kinds[s.account], portfolio.instruments[s.symbol]))
        for s in positions
    )
