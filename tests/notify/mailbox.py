"""A real mail server that keeps what it accepts."""

from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.controller import Controller

from aicost.runtime.postgres import free_port


class Mailbox:
    """`accept` says what the server answers to a whole message; `refuse` addresses it refuses."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.port = 0
        self.answers: list[str] = []
        self.refused: set[str] = set()

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802
        if address in self.refused:
            return "550 5.1.1 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        answer = self.answers.pop(0) if self.answers else "250 OK"
        if answer.startswith("250"):
            self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        return answer

    def to(self, address: str) -> list[EmailMessage]:
        return [one for one in self.mails if one["To"] == address]


@contextmanager
def serving_mail(box: Mailbox | None = None) -> Iterator[Mailbox]:
    box = box or Mailbox()
    box.port = free_port()
    server = Controller(box, hostname="127.0.0.1", port=box.port)
    server.start()
    try:
        yield box
    finally:
        server.stop()


def text_of(mail: EmailMessage) -> str:
    return mail.get_body(("plain",)).get_content()


def html_of(mail: EmailMessage) -> str:
    """With plain spaces: dates hold together by others."""
    return mail.get_body(("html",)).get_content().replace("&nbsp;", " ")


def subject_of(mail: EmailMessage) -> str:
    """Unfolded: a long one begins on a line of its own."""
    return str(mail["Subject"]).strip()
