"""Alpaca's paths on this machine, in front of a paper account that keeps the truth.

Its answers have every field the official description requires, so that the description can judge them too.
"""

import json
from datetime import date, timedelta
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import local_servers
from acceptance.broker_contract import MOMENT
from steelyard.adapters.brokers.paper import PaperBroker, PaperTerms
from steelyard.adapters.machine.calendar import ExchangeSessions
from steelyard.domain.trading.orders import Order

D = Decimal
OUT = {"accepted": "new", "cancelled": "canceled"}


class Server:
    """Alpaca's paths in front of a paper account; `say` makes the next answers something else."""

    def __init__(self, path):
        self.open_account(path)
        handler = type("Handler", (_Handler,), {"owner": self})
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.address = f"http://127.0.0.1:{self.http.server_port}"
        local_servers.start(self.http)

    def open_account(self, path):
        """Begin anew with 10,000 USD and 20 VOO, kept in `path`."""
        self.prices, self.now, self.terms = {"VOO": D(500)}, MOMENT, PaperTerms()
        self.path, self.seen, self.told, self.say = path, [], [], []
        paper = self.paper()
        paper.endow({"USD": D(10_000)}, {"VOO": D(20)})
        paper.close()

    def close(self):
        local_servers.stop(self.http)

    def paper(self):
        return PaperBroker(
            self.path,
            "main",
            prices=self.prices.get,
            now=lambda: self.now,
            sessions=ExchangeSessions(),
            terms=self.terms,
        )

    def answer(self, method, path, query, body):
        paper = self.paper()
        try:
            return self._answer(paper, method, path, query, body)
        finally:
            paper.close()

    def _answer(self, paper, method, path, query, body):
        if path == "/v2/account":
            balance = paper.statement().balance("USD")
            power = str(balance.buying_power)
            money = {"buying_power": power, "non_marginable_buying_power": power, "cash": str(balance.cash)}
            return 200, {"id": str(UUID(int=7)), "status": "ACTIVE", "currency": "USD", **money}
        if path == "/v2/positions":
            return 200, [self.position(h) for h in paper.statement().holdings]
        if path == "/v2/clock":
            hours = {"next_open": "2026-11-25T09:30:00-05:00", "next_close": "2026-11-24T16:00:00-05:00"}
            return 200, {"is_open": True, "timestamp": self.now.isoformat(), **hours}
        if path == "/v2/calendar":
            first, last = (date.fromisoformat(query[k][0][:10]) for k in ("start", "end"))
            return 200, [self.day(d) for d in self.sessions(first, last)]
        if path == "/v2/orders" and method == "POST":
            return self.place(paper, body)
        if path == "/v2/orders":
            return 200, [self.order(paper, o.order_id) for o in paper.open_orders()]
        if path == "/v2/orders:by_client_order_id":
            found = paper._row(query["client_order_id"][0])
            if found is None or found["state"] == "rejected":
                return 404, {"message": "order not found"}
            paper.statement()
            return 200, self.order(paper, found["id"])
        if method == "DELETE":
            row = paper._query("SELECT * FROM orders WHERE number = ?", UUID(path.rsplit("/", 1)[1]).int)[0]
            if row["state"] == "filled":
                return 422, {"message": "order is not cancelable"}
            paper._db.execute("UPDATE orders SET state = 'cancelled' WHERE number = ?", (row["number"],))
            return 204, None
        assert path == "/v2/account/activities/FILL"
        rows = paper.fills(date.fromisoformat(query["after"][0][:10]))
        start = int(query["page_token"][0]) if "page_token" in query else 0
        page = [f for f in rows if int(f.id) > start][: int(query["page_size"][0])]
        return 200, [self.activity(f) for f in page]

    def place(self, paper, body):
        if paper._row(body["client_order_id"]):
            return 422, {"code": 40010001, "message": "client_order_id must be unique"}
        wanted = Order(
            body["client_order_id"],
            "p",
            "main",
            body["symbol"],
            body["side"],
            D(body["qty"]),
            D(body["limit_price"]),
            "USD",
            "XNYS",
        )
        report = paper.submit(wanted)
        if report.state == "rejected":
            return 403, {"code": 40310000, "message": report.note}
        return 200, self.order(paper, wanted.id)

    def position(self, held):
        zeros = ("unrealized_pl", "unrealized_plpc", "unrealized_intraday_pl", "unrealized_intraday_plpc")
        price = str(self.prices.get(held.symbol, D(1)))
        return {
            "asset_id": str(UUID(int=9)),
            "symbol": held.symbol,
            "exchange": "ARCA",
            "asset_class": "us_equity",
            "avg_entry_price": price,
            "qty": str(held.shares),
            "qty_available": str(held.free),
            "side": "long",
            "market_value": str(held.shares * D(price)),
            "cost_basis": str(held.shares * D(price)),
            "current_price": price,
            "lastday_price": price,
            "change_today": "0",
            "asset_marginable": True,
            **dict.fromkeys(zeros, "0"),
        }

    def sessions(self, first, last):
        days = (first + timedelta(days=k) for k in range((last - first).days + 1))
        return [d for d in days if ExchangeSessions().is_session("XNYS", d)]

    def day(self, on):
        settles = self.sessions(on + timedelta(days=1), on + timedelta(days=7))[0]
        hours = {"open": "09:30", "close": "16:00", "session_open": "0400", "session_close": "2000"}
        return {"date": on.isoformat(), "settlement_date": settles.isoformat(), **hours}

    def activity(self, fill):
        return {
            "activity_type": "FILL",
            "type": "fill",
            "id": fill.id,
            "order_id": str(UUID(int=int(fill.broker_id))),
            "symbol": fill.symbol,
            "side": fill.side,
            "qty": str(fill.shares),
            "price": str(fill.price),
            "transaction_time": fill.at.isoformat().replace("+00:00", "Z"),
        }

    def order(self, paper, order_id):
        row = paper._row(order_id)
        filled = D(row["filled"])
        return {
            "id": str(UUID(int=row["number"])),
            "client_order_id": row["id"],
            "symbol": row["symbol"],
            "side": row["side"],
            "qty": row["shares"],
            "notional": None,
            "type": "limit",
            "time_in_force": "day",
            "limit_price": row["price_limit"],
            "status": OUT.get(row["state"], row["state"]),
            "filled_qty": row["filled"],
            "filled_avg_price": str(D(row["paid"]) / filled) if filled else None,
        }


class _Handler(BaseHTTPRequestHandler):
    owner = None

    def do(self):
        parts = urlsplit(self.path)
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.owner.seen.append((self.command, self.path, raw, dict(self.headers)))
        if self.owner.say:
            status, text, headers = self.owner.say.pop(0)
            if status is None:
                self.close_connection = True
                self.connection.close()
                return
        else:
            body = json.loads(raw) if raw else None
            status, answer = self.owner.answer(self.command, parts.path, parse_qs(parts.query), body)
            text, headers = "" if answer is None else json.dumps(answer), {}
            self.owner.told.append((len(self.owner.seen) - 1, status, text))
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if text:
            self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    do_GET = do_POST = do_DELETE = do  # noqa: N815

    def log_message(self, *words):
        pass
