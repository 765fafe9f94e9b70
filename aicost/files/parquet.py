"""Rows of a report into a Parquet file, batch by batch, with the sums a manifest tells."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
import hashlib
from itertools import islice
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from attribution.reports.columns import kind_of
from attribution.reports.formats import ARROW_TYPES

ROWS_A_GROUP = 10_000


@dataclass(frozen=True)
class Written:
    """`sums`: currency -> column -> exact sum of what is known."""

    rows: int
    bytes: int
    sha256: str
    sums: dict[str, dict[str, Decimal]]


def write(
    path: Path,
    columns: Sequence[str],
    rows: Iterable[Mapping],
    currency: str,
    summed: Sequence[str],
    about: Mapping[str, object],
) -> Written:
    """The same rows give the same bytes. Nothing is rounded."""
    schema = pa.schema(
        [pa.field(name, ARROW_TYPES[kind_of(name)]) for name in columns],
        metadata={"aicost": json.dumps(about, sort_keys=True)},
    )
    sums: dict[str, dict[str, Decimal]] = {}
    count, rows = 0, iter(rows)
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        while batch := list(islice(rows, ROWS_A_GROUP)):
            count += len(batch)
            _add(sums, batch, currency, summed)
            arrays = [pa.array([row[f.name] for row in batch], type=f.type) for f in schema]
            writer.write_table(pa.table(arrays, schema=schema))
    with path.open("rb") as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    return Written(count, path.stat().st_size, sha256, sums)


def _add(sums: dict, batch: Sequence[Mapping], currency: str, summed: Sequence[str]) -> None:
    for row in batch:
        if row[currency] is None:
            continue
        mine = sums.setdefault(row[currency], dict.fromkeys(summed, Decimal(0)))
        for name in summed:
            mine[name] += row[name] or 0
