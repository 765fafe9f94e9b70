"""What each column of a report holds, for every surface that writes it down."""

from attribution.reports import focus_columns
from attribution.reports.spec import CHARGE_DIMENSIONS, HIERARCHY_DIMENSIONS, TAG

TEXT, DAY, TIME, COUNT, DECIMAL, MEASURE = "text", "day", "time", "count", "decimal", "measure"

_KINDS = {
    DAY: (
        "period",
        "through",
        "final_through",
        "waiting_since",
        "first_day",
        "last_day",
    ),
    TIME: ("loaded_at", "created_at", "at", "started_at", "ended_at", "touched_at"),
    COUNT: (
        "objects",
        "bytes",
        "age_days_min",
        "idle_days_min",
        "delivery_id",
        "dirty_days",
        "failed_days",
        "rows_read",
        "rows_loaded",
        "rows_quarantined",
        "rows",
        "series",
        "days",
        "position",
        "first_line",
        "charges_added",
        "charges_changed",
        "charges_removed",
        "calls",
        "requests",
        "successes",
        "attempts",
        "outcomes",
        "tokens",
        "input_tokens",
        "cached_input_tokens",
        "output_tokens",
        "reasoning_tokens",
    ),
    MEASURE: ("latency_p50_ms", "latency_p95_ms"),
    TEXT: (
        *CHARGE_DIMENSIONS,
        *HIERARCHY_DIMENSIONS,
        "source",
        "account",
        "service",
        "region",
        "charge_category",
        "evidence",
        "consumption_basis",
        "feature",
        "model",
        "model_version",
        "workload",
        "experiment",
        "team",
        "environment",
        "activity",
        "kind",
        "state",
        "line",
        "currency",
        "node",
        "version",
        "storage_class",
        "prefix",
        "bucket",
        "outcome",
        "reader",
        "name",
        "message",
        "billing_period",
        "billing_periods",
        "file",
        "reason",
        "delivery",
        "previous_delivery",
        "what",
        "detail",
        "token_class",
        "token_classes",
        "price_link",
        "alias_link",
        "title",
        "url",
        "author",
        "repository",
        "branch",
        "commit",
        "run",
        "user",
        "status",
        "restarted_from",
        "touched_by",
        "strength",
        "why",
        "method",
        "conditions",
        "assigns",
        "touched_by_what",
    ),
}
_KIND_OF = {
    **dict.fromkeys((*focus_columns.FOCUS, *focus_columns.ALLOCATION, *focus_columns.OWN), TEXT),
    **dict.fromkeys(focus_columns.TIMES, TIME),
    **dict.fromkeys(focus_columns.NUMBERS, DECIMAL),
    **{name: kind for kind, names in _KINDS.items() for name in names},
}
# Never summed: a total of unit costs or percentages says nothing.
_NOT_ADDITIVE = ("_per_", "percent", "first_line", "delivery_id", "_days_min")


def kind_of(column: str) -> str:
    """text, day, time, count (a whole number), decimal (exact, money above all) or measure (a
    rounded float). What is not listed is decimal."""
    return TEXT if column.startswith(TAG) else _KIND_OF.get(column, DECIMAL)


def is_additive(column: str) -> bool:
    """Whether the column's sum over the rows of one currency means something."""
    return kind_of(column) in (COUNT, DECIMAL) and not any(part in column for part in _NOT_ADDITIVE)
