"""Training: what it costs, what is written off while its model serves, which runs took it."""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from operator import itemgetter

from django.urls import reverse

from aicost.web import figures, numbers
from aicost.web.ask import Ask
from aicost.web.colours import colour
from aicost.web.filters import label
from aicost.web.parts import (
    RESIDUAL_LATER,
    STAMP,
    Figure,
    against,
    cut_steps,
    estimate_step,
    hatched,
    legend,
    money_figure,
    periods_of,
    twin,
)
from aicost.web.reasons import address
from aicost.web.shell import Page, Panel
from aicost.web.sizes import is_large
from aicost.web.sorting import Sorting
from aicost.web.trials import past_plan
from attribution.reports.compare import step_of
from attribution.reports.run_cost import FILTERS as OF_RUNS
from attribution.reports.sheets import Sheet, sheet_of, sheet_of_answer
from attribution.reports.spec import LAYER

ZERO = Decimal(0)
GROUPS = ("model", "team", "experiment")
PLAIN = {"idle": "shown", "shared": "shown"}
ROWS_MAX, RUNS_MAX, LAYERS_MAX = 40, 20, 8
FAILED = ("failed", "killed")


def _run_name(row: Mapping) -> str:
    return row["name"] or row["run"]


def _growth(row: Mapping) -> Decimal | None:
    now, was = row.get("training_cost"), row.get("previous")
    return (now - was) / was if now is not None and was else None


SPENT = Sorting(
    {
        "name": "",
        "training_cost": "training_cost",
        "change_percent": _growth,
        "idle_cost": "idle_cost",
        "amortised_cost": "amortised_cost",
        "balance": "balance",
        "serving_from": "serving_from",
    },
    "training_cost",
    data={"change_percent": _growth},
)
RUNS = Sorting(
    {
        "run": _run_name,
        "experiment": "experiment",
        "model": "model",
        "team": "team",
        "status": "status",
        "started_at": "started_at",
        "gpu_hours": "gpu_hours",
        "run_cost": "run_cost",
    },
    words=("run", "experiment", "model", "team", "status"),
    table="runs",
    data={"run": _run_name},
)


def group_of(ask: Ask) -> str:
    """The dimension of the table: what the address groups by, if training knows it."""
    return next((name for name in ask.view.group_by if name in GROUPS), GROUPS[0])


def one_currency(rows: Iterable[dict], measure: str) -> list[dict]:
    """The rows of the currency that has most of the measure."""
    rows, sums = list(rows), {}
    for row in rows:
        sums[row["currency"]] = sums.get(row["currency"], ZERO) + abs(row[measure] or ZERO)
    most = max(sums, key=lambda currency: sums[currency], default="")
    return [row for row in rows if row["currency"] == most]


def spent(ask: Ask) -> list[dict]:
    rows = ask.report("training", group_by=(group_of(ask),), **PLAIN).rows
    return one_currency(rows, "training_cost")


def before(ask: Ask) -> dict[str, Decimal] | None:
    rows = ask.rows_before("training", group_by=(group_of(ask),), **PLAIN)
    return {row[group_of(ask)]: row["training_cost"] for row in rows} if rows else None


def _sum(rows: Iterable[dict], name: str) -> Decimal:
    return sum((row[name] or ZERO for row in rows), ZERO)


def lead(ask: Ask) -> dict:
    rows = spent(ask)
    if not rows:
        text = " Tag or map what trains (activity training), or choose another period."
        return {"parts": [("Nothing was spent on training in this period.", True), (text, False)]}
    currency, total = rows[0]["currency"], _sum(rows, "training_cost")
    whole = sum((row["cost"] for row in ask.cost().rows if row["currency"] == currency), ZERO)
    parts = [
        ("Training cost ", False),
        (numbers.money(total, currency), True),
        (f" over {numbers.period(ask.period, year=True)}, ", False),
        (f"{numbers.percent(total, whole)} of AI cost", False),
    ]
    name = rows[0][group_of(ask)] or f"no {group_of(ask)}"
    most = numbers.money(rows[0]["training_cost"], currency)
    parts += [("; most of it ", False), (f"{name}, {most}", True)]
    idle = _sum(rows, "idle_cost")
    if idle:
        parts.append((f". {numbers.money(idle, currency)} of it was held and did nothing", False))
    return {"parts": [*parts, (".", False)]}


