"""What nobody needs any more, in AICOST_HOME and beside the ledger. The ledger itself is never
purged, nor the bytes of what stands in it."""

from collections.abc import Iterator
from datetime import timedelta
import os
from pathlib import Path
import shutil
import time

from django.conf import settings
from django.utils import timezone

from ingest.fetch.kept import files_folder
from ingest.inbox import inbox_folder
from ingest.models import Delivery, MetricSeries, Quarantined, SourceFile
from ingest.otlp.fold import READER as OTLP

SERIES_DAYS = 30  # a cumulative metric that was silent for so long begins anew
DAY_SECONDS = 24 * 3600
_AT_ONCE = 1_000


def purge() -> dict[str, int]:
    """Delete what is older than AICOST_KEEP_DAYS (0: nothing); how much of each."""
    gone = {"series": _silent_series()}
    if not (days := settings.AICOST_KEEP_DAYS):
        return gone
    cut = timezone.now() - timedelta(days=days)
    held = Delivery.objects.filter(state=Delivery.HELD, loaded_at__lt=cut)
    told = Quarantined.objects.filter(delivery__reader=OTLP, delivery__loaded_at__lt=cut)
    gone["held"] = held.delete()[1].get("ingest.Delivery", 0)
    gone["quarantined"] = told.delete()[0]
    gone["inbox"] = _clear_done(days)
    gone["files"] = sum(map(_drop_unneeded, _old_files(days)))
    return gone


def _silent_series() -> int:
    before = time.time_ns() - SERIES_DAYS * DAY_SECONDS * 10**9
    return MetricSeries.objects.filter(at__lt=before).delete()[0]


def _clear_done(days: int) -> int:
    """The bytes of what was loaded are kept by their content."""
    old = [path for path in (inbox_folder() / "done").iterdir() if _older(path, days)]
    for path in old:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    return len(old)


def _old_files(days: int) -> Iterator[list[Path]]:
    """Kept files that came, or came again, before that; some at a time."""
    batch: list[Path] = []
    for folder in sorted(files_folder().glob("??")):
        batch += [path for path in folder.iterdir() if _older(path, days)]
        if len(batch) >= _AT_ONCE:
            yield batch
            batch = []
    yield batch


def _drop_unneeded(paths: list[Path]) -> int:
    """Those that no delivery in force stands on, and that did not come again meanwhile."""
    digests = [path.name for path in paths]
    needed = set(
        SourceFile.objects.filter(
            sha256__in=digests, deliveries__state=Delivery.PUBLISHED
        ).values_list("sha256", flat=True)
    )
    unneeded = [path for path in paths if path.name not in needed]
    gone = [path for path in unneeded if _older(path, 1)]
    for path in gone:
        path.unlink(missing_ok=True)
    return len(gone)


def _older(path: Path, days: int) -> bool:
    """By when it got its place or was last kept again (`keep` touches it)."""
    return os.lstat(path).st_mtime < time.time() - days * DAY_SECONDS
