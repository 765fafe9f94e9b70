"""One experiment: cost so far against its budget, its runs, what failed, what a point cost."""

from decimal import Decimal

from django.http import HttpRequest, HttpResponse

from aicost.web import numbers, spark
from aicost.web.ask import Ask, ask_of
from aicost.web.experiment_course import WHOLE, chart, chart_data, figure, name_of, told, whole
from aicost.web.exports import sheet_of_blocks
from aicost.web.frontier import score_text
from aicost.web.names import target_url
from aicost.web.parts import (
    OWN_RESIDUAL,
    STAMP,
    Figure,
    cost_blocks,
    money_figure,
    sum_of,
    why_url,
)
from aicost.web.qualities import quality_of, standing, version_name
from aicost.web.shell import Page, Panel, for_people, refuse, render_page
from aicost.web.sorting import Sorting
from aicost.web.trials import (
    budget_said,
    budgets_of,
    ends_on,
    past_plan,
    quality_said,
    said_of_use,
)
from aicost.web.units import per_thousand
from aicost.web.unknown import unknown
from attribution.entities.registry import entity_of
from attribution.entities.seen import is_seen
from attribution.models import Entity, EntityBudget
from attribution.reports.experiments import FORGOTTEN
from attribution.reports.sheets import Sheet, sheet_of, sheet_of_answer
from attribution.reports.spec import LAYER, Answer

ZERO = Decimal(0)
BY_LAYER = (LAYER,)
RUNS_MAX, EVENTS_MAX = 40, 10
RUNS = Sorting(
    {name: name for name in ("run", "status", "started_at", "ended_at", "user", "gpu_hours",
                             "run_cost")},
    words=("run", "status", "user"),
)  # fmt: skip
RUN_COLUMNS = ("run", "name", "model", "model_version", "team", "user", "status", "started_at",
               "ended_at", "took_hours", "planned_hours", "gpu_hours", "currency", "run_cost",
               "reason", "commit")  # fmt: skip


def _budgets(ask: Ask) -> list[EntityBudget]:
    return budgets_of(ask, [name_of(ask)]).get(name_of(ask), [])


def lead(ask: Ask) -> dict:
    row = told(ask)
    if row is None:
        return {"parts": [("Nothing is known of this experiment up to this period.", True)]}
    if row["cost"] is None:
        return {"parts": [("No cost stands on it so far. ", True), (said_of_use(row), False)]}
    since = numbers.day_year(row["first_day"]) if row["first_day"] else "the beginning"
    parts = [
        ("It cost ", False),
        (numbers.money(row["cost"], row["currency"]), True),
        (f" since {since}", False),
    ]
    return {"parts": [*parts, (". ", False), (said_of_use(row), row["status"] == FORGOTTEN)]}


def key_figures(ask: Ask) -> dict:
    row, final = told(ask), ask.trust.final
    if row is None:
        return {"figures": [Figure("Cost so far", numbers.UNKNOWN, word=True)]}
    currency = row["currency"] or ""
    shown = [money_figure("Cost so far", row["cost"], currency, final=final)]
    week = (("", "of data up to " + numbers.day(row["data_through"]), False),)
    shown.append(money_figure("Last 7 days", row["week_cost"], currency, final=final, under=week))
    if row["cost"]:
        share = (("", f"{numbers.percent(row['idle_cost'], row['cost'])} of its cost", False),)
        shown.append(money_figure("Own idle", row["idle_cost"], currency, final=final, under=share))
    shown.append(_budget_figure(ask, row))
    shown.append(_point_figure(row))
    return {"figures": shown}


def _budget_figure(ask: Ask, row: dict) -> Figure:
    said = budget_said(_budgets(ask), row)
    if said is None:
        return Figure("Budget to date", "not set", word=True)
    whole = numbers.money(said["amount"], row["currency"], 0)
    under = (("", f"of {whole}, set a {said['period']}", False),)
    if said["over"]:
        under = (*under, ("over budget", "", True))
    return Figure("Budget to date", said["share"], under=under)


