"""What an account holds of one ETF by Korean rules, and what corporate actions do to it."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from steelyard.domain.books.holdings import Shortfall
from steelyard.domain.books.ledger import Entry
from steelyard.domain.books.lots import Pool, TaxLot, share
from steelyard.domain.money import EXACT, ONE, ZERO, exact_sum
from steelyard.domain.tax.country import YearFacts
from steelyard.domain.tax.korea.exchange import in_won
from steelyard.domain.tax.korea.gifts import Gift
from steelyard.domain.tax.korea.withholding import FundCredits
from steelyard.errors import InputError
from steelyard.records import dataclass, field, replace
from steelyard.words import say


@dataclass(slots=True)
class Position:
    """The shares of one ETF in one account while the journal is walked."""

    tax_class: str
    pool: Pool
    untaxed: Decimal = ZERO
    """What distributions paid on the shares held beyond what was taxed."""
    bought: int = 0
    gifts: dict[int, Gift] = field(default_factory=dict)
    """By the order of their lot, as the next."""
    rate_notes: dict[int, str] = field(default_factory=dict)
    fees: Decimal = ZERO
    """Of all purchases still held, won; what a moving average takes its part of."""
    fee_parts: dict[int, Decimal] = field(default_factory=dict)
    """Fraction of the cost of a purchase that was its fees, by the order of its lot."""
    credits: FundCredits = field(default_factory=FundCredits)
    """What the fund paid abroad and no payment has used yet."""

    def fees_of(self, taken: Iterable[TaxLot], held: Decimal) -> tuple[Decimal, ...]:
        """Return the purchase fees inside the cost of each lot taken out, in won; `held` shares were there.

        Under the moving average, which knows no purchases, all of it stands with the first.
        """
        lots = tuple(taken)
        if self.pool.method == "average":
            part = share(self.fees, exact_sum(lot.shares for lot in lots), held)
            self.fees = EXACT.subtract(self.fees, part)
            return (part, *(ZERO for _ in lots[1:]))
        return tuple(
            ZERO if lot.order in self.gifts else EXACT.multiply(lot.cost, self.fee_parts.get(lot.order, ZERO))
            for lot in lots
        )

    def hand_lot(self, order: int, other: Position) -> None:
        """Give what is known of a lot beside the lot itself to the position that receives it as its next."""
        if order in self.rate_notes:
            other.rate_notes[other.bought] = self.rate_notes[order]
        if order in self.fee_parts:
            other.fee_parts[other.bought] = self.fee_parts[order]


def priced(entry: Entry) -> Decimal:
    """Return shares times price of an entry that must have one.

    Raises:
        InputError: It has none (`price-missing`).
    """
    if entry.price is None:
        raise InputError(
            "price-missing",
            say(
                "the {kind} of {shares} {symbol} on {traded_on} has no price",
                kind=entry.kind,
                shares=entry.shares,
                symbol=entry.symbol,
                traded_on=entry.traded_on,
            ),
            say("add its price to the entry"),
        )
    return entry.gross


def act(entry: Entry, position: Position, facts: YearFacts) -> None:
    """Apply what changes shares or their cost without a trade.

    Raises:
        InputError: A return of capital beyond the cost (`return-beyond-cost`), or shares taken from none.
    """
    pool, before = position.pool, position.pool.shares
    if entry.kind == "return_of_capital":
        amount = in_won(entry, priced(entry), position.tax_class, facts)
        gains = pool.pay_back(amount) if before else []
        if gains:
            raise InputError(
                "return-beyond-cost",
                say(
                    "the return of capital of {symbol} on {traded_on} is more than its shares cost",
                    symbol=entry.symbol,
                    traded_on=entry.traded_on,
                ),
                say("ask a tax adviser what the rest is in Korea; leave the entry out of `tax` until then"),
            )
        return
    if entry.kind == "split":
        pool.split(entry.shares, ONE if entry.per is None else entry.per)
    else:
        try:
            pool.grow(entry.shares)
        except ValueError:
            raise Shortfall(entry, before).error from None
    if before:
        ratio = EXACT.divide(pool.shares, before)
        position.gifts = {order: gift.split(ratio) for order, gift in position.gifts.items()}


def move(entry: Entry, position: Position, other: Position) -> None:
    """Put the lots of a transfer into another account of the owner; what was untaxed goes along in part.

    Raises:
        InputError: More is moved than is held (`sold-more-than-held`), a lot is named where the broker takes
            no choice (`lot-named`).
    """
    pool, before = position.pool, position.pool.shares
    if entry.lot is not None and pool.method == "average":
        raise InputError(
            "lot-named",
            say(
                "the transfer of {symbol} on {traded_on} names a lot, and all its shares cost the average",
                symbol=entry.symbol,
                traded_on=entry.traded_on,
            ),
            say("leave the lot empty"),
        )
    for lot in pool.move_out(entry.shares, bought=entry.lot):
        if lot.order in position.gifts:
            other.gifts[other.bought] = position.gifts[lot.order]
        position.hand_lot(lot.order, other)
        other.pool.add(replace(lot, account=entry.receiver, order=other.bought))
        other.bought += 1
    paid = share(position.fees, entry.shares, before)
    position.fees = EXACT.subtract(position.fees, paid)
    other.fees = EXACT.add(other.fees, paid)
    moved = EXACT.divide(EXACT.multiply(position.untaxed, entry.shares), before)
    position.untaxed = EXACT.subtract(position.untaxed, moved)
    other.untaxed = EXACT.add(other.untaxed, moved)


def hand_over(entry: Entry, position: Position, other: Position) -> None:
    """Give the lots, or a part of their cost, to what is received; what was untaxed goes along in part."""
    pool = position.pool
    if not pool.shares:
        return
    for lot in pool.hand_over(entry):
        if lot.order in position.gifts and entry.kind == "merger":
            gift = position.gifts.pop(lot.order)
            other.gifts[other.bought] = gift.split(EXACT.divide(lot.shares, gift.shares))
        position.hand_lot(lot.order, other)
        other.pool.add(replace(lot, order=other.bought))
        other.bought += 1
    part = ONE if entry.kind == "merger" else entry.part or ZERO
    paid = EXACT.multiply(position.fees, part)
    position.fees = EXACT.subtract(position.fees, paid)
    other.fees = EXACT.add(other.fees, paid)
    moved = EXACT.multiply(position.untaxed, part)
    position.untaxed = EXACT.subtract(position.untaxed, moved)
    other.untaxed = EXACT.add(other.untaxed, moved)
