"""What a channel offers: how it is configured, and how it sends one message. Channels know no
table: they get the message and their settings."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from aicost.notify.message import Message
from ingest.fetch.base import Field


class SendError(Exception):
    """One message could not be sent. `permanent`: trying again changes nothing. `unknown`: it was
    handed over and no answer came, so it may have arrived. `wait_seconds`: how long the other side
    asks to wait. `status`: what it answered, 0 for no answer. `message` and `cure` hold no
    secret."""

    def __init__(
        self,
        message: str,
        cure: str = "",
        *,
        permanent: bool = False,
        unknown: bool = False,
        wait_seconds: int = 0,
        status: int = 0,
    ) -> None:
        super().__init__(". ".join(part for part in (message, cure) if part))
        self.permanent, self.unknown = permanent, unknown
        self.wait_seconds, self.status = wait_seconds, status


@dataclass(frozen=True)
class Outgoing:
    """One message on its way. `id` is the same in every try, `queued_at` when it was decided,
    `thread` the id of the message that this one follows, '' for the first. To a program it is
    `payload` and says nothing in words."""

    id: str
    recipient: str
    message: Message
    queued_at: datetime
    thread: str = ""
    payload: Mapping | None = None


@dataclass(frozen=True)
class Kind:
    """One kind of channel. `send(outgoing, config, handing)` calls `handing()` right before it
    hands the message over, and returns what the other side answered; it raises `SendError`.
    `repeats_safely`: the other side knows a message that comes again by its id, so that one whose
    fate is unknown may be tried again. `bundles`: several alerts may go as one message. `digests`:
    it takes them, not alerts alone. `configured`: people add channels of
    it."""

    name: str
    title: str
    summary: str
    fields: tuple[Field, ...]
    send: Callable[[Outgoing, Mapping, Callable[[], None]], str]
    repeats_safely: bool = False
    bundles: bool = True
    digests: bool = True
    configured: bool = True
