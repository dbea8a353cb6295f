"""From trades to orders: limit prices on the exchange's ticks, and how much the money buys.

Everything is taken at its worst: a purchase at its limit price plus commission, an order nobody has
heard of as if it filled in full. So the sum of what may still happen never exceeds what is there.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from steelyard.domain.money import EXACT, ONE, ZERO
from steelyard.domain.trading.brokerage import FX
from steelyard.domain.trading.orders import SENT, UNKNOWN, Order, order_id
from steelyard.domain.trading.saved_plans import SavedPlan, SavedTrade
from steelyard.domain.trading.ticks import on_tick
from steelyard.errors import PlanError
from steelyard.records import replace
from steelyard.words import say


def limit_of(trade: SavedTrade, distance: Decimal) -> Decimal:
    """Return the limit price of a trade: `distance` (a fraction) worse than its price, on a tick.

    Rounded for the owner, purchases down and sales up, so the limit is never further away than asked for.
    Where the price itself lies between two ticks, the limit may be better than it by less than one.

    Raises:
        PlanError: A purchase costs less than the smallest step (`price-too-small`).
    """
    sign = 1 if trade.side == "buy" else -1
    raw = EXACT.multiply(trade.price, EXACT.add(ONE, EXACT.multiply(sign, distance)))
    limit = on_tick(raw, trade.exchange, trade.side)
    if not limit:
        raise PlanError(
            "price-too-small",
            say(
                "{symbol} costs less than the smallest price step of {exchange}",
                symbol=trade.symbol,
                exchange=trade.exchange,
            ),
            say("leave it out of the plan"),
        )
    return limit


def orders_of(plan: SavedPlan, distance: Decimal | None, attempt: int = 1) -> tuple[Order, ...]:
    """Return the orders of an attempt at a plan; market orders when `distance` is None.

    Sales come first, then the money that is changed, then the purchases.
    """
    legs: dict[tuple[str, str], int] = {}
    orders = []
    plan_id = plan.id
    sales = [t for t in plan.trades if t.side == "sell"]
    purchases = [t for t in plan.trades if t.side != "sell"]
    for trade in (*sales, *plan.conversions, *purchases):
        key = (trade.account, trade.symbol)
        legs[key] = legs.get(key, 0) + 1
        orders.append(
            Order(
                id=order_id(plan_id, *key, legs[key], attempt),
                plan_id=plan_id,
                account=trade.account,
                symbol=trade.symbol,
                side=trade.side,
                shares=trade.shares,
                limit=None if distance is None else limit_of(trade, distance),
                currency=trade.currency,
                exchange=trade.exchange,
                leg=legs[key],
                attempt=attempt,
            )
        )
    return tuple(orders)


def fee(plan: SavedPlan, amount: Decimal, currency: str, exchange: str = "") -> Decimal:
    """Return the commission the plan expects on an amount, in the currency of the amount."""
    if not amount:
        return ZERO
    if exchange == FX:
        return EXACT.multiply(amount, plan.fx_spread)
    return plan.costs.commission_of(amount, plan.fx[currency])


def worst(plan: SavedPlan, order: Order) -> Decimal:
    """Return the most an open purchase may still cost, in its currency; zero for a sale."""
    if order.side == "sell":
        return ZERO
    price = order.limit if order.limit is not None else plan.trade(order.account, order.symbol).price
    amount = EXACT.multiply(order.remaining, price)
    return EXACT.add(amount, fee(plan, amount, order.currency, order.exchange))


def at_most(plan: SavedPlan, order: Order, price_move: Decimal) -> Decimal:
    """Return the most an order may trade and cost, base currency: shares times limit, and the commission.

    A sale may bring more than its limit, so it counts at the plan's price where that is higher. Without a
    limit the price is taken as `price_move` (a fraction) higher, which nobody guarantees. Money that is
    changed stays money: only what changing it costs counts.
    """
    price = plan.trade(order.account, order.symbol).price
    if order.limit is None:
        price = EXACT.multiply(price, EXACT.add(ONE, price_move))
    elif order.side == "buy":
        price = order.limit
    else:
        price = max(order.limit, price)
    amount = EXACT.multiply(order.shares, price)
    charged = fee(plan, amount, order.currency, order.exchange)
    moved = charged if order.exchange == FX else EXACT.add(amount, charged)
    return EXACT.multiply(moved, plan.fx[order.currency])


def foreign(order: Order) -> str:
    """Return the foreign currency a conversion buys or sells, empty for any other order."""
    return order.symbol[:3] if order.exchange == FX else ""


def own_money(plan: SavedPlan, orders: Iterable[Order], account: str, currency: str) -> Decimal:
    """Return the money that is free by our own books, whatever the broker says.

    What the plan counted on, plus what sales brought, less what purchases cost and what those still out
    may cost at worst. Where the broker reports no fee, the plan's own commission is taken.
    """
    money = plan.cash.get(account, {}).get(currency, ZERO)
    for order in orders:
        if order.account != account:
            continue
        sign = 1 if order.side == "sell" else -1
        if order.currency == currency:
            charged = max(order.fees, fee(plan, order.paid, currency, order.exchange))
            money = EXACT.add(money, EXACT.subtract(sign * order.paid, charged))
            if order.is_out:
                money = EXACT.subtract(money, worst(plan, order))
        elif foreign(order) == currency:
            # Foreign money that is being sold is gone at worst; what is being bought is not there yet.
            money = EXACT.subtract(money, sign * order.filled)
            if order.is_out and sign > 0:
                money = EXACT.subtract(money, order.remaining)
    return money


def unheard(plan: SavedPlan, orders: Iterable[Order], account: str, currency: str) -> Decimal:
    """Return what purchases (and sales of money) may cost that the broker may not have counted yet."""
    total = ZERO
    for order in orders:
        if order.state not in (SENT, UNKNOWN) or order.account != account:
            continue
        if order.currency == currency:
            total = EXACT.add(total, worst(plan, order))
        elif foreign(order) == currency and order.side == "sell":
            total = EXACT.add(total, order.remaining)
    return total


def fit(plan: SavedPlan, order: Order, money: Decimal) -> Order | None:
    """Return the purchase made to fit the money, None when not even the least part of a share does.

    First the limit comes down, as far as the plan's own price; then shares are left out.
    """
    trade = plan.trade(order.account, order.symbol)
    if worst(plan, order) <= money:
        return order
    least = on_tick(trade.price, order.exchange, order.side)
    if order.limit is not None and ZERO < least < order.limit:
        at_price = replace(order, limit=least)
        if worst(plan, at_price) <= money:
            return _with_best_limit(plan, at_price, order.limit, money)
    price = order.limit if order.limit is not None else trade.price
    each = EXACT.multiply(price, EXACT.add(ONE, _rate(plan, order)))
    count = min(EXACT.divide(max(money, ZERO), each), order.shares)
    steps = EXACT.divide(count, trade.step).to_integral_value(ROUND_FLOOR)
    while steps > 0:
        smaller = replace(order, shares=EXACT.multiply(steps, trade.step))
        if worst(plan, smaller) <= money:
            return smaller
        # Only the least commission can make the quotient too large, and it is worth few steps.
        short = EXACT.subtract(worst(plan, smaller), money)
        steps -= max(
            ONE, EXACT.divide(short, EXACT.multiply(each, trade.step)).to_integral_value(ROUND_CEILING)
        )
    return None


def _with_best_limit(plan: SavedPlan, order: Order, upper: Decimal, money: Decimal) -> Order:
    """Raise the limit from the plan's price towards `upper` as far as the money goes, on a tick."""
    assert order.limit is not None
    each = EXACT.divide(money, EXACT.multiply(order.shares, EXACT.add(ONE, _rate(plan, order))))
    best = on_tick(min(each, upper), order.exchange, order.side)
    raised = replace(order, limit=max(order.limit, best))
    return raised if worst(plan, raised) <= money else order


def _rate(plan: SavedPlan, order: Order) -> Decimal:
    return plan.fx_spread if order.exchange == FX else plan.commission
