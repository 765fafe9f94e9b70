"""Events that people announce: a launch, a migration, a load test. What is known is not told again.

One that passes has a last day: its days are judged by nobody and teach nothing. One that stays (a
launch) has none: the new level is the usual one. It concerns the series of its name alone, or all
of them where it is of the whole company.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet

from aicost.accounts.audit import EVENT_ANNOUNCED, EVENT_WITHDRAWN, record
from aicost.kernel.periods import utc_today
from attribution.alerting.levels import LEVELS, ORGANISATION
from attribution.models import KnownEvent
from attribution.reports.spec import Asker

BACK_DAYS, AHEAD_DAYS, LENGTH_DAYS = 90, 400, 366
TEXT_CHARS_MAX, NAME_CHARS_MAX = 200, 200
# What can be announced: what is watched day by day.
ANNOUNCED_LEVELS = tuple(one.name for one in LEVELS)


class BadEvent(ValueError):
    """It cannot be announced, or withdrawn; the message says why."""


@dataclass(frozen=True)
class Told:
    """What somebody announces. Without `ends` it stays."""

    level: str
    name: str
    begins: date
    ends: date | None
    text: str


def announce(told: Told, by, asker: Asker) -> KnownEvent:
    """Raises `BadEvent`. The next look at the ledger knows of it."""
    text, name = " ".join(told.text.split()), told.name.strip()
    _refuse_target(told.level, name, asker)
    _refuse_days(told)
    if not text or len(text) > TEXT_CHARS_MAX or not text.isprintable():
        raise BadEvent(f"say what it is in at most {TEXT_CHARS_MAX} characters")
    with transaction.atomic():
        made = KnownEvent.objects.create(
            level=told.level, name=name, begins=told.begins, ends=told.ends, text=text, by=by
        )
        record(by, EVENT_ANNOUNCED, text, _detail(made))
    return made


def _refuse_target(level: str, name: str, asker: Asker) -> None:
    if level not in ANNOUNCED_LEVELS:
        raise BadEvent(f"it is of one of {', '.join(ANNOUNCED_LEVELS)}")
    if (level == ORGANISATION) != (not name):
        raise BadEvent("say what it is of and its name; all AI has no name")
    if len(name) > NAME_CHARS_MAX or not name.isprintable():
        raise BadEvent(f"a name has at most {NAME_CHARS_MAX} characters")
    if asker.teams is None:
        return
    # what is quiet is quiet for everybody who pays for it
    if level != "team" or name not in asker.teams:
        raise BadEvent("you see the rows of your teams: announce it of one of them")


def _refuse_days(told: Told) -> None:
    today = utc_today()
    if not today - timedelta(BACK_DAYS) <= told.begins <= today + timedelta(AHEAD_DAYS):
        raise BadEvent(
            f"it begins at most {BACK_DAYS} days ago and at most {AHEAD_DAYS} days ahead"
        )
    if told.ends is not None and not 0 <= (told.ends - told.begins).days < LENGTH_DAYS:
        raise BadEvent(f"its last day is on or after its first, within {LENGTH_DAYS} days")


def withdraw(event_id: int, by, asker: Asker) -> None:
    """As if nobody had announced it. What people said of an alert stays. Raises `BadEvent`."""
    with transaction.atomic():
        found = seen_by(asker).select_for_update(of=("self",)).filter(pk=event_id).first()
        if found is None:
            raise BadEvent("there is no such event: `manage.py alerts announced` lists them")
        record(by, EVENT_WITHDRAWN, found.text, _detail(found))
        found.delete()


def seen_by(asker: Asker) -> QuerySet[KnownEvent]:
    """The announced ones in their order; for who sees only some teams, those of these."""
    found = KnownEvent.objects.filter(alert=None).select_related("by").order_by("begins", "id")
    if asker.teams is None:
        return found
    return found.filter(level="team", name__in=asker.teams)


def current(asker: Asker) -> QuerySet[KnownEvent]:
    """Those that are ahead, go on, or began lately."""
    since = utc_today() - timedelta(days=BACK_DAYS)
    return seen_by(asker).filter(Q(begins__gte=since) | Q(ends__gte=since))


def _detail(event: KnownEvent) -> dict:
    ends = event.ends.isoformat() if event.ends else None
    of = event.level if not event.name else f"{event.level} {event.name}"
    return {"of": of, "begins": event.begins.isoformat(), "ends": ends}
