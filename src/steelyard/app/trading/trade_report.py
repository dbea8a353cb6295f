"""Use case: match every trade of a quarter to the rule that caused it."""

from __future__ import annotations

import re
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from steelyard.app.trading.sync import verify
from steelyard.domain.money import EXACT, plain
from steelyard.domain.trades import Side
from steelyard.domain.trading.audit import Break
from steelyard.domain.trading.brokerage import FX, Fill
from steelyard.domain.trading.orders import Order
from steelyard.errors import InputError
from steelyard.ports.trading import OrderBook
from steelyard.records import dataclass
from steelyard.words import say

OLD = "unknown"
"""The rule of a plan saved before rules were kept with plans."""


@dataclass(frozen=True, slots=True)
class TradeLine:
    """One trade and what caused it.

    Attributes:
        traded_on: Day of its last fill where fills are known, else the day it was sent (UTC).
        account, symbol, side, shares, currency: What was traded.
        price: Average, in `currency`.
        amount: Shares times price over its fills.
        fees: As far as the broker told.
        causes: What had fired (see `saved_plans.Cause`), each rule with a sentence; `conversion` for money
            changed to pay for trades; empty when no Steelyard order matches the trade.
        reason: Of the trade within its plan.
        approved_by: Who approved the plan.
        plan_id, order_id: Where it comes from, empty for a trade of somebody else.
    """

    traded_on: date
    account: str
    symbol: str
    side: Side
    shares: Decimal
    price: Decimal
    currency: str
    amount: Decimal
    fees: Decimal
    causes: tuple[tuple[str, str], ...] = ()
    reason: str = ""
    approved_by: tuple[str, ...] = ()
    plan_id: str = ""
    order_id: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return it as in the document of `audit report`."""
        return {
            "traded_on": self.traded_on.isoformat(),
            "account": self.account,
            "symbol": self.symbol,
            "side": self.side,
            "shares": plain(self.shares),
            "price": plain(self.price),
            "currency": self.currency,
            "amount": plain(self.amount),
            "fees": plain(self.fees),
            "rules": list(dict.fromkeys(rule for rule, _ in self.causes)),
            "why": [text for _, text in self.causes],
            "reason": self.reason,
            "approved_by": list(self.approved_by),
            "plan": self.plan_id,
            "order": self.order_id,
        }


@dataclass(frozen=True, slots=True)
class TradeReport:
    """The trades of a quarter, by day.

    Attributes:
        quarter: Like 2026Q4.
        first, last: Its days.
        trades: By day, then as they were ordered.
        broken: Where the audit record is broken, None when it is whole.
    """

    quarter: str
    first: date
    last: date
    trades: tuple[TradeLine, ...]
    broken: Break | None

    @property
    def unmatched(self) -> int:
        """How many trades no Steelyard order matches."""
        return sum(not t.causes for t in self.trades)

    def to_dict(self) -> dict[str, Any]:
        """Return the document of `audit report --json` (`steelyard/trade-report/1`)."""
        return {
            "schema": "steelyard/trade-report/1",
            "quarter": self.quarter,
            "from": self.first.isoformat(),
            "to": self.last.isoformat(),
            "trades": [t.to_dict() for t in self.trades],
            "unmatched": self.unmatched,
            "audit_whole": self.broken is None,
        }


def quarter_days(quarter: str) -> tuple[date, date]:
    """Return the first and the last day of a quarter.

    Raises:
        InputError: That is no quarter (`quarter`).

    >>> quarter_days("2026Q4")
    (datetime.date(2026, 10, 1), datetime.date(2026, 12, 31))
    """
    found = re.fullmatch(r"([12]\d{3})-?[Qq]([1-4])", quarter)
    if not found:
        raise InputError(
            "quarter", say("{quarter!r} is no quarter", quarter=quarter), say("write --quarter 2026Q4")
        )
    year, number = int(found[1]), int(found[2])
    after = date(year + number // 4, number % 4 * 3 + 1, 1)
    return date(year, number * 3 - 2, 1), after - timedelta(days=1)


def trade_report(book: OrderBook, quarter: str) -> TradeReport:
    """Return every trade of a quarter with the rule that caused it.

    Args:
        book: Orders, fills, plans and the audit record.
        quarter: Like 2026Q4.

    Raises:
        InputError: That is no quarter.
    """
    first, last = quarter_days(quarter)
    fills: dict[tuple[str, str], list[Fill]] = {}
    for account, fill in book.fills():
        fills.setdefault((account, fill.order_id or fill.broker_id), []).append(fill)
    lines = []
    for order in book.orders():
        own = [f for key in (order.id, order.broker_id) for f in fills.pop((order.account, key), ())]
        if order.filled:
            lines.append(_line(book, order, own))
    lines += [_stray(account, fill) for (account, _), found in fills.items() for fill in found]
    within = sorted((t for t in lines if first <= t.traded_on <= last), key=lambda t: t.traded_on)
    name = f"{first.year}Q{last.month // 3}"
    return TradeReport(name, first, last, tuple(within), verify(book))


def _line(book: OrderBook, order: Order, fills: list[Fill]) -> TradeLine:
    plan = book.plan(order.plan_id)
    causes = tuple((c.rule, c.text) for c in plan.causes_of(order.symbol))
    if order.exchange == FX:
        causes = (("conversion", say("money for the trades of the plan")), *causes)
    sent_on = order.sent_at.date() if order.sent_at is not None else plan.as_of
    return TradeLine(
        traded_on=max((f.at.date() for f in fills), default=sent_on),
        account=order.account,
        symbol=order.symbol,
        side=order.side,
        shares=order.filled,
        price=EXACT.divide(order.paid, order.filled),
        currency=order.currency,
        amount=order.paid,
        fees=order.fees,
        causes=causes or ((OLD, say("the plan was saved before its rules were kept")),),
        reason=plan.trade(order.account, order.symbol).reason,
        approved_by=tuple(sorted(book.approvals(order.plan_id, order.attempt))),
        plan_id=order.plan_id,
        order_id=order.id,
    )


def _stray(account: str, fill: Fill) -> TradeLine:
    amount = EXACT.multiply(fill.shares, fill.price)
    return TradeLine(
        fill.at.date(),
        account,
        fill.symbol,
        fill.side,
        fill.shares,
        fill.price,
        fill.currency,
        amount,
        fill.fees,
    )
