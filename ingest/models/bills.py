"""Sources, deliveries, charge series and charges.

Columns of a charge carry FOCUS names in snake_case. Charges are partitioned by month, by
migration 0002 (docs/decisions/0003-days-and-periods.md).
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from ingest.models.fields import TEXT, money


class Source(models.Model):
    """One configured place data comes from."""

    name = models.TextField(unique=True)
    kind = models.TextField(help_text="bill, telemetry, usage, business or map")
    settings = models.JSONField(default=dict, blank=True)
    final_after_days = models.PositiveSmallIntegerField(
        default=3, help_text="age in days from which a day's bill counts as final"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    # Of a source that is fetched (ingest.fetch.connectors); '' where files are brought to us.
    connector = models.TextField(**TEXT)
    sealed = models.TextField(**TEXT, help_text="its secrets, encrypted (ingest.sealed)")
    state = models.JSONField(default=dict, blank=True, help_text="what the connector remembers")
    enabled = models.BooleanField(default=True)
    every_minutes = models.PositiveIntegerField(default=60)
    next_run_at = models.DateTimeField(null=True, blank=True)
    anticipates = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        blank=True,
        help_text="the bill source whose charges this usage foretells",
    )
    anticipates_filter = models.JSONField(default=dict, blank=True)
    # Whose count its usage is (docs/decisions/0014-two-counts-of-one-call.md).
    usage_role = models.TextField(**TEXT, help_text="calls, or provider_count")

    def __str__(self) -> str:
        return self.name


class SourceRun(models.Model):
    """One attempt to fetch a source and load what came."""

    RUNNING, DONE, HELD, FAILED = "running", "done", "held", "failed"

    source = models.ForeignKey(Source, models.CASCADE, related_name="runs")
    state = models.TextField(default=RUNNING)
    started_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)
    message = models.TextField(**TEXT)
    cure = models.TextField(**TEXT)
    sets = models.IntegerField(default=0, help_text="sets of files that came")
    published = models.IntegerField(default=0)
    unchanged = models.IntegerField(default=0)
    held = models.IntegerField(default=0)
    rows = models.BigIntegerField(default=0)
    facts = models.JSONField(default=list, help_text="what the connector told, one dict a set")

    class Meta:
        indexes = [models.Index(fields=["source", "-started_at"])]

    def __str__(self) -> str:
        return f"{self.source.name} ({self.state})"


class Scope(models.Model):
    """What one delivery of a bill replaces (docs/decisions/0001-scope-of-a-delivery.md)."""

    source = models.ForeignKey(Source, models.PROTECT)
    invoice_issuer = models.TextField(**TEXT)
    billing_account_id = models.TextField(**TEXT)
    part = models.TextField(help_text="billing period YYYY-MM, or the arrival partition")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["source", "invoice_issuer", "billing_account_id", "part"],
                name="scope_identity",
            )
        ]

    def __str__(self) -> str:
        return f"{self.source.name} / {self.billing_account_id} / {self.part}"


class SourceFile(models.Model):
    """Bytes as they came, kept unchanged under AICOST_HOME/files/<sha256>."""

    source = models.ForeignKey(Source, models.PROTECT)
    sha256 = models.CharField(max_length=64)
    name = models.TextField()
    size_bytes = models.BigIntegerField()
    kept_as = models.TextField(help_text="path below AICOST_HOME/files")
    received_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["source", "sha256", "name"], name="source_file_identity"
            )
        ]

    def __str__(self) -> str:
        return self.name


class Delivery(models.Model):
    """One complete set of rows from a source for one scope; loaded, replaced and restated whole."""

    PUBLISHED, UNCHANGED, HELD, SUPERSEDED = "published", "unchanged", "held", "superseded"

    source = models.ForeignKey(Source, models.PROTECT)
    scope = models.ForeignKey(Scope, models.PROTECT, null=True, blank=True)
    reader = models.TextField(**TEXT)
    name = models.TextField(help_text="the file, folder or manifest as given")
    state = models.TextField()
    message = models.TextField(**TEXT)
    view = models.TextField(
        **TEXT, help_text="which view of a bill that comes in several: actual or amortised"
    )
    set_sha256 = models.CharField(max_length=64, help_text="over the files of the set, in order")
    files = models.ManyToManyField(SourceFile, related_name="deliveries")
    rows_read = models.BigIntegerField(default=0)
    rows_loaded = models.BigIntegerField(default=0)
    rows_quarantined = models.BigIntegerField(default=0)
    billing_periods = ArrayField(models.TextField(), default=list)
    first_day = models.DateField(null=True)
    last_day = models.DateField(null=True)
    loaded_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["source", "-loaded_at"])]

    def __str__(self) -> str:
        return f"{self.name} ({self.state})"


class ControlTotal(models.Model):
    """Per delivery and currency: the total as written in the file against the total stored."""

    delivery = models.ForeignKey(Delivery, models.CASCADE, related_name="totals")
    currency = models.TextField()
    rows = models.BigIntegerField()
    # As written: summed before rounding to 18 decimals, so it may carry more of them.
    billed_written = models.DecimalField(max_digits=60, decimal_places=30)
    billed_cost = money()
    effective_cost = money()


class Restatement(models.Model):
    """What a later delivery of the same scope changed."""

    delivery = models.ForeignKey(Delivery, models.CASCADE, related_name="restatements")
    previous = models.ForeignKey(Delivery, models.CASCADE, related_name="+")
    currency = models.TextField()
    billed_delta = money()
    effective_delta = money()
    charges_added = models.BigIntegerField()
    charges_changed = models.BigIntegerField()
    charges_removed = models.BigIntegerField()
    first_day = models.DateField(null=True)
    last_day = models.DateField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)


class BillDay(models.Model):
    """What all charges of a day sum to, kept in the transaction that changes them: what the ledger
    is held against on every page without reading millions of charges."""

    source = models.ForeignKey(Source, models.CASCADE)
    day = models.DateField()
    billing_period = models.DateField()
    currency = models.TextField()
    charges = models.BigIntegerField()
    billed_cost = money()
    effective_cost = money()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["source", "day", "billing_period", "currency"], name="bill_day_identity"
            )
        ]
        indexes = [models.Index(fields=["day"])]


class ChangedDay(models.Model):
    """All that ingest tells attribution: this source has new data on this day."""

    source = models.ForeignKey(Source, models.CASCADE)
    day = models.DateField()
    what = models.TextField(help_text="charges, telemetry, usage, map or price")
    at = models.DateTimeField(auto_now_add=True)


class Quarantined(models.Model):
    """One telemetry, usage or business row that could not be read, with its reason."""

    delivery = models.ForeignKey(Delivery, models.CASCADE, related_name="quarantined")
    file = models.ForeignKey(SourceFile, models.CASCADE)
    line = models.BigIntegerField()
    reason = models.TextField()
    raw = models.TextField()
    replayed_at = models.DateTimeField(null=True)


class ChargeSeries(models.Model):
    """All that identifies a charge apart from when and how much (docs/decisions/0002)."""

    source = models.ForeignKey(Source, models.PROTECT)
    sha256 = models.BinaryField(max_length=32)
    provider = models.TextField(**TEXT)
    publisher = models.TextField(**TEXT)
    invoice_issuer = models.TextField(**TEXT)
    billing_account_id = models.TextField(**TEXT)
    sub_account_id = models.TextField(**TEXT)
    service_category = models.TextField(**TEXT)
    service_subcategory = models.TextField(**TEXT)
    service_name = models.TextField(**TEXT)
    service_code = models.TextField(**TEXT)
    sku_id = models.TextField(**TEXT)
    sku_meter = models.TextField(**TEXT)
    operation = models.TextField(**TEXT)
    resource_id = models.TextField(**TEXT)
    resource_type = models.TextField(**TEXT)
    instance_type = models.TextField(**TEXT)
    region_id = models.TextField(**TEXT)
    availability_zone = models.TextField(**TEXT)
    charge_category = models.TextField(**TEXT)
    charge_class = models.TextField(**TEXT)
    charge_frequency = models.TextField(**TEXT)
    pricing_category = models.TextField(**TEXT)
    commitment_discount_id = models.TextField(**TEXT)
    commitment_discount_status = models.TextField(**TEXT)
    billing_currency = models.TextField(**TEXT)
    pricing_unit = models.TextField(**TEXT)
    consumed_unit = models.TextField(**TEXT)
    tags = models.JSONField(default=dict)
    extras = models.JSONField(default=dict)
    # Display only, not part of the identity: the smallest value of the last delivery.
    sub_account_name = models.TextField(**TEXT)
    resource_name = models.TextField(**TEXT)
    charge_description = models.TextField(**TEXT)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "sha256"], name="charge_series_identity")
        ]
        indexes = [models.Index(fields=["resource_id"])]
        verbose_name_plural = "charge series"


class Charge(models.Model):
    """One series on one UTC day; rows of at most a day merge, a longer row keeps its own."""

    id = models.BigIntegerField(primary_key=True)
    source = models.ForeignKey(Source, models.DO_NOTHING)
    series = models.ForeignKey(ChargeSeries, models.DO_NOTHING)
    scope = models.ForeignKey(Scope, models.DO_NOTHING)
    delivery = models.ForeignKey(Delivery, models.DO_NOTHING)
    day = models.DateField()
    long_period_end = models.DateTimeField(null=True)
    billing_period = models.DateField()
    invoice_id = models.TextField(default="")
    rows = models.BigIntegerField()
    billed_cost = money()
    effective_cost = money()
    list_cost = money(null=True)
    contracted_cost = money(null=True)
    pricing_quantity = money(null=True)
    consumed_quantity = money(null=True)

    class Meta:
        db_table = "ingest_charge"
