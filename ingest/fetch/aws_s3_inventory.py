"""S3 Inventory: what lies in buckets and how old it is (docs/sources/aws_s3_inventory.md).

<prefix>/<bucket>/<inventory>/2026-09-01T01-00Z/manifest.json names the files of a snapshot and, of
CSV, its columns.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
import gzip
import hashlib
import json
from pathlib import Path
import re
import shutil

from ingest.fetch.base import Check, Connector, Fetched, FetchError
from ingest.fetch.s3 import FIELDS, Changed, Store, download, listing, look, open_store, read

_SNAPSHOT = re.compile(r"(\d{4}-\d\d-\d\d)T\d\d-\d\dZ/\Z")
_DEPTH_MAX = 6
_BLOCK_BYTES = 1 << 20


@dataclass(frozen=True)
class Snapshot:
    """The newest snapshot of one inventory. `folder` is that of the inventory."""

    folder: str
    name: str
    day: date

    @property
    def manifest(self) -> str:
        return f"{self.folder}{self.name}/manifest.json"


def test(config: Mapping) -> Iterator[Check]:
    store = open_store(config)
    for one in newest_snapshots(store):
        manifest = _manifest(store, one)
        yield Check(True, f"{manifest['sourceBucket']}: {len(manifest['files'])} files, {one.day}")
        look(store, manifest["files"][0]["key"])


def fetch(config: Mapping, state: Mapping, folder: Path) -> Iterator[Fetched]:
    """The newest snapshot of every inventory, if it is not the one we have."""
    store = open_store(config)
    taken = dict(state.get("taken", {}))
    for one in newest_snapshots(store):
        if taken.get(one.folder) == one.name:
            continue
        manifest = _manifest(store, one)
        target = folder / hashlib.sha256(one.manifest.encode()).hexdigest()[:24]
        try:
            paths = _land(store, one, manifest, target)
        except Changed as error:
            raise FetchError(f"{error} changed while it was read", "The next run goes on") from None
        state_then = {**state, "taken": {**taken, one.folder: one.name}}
        yield Fetched(
            paths=tuple(paths),
            name=f"{manifest['sourceBucket']} {one.day}",
            state=state_then,
            facts={"files": len(manifest["files"])},
        )
        if not any(path.exists() for path in paths):
            taken[one.folder] = one.name
            shutil.rmtree(target, ignore_errors=True)


def newest_snapshots(store: Store) -> list[Snapshot]:
    """One for each inventory below the source's folder. Raises `FetchError` when there is none."""
    found: list[Snapshot] = []
    queue = [(store.prefix, 0)]
    while queue:
        folder, depth = queue.pop(0)
        folders, _ = listing(store, folder)
        names = sorted(one for one in folders if _SNAPSHOT.search(one))
        if names:
            day = date.fromisoformat(_SNAPSHOT.search(names[-1])[1])
            found.append(Snapshot(folder, names[-1].rstrip("/").rpartition("/")[2], day))
        elif depth < _DEPTH_MAX:
            queue += [(one, depth + 1) for one in folders]
    if not found:
        raise FetchError(
            f"no S3 Inventory lies below s3://{store.bucket}/{store.prefix}",
            "Set one up (bucket → Management → Inventory); the first comes within 48 hours",
        )
    return found


def _manifest(store: Store, one: Snapshot) -> dict:
    body, _ = read(store, one.manifest)
    where = f"s3://{store.bucket}/{one.manifest}"
    try:
        told = json.loads(body)
        if not all(isinstance(told[n], str) for n in ("sourceBucket", "fileFormat", "fileSchema")):
            raise ValueError("fileSchema is no text")
        if not told["files"] or not all(isinstance(f["key"], str) for f in told["files"]):
            raise ValueError("it lists no files")
    except (ValueError, KeyError, TypeError) as error:
        raise FetchError(f"{where} is no manifest of an inventory ({error!r})") from error
    if told["fileFormat"].upper() not in ("CSV", "PARQUET"):
        cure = "Choose CSV or Apache Parquet as its format"
        raise FetchError(f"{where}: the inventory is {told['fileFormat']}", cure)
    return told


def _land(store: Store, one: Snapshot, manifest: Mapping, target: Path) -> list[Path]:
    """Download the snapshot. The parts of a CSV become one file with the schema as its header."""
    files = []
    for number, listed in enumerate(manifest["files"], start=1):
        path = target / f"part-{number}"
        download(store, look(store, listed["key"]), path)
        _verify(path, listed)
        files.append(path)
    inventory = one.folder.rstrip("/").rpartition("/")[2]
    stem = re.sub(r"[^\w.-]", "_", f"{manifest['sourceBucket']}_{inventory}_{one.day}")
    if manifest["fileFormat"].upper() == "PARQUET":
        named = [target / f"part{n}_{stem}.parquet" for n in range(1, len(files) + 1)]
        return [path.rename(name) for path, name in zip(files, named, strict=True)]
    header = ",".join(name.strip() for name in manifest["fileSchema"].split(","))
    whole = target / f"{stem}.csv.gz"
    with whole.open("wb") as out:
        out.write(gzip.compress(f"{header}\n".encode(), mtime=0))
        for path in files:
            with path.open("rb") as stream:
                shutil.copyfileobj(stream, out, _BLOCK_BYTES)
            path.unlink()
    return [whole]


def _verify(path: Path, listed: Mapping) -> None:
    wanted = str(listed.get("MD5checksum", "")).lower()
    digest = hashlib.md5(usedforsecurity=False)
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK_BYTES):
            digest.update(block)
    if wanted and digest.hexdigest() != wanted:
        path.unlink()
        raise FetchError(f"{listed['key']}: not the bytes its manifest promises", "Run it again")


CONNECTOR = Connector(
    name="aws_s3_inventory",
    title="S3 Inventory",
    summary="What lies in buckets, by folder, storage class and age",
    kind="storage",
    fields=FIELDS,
    test=test,
    fetch=fetch,
    every_minutes=24 * 60,
)