def key_figures(ask: Ask) -> dict:
    rows, written = spent(ask), amortised(ask)
    if not rows and not written:
        return {"figures": [Figure("Training", "no data", word=True)]}
    currency = (rows or written)[0]["currency"]
    final = ask.report("training", group_by=(group_of(ask),), **PLAIN).final
    total, was = _sum(rows, "training_cost"), before(ask)
    under = []
    if was is not None:
        under.append((numbers.grown(total, sum(was.values(), ZERO)), against(ask), False))
    idle = _sum(rows, "idle_cost")
    share = ((numbers.percent(idle, total), "of training", False),)
    off, balance = _sum(written, "amortised_cost"), _sum(written, "balance")
    cards = [
        money_figure("Spent", total, currency, final=final, under=tuple(under),
                     why=_why(ask, currency)),
        money_figure("Own idle", idle, currency, final=final, under=share,
                     why=_why(ask, currency, kind=("idle",)) if idle else ""),
        money_figure("Written off", off, currency, final=final,
                     under=(("", "over the serving life of its models", False),)),
        money_figure("Balance", balance, currency, final=final,
                     under=(("", f"not written off by {_last(ask)}", False),)),
        _failed_figure(ask, currency, final),
    ]  # fmt: skip
    return {"figures": cards}


def _last(ask: Ask) -> str:
    return numbers.day(date.fromordinal(ask.period.end.toordinal() - 1))


def _failed_figure(ask: Ask, currency: str, final: bool) -> Figure:
    """Money of runs that failed or were killed, as failed_work has it; unknown where no run tells
    how it ended."""
    priced = [
        row
        for row in run_rows(ask).rows
        if row["run_cost"] is not None and row["currency"] == currency
    ]
    if not priced:
        told = (("", "no run tells how it ended", False),)
        return Figure("Failed and killed runs", numbers.UNKNOWN, word=True, under=told)
    cost = _sum((row for row in priced if row["status"] in FAILED), "run_cost")
    told = (("", "with experiments, by their GPU time", False),)
    return money_figure("Failed and killed runs", cost, currency, final=final, under=told)


def _why(ask: Ask, currency: str, **more: tuple[str, ...]) -> str:
    kinds = {"activity": ("training",), "kind": ("workload", "idle")} | more
    return address(ask, line="total", currency=currency, filters=kinds, **PLAIN)


def amortised(ask: Ask) -> list[dict]:
    rows = ask.report("training_amortised", group_by=(group_of(ask),), **PLAIN).rows
    return one_currency(rows, "spent_to_date")


def table(ask: Ask) -> dict:
    """Spent beside written off, by model, team, experiment or feature."""
    group, rows = group_of(ask), table_rows(ask)
    rows = SPENT.rows(ask.view, rows, {"name": itemgetter(group)})
    shown = rows[:ROWS_MAX]
    if len(rows) > ROWS_MAX:
        rest = rows[ROWS_MAX:]
        shown.append({group: f"{len(rest)} others"} | _totals(rest))
    currency = rows[0]["currency"] if rows else ""
    for row in shown:
        row["name"] = row[group] or f"No {group}"
        row["swatch"] = colour(group, row[group], "workload")
        if group in row and "currency" in row:
            row["why"] = _why(ask, currency, **{group: (row[group],)})
    return {
        "rows": shown,
        "total": _totals(rows),
        "currency": currency,
        "group": label(group),
        "by_model": group == "model",
        "period": numbers.period(ask.period),
        "compared": before(ask) is not None,
        "tabs": [(label(g), ask.view.query(group_by=(g,)), g == group) for g in GROUPS],
        "layers": f"{reverse('layers')}?{ask.view.query(group_by=('feature',))}",
        "explore": ask.view.query(
            group_by=(group,), filters={**ask.view.filters, LAYER: ("training_compute",)}
        ),
        "why": _why(ask, currency),
    }


def table_rows(ask: Ask) -> list[dict]:
    """Rows of both reports in one, the dearest of this period first; what is only written off
    keeps its row. A model that was spent on is never without a balance."""
    group, was = group_of(ask), before(ask)
    found: dict[str, dict] = {}
    for row in [*spent(ask), *amortised(ask)]:
        into = found.setdefault(row[group], {"training_cost": ZERO, "idle_cost": ZERO})
        into |= {k: v for k, v in row.items() if k != "period"}
    for name, row in found.items():
        row["previous"] = was.get(name, ZERO) if was is not None else None
    return sorted(found.values(), key=lambda r: (-r["training_cost"], -r.get("balance", ZERO)))


def _totals(rows: list[dict]) -> dict:
    names = ("training_cost", "idle_cost", "amortised_cost", "balance", "previous")
    return {n: sum((r.get(n) or ZERO for r in rows), ZERO) for n in names}


def sheet(ask: Ask) -> Sheet:
    group = group_of(ask)
    serving = ("serving_from", "serving_basis") if group == "model" else ()
    money = ("training_cost", "idle_cost", "previous", "amortised_cost", "balance")
    answer = ask.report("training", group_by=(group,), **PLAIN)
    return sheet_of("Training", answer, (group, "currency", *money, *serving), table_rows(ask))


