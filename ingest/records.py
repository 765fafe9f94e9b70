"""What readers hand over. Pure data, no Django: a bill reader returns a relational expression
(`ingest.sources.base.BillReader`), the others yield these records or `Rejected`."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal


@dataclass(frozen=True)
class Rejected:
    """A row that goes to quarantine. `line` is physical and counts from 1."""

    line: int
    reason: str
    raw: str


@dataclass(frozen=True)
class IntervalRecord:
    """One 5-minute bucket of one GPU and workload; fields as in ingest.models.GpuInterval.

    `zero_lead_ms` and `zero_tail_ms` are zero-activity time touching the bucket's start and end
    (both equal to the bucket's length when it is all zero): loading joins them over neighbouring
    buckets into runs, since only runs of at least 5 minutes are idle (`idle-1`).
    """

    t_start: datetime
    t_end: datetime
    device_uuid: str
    observed_ms: int
    alloc_gpu_fraction: Decimal = Decimal(0)
    alloc_basis: str = ""
    cluster: str = ""
    node: str = ""
    mig_instance_id: str = ""
    mig_profile: str = ""
    device_model: str = ""
    workload_key: str = ""
    namespace: str = ""
    pod: str = ""
    util_scope: str = "device"
    n_samples: int | None = None
    busy_ms: int | None = None
    gr_busy_ms: int | None = None
    sm_ms: int | None = None
    tensor_ms: int | None = None
    zero_ms: int | None = None
    zero_lead_ms: int | None = None
    zero_tail_ms: int | None = None
    held_idle_ms: int | None = None  # told by the source itself; None: derived when loading
    empty_idle_ms: int | None = None
    fb_used_mib_avg: int | None = None
    fb_used_mib_max: int | None = None
    fb_total_mib: int | None = None
    energy_j: Decimal | None = None
    energy_basis: str = ""
    flags: tuple[str, ...] = ()


@dataclass(frozen=True)
class PodRecord:
    """What one pod held in one hour; fields as in ingest.models.PodHour: core-milliseconds and
    MiB-milliseconds over the observed time, None for not told. Pod '' is the node's own row."""

    hour: datetime
    node: str
    observed_ms: int
    cluster: str = ""
    namespace: str = ""
    pod: str = ""
    cpu_requested_ms: int | None = None
    cpu_used_ms: int | None = None
    cpu_capacity_ms: int | None = None
    memory_requested_ms: int | None = None
    memory_used_ms: int | None = None
    memory_capacity_ms: int | None = None


@dataclass(frozen=True)
class UsageRecord:
    """One call, run or pre-aggregated row; fields as in ingest.models.Usage."""

    time: datetime
    event_id: str | None = None
    provider: str = ""
    model: str = ""
    model_version: str = ""
    precision: str = ""
    workload: str = ""
    activity: str = ""
    serving_mode: str = ""
    pipeline: str = ""
    run: str = ""
    agent_step: str = ""
    feature: str = ""
    experiment: str = ""
    team: str = ""
    environment: str = ""
    customer: str = ""
    user: str = ""
    status: str = ""
    region: str = ""
    service_tier: str = ""
    escalated_from: str = ""
    prompt_version: str = ""
    input_hash: str = ""
    prefix_hash: str = ""
    requests: int | None = None
    successes: int | None = None
    outcomes: int | None = None
    attempts: int | None = None
    input_tokens: int | None = None
    cached_input_tokens: int | None = None
    cache_write_5m_tokens: int | None = None
    cache_write_1h_tokens: int | None = None
    output_tokens: int | None = None
    reasoning_tokens: int | None = None
    audio_input_tokens: int | None = None
    audio_output_tokens: int | None = None
    image_input_tokens: int | None = None
    images: int | None = None
    audio_ms: int | None = None
    characters: int | None = None
    system_prompt_tokens: int | None = None
    retrieved_chunks: int | None = None
    gpu_ms: int | None = None
    latency_histogram: dict[int, int] | None = None
    reported_cost: Decimal | None = None
    reported_currency: str = ""


@dataclass(frozen=True)
class RevenueRecord:
    day: date
    amount: Decimal
    currency: str
    feature: str = ""
    customer: str = ""


@dataclass(frozen=True)
class OutcomeRecord:
    day: date
    name: str
    count: int
    feature: str = ""
    experiment: str = ""
    model: str = ""
    customer: str = ""


DIRECTIONS = ("higher", "lower")


@dataclass(frozen=True)
class QualityRecord:
    """`better` is one of DIRECTIONS, or '' where the file does not say."""

    day: date
    model: str
    measure: str
    score: Decimal
    model_version: str = ""
    experiment: str = ""
    dataset: str = ""
    better: str = ""


RUN_STATES = ("running", "finished", "failed", "killed", "queued")
RUN_REASONS = ("drift", "data_fix", "failure_restart", "other")


@dataclass(frozen=True)
class RunRecord:
    """One training run as it stands now; fields as in ingest.models.TrainingRun. A run that comes
    again replaces itself; '' and None never take away what an earlier record knew."""

    run_id: str
    workload_key: str = ""
    name: str = ""
    experiment: str = ""
    model: str = ""
    model_version: str = ""
    feature: str = ""
    user: str = ""
    team: str = ""
    environment: str = ""
    status: str = ""
    started: datetime | None = None
    ended: datetime | None = None
    hosts: tuple[str, ...] = ()
    gpu_ms: int | None = None
    params: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    metrics: dict[str, str] = field(default_factory=dict)
    git_commit: str = ""
    parent_run: str = ""
    reason: str = ""
    restarted_from: str = ""


@dataclass(frozen=True)
class CustomerRecord:
    customer: str
    name: str = ""
    plan: str = ""
    segment: str = ""
    team: str = ""
    valid_from: date | None = None


@dataclass(frozen=True)
class ResourceMapRecord:
    node: str
    resource_id: str
    cluster: str = ""
    valid_from: date | None = None
    valid_to: date | None = None
    found: bool = False  # by a source itself; gives way to rows made by hand


@dataclass(frozen=True)
class WorkloadMapRecord:
    pattern: str
    cluster: str = ""
    namespace: str = ""
    position: int = 0
    activity: str = ""
    workload: str = ""
    model: str = ""
    feature: str = ""
    experiment: str = ""
    team: str = ""
    environment: str = ""
    valid_from: date | None = None
    valid_to: date | None = None
    found: bool = False


@dataclass(frozen=True)
class StorageMapRecord:
    pattern: str = ""
    bucket: str = ""
    position: int = 0
    workload: str = ""
    model: str = ""
    feature: str = ""
    experiment: str = ""
    team: str = ""
    environment: str = ""
    valid_from: date | None = None
    valid_to: date | None = None


@dataclass(frozen=True)
class AliasRecord:
    dimension: str
    raw: str
    canonical: str
    valid_from: date | None = None
    valid_to: date | None = None


@dataclass(frozen=True)
class PriceRecord:
    """A price of `per_units` units, or a discount off the list; fields as ingest.models.Price."""

    basis: str
    valid_from: date
    valid_to: date | None = None
    provider: str = ""
    model: str = ""
    token_class: str = ""
    region: str = ""
    service_tier: str = ""
    context_over: int = 0
    per_units: int = 1_000_000
    price: Decimal | None = None
    discount_percent: Decimal | None = None
    currency: str = ""
    origin: str = ""
    note: str = ""


@dataclass(frozen=True)
class FxRateRecord:
    """Units of `to_currency` for one of `from_currency` in the month that begins on `month`."""

    month: date
    from_currency: str
    to_currency: str
    rate: Decimal
    origin: str = ""


MapRecord = (
    ResourceMapRecord
    | WorkloadMapRecord
    | StorageMapRecord
    | AliasRecord
    | PriceRecord
    | FxRateRecord
)


@dataclass(frozen=True)
class StorageRecord:
    """What lies in one place on one day, summed over its objects of like age.

    `prefix` has at most two levels. `age_days_min` and `idle_days_min` are the lower bound of the
    bucket of days (`STORAGE_AGES`) since an object was last written and last read; None: not told.
    `version` is current, noncurrent (kept by versioning, still paid) or incomplete (an upload that
    was never finished). `bytes` is None where no size was told.
    """

    day: date
    provider: str
    bucket: str
    objects: int
    prefix: str = ""
    storage_class: str = ""
    version: str = "current"
    age_days_min: int | None = None
    idle_days_min: int | None = None
    bytes: int | None = None


STORAGE_AGES = (0, 30, 90, 180, 365, 1095)


def storage_age(days: int) -> int:
    """The lower bound of the bucket of an age in days; a date ahead of the snapshot is new."""
    return max((least for least in STORAGE_AGES if least <= days), default=0)


Record = (
    IntervalRecord
    | PodRecord
    | UsageRecord
    | RevenueRecord
    | OutcomeRecord
    | QualityRecord
    | RunRecord
    | CustomerRecord
    | MapRecord
    | StorageRecord
)


@dataclass(frozen=True)
class Batch:
    """Many records of one type as columns of equal length, by field name; a field that is absent
    has its default. `lines` are the physical lines the rows began on."""

    record_type: type
    lines: Sequence[int]
    columns: dict[str, Sequence[object]]
