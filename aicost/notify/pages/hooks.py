"""Webhooks: the endpoints, each with its log; added, changed, tried, replayed, ended."""

from collections.abc import Callable
from datetime import timedelta
import json

from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from aicost.accounts.audit import (
    WEBHOOK_ENDED,
    WEBHOOK_REPLAYED,
    WEBHOOK_SAVED,
    WEBHOOK_SECRET,
    record,
)
from aicost.accounts.scope import asker_of
from aicost.kernel.periods import utc_now
from aicost.notify.models import Endpoint, Send
from aicost.notify.pages.channels import for_configuring
from aicost.notify.pages.listing import MARKS
from aicost.notify.pages.offered import teams_offered
from aicost.notify.webhooks.catalogue import EVENT_TYPES
from aicost.notify.webhooks.endpoints import (
    GRACE_HOURS,
    BadEndpoint,
    Wanted,
    add,
    change,
    end,
    old_secrets_until,
    rotate,
    send_test,
    switch,
)
from aicost.notify.webhooks.health import failing_since
from aicost.notify.webhooks.moments import moment_of
from aicost.notify.webhooks.payload import ordered
from aicost.notify.webhooks.replay import (
    SETTLED,
    BadReplay,
    replay_one,
    replay_span,
)
from aicost.web import numbers
from aicost.web.lists import heads_of, in_order_of, order_by
from aicost.web.shell import frame
from aicost.web.sorting import Sorting

PAGE_ROWS, LOOKS_BACK = 50, timedelta(days=7)
NAMED_MAX = 3
ENDPOINTS = Sorting({"name": "name", "last": "last.queued_at"})
MESSAGES = Sorting(
    {"state": "state", "event": "subject", "tries": "tries", "written": "queued_at"},
    words=("state", "event"),
)
# What the log can be narrowed to; the others pass within seconds, or never come about.
SHOWN = (Send.QUEUED, Send.SENT, Send.FAILED, Send.SUPPRESSED)


def found(endpoint_id: int) -> Endpoint:
    """Raises Http404."""
    return get_object_or_404(Endpoint, pk=endpoint_id, ended_at=None)


@for_configuring
@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    endpoints = list(Endpoint.objects.filter(ended_at=None).order_by("pk"))
    context = frame(request, "reports") | {
        "title": "Webhooks",
        "endpoints": in_order_of(request, ENDPOINTS, _rows(endpoints)),
        "on": sum(1 for one in endpoints if one.enabled),
        "off": [one for one in endpoints if one.off_why],
        "types": EVENT_TYPES,
    }
    return render(request, "pages/webhooks.html", context)


def _rows(endpoints: list[Endpoint]) -> list[dict]:
    """With what became of the last week's messages, and the last one."""
    since = utc_now() - LOOKS_BACK
    sends = Send.objects.filter(endpoint__in=endpoints)
    last = sends.order_by("endpoint", "-queued_at", "-pk").distinct("endpoint").defer("message")
    newest = {one.endpoint_id: one for one in last}
    counted = sends.filter(queued_at__gte=since).values("endpoint")
    counts = {
        row["endpoint"]: row
        for row in counted.annotate(
            sent=Count("pk", filter=Q(state=Send.SENT)),
            failed=Count("pk", filter=Q(state=Send.FAILED)),
            waiting=Count("pk", filter=Q(state__in=(Send.QUEUED, Send.SENDING))),
        )
    }
    return [_row(one, newest.get(one.pk), counts.get(one.pk, {})) for one in endpoints]


def _row(endpoint: Endpoint, last: Send | None, counts: dict) -> dict:
    mark = MARKS[last.state] if last is not None else ""
    return {"endpoint": endpoint, "hears": hears(endpoint), "counts": counts, "last": last,
            "mark": mark}  # fmt: skip


