"""Doors to what comes next: what one finds there today, and what helps until then."""

from dataclasses import dataclass

from aicost.kernel.periods import Period
from aicost.web import numbers
from aicost.web.ask import Ask
from aicost.web.events import DAYS_MIN
from aicost.web.pages.explore import stands_out
from aicost.web.parts import RESIDUAL, STAMP
from aicost.web.reasons import address
from aicost.web.shell import Page, Panel


@dataclass(frozen=True)
class Standing:
    """Days in a row on which one state of a pool costs over twice as much as usual."""

    when: str
    what: str
    cost: str
    why: str


def found(ask: Ask) -> list[Standing]:
    return [
        Standing(
            numbers.period(event.period),
            event.what,
            numbers.money(event.cost, currency),
            address(_on(ask, event.period), line=event.line, at=[("state", event.state)]),
        )
        for event, currency in stands_out(ask.with_view(step="day"))
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


ANOMALIES = Page(
    slug="anomalies",
    title="Anomalies",
    panels=(
        STAMP,
        Panel("lead", "parts/lead.html", lead),
        Panel("table", "parts/anomalies_table.html", table),
        RESIDUAL,
    ),
    picks=("period", "basis"),
)
