"""Write the days that changed: parts first, under names of their own, then the manifest, then what
it no longer names is removed. Killed anywhere, the manifest and its files stay what they were."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from itertools import islice
import logging
from pathlib import Path
from tempfile import TemporaryDirectory

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from aicost.files import manifest
from aicost.files.datasets import Dataset, dataset_of
from aicost.files.destinations import hide_in, opened
from aicost.files.manifest import Entry
from aicost.files.models import Destination, FilesRun
from aicost.files.parquet import Written, write
from aicost.files.stores import Store
from aicost.happenings.tell import happened
from aicost.jobs.alone import alone
from aicost.kernel.money import plain
from aicost.kernel.periods import utc_now, utc_today
from attribution.published import PublishedDay, published_days
from attribution.reports import named, run, streamed
from ingest.fetch.base import FetchError

RUNS_KEPT = 500
DAYS_A_COMMIT = 31
LOOSE_DAYS = 35
VANISHED = "the process that ran it vanished"
_LOCK_SPACE = 0x61696366  # "aicf": advisory locks of destinations

log = logging.getLogger(__name__)


def export(destination: Destination) -> FilesRun:
    """One run, kept as a `FilesRun` whatever happens; days it wrote before a fault stay."""
    with alone(_LOCK_SPACE, destination.pk) as is_alone:
        if not is_alone:
            told = "another process writes these files right now"
            return FilesRun(destination=destination, state=FilesRun.FAILED, message=told)
        destination.runs.filter(state=FilesRun.RUNNING).update(
            state=FilesRun.FAILED, message=VANISHED, finished_at=timezone.now()
        )
        one = FilesRun.objects.create(destination=destination)
        try:
            _write_all(destination, one)
            one.state = FilesRun.DONE
        except FetchError as error:
            hide = hide_in(destination)
            one.state, one.message, one.cure = FilesRun.FAILED, hide(error.message), error.cure
        except Exception as error:
            one.state, one.message = FilesRun.FAILED, f"{type(error).__name__}: {error}"[:2000]
            log.exception("the files of %s failed", destination.name)
            raise
        finally:
            one.finished_at = timezone.now()
            with transaction.atomic():
                one.save()
                _tell(one)
            old = destination.runs.order_by("-pk").values_list("pk", flat=True)[RUNS_KEPT:]
            FilesRun.objects.filter(pk__in=list(old)).delete()
        return one


def _tell(one: FilesRun) -> None:
    """To programs: what was written stands, even if the run failed later."""
    if not one.days_written:
        return
    data = {
        "destination": one.destination.name,
        "kind": one.destination.kind,
        "datasets": list(one.destination.datasets),
        "state": one.state,
        "days_written": one.days_written,
        "days_waiting": one.days_waiting,
        "rows": one.rows,
        "bytes": one.bytes,
    }
    subject = f"files of {one.destination.name}"
    happened("export.written", f"files run {one.pk}", data, subject=subject)


def _write_all(destination: Destination, one: FilesRun) -> None:
    store = opened(destination)
    scratch = settings.AICOST_HOME / "tmp"
    scratch.mkdir(parents=True, exist_ok=True, mode=0o700)
    with TemporaryDirectory(prefix="files-", dir=scratch) as folder:
        for name in destination.datasets:
            _write_days(store, dataset_of(name), destination.first_day, Path(folder), one)


def _write_days(
    store: Store, dataset: Dataset, first: date | None, folder: Path, one: FilesRun
) -> None:
    kept = manifest.read(dataset, store.read(manifest.place(dataset)))
    _sweep(store, dataset, kept)
    days = published_days(first)
    one.days_waiting = sum(day.waits for day in days.values())
    gone = [day for day in kept if day not in days and (first is None or day >= first)]
    if gone or not kept:
        _commit(store, dataset, kept, dict.fromkeys(gone))
    due = _due(dataset, dict(kept), days)
    while some := list(islice(due, DAYS_A_COMMIT)):
        made = {day: _write_day(store, dataset, day, kept.get(day), folder, one) for day in some}
        if changed := {day: entry for day, entry in made.items() if entry != kept.get(day)}:
            _commit(store, dataset, kept, changed)
        one.save()


def _due(
    dataset: Dataset, kept: Mapping[date, Entry], days: Mapping[date, PublishedDay]
) -> Iterator[date]:
    """Days whose file is missing or was made from another publication, those that became final, and
    the newest of a loose dataset. What is about to be made anew waits for it."""
    loose_from = utc_today() - timedelta(days=LOOSE_DAYS)
    for day, published in days.items():
        if published.waits:
            continue
        entry = kept.get(day)
        if (
            entry is None
            or entry.versions != published.versions
            or (dataset.loose and day >= loose_from)
            or (not entry.final and _is_final(dataset, day))
        ):
            yield day


def _is_final(dataset: Dataset, day: date) -> bool:
    return run(dataset.check(dataset.sums[0], day)).final


def _write_day(
    store: Store, dataset: Dataset, day: date, was: Entry | None, folder: Path, one: FilesRun
) -> Entry:
    """One day as it stood at one moment: rows, sums, versions and finality are one snapshot."""
    path = folder / "part"
    spec = dataset.spec(day)
    with transaction.atomic(durable=True):
        _one_snapshot()
        stood = published_days(day, day + timedelta(days=1)).get(day)
        about = {"dataset": dataset.name, "report": dataset.report, "usage_date": str(day)}
        columns = named(dataset.report).columns(spec)
        summed = [each.column for each in dataset.sums]
        made = write(path, columns, streamed(spec), dataset.currency, summed, about)
        _refuse_another_sum(dataset, day, made)
        final = _is_final(dataset, day)
    name = manifest.part_name(dataset, day, made.sha256) if made.rows else ""
    if was is None or was.path != name:
        if name:
            store.put(path, name)
        one.days_written += 1
        one.rows += made.rows
        one.bytes += made.bytes if name else 0
    sums = {
        currency: {column: plain(value) for column, value in sorted(found.items())}
        for currency, found in sorted(made.sums.items())
    }
    entry = Entry(name, made.rows, made.bytes if name else 0, made.sha256 if name else "", sums,
                  final, stood.versions if stood else {}, utc_now())  # fmt: skip
    unchanged = was is not None and entry == replace(was, written_at=entry.written_at)
    return was if unchanged else entry


def _one_snapshot() -> None:
    with connection.cursor() as cursor:
        cursor.execute("set transaction isolation level repeatable read, read only")


def _refuse_another_sum(dataset: Dataset, day: date, made: Written) -> None:
    """The second path: what the file adds up to is what the report says. Raises `FetchError`."""
    for one in dataset.sums:
        told: dict = {}
        for row in run(dataset.check(one, day)).rows:
            if row["currency"] is not None:
                told[row["currency"]] = told.get(row["currency"], 0) + (row[one.of] or 0)
        wrote = {currency: found[one.column] for currency, found in made.sums.items()}
        for currency in told.keys() | wrote.keys():
            if told.get(currency, 0) != wrote.get(currency, 0):
                raise FetchError(
                    f"{dataset.name} of {day}: {one.column} adds up to {wrote.get(currency, 0)}"
                    f" {currency}, report {one.report} says {told.get(currency, 0)}",
                    "Nothing was written. Run manage.py audit, and report this with its answer",
                )


def _commit(
    store: Store, dataset: Dataset, kept: dict[date, Entry], made: Mapping[date, Entry | None]
) -> None:
    """From here on the days are what `made` says (None: no longer there); `kept` follows."""
    old = {kept[day].path for day in made if day in kept}
    for day, entry in made.items():
        if entry is None:
            kept.pop(day, None)
        else:
            kept[day] = entry
    store.write(manifest.place(dataset), manifest.written(dataset, kept))
    new = {entry.path for entry in made.values() if entry is not None}
    store.remove(sorted(path for path in old - new if path))


def _sweep(store: Store, dataset: Dataset, kept: Mapping[date, Entry]) -> None:
    """Remove what killed runs left: files of days that no manifest names."""
    known = {entry.path for entry in kept.values()}
    folder = f"dataset={dataset.name}"
    store.remove(
        name
        for name in store.names(folder)
        if name.startswith(f"{folder}/usage_date=") and name not in known
    )
