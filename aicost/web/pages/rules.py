"""Rules: what places the money, in which order, how much each holds, and what nobody placed."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
import json
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from aicost.accounts.scope import may_edit_rules, may_see_sources
from aicost.kernel.targets import EVIDENCE
from aicost.web import figures, numbers
from aicost.web.ask import Ask, ask_of
from aicost.web.colours import colour
from aicost.web.figures import Stack
from aicost.web.parts import (
    RESIDUAL,
    STAMP,
    Figure,
    cost_blocks,
    cut_steps,
    estimate_step,
    hatched,
    money_figure,
    periods_of,
    start_of,
    twin,
)
from aicost.web.rule_list import WHOLE, behind, listing, rules_of, who
from aicost.web.shell import Page, Panel, for_people, refuse, render_page
from aicost.web.sizes import is_large
from aicost.web.story_months import six_months
from aicost.web.tables import Block, blocks
from attribution.models import AllocationRule
from attribution.reports.columns import COUNT, TEXT
from attribution.reports.sheets import Column, Sheet, sheet_of, sheet_of_answer
from attribution.ruling.validate import TEXT_MAX

ZERO = Decimal(0)
STEP = "week"
NAMED_EVERY = 4
CHANGES_NAMED = 3
BY_FEATURE = ("feature",)


def by_feature(ask: Ask) -> list[Block]:
    return cost_blocks(ask, BY_FEATURE)


def lead(ask: Ask) -> dict:
    found = cost_blocks(ask.with_view(compare="none"), BY_FEATURE)
    if not found:
        text = " Rules place what is loaded; add a bill under Add data, or choose another period."
        return {"parts": [("No cost stands in this period.", True), (text, False)]}
    block = found[0]
    lost, whole = block.of("unattributed"), block.total.cost
    period = numbers.period(ask.period, year=True)
    if not lost:
        return {"parts": [(f"Rules place every cent of {period}.", True)]}
    return {
        "parts": [
            (f"Over {period} rules place ", False),
            (numbers.percent(whole - lost, whole), True),
            (f" of {numbers.money(whole, block.currency)}; for ", False),
            (numbers.money(lost, block.currency), True),
            (" nobody can be named.", False),
        ]
    }


def key_figures(ask: Ask) -> dict:
    """Coverage, what is left, how many rules are ours and theirs, and the last change."""
    found = ask.once(by_feature)
    final = ask.trust.final
    cards = [Figure("Attributed", "no data", word=True)]
    if found:
        block = found[0]
        lost, whole = block.of("unattributed"), block.total.cost
        before = _was(block)
        under = (("", f"{numbers.percent(*before)} the period before", False),) if before else ()
        share = numbers.percent(whole - lost, whole)
        cards = [Figure("Attributed", share, under=under, final=final)]
        under = ((numbers.percent(lost, whole), "of cost", False),)
        cards.append(money_figure("Unattributed", lost, block.currency, under=under, final=final))
    rules = ask.once(rules_of)
    own = sum(not rule.built_in for rule in rules)
    off = sum(not rule.enabled for rule in rules)
    under = (("", f"{len(rules) - own} built in, {off} switched off", False),)
    cards.append(Figure("Rules of your own", numbers.count(own), under=under))
    cards.append(_last_change(rules))
    return {"figures": cards}


def _was(block: Block) -> tuple | None:
    """(attributed, whole) of the period compared with."""
    whole = block.total.previous
    if not whole:
        return None
    was = [x.previous for x in block.lines if x.line == "unattributed" and x.previous is not None]
    lost = sum(was, ZERO)
    return whole - lost, whole


def _last_change(rules: Sequence[AllocationRule]) -> Figure:
    """Whatever a person changed last is the newest version of its rule."""
    made = [rule for rule in rules if rule.created_by is not None]
    last = max(made, key=lambda rule: (rule.created_at, rule.pk), default=None)
    if last is None:
        return Figure("Last change", "none", word=True, under=(("", "as shipped", False),))
    under = (("", f"{who(last)}: {last.title}", False),)
    return Figure("Last change", numbers.day(last.created_at.date()), under=under)


def _weekly(ask: Ask) -> tuple[Stack, list[date], str] | None:
    """Unattributed cost per week of six months, in the currency that costs most."""
    span, lost = six_months(ask), {"feature": ("",), "kind": ("unattributed",)}
    rows = ask.report("cost", period=span, granularity=STEP, group_by=BY_FEATURE, filters=lost).rows
    asked = () if is_large() else BY_FEATURE  # what the page asks, where the chart stands in it
    known = [block.currency for block in cost_blocks(ask.with_view(compare="none"), asked)]
    known += [block.currency for block in blocks(rows, BY_FEATURE, colour=colour)]
    if not known:
        return None
    values: dict[date, Decimal] = {}
    for row in rows:
        if row["currency"] == known[0]:
            values[row["period"]] = values.get(row["period"], ZERO) + row["cost"]
    return Stack("Unattributed", "s-unattributed", values), periods_of(span, STEP), known[0]


def _changes(ask: Ask) -> dict[date, str]:
    """The last rule changes by people, by the week they were made in."""
    span = six_months(ask)
    made = AllocationRule.objects.exclude(created_by=None).filter(
        created_at__date__gte=span.start, created_at__date__lt=span.end
    )
    found: dict[date, str] = {}
    for rule in made.order_by("-created_at")[:CHANGES_NAMED]:
        day = rule.created_at.date()
        found.setdefault(start_of(day, STEP), f"{numbers.day(day)}: {rule.title}")
    return found


def trend(ask: Ask) -> dict:
    found = _weekly(ask)
    title = "Unattributed, per week"
    if found is None:
        return {"title": title, "empty": True}
    layer, periods, currency = found
    open_weeks = hatched(ask, STEP, six_months(ask))

    def write(amount):
        return numbers.money(amount or ZERO, currency)

    return {
        "title": title,
        "size": "low",
        "note": f"{ask.view.basis.capitalize()} cost, {currency}, six months."
        + (f" Hatched: {open_weeks}." if open_weeks else ""),
        "summary": f"Unattributed {ask.view.basis} cost per week over six months, {currency}.",
        "twin": twin([layer], periods, STEP, write, cut_steps(six_months(ask), STEP)),
    }


def trend_figure(ask: Ask) -> dict:
    found = _weekly(ask)
    if found is None:
        return {"data": [], "layout": {}}
    layer, periods, currency = found
    axis = figures.Axis(STEP, currency, estimate_from=estimate_step(ask, STEP),
                        events=_changes(ask), cut=cut_steps(six_months(ask), STEP))  # fmt: skip
    figure = figures.stacked_bars([layer], periods, axis)
    for name in ("tickvals", "ticktext"):  # 26 weeks have no room for 26 dates; the last is named
        figure["layout"]["xaxis"][name] = figure["layout"]["xaxis"][name][::-NAMED_EVERY][::-1]
    return figure


def listed_rules(ask: Ask) -> dict:
    return {"listing": listing(ask), "may_edit": False, "query": ask.view.query()}


def rules_data(ask: Ask) -> Sheet:
    """A row a rule and currency in claiming order, with what it claims and holds."""
    answer = ask.report("rule_claims", **WHOLE)
    held: dict[str, list[dict]] = {}
    for row in answer.rows:
        held.setdefault(row["rule"], []).append(row)
    told = [
        {"place": row.number, "rule": row.key, "title": row.rule.title, "claims": row.words,
         "method": row.method, "scope": row.scope, "state": row.state or "on", "who": row.who}
        for row in listing(ask).rows
    ]  # fmt: skip
    rows = [{**one, **more} for one in told for more in held.get(one["rule"], [{}])]
    texts = tuple(Column(name, TEXT) for name in ("rule", "title", "claims", "method", "scope",
                                                  "state", "who"))  # fmt: skip
    columns = (Column("place", COUNT), *texts, "currency", "series", "cost",
               *(f"{name}_cost" for name in EVIDENCE))  # fmt: skip
    return sheet_of("Rules", answer, columns, rows)


def suggested(ask: Ask) -> dict:
    return {"address": f"{reverse('rule_suggestions')}?{ask.view.query()}"}


def suggested_data(ask: Ask) -> Sheet:
    return sheet_of_answer("Suggested rules", ask.report("rule_suggestions", **WHOLE))


RULES = Page(
    slug="rules",
    title="Rules",
    panels=(
        STAMP,
        Panel("lead", "parts/lead.html", lead),
        Panel(
            "figures",
            "parts/figures.html",
            key_figures,
            title="Key figures",
            lazy=is_large,
            size="low",
        ),
        Panel(
            "order",
            "parts/rules_listed.html",
            listed_rules,
            table=rules_data,
            title="Rules",
            lazy=True,
        ),
        Panel(
            "suggested",
            "parts/rules_suggested.html",
            suggested,
            table=suggested_data,
            title="Suggested rules",
            lazy=True,
        ),
        Panel(
            "trend",
            "parts/small_chart.html",
            trend,
            trend_figure,
            title="Unattributed, per week",
            lazy=is_large,
            size="low",
        ),
        RESIDUAL,
    ),
    picks=("period", "compare", "basis"),
    filters=(),
    allowed=may_see_sources,
)


@for_people
def page(request: HttpRequest) -> HttpResponse:
    return show(request)


def show(request: HttpRequest, order=(), moved: str = "", said: str = "") -> HttpResponse:
    """The list; with `order`, as it would be, `moved` keeping the focus and `said` announced."""
    if not may_see_sources(request.user):
        return refuse(request, "rules")
    ask = RULES.scoped(ask_of(request))
    more = {
        "listing": listing(ask, order),
        "may_edit": may_edit_rules(request.user),
        "pending": bool(order),
        "saved": "saved" in request.GET,
        "behind": behind(ask),
        "moved": moved,
        "said": said,
    }
    return render_page(request, RULES, ask, **more)


@for_people
def suggestions(request: HttpRequest) -> HttpResponse:
    """What nobody placed, each with a rule that would; a part of the list, or a page."""
    if not may_see_sources(request.user):
        return refuse(request, "rules")
    ask = RULES.scoped(ask_of(request))
    rows = ask.report("rule_suggestions", **WHOLE).rows
    context = {
        "rows": [row | {"use": _use(row)} for row in rows],
        "period": numbers.period(ask.period, year=True),
        "may_edit": may_edit_rules(request.user),
        "query": ask.view.query(),
    }
    if request.htmx:
        return render(request, "parts/rule_suggestions.html", context)
    return render_page(request, SUGGESTIONS, ask, **context)


def _use(row: dict) -> str:
    """The address of the editor filled in with the suggestion, or with where to look; '' where no
    rule helps."""
    if not row["matching"]:
        return ""
    draft = {
        "title": row["title"],
        "method": row["method"],
        "conditions": json.loads(row["matching"]),
        "assigns": json.loads(row["assigns"] or "{}"),
        "position": row["position"],
        "why": row["why"][:TEXT_MAX] if row["conditions"] else "",
    }
    return f"{reverse('rule_new')}?{urlencode({'draft': json.dumps(draft)})}"


SUGGESTIONS = Page(
    slug="rule_suggestions",
    title="Suggested rules",
    panels=(STAMP, Panel("lead", "parts/lead.html", lead), RESIDUAL),
    picks=("period", "basis"),
    filters=(),
    allowed=may_see_sources,
    under="rules",
)
