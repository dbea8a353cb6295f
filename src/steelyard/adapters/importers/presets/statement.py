"""What a broker's file says, row by row, before it is entries: every row is booked, left out or refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Protocol

from steelyard.adapters.importers.presets.rules import (
    NUMBERS,
    Fields,
    Layout,
    day,
    extract,
    holds,
    number,
    one_line,
    rule_of,
    symbol_of,
)
from steelyard.domain.books.entry_text import unit_price
from steelyard.domain.money import EXACT, ZERO, plain
from steelyard.words import message_of, say, written

_OUT = frozenset({"buy", "fee", "tax", "withdrawal"})
_NO_CASH = frozenset({"transfer_in", "transfer_out", "split", "stock_dividend", "spin_off", "merger"})
_NO_SHARES = frozenset({"deposit", "withdrawal", "interest", "fee", "tax", "convert_leg", "split"})
_NO_PRICE = frozenset({
    "deposit", "withdrawal", "interest", "fee", "tax", "dividend", "capital_gain_distribution",
    "return_of_capital", "convert_leg",
})  # fmt: skip
_SIZES = ("shares", "cost", "unit_cost", "price", "value")
TEXTS = frozenset({
    "date", "account", "symbol", "isin", "name", "currency", "order", "ref", "ref_of", "note", "fx_rate",
})  # fmt: skip
"""Fields of a row that become facts of its booking as they stand."""


@dataclass(frozen=True, slots=True)
class Booking:
    """One row that does something.

    Attributes:
        line: Where it stands.
        kind: Type of entry, `convert`, or `convert_leg`.
        word: The broker's own word for it.
        facts: Field to text: `date`, `cash` (signed, net), `fee`, `tax`, `shares`, `price`, `symbol` and the
            like.
        scoped: The broker's numbers count anew for each account and day.
    """

    line: int
    kind: str
    word: str
    facts: Mapping[str, str]
    scoped: bool = False

    @property
    def account(self) -> str:
        """The broker's number of its account, "" where the row names none."""
        return self.facts.get("account", "")

    @property
    def booking(self) -> Booking:
        """Itself."""
        return self


class Booked(Protocol):
    """A booking, whenever its facts are read."""

    @property
    def booking(self) -> Booking:
        """The booking with its facts."""
        ...

    @property
    def line(self) -> int:
        """As of `Booking`."""
        ...

    @property
    def kind(self) -> str:
        """As of `Booking`."""
        ...

    @property
    def word(self) -> str:
        """As of `Booking`."""
        ...

    @property
    def account(self) -> str:
        """As of `Booking`."""
        ...

    @property
    def facts(self) -> Mapping[str, str]:
        """As of `Booking`."""
        ...


@dataclass(frozen=True, slots=True)
class Holding:
    """A row of a table of what is held: `position`, `lot` or `cash`."""

    line: int
    what: str
    facts: Mapping[str, str]


