"""Answers of reports written down: one page of JSON, or all rows streamed as JSON, CSV or Parquet
in memory that does not grow with them."""

from collections.abc import Iterable, Iterator, Sequence
import csv
from datetime import date
import io
from itertools import chain, islice
import json

from django.http import StreamingHttpResponse
import pyarrow as pa
import pyarrow.parquet as pq

from aicost.api.rest.frame import JSON
from attribution.reports.columns import kind_of
from attribution.reports.formats import (
    arrow_value,
    csv_cell,
    parquet_schema,
    plain_value,
    spec_values,
)
from attribution.reports.spec import Answer, Stream

CSV, PARQUET = "text/csv", "application/vnd.apache.parquet"
MEDIA = {"json": JSON, "csv": CSV, "parquet": PARQUET}
ROWS_A_CHUNK, ROWS_A_GROUP = 2_000, 20_000
TOMBSTONE = "tombstone"


def columns_of(columns: Sequence[str]) -> list[dict]:
    return [{"name": name, "kind": kind_of(name)} for name in columns]


def trust_of(found: Answer | Stream, currency: str | None) -> dict:
    """What every answer says of itself."""
    trust = found.trust
    return {
        "currency": currency,
        "final": trust.final,
        "state": "final" if trust.final else "estimate",
        "as_of": trust.as_of,
        "residual": trust.residual,
        "freshness": [
            {"source": one.source, "kind": one.kind, "through": one.through,
             "final_through": one.final_through, "loaded_at": one.loaded_at}
            for one in trust.freshness
        ],
    }  # fmt: skip


def head_of(title: str, found: Answer | Stream) -> dict:
    return {
        "report": found.spec.report,
        "title": title,
        "spec": spec_values(found.spec),
        "columns": columns_of(found.columns),
        "missing_rates": [
            {"month": f"{month:%Y-%m}", "from": source, "to": target}
            for month, source, target in found.missing_rates
        ],
    }


def streamed(
    kind: str,
    title: str,
    found: Stream,
    tombstones: Sequence[date] | None,
    more: dict,
    lines: Iterable[bytes] | None = None,
) -> StreamingHttpResponse:
    """All rows as one body. `tombstones` are the steps to delete first, None where nobody asked
    which changed: then CSV and Parquet have no column for them. `lines` of CSV follow the header
    where they are written already."""
    write = {"json": _json, "csv": _csv, "parquet": _parquet}[kind]
    body: Iterable[str | bytes] = write(title, found, tombstones, more)
    answer = StreamingHttpResponse(chain(body, lines or ()), content_type=MEDIA[kind])
    if kind != "json":
        spec = found.spec
        name = f"{spec.report}-{spec.period.start}-{spec.period.end}.{kind}"
        answer["Content-Disposition"] = f'attachment; filename="{name}"'
    trust = trust_of(found, None)
    answer["X-Aicost-State"] = trust["state"]
    answer["X-Aicost-As-Of"] = str(plain_value(trust["as_of"]) or "")
    residual = plain_value(trust["residual"])
    answer["X-Aicost-Residual"] = "" if residual is None else str(residual)
    answer["X-Aicost-Read-At"] = str(plain_value(more["read_at"]))
    answer["X-Aicost-Freshness"] = json.dumps(trust["freshness"], default=plain_value)
    return answer


def _json(title: str, found: Stream, tombstones: Sequence[date] | None, more: dict
          ) -> Iterator[str]:  # fmt: skip
    """The document of a page without a next one; its currency stands behind the rows, since only
    then it is known."""
    head = head_of(title, found) | more | {"tombstones": list(tombstones or ())}
    yield json.dumps(head, ensure_ascii=False, default=plain_value)[:-1] + ', "rows": ['
    currencies: set[str] = set()
    comma = ""
    for rows in _chunks(found.rows, ROWS_A_CHUNK):
        currencies |= {row["currency"] for row in rows if row.get("currency")}
        told = ({name: row[name] for name in found.columns} for row in rows)
        lines = ",\n".join(json.dumps(row, ensure_ascii=False, default=plain_value) for row in told)
        yield f"{comma}\n{lines}"
        comma = ","
    only = currencies.pop() if len(currencies) == 1 else None
    tail = trust_of(found, only) | {"next": None, "next_cursor": None}
    yield "\n], " + json.dumps(tail, ensure_ascii=False, default=plain_value)[1:]


def _csv(title: str, found: Stream, tombstones: Sequence[date] | None, more: dict
         ) -> Iterator[str]:  # fmt: skip
    marked = () if tombstones is None else (TOMBSTONE,)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*found.columns, *marked])
    for step in tombstones or ():
        cells = {"period": step.isoformat(), TOMBSTONE: "1"}
        writer.writerow([cells.get(name, "") for name in (*found.columns, *marked)])
    rest = [""] if marked else []
    names = found.columns
    for rows in _chunks(found.rows, ROWS_A_CHUNK):
        writer.writerows([*[csv_cell(row[name]) for name in names], *rest] for row in rows)
        yield out.getvalue()
        out.seek(0)
        out.truncate()
    yield out.getvalue()


def _parquet(title: str, found: Stream, tombstones: Sequence[date] | None, more: dict
             ) -> Iterator[bytes]:  # fmt: skip
    """Row groups as they fill; the schema and what the answer says of itself stand in the file."""
    told = {"trust": trust_of(found, None), **more}
    meta = json.dumps(told, ensure_ascii=False, default=plain_value)
    schema = parquet_schema(found.spec, found.columns, {"aicost_trust": meta})
    if tombstones is not None:
        schema = schema.append(pa.field(TOMBSTONE, pa.bool_()))
    sink = _Sink()
    writer = pq.ParquetWriter(sink, schema)
    steps = [dict.fromkeys(found.columns) | {"period": step, TOMBSTONE: True}
             for step in tombstones or ()]  # fmt: skip
    marked = {} if tombstones is None else {TOMBSTONE: False}
    rows = chain(steps, (row | marked for row in found.rows))
    for group in _chunks(rows, ROWS_A_GROUP):
        columns = [
            pa.array([arrow_value(row[field.name], field.type) for row in group], type=field.type)
            for field in schema
        ]
        writer.write_table(pa.table(columns, schema=schema))
        if data := sink.taken():
            yield data
    writer.close()
    yield sink.taken()


class _Sink(io.RawIOBase):
    """Where Parquet is written to, piece by piece."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._size = 0

    def writable(self) -> bool:
        return True

    def write(self, data) -> int:
        piece = bytes(data)
        self._pieces.append(piece)
        self._size += len(piece)
        return len(piece)

    def tell(self) -> int:
        return self._size

    def taken(self) -> bytes:
        data, self._pieces = b"".join(self._pieces), []
        return data


def _chunks(rows: Iterable[dict], size: int) -> Iterator[list[dict]]:
    rows = iter(rows)
    while found := list(islice(rows, size)):
        yield found
