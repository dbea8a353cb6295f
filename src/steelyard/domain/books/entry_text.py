"""An entry as text: how the words of a row become an `Entry`, or everything that is wrong with it.

One set of rules for what is typed by hand, for the native CSV and for every broker's file, which
differ only in how they come to these words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, tzinfo
from decimal import Decimal

from steelyard.domain.books.ledger import CASH_KINDS, KINDS, Entry
from steelyard.domain.days import read_day, zone_of
from steelyard.domain.market.catalogue import Catalogue
from steelyard.domain.money import EXACT, ONE, ZERO, is_currency, parse_amount, plain
from steelyard.errors import Problem
from steelyard.words import join, say

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
DETAILS = ("ex_date", "gift_value", "gift_tax", "order_id")
"""Fields that few rows have; a file has such a column only where it says something."""
COLUMNS = FIELDS + DETAILS
LARGEST = Decimal("1e18")
FINEST = 18
"""As in the portfolio file: no holding or amount has more decimals."""
STEP = Decimal("1e-9")

_SYMBOL = re.compile(r"[A-Z0-9][A-Z0-9.\-]{0,15}")
_TRADES = frozenset({"buy", "sell", "dividend"})
_IN_SHARES = frozenset({"buy", "sell", "dividend", "split", "transfer_in", "transfer_out"})


def read_entry(fields: Mapping[str, str], catalogue: Catalogue) -> tuple[Entry | None, tuple[Problem, ...]]:
    """Read one entry.

    Empty and missing fields are the same. The amount of a deposit, a withdrawal or a fee stands in
    `shares` or in `price` (in both: their product). The currency may be left out where the catalogue knows
    the instrument's, and of money where it knows the portfolio's. A symbol may be any name the catalogue
    knows; one it does not know is taken as it is when it looks like a symbol.

    Args:
        fields: By the names in COLUMNS.
        catalogue: Known instruments.

    Returns:
        The entry and no problems, or None and every problem, without their place.
    """
    form = _Form(fields, catalogue)
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
    }
    return {
        "date": entry.traded_on.isoformat(),
        "account": entry.account,
        "type": entry.kind,
        "symbol": entry.symbol,
        "shares": plain(entry.shares),
        "price": number(entry.price),
        "currency": entry.currency,
        "fees": plain(entry.fees),
        "fx_rate": number(entry.fx_rate),
        "tax_base_price": number(entry.tax_base_price),
        "lot": "" if entry.lot is None else entry.lot.isoformat(),
        "note": entry.note,
        **{key: text for key, text in details.items() if text},
    }


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


class _Form:
    """One row while it is read."""

    def __init__(self, fields: Mapping[str, str], catalogue: Catalogue) -> None:
        self.fields = fields
        self.catalogue = catalogue
        self.problems: list[Problem] = []
        self.named: set[str] = set()
        """Currencies that stand beside an amount: `600.20 USD`, `300만원`."""

    def problem(self, code: str, message: str, hint: str) -> None:
        self.problems.append(Problem(code, message, hint))

    def text(self, key: str) -> str:
        return self.fields.get(key, "").strip()

    def read(self) -> Entry | None:
        kind = self.kind()
        traded_on = self.day("date", needed=True)
        account = self.text("account")
        if not account:
            self.problem(
                "entry-field",
                say("{key} is empty", key="account"),
                say("name the account, or give --account NAME"),
            )
        lot = self.day("lot")
        if kind is None:
            return None
        symbol = self.symbol(kind)
        shares, price = self.amounts(kind)
        fees = self.number("fees", least=ZERO) or ZERO
        currency = self.currency(kind, symbol, moves_money=price is not None or fees > ZERO)
        fx_rate, tax_base = self.number("fx_rate", above=ZERO), self.number("tax_base_price", least=ZERO)
        if lot is not None and traded_on is not None and lot > traded_on:
            self.problem(
                "entry-field",
                say("lot {lot} is after the entry's own date {traded_on}", lot=lot, traded_on=traded_on),
                say("lot is the purchase date of the lot"),
            )
        ex_date = self.ex_date(kind, traded_on)
        gift_value, gift_tax = self.gift(kind, price)
        if traded_on is None or shares is None:
            return None
        return Entry(
            traded_on=traded_on,
            account=account,
            kind=kind,
            symbol=symbol,
            shares=shares,
            price=price,
            currency=currency,
            fees=fees,
            fx_rate=fx_rate,
            tax_base_price=tax_base,
            lot=lot,
            note=self.text("note"),
            ex_date=ex_date,
            gift_value=gift_value,
            gift_tax=gift_tax,
            order_id=self.text("order_id"),
        )

    def ex_date(self, kind: str, paid_on: date | None) -> date | None:
        """Read the ex-dividend date, which only a dividend has and which is never after its payment."""
        found = self.day("ex_date")
        if found is None:
            return None
        if kind != "dividend":
            self.problem(
                "entry-field",
                say("a {kind} has no ex_date", kind=kind),
                say("leave it empty: it is of dividends"),
            )
        elif paid_on is not None and found > paid_on:
            hint = say("date is the pay date, ex_date the day the share began to trade without it")
            self.problem(
                "entry-field",
                say("ex_date {found} is after the payment on {paid_on}", found=found, paid_on=paid_on),
                hint,
            )
        return found

    def gift(self, kind: str, price: Decimal | None) -> tuple[Decimal | None, Decimal | None]:
        """Read what was given: only a transfer_in can be a gift, and it needs what the giver paid."""
        value, tax = self.number("gift_value", above=ZERO), self.number("gift_tax", least=ZERO)
        if value is None and tax is None:
            return None, None
        if kind != "transfer_in":
            hint = say("what is received as a gift is a transfer_in; leave gift_value and gift_tax empty")
            self.problem("entry-field", say("a {kind} is no gift", kind=kind), hint)
        elif value is None:
            hint = say("write what one share was worth on the day of the gift under gift_value")
            self.problem("entry-field", say("gift_tax stands without gift_value"), hint)
        elif price is None:
            self.problem(
                "entry-field", say("a gift has no price"), say("write what the giver paid for one share")
            )
        return value, tax

    def kind(self) -> str | None:
        raw = self.text("type")
        kind = raw.lower().replace(" ", "_").replace("-", "_")
        if kind in KINDS:
            return kind
        self.problem(
            "entry-type",
            say("{raw!r} is no type of entry", raw=raw) if raw else say("{key} is empty", key="type"),
            say("write one of {choices}", choices=", ".join(KINDS)),
        )
        return None

    def day(self, key: str, *, needed: bool = False) -> date | None:
        raw = self.text(key)
        if not raw and not needed:
            return None
        try:
            return read_day(raw, zone=self.zone() if len(raw) > 10 else None)
        except ValueError:
            what = (
                say("{key} {raw!r} is not a date", key=key, raw=raw)
                if raw
                else say("{key} is empty", key=key)
            )
            self.problem("entry-date", what, say("write it as 2026-11-23"))
            return None

    def zone(self) -> tzinfo | None:
        """The time zone of the exchange: of the instrument, else of the money."""
        known = self.catalogue.resolve(self.text("symbol"))
        instrument = self.catalogue.get(known) if known else None
        if instrument is not None:
            return zone_of(instrument.exchange)
        money = self.text("currency") or self.catalogue.currency or ""
        return zone_of({"KRW": "XKRX", "USD": "XNYS"}.get(money, ""))

    def number(
        self, key: str, *, least: Decimal | None = None, above: Decimal | None = None
    ) -> Decimal | None:
        raw = self.text(key)
        if not raw:
            return None
        try:
            found = parse_amount(raw)
        except ValueError:
            self.problem(
                "entry-number",
                say("{key} {raw!r} is not a number", key=key, raw=raw),
                say("write it as 1234.56"),
            )
            return None
        value = found.value
        if found.currency is not None:
            if key not in ("price", "fees", "shares"):
                self.problem("entry-number", f"{key} {raw!r} is not a number", "write it without a currency")
                return None
            self.named.add(found.currency)
        exponent = value.as_tuple().exponent
        if abs(value) >= LARGEST or (isinstance(exponent, int) and exponent < -FINEST):
            self.problem(
                "entry-number",
                say("{key} {raw} is out of range", key=key, raw=raw),
                say("numbers are below 1e18 and have at most {finest} decimals", finest=FINEST),
            )
            return None
        if (least is not None and value < least) or (above is not None and value <= above):
            self.problem(
                "entry-number",
                say("{key} {value} must be more than 0", key=key, value=plain(value))
                if above is not None
                else say("{key} {value} must be at least 0", key=key, value=plain(value)),
                say("the type says which way it goes; write the amount without a sign"),
            )
            return None
        return value

    def amounts(self, kind: str) -> tuple[Decimal | None, Decimal | None]:
        shares, price = self.number("shares", above=ZERO), self.number("price", least=ZERO)
        if any(p.code == "entry-number" for p in self.problems):
            return None, None
        if kind in CASH_KINDS:
            if shares is None and price is None:
                self.problem(
                    "entry-field", say("a {kind} has no amount", kind=kind), say("write it under shares")
                )
                return None, None
            amount = EXACT.multiply(ONE if shares is None else shares, ONE if price is None else price)
            if not amount:
                self.problem(
                    "entry-number", say("the amount of the {kind} is 0", kind=kind), say("leave the row out")
                )
            return amount, None
        if shares is None:
            hints = {
                "split": say("write the new shares per old one, 4 for a 4-for-1 split"),
                "convert": say("write the amount of the currency bought"),
            }
            hint = hints.get(kind, say("write how many"))
            self.problem("entry-field", say("a {kind} has no shares", kind=kind), hint)
        if price is None and (kind in _TRADES or kind == "convert"):
            hint = (
                say("write the gross amount per share")
                if kind == "dividend"
                else say("write the price of one")
            )
            self.problem("entry-field", say("a {kind} has no price", kind=kind), hint)
        return shares, None if kind == "split" else price

    def symbol(self, kind: str) -> str:
        raw = self.text("symbol")
        if kind == "convert":
            if not is_currency(raw):
                self.problem(
                    "entry-field",
                    say("a convert buys a currency, and {raw!r} is none", raw=raw),
                    say("write the code of the currency bought, such as USD, under symbol"),
                )
            return raw
        if not raw:
            if kind in _IN_SHARES:
                self.problem(
                    "entry-field",
                    say("a {kind} has no symbol", kind=kind),
                    say("write the symbol or the name"),
                )
            return ""
        known = self.catalogue.resolve(raw)
        if known is not None:
            return known
        if _SYMBOL.fullmatch(raw):
            return raw
        near = self.catalogue.suggest(raw)
        hint = (
            say("did you mean {near}?", near=join(say(" or "), near))
            if near
            else say("write its symbol instead of its name")
        )
        self.problem("unknown-symbol", say("{raw!r} is no symbol and not in the catalogue", raw=raw), hint)
        return raw

    def currency(self, kind: str, symbol: str, *, moves_money: bool) -> str:
        raw = self.text("currency")
        if self.named:
            if len(self.named | ({raw} if raw else set())) > 1:
                both = " and ".join(sorted(self.named | ({raw} if raw else set())))
                self.problem("entry-field", f"the amounts of the {kind} are in {both}",
                             "write one currency; enter a conversion as a convert")  # fmt: skip
            raw = raw or min(self.named)
        if raw:
            if not is_currency(raw):
                self.problem(
                    "currency", say("{raw!r} is no currency code", raw=raw), say('write "USD" or "KRW"')
                )
            elif kind == "convert" and raw == symbol:
                self.problem(
                    "entry-field",
                    say("{raw} is converted to itself", raw=raw),
                    say("symbol is the currency bought, currency the one paid with"),
                )
            return raw
        known = self.catalogue.get(symbol) if symbol and kind != "convert" else None
        if known is not None:
            return known.currency
        if kind in CASH_KINDS and self.catalogue.currency is not None:
            return self.catalogue.currency
        if moves_money or kind in CASH_KINDS or kind == "convert":
            self.problem(
                "entry-field", say("the {kind} has no currency", kind=kind), say('write "USD" or "KRW"')
            )
        return ""
