"""Which files of a store are the current bill: Azure's exports, and plain files of any kind.

An export lies in <directory>/<export>/YYYYMMDD-YYYYMMDD/[<run time>/]<run guid>/ as part files with
a manifest.json that is written last; older ones as one file per run in the period's folder. Each
run is the whole month to date, so of each period only the newest complete run is taken.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path, PurePosixPath
import shutil

from aicost.kernel.periods import month_start
from ingest.fetch import manifests
from ingest.fetch.base import Check, Fetched, FetchError
from ingest.fetch.landing import digest, may_hold_data

EXPORTS, FILES = "exports", "files"
QUIET = timedelta(minutes=10)  # a run without a manifest is complete once nothing is added to it
_REPORT = "Older runs were taken instead. Export again, or report this with the manifest"


@dataclass(frozen=True)
class Item:
    """One file of a store; `path` is relative to the source's directory."""

    path: PurePosixPath
    size_bytes: int
    modified: datetime
    etag: str


@dataclass(frozen=True)
class Store:
    """What fetching asks of a store. `download(item, target)` goes on with what is there already
    and raises `FetchError` if the item is another by now. `place` is shown."""

    place: str
    items: Callable[[], list[Item]]
    read: Callable[[Item], bytes]
    download: Callable[[Item, Path], int]


@dataclass(frozen=True)
class Run:
    """The current run of one billing period. `manifest` is None where the export writes none."""

    period: PurePosixPath
    month: date
    manifest: Item | None
    files: tuple[Item, ...]

    @property
    def mark(self) -> dict[str, str]:
        """What tells this run from any other."""
        told = (self.manifest,) if self.manifest else self.files
        return {str(one.path): one.etag for one in told}


def check(store: Store, config: Mapping) -> Iterator[Check]:
    """The checks of Test connection behind the store's own."""
    items = _inside(store)
    yield Check(True, f"{store.place} can be listed: {len(items)} files")
    if config.get("what") == FILES:
        found = list(_data(items))
        cure = "Check the directory"
        yield Check(bool(found), f"{len(found)} files that hold data", "" if found else cure)
    else:
        problems: list[str] = []
        runs = list(current_runs(items, store, problems))
        for problem in problems:
            yield Check(False, problem, _REPORT)
        names = ", ".join(f"{run.month:%Y-%m}" for run in runs)
        cure = "Name the directory of the export; its first run may take a day"
        yield Check(
            bool(runs), f"complete billing periods: {names or 'none'}", "" if runs else cure
        )
        found = [file for run in runs for file in run.files]
    if found:
        store.read(min(found, key=lambda one: one.size_bytes))
        yield Check(True, "a file can be read")


def fetch(store: Store, config: Mapping, state: Mapping, folder: Path) -> Iterator[Fetched]:
    """Every period or folder that is new or changed."""
    take = _files if config.get("what") == FILES else _runs
    wanted: set[str] = set()
    yield from take(store, config, state, folder, wanted)
    for left in folder.iterdir():  # downloads of runs that have been overtaken
        if left.is_dir() and left.name not in wanted:
            shutil.rmtree(left)


def _runs(store: Store, config, state, folder: Path, wanted: set[str]) -> Iterator[Fetched]:
    known = dict(state.get("periods", {}))
    problems: list[str] = []
    runs = list(current_runs(_inside(store), store, problems))
    for run in sorted(runs, key=lambda one: one.month, reverse=True):
        name = str(run.period)
        if known.get(name) == run.mark or run.month < _first_month(config):
            continue
        target = folder / digest(name, run.mark)
        wanted.add(target.name)
        size = 0
        for item in (*run.files, *([run.manifest] if run.manifest else [])):
            place = target / run.period.name / item.path.relative_to(run.period)
            size += store.download(item, place)
        yield Fetched(
            paths=(target,),
            name=f"{run.month:%Y-%m}: {name}",
            state={**state, "periods": {**known, name: run.mark}},
            facts={"files": len(run.files), "bytes_downloaded": size, "run": min(run.mark)},
        )
        if not target.exists():  # the runner clears what stands, and leaves what it had to hold
            known[name] = run.mark
    if problems:
        raise FetchError("; ".join(problems), _REPORT)


