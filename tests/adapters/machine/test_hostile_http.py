"""Ten bad ways to answer, times everybody we ask: each call ends by itself, with its own error.

The limits are made short (1 s of a call, 5 s of a message with the process it goes out in); a drip goes on
for 30 s. That a call ends is told by a thread that has to be over within 20 s: nothing else is timed.
"""

import colorsys
import threading
import time
from datetime import UTC, date, datetime, timedelta

import pytest

from acceptance.broker_contract import order
from acceptance.hostile_http import MODES, HostileServer, trusted
from steelyard.adapters.alerts.apprise_notifier import AppriseNotifier
from steelyard.adapters.brokers.alpaca import AlpacaBroker
from steelyard.adapters.brokers.kis import KisBroker
from steelyard.adapters.brokers.kis_connection import KisConnection
from steelyard.adapters.machine import apart
from steelyard.adapters.machine.calendar import ExchangeSessions
from steelyard.adapters.machine.secret_store import SecretStore
from steelyard.adapters.machine.web import Web
from steelyard.adapters.machine.web_answers import Unanswered, decimal_of, read_json
from steelyard.adapters.prices.ecb import EuropeanRates
from steelyard.adapters.prices.eximbank import EximbankRates
from steelyard.adapters.prices.naver import NaverPrices
from steelyard.adapters.prices.yahoo import YahooPrices
from steelyard.domain.market.prices import Wanted
from steelyard.errors import DataError, NoAnswer, OrderNotTaken, ServiceError

SECONDS, MESSAGE_SECONDS, OVER = 1.0, 5.0, 20.0
NOW = datetime(2026, 11, 24, 15, tzinfo=UTC)
LAST = date(2026, 11, 27)


def ended(call):
    """Return what a call returns or raises; it must do either."""
    came = []

    def run():
        try:
            came.append(call())
        except Exception as error:
            came.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(OVER)
    assert came, "the call does not end"
    return came[0]


def message(address):
    def ask(server, tmp_path):
        return AppriseNotifier(SecretStore({}), MESSAGE_SECONDS).send(address(server), "title", "body")

    return ask


def alpaca(ask):
    def asked(server, tmp_path):
        scheme = "https" if server.mode == "wrong-name" else "http"
        return ask(
            AlpacaBroker(
                "paper", "key", "secret", sessions=ExchangeSessions(),
                loopback=f"{scheme}://localhost:{server.port}", seconds=SECONDS,
            )
        )  # fmt: skip

    return asked


def kis(ask, *, token):
    def asked(server, tmp_path):
        scheme = "https" if server.mode == "wrong-name" else "http"
        wire = KisConnection(
            "paper", "key", "secret", tmp_path / "token", now=lambda: NOW,
            loopback=f"{scheme}://localhost:{server.port}", seconds=SECONDS,
        )  # fmt: skip
        if token:
            until = (NOW + timedelta(hours=9)).isoformat()
            wire._keep({"owner": wire._owner, "token": "t", "until": until})
        return ask(KisBroker(wire, "12345678-01", now=lambda: NOW, sessions=ExchangeSessions()))

    return asked


def source(make, wanted):
    def asked(server, tmp_path):
        found = make(SECONDS)
        return found.read(wanted, found.ask(wanted, LAST - timedelta(days=20), LAST))

    return asked


CLIENTS = {
    "webhook": message(lambda server: f"json://127.0.0.1:{server.port}/x"),
    "telegram": message(lambda server: "tgram://123456789:AAH-abcdefghijklmnopqrstuvwxyz012345/123456789"),
    "slack": message(lambda server: "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#x"),
    "alpaca": alpaca(lambda broker: broker.statement()),
    "alpaca-order": alpaca(lambda broker: broker.submit(order())),
    "kis": kis(lambda broker: broker.statement(), token=True),
    "kis-token": kis(lambda broker: broker.statement(), token=False),
    "yahoo": source(YahooPrices, Wanted("VOO", "USD", "XNYS")),
    "krx": source(NaverPrices, Wanted("069500", "KRW", "XKRX")),
    "ecb": source(EuropeanRates, Wanted("USDKRW", "KRW")),
    "eximbank": source(lambda seconds: EximbankRates(lambda: "key", seconds), Wanted("USDKRW", "KRW")),
}
MESSAGES = ("webhook", "telegram", "slack")
TAKEN = ("wrong-type", "deep", "huge")
"""Ways that say 200 all the same: the service has the message, whatever else it says."""
SAMPLE = {
    ("webhook", "drip-head"), ("telegram", "redirect"), ("slack", "bomb"), ("alpaca", "drip-head"),
    ("alpaca", "huge"), ("alpaca-order", "half"), ("kis", "deep"), ("kis-token", "huge"),
    ("yahoo", "drip-head"), ("yahoo", "huge"),
    ("krx", "bomb"), ("ecb", "wrong-name"),
}  # fmt: skip
CASES = [
    pytest.param(
        client, mode,
        marks=[] if (client, mode) in SAMPLE else pytest.mark.long("ten bad answers to eleven who ask"),
    )
    for client in CLIENTS
    for mode in MODES
    if (client, mode) != ("webhook", "wrong-name")  # plain HTTP has no name to be wrong
]  # fmt: skip


