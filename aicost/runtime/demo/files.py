"""Writing files that are the same bytes every time."""

from collections.abc import Iterable, Sequence
import csv
import gzip
import io
from pathlib import Path


def made(folder: Path, *parts: str) -> Path:
    path = folder.joinpath(*parts)
    path.mkdir(parents=True, exist_ok=True)
    return path


def write_gzip(path: Path, text: str) -> None:
    """Without name and time in its header, so that equal text gives equal bytes."""
    with path.open("wb") as raw, gzip.GzipFile("", "wb", 3, raw, mtime=0) as packed:
        packed.write(text.encode())


def write_csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Rows under a header, gzipped when the name ends in .gz. None becomes an empty field."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    if path.suffix == ".gz":
        write_gzip(path, buffer.getvalue())
    else:
        path.write_text(buffer.getvalue(), encoding="utf-8")
