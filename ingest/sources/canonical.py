"""The canonical files: usage, GPU intervals, revenue, outcomes, quality and the three maps.

docs/formats.md is their reference; CSV, JSON lines and Parquet hold the same columns.
"""

from ingest.records import (
    DIRECTIONS,
    RUN_REASONS,
    RUN_STATES,
    AliasRecord,
    CustomerRecord,
    IntervalRecord,
    OutcomeRecord,
    PodRecord,
    QualityRecord,
    ResourceMapRecord,
    RevenueRecord,
    RunRecord,
    StorageMapRecord,
    UsageRecord,
    WorkloadMapRecord,
)
from ingest.sources import cells
from ingest.sources.base import RowReader
from ingest.sources.canonical_intervals import finish_intervals
from ingest.sources.canonical_maps import (
    finish_storage_map,
    finish_validity,
    finish_workload_map,
)
from ingest.sources.canonical_pods import finish_pods
from ingest.sources.canonical_prices import PRICES
from ingest.sources.canonical_runs import finish_runs
from ingest.sources.canonical_usage import finish_usage
from ingest.sources.format import Column, Format


def _texts(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name, name, cells.text) for name in names)


def _counts(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name, name, cells.count, default=None) for name in names)


def _times(**into: str) -> tuple[Column, ...]:
    return tuple(Column(n, field, cells.milliseconds, default=None) for n, field in into.items())


def _amounts(**into: str) -> tuple[Column, ...]:
    return tuple(Column(n, field, cells.not_negative, default=None) for n, field in into.items())


USAGE = Format(
    name="usage",
    kind="usage",
    record_type=UsageRecord,
    columns=(
        Column("time", "time", cells.time, required=True),
        Column("id", "event_id", cells.text, default=None),
        Column("workload_type", "activity", cells.activity),
        *_texts("provider", "model", "model_version", "precision", "workload", "serving_mode"),
        *_texts("pipeline", "run", "agent_step", "feature", "experiment", "team", "environment"),
        *_texts("customer", "user", "escalated_from", "prompt_version", "input_hash"),
        *_texts("prefix_hash", "status", "region", "service_tier"),
        *_counts("requests", "successes", "outcomes", "attempts"),
        *_counts("input_tokens", "cached_input_tokens", "cache_write_5m_tokens"),
        *_counts("cache_write_1h_tokens", "output_tokens", "reasoning_tokens"),
        *_counts("audio_input_tokens", "audio_output_tokens", "image_input_tokens"),
        *_counts("images", "characters", "system_prompt_tokens", "retrieved_chunks"),
        *_times(audio_seconds="audio_ms", gpu_seconds="gpu_ms"),
        Column("latency_ms", "latency_bucket", cells.latency_bucket, default=None),
        Column("latency_histogram", "latency_histogram", cells.histogram, default=None),
        Column("cost", "reported_cost", cells.amount, default=None),
        Column("currency", "reported_currency", cells.currency),
    ),
    known_by=frozenset({"time"}),
    not_with=frozenset({"t_start", "device_uuid", "timestamp", "day"}),
    finish=finish_usage,
)

GPU_INTERVALS = Format(
    name="gpu_intervals",
    kind="telemetry",
    record_type=IntervalRecord,
    columns=(
        Column("t_start", "t_start", cells.time, required=True),
        Column("t_end", "t_end", cells.time, required=True),
        Column("device_uuid", "device_uuid", cells.text, required=True),
        *_texts("cluster", "node", "mig_instance_id", "mig_profile", "device_model"),
        *_texts("workload_key", "namespace", "pod", "util_scope", "alloc_basis"),
        Column("alloc_gpu_fraction", "alloc_gpu_fraction", cells.gpu_fraction, default=None),
        *_times(observed_s="observed_ms", busy_s="busy_ms", sm_s="sm_ms", tensor_s="tensor_ms"),
        *_times(zero_s="zero_ms", zero_lead_s="zero_lead_ms", zero_tail_s="zero_tail_ms"),
        *_times(held_idle_s="held_idle_ms", empty_idle_s="empty_idle_ms"),
        Column("fb_used_mib_avg", "fb_used_mib_avg", cells.mebibytes, default=None),
        Column("fb_used_mib_max", "fb_used_mib_max", cells.mebibytes, default=None),
        Column("fb_total_mib", "fb_total_mib", cells.mebibytes, default=None),
        Column("energy_j", "energy_j", cells.not_negative, default=None),
    ),
    known_by=frozenset({"t_start", "t_end", "device_uuid"}),
    finish=finish_intervals,
)

POD_RESOURCES = Format(
    name="pod_resources",
    kind="telemetry",
    record_type=PodRecord,
    columns=(
        Column("hour", "hour", cells.time, required=True),
        Column("node", "node", cells.text, required=True),
        *_texts("cluster", "namespace", "pod"),
        *_times(observed_s="observed_ms"),
        *_amounts(cpu_requested="cpu_requested_ms", cpu_used="cpu_used_ms"),
        *_amounts(cpu_capacity="cpu_capacity_ms", memory_requested_mib="memory_requested_ms"),
        *_amounts(memory_used_mib="memory_used_ms", memory_capacity_mib="memory_capacity_ms"),
    ),
    known_by=frozenset({"hour", "node", "pod"}),
    finish=finish_pods,
)

