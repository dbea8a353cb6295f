"""Who may look: who started the server, by a code that is good once, and their programs by a token.

Other programs and other people of the same machine reach the same port; they have neither.
"""

from __future__ import annotations

import secrets
import threading
from hashlib import sha256
from hmac import compare_digest

from steelyard.interfaces.web.behind import Guesses

MOST = 64
"""Browsers signed in at once; the oldest goes when one more comes."""
_BYTES = 32


class Sessions:
    """The browsers that are signed in to one server, for as long as it runs.

    Args:
        port: Cookies are shared by all ports of a name, so that each server's carries its own.
        token: What programs show, and a person who has no start code any more.
        password: What a person shows from another computer, empty for none.
    """

    def __init__(self, port: int, token: str, password: str = "") -> None:
        self.cookie = f"steelyard-{port}"
        self.start_code = secrets.token_urlsafe(_BYTES)
        self._code: str | None = self.start_code
        self._token, self._password = token, password
        self.guesses = Guesses()
        self._known: dict[str, None] = {}
        self._lock = threading.Lock()

    def exchange(self, code: str) -> str | None:
        """Return a new session for the start code, which is then used up; None for anything else."""
        with self._lock:
            if self._code is None or not _same(code, self._code):
                return None
            self._code = None
            return self._open()

    def sign_in(self, shown: str) -> str | None:
        """Return a new session for the token or the password; None for anything else."""
        if self.guesses.wait:
            return None
        with self._lock:
            if self.is_token(shown) or (self._password and _same(shown, self._password)):
                self.guesses.right()
                return self._open()
        self.guesses.wrong()
        return None

    def is_token(self, token: str) -> bool:
        """Say whether that is the token."""
        return _same(token, self._token)

    def is_known(self, session: str | None) -> bool:
        """Say whether a browser shows a session of this server."""
        return bool(session) and _digest(session or "") in self._known

    def _open(self) -> str:
        session = secrets.token_urlsafe(_BYTES)
        while len(self._known) >= MOST:
            del self._known[next(iter(self._known))]
        self._known[_digest(session)] = None
        return session


def _same(one: str, other: str) -> bool:
    return compare_digest(one.encode("utf-8", "surrogatepass"), other.encode())


def _digest(session: str) -> str:
    return sha256(session.encode("utf-8", "surrogatepass")).hexdigest()
