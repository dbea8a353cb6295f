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


def too_old(plan: SavedPlan, at: datetime, hours: int) -> list[Refusal]:
    """Refuse a plan that was saved more than so many hours ago, or never."""
    if plan.saved_at is not None and at - plan.saved_at <= timedelta(hours=hours):
        return []
    text = f"the plan is older than {hours} hours"
    return [Refusal("plan-too-old", "", "", text, "save a new plan: `steelyard plan --save`")]


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
                f"{trade.symbol} in {trade.account} is priced in {trade.currency}, "
                f"but {trade.exchange} trades in {wanted or 'a currency nobody knows'}",
                f'quote it in the file as it trades (`price = "412.35 {wanted or "USD"}"`), then plan again',
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
                text = f"{symbol} in {account}: {plain(held)} shares, the plan counted on {plain(low)}"
                hint = "run `steelyard sync`, bring the file up to date and save a new plan"
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
            found.append(Refusal("price-missing", "", symbol, f"no price for {symbol}", "fetch prices"))
            continue
        now = prices[symbol][0]
        if abs(now - then) > EXACT.multiply(most, then):
            text = f"{symbol} moved from {plain(then)} to {plain(now)} since the plan"
            found.append(Refusal("prices-moved", "", symbol, text, "save a new plan"))
    return found
