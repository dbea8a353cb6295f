"""Ask an application in process, header by header: what a browser would never send included."""

import asyncio
import gzip
from http.cookies import SimpleCookie
from urllib.parse import urlencode

from steelyard.interfaces.http.leave import Leave
from steelyard.interfaces.web.application import Site, application
from steelyard.interfaces.web.sessions import Sessions

PORT = 8765
TOKEN = "a-token-that-only-its-owner-reads"
HOST = f"127.0.0.1:{PORT}"


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers = status, headers
        self.body = gzip.decompress(body) if self.header("content-encoding") == "gzip" else body

    def header(self, name):
        found = [value.decode() for key, value in self.headers if key.decode().lower() == name]
        return found[0] if found else None

    @property
    def text(self):
        return self.body.decode()

    @property
    def cookies(self):
        jar = {}
        for key, value in self.headers:
            if key.lower() == b"set-cookie":
                jar |= {name: morsel.value for name, morsel in SimpleCookie(value.decode()).items()}
        return jar


def ask(app, method, target, headers=(), body=b"", *, pieces=None, silent=False):
    """Return what an application answers; `headers` are all there are, `silent` never ends the body."""
    path, _, query = target.partition("?")
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
        "path": path, "raw_path": path.encode(), "query_string": query.encode(), "root_path": "",
        "headers": [(k.lower().encode(), v.encode("latin-1")) for k, v in headers],
        "client": ("127.0.0.1", 50000), "server": ("127.0.0.1", PORT),
    }  # fmt: skip
    parts = list(pieces if pieces is not None else [body])
    got = {"status": None, "headers": [], "body": b""}

    async def receive():
        if silent:
            await asyncio.sleep(3600)
        if parts:
            return {"type": "http.request", "body": parts.pop(0), "more_body": bool(parts)}
        return {"type": "http.disconnect"}

    async def send(message):
        if message["type"] == "http.response.start":
            got["status"], got["headers"] = message["status"], message["headers"]
        else:
            got["body"] += message.get("body", b"")

    asyncio.run(app(scope, receive, send))
    return Answer(got["status"], got["headers"], got["body"])


class Browser:
    """A browser that is signed in: it keeps cookies and says where a request comes from."""

    def __init__(self, file, *, as_of=None, orders=False, language="en", files=None):
        self.sessions = Sessions(PORT, TOKEN)
        self.site = Site(files or {"portfolio": file}, self.sessions, PORT, as_of, Leave(60 * orders))
        self.app = application(self.site)
        self.language = language
        self.cookies = {}
        started = self.get(f"/start?code={self.sessions.start_code}", follow=False)
        assert started.status == 303, started.text

    def _headers(self, extra):
        jar = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        own = {"host": HOST, "accept-language": self.language, "cookie": jar, "sec-fetch-site": "same-origin"}
        return list({**own, **dict(extra)}.items())

    def _keep(self, answer, follow):
        self.cookies |= answer.cookies
        if follow and answer.status == 303:
            return self.get(answer.header("location"))
        return answer

    def get(self, target, *, follow=True, **extra):
        return self._keep(ask(self.app, "GET", target, self._headers(extra)), follow)

    def post(self, target, fields, *, follow=True, **extra):
        body = urlencode(fields).encode()
        kind = {"content-type": "application/x-www-form-urlencoded", "content-length": str(len(body))}
        return self._keep(ask(self.app, "POST", target, self._headers(kind | extra), body), follow)
