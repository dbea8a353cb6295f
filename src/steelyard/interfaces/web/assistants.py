"""The tools for assistants over HTTP (`/mcp`), for who shows the token.

The SDK takes nearly a second of the processor to import: it is, on the first request. Requests are answered
one by one, without sessions, so that nothing is kept of an assistant that went away.
"""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.requests import Request

from steelyard.extras import ExtraMissing
from steelyard.interfaces.http.replies import Trouble
from steelyard.interfaces.mcp.shelf import Shelf
from steelyard.interfaces.web.api import Api, response_of, unauthorized
from steelyard.interfaces.web.guard import Receive, Scope, Send
from steelyard.words import ENGLISH, say


class Assistants:
    """An application that speaks the Model Context Protocol.

    Args:
        shelf: What its tools look at.
        api: Knows who shows the token.
        can_send: There is a tool that carries out what was approved.
    """

    def __init__(self, shelf: Shelf, api: Api, *, can_send: bool) -> None:
        self._shelf, self._api, self._can_send = shelf, api, can_send
        self._manager: Any = None
        self._kept: asyncio.Task[None] | None = None
        self._begins: asyncio.Lock | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request that shows the token."""
        if not self._api.is_known(Request(scope)):
            reply = unauthorized()
        elif await self._is_there():
            await self._manager.handle_request(scope, receive, send)
            return
        else:
            reply = Trouble(
                501,
                "extra-missing",
                say("the tools for assistants are not installed"),
                say("run: {command}", command="pip install 'steelyard[mcp]'"),
            ).reply
        await response_of(reply, reply.body(ENGLISH))(scope, receive, send)

    async def _is_there(self) -> bool:
        """Say whether the SDK is there, and begin it with the first request."""
        self._begins = self._begins or asyncio.Lock()
        async with self._begins:
            if self._manager is None:
                try:
                    manager = await asyncio.to_thread(self._made)
                except ExtraMissing:
                    return False
                began = asyncio.Event()
                self._kept = asyncio.create_task(_run(manager, began))
                await began.wait()
                self._manager = manager
        return True

    def _made(self) -> Any:
        from steelyard.interfaces.mcp.server import over_http

        return over_http(self._shelf, can_send=self._can_send)


async def _run(manager: Any, began: asyncio.Event) -> None:
    async with manager.run():
        began.set()
        await asyncio.Event().wait()
