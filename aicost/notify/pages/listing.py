"""Reports & alerts: who gets what and when, what did not arrive, what was sent."""

from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from aicost.accounts.models import User
from aicost.kernel.periods import utc_now
from aicost.notify.channels import CHANNELS
from aicost.notify.digests.subject import about
from aicost.notify.edit import BadForm, quiet_hours
from aicost.notify.endpoints import configurable
from aicost.notify.models import (
    MONTHLY,
    Channel,
    Endpoint,
    Preference,
    Recipient,
    Route,
    Schedule,
    Send,
)
from aicost.notify.rights import (
    may_change,
    may_configure,
    may_send_to_others,
    seen,
    sends_seen,
)
from aicost.notify.schedules import next_of
from aicost.web import numbers
from aicost.web.lists import in_order_of
from aicost.web.shell import frame
from aicost.web.sorting import Sorting
from attribution.models.alerts import SEVERITIES

TROUBLE_MAX, LAST_MAX, NAMED_MAX = 50, 10, 3
DIGESTS = Sorting({"name": "schedule.name", "next": "next", "last": "last.at"},
                  words=("name", "next"))  # fmt: skip
ROUTES = Sorting({"name": "route.name", "what": "what", "last": "last.at"},
                 words=("name", "what"), table="routes")  # fmt: skip
OF_CHANNELS = Sorting(
    {"name": "channel.name", "kind": "kind", "last": "last.send.queued_at"},
    words=("name", "kind"),
    table="channels",
)
TROUBLED = (Send.FAILED, Send.UNKNOWN)
MARKS = {
    Send.SENT: "on-time",
    Send.FAILED: "late",
    Send.UNKNOWN: "look",
    Send.QUEUED: "waiting",
    Send.SENDING: "waiting",
    Send.SUPPRESSED: "waiting",
}
WAYS = (
    ("explore", "Any view", "its address holds all of it: Copy link in the bar, or keep it"),
    ("explore", "Any table", "as CSV, XLSX or Parquet: Export in the bar"),
    ("statements", "Statements", "a page per team and month that prints on A4"),
)
TITLES = {kind.name: kind.title for kind in CHANNELS}


@login_required
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    return show(request)


def show(request: HttpRequest, problem: str = "", said: str = "") -> HttpResponse:
    user = request.user
    schedules, routes = _seen(user)
    digests = [_digest(one, user) for one in schedules]
    sends = sends_seen(user)
    trouble = list(sends.filter(state__in=TROUBLED).order_by("-queued_at")[:TROUBLE_MAX])
    context = frame(request, "reports") | {
        "title": "Reports & alerts",
        "lead": _lead(digests, trouble),
        "problem": problem,
        "said": said,
        "digests": in_order_of(request, DIGESTS, digests),
        "routes": in_order_of(request, ROUTES, [_route(one, user) for one in routes]),
        "channels": in_order_of(request, OF_CHANNELS, _channels()) if may_configure(user) else None,
        "webhooks": _webhooks() if may_configure(user) else None,
        "kinds": configurable(),
        "trouble": [row_of(one) for one in trouble],
        "sent": [row_of(one) for one in sends.order_by("-queued_at", "-pk")[:LAST_MAX]],
        "mine": Preference.objects.filter(user=user).first() or Preference(user=user),
        "severities": SEVERITIES,
        "ways": [{"href": reverse(name), "text": text, "how": how} for name, text, how in WAYS],
        "may_send_to_others": may_send_to_others(user),
        "address": user.email,
    }
    return render(request, "pages/reports.html", context, status=400 if problem else 200)


def row_of(send: Send) -> dict:
    return {
        "send": send,
        "mark": MARKS[send.state],
        "via": TITLES.get(send.via, send.via),
        "may_again": send.state in TROUBLED,
        "may_arrive": send.state == Send.UNKNOWN,
    }


def _seen(user: User) -> tuple[list[Schedule], list[Route]]:
    """What one sees, each with its recipients and its last sends: four queries for both."""
    digests = list(seen(user, Schedule).select_related("owner", "view").order_by("name", "pk"))
    routes = list(seen(user, Route).order_by("name", "pk"))
    of = Q(schedule__in=digests) | Q(route__in=routes)
    to = Recipient.objects.filter(of, ended_at=None).select_related("user", "channel")
    last = Send.objects.filter(of).order_by("schedule", "route", "recipient", "via", "-queued_at")
    last = last.distinct("schedule", "route", "recipient", "via").defer("message")
    recipients, sends = list(to.order_by("pk")), list(last)
    for field, found in (("schedule_id", digests), ("route_id", routes)):
        for one in found:
            one.now_to = [r for r in recipients if getattr(r, field) == one.pk]
            one.last_sends = [s for s in sends if getattr(s, field) == one.pk]
    return digests, routes


