"""Dividends and the tax withheld on them, which brokers book as rows of their own.

What is withheld belongs to the dividend of the same account, symbol, day and currency. Bookings that were
reversed in the same file cancel each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from steelyard.adapters.importers.rows import Sheet, add_up, payment
from steelyard.domain.money import EXACT, ZERO, plain
from steelyard.words import say


@dataclass(frozen=True, slots=True)
class Booking:
    """One row of a broker.

    Attributes:
        account: Name, "" for the one of the file.
        symbol: The instrument.
        day: As text.
        currency: Of the amount.
        amount: Positive for what came in.
        reference: The broker's number of it.
        shares: That a dividend was paid on, zero when unknown.
        line: Of the file, or None.
        key: Place in a file without lines, or None.
    """

    account: str
    symbol: str
    day: str
    currency: str
    amount: Decimal
    reference: str
    shares: Decimal = ZERO
    line: int | None = None
    key: str | None = None

    def add_to(self, sheet: Sheet, kind: str, **fields: str) -> None:
        """Add it as an entry of a kind."""
        sheet.add(
            self.line,
            self.reference,
            self.key,
            type=kind,
            date=self.day,
            account=self.account,
            symbol=self.symbol,
            currency=self.currency,
            **fields,
        )

    @property
    def event(self) -> tuple[str, str, str, str]:
        """What a dividend and the tax on it have in common."""
        return (self.account, self.symbol, self.day, self.currency)


class Dividends:
    """Collects the bookings of one file."""

    def __init__(self) -> None:
        self.paid: list[Booking] = []
        self.withheld: list[Booking] = []

    def add_to(self, sheet: Sheet) -> None:
        """Add an entry per dividend, with what was withheld on it, in the order of the file."""
        tax: dict[tuple[str, str, str, str], Decimal] = {}
        first: dict[tuple[str, str, str, str], Booking] = {}
        for booking in self.withheld:
            first.setdefault(booking.event, booking)
            tax[booking.event] = EXACT.subtract(tax.get(booking.event, ZERO), booking.amount)
        for booking in self._not_reversed(sheet):
            withheld = tax.get(booking.event, ZERO)
            fees = ZERO
            if withheld > ZERO:
                fees = tax.pop(booking.event)
            booking.add_to(sheet, "dividend", fees=plain(fees), **payment(booking.amount, booking.shares))
        for event, withheld in tax.items():
            if withheld:
                # Tax without its dividend: a later correction. The money moved all the same.
                note = "tax withheld on a dividend" if withheld > ZERO else "tax withheld, paid back"
                first[event].add_to(sheet, "tax", shares=plain(withheld), note=note)

    def _not_reversed(self, sheet: Sheet) -> list[Booking]:
        kept: list[Booking] = []
        for booking in self.paid:
            if booking.amount > ZERO:
                kept.append(booking)
        for booking in self.paid:
            if booking.amount >= ZERO:
                continue
            original = next(
                (k for k in kept if k.event == booking.event and not add_up(k.amount, booking.amount)), None
            )
            if original is None:
                text = say(
                    "a dividend of {symbol} on {day} is taken back that is not in the file",
                    symbol=booking.symbol,
                    day=booking.day,
                )
                sheet.unread(text, booking.line, booking.key)
                continue
            kept.remove(original)
            sheet.skip(
                booking.line,
                say(
                    "a dividend of {symbol} on {day} and its reversal; "
                    "if it came with an earlier import, take it back with `steelyard undo`",
                    symbol=booking.symbol,
                    day=booking.day,
                ),
            )
        return kept
