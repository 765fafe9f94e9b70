"""Where files can stand: a folder or a bucket. A name is a path below it, with slashes.

Each store puts a file so that it is there wholly or not at all. Faults are `FetchError` in words.
Add one: a class with these methods, a line in STORES, a section in docs/files.md.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
import io
import os
from pathlib import Path
import shutil
from typing import Protocol

from botocore.exceptions import ClientError
from django.conf import settings

from ingest.fetch import s3
from ingest.fetch.base import FetchError, Field
from ingest.fetch.guard import is_outside

ROOTS = "AICOST_EXPORT_ROOTS"
MANIFEST_BYTES_MAX = 64 * 1024**2
PART = ".part"  # what a file is called until it is whole; no reader takes it
_GONE = ("NoSuchKey", "404")
_DELETED_AT_ONCE = 1_000


class Store(Protocol):
    def read(self, name: str) -> bytes | None:
        """A small file, or None when there is none."""

    def put(self, path: Path, name: str) -> None: ...

    def write(self, name: str, body: bytes) -> None:
        """A small file, in place of the one there is."""

    def remove(self, names: Iterable[str]) -> None:
        """Files that are not there are no fault."""

    def names(self, folder: str) -> Iterator[str]:
        """Everything below a folder, also what a killed process left."""


class Folder:
    def __init__(self, root: Path) -> None:
        self.root = root

    def read(self, name: str) -> bytes | None:
        path = self.root / name
        with _told(f"read {path}"):
            if not path.exists():
                return None
            if path.stat().st_size > MANIFEST_BYTES_MAX:
                raise FetchError(f"{path} is larger than any manifest of ours", "Move it away")
            return path.read_bytes()

    def put(self, path: Path, name: str) -> None:
        with path.open("rb") as stream:
            self._replace(name, lambda out: shutil.copyfileobj(stream, out, 1 << 20))

    def write(self, name: str, body: bytes) -> None:
        self._replace(name, lambda out: out.write(body))

    def _replace(self, name: str, fill: Callable) -> None:
        """On the disk before it has its name, and its name on the disk before we go on."""
        target = self.root / name
        part = target.with_name(f".{target.name}{PART}")
        with _told(f"write {target}"):
            target.parent.mkdir(parents=True, exist_ok=True)
            with part.open("wb") as out:
                fill(out)
                out.flush()
                os.fsync(out.fileno())
            part.replace(target)
            folder = os.open(target.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)

    def remove(self, names: Iterable[str]) -> None:
        for name in names:
            path = self.root / name
            with _told(f"remove {path}"):
                path.unlink(missing_ok=True)
                if path.parent != self.root and not any(path.parent.iterdir()):
                    path.parent.rmdir()

    def names(self, folder: str) -> Iterator[str]:
        with _told(f"list {self.root / folder}"):
            found = [path for path in (self.root / folder).rglob("*") if path.is_file()]
        yield from (path.relative_to(self.root).as_posix() for path in found)


class Bucket:
    def __init__(self, store: s3.Store) -> None:
        self.store = store

    def read(self, name: str) -> bytes | None:
        key = self.store.prefix + name
        with self._told("read", key):
            try:
                told = self.store.client.get_object(Bucket=self.store.bucket, Key=key)
            except ClientError as error:
                if error.response.get("Error", {}).get("Code") in _GONE:
                    return None
                raise
            return told["Body"].read(MANIFEST_BYTES_MAX)

    def put(self, path: Path, name: str) -> None:
        """In parts when it is large; seen when the last one is there."""
        key = self.store.prefix + name
        with self._told("write", key), path.open("rb") as stream:
            self.store.client.upload_fileobj(stream, self.store.bucket, key)

    def write(self, name: str, body: bytes) -> None:
        key = self.store.prefix + name
        with self._told("write", key):
            self.store.client.put_object(Bucket=self.store.bucket, Key=key, Body=io.BytesIO(body))

    def remove(self, names: Iterable[str]) -> None:
        keys = [{"Key": self.store.prefix + name} for name in names]
        for at in range(0, len(keys), _DELETED_AT_ONCE):
            some = {"Objects": keys[at : at + _DELETED_AT_ONCE], "Quiet": True}
            with self._told("delete from", self.store.prefix):
                told = self.store.client.delete_objects(Bucket=self.store.bucket, Delete=some)
            for refused in told.get("Errors", ()):
                raise FetchError(
                    f"cannot delete s3://{self.store.bucket}/{refused['Key']}: {refused['Code']}",
                    "Allow s3:DeleteObject; docs/files.md has the policy",
                )

    def names(self, folder: str) -> Iterator[str]:
        for found in s3.objects(self.store, f"{self.store.prefix}{folder}/"):
            yield found.key.removeprefix(self.store.prefix)

    @contextmanager
    def _told(self, what: str, key: str) -> Iterator[None]:
        try:
            with s3.words(what, f"s3://{self.store.bucket}/{key}"):
                yield
        except s3.Changed as error:
            raise FetchError(f"{error} changed meanwhile", "Run it again") from error


@dataclass(frozen=True)
class Kind:
    """One kind of destination: how it is configured, and how it is opened."""

    name: str
    title: str
    fields: tuple[Field, ...]
    open: Callable[[Mapping], Store]


def _open_folder(config: Mapping) -> Store:
    root = Path(str(config["path"]))
    roots = [Path(one) for one in os.environ.get(ROOTS, "").split(os.pathsep) if one]
    roots = roots or [settings.AICOST_HOME / "exports"]
    if not root.is_absolute() or all(is_outside(root, one) for one in roots):
        raise FetchError(
            f"{root} is not below a folder that may be written ({', '.join(map(str, roots))})",
            f"Name the folder in {ROOTS} for the web and the worker processes",
        )
    return Folder(root)


STORES = (
    Kind(
        "folder",
        "A folder",
        (Field("path", "Folder", help=f"An absolute path below one of {ROOTS}"),),
        _open_folder,
    ),
    Kind("s3", "S3, or a store of its protocol", s3.FIELDS, lambda c: Bucket(s3.open_store(c))),
)


def kind_of(name: str) -> Kind:
    """Raises ValueError that names those there are."""
    for one in STORES:
        if one.name == name:
            return one
    known = ", ".join(one.name for one in STORES)
    raise ValueError(f"{name[:40]!r} is no kind of destination; there are: {known}")


@contextmanager
def _told(what: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        cure = "Free some space there, or let the worker's user write there; then run it again"
        raise FetchError(f"cannot {what}: {error.strerror or error}", cure) from error
