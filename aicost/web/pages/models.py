"""Models: every model with its cost, what a call and a token of it cost, and how good it is."""

from dataclasses import replace
from decimal import Decimal
from functools import partial

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from aicost.web import model_sheets, numbers, spark
from aicost.web.ask import Ask, ask_of
from aicost.web.colours import colour
from aicost.web.frontier import score_text
from aicost.web.idle import add_idle
from aicost.web.parts import RESIDUAL, STAMP, cost_blocks, residual, whole_steps, why_url
from aicost.web.qualities import best_of, gained, planes, standing, version_name
from aicost.web.reasons import address
from aicost.web.shell import Page, Panel, for_people, render_page
from aicost.web.sizes import is_large
from aicost.web.sorting import LINE, Sorting, growth_of
from aicost.web.tables import Block, blocks, shorten
from aicost.web.units import Unit, keyed, per_thousand, unit_rows
from aicost.web.weekly import weeks
from attribution.reports.sheets import Sheet, sheet_of

BY_MODEL = ("model",)
SORTS = Sorting(
    {
        **LINE,
        "requests": "unit.requests",
        "marginal_cost_per_inference": "unit.marginal",
        "loaded_cost_per_inference": "unit.loaded",
        "marginal_cost_per_million_tokens": "unit.row.marginal_cost_per_million_tokens",
        "loaded_cost_per_million_tokens": "unit.row.loaded_cost_per_million_tokens",
        "score": "page.value",
    },
    "cost",
    data={"share_percent": "cost", "change_percent": growth_of},
)
ZERO = Decimal(0)
GAINS = Sorting(
    {
        "name": "model",
        "leads_since": "row.leads_since",
        "gained_points": "row.gained_points",
        "gain_cost_per_month": "row.gain_cost_per_month",
        "gain_cost_per_point": "row.gain_cost_per_point",
    },
    table="gains",
    data={"name": "model"},
)
ROWS_MAX = 80
UNIT_FILTERS = ("model", "feature", "workload", "experiment", "team", "environment")
UNIT_COLUMNS = (
    "requests", "marginal_cost_per_inference", "loaded_cost_per_inference",
    "marginal_cost_per_million_tokens", "loaded_cost_per_million_tokens",
)  # fmt: skip


def units(ask: Ask) -> list[Unit]:
    return unit_rows(ask, BY_MODEL, compared=False)


def lead(ask: Ask) -> dict:
    named = [u for u in units(ask) if u.name and u.loaded is not None]
    if not named:
        text = " Add calls and telemetry under Add data; a bill alone knows no models."
        return {
            "parts": [
                ("No model has both inferences and cost in this period.", True),
                (text, False),
            ]
        }
    dear = max(named, key=lambda u: u.loaded)
    cheap = min(named, key=lambda u: u.loaded)
    parts = [
        (f"{numbers.plural(len(named), 'model')} answered. One thousand inferences cost ", False),
        (per_thousand(dear.loaded, dear.currency), True),
        (f" on {dear.name}", False),
    ]
    if cheap is not dear:
        parts += [(" and ", False), (per_thousand(cheap.loaded, cheap.currency), True)]
        parts.append((f" on {cheap.name}, with their own idle time", False))
    return {"parts": [*parts, (".", False)]}


def table(ask: Ask) -> dict:
    """Every line of cost by model with unit costs, quality and twelve weeks on one scale."""
    found = [shorten(block, ROWS_MAX) for block in cost_blocks(ask, BY_MODEL)]
    by_name = keyed(units(ask))
    best = best_of(ask)
    add_idle(ask, found)
    _add_sparks(ask, found)
    for block in found:
        for line in [*block.lines, block.total]:
            if line.line != "other":
                line.why = why_url(ask, line, BY_MODEL, block.currency)
            if line.line == "owned":
                name = line.key[1]
                line.unit = by_name.get((name, block.currency))
                line.drill = model_url(ask, name)
                line.unit_why = unit_why(ask, name, block.currency)
                line.page = _quality_cell(best.get(name))
    found = SORTS.blocks(ask.view, found)
    unpaid = [u for u in by_name.values() if u.name and not u.currency]
    return {"blocks": found, "period": numbers.period(ask.period), "unpaid": unpaid,
            "tokens": any(u.row["tokens"] for u in by_name.values())}  # fmt: skip


def _quality_cell(told: tuple | None) -> dict | None:
    if told is None:
        return None
    row, plane = told
    return {"value": row["score"], "score": score_text(row["score"]), "on": plane.on,
            "measure": plane.measure,
            "standing": standing(row), "version": version_name(row)}  # fmt: skip