@pytest.mark.parametrize(("client", "mode"), CASES)
def test_every_call_ends_with_its_own_error_however_it_is_answered(client, mode, tmp_path, monkeypatch):
    with HostileServer(mode) as server, trusted(server, tmp_path, monkeypatch):
        came = ended(lambda: CLIENTS[client](server, tmp_path))
        assert server.lured == 0
        assert server.asked or mode == "wrong-name"
    if client in MESSAGES:
        assert isinstance(came, ServiceError) or (mode in TAKEN and came == "")
    elif client == "alpaca-order":
        # It was sent, so it may stand; only a handshake that fails says for certain that it does not.
        assert isinstance(came, OrderNotTaken if mode == "wrong-name" else NoAnswer)
    elif client in ("alpaca", "kis", "kis-token"):
        assert isinstance(came, ServiceError)
    else:
        assert isinstance(came, DataError)
    if isinstance(came, Exception):
        assert came.code in (
            "notify-failed",
            "notify-unanswered",
            "price-source",
            "price-answer",
            "price-empty",
        ) or (came.code.startswith("broker-"))


def test_a_certificate_of_another_name_is_said_to_be_the_trouble(tmp_path, monkeypatch):
    with HostileServer("wrong-name") as server, trusted(server, tmp_path, monkeypatch):
        came = ended(lambda: CLIENTS["ecb"](server, tmp_path))
    assert "certificate" in str(came)


@pytest.mark.parametrize("packed", ["br", "zstd", "compress", "gzip, gzip"])
def test_an_answer_packed_as_nobody_asked_is_none(packed, monkeypatch):
    def answer(server, connection):
        connection.sendall(
            f"HTTP/1.1 200 OK\r\nContent-Encoding: {packed}\r\nContent-Length: 2\r\n\r\nxx".encode()
        )

    monkeypatch.setitem(MODES, "packed", answer)
    with HostileServer("packed") as server:
        web = Web(seconds=SECONDS, largest=1000, trust_env=False)
        with pytest.raises(Unanswered):
            web.ask("GET", f"http://127.0.0.1:{server.port}/")
        web.close()


@pytest.mark.parametrize(
    "text",
    ["[" * 200_000, '{"a":' * 200_000, "1e999999", "-1e-999999", "9" * 5000, "NaN", "[Infinity]", "{", ""],
)
def test_json_that_cannot_be_computed_with_is_none(text):
    with pytest.raises(ValueError, match=r"."):
        read_json(text)


@pytest.mark.parametrize(
    "text", ["1e18", "1e40", "٣", "１", "1_000", " 1", "nan", "", None, True, [], "1" * 500]
)
def test_a_number_of_another_machine_is_in_plain_digits_and_within_the_bound(text):
    with pytest.raises(ValueError, match=r"."):
        decimal_of(text)


def test_a_library_that_never_comes_back_is_left():
    with pytest.raises(apart.Left):
        apart.call(time.sleep, 60, seconds=1)


def test_a_library_that_takes_all_memory_is_stopped():
    """Two gigabytes are its limit; four are asked for."""
    pytest.importorskip("resource")
    with pytest.raises(apart.Left):
        apart.call(bytearray, 4 << 30, seconds=60)


def test_a_process_apart_imports_nothing_from_the_current_folder(tmp_path, monkeypatch):
    """A folder of portfolio files is no place for programs: the name is that of the standard library."""
    (tmp_path / "colorsys.py").write_text("def rgb_to_yiq(rgb): return 'hijacked'")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(apart.Left):  # the real one takes three numbers
        apart.call(colorsys.rgb_to_yiq, {}, seconds=30)
