"""GPU time as its pages show it: one answer of report gpu, summed by node, by holder, in all."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date
from decimal import ROUND_CEILING, Decimal

from aicost.kernel.periods import Period
from aicost.web import numbers, spark
from aicost.web.ask import Ask
from aicost.web.figures import Stack
from aicost.web.parts import why_url
from aicost.web.tables import Line
from attribution.reports.spec import Answer

ZERO = Decimal(0)
NODE = ("node", "resource", "cluster")
HOLDER = ("workload", "experiment", "team")
IDLE = ("held_idle", "empty_idle", "unreserved")
STATES = {
    "active": ("Active", "s8", "did work, even if little"),
    "held_idle": ("Held idle", "s-idle", "reserved and loaded, no work"),
    "empty_idle": ("Empty idle", "s-empty-idle", "reserved, nothing loaded"),
    "unreserved": ("Unreserved", "s7", "nobody asked for it"),
    "unobserved": ("Unobserved", "s-unattributed", "billed, no telemetry"),
}
MEASURES = (
    "cost",
    "idle_cost",
    "gpu_hours",
    *(f"{state}_cost" for state in STATES),
    *(f"{state}_hours" for state in STATES),
)
FILTERS = (
    "source",
    "workload",
    "model",
    "feature",
    "experiment",
    "team",
    "environment",
    "activity",
)
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
LEVELS = 5


def asked(ask: Ask, group_by: Sequence[str] = (), **more) -> Answer:
    """The answer of report gpu. Unlike cost it knows nothing of spreading."""
    return ask.report("gpu", group_by=tuple(group_by), idle="shown", shared="shown", **more)


def by_node(ask: Ask) -> Answer:
    """By node and workload; of one node by all who held it."""
    if "resource" in ask.view.filters:
        return asked(ask, ("cluster", *HOLDER))
    return asked(ask, (*NODE, "workload"))


def gpu_rows(ask: Ask) -> list[dict]:
    """Rows by node and workload in the currency that costs most: what the page is summed of."""
    return in_one_currency(by_node(ask).rows)


def holder_rows(ask: Ask) -> list[dict]:
    return in_one_currency(asked(ask, HOLDER).rows)


def in_one_currency(rows: Iterable[dict]) -> list[dict]:
    """The rows of the currency that costs most, each with `idle_cost`, the three idle states."""
    rows = list(rows)
    sums: dict[str, Decimal] = {}
    for row in rows:
        sums[row["currency"]] = sums.get(row["currency"], ZERO) + row["cost"]
    most = max(sums, key=lambda c: abs(sums[c]), default="")
    return [
        row | {"idle_cost": sum((row[f"{s}_cost"] for s in IDLE), ZERO)}
        for row in rows
        if row["currency"] == most
    ]


def summed(rows: Iterable[dict], *names: str) -> list[dict]:
    """The rows summed over what is not named, most idle money first; without names one row, or
    none when there are no rows. `last_seen` is the last day of any."""
    found: dict[tuple, dict] = {}
    for row in rows:
        key = tuple(row[name] for name in names)
        if key not in found:
            found[key] = dict(zip(names, key, strict=True)) | dict.fromkeys(MEASURES, ZERO)
            found[key] |= {"currency": row["currency"], "last_seen": None}
            found[key]["machine"] = row["machine"]
        into = found[key]
        for name in MEASURES:
            into[name] += row[name]
        days = [day for day in (into["last_seen"], row["last_seen"]) if day]
        into["last_seen"] = max(days, default=None)
        if into["machine"] != row["machine"]:
            into["machine"] = ""
    return sorted(
        found.values(), key=lambda r: (-r["idle_cost"], -r["cost"], *(r[n] for n in names))
    )


def node_name(row: Mapping) -> str:
    return row["node"] or row["resource"] or "a node without a name"


def held_by(rows: Iterable[dict]) -> dict[str, str]:
    """resource -> the workload that had most of it reserved; "3 workloads" would hide the one."""
    most: dict[str, tuple[Decimal, str]] = {}
    for row in rows:
        reserved = row["active_hours"] + row["held_idle_hours"] + row["empty_idle_hours"]
        if row["workload"] and (reserved, row["workload"]) > most.get(row["resource"], (ZERO, "")):
            most[row["resource"]] = (reserved, row["workload"])
    return {resource: workload for resource, (_, workload) in most.items()}


def line(name: str, row: Mapping, **more) -> dict:
    """What templates/parts/gpu_cells.html shows of a row."""
    parts = [(css, row[f"{state}_cost"]) for state, (_, css, _) in STATES.items()]
    hours = row["gpu_hours"]
    return {
        "name": name,
        "row": row,
        "shares": spark.shares(parts, 100),
        "per_hour": row["cost"] / hours if hours else None,
        "hours": round(hours),
    } | more


def stacks(rows: Iterable[dict]) -> list[Stack]:
    """Money by state per step, from the useful to the unknown."""
    values: dict[str, dict[date, Decimal]] = {state: {} for state in STATES}
    for row in rows:
        for state, by_step in values.items():
            by_step[row["period"]] = by_step.get(row["period"], ZERO) + row[f"{state}_cost"]
    return [
        Stack(name, css, values[state])
        for state, (name, css, _) in STATES.items()
        if any(values[state].values())
    ]


def heat(rows: Iterable[dict]) -> dict:
    """Rows of gpu_idle_hours as a heatmap: {days: [{name, cells, total}], total, no_hour, scale}.
    A cell is {level 0 to 5, hour, cost}; rows and the part without an hour sum to `total`."""
    rows = list(rows)
    sums: dict[tuple, Decimal] = {}
    for row in rows:
        key = (row["weekday"], row["hour"])
        sums[key] = sums.get(key, ZERO) + row["idle_cost"]
    top = max((cost for (_, hour), cost in sums.items() if hour is not None), default=ZERO)
    days = []
    for number, name in enumerate(WEEKDAYS, 1):
        costs = [sums.get((number, hour), ZERO) for hour in range(24)]
        cells = [
            {"hour": hour, "cost": cost, "level": level(cost, top)}
            for hour, cost in enumerate(costs)
        ]
        days.append({"name": name, "cells": cells, "total": sum(costs, ZERO)})
    return {
        "days": days,
        "total": sum(sums.values(), ZERO),
        "no_hour": sum((c for (_, hour), c in sums.items() if hour is None), ZERO),
        "scale": [(n, top * n / LEVELS) for n in range(1, LEVELS + 1)] if top > 0 else [],
    }


def level(cost: Decimal, top: Decimal) -> int:
    """0 for nothing, else 1 to 5 in even steps up to the dearest cell."""
    if cost <= 0 or top <= 0:
        return 0
    return min(LEVELS, int((cost * LEVELS / top).to_integral_value(ROUND_CEILING)))


def why_idle(ask: Ask, resource: str, currency: str) -> str:
    """The address that says why this node's idle money is what it is."""
    return why_url(ask, Line(("idle", resource), (), "idle"), ("resource",), currency)


def span(row: Mapping) -> str:
    """ "17–26 Nov" for whole days, else from and to: "3 Nov, 05:00 to 07:00"."""
    start, end = row["started_at"].astimezone(UTC), row["ended_at"].astimezone(UTC)
    if start.hour == end.hour == 0:
        return numbers.period(Period(start.date(), end.date()))
    if start.date() != end.date():
        return f"{numbers.moment(start)} to {numbers.moment(end)}"
    return f"{numbers.moment(start)} to {end:%H:%M}"