def hears(endpoint: Endpoint) -> str:
    """ "alert.opened, alert.resolved and 2 more; of relevance"."""
    types = endpoint.types[:NAMED_MAX] or ["all events"]
    more = len(endpoint.types) - NAMED_MAX
    told = ", ".join(types) + (f" and {more} more" if more > 0 else "")
    if endpoint.teams is None:
        return told
    return f"{told}; only of {', '.join(endpoint.teams)}"


@for_configuring
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    return _form(request, None)


@for_configuring
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, endpoint_id: int) -> HttpResponse:
    return _form(request, found(endpoint_id))


def _form(request: HttpRequest, endpoint: Endpoint | None) -> HttpResponse:
    if request.method == "GET":
        return _show_form(request, endpoint, _given(endpoint), {})
    told = request.POST
    teams = None if told.get("scope", "all") == "all" else tuple(told.getlist("team"))
    types = () if told.get("which", "all") == "all" else tuple(told.getlist("type"))
    wanted = Wanted(told.get("address", ""), told.get("description", ""), types, teams)
    try:
        if told.get("which") == "some" and not types:
            raise BadEndpoint({"types": "choose at least one, or all events"})
        made, secret = (
            add(wanted, request.user) if endpoint is None else (change(endpoint, wanted), "")
        )
    except BadEndpoint as error:
        return _show_form(request, endpoint, wanted, error.errors)
    record(request.user, WEBHOOK_SAVED, str(made), {
        "endpoint": made.pk, "address": made.address, "types": made.types, "teams": made.teams,
    })  # fmt: skip
    return _show(request, made, secret=secret) if secret else redirect("webhook", made.pk)


def _given(endpoint: Endpoint | None) -> Wanted:
    if endpoint is None:
        return Wanted("")
    teams = None if endpoint.teams is None else tuple(endpoint.teams)
    return Wanted(endpoint.address, endpoint.description, tuple(endpoint.types), teams)


def _show_form(
    request: HttpRequest, endpoint: Endpoint | None, wanted: Wanted, errors: dict
) -> HttpResponse:
    offered = teams_offered(asker_of(request.user))
    context = frame(request, "reports") | {
        "title": f"Change {endpoint}" if endpoint else "Add a webhook",
        "endpoint": endpoint,
        "wanted": wanted,
        "types": EVENT_TYPES,
        "teams": sorted({*offered, *(wanted.teams or ())}, key=str.casefold),
        "errors": errors,
    }
    return render(request, "pages/webhook_form.html", context, status=400 if errors else 200)


@for_configuring
@require_safe
def look(request: HttpRequest, endpoint_id: int) -> HttpResponse:
    return _show(request, found(endpoint_id))


def _show(
    request: HttpRequest, endpoint: Endpoint, problem: str = "", said: str = "", secret: str = ""
) -> HttpResponse:
    sends, state = Send.objects.filter(endpoint=endpoint), request.GET.get("state", "")
    if state in SHOWN:
        sends = sends.filter(state=state)
    sends = sends.order_by(*order_by(request, MESSAGES, ("-queued_at", "-pk")))
    page = Paginator(sends.defer("message"), PAGE_ROWS).get_page(request.GET.get("page"))
    now = utc_now()
    context = frame(request, "reports") | {
        "title": str(endpoint),
        "endpoint": endpoint,
        "hears": hears(endpoint),
        "failing": failing_since(endpoint) if endpoint.enabled else None,
        "old_until": old_secrets_until(endpoint, now),
        "p": {"sorting": heads_of(request, MESSAGES)},
        "rows": [{"send": one, "mark": MARKS[one.state]} for one in page],
        "page_of": page,
        "states": SHOWN,
        "state": state,
        "grace": [(hours, _hours(hours)) for hours in GRACE_HOURS],
        "problem": problem,
        "said": said,
        "secret": secret,
        "span": (now - timedelta(days=1), now),
    }
    return render(request, "pages/webhook.html", context, status=400 if problem else 200)


def _hours(hours: int) -> str:
    if not hours:
        return "not at all: it is lost"
    return "for a day" if hours == 24 else f"for {hours // 24} days"


