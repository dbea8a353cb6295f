"""Use cases: a full rebalance, new money without selling, money out without buying.

All three are one question to the planner with different permissions. What comes back is replayed
exactly before it is shown: a plan that spends money that is not there is a bug, never an output.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from steelyard.app.check import exchanges
from steelyard.app.planning.allocation import allocate
from steelyard.app.planning.finished_plan import finished
from steelyard.app.planning.infeasible import infeasible, too_taxed
from steelyard.app.planning.new_money import money_to_bands
from steelyard.app.planning.plan_request import NotEnoughMoney, Outcome, PlanRequest
from steelyard.app.planning.untraded import untraded
from steelyard.domain.money import EXACT, ZERO, exact_sum, plain
from steelyard.domain.objective import objective_named
from steelyard.domain.policy.destination import destination
from steelyard.domain.policy.drift import measure
from steelyard.domain.policy.goals import worth_by_goal
from steelyard.domain.policy.policies import Decision, decide
from steelyard.domain.portfolio import Portfolio, Valuation, need_accounts, value
from steelyard.domain.tax.codes import TAXED_KINDS
from steelyard.domain.trades import Blocked, Plan, Sell, settle
from steelyard.errors import InputError
from steelyard.ports.market import Sessions
from steelyard.records import replace
from steelyard.words import join, say

if TYPE_CHECKING:
    from steelyard.app.planning.plan_request import LotTaxes
    from steelyard.app.tax.situation import Returns

NEAR_ENOUGH = Decimal("0.005")
"""How much further from target than the nearest plan one may stay, of the managed value, unless told."""


def plan(
    portfolio: Portfolio,
    sessions: Sessions,
    *,
    as_of: date,
    cash_flow: Decimal = ZERO,
    account: str | None = None,
    can_buy: bool = True,
    can_sell: bool = True,
    sell: Sell = "any",
    fractional: bool = False,
    objective: str = "absolute",
    policy_gate: bool = False,
    tax: Returns | None = None,
    max_tax: Decimal | None = None,
    max_gain: Decimal | None = None,
    accept_drift: Decimal | None = None,
    harvest: bool = False,
    save_tax: bool = False,
    relocate: bool = False,
    allow_wash_sales: bool = False,
    buys_in: str | None = None,
) -> Plan:
    """Return the best trades of a full rebalance to the policy's destination.

    Args:
        portfolio: Without problems.
        sessions: Which days exchanges are open.
        as_of: The date of the plan.
        cash_flow: New money (+) or money taken out (-), base currency.
        account: Where that money goes to or comes from; the first account unless told.
        can_buy, can_sell: False forbids all trades that way.
        sell: none | over | any: what may be sold; over is what is over its target in all accounts together.
        fractional: Plan in billionths of a share instead of whole ones.
        objective: absolute | relative | shortfall, as the contract defines them; deviation sums the sizes of
            the misses and idle cash instead of squares, relative_deviation each as a part of its target.
        policy_gate: Return an empty plan unless the policy says a rebalance is due.
        tax: The journal and the country of each return; the plan then says what its sales cost in tax, and
            does not buy what would undo a loss just realised.
        max_tax: Most tax the plan may cause, base currency; below zero, what it must save at least.
        max_gain: Most net gain it may realise, base currency, >= 0.
        accept_drift: How much further from target than the nearest plan is near enough, fraction of the
            managed value (contract section 3b); 0 asks for the nearest. Unless told what the file says, or
            0.5 % where the plan may sell and there are several accounts or the tax is known, else 0.
        harvest: The nearest plan, tax breaking ties; its tax must be known.
        save_tax: The tax must be known: nothing is accepted for the sake of cost alone.
        relocate: Selling a target in one account to buy it in another is no matter.
        allow_wash_sales: Buy also what undoes a loss just realised.
        buys_in: The only account in which anything is bought; all unless told.

    Raises:
        InputError: Unknown account or objective, or more money out than there is.
        DataError: A price is missing.
        PlanError: No plan satisfies the constraints; the text names the binding one.
    """
    wanted = objective_named(objective)
    before = value(portfolio)
    decision = decide_now(portfolio, before, sessions, as_of)
    valuation = value(portfolio, cash_flow=cash_flow) if cash_flow else before
    request = PlanRequest(
        objective=wanted,
        targets=dict(portfolio.targets) if wanted.toward_targets else _destination(portfolio, valuation),
        cash_flow=cash_flow,
        flow_account=_flow_account(portfolio, account),
        can_buy=can_buy,
        can_sell=can_sell and sell != "none",
        fractional=fractional,
    )
    if sell == "over":
        request = replace(request, sells=_over(portfolio, valuation, request))
    if buys_in is not None:
        request = replace(request, buys_in=frozenset({buys_in}))
    blocks = _blocks(portfolio, tax, as_of, allow_wash_sales)
    request = replace(request, blocked={b.symbol: b.reason for b in blocks}, relocate=relocate)
    if cash_flow < 0 and account is not None and not can_buy:
        # Money asked of one account is raised there.
        request = replace(request, sells_in=frozenset({account}))
    if policy_gate and not decision.due:
        request = replace(request, can_buy=False, can_sell=False, gated=True)
    looks = harvest or save_tax or max_tax is not None or max_gain is not None
    lot_taxes = _lot_taxes(portfolio, tax, as_of, max_tax, max_gain, needed=looks, planned=request.can_sell)
    if lot_taxes is not None and allow_wash_sales:
        lot_taxes = replace(lot_taxes, wash_groups=None)
    request = replace(
        request, tax=lot_taxes, taxed_sales=frozenset() if lot_taxes is not None else _taxed_sales(portfolio)
    )
    if accept_drift is None:
        accept_drift = ZERO if harvest else _near_enough(portfolio, request)
    request = replace(request, accept_drift=accept_drift)
    while True:
        try:
            outcome = allocate(portfolio, valuation, request)
        except NotEnoughMoney as error:
            if request.tax is not None and not error.amount:
                raise too_taxed(max_tax, max_gain) from error
            raise infeasible(portfolio, request, error) from error
        result = finished(portfolio, valuation, request, outcome, as_of, decision)
        if blocks:
            result = replace(result, blocked=blocks)
        if tax is None:
            return result
        result, washed = _with_tax(portfolio, tax, request, outcome, result)
        if not allow_wash_sales:
            return _with_wash_reasons(portfolio, valuation, tax, request, outcome, result)
        tighter = _without_washed_losses(request, washed, result.taxes)
        if tighter is None:
            return result
        request = tighter


def _over(portfolio: Portfolio, valuation: Valuation, request: PlanRequest) -> frozenset[str]:
    """Return what may be sold where only that may which is over its target: all it counts for must be."""
    worth = worth_by_goal(portfolio.goals, {h.symbol: h.value for h in valuation.holdings})
    over = {name for name, w in request.targets.items() if worth[name] > EXACT.multiply(w, valuation.managed)}
    under = {s for g in portfolio.goals if g.name not in over for s in g.parts}
    return frozenset(portfolio.counted) - under


def _near_enough(portfolio: Portfolio, request: PlanRequest) -> Decimal:
    """Return what is near enough unless told: nothing but the nearest where the plan only buys."""
    if not request.can_sell:
        return ZERO
    if portfolio.constraints.accept_drift is not None:
        return portfolio.constraints.accept_drift
    return NEAR_ENOUGH if len(portfolio.accounts) > 1 or request.tax is not None else ZERO


def invest(
    portfolio: Portfolio,
    sessions: Sessions,
    amount: Decimal | None,
    *,
    as_of: date,
    account: str | None = None,
    method: str = "shortfall",
    fractional: bool = False,
    tax: Returns | None = None,
    allow_wash_sales: bool = False,
) -> Plan:
    """Return the purchases that spend new money best, without selling anything.

    The plan also says how much new money would bring everything inside its band that way.

    Args:
        portfolio, sessions, as_of, fractional, tax, allow_wash_sales: As for `plan`.
        amount: New money, base currency, > 0. Cash that is there already is spent with it. None for no new
            money: what is there is spent.
        account: Where the money goes to, and the only account in which anything is bought. Unless told the
            first one gets the money, and all of them buy.
        method: shortfall (in proportion to what is missing) | absolute | relative.

    Raises:
        InputError, DataError, PlanError: As for `plan`.
    """
    if amount is not None and amount <= 0:
        raise InputError(
            "amount",
            say("{amount} is not an amount to invest", amount=plain(amount)),
            say("give an amount above zero, or use `withdraw`"),
        )
    result = plan(
        portfolio,
        sessions,
        as_of=as_of,
        cash_flow=ZERO if amount is None else amount,
        account=account,
        buys_in=account,
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
    tax: Returns | None = None,
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
    portfolio: Portfolio, tax: Returns | None, as_of: date, allow_wash_sales: bool
) -> tuple[Blocked, ...]:
    if tax is None or allow_wash_sales:
        return ()
    from steelyard.app.planning.wash_block import wash_blocks

    return wash_blocks(portfolio, tax, as_of=as_of)


def _own_blocks(
    portfolio: Portfolio, tax: Returns, as_of: date, washed: frozenset[str], request: PlanRequest
) -> tuple[Blocked, ...]:
    """Return what must not be bought because the plan itself sells it at a loss, as far as that is new."""
    if not washed:
        return ()
    from steelyard.app.planning.wash_block import own_blocks

    found = own_blocks(portfolio, tax, washed, as_of=as_of)
    return tuple(b for b in found if b.symbol not in request.blocked)


def _without_washed_losses(
    request: PlanRequest, washed: frozenset[str], total: Decimal | None
) -> PlanRequest | None:
    """Return the request with the losses left out that a plan's own purchases washed, to keep its limit.

    None where the plan is within the limit, or nothing more can be left out.
    """
    if request.tax is None or request.tax.max_tax is None or total is None or total <= request.tax.max_tax:
        return None
    gains = {
        key: tuple(max(g, ZERO) for g in row) if key[1] in washed else row
        for key, row in request.tax.gains.items()
    }
    return None if gains == request.tax.gains else replace(request, tax=replace(request.tax, gains=gains))


def _with_wash_reasons(
    portfolio: Portfolio,
    valuation: Valuation,
    tax: Returns,
    request: PlanRequest,
    outcome: Outcome,
    result: Plan,
) -> Plan:
    """Say what stays unbought because the plan sells its like at a loss, and until when."""
    losers = frozenset(t.symbol for t in result.trades if t.side == "sell" and (t.gain or ZERO) < ZERO)
    if not losers or all(x.country.wash_days is None for x in tax):
        return result
    found = {b.symbol: b for b in _own_blocks(portfolio, tax, result.as_of, losers, request)}
    if not found:
        return result
    settled = settle(portfolio, outcome.trades, outcome.conversions, request.cash_flow, request.flow_account)
    request = replace(request, blocked={s: b.reason for s, b in found.items()} | dict(request.blocked))
    binding = tuple(b for s, b in found.items() if _wanted_now(portfolio, result, s))
    return replace(
        result,
        untraded=untraded(portfolio, valuation, outcome, request, settled),
        blocked=result.blocked + binding,
    )


def _wanted_now(portfolio: Portfolio, result: Plan, symbol: str) -> bool:
    """Say whether a purchase is missing: the target is short by half a share, and the money is there."""
    names = {g.name for g in portfolio.goals if symbol in g.buy}
    price = portfolio.base_price(symbol)
    short = any(-2 * h.drift.excess > price for h in result.after if h.symbol in names)
    return (
        short
        and EXACT.subtract(result.cash_after, EXACT.subtract(result.total_after, result.managed_after))
        >= price
    )


def _taxed_sales(portfolio: Portfolio) -> frozenset[tuple[str, str]]:
    """Return the pairs whose sale is taxed when some accounts are sheltered and some are not."""
    kinds = {a.kind for a in portfolio.accounts}
    if portfolio.tax is None or len(portfolio.accounts) < 2 or kinds <= TAXED_KINDS:
        return frozenset()
    from steelyard.app.tax.situation import taxed_pairs

    return taxed_pairs(portfolio)


def _lot_taxes(
    portfolio: Portfolio,
    tax: Returns | None,
    as_of: date,
    max_tax: Decimal | None,
    max_gain: Decimal | None,
    *,
    needed: bool,
    planned: bool,
) -> LotTaxes | None:
    """Return what sales cost in tax, None where that is not known and nobody asked for it."""
    if not needed and (tax is None or not planned):
        return None
    from steelyard.app.planning.lot_taxes import lot_taxes

    if tax is None:
        raise InputError(
            "tax-missing",
            say("{source} does not say where its owner is taxed", source=portfolio.source),
            say('add [tax] with jurisdiction = "KR" (or "US")'),
        )
    try:
        return lot_taxes(portfolio, tax, as_of=as_of, max_tax=max_tax, max_gain=max_gain)
    except InputError:
        if needed:
            raise
        return None


def _with_tax(
    portfolio: Portfolio, tax: Returns, request: PlanRequest, outcome: Outcome, result: Plan
) -> tuple[Plan, frozenset[str]]:
    """Add to a plan what its sales cost in tax, by the return; and what its own purchases would wash."""
    from steelyard.app.planning.plan_tax import plan_taxes
    from steelyard.app.planning.wash_block import blocks_wash_sales

    taxes = plan_taxes(
        portfolio,
        tax,
        result.trades,
        outcome.sold,
        request.tax,
        as_of=result.as_of,
        taken_out=(request.flow_account, max(-request.cash_flow, ZERO)),
    )
    trades = []
    for place, trade in enumerate(result.trades):
        sale = taxes.sales.get(place)
        if sale is not None:
            lost = exact_sum(d.disallowed for d in sale.disposals)
            trade = replace(trade, gain=sale.gain, tax=sale.tax, lots=sale.lots, disallowed=lost)
            if sale.no_buy is not None and any(map(blocks_wash_sales, tax)):
                days = (sale.no_buy.not_before - sale.no_buy.sold_on).days
                trade = replace(trade, no_buy=tuple(sorted(sale.no_buy.symbols)), no_buy_days=days)
        trades.append(trade)
    note = join("; ", [n for n in (taxes.note, _taken_out(portfolio, tax, request)) if n])
    shown = replace(result, trades=tuple(trades), taxes=taxes.total, tax_note=note, taxes_of=taxes.by_owner)
    return shown, taxes.washed


def _taken_out(portfolio: Portfolio, tax: Returns, request: PlanRequest) -> str:
    """Say what the tax of a plan does not count of the money that leaves an account."""
    if request.cash_flow >= ZERO:
        return ""
    kind = next(a.kind for a in portfolio.accounts if a.name == request.flow_account)
    situation = next((x for x in tax if x.filer.reports(request.flow_account)), tax[0])
    told = situation.country.taken_out(kind, situation.facts.settings)
    return told and say("{account}: {note}", account=request.flow_account, note=told)


def decide_now(portfolio: Portfolio, valuation: Valuation, sessions: Sessions, as_of: date) -> Decision:
    """Evaluate the policy on a valuation."""
    values = worth_by_goal(portfolio.goals, {h.symbol: h.value for h in valuation.holdings})
    drifts = measure(values, valuation.managed, portfolio.targets)
    return decide(drifts, portfolio.policy, as_of=as_of, sessions=sessions, exchanges=exchanges(portfolio))


def _destination(portfolio: Portfolio, valuation: Valuation) -> dict[str, Decimal]:
    if portfolio.policy.destination == "target" or valuation.managed <= 0:
        return dict(portfolio.targets)
    values = worth_by_goal(portfolio.goals, {h.symbol: h.value for h in valuation.holdings})
    weights = {name: EXACT.divide(worth, valuation.managed) for name, worth in values.items()}
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
