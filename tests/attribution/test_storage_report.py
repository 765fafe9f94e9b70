"""What lies in storage: the newest snapshot of a bucket, by age and last access."""

from datetime import date

import pytest

from aicost.kernel.periods import Period
from attribution.reports import run
from attribution.reports.formats import to_table
from attribution.reports.spec import Asker, Spec
from ingest.models import Delivery, Source, StorageAge

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
