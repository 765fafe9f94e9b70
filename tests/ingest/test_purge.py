"""What nobody needs is deleted; what the ledger stands on is not."""

from datetime import timedelta
import os
import time

from django.utils import timezone
import pytest

from ingest.fetch.kept import files_folder, keep
from ingest.file_rows import rows_of_charge
from ingest.inbox import inbox_folder, load_inbox
from ingest.load import load
from ingest.models import Charge, Delivery, MetricSeries, Source
from ingest.purge import purge
from tests.ingest.bills import focus_row, write_focus

pytestmark = pytest.mark.django_db
OLD_SECONDS = 91 * 24 * 3600


def kept() -> set[str]:
    return {path.name for path in files_folder().glob("??/*")}


def grow_old() -> None:
    """Everything so far came three months ago."""
    then = time.time() - OLD_SECONDS
    for path in [*files_folder().glob("??/*"), *(inbox_folder() / "done").iterdir()]:
        os.utime(path, (then, then))
    Delivery.objects.update(loaded_at=timezone.now() - timedelta(seconds=OLD_SECONDS))


def test_it_deletes_what_was_replaced_or_held_and_keeps_what_stands(home, tmp_path_factory):
    folder = tmp_path_factory.mktemp("bills")
    september = focus_row("gpu-1", "2026-09-02", "10")
    first = load([write_focus(folder / "a.csv", september)], "cloud")
    second = load([write_focus(folder / "b.csv", september, focus_row("g", "2026-09-03", "1"))],
                  "cloud")  # fmt: skip
    bad = load([write_focus(folder / "c.csv", focus_row("gpu-1", "2026-10-02", "ten"))], "cloud")
    assert [r.state for r in (*first, *second, *bad)] == ["published", "published", "held"]
    orphan = keep(write_focus(folder / "d.csv", focus_row("gpu-9", "2026-09-02", "3")))
    assert len(kept()) == 4
    assert purge()["files"] == 0
    grow_old()
    keep(folder / "d.csv")  # it came again
    gone = purge()
    assert (gone["files"], gone["held"]) == (2, 1)
    standing = Delivery.objects.get(state="published")
    assert kept() == {standing.files.get().sha256, orphan.sha256}
    assert purge()["files"] == 0
    charge = Charge.objects.get(series__resource_id="gpu-1")
    [row] = rows_of_charge(charge)
    assert (charge.delivery.state, row["file"], row["line"]) == ("superseded", "b.csv", 2)
    load([folder / "a.csv"], "cloud", replace=True)
    assert len(kept()) == 3  # bytes that were deleted are kept again when they come again


def test_it_clears_the_inbox_of_what_was_loaded(home):
    (inbox_folder() / "revenue.csv").write_text("day,revenue,currency\n2026-09-01,10,EUR\n")
    load_inbox(stable_seconds=0)
    assert purge()["inbox"] == 0
    grow_old()
    assert purge()["inbox"] == 1 and len(kept()) == 1


def test_it_keeps_all_where_that_is_asked_for(home, settings, tmp_path_factory):
    settings.AICOST_KEEP_DAYS = 0
    keep(write_focus(tmp_path_factory.mktemp("b") / "a.csv", focus_row("g", "2026-09-02", "3")))
    grow_old()
    purge()
    assert len(kept()) == 1


def test_it_forgets_metrics_that_fell_silent(home):
    source = Source.objects.create(name="shop", kind="usage")
    now = time.time_ns()
    for key, days in (("old", 31), ("new", 29)):
        at = now - days * 24 * 3600 * 10**9
        MetricSeries.objects.create(source=source, key=key, started_at=0, at=at, value={})
    assert purge()["series"] == 1
    assert MetricSeries.objects.get().key == "new"
