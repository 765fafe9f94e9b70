"""Money spent on failures: failed calls, calls tried again, training runs that failed.

A second view over the ledger, never a second ledger: each part is a share of money that stands on
its target. Unknown (None) where nobody tells how calls and runs ended."""

from dataclasses import replace
from decimal import Decimal, localcontext

from aicost.kernel.money import QUANTUM
from attribution.reports.base import Report, binds, fetch, hours, pick
from attribution.reports.spec import Spec

DIMENSIONS = ("model", "feature", "workload", "experiment", "team", "environment")
# Shares are taken here and then summed: a model may fail for one feature only.
GRAIN = ("model", "feature")
KNOWN = ("failed_calls_cost", "retries_cost", "failed_runs_cost")
COSTS = ("inference_cost", "training_cost", "untold_cost", *KNOWN)
COUNTS = ("requests", "failed_requests", "retries", "ran_ms", "failed_ms")


def columns(spec: Spec) -> tuple[str, ...]:
    return (
        *spec.group_by, "currency", "inference_cost", "failed_calls_cost", "retries_cost",
        "training_cost", "failed_runs_cost", "failed_cost", "untold_cost", "basis", "requests",
        "failed_requests", "retries", "gpu_hours", "failed_gpu_hours",
    )  # fmt: skip


def rows(spec: Spec) -> list[dict]:
    """The dearest failures first. `untold_cost` is the part of inference and training cost of
    which nobody says whether it failed; `failed_cost` sums what is known."""
    found: dict[tuple, dict] = {}
    for row in (*_calls(spec), *_runs(spec)):
        key = (*(row[name] for name in spec.group_by), row["currency"])
        into = found.setdefault(
            key,
            dict(zip((*spec.group_by, "currency"), key, strict=True))
            | dict.fromkeys((*COSTS, *COUNTS))
            | {"bases": set()},
        )
        for name in (*COSTS, *COUNTS):
            if row.get(name) is not None:
                into[name] = (into[name] or 0) + row[name]
        into["bases"] |= {row["basis"]} - {""}
    finished = [_finished(row) for row in found.values()]
    finished.sort(key=lambda row: (-(row["failed_cost"] or 0), -_spent(row)))
    return pick(finished, columns(spec))


def _finished(row: dict) -> dict:
    known = [row[name] for name in KNOWN if row[name] is not None]
    return row | {
        "failed_cost": sum(known, Decimal(0)) if known else None,
        "basis": ", ".join(sorted(row["bases"])),
        "gpu_hours": None if row["ran_ms"] is None else hours(row["ran_ms"]),
        "failed_gpu_hours": None if row["failed_ms"] is None else hours(row["failed_ms"]),
    }


def _spent(row: dict) -> Decimal:
    return (row["inference_cost"] or Decimal(0)) + (row["training_cost"] or Decimal(0))


def _calls(spec: Spec) -> list[dict]:
    """Active inference by model and feature, with what its calls say of failures."""
    grain = tuple(dict.fromkeys((*GRAIN, *spec.group_by)))
    infers = spec.asker.teams is not None or bool(set(grain + tuple(spec.filters)) - set(GRAIN))
    values = binds(replace(spec, group_by=grain))
    values |= {"infers": infers, "by_source": False, "latency": False}
    usage = {tuple(row[name] for name in grain): row for row in fetch("unit_cost_usage", values)}
    return [
        _failed_calls(row, usage.get(tuple(row[name] for name in grain), {}))
        for row in fetch("unit_cost_money", values)
        if row["marginal_cost"]
    ]


def _failed_calls(money: dict, used: dict) -> dict:
    """By failed tokens where calls tell tokens and how they ended, else by failed calls. What
    retries cost is taken of the rest, so that the two never overlap."""
    cost, basis = money["marginal_cost"], ""
    row = money | {"inference_cost": cost, "training_cost": None, "requests": used.get("requests")}
    failed = untold = None
    if used.get("told_tokens"):
        failed, basis = _share(cost, used["failed_tokens"], used["told_tokens"]), "tokens"
    elif used.get("told_requests"):
        failed, basis = _share(cost, _failed(used), used["told_requests"]), "requests"
    else:
        untold = cost
    retries = None
    if used.get("attempted_requests") is not None and used.get("attempts"):
        again = max(used["attempts"] - used["attempted_requests"], 0)
        retries = _share(cost - (failed or 0), again, used["attempts"])
        row["retries"] = again
    if used.get("told_requests") is not None:
        row["failed_requests"] = _failed(used)
    return row | {
        "failed_calls_cost": failed, "retries_cost": retries, "untold_cost": untold, "basis": basis,
    }  # fmt: skip


def _failed(used: dict) -> int:
    return max(used["told_requests"] - used["successes"], 0)


def _runs(spec: Spec) -> list[dict]:
    """Training and experiments, by the GPU time of failed and killed runs."""
    found = []
    for row in fetch("failed_runs", binds(spec)):
        told = row["ran_ms"] is not None
        found.append(
            row
            | {
                "training_cost": row["cost"],
                "failed_runs_cost": _share(row["cost"], row["failed_ms"], row["ran_ms"])
                if told
                else None,
                "untold_cost": None if told else row["cost"],
                "basis": "GPU time" if told else "",
            }
        )
    return found


def _share(cost: Decimal, part: int, whole: int) -> Decimal:
    with localcontext() as context:
        context.prec = 60
        return (cost * part / whole).quantize(QUANTUM)


REPORT = Report(
    "failed_work",
    "Spent on failures and retries",
    rows,
    columns,
    groups=DIMENSIONS,
    filters=DIMENSIONS,
    measure="failed_cost",
)
