"""One rule: what it says, what it holds, its versions; switched, and taken back to an older one."""

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from aicost.accounts.scope import may_edit_rules, may_see_sources
from aicost.kernel.periods import utc_today
from aicost.web import numbers, rule_words
from aicost.web.ask import Ask, ask_of
from aicost.web.colours import colour
from aicost.web.filters import label
from aicost.web.pages.rule_edit import for_editing, no_rule, rule_of
from aicost.web.pages.rule_preview import show_change
from aicost.web.parts import RESIDUAL, STAMP
from aicost.web.rule_change import reverted, switched
from aicost.web.rule_list import WHOLE, behind, sums
from aicost.web.shell import Page, for_people, refuse, render_page, sentence
from aicost.web.tables import blocks, shorten
from attribution.claims import governing
from attribution.models import AllocationRule
from attribution.reports.spec import BadSpec
from attribution.ruling.draft import LAST
from attribution.ruling.edit import history

SERIES_SHOWN = 50
LINES_SHOWN = 30
TARGETS = (("feature", "team"), ("model", "workload"), ("team", "experiment"), ("kind", "state"))

RULE = Page(
    slug="rule",
    title="Rule",
    panels=(STAMP, RESIDUAL),
    picks=("period", "basis"),
    filters=(),
    allowed=may_see_sources,
    under="rules",
)


@for_people
def page(request: HttpRequest, key: str) -> HttpResponse:
    if not may_see_sources(request.user):
        return refuse(request, "rules")
    rule = rule_of(key)
    if rule is None:
        return no_rule(request, key)
    ask = RULE.scoped(ask_of(request))
    by = _grouping(request)
    order = [one.key for one in governing(utc_today())]
    more = {
        "rule": rule,
        "title": rule.title,
        "place": order.index(key) + 1 if key in order else 0,
        "saved": "saved" in request.GET,
        "behind": behind(ask),
        "words": rule_words.conditions(rule.conditions),
        "method": rule_words.method(rule),
        "scope": rule_words.scope(rule),
        "changes": history(key),
        "may_edit": may_edit_rules(request.user) and key != LAST,
        "explore": f"{reverse('explore')}?{_explore(ask, key)}",
        "groupings": [
            (" and ".join(label(g).lower() for g in one), ",".join(one), one == by)
            for one in TARGETS
        ],
        **_held(ask, key, by),
    }
    return render_page(request, RULE, ask, **more)


def _grouping(request: HttpRequest) -> tuple[str, ...]:
    asked = tuple(request.GET.get("by", "").split(","))
    return asked if asked in TARGETS else TARGETS[0]


def _explore(ask: Ask, key: str) -> str:
    return ask.with_view(filters={"rule": (key,)}).view.frozen_dates().query()


def _held(ask: Ask, key: str, by: tuple[str, ...]) -> dict:
    """The money of the rule by target, and its dearest series."""
    only = {"filters": {"rule": (key,)}}
    try:
        rows = ask.report("cost", **WHOLE | only | {"group_by": by}).rows
        series = ask.report("rule_series", **WHOLE | only).rows
    except BadSpec as error:
        return {"unknown": f"{str(error)[:1].upper()}{str(error)[1:]}."}
    found = [shorten(one, LINES_SHOWN) for one in blocks(rows, by, colour=colour)]
    totals = sums(series)
    return {
        "held": found,
        "groups": [label(g) for g in by],
        "series": [
            row | {"share": numbers.percent(row["cost"], totals[row["currency"]])}
            for row in series[:SERIES_SHOWN]
        ],
        "more": max(0, len(series) - SERIES_SHOWN),
        "period": numbers.period(ask.period, year=True),
    }


@for_editing
@require_http_methods(["GET", "POST"])
def switch(request: HttpRequest, key: str) -> HttpResponse:
    """What moves when it is switched off, or on again."""
    rule = rule_of(key)
    if rule is None:
        return no_rule(request, key)
    if rule.key == LAST:
        text = "It claims what no other rule does; without it charges would stand nowhere."
        return sentence(request, 400, f"“{rule.title}” stays on", text)
    return show_change(request, switched(rule))


@for_editing
@require_http_methods(["GET", "POST"])
def revert(request: HttpRequest, key: str, version: int) -> HttpResponse:
    """What moves when an older version holds again."""
    latest = rule_of(key)
    old = latest and AllocationRule.objects.filter(key=latest.key, version=version).first()
    if latest is None or old is None:
        return no_rule(request, f"{key}, version {version}")
    return show_change(request, reverted(old, latest))