REVENUE = Format(
    name="revenue",
    kind="business",
    record_type=RevenueRecord,
    columns=(
        Column("day", "day", cells.day, required=True),
        Column("revenue", "amount", cells.amount, required=True),
        Column("currency", "currency", cells.currency, required=True),
        *_texts("feature", "customer"),
    ),
    known_by=frozenset({"day", "revenue", "currency"}),
)

OUTCOMES = Format(
    name="outcomes",
    kind="business",
    record_type=OutcomeRecord,
    columns=(
        Column("day", "day", cells.day, required=True),
        Column("outcome", "name", cells.text, required=True),
        Column("count", "count", cells.count, required=True),
        *_texts("feature", "experiment", "model", "customer"),
    ),
    known_by=frozenset({"day", "outcome", "count"}),
)

QUALITY = Format(
    name="quality",
    kind="business",
    record_type=QualityRecord,
    columns=(
        Column("day", "day", cells.day, required=True),
        Column("model", "model", cells.text, required=True),
        Column("measure", "measure", cells.text, required=True),
        Column("score", "score", cells.score, required=True),
        *_texts("model_version", "experiment", "dataset"),
        Column("better", "better", cells.one_of(*DIRECTIONS)),
    ),
    known_by=frozenset({"day", "model", "measure", "score"}),
)

CUSTOMERS = Format(
    name="customers",
    kind="business",
    record_type=CustomerRecord,
    columns=(
        Column("customer", "customer", cells.text, required=True),
        *_texts("name", "plan", "segment", "team"),
        Column("valid_from", "valid_from", cells.calendar_day, default=None),
    ),
    known_by=frozenset({"customer", "name"}),
    not_with=frozenset({"day", "time", "run_id"}),
)

RUNS = Format(
    name="runs",
    kind="business",
    record_type=RunRecord,
    columns=(
        Column("run_id", "run_id", cells.text, required=True),
        Column("started", "started", cells.time, required=True),
        Column("ended", "ended", cells.time, default=None),
        *_texts("name", "workload_key", "experiment", "model", "model_version", "feature", "team"),
        *_texts("user", "environment", "git_commit", "parent_run"),
        Column("status", "status", cells.one_of(*RUN_STATES)),
        Column("reason", "reason", cells.one_of(*RUN_REASONS)),
        Column("restarted_from", "restarted_from", cells.one_of("checkpoint", "scratch")),
        Column("hosts", "hosts", cells.names, default=()),
        *_times(gpu_seconds="gpu_ms"),
        *(Column(name, name, cells.texts_by_key, default={}) for name in ("params", "tags")),
        Column("metrics", "metrics", cells.texts_by_key, default={}),
    ),
    known_by=frozenset({"run_id", "started"}),
    finish=finish_runs,
)

_VALID = (
    Column("valid_from", "valid_from", cells.calendar_day, default=None),
    Column("valid_to", "valid_to", cells.calendar_day, default=None),
)

RESOURCE_MAP = Format(
    name="resource_map",
    kind="map",
    record_type=ResourceMapRecord,
    columns=(
        Column("node", "node", cells.text, required=True),
        Column("resource_id", "resource_id", cells.text, required=True),
        *_texts("cluster"),
        *_VALID,
    ),
    known_by=frozenset({"node", "resource_id"}),
    not_with=frozenset({"t_start", "time"}),
    finish=finish_validity,
)

WORKLOAD_MAP = Format(
    name="workload_map",
    kind="map",
    record_type=WorkloadMapRecord,
    columns=(
        Column("pattern", "pattern", cells.text, required=True),
        Column("position", "position", cells.position, default=0),
        Column("activity", "activity", cells.activity),
        *_texts("cluster", "namespace", "workload", "model", "feature", "experiment", "team"),
        *_texts("environment"),
        *_VALID,
    ),
    known_by=frozenset({"pattern"}),
    finish=finish_workload_map,
)

STORAGE_MAP = Format(
    name="storage_map",
    kind="map",
    record_type=StorageMapRecord,
    columns=(
        Column("prefix", "pattern", cells.text, required=True),
        Column("position", "position", cells.position, default=0),
        *_texts("bucket", "workload", "model", "feature", "experiment", "team", "environment"),
        *_VALID,
    ),
    known_by=frozenset({"bucket", "prefix"}),
    not_with=frozenset({"day", "time", "objects", "key"}),
    finish=finish_storage_map,
)

ALIAS = Format(
    name="alias",
    kind="map",
    record_type=AliasRecord,
    columns=(
        Column("dimension", "dimension", cells.dimension, required=True),
        Column("raw", "raw", cells.text, required=True),
        Column("canonical", "canonical", cells.text, required=True),
        *_VALID,
    ),
    known_by=frozenset({"dimension", "raw", "canonical"}),
    finish=finish_validity,
)


def _reader(described: Format) -> RowReader:
    return RowReader(
        name=described.name,
        kind=described.kind,
        identify=described.identify,
        records=described.records,
    )


FORMATS = (
    GPU_INTERVALS,
    POD_RESOURCES,
    REVENUE,
    OUTCOMES,
    QUALITY,
    CUSTOMERS,
    RUNS,
    RESOURCE_MAP,
    WORKLOAD_MAP,
    STORAGE_MAP,
    ALIAS,
    PRICES,
    USAGE,
)
CANONICAL_READERS = tuple(map(_reader, FORMATS))
