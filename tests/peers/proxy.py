"""A proxy that ends TLS with an authority of its own and answers as any host; no program is touched.

One that is told of it by HTTPS_PROXY, and of the authority by SSL_CERT_FILE, REQUESTS_CA_BUNDLE and
CURL_CA_BUNDLE, asks the real hosts by their real names and gets its answers here. What nobody here answers
for is refused and kept under `strays`, so a test can hold that nothing else was asked.
"""

import os
import socket
import socketserver
import ssl
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import trustme

import local_servers

HANG, RESET = "hang", "reset"
LONGEST_HANG = 60


@dataclass(frozen=True)
class Asked:
    """One request as it arrived."""

    host: str
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Reply:
    """An answer; `trouble` is HANG or RESET instead of one."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    trouble: str = ""


Peer = Callable[[Asked], Reply]


class TlsProxy:
    """The proxy, from `with` to its end.

    Args:
        folder: Where the certificate of the authority is written.
        peers: Who answers, by host.
    """

    def __init__(self, folder: Path, peers: dict[str, Peer]) -> None:
        self.peers, self.asked, self.strays = peers, [], []
        self.over = threading.Event()
        self._authority = trustme.CA()
        self._contexts: dict[str, ssl.SSLContext] = {}
        self._making = threading.Lock()
        self.certificate = folder / "authority.pem"
        self._authority.cert_pem.write_to_path(str(self.certificate))

    def __enter__(self) -> "TlsProxy":
        proxy = self

        class Handler(_Connection):
            owner = proxy

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.handle_error = lambda *_: None
        local_servers.start(self._server)
        return self

    def __exit__(self, *_: Any) -> None:
        self.over.set()
        local_servers.stop(self._server)

    def environment(self) -> dict[str, str]:
        """Return the variables that lead a program here, and keep everything of steelyard's owner out."""
        kept = {
            k: v
            for k, v in os.environ.items()
            if not k.startswith("STEELYARD_") and k.lower() not in ("no_proxy", "all_proxy")
        }
        address = f"http://127.0.0.1:{self._server.server_address[1]}"
        names = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy")
        trust = ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "CURL_CA_BUNDLE")
        return {**kept, **dict.fromkeys(names, address), **dict.fromkeys(trust, str(self.certificate))}

    def context(self, host: str) -> ssl.SSLContext:
        """Return what proves to be a host."""
        with self._making:
            if host not in self._contexts:
                self._contexts[host] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                self._authority.issue_cert(host).configure_cert(self._contexts[host])
            return self._contexts[host]

    def of(self, host: str) -> list[Asked]:
        """Return the requests of one host."""
        return [asked for asked in self.asked if asked.host == host]


class _Connection(socketserver.StreamRequestHandler):
    """One CONNECT, the handshake after it, and the requests inside."""

    owner: TlsProxy

    def handle(self) -> None:
        words = self.rfile.readline().decode("latin-1").split()
        while self.rfile.readline().strip():
            pass
        host = words[1].rpartition(":")[0] if len(words) > 1 else ""
        if words[:1] != ["CONNECT"] or host not in self.owner.peers:
            self.owner.strays.append(" ".join(words[:2]))
            self.wfile.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
            return
        self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        owner, raw = self.owner, self.connection
        with suppress(OSError), owner.context(host).wrap_socket(raw, server_side=True) as inside:

            class Requests(_Requests):
                proxy, name = owner, host

            Requests(inside, self.client_address, self.server)


class _Requests(BaseHTTPRequestHandler):
    """Plain HTTP/1.1 on a connection that TLS has been taken off."""

    protocol_version = "HTTP/1.1"
    proxy: TlsProxy
    name: str

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        asked = Asked(self.name, self.command, self.path, dict(self.headers), body)
        self.proxy.asked.append(asked)
        try:
            reply = self.proxy.peers[self.name](asked)
        except Exception as error:  # a peer that fails must be seen by the test, not taken for a reset
            self.proxy.strays.append(f"{self.name} failed: {error!r}")
            reply = Reply(500)
        if reply.trouble:
            self.close_connection = True
            if reply.trouble == HANG:
                self.proxy.over.wait(LONGEST_HANG)
            else:
                # Lingering for no time turns the close into a reset.
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            return
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        self.wfile.write(reply.body)

    do_GET = do_POST = do_PUT = _answer  # noqa: N815 - the names http.server looks for

    def log_message(self, *_: Any) -> None:
        pass
