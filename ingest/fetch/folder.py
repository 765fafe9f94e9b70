"""Files in a folder of this machine, such as a mounted share (docs/sources/folder.md).

Only folders below AICOST_FOLDER_ROOTS can be read: who may add a source must not read the disk.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
import shutil

from ingest.fetch import exports
from ingest.fetch.azure_blob import SINCE, WHAT
from ingest.fetch.base import Check, Connector, Fetched, FetchError, Field
from ingest.fetch.guard import ROOTS, is_outside, refuse_elsewhere


def test(config: Mapping) -> Iterator[Check]:
    yield from exports.check(open_store(config), config)


def fetch(config: Mapping, state: Mapping, folder: Path) -> Iterator[Fetched]:
    yield from exports.fetch(open_store(config), config, state, folder)


def open_store(config: Mapping) -> exports.Store:
    """The folder of a source's fields. Raises `FetchError`."""
    root = Path(str(config["path"]))
    refuse_elsewhere(root)
    if not root.is_dir():
        raise FetchError(f"{root} is no folder", "Check the path, and that the share is mounted")

    def items() -> list[exports.Item]:
        try:
            return [_item(path, root) for path in sorted(root.rglob("*")) if _is_own(path, root)]
        except OSError as error:
            raise FetchError(
                f"cannot list {root} ({error.strerror})", "Allow us to read it"
            ) from error

    def read(item: exports.Item) -> bytes:
        try:
            return (root / item.path).read_bytes()
        except OSError as error:
            raise FetchError(f"cannot read {root / item.path} ({error.strerror})",
                             "Allow us to read it") from error  # fmt: skip

    def download(item: exports.Item, target: Path) -> int:
        if target.exists():
            return 0
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f"{target.name}.part")
        try:
            shutil.copyfile(root / item.path, part)
            same = _item(root / item.path, root) == item
        except OSError as error:
            raise FetchError(f"cannot copy {root / item.path} ({error.strerror})",
                             "Allow us to read it, or free some space") from error  # fmt: skip
        if not same:
            part.unlink()
            told = f"{root / item.path} changed while it was read"
            raise FetchError(told, "The next run takes the new one")
        part.rename(target)
        return item.size_bytes

    return exports.Store(str(root), items, read, download)


def _is_own(path: Path, root: Path) -> bool:
    return path.is_file() and not is_outside(path, root)


def _item(path: Path, root: Path) -> exports.Item:
    told = path.stat()
    modified = datetime.fromtimestamp(told.st_mtime, UTC)
    etag = f"{told.st_size}-{told.st_mtime_ns}"
    return exports.Item(PurePosixPath(path.relative_to(root)), told.st_size, modified, etag)


CONNECTOR = Connector(
    name="folder",
    title="Folder of this machine",
    summary="Cost exports or files of any kind in a folder or a mounted share",
    kind="bill",
    fields=(
        Field("path", "Folder", help=f"Below one of {ROOTS}; of cost exports, that of one export"),
        WHAT,
        SINCE,
    ),
    test=test,
    fetch=fetch,
)