def _digest(schedule: Schedule, user: User) -> dict:
    to = schedule.now_to
    day = "on the 2nd" if schedule.cadence == MONTHLY else "on Monday"
    return {
        "schedule": schedule,
        "about": about(schedule),
        "when": f"{schedule.cadence}, {day}, {schedule.hour:02}:00 own time",
        "to": _named(to),
        "next": next_of(schedule, user, utc_now()).at if schedule.enabled else None,
        "last": _last(schedule.last_sends),
        "may_change": may_change(user, schedule),
    }


def _route(route: Route, user: User) -> dict:
    parts = [f"team {route.team}" if route.team else "all teams"]
    parts += [f"{route.dimension} {route.target}"] if route.target else []
    parts += [route.severity if route.severity == SEVERITIES[0] else f"{route.severity} or worse"
              ] if route.severity else []  # fmt: skip
    quiet = ""
    if route.quiet_from and route.quiet_to:
        quiet = f"{route.quiet_from:%H:%M}–{route.quiet_to:%H:%M}, all but critical"
    return {
        "route": route,
        "what": ", ".join(parts),
        "quiet": quiet,
        "to": _named(route.now_to),
        "last": _last(route.last_sends),
        "may_change": may_change(user, route),
    }


def _named(to: list[Recipient]) -> str:
    """ "Dana Ruiz, #ai-cost and 3 more"."""
    names = [
        one.user.get_full_name() or one.user.get_username() if one.user else str(one) for one in to
    ]
    more = f" and {len(names) - NAMED_MAX} more" if len(names) > NAMED_MAX else ""
    return ", ".join(names[:NAMED_MAX]) + more or "nobody"


def _last(sends: list[Send]) -> dict:
    """When it was sent last, and to how many with what end: the worst names the mark."""
    if not sends:
        return {}
    newest = max(one.queued_at for one in sends)
    now = [one for one in sends if (newest - one.queued_at).days < 1]
    counts = {state: sum(1 for one in now if one.state == state) for state in Send.STATES}
    worst = next(
        (s for s in (Send.FAILED, Send.UNKNOWN, Send.QUEUED, Send.SENDING) if counts[s]),
        Send.SENT,
    )
    told = ", ".join(f"{numbers.count(n)} {state}" for state, n in counts.items() if n)
    return {"at": newest, "told": told, "mark": MARKS[worst]}


def _channels() -> list[dict]:
    found = Channel.objects.filter(ended_at=None).order_by("name")
    last = Send.objects.filter(channel__isnull=False).order_by("channel", "-queued_at")
    by_channel = {one.channel_id: one for one in last.distinct("channel").defer("message")}
    return [
        {
            "channel": one,
            "kind": TITLES.get(one.kind, one.kind),
            "last": row_of(by_channel[one.pk]) if one.pk in by_channel else None,
        }
        for one in found
    ]


def _webhooks() -> dict:
    """How many programs hear what happens, and those that were switched off by themselves."""
    found = list(Endpoint.objects.filter(ended_at=None).order_by("pk"))
    on = sum(1 for one in found if one.enabled)
    return {"many": len(found), "on": on, "off": [one for one in found if one.off_why]}


def _lead(digests: list[dict], trouble: list[Send]) -> list[tuple[str, bool]]:
    running = [one for one in digests if one["next"]]
    if not running:
        parts = [("No digest is sent yet.", True)]
        parts.append((" Add one: it brings the week's figures with their causes by mail.", False))
    else:
        soonest = min(one["next"] for one in running)
        many = numbers.plural(len(running), "digest is", "digests are")
        parts = [(f"{many} sent", True), (f"; the next one {numbers.moment_zone(soonest)}.", False)]
    if trouble:
        many = numbers.plural(len(trouble), "message", "messages")
        lost = sum(one.state == Send.FAILED for one in trouble)
        word = "did not arrive" if lost == len(trouble) else "may not have arrived"
        parts.append((f" {many} {word}.", True))
    return parts


@login_required
@require_POST
def mine(request: HttpRequest) -> HttpResponse:
    """What one wants of alerts oneself."""
    told = request.POST
    try:
        quiet = quiet_hours(told.get("quiet_from", ""), told.get("quiet_to", ""))
    except BadForm as error:
        return show(request, problem=f"{error}.")
    severity = told.get("severity", "")
    values = {
        "alerts": told.get("alerts") == "on",
        "severity": severity if severity in SEVERITIES else "",
        "quiet_from": quiet[0],
        "quiet_to": quiet[1],
    }
    Preference.objects.update_or_create(user=request.user, defaults=values)
    return redirect("reports")
