"""The last step on Spark's workers: groups as rows of the format `aggregated_charges`."""

from collections.abc import Iterator

import pyarrow as pa

from ingest.sources import aggregated

_UNREAD = "\ufffd"


def finished(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Tags and extras as canonical JSON. Raises ValueError for tags that cannot be read and for
    text that was no UTF-8: Spark has put U+FFFD in its place."""
    for batch in batches:
        shape = aggregated.schema({}, batch.schema.names)
        rows = [aggregated.finished(row) for row in batch.to_pylist()]
        for row in rows:
            for column, value in row.items():
                if isinstance(value, str) and _UNREAD in value:
                    raise ValueError(f"{column}: {value[:80]!r} holds text that is not UTF-8")
        yield pa.RecordBatch.from_pylist(rows, schema=shape)
