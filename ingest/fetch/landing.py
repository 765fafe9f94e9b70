"""Files that are there whole or not at all, and what tells one download from another."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
import hashlib
import json
from pathlib import Path, PurePosixPath

_NO_DATA = (".json", ".md", ".txt", ".html", ".yml", ".sql", ".part")


@contextmanager
def landing(path: Path) -> Iterator[Path]:
    """Where to write the bytes of `path`; they take its name only when all went well."""
    part = path.with_name(f"{path.name}.part")
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def land_lines(
    path: Path, lines: Iterable[Mapping[str, object]], *, sort_keys: bool = False
) -> Path:
    """A file of JSON lines. A file is known by its bytes: `sort_keys` where a server tells the same
    in no order, not where a reader knows its files by their first key."""
    with landing(path) as part, part.open("w", encoding="utf-8") as out:
        for line in lines:
            out.write(json.dumps(line, sort_keys=sort_keys, ensure_ascii=False) + "\n")
    return path


def is_held(paths: Iterable[Path]) -> bool:
    """Whether the set just told was held, or skipped: the runner clears away what stands."""
    return any(path.exists() for path in paths)


def digest(*told: object) -> str:
    """A name for a download, by what it is made of."""
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:24]


def may_hold_data(path: PurePosixPath, size_bytes: int) -> bool:
    """Not what is hidden, empty, a manifest or a note beside the data."""
    hidden = any(part.startswith((".", "_")) for part in path.parts)
    return not hidden and size_bytes > 0 and not path.name.lower().endswith(_NO_DATA)
