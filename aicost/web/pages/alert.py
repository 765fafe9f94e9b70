"""One alert: what happened, against what, why, who is told, and what people did with it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.contrib.auth import get_user_model
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from aicost.accounts.scope import may_act_on_alerts
from aicost.kernel.periods import Period, utc_today
from aicost.web import numbers
from aicost.web.alerted import (
    PLAIN,
    Shown,
    causes,
    difference,
    happened_around,
    shown,
    since,
    who,
)
from aicost.web.ask import Ask, ask_of
from aicost.web.bridges import leaves
from aicost.web.causes import told
from aicost.web.figures import Axis, Stack, lines
from aicost.web.names import OWN_PAGES, target_url
from aicost.web.parts import legend, twin
from aicost.web.shell import Page, Panel, for_people, render_page
from attribution.alerting.levels import ORGANISATION
from attribution.models import Alert
from attribution.models.alerts import CLOSED, STANDING, VERDICTS
from attribution.reports.alerts import ALERT as KEY
from attribution.reports.alerts import STORAGE, YES, visible, whose
from attribution.reports.explain_words import NoFigure
from attribution.reports.sheets import Sheet, sheet_of_answer

BEFORE_DAYS, AFTER_DAYS, DAYS_MAX = 42, 14, 180
CAUSES_MAX, EVENTS_MAX, HAPPENED_MAX = 5, 50, 12
BUDGET = "budget_burn"
OF_ONE = ("model", "experiment", "customer")
BRIDGED = ("feature", "model", "experiment")
RESOURCES_MAX = 10
HOURS_AROUND, HOURS_MAX = 3, 36


@dataclass
class AlertAsk(Ask):
    """An ask about one alert, around its days."""

    alert: Alert | None = None


def about(request: HttpRequest, alert_id: str) -> AlertAsk:
    """Raises NoFigure where there is no such alert, or none that this person may see."""
    ask = ask_of(request)
    number = int(alert_id) if alert_id.isdigit() else 0
    people = ("assigned_to", "acknowledged_by", "parent")
    alert = visible(ask.asker).select_related(*people).filter(pk=number).first()
    if alert is None:
        raise NoFigure("no alert of this number is yours to see")
    mine = AlertAsk(ask.user, ask.asker, ask.view, alert=alert)
    return mine.with_view(period=_span(alert), filters={}, compare="none", in_currency="")


def _span(alert: Alert) -> Period:
    """The days drawn: some weeks before it began and some days after it ended."""
    end = min(alert.last + timedelta(days=AFTER_DAYS), utc_today()) + timedelta(days=1)
    end = max(end, alert.last + timedelta(days=1))
    start = max(alert.onset - timedelta(days=BEFORE_DAYS), end - timedelta(days=DAYS_MAX))
    return Period(start, end)


def told_of(ask: AlertAsk) -> Shown:
    """Its row of report `alerts`."""
    return next(one for one in shown(ask) if one.alert_id == ask.alert.pk)


def lead(ask: AlertAsk) -> dict:
    alert = ask.once(told_of)
    parts = [(since(alert), False)]
    if alert.expected is not None:
        of = ": budget " if alert.kind == BUDGET else ": expected "
        parts += [(of, False), (numbers.money(alert.expected, alert.currency), False),
                  (_verb(alert), False), (numbers.money(alert.actual, alert.currency), True),
                  (f", {difference(alert)}", False)]  # fmt: skip
        if alert.percent is not None:
            grown = numbers.change_percent(alert.actual, alert.expected)
            parts.append((f" or {grown}", False))
    return {"parts": [*parts, (".", False)]}


def _verb(alert: Shown) -> str:
    if alert.kind == BUDGET:
        return ", heads for "
    return ", estimated at " if alert.estimate == YES else ", cost "


def facts(ask: AlertAsk) -> dict:
    """(name, value, address) of what is known of it."""
    alert = ask.alert
    found = [
        ("State", alert.state, ""),
        ("Severity", alert.severity, ""),
        ("Of", who(alert), _page_of(ask, alert)),
        ("Owner", alert.owner or "nobody", ""),
        ("Assigned to", str(alert.assigned_to) if alert.assigned_to else "nobody", ""),
        ("In 30 days", numbers.money(ask.once(told_of).monthly, alert.currency), ""),
        ("Raised on", numbers.day_year(alert.raised_on), ""),
        ("Figures", "estimate, until its bill is final" if alert.estimate else "of the bill", ""),
    ]
    if alert.acknowledged_at:
        found.append(("Acknowledged by", str(alert.acknowledged_by), ""))
    if alert.snoozed_until:
        found.append(("Snoozed until", numbers.day_year(alert.snoozed_until), ""))
    if alert.parent is not None:
        found.append(("Told by", alert.parent.title, reverse("alert", args=[alert.parent_id])))
    resources = alert.evidence.get("resources", [])[:RESOURCES_MAX]
    if resources:
        found.append(("Resource", ", ".join(resources), ""))
    return {"facts": found}


def _page_of(ask: Ask, alert: Alert) -> str:
    if alert.level in OF_ONE:
        query = ask.view.query(filters={}, group_by=("feature",))
        return f"{reverse(alert.level, args=[alert.name])}?{query}"
    if alert.level in (*OWN_PAGES, "workload"):
        return target_url(ask, alert.level, alert.name)
    return reverse("overview") if alert.level == ORGANISATION else ""


def _days(ask: AlertAsk):
    asked = PLAIN | {"filters": {KEY: (str(ask.alert.pk),)}, "granularity": "day"}
    return ask.report("alert_days", **asked)


def _stacks(ask: AlertAsk) -> list[Stack]:
    rows = _days(ask).rows

    def values(column):
        return {row["period"]: row[column] for row in rows if row[column] is not None}

    return [
        Stack("Cost", "s-accent", values("cost")),
        Stack("Expected", "s-shared", values("expected"), "dash"),
        Stack("Band", "s-nofeature", values("expected_high"), "dot"),
        Stack("", "s-nofeature", values("expected_low"), "dot"),
    ]


def chart(ask: AlertAsk) -> dict:
    stacks = [one for one in _stacks(ask) if one.values]
    if not stacks:
        return {"empty": True}
    alert, query = ask.alert, f"{KEY}={ask.alert.pk}"
    banded = len(stacks) > 1
    what = "Storage cost" if alert.kind == STORAGE else "Cost"
    return {
        "title": f"{what} against what was expected" if banded else what,
        "note": f"Per day, {alert.currency}, usage at effective cost. The band is two usual errors"
        " to either side." if banded else f"Per day, {alert.currency}.",
        "summary": f"{who(alert)}, cost per day; {alert.title}.",
        "size": "medium",
        "figure": f"{reverse('figure', args=[ALERT.slug, 'chart'])}?{query}",
        "legend": legend(stacks[:3]),
        "twin": twin([s for s in stacks if s.name], list(ask.period.days()), "day",
                     lambda value: numbers.money(value, alert.currency)),
    }  # fmt: skip


def figure(ask: AlertAsk) -> dict:
    events = {ask.alert.onset: "began"}
    axis = Axis("day", ask.alert.currency, events=events)
    return lines([s for s in _stacks(ask) if s.values], list(ask.period.days()), axis)


def data(ask: AlertAsk) -> Sheet:
    return sheet_of_answer("Days around the alert", _days(ask))


def hours(ask: AlertAsk) -> dict:
    """The hours that stood out, and some around them, as the last look at hours saw them."""
    alert = ask.alert
    found = alert.evidence.get("hours", [])
    places = [n for n, (*_, marked) in enumerate(found) if marked]
    if not places:
        return {"rows": []}
    near = found[max(places[0] - HOURS_AROUND, 0) : places[-1] + HOURS_AROUND + 1]
    note = "Usage and GPU hours at list or contract prices, per hour"
    note += (
        "; the bill of these days has not judged it yet." if alert.estimate
        else "; the figures above are those of the bill that came since."
    )  # fmt: skip
    return {
        "note": f"{note} Expected is what such an hour costs.",
        "rows": [_hour(alert, *row) for row in near[:HOURS_MAX]],
        "more": max(len(near) - HOURS_MAX, 0),
    }


def _hour(alert: Alert, at: str, cost: str, expected: str | None, marked: bool) -> tuple:
    begins = datetime.fromisoformat(at)
    usual = None if expected is None else Decimal(expected)
    return (
        f"{numbers.day_year(begins.date())}, {begins:%H:%M}",
        numbers.money(usual, alert.currency),
        numbers.money(Decimal(cost), alert.currency),
        marked,
    )


def drivers(ask: AlertAsk) -> dict:
    """What the change of its days against as many days before consists of."""
    alert = ask.alert
    if alert.level not in (*BRIDGED, ORGANISATION):
        return {"rows": []}
    span = Period(alert.onset, alert.last + timedelta(days=1))
    found_leaves = leaves(ask, span, against=span.before(), filters=whose(alert))
    if not any(row["previous"] for row in found_leaves):
        return {"rows": [], "nothing_before": bool(found_leaves)}
    found = told(found_leaves, CAUSES_MAX)
    currency = alert.currency
    return {
        "rows": [(cause.name, cause.text(currency), cause.amount) for cause in found.causes],
        "rest": found.rest,
        "others": found.others,
        "change": found.change,
        "currency": currency,
        "span": f"{since(alert)} against as many days before",
    }


def happened(ask: AlertAsk) -> dict:
    """What was done around the day it began, what may have caused it first."""
    alert = ask.alert
    span = Period(alert.onset - timedelta(days=7), min(alert.last, alert.onset + timedelta(7))
                  + timedelta(days=1))  # fmt: skip
    rows = happened_around(ask, span)
    likely = causes(alert, rows)
    others = [row for row in rows[::-1] if row not in likely and row["kind"] != "commit"]
    shown = (*likely, *others)[:HAPPENED_MAX]
    return {"events": shown, "more": max(len(likely) + len(others) - HAPPENED_MAX, 0)}


def rule(ask: AlertAsk) -> dict:
    alert = ask.alert
    return {
        "rule": alert.rule,
        "why": alert.why_notified,
        "told": alert.notifies,
        "vintage": alert.evidence.get("vintage", ""),
        "incident": alert.incident,
    }


def history(ask: AlertAsk) -> dict:
    events = list(ask.alert.events.select_related("by").order_by("-id")[:EVENTS_MAX])
    children = [
        (who(child), child.title, reverse("alert", args=[child.pk]))
        for child in visible(ask.asker).filter(parent=ask.alert).order_by("id")[:EVENTS_MAX]
    ]
    return {"events": events, "children": children}


def actions(ask: AlertAsk) -> dict:
    """The forms, for whoever may act."""
    if not may_act_on_alerts(ask.user):
        return {"may_act": False}
    people = get_user_model().objects.filter(is_active=True).order_by("username")
    return {
        "may_act": True,
        "alert": ask.alert,
        "open": ask.alert.state != CLOSED,
        "stands": ask.alert.state in STANDING,
        "people": list(people.values_list("pk", "username")[:500]),
        "assigned": ask.alert.assigned_to_id,
        "tomorrow": utc_today() + timedelta(days=1),
        "week": utc_today() + timedelta(days=7),
        "verdicts": VERDICTS,
    }


def read(request: HttpRequest) -> tuple[Page, Ask]:
    """Charts and files name the alert as `alert`."""
    return ALERT, about(request, request.GET.get(KEY, ""))


ALERT = Page(
    slug="alert",
    title="Alert",
    panels=(
        Panel("lead", "parts/lead.html", lead),
        Panel("facts", "parts/alert_facts.html", facts),
        Panel("chart", "parts/alert_chart.html", chart, figure, data, "Days"),
        Panel("hours", "parts/alert_hours.html", hours),
        Panel(
            "drivers",
            "parts/alert_drivers.html",
            drivers,
            title="What moved",
            lazy=True,
            size="low",
        ),
        Panel("happened", "parts/experiment_happened.html", happened),
        Panel("rule", "parts/alert_rule.html", rule),
        Panel("actions", "parts/alert_actions.html", actions),
        Panel("history", "parts/alert_history.html", history),
    ),
    picks=(),
    filters=(),
    under="anomalies",
    own=(KEY,),
    reads=read,
)


@for_people
def page(request: HttpRequest, alert_id: int) -> HttpResponse:
    """One alert; its days are the period."""
    request.GET = request.GET.copy()
    request.GET[KEY] = str(alert_id)  # panels that come later, and files, name it so
    ask = about(request, str(alert_id))
    return render_page(request, ALERT, ask, heading=ask.alert.title,
                       alert=ask.alert)  # fmt: skip