@dataclass(slots=True)
class Statement:
    """A file while it is read.

    Attributes:
        preset: The preset's document.
        bookings, holdings: What was read.
        ignored, refused: Line and reason.
        account, symbol, base, as_of: What the lines above the tables tell.
        used: Ids of the layouts that were there.
    """

    preset: Mapping[str, Any]
    bookings: list[Booked] = field(default_factory=list)
    holdings: list[Holding] = field(default_factory=list)
    ignored: list[tuple[int, str]] = field(default_factory=list)
    refused: list[tuple[int, str]] = field(default_factory=list)
    cancelled: list[Booking] = field(default_factory=list)
    account: str = ""
    symbol: str = ""
    base: str = ""
    as_of: str = ""
    used: set[str] = field(default_factory=set)
    _cancels: list[tuple[int, str, Fields, Layout]] = field(default_factory=list)
    _above: str = ""

    def add(self, line: int, fields: Fields, layout: Layout, rule: Mapping[str, Any] | None = None) -> bool:
        """Book, leave out or refuse a row; False where it has no date and so is no row of the table."""
        try:
            extract(fields, layout)
            if "date" in fields:
                found = day(fields["date"], layout)
                if found is None:
                    return False
                fields["date"] = found
            self._sort(line, fields, layout, rule)
        except (ValueError, ArithmeticError) as error:
            self.refused.append((line, message_of(error)))
        return True

    def _sort(self, line: int, fields: Fields, layout: Layout, rule: Mapping[str, Any] | None) -> None:
        if layout.get("all"):
            (self.ignored if layout["all"] == "ignore" else self.refused).append(
                (line, written(layout["why"]))
            )
            return
        marks = layout.get("corrections", {}).get("cancelled", {})
        if marks and any(holds({key: mark}, fields, layout) for key, mark in marks.items()):
            self.ignored.append((line, say("cancelled by the broker")))
            return
        rule = rule or rule_of(fields, layout)
        if rule is None:
            self.refused.append((line, say("not understood: {word}", word=fields.get("type", ""))))
        elif rule["to"] in ("ignore", "refuse"):
            (self.ignored if rule["to"] == "ignore" else self.refused).append(
                (line, written(rule.get("why", "")))
            )
        elif rule["to"].startswith("cancel:"):
            self._cancels.append((line, rule["to"][7:], fields, layout))
        else:
            self.bookings.append(self._booking(line, fields, layout, rule))

    def _booking(self, line: int, fields: Fields, layout: Layout, rule: Mapping[str, Any]) -> Booking:
        word = fields.get("type", "")
        if "drop" in rule:
            fields = {k: v for k, v in fields.items() if k not in rule["drop"]}
        numbers = numbers_of(fields, layout)
        if rule.get("amount_from"):
            numbers["amount"] = numbers.pop(rule["amount_from"], ZERO)
            numbers.pop("fee", None)
        shares, price, amount = numbers.get("shares"), numbers.get("price"), numbers.get("amount")
        kind = kind_of(rule, fields, shares, amount)
        facts = self._texts(fields, layout, rule, numbers)
        if shares and kind not in _NO_SHARES:
            facts["shares"] = plain(shares if kind == "convert" else abs(shares))
        if price and shares and kind not in _NO_PRICE:
            facts["price"] = plain(abs(price))
        if kind == "split":
            if layout.get("split") == "ratio":
                facts["ratio"] = f"{fields['new']}/{fields['old']}"
            elif shares:
                facts["shares_added"] = plain(shares)
        elif kind not in _NO_CASH:
            facts |= _cash(kind, layout, rule, numbers)
        if layout.get("checks") and shares and price and amount:
            off = abs(EXACT.subtract(EXACT.multiply(shares, price), amount))
            if off > max(Decimal("0.02"), EXACT.divide(abs(amount), Decimal(100))):
                raise ValueError(say("shares times price is not the amount"))
        return Booking(line, kind, word, facts, "scope" in layout.get("corrections", {}))

    def _texts(
        self, fields: Fields, layout: Layout, rule: Mapping[str, Any], numbers: Mapping[str, Decimal]
    ) -> dict[str, str]:
        # In the order of precedence, last first: constants but the currency, what the row says, the rest.
        constants = layout.get("constants", {})
        facts: dict[str, str] = {**layout["default"], **constants} if "default" in layout else {**constants}
        for key, text in fields.items():
            if text and key in TEXTS:
                facts[key] = text
        if numbers.get("fx_rate"):
            facts["fx_rate"] = plain(numbers["fx_rate"])
        elif "fx_rate" in fields:
            facts.pop("fx_rate", None)
        for key, text in constants.items():
            if key != "currency":
                facts[key] = text
        if "set" in rule:
            facts |= rule["set"]
        if not facts.get("account"):
            facts["account"] = self.account
        if facts.get("name"):
            facts["name"] = one_line(facts["name"])
        if facts.get("symbol") and "symbols" in layout:
            facts["symbol"] = symbol_of(facts["symbol"], layout)
        if not facts.get("currency") and layout.get("currency_from") == "base":
            facts["currency"] = self.base
        return facts if all(facts.values()) else {k: v for k, v in facts.items() if v}

    def hold(self, line: int, fields: Fields, layout: Layout) -> None:
        """Take a row of what is held."""
        extract(fields, layout)
        rule = next((r for r in layout["rows"] if holds(r.get("when"), fields, layout)), {"to": "ignore"})
        if rule["to"] == "ignore":
            if rule.get("why"):
                self.ignored.append((line, written(rule["why"])))
            return
        try:
            numbers = {
                k: n for k in NUMBERS if fields.get(k) and (n := number(fields[k], layout)) is not None
            }
        except ValueError as error:
            self.refused.append((line, message_of(error)))
            return
        facts = {
            "account": fields.get("account") or self.account,
            "account_name": fields.get("account_name", ""),
            "currency": fields.get("currency") or layout.get("constants", {}).get("currency", ""),
        }
        if rule["to"] == "cash":
            facts["amount"] = plain(numbers.get("value", ZERO))
        else:
            symbol = fields.get("symbol") or self.symbol
            if rule["to"] == "lot":
                facts["bought"] = day(fields.get(rule.get("bought", "bought"), ""), layout) or ""
                facts["symbol"] = self._above if rule.get("lot_of") == "row above" else symbol
            else:
                facts["symbol"] = symbol_of(symbol, layout)
                facts["name"] = one_line(fields.get("name", ""))
                self._above = symbol
            facts |= {
                k: plain(numbers[k])
                for k in ("shares", "cost", "unit_cost", "price", "value")
                if k in numbers
            }
        self.holdings.append(Holding(line, rule["to"], {k: v for k, v in facts.items() if v}))

    def net(self) -> None:
        """Take back what rows of the same file cancel; a cancellation of what is not there is refused."""
        for line, of, fields, layout in self._cancels:
            try:
                size = {
                    k: plain(abs(number(fields.get(k, ""), layout) or ZERO)) for k in ("shares", "amount")
                }
            except ValueError as error:
                self.refused.append((line, message_of(error)))
                continue
            hit = next((b for b in self.bookings if self._cancelled(b, of, fields, size)), None)
            if hit is None and fields.get("ref_of"):
                # An earlier file may have it: the journal knows.
                facts = {"ref": fields["ref_of"], "date": fields.get("date", "")}
                facts["account"] = fields.get("account") or self.account
                scoped = "scope" in layout.get("corrections", {})
                self.cancelled.append(Booking(line, "cancel", fields.get("type", ""), facts, scoped))
                continue
            if hit is None:
                self.refused.append((line, say("a cancellation of what is not in the file")))
                continue
            self.bookings.remove(hit)
            self.ignored.append((hit.line, say("taken back in line {line}", line=line)))
            self.ignored.append((line, say("takes back line {line}", line=hit.line)))
        self._cancels.clear()
        self.ignored.sort()
        self.refused.sort()

    @staticmethod
    def _cancelled(booking: Booked, of: str, fields: Fields, size: Mapping[str, str]) -> bool:
        facts = booking.facts
        if of not in (booking.kind, booking.word) or facts.get("symbol", "") != fields.get("symbol", ""):
            return False
        if fields.get("ref_of") and facts.get("ref"):
            return facts["ref"] == fields["ref_of"]
        cash = plain(abs(Decimal(facts.get("cash", "0"))))
        return size["shares"] in ("0", facts.get("shares", "0")) and size["amount"] in ("0", cash)


