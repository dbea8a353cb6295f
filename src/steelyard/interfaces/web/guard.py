"""What every request passes before anything looks at it, and what every answer carries.

A page on loopback is reached by every program of this machine and, through the browser, by every page of the
web: a name that somebody else owns may be pointed at 127.0.0.1 (rebinding), and a form elsewhere may be sent
here. So the name that was asked for is compared first, on every method; whatever changes something has to
come from this page itself; and a body is bounded in size and time before it is read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from steelyard.records import dataclass

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

NAMES = ("127.0.0.1", "localhost", "[::1]")
"""What this machine is called by somebody who sits at it; the port says nothing of who asks."""
SAFE = ("GET", "HEAD")
METHODS = (*SAFE, "POST")
MORE_METHODS = ("PATCH", "DELETE")
"""Taken where the address begins with `REBALANCING`: the clients of that contract use them."""
REBALANCING = "/v1/rebalancing/"
HEADERS = (
    (
        b"content-security-policy",
        b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        b"form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=()"),
)
BODY_BYTES = 64 * 1024
UPLOAD_BYTES = 5 * 1024 * 1024
BODY_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a request may send.

    Attributes:
        uploads: Paths that take a file, up to `UPLOAD_BYTES`; every other takes `BODY_BYTES`.
        seconds: Until the whole body must be here.
    """

    uploads: frozenset[str] = frozenset()
    seconds: float = BODY_SECONDS

    def bytes_of(self, path: str) -> int:
        """Return the most that may be sent to a path."""
        return UPLOAD_BYTES if path in self.uploads else BODY_BYTES


class Guard:
    """An application that passes on what may be asked, and closes every answer against misuse.

    Args:
        beneath: The application behind it.
        port: Where this server listens: what is sent from another port is another program's.
        limits: How much a request may send.
        behind: The name by which a proxy that ends TLS is reached from elsewhere, with its port where that is
            not 443; empty for none.
    """

    def __init__(
        self, beneath: Application, port: int, limits: Limits | None = None, behind: str = ""
    ) -> None:
        self._beneath, self._port, self._limits, self._behind = beneath, port, limits or Limits(), behind

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        if scope["type"] != "http":
            # There are no sockets here; a server closes one that nobody accepts.
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1008})
            return
        sending = _closed(send)
        refused = self._refused(scope)
        if refused is not None:
            await _refuse(sending, *refused)
            return
        body = await self._body(scope, receive)
        if isinstance(body, tuple):
            await _refuse(sending, *body)
            return
        await self._beneath(scope, _replayed(body, receive), sending)

    def _refused(self, scope: Scope) -> tuple[int, str] | None:
        """Return status and text for what is not answered, None for what may pass."""
        headers: list[tuple[bytes, bytes]] = scope["headers"]
        given = [_text(value) for name, value in headers if name == b"host"]
        if len(given) != 1 or (name_in(given[0]) not in NAMES and not self._is_behind(given[0], headers)):
            return 421, "this server answers to 127.0.0.1 and localhost only"
        more = MORE_METHODS if scope["path"].startswith(REBALANCING) else ()
        if scope["method"] not in METHODS and scope["method"] not in more:
            return 405, "this method is not taken"
        lengths = [value for name, value in headers if name == b"content-length"]
        chunked = any(name == b"transfer-encoding" for name, _ in headers)
        if len(lengths) > 1 or (lengths and chunked) or (lengths and not lengths[0].isdigit()):
            return 400, "the length of the request is not clear"
        site = _one(headers, b"sec-fetch-site")
        if scope["method"] not in SAFE:
            return self._foreign(headers, site)
        if site in ("cross-site", "same-site") and _one(headers, b"sec-fetch-mode") != "navigate":
            return 403, "another page may not read this one"
        return None

    def _is_behind(self, host: str, headers: list[tuple[bytes, bytes]]) -> bool:
        """Say whether a request came by the proxy, which says that it was encrypted."""
        return is_behind(host, self._behind) and _one(headers, b"x-forwarded-proto") == "https"

    def _foreign(self, headers: list[tuple[bytes, bytes]], site: str) -> tuple[int, str] | None:
        """Refuse to change something for who is not this page; a program with its token is no page."""
        origin = _one(headers, b"origin")
        if site and site not in ("same-origin", "none"):
            return 403, "another page may not change anything here"
        # Under our referrer policy a browser says "null" of our own forms; where it also says "same-origin",
        # no page of another's can have made it say so.
        own = (*self.origins, "null") if site == "same-origin" else self.origins
        if origin and origin not in own:
            return 403, "another page may not change anything here"
        if not site and not origin and not _one(headers, b"authorization"):
            return 403, "it is not clear which page asks for this"
        return None

    @property
    def origins(self) -> tuple[str, ...]:
        """Where this page itself may come from."""
        own = tuple(f"http://{name}:{self._port}" for name in NAMES)
        return (*own, f"https://{self._behind}") if self._behind else own

    async def _body(self, scope: Scope, receive: Receive) -> bytes | tuple[int, str]:
        """Return the whole body, or why it is refused."""
        most = self._limits.bytes_of(scope["path"])
        length = _one(scope["headers"], b"content-length")
        # A number of more digits than the limit has is larger, and need not be read as one.
        if len(length) > len(str(most)) or int(length or 0) > most:
            return 413, "that is more than is taken here"
        try:
            return await asyncio.wait_for(_whole(receive, most), self._limits.seconds)
        except TimeoutError:
            return 408, "the request did not come to its end"
        except _TooLarge:
            return 413, "that is more than is taken here"


class _TooLarge(Exception):
    """A body goes on after its limit."""


async def _whole(receive: Receive, most: int) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return bytes(body)
        body += message.get("body", b"")
        if len(body) > most:
            raise _TooLarge
        if not message.get("more_body", False):
            return bytes(body)


def _replayed(body: bytes, receive: Receive) -> Receive:
    waiting = [body]

    async def again() -> MutableMapping[str, Any]:
        if waiting:
            return {"type": "http.request", "body": waiting.pop(), "more_body": False}
        return await receive()

    return again


def _closed(send: Send) -> Send:
    async def sending(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            own = [pair for pair in message["headers"] if pair[0].lower() not in dict(HEADERS)]
            message = {**message, "headers": [*own, *HEADERS]}
        await send(message)

    return sending


async def _refuse(send: Send, status: int, text: str) -> None:
    body = text.encode()
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def is_behind(host: str, behind: str) -> bool:
    """Say whether a Host header names the proxy, with or without the port of encrypted pages."""
    return bool(behind) and host.lower().removesuffix(":443") == behind


def name_in(host: str) -> str:
    """Return the name in a Host header, without its port; nothing where it cannot be one.

    >>> name_in("127.0.0.1:8765"), name_in("[::1]:1"), name_in("localhost"), name_in("127.0.0.1:80@evil.org")
    ('127.0.0.1', '[::1]', 'localhost', '')
    """
    name, colon, port = host.lower().rpartition(":") if not host.endswith("]") else (host, "", "")
    if not colon:
        return host.lower()
    return name if port.isascii() and port.isdigit() and len(port) <= 5 else ""


def _one(headers: list[tuple[bytes, bytes]], name: bytes) -> str:
    """Return a header that is there once; two of a kind are nothing that can be trusted."""
    found = [value for key, value in headers if key == name]
    return _text(found[0]) if len(found) == 1 else "?" if found else ""


def _text(raw: bytes) -> str:
    return raw.decode("latin-1")
