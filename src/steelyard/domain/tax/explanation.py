"""One sale walked through its rules: what was sold, what each figure is made of, and which rule says so."""

from __future__ import annotations

from decimal import Decimal

from steelyard.domain.money import EXACT, exact_sum, plain
from steelyard.domain.tax.country import Disposal, RateUsed, YearTax
from steelyard.domain.tax.rules import Rule
from steelyard.errors import InputError
from steelyard.records import dataclass
from steelyard.words import say


@dataclass(frozen=True, slots=True)
class Explanation:
    """A sale with the steps to its figures.

    Attributes:
        disposal: The sale.
        steps: A sentence each, in the order of the computation.
        rules: Those its figures rest on, in the order of the sale.
    """

    disposal: Disposal
    steps: tuple[str, ...]
    rules: tuple[Rule, ...]


def explained(year: YearTax, number: int) -> Explanation:
    """Return how the figures of a sale come about.

    Args:
        year: As `tax` shows it.
        number: Of the sale in that list, from 1.

    Raises:
        InputError: There is no such sale (`tax-sale-unknown`).
    """
    if not 1 <= number <= len(year.disposals):
        raise InputError(
            "tax-sale-unknown",
            say(
                "there is no sale {number} in {year}: {count} were settled in it",
                number=number,
                year=year.year,
                count=len(year.disposals),
            ),
            say("count the lines of `steelyard tax` from 1"),
        )
    sale = year.disposals[number - 1]
    known = {rule.id: rule for rule in year.rules}
    steps = (*_sold(sale, year), *_bought(sale, year), *_result(sale, year), *sale.notes)
    return Explanation(sale, steps, tuple(known[name] for name in sale.rules if name in known))


def _sold(sale: Disposal, year: YearTax) -> list[str]:
    steps: list[str] = [
        say(
            "{shares} {symbol} in {account} were sold on {sold_on} and settled on {settles_on}, so they "
            "belong to {year}.",
            shares=plain(sale.shares),
            symbol=sale.symbol,
            account=sale.account,
            sold_on=sale.sold_on,
            settles_on=sale.settles_on,
            year=year.year,
        )
    ]
    steps += [_rate(used) for used in _rates(sale, year, "sell") if used.traded_on == sale.sold_on]
    if sale.gross is not None and sale.expenses is not None:
        steps.append(
            say(
                "Proceeds before fees {gross} {currency}, fees of purchase and sale {expenses}.",
                gross=_money(sale.gross),
                expenses=_money(sale.expenses),
                currency=year.currency,
            )
        )
    return steps


def _bought(sale: Disposal, year: YearTax) -> list[str]:
    steps: list[str] = [
        say(
            "{shares} of them bought from {bought} on cost {cost}, fees included.",
            shares=plain(lot.shares),
            bought=lot.bought,
            cost=_money(lot.cost),
        )
        for lot in sale.lots
    ]
    days = {lot.bought for lot in sale.lots}
    # A moving average comes from every purchase before the sale.
    first = min(days, default=sale.sold_on)
    averaged = len(sale.lots) == 1
    steps += [
        _rate(used)
        for used in _rates(sale, year, "buy", "transfer_in")
        if used.dealt_on in days or (averaged and first <= used.dealt_on <= sale.sold_on)
    ]
    return steps


def _result(sale: Disposal, year: YearTax) -> list[str]:
    cost = exact_sum(lot.cost for lot in sale.lots) if sale.lots else sale.cost
    steps: list[str] = [
        say(
            "Proceeds {proceeds} less cost {cost}: gain {gain} {currency}.",
            proceeds=_money(sale.proceeds),
            cost=_money(cost),
            gain=_money(EXACT.subtract(sale.proceeds, cost)),
            currency=year.currency,
        )
    ]
    if sale.disallowed:
        steps.append(say("{amount} of the loss do not count.", amount=_money(sale.disallowed)))
    if sale.taxable is None:
        steps.append(say("It enters the net gain of the year; no tax falls on it alone."))
    else:
        steps.append(
            say(
                "Of this sale alone {amount} {currency} are taxed.",
                amount=_money(sale.taxable),
                currency=year.currency,
            )
        )
    return steps


def _rates(sale: Disposal, year: YearTax, *kinds: str) -> list[RateUsed]:
    return [
        used
        for used in year.rates_used
        if used.kind in kinds and (used.account, used.symbol) == (sale.account, sale.symbol)
    ]


def _rate(used: RateUsed) -> str:
    return say(
        "The rate of {currency} for {traded_on} is {rate} ({name}).",
        currency=used.currency,
        traded_on=used.dealt_on,
        rate=plain(used.rate),
        name=used.name or (say("of the entry itself") if used.day is None else used.day.isoformat()),
    )


def _money(amount: Decimal) -> str:
    whole = amount.to_integral_value()
    return f"{amount:,.2f}" if amount != whole else f"{whole:,f}"