def _files(store: Store, config, state, folder: Path, wanted: set[str]) -> Iterator[Fetched]:
    """Plain files: those of one folder belong together, and are taken again when one changes. They
    keep their folders, since the day of an inventory may stand there."""
    known = dict(state.get("folders", {}))
    folders: dict[str, list[Item]] = {}
    for item in _data(_inside(store)):
        folders.setdefault(str(item.path.parent), []).append(item)
    for name, items in folders.items():
        mark = {item.path.name: item.etag for item in items}
        if known.get(name) == mark:
            continue
        target = folder / digest(name, mark)
        wanted.add(target.name)
        size = sum(store.download(item, target / item.path) for item in items)
        yield Fetched(
            paths=(target,),
            name=name if name != "." else store.place,
            state={**state, "folders": {**known, name: mark}},
            facts={"files": len(items), "bytes_downloaded": size},
        )
        if not target.exists():
            known[name] = mark


def current_runs(items: Iterable[Item], store: Store, problems: list[str]) -> Iterator[Run]:
    """The newest complete run of each billing period; manifests that cannot be read go to
    `problems`. Raises `FetchError` when several exports lie there: they would replace each other's
    months."""
    periods: dict[PurePosixPath, list[Item]] = {}
    for item in items:
        if period := manifests.period_folder(item.path):
            periods.setdefault(period, []).append(item)
    exports = sorted({str(period.parent) for period in periods})
    if len(exports) > 1:
        raise FetchError(
            f"several exports lie below {store.place}: {', '.join(exports[:5])}",
            "A source reads one export: name its own folder, and add a source for each other",
        )
    for period, found in sorted(periods.items()):
        month = manifests.month_of(str(period))
        run = _complete(period, month, found, store, problems) or _bare(period, month, found)
        if month and run:
            yield run


def _complete(period, month, found: list[Item], store: Store, problems: list[str]) -> Run | None:
    """The newest run whose manifest lists files that are all there."""
    have = {item.path: item for item in found}
    listed = [item for item in found if manifests.NAME.search(item.path.name)]

    def age(one: Item) -> tuple[str, datetime, PurePosixPath]:
        """By the run's time where a folder tells it, since a copy has times of its own."""
        first = one.path.relative_to(period).parts[0]
        return (first if first.isdigit() else "", one.modified, one.path)

    for manifest in sorted(listed, key=age, reverse=True):
        try:
            keys = manifests.read_manifest(store.read(manifest)).keys
        except ValueError as error:
            problems.append(f"{store.place}/{manifest.path}: {error}")
            continue
        files = [have.get(manifest.path.parent / PurePosixPath(key).name) for key in keys]
        if files and all(files):
            return Run(period, month, manifest, tuple(files))
    return None


def _bare(period: PurePosixPath, month, found: list[Item]) -> Run | None:
    """The newest run of an export that writes no manifests: one file, or one folder of parts."""
    if any(manifests.NAME.search(item.path.name) for item in found):
        return None
    runs: dict[PurePosixPath, list[Item]] = {}
    for item in _data(found):
        own = item.path if item.path.parent == period else item.path.parent
        runs.setdefault(own, []).append(item)
    times = {own: max(item.modified for item in items) for own, items in runs.items()}
    still = datetime.now(UTC) - QUIET
    own = max((one for one in runs if times[one] < still), key=times.get, default=None)
    return Run(period, month, None, tuple(runs[own])) if own else None


def _inside(store: Store) -> list[Item]:
    """What may be written below a folder of our own: a name may hold dots that lead out of it."""
    return [item for item in store.items() if ".." not in item.path.parts]


def _data(items: Iterable[Item]) -> Iterator[Item]:
    for item in items:
        if may_hold_data(item.path, item.size_bytes):
            yield item


def _first_month(config: Mapping) -> date:
    since = config.get("since")
    return month_start(date.fromisoformat(str(since))) if since else date.min
