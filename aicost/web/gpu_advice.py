"""What to do about GPUs that idle: sentences with the money each would have saved or explained."""

from collections.abc import Iterable
from decimal import Decimal

from aicost.web import numbers
from aicost.web.gpu_time import node_name

ZERO = Decimal(0)
OF_DAYS_MAX = 4
SMALL = Decimal("0.005")


def of_days(rows: Iterable[dict]) -> list[dict]:
    """From report gpu_idle_days: machines that could have been off, the dearest first."""
    found = [row for row in rows if row["idle_days"]]
    found.sort(key=lambda row: -row["idle_days_cost"])
    return [
        {"row": row, "name": node_name(row), "text": _off(row), "cost": row["idle_days_cost"]}
        for row in found[:OF_DAYS_MAX]
    ]


def _off(row: dict) -> str:
    days, idle = row["days"], row["idle_days"]
    if idle == days:
        return f"did nothing on any of its {numbers.plural(days, 'day')}: stop it, or ask who waits"
    if idle == row["idle_weekend_days"]:
        weekends = numbers.plural(row["weekend_days"], "weekend day")
        return f"did nothing on {idle} of {weekends}: off at weekends"
    return f"did nothing on {idle} of {numbers.plural(days, 'day')}: stop it when its work is done"


def of_states(nodes: Iterable[dict], whole: Decimal) -> list[dict]:
    """The node with most unreserved and the one with most unobserved money, unless it is small."""
    nodes, found = list(nodes), []
    for state, text in (
        ("unreserved", "nobody asked for {} of it: share it, or take a smaller one"),
        ("unobserved", "no telemetry for {}: not idle but unobserved, mend its exporter"),
    ):
        row = max(nodes, key=lambda r: r[f"{state}_cost"], default=None)
        if row and row[f"{state}_cost"] > whole * SMALL:
            hours = numbers.plural(round(row[f"{state}_hours"]), "GPU-hour")
            told = {"row": row, "name": node_name(row), "text": text.format(hours)}
            found.append(told | {"cost": row[f"{state}_cost"]})
    return found


def weekends(rows: Iterable[dict], currency: str) -> str:
    """ "Off at weekends …": the money of the Saturdays and Sundays on which a machine was seen
    whole and never active (reference: docs/reports.md, gpu_idle_days)."""
    saved = sum((r["idle_weekends_cost"] for r in rows if r["currency"] == currency), ZERO)
    if saved <= 0:
        return ""
    return (
        f"Off on the Saturdays and Sundays on which they did nothing, these machines would have "
        f"saved {numbers.money(saved, currency)}, at the prices paid; a commitment goes on."
    )