def numbers_of(fields: Fields, layout: Layout) -> dict[str, Decimal]:
    """Return the numbers of a row that are not blank."""
    found = {}
    for key, text in fields.items():
        if text and key in NUMBERS and (value := number(text, layout)) is not None:
            found[key] = value
    return found


def kind_of(rule: Mapping[str, Any], fields: Fields, shares: Decimal | None, amount: Decimal | None) -> str:
    """Return the type of entry; of `a|b` the second where the row takes something out."""
    first, bar, second = str(rule["to"]).partition("|")
    if not bar:
        return first
    if first.startswith("transfer"):
        word = rule.get("out")
        out = (shares or ZERO) < ZERO or bool(word and holds({"type": word}, fields, {}))
    else:
        out = (amount or ZERO) < ZERO
    return second if out else first


def _cash(
    kind: str, layout: Layout, rule: Mapping[str, Any], numbers: Mapping[str, Decimal]
) -> dict[str, str]:
    cash, fee, tax = cash_of(kind, layout, rule, numbers)
    facts = {"cash": plain(cash)}
    if fee and kind != "fee":
        facts["fee"] = plain(fee)
    if tax and kind != "tax":
        facts["tax"] = plain(tax)
    return facts


def cash_of(
    kind: str, layout: Layout, rule: Mapping[str, Any], numbers: Mapping[str, Decimal]
) -> tuple[Decimal, Decimal, Decimal]:
    """Return the signed net effect on cash, and the fee and tax in it.

    Raises:
        ValueError: The row has neither an amount nor a price.
    """
    fee, tax = abs(numbers.get("fee", ZERO)), abs(numbers.get("tax", ZERO))
    shares, price, gross = numbers.get("shares"), numbers.get("price"), numbers.get("amount")
    given = gross is not None
    if gross is None:
        if price is None or shares is None:
            raise ValueError(say("no amount"))
        gross = EXACT.multiply(price, abs(shares))
    signs = layout.get("signs", {})
    sign = rule.get("cash") or (
        "signed" if signs.get("amount") == "signed" and given else "-" if kind in _OUT else "+"
    )
    negative = gross < ZERO if sign == "signed" else sign == "-"
    cash = EXACT.minus(abs(gross)) if negative else abs(gross)
    net = signs.get("is") == "net" and given
    if not net and kind not in ("fee", "tax"):
        cash = EXACT.subtract(cash, EXACT.add(fee, tax))
    return cash, fee, tax


def trade_of(
    kind: str, cash: Decimal, costs: Decimal, shares: Decimal, stated: Decimal | None
) -> tuple[Decimal, Decimal]:
    """Return price and fees of a purchase or a sale at exactly the money the broker booked.

    Raises:
        ValueError: The money goes the wrong way, or there are no shares.
    """
    sale = kind == "sell"
    # Before its costs: those of a sale may be more than it brought.
    gross = EXACT.add(cash, costs) if sale else EXACT.subtract(EXACT.minus(cash), costs)
    if gross < ZERO or not shares:
        raise ValueError(say("a {kind} whose money goes the wrong way, or without shares", kind=kind))
    price, rest = fitting_price(gross, shares, stated, sale=sale)
    return price, EXACT.add(costs, rest)


def fitting_price(
    gross: Decimal, shares: Decimal, stated: Decimal | None, *, sale: bool
) -> tuple[Decimal, Decimal]:
    """Return the price of one share and what rounding leaves: as stated where that comes out exactly."""
    if stated is not None and EXACT.multiply(stated, shares) == gross:
        return stated, ZERO
    return unit_price(gross, shares, up=sale)
