"""Shares a spouse or a relative in the direct line gave: whose cost counts when they are sold.

In the lots they stand at their value on the day of the gift, which is what they cost the one who got them.
Only a sale within a year puts the giver's cost in its place.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from steelyard.domain.books.lots import TaxLot, share
from steelyard.domain.money import EXACT, ZERO
from steelyard.domain.tax.korea.rates import TaxRates
from steelyard.records import dataclass, replace
from steelyard.words import say

CARRIED_OVER = say("gift: sold within a year, so the giver's cost counts")


@dataclass(frozen=True, slots=True)
class Gift:
    """A gift as it stands among the lots, totals in won.

    Attributes:
        given_on: Day of the gift.
        shares: In shares of today, after splits.
        value: On that day, the market's.
        giver_cost: What the giver paid.
        gift_tax: On these shares.
        giver_died: The day, where it is known: a sale after it does not keep the giver's cost.
    """

    given_on: date
    shares: Decimal
    value: Decimal
    giver_cost: Decimal
    gift_tax: Decimal = ZERO
    giver_died: date | None = None

    def split(self, ratio: Decimal) -> Gift:
        """Return it after a split."""
        return replace(self, shares=EXACT.multiply(self.shares, ratio))


def sold_gift(
    data: Mapping[str, Any], gift: Gift, lot: TaxLot, *, proceeds: Decimal, sold_on: date
) -> tuple[TaxLot, bool]:
    """Return a part of a gift that is sold, at the cost that counts, and whether that is the giver's.

    Args:
        data: The Korean data file.
        gift: The whole gift.
        lot: The part sold, as it left the lots.
        proceeds: Of the part, won.
        sold_on: The day the sale settled.
    """
    part = {
        name: share(getattr(gift, name), lot.shares, gift.shares)
        for name in ("value", "giver_cost", "gift_tax")
    }
    died = gift.giver_died
    if died is not None and died <= sold_on:
        return lot, False
    basis = gift_basis(data, **part, proceeds=proceeds, given_on=gift.given_on, sold_on=sold_on)
    more = EXACT.subtract(basis.cost, part["value"])
    return replace(lot, cost=EXACT.add(lot.cost, more)), basis.carried_over


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
    if given_on < first or sold_on > a_year_after(given_on):
        return GiftBasis(value, carried_over=False)
    expense = min(gift_tax, max(EXACT.subtract(proceeds, giver_cost), ZERO))
    carried = EXACT.add(giver_cost, expense)
    return GiftBasis(value, carried_over=False) if carried > value else GiftBasis(carried, carried_over=True)


def gift_tax(value: Decimal, free: Decimal, rates: TaxRates) -> Decimal:
    """Return the gift tax on a gift, before the 3 % for a return in time, in won.

    Args:
        value: On the day of the gift, won.
        free: What ten years leave free of it.

    Source: rules kr.gift-deduction, kr.gift-tax.
    """
    return rates.progressive("gift", max(EXACT.subtract(value, free), ZERO))


def a_year_after(day: date) -> date:
    """Return the same day of the next year, 28 February for the 29th."""
    if (day.month, day.day) == (2, 29):
        return date(day.year + 1, 2, 28)
    return day.replace(year=day.year + 1)
