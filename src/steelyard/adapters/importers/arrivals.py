"""What shares cost that were transferred into an account, as far as a broker tells.

No export tells it with the transfer: `positionAmount` of Flex and `price` of Alpaca are the value of that
day. Open Positions of Flex by lot tells purchase date and cost of what is still held. A lot is taken where it
can be no other.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from steelyard.adapters.importers.rows import add_up, spread
from steelyard.domain.money import ZERO, plain


@dataclass(frozen=True, slots=True)
class OpenPositionLot:
    """A row of Open Positions at the level LOT; `opened` as 2026-03-10, `cost` of all its shares."""

    account: str
    symbol: str
    opened: str
    shares: Decimal
    cost: Decimal
    currency: str

    @property
    def price(self) -> str:
        """What one share cost, as text."""
        return spread(self.cost, self.shares)[0]


@dataclass(frozen=True, slots=True)
class Arrival:
    """Shares that came in on a day, in the currency they are quoted in."""

    account: str
    symbol: str
    day: str
    shares: Decimal
    currency: str


def lots_of(
    arrival: Arrival, held: Iterable[OpenPositionLot], taken: Iterable[tuple[str, str]]
) -> tuple[OpenPositionLot, ...]:
    """Return the lots that came in, oldest first; empty where the file does not tell.

    They are the lots opened before the arrival, if together they are exactly the shares that came in and none
    of the symbol left the account or was split: anything else held before would make them more.

    Args:
        arrival: The transfer.
        held: All lots of the file.
        taken: (account, symbol) of every sale, transfer out and corporate action of the file.
    """
    key = arrival.account, arrival.symbol
    before = [lot for lot in held if (lot.account, lot.symbol) == key and lot.opened < arrival.day]
    known = all(lot.cost > ZERO and lot.currency == arrival.currency for lot in before)
    if key in set(taken) or not known or add_up(*(lot.shares for lot in before)) != arrival.shares:
        return ()
    return tuple(sorted(before, key=lambda lot: lot.opened))


def to_record(arrival: Arrival, account: str, lots: Iterable[OpenPositionLot]) -> str:
    """Return the commands that enter an arrival with its cost, and words to fill in what is not known."""
    parts = [(lot.shares, lot.price, lot.opened) for lot in lots] or [
        (arrival.shares, "COST-OF-ONE", "PURCHASE-DATE")
    ]
    return "; ".join(
        f"`steelyard record date={arrival.day} account={account} type=transfer_in symbol={arrival.symbol} "
        f"shares={plain(shares)} price={price} currency={arrival.currency} lot={bought}`"
        for shares, price, bought in parts
    )
