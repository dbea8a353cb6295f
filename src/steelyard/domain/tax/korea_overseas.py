"""The Korean tax on overseas-listed shares: one net gain a year and person, one deduction, one rate.

Around it what changes that gain: what a loss saves, shares a spouse gave, the repatriation account of 2026.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from steelyard.domain.money import EXACT, ONE, ZERO, exact_sum
from steelyard.domain.tax.korea_rates import Rates, whole_won, without_dust
from steelyard.errors import InputError


@dataclass(frozen=True, slots=True)
class OverseasTax:
    """The tax of one person's year on overseas-listed shares, in won.

    Attributes:
        net_gain: Gains less losses over all accounts, to ten decimals; a loss ends with the year.
        deduction: The basic deduction of the year.
        repatriation: Deducted for sales through a repatriation account.
        taxable: What is taxed, whole won, >= 0.
        still_free: Unused part of the basic deduction, between 0 and all of it.
        gain_room: Gain that may still be realised without tax: `still_free`, and what it takes to make up
            for a net loss.
    """

    net_gain: Decimal
    deduction: Decimal
    repatriation: Decimal
    taxable: Decimal
    national_tax: Decimal
    local_tax: Decimal
    tax: Decimal
    still_free: Decimal
    gain_room: Decimal


def overseas_tax(gains: Iterable[Decimal], rates: Rates, *, repatriation: Decimal = ZERO) -> OverseasTax:
    """Return the tax on a year's gains and losses.

    Args:
        gains: Of every sale settled in the year, over all taxable accounts of the person, won.
        rates: Of the year.
        repatriation: See `repatriation_deduction`, >= 0; more than the rest of the gain is of no use.

    Source: rules kr.overseas-rate, kr.overseas-deduction, kr.overseas-netting.
    """
    net = without_dust(exact_sum(gains))
    deduction = rates["overseas.deduction"]
    left = max(EXACT.subtract(net, deduction), ZERO)
    used = min(repatriation, left)
    taxable = whole_won(EXACT.subtract(left, used))
    national = whole_won(EXACT.multiply(taxable, rates["overseas.national"]))
    local = whole_won(EXACT.multiply(taxable, rates["overseas.local"]))
    room = max(EXACT.subtract(deduction, net), ZERO)
    return OverseasTax(
        net_gain=net,
        deduction=deduction,
        repatriation=used,
        taxable=taxable,
        national_tax=national,
        local_tax=local,
        tax=EXACT.add(national, local),
        still_free=min(room, deduction),
        gain_room=room,
    )


def still_free(net_gain: Decimal, rates: Rates) -> Decimal:
    """Return the unused part of the year's basic deduction, in won."""
    return overseas_tax((net_gain,), rates).still_free


def loss_saves(net_gain: Decimal, loss: Decimal, rates: Rates) -> Decimal:
    """Return the tax of the year that realising a loss saves: nothing below the basic deduction.

    Args:
        net_gain: Realised in the year so far, won.
        loss: > 0, won.
    """
    without = overseas_tax((net_gain,), rates).tax
    return EXACT.subtract(without, overseas_tax((EXACT.subtract(net_gain, loss),), rates).tax)


@dataclass(frozen=True, slots=True)
class GiftBasis:
    """The cost that counts when shares given by a spouse are sold.

    Attributes:
        cost: The giver's cost and the gift tax, or the value on the day of the gift.
        carried_over: True for the giver's cost.
    """

    cost: Decimal
    carried_over: bool


def gift_basis(
    data: Mapping[str, Any],
    *,
    giver_cost: Decimal,
    value: Decimal,
    proceeds: Decimal,
    given_on: date,
    sold_on: date,
    gift_tax: Decimal = ZERO,
) -> GiftBasis:
    """Return the cost of shares received as a gift from a spouse or a relative in the direct line.

    Sold up to one year after the gift they keep the giver's cost, and the gift tax is an expense up to the
    gain; later, for gifts before 2025, and where carrying over would lower the tax, their value on the day
    of the gift counts.

    Args:
        data: The Korean data file.
        giver_cost, value, proceeds, gift_tax: Of all the shares sold, won.
        given_on, sold_on: Gift received; sale settled.

    Source: rule kr.gift-basis.
    """
    first = date.fromisoformat(data["gift_carry_over_from"])
    if given_on < first or sold_on > _a_year_after(given_on):
        return GiftBasis(value, carried_over=False)
    expense = min(gift_tax, max(EXACT.subtract(proceeds, giver_cost), ZERO))
    carried = EXACT.add(giver_cost, expense)
    return GiftBasis(value, carried_over=False) if carried > value else GiftBasis(carried, carried_over=True)


