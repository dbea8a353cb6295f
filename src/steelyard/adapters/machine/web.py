"""Asking another machine over HTTP: one deadline for the whole of a call, and a limit to what comes back.

The deadline is that of the call, not of each of its parts: it counts from the first look-up of a name to the
last byte of the answer, so that one who sends a byte now and then, in the headers or behind them, gains
nothing. An answer is limited as it arrives and again as it is unpacked. Redirects are never followed.
httpx2 is imported when something is asked.
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
import zlib
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from steelyard.adapters.machine.web_answers import Answer, Unanswered, Unreachable
from steelyard.words import say

if TYPE_CHECKING:
    import httpx2


class Web:
    """Calls to other machines, one after the other."""

    def __init__(
        self,
        *,
        seconds: float,
        largest: int,
        base_url: str = "",
        headers: Mapping[str, str] | None = None,
        trust_env: bool = True,
    ) -> None:
        """Prepare; nothing is asked yet.

        Args:
            seconds: Of a whole call.
            largest: Bytes of an answer, as it comes and unpacked.
            base_url: Before every path.
            headers: Sent with every call.
            trust_env: Go by the proxy and the authorities of the environment (HTTPS_PROXY, SSL_CERT_FILE).
        """
        import httpx2

        self._seconds, self._largest = seconds, largest
        self._deadline = _Deadline(seconds)
        # Packed answers are not asked for: what is not packed cannot be a bomb.
        given = {"Accept-Encoding": "identity", **(headers or {})}
        self._client = httpx2.Client(
            base_url=base_url, headers=given, timeout=seconds, follow_redirects=False, trust_env=trust_env
        )
        # The library takes no network of one's own but through these; a test drips into the headers and
        # would not end if they were called otherwise one day.
        transports: Iterable[Any] = (self._client._transport, *self._client._mounts.values())
        for transport in transports:
            if transport is not None:
                transport._pool._network_backend = _network(self._deadline)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def ask(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, str] | None = None,
        content: bytes | None = None,
    ) -> Answer:
        """Ask once.

        Args:
            method, url, headers, query: As in HTTP.
            body: Sent as JSON.
            content: Sent as it is, in its place.

        Raises:
            Unreachable: No connection came about in time.
            Unanswered: No whole answer came back in time, or too large a one.
        """
        import httpx2

        self._deadline.start()
        try:
            with self._client.stream(
                method, url, headers=dict(headers or {}), params=query, json=body, content=content
            ) as response:
                return Answer(response.status_code, self._body(response), response.headers)
        except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
            raise Unreachable(_reason(error)) from None
        except (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError) as error:
            if self._deadline.left() <= 0:
                text = say("it takes longer than {seconds:g} seconds", seconds=self._seconds)
                raise Unanswered(text) from None
            raise Unanswered(type(error).__name__) from None

    def _body(self, response: httpx2.Response) -> bytes:
        raw = bytearray()
        for part in response.iter_raw():
            raw += part
            if len(raw) > self._largest:
                raise Unanswered(say("its answer does not end"))
        packed = response.headers.get("content-encoding", "identity").strip().lower()
        if packed in ("identity", ""):
            return bytes(raw)
        if packed not in ("gzip", "x-gzip", "deflate"):
            raise Unanswered(say("its answer is compressed in a way that was not asked for"))
        unpacking = zlib.decompressobj(zlib.MAX_WBITS | 32)
        try:
            body = unpacking.decompress(bytes(raw), self._largest + 1)
        except zlib.error:
            raise Unanswered(say("its answer cannot be decompressed")) from None
        if len(body) > self._largest or unpacking.unconsumed_tail:
            raise Unanswered(say("its answer does not end"))
        if not unpacking.eof:
            raise Unanswered(say("its answer cannot be decompressed"))
        return body


def _reason(error: Exception) -> str:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return say("its certificate is not valid: {reason}", reason=cause.verify_message)
        cause = cause.__cause__ or cause.__context__
    return type(error).__name__


class _Deadline:
    """When the present call has to be over."""

    def __init__(self, seconds: float) -> None:
        self._seconds, self._until = seconds, 0.0

    def start(self) -> None:
        self._until = time.monotonic() + self._seconds

    def left(self) -> float:
        return self._until - time.monotonic()


def _network(deadline: _Deadline) -> Any:
    """Return a network for the library whose every step has what is left of the deadline, and no more."""
    import httpcore2

    def within(limit: float | None, late: type[Exception]) -> float:
        left = deadline.left()
        if left <= 0:
            raise late
        return left if limit is None else min(limit, left)

    class Stream(httpcore2.NetworkStream):
        def __init__(self, inner: httpcore2.NetworkStream) -> None:
            self._inner = inner

        def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
            return self._inner.read(max_bytes, within(timeout, httpcore2.ReadTimeout))

        def write(self, buffer: bytes, timeout: float | None = None) -> None:
            # In pieces: the library gives each piece that the other side takes the whole limit anew.
            for start in range(0, len(buffer), 65_536):
                self._inner.write(buffer[start : start + 65_536], within(timeout, httpcore2.WriteTimeout))

        def close(self) -> None:
            self._inner.close()

        def start_tls(
            self,
            ssl_context: ssl.SSLContext,
            server_hostname: str | None = None,
            timeout: float | None = None,
        ) -> httpcore2.NetworkStream:
            limit = within(timeout, httpcore2.ConnectTimeout)
            return Stream(self._inner.start_tls(ssl_context, server_hostname, limit))

        def get_extra_info(self, info: str) -> Any:
            return self._inner.get_extra_info(info)

    class Network(httpcore2.SyncBackend):
        def connect_tcp(
            self,
            host: str,
            port: int,
            timeout: float | None = None,
            local_address: str | None = None,
            socket_options: Any = None,
        ) -> httpcore2.NetworkStream:
            addresses = _looked_up(host, port, within(None, httpcore2.ConnectTimeout))
            if not addresses:
                raise httpcore2.ConnectError
            for place, address in enumerate(addresses, 1):
                left = within(timeout, httpcore2.ConnectTimeout)
                try:
                    return Stream(super().connect_tcp(address, port, left, local_address, socket_options))
                except (httpcore2.ConnectError, httpcore2.ConnectTimeout):
                    if place == len(addresses):
                        raise
            raise AssertionError("unreachable")

    return Network()


def _looked_up(host: str, port: int, seconds: float) -> list[str]:
    """Return the addresses of a name, none where nobody answers in time.

    The look-up of the operating system has no limit of its own, so it is left where it is.
    """
    found: list[str] = []

    def look_up() -> None:
        try:
            rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            return
        found.extend(dict.fromkeys(str(row[4][0]) for row in rows))

    thread = threading.Thread(target=look_up, daemon=True)
    thread.start()
    thread.join(seconds)
    return list(found)
