"""What a broken or hostile server can do on the wire, to both brokers that have one.

The servers speak to a bare socket; nothing inside the process is replaced. A statement is asked for where
nothing may be believed, an order where it counts whether it may have arrived.
"""

import json
import socket
import ssl
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
import trustme

from acceptance.broker_contract import order
from steelyard.adapters.brokers.alpaca import AlpacaBroker
from steelyard.adapters.brokers.kis import KisBroker
from steelyard.adapters.brokers.kis_connection import KisConnection
from steelyard.adapters.machine.calendar import ExchangeSessions
from steelyard.errors import NoAnswer, OrderNotTaken, ServiceError

NOW = datetime(2026, 11, 24, 15, tzinfo=UTC)
SECONDS = 0.2


@contextmanager
def speaking(speak, context=None):
    """Serve on this machine: `speak` is given every connection whose request has been read."""
    asked = []

    def serve():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=(connection,), daemon=True).start()

    def answer(connection):
        try:
            if context is not None:
                connection = context.wrap_socket(connection, server_side=True)
            request = b""
            while b"\r\n\r\n" not in request:
                part = connection.recv(65_536)
                if not part:
                    return
                request += part
            asked.append(request)
            speak(connection)
        except OSError:
            pass
        finally:
            connection.close()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, daemon=True).start()
        scheme = "http" if context is None else "https"
        yield f"{scheme}://127.0.0.1:{listener.getsockname()[1]}", asked
        listener.shutdown(socket.SHUT_RDWR)


def head(status="200 OK", *lines):
    return "\r\n".join([f"HTTP/1.1 {status}", *lines, "", ""]).encode()


def hang(connection):
    time.sleep(5 * SECONDS)


def hang_up(connection):
    connection.close()


def half(connection):
    connection.sendall(head("200 OK", "Content-Length: 1000") + b'{"id": "')


def drops(connection):
    """One byte after the other, each in time, for ever."""
    connection.sendall(head("200 OK", "Content-Length: 100000"))
    for _ in range(100):
        connection.sendall(b" ")
        time.sleep(SECONDS / 4)


def flood(connection):
    connection.sendall(head("200 OK", "Content-Length: 100000000"))
    for _ in range(100):
        connection.sendall(b" " * 1_000_000)


def babble(connection):
    connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")


def unauthorised(connection):
    connection.sendall(head("401 Unauthorized", "Content-Length: 2") + b"{}")


def alpaca(address, tmp_path):
    return AlpacaBroker(
        "paper", "CANARY-key", "CANARY-secret", sessions=ExchangeSessions(), loopback=address, seconds=SECONDS
    )


def kis(address, tmp_path):
    """With a token already, so that the first request is the one that is meant."""
    token = tmp_path / "token"
    wire = KisConnection(
        "paper", "CANARY-key", "CANARY-secret", token, now=lambda: NOW, loopback=address, seconds=SECONDS
    )
    wire._keep(
        {"owner": wire._owner, "token": "CANARY-token", "until": (NOW + timedelta(hours=9)).isoformat()}
    )
    return KisBroker(wire, "12345678-01", now=lambda: NOW, sessions=ExchangeSessions())


BROKERS = pytest.mark.parametrize("connect", [alpaca, kis])


@BROKERS
@pytest.mark.parametrize("speak", [hang, hang_up, half, drops, flood, babble])
def test_an_order_without_a_whole_answer_is_one_nobody_knows_of(connect, speak, tmp_path):
    """It was sent, so it may stand: never `OrderNotTaken`, and never asked for a second time."""
    with speaking(speak) as (address, asked):
        broker = connect(address, tmp_path)
        with pytest.raises(NoAnswer):
            broker.submit(order() if connect is alpaca else _listed(broker))
        assert len(asked) == 1
        with pytest.raises(ServiceError):
            broker.statement()


def _listed(broker):
    """An order that KIS need not look an exchange up for."""
    from dataclasses import replace

    return replace(order(), symbol="069500", currency="KRW", exchange="XKRX", limit=order().limit * 70)


@BROKERS
@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary Redirect", "308 Permanent"])
def test_no_answer_sends_a_call_elsewhere(connect, status, tmp_path):
    """The place a redirect names is never asked, with keys or without."""
    with speaking(unauthorised) as (elsewhere, lured):

        def lure(connection):
            connection.sendall(head(status, f"Location: {elsewhere}/v2/account", "Content-Length: 0"))

        with speaking(lure) as (address, asked):
            broker = connect(address, tmp_path)
            with pytest.raises(ServiceError):
                broker.statement()
            assert len(asked) == 1
    assert lured == []


@BROKERS
def test_a_certificate_nobody_vouches_for_gets_no_key_and_no_order(connect, tmp_path):
    """The handshake fails, so nothing was sent: the order certainly is not there."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    with speaking(unauthorised, context) as (address, asked):
        broker = connect(address, tmp_path)
        with pytest.raises(OrderNotTaken):
            broker.submit(order() if connect is alpaca else _listed(broker))
        with pytest.raises(ServiceError):
            broker.statement()
    assert asked == []


@BROKERS
def test_no_variable_of_the_environment_vouches_for_a_server(connect, tmp_path, monkeypatch):
    """Keys are at stake: neither SSL_CERT_FILE nor a proxy variable comes between us and a broker."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with authority.cert_pem.tempfile() as trusted, speaking(unauthorised, context) as (address, asked):
        monkeypatch.setenv("SSL_CERT_FILE", trusted)
        with pytest.raises(ServiceError):
            connect(address, tmp_path).statement()
    assert asked == []


@BROKERS
@pytest.mark.parametrize(
    "status",
    ["200 OK", "400 Bad Request", "401 Unauthorized", "403 Forbidden", "422 Unprocessable", "500 Error"],
)
def test_keys_stand_in_no_error_even_when_the_answer_throws_them_back(connect, status, tmp_path):
    """All a request carries comes back where a broker puts its own words."""
    canaries = ("CANARY-key", "CANARY-secret", "CANARY-token", "12345678")

    def echo(connection):
        words = asked[-1].decode()
        answer = json.dumps({"rt_cd": "1", "msg_cd": words, "msg1": words, "message": words, "code": words})
        asks_back = b"by_client_order_id" in asked[-1]
        line = "404 Not Found" if asks_back else status
        connection.sendall(head(line, f"Content-Length: {len(answer)}") + answer.encode())

    with speaking(echo) as (address, asked):
        broker = connect(address, tmp_path)
        with pytest.raises(ServiceError) as caught:
            broker.statement()
        told = [str(caught.value), caught.value.hint, caught.value.code]
        try:
            told.append(str(broker.submit(order() if connect is alpaca else _listed(broker))))
        except ServiceError as error:
            told += [str(error), error.hint, error.code]
    assert any(b"CANARY-key" in request for request in asked)
    assert not [word for word in canaries for text in told if word in text]
