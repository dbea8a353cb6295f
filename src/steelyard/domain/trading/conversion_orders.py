"""Which money has to be changed before the trades of a plan can be paid, account by account.

A planner counts in one currency; a broker keeps a balance for each. What the trades leave short in one
is changed from the others, through the base currency, and no more than that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from steelyard.domain.money import EXACT, ONE, ZERO, plain
from steelyard.domain.trades import Side
from steelyard.domain.trading.brokerage import FX
from steelyard.domain.trading.saved_plans import SavedTrade
from steelyard.words import say

STEP = Decimal("0.01")


def conversions(
    trades: Sequence[SavedTrade],
    cash: Mapping[str, Mapping[str, Decimal]],
    fx: Mapping[str, Decimal],
    *,
    base: str,
    spread: Decimal,
) -> tuple[SavedTrade, ...]:
    """Return the money to change, sales of foreign money first.

    In each account: foreign money that the trades leave short is bought with base money, rounded up to a
    hundredth. What base money is short then is raised by selling foreign money the trades leave over, in the
    order of the currencies' names.

    Args:
        trades: Of the plan, priced as they will be placed; `cost` is in base currency.
        cash: By account and currency, new money included.
        fx: Units of base currency for one unit of each currency.
        base: Base currency.
        spread: Cost of changing, fraction of the amount.
    """
    found: list[SavedTrade] = []
    for account in dict.fromkeys(t.account for t in trades):
        left = _left(trades, cash.get(account, {}), fx, account)
        bought = []
        for currency in sorted(left):
            if currency != base and left[currency] < 0:
                units = _units(-left[currency], ROUND_CEILING)
                bought.append(_leg(account, currency, "buy", units, fx[currency], base, spread))
        need = -left.get(base, ZERO)
        for leg in bought:
            need = EXACT.add(need, EXACT.add(leg.amount, leg.cost))
        for currency in sorted(left):
            over = _units(left[currency], ROUND_FLOOR) if currency != base else ZERO
            if need <= 0 or over <= 0:
                continue
            brings = EXACT.multiply(fx[currency], ONE - spread)
            units = min(over, _units(EXACT.divide(need, brings), ROUND_CEILING))
            leg = _leg(account, currency, "sell", units, fx[currency], base, spread)
            need = EXACT.subtract(need, EXACT.subtract(leg.amount, leg.cost))
            found.append(leg)
        found += bought
    return tuple(sorted(found, key=lambda t: t.side != "sell"))


def _left(
    trades: Sequence[SavedTrade], balance: Mapping[str, Decimal], fx: Mapping[str, Decimal], account: str
) -> dict[str, Decimal]:
    left = dict(balance)
    for t in trades:
        if t.account != account:
            continue
        worth = EXACT.multiply(t.shares, t.price)
        change = worth if t.side == "sell" else -worth
        change = EXACT.subtract(change, EXACT.divide(t.cost, fx[t.currency]))
        left[t.currency] = EXACT.add(left.get(t.currency, ZERO), change)
    return left


def _units(amount: Decimal, rounding: str) -> Decimal:
    steps = EXACT.divide(amount, STEP).to_integral_value(rounding)
    return EXACT.multiply(steps, STEP)


def _leg(
    account: str, currency: str, side: Side, units: Decimal, rate: Decimal, base: str, spread: Decimal
) -> SavedTrade:
    amount = EXACT.multiply(units, rate)
    given, got = (base, currency) if side == "buy" else (currency, base)
    return SavedTrade(
        account=account,
        symbol=f"{currency}{base}",
        side=side,
        shares=units,
        price=rate,
        currency=base,
        amount=amount,
        cost=EXACT.multiply(amount, spread),
        reason=say(
            "{given} is changed into {got} for the trades of {account}", given=given, got=got, account=account
        ),
        exchange=FX,
        step=STEP,
    )


def by_hand(
    given: tuple[str, str], brings: tuple[str, str], account: str, with_it: Decimal, told: Decimal
) -> tuple[str, str]:
    """Return what to say while money that its owner changes by hand is not there yet, and what to do.

    Args:
        given: What is changed, amount and currency.
        brings: What it brings, amount and currency.
        account: Where.
        with_it: What the broker would show once it is done.
        told: What the broker shows.
    """
    text = say(
        "{given} are to be changed into {brings} in {account}; with them its broker would show "
        "{with_it} {currency}, and it shows {told}",
        given=" ".join(given),
        brings=" ".join(brings),
        account=account,
        with_it=plain(with_it),
        currency=brings[1],
        told=plain(told),
    )
    return text, say("change the money at the broker, then run `steelyard execute` again")
