"""Saved views: who sees which, what may be done with them, and the pick in the bar.

A view keeps the address of a page and its state, never figures: whoever opens it asks again, and
sees what they may see. Its query says the period even where that is the owner's first one, since
it would be another for somebody else.
"""

from dataclasses import replace

from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.urls import Resolver404, resolve

from aicost.accounts.models import ADMIN, User
from aicost.accounts.scope import role_of
from aicost.web import numbers
from aicost.web.ask import calendar_of
from aicost.web.filters import View, parse
from aicost.web.models import SavedView
from aicost.web.picks import chips
from aicost.web.spans import CUSTOM, preset_text
from attribution.reports.spec import Asker, BadSpec

NAME_CHARS_MAX = 80
VIEWS_MAX = 100
# A browser and a server take an address of so many characters.
ADDRESS_CHARS_MAX = 8_000


class BadView(ValueError):
    """A view that cannot be kept; the message says what to do."""


def seen_by(user: User, asker: Asker) -> QuerySet[SavedView]:
    """Own views, those of one's teams, and all that teams share for who sees all teams; pinned
    first, then by name."""
    shared = Q(team__isnull=False) if asker.teams is None else Q(team__name__in=asker.teams)
    found = SavedView.objects.filter(Q(owner=user) | shared).select_related("owner", "team")
    return found.order_by("-pinned", "name", "pk")


def may_change(user: User, view: SavedView) -> bool:
    """Whoever made it; an admin too, for a team's views outlive people."""
    return view.owner_id == user.pk or (view.team_id is not None and role_of(user) == ADMIN)


def digests_using(view: SavedView) -> int:
    """How many digests send this view: the rows of any table that refer to it."""
    return sum(
        relation.related_model._default_manager.filter(**{relation.field.name: view}).count()
        for relation in SavedView._meta.related_objects
    )


def used_by(view: SavedView) -> str:
    count = digests_using(view)
    return f"used by {numbers.plural(count, 'digest')}" if count else "used by no digest"


def state_of(user: User, pages: dict, path: str, query: str) -> tuple[str, str, str]:
    """(page, path, canonical query) of an address. Raises BadView for one that is no page's."""
    try:
        slug = resolve(path).url_name
    except Resolver404:
        slug = ""
    page = pages.get(slug or "")
    if page is None or not page.allowed(user):
        raise BadView("Only a page with a filter bar, that you may open, can be kept as a view.")
    params = QueryDict(query)
    try:
        view = parse(params, calendar_of(user))
    except BadSpec as error:
        raise BadView(f"This state cannot be kept: {error}.") from error
    found = SavedView(page=page.slug, path=path, query=page.query(params, everywhere(view)))
    if "\x00" in path or len(found.address) > ADDRESS_CHARS_MAX:
        raise BadView("This state cannot be kept: its address is too long, or of no name.")
    return found.page, found.path, found.query


def everywhere(view: View) -> View:
    """The view as anybody's address: its period is said, whatever they begin with."""
    return replace(view, calendar=replace(view.calendar, preset=""))


def named(text: str) -> str:
    """A name as it is kept. Raises BadView when there is none."""
    name = " ".join(text.split())[:NAME_CHARS_MAX]
    if not name or not name.isprintable():
        raise BadView("Give the view a name.")
    return name


def save(user: User, name: str, state: tuple[str, str, str]) -> SavedView:
    """A new view. Raises BadView when the name is taken by another one of this person."""
    if SavedView.objects.filter(owner=user).count() >= VIEWS_MAX:
        raise BadView(f"You have {VIEWS_MAX} views; delete one first.")
    page, path, query = state
    found, made = SavedView.objects.get_or_create(
        owner=user, name=named(name), defaults={"page": page, "path": path, "query": query}
    )
    if not made:
        raise BadView(f"You have a view {found.name}: take another name, or update that one.")
    return found


def words(view: SavedView, user: User) -> str:
    """What it shows: "Month to date, by team; Feature: search"."""
    try:
        state = parse(QueryDict(view.query), calendar_of(user))
    except BadSpec as error:
        return f"cannot be read any more: {error}"
    return said(state)


def said(state: View) -> str:
    if state.preset == CUSTOM:
        period = numbers.period(state.period, year=True)
    else:
        period = preset_text(state.preset, state.calendar)
    return "; ".join([period, *(chip.text for chip in chips(state))])


def pick(user: User, asker: Asker, path: str, query: str, slug: str) -> dict:
    """The menu in the bar: {views, current, own, path, query}: all views one sees, the one that
    is shown, and one's own of this page, which could be updated to what is shown."""
    found = list(seen_by(user, asker))
    shown = sorted(query.split("&"))
    current = next(
        (v for v in found if v.path == path and sorted(v.query.split("&")) == shown), None
    )
    return {
        "pinned": [v for v in found if v.pinned],
        "others": [v for v in found if not v.pinned],
        "current": current,
        "own": [v for v in found if v.page == slug and v.owner_id == user.pk and v != current],
        "path": path,
        "query": query,
    }
