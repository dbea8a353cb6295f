"""Guardrails: what must be true before an order leaves the house.

Each rule is one small function of the order, the situation and the owner's limits that returns why
not, or None. `inspect` asks all of them. A limit that is None is not set; rules without a limit always
hold. Amounts are in base currency, so that one limit serves every market.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from steelyard.domain.money import EXACT, ONE, ZERO, plain
from steelyard.domain.trading.brokerage import FX
from steelyard.domain.trading.orders import Order
from steelyard.domain.trading.price_collar import is_outside
from steelyard.records import dataclass, field
from steelyard.words import say


@dataclass(frozen=True, slots=True)
class OrderLimits:
    """What the owner allows; made without a word, it is what an owner allows who said nothing.

    Attributes:
        max_order: Largest single order, base currency.
        max_order_part: The same as a fraction of the portfolio's value.
        max_day: Most sent in one day, base currency.
        max_turnover: Most sent in one day as a fraction of the portfolio's value.
        max_position_sold: Most of one position sold by one order, a fraction; 1 allows selling out.
        collar: How far a limit price may be from the second price, a fraction.
        second_needed: Without a second price nothing is near; else the price known now stands in for it.
        max_price_age_hours: Prices older than this are stale.
        max_positions_age_minutes: Positions read longer ago than this are stale.
        market_orders: Orders without a limit price are allowed.
        second_approval_above: Plans with more turnover than this need two approvals, base currency.
    """

    max_order: Decimal | None = None
    max_order_part: Decimal | None = Decimal("0.25")
    max_day: Decimal | None = None
    max_turnover: Decimal | None = ONE
    max_position_sold: Decimal | None = None
    collar: Decimal | None = Decimal("0.05")
    second_needed: bool = False
    max_price_age_hours: int | None = 96
    max_positions_age_minutes: int | None = 15
    market_orders: bool = False
    second_approval_above: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Situation:
    """What is known at the moment an order is about to be sent.

    Attributes:
        at: Now, with a time zone.
        halted: Why everything is stopped, empty when it is not.
        plan_id: The plan being carried out.
        approved: Plan ids somebody approved, with who did.
        proven: Who of them proved, by a secret, to be who they say.
        done: Plans carried out already.
        turnover: Sum of the plan's trades, base currency.
        positions_at: When the positions were read from the broker.
        prices: What the orders were priced with: price in the order's currency and when it was seen.
        second_prices: The same from another source, where there is one.
        targets: Symbols with a target.
        open_exchanges: Exchanges that trade now.
        others: Open orders at the broker that are not this plan's, as (account, symbol).
        held: Shares by (account, symbol), free to sell.
        rates: Base currency for one unit of each currency.
        sent_today: Already sent today, base currency.
        value: Of the whole portfolio, base currency.
        spendable: Free money by (account, currency), everything outstanding taken off at its worst.
        cash: All free money in base currency, everything outstanding taken off at its worst.
        reserve: Cash that is never spent, base currency.
        wash_blocked: Symbols whose purchase would turn a loss just realised into a wash sale.
        cost: Commission of this order at its worst, in its currency.
    """

    at: datetime
    plan_id: str
    positions_at: datetime
    halted: str = ""
    approved: Mapping[str, frozenset[str]] = field(default_factory=dict)
    proven: frozenset[str] = frozenset()
    done: frozenset[str] = frozenset()
    turnover: Decimal = ZERO
    prices: Mapping[str, tuple[Decimal, datetime]] = field(default_factory=dict)
    second_prices: Mapping[str, Decimal] = field(default_factory=dict)
    targets: frozenset[str] = frozenset()
    open_exchanges: frozenset[str] = frozenset()
    others: frozenset[tuple[str, str]] = frozenset()
    held: Mapping[tuple[str, str], Decimal] = field(default_factory=dict)
    rates: Mapping[str, Decimal] = field(default_factory=dict)
    sent_today: Decimal = ZERO
    value: Decimal = ZERO
    spendable: Mapping[tuple[str, str], Decimal] = field(default_factory=dict)
    cash: Decimal = ZERO
    reserve: Decimal = ZERO
    wash_blocked: frozenset[str] = frozenset()
    cost: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an order is not sent: the rule, the order, one sentence, and what to do about it."""

    rule: str
    order_id: str
    symbol: str
    text: str
    hint: str

    def to_dict(self) -> dict[str, Any]:
        """Return it as in the document of `execute`."""
        return {
            "rule": self.rule,
            "order": self.order_id,
            "symbol": self.symbol,
            "text": self.text,
            "hint": self.hint,
        }


