"""Of what a digest is: everything, a team, or a saved view, seen with somebody's eyes."""

from dataclasses import replace

from django.http import QueryDict
from django.urls import Resolver404, resolve

from aicost.accounts.models import User
from aicost.accounts.scope import asker_of
from aicost.kernel.periods import Period
from aicost.notify.models import TEAM, VIEW, Schedule
from aicost.web.ask import Ask, calendar_of
from aicost.web.filters import View, parse
from aicost.web.models import SavedView
from aicost.web.spans import CUSTOM
from attribution.reports.spec import BadSpec

# Pages about one name: the filter that the name in their address is.
NAMED = {"feature": "feature", "team": "team", "model": "model", "experiment": "experiment"}


class NoSubject(Exception):
    """The digest cannot be made, and what to do about it."""


def ask_of(schedule: Schedule, period: Period, user: User) -> Ask:
    """The question of this digest as this person may put it. Raises `NoSubject`."""
    if schedule.about == VIEW:
        if schedule.view is None:
            raise NoSubject("its saved view was deleted: choose another one")
        view = view_of(schedule.view, user)
    elif schedule.about == TEAM:
        view = View(period=period, filters={"team": (schedule.team,)})
    else:
        view = View(period=period)
    view = replace(
        view, period=period, preset=CUSTOM, compare="previous", step="", calendar=calendar_of(user)
    )
    return Ask(user, asker_of(user), view)


def view_of(saved: SavedView, user: User) -> View:
    """What a saved view filters by and how it counts. Raises `NoSubject`."""
    try:
        view = parse(QueryDict(saved.query), calendar_of(user))
        match = resolve(saved.path)
    except (BadSpec, Resolver404) as error:
        raise NoSubject(f"its saved view cannot be read any more: {error}") from error
    if not match.kwargs:
        return view
    if match.url_name not in NAMED:
        raise NoSubject("no digest can be made of views of this page: choose one of Explore")
    named = {NAMED[match.url_name]: (match.kwargs["name"],)}
    return replace(view, filters={**view.filters, **named})


def about(schedule: Schedule) -> str:
    """In words: "everything", "team search", "the view Models of search"."""
    if schedule.about == TEAM:
        return f"team {schedule.team}"
    if schedule.about == VIEW:
        return f"the view {schedule.view}" if schedule.view else "a view that was deleted"
    return "everything"
