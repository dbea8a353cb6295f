"""From the bookings of a broker's file to entries of the journal, one of each, so that parts may overlap."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from operator import itemgetter

from steelyard.adapters.importers.presets.statement import Booking, Statement, trade_of
from steelyard.adapters.importers.presets.trades import Trade
from steelyard.adapters.importers.rows import ImportedFile, Known, Sheet, listed, spread
from steelyard.domain.books.ledger import PAYMENT_KINDS, Entry, Row, entry_like
from steelyard.domain.days import read_day
from steelyard.domain.market.catalogue import korean_code
from steelyard.domain.money import EXACT, ZERO, plain
from steelyard.words import join, message_of, say

_MONEY = frozenset({"deposit", "withdrawal", "interest", "fee", "tax", "convert_leg", "convert"})


def entries_of(statement: Statement, sheet: Sheet) -> ImportedFile:
    """Return the entries of a statement.

    A file of one account keeps no account number: its rows go to the sheet's account. In a file of several
    they keep theirs, or take the name that `accounts` gives it.

    Args:
        statement: As it was read.
        sheet: Collects entries and problems, and knows what the owner says of the file.

    Raises:
        PortfolioProblems: With every row that is not understood, by line.
    """
    names = {b.account for b in statement.bookings}
    leave = sheet.said.leave
    owners = _Owners(sheet, several=len(names) > 1)
    maker = _Maker(sheet, owners, str(statement.preset["id"]))
    for line, reason in statement.ignored:
        sheet.skip(line, reason)
    for line, reason in statement.refused:
        if line in leave:
            sheet.left(line, reason)
            continue
        hint = say("enter what it did with `steelyard record`, and import with --leave {line}", line=line)
        sheet.problem("import-row", reason, hint, line)
    legs: list[Booking] = []
    for booked in statement.bookings:
        if isinstance(booked, Trade) and booked.line not in leave:
            maker.alike(booked)
            continue
        booking = booked.booking
        if booking.line in leave:
            sheet.left(booking.line, booking.word or booking.kind)
        elif booking.kind == "convert_leg":
            legs.append(booking)
        else:
            maker.make(booking)
    maker.conversions(legs)
    maker.reversals()
    for booking in statement.cancelled:
        sheet.cancel(booking.line, maker.number(booking))
    return sheet.finish()


class _Owners:
    """Names of accounts."""

    def __init__(self, sheet: Sheet, *, several: bool) -> None:
        self.sheet = sheet
        self.several = several

    def of(self, booking: Booking) -> str:
        return self.sheet.owner(booking.facts.get("account", ""), several=self.several)


class _Maker:
    """Makes entries of bookings, one kind after the other."""

    def __init__(self, sheet: Sheet, owners: _Owners, preset: str) -> None:
        self.sheet = sheet
        self.owners = owners
        self.preset = preset
        self.paid: list[tuple[Booking, dict[str, str]]] = []
        self.back: list[tuple[Booking, dict[str, str]]] = []
        self.known: dict[int, Entry] = {}
        self.days = Known(_day)
        self.named: dict[tuple[str, str, str, str], str] = {}

    def make(self, booking: Booking) -> None:
        """Add the entry of a booking."""
        kind, facts = booking.kind, booking.facts
        cash = Decimal(facts.get("cash", "0"))
        costs = EXACT.add(Decimal(facts.get("fee", "0")), Decimal(facts.get("tax", "0")))
        shares = Decimal(facts.get("shares", "0"))
        fields = self.common(booking)
        if kind in ("buy", "sell"):
            self.trade(booking, fields, cash, costs, shares)
        elif kind in PAYMENT_KINDS:
            self.payment(booking, fields, cash, costs, shares)
        elif kind in ("deposit", "withdrawal"):
            # The sign wins over the word: -2,500 under "transfer" leaves the account.
            kind = "deposit" if cash > ZERO else "withdrawal"
            self.money(booking, fields, kind, abs(cash), ZERO)
        elif kind in ("interest", "fee", "tax"):
            gross = EXACT.add(cash, costs) if kind == "interest" else EXACT.minus(cash)
            self.money(booking, fields, kind, gross, costs if kind == "interest" else ZERO)
        elif kind in ("transfer_in", "transfer_out", "stock_dividend"):
            self.put(booking, fields, type=kind, shares=plain(shares), fees="")
            if kind == "transfer_in":
                self.arrived(booking, fields, shares)
        elif kind == "split":
            self.split(booking, fields)
        elif kind == "convert":
            self.convert(booking, fields, cash, shares)
        else:
            self.sheet.unread(say("a {kind} needs more than the row tells", kind=kind), booking.line)

    def common(self, booking: Booking) -> dict[str, str]:
        """Return what all kinds have in common."""
        facts = booking.facts
        return {
            "date": facts["date"],
            "account": self.owners.of(booking),
            "symbol": self.symbol(booking),
            "currency": facts.get("currency", ""),
            "order_id": facts.get("order", ""),
            "note": facts.get("note", ""),
        }

    def symbol(self, booking: Booking) -> str:
        """Return the symbol, by the broker's symbol, its ISIN or its name."""
        get = booking.facts.get
        key = get("symbol", ""), get("isin", ""), get("name", ""), booking.kind
        if key not in self.named:
            self.named[key] = self.symbol_by_words(booking)
        return self.named[key]

    def symbol_by_words(self, booking: Booking) -> str:
        """Look the symbol up."""
        facts, catalogue = booking.facts, self.sheet.catalogue
        for key in ("symbol", "isin", "name"):
            text = facts.get(key, "")
            if text and (called := self.sheet.called(text)) is not None:
                return called
            known = catalogue.resolve(listed(text) if key == "symbol" else text) if text else None
            if known is not None:
                return known
        money = booking.kind in _MONEY
        if facts.get("symbol") and (not money or booking.kind == "tax"):
            return listed(facts["symbol"])
        code = korean_code(facts.get("isin", ""))
        if code != facts.get("isin", ""):
            return code
        # Money may say where it comes from in words; only what is held must be known.
        return "" if money else facts.get("name") or facts.get("isin", "")

    def put(self, booking: Booking, common: Mapping[str, str], **fields: str) -> None:
        """Add an entry; the broker's own number tells it again in another file."""
        reference = self.number(booking)
        name = booking.facts.get("name", "")
        words = {**common, **fields}
        symbol = words.get("symbol", "")
        if name and symbol == name and self.sheet.catalogue.resolve(name) is None:
            self.unknown(booking.line, name)
            return
        self.sheet.put(words, booking.line, reference)

    def number(self, booking: Booking) -> str:
        """Return the broker's own number of a booking, empty where it has none."""
        facts = booking.facts
        return self.reference(booking.account, facts["date"], facts.get("ref", ""), scoped=booking.scoped)

    def reference(self, account: str, on: str, ref: str, *, scoped: bool) -> str:
        """Return what tells a booking of a broker again, empty where it has no number."""
        if not ref:
            return ""
        return f"{self.preset}:{account}:{on}:{ref}" if scoped else f"{self.preset}:{ref}"

    def unknown(self, line: int, name: str) -> None:
        """Refuse a name that no instrument has, with those that come near."""
        near = self.sheet.catalogue.suggest(name)
        option = f"--symbol '{name}={near[0] if near else 'SYMBOL'}'"
        hint = say("import with {option}", option=option)
        if near:
            hint = say(
                "did you mean {near}? import with {option}", near=join(say(" or "), near), option=option
            )
        self.sheet.problem(
            "unknown-symbol", say("{raw!r} is no symbol and not in the catalogue", raw=name), hint, line
        )

    def trade(
        self, booking: Booking, fields: Mapping[str, str], cash: Decimal, costs: Decimal, shares: Decimal
    ) -> None:
        """Add a purchase or a sale."""
        stated = booking.facts.get("price", "")
        try:
            price, fees = trade_of(booking.kind, cash, costs, shares, Decimal(stated) if stated else None)
        except ValueError as error:
            self.sheet.unread(message_of(error), booking.line)
            return
        numbers = {"shares": shares, "price": price, "fees": fees}
        self.put(booking, fields, type=booking.kind, **{key: plain(n) for key, n in numbers.items()})

    def alike(self, trade: Trade) -> None:
        """Add a trade that says in words what one before it said, of which the entry is known."""
        like = self.known.get(id(trade.alike))
        on = self.days[trade.on]
        if like is None or on is None:
            before = len(self.sheet.rows), len(self.sheet.problems)
            self.make(trade.booking)
            if on is not None and (len(self.sheet.rows), len(self.sheet.problems)) == (
                before[0] + 1,
                before[1],
            ):
                self.known[id(trade.alike)] = self.sheet.rows[-1].entry
            return
        order, ref = trade.order.strip(), trade.ref
        entry = entry_like(like, on, trade.shares, trade.price, trade.fees, order)
        if ref:
            ref = self.reference(trade.account, trade.on, ref, scoped=trade.alike.scoped)
        self.sheet.rows.append(Row(entry, trade.line, ref))

    def payment(
        self, booking: Booking, fields: Mapping[str, str], cash: Decimal, costs: Decimal, shares: Decimal
    ) -> None:
        """Add a payment on shares; one that was taken back again is left out."""
        gross = EXACT.add(cash, costs)
        if gross < ZERO:
            self.back.append((booking, {**fields, "gross": plain(EXACT.minus(gross))}))
            return
        price = EXACT.divide(gross, shares) if shares else ZERO
        if not shares or EXACT.multiply(price, shares) != gross or len(price.as_tuple().digits) > 15:
            shares, price = Decimal(1), gross
        numbers = {"shares": shares, "price": price, "fees": costs, "gross": gross}
        words = {**fields, "type": booking.kind} | {k: plain(v) for k, v in numbers.items()}
        self.paid.append((booking, words))

    def reversals(self) -> None:
        """Add the payments that were not taken back in the same file."""
        same = itemgetter("symbol", "account", "currency", "gross")
        alike: dict[tuple[str, ...], deque[tuple[Booking, dict[str, str]]]] = {}
        for paid in self.paid if self.back else ():
            alike.setdefault(same(paid[1]), deque()).append(paid)
        gone: set[int] = set()
        for booking, taken in self.back:
            fitting = alike.get(same(taken))
            if not fitting:
                text = say(
                    "a payment of {symbol} is taken back that is not in the file", symbol=taken["symbol"]
                )
                self.sheet.unread(text, booking.line)
                continue
            hit = fitting.popleft()
            gone.add(id(hit))
            self.sheet.skip(hit[0].line, say("taken back in line {line}", line=booking.line))
            self.sheet.skip(booking.line, say("takes back line {line}", line=hit[0].line))
        for booking, words in (paid for paid in self.paid if id(paid) not in gone):
            self.put(booking, {k: v for k, v in words.items() if k != "gross"})

    def money(
        self, booking: Booking, fields: Mapping[str, str], kind: str, amount: Decimal, fees: Decimal
    ) -> None:
        """Add money that comes in or goes out; none at all is left out."""
        if not amount:
            self.sheet.skip(booking.line, say("{word} moves no money", word=booking.word or kind))
            return
        note = fields["note"] or ("" if kind in ("deposit", "withdrawal") else booking.facts.get("name", ""))
        # Tax may have been withheld on a payment of a fund; of all other money the reason is a remark.
        symbol = fields["symbol"] if kind == "tax" else ""
        self.put(
            booking,
            {**fields, "symbol": symbol},
            type=kind,
            shares=plain(amount),
            fees=plain(fees),
            note=note,
        )

    def arrived(self, booking: Booking, fields: Mapping[str, str], shares: Decimal) -> None:
        """Say that the file does not tell what transferred shares cost."""
        command = (
            f"`steelyard record date={fields['date']} type=transfer_in symbol={fields['symbol']} "
            f"shares={plain(shares)} price=COST-OF-ONE lot=PURCHASE-DATE`"
        )
        self.sheet.lacks(
            booking.line,
            say(
                "what the {shares} {symbol} cost is not in the file; take the entry back and enter {command}",
                shares=plain(shares),
                symbol=fields["symbol"],
                command=command,
            ),
        )

    def split(self, booking: Booking, fields: Mapping[str, str]) -> None:
        """Add a split by its ratio, or by the shares it added."""
        facts = booking.facts
        if "ratio" in facts:
            self.put(booking, fields, type="split", shares=facts["ratio"], currency="")
        elif "shares_added" in facts:
            self.put(booking, fields, type="stock_dividend", shares=facts["shares_added"], currency="")
        else:
            self.sheet.unread(say("the ratio of the split is not in the file"), booking.line)

    def convert(self, booking: Booking, fields: Mapping[str, str], cash: Decimal, shares: Decimal) -> None:
        """Add a conversion; negative shares are a currency sold, at which the other one is bought."""
        bought, paid = booking.facts.get("symbol", ""), fields["currency"]
        got, gave = (shares, abs(cash)) if shares > ZERO else (abs(cash), abs(shares))
        if shares < ZERO:
            bought, paid = paid, bought
        self.converted(booking, fields, bought, got, paid, gave)

    def converted(
        self, booking: Booking, fields: Mapping[str, str], bought: str, got: Decimal, paid: str, gave: Decimal
    ) -> None:
        """Add a conversion that took exactly one amount and brought exactly another."""
        price, rest = spread(gave, got)
        self.put(
            booking, {**fields, "symbol": bought, "currency": paid}, type="convert", shares=plain(got),
            price=price, fees=plain(rest),
        )  # fmt: skip

    def conversions(self, legs: Sequence[Booking]) -> None:
        """Join the halves of conversions: money out with money in of another currency of that day."""
        incoming: dict[tuple[str, str], list[Booking]] = {}
        for x in legs:
            if Decimal(x.facts["cash"]) > ZERO:
                incoming.setdefault((x.facts["date"], x.facts.get("account", "")), []).append(x)
        joined: set[int] = set()
        for out in [x for x in legs if Decimal(x.facts["cash"]) < ZERO]:
            day = incoming.get((out.facts["date"], out.facts.get("account", "")), [])
            same = [n for n, x in enumerate(day) if x.facts.get("currency") != out.facts.get("currency")]
            if not same:
                continue
            into = day.pop(min(same, key=lambda n: _apart(out, day[n])))
            joined |= {id(out), id(into)}
            got, gave = Decimal(into.facts["cash"]), abs(Decimal(out.facts["cash"]))
            self.converted(
                out,
                self.common(out),
                into.facts.get("currency", ""),
                got,
                out.facts.get("currency", ""),
                gave,
            )
        for leg in (x for x in legs if id(x) not in joined):
            self.sheet.unread(say("the other half of the conversion is not in the file"), leg.line)


def _day(text: str) -> date | None:
    try:
        return read_day(text)
    except ValueError:
        return None


def _apart(out: Booking, into: Booking) -> Decimal:
    """Return how far two halves are from one conversion at the stated rate, 0 where none is stated."""
    rate = Decimal(out.facts.get("fx_rate") or into.facts.get("fx_rate") or "0")
    if not rate:
        return ZERO
    gave, got = abs(Decimal(out.facts["cash"])), Decimal(into.facts["cash"])
    one, other = EXACT.multiply(got, rate), EXACT.multiply(gave, rate)
    return min(abs(EXACT.subtract(one, gave)), abs(EXACT.subtract(other, got)))
