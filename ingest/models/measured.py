"""Measurements: GPU intervals and usage (calls, runs), with the daily rollup of usage."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from ingest.models.bills import Delivery, Source
from ingest.models.fields import TEXT, money

# Disjoint: their sum is what the provider counts. The name is also the class a price names.
TOKEN_CLASSES = (
    "input_tokens",
    "cached_input_tokens",
    "cache_write_5m_tokens",
    "cache_write_1h_tokens",
    "output_tokens",
    "reasoning_tokens",
    "audio_input_tokens",
    "audio_output_tokens",
    "image_input_tokens",
)
# Counted beside tokens: what models of pictures and speech are billed by.
UNIT_CLASSES = ("images", "audio_ms", "characters")


class GpuInterval(models.Model):
    """One 5-minute bucket of one GPU (or MIG slice) and one workload; '' is the device's own row.

    Times are integer milliseconds: they are the weights of the split. Idle time is definition
    `idle-1`: zero activity in runs of at least 5 minutes, a gap ends a run.
    """

    pk = models.CompositePrimaryKey(
        "source", "device_uuid", "mig_instance_id", "workload_key", "util_scope", "t_start"
    )
    source = models.ForeignKey(Source, models.DO_NOTHING)
    delivery = models.ForeignKey(Delivery, models.DO_NOTHING)
    t_start = models.DateTimeField()
    t_end = models.DateTimeField()
    cluster = models.TextField(default="")
    node = models.TextField(default="")
    device_uuid = models.TextField()
    mig_instance_id = models.TextField(default="")
    mig_profile = models.TextField(default="")
    device_model = models.TextField(default="")
    workload_key = models.TextField(default="")
    namespace = models.TextField(default="")
    pod = models.TextField(default="")
    util_scope = models.TextField(default="device")
    alloc_gpu_fraction = models.DecimalField(max_digits=9, decimal_places=6)
    alloc_basis = models.TextField(default="")
    observed_ms = models.IntegerField()
    n_samples = models.IntegerField(null=True)
    busy_ms = models.IntegerField(null=True)
    gr_busy_ms = models.IntegerField(null=True)
    sm_ms = models.IntegerField(null=True)
    tensor_ms = models.IntegerField(null=True)
    zero_ms = models.IntegerField(null=True)
    zero_lead_ms = models.IntegerField(null=True)
    zero_tail_ms = models.IntegerField(null=True)
    held_idle_ms = models.IntegerField(default=0)
    empty_idle_ms = models.IntegerField(default=0)
    fb_used_mib_avg = models.IntegerField(null=True)
    fb_used_mib_max = models.IntegerField(null=True)
    fb_total_mib = models.IntegerField(null=True)
    energy_j = models.DecimalField(max_digits=18, decimal_places=3, null=True)
    energy_basis = models.TextField(default="")
    flags = ArrayField(models.TextField(), default=list)

    class Meta:
        db_table = "ingest_gpuinterval"


class PodHour(models.Model):
    """What one pod held of a node's CPU and memory in one hour; pod '' is the node's own row, which
    says how long it was observed and what it could give.

    Core-milliseconds and MiB-milliseconds over the observed time; NULL is not told. Partitioned by
    month; a delivery replaces the whole hour of a node.
    """

    pk = models.CompositePrimaryKey("source", "node", "cluster", "namespace", "pod", "hour")
    source = models.ForeignKey(Source, models.DO_NOTHING)
    delivery = models.ForeignKey(Delivery, models.DO_NOTHING)
    hour = models.DateTimeField()
    cluster = models.TextField(default="")
    node = models.TextField()
    namespace = models.TextField(default="")
    pod = models.TextField(default="")
    observed_ms = models.IntegerField()
    cpu_requested_ms = models.BigIntegerField(null=True)
    cpu_used_ms = models.BigIntegerField(null=True)
    cpu_capacity_ms = models.BigIntegerField(null=True)
    memory_requested_ms = models.BigIntegerField(null=True)
    memory_used_ms = models.BigIntegerField(null=True)
    memory_capacity_ms = models.BigIntegerField(null=True)

    class Meta:
        db_table = "ingest_podhour"


class UsageDimensions(models.Model):
    """What a call or run says about itself, raw; aliases apply when weighing."""

    provider = models.TextField(**TEXT)
    model = models.TextField(**TEXT)
    model_version = models.TextField(**TEXT)
    workload = models.TextField(**TEXT)
    activity = models.TextField(**TEXT)
    serving_mode = models.TextField(**TEXT)
    feature = models.TextField(**TEXT)
    experiment = models.TextField(**TEXT)
    team = models.TextField(**TEXT)
    environment = models.TextField(**TEXT)

    class Meta:
        abstract = True


class UsageQuantities(models.Model):
    """Counts; NULL means not told, which is not zero."""

    requests = models.BigIntegerField(null=True)
    successes = models.BigIntegerField(null=True)
    outcomes = models.BigIntegerField(null=True)
    attempts = models.BigIntegerField(null=True)
    input_tokens = models.BigIntegerField(null=True)
    cached_input_tokens = models.BigIntegerField(null=True)
    cache_write_5m_tokens = models.BigIntegerField(null=True)
    cache_write_1h_tokens = models.BigIntegerField(null=True)
    output_tokens = models.BigIntegerField(null=True)
    reasoning_tokens = models.BigIntegerField(null=True)
    audio_input_tokens = models.BigIntegerField(null=True)
    audio_output_tokens = models.BigIntegerField(null=True)
    image_input_tokens = models.BigIntegerField(null=True)
    images = models.BigIntegerField(null=True)
    audio_ms = models.BigIntegerField(null=True)
    characters = models.BigIntegerField(null=True)
    system_prompt_tokens = models.BigIntegerField(null=True)
    retrieved_chunks = models.BigIntegerField(null=True)
    gpu_ms = models.BigIntegerField(null=True)
    # Sparse histogram {bucket: requests}; bucket k holds latencies in [2^(k/4), 2^((k+1)/4)) ms,
    # so histograms add up and p50 and p95 are right at any grouping (ingest/latency.py).
    latency_histogram = models.JSONField(null=True)

    class Meta:
        abstract = True


class Usage(UsageDimensions, UsageQuantities):
    """One call, run or pre-aggregated row, in the UTC hour it happened."""

    id = models.BigIntegerField(primary_key=True)
    source = models.ForeignKey(Source, models.DO_NOTHING)
    delivery = models.ForeignKey(Delivery, models.DO_NOTHING)
    event_id = models.TextField(null=True, help_text="deduplicates within the source")
    time = models.DateTimeField()
    hour = models.DateTimeField()
    precision = models.TextField(**TEXT)
    pipeline = models.TextField(**TEXT)
    run = models.TextField(**TEXT)
    agent_step = models.TextField(**TEXT)
    customer = models.TextField(**TEXT)
    user = models.TextField(**TEXT)
    status = models.TextField(**TEXT)
    region = models.TextField(**TEXT)
    service_tier = models.TextField(**TEXT)
    escalated_from = models.TextField(**TEXT)
    prompt_version = models.TextField(**TEXT)
    input_hash = models.TextField(**TEXT)
    prefix_hash = models.TextField(**TEXT)
    reported_cost = money(null=True)
    reported_currency = models.TextField(**TEXT)

    class Meta:
        db_table = "ingest_usage"


class UsageDay(UsageDimensions, UsageQuantities):
    """Usage summed per UTC day and dimensions; deleted and rebuilt whole per (source, day)."""

    id = models.BigAutoField(primary_key=True)
    source = models.ForeignKey(Source, models.CASCADE)
    day = models.DateField()
    # Of the tokens above, those of calls that failed; NULL where nobody tells which did.
    failed_tokens = models.BigIntegerField(null=True)

    class Meta:
        indexes = [models.Index(fields=["day", "model"]), models.Index(fields=["source", "day"])]
