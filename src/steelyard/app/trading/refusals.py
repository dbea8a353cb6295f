"""What stands against a plan, and against each of its orders, with what is known at the moment."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import reduce

from steelyard.app.trading.available_cash import AvailableCash
from steelyard.app.trading.blotter import Blotter
from steelyard.app.trading.execution_request import ExecutionRequest, Snapshot
from steelyard.app.trading.sync import verify
from steelyard.domain.money import EXACT, ZERO
from steelyard.domain.trading.brokerage import FX
from steelyard.domain.trading.guardrails import Refusal, Situation, inspect, not_known_yet
from steelyard.domain.trading.orders import PLANNED, Order
from steelyard.domain.trading.plan_checks import moved_positions, moved_prices, too_old
from steelyard.domain.trading.saved_plans import SavedTrade
from steelyard.domain.trading.send_conditions import not_armed
from steelyard.domain.trading.sizing import fee
from steelyard.words import say

Approvals = Mapping[str, frozenset[str]]
"""Who approved, by plan."""

_LOOK_BACK = timedelta(days=366)
"""How old a plan may be whose sales are looked at; no country's window is longer than a year."""


def against_record(request: ExecutionRequest) -> list[Refusal]:
    """Return what stands against trusting the book at all."""
    broken = verify(request.desk.book)
    if broken is None:
        return []
    text = say("the audit record is broken at link {number}: {why}", number=broken.number, why=broken.why)
    hint = say("see `steelyard audit verify`, and compare with a backup before anything is sent")
    return [_of_plan("audit-broken", text, hint)]


def against_plan(request: ExecutionRequest, blotter: Blotter, snapshot: Snapshot) -> list[Refusal]:
    """Return what stands against the plan as a whole."""
    plan, terms, book = request.plan, request.terms, request.desk.book
    now = request.desk.clock.now()
    found: list[Refusal] = list(blotter.refusals)
    if not blotter.has_begun:  # What was begun is finished: half a plan is no safer than a whole one.
        found += [*request.market.doubts, *too_old(plan, now, terms.max_plan_age_hours)]
    found += moved_positions(plan, blotter.by_id.values(), snapshot.statements)
    if blotter.planned:
        found += moved_prices(plan, request.market.prices, terms.max_price_move)
    if why := book.halted():
        text, hint = say("everything is halted: {why}", why=why), say("run `steelyard resume`")
        found.append(_of_plan("halted", text, hint))
    if any(o.filled and o.attempt < request.attempt for o in book.orders(plan.id)):
        text = say("an order of an earlier attempt filled later")
        hint = say("run `steelyard sync`, bring the file up to date and save a new plan")
        found.append(_of_plan("duplicate-plan", text, hint))
    if plan.id in book.finished():
        text = say("this plan was carried out already")
        hint = say("run `steelyard sync`, bring the file up to date and save a new plan")
        found.append(_of_plan("duplicate-plan", text, hint))
    this = (plan.id, request.attempt)
    if any(o.is_out and (o.plan_id, o.attempt) != this for o in book.orders()):
        text, hint = say("another plan still has orders out"), say("run `steelyard orders` and finish it")
        found.append(_of_plan("another-plan", text, hint))
    if request.unattended:
        arming = book.arming()
        # What was begun is counted order by order, as it is sent.
        amounts = [] if blotter.has_begun else [request.conditions(o).amount for o in blotter.planned]
        need = reduce(EXACT.add, amounts, ZERO)
        if arming is None or not arming.covers(need, now.date()):
            error = not_armed(need, arming)
            found.append(_of_plan(error.code, error.message, error.hint))
    return found


def _of_plan(rule: str, text: str, hint: str) -> Refusal:
    return Refusal(rule, "", "", text, hint)


def against_orders(
    request: ExecutionRequest, blotter: Blotter, snapshot: Snapshot, approved: Approvals
) -> list[Refusal]:
    """Return what stands against each order that the broker, not its owner, carries out.

    For what is limited by the day the orders before it count as sent: nothing is begun that the limits
    would stop half-way. What only the sales can show is left to each order's own turn.
    """
    found: list[Refusal] = []
    before = ZERO
    for order in blotter.planned:
        if order.exchange == FX and not request.converts(order.account):
            continue
        situation = _situation(request, blotter, snapshot, order, approved, before)
        found += inspect(order, situation, request.terms.limits, skip=not_known_yet(order))
        if order.exchange != FX:
            rate = request.plan.fx[order.currency]
            before = EXACT.add(before, EXACT.multiply(_amount(request, order), rate))
    return found


