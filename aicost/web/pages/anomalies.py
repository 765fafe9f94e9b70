"""Anomalies: what stands out, the dearest first, with its owner and what may have caused it."""

from dataclasses import dataclass
from datetime import date, timedelta

from aicost.accounts.scope import may_act_on_alerts
from aicost.kernel.periods import Period, utc_today
from aicost.web import numbers
from aicost.web.alerted import (
    CAUSES_MAX,
    PLAIN,
    Shown,
    Spark,
    alert_url,
    causes,
    difference,
    happened_around,
    shown,
    since,
    spark,
    who,
    window,
    with_days,
)
from aicost.web.ask import Ask
from aicost.web.parts import RESIDUAL, STAMP
from aicost.web.shell import Page, Panel
from aicost.web.sorting import Sorting
from aicost.web.standing import own, told_now, worth
from attribution.alerting.announced import TEXT_CHARS_MAX, current
from attribution.alerting.levels import BY_NAME, LEVELS
from attribution.models import AlertRun, KnownEvent
from attribution.models.alerts import STANDING
from attribution.reports.alerts import YES
from attribution.reports.sheets import Sheet, sheet_of_answer

ROWS_MAX, SHORT_MAX = 30, 20
SHORT = {"title": "title", "onset": "onset", "state": "state", "excess": "excess"}
OPEN = Sorting(
    {name: name for name in ("title", "onset", "owner", "expected", "actual", "excess", "monthly")},
    words=("title", "owner"),
)
LISTED = Sorting(SHORT, words=("title", "state"), table="listed")
PAST = Sorting(SHORT, words=("title", "state"), table="past")


@dataclass(frozen=True)
class Row:
    """One alert as the list shows it."""

    alert: Shown
    url: str
    who: str
    since: str
    difference: str
    percent: str
    cause: str
    also: str
    spark: Spark | None


@dataclass(frozen=True)
class Found:
    """What stands and is told, what is only listed, and what is over; others of the same money."""

    told: list[Shown]
    listed: list[Shown]
    past: list[Shown]
    below: dict[int, list[str]]


def found(ask: Ask) -> Found:
    """The alerts of report `alerts`: those that stand, and those of the period."""
    alerts = shown(ask)
    below: dict[int, list[str]] = {}
    for alert in alerts:
        if alert.parent_id is not None:
            below.setdefault(alert.parent_id, []).append(who(alert))
    these = own(alerts)
    standing = [alert for alert in these if alert.state in STANDING]
    return Found(
        told=told_now(alerts),
        listed=[alert for alert in standing if alert.told != YES],
        past=sorted((a for a in these if a.state not in STANDING), key=_newest),
        below=below,
    )


def _newest(alert: Shown) -> tuple:
    return -alert.last.toordinal(), alert.alert_id


def run_of(ask: Ask) -> AlertRun | None:
    return AlertRun.objects.order_by("-id").first()


def lead(ask: Ask) -> dict:
    last, these = ask.once(run_of), ask.once(found)
    if last is None:
        text = " The first look comes within the hour; manage.py alerts run looks now."
        return {"parts": [("Nobody has looked at the ledger yet.", True), (text, False)]}
    if not these.told:
        text = f" Looked at through {numbers.day_year(last.through)}."
        return {"parts": [("Nothing stands out.", True), (text, False)]}
    parts = worth(these.told)
    unowned = sum(not a.owner for a in these.told)
    if unowned:
        parts.append((f"; {numbers.count(unowned)} without an owner", False))
    return {"parts": [*parts, (".", False)]}


def table(ask: Ask) -> dict:
    """What is told, and how far was looked."""
    these = ask.once(found)
    drawn = with_days(OPEN.rows(ask.view, these.told)[:ROWS_MAX])
    happened = happened_around(ask, window(drawn))
    last = ask.once(run_of)
    whole = ask.asker.teams is None
    rows = [_row(alert, happened, these.below) for alert in drawn]
    return {
        "rows": rows,
        "sparks": any(row.spark is not None for row in rows),
        "more": max(len(these.told) - ROWS_MAX, 0),
        "in_order": OPEN.knows(ask.view.sort),
        "run": last,
        "notes": [note for note in last.notes if "data incomplete" in note or "failed" in note]
        if last and whole
        else [],
    }


def listed(ask: Ask) -> dict:
    """What stands and is only listed: nobody is told of it."""
    return _short(ask, LISTED, ask.once(found).listed)


def past(ask: Ask) -> dict:
    """What is over, the newest first."""
    return _short(ask, PAST, ask.once(found).past) | {"period": numbers.period(ask.period)}


def _short(ask: Ask, sorting: Sorting, alerts: list[Shown]) -> dict:
    below = ask.once(found).below
    shown_now = sorting.rows(ask.view, alerts)[:SHORT_MAX]
    return {
        "rows": [_row(alert, (), below) for alert in shown_now],
        "more": max(len(alerts) - SHORT_MAX, 0),
        "run": ask.once(run_of),
    }


def _row(alert: Shown, happened, below: dict[int, list[str]]) -> Row:
    likely = [row["title"] for row in causes(alert, happened)]
    more = len(likely) - CAUSES_MAX
    told = alert.percent is not None
    grown = numbers.change_percent(alert.actual, alert.expected) if told else ""
    cause = "; ".join(likely[:CAUSES_MAX]) + (f" and {more} more" if more > 0 else "")
    return Row(
        alert=alert,
        url=alert_url(alert.alert_id),
        who=who(alert),
        since=since(alert),
        difference=difference(alert),
        percent=grown,
        cause=cause,
        also=", ".join(dict.fromkeys(x for x in below.get(alert.alert_id, []) if x != who(alert))),
        spark=spark(alert),
    )


def coming(ask: Ask) -> dict:
    """What people announced, and the form for whoever may."""
    asker, today = ask.asker, utc_today()
    events = [_event(one, today) for one in current(asker)]
    levels = [level for level in LEVELS if asker.teams is None or level.name == "team"]
    return {
        "events": events,
        "may_act": may_act_on_alerts(ask.user),
        "levels": levels,
        "teams": asker.teams,
        "today": today,
        "chars": TEXT_CHARS_MAX,
    }


def _event(one: KnownEvent, today: date) -> dict:
    title = BY_NAME[one.level].title
    if one.begins > today:
        state = "ahead"
    else:
        state = "stays" if one.ends is None else "goes on" if one.ends >= today else "over"
    days = numbers.day_year(one.begins)
    if one.ends and one.ends != one.begins:
        days = numbers.period(Period(one.begins, one.ends + timedelta(days=1)), year=True)
    return {"event": one, "of": f"{title} {one.name}".strip(), "days": days, "state": state}


def data(ask: Ask) -> Sheet:
    return sheet_of_answer("Alerts", ask.report("alerts", **PLAIN))


ANOMALIES = Page(
    slug="anomalies",
    title="Anomalies",
    panels=(
        STAMP,
        Panel("lead", "parts/lead.html", lead),
        Panel("table", "parts/anomalies_table.html", table, None, data, "Alerts", sorting=OPEN),
        Panel("listed", "parts/anomalies_listed.html", listed, title="Only listed", sorting=LISTED),
        Panel("past", "parts/anomalies_past.html", past, title="Over", sorting=PAST),
        Panel("coming", "parts/anomalies_coming.html", coming, title="Announced"),
        RESIDUAL,
    ),
    picks=("period",),
    filters=(),
)
