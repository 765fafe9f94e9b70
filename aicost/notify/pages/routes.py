"""Routes of alerts: added, changed, paused."""

from dataclasses import replace

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from aicost.accounts.audit import ROUTE_ENDED, ROUTE_SAVED, record
from aicost.accounts.models import User
from aicost.accounts.scope import asker_of
from aicost.notify.edit import BadForm, Receivers, RouteForm, end, pause, save_route
from aicost.notify.models import LEVELS, Channel, Route
from aicost.notify.pages.digests import receivers_told
from aicost.notify.pages.offered import receivers_of, teams_offered
from aicost.notify.rights import may_change, may_send_to_others, seen
from aicost.web.filters import label
from aicost.web.shell import frame
from attribution.models.alerts import SEVERITIES

TEXTS = ("name", "team", "severity", "dimension", "target", "quiet_from", "quiet_to")


def _found(request: HttpRequest, route_id: int) -> Route:
    """Raises Http404 for one that this person does not see or may not change."""
    one = seen(request.user, Route).filter(pk=route_id).first()
    if one is None or not may_change(request.user, one):
        raise Http404
    return one


@login_required
@require_http_methods(["GET", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    return _form(request, None)


@login_required
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, route_id: int) -> HttpResponse:
    return _form(request, _found(request, route_id))


def _form(request: HttpRequest, route: Route | None) -> HttpResponse:
    user = request.user
    if request.method == "GET":
        return _show(request, route, _given(route, user), {})
    form = RouteForm(**{name: request.POST.get(name, "") for name in TEXTS})
    form = replace(form, to=receivers_told(request))
    try:
        saved = save_route(user, asker_of(user), form, route)
    except BadForm as error:
        return _show(request, route, form, error.errors)
    detail = {name: getattr(form, name) for name in TEXTS[1:5]}
    record(user, ROUTE_SAVED, saved.name, detail | {"to": saved.recipients.count()})
    return redirect("reports")


def _given(route: Route | None, user: User) -> RouteForm:
    if route is None:
        return RouteForm("Alerts", to=Receivers(users=(str(user.pk),)))
    quiet = [f"{one:%H:%M}" if one else "" for one in (route.quiet_from, route.quiet_to)]
    said = (route.name, route.team, route.severity, route.dimension, route.target, *quiet)
    return RouteForm(*said, to=receivers_of(route.recipients.filter(ended_at=None)))


def _show(request: HttpRequest, route: Route | None, form: RouteForm, errors: dict) -> HttpResponse:
    user = request.user
    others = may_send_to_others(user)
    context = frame(request, "reports") | {
        "title": f"Change {route.name}" if route else "Add a route of alerts",
        "route": route,
        "form": form,
        "errors": errors,
        "severities": SEVERITIES,
        "dimensions": [(name, label(name)) for name in LEVELS],
        "teams": teams_offered(asker_of(user)),
        "people": User.objects.filter(is_active=True).order_by("username") if others else [user],
        "channels": Channel.objects.filter(ended_at=None).order_by("name") if others else [],
        "others": others,
    }
    return render(request, "pages/route_form.html", context, status=400 if errors else 200)


@login_required
@require_POST
def switch(request: HttpRequest, route_id: int) -> HttpResponse:
    route = _found(request, route_id)
    record(request.user, ROUTE_SAVED, route.name, {"enabled": pause(route)})
    return redirect("reports")


@login_required
@require_POST
def finish(request: HttpRequest, route_id: int) -> HttpResponse:
    route = _found(request, route_id)
    end(route)
    record(request.user, ROUTE_ENDED, route.name)
    return redirect("reports")
