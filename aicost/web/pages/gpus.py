"""GPU time: what was paid for and not used, on which node, and who holds it."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from django.http import HttpRequest, HttpResponse

from aicost.web import numbers, spark
from aicost.web.ask import Ask, ask_of
from aicost.web.exports import csv_of
from aicost.web.parts import RESIDUAL, STAMP, Figure, against, money_figure, why_url
from aicost.web.reasons import address
from aicost.web.shell import Page, Panel, for_people
from aicost.web.tables import Line
from attribution.models import AllocationRule

ZERO = Decimal(0)
ROWS_MAX = 40
BY_NODE = ("node", "resource", "instance_type")
BY_HOLDER = ("workload", "experiment", "team")
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
IDLE = ("held_idle", "empty_idle", "unreserved")
STATES = {
    "active": ("Active", "s8", "did work, even if little"),
    "held_idle": ("Held idle", "s-idle", "reserved and loaded, no work"),
    "empty_idle": ("Empty idle", "s-empty-idle", "reserved, nothing loaded"),
    "unreserved": ("Unreserved", "s7", "nobody asked for it"),
    "unobserved": ("Unobserved", "s-unattributed", "billed, no telemetry"),
}


def gpu_rows(ask: Ask, group_by: Sequence[str] = ()) -> list[dict]:
    """Rows of report gpu in the currency that costs most; each with `idle_cost`, the three idle
    states together. Unlike cost it knows nothing of spreading."""
    answer = ask.report("gpu", group_by=tuple(group_by), idle="shown", shared="shown")
    return in_one_currency(answer.rows)


def in_one_currency(rows: Iterable[dict]) -> list[dict]:
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


def lead(ask: Ask) -> dict:
    found = gpu_rows(ask)
    if not found:
        text = " Add GPU telemetry and a resource map under Add data, or choose another period."
        return {"parts": [("No GPU time is known in this period.", True), (text, False)]}
    row = found[0]
    currency = row["currency"]
    parts = [
        ("Of ", False),
        (numbers.money(row["cost"], currency), True),
        (" of GPU capacity, ", False),
        (numbers.money(row["idle_cost"], currency), True),
        (f" ({numbers.percent(row['idle_cost'], row['cost'])}) was paid for and not used", False),
    ]
    nodes = sorted(gpu_rows(ask, BY_NODE), key=lambda r: -r["idle_cost"])[:2]
    most = sum((r["idle_cost"] for r in nodes), ZERO)
    if len(nodes) == 2 and row["idle_cost"] > 0:
        share = numbers.percent(most, row["idle_cost"], 0)
        names = " and ".join(_node(r) for r in nodes)
        parts.append((f". {share} of it stands on {names}", False))
    return {"parts": [*parts, (".", False)]}


def _node(row: dict) -> str:
    return row["node"] or row["resource"] or "a node without a name"


def key_figures(ask: Ask) -> dict:
    """One figure a state, with its share and hours; a bar of all of them below."""
    found = gpu_rows(ask)
    if not found:
        return {"figures": [Figure("GPU time", "no data", word=True)]}
    row, final = found[0], ask.report("gpu", group_by=(), idle="shown", shared="shown").final
    was = in_one_currency(ask.rows_before("gpu", group_by=(), idle="shown", shared="shown") or [])
    cards = []
    for state, (name, _, _) in STATES.items():
        cost, hours = row[f"{state}_cost"], row[f"{state}_hours"]
        share = numbers.percent(cost, row["cost"])
        under = [(share, f"of GPU cost, {numbers.count(round(hours))} GPU-h", False)]
        if was and was[0]["currency"] == row["currency"]:
            before = was[0][f"{state}_cost"]
            under.append((numbers.grown(cost, before), against(ask), False))
        why = _why(ask, row["currency"], state=(state,)) if cost else ""
        cards.append(
            money_figure(name, cost, row["currency"], final=final, under=tuple(under), why=why)
        )
    parts = [(css, row[f"{state}_cost"]) for state, (_, css, _) in STATES.items()]
    return {
        "figures": cards,
        "shares": spark.shares(parts),
        "legend": [(f"{name}: {what}", css) for name, css, what in STATES.values()],
    }


def _line(name: str, row: dict, **more) -> dict:
    parts = [(css, row[f"{state}_cost"]) for state, (_, css, _) in STATES.items()]
    hours = row["gpu_hours"]
    return {
        "name": name,
        "row": row,
        "shares": spark.shares(parts, 100),
        "per_hour": row["cost"] / hours if hours else None,
        "hours": round(hours),
    } | more


def _summed(rows: Sequence[dict]) -> dict:
    names = ["cost", "idle_cost", "gpu_hours", *(f"{state}_cost" for state in STATES)]
    return {name: sum((row[name] for row in rows), ZERO) for name in names}


def _table(rows: list[dict], lines: list[dict], ask: Ask) -> dict:
    total = _summed(rows)
    shown = lines[:ROWS_MAX]
    rest = [line["row"] for line in lines[ROWS_MAX:]]
    if rest:
        shown.append(_line(f"{len(rest)} others", _summed(rest)))
    return {
        "lines": shown,
        "total": _line("Total", total, why=_why(ask, rows[0]["currency"])) if rows else None,
        "currency": rows[0]["currency"] if rows else "",
        "period": numbers.period(ask.period),
    }


def nodes(ask: Ask) -> dict:
    """Every node that was billed, the one with most idle money first."""
    rows = sorted(gpu_rows(ask, BY_NODE), key=lambda r: (-r["idle_cost"], -r["cost"], _node(r)))
    lines = [
        _line(
            _node(r),
            r,
            type=r["instance_type"],
            why=_why(ask, r["currency"], resource=(r["resource"],)),
            why_idle=_why_idle(ask, r) if r["idle_cost"] else "",
        )
        for r in rows
    ]
    return _table(rows, lines, ask)


def _why(ask: Ask, currency: str, **of: tuple[str, ...]) -> str:
    """The address that says why GPU time costs what it does: the charges its rules claimed, of
    `of`; not spread, since the page is not."""
    keys = AllocationRule.objects.filter(method="gpu_time").values_list("key", flat=True)
    filters = of | {"rule": tuple(sorted(set(keys)))}
    view = {"idle": "shown", "shared": "shown", "long": True}
    return address(ask, line="total", currency=currency, filters=filters, **view)


def _why_idle(ask: Ask, row: dict) -> str:
    """The address that says why this node's idle money is what it is."""
    line = Line(("idle", row["resource"]), (), "idle")
    return why_url(ask, line, ("resource",), row["currency"])


