"""Bills of AWS from S3: legacy Cost and Usage Reports and data exports (CUR 2.0, FOCUS), or plain
files of any kind (docs/sources/aws_s3.md).

The manifest of a billing period names its current set; nothing else is ever read. A set is taken
again when its manifest, or one of its files, is another than last time.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path, PurePosixPath
import shutil

from aicost.kernel.periods import month_start, utc_today
from ingest.fetch import manifests
from ingest.fetch.base import CHOICE, DATE, Check, Connector, Fetched, FetchError, Field
from ingest.fetch.landing import digest, may_hold_data
from ingest.fetch.s3 import (
    FIELDS,
    Changed,
    Store,
    Stored,
    download,
    listing,
    look,
    objects,
    open_store,
    probe,
    read,
)

REPORTS, FILES = "reports", "files"
MONTHS_POLLED = 3  # refunds, credits and support come after a month has closed
_DEPTH_MAX, _LISTINGS_MAX, _TRIES_MAX = 8, 2_000, 3


@dataclass(frozen=True)
class Period:
    """The current manifest of one billing period, as the listing shows it."""

    manifest: Stored
    month: date | None

    @property
    def path(self) -> PurePosixPath:
        return PurePosixPath(self.manifest.key)

    @property
    def name(self) -> str:
        return f"{self.month:%Y-%m}" if self.month else self.path.name


def test(config: Mapping) -> Iterator[Check]:
    """Can we get in, list, find what we look for, and read it?"""
    store = open_store(config)
    if config.get("role_arn"):
        yield Check(True, f"The role {config['role_arn']} can be assumed")
    place = f"s3://{store.bucket}/{store.prefix}"
    folders, found = listing(store, store.prefix)
    yield Check(True, f"{place} can be listed")
    if not folders and not found:
        cure = "Check the folder; a new export delivers its first files within a day"
        yield Check(False, f"{place} is empty", cure)
        return
    if config.get("what") == FILES:
        first = next(_data(objects(store, store.prefix)), None)
        cure = "" if first else "Check the folder: what begins with . or _ is passed by"
        yield Check(first is not None, "A file to read lies there", cure)
    else:
        first = None
        periods = _since(find_periods(store), config)
        names = ", ".join(sorted({one.name for one in periods}))
        yield Check(True, f"{len(periods)} billing periods: {names}")
        if periods:
            newest = max(periods, key=lambda one: one.name)
            keys = _listed(store, newest)[0].keys
            yield Check(True, f"The manifest of {newest.name} lists {len(keys)} files")
            first = look(store, _key(newest, keys[0]))
    if first is not None:
        probe(store, first.key)
        yield Check(True, f"{first.name} can be read")


def fetch(config: Mapping, state: Mapping, folder: Path) -> Iterator[Fetched]:
    """Every set that is new or changed, the newest month first."""
    store = open_store(config)
    take = _files if config.get("what") == FILES else _reports
    wanted: set[str] = set()
    yield from take(store, config, state, folder, wanted)
    for left in folder.iterdir():  # downloads of deliveries that have been overtaken
        if left.is_dir() and left.name not in wanted:
            shutil.rmtree(left)


def _reports(store: Store, config, state, folder: Path, wanted: set[str]) -> Iterator[Fetched]:
    known = dict(state.get("periods", {}))
    polled = _months_back(utc_today(), MONTHS_POLLED)
    for period in sorted(_since(find_periods(store), config), key=_newest_first):
        have = known.get(period.manifest.key, {})
        is_recent = period.month is None or period.month >= polled
        if have.get("manifest") == period.manifest.etag and not is_recent:
            continue
        mark, taken, size = _take(store, period, have, folder, wanted)
        if taken is None:
            continue
        yield Fetched(
            paths=(taken,),
            name=f"{period.name}: {period.path.name}",
            state={**state, "periods": {**known, period.manifest.key: mark}},
            facts={
                "assembly": mark["version"],
                "files": len(mark["files"]),
                "bytes_downloaded": size,
            },
        )
        if not taken.exists():  # the runner clears what stands, and leaves what it had to hold
            known[period.manifest.key] = mark


def _take(
    store: Store, period: Period, have: Mapping, folder: Path, wanted: set[str]
) -> tuple[dict, Path | None, int]:
    """Download one delivery whole: (what to remember, its folder, bytes fetched). The folder is
    None when it is the one we have. A manifest that changes meanwhile drops the set: two
    deliveries never mix."""
    target = folder
    for _ in range(_TRIES_MAX):
        try:
            manifest, body, etag = _listed(store, period)
            files = [look(store, _key(period, key)) for key in manifest.keys]
            mark = {
                "manifest": etag,
                "version": manifest.version,
                "files": {one.key: one.etag for one in files},
            }
            if mark == have:
                return mark, None, 0
            target = folder / digest(period.manifest.key, mark)
            wanted.add(target.name)
            size = sum(
                download(store, one, target.joinpath(*manifests.below_root(period.path, key)))
                for one, key in zip(files, manifest.keys, strict=True)
            )
            if look(store, period.manifest.key).etag != etag:
                raise Changed(period.manifest.key)
        except Changed:
            if target != folder:
                shutil.rmtree(target, ignore_errors=True)
            continue
        place = target / period.path.relative_to(manifests.root_of(period.path))
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(body)
        return mark, target, size
    raise FetchError(
        f"s3://{store.bucket}/{period.manifest.key} changed {_TRIES_MAX} times while it was read",
        "AWS is just delivering: the next run takes it",
    )


def _listed(store: Store, period: Period) -> tuple[manifests.Manifest, bytes, str]:
    body, etag = read(store, period.manifest.key)
    try:
        manifest = manifests.read_manifest(body)
        for key in manifest.keys:
            manifests.below_root(period.path, key)
        return manifest, body, etag
    except ValueError as error:
        raise FetchError(
            f"s3://{store.bucket}/{period.manifest.key}: {error}",
            "Report this with the manifest's field names",
        ) from error


def _key(period: Period, key: str) -> str:
    """A manifest may list bare names: then they lie where its data does."""
    if "/" in key:
        return key
    return manifests.data_folders(period.path)[-1].joinpath(key).as_posix()


def find_periods(store: Store) -> list[Period]:
    """The current manifests below the source's folder, by its folders alone: past deliveries may
    hold millions of objects. Raises `FetchError` when there is none."""
    found: dict[PurePosixPath, Stored] = {}
    queue, listings = [(store.prefix, 0)], 0
    while queue:
        folder, depth = queue.pop(0)
        listings += 1
        if listings > _LISTINGS_MAX:
            cure = "Name the folder of the report or export"
            raise FetchError(f"more than {_LISTINGS_MAX} folders below {store.prefix!r}", cure)
        folders, here = listing(store, folder)
        own = [one for one in here if manifests.NAME.search(one.name)]
        month = manifests.month_of(folder)
        if month is not None:
            found |= {PurePosixPath(one.key): one for one in own}
        if (month is not None and own) or depth >= _DEPTH_MAX:
            continue
        names = {PurePosixPath(one).name for one in folders}
        skip = {"data"} if "metadata" in names else set()
        queue += [(f, depth + 1) for f in folders if PurePosixPath(f).name not in skip]
    if not found:
        raise FetchError(
            f"no manifest of a billing period lies below s3://{store.bucket}/{store.prefix}",
            "Name the folder that holds the report's folder, or choose 'Files' if there are none",
        )
    times = {path: stored.modified.isoformat() for path, stored in found.items()}
    current = manifests.newest(found, times)
    return [Period(found[path], manifests.month_of(str(path))) for path in current]


def _since(periods: list[Period], config: Mapping) -> list[Period]:
    if not config.get("since"):
        return periods
    first = month_start(date.fromisoformat(str(config["since"])))
    return [one for one in periods if one.month is None or one.month >= first]


def _newest_first(period: Period) -> tuple[int, str]:
    return -(period.month or date.max).toordinal(), period.manifest.key


def _months_back(day: date, months: int) -> date:
    """The first day of the month that many months before the day's."""
    count = day.year * 12 + day.month - 1 - months
    return date(count // 12, count % 12 + 1, 1)


def _files(store: Store, config, state, folder: Path, wanted: set[str]) -> Iterator[Fetched]:
    """Plain files: those of one folder belong together, and are taken again when one changes."""
    known = dict(state.get("folders", {}))
    folders: dict[str, list[Stored]] = {}
    for one in _data(objects(store, store.prefix)):
        folders.setdefault(one.key.rpartition("/")[0], []).append(one)
    for name, found in folders.items():
        etags = {one.name: one.etag for one in found}
        if known.get(name) == etags:
            continue
        target = folder / digest(name, etags)
        wanted.add(target.name)
        try:
            size = sum(download(store, one, target / one.name) for one in found)
        except Changed:  # somebody is writing there: the next run takes it
            continue
        yield Fetched(
            paths=(target,),
            name=name or store.bucket,
            state={**state, "folders": {**known, name: etags}},
            facts={"files": len(found), "bytes_downloaded": size},
        )
        if not target.exists():
            known[name] = etags


def _data(found: Iterator[Stored]) -> Iterator[Stored]:
    for one in found:
        if may_hold_data(PurePosixPath(one.key), one.size_bytes):
            yield one


CONNECTOR = Connector(
    name="aws_s3",
    title="AWS bill (S3)",
    summary="Cost and Usage Report, CUR 2.0 or FOCUS export, as AWS delivers it to a bucket",
    kind="bill",
    fields=(
        *FIELDS,
        Field(
            "what",
            "What lies there",
            kind=CHOICE,
            default=REPORTS,
            choices=(
                (REPORTS, "Reports or data exports of AWS, with manifests"),
                (FILES, "Files: every file that a reader knows"),
            ),
        ),
        Field("since", "Not before", kind=DATE, required=False, help="The first month to load"),
    ),
    test=test,
    fetch=fetch,
)
