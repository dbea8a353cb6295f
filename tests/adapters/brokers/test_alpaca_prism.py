"""Alpaca's adapter end to end against Prism serving the official description.

Prism is a program of its own: `npm install @stoplight/prism-cli`, then `prism` on the PATH, in `node_modules`
of the checkout, or named by STEELYARD_PRISM. Without it, or without the description, these tests skip and
say so; openapi-core holds every request to the same description in `test_broker_alpaca.py`.

Prism as a mock knows nothing of accounts and answers with examples, so it judges the requests. As a proxy in
front of the paper account it judges both directions, over the whole acceptance suite.
"""

import json
import os
import shutil
import socket
import subprocess
import time
from contextlib import suppress
from datetime import date

import httpx2
import pytest

from acceptance.alpaca_server import Server
from acceptance.broker_contract import BrokerContract, House, order
from acceptance.official_alpaca import ROOT, SPEC, official
from steelyard.adapters.brokers.alpaca import AlpacaBroker
from steelyard.adapters.machine.calendar import ExchangeSessions
from steelyard.errors import ServiceError

PLACES = os.pathsep.join([os.environ.get("PATH", ""), str(ROOT / "node_modules" / ".bin")])
PRISM = os.environ.get("STEELYARD_PRISM") or shutil.which("prism", path=PLACES)
pytestmark = [
    pytest.mark.skipif(PRISM is None, reason="needs Prism: npm install @stoplight/prism-cli"),
    pytest.mark.skipif(not SPEC.is_file(), reason="needs the official description of Alpaca's trading API"),
]
START_SECONDS = 60


class Prism:
    """A Prism process on a free port of this machine."""

    def __init__(self, folder, mode, *upstream):
        described = folder / "trading-api.json"
        described.write_text(json.dumps(official()), encoding="utf-8")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.address, self.log = f"http://127.0.0.1:{port}", folder / "prism.log"
        words = [PRISM, mode, "--errors", "-h", "127.0.0.1", "-p", str(port), str(described), *upstream]
        with self.log.open("w") as out:
            self.process = subprocess.Popen(words, stdout=out, stderr=subprocess.STDOUT)
        ends = time.monotonic() + START_SECONDS
        while "Prism is listening" not in self.log.read_text(encoding="utf-8"):
            assert self.process.poll() is None, self.log.read_text(encoding="utf-8")
            assert time.monotonic() < ends, self.log.read_text(encoding="utf-8")
            time.sleep(0.1)

    def broker(self):
        return AlpacaBroker("paper", "key", "secret", sessions=ExchangeSessions(), loopback=self.address)

    def stop(self):
        self.process.terminate()
        self.process.wait(20)


@pytest.fixture(scope="module")
def mock(tmp_path_factory):
    made = Prism(tmp_path_factory.mktemp("mock"), "mock")
    yield made
    made.stop()


@pytest.fixture(scope="module")
def upstream(tmp_path_factory):
    made = Server(tmp_path_factory.mktemp("upstream") / "alpaca.db")
    yield made
    made.close()


@pytest.fixture(scope="module")
def proxy(upstream, tmp_path_factory):
    made = Prism(tmp_path_factory.mktemp("proxy"), "proxy", upstream.address)
    yield made
    made.stop()


class TestAlpacaThroughPrism(BrokerContract):
    """Every promise of the port, with Prism turning anything off the description into an error."""

    @pytest.fixture
    def house(self, upstream, proxy, tmp_path):
        upstream.open_account(tmp_path / "alpaca.db")
        broker = proxy.broker()

        yield House.on(upstream, broker)
        broker.close()


def test_every_request_is_one_the_mock_takes(mock):
    """Each call is made; what Prism refuses is 401 or 422. Its examples need not make sense as answers."""
    broker, statuses = mock.broker(), []
    ask = broker._wire.call

    def noted(method, path, **given):
        answer = ask(method, path, **given)
        statuses.append((path.partition("?")[0], answer[0]))
        return answer

    broker._wire.call = noted
    wanted = order("sell", shares="2")
    report = broker.submit(wanted)
    assert len(report.broker_id) == 36
    assert broker.is_open("XNYS") in (True, False)
    for call in (
        broker.statement,
        lambda: broker.find(wanted),
        broker.open_orders,
        lambda: broker.fills(date(2026, 11, 1)),
        lambda: broker._settlement(date(2026, 11, 1), date(2026, 11, 30)),
        lambda: broker._call("DELETE", f"/v2/orders/{report.broker_id}"),
    ):
        with suppress(ServiceError):
            call()
    assert len({path for path, _ in statuses}) == 8
    # 500 is Prism about its own example of a list of orders, which is a single order.
    assert {s for path, s in statuses if path != "/v2/orders"} <= {200, 204}
    assert [s for path, s in statuses if path == "/v2/orders"] == [200, 500]
    broker.close()


def test_the_mock_refuses_what_breaks_the_description(mock):
    """The negative control: a number where a decimal string belongs, and no keys."""
    body = {"symbol": "VOO", "qty": 3, "side": "buy", "type": "market", "time_in_force": "day"}
    keys = {"APCA-API-KEY-ID": "k", "APCA-API-SECRET-KEY": "s"}
    assert httpx2.post(f"{mock.address}/v2/orders", json=body, headers=keys).status_code == 422
    assert httpx2.get(f"{mock.address}/v2/account").status_code == 401


def test_the_proxy_refuses_an_answer_off_the_description(upstream, proxy, tmp_path):
    upstream.open_account(tmp_path / "alpaca.db")
    upstream.say = [(200, '{"cash": 3}', {"Content-Type": "application/json"})]
    broker = proxy.broker()
    with pytest.raises(ServiceError):
        broker.statement()
    broker.close()
