"""Plans: what to trade, to the share, for a rebalance, for new money and to take money out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Unpack, overload

from steelyard import bootstrap
from steelyard.api import reading
from steelyard.api.reading import Money, fraction, money
from steelyard.app.planning import plan as planner
from steelyard.app.planning.tax_note import costless, returns_or_why_not
from steelyard.domain.caveats import Caveats, caveats_of, need_fresh
from steelyard.domain.money import plain
from steelyard.domain.portfolio import Portfolio
from steelyard.domain.tax.codes import TAXED_KINDS
from steelyard.records import replace

if TYPE_CHECKING:
    from steelyard.api.tables import Method, PlanOptions
    from steelyard.app.planning.ways import Ways
    from steelyard.app.tax.situation import Returns
    from steelyard.domain.objective import ObjectiveName
    from steelyard.domain.trades import Plan, Sell


def plan(
    portfolio: Portfolio,
    *,
    cash: Money = 0,
    as_of: date | None = None,
    account: str | None = None,
    can_buy: bool = True,
    can_sell: bool = True,
    sell: Sell = "any",
    fractional: bool = False,
    objective: ObjectiveName = "absolute",
    policy_gate: bool = False,
    max_tax: Money | None = None,
    max_gain: Money | None = None,
    accept_drift: Money | None = None,
    harvest: bool = False,
    save_tax: bool = False,
    relocate: bool = False,
    allow_wash_sales: bool = False,
    over_limit: bool = False,
    stale_ok: bool = False,
) -> Plan:
    """Return the exact whole-share trades of a full rebalance.

    Args:
        portfolio: From `load`.
        cash: New money, or with a minus money taken out, base currency.
        as_of: Date of the plan; today unless given.
        account: Where that money goes to or comes from; the first account unless given.
        can_buy, can_sell: False forbids trades that way.
        sell: none | over | any: what may be sold; over is what is over its target in all accounts together.
        fractional: Plan in billionths of a share.
        objective: absolute | relative | shortfall.
        policy_gate: Return an empty plan unless the policy is due.
        max_tax: Most tax the sales may cause, base currency; below zero, what they must save at least.
        max_gain: Most net gain they may realise, base currency.
        accept_drift: How much further from target than the nearest plan is near enough (`"0.5%"`); 0 asks
            for the nearest. Unless told what the file says, or 0.5 % where the plan may sell and there are
            several accounts or the tax is known, else 0.
        harvest: The nearest plan, tax breaking ties; what was paid must be known.
        save_tax: What was paid must be known, so that near enough is decided by tax.
        relocate: Selling a target in one account to buy it in another is no matter.
        allow_wash_sales: Buy also what undoes a loss realised in the 30 days before.
        over_limit: New money may exceed what the law lets be paid into its account.
        stale_ok: Plan on fetched prices that are too old all the same; the plan says so.

    Raises:
        InputError, DataError, PlanError: See `steelyard.errors`.
    """
    looks = harvest or save_tax or max_tax is not None or max_gain is not None
    if not over_limit:
        _need_room(portfolio, account, money(cash, portfolio), as_of)
    day, caveats, tax, why_not = _begun(portfolio, as_of, stale_ok=stale_ok, needs_tax=looks)
    result = planner.plan(
        portfolio,
        bootstrap.sessions(),
        as_of=day,
        cash_flow=money(cash, portfolio),
        account=account,
        can_buy=can_buy,
        can_sell=can_sell,
        sell=sell,
        fractional=fractional,
        objective=objective,
        policy_gate=policy_gate,
        tax=tax,
        max_tax=None if max_tax is None else money(max_tax, portfolio),
        max_gain=None if max_gain is None else money(max_gain, portfolio),
        accept_drift=None if accept_drift is None else fraction(accept_drift),
        harvest=harvest,
        save_tax=save_tax,
        relocate=relocate,
        allow_wash_sales=allow_wash_sales,
    )
    asked = {
        "account": account,
        "fractional": fractional,
        "cash": _text(cash),
        "no_sell": not can_sell,
        "sell": sell,
        "no_buy": not can_buy,
        "objective": objective,
        "policy_gate": policy_gate,
        "max_tax": _text(max_tax),
        "max_gain": _text(max_gain),
        "accept_drift": _text(accept_drift),
        "harvest": harvest,
        "save_tax": save_tax,
        "relocate": relocate,
        "allow_wash_sales": allow_wash_sales,
    }
    return _told(portfolio, result, why_not, asked, caveats)


def ways(portfolio: Portfolio, **asked: Unpack[PlanOptions]) -> Ways:
    """Return a plan and its neighbours, with what each changes in distance, tax and costs.

    Args:
        portfolio: From `load`.
        asked: As for `plan`.

    Raises:
        InputError, DataError, PlanError: There is no plan as it is asked for; see `steelyard.errors`.
    """
    from steelyard.app.planning.ways import ways as found

    return found(portfolio, lambda changed: plan(portfolio, **{**asked, **changed}))


def invest(
    portfolio: Portfolio,
    amount: Money | None = None,
    *,
    as_of: date | None = None,
    account: str | None = None,
    method: Method = "shortfall",
    fractional: bool = False,
    allow_wash_sales: bool = False,
    over_limit: bool = False,
    stale_ok: bool = False,
) -> Plan:
    """Return the purchases that spend new money best, without selling anything.

    Args:
        portfolio: From `load`.
        amount: New money, base currency unless it names another, > 0; None spends the cash that is there.
        account: Where the money goes to, and the only account in which anything is bought. Unless given the
            first one gets the money, and cash that is in others is spent with it.
        as_of, fractional, allow_wash_sales, over_limit, stale_ok: As for `plan`.
        method: shortfall | absolute | relative.

    Raises:
        InputError, DataError, PlanError: See `steelyard.errors`.
    """
    if amount is not None and not over_limit:
        _need_room(portfolio, account, money(amount, portfolio), as_of)
    day, caveats, tax, why_not = _begun(portfolio, as_of, stale_ok=stale_ok)
    result = planner.invest(
        portfolio,
        bootstrap.sessions(),
        None if amount is None else money(amount, portfolio),
        as_of=day,
        account=account,
        method=method,
        fractional=fractional,
        tax=tax,
        allow_wash_sales=allow_wash_sales,
    )
    asked = {
        "account": account,
        "fractional": fractional,
        "cash": _text(0 if amount is None else amount),
        "no_sell": True,
        "objective": method,
        "allow_wash_sales": allow_wash_sales,
    }
    if account is not None:
        # A plan is made again from what it was asked for, and that has no word for one account alone.
        return replace(_told(portfolio, result, why_not, asked, caveats), asked=None)
    return _told(portfolio, result, why_not, asked, caveats)


def withdraw(
    portfolio: Portfolio,
    amount: Money,
    *,
    as_of: date | None = None,
    account: str | None = None,
    fractional: bool = False,
    objective: ObjectiveName = "absolute",
    stale_ok: bool = False,
) -> Plan:
    """Return the sales that raise an amount, without buying anything.

    Args:
        portfolio: From `load`.
        amount: Money to take out, base currency unless it names another, > 0.
        as_of, account, fractional, objective, stale_ok: As for `plan`.

    Raises:
        InputError, DataError, PlanError: See `steelyard.errors`.
    """
    day, caveats, tax, why_not = _begun(portfolio, as_of, stale_ok=stale_ok)
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
    asked = {
        "account": account,
        "fractional": fractional,
        "cash": plain(-money(amount, portfolio)),
        "no_buy": True,
        "objective": objective,
    }
    return _told(portfolio, result, why_not, asked, caveats)


def what_if(
    portfolio: Portfolio,
    *,
    prices: Mapping[str, Money] | None = None,
    fx: Mapping[str, Money] | None = None,
    targets: Mapping[str, Money] | None = None,
) -> Portfolio:
    """Return a portfolio as it would be with other prices, rates or targets; no file is touched.

    Args:
        portfolio: From `load`.
        prices: By symbol: `"580 USD"`, or a bare number in the instrument's own currency.
        fx: By pair (`USDKRW`): units of base currency for one of the other.
        targets: By name: `"35%"`; the others share the rest in proportion.

    Raises:
        InputError: Something the portfolio does not know, or targets that cannot add up to 100 %.
    """
    from steelyard.app.planning.what_if import what_if as changed

    return changed(
        portfolio,
        prices={s: reading.above_zero(raw) for s, raw in (prices or {}).items()},
        fx={pair: reading.above_zero(raw).value for pair, raw in (fx or {}).items()},
        targets={name: fraction(raw) for name, raw in (targets or {}).items()},
    )


def _begun(
    portfolio: Portfolio, as_of: date | None, *, stale_ok: bool, needs_tax: bool = False
) -> tuple[date, Caveats, Returns | None, str]:
    """Return the day of a plan, what it rests on, and what its tax is computed from or why it cannot be.

    Raises:
        DataError: Fetched prices are too old.
        InputError, DataError: What tax needs is missing, where the plan needs it.
    """
    day = reading.day(as_of, portfolio)
    caveats = caveats_of(portfolio, day, stale_ok=stale_ok)
    need_fresh(caveats)
    if needs_tax:
        return day, caveats, bootstrap.tax_situation(portfolio, day, needed=True), ""
    return (day, caveats, *returns_or_why_not(portfolio, bootstrap.sessions(), bootstrap.tax_figures, day))


def _need_room(portfolio: Portfolio, account: str | None, new: Decimal, as_of: date | None) -> None:
    """Refuse new money that the law lets nobody pay into its account; a country is asked only where it may.

    Raises:
        PlanError: `contribution-room`.
    """
    if new > 0 and portfolio.tax is not None and any(a.kind not in TAXED_KINDS for a in portfolio.accounts):
        from steelyard.app.tax.paying_in import need_room

        day = reading.day(as_of, portfolio)
        need_room(portfolio, bootstrap.tax_figures, account=account, money=new, as_of=day)


def _told(
    portfolio: Portfolio, result: Plan, why_not: str, asked: Mapping[str, Any], caveats: Caveats
) -> Plan:
    """Return a plan with why it says nothing of tax, what it was asked for, and what it rests on."""
    note = why_not or result.tax_note or costless(portfolio, result)
    return replace(result, tax_note=note, asked=asked, caveats=caveats)


@overload
def _text(given: Money) -> str: ...
@overload
def _text(given: None) -> None: ...
def _text(given: Money | None) -> str | None:
    return plain(given) if isinstance(given, Decimal) else None if given is None else str(given)
