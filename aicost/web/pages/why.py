"""Why this number? One figure down to the rows of the file; a side panel, or a page of its own."""

from datetime import timedelta
from decimal import Decimal
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from aicost.kernel.money import plain
from aicost.kernel.periods import Period
from aicost.web import numbers
from aicost.web.ask import Ask, ask_of
from aicost.web.filters import label
from aicost.web.reasons import bill_reason, estimate_reason, margin_reason, unit_reason
from aicost.web.shell import for_people, frame
from aicost.web.sizes import is_large
from aicost.web.tables import DESCRIBED, LINE_NAMES
from attribution.reports.explain import ROWS_MAX, WEIGHT_UNITS, Explanation, Weight
from attribution.reports.explain_calls import CallsSeen, UnitPrices
from attribution.reports.explain_figures import Explained, Question, answer, at_of, charge_of
from attribution.reports.explain_steps import DAY, MONTH, Steps, stepped
from attribution.reports.explain_words import told
from attribution.reports.spec import CHARGE_DAYS_MAX

GPU_TIME = WEIGHT_UNITS["gpu_time"]
# Columns of a file row worth reading first, by name in FOCUS and in CUR; the rest follows.
START = ("ChargePeriodStart", "lineItem/UsageStartDate", "line_item_usage_start_date")
WHAT = ("ChargeDescription", "lineItem/UsageType", "SkuId", "line_item_usage_type")
DATES = ("from", "to", "period", "rows")
BILLED = ("BilledCost", "lineItem/UnblendedCost", "line_item_unblended_cost")


REASONS = {
    "unit_cost": ("parts/why_unit.html", unit_reason),
    "margin": ("parts/why_margin.html", margin_reason),
    "estimate": ("parts/why_estimate.html", estimate_reason),
    "reconciliation": ("parts/why_bill.html", bill_reason),
}


def question_of(request: HttpRequest, ask: Ask) -> Question:
    """What the address asks; `at=feature:search` names the figure, '' after the colon is "not
    set". Raises `BadSpec`."""
    params = request.GET
    return Question(
        figure=params.get("figure", "cost"),
        spec=ask.view.spec("cost", ask.asker, group_by=(), in_currency=""),
        at=at_of(params.getlist("at")),
        line=params.get("line", "owned"),
        column=params.get("column", ""),
        currency=params.get("currency") or None,
        charge=charge_of(params.get("charge")),
        rows=params.get("rows") == "1",
        with_charge=False,  # a link leads to the cost, and to its charges
    )


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
        "second": _second(weight),
        "ratio": numbers.percent_of(ratio, 2),
        "cost": weight.cost,
        "chosen": weight.chosen,
    }


def _second(weight: Weight) -> str:
    if weight.weight2 is None:
        return numbers.NOT_APPLICABLE
    whole = weight.total_weight2  # not told to whoever sees some teams
    mine = numbers.count(weight.weight2)
    return mine if whole is None else f"{mine} of {numbers.count(whole)}"


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


def _steps(asked: Question, step: str) -> Steps:
    return stepped(asked.spec, asked.at, line=asked.line, currency=asked.currency, step=step)


def frame_of(request: HttpRequest, ask: Ask, asked: Question, found: Explained | Steps) -> dict:
    """What the panels of all figures share."""
    return {
        "why": found,
        "period": numbers.period(ask.period, year=True),
        "basis": ask.view.basis,
        "address": request.get_full_path(),
        "back": f"{reverse('explore')}?{ask.view.query()}",
        "rows_asked": asked.rows,
    }


def cost_context(request: HttpRequest, asked: Question, found: Explanation) -> dict:
    """All the template of a cost needs, money still Decimal."""
    chosen = found.chosen
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
    context = {"heading": title(asked.at, asked.line), "lines": lines, "chosen": chosen}
    if chosen is None:
        return context
    return context | {
        "weight_unit": _unit(chosen.weight_unit),
        "rows_href": f"{address}&charge={chosen.line.day}:{chosen.line.charge_id}&rows=1",
        "weights": [_weight(w, chosen.weight_unit) for w in chosen.weights],
        "second_stage": any(w.weight2 is not None for w in chosen.weights),
        "calls": [_call(one) for one in chosen.calls],
        "prices": _prices(chosen.unit_prices),
        "quantity": "" if chosen.quantity is None else told(chosen.quantity),
        "rows": [_file_row(row) for row in chosen.rows[:ROWS_MAX]],
        "rows_more": len(chosen.rows) > ROWS_MAX,
    }


def _call(one: CallsSeen) -> dict:
    counts = [f"{numbers.count(one.requests)} inferences"] if one.requests is not None else []
    counts += [f"{numbers.count(n)} {name.replace('_', ' ')}" for name, n in one.tokens.items()]
    return {"call": one, "counts": ", ".join(counts) or "nothing counted"}


def _prices(found: UnitPrices | None) -> str:
    """ "32.7726 billed, 22.94082 effective", as exact as the ledger."""
    if found is None:
        return ""
    each = {"billed": found.billed, "effective": found.effective, "list": found.listed,
            "contracted": found.contracted}  # fmt: skip
    return ", ".join(f"{plain(cost)} {name}" for name, cost in each.items() if cost is not None)


def step_of(asked: Question) -> str:
    """month or day, where a figure of a large ledger stands on more charges than a page can read:
    those of more than a month, or everything there is of more than a day."""
    if asked.figure != "cost" or asked.charge or not is_large():
        return ""
    days = asked.spec.period.length_days
    if days > CHARGE_DAYS_MAX:
        return MONTH
    return DAY if days > 1 and asked.line == "total" and not asked.spec.filters else ""


def steps_context(request: HttpRequest, asked: Question, found: Steps) -> dict:
    """Each step with the address that asks why of its days."""
    pairs = [(k, v) for k, values in request.GET.lists() for v in values if k not in DATES]

    def address_of(span: Period) -> str:
        dates = [("from", str(span.start)), ("to", str(span.end - timedelta(days=1)))]
        return f"{reverse('why')}?{urlencode([*dates, *pairs])}"

    year = found.steps and found.steps[0].period.start.year != found.steps[-1].period.end.year
    steps = [
        {"name": numbers.period(one.period, year=year), "cost": one.cost,
         "href": address_of(one.period)}
        for one in found.steps
    ]  # fmt: skip
    return {"heading": title(asked.at, asked.line), "steps": steps}


@for_people
def page(request: HttpRequest) -> HttpResponse:
    """htmx asks for the panel alone; without JavaScript the same link opens a page. The rows of
    the kept file follow when they are asked for by `rows=1`."""
    ask = ask_of(request)
    asked = question_of(request, ask)
    step = step_of(asked)
    found = _steps(asked, step) if step else answer(asked)
    context = frame_of(request, ask, asked, found)
    if step:
        body, more = "parts/why_steps.html", steps_context(request, asked, found)
    elif asked.figure == "cost":
        body, more = "parts/why.html", cost_context(request, asked, found)
    else:
        body, build = REASONS[asked.figure]
        more = build(ask, asked.at, found)
    context |= more | {"body": body}
    if request.htmx:
        rows = asked.figure == "cost" and asked.rows and not step
        name = "parts/why_rows.html" if rows else body
        return render(request, name, context)
    return render(request, "pages/why.html", frame(request, "explore") | context)
