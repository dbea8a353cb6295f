"""Alpaca's adapter against a loopback server whose account is a paper account.

Where the official description of the trading API is at hand (`specs/alpaca-trading-api.json` of the shared
folder, from alpacahq/alpaca-mcp-server, `src/alpaca_mcp_server/specs/trading-api.json`) and openapi-core is
installed, every request the tests make is validated against it.
"""

import json
import threading
from datetime import date, timedelta
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest

from acceptance.broker_contract import MOMENT, BrokerContract, House, order
from steelyard.adapters.broker_alpaca import AlpacaBroker
from steelyard.adapters.broker_paper import PaperBroker, PaperTerms
from steelyard.adapters.calendar import ExchangeSessions
from steelyard.domain.orders import Order
from steelyard.errors import InputError, NoAnswer, OrderNotTaken, ServiceError

D = Decimal
OUT = {"accepted": "new", "cancelled": "canceled"}


class Server:
    """Alpaca's paths in front of a paper account; `say` makes the next answers something else."""

    def __init__(self, path):
        self.prices, self.now, self.terms = {"VOO": D(500)}, MOMENT, PaperTerms()
        self.path, self.seen, self.say = path, [], []
        paper = self.paper()
        paper.endow({"USD": D(10_000)}, {"VOO": D(20)})
        paper.close()
        handler = type("Handler", (_Handler,), {"owner": self})
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.address = f"http://127.0.0.1:{self.http.server_port}"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

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
            purse = paper.statement().purse("USD")
            power = str(purse.buying_power)
            money = {"buying_power": power, "non_marginable_buying_power": power, "cash": str(purse.cash)}
            return 200, {"currency": "USD", **money}
        if path == "/v2/positions":
            held = paper.statement().holdings
            return 200, [
                {"symbol": h.symbol, "qty": str(h.shares), "qty_available": str(h.free)} for h in held
            ]
        if path == "/v2/clock":
            return 200, {"is_open": True}
        if path == "/v2/orders" and method == "POST":
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
        return 200, [
            {
                "id": f.id,
                "order_id": str(UUID(int=int(f.broker_id))),
                "symbol": f.symbol,
                "side": f.side,
                "qty": str(f.shares),
                "price": str(f.price),
                "transaction_time": f.at.isoformat().replace("+00:00", "Z"),
            }
            for f in page
        ]

    def order(self, paper, order_id):
        row = paper._row(order_id)
        filled = D(row["filled"])
        return {
            "id": str(UUID(int=row["number"])),
            "client_order_id": row["id"],
            "symbol": row["symbol"],
            "side": row["side"],
            "qty": row["shares"],
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
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    do_GET = do_POST = do_DELETE = do  # noqa: N815

    def log_message(self, *words):
        pass


@pytest.fixture
def server(tmp_path):
    made = Server(tmp_path / "alpaca.db")
    yield made
    made.http.shutdown()
    made.http.server_close()


@pytest.fixture
def broker(server):
    made = AlpacaBroker("paper", "key", "secret", sessions=ExchangeSessions(), loopback=server.address)
    yield made
    made.close()


class TestAlpacaBroker(BrokerContract):
    @pytest.fixture
    def house(self, server, broker):
        def fill_at_most(shares):
            server.terms = PaperTerms(fill_at_most=shares)

        def pass_days(days):
            server.now += timedelta(days=days)

        def counted():
            return server.paper()._db.execute("SELECT count(*) FROM orders").fetchone()[0]

        return House(broker, server.prices.__setitem__, fill_at_most, pass_days, counted)


def test_the_order_is_written_as_the_contract_says(server, broker):
    """Decimal strings, a limit order for the day, our id: POST /v2/orders of trading API v2."""
    broker.submit(order())
    method, path, raw, headers = server.seen[-1]
    assert (method, path) == ("POST", "/v2/orders")
    assert json.loads(raw) == {
        "symbol": "VOO",
        "qty": "4",
        "side": "buy",
        "type": "limit",
        "time_in_force": "day",
        "limit_price": "500",
        "client_order_id": order().id,
    }
    sent = {k.lower(): v for k, v in headers.items()}
    assert (sent["apca-api-key-id"], sent["apca-api-secret-key"]) == ("key", "secret")


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ((429, "", {}), OrderNotTaken),
        ((401, "{}", {}), OrderNotTaken),
        ((500, "", {}), NoAnswer),
        ((504, "", {}), NoAnswer),
        ((None, "", {}), NoAnswer),
        ((200, "<html>", {}), NoAnswer),
        ((200, "{}", {}), NoAnswer),
        ((200, "[" + " " * 4_000_001 + "]", {}), NoAnswer),
        ((302, "", {"Location": "http://127.0.0.1:1/"}), NoAnswer),
    ],
)
def test_what_may_have_had_an_effect_is_told_from_what_had_none(server, broker, answer, error):
    server.say = [answer]
    with pytest.raises(error):
        broker.submit(order())
    assert len(server.seen) == 1, "no answer is followed anywhere, and nothing is sent twice"


def test_a_broker_that_cannot_be_reached_has_no_order(server):
    nobody = AlpacaBroker("paper", "k", "s", sessions=ExchangeSessions(), loopback="http://127.0.0.1:9")
    with pytest.raises(OrderNotTaken):
        nobody.submit(order())
    with pytest.raises(ServiceError):
        nobody.statement()


def test_only_alpacas_hosts_and_this_machine_are_allowed():
    for mode, address in (("paper", "http://example.com"), ("demo", None)):
        with pytest.raises(InputError):
            AlpacaBroker(mode, "k", "s", sessions=ExchangeSessions(), loopback=address)


def test_every_request_keeps_the_official_description(server, broker, shared):
    core = pytest.importorskip("openapi_core")
    testing = pytest.importorskip("openapi_core.testing")
    spec = shared / "specs" / "alpaca-trading-api.json"
    if not spec.is_file():
        pytest.skip("needs the official description")
    wanted = order("sell", shares="2")
    broker.submit(wanted)
    broker.find(wanted)
    broker.cancel(wanted)
    broker.statement()
    broker.is_open("XNYS")
    broker.open_orders()
    broker.fills(date(2026, 11, 1))
    api = core.OpenAPI.from_file_path(str(spec))
    for method, path, raw, headers in server.seen:
        parts = urlsplit(path)
        request = testing.MockRequest(
            "https://paper-api.alpaca.markets",
            method.lower(),
            parts.path,
            args={k: v[0] for k, v in parse_qs(parts.query).items()},
            headers=headers,
            data=raw or None,
            content_type="application/json",
        )
        api.validate_request(request)
    assert len(server.seen) >= 9