Rule = Callable[[Order, Situation, OrderLimits], tuple[str, str] | None]


def worth(order: Order, situation: Situation) -> Decimal:
    """Return the most an order can move, base currency: shares times limit (or the known price)."""
    price = order.limit if order.limit is not None else situation.prices[order.symbol][0]
    return EXACT.multiply(EXACT.multiply(order.shares, price), situation.rates[order.currency])


def kill_switch(order: Order, situation: Situation, limits: OrderLimits) -> tuple[str, str] | None:
    """Nothing is sent while everything is halted."""
    if situation.halted:
        return say("everything is halted: {halted}", halted=situation.halted), say(
            "run `steelyard resume` when it is safe again"
        )
    return None


def approved_plan(order: Order, situation: Situation, limits: OrderLimits) -> tuple[str, str] | None:
    """The order belongs to the plan at hand, and that very plan, by its hash, was approved."""
    if order.plan_id != situation.plan_id:
        return say("the order belongs to another plan"), say(
            "run `steelyard execute` with the plan you approved"
        )
    if not situation.approved.get(situation.plan_id):
        return say("this plan was not approved"), say("look at the dry run, then run it again with --live")
    return None


def second_approval(order: Order, situation: Situation, limits: OrderLimits) -> tuple[str, str] | None:
    """A plan with much turnover needs two approvers the owner named, each by a secret, both for this hash."""
    above = limits.second_approval_above
    if above is None or situation.turnover <= above:
        return None
    if len(situation.proven) >= 2:
        return None
    return (
        say(
            "a turnover of {turnover} needs a second approval (above {above})",
            turnover=plain(situation.turnover),
            above=plain(above),
        ),
        say("let two of [approvers] in execution.toml run `steelyard approve` on the same plan"),
    )


def duplicate_plan(order: Order, situation: Situation, limits: OrderLimits) -> tuple[str, str] | None:
    """A plan is carried out once."""
    if situation.plan_id in situation.done:
        return say("this plan was carried out already"), say("make a new one: `steelyard plan --save`")
    return None


def known_target(order: Order, situation: Situation, limits: OrderLimits) -> tuple[str, str] | None:
    """Only instruments with a target are traded."""
    if order.symbol not in situation.targets:
        return say("{symbol} has no target", symbol=order.symbol), say(
            "name it under [targets], with 0% to sell out"
        )
    return None


def market_open(order: Order, situation: Situation, limits: OrderLimits) -> tuple[str, str] | None:
    """The exchange trades now."""
    if order.exchange not in situation.open_exchanges:
        return say("{exchange} is closed", exchange=order.exchange), say("run it again in trading hours")
    return None


def limit_price(order: Order, situation: Situation, limits: OrderLimits) -> tuple[str, str] | None:
    """A market order is sent only when the owner asked for it."""
    if order.limit is None and not limits.market_orders:
        return say("it is a market order"), say("set market_orders = true if that is what you want")
    return None


def most_per_order(order: Order, situation: Situation, limits: OrderLimits) -> tuple[str, str] | None:
    """One order moves no more than `max_order`, an amount or a part of the portfolio."""
    size = worth(order, situation)
    part = limits.max_order_part
    # Money that is changed is none of the portfolio's instruments: what it pays for is counted.
    if part is not None and order.exchange != FX and size > EXACT.multiply(part, situation.value):
        return say(
            "{size} is over {part} of {value} for one order",
            size=plain(size),
            part=plain(part),
            value=plain(situation.value),
        ), say("raise max_order under [limits] of execution.toml if that is what you want")
    if limits.max_order is not None and size > limits.max_order:
        return say(
            "{size} is more than {most} for one order",
            size=plain(size),
            most=plain(limits.max_order),
        ), say("raise max_order")
    return None


