"""What Data health shows: where data comes from, what was held back, what does not join."""

from decimal import Decimal

from aicost.kernel.periods import month_start
from attribution.reports.base import Report, binds, fetch, hours, pick
from attribution.reports.spec import Spec
from attribution.reports.trust import sources_of, theirs
from attribution.reports.unclassified import unclassified_rows

FRESHNESS = (
    "source",
    "kind",
    "through",
    "final_through",
    "loaded_at",
    "dirty_days",
    "failed_days",
    "waiting_since",
)
DELIVERIES = (
    "delivery_id",
    "source",
    "kind",
    "reader",
    "name",
    "state",
    "message",
    "rows_read",
    "rows_loaded",
    "rows_quarantined",
    "billing_periods",
    "first_day",
    "last_day",
    "loaded_at",
    "currency",
    "billed_written",
    "billed_cost",
    "effective_cost",
    "difference",
)
RECONCILIATION = (
    "source",
    "billing_period",
    "currency",
    "billed",
    "attributed",
    "idle",
    "shared",
    "unattributed",
    "residual",
    "effective_residual",
    "attributed_measured",
    "attributed_tagged",
    "attributed_inferred",
    "attributed_fallback",
    "control_written",
    "control_stored",
    "control_difference",
    "control_residual",
)
QUARANTINE = ("source", "delivery", "file", "reason", "rows", "first_line", "loaded_at")
RESTATEMENTS = (
    "source",
    "billing_period",
    "delivery",
    "previous_delivery",
    "created_at",
    "currency",
    "billed_delta",
    "effective_delta",
    "charges_added",
    "charges_changed",
    "charges_removed",
    "first_day",
    "last_day",
)
UNJOINED = (
    "what",
    "name",
    "detail",
    "gpu_hours",
    "requests",
    "currency",
    "cost",
    "first_day",
    "last_day",
)


def freshness_rows(spec: Spec) -> list[dict]:
    return pick(theirs(sources_of(spec.period, spec.asker.teams)), FRESHNESS)


def delivery_rows(spec: Spec) -> list[dict]:
    found = fetch("deliveries", binds(spec))
    return [row | {"billing_periods": ", ".join(row["billing_periods"])} for row in found]


def reconciliation_rows(spec: Spec) -> list[dict]:
    """Invoices reconcile on billed cost, whatever the basis asked; all billing periods that the
    asked days touch."""
    months = {"first_month": month_start(spec.period.start)}
    found = fetch("reconciliation", binds(spec) | months)
    return [row | {"billing_period": f"{row['billing_period']:%Y-%m}"} for row in found]


def quarantine_rows(spec: Spec) -> list[dict]:
    return fetch("quarantine", binds(spec))


def restatement_rows(spec: Spec) -> list[dict]:
    return fetch("restatements", binds(spec))


def unjoined_rows(spec: Spec) -> list[dict]:
    """Nodes, resources, workloads and models that stand on one side only, and AI that no word of
    our vocabulary classifies. What a node or a model
    without cost would cost is unknown (None)."""
    parts = (
        ("node without charges", "unjoined_nodes"),
        ("resource without charges", "unjoined_resources"),
        ("workload without map", "unjoined_workloads"),
        ("", "unjoined_models"),
    )
    empty = dict.fromkeys(UNJOINED)
    found = [
        empty | {"what": what, "gpu_hours": _hours(row.pop("gpu_ms", None))} | row
        for what, query in parts
        for row in fetch(query, binds(spec))
    ]
    for row in unclassified_rows(spec):
        told = {name: row[name] for name in UNJOINED if name in row}
        detail = f"{row['service']}: {row['reason']}"
        found.append(empty | told | {"what": "AI without a class", "detail": detail})
    return pick(found, UNJOINED)


def _hours(milliseconds: int | None) -> Decimal | None:
    return None if milliseconds is None else hours(int(milliseconds))


def _report(name: str, title: str, rows, columns: tuple[str, ...], **more) -> Report:
    return Report(name, title, rows, lambda spec: columns, whole_company=True, **more)


BY_SOURCE = ("source",)
FRESHNESS_REPORT = Report("freshness", "Freshness", freshness_rows, lambda spec: FRESHNESS)
REPORTS = (
    FRESHNESS_REPORT,
    _report("deliveries", "Deliveries", delivery_rows, DELIVERIES, filters=BY_SOURCE),
    _report(
        "reconciliation", "Reconciliation", reconciliation_rows, RECONCILIATION, filters=BY_SOURCE
    ),
    _report("quarantine", "Quarantine", quarantine_rows, QUARANTINE, filters=BY_SOURCE),
    _report("restatements", "Restatements", restatement_rows, RESTATEMENTS, filters=BY_SOURCE),
    _report("unjoined", "What does not join", unjoined_rows, UNJOINED),
)
