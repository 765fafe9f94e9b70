"""What is asked under an Idempotency-Key is done once; asked again, it gets the same answer."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
import re

from django.db import connection
from django.utils import timezone

from ingest.models import PostedBody

KEPT = timedelta(days=30)
_KEY = re.compile(r"[A-Za-z0-9._:-]{1,128}\Z")
_LOCK_SPACE = 0x61696370  # "aicp"


class NotTaken(Exception):
    """The body is refused: an HTTP status and what the caller is told."""

    def __init__(self, status: int, message: str, **more: object) -> None:
        super().__init__(message)
        self.status, self.more = status, more


@dataclass(frozen=True)
class Answer:
    """What the caller is told; `again` when an earlier call under the key has done the work."""

    status: int
    body: dict
    again: bool = False


def once(address: str, key: str, sha256: str, work: Callable[[], Answer]) -> Answer:
    """What `work` answers, or answered before to the same body (its `sha256`) under this key. What
    `work` raises leaves the key free. Raises NotTaken for a key that cannot be one, and where the
    key belongs to another body."""
    check_key(key, "Idempotency-Key", "a key of your own for this body, such as a UUID")
    with _one_at_a_time(address, key):
        known = PostedBody.objects.filter(address=address, key=key).first()
        if known and known.body_sha256 != sha256:
            raise NotTaken(409, "this Idempotency-Key was used with another body: take a new key")
        if known:
            return Answer(known.status, known.answer, again=True)
        answer = work()
        PostedBody.objects.filter(created_at__lt=timezone.now() - KEPT).delete()
        PostedBody.objects.create(
            address=address,
            key=key,
            body_sha256=sha256,
            status=answer.status,
            answer=answer.body,
        )
    return answer


def check_key(name: str, what: str, cure: str) -> None:
    """Raises NotTaken."""
    if not _KEY.match(name):
        raise NotTaken(
            400, f"{what} is missing or not 1 to 128 of A-Z a-z 0-9 . _ : - . Send {cure}"
        )


@contextmanager
def _one_at_a_time(address: str, key: str) -> Iterator[None]:
    """The same key sent twice at once: the second waits for the first one's answer."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select pg_advisory_lock(%s, hashtext(%s))", [_LOCK_SPACE, f"{address}\n{key}"]
        )
        try:
            yield
        finally:
            cursor.execute(
                "select pg_advisory_unlock(%s, hashtext(%s))", [_LOCK_SPACE, f"{address}\n{key}"]
            )
