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
from steelyard.interfaces.mcp.toolbox import INSTRUCTIONS, Shelf, Tool, tools
from steelyard.words import ENGLISH, say

try:
    import anyio
    import mcp.types as protocol
    from mcp.server.lowlevel import Server
    from mcp.server.stdio import stdio_server
except ImportError:
    raise ExtraMissing("mcp", say("the server for assistants"), "mcp") from None

READS = {"readOnlyHint": True, "destructiveHint": False, "idempotentHint": True, "openWorldHint": False}


def server(shelf: Shelf) -> Any:
    """Return a server of the tools for one portfolio file."""
    known = {tool.name: tool for tool in tools()}

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
        instructions=INSTRUCTIONS,
        on_list_tools=listed,
        on_call_tool=called,
    )


def run(shelf: Shelf) -> None:
    """Serve until the other side closes; standard output belongs to the protocol."""

    async def serve() -> None:
        serving = server(shelf)
        async with stdio_server() as (read, write):
            await serving.run(read, write, serving.create_initialization_options())

    anyio.run(serve)


def _described(tool: Tool) -> Any:
    return protocol.Tool(
        name=tool.name,
        title=tool.title,
        description=tool.description,
        input_schema=dict(tool.takes),
        output_schema=dict(tool.gives),
        annotations=protocol.ToolAnnotations(title=tool.title, **READS),
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
    return isinstance(value, bool if schema["type"] == "boolean" else str)


def _failed(text: str) -> Any:
    return protocol.CallToolResult(content=[protocol.TextContent(type="text", text=text)], is_error=True)
