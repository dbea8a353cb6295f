"""A server on this machine that is asked in good faith and answers in one of ten bad ways.

It speaks to a bare socket. Asked as a proxy (CONNECT) it ends TLS with an authority of its own and answers as
whatever host was asked for, so that programs with fixed hosts come here too.
"""

import gzip
import socket
import ssl
import threading
import time
from contextlib import contextmanager, suppress
from functools import cache

import trustme

DRIP = 0.05
"""Seconds between two bytes: far below any limit of a single read."""
PATIENCE = 30
"""Seconds that a drip goes on for; a client without a deadline of its own is still there at the end."""
HUGE = "1e999999"
"""A number that Decimal reads and cannot compute with."""


@cache
def bomb():
    """300 MB of nothing in 300 kB."""
    return gzip.compress(bytes(300_000_000), 9)


class HostileServer:
    """The server, from `with` to its end.

    Attributes:
        mode: One of MODES.
        asked: The beginnings of the requests that came in.
        lured: How many came in at the place that redirects name.
        authority: Whoever trusts it trusts every host here, but for the mode `wrong-name`.
    """

    def __init__(self, mode="redirect"):
        self.mode, self.asked, self.lured = mode, [], 0
        self.authority = trustme.CA()
        self._over = threading.Event()
        self._contexts = {}
        self._making = threading.Lock()

    def __enter__(self):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._elsewhere = socket.create_server(("127.0.0.1", 0))
        for listener, answer in ((self._listener, self._answer), (self._elsewhere, self._lure)):
            threading.Thread(target=self._serve, args=(listener, answer), daemon=True).start()
        return self

    def __exit__(self, *_):
        self._over.set()
        for listener in (self._listener, self._elsewhere):
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()

    @property
    def port(self):
        return self._listener.getsockname()[1]

    def _serve(self, listener, answer):
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._guarded, args=(answer, connection), daemon=True).start()

    def _guarded(self, answer, connection):
        with suppress(OSError), connection:
            answer(connection)

    def _lure(self, connection):
        self.lured += 1
        connection.sendall(head("200 OK", "Content-Length: 2") + b"ok")

    def _answer(self, connection):
        if connection.recv(1, socket.MSG_PEEK) == b"\x16":  # a handshake: TLS without a proxy
            connection = self._tls(connection, "localhost")
        request = self._request(connection)
        if request.startswith(b"CONNECT "):
            host = request.split()[1].decode().rpartition(":")[0]
            connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            connection = self._tls(connection, host)
            request = self._request(connection)
        self.asked.append(request)
        MODES[self.mode](self, connection)

    def _tls(self, connection, host):
        shown = "elsewhere.example" if self.mode == "wrong-name" else host
        with self._making:
            if shown not in self._contexts:
                self._contexts[shown] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                self.authority.issue_cert(
                    shown, "127.0.0.1" if shown == "localhost" else shown
                ).configure_cert(self._contexts[shown])
        return self._contexts[shown].wrap_socket(connection, server_side=True)

    def _request(self, connection):
        request = b""
        while b"\r\n\r\n" not in request:
            part = connection.recv(65_536)
            if not part:
                raise OSError("gone")
            request += part
        headers, _, body = request.partition(b"\r\n\r\n")
        for line in headers.split(b"\r\n"):
            if line.lower().startswith(b"content-length:"):
                wanted = int(line.split(b":")[1])
                while len(body) < wanted:
                    part = connection.recv(65_536)
                    if not part:
                        raise OSError("gone")
                    body += part
        return headers + b"\r\n\r\n" + body

    def drip(self, connection, data):
        end = time.monotonic() + PATIENCE
        for byte in data:
            if time.monotonic() > end or self._over.wait(DRIP):
                return
            connection.sendall(bytes([byte]))


def head(status, *lines):
    return "\r\n".join([f"HTTP/1.1 {status}", *lines, "", ""]).encode()


def _drip_head(server, connection):
    connection.sendall(b"HTTP/1.1 200 OK\r\nX-Long: ")
    server.drip(connection, b"x" * 10_000)


def _drip_body(server, connection):
    connection.sendall(head("200 OK", "Content-Type: application/json", "Content-Length: 10000"))
    server.drip(connection, b" " * 10_000)


def _endless(server, connection):
    connection.sendall(head("200 OK", "Content-Type: application/json"))
    while True:
        connection.sendall(b" " * 65_536)


def _bomb(server, connection):
    body = bomb()
    connection.sendall(head("200 OK", "Content-Encoding: gzip", f"Content-Length: {len(body)}") + body)


def _redirect(server, connection):
    place = f"Location: http://127.0.0.1:{server._elsewhere.getsockname()[1]}/"
    connection.sendall(head("302 Found", place, "Content-Length: 0"))


def _whole(text, kind="application/json"):
    body = text.encode()

    def answer(server, connection):
        connection.sendall(head("200 OK", f"Content-Type: {kind}", f"Content-Length: {len(body)}") + body)

    return answer


def _half(server, connection):
    connection.sendall(head("200 OK", "Content-Type: application/json", "Content-Length: 1000") + b'{"id": "')
    with suppress(OSError):
        connection.shutdown(socket.SHUT_WR)


_NUMBERS = (
    '{"cash": HUGE, "buying_power": HUGE, "non_marginable_buying_power": HUGE, "rt_cd": "0",'
    ' "filled_qty": HUGE, "output1": [{"pdno": "069500", "hldg_qty": HUGE}],'
    ' "output2": [{"dnca_tot_amt": HUGE}], "access_token": "x", "expires_in": HUGE,'
    ' "chart": {"error": null, "result": [{"meta": {"currency": "USD", "gmtoffset": HUGE},'
    ' "timestamp": [99999999999999999999, HUGE], "indicators": {"quote": [{"close": [HUGE, 1]}]}}]}}'
).replace("HUGE", HUGE)

MODES = {
    "drip-head": _drip_head,
    "drip-body": _drip_body,
    "endless": _endless,
    "bomb": _bomb,
    "redirect": _redirect,
    "wrong-type": _whole("<html>Sign in</html>", "text/html"),
    "deep": _whole("[" * 200_000 + "]" * 200_000),
    "huge": _whole(_NUMBERS),
    "half": _half,
    "wrong-name": _whole("{}"),
}


@contextmanager
def trusted(server, folder, monkeypatch):
    """Lead programs here by the variables that they all know, and let them trust the authority."""
    bundle = folder / "authority.pem"
    server.authority.cert_pem.write_to_path(str(bundle))
    for name in ("HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{server.port}")
    for name in ("no_proxy", "NO_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.setenv(name, str(bundle))
    yield
