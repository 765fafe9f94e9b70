"""forecast: where the month, quarter and year end."""

from dataclasses import replace
from datetime import timedelta
from typing import Literal

from pydantic import Field

from aicost.api.mcp import asking, base, links
from aicost.api.mcp.said import Said, money
from aicost.api.mcp.tools.budget_status import last_day
from aicost.api.mcp.when import read_period
from aicost.kernel.periods import Period
from attribution.reports import run
from attribution.reports.spec import Answer, Spec

COLUMNS = ("horizon", "first_day", "last_day", "so_far", "p50", "p10", "p90", "data_through",
           "reason")  # fmt: skip
NAMED_MAX = 4


class Arguments(base.Arguments):
    as_of: base.Text = Field(
        "yesterday",
        description="The evening it is seen on; what came later is not looked at. A day as "
        "2026-09-20, or a period whose last day counts.",
    )
    horizon: Literal["month", "quarter", "year", "all"] = "all"
    group_by: base.GroupBy = Field(default_factory=list)
    filters: base.Filters = Field(default_factory=dict)
    currency: base.Currency = ""
    rows_max: base.RowsMax = base.ROWS_SHOWN


def answer(caller: base.Reader, asked: Arguments) -> Said:
    period = last_day(read_period(asked.as_of, caller.calendar, "as_of"))
    spec = asking.spec_of(caller, "forecast", period, asked.group_by, asked.filters,
                          in_currency=asked.currency)  # fmt: skip
    found = run(spec)
    rows = [row for row in found.rows if asked.horizon in ("all", row["horizon"])]
    own = () if found.currency else ("currency",)
    names = (*spec.group_by, *(("line",) if spec.group_by else ()), *own)
    known = [name for name in COLUMNS if any(row[name] not in (None, "") for row in rows)]
    return Said(
        _sentence(found, rows),
        found,
        links.page("explore", _month(spec)) if spec.filters or spec.group_by else
        links.page("overview", _month(spec)),
        (*known[:1], *names, *known[1:]),
        rows,
        asked.rows_max,
        folds=("so_far",),
        notes=(
            "p50 is as likely passed as not; the end is between p10 and p90 in four of five cases",
            "p50 of groups do not add up to p50 of all; so_far does",
            *asking.missing_rates(found),
            *asking.scope_note(caller),
        ),
        names=spec.group_by,
        bytes_max=asking.bytes_for(asked.rows_max, base.ROWS_SHOWN),
    )  # fmt: skip


def _month(spec: Spec) -> Spec:
    """The days of the month so far: where pages show the forecast."""
    day = spec.period.end - timedelta(days=1)
    return replace(spec, period=Period(day.replace(day=1), spec.period.end))


def _sentence(found: Answer, rows: list[dict]) -> str:
    of = asking.of_whom(found.spec)
    day = asking.in_words(found.spec.period)
    if not rows:
        return f"There is no cost{of} to foresee as of {day}."
    told = []
    for row in rows[:NAMED_MAX]:
        names = [str(row[name]) or "not set" for name in found.spec.group_by]
        what = f"{row['horizon']} to {row['last_day']:%d %b %Y}"
        so_far = money(row["so_far"], row["currency"])
        if row["p50"] is None:
            ends = f"no forecast ({row['reason']}), {so_far} so far"
        else:
            p50, p10, p90 = (money(row[n], row["currency"]) for n in ("p50", "p10", "p90"))
            ends = f"{p50} (between {p10} and {p90}), {so_far} so far"
        told.append(f"{', '.join([*names, what])}: {ends}")
    return f"Forecast{of} as of {day}: {'; '.join(told)}."


TOOL = base.Tool(
    "forecast",
    "Where the period ends",
    "Where the month, quarter and fiscal year will end: expected (p50) and a band that holds four "
    "of five cases, for all cost or any dimension. Use it for 'what will this month come to', "
    "'year-end AI spend', 'forecast by team'.",
    Arguments,
    answer,
)
