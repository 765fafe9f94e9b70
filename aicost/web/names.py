"""What pages say of names beside their money: who owns them, what stands above, how much of the
budget is used. Money comes from reports, as everywhere."""

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal

from django.urls import reverse

from aicost.accounts.company import company
from aicost.kernel.periods import Period, month_of, quarter_of, year_of
from aicost.web.ask import Ask
from attribution.budgeting.plans import holding
from attribution.entities.registry import entity_of
from attribution.models import Entity, EntityBudget, EntityParent
from attribution.models.entities import MONTH, QUARTER, RETIRED
from attribution.once import once
from attribution.reports.spec import Asker

ZERO = Decimal(0)
# The kinds of names in the order of the tabs, with what each consists of.
CONSISTS_OF = {
    "feature": "model",
    "product": "feature",
    "model": "feature",
    "model_family": "base_model",
    "team": "feature",
    "department": "team",
    "cost_centre": "team",
    "experiment": "model",
    "project": "experiment",
    "workload": "model",
    "environment": "feature",
}
ONE_MODEL = "base_model"
# Kinds with pages of their own, by the names of their addresses.
OWN_PAGES = {"feature": "feature", "team": "team"}


def kind_of(dimension: str) -> str:
    """The kind of name a dimension of reports shows: base models are models."""
    return "model" if dimension == ONE_MODEL else dimension


def dimension_of(kind: str, name: str) -> str:
    """The dimension a report is asked by for this name: a model with versions is all of them."""
    return ONE_MODEL if kind == "model" and name in _with_versions() else kind


@once
def _with_versions() -> frozenset[str]:
    versions = EntityParent.objects.filter(dimension="model", level="model")
    return frozenset(versions.values_list("parent", flat=True))


def may_see_plans(asker: Asker, kind: str) -> bool:
    """Budgets and business cases are of the whole name, so they are shown to whoever sees all of
    its money."""
    return asker.teams is None or kind == "team"


def target_url(ask: Ask, kind: str, name: str) -> str:
    """The page of a name; the period goes along, filters do not."""
    query = ask.once(_bare_query)
    if kind in OWN_PAGES:
        address = reverse(OWN_PAGES[kind], args=[name])
    else:
        address = reverse("target", args=[kind, name])
    return f"{address}?{query}" if query else address


def _bare_query(ask: Ask) -> str:
    return ask.view.query(filters={}, group_by=("feature",))


def last_day(ask: Ask) -> date:
    return ask.period.end - timedelta(days=1)


@once
def entity_said(kind: str, name: str) -> Entity | None:
    """What is registered of a name."""
    return entity_of(kind, name)


def entities(kind: str) -> dict[str, Entity]:
    return {one.name: one for one in Entity.objects.filter(dimension=kind)}


def parents_on(kind: str, day: date) -> dict[str, list[EntityParent]]:
    """name -> its parents on the day."""
    found: dict[str, list[EntityParent]] = {}
    for row in EntityParent.objects.filter(holding(day), dimension=kind).order_by("level"):
        found.setdefault(row.name, []).append(row)
    return found


def budgets_on(kind: str, day: date) -> dict[str, EntityBudget]:
    rows = EntityBudget.objects.filter(holding(day), dimension=kind)
    return {row.name: row for row in rows}


def budget_period(period: str, day: date) -> Period:
    """The month, or the quarter or year of the fiscal year, that a budget counts on the day."""
    if period == MONTH:
        return month_of(day)
    fiscal = company().fiscal_month
    return quarter_of(day, fiscal) if period == QUARTER else year_of(day, fiscal)


def cost_after(
    ask: Ask, kind: str, known: Iterable[Entity]
) -> dict[str, list[tuple[str, Decimal]]]:
    """name -> (currency, cost) in the view of those that are retired by then and still cost; one
    question for all of them."""
    since: dict[str, dict[str, date]] = {}
    for one in known:
        start = max(one.retired_on or ask.period.start, ask.period.start)
        if one.status == RETIRED and start < ask.period.end:
            since.setdefault(dimension_of(kind, one.name), {})[one.name] = start
    found: dict[tuple[str, str], Decimal] = {}
    for dimension, starts in since.items():
        names, first = tuple(sorted(starts)), min(starts.values())
        step = "total" if {first} == set(starts.values()) else "day"
        rows = ask.report("cost", group_by=(dimension,), filters={dimension: names},
                          granularity=step, period=Period(first, ask.period.end)).rows  # fmt: skip
        for row in rows:
            name, key = row[dimension], (row[dimension], row["currency"])
            if name in starts and row["period"] >= starts[name]:
                found[key] = found.get(key, ZERO) + row["cost"]
    told: dict[str, list[tuple[str, Decimal]]] = {}
    for (name, currency), cost in found.items():
        if cost:
            told.setdefault(name, []).append((currency, cost))
    return told
