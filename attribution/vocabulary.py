"""The words by which series are understood: CSV files of attribution/data, and the user's own.

A file of the same name in AICOST_HOME/data comes first: its rows win over those we ship. Editing it
re-decides every day, like a change of a rule (docs/vocabulary.md).
"""

import csv
from functools import cache
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
    "model_names.csv",
    "tag_keys.csv",
    "tag_prefixes.csv",
    "token_classes.csv",
)
_BYTES_MAX = 4 * 1024**2


class BadVocabulary(ValueError):
    """A file of words that cannot be used; the message names it, what is wrong and the cure."""


def own(name: str) -> str:
    """The user's text of a file; '' when there is none. Cheap: read again only when it changed."""
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
    shipped = _shipped(name)
    reader = csv.DictReader(io.StringIO(shipped))
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


@cache
def _shipped(name: str) -> str:
    return files("attribution.data").joinpath(name).read_text(encoding="utf-8")
