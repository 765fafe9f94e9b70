"""Files that arrive by themselves: the watched folder and uploads.

A file is loaded when it has not changed for some seconds. It then moves to `done` or `held`; beside
a held one lies a .txt with the reason. Files below one folder of the inbox form one delivery.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
import fcntl
import os
from pathlib import Path
import re
import secrets
import shutil
import time

from django.conf import settings

from aicost.jobs.models import Job
from aicost.jobs.queue import enqueue
from ingest.fetch.kept import is_left, working_folder
from ingest.load import LoadResult, load

STABLE_SECONDS = 5
SCRATCH_SECONDS = 2 * 24 * 3600
UPLOAD_BYTES_MAX = 2 * 1024**3
_DONE, _HELD = "done", "held"
_SAFE = re.compile(r"[^A-Za-z0-9._+ -]+")


class UploadTooLarge(ValueError):
    """The upload was stopped; nothing of it is kept."""


class UploadNotKept(UploadTooLarge):
    """There is no room for it, however small it is."""


def inbox_folder() -> Path:
    """AICOST_HOME/inbox with its subfolders, made if they are missing."""
    folder = settings.AICOST_HOME / "inbox"
    for name in (_DONE, _HELD):
        (folder / name).mkdir(parents=True, exist_ok=True)
    return folder


def load_inbox(stable_seconds: float = STABLE_SECONDS) -> list[LoadResult]:
    """Load every file or folder of the inbox that is stable, each as one command would.

    The name of a folder is the name of the source: inbox/<source>/… Another process that loads
    the inbox at this moment has it to itself: then nothing is done here."""
    results = []
    with _alone() as alone:
        for entry in waiting(stable_seconds) if alone else []:
            source_name = entry.name if entry.is_dir() else None
            loaded = load([entry], source_name)
            _move(entry, loaded)
            results += loaded
    return results


@contextmanager
def _alone() -> Iterator[bool]:
    """Whether this process has the inbox to itself; the lock of a killed one is free again."""
    with (inbox_folder() / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def waiting(stable_seconds: float = STABLE_SECONDS) -> list[Path]:
    """Files and folders of the inbox in which nothing changed for `stable_seconds`."""
    entries = sorted(inbox_folder().iterdir())
    entries = [e for e in entries if e.name not in (_DONE, _HELD) and not e.name.startswith(".")]
    latest = time.time() - stable_seconds
    return [entry for entry in entries if _last_change(entry) <= latest and _holds_files(entry)]


def _holds_files(entry: Path) -> bool:
    return entry.is_file() or any(path.is_file() for path in entry.rglob("*"))


def _last_change(entry: Path) -> float:
    paths = [entry, *entry.rglob("*")] if entry.is_dir() else [entry]
    # Of a link its own time: one that leads nowhere must not stop the whole inbox.
    return max(path.lstat().st_mtime for path in paths)


def _move(entry: Path, results: Iterable[LoadResult]) -> None:
    refused = [f"{r.name}: {r.message}" for r in results if r.state == "held"]
    folder = inbox_folder() / (_HELD if refused else _DONE)
    place = folder / f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(3)}-{entry.name}"
    shutil.move(entry, place)
    if refused:
        note = place.with_name(place.name + ".txt")
        note.write_text("\n".join(refused) + "\n", encoding="utf-8")


def clear_scratch(older_than_seconds: float = SCRATCH_SECONDS) -> int:
    """Remove old uploads, and what killed loads left, from the working folder; how many."""
    latest = time.time() - older_than_seconds
    old = [path for path in working_folder().iterdir() if is_left(path) or _older(path, latest)]
    for path in old:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    return len(old)


def _older(path: Path, latest: float) -> bool:
    try:
        return path.stat().st_mtime < latest
    except FileNotFoundError:  # its load has just ended
        return False


def receive_upload(name: str, chunks: Iterable[bytes], source_name: str | None = None) -> Job:
    """Keep an uploaded file under a name made here and enqueue its load.

    Raises `UploadTooLarge` beyond UPLOAD_BYTES_MAX. The job's result is {"results": [...]}, each
    as `ingest --json` prints it."""
    place = keep_upload(name, chunks)
    return enqueue("ingest.load", {"paths": [str(place)], "source": source_name})


def keep_upload(name: str, chunks: Iterable[bytes]) -> Path:
    """Keep an uploaded file for two days in a folder of its own. Raises `UploadTooLarge`."""
    try:
        return _kept_upload(name, chunks)
    except OSError as error:
        told = f"the server has no room for {name} ({error.strerror}). Free some in AICOST_HOME"
        raise UploadNotKept(told) from error


def _kept_upload(name: str, chunks: Iterable[bytes]) -> Path:
    shown = _SAFE.sub("_", Path(name.replace("\\", "/")).name)[-120:].lstrip(".") or "upload"
    folder = working_folder() / f"upload-{secrets.token_hex(16)}"
    folder.mkdir(mode=0o700)
    place = folder / shown
    size = 0
    try:
        with place.open("xb") as out:
            for chunk in chunks:
                size += len(chunk)
                if size > UPLOAD_BYTES_MAX:
                    break
                out.write(chunk)
            os.fsync(out.fileno())
    except OSError:
        shutil.rmtree(folder)
        raise
    if size > UPLOAD_BYTES_MAX:
        shutil.rmtree(folder)
        raise UploadTooLarge(
            f"{shown} is larger than {UPLOAD_BYTES_MAX} bytes: use the inbox folder"
        )
    return place
