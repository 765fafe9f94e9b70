"""MCP over stdin and stdout, for a client on the same machine that starts us as its child."""

import asyncio
from functools import partial
import os

from django.db import close_old_connections
from mcp.server.stdio import stdio_server

from aicost.accounts.models import User
from aicost.accounts.scope import asker_of
from aicost.accounts.tokens import READ, NotInScope, NotKnown, caller_of
from aicost.api.mcp.base import Reader
from aicost.api.mcp.server import server_for

TOKEN_VARIABLE = "AICOST_MCP_TOKEN"


class NobodyAsks(ValueError):
    """It is not said as whom to answer, or that one may not."""


def serve(name: str) -> None:
    """Answer until stdin is closed, as the user of this name, or of the token in the environment.
    Raises NobodyAsks."""
    reader_of(name)  # before a client waits for an answer
    asyncio.run(_serve(name))


def reader_of(name: str) -> Reader:
    """Raises NobodyAsks."""
    text = os.environ.get("AICOST_MCP_TOKEN", "")
    if name:
        user = User.objects.filter(username=name, is_active=True).first()
        if user is None:
            raise NobodyAsks(f"no active user is called {name!r}: manage.py adduser makes one")
        return Reader.of(user, asker_of(user))
    if not text:
        raise NobodyAsks(f"say as whom to answer: --user NAME, or a token in {TOKEN_VARIABLE}")
    try:
        caller = caller_of(f"Bearer {text}", READ)
    except (NotKnown, NotInScope) as error:
        raise NobodyAsks(f"{TOKEN_VARIABLE}: {error}. {error.cure}") from error
    return Reader.of(caller.user, caller.asker)


def _looked_up(name: str) -> Reader:
    """For each call: rights that are taken away are gone at once, a database that was restarted is
    found again."""
    close_old_connections()
    return reader_of(name)


async def _serve(name: str) -> None:
    server = server_for(partial(_looked_up, name))
    async with stdio_server() as (read, write):
        await server.run(read, write, server.create_initialization_options())
