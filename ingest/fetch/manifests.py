"""What the manifest of a bill says, and where the files it lists lie beside it.

AWS' legacy report:  <report>/20250901-20251001/<report>-Manifest.json, files below that folder.
AWS' data exports:   <export>/metadata/BILLING_PERIOD=2025-09/<export>-Manifest.json, files below
                     <export>/data/BILLING_PERIOD=2025-09/. The fields of this manifest are not
                     documented, so several spellings are read.
Azure's exports:     <export>/20250901-20250930/[<run time>/]<run guid>/manifest.json, files beside
                     it; each run is the whole month to date, the newest one counts.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
import json
from pathlib import PurePosixPath
import re

NAME = re.compile(r"manifest\.json\Z", re.IGNORECASE)
PERIOD_FOLDER = re.compile(r"(\d{4})(\d\d)\d\d-\d{8}\Z")
PARTITION = re.compile(r"BILLING_PERIOD=(\d{4})-(\d\d)\Z", re.IGNORECASE)
_LISTS = (
    "reportKeys",
    "dataFiles",
    "files",
    "dataKeys",
    "exportFiles",
    "fileKeys",
    "keys",
    "blobs",
)
_NAMES = (
    "key",
    "Key",
    "path",
    "filePath",
    "s3Key",
    "s3Path",
    "uri",
    "url",
    "location",
    "fileName",
    "blobName",
)
_VERSIONS = ("assemblyId", "executionId", "executionID", "execution_id", "exportExecutionId")
_INVENTORY = "fileSchema"


@dataclass(frozen=True)
class Manifest:
    """`keys` are those of the bucket, without it; `version` names this very delivery, or is ''.
    `rows` is how many the files hold together, None when it is not told; `submitted` is when the
    run was asked for, '' when it is not told."""

    keys: tuple[str, ...]
    version: str
    rows: int | None = None
    submitted: str = ""


def read_manifest(content: bytes) -> Manifest:
    """Raises ValueError, saying what was seen, when it is no manifest that lists files."""
    try:
        told = json.loads(content.decode("utf-8-sig"))
    except RecursionError:
        raise ValueError("nested too deeply") from None
    except UnicodeDecodeError:
        raise ValueError("no text") from None
    if not isinstance(told, Mapping) or _INVENTORY in told:
        raise ValueError("no manifest of a bill")
    lists = [(name, told[name]) for name in _LISTS if isinstance(told.get(name), list)]
    keys = next((found for _, value in lists if (found := _keys(value))), ())
    if not keys and told.get("blobs") != []:  # an export of Azure may have nothing to tell
        seen = ", ".join(map(str, list(told)[:12])) or "nothing"
        raise ValueError(f"it lists no files ({', '.join(_LISTS[:3])}); its fields are: {seen}")
    version = next((str(told[name]) for name in _VERSIONS if told.get(name)), "")
    run = told.get("runInfo") if isinstance(told.get("runInfo"), Mapping) else {}
    return Manifest(
        keys,
        version or str(run.get("runId") or ""),
        _rows(told.get("blobs")),
        str(run.get("submittedTime") or ""),
    )


def _rows(blobs: object) -> int | None:
    """Azure tells how many rows each part has."""
    if not isinstance(blobs, list):
        return None
    counts = [one.get("dataRowCount") for one in blobs if isinstance(one, Mapping)]
    return sum(counts) if counts and all(type(count) is int for count in counts) else None


def _keys(listed: Iterable) -> tuple[str, ...]:
    keys = []
    for one in listed:
        if isinstance(one, Mapping):
            one = next((one[name] for name in _NAMES if one.get(name)), None)
        if not isinstance(one, str) or not one:
            return ()
        keys.append(re.sub(r"\As3[an]?://[^/]+/", "", one))
    return tuple(keys)


def month_of(key: str) -> date | None:
    """The billing period a manifest or file belongs to, by the folders of its path."""
    for part in PurePosixPath(key).parts:
        if found := PERIOD_FOLDER.match(part) or PARTITION.match(part):
            year, month = int(found[1]), int(found[2])
            return date(year, month, 1) if 1 <= month <= 12 else None
    return None


def root_of(manifest: PurePosixPath) -> PurePosixPath:
    """The folder above a manifest that its whole set lies below: of a data export the export's
    own, of a legacy report that of the billing period."""
    for folder in manifest.parents:
        if PARTITION.match(folder.name) and folder.parent.name == "metadata":
            return folder.parent.parent
    return manifest.parent


def below_root(manifest: PurePosixPath, key: str) -> tuple[str, ...]:
    """Where a listed key lies below `root_of`, as parts of a path; its bare name where the key
    shows no billing period."""
    parts = PurePosixPath(key).parts
    if ".." in parts or not parts:
        raise ValueError(f"the manifest lists {key[:200]}, which is elsewhere")
    exported = root_of(manifest) != manifest.parent
    for place, part in enumerate(parts):
        if exported and PARTITION.match(part):
            return "data", *parts[place:]
        if not exported and PERIOD_FOLDER.match(part):
            return parts[place + 1 :] or parts[-1:]
    return parts[-1:]


def data_folders(manifest: PurePosixPath) -> tuple[PurePosixPath, ...]:
    """The folders whose files belong to a manifest alone, listed or left over."""
    root = root_of(manifest)
    if period := run_period(manifest):  # other runs of the same month
        return (period,)
    partition = next((one for one in manifest.parents if PARTITION.match(one.name)), None)
    if root == manifest.parent or partition is None:
        return (manifest.parent,)
    return partition, root / "data" / partition.name


def period_folder(path: PurePosixPath) -> PurePosixPath | None:
    """The folder YYYYMMDD-YYYYMMDD a file lies below; None when there is none."""
    return next((one for one in path.parents if PERIOD_FOLDER.match(one.name)), None)


def run_period(manifest: PurePosixPath) -> PurePosixPath | None:
    """Of the manifest of one run, the folder of its billing period; None of one that stands for
    the whole period."""
    period = period_folder(manifest)
    return None if period == manifest.parent else period


def newest(
    manifests: Iterable[PurePosixPath], times: Mapping[PurePosixPath, str] | None = None
) -> list[PurePosixPath]:
    """Of each billing period the manifest that names its current set: the one nearest to the
    period's folder; among those of single runs, the last by `times` (text that sorts) or by the
    time their folders begin with."""
    best: dict[PurePosixPath, PurePosixPath] = {}
    rest, times = [], times or {}

    def rank(manifest: PurePosixPath) -> tuple[bool, str, str]:
        nearest = bool(PARTITION.match(manifest.parent.name))
        return nearest, times.get(manifest, ""), manifest.as_posix()

    for manifest in manifests:
        partition = next((one for one in manifest.parents if PARTITION.match(one.name)), None)
        period = partition or run_period(manifest)
        if period is None:
            rest.append(manifest)
            continue
        have = best.get(period)
        if have is None or rank(manifest) > rank(have):
            best[period] = manifest
    return [*rest, *best.values()]
