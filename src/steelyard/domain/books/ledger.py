"""What happened in the accounts, entry by entry, as a journal keeps it.

An entry is a fact and is never changed: what was wrong is taken back by a counter-entry. Shares,
lots and cash are folds over the entries; nothing else is stored.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Literal, get_args

from steelyard.domain.money import EXACT, ZERO
from steelyard.errors import InputError
from steelyard.records import dataclass, field, replace
from steelyard.words import join, say

EntryKind = Literal[
    "buy",
    "sell",
    "dividend",
    "deposit",
    "withdrawal",
    "split",
    "convert",
    "transfer_in",
    "transfer_out",
    "transfer",
    "fee",
    "interest",
    "tax",
    "return_of_capital",
    "capital_gain_distribution",
    "stock_dividend",
    "spin_off",
    "merger",
    "inheritance",
]
KINDS: tuple[EntryKind, ...] = get_args(EntryKind)

OPENING_NOTE = "from the portfolio file"
"""Note of the entries that open a journal with what was held before."""

CASH_KINDS = ("deposit", "withdrawal", "fee", "interest", "tax")
"""Kinds whose `shares` are an amount of money and that have no price."""

SIGNED_KINDS = ("fee", "interest", "tax", "stock_dividend")
"""Kinds whose `shares` may be negative: paid back, interest paid, shares that a reverse split took away."""

PAYMENT_KINDS = ("dividend", "return_of_capital", "capital_gain_distribution")
"""Kinds that pay money on shares that stay."""

ACTION_KINDS = ("split", "stock_dividend", "spin_off", "merger")
"""Kinds that change what is held without a trade."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One fact.

    Attributes:
        traded_on: The trade date (pay date of a dividend).
        account: Name of the account.
        kind: One of `KINDS`.
        symbol: The instrument; of a `convert` the currency bought; of a `spin_off` the fund it came from, of
            a `merger` (a change of name is one) the symbol that ends. May be empty for money.
        shares: Shares bought, sold, transferred, received, or that a payment was made on; of a `split` or a
            `merger` the new shares for `per` old ones; of a `stock_dividend` the shares added; of money the
            amount. > 0 but for SIGNED_KINDS, and never 0.
        price: Of one share, in `currency`; of a `dividend`, a `return_of_capital` and a
            `capital_gain_distribution` the gross amount per share; of a `convert` units of `currency` paid
            for one unit of the currency bought; of a `transfer_in` the original unit cost; of an
            `inheritance` the value on the day of death. None where it has no meaning.
        currency: Of the price, the fees and the money.
        fees: Cost of the trade, in `currency`, >= 0; of a payment or `interest` the tax withheld.
        fx_rate: Tax currency for one unit of `currency` on the day the money moved (settlement), None when
            unknown or when both are the same.
        tax_base_price: Korean tax base price of one share (KRX-listed ETFs of the "other" class), in won.
        lot: Purchase date of the lot sold (specific identification); of a `transfer_in` the original
            purchase date.
        note: Free text.
        ex_date: Of a `dividend` the day from which on the share was traded without it; None when unknown.
        gift_value: Of a `transfer_in` that is a gift what one share was worth that day, in the tax currency;
            its `price` is then what the giver paid. None where nothing was given.
        gift_tax: Gift tax on all shares of a gift, in the tax currency.
        order_id: The broker's number of the order: fills of one order are one purchase.
        per: Of a `split` or a `merger`: for how many old shares the new ones are; None is 1. So a ratio of
            1 for 3 is exact.
        other: Of a `spin_off` and a `merger` the symbol that is received.
        part: Of a `spin_off` the fraction of the cost that goes to what is received, 0 <= part <= 1.
        receiver: Of a `transfer` between two accounts of the owner the one that receives the shares, with
            the cost and the purchase dates of their lots: those of `lot`, else the oldest.
        foreign_tax: Of a `dividend` or a `sell` of a fund what the fund itself paid abroad on the income of
        these
            shares, in `currency`, by the fund's notice; None when unknown.
        foreign_rate: The rate at which it was taken abroad, as a fraction; None when unknown.
    """

    traded_on: date
    account: str
    kind: EntryKind
    symbol: str = ""
    shares: Decimal = ZERO
    price: Decimal | None = None
    currency: str = ""
    fees: Decimal = ZERO
    fx_rate: Decimal | None = None
    tax_base_price: Decimal | None = None
    lot: date | None = None
    note: str = ""
    ex_date: date | None = None
    gift_value: Decimal | None = None
    gift_tax: Decimal | None = None
    order_id: str = ""
    per: Decimal | None = None
    other: str = ""
    part: Decimal | None = None
    receiver: str = ""
    foreign_tax: Decimal | None = None
    foreign_rate: Decimal | None = None

    @property
    def accounts(self) -> tuple[str, ...]:
        """The accounts that it changes."""
        return (self.account, self.receiver) if self.receiver else (self.account,)

    @property
    def ratio(self) -> Decimal:
        """New shares per old one of a `split` or a `merger`, to 40 digits."""
        return self.shares if self.per is None else EXACT.divide(self.shares, self.per)

    @property
    def gross(self) -> Decimal:
        """Shares times price, in `currency`; zero without a price."""
        return EXACT.multiply(self.shares, self.price) if self.price is not None else ZERO


def entry_like(
    like: Entry, on: date, shares: Decimal, price: Decimal | None, fees: Decimal, order_id: str
) -> Entry:
    """Return an entry of another day with numbers of its own that says in words what one before it said.

    Args:
        like: Of a kind that has nothing but these numbers.
        on, shares, price, fees, order_id: As of `Entry`.
    """
    return Entry(
        on, like.account, like.kind, like.symbol, shares, price, like.currency, fees, None, None, None,
        like.note, None, None, None, order_id,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """An entry as a file has it.

    Attributes:
        entry: What it says.
        line: Line of the file, None when it comes from elsewhere.
        reference: The broker's own number of it, "" when there is none. It tells two equal fills of a day
            apart, also when they come in different files.
    """

    entry: Entry
    line: int | None = None
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Recorded:
    """An entry as the journal has it.

    Attributes:
        number: Its place in the journal, 1 for the first.
        entry: What it says; of a counter-entry, what it takes back.
        source: Where it came from: `record`, or the name of a file.
        recorded_at: When it was written, UTC.
        takes_back: Number of the row this counter-entry takes back, None for a fact.
        counts: False for counter-entries and for what one of them has taken back.
        batch: Number of the writing it was part of: all rows of one import share it.
        reference: The broker's own number of it, as its file had it, or what tells it from equal ones.
    """

    number: int
    entry: Entry
    source: str
    recorded_at: datetime
    takes_back: int | None
    counts: bool
    batch: int
    reference: str = field(default="", compare=False)


def counting(rows: Sequence[tuple[int, int | None]]) -> dict[int, bool]:
    """Say of each row of a journal whether it counts: a fact that no standing counter-entry takes back.

    Args:
        rows: Number and the number it takes back (None for a fact), first written first.
    """
    stands: dict[int, bool] = {}
    by = {takes_back: number for number, takes_back in rows if takes_back is not None}
    for number, _ in reversed(rows):  # what takes a row back is always written after it
        stands[number] = number not in by or not stands[by[number]]
    return {number: takes_back is None and stands[number] for number, takes_back in rows}


def entries_then(rows: Sequence[Recorded], last: int) -> tuple[Entry, ...]:
    """Return the entries that counted when row `last` was the newest of a journal; none for 0."""
    written = [row for row in rows if row.number <= last]
    counts = counting([(row.number, row.takes_back) for row in written])
    return tuple(row.entry for row in written if counts[row.number])


def instruments_of(entries: Iterable[Entry]) -> set[str]:
    """Return the symbols that entries buy, sell, receive or are paid for; money may name any other."""
    return {
        symbol
        for e in entries
        if e.kind not in CASH_KINDS and e.kind != "convert"
        for symbol in (e.symbol, e.other)
        if symbol
    }


def in_order(entries: Iterable[Entry]) -> list[Entry]:
    """Return entries by date. On one day they keep their order, except that what adds shares goes before
    what takes them: a broker's list of a day is often sorted the other way round.
    """
    return sorted(entries, key=lambda e: (e.traded_on, _RANK[e.kind]))


def with_withheld(entries: Sequence[Entry]) -> list[Entry]:
    """Return entries with the tax that a broker booked by itself put to the payment it was withheld on.

    It is the payment of the same account, symbol, day and currency; of several the first. A tax of which
    there is none stays as it is.
    """
    place: dict[tuple[str, str, date, str], int] = {}
    result: list[Entry] = []
    taxes = []
    for entry in entries:
        if entry.kind == "tax" and entry.symbol:
            taxes.append(entry)
            continue
        if entry.kind in PAYMENT_KINDS:
            key = (entry.account, entry.symbol, entry.traded_on, entry.currency)
            place.setdefault(key, len(result))
        result.append(entry)
    for tax in taxes:
        at = place.get((tax.account, tax.symbol, tax.traded_on, tax.currency))
        fees = None if at is None else EXACT.add(result[at].fees, tax.shares)
        if at is None or fees is None or fees < ZERO:
            result.append(tax)
        else:
            result[at] = replace(result[at], fees=fees)
    return result


_RANK = {
    "split": 0,
    "merger": 0,
    "spin_off": 0,
    "transfer_in": 1,
    "inheritance": 1,
    "stock_dividend": 1,
    "deposit": 1,
    "convert": 1,
    "buy": 2,
    "dividend": 3,
    "return_of_capital": 3,
    "capital_gain_distribution": 3,
    "interest": 3,
    "transfer": 3,
    "sell": 4,
    "fee": 5,
    "tax": 5,
    "transfer_out": 5,
    "withdrawal": 5,
}


def until(entries: Sequence[Entry], as_of: date) -> list[Entry]:
    """Return the entries up to a date, in order.

    Raises:
        InputError: An entry is dated later (`entry-in-future`).
    """
    later = [e for e in entries if e.traded_on > as_of]
    if later:
        first = min(later, key=lambda e: e.traded_on)
        raise InputError(
            "entry-in-future",
            say(
                "{later} entries are dated after {as_of}, the first one {traded_on} ({entry})",
                later=len(later),
                as_of=as_of,
                traded_on=first.traded_on,
                entry=f"{first.kind} {first.symbol}".strip(),
            ),
            say(
                "ask with --as-of {last}, or correct the date of the entry",
                last=max(e.traded_on for e in later),
            ),
        )
    return in_order(entries)


def placed(entry: Entry, error: InputError) -> InputError:
    """Return an error of a fold as that of the entry it met it at."""
    where = say(
        "{traded_on}, {symbol} in account {account!r}",
        traded_on=entry.traded_on,
        symbol=entry.symbol,
        account=entry.account,
    )
    return InputError(error.code, join(": ", (where, error.message)), error.hint)
