"""Alerts as pages show them: who, how much, since when, what may have caused it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from django.urls import reverse

from aicost.kernel.periods import Period
from aicost.web import numbers
from aicost.web.ask import Ask
from aicost.web.spark import HEIGHT, WIDTH, last_point
from attribution.alerting.levels import BY_NAME, ORGANISATION
from attribution.models import Alert

ZERO = Decimal(0)
SPARK_DAYS = 42
# What happened so long before an alert began, or on its day, may have caused it.
BEFORE_DAYS = 3
CAUSES_MAX = 2
CAUSING = ("deploy", "release", "price", "restatement", "rule", "note")
NAMES = ("feature", "model", "experiment", "team", "workload")
PLAIN = {"filters": {}, "group_by": (), "idle": "shown", "shared": "shown", "in_currency": ""}


@dataclass(frozen=True)
class Shown:
    """A row of report `alerts`, with the days around it where they are drawn."""

    alert_id: int
    state: str
    severity: str
    kind: str
    level: str
    name: str
    title: str
    onset: date
    last: date
    raised_on: date
    currency: str
    expected: Decimal | None
    actual: Decimal | None
    excess: Decimal | None
    percent: Decimal | None
    monthly: Decimal | None
    owner: str
    team: str
    incident: str
    told: str
    parent_id: int | None
    estimate: str
    days: Sequence = ()


@dataclass(frozen=True)
class Spark:
    """A small drawing of the days around an alert: cost, and the band of what was expected."""

    cost: str
    band: str
    end: tuple[str, str]


def shown(ask: Ask) -> list[Shown]:
    """The alerts that stand, and those of the period."""
    return [Shown(**row) for row in ask.report("alerts", **PLAIN).rows]


def with_days(alerts: Sequence[Shown]) -> list[Shown]:
    """The same with the days around each, as its last look saw them."""
    ids = [alert.alert_id for alert in alerts]
    found = dict(Alert.objects.filter(pk__in=ids).values_list("pk", "evidence"))
    return [replace(a, days=found.get(a.alert_id, {}).get("days", ())) for a in alerts]


def who(alert: Shown) -> str:
    title = BY_NAME[alert.level].title
    return title if alert.level == ORGANISATION else f"{title} {alert.name}"


def alert_url(alert_id: int) -> str:
    return reverse("alert", args=[alert_id])


def window(alerts: Iterable[Shown]) -> Period | None:
    """The days on which something may have caused one of these."""
    onsets = [alert.onset for alert in alerts]
    if not onsets:
        return None
    return Period(min(onsets) - timedelta(days=BEFORE_DAYS), max(onsets) + timedelta(days=1))


def causes(alert: Shown, happened: Iterable[dict]) -> list[dict]:
    """What happened just before it began and names it, or names nothing; the newest first."""
    since = alert.onset - timedelta(days=BEFORE_DAYS)
    found = [
        row for row in happened
        if row["kind"] in CAUSING and since <= row["at"].date() <= alert.onset
        and _concerns(row, alert)
    ]  # fmt: skip
    return found[::-1]


def _concerns(row: dict, alert: Shown) -> bool:
    if alert.level in NAMES and row[alert.level]:
        return row[alert.level] == alert.name
    if alert.level != "team" and row["team"] and alert.team:
        return row["team"] == alert.team
    return True


def days_of(alert: Shown) -> list[tuple[date, Decimal, Decimal | None, Decimal | None]]:
    """(day, cost, low, high) around it, as its last look saw them."""
    return [
        (date.fromisoformat(day), Decimal(cost), _decimal(low), _decimal(high))
        for day, cost, _, low, high in alert.days
    ]


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def spark(alert: Shown) -> Spark | None:
    """The last days up to the end of the alert; None where it is of no days of money."""
    days = [row for row in days_of(alert) if row[0] <= alert.last][-SPARK_DAYS:]
    if len(days) < 2:
        return None
    top = max(max(cost, high or ZERO) for _, cost, _, high in days)
    if top <= 0:
        return None
    step = Decimal(WIDTH) / (len(days) - 1)

    def point(n: int, value: Decimal) -> str:
        return f"{round(step * n, 1)},{round(HEIGHT - HEIGHT * max(value, ZERO) / top, 1)}"

    cost = " ".join(point(n, row[1]) for n, row in enumerate(days))
    known = [(n, row[2], row[3]) for n, row in enumerate(days) if row[2] is not None]
    upper = [point(n, high) for n, _, high in known]
    lower = [point(n, low) for n, low, _ in reversed(known)]
    return Spark(cost, " ".join([*upper, *lower]), last_point(cost))


def difference(alert: Shown) -> str:
    """+$412.50 (+38.2%); what nobody expected is said without per cent."""
    if alert.excess is None:
        return numbers.NOT_APPLICABLE
    return numbers.change(alert.excess, alert.currency)


def since(alert: Shown) -> str:
    if alert.onset == alert.last:
        return numbers.day_year(alert.onset)
    return numbers.period(Period(alert.onset, alert.last + timedelta(days=1)), year=True)


def happened_around(ask: Ask, span: Period | None) -> list[dict]:
    if span is None:
        return []
    return list(ask.report("annotations", period=span, **PLAIN).rows)
