"""Alpaca's adapter against a loopback server whose account is a paper account.

Where the official description of the trading API is at hand (`specs/alpaca-trading-api.json` of the shared
folder; it comes from alpacahq/alpaca-mcp-server, `src/alpaca_mcp_server/specs/trading-api.json`), every
request and every answer of these tests is validated against it with openapi-core. What the adapter needs of
it is restated in `CONTRACT`, which always holds.
"""

import json
import re
from datetime import date
from decimal import Decimal
from itertools import count
from urllib.parse import parse_qs, urlsplit

import pytest

from acceptance.alpaca_server import Server
from acceptance.broker_contract import BrokerContract, House, order
from acceptance.official_alpaca import SPEC, official
from steelyard.adapters.brokers.alpaca import AlpacaBroker
from steelyard.adapters.machine.calendar import ExchangeSessions
from steelyard.errors import InputError, NoAnswer, OrderNotTaken, ServiceError

D = Decimal
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"
# Method, path and query, each whole. Restated by hand from the trading API v2.0.1.
CONTRACT = (
    ("GET", r"/v2/account"),
    ("GET", r"/v2/positions"),
    ("GET", r"/v2/clock"),
    ("GET", rf"/v2/calendar\?start={TIME}&end={TIME}"),
    ("POST", r"/v2/orders"),
    ("GET", r"/v2/orders\?status=open&limit=500"),
    ("GET", r"/v2/orders:by_client_order_id\?client_order_id=[\w-]{1,128}"),
    ("DELETE", r"/v2/orders/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
    ("GET", rf"/v2/account/activities/FILL\?after={TIME}&direction=asc&page_size=100(&page_token=\S+)?"),
)


@pytest.fixture(scope="session")
def description():
    """The official description, None where it is not at hand: then `CONTRACT` alone is held."""
    if not SPEC.is_file():
        return None
    from openapi_core import OpenAPI

    return OpenAPI.from_dict(official())


def keeps_description(description, server):
    """Hold every request and answer of a server to the description."""
    from openapi_core.testing import MockRequest, MockResponse

    requests = []
    for method, path, raw, headers in server.seen:
        parts = urlsplit(path)
        request = MockRequest(
            "https://paper-api.alpaca.markets",
            method.lower(),
            parts.path,
            args={k: v[0] for k, v in parse_qs(parts.query).items()},
            headers=headers,
            data=raw or None,
            content_type="application/json",
        )
        description.validate_request(request)
        requests.append(request)
    for number, status, text in server.told:
        # A missing order is a 404 that the description does not list.
        if status == 200:
            response = MockResponse(text.encode(), status_code=status, content_type="application/json")
            description.validate_response(requests[number], response)


@pytest.fixture
def server(tmp_path, description):
    made = Server(tmp_path / "alpaca.db")
    yield made
    made.close()
    for method, path, _, _ in made.seen:
        assert any(m == method and re.fullmatch(p, path) for m, p in CONTRACT), (method, path)
    if description is not None:
        keeps_description(description, made)


@pytest.fixture
def broker(server):
    made = AlpacaBroker("paper", "key", "secret", sessions=ExchangeSessions(), loopback=server.address)
    yield made
    made.close()


class TestAlpacaBroker(BrokerContract):
    @pytest.fixture
    def house(self, server, broker):
        return House.on(server, broker)


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


def test_every_call_the_adapter_makes_is_in_the_contract_and_is_made(server, broker):
    wanted = order("sell", shares="2")
    broker.submit(wanted)
    broker.find(wanted)
    broker.cancel(wanted)
    broker.statement()
    broker.is_open("XNYS")
    broker.open_orders()
    broker.fills(date(2026, 11, 1))
    for method, pattern in CONTRACT:
        assert any(m == method and re.fullmatch(pattern, path) for m, path, _, _ in server.seen), pattern


def test_the_official_description_refuses_what_breaks_it(description):
    """The negative control: a number where Alpaca wants a decimal string is found by the description."""
    if description is None:
        pytest.skip(f"needs the official description at {SPEC.name}")
    from openapi_core.exceptions import OpenAPIError
    from openapi_core.testing import MockRequest

    body = {"symbol": "VOO", "qty": 3, "side": "buy", "type": "market", "time_in_force": "day"}
    keys = {"APCA-API-KEY-ID": "k", "APCA-API-SECRET-KEY": "s"}
    request = MockRequest(
        "https://paper-api.alpaca.markets",
        "post",
        "/v2/orders",
        headers=keys,
        data=json.dumps(body).encode(),
        content_type="application/json",
    )
    with pytest.raises(OpenAPIError):
        description.validate_request(request)


@pytest.mark.parametrize("answer", ["{}", "[1]", '"text"', '[{"id": 1}]', "3", "null"])
@pytest.mark.parametrize("call", ["statement", "is_open", "open_orders", "fills", "find"])
def test_an_answer_of_another_shape_is_no_answer(server, broker, call, answer):
    """Found with Prism, whose example of a list of orders is a single order."""
    server.say = [(200, answer, {})] * 3
    words = {"is_open": ["XNYS"], "fills": [date(2026, 11, 1)], "find": [order()]}.get(call, [])
    with pytest.raises(NoAnswer):
        getattr(broker, call)(*words)


def test_a_fill_settles_as_alpacas_calendar_says(server, broker):
    """Sold on the eve of Thanksgiving 2026 (closed on 11-26), settled on Friday the 27th."""
    server.now = server.now.replace(day=25)
    broker.submit(order("sell", shares="2"))
    (fill,) = broker.fills(date(2026, 11, 1))
    assert fill.settles_on == date(2026, 11, 27)


def test_a_fill_after_midnight_in_london_is_of_the_day_in_new_york(server, broker):
    """19:30 in New York on Tuesday the 24th is 00:30 of the 25th in London: it settles on the 25th."""
    server.now = server.now.replace(day=25, hour=0, minute=30)
    broker.submit(order("sell", shares="2"))
    (fill,) = broker.fills(date(2026, 11, 1))
    assert fill.settles_on == date(2026, 11, 25)


def test_a_list_of_orders_that_may_not_be_whole_is_not_believed(server, broker):
    broker.submit(order(limit="400"))
    row = json.loads(server.told[-1][2])
    server.say = [(200, json.dumps([row] * 500), {})]
    with pytest.raises(ServiceError, match="500 open orders"):
        broker.open_orders()


def test_fills_that_do_not_end_are_left_after_the_two_hundredth_page(broker, monkeypatch):
    """Each page is full and ends with an id that was not there before."""
    numbers, asked = count(1), []

    def full(path):
        asked.append(path)
        return [{"id": str(next(numbers))} for _ in range(100)]

    monkeypatch.setattr(broker, "_list", full)
    with pytest.raises(NoAnswer) as caught:
        broker.fills(date(2026, 11, 24))
    assert caught.value.code == "broker-answer"
    assert len(asked) == 200
