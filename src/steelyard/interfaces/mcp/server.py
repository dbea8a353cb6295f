"""The toolbox over the Model Context Protocol, on standard input and output."""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Mapping
from typing import Any

from steelyard import __version__
from steelyard.errors import SteelyardError
from steelyard.extras import ExtraMissing
from steelyard.interfaces.http.replies import told
from steelyard.interfaces.mcp import orders
from steelyard.interfaces.mcp.shelf import Shelf, Tool
from steelyard.interfaces.mcp.toolbox import INSTRUCTIONS, NOTHING_SENT, SENDING, document_schema, tools
from steelyard.words import ENGLISH, say

try:
    import anyio
    import mcp.types as protocol
    from mcp.server.lowlevel import Server
    from mcp.server.stdio import stdio_server
except ImportError:
    raise ExtraMissing("mcp", say("the server for assistants"), "mcp") from None

READS = {"readOnlyHint": True, "destructiveHint": False, "idempotentHint": True, "openWorldHint": False}

SENDS = {"readOnlyHint": False, "destructiveHint": True, "idempotentHint": True, "openWorldHint": True}


def server(shelf: Shelf, *, can_send: bool = False) -> Any:
    """Return a server of the tools for one portfolio file.

    Args:
        shelf: What they look at.
        can_send: There is a tool that carries out what a person approved; without it there is none.
    """
    known = {tool.name: tool for tool in (*tools(), *((_execute(),) if can_send else ()))}

    async def listed(context: Any, asked: Any) -> Any:
        return protocol.ListToolsResult(tools=[_described(tool) for tool in known.values()])

    async def called(context: Any, asked: Any) -> Any:
        tool = known.get(asked.name)
        if tool is None:
            return _failed("unknown-tool: there is no such tool")
        return await anyio.to_thread.run_sync(_call, tool, shelf, asked.arguments or {})

    return Server(
        "steelyard",
        version=__version__,
        title="Steelyard",
        instructions=INSTRUCTIONS + (SENDING if can_send else NOTHING_SENT),
        on_list_tools=listed,
        on_call_tool=called,
    )


def over_http(shelf: Shelf, *, can_send: bool) -> Any:
    """Return what answers the protocol over HTTP; who may ask is seen to by whoever listens."""
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

    return StreamableHTTPSessionManager(server(shelf, can_send=can_send), json_response=True, stateless=True)


def run(shelf: Shelf, *, can_send: bool = False) -> None:
    """Serve until the other side closes; standard output belongs to the protocol."""

    async def serve() -> None:
        serving = server(shelf, can_send=can_send)
        async with stdio_server() as (read, write):
            await serving.run(read, write, serving.create_initialization_options())

    anyio.run(serve)


def _execute() -> Tool:
    plan = {"type": "string", "description": "The whole id of a saved plan, 64 characters"}
    return Tool(
        "execute_plan",
        "Carry out an approved plan",
        "Sends the orders of a saved plan that the owner approved within the hour at the terminal or on the "
        "page; once. Without that approval it is refused.",
        {"type": "object", "properties": {"plan": plan}, "required": ["plan"], "additionalProperties": False},
        document_schema("execution"),
        orders.Approvals().execute,
        orders.sums,
        reads=False,
    )


def _described(tool: Tool) -> Any:
    return protocol.Tool(
        name=tool.name,
        title=tool.title,
        description=tool.description,
        input_schema=dict(tool.takes),
        output_schema=dict(tool.gives),
        annotations=protocol.ToolAnnotations(title=tool.title, **(READS if tool.reads else SENDS)),
    )


def _call(tool: Tool, shelf: Shelf, asked: Mapping[str, Any]) -> Any:
    unknown = set(asked) - set(tool.takes["properties"])
    missing = set(tool.takes["required"]) - set(asked)
    if unknown or missing:
        return _failed(f"argument: {tool.name} takes {', '.join(tool.takes['properties'])}")
    wrong = [n for n, v in asked.items() if not _fits(tool.takes["properties"][n], v)]
    if wrong:
        return _failed(f"argument: {wrong[0]} has to be as the schema of {tool.name} says")
    try:
        found = tool.answer(shelf, asked)
    except SteelyardError as error:
        return _failed("\n".join(f"{p.code}: {p.message}. {p.hint}" for p in error.problems[:5]))
    except Exception:
        traceback.print_exc(file=sys.stderr)
        return _failed("bug: a mistake of the program; nothing was changed")
    document = json.loads(json.dumps(told(found, ENGLISH), default=str))
    said = protocol.TextContent(type="text", text=tool.sums(document))
    return protocol.CallToolResult(content=[said], structured_content=document)


def _fits(schema: Mapping[str, Any], value: object) -> bool:
    if "enum" in schema:
        return value in schema["enum"]
    if schema["type"] == "array":
        texts = isinstance(value, list) and all(isinstance(one, str) for one in value)
        return texts and len(value) <= schema["maxItems"]  # type: ignore[arg-type]
    return isinstance(value, bool if schema["type"] == "boolean" else str)


def _failed(text: str) -> Any:
    return protocol.CallToolResult(content=[protocol.TextContent(type="text", text=text)], is_error=True)
