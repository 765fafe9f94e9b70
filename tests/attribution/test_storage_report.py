"""What lies in storage: the newest snapshot of a bucket, by age and last access."""

from datetime import date
from decimal import Decimal

import pytest

from aicost.kernel.periods import Period
from attribution.allocate import attribute
from attribution.reports import run
from attribution.reports.formats import to_table
from attribution.reports.spec import Asker, Spec
from ingest.models import Delivery, Source, StorageAge
from tests.attribution.ledger import charge

SPEC = Spec("storage", Period(date(2026, 9, 1), date(2026, 10, 1)), Asker("engineer"))


@pytest.mark.django_db
def test_it_shows_the_newest_snapshot_only():
    source = Source.objects.create(name="inventory", kind="storage")
    delivery = Delivery.objects.create(source=source, reader="s3_inventory", state="published")
    for day, age, idle, size in (
        (date(2026, 9, 1), 0, None, 5),
        (date(2026, 9, 8), 365, 180, 7_000),
        (date(2026, 9, 8), 365, 180, 1_000),
        (date(2026, 9, 8), 0, None, None),
        (date(2026, 10, 1), 0, 0, 9),
    ):
        StorageAge.objects.create(
            source=source, delivery=delivery, day=day, provider="AWS", bucket="models",
            storage_class="STANDARD", age_days_min=age, idle_days_min=idle, objects_count=2,
            bytes=size,
        )  # fmt: skip
    answer = run(SPEC)
    shown = [(r["age_days_min"], r["idle_days_min"], r["objects"], r["bytes"]) for r in answer.rows]
    assert shown == [(365, 180, 4, 8_000), (0, None, 2, None)]
    assert "unknown" in to_table(answer)


@pytest.mark.django_db
def test_it_shows_what_the_bytes_of_a_bucket_cost():
    """10 for what is hot, of which the index is a fifth; 3 for what is cold. Unknown stays so."""
    source = Source.objects.create(name="inventory", kind="storage")
    delivery = Delivery.objects.create(source=source, reader="s3_inventory", state="published")
    for bucket, prefix, storage_class, size in (
        ("models", "checkpoints/", "STANDARD", 800),
        ("models", "index/", "STANDARD", 200),
        ("models", "index/", "GLACIER", 5),
        ("other", "", "STANDARD", 50),
    ):
        StorageAge.objects.create(
            source=source, delivery=delivery, day=date(2026, 9, 8), provider="AWS", bucket=bucket,
            prefix=prefix, storage_class=storage_class, objects_count=1, bytes=size,
        )  # fmt: skip
    for cost, meter in (("10", "TimedStorage-ByteHrs"), ("3", "TimedStorage-GlacierByteHrs")):
        charge(cost, provider="AWS", service_category="Storage", resource_id="models",
               sku_meter=meter, consumed_unit="GB-Mo")  # fmt: skip
    attribute()
    rows = run(SPEC).rows
    assert [(r["bucket"], r["prefix"], r["storage_class"], r["cost"]) for r in rows] == [
        ("models", "checkpoints/", "STANDARD", Decimal(8)),
        ("models", "index/", "STANDARD", Decimal(2)),
        ("other", "", "STANDARD", None),
        ("models", "index/", "GLACIER", Decimal(3)),
    ]