def _layers(ask: Ask) -> tuple[list[figures.Stack], str]:
    """Training by the group per step; the smallest as one."""
    group = group_of(ask)
    rows = one_currency(
        ask.report("training", group_by=(group,), granularity=ask.view.granularity, **PLAIN).rows,
        "training_cost",
    )
    by_name: dict[str, dict[date, Decimal]] = {}
    for row in rows:
        into = by_name.setdefault(row[group], {})
        into[row["period"]] = into.get(row["period"], ZERO) + row["training_cost"]
    order = sorted(by_name, key=lambda name: -sum(by_name[name].values()))
    stacks = [
        figures.Stack(name or f"No {group}", colour(group, name, "workload"), by_name[name])
        for name in order[:LAYERS_MAX]
    ]
    rest: dict[date, Decimal] = {}
    for name in order[LAYERS_MAX:]:
        for when, cost in by_name[name].items():
            rest[when] = rest.get(when, ZERO) + cost
    if rest:
        stacks.append(figures.Stack(f"{len(order) - LAYERS_MAX} others", "s-other", rest))
    return stacks, rows[0]["currency"] if rows else ""


def chart(ask: Ask) -> dict:
    (stacks, currency), step = _layers(ask) if spent(ask) else ([], ""), ask.view.granularity
    if not stacks:
        return {"empty": True}
    note = f"Training as spent per {step} by {group_of(ask)}, {ask.view.basis}, {currency}"

    def write(amount):
        return numbers.money(amount or ZERO, currency)

    return {
        "note": f"{note}.",
        "legend": legend(stacks),
        "hatched": hatched(ask, step),
        "twin": twin(
            stacks, periods_of(ask.period, step), step, write, cut_steps(ask.period, step)
        ),
        "size": "low",
        "summary": f"{note}.",
    }


def chart_figure(ask: Ask) -> dict:
    (stacks, currency), step = _layers(ask), ask.view.granularity
    if not stacks:
        return {"data": [], "layout": {}}
    axis = figures.Axis(step, currency, estimate_from=estimate_step(ask, step),
                        cut=cut_steps(ask.period, step))  # fmt: skip
    return figures.stacked_bars(stacks, periods_of(ask.period, step), axis)


def chart_sheet(ask: Ask) -> Sheet:
    """The bars: a row a step and name, the smallest too."""
    group, step = group_of(ask), ask.view.granularity
    answer = ask.report("training", group_by=(group,), granularity=step, **PLAIN)
    return sheet_of_answer(f"Training per {step}", answer)


def run_rows(ask: Ask):
    """The answer of run_cost, without filters that runs do not know."""
    kept = {k: v for k, v in ask.view.filters.items() if k in OF_RUNS}
    return ask.report("run_cost", group_by=(), filters=kept, **PLAIN)


def runs(ask: Ask) -> dict:
    """The dearest runs, those still running first, and what a run costs on average by step."""
    rows = run_rows(ask).rows
    running = [row for row in rows if row["status"] == "running"]
    ended = [row for row in rows if row["status"] != "running"]
    shown = RUNS.rows(ask.view, [*running, *ended])[:RUNS_MAX]
    bad = [row for row in rows if row["status"] in FAILED]
    return {
        "rows": [x | {"is_bad": x["status"] in FAILED, "late": past_plan(x)} for x in shown],
        "count": len(rows),
        "running": len(running),
        "failed": len(bad),
        "more": len(rows) - len(shown),
        "average": per_run(rows, ask.view.granularity, ask.period.start),
        "step": ask.view.granularity,
    }


def per_run(rows: Iterable[dict], step: str, start: date) -> list[dict]:
    """Per step in which runs began: how many have a cost, their sum and the average of them."""
    found: dict[tuple, list[Decimal]] = {}
    for row in rows:
        if row["run_cost"] is not None:
            began = max(row["started_at"].date(), start)
            key = (step_of(began, step, start), row["currency"])
            found.setdefault(key, []).append(row["run_cost"])
    return [
        {
            "period": when,
            "runs": len(costs),
            "cost": sum(costs, ZERO),
            "average": sum(costs, ZERO) / len(costs),
            "currency": currency,
        }
        for (when, currency), costs in sorted(found.items())
    ]


def runs_sheet(ask: Ask) -> Sheet:
    return sheet_of_answer("Runs", run_rows(ask))


TRAINING = Page(
    slug="training",
    title="Training",
    panels=(
        STAMP,
        Panel("lead", "parts/lead.html", lead),
        Panel("figures", "parts/figures.html", key_figures),
        Panel("chart", "parts/training_chart.html", chart, chart_figure, chart_sheet,
              "Training over time", lazy=is_large),
        Panel("table", "parts/training_table.html", table, table=sheet, title="Training",
              sorting=SPENT),
        Panel("runs", "parts/training_runs.html", runs, table=runs_sheet, title="Runs",
              sorting=RUNS),
        RESIDUAL_LATER,
    ),
    picks=("period", "compare", "step", "basis"),
    filters=(*GROUPS, "feature"),
)  # fmt: skip