def _add_sparks(ask: Ask, found: list[Block]) -> None:
    """Cost per week; one scale for all models, the total on its own."""
    span = weeks(ask)
    answer = ask.report("cost", group_by=BY_MODEL, period=span, granularity="week")
    weekly = {b.currency: b for b in blocks(answer.rows, BY_MODEL, colour=colour)}
    shown = whole_steps(ask, span, "week")
    for block in found:
        series = weekly.get(block.currency)
        if series is None:
            continue
        by_key = {line.key: line.by_period for line in series.lines}
        top = max((v for line in series.lines for v in line.by_period.values()), default=ZERO)
        for line in block.lines:
            line.spark = _spark(by_key.get(line.key, {}), shown, top)
        own = series.total.by_period
        block.total.spark = _spark(own, shown, max(own.values(), default=ZERO))


def _spark(by_period: dict, steps: list, top: Decimal) -> dict | None:
    path = spark.points([by_period.get(step, ZERO) for step in steps], top)
    return {"points": path, "end": spark.last_point(path)} if path else None


def unit_why(ask: Ask, name: str, currency: str) -> dict[str, str]:
    """Why one inference of a model costs what it does: kind -> address."""
    asked = {"figure": "unit_cost", "at": [("model", name)], "currency": currency}
    return {
        kind: address(ask, column=f"{kind}_cost_per_inference", **asked)
        for kind in ("marginal", "loaded")
    }


def model_url(ask: Ask, name: str) -> str:
    query = ask.once(_other_filters)
    return reverse("model", args=[name]) + (f"?{query}" if query else "")


def _other_filters(ask: Ask) -> str:
    kept = {k: v for k, v in ask.view.filters.items() if k != "model"}
    return ask.view.query(filters=kept, group_by=("feature",))


def table_data(ask: Ask) -> Sheet:
    found, best = cost_blocks(ask, BY_MODEL), best_of(ask)
    by_name = {key: unit.row for key, unit in keyed(units(ask)).items()}

    def rows():
        for block in found:
            for line in [*block.lines, block.total]:
                name = line.key[1] if line.line == "owned" else ""
                unit = by_name.get((name, block.currency), {}) if name else {}
                score, _ = best.get(name, ({}, None))
                yield {
                    "model": name, "line": line.line, "currency": block.currency,
                    "cost": line.cost, "previous": line.previous, "change": line.delta,
                    "idle_cost": line.idle_cost if line.owns else None,
                    **{column: unit.get(column) for column in UNIT_COLUMNS},
                    **{n: score.get(n) for n in ("measure", "dataset", "score", "standing")},
                }  # fmt: skip

    columns = ("model", "line", "currency", "cost", "previous", "change", "idle_cost",
               *UNIT_COLUMNS, "measure", "dataset", "score", "standing")  # fmt: skip
    return sheet_of("Models", ask.report("cost", group_by=BY_MODEL), columns, rows())


def gains(ask: Ask) -> dict:
    """What the last gain in quality of each model cost, one row a measure."""
    rows = []
    for plane in planes(ask):
        row = plane.leader
        if row is None or not row["leads_after"]:
            continue
        monthly, each = row["gain_cost_per_month"], row["gain_cost_per_point"]
        rows.append(
            {
                "model": row["model"],
                "href": model_url(ask, row["model"]),
                "on": plane.on,
                "steps": f"{row['leads_after']} → {version_name(row)}",
                "since": row["leads_since"],
                "gained": None if row["gained_points"] is None else gained(row),
                "monthly": None if monthly is None else numbers.change(monthly, plane.currency, 0),
                "each": None if each is None else numbers.unit_money(each, plane.currency),
                "reason": row["reason"],
                "row": row,
            }
        )
    rows = GAINS.rows(ask.view, rows)
    return {"rows": rows, "scored": bool(planes(ask))}


MODELS = Page(
    slug="models",
    title="Models",
    panels=(
        STAMP,
        Panel("lead", "parts/lead.html", lead),
        Panel("table", "parts/models_table.html", table, table=table_data, title="Models",
              lazy=is_large, size="tall", sorting=SORTS),
        Panel("gains", "parts/models_gains.html", gains, table=model_sheets.gains,
              title="What the last gain cost", lazy=is_large, sorting=GAINS),
        replace(RESIDUAL, build=partial(residual, group_by=BY_MODEL)),
    ),
    filters=UNIT_FILTERS,
)  # fmt: skip


@for_people
def page(request: HttpRequest) -> HttpResponse:
    """The view by model, so that its stamp, its table and its residual are one question."""
    shown, ask = MODELS.asked(request)
    return render_page(request, shown, ask.with_view(group_by=BY_MODEL))


def named_ask(request: HttpRequest, name: str) -> Ask:
    """The view's filters with this model in place of any other."""
    ask = ask_of(request)
    return ask.with_view(filters={**ask.view.filters, "model": (name,)})
