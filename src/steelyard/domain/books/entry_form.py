"""One row of words while it becomes an entry: what each kind needs, and everything that is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, tzinfo
from decimal import Decimal

from steelyard.domain.books.ledger import (
    ACTION_KINDS,
    CASH_KINDS,
    KINDS,
    PAYMENT_KINDS,
    SIGNED_KINDS,
    Entry,
    EntryKind,
)
from steelyard.domain.days import read_day, zone_of
from steelyard.domain.market.catalogue import Catalogue
from steelyard.domain.money import (
    EXACT,
    ONE,
    ZERO,
    OutOfRange,
    is_currency,
    parse_amount,
    parse_fraction,
    plain,
)
from steelyard.errors import Problem
from steelyard.words import join, say

ALIASES: dict[str, EntryKind] = {"rename": "merger", "gift": "transfer_in"}

_SYMBOL = re.compile(r"[A-Z0-9][A-Z0-9.\-]{0,15}")
_TRADES = frozenset({"buy", "sell", *PAYMENT_KINDS})
_IN_SHARES = frozenset({*_TRADES, *ACTION_KINDS, "transfer_in", "transfer_out", "transfer", "inheritance"})


class EntryForm:
    """One row while it is read; see `entry_text.read_entry`."""

    def __init__(self, fields: Mapping[str, str], catalogue: Catalogue) -> None:
        self.fields = fields
        self.catalogue = catalogue
        self.problems: list[Problem] = []
        self.named: set[str] = set()
        """Currencies that stand beside an amount: `600.20 USD`, `300만원`."""
        self.per: Decimal | None = None
        self.alias = ""

    def problem(self, code: str, message: str, hint: str) -> None:
        """Note that something is wrong."""
        self.problems.append(Problem(code, message, hint))

    def text(self, key: str) -> str:
        """Return a field, "" where it is missing."""
        return self.fields.get(key, "").strip()

    def read(self) -> Entry | None:
        """Return the entry; None, or what is not to be used, where problems were noted."""
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
        other, part = self.received(kind, symbol)
        to = self.receiver(kind, account)
        foreign_tax, foreign_rate = self.paid_abroad(kind)
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
            per=self.per,
            other=other,
            part=part,
            receiver=to,
            foreign_tax=foreign_tax,
            foreign_rate=foreign_rate,
        )

    def paid_abroad(self, kind: str) -> tuple[Decimal | None, Decimal | None]:
        """Read what a fund paid abroad: only income that is paid out has it."""
        tax, rate = self.number("foreign_tax", least=ZERO), self.fraction("foreign_rate")
        if (tax is not None or rate is not None) and kind not in ("dividend", "sell"):
            self.problem(
                "entry-field",
                say("a {kind} has no foreign_tax", kind=kind),
                say("leave foreign_tax and foreign_rate empty: they are of dividends and sales"),
            )
        elif rate is not None and (tax is None or rate == ZERO):
            self.problem(
                "entry-field",
                say("foreign_rate stands without the foreign_tax it belongs to"),
                say("write what the fund paid abroad for these shares under foreign_tax"),
            )
        return tax, rate

    def ex_date(self, kind: str, paid_on: date | None) -> date | None:
        """Read the ex-dividend date, which only a dividend has and which is never after its payment."""
        found = self.day("ex_date")
        if found is None:
            return None
        if kind not in PAYMENT_KINDS:
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
        if value is None and tax is None and self.alias != "gift":
            return None, None
        if kind != "transfer_in":
            hint = say("what is received as a gift is a transfer_in; leave gift_value and gift_tax empty")
            self.problem("entry-field", say("a {kind} is no gift", kind=kind), hint)
        elif value is None:
            hint = say("write what one share was worth on the day of the gift under gift_value")
            self.problem("entry-field", say("a gift has no gift_value"), hint)
        elif price is None:
            self.problem(
                "entry-field", say("a gift has no price"), say("write what the giver paid for one share")
            )
        return value, tax

    def received(self, kind: str, symbol: str) -> tuple[str, Decimal | None]:
        """Read what a spin-off or a merger gives, and the part of the cost that goes with a spin-off."""
        raw, part = self.text("other"), self.fraction("part")
        if kind not in ("spin_off", "merger"):
            if raw or part is not None:
                self.problem(
                    "entry-field",
                    say("a {kind} has neither other nor part", kind=kind),
                    say("leave them empty: they are of a spin_off or a merger"),
                )
            return "", None
        other = self.known(raw) if raw else ""
        if not other or other == symbol:
            self.problem(
                "entry-field",
                say("the {kind} does not say what is received", kind=kind),
                say("write the new symbol under other"),
            )
        if kind == "merger" and part is not None:
            self.problem(
                "entry-field",
                say("all cost goes over in a merger"),
                say("leave part empty: it is of a spin_off"),
            )
        if kind == "spin_off" and part is None:
            self.problem(
                "entry-field",
                say("the spin_off does not say which part of the cost goes over"),
                say("write it under part, such as 12.5%; in the US the issuer states it on Form 8937"),
            )
        return other, part

    def receiver(self, kind: str, account: str) -> str:
        """Read the account that shares go to, which only a transfer has."""
        to = self.text("to")
        if kind != "transfer":
            if to:
                self.problem(
                    "entry-field",
                    say("a {kind} has no receiving account", kind=kind),
                    say("leave `to` empty: it is of a transfer between your own accounts"),
                )
            return ""
        if not to or to == account:
            self.problem(
                "entry-field",
                say("the transfer does not say which account receives the shares"),
                say("write its name under `to`; shares that come from elsewhere are a transfer_in"),
            )
        return to

    def fraction(self, key: str) -> Decimal | None:
        """Read a fraction from 0 to 1, or a percentage."""
        raw = self.text(key)
        if not raw:
            return None
        try:
            value = parse_fraction(raw)
        except ValueError:
            value = ONE + ONE
        if not ZERO <= value <= ONE:
            self.problem(
                "entry-number",
                say("{key} {raw!r} is no fraction from 0 to 1", key=key, raw=raw),
                say("write it as 12.5% or 0.125"),
            )
            return None
        return value

    def kind(self) -> EntryKind | None:
        """Read the type."""
        raw = self.text("type")
        kind = raw.lower().replace(" ", "_").replace("-", "_")
        if kind in KINDS:
            return kind
        if kind in ALIASES:
            self.alias = kind
            return ALIASES[kind]
        self.problem(
            "entry-type",
            say("{raw!r} is not a type of entry", raw=raw) if raw else say("{key} is empty", key="type"),
            say("write one of {choices}", choices=", ".join(KINDS)),
        )
        return None

    def day(self, key: str, *, needed: bool = False) -> date | None:
        """Read a day, that of the exchange where it has a time with its zone."""
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
        """Read a number at least, or above, a limit."""
        raw = self.text(key)
        if not raw:
            return None
        try:
            found = parse_amount(raw)
        except OutOfRange as error:
            self.problem(
                "entry-number", say("{key} {raw!r} is out of range", key=key, raw=raw), error.args[0]
            )
            return None
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
                self.problem(
                    "entry-number",
                    say("{key} {raw!r} is not a number", key=key, raw=raw),
                    say("write it without a currency"),
                )
                return None
            self.named.add(found.currency)
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
        """Read shares and price, as each kind needs them."""
        if kind in ("split", "merger"):
            self.ratio(kind)
        signed = kind in SIGNED_KINDS
        shares = self.number("shares", above=None if signed else ZERO)
        price = self.number("price", least=None if signed else ZERO)
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
                "split": say("write the new shares per old one: 4 for a 4-for-1 split, or 1/3"),
                "merger": say("write the new shares per old one, as 3 or 1/3"),
                "convert": say("write the amount of the currency bought"),
            }
            hint = hints.get(kind, say("write how many"))
            self.problem("entry-field", say("a {kind} has no shares", kind=kind), hint)
        elif not shares and kind == "stock_dividend":
            self.problem(
                "entry-number", say("the amount of the {kind} is 0", kind=kind), say("leave the row out")
            )
        if price is None and (kind in _TRADES or kind == "convert"):
            hint = (
                say("write the gross amount per share")
                if kind in PAYMENT_KINDS
                else say("write the price of one")
            )
            self.problem("entry-field", say("a {kind} has no price", kind=kind), hint)
        return shares, None if kind in (*ACTION_KINDS, "transfer") else price

    def ratio(self, kind: str) -> None:
        """Take a ratio apart: `1/3`, `1:3` and `1-for-3` are 1 share for 3 old ones."""
        raw = self.text("shares")
        if not raw and self.alias == "rename":
            raw = "1"
        found = re.fullmatch(r"([^/:]+?)\s*(?:/|:|-?\s?for\s?-?)\s*([^/:]+)", raw)
        if found is None:
            self.fields = {**self.fields, "shares": raw}
            return
        self.fields = {**self.fields, "shares": found[1], "per": found[2]}
        per = self.number("per", above=ZERO)
        self.per = None if per == ONE else per

    def symbol(self, kind: str) -> str:
        """Read the instrument, or the currency that a conversion buys."""
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
        return self.known(raw)

    def known(self, raw: str) -> str:
        """Return the symbol for a symbol or a name; note a problem where there is none."""
        known = self.catalogue.resolve(raw)
        if known is not None:
            return known
        if is_symbol(raw):
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
        """Read the currency: as written, as an amount names it, or as the catalogue knows it."""
        raw = self.text("currency")
        if self.named:
            if len(self.named | ({raw} if raw else set())) > 1:
                both = tuple(sorted(self.named | ({raw} if raw else set())))
                self.problem(
                    "entry-field",
                    say("the amounts of the {kind} are in {both}", kind=kind, both=both),
                    say("write one currency; enter a conversion as a convert"),
                )
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


def is_symbol(text: str) -> bool:
    """Say whether a text has the form of a symbol, so that it is taken as it is where no catalogue has it."""
    return _SYMBOL.fullmatch(text) is not None
