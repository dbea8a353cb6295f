"""How gains are taxed in a backtest: what the owner's country says, as arrays of the sessions."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np

from steelyard.domain.money import ZERO
from steelyard.domain.portfolio import Account, Portfolio
from steelyard.domain.tax import backtest as kinds
from steelyard.domain.tax.backtest import BacktestFacts, BacktestTax
from steelyard.domain.tax.codes import TAXED_KINDS
from steelyard.domain.tax.country import country
from steelyard.domain.tax.rules import Rule
from steelyard.engines.arrays import Flags, Ints
from steelyard.engines.lab.backtest.records import TERMS, UNTAXED, WITHHELD, YEARLY, TaxRules
from steelyard.ports.market import Sessions
from steelyard.records import replace
from steelyard.words import say

Figures = Callable[[str], tuple[Mapping[str, Any], Sequence[Rule]]]
"""A country's tax data and rules, by its code."""

_KINDS = {kinds.UNTAXED: UNTAXED, kinds.YEARLY: YEARLY, kinds.EACH_SALE: WITHHELD, kinds.BY_TERM: TERMS}
_NUMBERS = (
    "allowance", "national", "local", "withheld", "withheld_local", "waived_below",
    "short", "long", "ordinary", "offset",
)  # fmt: skip


def backtest_tax(
    portfolio: Portfolio,
    sessions: Sessions,
    figures: Figures,
    *,
    harvest: bool = False,
) -> BacktestTax | str:
    """Return how a portfolio is taxed in a backtest, or a sentence that says why it is not.

    All money is taken to be in one taxable account, the first whose owner is taxed in the base currency, and
    taxed as his; where several persons have such accounts that is said.

    Args:
        portfolio: With [tax].
        sessions: Trading days.
        figures: Data and rules of countries.
        harvest: Realise gains every year as far as they are free.

    Raises:
        InputError: An unknown tax class; a setting that is no number; harvesting where no gain is free.
    """
    assert portfolio.tax is not None
    taxable = [a for a in portfolio.accounts if a.kind in TAXED_KINDS]
    account = next(iter(sorted(taxable, key=lambda a: not _counts_alike(portfolio, a))), None)
    owner = "me" if account is None else account.owner
    tax = portfolio.tax_of(owner)
    assert tax is not None
    lands = country(tax.jurisdiction)
    if portfolio.base_currency != lands.currency:
        return say(
            "before tax: {code} counts tax in {currency}, the backtest in {ours}",
            code=lands.code,
            currency=lands.currency,
            ours=portfolio.base_currency,
        )
    if portfolio.accounts and account is None:
        return say("before tax: no account of the file is taxable")
    data, rules = figures(tax.jurisdiction)
    terms = lands.backtest_tax(
        BacktestFacts(
            classes={s: lands.classify(portfolio.instruments[s]) for s in portfolio.targets},
            methods={} if account is None else account.cost_method,
            is_session=sessions.is_session,
            figures=data,
            rules=rules,
            settings=tax.settings,
            harvest=harvest,
        )
    )
    others = dict.fromkeys(a.owner for a in taxable if a.owner != owner)
    if account is None or not others:
        return terms
    told = say(
        "all of the money is taxed as that of {owner} in {account}; {others} would be taxed otherwise",
        owner=owner,
        account=account.name,
        others=", ".join(others),
    )
    return replace(terms, notes=(*terms.notes, told))


def _counts_alike(portfolio: Portfolio, account: Account) -> bool:
    """Say whether the owner of an account is taxed in the base currency."""
    tax = portfolio.tax_of(account.owner)
    return tax is not None and country(tax.jurisdiction).currency == portfolio.base_currency


def tax_rules(
    tax: BacktestTax, dates: Sequence[date], symbols: Sequence[str], opened: Flags | None = None
) -> TaxRules:
    """Return the rules as arrays for the sessions of a backtest.

    Args:
        tax: See there.
        dates: T sessions.
        symbols: N instruments.
        opened: (T,) bool, sessions on which everything can be sold: tax is raised, and gains are realised, on
            these alone; all unless given.
    """
    years = np.array([tax.year_of(day) for day in dates], np.int64)
    first = int(years[0])
    ends, due = np.zeros(len(dates), np.bool_), _due(tax, dates, first)
    there = np.arange(len(dates)) if opened is None else np.flatnonzero(opened)
    if tax.harvest:
        of = years[there]
        ends[there[np.append(of[1:] != of[:-1], False)]] = True
    if opened is not None:
        # What falls due while a market is shut is paid on the next session on which all are open.
        due = due[there[np.searchsorted(there, np.arange(len(dates)), side="right") - 1]]
    return TaxRules(
        kinds=np.array([_KINDS[tax.kinds[s]] for s in symbols], np.int64),
        averaged=np.array([s in tax.averaged for s in symbols]),
        year=years - first,
        due=due,
        long_since=_long_since(tax, dates),
        harvest=ends,
        distributed=np.array([float(tax.distributed.get(s, ZERO)) for s in symbols]),
        whole=tax.whole,
        tax_unit=float(tax.tax_unit),
        **{name: float(getattr(tax, name)) for name in _NUMBERS},
    )


def _due(tax: BacktestTax, dates: Sequence[date], first: int) -> Ints:
    """Return how many tax years, from the first one on, have fallen due by each session."""
    days: list[date] = []
    while not days or days[-1] <= dates[-1]:
        days.append(tax.due_on(first + len(days)))
    return np.array([bisect_right(days, day) for day in dates], np.int64)


def _long_since(tax: BacktestTax, dates: Sequence[date]) -> Ints:
    """Return for each session the last one whose purchase is long-term when sold there, -1 for none."""
    if tax.long_from is None:
        return np.full(len(dates), -1, np.int64)
    starts = [tax.long_from(day) for day in dates]
    return np.array([bisect_right(starts, day) - 1 for day in dates], np.int64)
