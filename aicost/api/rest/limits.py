"""How many requests a caller may make in a minute: AICOST_API_PER_MINUTE.

Each web process counts by itself and adds what it counted to a table of all every few seconds: a
write for each request would cost more than most answers, and would make every answer a new one
(`remembered`). A caller may so be let through a few seconds too long, never stopped too early.
"""

from dataclasses import dataclass
from threading import Lock
import time

from django.conf import settings
from django.db import connection

from aicost.api.rest.problems import Refused
from aicost.kernel.sqlfiles import sql

MINUTE_SECONDS, TOLD_EVERY_SECONDS = 60, 5
CALLERS_MAX = 10_000


@dataclass
class _Count:
    """Requests of one caller in one minute: those the table knows, and those it does not yet."""

    minute: int
    known: int = 0
    mine: int = 0
    told_at: float = 0.0


_counts: dict[str, _Count] = {}
_lock = Lock()


def count(who: str) -> dict[str, str]:
    """Count one request of `who`; the headers that say how many are left. Raises Refused with 429
    beyond the limit."""
    limit, now = settings.AICOST_API_PER_MINUTE, time.time()
    left_seconds = MINUTE_SECONDS - int(now % MINUTE_SECONDS)
    requests = _counted(who, int(now // MINUTE_SECONDS), now)
    headers = {
        "RateLimit-Limit": str(limit),
        "RateLimit-Remaining": str(max(0, limit - requests)),
        "RateLimit-Reset": str(left_seconds),
    }
    if requests > limit:
        detail = f"more than {limit} requests in a minute"
        cure = f"Ask again in {left_seconds} seconds, or raise AICOST_API_PER_MINUTE"
        raise Refused(429, detail, cure, headers | {"Retry-After": str(left_seconds)})
    return headers


def _counted(who: str, minute: int, now: float) -> int:
    """How many requests of this minute are known here, this one among them."""
    with _lock:
        if len(_counts) > CALLERS_MAX:
            _counts.clear()
        found = _counts.get(who)
        if found is None or found.minute != minute:
            found = _counts[who] = _Count(minute)
        found.mine += 1
        if now - found.told_at < TOLD_EVERY_SECONDS:
            return found.known + found.mine
        more, found.mine, found.told_at = found.mine, 0, now
    with connection.cursor() as cursor:
        told = {"who": who, "minute": minute, "more": more}
        cursor.execute(sql("aicost.api.rest", "count_request"), told)
        [total] = cursor.fetchone()
    with _lock:
        found.known = total
        return total + found.mine
