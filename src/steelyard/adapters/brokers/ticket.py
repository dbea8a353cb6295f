"""A broker without a connection: orders as a ticket to type in by hand, fills typed back.

The ticket (`ticket-ACCOUNT.csv`) is written for the owner and never read; the owner writes
`fills-ACCOUNT.csv`, which is never changed once it is there. What was asked for is kept in a third file,
replaced whole, so a crash leaves the old state or the new one.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import quote

from steelyard.adapters.machine import trading_hours
from steelyard.adapters.machine.private import make_private_folder, write_private
from steelyard.domain.money import EXACT, ZERO, bounded, plain
from steelyard.domain.shown import cell
from steelyard.domain.trading.brokerage import FX, CashBalance, Fill, Held, OpenOrder, Statement, settles_on
from steelyard.domain.trading.orders import (
    ACCEPTED,
    CANCELLED,
    EXPIRED,
    FILLED,
    PARTIALLY_FILLED,
    REJECTED,
    Order,
    Report,
)
from steelyard.errors import InputError, ServiceError
from steelyard.ports.market import Sessions
from steelyard.ports.trading import BrokerHabits
from steelyard.records import dataclass
from steelyard.words import say

TICKET = ("number", "do", "side", "shares", "symbol", "limit", "currency", "exchange", "order")
TYPED = ("number", "shares", "price", "fees", "traded_on", "end")
ENDS = (CANCELLED, REJECTED, EXPIRED)


@dataclass(frozen=True, slots=True)
class _FillRow:
    """One line of the fills file: shares at a price, or the end of an order."""

    number: int
    shares: Decimal
    price: Decimal
    fees: Decimal
    traded_on: date
    end: str


class TicketBroker(BrokerHabits):
    """One account whose orders are typed in by hand. See `steelyard.ports.trading.Broker`."""

    name = "ticket"
    converts = True

    def __init__(
        self,
        folder: Path,
        account: str,
        *,
        cash: Mapping[str, Decimal],
        shares: Mapping[str, Decimal],
        now: Callable[[], datetime],
        sessions: Sessions,
    ) -> None:
        """Open the ticket of an account.

        Money and shares are what the portfolio file says plus the fills typed since the orders were written.
        Once the file says something else and no order is open, the file holds alone.

        Args:
            folder: Where the three files are; made when it is missing.
            account: Name of the account.
            cash, shares: As the portfolio file (or its journal) has them now.
            now: The time, with its zone.
            sessions: Trading days, for settlement.
        """
        name = quote(account, safe="")
        self._folder = folder
        self._state = folder / f"state-{name}.json"
        self._ticket = folder / f"ticket-{name}.csv"
        self._typed = folder / f"fills-{name}.csv"
        self._now, self._sessions = now, sessions
        ticket, typed = (f"{folder.name}/{file.name}" for file in (self._ticket, self._typed))
        self.by_hand = say(
            "enter the lines of {ticket} at your broker and type the fills into {typed}",
            ticket=ticket,
            typed=typed,
        )
        self._file = {
            "cash": {c: plain(a) for c, a in sorted(cash.items())},
            "shares": {s: plain(n) for s, n in sorted(shares.items()) if n},
        }

    def statement(self) -> Statement:
        """Return money and shares: the file's, and what was typed since."""
        state, lines = self._read()
        return self._statement(state, lines)

    def is_open(self, exchange: str) -> bool:
        """A ticket is written at any hour; whoever types it in knows when the market is open."""
        return exchange in ("XKRX", "XNYS", FX)

    def submit(self, order: Order) -> Report:
        """Write an order onto the ticket; the same client order id again is the order there is."""
        state, lines = self._read()
        if not any(row["order"] == order.id for row in state["orders"]):
            if not self._open(state, lines) and state["opening"] != self._file:
                state["opening"] = self._file
                state["counted"] = [row["number"] for row in state["orders"]]
            why = self._objection(order, self._statement(state, lines))
            state["orders"].append(
                {
                    "number": len(state["orders"]) + 1,
                    "order": order.id,
                    "symbol": order.symbol,
                    "side": order.side,
                    "shares": plain(order.shares),
                    "limit": None if order.limit is None else plain(order.limit),
                    "currency": order.currency,
                    "exchange": order.exchange,
                    "day": self._day(order.exchange).isoformat(),
                    "do": "enter",
                    "rejected": why,
                }
            )
            self._write(state, lines)
        found = self.find(order)
        assert found is not None
        return found

    def find(self, order: Order) -> Report | None:
        """Return what was typed about an order; None when its day is over and nothing was."""
        state, lines = self._read()
        row = next((r for r in state["orders"] if r["order"] == order.id), None)
        return None if row is None else self._report(row, lines)

    def cancel(self, order: Order) -> Report | None:
        """Ask on the ticket for a cancellation; it is one when `cancelled` is typed back."""
        state, lines = self._read()
        for row in self._open(state, lines):
            if row["order"] == order.id:
                row["do"] = "cancel"
                self._write(state, lines)
        return self.find(order)

    def open_orders(self) -> tuple[OpenOrder, ...]:
        """Return the orders of the ticket that may still fill."""
        state, lines = self._read()
        return tuple(
            OpenOrder(r["order"], str(r["number"]), r["symbol"], r["side"], Decimal(r["shares"]))
            for r in self._open(state, lines)
        )

    def fills(self, since: date) -> tuple[Fill, ...]:
        """Return the fills typed with a date from `since` on."""
        state, lines = self._read()
        rows = {row["number"]: row for row in state["orders"]}
        counts: dict[int, int] = {}
        found = []
        for line in lines:
            if not line.shares:
                continue
            counts[line.number] = counts.get(line.number, 0) + 1
            row = rows[line.number]
            exchange = row["exchange"]
            fill = Fill(
                id=f"{line.number}-{counts[line.number]}",
                order_id=row["order"],
                broker_id=str(line.number),
                symbol=row["symbol"],
                side=row["side"],
                shares=line.shares,
                price=line.price,
                currency=row["currency"],
                fees=line.fees,
                # Only the day is typed. Noon in London is that same day in Seoul and in New York.
                at=datetime.combine(line.traded_on, time(12), UTC),
                settles_on=settles_on(line.traded_on, exchange, self._session_of(exchange)),
            )
            if line.traded_on >= since:
                found.append(fill)
        return tuple(sorted(found, key=lambda f: f.at))

    def close(self) -> None:
        """Nothing is kept open."""

    # -- what is known ------------------------------------------------------------------------------

    def _statement(self, state: Mapping[str, Any], lines: list[_FillRow]) -> Statement:
        opening = state["opening"]
        if opening is None or (opening != self._file and not self._open(state, lines)):
            opening, counted = self._file, {row["number"] for row in state["orders"]}
        else:
            counted = set(state["counted"])
        cash = {c: Decimal(a) for c, a in opening["cash"].items()}
        shares = {s: Decimal(n) for s, n in opening["shares"].items()}
        unsettled: dict[str, Decimal] = {}
        rows = {row["number"]: row for row in state["orders"]}
        for line in lines:
            row = rows[line.number]
            if line.number in counted or not line.shares:
                continue
            sign = 1 if row["side"] == "buy" else -1
            paid = EXACT.multiply(line.shares, line.price)
            change = EXACT.subtract(-sign * paid, line.fees)
            currency, symbol = row["currency"], row["symbol"]
            cash[currency] = EXACT.add(cash.get(currency, ZERO), change)
            if row["exchange"] == FX:
                cash[symbol[:3]] = EXACT.add(cash.get(symbol[:3], ZERO), sign * line.shares)
            else:
                shares[symbol] = shares.get(symbol, ZERO) + sign * line.shares
            due = settles_on(line.traded_on, row["exchange"], self._session_of(row["exchange"]))
            if sign < 0 and due > self._day(row["exchange"]):
                unsettled[currency] = EXACT.add(unsettled.get(currency, ZERO), change)
        tied: dict[str, Decimal] = {}
        for row in self._open(state, lines):
            rest = Decimal(row["shares"]) - sum((x.shares for x in lines if x.number == row["number"]), ZERO)
            sold = row["symbol"][:3] if row["exchange"] == FX else row["symbol"]
            key = sold if row["side"] == "sell" else row["currency"]
            price = Decimal(row["limit"] or 0)
            need = rest if row["side"] == "sell" else EXACT.multiply(rest, price)
            tied[key] = EXACT.add(tied.get(key, ZERO), need)
        balances = []
        for currency, amount in sorted(cash.items()):
            free = EXACT.subtract(amount, tied.get(currency, ZERO))
            settled = EXACT.subtract(free, unsettled.get(currency, ZERO))
            balances.append(CashBalance(currency, amount, settled, free))
        held = tuple(Held(s, n, n - tied.get(s, ZERO)) for s, n in sorted(shares.items()) if n)
        return Statement(self._now(), tuple(balances), held)

    def _objection(self, order: Order, now: Statement) -> str:
        if order.side == "sell":
            money = order.exchange == FX
            free = now.balance(order.symbol[:3]).buying_power if money else now.free(order.symbol)
            return (
                say("{free} {symbol} free to sell", free=plain(free), symbol=order.symbol)
                if order.shares > free
                else ""
            )
        if order.limit is None:
            return ""
        need, power = EXACT.multiply(order.shares, order.limit), now.balance(order.currency).buying_power
        return (
            say(
                "{need} {currency} needed, {power} there",
                need=plain(need),
                currency=order.currency,
                power=plain(power),
            )
            if need > power
            else ""
        )

    def _report(self, row: Mapping[str, Any], lines: Iterable[_FillRow]) -> Report | None:
        if row["rejected"]:
            return Report(row["order"], str(row["number"]), REJECTED, note=row["rejected"])
        filled = paid = fees = ZERO
        end = ""
        for line in lines:
            if line.number == row["number"]:
                filled, fees = filled + line.shares, EXACT.add(fees, line.fees)
                paid = EXACT.add(paid, EXACT.multiply(line.shares, line.price))
                end = line.end or end
        over = row["day"] < self._day(row["exchange"]).isoformat()
        if filled == Decimal(row["shares"]):
            state = FILLED
        elif end:
            state = end
        elif over and not filled:
            return None
        elif over:
            state = EXPIRED
        else:
            state = PARTIALLY_FILLED if filled else ACCEPTED
        return Report(row["order"], str(row["number"]), state, filled, paid, fees)

    def _open(self, state: Mapping[str, Any], lines: list[_FillRow]) -> list[dict[str, Any]]:
        found = []
        for row in state["orders"]:
            report = self._report(row, lines)
            if report is not None and report.state in (ACCEPTED, PARTIALLY_FILLED):
                found.append(row)
        return found

    def _day(self, exchange: str) -> date:
        return trading_hours.trading_day(exchange, self._now()).date()

    def _session_of(self, exchange: str) -> Callable[[date], bool]:
        return lambda day: self._sessions.is_session(exchange, day)

    # -- the files ----------------------------------------------------------------------------------

    def _read(self) -> tuple[dict[str, Any], list[_FillRow]]:
        try:
            state: dict[str, Any] = json.loads(self._state.read_text(encoding="utf-8"))
        except FileNotFoundError:
            state = {"opening": None, "counted": [], "orders": []}
        except (OSError, ValueError) as error:
            raise ServiceError(
                "ticket-file",
                say("{path} cannot be read: {why}", path=self._state, why=error),
                say("restore it from a backup"),
            ) from None
        return state, self._lines(state)

    def _lines(self, state: Mapping[str, Any]) -> list[_FillRow]:
        try:
            text = self._typed.read_text(encoding="utf-8-sig")
        except FileNotFoundError:
            return []
        except (OSError, ValueError) as error:
            raise ServiceError(
                "ticket-file",
                say("{path} cannot be read: {why}", path=self._typed, why=error),
                say("save it as UTF-8 CSV"),
            ) from None
        rest = {row["number"]: Decimal(row["shares"]) for row in state["orders"] if not row["rejected"]}
        reader = csv.DictReader(io.StringIO(text))
        missing = [c for c in TYPED[:2] if c not in (reader.fieldnames or ())]
        if missing:
            raise self._typo(1, say("the first line names no column {missing}", missing=missing[0]))
        found = []
        for values in reader:
            row = {k: (v or "").strip() for k, v in values.items() if isinstance(k, str)}
            if not any(row.values()):
                continue
            line = self._line(row, reader.line_num)
            if line.number not in rest:
                raise self._typo(reader.line_num, say("the ticket has no order {number}", number=line.number))
            rest[line.number] -= line.shares
            if rest[line.number] < 0:
                raise self._typo(
                    reader.line_num, say("order {number} fills more than was asked for", number=line.number)
                )
            found.append(line)
        return found

    def _line(self, row: Mapping[str, str], place: int) -> _FillRow:
        try:
            figures = {k: _figure(row.get(k) or "0") for k in ("number", "shares", "price", "fees")}
            day = row.get("traded_on") or ""
            on = date.fromisoformat(day) if day else self._now().date()
        except (ArithmeticError, ValueError):
            raise self._typo(
                place, say("a number or date cannot be read (write 412.35, no commas; 2026-11-24)")
            ) from None
        end = row.get("end", "").lower()
        if any(not n.is_finite() or n < 0 for n in figures.values()):
            raise self._typo(place, say("a number is negative or endless"))
        if end not in ("", *ENDS):
            raise self._typo(place, say("{end!r} is not one of {ends}", end=end, ends=", ".join(ENDS)))
        if not figures["shares"] and not end:
            raise self._typo(place, say("no shares and no end"))
        if figures["shares"] and (not figures["price"] or not day):
            raise self._typo(place, say("shares need a price and the day they were traded on"))
        if figures["number"] != int(figures["number"]):
            raise self._typo(
                place, say("{number} is not a number of an order", number=plain(figures["number"]))
            )
        return _FillRow(int(figures["number"]), figures["shares"], figures["price"], figures["fees"], on, end)

    def _typo(self, place: int, text: str) -> InputError:
        hint = say("correct the line; columns: {columns}", columns=",".join(TYPED))
        return InputError(
            "ticket-fills", say("{text} ({file}:{line})", text=text, file=self._typed.name, line=place), hint
        )

    def _write(self, state: Mapping[str, Any], lines: list[_FillRow]) -> None:
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(TICKET)
        for row in self._open(state, lines):
            writer.writerow([cell(row[k]) if row[k] is not None else "market" for k in TICKET])
        try:
            make_private_folder(self._folder)
            write_private(self._state, json.dumps(state, ensure_ascii=False, indent=1) + "\n")
            write_private(self._ticket, out.getvalue())
            if not self._typed.exists():
                write_private(self._typed, ",".join(TYPED) + "\n")
        except OSError as error:
            raise ServiceError(
                "ticket-file",
                say("{path} cannot be written: {why}", path=self._folder, why=error),
                say("check its rights"),
            ) from None


def _figure(text: str) -> Decimal:
    if not text.isascii():
        raise ValueError(text)
    figure = Decimal(text)
    return bounded(figure) if figure.is_finite() else figure