def gift_tax_base(value: Decimal, rates: Rates, *, earlier_gifts: Decimal = ZERO) -> Decimal:
    """Return the part of a gift to a spouse above what ten years leave free, in won.

    Args:
        value: On the day of the gift.
        earlier_gifts: Between the same two in the ten years before.

    Source: rule kr.gift-deduction.
    """
    free = max(EXACT.subtract(rates["gift.spouse_deduction"], earlier_gifts), ZERO)
    return max(EXACT.subtract(value, free), ZERO)


def _a_year_after(day: date) -> date:
    if (day.month, day.day) == (2, 29):
        return date(day.year + 1, 2, 28)
    return day.replace(year=day.year + 1)


@dataclass(frozen=True, slots=True)
class RepatriationSale:
    """A sale through the repatriation account: the day, its proceeds and its cost in won."""

    sold_on: date
    proceeds: Decimal
    cost: Decimal


@dataclass(frozen=True, slots=True)
class OutsideTrade:
    """A trade in overseas shares or KRX-listed ETFs on foreign indices in another account, in won."""

    traded_on: date
    bought: bool
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Repatriation:
    """What the repatriation account deducts: the amount, and the ratio left after purchases elsewhere."""

    deduction: Decimal
    ratio: Decimal


def repatriation_deduction(
    sales: Sequence[RepatriationSale], outside: Iterable[OutsideTrade], rates: Rates, data: Mapping[str, Any]
) -> Repatriation:
    """Return what sales through a repatriation account deduct from the year's gain.

    Each gain counts by the part of its period, as far as its proceeds fit under the cap, times the ratio
    1 - (A - B) / C of weighted purchases A and sales B elsewhere to weighted sales C in the account. The
    caller deducts it after the basic deduction: see `overseas_tax`.

    Args:
        sales: In the account.
        outside: In all other accounts, in the periods of the measure.
        rates: Of 2026.
        data: The Korean data file.

    Raises:
        InputError: A day outside the measure (`repatriation-day`).

    Source: rule kr.repatriation.
    """
    left = rates["repatriation.cap"]
    deduction = weighted_sales = ZERO
    for sale in sorted(sales, key=lambda s: s.sold_on):
        fits = min(sale.proceeds, left)
        if fits <= ZERO:
            continue
        left = EXACT.subtract(left, fits)
        weighted = EXACT.multiply(fits, _part(sale.sold_on, data))
        weighted_sales = EXACT.add(weighted_sales, weighted)
        gain = EXACT.subtract(sale.proceeds, sale.cost)
        deduction = EXACT.add(deduction, EXACT.divide(EXACT.multiply(gain, weighted), sale.proceeds))
    net = ZERO
    for trade in outside:
        weighted = EXACT.multiply(trade.amount, _part(trade.traded_on, data))
        net = EXACT.add(net, weighted) if trade.bought else EXACT.subtract(net, weighted)
    if weighted_sales <= ZERO:
        return Repatriation(ZERO, ONE)
    ratio = EXACT.subtract(ONE, EXACT.divide(max(net, ZERO), weighted_sales))
    ratio = max(ratio, ZERO)
    return Repatriation(whole_won(max(EXACT.multiply(deduction, ratio), ZERO)), ratio)


def _part(day: date, data: Mapping[str, Any]) -> Decimal:
    for row in data["repatriation_periods"]:
        if date.fromisoformat(row["from"]) <= day <= date.fromisoformat(row["to"]):
            return Decimal(row["part"])
    raise InputError(
        "repatriation-day",
        f"{day} is outside the periods of the repatriation account",
        "leave the trade out: the measure knows only its own periods",
    )
