"""Why this number? One figure down to the rows of the file; a side panel, or a page of its own."""

from datetime import date
from decimal import Decimal
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from aicost.web import numbers
from aicost.web.ask import Ask, ask_of
from aicost.web.filters import is_dimension, label
from aicost.web.shell import for_people, frame
from aicost.web.tables import DESCRIBED, LINE_NAMES
from attribution.reports.explain import ROWS_MAX, WEIGHT_UNITS, Explanation, Weight, explain
from attribution.reports.spec import TAG, BadSpec

LINES = ("owned", "workload", "shared", "idle", "unattributed", "total")
GPU_TIME = WEIGHT_UNITS["gpu_time"]
# Columns of a file row worth reading first, by name in FOCUS and in CUR; the rest follows.
START = ("ChargePeriodStart", "lineItem/UsageStartDate", "line_item_usage_start_date")
WHAT = ("ChargeDescription", "lineItem/UsageType", "SkuId", "line_item_usage_type")
BILLED = ("BilledCost", "lineItem/UnblendedCost", "line_item_unblended_cost")


def dimensions_of(request: HttpRequest) -> dict[str, str]:
    """What names the figure: `at=feature:search` pairs; '' after the colon is "not set"."""
    found = {}
    for pair in request.GET.getlist("at"):
        name, colon, value = pair.partition(":")
        if name == TAG[:-1]:
            key, colon, value = value.partition(":")
            name = TAG + key
        if not colon or not is_dimension(name):
            raise BadSpec(f"at={pair} is not known: write dimension:value")
        found[name] = value
    return found


def line_of(request: HttpRequest) -> str:
    line = request.GET.get("line", "owned")
    if line not in LINES:
        raise BadSpec(f"line={line} is not known: take one of {', '.join(LINES)}")
    return line


def charge_of(request: HttpRequest) -> tuple[date, int] | None:
    """`charge=2026-11-14:123`, the charge whose weights are shown, or None for the largest."""
    given = request.GET.get("charge")
    if not given:
        return None
    day, _, number = given.partition(":")
    try:
        return date.fromisoformat(day), int(number)
    except ValueError as error:
        raise BadSpec(f"charge={given} is not known: write YYYY-MM-DD:number") from error


def title(at: dict[str, str], line: str) -> str:
    """The name of the figure: its values, or the line it stands on."""
    if line == "total":
        return "All cost"
    named = [DESCRIBED.get(v, v) or f"no {label(k).lower()}" for k, v in at.items()]
    return ", ".join(filter(None, [LINE_NAMES.get(line, ""), *named])) or "All cost"


def _amount(weight: int, unit: str) -> str:
    """GPU time is weighed in milliseconds and read in seconds."""
    if unit != GPU_TIME:
        return numbers.count(weight)
    seconds = Decimal(weight) / 1000
    return f"{seconds:,.3f}".rstrip("0").rstrip(".")


def _weight(weight: Weight, unit: str) -> dict:
    named = [value for value in weight.dimensions.values() if value]
    state = DESCRIBED.get(weight.state, weight.state)
    ratio = None if weight.ratio is None else weight.ratio * 100
    return {
        "target": ", ".join(dict.fromkeys(named)) or state,
        "state": state,
        "weight": _amount(weight.weight, unit),
        "second": ""
        if weight.weight2 is None
        else f"{numbers.count(weight.weight2)} of {numbers.count(weight.total_weight2)}",
        "ratio": numbers.percent_of(ratio, 2),
        "cost": weight.cost,
        "chosen": weight.chosen,
    }


def _first(columns: dict, names: tuple[str, ...]) -> str:
    lower = {name.casefold(): value for name, value in columns.items()}
    return next((lower[n.casefold()] for n in names if lower.get(n.casefold())), "")


def _unit(unit: str) -> str:
    return "GPU-seconds" if unit == GPU_TIME else unit.capitalize() or "Weight"


def _file_row(row: dict) -> dict:
    columns = row["columns"]
    return {
        "file": row["file"],
        "sha256": row["sha256"],
        "line": numbers.count(row["line"]),
        "start": _first(columns, START),
        "what": _first(columns, WHAT),
        "billed": _first(columns, BILLED),
        "columns": sorted(columns.items()),
    }


def context_of(request: HttpRequest, ask: Ask, found: Explanation) -> dict:
    """All the template needs, money still Decimal."""
    chosen, line = found.chosen, line_of(request)
    pairs = [
        (k, v) for k, values in request.GET.lists() for v in values if k not in ("charge", "rows")
    ]
    address = f"{reverse('why')}?{urlencode(pairs)}"
    lines = [
        {
            "line": one,
            "href": f"{address}&charge={one.day}:{one.charge_id}",
            "followed": chosen is not None and chosen.line.charge_id == one.charge_id,
            "ratio": numbers.percent(one.part, one.charged),
        }
        for one in found.lines
    ]
    rows_href = ""
    if chosen is not None:
        rows_href = f"{address}&charge={chosen.line.day}:{chosen.line.charge_id}&rows=1"
    rows = [_file_row(row) for row in chosen.rows[:ROWS_MAX]] if chosen else []
    return {
        "why": found,
        "heading": title(dimensions_of(request), line),
        "period": numbers.period(ask.period, year=True),
        "basis": ask.view.basis,
        "address": request.get_full_path(),
        "back": f"{reverse('explore')}?{ask.view.query()}",
        "lines": lines,
        "chosen": chosen,
        "weight_unit": _unit(chosen.weight_unit) if chosen else "",
        "rows_href": rows_href,
        "weights": [_weight(w, chosen.weight_unit) for w in chosen.weights] if chosen else [],
        "second_stage": chosen is not None and any(w.weight2 is not None for w in chosen.weights),
        "rows": rows,
        "rows_more": chosen is not None and len(chosen.rows) > ROWS_MAX,
    }


@for_people
def page(request: HttpRequest) -> HttpResponse:
    """htmx asks for the panel alone; without JavaScript the same link opens a page. Reading the
    kept file takes seconds, so its rows follow when they are asked for by `rows=1`."""
    rows = request.GET.get("rows") == "1"
    ask = ask_of(request)
    spec = ask.view.spec("cost", ask.asker, group_by=())
    found = explain(
        spec,
        dimensions_of(request),
        line=line_of(request),
        currency=request.GET.get("currency"),
        charge=charge_of(request),
        with_rows=rows,
    )
    context = context_of(request, ask, found) | {"rows_asked": rows}
    if request.htmx:
        name = "parts/why_rows.html" if rows else "parts/why.html"
        return render(request, name, context)
    return render(request, "pages/why.html", frame(request, "explore") | context)
