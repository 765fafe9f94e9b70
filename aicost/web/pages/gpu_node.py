"""One node: what of it was used, when it idled, who held it."""

from collections.abc import Iterable
from decimal import Decimal

from django.http import HttpRequest, HttpResponse

from aicost.web import gpu_sheets, numbers
from aicost.web.ask import Ask, ask_of
from aicost.web.gpu_panels import (
    PLAIN,
    days,
    days_figure,
    hours,
    key_figures,
    of_all,
    sees_whole_nodes,
    stretches,
    table,
    why_gpu,
)
from aicost.web.gpu_sorts import HOLDERS, RUNS
from aicost.web.gpu_time import (
    FILTERS,
    HOLDER,
    NODE,
    STATES,
    gpu_rows,
    line,
    summed,
)
from aicost.web.parts import OWN_RESIDUAL, STAMP, stamp, sum_of
from aicost.web.shell import Page, Panel, for_people, frame, render_page
from attribution.reports.explain_words import NoFigure
from ingest.models import ResourceMap

ZERO = Decimal(0)


def lead(ask: Ask) -> dict:
    rows = gpu_rows(ask)
    if not rows:
        text = " It was not billed as GPU time; choose another period."
        return {"parts": [("Nothing of this node stands in this period.", True), (text, False)]}
    (row,), currency = summed(rows), rows[0]["currency"]
    cost, idle = numbers.money(row["cost"], currency), numbers.money(row["idle_cost"], currency)
    parts = [
        (cost, True),
        (f" over {numbers.period(ask.period, year=True)}, of which ", False),
        (idle, True),
        (f" ({numbers.percent(row['idle_cost'], row['cost'])}) idled", False),
    ]
    held = [one for one in summed(rows, "workload") if one["workload"] and one["idle_cost"] > 0]
    if held:
        part = numbers.money(held[0]["idle_cost"], currency)
        part = "all" if held[0]["idle_cost"] == row["idle_cost"] else part
        parts.append((f"; {held[0]['workload']} held {part} of it", False))
    if row["last_seen"]:
        parts.append((f". Last seen {numbers.day_year(row['last_seen'])}", False))
    return {"parts": [*parts, (".", False)]}


def holders(ask: Ask) -> dict:
    rows = gpu_rows(ask)
    lines = [
        line(
            r["workload"] or "No workload",
            r,
            team=r["team"],
            experiment=r["experiment"],
            why=why_gpu(ask, r["currency"], **{name: (r[name],) for name in HOLDER}),
        )
        for r in summed(rows, *HOLDER)
    ]
    return table(rows, HOLDERS.rows(ask.view, lines), ask)


def facts(ask: Ask) -> dict:
    """What is known of the machine: (name, value)."""
    rows = gpu_rows(ask)
    resources = ", ".join(ask.view.filters.get("resource", ()))
    told = [("Instance", _values(rows, "machine")), ("Cluster", _values(rows, "cluster"))]
    return {"facts": [("Resource", resources or numbers.UNKNOWN), *told]}


def _values(rows: Iterable[dict], key: str) -> str:
    return ", ".join(sorted({row[key] for row in rows if row[key]})) or numbers.UNKNOWN


def runs(ask: Ask) -> dict:
    if not sees_whole_nodes(ask):
        return {"rows": []}
    return stretches(ask) | {"alone": True}


def node_stamp(ask: Ask) -> dict:
    return stamp(of_all(ask))


def node_residual(ask: Ask) -> dict:
    """The states of the node add up to what was billed for it as GPU time."""
    rows = gpu_rows(ask)
    if not rows:
        return {"of": "", "sums": []}
    (row,), currency = summed(rows), rows[0]["currency"]
    parts = [(name.lower(), row[f"{state}_cost"]) for state, (name, _, _) in STATES.items()]
    return {"of": "of this node", "sums": [sum_of(parts, row["cost"], currency)],
            "whole": "its GPU time"}  # fmt: skip


GPU_NODE = Page(
    slug="gpu_node",
    title="Node",
    panels=(
        Panel("stamp", STAMP.template, node_stamp),
        Panel("lead", "parts/lead.html", lead),
        Panel("facts", "parts/gpu_facts.html", facts),
        Panel("figures", "parts/gpu_figures.html", key_figures),
        Panel("days", "parts/gpu_days.html", days, days_figure, gpu_sheets.days,
              "Money by state"),
        Panel("hours", "parts/gpu_hours.html", hours, table=gpu_sheets.hours,
              title="When it idles"),
        Panel("runs", "parts/gpu_runs.html", runs, table=gpu_sheets.runs,
              title="Longest idle stretches", lazy=True, size="low", sorting=RUNS),
        Panel("holders", "parts/gpu_holders.html", holders, table=gpu_sheets.node_holders,
              title="Who held it", sorting=HOLDERS),
        Panel("residual", OWN_RESIDUAL, node_residual),
    ),
    picks=("period", "compare", "step", "basis"),
    filters=(*FILTERS, "resource"),
    under="gpus",
    needs="resource",
    asks=(),
)  # fmt: skip


def resources_of(ask: Ask, name: str) -> tuple[str, ...]:
    """The resources called so in the period, by the maps, or by the bill. Raises NoFigure."""
    rows = ask.report("gpu", **PLAIN | {"group_by": NODE}).rows
    found = {row["resource"] for row in rows if name in (row["node"], row["resource"])}
    if not found:
        mapped = ResourceMap.objects.filter(node=name) | ResourceMap.objects.filter(
            resource_id=name
        )
        found = set(mapped.values_list("resource_id", flat=True))
    if not found:
        raise NoFigure(f"no node is called {name[:80]!r} in this period")
    return tuple(sorted(found))


@for_people
def page(request: HttpRequest, name: str) -> HttpResponse:
    ask = of_all(ask_of(request))
    ask = GPU_NODE.scoped(ask)
    filters = {**ask.view.filters, "resource": resources_of(ask, name)}
    fleet = of_all(ask).view.query()
    # The resource is what the page is of: it is no chip, and no link takes it along.
    own = frame(request, "gpus", fleet) | {"heading": name, "fleet": fleet, "chips": []}
    return render_page(request, GPU_NODE, ask.with_view(filters=filters), **own)
