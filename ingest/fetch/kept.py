"""Bytes land first: every file is kept unchanged under AICOST_HOME/files by its sha256."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
import csv
from dataclasses import dataclass
import fcntl
import gzip
import hashlib
import io
import os
from pathlib import Path
import shutil
import tempfile
import time
from typing import BinaryIO
import zlib

from django.conf import settings

from aicost.kernel.late import Late
from ingest.fetch.room import NO_ROOM
from ingest.sources.base import Head, Unreadable

pa = Late("pyarrow")
pq = Late("pyarrow.parquet")

HEAD_BYTES = 64 * 1024
HEADER_BYTES_MAX = 4 * 1024 * 1024
_BLOCK_BYTES = 1 << 20
_SCRATCH, _YOUNG_SECONDS = "load-", 60


@dataclass(frozen=True)
class KeptFile:
    """`name` as it was given, `path` where its bytes now lie for good."""

    name: str
    sha256: str
    size_bytes: int
    kept_as: str

    @property
    def path(self) -> Path:
        return files_folder() / self.kept_as


def files_folder() -> Path:
    return settings.AICOST_HOME / "files"


def working_folder() -> Path:
    """Where scratch files go: on the same disk as the kept files."""
    folder = settings.AICOST_HOME / "tmp"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


class CannotKeep(OSError):
    """AICOST_HOME is full or may not be written: no fault of the file, which may come again."""


def keep(path: Path, name: str | None = None) -> KeptFile:
    """Copy a file to its place by content; the same bytes are kept once. Raises OSError where the
    file cannot be read, `CannotKeep` where the copy cannot be written."""
    try:
        return _copied(path, name)
    except OSError as error:
        if error.errno not in NO_ROOM or error.filename == str(path):
            raise
        raise CannotKeep(error.errno, error.strerror, error.filename) from error


def _copied(path: Path, name: str | None) -> KeptFile:
    digest = hashlib.sha256()
    with path.open("rb") as source, _scratch() as (scratch, out):
        while block := source.read(_BLOCK_BYTES):
            digest.update(block)
            out.write(block)
        out.flush()
        os.fsync(out.fileno())  # the ledger will say that these bytes are kept
        out.close()
        sha256 = digest.hexdigest()
        kept_as = f"{sha256[:2]}/{sha256}"
        place = files_folder() / kept_as
        size_bytes = scratch.stat().st_size
        try:
            os.utime(place)  # needed again: ingest.purge lets it be
        except (FileNotFoundError, NotADirectoryError):
            place.parent.mkdir(parents=True, exist_ok=True)
            os.chmod(scratch, 0o444)
            os.replace(scratch, place)
    return KeptFile(name or path.name, sha256, size_bytes, kept_as)


@contextmanager
def scratch_folder(working: Path) -> Iterator[Path]:
    """A folder that goes with the load that made it. It is locked while that lives: of a killed
    one it is left unlocked, and `is_left` knows it."""
    folder = Path(tempfile.mkdtemp(dir=working, prefix=_SCRATCH))
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(handle)


def is_left(path: Path) -> bool:
    """Whether a killed load left this file or folder of the working folder. False for all else."""
    if not path.name.startswith(_SCRATCH):
        return False
    try:
        handle = os.open(path, os.O_RDONLY)
    except FileNotFoundError:  # its load has just ended
        return False
    try:
        young = time.time() - os.fstat(handle).st_ctime < _YOUNG_SECONDS  # perhaps not locked yet
        if not young:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return not young
    except BlockingIOError:
        return False
    finally:
        os.close(handle)


@contextmanager
def _scratch() -> Iterator[tuple[Path, BinaryIO]]:
    with tempfile.NamedTemporaryFile(dir=working_folder(), prefix=_SCRATCH, delete=False) as out:
        fcntl.flock(out, fcntl.LOCK_EX)
        scratch = Path(out.name)
        try:
            yield scratch, out
        finally:
            scratch.unlink(missing_ok=True)


def is_gzip(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(2) == b"\x1f\x8b"


def open_bytes(path: Path) -> BinaryIO:
    """The file's bytes, decompressed."""
    return gzip.open(path, "rb") if is_gzip(path) else path.open("rb")


def head_of(file: KeptFile) -> Head:
    """The file's beginning. Raises `Unreadable` when it is no gzip or Parquet it claims to be."""
    try:
        with open_bytes(file.path) as stream:
            first = stream.read(HEAD_BYTES)
        columns = () if first.startswith(b"PAR1") else csv_columns(file)
    except (OSError, EOFError, zlib.error) as error:
        raise Unreadable(
            f"cannot decompress ({error})", file.name, "Fetch the file again"
        ) from error
    if first.startswith(b"PAR1"):
        columns = parquet_columns(file)
    return Head(file.name, columns, first)


def parquet_columns(file: KeptFile) -> tuple[str, ...]:
    try:
        return tuple(pq.read_schema(file.path).names)
    except (pa.ArrowInvalid, OSError) as error:
        raise Unreadable(f"no readable Parquet ({error})", file.name, "Fetch it again") from error


def csv_columns(file: KeptFile) -> tuple[str, ...]:
    """The fields of the first line that is not empty, without byte order marks; () when the file
    is no text."""
    with open_bytes(file.path) as stream:
        start = stream.read(HEADER_BYTES_MAX)
    text = start.decode(charset_of(start), errors="replace").replace("\ufeff", "")
    rows = csv.reader(io.StringIO(text, newline=""))
    try:
        header = next((row for row in rows if any(row)), [])
    except csv.Error:  # a field beyond any column name: no header of ours
        return ()
    if any("\x00" in field for field in header):
        return ()
    return tuple(field.strip() for field in header)


def charset_of(start: bytes) -> str:
    """utf-16 with its mark, utf-8 when it decodes, else Windows' Latin letters."""
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    try:
        start[: start.rfind(b"\n") + 1 or len(start)].decode("utf-8")
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def utf8_copy(file: KeptFile, folder: Path) -> Path:
    """A scratch copy of a text file in UTF-8 without byte order marks, decompressed.

    Windows' Latin letters are the last resort: every byte of theirs decodes, or the set is
    refused here."""
    with open_bytes(file.path) as stream:
        charset = charset_of(stream.read(HEADER_BYTES_MAX))
    for encoding in dict.fromkeys((charset, "cp1252")):
        scratch = folder / f"{file.sha256}.csv"
        try:
            with (
                open_bytes(file.path) as stream,
                io.TextIOWrapper(stream, encoding=encoding, newline="") as text,
                scratch.open("w", encoding="utf-8", newline="") as out,
            ):
                while block := text.read(_BLOCK_BYTES):
                    out.write(block.replace("\ufeff", ""))
        except UnicodeDecodeError:
            continue
        return scratch
    raise Unreadable("the text is neither UTF-8, UTF-16 nor Windows-1252", file.name, "Convert it")


def is_plain_utf8(file: KeptFile) -> bool:
    """Whether DuckDB can read the text as it lies: UTF-8, no mark beyond the very first one."""
    mark = b"\xef\xbb\xbf"
    with open_bytes(file.path) as stream:
        start = stream.read(HEADER_BYTES_MAX)
    second_line = start.find(b"\n") + 1
    return charset_of(start) == "utf-8" and start.rfind(mark, 0, second_line + 64) <= 0
