"""The time zone a request's timestamps are printed in: the person's, else the company's.

Not Django's current time zone: queries follow that one, and days of money stay UTC.
"""

from contextvars import ContextVar
from datetime import UTC, datetime, tzinfo

ZONE: ContextVar[tzinfo] = ContextVar("zone", default=UTC)


def in_zone(moment: datetime) -> datetime:
    return moment.astimezone(ZONE.get())


def zone_words() -> str:
    """ "UTC", "Berlin time": for the head of a column of timestamps."""
    name = str(ZONE.get())
    if name == "UTC":
        return name
    return f"{name.rpartition('/')[2].replace('_', ' ')} time"


def zone_at(moment: datetime) -> str:
    """ "UTC", "CET", "UTC+03": after a single timestamp."""
    name = in_zone(moment).tzname() or ""
    return f"UTC{name}" if name[:1] in "+-" else name