def _point_figure(row: dict) -> Figure:
    said = quality_said(row)
    if said["each"] is None:
        under = (("", said["reason"], False),)
        return Figure("Cost of a point", "not enough data", word=True, under=under)
    gained = f"{said['baseline']} → {said['score']} {row['measure']}"
    under = ((f"{said['gained']} points", "", False), ("", gained, False))
    return Figure("Cost of a point", said["each"], under=under)


def _runs(ask: Ask) -> list[dict]:
    """Rows of report `runs`, the newest first, with what each cost by report `run_cost`."""
    plain = WHOLE | {"period": whole(ask)}
    costs = {(row["source"], row["run"]): row for row in ask.report("run_cost", **plain).rows}
    nothing = {"currency": None, "run_cost": None}
    return [
        row | {name: costs.get((row["source"], row["run"]), nothing)[name] for name in nothing}
        for row in ask.report("runs", **plain).rows
    ]


def runs(ask: Ask) -> dict:
    """Its runs, the newest first, each with its share of the money and the score of its version."""
    rows = RUNS.rows(ask.view, _runs(ask))
    scores = {r["model_version"]: r for r in _scores(ask) if r["score"] is not None}
    listed = [
        {
            "name": row["name"] or row["run"],
            "status": row["status"] or "unknown",
            "failed": row["status"] in ("failed", "killed"),
            "late": past_plan(row),
            "start": row["started_at"],
            "end": row["ended_at"],
            "hours": row["gpu_hours"],
            "cost": numbers.money(row["run_cost"], row["currency"]),
            "known": row["run_cost"] is not None,
            "score": _score_of(row, scores),
            "user": row["user"],
        }
        for row in rows[:RUNS_MAX]
    ]
    return {"rows": listed, "more": max(len(rows) - RUNS_MAX, 0)}


def _score_of(run: dict, scores: dict[str, dict]) -> str:
    row = scores.get(run["model_version"] or run["name"])
    return f"{score_text(row['score'])} {row['measure']}" if row else ""


def runs_data(ask: Ask) -> Sheet:
    answer = ask.report("runs", **WHOLE, period=whole(ask))
    return sheet_of("Runs", answer, RUN_COLUMNS, _runs(ask))


def _scores(ask: Ask) -> list[dict]:
    return [row for row in quality_of(ask).rows if row["experiment"] == name_of(ask)]


def quality(ask: Ask) -> dict:
    """What its versions scored, and how they stand on cost against quality."""
    row = told(ask)
    listed = [
        {
            "version": version_name(one),
            "model": one["model"],
            "on": " on ".join(filter(None, (one["measure"], one["dataset"]))),
            "score": score_text(one["score"]),
            "scored_on": one["scored_on"],
            "unit": per_thousand(one["marginal_cost_per_inference"], one["currency"] or ""),
            "known": one["marginal_cost_per_inference"] is not None,
            "standing": standing(one),
        }
        for one in _scores(ask)
        if one["score"] is not None
    ]
    return {"rows": listed, "said": quality_said(row) if row else None}


def quality_data(ask: Ask) -> Sheet:
    answer = quality_of(ask)
    return sheet_of("Quality", answer, answer.columns, _scores(ask))


def _failed(ask: Ask) -> Answer:
    return ask.report("failed_work", **WHOLE, period=whole(ask), granularity="total")


def failed_data(ask: Ask) -> Sheet:
    return sheet_of_answer("Failed work", _failed(ask))


def failed(ask: Ask) -> dict:
    """Money of failed calls, retries and failed runs over all of its time: a second view."""
    rows = _failed(ask).rows
    listed = [
        {
            "currency": row["currency"],
            "parts": [
                ("Failed runs", row["failed_runs_cost"], row["training_cost"]),
                ("Failed inferences", row["failed_calls_cost"], row["inference_cost"]),
                ("Inferences tried again", row["retries_cost"], row["inference_cost"]),
            ],
            "untold": row["untold_cost"],
        }
        for row in rows
    ]
    return {"rows": listed, "period": numbers.period(whole(ask))}


def _of_all_time(ask: Ask) -> Ask:
    return ask.with_view(period=whole(ask), preset="custom", compare="none")


def layers_data(ask: Ask) -> Sheet:
    whole = _of_all_time(ask)
    answer, found = whole.report("cost", group_by=BY_LAYER), cost_blocks(whole, BY_LAYER)
    return sheet_of_blocks("What it bought", whole, answer, found, BY_LAYER)


