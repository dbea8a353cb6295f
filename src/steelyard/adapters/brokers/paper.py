"""The paper broker: an account that lives in one file and trades at prices it is given.

It keeps the promises a real broker makes (a client order id counts once, money settles later, an
order lasts a day) so that everything above it can be tried for nothing. Each call is one transaction:
killed in the middle, it either happened or it did not.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from steelyard.adapters.database.connection import connect, told, transaction
from steelyard.adapters.database.migrations import Part
from steelyard.adapters.machine import trading_hours
from steelyard.domain.costs import Costs
from steelyard.domain.money import EXACT, ZERO, plain
from steelyard.domain.trading.brokerage import FX, CashBalance, Fill, Held, OpenOrder, Statement, settles_on
from steelyard.domain.trading.orders import Order, Report
from steelyard.errors import OrderNotTaken
from steelyard.ports.market import Sessions
from steelyard.ports.trading import BrokerHabits
from steelyard.records import dataclass
from steelyard.words import say

# "If not exists": the file of a first version has the tables and no word of its version.
_PAPER = Part(
    "paper",
    (
        """
CREATE TABLE IF NOT EXISTS cash (
  account TEXT NOT NULL, currency TEXT NOT NULL, amount TEXT NOT NULL, PRIMARY KEY (account, currency)
) STRICT;
CREATE TABLE IF NOT EXISTS holdings (
  account TEXT NOT NULL, symbol TEXT NOT NULL, shares TEXT NOT NULL, PRIMARY KEY (account, symbol)
) STRICT;
CREATE TABLE IF NOT EXISTS orders (
  number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, account TEXT NOT NULL,
  symbol TEXT NOT NULL, side TEXT NOT NULL, shares TEXT NOT NULL, price_limit TEXT, currency TEXT NOT NULL,
  exchange TEXT NOT NULL, state TEXT NOT NULL, filled TEXT NOT NULL DEFAULT '0',
  paid TEXT NOT NULL DEFAULT '0', fees TEXT NOT NULL DEFAULT '0', note TEXT NOT NULL DEFAULT '',
  day TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS fills (
  number INTEGER PRIMARY KEY AUTOINCREMENT, order_number INTEGER NOT NULL REFERENCES orders,
  shares TEXT NOT NULL, price TEXT NOT NULL, fees TEXT NOT NULL, at TEXT NOT NULL, settles_on TEXT NOT NULL
) STRICT;
""",
    ),
)
_OPEN = "('accepted', 'partially_filled')"


@dataclass(frozen=True, slots=True)
class PaperTerms:
    """How a paper broker deals.

    Attributes:
        commission: Fraction of the traded value.
        fx_spread: Cost of changing money, fraction of the amount.
        min_commission: Least commission of an order's fill, in its currency.
        fill_at_most: Most shares filled each time the account is looked at; None fills everything.
        settled_only: Purchases need settled money; otherwise proceeds of the day can be spent.
        always_open: Orders are taken at any hour.
    """

    commission: Decimal = ZERO
    fx_spread: Decimal = ZERO
    min_commission: Decimal = ZERO
    fill_at_most: Decimal | None = None
    settled_only: bool = False
    always_open: bool = True


class PaperBroker(BrokerHabits):
    """One paper account. See `steelyard.ports.trading.Broker`."""

    name = "paper"
    practice = True
    trades_as_quoted = True  # Nothing leaves the machine.
    converts = True

    def __init__(
        self,
        path: Path,
        account: str,
        *,
        prices: Callable[[str], Decimal | None],
        now: Callable[[], datetime],
        sessions: Sessions,
        terms: PaperTerms | None = None,
    ) -> None:
        """Open the account, with nothing in it the first time.

        Args:
            path: The file; several accounts may share it.
            account: Name of the account.
            prices: The price an instrument (or a pair of currencies) trades at now, None when it does not.
            now: The time, with its zone.
            sessions: Trading days, for settlement.
            terms: How it deals.
        """
        self._account = account
        self._prices = prices
        self._now = now
        self._sessions = sessions
        self._terms = terms or PaperTerms()
        self._path = path
        self._db = connect(path, _PAPER, wait_seconds=10)

    def is_empty(self) -> bool:
        """Say whether nothing was ever put into the account."""
        return not self._query("SELECT 1 FROM cash WHERE account = ?", self._account)

    def endow(self, cash: Mapping[str, Decimal], shares: Mapping[str, Decimal]) -> None:
        """Put money and shares into the account, as a deposit would."""
        with self._transaction():
            for currency, amount in cash.items():
                self._pay(currency, amount)
            for symbol, count in shares.items():
                self._deliver(symbol, count)

    def statement(self) -> Statement:
        """Return money and shares, after filling what can fill."""
        with self._transaction():
            self._match()
            return self._statement()

    def is_open(self, exchange: str) -> bool:
        """Say whether orders are taken now."""
        always = self._terms.always_open or exchange == FX
        return always or trading_hours.is_open(exchange, self._now(), self._sessions)

    def submit(self, order: Order) -> Report:
        """Take an order; the same client order id again returns the order there is."""
        if not self.is_open(order.exchange):
            raise OrderNotTaken(
                "market-closed",
                say("{exchange} is closed", exchange=order.exchange),
                say("try again in trading hours"),
            )
        with self._transaction():
            if self._row(order.id) is None:
                self._match()
                why = self._objection(order)
                self._db.execute(
                    "INSERT INTO orders (id, account, symbol, side, shares, price_limit, currency, exchange,"
                    " state, note, day) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    (
                        order.id,
                        self._account,
                        order.symbol,
                        order.side,
                        plain(order.shares),
                        None if order.limit is None else plain(order.limit),
                        order.currency,
                        order.exchange,
                        "rejected" if why else "accepted",
                        why,
                        self._day(order.exchange).isoformat(),
                    ),
                )
                self._match()
            return self._report(order.id)

    def find(self, order: Order) -> Report | None:
        """Return what is known of an order."""
        with self._transaction():
            self._match()
            return None if self._row(order.id) is None else self._report(order.id)

    def cancel(self, order: Order) -> Report | None:
        """Cancel what has not filled."""
        with self._transaction():
            self._db.execute(
                f"UPDATE orders SET state = 'cancelled' WHERE id = ? AND state IN {_OPEN}", (order.id,)
            )
            return None if self._row(order.id) is None else self._report(order.id)

    def open_orders(self) -> tuple[OpenOrder, ...]:
        """Return the orders that may still fill."""
        with self._transaction():
            self._match()
            return tuple(
                OpenOrder(r["id"], str(r["number"]), r["symbol"], r["side"], Decimal(r["shares"]))
                for r in self._open()
            )

    def fills(self, since: date) -> tuple[Fill, ...]:
        """Return the fills since a date."""
        with self._transaction():
            self._match()
        rows = self._query(
            "SELECT f.number AS fill, f.*, o.id, o.symbol, o.side, o.currency FROM fills f"
            " JOIN orders o ON o.number = f.order_number WHERE o.account = ? ORDER BY f.number",
            self._account,
        )
        found = (
            Fill(
                str(r["fill"]),
                r["id"],
                str(r["order_number"]),
                r["symbol"],
                r["side"],
                Decimal(r["shares"]),
                Decimal(r["price"]),
                r["currency"],
                Decimal(r["fees"]),
                datetime.fromisoformat(r["at"]),
                date.fromisoformat(r["settles_on"]),
            )
            for r in rows
        )
        return tuple(f for f in found if f.at.date() >= since)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def _objection(self, order: Order) -> str:
        """Say why an order is rejected, empty when it is not."""
        price = order.limit if order.limit is not None else self._prices(order.symbol)
        if price is None or self._prices(order.symbol) is None:
            return say("{symbol} does not trade here", symbol=order.symbol)
        if order.shares <= 0 or price <= 0:
            return say("shares and price must be above zero")
        now = self._statement()
        if order.side == "sell":
            money = order.exchange == FX
            free = now.balance(order.symbol[:3]).buying_power if money else now.free(order.symbol)
            if order.shares > free:
                return say("{free} {symbol} free to sell", free=plain(free), symbol=order.symbol)
        if order.side == "buy":
            need = EXACT.multiply(order.shares, price)
            need = EXACT.add(need, self._fee(need, order.exchange))
            power = now.balance(order.currency).buying_power
            if need > power:
                return say(
                    "{need} {currency} needed, buying power {power}",
                    need=plain(need),
                    currency=order.currency,
                    power=plain(power),
                )
        return ""

    def _match(self) -> None:
        """Let a day pass over old orders, and fill what the price allows."""
        for row in self._open():
            if row["day"] < self._day(row["exchange"]).isoformat():
                self._db.execute("UPDATE orders SET state = 'expired' WHERE number = ?", (row["number"],))
                continue
            price = self._prices(row["symbol"])
            limit = None if row["price_limit"] is None else Decimal(row["price_limit"])
            if price is None or (
                limit is not None and (price > limit if row["side"] == "buy" else price < limit)
            ):
                continue
            rest = Decimal(row["shares"]) - Decimal(row["filled"])
            self._fill(row, min(rest, self._terms.fill_at_most or rest), price)

    def _fill(self, row: sqlite3.Row, shares: Decimal, price: Decimal) -> None:
        amount = EXACT.multiply(shares, price)
        fee = self._fee(amount, row["exchange"])
        at = self._now()
        day = self._day(row["exchange"])
        settled = settles_on(day, row["exchange"], lambda d: self._sessions.is_session(row["exchange"], d))
        sign = 1 if row["side"] == "buy" else -1
        if row["exchange"] == FX:
            self._pay(row["symbol"][:3], sign * shares)
        else:
            self._deliver(row["symbol"], sign * shares)
        self._pay(row["currency"], EXACT.subtract(-sign * amount, fee))
        filled = Decimal(row["filled"]) + shares
        self._db.execute(
            "UPDATE orders SET filled = ?, paid = ?, fees = ?, state = ? WHERE number = ?",
            (
                plain(filled),
                plain(EXACT.add(Decimal(row["paid"]), amount)),
                plain(EXACT.add(Decimal(row["fees"]), fee)),
                "filled" if filled == Decimal(row["shares"]) else "partially_filled",
                row["number"],
            ),
        )
        self._db.execute(
            "INSERT INTO fills (order_number, shares, price, fees, at, settles_on) VALUES (?, ?, ?, ?, ?, ?)",
            (row["number"], plain(shares), plain(price), plain(fee), at.isoformat(), settled.isoformat()),
        )

    def _statement(self) -> Statement:
        tied: dict[str, Decimal] = {}
        reserved: dict[str, Decimal] = {}
        for row in self._open():
            rest = Decimal(row["shares"]) - Decimal(row["filled"])
            if row["side"] == "sell" and row["exchange"] == FX:
                currency = row["symbol"][:3]
                reserved[currency] = EXACT.add(reserved.get(currency, ZERO), rest)
            elif row["side"] == "sell":
                tied[row["symbol"]] = tied.get(row["symbol"], ZERO) + rest
            else:
                price = Decimal(row["price_limit"] or self._prices(row["symbol"]) or 0)
                need = EXACT.multiply(rest, price)
                need = EXACT.add(need, self._fee(need, row["exchange"]))
                total = EXACT.add(reserved.get(row["currency"], ZERO), need)
                reserved[row["currency"]] = total
        unsettled: dict[str, Decimal] = {}
        for row in self._query(
            "SELECT f.*, o.currency, o.exchange FROM fills f JOIN orders o ON o.number = f.order_number"
            " WHERE o.account = ? AND o.side = 'sell'",
            self._account,
        ):
            if row["settles_on"] > self._day(row["exchange"]).isoformat():
                amount = Decimal(row["shares"]) * Decimal(row["price"]) - Decimal(row["fees"])
                unsettled[row["currency"]] = unsettled.get(row["currency"], ZERO) + amount
        balances = []
        for row in self._query("SELECT * FROM cash WHERE account = ? ORDER BY currency", self._account):
            currency, cash = row["currency"], Decimal(row["amount"])
            free = EXACT.subtract(cash, reserved.get(currency, ZERO))
            settled = EXACT.subtract(free, unsettled.get(currency, ZERO))
            balances.append(
                CashBalance(currency, cash, settled, settled if self._terms.settled_only else free)
            )
        holdings = tuple(
            Held(r["symbol"], Decimal(r["shares"]), Decimal(r["shares"]) - tied.get(r["symbol"], ZERO))
            for r in self._query("SELECT * FROM holdings WHERE account = ? ORDER BY symbol", self._account)
            if Decimal(r["shares"])
        )
        return Statement(self._now(), tuple(balances), holdings)

    def _fee(self, amount: Decimal, exchange: str) -> Decimal:
        if exchange == FX:
            return EXACT.multiply(amount, self._terms.fx_spread)
        return Costs(self._terms.commission, self._terms.min_commission).commission_of(amount)

    def _day(self, exchange: str) -> date:
        return trading_hours.trading_day(exchange, self._now()).date()

    def _pay(self, currency: str, amount: Decimal) -> None:
        self._change("cash", "currency", "amount", currency, amount)

    def _deliver(self, symbol: str, shares: Decimal) -> None:
        self._change("holdings", "symbol", "shares", symbol, shares)

    def _change(self, table: str, key: str, column: str, name: str, by: Decimal) -> None:
        row = self._db.execute(
            f"SELECT {column} FROM {table} WHERE account = ? AND {key} = ?", (self._account, name)
        ).fetchone()
        total = EXACT.add(Decimal(row[0]) if row else ZERO, by)
        self._db.execute(f"REPLACE INTO {table} VALUES (?, ?, ?)", (self._account, name, plain(total)))

    def _open(self) -> list[sqlite3.Row]:
        return self._query(
            f"SELECT * FROM orders WHERE account = ? AND state IN {_OPEN} ORDER BY number", self._account
        )

    def _row(self, order_id: str) -> sqlite3.Row | None:
        rows = self._query("SELECT * FROM orders WHERE id = ?", order_id)
        return rows[0] if rows else None

    def _report(self, order_id: str) -> Report:
        row = self._row(order_id)
        assert row is not None
        figures = (Decimal(row["filled"]), Decimal(row["paid"]), Decimal(row["fees"]))
        return Report(row["id"], str(row["number"]), row["state"], *figures, row["note"])

    def _query(self, sql: str, *values: object) -> list[sqlite3.Row]:
        with told(self._path):
            cursor = self._db.cursor()
            cursor.row_factory = sqlite3.Row
            return cursor.execute(sql, values).fetchall()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with told(self._path), transaction(self._db):
            yield
