"""The API over HTTP: who shows the token is answered, each call in the lane that fits what it takes."""

from __future__ import annotations

from asyncio import sleep
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from steelyard import languages
from steelyard.interfaces.http.events import since
from steelyard.interfaces.http.feed import line_of
from steelyard.interfaces.http.jobs import busy
from steelyard.interfaces.http.replies import Call, Reply, Trouble
from steelyard.interfaces.http.service import Service, guarded
from steelyard.interfaces.web.lanes import Full, Lane
from steelyard.interfaces.web.sessions import Sessions
from steelyard.words import say

PLANNING, WAITING = 2, 98
"""Plans at once, which one interpreter cannot hurry by being asked for more, and plans that wait."""
LOOKING, LOOKS_WAITING = 8, 120
STREAMS = 16
"""Streams of events at once."""
LOOK_SECONDS, BEAT_SECONDS = 1.0, 15.0
"""Between two looks for events; and until a line that says nothing shows that the stream is alive."""


class Api:
    """What answers programs.

    Args:
        service: What is answered.
        sessions: Who knows the token.
    """

    def __init__(self, service: Service, sessions: Sessions) -> None:
        self.service, self._sessions = service, sessions
        self._streams = 0
        self._heavy, self._light = Lane(PLANNING, WAITING), Lane(LOOKING, LOOKS_WAITING)

    async def answer(self, request: Request) -> Response:
        """Answer a program that shows the token; the session of a browser is none."""
        wanted = request.headers.get("accept-language", "").lower()
        language = languages.language("ko" if wanted.startswith("ko") else "en")
        if not self.is_known(request):
            reply = unauthorized()
        else:
            call = Call(
                request.method,
                request.url.path,
                dict(request.query_params),
                {name.lower(): value for name, value in request.headers.items()},
                await request.body(),
                language,
            )
            if call.path == "/v1/events" and "text/event-stream" in call.headers.get("accept", ""):
                return await self._stream(call)
            lane = self._heavy if self.service.is_heavy(call.method, call.path) else self._light
            try:
                return await lane.run(self._answered, call)
            except Full:
                reply = busy("1").reply
        return response_of(reply, reply.body(language))

    def _answered(self, call: Call) -> Response:
        reply = self.service.answer(call)
        return response_of(reply, reply.body(call.language))

    async def _stream(self, call: Call) -> Response:
        """Answer with events as they happen, from the id on that the client knows."""
        started: list[str] = []

        def begin() -> Reply:
            started.append(since(call))
            return Reply(200, None)

        refused = guarded(begin)
        if refused.status != 200:
            return response_of(refused, refused.body(call.language))
        if self._streams >= STREAMS:
            full = busy("10").reply
            return response_of(full, full.body(call.language))
        headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
        return StreamingResponse(self._lines(started[0]), 200, headers, "text/event-stream; charset=utf-8")

    async def _lines(self, last: str) -> AsyncIterator[str]:
        self._streams += 1
        try:
            yield ": steelyard\n\n"
            quiet = 0.0
            while True:
                found = await self._light.run(self.service.feed.after, last)
                for event in found:
                    last = event.id
                    yield line_of(event)
                quiet = 0.0 if found else quiet + LOOK_SECONDS
                if quiet >= BEAT_SECONDS:
                    yield ":\n\n"
                    quiet = 0.0
                await sleep(LOOK_SECONDS)
        finally:
            self._streams -= 1

    def is_known(self, request: Request) -> bool:
        """Say whether a request shows the token, as a bearer or as the password of a name."""
        scheme, _, shown = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "basic":
            try:
                shown = b64decode(shown.strip(), validate=True).decode("utf-8").partition(":")[2]
            except (NotBase64, ValueError):
                return False
        return scheme.lower() in ("bearer", "basic") and self._sessions.is_token(shown.strip())


def unauthorized() -> Reply:
    """Return the refusal of who does not show the token."""
    return Trouble(
        401,
        "unauthorized",
        say("the token is missing or wrong"),
        say("send Authorization: Bearer with the text of .steelyard-page-token"),
        www_authenticate="Bearer",
    ).reply


def response_of(reply: Reply, body: bytes) -> Response:
    """Return what is sent."""
    return Response(body, reply.status, {"cache-control": "no-store", **reply.headers}, reply.kind)
