"""budget_status: budgets, and what is prepaid or promised, as of a day."""

from datetime import timedelta

from pydantic import Field

from aicost.api.mcp import asking, base, links
from aicost.api.mcp.said import Said, as_json, money, shown
from aicost.api.mcp.when import read_period
from aicost.kernel.periods import Period
from attribution.reports import run
from attribution.reports.spec import Answer, NotAllowed, Spec

COLUMNS = ("name", "kind", "filters", "budget_period", "first_day", "last_day", "currency",
           "available", "used", "p50", "p10", "p90", "probability_percent", "breach_on",
           "at_this_pace", "level", "words", "owner", "data_through", "reason")  # fmt: skip
BALANCE = ("name", "kind", "currency", "balance", "day", "used", "left", "ends_on", "runs_out_on",
           "missing", "probability_percent", "reason")  # fmt: skip
LEVELS = {"breach": "used up", "alert": "likely to be exceeded", "warn": "may be exceeded"}
NAMED_MAX = 3


class Arguments(base.Arguments):
    day: base.Text = Field(
        "yesterday",
        description="The evening it is seen on: a day as 2026-09-20, or a period whose last day "
        "counts, such as last month.",
    )
    name: base.Text = Field("", description="Only budgets and balances with this in their name.")
    rows_max: base.RowsMax = base.ROWS_SHOWN


def answer(caller: base.Reader, asked: Arguments) -> Said:
    period = last_day(read_period(asked.day, caller.calendar, "day"))
    spec = Spec("budgets", period, caller.asker)
    found = run(spec)
    part = asked.name.casefold()
    rows = [row for row in found.rows if part in row["name"].casefold()]
    balances, notes = _balances(caller, period, part)
    known = [name for name in COLUMNS if any(row[name] not in (None, "") for row in rows)]
    return Said(
        f"{_sentence(found, rows, asked.name)}{_left(balances)}",
        found,
        links.page("budgets", spec),
        tuple(known) or COLUMNS[:1],
        rows,
        asked.rows_max,
        folds=(),
        notes=(
            "p50 is as likely passed as not; the total is between p10 and p90 in four of five "
            "cases; probability_percent is that of ending above the budget",
            *notes,
            *asking.scope_note(caller),
        ),
        extra={"balances": balances} if balances else {},
        bytes_max=asking.bytes_for(asked.rows_max, base.ROWS_SHOWN),
    )


def last_day(period: Period) -> Period:
    return Period(period.end - timedelta(days=1), period.end)


def _balances(caller: base.Reader, period: Period, part: str) -> tuple[list[dict], list[str]]:
    """Prepaid credits and commitments; they are of the whole company."""
    try:
        rows = run(Spec("burn_down", period, caller.asker)).rows
    except NotAllowed:
        return [], ["credits and commitments are shown to who sees the whole company"]
    told = [row for row in rows if part in row["name"].casefold()]
    return [
        {name: shown(name, row[name]) for name in BALANCE if row[name] not in (None, "")}
        | {"exact": {name: as_json(row[name]) for name in ("used", "left")}}
        for row in told
    ], []  # fmt: skip


def _left(balances: list[dict]) -> str:
    """ " Prepaid: 3,147.50 USD left, runs out on 2026-10-13." """
    return "".join(
        f" {one['name']}: {one['left']} {one['currency']} of {one['balance']} left"
        + (f", runs out on {one['runs_out_on']}" if "runs_out_on" in one else "")
        + "."
        for one in balances[:NAMED_MAX]
    )


def _sentence(found: Answer, rows: list[dict], name: str) -> str:
    day = asking.in_words(found.spec.period)
    if not rows:
        called = f" with {name!r} in its name" if name else ""
        return f"No budget{called} that you may see holds on {day}."
    told = []
    for row in rows[:NAMED_MAX]:
        if row["used"] is None:
            told.append(f"{row['name']}: {row['reason']}")
            continue
        ends = f", expected to end at {money(row['p50'], row['currency'])}" if row["p50"] else ""
        odds = row["probability_percent"]
        likely = f", {odds:.0f}% likely above" if odds is not None else ""
        when = f", used up on {row['breach_on']:%d %b %Y}" if row["breach_on"] else ""
        level = f" ({LEVELS.get(row['level'], row['level'])})" if row["level"] else ""
        of = money(row["available"], row["currency"])
        told.append(f"{row['name']}: {money(row['used'], row['currency'])} of {of} used"
                    f"{ends}{likely}{when}{level}")  # fmt: skip
    worst = sum(bool(row["level"]) for row in rows)
    some = "budget holds" if len(rows) == 1 else "budgets hold"
    return f"{len(rows)} {some} on {day}, {worst} with a warning. {'; '.join(told)}."


TOOL = base.Tool(
    "budget_status",
    "Budgets",
    "Each budget: used so far, what is available, where its period will end (p50 and band), how "
    "likely above, the day it is used up; and prepaid credits and commitments with when they run "
    "out. Use it for 'are we on budget', 'will we exceed', 'when do our credits run out'.",
    Arguments,
    answer,
)
