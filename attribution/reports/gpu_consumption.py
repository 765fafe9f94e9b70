"""GPU cost by consumption: a view beside the ledger, which goes by reservation.

Of one GPU and interval of cost C, a process whose activity is u_i carries C * u_i / sum of u, where
every holder of the device tells its own; elsewhere what it reserved (reference: docs/decisions/
0006-gpu-time.md). Both views add up to the same sum. Efficiency moves no money.
"""

from decimal import Decimal

from attribution.reports.base import ALL_GRANULARITIES, Report, binds, fetch, hours, pick
from attribution.reports.spec import Spec

GROUPS = (
    "source",
    "resource",
    "instance_type",
    "state",
    "workload",
    "model",
    "feature",
    "experiment",
    "team",
    "environment",
    "activity",
)
FILTERS = tuple(name for name in GROUPS if name != "state")
MEASURES = ("gpu_hours", "reserved_hours", "cost", "consumption_cost", "difference")
EFFICIENCY = ("sm_percent", "gr_percent")
TENTH = Decimal("0.1")


def columns(spec: Spec) -> tuple[str, ...]:
    return ("period", *spec.group_by, "currency", *MEASURES, "consumption_basis", *EFFICIENCY)


def rows(spec: Spec) -> list[dict]:
    """`cost` is the ledger's, `consumption_cost` the view's. Percentages are of the reserved time
    in which the activity is known, None where it never is."""
    return pick([_told(row) for row in fetch("gpu_consumption", binds(spec))], columns(spec))


def _told(row: dict) -> dict:
    return row | {
        "gpu_hours": hours(row["gpu_ms"]),
        "reserved_hours": hours(row["reserved_ms"]),
        "consumption_basis": basis(row["reserved_ms"], row["process_ms"], row["alone_ms"]),
        "sm_percent": _percent(row["sm_ms"], row["sm_known_ms"]),
        "gr_percent": _percent(row["gr_ms"], row["gr_known_ms"]),
    }


def basis(reserved_ms: int, process_ms: int, alone_ms: int) -> str:
    """By what consumption is told: `process` (its own activity), `alone` (it had whole devices to
    itself, so both views agree), `reservation` (nothing tells who used what), `mixed`, or '' for
    time that nobody reserved."""
    if not reserved_ms:
        return ""
    if not process_ms and not alone_ms:
        return "reservation"
    if process_ms >= reserved_ms:
        return "process"
    return "alone" if alone_ms >= reserved_ms else "mixed"


def _percent(active_ms: int | None, known_ms: int) -> Decimal | None:
    if active_ms is None or not known_ms:
        return None
    return (Decimal(active_ms) * 100 / known_ms).quantize(TENTH)


REPORT = Report(
    name="gpu_consumption",
    title="GPU cost by consumption, a view beside the ledger",
    rows=rows,
    columns=columns,
    groups=GROUPS,
    filters=FILTERS,
    granularities=ALL_GRANULARITIES,
    measure="consumption_cost",
)
