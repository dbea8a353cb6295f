"""Steelyard as a library: the use cases of the command line, on the same values.

    import steelyard
    portfolio = steelyard.load("portfolio.toml")
    report = steelyard.check(portfolio)
    plan = steelyard.invest(portfolio, "1000000")

Every amount may be an int, a Decimal or text; it is read exactly. A float is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from steelyard import bootstrap
from steelyard.app.check import CheckReport
from steelyard.app.check import check as _check
from steelyard.domain.money import EXACT, parse_amount, parse_fraction, parse_number
from steelyard.domain.portfolio import Portfolio
from steelyard.errors import DataError, InputError

if TYPE_CHECKING:
    from steelyard.app.compare import Comparison
    from steelyard.app.harvest import HarvestReport
    from steelyard.app.study import Study
    from steelyard.app.tax import TaxSituation
    from steelyard.domain.policies import Policy
    from steelyard.domain.tax.country import YearTax
    from steelyard.domain.trades import Plan

Money = int | str | Decimal

# Kept by value and type, so that neither True nor 1.0 passes for 1: a study that calls `backtest` for every
# setting of a grid reads the same few numbers each time.
_read_fraction = lru_cache(maxsize=1024, typed=True)(parse_fraction)
_read_number = lru_cache(maxsize=1024, typed=True)(parse_number)


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
    from steelyard.app import plan as planner

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
        accept_drift=None if accept_drift is None else _fraction(accept_drift),
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
    from steelyard.app import plan as planner

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
    from steelyard.app import plan as planner

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
    from steelyard.app.tax import situation

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
    from steelyard.app import harvest as harvester
    from steelyard.app.harvest_value import Assumptions

    day = as_of or date.today()
    situation = _situation(portfolio, journal, day, needed=True)
    if situation is None:
        raise InputError(
            "tax-missing",
            f"{portfolio.source} does not say where its owner is taxed",
            'add [tax] with jurisdiction = "KR" (or "US")',
        )
    rate = _fraction(discount)
    if not 0 <= years <= 100 or rate < 0:
        raise InputError(
            "harvest-assumption",
            f"{years} years at {discount} a year are nothing to discount by",
            "give 0 to 100 years, and a discount of 0% or more",
        )
    given = Assumptions(
        years=years,
        discount=rate,
        min_loss=None if min_loss is None else _fraction(min_loss),
    )
    return harvester.harvest(portfolio, situation, as_of=day, assumptions=given)


def backtest(
    prices: Any,
    targets: Mapping[str, Money],
    policies: str | Policy | Sequence[str | Policy],
    *,
    dates: Iterable[Any] | None = None,
    initial: Money = 10_000,
    monthly: Money = 0,
    flow: tuple[Money, str] | None = None,
    commission: Money = 0,
    min_commission: Money = 0,
    conversion: Mapping[str, Money] | None = None,
    currencies: Mapping[str, str] | None = None,
    reserve: Money = 0,
    cash_rate: Money = 0,
    risk_free: Money = 0,
    whole: bool = False,
    min_trade: Money = 0,
    taxed_as: Portfolio | None = None,
    harvest_gains: bool = False,
    distributions: Any = None,
    start: date | None = None,
    end: date | None = None,
) -> Study:
    """Return what policies would have done on past prices; `docs/explanation/backtest-model.md` says how.

    Args:
        prices: Closing prices, as a pandas or Polars frame or a mapping of columns (a column a symbol, or
            date, symbol, close), as an array (T, N) with the targets' order, or as a CSV or Parquet file.
        targets: Symbol to fraction (`"60%"` or a Decimal), summing to 1; for example `portfolio.targets`.
        policies: One or several, in the grammar of `steelyard compare --help` or as in `portfolio.policy`.
        dates: T dates, where `prices` has none of its own.
        initial: Money on the first session, base currency, > 0.
        monthly: Paid in every month, taken out where negative.
        flow: The same in another rhythm, `(-3000, "quarterly")`; a look of the policy grammar.
        commission: Fraction of the traded value, in [0, 1). min_commission: Least of one trade.
        conversion: Symbol to what a trade in another currency costs on top, a fraction.
        currencies: Symbol to currency pair (`"USDKRW"`) where its prices are not in base currency; the
            prices must have a column of that name.
        reserve: Cash never spent, base currency.
        cash_rate, risk_free: A year, what cash earns and what ratios compare with.
        whole: Trade whole shares, planned by the exact search of `plan`, none below `min_trade`.
        taxed_as: A portfolio with [tax]: gains are taxed as those of its instruments, in its country.
        harvest_gains: With it, and in Korea: realise gains up to the yearly allowance.
        distributions: What a share paid out on its ex-dates, in the currency of its prices, which then must
            not have it in: a frame or columns, wide or long (date, symbol, amount), or a file. Paid in cash.
        start, end: First and last date to use.

    Returns:
        Results in the order of the policies. `summary(pandas.DataFrame)` and `daily(pandas.DataFrame)` are
        frames of them; any constructor that takes a mapping of columns will do.

    Raises:
        InputError, DataError: See `steelyard.errors`.
    """
    from steelyard.app import backtest as lab

    weights = {symbol: _fraction(weight) for symbol, weight in targets.items()}
    if sum(weights.values()) != 1 or min(weights.values(), default=0) < 0:
        raise InputError(
            "target-sum",
            f"targets add up to {sum(weights.values()):%}, or one is negative",
            "give fractions from 0 to 1 that add up to 1",
        )
    pairs = dict(currencies or {})
    paid_in, every = lab.rhythm(_amount(monthly), None if flow is None else (_amount(flow[0]), flow[1]))
    terms = None
    if taxed_as is not None:
        if taxed_as.tax is None:
            raise InputError(
                "tax-missing", f"{taxed_as.source} has no [tax]", 'add jurisdiction = "KR" or "US"'
            )
        found = bootstrap.backtest_tax(taxed_as, harvest=harvest_gains)
        if isinstance(found, str):
            raise InputError("tax-missing", found, "leave taxed_as out for a backtest before tax")
        terms = found
    settings = lab.Settings(
        targets=weights,
        initial=_amount(initial),
        commission=_fraction(commission),
        min_commission=_amount(min_commission),
        conversion={symbol: _fraction(part) for symbol, part in (conversion or {}).items()},
        reserve_amount=_amount(reserve),
        flow=paid_in,
        flow_look=every,
        cash_rate=_fraction(cash_rate),
        risk_free=_fraction(risk_free),
        currencies=pairs,
        whole=whole,
        min_trade=_amount(min_trade),
        tax=terms,
    )
    if settings.initial <= 0:
        raise InputError("initial", f"initial is {initial}, not above zero", "give initial=10000")
    several = [policies] if isinstance(policies, str) or not isinstance(policies, Sequence) else policies
    history = bootstrap.history_of(
        prices, tuple(weights), dates=dates, pairs=sorted(set(pairs.values())), start=start, end=end
    )
    if distributions is not None:
        history = bootstrap.with_paid_out(history, distributions)
    return lab.backtest(history, [lab.candidate(p) for p in several], settings)


def compare(
    study: Study,
    *,
    paths: int = 1000,
    seed: int = 6,
    block: float = 21.0,
    circular: bool = False,
    progress: Any = None,
) -> Comparison:
    """Return what the policies of a study do on resampled histories, and which differences are evident.

    Ctrl-C stops the drawing; what comes back rests on the paths that were done.

    Args:
        study: From `backtest`; its first policy is the yardstick.
        paths: Histories to draw, 0 or more.
        seed: Of the drawing, >= 0; path k depends on it and on k alone.
        block: Mean length of what is drawn in one piece, sessions, >= 1.
        circular: Every piece has just that length, a whole number.
        progress: Called with the number of paths done.

    Returns:
        `between(a, b)` is the paired difference of any two, `statement(a, b)` says it in a sentence,
        `distributions()` and `summary(pandas.DataFrame)` have the spread.
    """
    from steelyard.app.compare import resampled

    if paths < 0 or seed < 0 or block < 1.0:
        raise InputError(
            "resampling",
            f"paths {paths}, seed {seed}, block {block:g}: one of them is too small",
            "give paths and seed of 0 or more, and a block of at least one session",
        )
    if circular and block != int(block):
        raise InputError(
            "resampling", f"block {block:g} is no whole number", "give block=21, or circular=False"
        )
    return resampled(study, paths=paths, seed=seed, block=block, circular=circular, progress=progress)


def _amount(raw: Money) -> Decimal:
    """Return an amount of base currency, which has no name here."""
    try:
        return _read_number(raw)
    except (ValueError, TypeError):  # The second of what has no hash, as a list.
        raise InputError("amount", f"{raw!r} is not a number", "write a number such as 1000000") from None


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


def _fraction(raw: Money) -> Decimal:
    try:
        return _read_fraction(raw)
    except (ValueError, TypeError):
        text = f"{raw!r} is not a number"
        raise InputError("fraction", text, 'write a fraction such as "0.5%" or 0.005') from None


def money(raw: object, portfolio: Portfolio) -> Decimal:
    """Return an amount in the portfolio's base currency, exact.

    Raises:
        InputError: It is no amount, or names a currency without a rate.
    """
    try:
        amount = parse_amount(raw)
    except ValueError as error:
        raise InputError("amount", str(error), 'write an amount such as 1000000 or "500 USD"') from None
    currency = amount.currency or portfolio.base_currency
    if currency != portfolio.base_currency and currency not in portfolio.fx:
        raise InputError(
            "fx-missing",
            f"no exchange rate for {currency}",
            f'add under [fx]: {currency}{portfolio.base_currency} = "..."',
        )
    return EXACT.multiply(amount.value, portfolio.rate(currency))
