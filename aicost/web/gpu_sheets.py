"""What the pages of GPU time show, to take away: the rows of their panels, unrounded."""

from aicost.web.ask import Ask
from aicost.web.gpu_panels import PLAIN, idle_hours, idle_runs, sees_whole_nodes, steps
from aicost.web.gpu_time import (
    HOLDER,
    NODE,
    STATES,
    asked,
    by_node,
    gpu_rows,
    holder_rows,
    summed,
)
from attribution.reports.gpu_idle import run_columns
from attribution.reports.sheets import Sheet, sheet_of, sheet_of_answer

HOURS = tuple(f"{state}_hours" for state in STATES)
COSTS = tuple(f"{state}_cost" for state in STATES)
OF_HOLDERS = (*HOLDER, "currency", "gpu_hours", "cost", "idle_cost", *COSTS)
CONSUMPTION = (
    "workload", "team", "currency", "cost", "consumption_cost", "difference", "reserved_hours",
    "consumption_basis", "gr_percent", "sm_percent",
)  # fmt: skip


def days(ask: Ask) -> Sheet:
    """Money and hours by state, a row a step."""
    columns = ("period", "currency", "gpu_hours", *HOURS, "cost", "idle_cost", *COSTS)
    answer = asked(ask, granularity=ask.view.granularity)
    return sheet_of("Money by state", answer, columns, steps(ask))


def hours(ask: Ask) -> Sheet:
    """A row a weekday and hour; without an hour what no telemetry tells the hour of."""
    answer = ask.report("gpu_idle_hours", **PLAIN)
    return sheet_of("When GPUs idle", answer, answer.columns, idle_hours(ask))


def runs(ask: Ask) -> Sheet:
    """Without rows for whoever sees a part of each node, as on the page."""
    title = "Longest idle stretches"
    if not sees_whole_nodes(ask):
        nothing = by_node(ask)
        return sheet_of(title, nothing, run_columns(nothing.spec), ())
    return sheet_of_answer(title, idle_runs(ask))


def nodes(ask: Ask) -> Sheet:
    columns = (*NODE, "machine", "currency", *HOURS, "gpu_hours", "cost", "idle_cost", *COSTS,
               "last_seen")  # fmt: skip
    return sheet_of("Nodes", by_node(ask), columns, summed(gpu_rows(ask), *NODE))


def holders(ask: Ask) -> Sheet:
    return sheet_of("Who holds it", asked(ask, HOLDER), OF_HOLDERS,
                    summed(holder_rows(ask), *HOLDER))  # fmt: skip


def node_holders(ask: Ask) -> Sheet:
    """Who held the one node of the page."""
    return sheet_of("Who held it", by_node(ask), OF_HOLDERS, summed(gpu_rows(ask), *HOLDER))


def consumption(ask: Ask) -> Sheet:
    answer = ask.report("gpu_consumption", **PLAIN | {"group_by": ("workload", "team")})
    return sheet_of("By consumption", answer, CONSUMPTION, answer.rows)
