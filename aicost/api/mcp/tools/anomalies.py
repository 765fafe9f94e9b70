"""anomalies: what the ledger noticed, the dearest first."""

from typing import Literal

from django.urls import reverse
from pydantic import Field

from aicost.api.mcp import asking, base, links
from aicost.api.mcp.said import Said, money
from aicost.api.mcp.when import read_period
from attribution.models.alerts import STANDING
from attribution.reports import run
from attribution.reports.spec import Answer, Spec

COLUMNS = ("alert_id", "state", "severity", "kind", "level", "name", "title", "onset", "last",
           "currency", "expected", "actual", "excess", "monthly", "owner", "told")  # fmt: skip
NAMED_MAX = 3


class Arguments(base.Arguments):
    period: base.Period = Field(
        "last 30 days", description="Alerts that stand, and those with a day in these days."
    )
    state: Literal["all", "standing", "over"] = Field(
        "all", description="standing: it is still so. over: resolved or closed."
    )
    level: base.Text = Field(
        "", description="Only of this kind of name: feature, model, team, organisation…"
    )
    name: base.Text = Field("", description="Only of this name.")
    rows_max: base.RowsMax = 10


def answer(caller: base.Reader, asked: Arguments) -> Said:
    spec = Spec("alerts", read_period(asked.period, caller.calendar), caller.asker)
    found = run(spec)
    rows = [row for row in found.rows if _wanted(row, asked)]
    rows = [row | {"url": reverse("alert", args=[row["alert_id"]])} for row in rows]
    return Said(
        _sentence(found, rows),
        found,
        links.page("anomalies", spec),
        (*COLUMNS, "url"),
        rows,
        asked.rows_max,
        folds=("excess",),
        notes=(
            "expected is a judgement; actual is the ledger's money of the alert's own days; "
            "monthly is what it comes to in a month if it stays",
            "told no: only listed, its money is told by another alert",
            "compare_periods around onset says why; explain_number goes to the charges",
            *asking.scope_note(caller),
        ),
        bytes_max=asking.bytes_for(asked.rows_max, 10),
    )


def _wanted(row: dict, asked: Arguments) -> bool:
    stands = row["state"] in STANDING
    return (
        (asked.state == "all" or stands == (asked.state == "standing"))
        and asked.level in ("", row["level"])
        and asked.name.casefold() in ("", (row["name"] or "").casefold())
    )


def _sentence(found: Answer, rows: list[dict]) -> str:
    span = asking.in_words(found.spec.period)
    if not rows:
        return f"Nothing is noticed that stands now or has a day in {span}."
    standing = sum(row["state"] in STANDING for row in rows)
    top = "; ".join(
        f"{row['title']} since {row['onset']:%d %b %Y}"
        + (f", {money(row['excess'], row['currency'])} more than expected"
           if row["excess"] is not None and row["currency"] else "")
        for row in rows[:NAMED_MAX]
    )  # fmt: skip
    some = "alert" if len(rows) == 1 else "alerts"
    return f"{len(rows)} {some}, of which {standing} stand ({span}). Dearest a month: {top}."


TOOL = base.Tool(
    "anomalies",
    "What was noticed",
    "Alerts of the ledger: cost spikes, level shifts, drifts, drops, idle GPUs, forgotten "
    "experiments, unit costs that got worse, budgets that burn… with what was expected, what it "
    "was, since when, who owns it. Use it for 'anything unusual', 'what should I look at', 'open "
    "anomalies'.",
    Arguments,
    answer,
)
