"""Rows of a report into a Parquet file, with the sums a manifest tells."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
import hashlib
import json
from pathlib import Path

from attribution.reports.columns import kind_of
from attribution.reports.parquet import pieces, schema_of


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
    told = {"aicost": json.dumps(about, sort_keys=True)}
    schema = schema_of([(name, kind_of(name)) for name in columns], told)
    totals, digest, size = _Totals(currency, summed), hashlib.sha256(), 0
    values = (tuple(row[name] for name in columns) for row in totals.of(rows))
    with path.open("wb") as file:
        for piece in pieces(schema, values, compression="zstd"):
            file.write(piece)
            digest.update(piece)
            size += len(piece)
    return Written(totals.rows, size, digest.hexdigest(), totals.sums)


@dataclass
class _Totals:
    """Counted and summed while the rows pass."""

    currency: str
    summed: Sequence[str]
    rows: int = 0
    sums: dict[str, dict[str, Decimal]] = field(default_factory=dict)

    def of(self, rows: Iterable[Mapping]) -> Iterator[Mapping]:
        for row in rows:
            self.rows += 1
            if row[self.currency] is not None:
                zeros = dict.fromkeys(self.summed, Decimal(0))
                mine = self.sums.setdefault(row[self.currency], zeros)
                for name in self.summed:
                    mine[name] += row[name] or 0
            yield row
