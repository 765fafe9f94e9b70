"""The web server as `up` starts it, on the database of this process; and somebody logged in."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
import os
from pathlib import Path
import subprocess
import time
from urllib.parse import quote

from django.conf import settings
from django.db import connection
from django.test import Client

from aicost.accounts.models import User
from aicost.runtime.postgres import free_port
from aicost.runtime.up import children

START_SECONDS_MAX = 300  # as long as `up` waits for its first page


@contextmanager
def serving(log: Path) -> Iterator[int]:
    """The port it answers on; it ends with the block. Raises RuntimeError if it does not start."""
    port = free_port()
    home = Path(settings.AICOST_HOME)
    [web] = [child for child in children(home, "127.0.0.1", port) if child.name == "web"]
    environment = {**os.environ, "DATABASE_URL": database_url()}
    with log.open("wb") as out:
        process = subprocess.Popen(web.command, stdout=out, stderr=out, env=environment)
    try:
        _await(port)
        yield port
    finally:
        process.terminate()
        process.wait(30)


def _await(port: int) -> None:
    deadline = time.monotonic() + START_SECONDS_MAX
    while True:
        try:
            link = HTTPConnection("127.0.0.1", port, timeout=10)
            link.request("GET", "/login/")
            link.getresponse().read()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise RuntimeError("the web server does not answer") from None
            time.sleep(0.1)


def database_url() -> str:
    told = connection.settings_dict
    user, password = quote(told["USER"], safe=""), quote(told["PASSWORD"], safe="")
    place = f"{told['HOST']}:{told['PORT'] or 5432}"
    return f"postgresql://{user}:{password}@{place}/{quote(told['NAME'], safe='')}"


def session_of(user: User) -> str:
    """The session cookie of somebody who has logged in."""
    client = Client()
    client.force_login(user)
    return client.cookies[settings.SESSION_COOKIE_NAME].value
