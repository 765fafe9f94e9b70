"""The words by which series are understood: CSV files of attribution/data, and the user's own.

A file of the same name in AICOST_HOME/data comes first: its rows win over those we ship. Editing it
re-decides every day, like a change of a rule (docs/vocabulary.md).
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
import csv
from functools import cache, lru_cache
import hashlib
from importlib.resources import files
import io
from pathlib import Path
import re

from django.conf import settings

NAMES = (
    "ai_meters.csv",
    "ai_services.csv",
    "gpu_instance_types.csv",
    "instance_meters.csv",
    "instance_shapes.csv",
    "model_names.csv",
    "network_meters.csv",
    "provisioned_units.csv",
    "storage_meters.csv",
    "tag_keys.csv",
    "tag_prefixes.csv",
    "token_classes.csv",
)
_BYTES_MAX = 4 * 1024**2
# Of a pinned text: it is all there is, what we ship today is not added. No file can begin so.
_ALONE = "\0alone\n"
_pinned: ContextVar[Mapping[str, str] | None] = ContextVar("pinned words", default=None)
_remembered: ContextVar[dict | None] = ContextVar("known by the words", default=None)
_REMEMBERED_MAX = 50_000


class BadVocabulary(ValueError):
    """A file of words that cannot be used; the message names it, what is wrong and the cure."""


def own(name: str) -> str:
    """The user's text of a file; '' when there is none. Cheap: read again only when it changed.
    Within `pinned` the text of the closed month instead."""
    pinned = _pinned.get()
    if pinned is not None and name in pinned:
        return pinned[name]
    path = Path(settings.AICOST_HOME) / "data" / name
    try:
        seen = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return ""
    return _read(path, seen.st_mtime_ns, seen.st_size)


@cache
def _read(path: Path, changed_ns: int, size_bytes: int) -> str:
    if size_bytes > _BYTES_MAX:
        raise BadVocabulary(f"{path}: more than {_BYTES_MAX} bytes. Keep it a short list")
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BadVocabulary(f"{path}: cannot be read ({error}). Save it as UTF-8") from error


@cache
def rows(name: str, own_text: str) -> tuple[dict[str, str], ...]:
    """The rows of a file, the user's before ours. Raises `BadVocabulary`."""
    if own_text.startswith(_ALONE):
        return tuple(csv.DictReader(io.StringIO(own_text.removeprefix(_ALONE))))
    reader = csv.DictReader(io.StringIO(_shipped(name)))
    ours = tuple(reader)
    if not own_text.strip():
        return ours
    columns = reader.fieldnames or ()
    mine = csv.DictReader(io.StringIO(own_text))
    lacking = [column for column in columns if column not in (mine.fieldnames or ())]
    if lacking:
        cure = f"Its columns are {', '.join(columns)}"
        raise BadVocabulary(f"data/{name} has no column {lacking[0]!r}. {cure}")
    found = []
    for row in mine:
        if None in row or None in row.values():
            cure = "Give each row as many cells as the header has"
            raise BadVocabulary(f"data/{name}, line {mine.line_num}: a ragged row. {cure}")
        found.append({column: row[column].strip() for column in columns})
    return (*found, *ours)


def pattern(text: str, name: str) -> re.Pattern:
    """A regular expression of a file, compared without case. Raises `BadVocabulary`."""
    try:
        return re.compile(text, re.I)
    except re.error as error:
        raise BadVocabulary(f"data/{name}: {text!r} is no regular expression ({error})") from error


def digest() -> str:
    """Changes with every change of any file, shipped or the user's."""
    told = hashlib.sha256()
    for name in NAMES:
        for text in (_shipped(name), own(name)):
            told.update(f"{len(text)}:{text}".encode())
    return told.hexdigest()


@contextmanager
def steady() -> Iterator[None]:
    """Look at the files once for all that is done within: they are asked for with each series."""
    token = _pinned.set(_pinned.get() or {name: own(name) for name in NAMES})
    forget = _remembered.set({})
    try:
        yield
    finally:
        _remembered.reset(forget)
        _pinned.reset(token)


def remembered(function: Callable) -> Callable:
    """The function, within `steady` with a memory of its results: the words do not change there.
    It depends on its arguments and the words alone."""
    known = _remembered.get()
    if known is None:
        return function
    if function not in known:
        known[function] = lru_cache(_REMEMBERED_MAX)(function)
    return known[function]


@cache
def _shipped(name: str) -> str:
    return files("attribution.data").joinpath(name).read_text(encoding="utf-8")


def texts() -> dict[str, str]:
    """Every file as it counts now, the user's rows before ours, to be kept and given to `pinned`.
    Raises `BadVocabulary`."""
    return {name: _whole(rows(name, own(name))) for name in NAMES}


@contextmanager
def pinned(kept: Mapping[str, str] | None) -> Iterator[None]:
    """Understand series by the words of `texts()` as they were kept; None: as they are now."""
    told = None if kept is None else {name: _ALONE + text for name, text in kept.items()}
    token, forget = _pinned.set(told), _remembered.set(None)
    try:
        yield
    finally:
        _remembered.reset(forget)
        _pinned.reset(token)


def _whole(found: tuple[dict[str, str], ...]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(found[0]) if found else (), lineterminator="\n")
    writer.writeheader()
    writer.writerows(found)
    return out.getvalue()
