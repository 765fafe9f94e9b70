"""How many requests a caller may make in a minute: AICOST_API_PER_MINUTE, counted in a table that
all web processes share and that a crash may empty."""

import time

from django.conf import settings
from django.db import connection

from aicost.api.rest.problems import Refused
from aicost.kernel.sqlfiles import sql

MINUTE_SECONDS = 60


def count(who: str) -> dict[str, str]:
    """Count one request of `who`; the headers that say how many are left. Raises Refused with 429
    beyond the limit."""
    limit = settings.AICOST_API_PER_MINUTE
    now = time.time()
    left_seconds = MINUTE_SECONDS - int(now % MINUTE_SECONDS)
    with connection.cursor() as cursor:
        told = {"who": who, "minute": int(now // MINUTE_SECONDS)}
        cursor.execute(sql("aicost.api.rest", "count_request"), told)
        [requests] = cursor.fetchone()
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
