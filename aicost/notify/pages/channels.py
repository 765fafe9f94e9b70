"""Channels: added, changed, tried, switched off. Their secrets are written and never shown."""

from collections.abc import Callable
from functools import wraps

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from aicost.accounts.audit import CHANNEL_ENDED, CHANNEL_SAVED, record
from aicost.notify.channels.base import Kind
from aicost.notify.edit import end, pause
from aicost.notify.endpoints import configurable, configure, send_test, stored_names
from aicost.notify.models import Channel
from aicost.notify.pages.listing import show
from aicost.notify.rights import may_configure
from aicost.web.shell import frame, refuse
from ingest.connect import BadSettings
from ingest.fetch.base import SECRET


def for_configuring(view: Callable) -> Callable:
    """Only for those who may decide where figures are sent."""

    @login_required
    @wraps(view)
    def checked(request: HttpRequest, *args, **kwargs) -> HttpResponse:
        if not may_configure(request.user):
            return refuse(request, "channels")
        return view(request, *args, **kwargs)

    return checked


def _found(channel_id: int) -> Channel:
    return get_object_or_404(Channel, pk=channel_id, ended_at=None)


@for_configuring
@require_http_methods(["GET", "POST"])
def add(request: HttpRequest, kind_name: str) -> HttpResponse:
    kind = next((one for one in configurable() if one.name == kind_name), None)
    if kind is None:
        raise Http404
    return _form(request, kind, None)


@for_configuring
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, channel_id: int) -> HttpResponse:
    channel = _found(channel_id)
    kind = next(one for one in configurable() if one.name == channel.kind)
    return _form(request, kind, channel)


def _form(request: HttpRequest, kind: Kind, channel: Channel | None) -> HttpResponse:
    if request.method == "GET":
        return _show(request, kind, channel, {})
    values = {field.name: request.POST.get(field.name, "") for field in kind.fields}
    name = request.POST.get("name", "")
    try:
        saved = configure(request.user, name, kind.name, values, channel)
    except BadSettings as error:
        return _show(request, kind, channel, error.errors)
    record(request.user, CHANNEL_SAVED, saved.name, {"kind": kind.name})
    return redirect("reports")


def _show(request: HttpRequest, kind: Kind, channel: Channel | None, errors: dict) -> HttpResponse:
    stored = stored_names(channel)
    plain = channel.settings if channel else {}
    fields = [
        {
            "field": field,
            "secret": field.kind == SECRET,
            "value": "" if field.kind == SECRET else plain.get(field.name, field.default),
            "stored": field.name in stored,
            "error": errors.get(field.name, ""),
        }
        for field in kind.fields
    ]
    context = frame(request, "reports") | {
        "title": f"Change {channel.name}" if channel else f"Add {kind.title}",
        "kind": kind,
        "channel": channel,
        "fields": fields,
        "name": request.POST.get("name") or (channel.name if channel else ""),
        "errors": errors,
    }
    return render(request, "pages/channel_form.html", context, status=400 if errors else 200)


@for_configuring
@require_POST
def test(request: HttpRequest, channel_id: int) -> HttpResponse:
    """Send a message that says only that it came."""
    channel = _found(channel_id)
    send_test(channel, request.user)
    return show(request, said=f"A test is on its way through {channel.name}.")


@for_configuring
@require_POST
def switch(request: HttpRequest, channel_id: int) -> HttpResponse:
    channel = _found(channel_id)
    record(request.user, CHANNEL_SAVED, channel.name, {"enabled": pause(channel)})
    return redirect("reports")


@for_configuring
@require_POST
def finish(request: HttpRequest, channel_id: int) -> HttpResponse:
    channel = _found(channel_id)
    end(channel)
    record(request.user, CHANNEL_ENDED, channel.name)
    return redirect("reports")
