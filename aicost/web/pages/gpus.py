"""GPU efficiency: what was paid for and not used, when, on which node, and who holds it."""

from decimal import Decimal

from django.http import HttpRequest, HttpResponse

from aicost.web import gpu_advice, gpu_sheets, numbers
from aicost.web.ask import Ask, ask_of
from aicost.web.colours import colour
from aicost.web.exports import csv_of
from aicost.web.gpu_panels import (
    PLAIN,
    ROWS_MAX,
    days,
    days_figure,
    hours,
    key_figures,
    node_url,
    sees_whole_nodes,
    stretches,
    table,
    why_gpu,
)
from aicost.web.gpu_sorts import CONSUMPTION, HOLDERS, NODES, RUNS
from aicost.web.gpu_time import (
    FILTERS,
    HOLDER,
    NODE,
    gpu_rows,
    held_by,
    holder_rows,
    line,
    node_name,
    summed,
    why_idle,
)
from aicost.web.parts import RESIDUAL_LATER, STAMP
from aicost.web.shell import Page, Panel, for_people
from aicost.web.sizes import is_large
from aicost.web.tables import blocks, pool_name
from attribution.classify import gpus_by_instance_type

ZERO = Decimal(0)


def lead(ask: Ask) -> dict:
    """Which of my GPUs idle, and what does it cost."""
    rows = gpu_rows(ask)
    if not rows:
        text = " Add GPU telemetry and a resource map under Add data, or choose another period."
        return {"parts": [("No GPU time is known in this period.", True), (text, False)]}
    (row,), currency = summed(rows), rows[0]["currency"]
    parts = [
        ("Of ", False),
        (numbers.money(row["cost"], currency), True),
        (" of GPU capacity, ", False),
        (numbers.money(row["idle_cost"], currency), True),
        (f" ({numbers.percent(row['idle_cost'], row['cost'])}) was paid for and not used", False),
    ]
    nodes = [one for one in summed(rows, *NODE) if one["idle_cost"] > 0]
    if nodes:
        holders = held_by(rows)
        parts.append((". Most idle: ", False))
        for n, one in enumerate(nodes[:2]):
            held = holders.get(one["resource"])
            parts += [
                (" and " if n else "", False),
                (f"{node_name(one)} {numbers.money(one['idle_cost'], currency)}", True),
                (f", held by {held}" if held else "", False),
            ]
    return {"parts": [*parts, (".", False)]}


def relation(ask: Ask) -> dict:
    """One sentence that ties idle here to idle elsewhere."""
    rows = gpu_rows(ask)
    if not rows:
        return {"told": ""}
    (row,) = summed(rows)
    return {"told": _related(ask, row["idle_cost"], row["currency"])}


def _related(ask: Ask, idle: Decimal, currency: str) -> str:
    """How idle GPU time and all idle of the other pages are one (aicost.web.idle)."""
    rows = ask.report("cost", group_by=("feature",), idle="shown", shared="shown").rows
    block = next((b for b in blocks(rows, ("feature",), colour=colour) if b.currency == currency),
                 None)  # fmt: skip
    if block is None:
        return ""
    own, pool = block.total.idle_cost, block.of("idle")

    def money(amount):
        return numbers.money(amount, currency)

    told = (
        f"All idle {money(own + pool)}, as on Overview: own idle {money(own)} inside the rows of "
        f"its features, {money(pool)} on the line {pool_name('idle', 'feature')}. "
        f"GPU idle, held, empty or unreserved, is {money(idle)}"
    )
    rest = own + pool - idle
    if not rest:
        return f"{told}, all of it."
    return f"{told} of it; {money(rest)} are unused commitments and machines without GPUs."


def advice(ask: Ask) -> dict:
    rows = gpu_rows(ask)
    if not rows:
        return {"items": [], "scoped": False}
    (total,), currency = summed(rows), rows[0]["currency"]
    items = gpu_advice.of_states(summed(rows, *NODE), total["cost"])
    off = ""
    if sees_whole_nodes(ask):
        found = [r for r in ask.report("gpu_idle_days", **PLAIN).rows if r["currency"] == currency]
        items = gpu_advice.of_days(found) + items
        off = gpu_advice.weekends(found, currency)
    for item in items:
        item["page"] = node_url(ask, item["row"])
    return {"items": items, "off": off, "currency": currency, "period": numbers.period(ask.period)}


def runs(ask: Ask) -> dict:
    if not sees_whole_nodes(ask):
        return {"rows": []}
    return stretches(ask)


def nodes(ask: Ask) -> dict:
    """Every node that was billed, the one with most idle money first."""
    rows = gpu_rows(ask)
    holders, types = held_by(rows), gpus_by_instance_type()
    lines = [
        line(
            node_name(r),
            r,
            type=r["machine"],
            gpus=types.get(r["machine"].lower()),
            holder=holders.get(r["resource"], ""),
        )
        for r in summed(rows, *NODE)
    ]
    shown = table(rows, NODES.rows(ask.view, lines), ask)
    for one in shown["lines"]:
        if "resource" in one["row"]:  # the line of the others leads nowhere
            _add_addresses(ask, one)
    return shown | {"short": True}


