"""Closed months: their state, what was reported against what is restated and why, and invoices:
billed, attributed and paid."""

from aicost.kernel.periods import month_start
from attribution.closing.invoices import invoices
from attribution.closing.status import month_states
from attribution.closing.tieout import PARTS
from attribution.reports.base import Report, binds, fetch, pick
from attribution.reports.spec import SERIES_DIMENSIONS, TARGET_DIMENSIONS, Spec

STATUS = (
    *("month", "state", "edition", "closed_at", "closed_by", "why_anyway"),
    *("reopened_at", "reopened_by", "why_reopened", "blockers"),
)
INVOICES = (
    *("source", "billing_period", "invoice", "currency", "billed", "attributed", "residual"),
    *("paid", "difference"),
    *PARTS,
    *("paid_on", "state", "message"),
)
CAUSES = (
    *("month", "edition", "cause", "source", "billing_period", "deliveries", "charges"),
    *("currency", "billed_difference", "difference", "moved"),
)
COMPARED = ("currency", "reported", "restated", "difference")
DIMENSIONS = (*TARGET_DIMENSIONS, *SERIES_DIMENSIONS)


def status_rows(spec: Spec) -> list[dict]:
    return [_status(one) for one in month_states(spec.period.start, spec.period.end)]


def _status(one) -> dict:
    last = one.last
    return {
        "month": f"{one.month:%Y-%m}",
        "state": one.state,
        "edition": f"{last.edition}" if last else "",
        "closed_at": last.closed_at if last else None,
        "closed_by": last.closed_by.get_username() if last else "",
        "why_anyway": last.why_anyway if last else "",
        "reopened_at": last.reopened_at if last else None,
        "reopened_by": last.reopened_by.get_username() if last and last.reopened_by else "",
        "why_reopened": last.reason if last else "",
        "blockers": "; ".join(blocker.message for blocker in one.blockers),
    }


def invoice_rows(spec: Spec) -> list[dict]:
    """All billing periods that the asked days touch, on billed cost, in the invoice's currency."""
    named = spec.filters.get("source")
    found = invoices(month_start(spec.period.start), spec.period.end)
    return [_invoice(one) for one in found if named is None or one.source in named]


def _invoice(one) -> dict:
    residual = None if one.billed is None else one.billed - one.attributed
    return {
        **{name: getattr(one, name) for name in ("source", "invoice", "currency", "billed")},
        "billing_period": f"{one.billing_period:%Y-%m}",
        "attributed": one.attributed,
        "residual": residual,
        "paid": one.paid,
        "difference": one.difference,
        **one.parts,
        "paid_on": one.payments[-1].paid_on if one.payments else None,
        "state": "final" if one.final else "not final",
        "message": one.missing_rate,
    }


def compared_rows(spec: Spec) -> list[dict]:
    """Only months that were closed; of each its last edition, unless the filter names others."""
    return pick(fetch("reported_vs_restated", _binds(spec)), compared_columns(spec))


def compared_columns(spec: Spec) -> tuple[str, ...]:
    return ("period", *spec.group_by, *COMPARED)


def cause_rows(spec: Spec) -> list[dict]:
    """What made the difference, per source and billing period: the differences add up to that of
    `reported_vs_restated`. `moved` went from one target to another without changing a total."""
    return pick(fetch("restated_causes", _binds(spec)), CAUSES)


def _binds(spec: Spec) -> dict:
    return binds(spec) | {"first_month": month_start(spec.period.start)}


BY_SOURCE, EDITION = ("source",), "edition"
REPORTS = (
    Report(
        "close_status",
        "Closed months",
        status_rows,
        lambda spec: STATUS,
        whole_company=True,
    ),
    Report(
        "invoices",
        "Invoices: billed, attributed, paid",
        invoice_rows,
        lambda spec: INVOICES,
        filters=BY_SOURCE,
        whole_company=True,
    ),
    Report(
        "reported_vs_restated",
        "As reported and as restated",
        compared_rows,
        compared_columns,
        groups=DIMENSIONS,
        filters=(*DIMENSIONS, EDITION),
        granularities=("total", "day", "month"),
    ),
    Report(
        "restated_causes",
        "Why a closed month was restated",
        cause_rows,
        lambda spec: CAUSES,
        filters=(*BY_SOURCE, EDITION),
        whole_company=True,
    ),
)
