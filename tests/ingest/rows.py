"""Deliver the rows of one file as loading does: helpers of the tests about telemetry and calls."""

from hashlib import sha256
from pathlib import Path

from ingest.load_rows import RowCounts, load_rows
from ingest.models import Delivery, Source, SourceFile
from ingest.sources.base import Head, RowReader
from ingest.sources.canonical import CANONICAL_READERS


def head_of(name: str, content: bytes) -> Head:
    first = content.lstrip(b"\xef\xbb\xbf").split(b"\n", 1)[0]
    columns = () if first.startswith((b"{", b"#")) else tuple(first.decode().strip().split(","))
    return Head(name, columns, content[: 1 << 16])


def reader_of(name: str, content: bytes) -> RowReader:
    """The one reader that knows the file."""
    known = [r for r in CANONICAL_READERS if r.identify(head_of(name, content))]
    assert len(known) == 1, f"{name} is claimed by {[r.name for r in known]}"
    return known[0]


def deliver(
    folder: Path,
    name: str,
    content: str | bytes,
    source: str = "measured",
    reader: RowReader | None = None,
) -> RowCounts:
    content = content.encode() if isinstance(content, str) else content
    path = folder / sha256(content).hexdigest()
    path.write_bytes(content)
    reader = reader or reader_of(name, content)
    source_row, _ = Source.objects.get_or_create(name=source, defaults={"kind": reader.kind})
    file, _ = SourceFile.objects.get_or_create(
        source=source_row, sha256=path.name, name=name, defaults={"size_bytes": len(content)}
    )
    delivery = Delivery.objects.create(
        source=source_row, reader=reader.name, name=name, state=Delivery.PUBLISHED
    )
    delivery.files.add(file)
    return load_rows(source_row, reader, file, path, delivery)
