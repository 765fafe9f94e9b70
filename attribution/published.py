"""Which publication of the ledger each day shows: by it, who keeps a copy knows what is old."""

from dataclasses import dataclass
from datetime import date
import json

from django.db import connection

from aicost.kernel.sqlfiles import sql


@dataclass(frozen=True)
class PublishedDay:
    """`versions` count the publications of each source; a day that `waits` is made anew soon."""

    versions: dict[str, int]
    waits: bool


def published_days(start: date | None = None, end: date | None = None) -> dict[date, PublishedDay]:
    """Every day of [start, end) that stands in the ledger, oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(sql("attribution.sql", "published_days"), {"start": start, "end": end})
        return {
            day: PublishedDay(_versions(versions), waits)
            for day, versions, waits in cursor.fetchall()
        }


def _versions(told: str | dict) -> dict[str, int]:
    found = json.loads(told) if isinstance(told, str) else told  # Django leaves jsonb as text
    return dict(sorted(found.items()))
