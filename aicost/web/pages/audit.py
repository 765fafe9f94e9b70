"""The audit trail: who did what, when; by person, action and day, as a page and as CSV."""

import csv as csv_lines
from datetime import date, datetime, time, timedelta
import json

from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from aicost.accounts.audit import EXPORT, record
from aicost.accounts.models import AuditEvent, User
from aicost.accounts.scope import may_read_audit
from aicost.kernel.cells import quoted
from aicost.kernel.periods import utc_text
from aicost.web.audited import told
from aicost.web.shell import frame, refuse, sentence

SHOWN = 100


class BadFilter(ValueError):
    """The address asks for something that cannot be read."""


def _chosen(request: HttpRequest) -> tuple[dict, QuerySet]:
    """What is asked for, and its events, newest first. Raises `BadFilter`."""
    names = ("who", "action", "about", "from", "to")
    asked = {name: request.GET.get(name, "").replace("\x00", "").strip() for name in names}
    events = AuditEvent.objects.select_related("user").order_by("-pk")
    if asked["who"]:
        events = events.filter(user__username=asked["who"])
    if asked["action"]:
        events = events.filter(action=asked["action"])
    if asked["about"]:
        events = events.filter(subject__icontains=asked["about"])
    if asked["from"]:
        events = events.filter(at__gte=_midnight(asked["from"], "from"))
    if asked["to"]:
        events = events.filter(at__lt=_midnight(asked["to"], "to", 1))
    return asked, events


def _midnight(text: str, name: str, days: int = 0) -> datetime:
    try:
        day = date.fromisoformat(text) + timedelta(days=days)
        return datetime.combine(day, time(), timezone.get_fixed_timezone(0))
    except (ValueError, OverflowError) as error:
        raise BadFilter(f"{name}={text} is no date: write YYYY-MM-DD") from error


@login_required
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """The newest events of what is asked for; `before` is the id of the last one seen."""
    if not may_read_audit(request.user):
        return refuse(request, "audit")
    try:
        asked, events = _chosen(request)
        before = request.GET.get("before", "")
        if before:
            events = events.filter(pk__lt=_number(before))
    except BadFilter as error:
        return sentence(request, 400, "This address cannot be read", f"{error}.")
    found = list(events[: SHOWN + 1])
    query = request.GET.copy()
    query.pop("before", None)
    context = frame(request, "audit") | {
        "title": "Audit trail",
        "events": [(event, told(event)) for event in found[:SHOWN]],
        "older": found[SHOWN - 1].pk if len(found) > SHOWN else None,
        "asked": asked,
        "is_asked": any(asked.values()),
        "query": query.urlencode(),
        "actions": _actions(),
        "people": User.objects.order_by("username").values_list("username", flat=True),
    }
    return render(request, "pages/audit.html", context)


def _actions() -> list[str]:
    return list(AuditEvent.objects.order_by("action").values_list("action", flat=True).distinct())


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise BadFilter(f"before={text} is no number of an event")
    return int(text)


@login_required
@require_safe
def csv(request: HttpRequest) -> HttpResponse:
    """All events of what is asked for."""
    if not may_read_audit(request.user):
        return refuse(request, "audit.csv")
    try:
        _, events = _chosen(request)
    except BadFilter as error:
        return sentence(request, 400, "This address cannot be read", f"{error}.")
    record(request.user, EXPORT, "audit", {"query": request.GET.urlencode()})
    answer = StreamingHttpResponse(_lines(events), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="audit.csv"'
    return answer


def _lines(events: QuerySet):
    line = csv_lines.writer(_Echo())
    yield line.writerow(["at", "user", "action", "subject", "said", "detail"])
    for event in events.iterator(chunk_size=2000):
        who = event.user.get_username() if event.user else ""
        detail = json.dumps(event.detail, sort_keys=True)
        texts = (who, event.action, event.subject, told(event).line, detail)
        yield line.writerow([utc_text(event.at), *map(quoted, texts)])


class _Echo:
    """What csv writes to is handed on line by line."""

    def write(self, text: str) -> str:
        return text
