"""The Korean tax on overseas-listed shares: one net gain a year and person, one deduction, one rate.

What changes that gain has modules of its own: `korea_gifts` and `korea_repatriation`.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from steelyard.domain.money import EXACT, ZERO, exact_sum
from steelyard.domain.tax.korea.rates import TaxRates, tens_of_won, whole_won, without_dust
from steelyard.records import dataclass


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


def overseas_tax(gains: Iterable[Decimal], rates: TaxRates, *, repatriation: Decimal = ZERO) -> OverseasTax:
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
    national = tens_of_won(EXACT.multiply(taxable, rates["overseas.national"]))
    local = tens_of_won(EXACT.multiply(taxable, rates["overseas.local"]))
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


def still_free(net_gain: Decimal, rates: TaxRates) -> Decimal:
    """Return the unused part of the year's basic deduction, in won."""
    return overseas_tax((net_gain,), rates).still_free


def loss_saves(net_gain: Decimal, loss: Decimal, rates: TaxRates) -> Decimal:
    """Return the tax of the year that realising a loss saves: nothing below the basic deduction.

    Args:
        net_gain: Realised in the year so far, won.
        loss: > 0, won.
    """
    without = overseas_tax((net_gain,), rates).tax
    return EXACT.subtract(without, overseas_tax((EXACT.subtract(net_gain, loss),), rates).tax)
