"""query_costs: what anything cost, by anything."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

from pydantic import Field

from aicost.api.mcp import asking, base, links
from aicost.api.mcp.courses import course_of
from aicost.api.mcp.said import Said, is_pool, money, summed
from aicost.api.mcp.when import read_period
from attribution.reports import run
from attribution.reports.spec import Answer, Spec

CUSTOMER, CLASS = "customer", "cost_class"
NAMED_MAX, EXACT_ROWS_MAX = 3, 40
# A line in words; what is idle or used may stand on other names than those of the grouping.
POOL_NAMES = {"shared": "shared", "idle": "idle, no {}", "unattributed": "unattributed",
              "workload": "used, no {}"}  # fmt: skip


class Arguments(base.Arguments):
    period: base.Period
    group_by: base.GroupBy = Field(default_factory=list)
    filters: base.Filters = Field(default_factory=dict)
    granularity: Literal["total", "day", "week", "month", "quarter"] = Field(
        "total", description="One row for the whole period, or one for each step of it."
    )
    basis: Literal["effective", "billed"] = Field(
        "effective",
        description="effective: commitments spread over their use, as reports show it. billed: "
        "as invoiced.",
    )
    spread_idle: bool = Field(
        False, description="Spread idle capacity without an owner over those who used it."
    )
    spread_shared: bool = Field(
        False, description="Spread tax, support and fees over those who used it."
    )
    currency: base.Currency = ""
    rows_max: base.RowsMax = base.ROWS_SHOWN


def answer(caller: base.Reader, asked: Arguments) -> Said:
    spec = question(caller, asked)
    found = run(spec)
    course = spec.granularity != "total"
    asking.check_steps(found.rows)
    rows = course_of(found.rows, _names(spec), asked.rows_max) if course else found.rows
    total = summed(found.rows, _money_of(found))
    return Said(
        _sentence(spec, found, total),
        found,
        _path(spec),
        _columns(spec, found, rows),
        rows,
        len(rows) if course else asked.rows_max,
        folds=tuple(name for name in _money_of(found) if any(row[name] for row in rows)),
        names=_names(spec)[:-1],
        exact=len(rows) <= EXACT_ROWS_MAX,
        total=[{k: v for k, v in one.items() if v or k in ("currency", "cost")} for one in total],
        notes=(*_notes(spec, found), *asking.missing_rates(found), *asking.scope_note(caller)),
        bytes_max=asking.bytes_for(asked.rows_max, base.ROWS_SHOWN)
        if not course
        else asking.BYTES_ASKED_MAX,
    )


def question(caller: base.Reader, asked: Arguments) -> Spec:
    """Customers and cost classes have reports of their own, with the same columns."""
    period = read_period(asked.period, caller.calendar)
    named = {*asked.group_by, *asked.filters}
    report, groups = "cost", list(asked.group_by)
    more = {"granularity": asked.granularity, "basis": asked.basis, "in_currency": asked.currency}
    if CUSTOMER in named:
        report, groups = "customers", [name for name in groups if name != CUSTOMER]
    elif CLASS in named:
        report, groups = "cost_class", [name for name in groups if name != CLASS]
    if asked.spread_idle or asked.spread_shared:
        if report == "customers":
            raise base.Refused("spread_idle, spread_shared", "customers have their share of the "
                               "owner's idle, not of the pools", "Leave them out")  # fmt: skip
        more |= {"idle": "spread" if asked.spread_idle else "shown",
                 "shared": "spread" if asked.spread_shared else "shown"}  # fmt: skip
    return asking.spec_of(caller, report, period, groups, asked.filters, **more)


def _names(spec: Spec) -> tuple[str, ...]:
    own = {"customers": (CUSTOMER,), "cost_class": (CLASS,)}.get(spec.report, ())
    return (*own, *spec.group_by, "line")


def _money_of(found: Answer) -> tuple[str, ...]:
    wanted = ("cost", "idle_cost", "idle_spread", "shared_spread", "estimated_cost", "requests",
              "tokens")  # fmt: skip
    return tuple(name for name in wanted if name in found.columns)


def _columns(spec: Spec, found: Answer, rows: Sequence[Mapping]) -> tuple[str, ...]:
    """Names and money; a column of nothing is left out, and the currency where it is one. A course
    of several names is told by cost alone."""
    own = () if found.currency else ("currency",)
    if spec.granularity != "total":
        if _names(spec)[:-1]:
            return ("period", *_names(spec), *own, "cost")
        told = ("period", *own, "cost")
    else:
        told = (*(_names(spec) if _names(spec)[:-1] else ()), *own, "cost")
    return (*told, *(name for name in _money_of(found)[1:] if any(r[name] for r in rows)))


def _sentence(spec: Spec, found: Answer, total: Sequence[Mapping]) -> str:
    span, of = asking.in_words(spec.period), asking.of_whom(spec)
    if not total:
        return f"No cost{of} stands in {span}."
    told = (
        f"AI cost{of} was {asking.sums_told(total, 'cost')} in {span} ({asking.state_of(found)})."
    )
    names = _names(spec)[:-1]
    if not names or spec.granularity != "total":
        return told
    none = " or ".join(name.replace("_", " ") for name in names)
    top, pools = [], []
    for row in found.rows:
        amount = money(row["cost"], row["currency"])
        if not is_pool(row, names):
            of_row = (str(row[name]) or f"no {name.replace('_', ' ')}" for name in names)
            top.append(f"{', '.join(of_row)} {amount}")
        elif row["cost"]:
            pools.append(f"{POOL_NAMES[row['line']].format(none)} {amount}")
    most = f" Most: {'; '.join(top[:NAMED_MAX])}." if top else ""
    return told + most + (f" On no name: {'; '.join(pools)}." if pools else "")


def _notes(spec: Spec, found: Answer) -> list[str]:
    notes = []
    if any(row.get("estimated_cost") for row in found.rows):
        notes.append("estimated_cost is still expected of days that are not final; it is beside "
                     "cost, never in it")  # fmt: skip
    names = _names(spec)[:-1]
    if names and any(is_pool(row, names) for row in found.rows):
        notes.append("lines idle, shared, unattributed and workload without a name stand on no "
                     "name of this grouping; all rows add up to the bill")  # fmt: skip
    return notes


def _path(spec: Spec) -> str:
    if spec.report == "customers":
        return links.page("customers", replace(spec, group_by=()))
    return links.page("explore", replace(spec, filters={
        k: v for k, v in spec.filters.items() if k != CLASS}))  # fmt: skip


TOOL = base.Tool(
    "query_costs",
    "What it cost",
    "What AI cost in a period, in total or broken down by up to four dimensions: feature, model, "
    "team, customer, experiment, service, region, layer, kind (idle, shared, unattributed)… and, "
    "with granularity, over time. Use it for 'how much did … cost', 'top 10 …', 'how much is "
    "idle', 'cost per month'. For why cost changed use compare_periods; for cost per inference "
    "use unit_costs.",
    Arguments,
    answer,
)
