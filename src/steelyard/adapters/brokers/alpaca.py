"""Alpaca over its trading API v2: decimal strings, our own client order ids, fixed hosts.

Buying power is never margin: the smaller of what Alpaca lends and what needs no loan. No live call was
made while this was written; the official OpenAPI description decides.

Source: https://docs.alpaca.markets (trading API v2.0.1).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from steelyard.adapters.brokers.wire import SECONDS, BrokerWire, without
from steelyard.adapters.machine import trading_hours
from steelyard.adapters.machine.web_answers import decimal_of, read_json
from steelyard.domain.money import EXACT, ZERO, plain
from steelyard.domain.trades import Side
from steelyard.domain.trading.brokerage import CashBalance, Fill, Held, OpenOrder, Statement, settles_on
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
from steelyard.errors import NoAnswer, OrderNotTaken, ServiceError
from steelyard.ports.market import Sessions
from steelyard.ports.trading import BrokerHabits
from steelyard.words import say

HOSTS = {"paper": "https://paper-api.alpaca.markets", "live": "https://api.alpaca.markets"}
_STATES = {
    "partially_filled": PARTIALLY_FILLED,
    "filled": FILLED,
    "canceled": CANCELLED,
    "replaced": CANCELLED,
    "expired": EXPIRED,
    "done_for_day": EXPIRED,
    "rejected": REJECTED,
}
_PAGE, _PAGES = 100, 200
_MOST_OPEN = 500


class AlpacaBroker(BrokerHabits):
    """One Alpaca account. See `steelyard.ports.trading.Broker`."""

    name = "alpaca"

    def __init__(
        self,
        mode: str,
        key: str,
        secret: str,
        *,
        sessions: Sessions,
        loopback: str | None = None,
        seconds: float = SECONDS,
    ) -> None:
        """Prepare the connection; nothing is asked yet.

        Args:
            mode: `paper` or `live`.
            key, secret: Of the account.
            sessions: Trading days, for settlement.
            loopback: Address of a stand-in on this machine, for tests.
            seconds: Time limit of a call, see `broker_wire`.

        Raises:
            InputError: The mode or the loopback address is not allowed.
        """
        keys = {"APCA-API-KEY-ID": key, "APCA-API-SECRET-KEY": secret}
        self.practice = mode == "paper"
        self._sessions, self._keys = sessions, (key, secret)
        self._wire = BrokerWire("Alpaca", HOSTS, mode, headers=keys, loopback=loopback, seconds=seconds)

    def reference(self, account: str, fill: Fill) -> str:
        """Return Alpaca's own number, which `import --format alpaca` goes by as well."""
        return f"{self.name}:{fill.id}"

    def close(self) -> None:
        """Close the connection."""
        self._wire.close()

    def statement(self) -> Statement:
        """Return money and shares."""
        account, positions = self._get("/v2/account"), self._list("/v2/positions")
        with _readable("statement"):
            free = min(_number(account["buying_power"]), _number(account["non_marginable_buying_power"]))
            cash = _number(account["cash"])
            balance = CashBalance(account.get("currency") or "USD", cash, min(free, cash), free)
            held = tuple(
                Held(p["symbol"], _number(p["qty"]), _number(p.get("qty_available") or p["qty"]))
                for p in positions
            )
        return Statement(datetime.now(UTC), (balance,), held)

    def is_open(self, exchange: str) -> bool:
        """Ask Alpaca's own clock, which knows shortened days."""
        if exchange != "XNYS":
            return False
        clock = self._get("/v2/clock")
        with _readable("clock"):
            return clock["is_open"] is True

    def submit(self, order: Order) -> Report:
        """Send an order for the day; anything but dollars is refused here, before it becomes a price."""
        if order.currency != "USD" or order.exchange != "XNYS":
            return Report(
                order.id,
                "",
                REJECTED,
                note=say("Alpaca trades in USD, not in {currency}", currency=order.currency),
            )
        body = {
            "symbol": order.symbol,
            "qty": plain(order.shares),
            "side": order.side,
            "type": "market" if order.limit is None else "limit",
            "time_in_force": "day",
            "client_order_id": order.id,
        }
        if order.limit is not None:
            body["limit_price"] = plain(order.limit)
        status, answer = self._call("POST", "/v2/orders", body=body)
        if status == 200:
            return _report(answer)
        if status in (403, 422):
            # A client order id that is there already is refused with 422, too.
            found = self.find(order)
            words = str(answer.get("message") if isinstance(answer, dict) else "")
            note = without(words, self._keys) or f"refused with {status}"
            return found or Report(order.id, "", REJECTED, note=note)
        raise OrderNotTaken(
            "broker-refused",
            say("Alpaca answered {status}", status=status),
            say("check the keys, then try again"),
        )

    def find(self, order: Order) -> Report | None:
        """Ask by client order id."""
        path = f"/v2/orders:by_client_order_id?client_order_id={quote(order.id)}"
        status, answer = self._call("GET", path)
        if status == 404:
            return None
        return _report(self._good(status, answer))

    def cancel(self, order: Order) -> Report | None:
        """Ask for a cancellation; 422 says it is too late."""
        report = self.find(order)
        if report is None:
            return None
        status, answer = self._call("DELETE", f"/v2/orders/{quote(report.broker_id, safe='')}")
        if status not in (204, 404, 422):
            self._good(status, answer)
        return self.find(order)

    def open_orders(self) -> tuple[OpenOrder, ...]:
        """Return every open order of the account."""
        rows = self._list(f"/v2/orders?status=open&limit={_MOST_OPEN}")
        with _readable(say("list of orders")):
            found = tuple(
                OpenOrder(r["client_order_id"], r["id"], r["symbol"], r["side"], _number(r["qty"]))
                for r in rows
            )
        if len(found) >= _MOST_OPEN:
            text = say("Alpaca lists {count} open orders, and perhaps not all of them", count=_MOST_OPEN)
            raise ServiceError("broker-answer", text, say("cancel what is not wanted, then try again"))
        return found

    def fills(self, since: date) -> tuple[Fill, ...]:
        """Return the fills since a date, page by page, each settling as Alpaca's own calendar says."""
        rows: list[Any] = []
        token = ""
        for _ in range(_PAGES):
            path = f"/v2/account/activities/FILL?after={since}T00:00:00Z&direction=asc&page_size={_PAGE}"
            page = self._list(path + (f"&page_token={quote(token, safe='')}" if token else ""))
            with _readable(say("list of fills")):
                rows += page
                if len(page) < _PAGE or page[-1]["id"] == token:
                    break
                token = page[-1]["id"]
        else:
            text = say("Alpaca has more than {pages} pages", pages=_PAGES)
            raise NoAnswer("broker-answer", text, say("ask for fewer days"))
        if not rows:
            return ()
        with _readable(say("list of fills")):
            times = [datetime.fromisoformat(r["transaction_time"]) for r in rows]
            days = [trading_hours.trading_day("XNYS", at).date() for at in times]
            settles = self._settlement(min(days), max(days))
            return tuple(
                _fill(row, at, settles.get(day) or self._settled(day))
                for row, at, day in zip(rows, times, days, strict=True)
            )

    def _settlement(self, first: date, last: date) -> dict[date, date]:
        """Return trading day to settlement day, from Alpaca's calendar."""
        rows = self._list(f"/v2/calendar?start={first}T00:00:00Z&end={last}T00:00:00Z")
        with _readable("calendar"):
            return {date.fromisoformat(r["date"]): date.fromisoformat(r["settlement_date"]) for r in rows}

    def _settled(self, day: date) -> date:
        return settles_on(day, "XNYS", lambda d: self._sessions.is_session("XNYS", d))

    def _list(self, path: str) -> list[Any]:
        rows = self._get(path)
        if not isinstance(rows, list):
            raise NoAnswer("broker-answer", say("the answer of Alpaca is no list"), say("ask again later"))
        return rows

    def _get(self, path: str) -> Any:
        return self._good(*self._call("GET", path))

    def _good(self, status: int, answer: Any) -> Any:
        if status != 200:
            raise ServiceError(
                "broker-refused",
                say("Alpaca answered {status}", status=status),
                say("check the keys, then try again"),
            )
        return answer

    def _call(self, method: str, path: str, body: dict[str, str] | None = None) -> tuple[int, Any]:
        """Return status and answer. Silence is `NoAnswer`; what certainly had no effect `OrderNotTaken`."""
        status, raw, _ = self._wire.call(method, path, body=body)
        if status == 429:
            raise OrderNotTaken("broker-busy", say("Alpaca asks to slow down"), say("try again in a minute"))
        if status >= 500 or 300 <= status < 400:
            raise NoAnswer(
                "broker-silent", say("Alpaca answered {status}", status=status), say("ask again later")
            )
        try:
            return status, read_json(raw) if raw else None
        except ValueError:
            raise NoAnswer(
                "broker-answer", say("the answer of Alpaca is no JSON"), say("ask again later")
            ) from None


@contextmanager
def _readable(what: str) -> Iterator[None]:
    """Take an answer that does not have the shape the description promises for no answer."""
    try:
        yield
    except (LookupError, TypeError, AttributeError, ValueError, ArithmeticError):
        text = say("the answer of Alpaca is no {what}", what=what)
        raise NoAnswer("broker-answer", text, say("ask again later")) from None


def _report(row: Any) -> Report:
    with _readable("order"):
        filled = _number(row["filled_qty"])
        price = _number(row.get("filled_avg_price") or "0")
        state = _STATES.get(row["status"], ACCEPTED)
        return Report(row["client_order_id"], row["id"], state, filled, EXACT.multiply(filled, price))


def _fill(row: Any, at: datetime, settles: date) -> Fill:
    side: Side = "buy" if row["side"] == "buy" else "sell"
    shares, price = _number(row["qty"]), _number(row["price"])
    return Fill(row["id"], "", row["order_id"], row["symbol"], side, shares, price, "USD", ZERO, at, settles)


def _number(raw: object) -> Decimal:
    try:
        return decimal_of(raw)
    except ValueError:
        raise NoAnswer(
            "broker-answer", say("{raw!r} is not a number", raw=raw), say("ask again later")
        ) from None
