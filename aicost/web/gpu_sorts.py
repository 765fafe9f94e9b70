"""What the tables of GPU time can be sorted by, on the pages of the fleet and of a node."""

from collections.abc import Mapping
from decimal import Decimal

from aicost.web.sorting import Sorting


def _named(row: Mapping) -> str:
    return row.get("node") or row.get("resource") or ""


def _per_hour(row: Mapping) -> Decimal | None:
    return row["cost"] / row["gpu_hours"] if row["gpu_hours"] else None


def _active_part(row: Mapping) -> Decimal | None:
    return row["active_cost"] / row["cost"] if row["cost"] else None


def _active_line(line: Mapping) -> Decimal | None:
    return _active_part(line["row"])


# What templates/parts/gpu_heads.html names.
_MONEY = {
    "price": "per_hour",
    "cost": "row.cost",
    "active": _active_line,
    "idle_cost": "row.idle_cost",
    "held_idle_cost": "row.held_idle_cost",
    "empty_idle_cost": "row.empty_idle_cost",
    "unreserved_cost": "row.unreserved_cost",
    "unobserved_cost": "row.unobserved_cost",
}
_DATA = {"price": _per_hour, "active": _active_part}
NODES = Sorting(
    {"name": "name", "machine": "type", "last_seen": "row.last_seen"} | _MONEY,
    "idle_cost",
    ("name", "machine"),
    data={"name": _named} | _DATA,
)
HOLDERS = Sorting(
    {"name": "name", "experiment": "experiment", "team": "team"} | _MONEY,
    "idle_cost",
    ("name", "experiment", "team"),
    "holders",
    {"name": "workload"} | _DATA,
)
RUNS = Sorting(
    {
        "name": "name",
        "started_at": "started_at",
        "idle_for_hours": "idle_for_hours",
        "held_by": "held_by",
        "idle_cost": "idle_cost",
    },
    "idle_cost",
    ("name", "held_by"),
    "runs",
    {"name": _named},
)
CONSUMPTION = Sorting(
    {
        "name": "workload",
        "team": "team",
        "reserved_hours": "reserved_hours",
        "cost": "cost",
        "consumption_cost": "consumption_cost",
        "difference": "difference",
    },
    "consumption_cost",
    ("name", "team"),
    "consumption",
    {"name": "workload"},
)
