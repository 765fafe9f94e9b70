"""Inference by serving mode: real-time, batch, serverless, always-on, as calls tell it.

A second view over the ledger, never a second ledger: no target knows a mode, its calls do.
"""

from attribution.reports.base import Report, binds, fetch, pick
from attribution.reports.spec import Spec

FILTERS = ("model", "workload", "feature", "experiment", "team", "environment")
MIXED, NOT_TOLD = "mixed", ""
COLUMNS = ("serving_mode", "names", "currency", "cost", "active_cost", "idle_cost")


def columns(spec: Spec) -> tuple[str, ...]:
    return COLUMNS


def rows(spec: Spec) -> list[dict]:
    """The dearest first; `serving_mode` is '' where no call tells it. Costs sum to what inference
    costs in report `cost`, its own idle included; `names` are models, or workloads without one."""
    found = [
        row
        | {
            "cost": row["active_cost"] + row["idle_cost"],
            "names": ", ".join(sorted(row["names"] or ())),
        }
        for row in fetch("serving_modes", binds(spec))
    ]
    return pick(found, columns(spec))


REPORT = Report(
    "serving_modes",
    "Inference by serving mode",
    rows,
    columns,
    filters=FILTERS,
    measure="cost",
)
