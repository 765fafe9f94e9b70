"""The types of events: what each is, what it brings, and the page that says the same. Only ever
added to: a program that reads one of today's reads it tomorrow."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import urlencode

from django.urls import reverse

from aicost.kernel.periods import month_of
from attribution.models.alerts import HAPPENINGS
from attribution.models.budgets import LEVELS

VERSION, API = 1, "/api/v1"
WEBHOOK_TEST = "webhook.test"
TEXT: Mapping = {"type": "string"}
COUNT: Mapping = {"type": "integer", "minimum": 0}
NUMBER: Mapping = {"type": "integer"}
DAY: Mapping = {"type": "string", "format": "date"}
DAY_OR_NOT: Mapping = {"type": ["string", "null"], "format": "date"}
MONEY: Mapping = {"type": "string", "pattern": r"^-?\d+(\.\d+)?$"}
MONEY_OR_NOT: Mapping = MONEY | {"type": ["string", "null"]}
TEXTS: Mapping = {"type": "array", "items": TEXT}
TOTALS: Mapping = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {"currency": TEXT, "billed_cost": MONEY, "effective_cost": MONEY},
        "required": ["currency", "billed_cost", "effective_cost"],
    },
}
MONTH: Mapping = {"type": "string", "pattern": r"^\d{4}-\d{2}$"}


@dataclass(frozen=True)
class EventType:
    """`fields` are those of `data`, all of them always there. `page` gives the path of the page
    that says the same, `api` that of the API. `of_teams`: it can be of one team's money alone, so
    that an endpoint of a team may hear of it."""

    name: str
    title: str
    fields: Mapping[str, Mapping]
    page: Callable[[Mapping], str]
    api: Callable[[Mapping], str]
    of_teams: bool = False


def _alert_page(data: Mapping) -> str:
    return reverse("alert", args=[data["alert"]])


def _days_page(data: Mapping) -> str:
    """Data health, on the days of the delivery where it has any."""
    if not data["first_day"]:
        return reverse("health")
    end = date.fromisoformat(data["last_day"]) + timedelta(days=1)
    return f"{reverse('health')}?from={data['first_day']}&to={end}"


def _month_page(data: Mapping) -> str:
    return f"{reverse('close')}?month={data['month']}"


def _budget_page(data: Mapping) -> str:
    budget = data["budget"]
    return reverse("budgets") if budget is None else reverse("budget", args=[budget])


def _alert_api(data: Mapping) -> str:
    return f"{API}/alerts/{data['alert']}"


def _budget_api(data: Mapping) -> str:
    """As of the evening on which it crossed."""
    return _report_api("budgets", data["day"], data["day"])


def _delivery_api(data: Mapping) -> str:
    return f"{API}/deliveries/{data['delivery']}"


def _held_api(data: Mapping) -> str:
    """What its source holds now: once somebody decided, this delivery is no more."""
    return f"{API}/deliveries?{urlencode({'state': 'held', 'source': data['source']})}"


def _restatement_api(data: Mapping) -> str:
    if not data["first_day"]:
        return _delivery_api(data)
    return _report_api("restatements", data["first_day"], data["last_day"])


def _month_api(data: Mapping) -> str:
    month = month_of(date.fromisoformat(f"{data['month']}-01"))
    return f"{API}/reports/cost?from={month.start}&to={month.end}"


def _report_api(name: str, first: str, last: str) -> str:
    end = date.fromisoformat(last) + timedelta(days=1)
    return f"{API}/reports/{name}?from={first}&to={end}"


def _reports_api(data: Mapping) -> str:
    return f"{API}/reports"


ALERT: Mapping[str, Mapping] = {
    "alert": NUMBER, "title": TEXT, "state": TEXT, "kind": TEXT, "level": TEXT, "name": TEXT,
    "onset": DAY, "last": DAY, "team": TEXT, "owner": TEXT, "assigned_to": TEXT, "incident": TEXT,
    "text": TEXT, "by": TEXT, "severity": TEXT, "currency": TEXT, "expected": MONEY_OR_NOT,
    "actual": MONEY_OR_NOT, "excess": MONEY_OR_NOT, "percent": MONEY_OR_NOT,
    "monthly": MONEY_OR_NOT, "estimate": {"type": "boolean"},
}  # fmt: skip
DELIVERY: Mapping[str, Mapping] = {
    "delivery": NUMBER, "source": TEXT, "kind": TEXT, "reader": TEXT, "name": TEXT,
    "account": TEXT, "billing_periods": TEXTS, "first_day": DAY_OR_NOT, "last_day": DAY_OR_NOT,
}  # fmt: skip
MONTHS: Mapping[str, Mapping] = {"month": MONTH, "edition": NUMBER, "by": TEXT}
BUDGET: Mapping[str, Mapping] = {
    "budget": {"type": ["integer", "null"]}, "dimension": TEXT, "name": TEXT, "title": TEXT,
    "owner": TEXT, "filters": {"type": "object", "additionalProperties": TEXTS},
    "level": {"enum": list(LEVELS)}, "text": TEXT, "day": DAY, "first_day": DAY, "last_day": DAY,
    "currency": TEXT, "available": MONEY, "used": MONEY, "p50": MONEY_OR_NOT,
    "probability_percent": MONEY_OR_NOT, "breach_on": DAY_OR_NOT,
}  # fmt: skip
_ALERT_TITLES = {
    "opened": "Something stood out",
    "updated": "Its impact has become twice what was told, or it is told only now",
    "resolved": "It is over, or no longer so",
    "closed": "Nothing follows any more",
    "acknowledged": "Somebody looks at it",
    "snoozed": "It is silent for some days",
    "assigned": "It is somebody’s now",
    "commented": "Somebody wrote to it",
    "feedback": "Somebody said whether it was expected or useful",
    "annotated": "The bill of its days was restated",
}
EVENT_TYPES: tuple[EventType, ...] = (
    *(
        EventType(
            f"alert.{what}", _ALERT_TITLES[what], ALERT, _alert_page, _alert_api, of_teams=True
        )
        for what in dict.fromkeys((*_ALERT_TITLES, *HAPPENINGS))
    ),
    EventType(
        "budget.crossed", "A budget became worse: a warning, an alert, a breach", BUDGET,
        _budget_page, _budget_api, of_teams=True,
    ),
    EventType(
        "delivery.published", "A bill came into force",
        DELIVERY | {"rows": COUNT, "totals": TOTALS}, _days_page, _delivery_api,
    ),
    EventType(
        "delivery.held", "Data was held: somebody has to decide", DELIVERY | {"message": TEXT},
        _days_page, _held_api,
    ),
    EventType(
        "restatement", "A bill changed what stood before",
        DELIVERY | {
            "previous_delivery": NUMBER, "currency": TEXT, "billed_delta": MONEY,
            "effective_delta": MONEY, "charges_added": COUNT, "charges_changed": COUNT,
            "charges_removed": COUNT,
        },
        _days_page, _restatement_api,
    ),
    EventType(
        "month.closed", "A month was closed",
        MONTHS | {"anyway": TEXT, "blockers": COUNT, "totals": TOTALS}, _month_page, _month_api,
    ),
    EventType(
        "month.reopened", "A month was reopened", MONTHS | {"why": TEXT}, _month_page, _month_api,
    ),
    EventType(
        "export.written", "Daily files were written",
        {
            "destination": TEXT, "kind": TEXT, "datasets": TEXTS, "state": TEXT,
            "days_written": COUNT, "days_waiting": COUNT, "rows": COUNT, "bytes": COUNT,
        },
        lambda data: reverse("files"), _reports_api,
    ),
)  # fmt: skip
# Sent when somebody asks for it, whatever an endpoint hears else.
TEST_TYPE = EventType(
    WEBHOOK_TEST, "A test, asked for by a person", {"text": TEXT, "by": TEXT},
    lambda data: reverse("webhooks"), _reports_api,
)  # fmt: skip
BY_NAME = {one.name: one for one in (*EVENT_TYPES, TEST_TYPE)}


def schema() -> dict:
    """The JSON Schema of everything that is posted."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Events of aicost",
        "type": "object",
        "required": ["type", "version", "timestamp", "data"],
        "properties": {
            "type": {"enum": list(BY_NAME)},
            "version": {"const": VERSION},
            "timestamp": {"type": "string", "format": "date-time"},
            "data": {"type": "object"},
        },
        "oneOf": [_schema_of(one) for one in BY_NAME.values()],
        "$defs": {_kind_of(one): _data_of(one) for one in BY_NAME.values()},
    }


def _schema_of(one: EventType) -> dict:
    data = {"$ref": f"#/$defs/{_kind_of(one)}"}
    return {"title": one.title, "properties": {"type": {"const": one.name}, "data": data}}


def _kind_of(one: EventType) -> str:
    """All of an alert bring the same."""
    return "alert" if one.fields is ALERT else one.name


def _data_of(one: EventType) -> dict:
    links = {
        "type": "object",
        "required": ["page", "api"],
        "properties": {name: {"type": "string", "format": "uri"} for name in ("page", "api")},
    }
    fields = dict(one.fields) | {"links": links}
    return {"type": "object", "required": list(fields), "properties": fields}
