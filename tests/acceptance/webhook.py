"""A service that alerts are sent to: it keeps what came, and answers as a test wants."""

import json
import socket
import struct
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import local_servers


class Webhook(ThreadingHTTPServer):
    """`answer` is a status, `hang`, `reset`, or a function from a path to one of these."""

    def __init__(self, answer=200):
        super().__init__(("127.0.0.1", 0), _Request)
        self.answer, self.got, self.over = answer, [], threading.Event()

    @property
    def url(self):
        """Where JSON is sent to, as apprise writes it."""
        return f"json://127.0.0.1:{self.server_port}/"

    @property
    def messages(self):
        """The messages that came, as JSON."""
        return [json.loads(body) for _, body in self.got]

    def handle_error(self, *_):
        """Say nothing of a connection that the test cut."""


class _Request(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.got.append((self.path, body))
        answer = self.server.answer
        if callable(answer):
            answer = answer(self.path)
        if answer == "hang":
            self.server.over.wait(20)
            return
        if answer == "reset":
            # Lingering for no time turns the close into a reset.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            return
        self.send_response(answer)
        self.end_headers()

    def log_message(self, *_):
        pass


@contextmanager
def webhook(answer=200):
    """Serve while the block runs."""
    server = Webhook(answer)
    local_servers.start(server)
    try:
        yield server
    finally:
        server.over.set()
        local_servers.stop(server)
