"""Steelyard as a library: the use cases of the command line, on the same values.

    import steelyard
    portfolio = steelyard.load("portfolio.toml")
    report = steelyard.check(portfolio)
    plan = steelyard.invest(portfolio, "1000000")

Every amount may be an int, a Decimal or text; it is read exactly. A float is refused.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from steelyard import bootstrap
from steelyard.api.reading import Money, fraction, money
from steelyard.app.check import CheckReport
from steelyard.app.check import check as _check
from steelyard.domain.portfolio import Portfolio
from steelyard.errors import DataError, InputError

if TYPE_CHECKING:
    from steelyard.app.harvest.harvest import HarvestReport
    from steelyard.app.tax.situation import TaxSituation
    from steelyard.domain.tax.country import YearTax
    from steelyard.domain.trades import Plan


def load(path: str | Path = "portfolio.toml", *, need_accounts: bool = True) -> Portfolio:
    """Read a portfolio file, with the journal and the fetched prices of `steelyard.db` beside it.

    Args:
        path: The file.
        need_accounts: False where targets, policy, costs and [tax] are enough, as for `backtest`: the file
            alone is read, and may be without accounts.

    Raises:
        PortfolioProblems: With every problem of the file.
        DataError: Something the journal holds has no price.
    """
    if not need_accounts:
        return bootstrap.backtest_portfolio(Path(path))
    return bootstrap.stored_portfolio(Path(path))


def check(portfolio: Portfolio, *, as_of: date | None = None) -> CheckReport:
    """Value a portfolio and say whether a rebalance is due, and why.

    Args:
        portfolio: From `load`.
        as_of: The date to evaluate the policy for; today unless given.
    """
    return _check(portfolio, bootstrap.sessions(), as_of=as_of or date.today())


def plan(
    portfolio: Portfolio,
    *,
    cash: Money = 0,
    as_of: date | None = None,
    account: str | None = None,
    can_buy: bool = True,
    can_sell: bool = True,
    fractional: bool = False,
    objective: str = "absolute",
    policy_gate: bool = False,
    max_tax: Money | None = None,
    max_gain: Money | None = None,
    accept_drift: Money | None = None,
    allow_wash_sales: bool = False,
    journal: str | Path | None = None,
) -> Plan:
    """Return the exact whole-share trades of a full rebalance.

    Args:
        portfolio: From `load`.
        cash: New money, or with a minus money taken out, base currency.
        as_of: Date of the plan; today unless given.
        account: Where that money goes to or comes from; the first account unless given.
        can_buy, can_sell: False forbids trades that way.
        fractional: Plan in billionths of a share.
        objective: absolute | relative | shortfall.
        policy_gate: Return an empty plan unless the policy is due.
        max_tax: Most tax the sales may cause, base currency; below zero, what they must save at least.
        max_gain: Most net gain they may realise, base currency.
        accept_drift: How much further from target the plan may be for the sake of tax (`"0.5%"`); among
            plans that close the least taxed one is returned.
        allow_wash_sales: Buy also what undoes a loss realised in the 30 days before.
        journal: The database with the journal; `steelyard.db` beside the portfolio file unless given.

    Raises:
        InputError, DataError, PlanError: See `steelyard.errors`.
    """
    # The planner is imported here, so that `check` does not pay for it.
    from steelyard.app.planning import plan as planner

    day = as_of or date.today()
    looks = not (max_tax is None and max_gain is None and accept_drift is None)
    tax, why_not = _tax_of(portfolio, journal, day, needed=looks)
    result = planner.plan(
        portfolio,
        bootstrap.sessions(),
        as_of=day,
        cash_flow=money(cash, portfolio),
        account=account,
        can_buy=can_buy,
        can_sell=can_sell,
        fractional=fractional,
        objective=objective,
        policy_gate=policy_gate,
        tax=tax,
        max_tax=None if max_tax is None else money(max_tax, portfolio),
        max_gain=None if max_gain is None else money(max_gain, portfolio),
        accept_drift=None if accept_drift is None else fraction(accept_drift),
        allow_wash_sales=allow_wash_sales,
    )
    return replace(result, tax_note=why_not) if why_not else result


def invest(
    portfolio: Portfolio,
    amount: Money,
    *,
    as_of: date | None = None,
    account: str | None = None,
    method: str = "shortfall",
    fractional: bool = False,
    allow_wash_sales: bool = False,
    journal: str | Path | None = None,
) -> Plan:
    """Return the purchases that spend new money best, without selling anything.

    Args:
        portfolio: From `load`.
        amount: New money, base currency unless it names another, > 0.
        as_of, account, fractional, allow_wash_sales, journal: As for `plan`.
        method: shortfall | absolute | relative.

    Raises:
        InputError, DataError, PlanError: See `steelyard.errors`.
    """
    from steelyard.app.planning import plan as planner

    day = as_of or date.today()
    tax, why_not = _tax_of(portfolio, journal, day)
    result = planner.invest(
        portfolio,
        bootstrap.sessions(),
        money(amount, portfolio),
        as_of=day,
        account=account,
        method=method,
        fractional=fractional,
        tax=tax,
        allow_wash_sales=allow_wash_sales,
    )
    return replace(result, tax_note=why_not) if why_not else result


def withdraw(
    portfolio: Portfolio,
    amount: Money,
    *,
    as_of: date | None = None,
    account: str | None = None,
    fractional: bool = False,
    objective: str = "absolute",
    journal: str | Path | None = None,
) -> Plan:
    """Return the sales that raise an amount, without buying anything.

    Args:
        portfolio: From `load`.
        amount: Money to take out, base currency unless it names another, > 0.
        as_of, account, fractional, objective, journal: As for `plan`.

    Raises:
        InputError, DataError, PlanError: See `steelyard.errors`.
    """
    from steelyard.app.planning import plan as planner

    day = as_of or date.today()
    tax, why_not = _tax_of(portfolio, journal, day)
    result = planner.withdraw(
        portfolio,
        bootstrap.sessions(),
        money(amount, portfolio),
        as_of=day,
        account=account,
        fractional=fractional,
        objective=objective,
        tax=tax,
    )
    return replace(result, tax_note=why_not) if why_not else result


def tax(
    path: str | Path = "portfolio.toml",
    *,
    year: int | None = None,
    as_of: date | None = None,
    journal: str | Path | None = None,
) -> YearTax:
    """Return the tax of one year, with every sale, its lots and the rules behind each figure.

    Args:
        path: The portfolio file; its accounts, its [tax], and lots where there is no journal.
        year: The tax year; that of `as_of` unless given.
        as_of: Nothing later is counted; today unless given.
        journal: The database with the journal; `steelyard.db` beside the portfolio file unless given.

    Raises:
        InputError, DataError: See `steelyard.errors`.
    """
    from steelyard.app.tax.situation import situation

    file = Path(path)
    entries = bootstrap.journal_entries(Path(journal) if journal else bootstrap.journal_path(file))
    portfolio = bootstrap.portfolio_of_entries(file, entries)
    figures = bootstrap.tax_figures(portfolio.tax.jurisdiction) if portfolio.tax else ({}, ())
    return situation(
        portfolio,
        entries,
        bootstrap.sessions(),
        figures,
        as_of=as_of or date.today(),
        year=year,
        market_rates=bootstrap.market_rates(file),
    ).so_far


def harvest(
    portfolio: Portfolio,
    *,
    as_of: date | None = None,
    min_loss: Money | None = None,
    years: int = 10,
    discount: Money = "4%",
    journal: str | Path | None = None,
) -> HarvestReport:
    """Return the losses and gains worth realising before the year ends.

    Args:
        portfolio: From `load`.
        as_of: Day of the sales; today unless given.
        min_loss: Also list holdings that are down by more than this fraction of their cost (`"5%"`).
        years, discount: Until what is bought back would be sold, 0 to 100, and a yearly rate for tax paid
            then, >= 0.
        journal: As for `plan`.

    Raises:
        InputError, DataError: See `steelyard.errors`.
    """
    from steelyard.app.harvest import harvest as harvester
    from steelyard.app.harvest.value import Assumptions

    day = as_of or date.today()
    situation = _situation(portfolio, journal, day, needed=True)
    if situation is None:
        raise InputError(
            "tax-missing",
            f"{portfolio.source} does not say where its owner is taxed",
            'add [tax] with jurisdiction = "KR" (or "US")',
        )
    rate = fraction(discount)
    if not 0 <= years <= 100 or rate < 0:
        raise InputError(
            "harvest-assumption",
            f"{years} years at {discount} a year are nothing to discount by",
            "give 0 to 100 years, and a discount of 0% or more",
        )
    given = Assumptions(
        years=years,
        discount=rate,
        min_loss=None if min_loss is None else fraction(min_loss),
    )
    return harvester.harvest(portfolio, situation, as_of=day, assumptions=given)


def _tax_of(
    portfolio: Portfolio, journal: str | Path | None, as_of: date, *, needed: bool = False
) -> tuple[TaxSituation | None, str]:
    """Return what the tax of a plan is computed from, or why it cannot be.

    Raises:
        InputError, DataError: Only when it is `needed`; else the plan stands without it and says why.
    """
    try:
        return _situation(portfolio, journal, as_of, needed=needed), ""
    except (InputError, DataError) as error:
        if needed:
            raise
        return None, error.message


def _situation(
    portfolio: Portfolio, journal: str | Path | None, as_of: date, *, needed: bool
) -> TaxSituation | None:
    """Return what the tax of a plan is computed from, None when nothing says what was paid."""
    path = Path(journal) if journal else bootstrap.journal_path(Path(portfolio.source))
    return bootstrap.tax_situation(portfolio, path, as_of, needed=needed)
