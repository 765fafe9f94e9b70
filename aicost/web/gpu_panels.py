"""Panels of GPU time that the page of the fleet and that of a node share."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

from django.core.cache import cache
from django.urls import reverse

from aicost.kernel.periods import Period
from aicost.web import figures, numbers, spark
from aicost.web.ask import Ask
from aicost.web.gpu_sorts import RUNS
from aicost.web.gpu_time import (
    STATES,
    asked,
    by_node,
    gpu_rows,
    heat,
    in_one_currency,
    line,
    node_name,
    span,
    stacks,
    summed,
)
from aicost.web.parts import (
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
from attribution.models import AllocationRule
from attribution.reports.gpu_idle import OF_NODES
from attribution.reports.spec import Answer

ZERO = Decimal(0)
ROWS_MAX = 20
PLAIN = {"idle": "shown", "shared": "shown", "group_by": ()}
_KEPT_SECONDS = 60
# Stretches are found hour by hour, so a long period shows those of its last days.
RUN_DAYS_MAX = 31


def of_all(ask: Ask) -> Ask:
    """The ask without a node: what the whole bill is asked, which a resource would make a question
    about single charges."""
    return ask.with_view(filters={k: v for k, v in ask.view.filters.items() if k != "resource"})


def key_figures(ask: Ask) -> dict:
    """One figure a state, with its share and hours; a bar of all of them below."""
    rows = gpu_rows(ask)
    if not rows:
        return {"figures": [Figure("GPU time", "no data", word=True)]}
    (row,), final = summed(rows), by_node(ask).final
    was = in_one_currency(ask.rows_before("gpu", **PLAIN) or [])
    cards = []
    for state, (name, _, _) in STATES.items():
        cost, hours = row[f"{state}_cost"], row[f"{state}_hours"]
        share = numbers.percent(cost, row["cost"])
        under = [(share, f"of GPU cost, {numbers.count(round(hours))} GPU-h", False)]
        if was and was[0]["currency"] == row["currency"]:
            before = was[0][f"{state}_cost"]
            under.append((numbers.grown(cost, before), against(ask), False))
        why = why_gpu(ask, row["currency"], state=(state,)) if cost else ""
        cards.append(
            money_figure(name, cost, row["currency"], final=final, under=tuple(under), why=why)
        )
    parts = [(css, row[f"{state}_cost"]) for state, (_, css, _) in STATES.items()]
    return {
        "figures": cards,
        "shares": spark.shares(parts),
        "legend": [(f"{name}: {what}", css) for name, css, what in STATES.values()],
    }


def steps(ask: Ask) -> list[dict]:
    return in_one_currency(asked(ask, granularity=ask.view.granularity).rows)


def days(ask: Ask) -> dict:
    rows, step = steps(ask), ask.view.granularity
    if not rows:
        return {"empty": True}
    layers, currency = stacks(rows), rows[0]["currency"]
    note = f"GPU money by state per {step}, {ask.view.basis}, {currency}"

    def write(amount):
        return numbers.money(amount or ZERO, currency)

    return {
        "title": "Money by state",
        "note": f"{note}. A gap in telemetry is unobserved, never idle.",
        "legend": legend(layers),
        "hatched": hatched(of_all(ask), step),
        "twin": twin(
            layers, periods_of(ask.period, step), step, write, cut_steps(ask.period, step)
        ),
        "size": "low",
        "summary": f"{note}.",
    }


def days_figure(ask: Ask) -> dict:
    rows, step = steps(ask), ask.view.granularity
    if not rows:
        return {"data": [], "layout": {}}
    axis = figures.Axis(step, rows[0]["currency"], estimate_from=estimate_step(of_all(ask), step),
                        cut=cut_steps(ask.period, step))  # fmt: skip
    return figures.stacked_bars(stacks(rows), periods_of(ask.period, step), axis)


def hours(ask: Ask) -> dict:
    """When GPUs idle: weekday × hour, with row totals that sum to the idle money."""
    rows = gpu_rows(ask)
    if not rows:
        return {"empty": True}
    currency, shown = rows[0]["currency"], heat(idle_hours(ask))
    for day in shown["days"]:
        for cell in day["cells"]:
            cell["told"] = numbers.money(cell["cost"], currency)
    scale = [(n, numbers.short_money(top, currency)) for n, top in shown["scale"]]
    period = numbers.period(ask.period)
    return shown | {"currency": currency, "scale": scale, "period": period}


def idle_hours(ask: Ask) -> list[dict]:
    """Rows of report gpu_idle_hours in the currency of the page."""
    rows, found = gpu_rows(ask), ask.report("gpu_idle_hours", **PLAIN).rows
    return [row for row in found if rows and row["currency"] == rows[0]["currency"]]


def _gpu_rules() -> tuple[str, ...]:
    keys = AllocationRule.objects.filter(method="gpu_time").values_list("key", flat=True)
    return tuple(sorted(set(keys)))


def why_gpu(ask: Ask, currency: str, **of: tuple[str, ...]) -> str:
    """The address that says why GPU time costs what it does: the charges its rules claimed, of
    `of`; not spread, since the page is not."""
    view = {"idle": "shown", "shared": "shown", "long": True}
    filters = of | {"rule": cache.get_or_set("gpu-rules", _gpu_rules, _KEPT_SECONDS)}
    return address(ask, line="total", currency=currency, filters=filters, **view)


def table(rows: Sequence[dict], lines: list[dict], ask: Ask) -> dict:
    shown = lines[:ROWS_MAX]
    rest = [one["row"] for one in lines[ROWS_MAX:]]
    if rest:
        shown.append(line(f"{len(rest)} others", summed(rest)[0]))
    currency = rows[0]["currency"] if rows else ""
    total = line("Total", summed(rows)[0], why=why_gpu(ask, currency)) if rows else None
    return {
        "lines": shown,
        "total": total,
        "currency": currency,
        "period": numbers.period(ask.period),
    }


def sees_whole_nodes(ask: Ask) -> bool:
    """Whether a node can be judged as a whole: by somebody who sees all teams, where no filter
    takes parts of nodes away, or on the page of one node."""
    filters = ask.view.filters
    return ask.asker.teams is None and ("resource" in filters or not set(filters) - {"source"})


def idle_runs(ask: Ask) -> Answer:
    """The dearest idle stretches of the period, or of its last days where it is long. Raises
    NotAllowed for whoever sees some teams only."""
    last = max(ask.period.start, ask.period.end - timedelta(days=RUN_DAYS_MAX))
    kept = {k: v for k, v in ask.view.filters.items() if k in OF_NODES}
    asked_of = {"period": Period(last, ask.period.end), "filters": kept}
    return ask.report("gpu_idle_runs", **PLAIN | asked_of)


def stretches(ask: Ask) -> dict:
    answer = idle_runs(ask)
    rows = [
        {"name": node_name(r), "span": span(r), "page": node_url(ask, r)} | r for r in answer.rows
    ]
    rows = RUNS.rows(ask.view, rows)
    period = answer.spec.period
    return {"rows": rows, "since": numbers.period(period) if period != ask.period else ""}


def node_url(ask: Ask, row: dict) -> str:
    """The page of a node; the period goes along."""
    name, query = row["node"] or row["resource"], ask.once(_query_of_node)
    return f"{reverse('gpu_node', args=[name])}?{query}" if name else ""


def _query_of_node(ask: Ask) -> str:
    return ask.view.query(group_by=("feature",))
