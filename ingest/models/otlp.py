"""What arrives by OTLP, between the request and the ledger, and what must be remembered of it."""

from django.db import models

from ingest.models.bills import Source


class OtlpBatch(models.Model):
    """One request that was answered with 200, decoded and stripped, until a worker folds it into
    the ledger. Texts are rows in the format of COPY."""

    source = models.ForeignKey(Source, models.CASCADE)
    received_at = models.DateTimeField(auto_now_add=True)
    rows = models.IntegerField(help_text="spans or points, the rejected ones included")
    first_day = models.DateField(null=True)
    last_day = models.DateField(null=True)
    calls = models.BinaryField(help_text="model calls, as ingest.otlp.rows.CALL_COLUMNS")
    links = models.BinaryField(help_text="all other spans: trace, span, parent")
    counts = models.JSONField(default=dict)
    runs = models.JSONField(default=list, help_text="training runs")
    points = models.JSONField(default=list, help_text="metric points that say something")
    rejected = models.JSONField(default=list, help_text="[position, reason, what], stripped")

    class Meta:
        indexes = [models.Index(fields=["source", "id"])]


class TracedService(models.Model):
    """A service that sent model calls as spans on this day: its metrics repeat them."""

    source = models.ForeignKey(Source, models.CASCADE)
    service = models.TextField()
    day = models.DateField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["source", "service", "day"], name="traced_service_identity"
            )
        ]


class MetricSeries(models.Model):
    """Where a cumulative metric stood last, so that only what was added counts."""

    source = models.ForeignKey(Source, models.CASCADE)
    key = models.CharField(max_length=64, help_text="sha256 of resource, name and attributes")
    started_at = models.BigIntegerField(help_text="nanoseconds since 1970; 0: not told")
    at = models.BigIntegerField(help_text="nanoseconds since 1970")
    value = models.JSONField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "key"], name="metric_series_identity")
        ]
        indexes = [models.Index(fields=["at"])]


class UsageToSettle(models.Model):
    """A day to which calls were added bit by bit: its rollup holds a row for each bit until they
    are merged, and attribution is told."""

    source = models.ForeignKey(Source, models.CASCADE)
    day = models.DateField()
    waits = models.BooleanField(default=True)
    rebuild = models.BooleanField(default=False, help_text="calls were taken away: sum anew")
    settled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "day"], name="usage_to_settle_identity")
        ]


class Span(models.Model):
    """A span seen in the last days: which calls repeat others is decided by whose parent it is.
    Partitioned by day of arrival, by migration 0011."""

    pk = models.CompositePrimaryKey("source", "day", "trace_id", "span_id")
    source = models.ForeignKey(Source, models.DO_NOTHING)
    day = models.DateField()
    trace_id = models.UUIDField()
    span_id = models.BigIntegerField()
    parent_id = models.BigIntegerField(null=True)
    is_call = models.BooleanField()
    told = models.BooleanField(help_text="it tells tokens")

    class Meta:
        db_table = "ingest_span"


class UsageRepeated(models.Model):
    """A call that repeats others of its trace and so does not count, unless they change."""

    pk = models.CompositePrimaryKey("source", "trace_id", "span_id")
    source = models.ForeignKey(Source, models.DO_NOTHING)
    trace_id = models.UUIDField()
    span_id = models.BigIntegerField()
    time = models.DateTimeField()
    call = models.JSONField()

    class Meta:
        db_table = "ingest_usagerepeated"
