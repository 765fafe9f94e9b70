"""Experiments: what each cost so far, whether anybody still uses it, and what a point cost."""

from decimal import Decimal
from functools import partial

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from aicost.web import numbers
from aicost.web.ask import Ask
from aicost.web.colours import colour
from aicost.web.names import entities
from aicost.web.parts import RESIDUAL, STAMP, residual, why_url
from aicost.web.shell import Page, Panel, for_people, render_page
from aicost.web.sorting import Sorting
from aicost.web.tables import Line, blocks
from aicost.web.trials import (
    MARKS,
    ORDER,
    budget_said,
    budgets_of,
    ends_on,
    planned,
    quality_said,
    trials_of,
    used_when,
)
from attribution.reports.columns import DAY, TEXT
from attribution.reports.experiments import COLUMNS, FORGOTTEN, RUNNING
from attribution.reports.sheets import Column, Sheet, sheet_of

BY_EXPERIMENT = ("experiment",)
# Unasked the forgotten stand first.
SORTS = Sorting(
    {
        "name": "name",
        "last_used": "last_used",
        "cost": "cost",
        "idle_cost": "idle_cost",
        "runs": "runs",
        "score": "score",
        "cost_per_point": "cost_per_point",
    },
    data={"name": "experiment"},
)
ZERO = Decimal(0)


def experiment_url(ask: Ask, name: str) -> str:
    query = ask.view.query(filters={}, group_by=("feature",))
    address = reverse("experiment", args=[name])
    return f"{address}?{query}" if query else address


def lead(ask: Ask) -> dict:
    rows = trials_of(ask).rows
    if not rows:
        text = " Tag the resources of an experiment, map its jobs, or send its runs."
        return {"parts": [("No experiment is known.", True), (text, False)]}
    names = {row["experiment"] for row in rows}
    parts = [(numbers.plural(len(names), "experiment"), True)]
    currency = next((row["currency"] for row in rows if row["currency"]), "")
    spent = sum((row["cost"] for row in rows if row["currency"] == currency), ZERO)
    if currency:
        parts += [(" cost ", False), (numbers.money(spent, currency), True), (" so far", False)]
    running = len({row["experiment"] for row in rows if row["status"] == RUNNING})
    parts.append((f"; {numbers.count(running)} in use. ", False))
    lost = [row for row in rows if row["status"] == FORGOTTEN]
    if not lost:
        return {"parts": [*parts, ("None is forgotten.", False)]}
    week = sum((row["week_cost"] for row in lost if row["currency"] == currency), ZERO)
    told = " and ".join(dict.fromkeys(row["experiment"] for row in lost[:3]))
    more = f" and {len(lost) - 3} others" if len(lost) > 3 else ""
    one = len(lost) == 1
    parts.append((f"Nobody uses {told}{more} any more, yet {'it' if one else 'they'} cost"
                  f"{'s' if one else ''} ", False))  # fmt: skip
    return {"parts": [*parts, (f"{numbers.money(week, currency, 0)} a week", True), (".", False)]}


def table(ask: Ask) -> dict:
    """All experiments up to the end of the period, the forgotten first; then the money of the
    period that is of no experiment, so that the column of the period adds up to the bill."""
    known, plans = entities("experiment"), budgets_of(ask)
    found = blocks(ask.report("cost", group_by=BY_EXPERIMENT).rows, BY_EXPERIMENT, colour=colour)
    lines = {(x.key[1], b.currency): x for b in found for x in b.lines if x.line == "owned"}
    told = trials_of(ask).rows
    currencies = [b.currency for b in found] or sorted({r["currency"] or "" for r in told})
    tables = []
    for nth, currency in enumerate(currencies):
        block = next((b for b in found if b.currency == currency), None)
        mine = [r for r in told if r["currency"] == currency or (nth == 0 and not r["currency"])]
        rows = [
            _row(ask, row, lines.get((row["experiment"], currency)), known, plans) for row in mine
        ]
        rows.sort(key=lambda row: ORDER.index(row["status"]))
        rows = SORTS.rows(ask.view, rows)
        below = [x for x in block.lines if x.line != "owned"] if block else []
        for line in [*below, *([block.total] if block else [])]:
            line.why = why_url(ask, line, BY_EXPERIMENT, currency)
        tables.append({"currency": currency, "rows": rows, "below": below,
                       "total": block.total if block else None})  # fmt: skip
    return {"tables": tables, "period": numbers.period(ask.period), "plans": bool(plans)}


def _row(ask: Ask, row: dict, line: Line | None, known: dict, plans: dict) -> dict:
    name = row["experiment"]
    entity = known.get(name)
    if line is not None:
        line.why = why_url(ask, line, BY_EXPERIMENT, row["currency"] or "")
    return row | {
        "name": name,
        "swatch": colour("experiment", name),
        "url": experiment_url(ask, name),
        "owner": entity.owner if entity else "",
        "plan": planned(entity, row),
        "mark": MARKS[row["status"]],
        "used": used_when(row),
        "line": line,
        "budget": budget_said(plans.get(name, []), row),
        "quality": quality_said(row),
    }


def table_data(ask: Ask) -> Sheet:
    """Report `experiments` with owners, budgets to date and the cost of the period."""
    answer, known, plans = trials_of(ask), entities("experiment"), budgets_of(ask)
    found = blocks(ask.report("cost", group_by=BY_EXPERIMENT).rows, BY_EXPERIMENT, colour=colour)
    now = {(x.key[1], b.currency): x.cost for b in found for x in b.lines if x.line == "owned"}
    rows = []
    for row in answer.rows:
        name, entity = row["experiment"], known.get(row["experiment"])
        said = budget_said(plans.get(name, []), row)
        more = {
            "owner": entity.owner if entity else "",
            "ends_on": ends_on(entity),
            "budget_to_date": said["amount"] if said else None,
            "period_cost": now.get((name, row["currency"])),
        }
        rows.append(row | more)
    columns = (*COLUMNS, Column("owner", TEXT), Column("ends_on", DAY), "budget_to_date",
               "period_cost")  # fmt: skip
    return sheet_of("Experiments so far", answer, columns, rows)


EXPERIMENTS = Page(
    slug="experiments",
    title="Experiments",
    panels=(
        STAMP,
        Panel("lead", "parts/lead.html", lead),
        Panel(
            "table",
            "parts/experiments_table.html",
            table,
            None,
            table_data,
            "Experiments",
            sorting=SORTS,
        ),
        Panel("residual", RESIDUAL.template, partial(residual, group_by=BY_EXPERIMENT)),
    ),
    picks=("period", "basis"),
    filters=("team",),
)


@for_people
def page(request: HttpRequest) -> HttpResponse:
    """The view by experiment, so that its stamp, its table and its residual are one question."""
    shown, ask = EXPERIMENTS.asked(request)
    return render_page(request, shown, ask.with_view(group_by=BY_EXPERIMENT))
