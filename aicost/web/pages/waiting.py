"""Doors to what comes next: what one finds there today, and what helps until then."""

from dataclasses import dataclass
from datetime import timedelta

from aicost.kernel.periods import Period
from aicost.web import numbers
from aicost.web.ask import Ask
from aicost.web.events import DAYS_MIN, Event
from aicost.web.pages.explore import stands_out
from aicost.web.parts import RESIDUAL, STAMP
from aicost.web.reasons import address
from aicost.web.shell import Page, Panel
from attribution.reports.sheets import Sheet, sheet_of


@dataclass(frozen=True)
class Standing:
    """Days in a row on which one state of a pool costs over twice as much as usual."""

    when: str
    what: str
    cost: str
    why: str


def events(ask: Ask) -> list[tuple[Event, str]]:
    return stands_out(ask.with_view(step="day"))


def found(ask: Ask) -> list[Standing]:
    return [
        Standing(
            numbers.period(event.period),
            event.what,
            numbers.money(event.cost, currency),
            address(_on(ask, event.period), line=event.line, at=[("state", event.state)]),
        )
        for event, currency in events(ask)
    ]


def _on(ask: Ask, period: Period) -> Ask:
    return ask.with_view(period=period, preset="custom")


def lead(ask: Ask) -> dict:
    many = len(found(ask))
    parts = [("Nothing watches for anomalies yet.", True)]
    if many:
        text = numbers.plural(many, "cost below stands", "costs below stand")
        parts.append((f" {text} out against the other days of the period.", False))
    else:
        text = " No pool costs over twice as much on any day as on the others of the period."
        parts.append((text, False))
    return {"parts": parts}


def table(ask: Ask) -> dict:
    return {"rows": found(ask), "short": ask.period.length_days < DAYS_MIN, "least": DAYS_MIN}


def table_data(ask: Ask) -> Sheet:
    columns = ("first_day", "last_day", "what", "line", "state", "currency", "cost")
    rows = [
        {
            "first_day": event.period.start,
            "last_day": event.period.end - timedelta(days=1),
            "what": event.what,
            "line": event.line,
            "state": event.state,
            "currency": currency,
            "cost": event.cost,
        }
        for event, currency in events(ask)
    ]
    return sheet_of("Over twice the usual", ask.report("cost"), columns, rows)


ANOMALIES = Page(
    slug="anomalies",
    title="Anomalies",
    panels=(
        STAMP,
        Panel("lead", "parts/lead.html", lead),
        Panel(
            "table",
            "parts/anomalies_table.html",
            table,
            table=table_data,
            title="Over twice the usual",
        ),
        RESIDUAL,
    ),
    picks=("period", "basis", "currency"),
)