def against_order(
    request: ExecutionRequest, blotter: Blotter, snapshot: Snapshot, order: Order
) -> tuple[Refusal, ...]:
    """Return what stands against an order whose turn it is."""
    approved = {request.plan.id: request.desk.book.approvals(request.plan.id, request.attempt)}
    situation = _situation(request, blotter, snapshot, order, approved, ZERO)
    return inspect(order, situation, request.terms.limits)


def _situation(
    request: ExecutionRequest,
    blotter: Blotter,
    snapshot: Snapshot,
    order: Order,
    approved: Approvals,
    before: Decimal,
) -> Situation:
    plan, book, now = request.plan, request.desk.book, request.desk.clock.now()
    cash = AvailableCash(plan, blotter.by_id, snapshot.statements, settled_only=request.terms.settled_only)
    return Situation(
        at=now,
        plan_id=plan.id,
        positions_at=min(s.at for s in snapshot.statements.values()),
        halted=book.halted(),
        approved=approved,
        proven=_proven(request),
        done=book.finished(),
        turnover=plan.turnover,
        prices=request.market.prices,
        second_prices=request.market.second,
        targets=frozenset(plan.targets),
        open_exchanges=snapshot.open_exchanges,
        others=snapshot.others,
        held=cash.sellable(),
        rates=plan.fx,
        sent_today=EXACT.add(_sent_on(request, now.date()), before),
        value=plan.value,
        spendable={(order.account, order.currency): cash.free(order.account, order.currency)},
        cash=cash.in_base(),
        reserve=plan.reserve,
        wash_blocked=_wash_blocked(request, now),
        cost=fee(plan, _amount(request, order), order.currency, order.exchange),
    )


def _proven(request: ExecutionRequest) -> frozenset[str]:
    """Who approved the attempt and proved to be who they say, whoever calls now included."""
    who = frozenset({request.who.name}) if request.who.proven else frozenset[str]()
    return who | request.desk.book.approvals(request.plan.id, request.attempt, proven=True)


def _amount(request: ExecutionRequest, order: Order) -> Decimal:
    price = order.limit
    if price is None:
        price = request.plan.trade(order.account, order.symbol).price
    return EXACT.multiply(order.shares, price)


def _sent_on(request: ExecutionRequest, day: date) -> Decimal:
    """Return what was sent on a day, whatever plan it was of, base currency."""
    total = ZERO
    for o in request.desk.book.orders():
        if o.sent_at is None or o.sent_at.date() != day or o.state == PLANNED or o.exchange == FX:
            continue
        rate = request.plan.fx.get(o.currency)
        price = o.limit if o.limit is not None else request.plan.prices.get(o.symbol, (ZERO, ""))[0]
        if rate is not None:
            total = EXACT.add(total, EXACT.multiply(EXACT.multiply(o.shares, price), rate))
    return total


def _wash_blocked(request: ExecutionRequest, now: datetime) -> frozenset[str]:
    """Return the symbols whose purchase, in any account, would undo a loss that a plan realised.

    What is a loss, what undoes it and for how long stands with each sale in the saved plans: the country said
    it when they were made.
    """
    if request.plan.inputs.get("options", {}).get("allow_wash_sales"):
        return frozenset()
    book, blocked = request.desk.book, set[str]()
    for plan in (request.plan, *book.plans(now - _LOOK_BACK)):
        losses = [t for t in plan.trades if t.no_buy]
        sold = book.orders(plan.id) if losses else ()
        for t in losses:
            # A sale of this very plan counts before it has filled.
            if plan.id == request.plan.id or _sold_since(sold, t, now.date()):
                blocked |= t.no_buy
    return frozenset(blocked)


def _sold_since(orders: tuple[Order, ...], trade: SavedTrade, today: date) -> bool:
    """Say whether something of a planned sale filled so lately that its window is still open."""
    # Every session begins and ends on one day of UTC, in Seoul as in New York.
    return any(
        o.side == "sell"
        and o.filled
        and (o.account, o.symbol) == (trade.account, trade.symbol)
        and (o.sent_at is None or (today - o.sent_at.date()).days < trade.no_buy_days)
        for o in orders
    )
