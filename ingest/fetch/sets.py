"""Which files belong together: those a manifest lists, else all of one command and reader."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
import re

from ingest.fetch import manifests
from ingest.fetch.guard import is_outside, refuse_endless, refuse_no_file, shown
from ingest.fetch.kept import CannotKeep, KeptFile, head_of, keep
from ingest.sources import SOURCES
from ingest.sources.base import BillReader, Head, Reader, Unreadable

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
# Walking a folder passes these by; named outright, a file is always read or refused.
_NO_DATA = {".json", ".md", ".txt", ".html", ".png", ".py", ".sha256", ".crc", ""}
# Maps and measurements before the bills, so that each day is attributed once.
_ORDER = ("map", "telemetry", "usage", "business", "storage", "bill")


@dataclass(frozen=True)
class FileSet:
    """Files that are loaded as one, and the reader that claims them. `rows` is how many their
    manifest promises, None when it does not."""

    name: str
    reader: Reader
    files: tuple[KeptFile, ...]
    rows: int | None = None


@dataclass(frozen=True)
class Refused:
    """Files that form no set, and why."""

    name: str
    message: str


def find_sets(paths: Sequence[Path], reader: Reader | None = None) -> list[FileSet | Refused]:
    """All sets among files and folders, maps first and bills last. Keeps every file it reads.
    Loose files are read by `reader` if one is given, else by the one that knows them."""
    sets: list[FileSet | Refused] = []
    loose: list[tuple[Path, str]] = []
    for path in paths:
        if path.is_dir():
            current = period_manifests(path)
            sets += [_of_manifest(manifest) for manifest in current]
            found = list(_walk(path, {one for m in current for one in manifests.data_folders(m)}))
            if not current and not found:
                sets.append(_nothing_in(path))
            own = []
            for inner, name in found:
                if is_outside(inner, path):
                    cure = "Copy the file itself into the folder"
                    sets.append(Refused(name, f"{name}: a link out of the folder. {cure}"))
                else:
                    own.append((inner, name))
            sets += _take_runs(own)
            loose += own
        elif not _exists(path):
            name = shown(str(path))
            sets.append(Refused(name, f"{name}: no such file. Check the path"))
        elif manifests.NAME.search(path.name):
            sets.append(_of_manifest(path))
        else:
            loose.append((path, shown(path.name)))
    sets += _of_loose(loose, reader)
    return sorted(sets, key=_position)


def period_manifests(folder: Path) -> list[Path]:
    """The manifests that name a current set: those beside the data of one billing period, never
    the copies kept in the folder of each assembly below it."""
    found = [
        p for p in sorted(folder.rglob("*.json")) if manifests.NAME.search(p.name) and _lists(p)
    ]
    folders = {manifest.parent for manifest in found}
    top = [m for m in found if not any(parent in folders for parent in m.parent.parents)]
    return sorted(manifests.newest(top, {path: _submitted(path) for path in top}))


def checked_reader_of(file: KeptFile, given: Reader | None = None) -> Reader:
    """The reader of a file that can be read to its end. Raises `Unreadable`."""
    reader = given or reader_of(file)
    if not head_of(file).first_bytes.startswith(b"PAR1"):
        refuse_endless(file, quoted=isinstance(reader, BillReader))
    return reader


def reader_of(file: KeptFile) -> Reader:
    """The one reader that knows the file. Raises `Unreadable` when none or several do."""
    head = head_of(file)
    claims = [reader for reader in SOURCES if reader.identify(head)]
    if len(claims) == 1:
        return claims[0]
    if claims:
        names = ", ".join(reader.name for reader in claims)
        raise Unreadable(f"several readers claim this file ({names})", file.name, "Report this")
    raise Unreadable(
        f"no reader knows this file ({_seen(head)})",
        file.name,
        "docs/formats.md and docs/sources/ list what can be read",
    )


def _seen(head: Head) -> str:
    if not head.first_bytes.strip():
        return "it is empty"
    if head.first_bytes.startswith(b"PK\x03\x04"):
        return "it is a zip archive: unpack it, or pack it with gzip"
    columns = ", ".join(head.columns[:8]) or "no header"
    return f"it begins with: {shown(columns[:200])}"


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # no name a file can have
        return False


def _nothing_in(folder: Path) -> Refused:
    name = shown(str(folder))
    return Refused(name, f"{name}: nothing to read in this folder. docs/ingest.md says what is")


def _lists(path: Path) -> bool:
    try:
        return bool(manifests.read_manifest(path.read_bytes()).keys)
    except (ValueError, OSError):  # a JSON file of another kind
        return False


def _submitted(path: Path) -> str:
    return manifests.read_manifest(path.read_bytes()).submitted


def _of_manifest(manifest: Path) -> FileSet | Refused:
    name = shown(f"{manifest.parent.name}/{manifest.name}")
    try:
        told = manifests.read_manifest(manifest.read_bytes())
        keys = told.keys
        files = tuple(keep(_place(manifest, key), shown(Path(key).name)) for key in keys)
        if len({file.sha256 for file in files}) < len(files):
            raise Unreadable("lists the same file twice", name, "Fetch the manifest again")
        readers = {reader.name: reader for reader in map(checked_reader_of, files)}
        if len(readers) != 1:
            raise Unreadable(f"lists files of {len(readers)} formats", name, "Split the set")
        [reader] = readers.values()
        if not isinstance(reader, BillReader):
            cure = "Only bills come with one: load the files themselves"
            raise Unreadable(f"is a manifest of {reader.name} files", name, cure)
        return FileSet(name, reader, files, told.rows)
    except Unreadable as refusal:
        return Refused(name, str(refusal))
    except CannotKeep:
        raise
    except (ValueError, OSError) as error:
        return Refused(name, f"{name}: cannot read the set ({shown(str(error))}). Fetch it again")


def _place(manifest: Path, key: str) -> Path:
    """Where a key of the manifest lies: below the folder of its billing period or export."""
    root, told = Path(manifests.root_of(manifest)), shown(key)
    below = manifests.below_root(manifest, key)
    for place in (root.joinpath(*below), manifest.parent / below[-1]):
        if is_outside(place, root):
            cure = "A manifest lists files below its own folder"
            raise Unreadable(f"the manifest lists {told}, which is elsewhere", manifest.name, cure)
        if place.is_file():
            return place
    raise Unreadable(
        f"the manifest lists {told}, which is not there", manifest.name, "Copy the whole folder"
    )


def _walk(folder: Path, taken: set[Path]) -> Iterator[tuple[Path, str]]:
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        hidden = any(part.startswith((".", "_")) for part in relative.parts)
        if hidden or not path.is_file() or path.suffix.lower() in _NO_DATA:
            continue
        if not taken.isdisjoint(path.parents):
            continue
        yield path, shown(relative.as_posix())


def _take_runs(loose: list[tuple[Path, str]]) -> list[Refused]:
    """Take out of `loose` the runs of exports without a manifest: each is the month to date, so
    several of one month would count it several times."""
    runs: dict[Path, set[str]] = {}
    for path, _ in loose:
        period = _period(path)
        if period and (run := _GUID.search(path.relative_to(period).as_posix())):
            runs.setdefault(period, set()).add(run[0])
    several = {period for period, found in runs.items() if len(found) > 1}
    loose[:] = [one for one in loose if _period(one[0]) not in several]
    return [
        Refused(
            shown(period.name),
            f"{shown(str(period))}: {len(runs[period])} runs of one month and no manifest that says"
            " which counts. Load the files of the newest run alone",
        )
        for period in sorted(several)
    ]


def _period(path: Path) -> Path | None:
    partitions = (one for one in path.parents if manifests.PARTITION.match(one.name))
    return manifests.period_folder(path) or next(partitions, None)


def _of_loose(loose: Iterable[tuple[Path, str]], given: Reader | None) -> list[FileSet | Refused]:
    sets: list[FileSet | Refused] = []
    bills: dict[str, tuple[Reader, dict[str, KeptFile]]] = {}
    for path, name in loose:
        try:
            refuse_no_file(path, name)
            file = keep(path, name)
            reader = checked_reader_of(file, given)
        except Unreadable as refusal:
            sets.append(Refused(name, str(refusal)))
        except CannotKeep:
            raise
        except OSError as error:
            sets.append(Refused(name, f"{name}: cannot be read ({error}). Check its permissions"))
        else:
            if isinstance(reader, BillReader):
                # The same bytes twice in one command are one file.
                bills.setdefault(reader.name, (reader, {}))[1].setdefault(file.sha256, file)
            else:
                sets.append(FileSet(name, reader, (file,)))
    for reader, files in bills.values():
        names = [file.name for file in files.values()]
        title = names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"
        sets.append(FileSet(title, reader, tuple(files.values())))
    return sets


def _position(found: FileSet | Refused) -> int:
    return -1 if isinstance(found, Refused) else _ORDER.index(found.reader.kind)