def _add_addresses(ask: Ask, shown: dict) -> None:
    """Where a line of a node leads to: of many nodes most are not shown."""
    row = shown["row"]
    shown["page"] = node_url(ask, row)
    shown["why"] = why_gpu(ask, row["currency"], resource=(row["resource"],))
    if row["idle_cost"]:
        shown["why_idle"] = why_idle(ask, row["resource"], row["currency"])


def holders(ask: Ask) -> dict:
    """Who reserved what idles; unreserved and unobserved time has no workload."""
    rows = holder_rows(ask)
    lines = [
        line(r["workload"] or "No workload", r, team=r["team"], experiment=r["experiment"])
        for r in summed(rows, *HOLDER)
    ]
    return table(rows, HOLDERS.rows(ask.view, lines), ask)


BASIS_WORDS = {
    "process": "own activity",
    "alone": "had whole GPUs",
    "reservation": "reserved share",
    "mixed": "partly own activity",
    "": "",
}


def consumption(ask: Ask) -> dict:
    """The same money by what was consumed: a view beside the ledger, which goes by reservation."""
    group_by = ("workload", "team")
    rows = ask.report("gpu_consumption", group_by=group_by, idle="shown", shared="shown").rows
    sums: dict[str, Decimal] = {}
    for row in rows:
        sums[row["currency"]] = sums.get(row["currency"], ZERO) + row["cost"]
    currency = max(sums, key=lambda c: abs(sums[c]), default="")
    rows = [row for row in rows if row["currency"] == currency]
    rows.sort(key=lambda r: (-r["consumption_cost"], -r["cost"], r["workload"], r["team"]))
    lines = [
        row
        | {
            "name": row["workload"] or "No workload",
            "by": BASIS_WORDS[row["consumption_basis"]],
        }
        for row in rows
    ]
    lines = CONSUMPTION.rows(ask.view, lines)
    measures = ("cost", "consumption_cost", "difference", "reserved_hours")
    total = {name: sum((row[name] for row in rows), ZERO) for name in measures}
    # What both views say alike is one counted line, with its names folded below.
    differing = [x for x in lines if x["difference"]]
    alike, shown = [x for x in lines if not x["difference"]], differing[:ROWS_MAX]
    named = f"{len(alike)} on which both agree"
    for name, rest in ((f"{len(differing) - ROWS_MAX} others", differing[ROWS_MAX:]),
                       (named, alike)):  # fmt: skip
        if rest:
            over = {one: sum((row[one] for row in rest), ZERO) for one in measures}
            shown.append({"name": name, **over})
    return {
        "lines": shown,
        "alike": alike,
        "alike_named": named,
        "total": total | {"name": "Total"},
        "currency": currency,
        "told": any(row["consumption_basis"] in ("process", "mixed") for row in rows),
    }


@for_people
def csv(request: HttpRequest) -> HttpResponse:
    """The nodes of the page, unrounded."""
    return csv_of(request, GPUS.scoped(ask_of(request)), "gpu", group_by=NODE)


GPUS = Page(
    slug="gpus",
    title="GPU efficiency",
    panels=(
        STAMP,
        Panel("lead", "parts/lead.html", lead),
        Panel("figures", "parts/gpu_figures.html", key_figures),
        Panel("relation", "parts/gpu_relation.html", relation, title="All idle", lazy=is_large,
              size="low"),
        Panel("days", "parts/gpu_days.html", days, days_figure, gpu_sheets.days,
              "Money by state", lazy=True),
        Panel("hours", "parts/gpu_hours.html", hours, table=gpu_sheets.hours,
              title="When GPUs idle"),
        Panel("advice", "parts/gpu_advice.html", advice),
        Panel("nodes", "parts/gpu_nodes.html", nodes, table=gpu_sheets.nodes, title="Nodes",
              sorting=NODES),
        Panel("runs", "parts/gpu_runs.html", runs, table=gpu_sheets.runs,
              title="Longest idle stretches", lazy=True, size="low", sorting=RUNS),
        Panel("holders", "parts/gpu_holders.html", holders, table=gpu_sheets.holders,
              title="Who holds it", lazy=True, sorting=HOLDERS),
        Panel("consumption", "parts/gpu_consumption.html", consumption,
              table=gpu_sheets.consumption, title="By consumption", lazy=True, sorting=CONSUMPTION),
        RESIDUAL_LATER,
    ),
    picks=("period", "compare", "step", "basis"),
    filters=FILTERS,
    export="gpus_csv",
)  # fmt: skip
