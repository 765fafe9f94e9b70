"""What holds for everybody, and the time zone each person reads timestamps in."""

from functools import cache as once
from zoneinfo import ZoneInfo, available_timezones

from django.core.cache import cache

from aicost.accounts.models import Company, User

UTC = "UTC"
_KEY, _KEPT_SECONDS = "company", 60
_ONLY = 1
# Areas of the tz database that name places; the others are old spellings.
_AREAS = ("Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian",
          "Pacific")  # fmt: skip


def company() -> Company:
    """The one row, or what holds while there is none. Another process sees a change within a
    minute."""
    found = cache.get(_KEY)
    if found is None:
        found = Company.objects.filter(pk=_ONLY).first() or Company(pk=_ONLY)
        cache.set(_KEY, found, _KEPT_SECONDS)
    return found


def set_company(fiscal_month: int, time_zone: str) -> Company:
    """Raises ValueError for a month or zone that is none."""
    if not 1 <= fiscal_month <= 12:
        raise ValueError(f"{fiscal_month} is no month from 1 to 12")
    if time_zone not in zones():
        raise ValueError(f"{time_zone!r} is no time zone such as Europe/Berlin")
    values = {"fiscal_month": fiscal_month, "time_zone": time_zone}
    made, _ = Company.objects.update_or_create(pk=_ONLY, defaults=values)
    cache.delete(_KEY)
    return made


@once
def zones() -> list[str]:
    """UTC, then all places of the tz database."""
    places = (name for name in available_timezones() if name.split("/")[0] in _AREAS)
    return [UTC, *sorted(places)]


def zone_of(user: User) -> ZoneInfo:
    """The person's own time zone, else the company's. A name this machine's database no longer
    has reads as UTC."""
    name = getattr(user, "time_zone", "") or company().time_zone
    return ZoneInfo(name if name in zones() else UTC)
