"""What the ledger noticed in the days of a digest."""

from decimal import Decimal

from django.conf import settings
from django.urls import NoReverseMatch, reverse

from aicost.notify.message import Item, Section
from aicost.web import numbers
from aicost.web.ask import Ask
from aicost.web.pacing import stated
from attribution.models.alerts import STANDING
from attribution.reports import REPORTS

ALERTS, ALERTS_MAX = "alerts", 5
TEAM = "team"


def anomalies(ask: Ask) -> Section | None:
    """Alerts that began in the period and that people are told of, the dearest first; of a
    digest with filters only those of its names. None where nothing is watched."""
    if ALERTS not in REPORTS:
        return None
    rows = [row for row in stated(ask, ALERTS).rows if is_new(row, ask) and is_of(row, ask)]
    items = tuple(
        Item(
            f"{row['severity'].capitalize()}: {row['title']}{_over(row)}",
            _excess(row),
            page_of(row),
        )
        for row in rows[:ALERTS_MAX]
    )
    if not items:
        return Section("New anomalies", note="None began in these days.")
    more = len(rows) - len(items)
    return Section("New anomalies", items, f"{more} more on the page." if more else "")


def is_new(row: dict, ask: Ask) -> bool:
    return row["told"] == "yes" and ask.period.start <= row["onset"] < ask.period.end


def is_of(row: dict, ask: Ask) -> bool:
    """Whether an alert is of what the digest filters by."""
    filters = ask.view.filters
    if not filters:
        return True
    if row["team"] and row["team"] in filters.get(TEAM, ()):
        return True
    return row["name"] in filters.get(row["level"], ())


def _told(row: dict) -> str:
    return f"{row['severity'].capitalize()}: {row['title']}{_over(row)}"


def _over(row: dict) -> str:
    return "" if row["state"] in STANDING else f" ({row['state']})"


def _excess(row: dict) -> str:
    excess: Decimal | None = row["excess"]
    return "" if excess is None else numbers.change(excess, row["currency"])


def page_of(row: dict) -> str:
    try:
        return f"{settings.AICOST_URL}{reverse('alert', args=[row['alert_id']])}"
    except NoReverseMatch:
        return f"{settings.AICOST_URL}{reverse('anomalies')}"
