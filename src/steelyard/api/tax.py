"""The year's tax, and the losses and gains worth realising before the year ends."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from steelyard import bootstrap
from steelyard.api import reading
from steelyard.api.reading import Money, fraction
from steelyard.app.tax import reconciliation
from steelyard.app.tax.situation import situations
from steelyard.domain.caveats import caveats_of, need_fresh
from steelyard.domain.portfolio import Portfolio
from steelyard.errors import InputError
from steelyard.records import replace
from steelyard.words import say

if TYPE_CHECKING:
    from steelyard.app.harvest.harvest import HarvestReport
    from steelyard.domain.tax.country import YearTax
    from steelyard.domain.tax.statements import Reconciliation


def tax(
    portfolio: Portfolio, *, year: int | None = None, as_of: date | None = None, owner: str | None = None
) -> YearTax:
    """Return the tax of one year, with every sale, its lots and the rules behind each figure.

    Args:
        portfolio: From `load`: its accounts, its [tax], and lots where there is no journal. No price is
            needed, so `load(path, need_accounts=False, need_prices=False)` will do.
        year: The tax year; that of `as_of` unless given.
        as_of: Nothing later is counted; today unless given.
        owner: Whose return alone, `me` for that of [tax]. Without it the first return comes with the others
            in `others`.

    Raises:
        InputError, DataError: See `steelyard.errors`.
    """
    day = reading.day(as_of, portfolio)
    found = situations(
        portfolio, bootstrap.sessions(), bootstrap.tax_figures, as_of=day, year=year, owner=owner
    )
    if not portfolio.owners:
        return found[0].so_far
    years = [replace(x.so_far, owners=x.filer.owners) for x in found]
    return replace(years[0], others=tuple(years[1:]))


def reconcile(
    portfolio: Portfolio,
    statement: str | Path,
    *,
    account: str | None = None,
    year: int | None = None,
    as_of: date | None = None,
    owner: str | None = None,
) -> Reconciliation:
    """Return how a broker's yearly statement of sales differs from the year, with the likely reasons.

    Args:
        portfolio: As for `tax`.
        statement: A CSV file with a line a sale, in the tax currency.
        account: The account it is of; None compares with all of them.
        year, as_of: As for `tax`.
        owner: Whose return; that of the account's owner, or of [tax], unless given.

    Raises:
        InputError, DataError: See `steelyard.errors`.
    """
    day = as_of or bootstrap.today(portfolio)
    if owner is None and account is not None:
        owner = next((a.owner for a in portfolio.accounts if a.name == account), None)
    found = situations(
        portfolio, bootstrap.sessions(), bootstrap.tax_figures, as_of=day, year=year, owner=owner
    )
    return reconciliation.reconcile(found[0], bootstrap.stated_sales(Path(statement)), account)


def harvest(
    portfolio: Portfolio,
    *,
    as_of: date | None = None,
    min_loss: Money | None = None,
    years: int = 10,
    discount: Money = "4%",
    stale_ok: bool = False,
) -> HarvestReport:
    """Return the losses and gains worth realising before the year ends.

    Args:
        portfolio: From `load`.
        as_of: Day of the sales; today unless given.
        min_loss: Also list holdings that are down by more than this fraction of their cost (`"5%"`).
        years, discount: Until what is bought back would be sold, 0 to 100, and a yearly rate for tax paid
            then, >= 0.
        stale_ok: Judge by fetched prices that are too old all the same.

    Raises:
        InputError, DataError: See `steelyard.errors`.
    """
    day = reading.day(as_of, portfolio)
    caveats = caveats_of(portfolio, day, stale_ok=stale_ok)
    need_fresh(caveats)
    returns = bootstrap.tax_situation(portfolio, day, needed=True)
    if returns is None:
        raise InputError(
            "tax-missing",
            say("{source} does not say where its owner is taxed", source=portfolio.source),
            say('add [tax] with jurisdiction = "KR" (or "US")'),
        )
    rate = fraction(discount)
    if not 0 <= years <= 100 or rate < 0:
        raise InputError(
            "harvest-assumption",
            say(
                "{years} years at {discount} a year are nothing to discount by",
                years=years,
                discount=discount,
            ),
            say("give 0 to 100 years, and a discount of 0% or more"),
        )
    from steelyard.app.harvest import harvest as harvester
    from steelyard.app.harvest.sale_value import Assumptions

    given = Assumptions(
        years=years,
        discount=rate,
        min_loss=None if min_loss is None else fraction(min_loss),
    )
    found = harvester.harvest(portfolio, returns, as_of=day, assumptions=given)
    return replace(found, caveats=caveats, as_of=day)
