"""Saved views: the list of them, and what is done with one."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from aicost.accounts.audit import VIEW_CHANGED, VIEW_DELETED, VIEW_SAVED, record
from aicost.accounts.models import Team, User
from aicost.accounts.scope import asker_of
from aicost.web.lists import in_order_of
from aicost.web.models import SavedView
from aicost.web.pages.registry import PAGES
from aicost.web.saved import (
    BadView,
    digests_using,
    may_change,
    named,
    save,
    seen_by,
    state_of,
    used_by,
    words,
)
from aicost.web.shell import for_people, frame, sentence
from aicost.web.sorting import Sorting

VIEWS = Sorting(
    {"name": "view.name", "page": "page", "of": "view.owner.username"},
    words=("name", "page", "of"),
)


def teams_of(user: User) -> list[Team]:
    """The teams a person may share a view with: all, or their own."""
    teams = asker_of(user).teams
    found = Team.objects.order_by("name")
    return list(found if teams is None else found.filter(name__in=teams))


@for_people
def listing(request: HttpRequest) -> HttpResponse:
    return _listing(request)


def _listing(request: HttpRequest, problem: str = "") -> HttpResponse:
    user = request.user
    found = [
        {
            "view": view,
            "page": PAGES[view.page].title if view.page in PAGES else view.page,
            "words": words(view, user),
            "mine": view.owner_id == user.pk,
            "may_change": may_change(user, view),
            "used": used_by(view),
        }
        for view in seen_by(user, asker_of(user))
    ]
    context = frame(request, "views") | {
        "title": "Saved views",
        "views": in_order_of(request, VIEWS, found),
        "teams": teams_of(user),
        "problem": problem,
    }
    return render(request, "pages/views.html", context, status=400 if problem else 200)


@login_required
@require_POST
def keep(request: HttpRequest) -> HttpResponse:
    """A new view of the state the form came from, or on to updating the own one it names."""
    told = request.POST
    try:
        state = state_of(request.user, PAGES, told.get("path", ""), told.get("query", ""))
        view = save(request.user, told.get("name", ""), state)
    except BadView as error:
        return sentence(request, 400, "The view was not saved", str(error))
    record(request.user, VIEW_SAVED, view.name, {"address": view.address})
    return redirect(view.address)


def _changeable(request: HttpRequest, view_id: int) -> SavedView:
    """The view, or 404: what one may not change, one is not told of."""
    view = get_object_or_404(seen_by(request.user, asker_of(request.user)), pk=view_id)
    return view if may_change(request.user, view) else get_object_or_404(SavedView, pk=None)


@login_required
@require_http_methods(["GET", "POST"])
def update(request: HttpRequest) -> HttpResponse:
    """Show another state under the same name: first what changes and who uses it, then done."""
    told = request.POST if request.method == "POST" else request.GET
    number = told.get("view", "")
    view = _changeable(request, int(number) if number.isdecimal() and len(number) < 10 else 0)
    try:
        state = state_of(request.user, PAGES, told.get("path", ""), told.get("query", ""))
    except BadView as error:
        return sentence(request, 400, "The view was not changed", str(error))
    asked = SavedView(owner=view.owner, name=view.name)
    asked.page, asked.path, asked.query = state
    if request.method == "POST":
        before = view.address
        view.page, view.path, view.query = state
        view.save()
        detail = {"from": before, "to": view.address, "digests": digests_using(view)}
        record(request.user, VIEW_CHANGED, view.name, detail)
        return redirect(view.address)
    context = frame(request, "views") | {
        "title": f"Update {view.name}",
        "view": view,
        "now": words(view, request.user),
        "then": words(asked, request.user),
        "asked": asked,
        "used": used_by(view),
    }
    return render(request, "pages/view_update.html", context)


@login_required
@require_POST
def change(request: HttpRequest, view_id: int) -> HttpResponse:
    """Its name, its team, whether it is pinned."""
    view = _changeable(request, view_id)
    told = request.POST
    shared = {str(team.pk): team for team in teams_of(request.user)}
    before = {"name": view.name, "team": view.team and view.team.name, "pinned": view.pinned}
    try:
        view.name = named(told.get("name", view.name))
        same = SavedView.objects.filter(owner=view.owner, name=view.name).exclude(pk=view.pk)
        if same.exists():
            raise BadView(f"There is a view {view.name} already.")
        if told.get("team") and told["team"] not in shared:
            raise BadView("A view can be shared with a team of yours only.")
    except BadView as error:
        return _listing(request, str(error))
    view.team = shared.get(told.get("team", ""))
    view.pinned = told.get("pinned") == "1"
    view.save()
    after = {"name": view.name, "team": view.team and view.team.name, "pinned": view.pinned}
    record(request.user, VIEW_CHANGED, view.name, {"from": before, "to": after})
    return redirect("views")


@login_required
@require_http_methods(["GET", "POST"])
def delete(request: HttpRequest, view_id: int) -> HttpResponse:
    """First a page that says who uses it, then gone."""
    view = _changeable(request, view_id)
    if request.method == "GET":
        context = frame(request, "views") | {
            "title": f"Delete {view.name}",
            "view": view,
            "shows": words(view, request.user),
            "used": used_by(view),
            "in_use": digests_using(view) > 0,
        }
        return render(request, "pages/view_delete.html", context)
    detail = {"address": view.address, "digests": digests_using(view)}
    view.delete()
    record(request.user, VIEW_DELETED, view.name, detail)
    return redirect("views")
