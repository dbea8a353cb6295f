"""What the accounts hold, as a fold over the entries: shares per instrument, cash per currency.

Cash is what the recorded entries moved. A journal needs no balance to start from, so a negative
amount says no more than that some deposits are not recorded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal

from steelyard.domain.books.ledger import PAYMENT_KINDS, Entry, in_order, until
from steelyard.domain.books.lots import share
from steelyard.domain.money import EXACT, ZERO, plain
from steelyard.errors import InputError
from steelyard.records import dataclass
from steelyard.words import say

ADDING = frozenset({"buy", "transfer_in", "inheritance"})
TAKING = frozenset({"sell", "transfer_out"})


@dataclass(frozen=True, slots=True)
class Holdings:
    """What is held.

    Attributes:
        shares: (account, symbol) to shares, > 0, sorted.
        cash: (account, currency) to the money the entries moved, not zero, sorted.
    """

    shares: Mapping[tuple[str, str], Decimal]
    cash: Mapping[tuple[str, str], Decimal]


@dataclass(frozen=True, slots=True)
class Shortfall:
    """An entry that takes more shares than are held on its day."""

    entry: Entry
    held: Decimal

    @property
    def error(self) -> InputError:
        """What to tell the owner."""
        entry = self.entry
        verb = say("sold") if entry.kind == "sell" else say("transferred out")
        if entry.kind == "stock_dividend":
            verb = say("taken away")
        return InputError(
            "sold-more-than-held",
            say(
                "{shares} shares of {symbol} are {verb} from account {account!r} on {traded_on}, "
                "but only {held} are held",
                shares=plain(abs(entry.shares)),
                symbol=entry.symbol,
                verb=verb,
                account=entry.account,
                traded_on=entry.traded_on,
                held=plain(self.held),
            ),
            say("record the purchase or the transfer_in that is missing before it, or correct the shares"),
        )


def holdings(entries: Sequence[Entry], as_of: date) -> Holdings:
    """Return what is held at the end of a day, splits applied.

    Args:
        entries: In any order; on one day what adds shares counts before what takes them.
        as_of: The day. An entry dated later is an error: it would be left out silently otherwise.

    Raises:
        InputError: An entry is dated later (`entry-in-future`), or takes more shares than are held on
            its day (`sold-more-than-held`).
    """
    cash: dict[tuple[str, str], Decimal] = {}
    shares: dict[tuple[str, str], Decimal] = {}
    for entry in until(entries, as_of):
        short = count(shares, entry)
        if short is not None:
            raise short.error
        for currency, amount in cash_moves(entry):
            key = (entry.account, currency)
            cash[key] = EXACT.add(cash.get(key, ZERO), amount)
    return Holdings(
        shares={key: shares[key] for key in sorted(shares) if shares[key]},
        cash={key: cash[key] for key in sorted(cash) if cash[key]},
    )


def shortfalls(entries: Iterable[Entry]) -> tuple[Shortfall, ...]:
    """Return every entry that takes more than is held on its day; what it takes counts as all that is held.

    Args:
        entries: In any order.
    """
    shares: dict[tuple[str, str], Decimal] = {}
    return tuple(short for entry in in_order(entries) if (short := count(shares, entry)) is not None)


def cash_moves(entry: Entry) -> Iterator[tuple[str, Decimal]]:
    """Return what an entry moves, as currency and amount, negative for money that leaves."""
    fees = EXACT.minus(entry.fees)
    if entry.kind == "buy":
        yield entry.currency, EXACT.subtract(fees, entry.gross)
    elif entry.kind == "sell" or entry.kind in PAYMENT_KINDS:
        yield entry.currency, EXACT.add(entry.gross, fees)
    elif entry.kind in ("deposit", "interest"):
        yield entry.currency, EXACT.add(entry.shares, fees)
    elif entry.kind in ("withdrawal", "fee", "tax"):
        yield entry.currency, EXACT.subtract(fees, entry.shares)
    elif entry.kind == "convert":
        yield entry.symbol, entry.shares
        yield entry.currency, EXACT.subtract(fees, entry.gross)
    elif entry.fees:
        yield entry.currency, fees


def count(shares: dict[tuple[str, str], Decimal], entry: Entry) -> Shortfall | None:
    """Change what is held by an entry; return what it takes too much, None where all of it is there.

    Args:
        shares: (account, symbol) to shares; a key may be missing.
        entry: The next one of the journal.
    """
    key = (entry.account, entry.symbol)
    held = shares.get(key, ZERO)
    if entry.kind in ADDING:
        shares[key] = EXACT.add(held, entry.shares)
    elif entry.kind == "split":
        shares[key] = scaled(held, entry)
    elif entry.kind == "stock_dividend":
        shares[key] = max(EXACT.add(held, entry.shares), ZERO)
        if EXACT.add(held, entry.shares) < ZERO:
            return Shortfall(entry, held)
    elif entry.kind == "spin_off":
        other = (entry.account, entry.other)
        shares[other] = EXACT.add(shares.get(other, ZERO), entry.shares)
    elif entry.kind == "merger":
        other = (entry.account, entry.other)
        shares[key] = ZERO
        shares[other] = EXACT.add(shares.get(other, ZERO), scaled(held, entry))
    elif entry.kind == "transfer":
        there = (entry.receiver, entry.symbol)
        moved = min(held, entry.shares)
        shares[key] = EXACT.subtract(held, moved)
        shares[there] = EXACT.add(shares.get(there, ZERO), moved)
        if entry.shares > held:
            return Shortfall(entry, held)
    elif entry.kind in TAKING:
        shares[key] = EXACT.subtract(held, min(held, entry.shares))
        if entry.shares > held:
            return Shortfall(entry, held)
    return None


def scaled(shares: Decimal, entry: Entry) -> Decimal:
    """Return shares after a split or a merger: exact where the ratio comes out, else to 20 decimals."""
    if entry.per is None:
        return EXACT.multiply(shares, entry.shares)
    return share(shares, entry.shares, entry.per)
