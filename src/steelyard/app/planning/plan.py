"""Use cases: a full rebalance, new money without selling, money out without buying.

All three are one question to the planner with different permissions. What comes back is replayed
exactly before it is shown: a plan that spends money that is not there is a bug, never an output.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import ROUND_CEILING, Decimal
from typing import TYPE_CHECKING

from steelyard.app.check import exchanges
from steelyard.app.planning.allocation import allocate
from steelyard.app.planning.reasons import explain, untraded
from steelyard.app.planning.slots import Outcome, Short, Wish
from steelyard.domain.money import EXACT, ZERO, exact_sum, plain
from steelyard.domain.policy.destination import destination
from steelyard.domain.policy.drift import measure
from steelyard.domain.policy.policies import Decision, decide
from steelyard.domain.portfolio import Portfolio, Valuation, need_accounts, value
from steelyard.domain.trades import Blocked, HoldingAfter, Objective, Plan, settle
from steelyard.errors import InputError, PlanError
from steelyard.ports.market import Sessions
from steelyard.words import join, say

if TYPE_CHECKING:
    from steelyard.app.planning.slots import TaxWish
    from steelyard.app.tax.situation import TaxSituation

OBJECTIVES = ("absolute", "relative", "shortfall", "deviation", "relative_deviation")


def plan(
    portfolio: Portfolio,
    sessions: Sessions,
    *,
    as_of: date,
    cash_flow: Decimal = ZERO,
    account: str | None = None,
    can_buy: bool = True,
    can_sell: bool = True,
    fractional: bool = False,
    objective: str = "absolute",
    policy_gate: bool = False,
    tax: TaxSituation | None = None,
    max_tax: Decimal | None = None,
    max_gain: Decimal | None = None,
    accept_drift: Decimal | None = None,
    allow_wash_sales: bool = False,
) -> Plan:
    """Return the best trades of a full rebalance to the policy's destination.

    Args:
        portfolio: Without problems.
        sessions: Which days exchanges are open.
        as_of: The date of the plan.
        cash_flow: New money (+) or money taken out (-), base currency.
        account: Where that money goes to or comes from; the first account unless told.
        can_buy, can_sell: False forbids all trades that way.
        fractional: Plan in billionths of a share instead of whole ones.
        objective: absolute | relative | shortfall, as the contract defines them; deviation sums the sizes of
            the misses and idle cash instead of squares, relative_deviation each as a part of its target.
        policy_gate: Return an empty plan unless the policy says a rebalance is due.
        tax: The journal and the country; the plan then says what its sales cost in tax, and does not buy
            what would undo a loss just realised.
        max_tax: Most tax the plan may cause, base currency; below zero, what it must save at least.
        max_gain: Most net gain it may realise, base currency, >= 0.
        accept_drift: How much further from target the plan may be for the sake of tax, fraction of the
            managed value: among plans that close to the best one the least taxed is returned.
        allow_wash_sales: Buy also what undoes a loss just realised.

    Raises:
        InputError: Unknown account or objective, or more money out than there is.
        DataError: A price is missing.
        PlanError: No plan satisfies the constraints; the text names the binding one.
    """
    if objective not in OBJECTIVES:
        raise InputError(
            "objective",
            say("{objective!r} is no objective", objective=objective),
            say("use one of {choices}", choices=", ".join(OBJECTIVES)),
        )
    before = value(portfolio)
    decision = decide_now(portfolio, before, sessions, as_of)
    valuation = value(portfolio, cash_flow=cash_flow)
    wish = Wish(
        objective=objective,
        targets=_destination(portfolio, valuation) if objective != "shortfall" else dict(portfolio.targets),
        cash_flow=cash_flow,
        flow_account=_flow_account(portfolio, account),
        can_buy=can_buy,
        can_sell=can_sell,
        fractional=fractional,
    )
    blocks = _blocks(portfolio, tax, as_of, allow_wash_sales)
    wish = replace(wish, blocked={b.symbol: b.reason for b in blocks}, taxed_sales=_taxed_sales(portfolio))
    looks = not (max_tax is None and max_gain is None and accept_drift is None)
    if looks:
        tax_wish = _tax_wish(portfolio, tax, as_of, max_tax, max_gain, accept_drift)
        wish = replace(wish, tax=replace(tax_wish, wash_groups=None) if allow_wash_sales else tax_wish)
    if policy_gate and not decision.due:
        wish = replace(wish, can_buy=False, can_sell=False)
    while True:
        try:
            outcome = allocate(portfolio, valuation, wish)
        except Short as error:
            if wish.tax is not None and not error.amount:
                raise _too_taxed(max_tax, max_gain) from error
            raise _infeasible(portfolio, wish, error) from error
        result = replace(_finish(portfolio, valuation, wish, outcome, as_of, decision), blocked=blocks)
        if tax is None:
            return result
        result, washed = _with_tax(portfolio, tax, wish, outcome, result)
        if allow_wash_sales:
            tighter = _without_washed_losses(wish, washed, result.taxes)
            if tighter is None:
                return result
            wish = tighter
            continue
        more = _own_blocks(portfolio, tax, as_of, washed, wish)
        if not more:
            return _with_wash_reasons(portfolio, valuation, tax, wish, outcome, result) if looks else result
        # What it sells at a loss it shall not buy: each round blocks more symbols, so this ends.
        blocks += more
        wish = replace(wish, blocked=dict(wish.blocked) | {b.symbol: b.reason for b in more})


def invest(
    portfolio: Portfolio,
    sessions: Sessions,
    amount: Decimal,
    *,
    as_of: date,
    account: str | None = None,
    method: str = "shortfall",
    fractional: bool = False,
    tax: TaxSituation | None = None,
    allow_wash_sales: bool = False,
) -> Plan:
    """Return the purchases that spend new money best, without selling anything.

    The plan also says how much new money would bring everything inside its band that way.

    Args:
        portfolio, sessions, as_of, account, fractional, tax, allow_wash_sales: As for `plan`.
        amount: New money, base currency, > 0. Cash that is there already is spent with it.
        method: shortfall (in proportion to what is missing) | absolute | relative.

    Raises:
        InputError, DataError, PlanError: As for `plan`.
    """
    from steelyard.app.planning.new_money import money_to_bands

    if amount <= 0:
        raise InputError(
            "amount",
            say("{amount} is not an amount to invest", amount=plain(amount)),
            say("give an amount above zero, or use `withdraw`"),
        )
    result = plan(
        portfolio,
        sessions,
        as_of=as_of,
        cash_flow=amount,
        account=account,
        can_sell=False,
        fractional=fractional,
        objective=method,
        tax=tax,
        allow_wash_sales=allow_wash_sales,
    )
    if result.blocked:
        return result  # what may not be bought for a while is brought nowhere by money
    return replace(result, to_bands=money_to_bands(portfolio, fractional=fractional))


def withdraw(
    portfolio: Portfolio,
    sessions: Sessions,
    amount: Decimal,
    *,
    as_of: date,
    account: str | None = None,
    fractional: bool = False,
    objective: str = "absolute",
    tax: TaxSituation | None = None,
) -> Plan:
    """Return the sales that raise an amount and leave the rest nearest to target, without buying.

    Args:
        portfolio, sessions, as_of, account, fractional, objective, tax: As for `plan`.
        amount: Money to take out, base currency, > 0.

    Raises:
        InputError, DataError, PlanError: As for `plan`.
    """
    if amount <= 0:
        raise InputError(
            "amount",
            say("{amount} is not an amount to withdraw", amount=plain(amount)),
            say("give an amount above zero, or use `invest`"),
        )
    return plan(
        portfolio,
        sessions,
        as_of=as_of,
        cash_flow=-amount,
        account=account,
        can_buy=False,
        fractional=fractional,
        objective=objective,
        tax=tax,
    )


def _blocks(
    portfolio: Portfolio, tax: TaxSituation | None, as_of: date, allow_wash_sales: bool
) -> tuple[Blocked, ...]:
    if tax is None or allow_wash_sales:
        return ()
    from steelyard.app.planning.wash_block import wash_blocks

    return wash_blocks(portfolio, tax, as_of=as_of)


def _own_blocks(
    portfolio: Portfolio, tax: TaxSituation, as_of: date, washed: frozenset[str], wish: Wish
) -> tuple[Blocked, ...]:
    """Return what must not be bought because the plan itself sells it at a loss, as far as that is new."""
    if not washed:
        return ()
    from steelyard.app.planning.wash_block import own_blocks

    found = own_blocks(portfolio, tax, washed, as_of=as_of)
    return tuple(b for b in found if b.symbol not in wish.blocked)


def _without_washed_losses(wish: Wish, washed: frozenset[str], total: Decimal | None) -> Wish | None:
    """Return the wish with the losses left out that a plan's own purchases washed, to keep its limit.

    None where the plan is within the limit, or nothing more can be left out.
    """
    if wish.tax is None or wish.tax.max_tax is None or total is None or total <= wish.tax.max_tax:
        return None
    gains = {
        key: tuple(max(g, ZERO) for g in row) if key[1] in washed else row
        for key, row in wish.tax.gains.items()
    }
    return None if gains == wish.tax.gains else replace(wish, tax=replace(wish.tax, gains=gains))


def _with_wash_reasons(
    portfolio: Portfolio,
    valuation: Valuation,
    tax: TaxSituation,
    wish: Wish,
    outcome: Outcome,
    result: Plan,
) -> Plan:
    """Say of what the plan left unbought since it sells its like at a loss that this is why."""
    losers = frozenset(t.symbol for t in result.trades if t.side == "sell" and (t.gain or ZERO) < ZERO)
    found = {b.symbol: b.reason for b in _own_blocks(portfolio, tax, result.as_of, losers, wish)}
    if not found or tax.country.wash_days is None:
        return result
    settled = settle(portfolio, outcome.trades, outcome.conversions, wish.cash_flow)
    wish = replace(wish, blocked=found | dict(wish.blocked))
    return replace(result, untraded=untraded(portfolio, valuation, outcome, wish, settled))


def _taxed_sales(portfolio: Portfolio) -> frozenset[tuple[str, str]]:
    """Return the pairs whose sale is taxed when some accounts are sheltered and some are not."""
    kinds = {a.kind for a in portfolio.accounts}
    if portfolio.tax is None or len(portfolio.accounts) < 2 or kinds == {"taxable"}:
        return frozenset()
    from steelyard.app.tax.situation import taxed_pairs

    return taxed_pairs(portfolio)


def _tax_wish(
    portfolio: Portfolio,
    tax: TaxSituation | None,
    as_of: date,
    max_tax: Decimal | None,
    max_gain: Decimal | None,
    accept_drift: Decimal | None,
) -> TaxWish:
    from steelyard.app.planning.plan_tax import tax_wish

    if tax is None:
        raise InputError(
            "tax-missing",
            say("{source} does not say where its owner is taxed", source=portfolio.source),
            say('add [tax] with jurisdiction = "KR" (or "US")'),
        )
    return tax_wish(
        portfolio, tax, as_of=as_of, max_tax=max_tax, max_gain=max_gain, accept_drift=accept_drift
    )


def _too_taxed(max_tax: Decimal | None, max_gain: Decimal | None) -> PlanError:
    limits = [
        *([] if max_tax is None else [say("tax of {amount}", amount=plain(max_tax))]),
        *([] if max_gain is None else [say("gain of {amount}", amount=plain(max_gain))]),
    ]
    return PlanError(
        "tax-limit",
        say("no plan stays within {limits}", limits=join(say(" and "), limits)),
        say("raise the limit, or take out less money"),
    )


def _with_tax(
    portfolio: Portfolio, tax: TaxSituation, wish: Wish, outcome: Outcome, result: Plan
) -> tuple[Plan, frozenset[str]]:
    """Add to a plan what its sales cost in tax, by the return; and what its own purchases would wash."""
    from steelyard.app.planning.plan_tax import plan_taxes

    taxes = plan_taxes(portfolio, tax, result.trades, outcome.sold, wish.tax, as_of=result.as_of)
    trades = []
    for place, trade in enumerate(result.trades):
        sale = taxes.sales.get(place)
        if sale is not None:
            lots = tuple((x.bought, x.shares, x.cost) for d in sale.disposals for x in d.lots)
            lost = exact_sum(d.disallowed for d in sale.disposals)
            trade = replace(trade, gain=sale.gain, tax=sale.tax, lots=lots, disallowed=lost)
        trades.append(trade)
    shown = replace(result, trades=tuple(trades), taxes=taxes.total, tax_note=taxes.note)
    return shown, taxes.washed


def decide_now(portfolio: Portfolio, valuation: Valuation, sessions: Sessions, as_of: date) -> Decision:
    """Evaluate the policy on a valuation."""
    values = {h.symbol: h.value for h in valuation.holdings}
    drifts = measure(values, valuation.managed, portfolio.targets)
    return decide(drifts, portfolio.policy, as_of=as_of, sessions=sessions, exchanges=exchanges(portfolio))


def _destination(portfolio: Portfolio, valuation: Valuation) -> dict[str, Decimal]:
    if portfolio.policy.destination == "target" or valuation.managed <= 0:
        return dict(portfolio.targets)
    weights = {h.symbol: EXACT.divide(h.value, valuation.managed) for h in valuation.holdings}
    return dict(destination(weights, portfolio.targets, portfolio.policy))


def _flow_account(portfolio: Portfolio, account: str | None) -> str:
    need_accounts(portfolio)
    names = [a.name for a in portfolio.accounts]
    if account is None:
        return names[0]
    if account not in names:
        raise InputError(
            "unknown-account",
            say("there is no account {account!r}", account=account),
            say("use one of {choices}", choices=", ".join(names)),
        )
    return account


def _infeasible(portfolio: Portfolio, wish: Wish, error: Short) -> PlanError:
    """Name the one constraint whose removal alone would make a plan possible."""
    short = error.amount
    # Sums of an absurd file may be too long to quantize; then they are shown as they are.
    shown = short.quantize(Decimal("0.01"), ROUND_CEILING, EXACT) if abs(short) < Decimal("1e30") else short
    missing = f"{plain(shown)} {portfolio.base_currency}"
    if len(portfolio.accounts) > 1 and error.accounts:
        missing = say("account {accounts}: {missing}", accounts=", ".join(error.accounts), missing=missing)
    limits = portfolio.constraints
    trials: list[tuple[str, str, Portfolio, Wish]] = []
    if not wish.can_sell:
        trials.append(
            (
                say("selling is not allowed"),
                say("allow selling (drop --no-sell)"),
                portfolio,
                replace(wish, can_sell=True),
            )
        )
    if limits.reserve_amount or limits.reserve_weight:
        free = replace(limits, reserve_amount=ZERO, reserve_weight=ZERO)
        trials.append(
            (
                say("the cash reserve must stay"),
                say("lower `cash_reserve` under [constraints]"),
                replace(portfolio, constraints=free),
                wish,
            )
        )
    if limits.locked:
        free = replace(limits, locked=frozenset())
        trials.append(
            (
                say("{locked} may not be traded", locked=", ".join(sorted(limits.locked))),
                say("take a symbol out of `locked` under [constraints]"),
                replace(portfolio, constraints=free),
                wish,
            )
        )
    if limits.min_trade:
        free = replace(limits, min_trade=ZERO)
        trials.append(
            (
                say(
                    "no trade may be smaller than {min_trade} {base_currency}",
                    min_trade=plain(limits.min_trade),
                    base_currency=portfolio.base_currency,
                ),
                say("lower `min_trade` under [constraints]"),
                replace(portfolio, constraints=free),
                wish,
            )
        )
    for why, hint, freed, freed_wish in trials:
        try:
            allocate(freed, value(freed, cash_flow=wish.cash_flow), freed_wish)
        except Short:
            continue
        return PlanError(
            "no-plan", say("{missing} too little, because {why}", missing=missing, why=why), hint
        )
    if wish.cash_flow < 0:
        return PlanError(
            "not-enough",
            say(
                "{missing} too little: everything that can be sold does not raise that much after costs",
                missing=missing,
            ),
            say("take out less, or from another account with --account")
            if len(portfolio.accounts) > 1
            else say("take out less"),
        )
    return PlanError(
        "no-plan",
        say(
            "{missing} too little: cash less the cash reserve is negative and sales cannot make up for it",
            missing=missing,
        ),
        say("lower `cash_reserve` under [constraints] or add money with --cash"),
    )


def _finish(
    portfolio: Portfolio, valuation: Valuation, wish: Wish, outcome: Outcome, as_of: date, decision: Decision
) -> Plan:
    settled = settle(portfolio, outcome.trades, outcome.conversions, wish.cash_flow)
    assert settled.cash >= valuation.reserve, "the planner spent money that is not there"
    costs = exact_sum((c.cost for c in outcome.conversions), exact_sum(t.cost for t in outcome.trades))
    gross = exact_sum(settled.values.values(), settled.cash)
    managed = EXACT.subtract(gross, valuation.reserve)
    drifts = measure(settled.values, managed, portfolio.targets)
    shares: dict[str, Decimal] = dict.fromkeys(portfolio.targets, ZERO)
    for (_, symbol), held in settled.shares.items():
        if symbol in shares:
            shares[symbol] = EXACT.add(shares[symbol], held)
    after = tuple(HoldingAfter(d.symbol, shares[d.symbol], d) for d in drifts)
    trades = tuple(
        sorted(
            (
                replace(t, reason=explain(portfolio, valuation, t, wish, settled.values))
                for t in outcome.trades
            ),
            key=lambda t: t.side != "sell",
        )
    )
    return Plan(
        as_of=as_of,
        base_currency=portfolio.base_currency,
        cash_flow=wish.cash_flow,
        trades=trades,
        conversions=outcome.conversions,
        untraded=untraded(portfolio, valuation, outcome, wish, settled),
        after=after,
        managed_after=managed,
        total_after=gross,
        cash_after=settled.cash,
        turnover=exact_sum(t.amount for t in outcome.trades),
        costs=costs,
        objective=Objective(wish.objective, outcome.value, outcome.bound, outcome.proven, outcome.note),
        decision=decision,
    )