def most_per_day(order: Order, situation: Situation, limits: OrderLimits) -> tuple[str, str] | None:
    """The orders of one day move no more than `max_day`."""
    total = EXACT.add(situation.sent_today, worth(order, situation))
    if limits.max_day is not None and total > limits.max_day:
        return (
            say(
                "{total} is more than {most} for one day",
                total=plain(total),
                most=plain(limits.max_day),
            ),
            say("wait a day or raise max_day"),
        )
    return None


def most_turnover(order: Order, situation: Situation, limits: OrderLimits) -> tuple[str, str] | None:
    """The orders of one day move no more than `max_turnover` of the portfolio."""
    if limits.max_turnover is None:
        return None
    total = EXACT.add(situation.sent_today, worth(order, situation))
    if total > EXACT.multiply(limits.max_turnover, situation.value):
        return (
            say(
                "{total} is over {most} of {value} in one day",
                total=plain(total),
                most=plain(limits.max_turnover),
                value=plain(situation.value),
            ),
            say("wait a day or raise max_turnover"),
        )
    return None


def most_of_a_position(order: Order, situation: Situation, limits: OrderLimits) -> tuple[str, str] | None:
    """No more is sold than is held, and no more of it than `max_position_sold`."""
    if order.side != "sell":
        return None
    held = situation.held.get((order.account, order.symbol), ZERO)
    part = ONE if limits.max_position_sold is None or order.exchange == FX else limits.max_position_sold
    if order.shares > EXACT.multiply(held, part):
        return (
            say(
                "selling {shares} of {held} held is more than {part} of it",
                shares=plain(order.shares),
                held=plain(held),
                part=plain(part),
            ),
            say("run `steelyard sync`, then raise max_position_sold if that is what you want"),
        )
    return None


def price_collar(order: Order, situation: Situation, limits: OrderLimits) -> tuple[str, str] | None:
    """The limit price is near what a second source says, or near the price known now where none is needed."""
    if limits.collar is None:
        return None
    second = situation.second_prices.get(order.symbol)
    if second is None and not limits.second_needed:
        second = situation.prices[order.symbol][0]
    if second is None:
        return say("no second price for {symbol}", symbol=order.symbol), say(
            "configure a second price source, or drop the collar"
        )
    price = order.limit if order.limit is not None else situation.prices[order.symbol][0]
    if is_outside(price, second, limits.collar):
        return (
            say(
                "{price} is more than {collar} away from {second}",
                price=plain(price),
                collar=plain(limits.collar),
                second=plain(second),
            ),
            say("compare both price sources before trading"),
        )
    return None


def fresh_price(order: Order, situation: Situation, limits: OrderLimits) -> tuple[str, str] | None:
    """There is a price, and it is no older than `max_price_age_hours`."""
    if order.symbol not in situation.prices:
        return say("no price for {symbol}", symbol=order.symbol), say("fetch prices and make a new plan")
    if limits.max_price_age_hours is None:
        return None
    seen = situation.prices[order.symbol][1]
    if situation.at - seen > timedelta(hours=limits.max_price_age_hours):
        return (
            say(
                "its price is dated {seen}, older than {hours} hours",
                seen=seen.isoformat(timespec="minutes"),
                hours=limits.max_price_age_hours,
            ),
            say("fetch prices and make a new plan"),
        )
    return None


def fresh_positions(order: Order, situation: Situation, limits: OrderLimits) -> tuple[str, str] | None:
    """The positions were read from the broker a moment ago."""
    allowed = limits.max_positions_age_minutes
    if allowed is not None and situation.at - situation.positions_at > timedelta(minutes=allowed):
        return say("the positions were read over {allowed} minutes ago", allowed=allowed), say(
            "run `steelyard sync`"
        )
    return None


def open_order_conflict(order: Order, situation: Situation, limits: OrderLimits) -> tuple[str, str] | None:
    """Nobody else has an open order for the same instrument in the same account."""
    if (order.account, order.symbol) in situation.others:
        return say("another order for {symbol} is open", symbol=order.symbol), say(
            "cancel it or let it finish first"
        )
    return None


