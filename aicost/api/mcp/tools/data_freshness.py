"""data_freshness: how far each source reaches, and what is final."""

from pydantic import Field

from aicost.api.mcp import asking, base, links
from aicost.api.mcp.said import Said
from aicost.api.mcp.when import read_period
from aicost.web import numbers
from attribution.reports import run
from attribution.reports.spec import Answer, Spec

BILL = "bill"


class Arguments(base.Arguments):
    period: base.Period = Field(
        "last 30 days", description="The days whose completeness is asked about."
    )
    rows_max: base.RowsMax = 30


def answer(caller: base.Reader, asked: Arguments) -> Said:
    spec = Spec("freshness", read_period(asked.period, caller.calendar), caller.asker)
    found = run(spec)
    known = [n for n in found.columns if any(row[n] not in (None, 0, "") for row in found.rows)]
    return Said(
        _sentence(found),
        found,
        links.page("health" if caller.asker.teams is None else "overview", spec),
        tuple(known) or found.columns[:1],
        found.rows,
        asked.rows_max,
        folds=(),
        notes=(
            "final_through: up to this day the bill is complete; later days may still grow",
            "dirty_days wait to be attributed and show their last published figures",
        ),
    )


def _sentence(found: Answer) -> str:
    if not found.rows:
        return "No source has delivered anything yet."
    bills = [row for row in found.rows if row["kind"] == BILL]
    ends = [row["final_through"] for row in bills]
    if not bills:
        final = "No bill has been delivered"
    elif None in ends:
        open_ = ", ".join(row["source"] for row in bills if row["final_through"] is None)
        final = f"No day is final in every bill: {open_} has none"
    else:
        final = f"All bills are final through {numbers.day_year(min(ends))}"
        if len(set(ends)) > 1:
            late = ", ".join(row["source"] for row in bills if row["final_through"] == min(ends))
            final = f"{final}, others than {late} further"
    through = max((row["through"] for row in found.rows if row["through"]), default=None)
    data = f"; the newest day with any data is {numbers.day_year(through)}" if through else ""
    return f"{final}{data}. {numbers.plural(len(found.rows), 'source')} in all; figures of " \
           f"{asking.in_words(found.spec.period)} are {asking.state_of(found)}."  # fmt: skip


TOOL = base.Tool(
    "data_freshness",
    "How fresh the data is",
    "Per source: the last day with data, up to which day it is final, when it was last loaded, "
    "days that still wait. Use it for 'is the data up to date', 'can I close the month', 'why is "
    "this not final'.",
    Arguments,
    answer,
)
