"""A portfolio as it would be with other prices, rates or targets; nothing is written anywhere."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from steelyard.domain.money import EXACT, ONE, ZERO, Amount, exact_sum, plain
from steelyard.domain.portfolio import Account, Portfolio, Quote
from steelyard.errors import InputError
from steelyard.records import replace
from steelyard.words import say


def what_if(
    portfolio: Portfolio,
    *,
    prices: Mapping[str, Amount],
    fx: Mapping[str, Decimal],
    targets: Mapping[str, Decimal],
) -> Portfolio:
    """Return a portfolio with some figures replaced.

    Args:
        portfolio: Without problems.
        prices: By symbol, in the instrument's own currency where none is named.
        fx: Units of base currency for one of a foreign one, by pair (`USDKRW`).
        targets: By name; where they are not all, the others share the rest in proportion.

    Raises:
        InputError: A symbol, pair or target that the portfolio does not know, or targets that cannot add up.
    """
    portfolio = _with_rates(portfolio, fx)
    for symbol, price in prices.items():
        portfolio = _with_price(portfolio, symbol, price)
    return replace(portfolio, targets=_moved(portfolio.targets, targets)) if targets else portfolio


def _with_rates(portfolio: Portfolio, fx: Mapping[str, Decimal]) -> Portfolio:
    rates = dict(portfolio.fx)
    for pair, rate in fx.items():
        foreign, base = pair[:3], pair[3:]
        if base != portfolio.base_currency or foreign not in rates:
            known = ", ".join(f"{c}{portfolio.base_currency}" for c in sorted(rates))
            raise InputError(
                "fx-pair",
                say("{pair!r} is no pair with {base}", pair=pair, base=portfolio.base_currency),
                say("use one of {choices}", choices=known or portfolio.base_currency),
            )
        rates[foreign] = rate
    return replace(portfolio, fx=rates) if fx else portfolio


def _with_price(portfolio: Portfolio, symbol: str, price: Amount) -> Portfolio:
    quote = portfolio.quotes.get(symbol)
    if symbol not in portfolio.instruments or (quote is not None and quote.by_value):
        raise InputError(
            "unknown-symbol",
            say("{symbol} has no price here that could be another", symbol=symbol),
            say("use one of {choices}", choices=", ".join(portfolio.quotes)),
        )
    currency = price.currency or portfolio.instruments[symbol].currency
    portfolio.known_rate(currency)
    day = None if quote is None else quote.priced_on
    quotes = {**portfolio.quotes, symbol: Quote(price.value, currency, priced_on=day)}
    # What the owner stated as the value was of the price before.
    accounts = tuple(_unstated(account, symbol) for account in portfolio.accounts)
    return replace(portfolio, quotes=quotes, accounts=accounts)


def _unstated(account: Account, symbol: str) -> Account:
    positions = tuple(replace(p, worth=None) if p.symbol == symbol else p for p in account.positions)
    return replace(account, positions=positions)


def _moved(now: Mapping[str, Decimal], wanted: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """Return the targets with some of them set, the others in proportion to what they were."""
    unknown = [name for name in wanted if name not in now]
    if unknown:
        raise InputError(
            "unknown-symbol",
            say("{name} is no target", name=", ".join(unknown)),
            say("use one of {choices}", choices=", ".join(now)),
        )
    rest = EXACT.subtract(ONE, exact_sum(wanted.values()))
    others = {name: weight for name, weight in now.items() if name not in wanted}
    whole = exact_sum(others.values())
    if rest < ZERO or (rest and not whole):
        raise InputError(
            "target-sum",
            say("these targets leave {rest} % for the others", rest=plain(rest * 100)),
            say("let them add up to 100 % with the others"),
        )
    found = {name: wanted.get(name, ZERO) for name in now}
    left = rest
    for place, (name, weight) in enumerate(others.items()):
        last = place == len(others) - 1
        share = left if last else EXACT.divide(EXACT.multiply(weight, rest), whole).quantize(Decimal("1e-12"))
        found[name] = share
        left = EXACT.subtract(left, share)
    return found
