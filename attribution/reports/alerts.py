"""What the ledger noticed (docs/alerts.md): alerts that stand, and those of the period.

Money is what the alert says of its own days; `expected` is a judgement, to the cent."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from django.db.models import Q, QuerySet
from django.db.models.functions import Abs

from attribution.models import Alert
from attribution.models.alerts import STANDING
from attribution.reports import cost, customers, unit_cost
from attribution.reports.base import Report
from attribution.reports.spec import (
    LEFT_OUT,
    SERIES_DIMENSIONS,
    TARGET_DIMENSIONS,
    Asker,
    BadSpec,
    Spec,
)

COLUMNS = (
    "alert_id", "state", "severity", "kind", "level", "name", "title", "onset", "last", "raised_on",
    "currency", "expected", "actual", "excess", "percent", "monthly", "owner", "team", "incident",
    "told", "parent_id", "estimate",
)  # fmt: skip
DAY_COLUMNS = (
    "period", "level", "name", "currency", "cost", "seen_cost", "expected", "expected_low",
    "expected_high",
)  # fmt: skip
YES, NO = "yes", "no"
ALERT, ORGANISATION, UNIT = "alert", "organisation", "unit_cost"
# Of report `cost`, what series are judged on: usage, without tax, credits, fees and commitments.
JUDGED = {
    "state": ("active", "held_idle", "empty_idle", "unreserved", "unobserved", "unmetered",
              "unclaimed"),
    "charge_category": ("Usage",),
}  # fmt: skip
# Storage that grows is looked for by model, of no model by team, of no team by account.
STORAGE, STORED_BY = "storage_growth", ("model", "team", "account")


def visible(asker: Asker) -> QuerySet[Alert]:
    """The alerts this asker may see: who sees only some teams, those whose money is all theirs."""
    found = Alert.objects.all()
    return found if asker.teams is None else found.filter(team__in=[t for t in asker.teams if t])


def alerts_of(spec: Spec) -> QuerySet[Alert]:
    """Those that stand, whenever they began, and those with a day in the period; the dearest a
    month first, of either sign, those in no money last."""
    within = Q(onset__lt=spec.period.end, last__gte=spec.period.start)
    found = visible(spec.asker).filter(Q(state__in=STANDING) | within)
    return found.order_by(Abs("monthly").desc(nulls_last=True), "-onset", "id")


def rows(spec: Spec) -> list[dict]:
    """One row an alert. `told`: people are told of it; else `parent_id` tells the same money, or it
    is only listed."""
    return [row_of(alert) for alert in alerts_of(spec).defer("evidence", "rule")]


def row_of(alert: Alert) -> dict:
    own = {
        "alert_id": alert.pk,
        "told": YES if alert.notifies else NO,
        "estimate": YES if alert.estimate else NO,
    }
    return {name: own[name] if name in own else getattr(alert, name) for name in COLUMNS}


def day_rows(spec: Spec) -> list[dict]:
    """The days around one alert, of those in the period: `cost` as the ledger has it now, beside
    what the last look saw and expected. Raises BadSpec without the alert."""
    alert = _one(spec)
    seen = {row[0]: row[1:] for row in alert.evidence.get("days", ())}
    costs = _costs(spec, alert)
    first = dict.fromkeys(DAY_COLUMNS) | {"level": alert.level, "name": alert.name}
    found = []
    for day in spec.period.days():
        told = seen.get(day.isoformat())
        if day not in costs and told is None:
            continue
        judged = (None if text is None else Decimal(text) for text in told or (None,) * 4)
        found.append(
            first
            | {"period": day, "currency": alert.currency, "cost": costs.get(day, Decimal(0))}
            | dict(zip(("seen_cost", "expected", "expected_low", "expected_high"), judged,
                       strict=True))
        )  # fmt: skip
    return found


def _one(spec: Spec) -> Alert:
    (number,) = spec.filters.get(ALERT, ("",)) if len(spec.filters.get(ALERT, ())) < 2 else ("",)
    found = visible(spec.asker).filter(pk=int(number)).first() if number.isdigit() else None
    if found is None:
        raise BadSpec("filter by one alert, by the alert_id of report alerts")
    return found


def whose(alert: Alert) -> dict[str, tuple[str, ...]]:
    """The filters of report `cost` that give the money an alert speaks of."""
    named = {} if alert.level == ORGANISATION else {alert.level: (alert.name,)}
    if alert.kind != STORAGE:
        return named
    deeper = STORED_BY[: STORED_BY.index(alert.level)] if alert.level in STORED_BY else STORED_BY
    return {"activity": ("storage",)} | dict.fromkeys(deeper, ("",)) | named


def _costs(spec: Spec, alert: Alert) -> dict[date, Decimal]:
    """What the days of its name cost now, by the report its kind is judged on; nothing where no
    report knows the name."""
    if alert.kind == UNIT and alert.level in ("feature", "model"):
        asked = _asked(spec, alert, "unit_cost", {alert.level: (alert.name,)})
        column, made = "marginal_cost", unit_cost.rows(asked)
    elif alert.level == "customer":
        asked = _asked(spec, alert, "customers", {"customer": (alert.name,)})
        column, made = "cost", customers.rows(asked)
    elif alert.level in (*TARGET_DIMENSIONS, *SERIES_DIMENSIONS, ORGANISATION):
        column, made = "cost", cost.rows(_asked(spec, alert, "cost", JUDGED | whose(alert)))
    else:
        return {}
    found: dict[date, Decimal] = {}
    for row in made:
        if row["currency"] == alert.currency:
            found[row["period"]] = found.get(row["period"], Decimal(0)) + (row[column] or 0)
    return found


def _asked(spec: Spec, alert: Alert, report: str, filters: dict) -> Spec:
    return replace(spec, report=report, granularity="day", group_by=(), filters=filters,
                   estimates=LEFT_OUT, basis="effective")  # fmt: skip


REPORTS = (
    Report("alerts", "Alerts", rows, lambda spec: COLUMNS),
    Report("alert_days", "The days around an alert", day_rows, lambda spec: DAY_COLUMNS,
           filters=(ALERT,), granularities=("day",)),
)  # fmt: skip
