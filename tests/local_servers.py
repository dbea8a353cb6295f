"""Servers of a test that answer in a thread of their own, on a port of this machine."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager

# `serve_forever` looks only so often whether to end: at its own half second two hundred tests waited for it.
LOOKS_EVERY = 0.005


def start(server: socketserver.BaseServer) -> None:
    """Let `server` answer until `stop`."""
    threading.Thread(target=server.serve_forever, args=(LOOKS_EVERY,), daemon=True).start()


def stop(server: socketserver.BaseServer) -> None:
    """End what `start` began and give the port back."""
    server.shutdown()
    server.server_close()


@contextmanager
def running(server: socketserver.BaseServer) -> Iterator[None]:
    """Let `server` answer while the block runs."""
    start(server)
    try:
        yield
    finally:
        stop(server)
