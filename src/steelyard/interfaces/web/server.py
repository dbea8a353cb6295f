"""The server of the page: on this machine only, one process, stopped by Ctrl-C."""

from __future__ import annotations

import socket
from collections.abc import Callable
from datetime import date
from pathlib import Path

from steelyard.api.serving import page_token
from steelyard.errors import InputError
from steelyard.extras import ExtraMissing
from steelyard.interfaces.web.application import Site, application
from steelyard.interfaces.web.sessions import Sessions
from steelyard.words import say

try:
    import uvicorn
except ImportError:
    raise ExtraMissing("serve", say("the page"), "uvicorn") from None

ADDRESS = "127.0.0.1"
"""Nothing else is listened to: beyond this machine there is no page (docs/guides/page.md)."""
PORT = 8765
CONNECTIONS = 128
HEADER_BYTES = 16 * 1024
IDLE_SECONDS = 5


def serve(
    file: Path, *, port: int, as_of: date | None, told: Callable[[str], None], orders: bool = False
) -> None:
    """Show a portfolio until somebody stops it.

    Args:
        file: The portfolio file, which may not be there yet.
        port: Where to listen; 0 takes any that is free.
        as_of: The day to evaluate for, None for today, always.
        orders: Whether a saved plan may be approved here.
        told: Called with the address to open first, which works once, as soon as connections are taken.

    Raises:
        InputError: Nothing can listen there (`port`), or the token cannot be used (`page-token`).
    """
    with _listening(port) as listener:
        taken = listener.getsockname()[1]
        sessions = Sessions(taken, page_token(file))
        app = application(Site(file, sessions, taken, as_of, orders))
        told(f"http://{ADDRESS}:{taken}/start?code={sessions.start_code}")
        config = uvicorn.Config(
            app,
            access_log=False,  # The start code stands in an address.
            h11_max_incomplete_event_size=HEADER_BYTES,
            http="h11",
            interface="asgi3",
            lifespan="off",
            limit_concurrency=CONNECTIONS,
            log_level="warning",
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=2,
            timeout_keep_alive=IDLE_SECONDS,
            ws="none",
        )
        uvicorn.Server(config).run(sockets=[listener])


def _listening(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((ADDRESS, port))
        listener.listen(CONNECTIONS)
    except OSError as error:
        listener.close()
        raise InputError(
            "port",
            say("nothing can listen on port {port}: {why}", port=port, why=error.strerror),
            say("run: {command}", command="steelyard serve --port 0"),
        ) from None
    return listener
