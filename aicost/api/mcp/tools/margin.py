"""margin: revenue, cost and what is left, by feature or by customer."""

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from aicost.api.mcp import asking, base, links
from aicost.api.mcp.said import Said, money, summed
from aicost.api.mcp.when import read_period
from aicost.web import numbers
from attribution.reports import run
from attribution.reports.spec import Answer

REPORTS = {"feature": "margin", "customer": "customer_margin"}
NAMED_MAX = 3


class Arguments(base.Arguments):
    period: base.Period
    by: Literal["feature", "customer"] = "feature"
    filters: base.Filters = Field(default_factory=dict)
    rows_max: base.RowsMax = base.ROWS_SHOWN


def answer(caller: base.Reader, asked: Arguments) -> Said:
    period = read_period(asked.period, caller.calendar)
    spec = asking.spec_of(caller, REPORTS[asked.by], period, (), asked.filters)
    found = run(spec)
    wanted = ("revenue", "cost", "cost_of_revenue", "gross_margin", "margin")
    sums = tuple(name for name in wanted if name in found.columns)
    percents = tuple(n for n in ("gross_margin_percent", "margin_percent") if n in found.columns)
    own = () if found.currency else ("currency",)
    page = "margin" if asked.by == "feature" else "customers"
    return Said(
        _sentence(found, asked.by),
        found,
        links.page(page, spec),
        (asked.by, "line", *own, *sums, *percents),
        found.rows,
        asked.rows_max,
        folds=sums,
        total=summed(found.rows, tuple(name for name in sums if "margin" not in name)),
        notes=(
            "margin is revenue less all cost; gross margin is revenue less cost of revenue, "
            "without research and other cost",
            "null revenue is unknown: nobody told any, which is not zero",
        ),
        names=(asked.by,),
        bytes_max=asking.bytes_for(asked.rows_max, base.ROWS_SHOWN),
    )


def _sentence(found: Answer, by: str) -> str:
    span = asking.in_words(found.spec.period)
    rows = [row for row in found.rows if row["line"] == "owned" and row["margin"] is not None]
    if not rows:
        return f"No {by} has both revenue and cost in {span}: its margin is unknown."
    worst = sorted(rows, key=lambda row: row["margin"])[:NAMED_MAX]
    lost = [row for row in rows if row["margin"] < 0]
    told = "; ".join(f"{row[by]} {_left(row)}" for row in worst)
    count = f"{len(lost) or 'none'} of {numbers.plural(len(rows), by)} with revenue"
    many = f"{count} {'lose' if len(lost) > 1 else 'loses'} money"
    return f"In {span} {many}. Lowest margin: {told} ({asking.state_of(found)})."


def _left(row: Mapping) -> str:
    revenue, cost = (money(row[name], row["currency"]) for name in ("revenue", "cost"))
    return f"{money(row['margin'], row['currency'])} (revenue {revenue}, cost {cost})"


TOOL = base.Tool(
    "margin",
    "Revenue and margin",
    "Revenue, AI cost, gross margin and margin by feature or by customer, the lowest first. Use "
    "it for 'which feature loses money', 'gross margin after AI cost', 'which customers cost more "
    "than they pay'. For finance, finops and admin who see the whole company.",
    Arguments,
    answer,
)
