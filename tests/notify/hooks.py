"""A program that hears what happens: a web server that keeps what is posted to it."""

from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
import json

from standardwebhooks import Webhook

from aicost.notify.models import Endpoint, Send
from aicost.notify.outbox import drain
from aicost.notify.webhooks.endpoints import Wanted, add
from aicost.notify.webhooks.matching import tell_endpoints
from tests.served import serving


class Hearing(BaseHTTPRequestHandler):
    """Answers as told, 204 when nothing is; 0 breaks the line after the message was read."""

    got: list[tuple[str, dict, bytes]]
    answers: list[int]

    def do_POST(self):  # noqa: N802
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.got.append((self.path, headers, body))
        status = self.answers.pop(0) if self.answers else 204
        if status == 0:
            self.connection.close()
            return
        self.send_response(status)
        self.end_headers()

    def log_message(self, *told):
        """Silent."""

    @classmethod
    def types(cls) -> list[str]:
        return [json.loads(body)["type"] for _, _, body in cls.got]

    @classmethod
    def verified(cls, secret: str, at: int = -1) -> dict:
        """What was posted, by the library of Standard Webhooks. Raises what that raises."""
        _, headers, body = cls.got[at]
        return Webhook(secret).verify(body, headers)


def hearing():
    """A context of (address, the handler class that keeps what is posted)."""
    handler = type("Handler", (Hearing,), {"got": [], "answers": []})
    return serving(ThreadingHTTPServer(("127.0.0.1", 0), handler)), handler


def listen(
    people, program, *types: str, teams: tuple[str, ...] | None = None
) -> tuple[Endpoint, str]:
    """An endpoint at this program, and its secret."""
    return add(Wanted(program.address, "The ticket system", types, teams), people["finops"])


def go(now: datetime) -> list[Send]:
    """What the worker does once a minute."""
    tell_endpoints(now)
    return drain("w", now)
