"""Proposed rules for what stands unattributed, for the page, the CSV and the command."""

import json

from attribution.reports.base import Report
from attribution.reports.spec import Spec
from attribution.ruling.suggest import suggest

COLUMNS = (
    "name", "service", "account", "strength", "why", "title", "method", "position", "conditions",
    "assigns", "matching", "currency", "cost", "share_percent", "series", "days", "first_day",
    "last_day",
)  # fmt: skip


def suggestion_rows(spec: Spec) -> list[dict]:
    """The dearest first; `conditions` and `assigns` as JSON, empty where nothing is suggested."""
    return [
        {
            "name": one.name,
            "service": one.service,
            "account": one.account,
            "strength": one.strength,
            "why": one.why,
            "title": one.title,
            "method": one.method if one.conditions else "",
            "position": one.position if one.matching else None,
            "conditions": json.dumps(one.conditions) if one.conditions else "",
            "assigns": json.dumps(one.assigns) if one.conditions else "",
            "matching": json.dumps(one.matching) if one.matching else "",
            "currency": one.currency,
            "cost": one.cost,
            "share_percent": one.share,
            "series": one.series,
            "days": one.days,
            "first_day": one.first_day,
            "last_day": one.last_day,
        }
        for one in suggest(spec.period, spec.basis)
    ]


REPORT = Report(
    "rule_suggestions",
    "Rules that would place unattributed money",
    suggestion_rows,
    lambda spec: COLUMNS,
    whole_company=True,
)