def _acting(act: Callable) -> Callable:
    """A POST that does something with an endpoint and says so on its page."""

    @for_configuring
    @require_POST
    def done(request: HttpRequest, endpoint_id: int) -> HttpResponse:
        return act(request, found(endpoint_id))

    return done


@_acting
def test(request: HttpRequest, endpoint: Endpoint) -> HttpResponse:
    if not endpoint.enabled:
        return _show(request, endpoint, problem="It is switched off: switch it on first.")
    send_test(endpoint, request.user)
    return _show(request, endpoint, said="A test is on its way; the log below says how it went.")


@_acting
def pause(request: HttpRequest, endpoint: Endpoint) -> HttpResponse:
    switch(endpoint, not endpoint.enabled)
    detail = {"endpoint": endpoint.pk, "enabled": endpoint.enabled}
    record(request.user, WEBHOOK_SAVED, str(endpoint), detail)
    return redirect("webhook", endpoint.pk)


@_acting
def secret(request: HttpRequest, endpoint: Endpoint) -> HttpResponse:
    told = request.POST.get("grace", "")
    try:
        made = rotate(endpoint, int(told) if told.isdecimal() and len(told) < 5 else -1)
    except BadEndpoint as error:
        return _show(request, endpoint, problem=f"{error}.")
    record(request.user, WEBHOOK_SECRET, str(endpoint), {"endpoint": endpoint.pk, "hours": told})
    return _show(request, endpoint, secret=made)


@_acting
def replay(request: HttpRequest, endpoint: Endpoint) -> HttpResponse:
    told, everything = request.POST, request.POST.get("all") == "on"
    try:
        span = moment_of(told.get("from", "")), moment_of(told.get("to", ""))
        done = replay_span(endpoint, *span, request.user, all_of_it=everything)
    except BadReplay as error:
        return _show(request, endpoint, problem=f"{str(error).capitalize()}.")
    detail = {"endpoint": endpoint.pk, "from": told["from"], "to": told["to"], "all": everything,
              "again": done.again, "new": done.new}  # fmt: skip
    record(request.user, WEBHOOK_REPLAYED, str(endpoint), detail)
    many = numbers.plural(done.again, "message")
    missed = numbers.plural(done.new, "message")
    said = f"{many} sent again, {missed} of what happened meanwhile: they are on their way."
    return _show(request, endpoint, said=said)


@_acting
def finish(request: HttpRequest, endpoint: Endpoint) -> HttpResponse:
    end(endpoint)
    record(request.user, WEBHOOK_ENDED, str(endpoint), {"endpoint": endpoint.pk})
    return redirect("webhooks")


def _message(send_id: int) -> Send:
    sends = Send.objects.select_related("endpoint", "happening")
    one = sends.filter(pk=send_id, endpoint__isnull=False).first()
    if one is None:
        raise Http404
    return one


@for_configuring
@require_safe
def message(request: HttpRequest, send_id: int) -> HttpResponse:
    return _show_message(request, _message(send_id))


def _show_message(request: HttpRequest, send: Send, problem: str = "") -> HttpResponse:
    context = frame(request, "reports") | {
        "title": send.subject,
        "send": send,
        "mark": MARKS[send.state],
        "payload": json.dumps(ordered(send.message), indent=2, ensure_ascii=False),
        "may_again": send.state in SETTLED and send.endpoint.ended_at is None,
        "problem": problem,
    }
    status = 400 if problem else 200
    return render(request, "pages/webhook_message.html", context, status=status)


@for_configuring
@require_POST
def message_again(request: HttpRequest, send_id: int) -> HttpResponse:
    send = _message(send_id)
    try:
        if replay_one(send, request.user):
            detail = {"endpoint": send.endpoint_id, "send": send.pk}
            record(request.user, WEBHOOK_REPLAYED, str(send.endpoint), detail)
    except BadReplay as error:
        return _show_message(request, send, f"{str(error).capitalize()}.")
    return redirect("webhook_message", send.pk)