def holders(ask: Ask) -> dict:
    """Who reserved what idles; unreserved and unobserved time has no workload."""
    rows = gpu_rows(ask, BY_HOLDER)
    rows.sort(key=lambda r: (-r["idle_cost"], -r["cost"], r["workload"], r["team"]))
    lines = [
        _line(r["workload"] or "No workload", r, team=r["team"], experiment=r["experiment"])
        for r in rows
    ]
    return _table(rows, lines, ask)


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
    measures = ("cost", "consumption_cost", "difference", "reserved_hours")
    total = {name: sum((row[name] for row in rows), ZERO) for name in measures}
    rest = lines[ROWS_MAX:]
    if rest:
        summed = {name: sum((row[name] for row in rest), ZERO) for name in measures}
        lines = [*lines[:ROWS_MAX], {"name": f"{len(rest)} others", **summed}]
    return {
        "lines": lines,
        "total": total | {"name": "Total"},
        "currency": currency,
        "told": any(row["consumption_basis"] in ("process", "mixed") for row in rows),
    }


@for_people
def csv(request: HttpRequest) -> HttpResponse:
    """The nodes of the page, unrounded."""
    return csv_of(request, GPUS.scoped(ask_of(request)), "gpu", group_by=BY_NODE)


GPUS = Page(
    slug="gpus",
    title="GPU time",
    panels=(
        STAMP,
        Panel("lead", "parts/lead.html", lead),
        Panel("figures", "parts/gpu_figures.html", key_figures),
        Panel("nodes", "parts/gpu_nodes.html", nodes),
        Panel("holders", "parts/gpu_holders.html", holders),
        Panel("consumption", "parts/gpu_consumption.html", consumption),
        RESIDUAL,
    ),
    picks=("period", "compare", "basis"),
    filters=FILTERS,
    export="gpus_csv",
)
