"""An entry as text: how the words of a row become an `Entry`, or everything that is wrong with it.

One set of rules for what is typed by hand, for the native CSV and for every broker's file, which
differ only in how they come to these words.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from steelyard.domain.books.entry_form import EntryForm
from steelyard.domain.books.ledger import Entry
from steelyard.domain.market.catalogue import Catalogue
from steelyard.domain.money import EXACT, FINEST, plain
from steelyard.errors import Problem

FIELDS = (
    "date",
    "account",
    "type",
    "symbol",
    "shares",
    "price",
    "currency",
    "fees",
    "fx_rate",
    "tax_base_price",
    "lot",
    "note",
)
DETAILS = (
    "ex_date",
    "gift_value",
    "gift_tax",
    "order_id",
    "other",
    "part",
    "to",
    "foreign_tax",
    "foreign_rate",
)
"""Fields that few rows have; a file has such a column only where it says something."""
COLUMNS = FIELDS + DETAILS
STEP = Decimal("1e-9")


def read_entry(fields: Mapping[str, str], catalogue: Catalogue) -> tuple[Entry | None, tuple[Problem, ...]]:
    """Read one entry.

    Empty and missing fields are the same. An amount of money stands in `shares` or in `price` (in both:
    their product), and may name its currency (`300만원`). The ratio of a split or a merger is a number or
    `1/3`. A `rename` is a merger of one for one, a `gift` a transfer_in with a gift_value. The currency may
    be left out where the catalogue knows the instrument's, and of money where it knows the portfolio's. A
    symbol may be any name the catalogue knows; one it does not know is taken as it is when it looks like a
    symbol.

    Args:
        fields: By the names in COLUMNS.
        catalogue: Known instruments.

    Returns:
        The entry and no problems, or None and every problem, without their place.
    """
    form = EntryForm(fields, catalogue)
    entry = form.read()
    return (None, tuple(form.problems)) if form.problems else (entry, ())


def written(entry: Entry) -> dict[str, str]:
    """Return an entry in the words that `read_entry` reads back as the same entry: FIELDS, and what it has
    of DETAILS.

    >>> written(Entry(date(2026, 11, 23), "main", "deposit", shares=Decimal("1E+6")))["shares"]
    '1000000'
    """

    def number(value: Decimal | None) -> str:
        return "" if value is None else plain(value)

    details = {
        "ex_date": "" if entry.ex_date is None else entry.ex_date.isoformat(),
        "gift_value": number(entry.gift_value),
        "gift_tax": number(entry.gift_tax),
        "order_id": entry.order_id,
        "other": entry.other,
        "part": number(entry.part),
        "to": entry.receiver,
        "foreign_tax": number(entry.foreign_tax),
        "foreign_rate": number(entry.foreign_rate),
    }
    return {
        "date": entry.traded_on.isoformat(),
        "account": entry.account,
        "type": entry.kind,
        "symbol": entry.symbol,
        "shares": shares_text(entry),
        "price": number(entry.price),
        "currency": entry.currency,
        "fees": plain(entry.fees),
        "fx_rate": number(entry.fx_rate),
        "tax_base_price": number(entry.tax_base_price),
        "lot": "" if entry.lot is None else entry.lot.isoformat(),
        "note": entry.note,
        **{key: text for key, text in details.items() if text},
    }


def shares_text(entry: Entry) -> str:
    """Return the shares of an entry, as a ratio (`1/3`) where they are one."""
    return plain(entry.shares) if entry.per is None else f"{plain(entry.shares)}/{plain(entry.per)}"


def unit_price(total: Decimal, shares: Decimal, *, up: bool = False) -> tuple[Decimal, Decimal]:
    """Return the price of one share and what rounding leaves, so that both together are exactly the total.

    Args:
        total: >= 0.
        shares: > 0.
        up: Round the price up: the rest is then what shares times price is more than the total. In both
            cases the rest is >= 0 and is added to the fees: a purchase costs, and a sale brings, exactly
            what the broker booked.
    """
    rounding = "ROUND_CEILING" if up else "ROUND_FLOOR"
    price = EXACT.divide(total, shares)
    # A quotient without an end may give the total back when it is rounded: its digits tell.
    if -int(price.as_tuple().exponent) > FINEST or EXACT.multiply(price, shares) != total:
        price = price.quantize(STEP, rounding, EXACT)
    return price, abs(EXACT.subtract(total, EXACT.multiply(price, shares)))
