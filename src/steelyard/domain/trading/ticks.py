"""Price steps: the limits that an exchange takes, and nothing between them."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from steelyard.domain.money import EXACT, ONE, ZERO
from steelyard.domain.trading.brokerage import FX

_US_CENT, _US_FINE, _RATE = Decimal("0.01"), Decimal("0.0001"), Decimal("0.0001")
_KRX_COARSE = Decimal(5)
_KRX_FROM = Decimal(2000)


def tick(exchange: str, price: Decimal) -> Decimal:
    """Return the price step of an ETF at a price.

    Source: SEC Rule 612 of Regulation NMS, 17 CFR 242.612 (0.01 from one dollar up, 0.0001 below); KRX
    KOSPI market business regulation for ETFs since 2023-12-11 (1 won below 2,000 won, 5 won from there up).
    """
    if exchange == "XKRX":
        return ONE if price < _KRX_FROM else _KRX_COARSE
    if exchange == FX:
        return _RATE
    return _US_CENT if price >= ONE else _US_FINE


def on_tick(price: Decimal, exchange: str, side: str) -> Decimal:
    """Return the nearest price on a step that is no worse for its owner: purchases down, sales up.

    A purchase below the smallest step becomes zero, which no exchange takes.
    """
    step = tick(exchange, price)
    rounding = ROUND_FLOOR if side == "buy" else ROUND_CEILING
    return EXACT.multiply(EXACT.divide(price, step).to_integral_value(rounding), step)


def is_on_tick(price: Decimal, exchange: str) -> bool:
    """Say whether an exchange takes a limit at this price."""
    return price > ZERO and price == on_tick(price, exchange, "buy")
