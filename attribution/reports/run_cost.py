"""What each training run cost: its part of its experiment's money, by GPU time.

A second view over the ledger, never a second ledger: money stands on targets, runs only tell how
long they held GPUs. Unknown (None) where a run does not tell its GPU time or no money stands there.
"""

from decimal import Decimal, localcontext

from aicost.kernel.money import QUANTUM
from attribution.reports.base import Report, binds, fetch, hours, pick
from attribution.reports.spec import Spec

FILTERS = ("model", "experiment", "team")
COLUMNS = (
    "run", "name", "experiment", "model", "team", "status", "started_at", "ended_at",
    "took_hours", "planned_hours", "reason", "restarted_from", "source", "gpu_hours",
    "currency", "run_cost",
)  # fmt: skip


def columns(spec: Spec) -> tuple[str, ...]:
    return COLUMNS


def rows(spec: Spec) -> list[dict]:
    """The dearest first, then those of unknown cost, the newest first. The runs of an experiment
    that tell their GPU time sum to its money in the period, rounded to 18 decimals each."""
    found = [_priced(row) for row in fetch("run_cost", binds(spec))]
    found.sort(key=lambda row: (row["run_cost"] is None, -(row["run_cost"] or 0)))
    return pick(found, columns(spec))


def _priced(row: dict) -> dict:
    gpu_ms, cost = row["gpu_ms"], None
    if gpu_ms and row["ran_ms"] and row["pool"] is not None:
        with localcontext() as context:
            context.prec = 60
            cost = (row["pool"] * Decimal(gpu_ms) / row["ran_ms"]).quantize(QUANTUM)
    took = row["took_ms"]
    return row | {
        "gpu_hours": None if gpu_ms is None else hours(gpu_ms),
        "took_hours": None if took is None else hours(took),
        "run_cost": cost,
    }


REPORT = Report("run_cost", "What each training run cost", rows, columns, filters=FILTERS)
