"""What a broker says about an account: money, shares, open orders and fills."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal

from steelyard.domain.trades import Side
from steelyard.records import dataclass

FX = "FX"
"""Where a conversion is placed: its symbol is a pair (`USDKRW`), its shares are units of the first one."""

# Source: SEC Rule 15c6-1 as amended (T+1 from 2024-05-28); KRX equity market rules (T+2). Retail brokers
# credit changed money at once.
SETTLEMENT_SESSIONS = {"XKRX": 2, "XNYS": 1, FX: 0}

TRADED_IN = {"XKRX": "KRW", "XNYS": "USD"}
"""Exchange to the only currency a limit price there can be in."""


@dataclass(frozen=True, slots=True)
class CashBalance:
    """Money of one currency.

    Attributes:
        currency: ISO 4217.
        cash: All of it, unsettled proceeds included.
        settled: What has settled and is not held for open orders.
        buying_power: What the broker lets one buy for now.
    """

    currency: str
    cash: Decimal
    settled: Decimal
    buying_power: Decimal


@dataclass(frozen=True, slots=True)
class Held:
    """Shares of one instrument; `free` are not tied up in open sales."""

    symbol: str
    shares: Decimal
    free: Decimal


@dataclass(frozen=True, slots=True)
class Statement:
    """An account as the broker has it at one moment."""

    at: datetime
    balances: tuple[CashBalance, ...]
    holdings: tuple[Held, ...]

    def balance(self, currency: str) -> CashBalance:
        """Return the balance of a currency; an empty one where the broker names none."""
        for balance in self.balances:
            if balance.currency == currency:
                return balance
        return CashBalance(currency, Decimal(0), Decimal(0), Decimal(0))

    def shares(self, symbol: str) -> Decimal:
        """Return the shares held of an instrument."""
        return next((h.shares for h in self.holdings if h.symbol == symbol), Decimal(0))

    def free(self, symbol: str) -> Decimal:
        """Return the shares that can be sold now."""
        return next((h.free for h in self.holdings if h.symbol == symbol), Decimal(0))


@dataclass(frozen=True, slots=True)
class OpenOrder:
    """An order that may still fill, placed by anybody."""

    order_id: str
    broker_id: str
    symbol: str
    side: Side
    shares: Decimal


@dataclass(frozen=True, slots=True)
class Fill:
    """One execution.

    Attributes:
        id: The broker's own number of it, unique within the account.
        order_id: Client order id, empty where the broker keeps none.
        broker_id: The broker's number of the order.
        symbol, side, shares, price, currency: What was traded; the price is of one share.
        fees: Of this fill, in `currency`.
        at: When.
        settles_on: When the money moves.
    """

    id: str
    order_id: str
    broker_id: str
    symbol: str
    side: Side
    shares: Decimal
    price: Decimal
    currency: str
    fees: Decimal
    at: datetime
    settles_on: date


def settles_on(traded_on: date, exchange: str, is_session: Callable[[date], bool]) -> date:
    """Return the settlement date of a trade: one session later in the US, two in Korea."""
    day = traded_on
    left = SETTLEMENT_SESSIONS.get(exchange, 2)
    while left:
        day += timedelta(days=1)
        left -= is_session(day)
    return day
