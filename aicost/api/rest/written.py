"""Answers of reports written down: one page of JSON, or all rows streamed as JSON, CSV or Parquet
in memory that does not grow with them."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from datetime import date, datetime
from itertools import chain, islice
import json

from django.conf import settings
from django.http import StreamingHttpResponse

from aicost.api.reading import reading
from aicost.api.rest.frame import JSON
from aicost.kernel.periods import utc_now
from attribution.reports import stream
from attribution.reports.base import Report, at_most
from attribution.reports.changes import changed_steps, steps_told
from attribution.reports.columns import kind_of
from attribution.reports.copying import csv_lines, tables
from attribution.reports.formats import csv_text, plain_value
from attribution.reports.parquet import FLAG, file_of, pieces, schema_of_report
from attribution.reports.question import spec_values
from attribution.reports.spec import Answer, Spec, Stream, Trusted
from attribution.reports.trust import trust_of as trust_of_spec

CSV, PARQUET = "text/csv", "application/vnd.apache.parquet"
MEDIA = {"json": JSON, "csv": CSV, "parquet": PARQUET}
ROWS_A_CHUNK, ROWS_IN_MEMORY_MAX = 2_000, 50_000
TOMBSTONE, LINE_FEED = "tombstone", "\n"


@contextmanager
def in_memory(spec: Spec, compares: bool = False) -> Iterator[None]:
    """Within it rows are read that all stand in memory where they are compared or converted: not
    more than there is room for. Raises TooLong."""
    with at_most(ROWS_IN_MEMORY_MAX) if compares or spec.in_currency else nullcontext():
        yield


def columns_of(columns: Sequence[str]) -> list[dict]:
    return [{"name": name, "kind": kind_of(name)} for name in columns]


def trust_of(trust: Trusted, currency: str | None) -> dict:
    """What every answer says of itself."""
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


class Passing:
    """Rows as they pass, read once; and what is said of all of them once they have."""

    def __init__(self, rows: Iterable[dict]) -> None:
        self._rows = rows
        self._currencies: set[str] = set()
        self.steps: set[date] = set()

    def __iter__(self) -> Iterator[dict]:
        for row in self._rows:
            if row.get("currency"):
                self._currencies.add(row["currency"])
            if row.get("period"):
                self.steps.add(row["period"])
            yield row

    def of(self, steps: Iterable[date]) -> Iterator[dict]:
        """Those of these steps."""
        wanted = set(steps)
        return (row for row in self if row["period"] in wanted)

    @property
    def currency(self) -> str | None:
        """The only one, or None."""
        return next(iter(self._currencies)) if len(self._currencies) == 1 else None


def streamed(kind: str, report: Report, spec: Spec, since: datetime | None
             ) -> StreamingHttpResponse:  # fmt: skip
    """All rows as one body; with `since` those of the steps that may have changed. What cannot be
    answered is told here and not amid the rows."""
    more = {"read_at": utc_now()}
    with reading(settings.AICOST_API_SECONDS):
        trust = trust_of(trust_of_spec(spec), None)
    body = _body(kind, report, spec, since, more)
    next(body)
    answer = StreamingHttpResponse(body, content_type=MEDIA[kind])
    if kind != "json":
        name = f"{spec.report}-{spec.period.start}-{spec.period.end}.{kind}"
        answer["Content-Disposition"] = f'attachment; filename="{name}"'
    answer["X-Aicost-State"] = trust["state"]
    answer["X-Aicost-As-Of"] = str(plain_value(trust["as_of"]) or "")
    residual = plain_value(trust["residual"])
    answer["X-Aicost-Residual"] = "" if residual is None else str(residual)
    answer["X-Aicost-Read-At"] = str(plain_value(more["read_at"]))
    answer["X-Aicost-Freshness"] = json.dumps(trust["freshness"], default=plain_value)
    return answer


def _body(kind: str, report: Report, spec: Spec, since: datetime | None, more: dict
          ) -> Iterator[str | bytes]:  # fmt: skip
    """First an empty piece, once the first row is there; then the body. It reads in a transaction
    of its own, which ends with it."""
    with reading(settings.AICOST_API_STREAM_SECONDS, replays=spec.by_rules):
        steps = None if since is None else _steps(report, spec, since)
        written = _WRITTEN[kind](report, spec, more) if kind in _WRITTEN and not since else None
        if written is not None:
            yield from written
            return
        with in_memory(spec):
            found = stream(spec)
        if steps is not None:
            found = replace(found, rows=Passing(found.rows).of(steps))
        yield b""
        yield from _WRITE[kind](report.title, found, steps, more)


def _steps(report: Report, spec: Spec, since: datetime) -> tuple[date, ...]:
    """The steps to delete first. Who sees only some teams is asked for twice: which steps their
    rows stand on is known only once all of them were seen."""
    steps = changed_steps(report, spec, since)
    if spec.asker.teams is None:
        return steps
    return steps_told(spec, steps, {row["period"] for row in stream(spec).rows})


def _json(title: str, found: Stream, tombstones: Sequence[date] | None, more: dict
          ) -> Iterator[str]:  # fmt: skip
    """The document of a page without a next one; its currency stands behind the rows, since only
    then it is known."""
    head = head_of(title, found) | more | {"tombstones": list(tombstones or ())}
    yield json.dumps(head, ensure_ascii=False, default=plain_value)[:-1] + ', "rows": ['
    passing, comma = Passing(found.rows), ""
    for rows in _chunks(passing, ROWS_A_CHUNK):
        told = ({name: row[name] for name in found.columns} for row in rows)
        lines = ",\n".join(json.dumps(row, ensure_ascii=False, default=plain_value) for row in told)
        yield f"{comma}\n{lines}"
        comma = ","
    tail = trust_of(found.trust, passing.currency) | {"next": None, "next_cursor": None}
    yield "\n], " + json.dumps(tail, ensure_ascii=False, default=plain_value)[1:]


def _csv(title: str, found: Stream, tombstones: Sequence[date] | None, more: dict
         ) -> Iterator[str]:  # fmt: skip
    yield from _head_of_csv(found.columns, tombstones)
    rest = () if tombstones is None else (None,)
    for rows in _chunks(found.rows, ROWS_A_CHUNK):
        lines = ((*(row[name] for name in found.columns), *rest) for row in rows)
        yield csv_text(lines, LINE_FEED)


def _head_of_csv(columns: Sequence[str], tombstones: Sequence[date] | None) -> Iterator[str]:
    """The header, and a line for each step to delete; a column for them only where they were asked
    for."""
    names = (*columns, *(() if tombstones is None else (TOMBSTONE,)))
    cells = ({"period": step, TOMBSTONE: 1} for step in tombstones or ())
    yield csv_text([names, *([told.get(name) for name in names] for told in cells)], LINE_FEED)


def _parquet(title: str, found: Stream, tombstones: Sequence[date] | None, more: dict
             ) -> Iterator[bytes]:  # fmt: skip
    """Row groups as they fill; the schema and what the answer says of itself stand in the file."""
    marked = tombstones is not None
    schema = _schema(found.spec, found.columns, found.trust, more, marked)
    steps = ({"period": step, TOMBSTONE: True} for step in tombstones or ())
    gone = (tuple(told.get(name) for name in schema.names) for told in steps)
    rest = (False,) if marked else ()
    rows = ((*(row[name] for name in found.columns), *rest) for row in found.rows)
    yield from pieces(schema, chain(gone, rows))


def _schema(spec: Spec, columns: Sequence[str], trust: Trusted, more: dict, marked: bool = False):
    told = {"trust": trust_of(trust, None), **more}
    about = {"aicost_trust": json.dumps(told, ensure_ascii=False, default=plain_value)}
    return schema_of_report(spec, columns, about, [(TOMBSTONE, FLAG)] if marked else [])


def _csv_by_postgres(report: Report, spec: Spec, more: dict) -> Iterator[str | bytes] | None:
    if (lines := csv_lines(report, spec)) is None:
        return None
    return _begun(_head_of_csv(report.columns(spec), None), lines)


def _parquet_by_postgres(report: Report, spec: Spec, more: dict) -> Iterator[bytes] | None:
    schema = _schema(spec, report.columns(spec), trust_of_spec(spec), more)
    if (found := tables(report, spec, schema)) is None:
        return None
    return _begun((), file_of(schema, found))


def _begun(head: Iterable[str], body: Iterator[bytes]) -> Iterator[str | bytes]:
    """First an empty piece, once the first of the body is there."""
    first = next(body, b"")
    yield b""
    yield from chain(head, [first], body)


def _chunks(rows: Iterable[dict], size: int) -> Iterator[list[dict]]:
    rows = iter(rows)
    while found := list(islice(rows, size)):
        yield found


_WRITE = {"json": _json, "csv": _csv, "parquet": _parquet}
_WRITTEN = {"csv": _csv_by_postgres, "parquet": _parquet_by_postgres}
