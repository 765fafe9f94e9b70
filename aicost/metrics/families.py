"""What is exposed: every metric by name, with its labels. All are gauges: a restatement may lower
any of them, which a counter must not. Add one: a line here, its samples in a collector beside, and
a line in docs/metrics.md."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

MONTH, YESTERDAY, FINAL = WINDOWS = ("month_to_date", "yesterday", "last_final_day")
WORDS = {
    MONTH: "this month, as billed so far",
    YESTERDAY: "yesterday, as billed so far",
    FINAL: "the last day that is final in every bill",
}
NAMED = ("model", "feature", "team")
UNITS = {
    "inference": "one inference",
    "million_tokens": "a million tokens",
    "outcome": "one outcome",
}
OTHER = "(other)"


@dataclass(frozen=True)
class Family:
    """`ages` are kept as the moment they count from, and told as seconds at each scrape."""

    name: str
    help: str
    labels: tuple[str, ...] = ()
    ages: bool = False


@dataclass(frozen=True)
class Sample:
    """`value` is exact; Prometheus keeps the nearest double."""

    name: str
    labels: tuple[str, ...]
    value: Decimal | int


def _costs() -> Iterable[Family]:
    for window in WINDOWS:
        yield Family(f"aicost_cost_{window}", f"Effective cost of {WORDS[window]}", ("currency",))
        yield Family(
            f"aicost_kind_cost_{window}",
            f"Effective cost of {WORDS[window]}, by what became of it",
            ("kind", "currency"),
        )
        for one in NAMED:
            yield Family(
                f"aicost_{one}_cost_{window}",
                f"Effective cost by {one}, of {WORDS[window]}; line owned, or what no {one} owns",
                (one, "line", "currency"),
            )


def _units() -> Iterable[Family]:
    for one in ("model", "feature"):
        for unit, words in UNITS.items():
            yield Family(
                f"aicost_{one}_cost_per_{unit}",
                f"What {words} of the {one} costs this month: marginal, or loaded with idle",
                (one, "cost", "currency"),
            )
        yield Family(f"aicost_{one}_inferences_month_to_date", f"Inferences by {one}", (one,))
        yield Family(f"aicost_{one}_tokens_month_to_date", f"Tokens by {one}", (one,))


BUDGET = ("budget_id", "budget", "kind", "period", "currency")
SOURCE = ("source", "kind")
FAMILIES: tuple[Family, ...] = (
    *_costs(),
    Family(
        "aicost_estimated_cost_month_to_date",
        "What bills of this month are still expected to add",
        ("currency",),
    ),
    Family("aicost_last_final_day_timestamp_seconds", "The last final day, its midnight UTC"),
    *_units(),
    Family("aicost_budget_spent", "Spent of the budget so far", BUDGET),
    Family("aicost_budget_limit", "What may be spent, with what was carried over", BUDGET),
    Family("aicost_budget_forecast", "Where the budget's period ends: p50", BUDGET),
    Family(
        "aicost_budget_overrun_probability_ratio",
        "How likely the budget's period ends above its limit, 0 to 1",
        BUDGET,
    ),
    Family("aicost_source_loaded_timestamp_seconds", "When the source last brought data", SOURCE),
    Family("aicost_source_age_seconds", "Since the source last brought data", SOURCE, ages=True),
    Family("aicost_source_last_day_timestamp_seconds", "The last day it has data of", SOURCE),
    Family("aicost_source_final_day_timestamp_seconds", "Its last final day", SOURCE),
    Family("aicost_source_dirty_dates", "Days that wait to be attributed anew", SOURCE),
    Family("aicost_source_failed_dates", "Days that could not be attributed", SOURCE),
    Family(
        "aicost_residual",
        "The bill minus the ledger: anything but 0 is an error",
        ("source", "billing_period", "basis", "currency"),
    ),
    Family("aicost_alerts_open", "Alerts that stand", ("severity",)),
    Family("aicost_jobs", "Jobs by kind: queued, running or failed", ("kind", "state")),
    Family(
        "aicost_jobs_oldest_queued_age_seconds",
        "Since the oldest job of the kind that is due was put in; absent when none waits",
        ("kind",),
        ages=True,
    ),
    Family("aicost_outbox_messages", "Messages that wait, or were given up (dead)", ("state",)),
    Family(
        "aicost_export_succeeded_timestamp_seconds",
        "When daily files were last written without a fault",
        ("destination",),
    ),
    Family("aicost_otlp_spans_received", "Spans and points taken, of all time", ("source",)),
    Family("aicost_otlp_spans_quarantined", "Spans and points set aside, of all time", ("source",)),
    Family("aicost_otlp_rows_waiting", "Spans and points that wait to be folded"),
    Family("aicost_database_size_bytes", "Size of the database"),
    Family("aicost_build_info", "Always 1; what runs", ("version", "python")),
    Family("aicost_metrics_collected_timestamp_seconds", "When these figures were looked up"),
    Family("aicost_metrics_collect_duration_seconds", "How long that took"),
    Family("aicost_metrics_series_left_out", "Series beyond the limit of names, not exposed"),
)
BY_NAME: Mapping[str, Family] = {family.name: family for family in FAMILIES}
