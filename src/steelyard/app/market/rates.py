"""The exchange rates an owner has at hand: those of his folder of prices, and those that were fetched."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from steelyard.domain.market.prices import Close, PriceLimits, Wanted, judge
from steelyard.errors import DataError
from steelyard.ports.market import PriceSource


def rates_at_hand(
    pair: Wanted, folder: PriceSource | None, limits: PriceLimits, fetched: Iterable[Close]
) -> dict[date, Decimal]:
    """Return the rates of a pair by day.

    Those of the folder are judged as at a fetch: a slipped digit is no rate. A fetched one was compared with
    other sources, so it goes before one of the folder.

    Args:
        pair: Such as `USDKRW`, in won.
        folder: The owner's files, None where he does not want them asked.
        limits: What a rate must keep to.
        fetched: Those that were found good when they were fetched, newest answer first, which is to count.

    Raises:
        DataError: A file of the folder cannot be read.
    """
    rates: dict[date, Decimal] = {}
    if folder is not None and folder.offers(pair):
        try:
            closes = folder.read(pair, folder.ask(pair, date.min, date.max))
        except DataError as error:
            if error.code != "price-empty":
                raise
            closes = ()
        judged = judge(pair, folder.name, closes, limits, as_of=date.max)
        rates |= {close.day: close.price for close in judged.good}
    return rates | {close.day: close.price for close in reversed(tuple(fetched))}
