"""The Korean tax on shares: one net gain a year and person, one deduction, one rate for those listed abroad.

Taxable Korean shares (of a large holder, or sold off the market) are one group with them (ITA 102(1)2):
losses and the deduction are shared, the rates are not. What changes a gain has modules of its own: `gifts`,
`repatriation` and `hedging`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal

from steelyard.domain.money import EXACT, ZERO, exact_sum
from steelyard.domain.tax.korea.rates import TaxRates, tens_of_won, whole_won
from steelyard.records import dataclass


@dataclass(frozen=True, slots=True)
class ShareGain:
    """What taxable Korean shares gained, in won.

    Attributes:
        amount: Negative for a loss.
        on: Settled.
        short: Held less than a year.
    """

    amount: Decimal
    on: date
    short: bool


@dataclass(frozen=True, slots=True)
class OverseasTax:
    """The tax of one person's year on shares, in won.

    Attributes:
        net_gain: Gains less losses over all accounts, cut to whole won; a loss ends with the year.
        domestic: The part of it from taxable Korean shares.
        deduction: The basic deduction of the year.
        repatriation: Deducted for sales through a repatriation account.
        hedging: Deducted for hedging against the exchange rate.
        taxable: What is taxed, whole won, >= 0: net gain less the three of them.
        still_free: Unused part of the basic deduction, between 0 and all of it.
        gain_room: Gain that may still be realised without tax: `still_free`, and what it takes to make up
            for a net loss.
    """

    net_gain: Decimal
    domestic: Decimal
    deduction: Decimal
    repatriation: Decimal
    hedging: Decimal
    taxable: Decimal
    national_tax: Decimal
    local_tax: Decimal
    tax: Decimal
    still_free: Decimal
    gain_room: Decimal


def overseas_tax(
    gains: Iterable[Decimal],
    rates: TaxRates,
    *,
    repatriation: Decimal = ZERO,
    hedging: Decimal = ZERO,
    shares: Sequence[ShareGain] = (),
    first_overseas: date | None = None,
) -> OverseasTax:
    """Return the tax on a year's gains and losses.

    Args:
        gains: Of every sale of shares listed abroad that is settled in the year, over all taxable accounts of
            the person, won.
        rates: Of the year.
        repatriation: See `repatriation_deduction`, >= 0; more than the rest of the gain is of no use.
        hedging: See `hedging_deduction`, likewise; taken after it.
        shares: Taxable Korean shares sold.
        first_overseas: When the first of `gains` was settled, where there are `shares`: the deduction
        belongs to
            what was sold first.

    Source: rules kr.overseas-rate, kr.overseas-deduction, kr.overseas-netting, kr.domestic-shares.
    """
    abroad = exact_sum(gains)
    domestic = exact_sum(s.amount for s in shares)
    net = whole_won(EXACT.add(abroad, domestic))
    deduction = rates["overseas.deduction"]
    left = max(EXACT.subtract(net, deduction), ZERO)
    if not shares:
        used = min(repatriation, left)
        hedged = min(hedging, EXACT.subtract(left, used))
        taxable = whole_won(EXACT.subtract(EXACT.subtract(left, used), hedged))
        national = EXACT.multiply(taxable, rates["overseas.national"])
        local = EXACT.multiply(taxable, rates["overseas.local"])
    else:
        groups = _groups(abroad, shares, first_overseas)
        bases = _after_deduction(groups, deduction)
        used = min(repatriation, bases["overseas"])
        hedged = min(hedging, EXACT.subtract(bases["overseas"], used))
        bases["overseas"] = EXACT.subtract(EXACT.subtract(bases["overseas"], used), hedged)
        taxable = whole_won(exact_sum(bases.values()))
        national = exact_sum(
            (
                EXACT.multiply(whole_won(bases["overseas"]), rates["overseas.national"]),
                rates.progressive("shares.large", whole_won(bases["large"])),
                EXACT.multiply(whole_won(bases["short"]), rates["shares.short"]),
            )
        )
        local = EXACT.multiply(national, rates["income.local_part"])
    national, local = tens_of_won(national), tens_of_won(local)
    room = max(EXACT.subtract(deduction, net), ZERO)
    return OverseasTax(
        net_gain=net,
        domestic=whole_won(domestic),
        deduction=deduction,
        repatriation=used,
        hedging=hedged,
        taxable=taxable,
        national_tax=national,
        local_tax=local,
        tax=EXACT.add(national, local),
        still_free=min(room, deduction),
        gain_room=room,
    )


def _groups(abroad: Decimal, shares: Sequence[ShareGain], first: date | None) -> dict[str, Decimal]:
    """Return the income by rate after losses: first against the same rate, the rest in proportion.

    The groups come in the order of their first sale, for the deduction.

    Source: Decree 167-2(1); ITA 103(2).
    """
    amounts = {
        "overseas": abroad,
        "large": exact_sum(s.amount for s in shares if not s.short),
        "short": exact_sum(s.amount for s in shares if s.short),
    }
    days = {
        "overseas": first or date.max,
        "large": min((s.on for s in shares if not s.short), default=date.max),
        "short": min((s.on for s in shares if s.short), default=date.max),
    }
    positive = exact_sum(max(a, ZERO) for a in amounts.values())
    lost = EXACT.minus(exact_sum(min(a, ZERO) for a in amounts.values()))
    result = {}
    for name in sorted(amounts, key=lambda n: (days[n], n)):
        amount = max(amounts[name], ZERO)
        part = EXACT.divide(EXACT.multiply(min(lost, positive), amount), positive) if positive else ZERO
        result[name] = EXACT.subtract(amount, part)
    return result


def _after_deduction(groups: dict[str, Decimal], deduction: Decimal) -> dict[str, Decimal]:
    left, result = deduction, {}
    for name, amount in groups.items():
        used = min(left, amount)
        left = EXACT.subtract(left, used)
        result[name] = EXACT.subtract(amount, used)
    return result


def still_free(net_gain: Decimal, rates: TaxRates) -> Decimal:
    """Return the unused part of the year's basic deduction, in won."""
    return overseas_tax((net_gain,), rates).still_free
