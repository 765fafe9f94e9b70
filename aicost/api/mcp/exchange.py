"""One request of HTTP handed to the SDK, and its answer as a response of Django's."""

import asyncio
from functools import partial

from asgiref.sync import async_to_sync
from django.http import HttpRequest, HttpResponse
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

from aicost.accounts.tokens import Caller
from aicost.api.mcp.base import Reader
from aicost.api.mcp.server import server_for

SECONDS_MAX = 60
ANSWER_HEADERS = (b"content-type", b"mcp-session-id", b"mcp-protocol-version", b"allow")


def answered(caller: Caller, request: HttpRequest, body: bytes) -> HttpResponse:
    """What the server of this caller says. Raises TimeoutError."""
    reader = partial(Reader.of, caller.user, caller.asker)
    sent = async_to_sync(_exchange)(server_for(reader), _scope(request), body)
    start = next(message for message in sent if message["type"] == "http.response.start")
    content = b"".join(m.get("body", b"") for m in sent if m["type"] == "http.response.body")
    headers = {
        name.decode(): value.decode("latin-1")
        for name, value in start["headers"]
        if name.lower() in ANSWER_HEADERS
    }
    response = HttpResponse(content, status=start["status"], headers=headers)
    response["Cache-Control"] = "no-store"
    return response


async def _exchange(server: object, scope: dict, body: bytes) -> list[dict]:
    """The messages of ASGI that the SDK sends for one request."""
    manager = StreamableHTTPSessionManager(server, json_response=True, stateless=True)
    sent: list[dict] = []
    waiting = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> dict:
        if waiting:
            return waiting.pop()
        await asyncio.Event().wait()  # the client stays until it has its answer
        raise AssertionError

    async def send(message: dict) -> None:
        sent.append(message)

    async with asyncio.timeout(SECONDS_MAX), manager.run():
        await manager.handle_request(scope, receive, send)
    return sent


def _scope(request: HttpRequest) -> dict:
    headers = [(name.lower().encode("latin-1"), value.encode("latin-1", "replace"))
               for name, value in request.headers.items()]  # fmt: skip
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": request.scheme,
        "path": request.path,
        "raw_path": request.path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": headers,
        "client": None,
        "server": None,
    }
