"""Whether a saved plan still fits the world: its age, the positions and the prices it counted on."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal

from steelyard.domain.money import EXACT, ZERO, plain
from steelyard.domain.trading.brokerage import TRADED_IN, Statement
from steelyard.domain.trading.guardrails import Refusal
from steelyard.domain.trading.orders import Order
from steelyard.domain.trading.saved_plans import SavedPlan
from steelyard.errors import PlanError
from steelyard.words import say

_CLOCKS = timedelta(minutes=5)
"""What the clocks of two machines may differ by."""


def too_old(plan: SavedPlan, at: datetime, hours: int) -> list[Refusal]:
    """Refuse a plan that was saved more than so many hours ago, or never, or is still to be saved."""
    if plan.saved_at is not None and plan.saved_at > at + _CLOCKS:
        text = say("the plan was saved at {at}, which is still to come", at=plan.saved_at.isoformat())
        return [Refusal("plan-in-future", "", "", text, say("set the clock, then save a new plan"))]
    if plan.saved_at is not None and at - plan.saved_at <= timedelta(hours=hours):
        return []
    text = say("the plan is older than {hours} hours", hours=hours)
    return [Refusal("plan-too-old", "", "", text, say("save a new plan: `steelyard plan --save`"))]


def need_exchange_currency(plan: SavedPlan, *, apart_from: Collection[str] = ()) -> None:
    """Return when every trade is priced in the money its exchange trades in, some accounts left out.

    A file may value a US instrument in won; sent as a limit price, 560,000 won would be 560,000 dollars.

    Raises:
        PlanError: A trade is priced in another currency (`broker-currency`).
    """
    for trade in plan.trades:
        wanted = TRADED_IN.get(trade.exchange)
        if trade.account not in apart_from and trade.currency != wanted:
            raise PlanError(
                "broker-currency",
                say(
                    "{symbol} in {account} is priced in {currency}, but {exchange} trades in {wanted}",
                    symbol=trade.symbol,
                    account=trade.account,
                    currency=trade.currency,
                    exchange=trade.exchange,
                    wanted=wanted or say("an unknown currency"),
                ),
                say(
                    'quote it in the file as it trades (`price = "412.35 {wanted}"`), then plan again',
                    wanted=wanted or "USD",
                ),
            )


def moved_positions(
    plan: SavedPlan, orders: Iterable[Order], statements: Mapping[str, Statement]
) -> list[Refusal]:
    """Refuse a plan whose positions are not what it counted on.

    Its own fills are counted. An order that is still out may have filled in part since, so anything
    between none and all of its rest agrees.
    """
    found = []
    kept = list(orders)
    for account, statement in statements.items():
        counted = plan.shares.get(account, {})
        traded = (t.symbol for t in plan.trades if t.account == account)
        for symbol in dict.fromkeys([*counted, *traded]):
            low = high = counted.get(symbol, ZERO)
            for order in kept:
                if (order.account, order.symbol) != (account, symbol):
                    continue
                sign = 1 if order.side == "buy" else -1
                low, high = low + sign * order.filled, high + sign * order.filled
                if order.is_out and sign > 0:
                    high += order.remaining
                elif order.is_out:
                    low -= order.remaining
            held = statement.shares(symbol)
            if not low <= held <= high:
                text = say(
                    "{symbol} in {account}: {held} shares, the plan counted on {low}",
                    symbol=symbol,
                    account=account,
                    held=plain(held),
                    low=plain(low),
                )
                hint = say("run `steelyard sync`, bring the file up to date and save a new plan")
                found.append(Refusal("positions-moved", "", symbol, text, hint))
    return found


def moved_prices(
    plan: SavedPlan, prices: Mapping[str, tuple[Decimal, datetime]], most: Decimal
) -> list[Refusal]:
    """Refuse a plan when a price it trades at has moved more than `most` (a fraction) or is gone."""
    found = []
    traded = {t.symbol: plan.prices[t.symbol][0] for t in plan.trades}
    for symbol, then in {**traded, **{t.symbol: t.price for t in plan.conversions}}.items():
        if symbol not in prices:
            found.append(
                Refusal(
                    "price-missing",
                    "",
                    symbol,
                    say("no price for {symbol}", symbol=symbol),
                    say("fetch prices"),
                )
            )
            continue
        now = prices[symbol][0]
        if abs(now - then) > EXACT.multiply(most, then):
            text = say(
                "{symbol} moved from {then} to {now} since the plan",
                symbol=symbol,
                then=plain(then),
                now=plain(now),
            )
            found.append(Refusal("prices-moved", "", symbol, text, say("save a new plan")))
    return found