def cash_floor(order: Order, situation: Situation, limits: OrderLimits) -> tuple[str, str] | None:
    """A purchase (of money, too) is paid from free money of its own account; the reserve stays whole."""
    if order.side != "buy" and order.exchange != FX:
        return None
    price = order.limit if order.limit is not None else situation.prices[order.symbol][0]
    need = EXACT.add(EXACT.multiply(order.shares, price), situation.cost)
    free = situation.spendable.get((order.account, order.currency), ZERO)
    if order.side == "buy" and need > free:
        return (
            say(
                "{need} {currency} needed, {free} free in {account}",
                need=plain(need),
                currency=order.currency,
                free=plain(free),
                account=order.account,
            ),
            say("wait for the sales to settle"),
        )
    # Money that is changed, either way, stays money: of the reserve only the spread is spent.
    if order.exchange == FX:
        need = situation.cost
    left = EXACT.subtract(situation.cash, EXACT.multiply(need, situation.rates[order.currency]))
    if left < situation.reserve:
        return (
            say(
                "it would leave {left} in cash, less than the reserve of {reserve}",
                left=plain(left),
                reserve=plain(situation.reserve),
            ),
            say("wait for the sales to fill, or lower cash_reserve"),
        )
    return None


def wash_sale(order: Order, situation: Situation, limits: OrderLimits) -> tuple[str, str] | None:
    """Nothing is bought that would turn a loss just realised into a wash sale.

    Source: 26 U.S.C. section 1091 (30 days either way).
    """
    if order.side == "buy" and order.symbol in situation.wash_blocked:
        return (
            say(
                "buying {symbol} within 30 days of selling it, or what counts as identical, at a "
                "loss is a wash sale",
                symbol=order.symbol,
            ),
            say("buy a replacement, or wait until the 31st day"),
        )
    return None


RULES: Mapping[str, Rule] = {
    "halted": kill_switch,
    "not-approved": approved_plan,
    "second-approval": second_approval,
    "duplicate-plan": duplicate_plan,
    "no-target": known_target,
    "market-closed": market_open,
    "market-order": limit_price,
    "stale-price": fresh_price,
    "stale-positions": fresh_positions,
    "open-order": open_order_conflict,
    "max-order": most_per_order,
    "max-day": most_per_day,
    "max-turnover": most_turnover,
    "max-position-sold": most_of_a_position,
    "price-collar": price_collar,
    "cash-floor": cash_floor,
    "wash-sale": wash_sale,
}

NOT_FOR_MONEY = frozenset({"no-target", "max-day", "max-turnover", "wash-sale"})
"""Rules that a conversion does not have to keep: it trades no instrument, and what it pays for is counted."""


def not_known_yet(order: Order) -> frozenset[str]:
    """Return the rules that nobody can judge before it is the order's turn, because sales have to fill first.

    What a purchase is paid with comes from them, and the foreign money that a conversion sells.
    """
    return frozenset({"cash-floor", "max-position-sold"} if order.exchange == FX else {"cash-floor"})


def inspect(
    order: Order,
    situation: Situation,
    limits: OrderLimits,
    rules: Mapping[str, Rule] = RULES,
    skip: Collection[str] = (),
) -> tuple[Refusal, ...]:
    """Return every reason not to send an order, in the order of the rules; empty when it may go.

    Args:
        order: About to be sent.
        situation: What is known now.
        limits: What the owner allows.
        rules: All of them unless a test takes one out.
        skip: Rules that cannot be judged yet (cash, before the sales have filled).
    """
    found = []
    if order.exchange == FX:
        rules = {name: rule for name, rule in rules.items() if name not in NOT_FOR_MONEY}
    if "stale-price" in rules and order.symbol not in situation.prices:
        # Without a price no amount can be judged: that alone is said.
        rules = {"stale-price": rules["stale-price"]}
    for name, rule in rules.items():
        if name in skip:
            continue
        why = rule(order, situation, limits)
        if why is not None:
            found.append(Refusal(name, order.id, order.symbol, *why))
    return tuple(found)