def layers(ask: Ask) -> dict:
    """What its money bought over all of its time: training compute beside what serves and waits."""
    whole = _of_all_time(ask)
    found = cost_blocks(whole, BY_LAYER)
    for block in found:
        for line in [*block.lines, block.total]:
            line.why = why_url(whole, line, BY_LAYER, block.currency)
    bars = [spark.shares([(x.swatch, x.cost) for x in block.lines]) for block in found]
    return {"pairs": list(zip(found, bars, strict=True)), "period": numbers.period(whole.period)}


def _events(ask: Ask) -> Answer:
    return ask.report("annotations", **WHOLE, period=whole(ask))


def happened_data(ask: Ask) -> Sheet:
    answer = _events(ask)
    return sheet_of("Events", answer, answer.columns, [r for r in answer.rows if r["experiment"]])


def happened(ask: Ask) -> dict:
    """Events that name it."""
    rows = [r for r in _events(ask).rows if r["experiment"]]
    return {"events": rows[::-1][:EVENTS_MAX], "more": max(len(rows) - EVENTS_MAX, 0)}


def own_residual(ask: Ask) -> dict:
    """What report cost has of it by activity, over all of its time, adds up to its cost so far."""
    row = told(ask)
    if row is None or row["cost"] is None:
        return {"of": "", "sums": []}
    answer = ask.report("cost", group_by=("activity",), period=whole(ask), granularity="total")
    found: dict[str, Decimal] = {}
    for one in answer.rows:
        if one["currency"] == row["currency"]:
            name = one["activity"] or "no activity"
            found[name] = found.get(name, ZERO) + one["cost"]
    parts = sorted(found.items(), key=lambda item: -item[1])
    return {"of": "of this experiment", "whole": "its cost so far",
            "sums": [sum_of(parts, row["cost"], row["currency"])]}  # fmt: skip


def _said(entity: Entity | None) -> str:
    if entity is None:
        return "not registered"
    parts = [entity.title, f"owner {entity.owner}" if entity.owner else "no owner"]
    if entity.attributes.get("hypothesis"):
        parts.append(entity.attributes["hypothesis"])
    if (ends := ends_on(entity)) is not None:
        parts.append(f"planned to end {numbers.day_year(ends)}")
    return " · ".join(part for part in parts if part)


EXPERIMENT = Page(
    slug="experiment",
    title="Experiment",
    panels=(
        STAMP,
        Panel("lead", "parts/lead.html", lead),
        Panel("figures", "parts/figures.html", key_figures),
        Panel("chart", "parts/small_chart.html", chart, figure, chart_data, "Cost so far",
              lazy=True),
        Panel("runs", "parts/experiment_runs.html", runs, None, runs_data, "Runs", lazy=True,
              sorting=RUNS),
        Panel("quality", "parts/experiment_quality.html", quality, None, quality_data, lazy=True,
              size="low"),
        Panel("layers", "parts/experiment_layers.html", layers, None, layers_data,
              "What it bought", lazy=True, size="low"),
        Panel("failed", "parts/experiment_failed.html", failed, None, failed_data, "Failed work",
              lazy=True, size="low"),
        Panel("happened", "parts/experiment_happened.html", happened, None, happened_data,
              "Events", lazy=True, size="low"),
        Panel("residual", OWN_RESIDUAL, own_residual),
    ),
    picks=("period", "basis"),
    filters=("experiment",),
    under="experiments",
    needs="experiment",
)  # fmt: skip


@for_people
def page(request: HttpRequest, name: str) -> HttpResponse:
    """One experiment: the view with it as its only filter."""
    ask = ask_of(request)
    if not is_seen(ask.asker, "experiment", name):
        return refuse(request, f"experiment {name}")
    ask = ask.with_view(filters={"experiment": (name,)})
    if (answer := unknown(request, ask, "experiment", name)) is not None:
        return answer
    more = {"heading": name, "title": name, "subject": _said(entity_of("experiment", name)),
            "about": target_url(ask, "experiment", name)}  # fmt: skip
    return render_page(request, EXPERIMENT, ask, **more)
