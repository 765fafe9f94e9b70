"""What no file may be, whatever its format: a device, a bomb, one endless row."""

import os
from pathlib import Path
import stat

from ingest.fetch.base import FetchError
from ingest.fetch.kept import KeptFile, is_gzip, open_bytes
from ingest.sources.base import Unreadable

ROOTS = "AICOST_FOLDER_ROOTS"
ROW_BYTES_MAX = 16 * 1024 * 1024
UNPACKED_BYTES_FREE = 1024**3
UNPACKED_RATIO_MAX = 200
# Deflate makes at most 1032 bytes of one.
_DEFLATE_RATIO_MAX = 1032
_BLOCK_BYTES = 1 << 20
_NAME_CHARS_MAX = 200


def shown(name: str) -> str:
    """A file's name as it can be stored and printed: one line of UTF-8."""
    text = name.encode(errors="surrogateescape").decode(errors="replace")
    kept = "".join(char if char.isprintable() else "\ufffd" for char in text)
    return kept if len(kept) <= _NAME_CHARS_MAX else "…" + kept[-_NAME_CHARS_MAX:]


def refuse_no_file(path: Path, name: str) -> None:
    """Raise `Unreadable` for a pipe, a device or a socket: reading one may never end."""
    if not stat.S_ISREG(os.stat(path).st_mode):
        raise Unreadable("is no regular file", name, "Copy its content into a file")


def is_outside(path: Path, folder: Path) -> bool:
    """Whether a path found in a folder leads out of it, by a link or by dots."""
    return not path.resolve().is_relative_to(folder.resolve())


def refuse_endless(file: KeptFile, *, quoted: bool) -> None:
    """Raise `Unreadable` for a row that is too long, or for a file that unpacks to far too much.

    An engine may pass over a row beyond its buffer without a word, so this is asked of the bytes
    themselves. `quoted`: a line break between quotes ends no row."""
    zipped = is_gzip(file.path)
    if file.size_bytes * (_DEFLATE_RATIO_MAX if zipped else 1) <= ROW_BYTES_MAX:
        return
    unpacked_max = max(UNPACKED_BYTES_FREE, file.size_bytes * UNPACKED_RATIO_MAX)
    unpacked = open_row = 0
    within = False
    with open_bytes(file.path) as stream:
        while block := _next_block(stream, file):
            unpacked += len(block)
            if zipped and unpacked > unpacked_max:
                cure = "If that is right, unpack it and load the plain file"
                raise Unreadable(
                    f"unpacks to more than {UNPACKED_RATIO_MAX} times its size", file.name, cure
                )
            after = _row_end(block, within and quoted, quoted)
            open_row = open_row + len(block) if after is None else len(block) - after
            within ^= bool(block.count(b'"') % 2)
            if open_row > ROW_BYTES_MAX:
                raise Unreadable(
                    f"a row is longer than {ROW_BYTES_MAX} bytes (it ends after byte {unpacked})",
                    file.name,
                    "Look for a quote that is never closed, or fetch the file again",
                )


def _next_block(stream, file: KeptFile) -> bytes:
    try:
        return stream.read(_BLOCK_BYTES)
    except (EOFError, OSError) as error:
        raise Unreadable(f"the gzip is broken ({error})", file.name, "Fetch it again") from error


def _row_end(block: bytes, within: bool, quoted: bool) -> int | None:
    """Where in the block the first row ends; None when none does."""
    at = 0
    while (end := _line_end(block, at)) >= 0:
        within ^= quoted and bool(block.count(b'"', at, end) % 2)
        at = end + 1
        if not within:
            return at
    return None


def _line_end(block: bytes, at: int) -> int:
    end = block.find(b"\n", at)
    return end if end >= 0 else block.find(b"\r", at)


def refuse_elsewhere(root: Path) -> None:
    """Raise `FetchError` for a folder that is not below one of the allowed roots."""
    roots = [Path(one) for one in os.environ.get(ROOTS, "").split(os.pathsep) if one]
    if not root.is_absolute() or all(is_outside(root, one) for one in roots):
        told = ", ".join(map(str, roots)) or "none"
        raise FetchError(
            f"{root} is not below a folder that may be read ({told})",
            f"Name the folder in {ROOTS} for the web and the worker processes",
        )
