"""The MCP server of one caller: its words, its tools, and how a call is run and refused."""

from collections.abc import Awaitable, Callable
from functools import partial
import json
import logging

from asgiref.sync import sync_to_async
from django.db import OperationalError
from mcp.server.lowlevel.server import Server
from mcp.shared.exceptions import MCPError
import mcp_types as types
from pydantic import ValidationError

from aicost.accounts.audit import DENIED, record
from aicost.api.mcp.base import Reader, Refused, Tool
from aicost.api.mcp.instructions import INSTRUCTIONS
from aicost.api.mcp.said import SCHEMA, short_schema, structured, text
from aicost.api.mcp.tools import TOOLS
from aicost.api.reading import reading
from attribution.once import steady
from attribution.reports.explain_words import NoFigure
from attribution.reports.spec import BadSpec, NotAllowed

NAME, TITLE, VERSION = "aicost", "AI cost ledger", "1"
STATEMENT_SECONDS = 20
ERRORS_TOLD = 4
READS = types.ToolAnnotations(
    read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
)
BY_NAME: dict[str, Tool] = {tool.name: tool for tool in TOOLS}
log = logging.getLogger(__name__)


def listed() -> list[types.Tool]:
    """The tools as a client sees them; the same for everybody."""
    return [
        types.Tool(
            name=tool.name,
            title=tool.title,
            description=tool.description,
            input_schema=short_schema(tool.arguments.model_json_schema()),
            output_schema=SCHEMA,
            annotations=READS,
        )
        for tool in TOOLS
    ]


def server_for(reader: Callable[[], Reader]) -> Server:
    """A server that answers as `reader` says each time: rights may change while it runs."""

    async def list_tools(ctx: object, params: object) -> types.ListToolsResult:
        return types.ListToolsResult(tools=listed())

    async def call_tool(ctx: object, params: types.CallToolRequestParams) -> types.CallToolResult:
        return await _in_thread(partial(call, reader, params.name, params.arguments or {}))

    return Server(
        NAME,
        version=VERSION,
        title=TITLE,
        instructions=INSTRUCTIONS,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )


def _in_thread(work: Callable[[], types.CallToolResult]) -> Awaitable[types.CallToolResult]:
    """Django's connection belongs to one thread: of the request, or the one of a stdio server."""
    return sync_to_async(work, thread_sensitive=True)()


def call(reader: Callable[[], Reader], name: str, arguments: dict) -> types.CallToolResult:
    """One call: a refusal is an answer that the model can read and correct."""
    tool = BY_NAME.get(name)
    if tool is None:
        raise MCPError(types.INVALID_PARAMS, f"there is no tool {name[:60]!r}; there are: "
                       f"{', '.join(BY_NAME)}")  # fmt: skip
    try:
        who = reader()
        asked = tool.arguments.model_validate(arguments)
        with reading(STATEMENT_SECONDS, asked.replays), steady():
            made = structured(tool.answer(who, asked))
    except ValidationError as error:
        return refused(_in_words(error, tool))
    except (Refused, BadSpec, NoFigure, ValueError) as error:
        return refused(str(error))
    except NotAllowed as error:
        record(who.user, DENIED, f"mcp {name}")
        return refused(f"{error}. An admin can change your role or teams")
    except OperationalError as error:
        log.warning("mcp %s: %s", name, error)
        return refused(f"the database did not answer within {STATEMENT_SECONDS} s. Ask for a "
                       "shorter period or fewer dimensions, or try again later")  # fmt: skip
    return types.CallToolResult(
        content=[types.TextContent(type="text", text=text(made))], structured_content=made
    )


def refused(why: str) -> types.CallToolResult:
    return types.CallToolResult(
        content=[types.TextContent(type="text", text=why[:2000])], is_error=True
    )


def _in_words(error: ValidationError, tool: Tool) -> str:
    """What, where, cure; values of theirs are cut."""
    told = []
    for one in error.errors(include_url=False, include_context=False)[:ERRORS_TOLD]:
        where = ".".join(str(part) for part in one["loc"]) or "arguments"
        if one["type"] == "extra_forbidden":
            known = ", ".join(tool.arguments.model_fields) or "none"
            told.append(f"{where[:60]}: no such argument. {tool.name} takes: {known}")
        else:
            given = json.dumps(one.get("input"), default=str, ensure_ascii=True)[:60]
            told.append(f"{where[:120]}: {one['msg']}; given was {given}")
    return "; ".join(told)
