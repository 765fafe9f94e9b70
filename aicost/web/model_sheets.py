"""What the pages of models show beside quality, to take away: rows of their panels, unrounded."""

from aicost.web.ask import Ask
from aicost.web.exports import sheet_of_blocks
from aicost.web.model_charts import name_of, weekly_answer, weekly_rows
from aicost.web.model_parts import BY_LAYER, change_rows, changes_answer, failed_answer, kin_rows
from aicost.web.parts import cost_blocks
from aicost.web.qualities import planes, quality_of
from attribution.reports.columns import DAY, TEXT
from attribution.reports.sheets import Column, Sheet, sheet_of, sheet_of_answer

GAINS = (
    "base_model", "model", "leads_after", "model_version", "leads_since", "measure", "dataset",
    "better", "gained_points", "currency", "gain_cost_per_month", "gain_cost_per_point", "reason",
)  # fmt: skip
KIN = tuple(
    Column(name, TEXT)
    for name in ("model", "base_model", "model_family", "parameters", "active_parameters",
                 "quantisation", "context", "vendor", "owner")
)  # fmt: skip


def gains(ask: Ask) -> Sheet:
    """The last gain of each model and measure."""
    leaders = [plane.leader for plane in planes(ask)]
    rows = [row for row in leaders if row is not None and row["leads_after"]]
    return sheet_of("What the last gain cost", quality_of(ask), GAINS, rows)


def trends(ask: Ask) -> Sheet:
    """Unit cost, latency and calls of twelve weeks."""
    answer = weekly_answer(ask)
    return sheet_of("Twelve weeks", answer, answer.columns, weekly_rows(ask))


def features(ask: Ask) -> Sheet:
    return _blocks(ask, "Features", ("feature",))


def layers(ask: Ask) -> Sheet:
    return _blocks(ask, "What it buys", BY_LAYER)


def _blocks(ask: Ask, title: str, group_by: tuple[str, ...]) -> Sheet:
    answer, found = ask.report("cost", group_by=group_by), cost_blocks(ask, group_by)
    return sheet_of_blocks(title, ask, answer, found, group_by)


def family(ask: Ask) -> Sheet:
    """A row a model and currency."""
    answer = ask.with_view(filters={}).report("cost", group_by=("model",))
    rows = [
        {**_as_text(row), "currency": currency, "cost": cost}
        for row in kin_rows(ask)
        for currency, cost in row["money"] or [("", None)]
    ]
    return sheet_of("Models beside it", answer, (*KIN, "currency", "cost"), rows)


def _as_text(row: dict) -> dict:
    """What people said of a model is text, also where it is a number."""
    known = ((column.name, row[column.name]) for column in KIN)
    return {name: None if value is None else str(value) for name, value in known}


def failures(ask: Ask) -> Sheet:
    return sheet_of_answer("Failed calls and retries", failed_answer(ask))


def changes(ask: Ask) -> Sheet:
    name_of(ask)
    columns = (Column("day", DAY), *(Column(name, TEXT) for name in ("what", "text", "who", "url")))
    return sheet_of("What changed", changes_answer(ask), columns, change_rows(ask))
