"""Any other table file, by a mapping of its columns that somebody chose (docs/sources/mapped.md).

A mapping turns each row into one of a canonical format, or of FOCUS for a bill; from there on the
readers of those decide, so that a mapped file means just what the canonical one would. A row keeps
its physical line.
"""

from collections.abc import Iterator, Mapping, Sequence
import csv
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
import io
import re
from tempfile import SpooledTemporaryFile
from typing import BinaryIO

from ingest.records import Batch, Rejected
from ingest.sources import cells, focus
from ingest.sources.base import BillReader, Reader, RowReader, Unreadable
from ingest.sources.canonical import FORMATS
from ingest.sources.format import Format

BILL = focus.NAME
DELIMITERS = (",", ";", "\t", "|")
DECIMALS = ((".", "1,234.56"), (",", "1.234,56"))
DATES = (
    ("iso", "2026-09-30"),
    ("day_first", "30.09.2026 or 30/09/2026"),
    ("month_first", "09/30/2026"),
    ("unix", "seconds since 1970"),
    ("unix_ms", "milliseconds since 1970"),
)
_AMOUNTS = (cells.amount, cells.not_negative, cells.count, cells.milliseconds, cells.mebibytes,
            cells.gpu_fraction, cells.score, cells.latency_bucket)  # fmt: skip
_TIMES = (cells.time, cells.day, cells.calendar_day)
_SLASHED = re.compile(r"(\d{1,4})[./-](\d{1,2})[./-](\d{1,4})(?:[ T](.*))?\Z")
_SAMPLE_BYTES = 64 * 1024
_MEMORY_BYTES = 8 * 1024 * 1024
# Of a bill: what has to be told, and what follows from it when it is not.
_BILL_REQUIRED = ("BilledCost", "BillingCurrency", "ChargePeriodStart")
_BILL_COLUMNS = (
    *_BILL_REQUIRED, "EffectiveCost", "ListCost", "ContractedCost", "ChargePeriodEnd",
    "BillingPeriodStart", "BillingAccountId", "SubAccountId", "SubAccountName", "InvoiceIssuerName",
    "ProviderName", "ServiceCategory", "ServiceName", "SkuId", "SkuMeter", "ResourceId",
    "ResourceName", "RegionId", "ChargeCategory", "ChargeDescription", "ChargeFrequency",
    "PricingQuantity", "PricingUnit", "ConsumedQuantity", "ConsumedUnit", "InvoiceId", "Tags",
)  # fmt: skip


class BadMapping(ValueError):
    """A mapping that cannot be used; the message says which column and why."""


@dataclass(frozen=True)
class Target:
    """What a file can be mapped to: (column, whether it must be told) in the order of the form."""

    name: str
    columns: tuple[tuple[str, bool], ...]


@dataclass(frozen=True)
class ColumnMapping:
    """`columns` maps a column of the target to a column of the file, `constants` to a fixed text.
    `decimal` and `date` say how the file writes numbers and times."""

    target: str
    columns: Mapping[str, str]
    constants: Mapping[str, str] = field(default_factory=dict)
    decimal: str = "."
    date: str = "iso"


def targets() -> tuple[Target, ...]:
    """All that a file can be mapped to: a bill, or any canonical format."""
    bill = Target(BILL, tuple((name, name in _BILL_REQUIRED) for name in _BILL_COLUMNS))
    rest = (Target(f.name, tuple((c.name, c.required) for c in f.columns)) for f in FORMATS)
    return bill, *rest


def checked(told: Mapping[str, object]) -> ColumnMapping:
    """A mapping as it is stored (JSON), checked. Raises `BadMapping`."""
    known = {target.name: dict(target.columns) for target in targets()}
    target = str(told.get("target", ""))
    if target not in known:
        raise BadMapping(f"{target!r} is nothing to map to; there are: {', '.join(known)}")
    columns = {str(k): str(v) for k, v in dict(told.get("columns") or {}).items() if v}
    constants = {str(k): str(v) for k, v in dict(told.get("constants") or {}).items() if v}
    for name in (*columns, *constants):
        if name not in known[target]:
            raise BadMapping(f"{target} has no column {name!r}")
    for name in sorted(set(columns) & set(constants)):
        raise BadMapping(f"{name}: choose a column or a fixed value, not both")
    lacking = [n for n, must in known[target].items() if must and n not in {**columns, **constants}]
    if lacking:
        raise BadMapping(f"{lacking[0]} has to be told: choose a column or a fixed value")
    decimal, date = str(told.get("decimal", ".")), str(told.get("date", "iso"))
    if decimal not in dict(DECIMALS) or date not in dict(DATES):
        raise BadMapping(f"numbers are written {decimal!r} and dates {date!r}: unknown ways")
    return ColumnMapping(target, columns, constants, decimal, date)


def mapped_reader(mapping: ColumnMapping, name: str) -> Reader:
    """A reader of files with that mapping. It is never asked to identify a file: the source says
    that its files are read so."""
    if mapping.target == BILL:
        return BillReader(
            name,
            lambda head: False,
            focus.expression,
            focus.required,
            focus.strict,
            flatten=lambda stream, file: rows_of(stream, mapping, file),
            flattens_tables=True,
        )
    described = next(one for one in FORMATS if one.name == mapping.target)
    return RowReader(
        name,
        described.kind,
        lambda head: False,
        lambda stream, file: _records(stream, file, mapping, described),
    )


def header_of(start: bytes) -> list[str]:
    """The column names of a file's first bytes, whatever separates them."""
    text = start[:_SAMPLE_BYTES].decode("utf-8-sig", errors="replace")
    return next(csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text)), [])


def rows_of(stream: BinaryIO, mapping: ColumnMapping, name: str) -> Iterator[tuple[int, dict]]:
    """(physical line, row of the target as text) of every row. Raises `Unreadable` for a column
    that the file lacks, a ragged row or broken quoting."""
    start = stream.read(_SAMPLE_BYTES)
    stream.seek(0)
    delimiter = _delimiter(start.decode("utf-8-sig", errors="replace"))
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
    rows = csv.reader(text, delimiter=delimiter, strict=True)
    try:
        header = [column.strip() for column in next(rows, [])]
        places = _places(header, mapping, name)
        line = rows.line_num + 1
        for row in rows:
            if row and len(row) != len(header):
                told = f"{len(row)} fields where the header has {len(header)}"
                raise Unreadable(told, f"{name}, line {line}", "Mend the row")
            if row:
                yield line, _row(row, places, mapping)
            line = rows.line_num + 1
    except UnicodeDecodeError as error:
        raise Unreadable(f"the text is not UTF-8 ({error.reason})", name, "Save it so") from error
    except csv.Error as error:
        where = f"{name}, line {rows.line_num}"
        raise Unreadable(str(error), where, "Mend the quoting") from error
    finally:
        text.detach()


def _places(header: Sequence[str], mapping: ColumnMapping, name: str) -> dict[str, int]:
    places = {}
    for column, wanted in mapping.columns.items():
        if header.count(wanted) != 1:
            told = "is not there" if wanted not in header else "is there twice"
            raise Unreadable(
                f"the column {wanted!r}, which the mapping reads as {column}, {told}",
                f"{name}, line 1",
                "Change the mapping of the source, or the file",
            )
        places[column] = header.index(wanted)
    return places


def _row(row: Sequence[str], places: Mapping[str, int], mapping: ColumnMapping) -> dict[str, str]:
    kinds = _kinds(mapping.target)
    told = dict(mapping.constants)
    for column, place in places.items():
        text = row[place].strip()
        if kinds.get(column) == "amount":
            text = plain_number(text, mapping.decimal)
        elif kinds.get(column) == "time":
            text = iso_time(text, mapping.date)
        told[column] = text
    if mapping.target == BILL:
        told.setdefault("EffectiveCost", told["BilledCost"])
        told.setdefault("BillingAccountId", "default")
        told.setdefault("ChargeCategory", "Usage")
        start = told["ChargePeriodStart"]
        told.setdefault("BillingPeriodStart", start[:7] + "-01")
        told.setdefault("ChargePeriodEnd", _day_after(start))
    return told


def _day_after(time: str) -> str:
    """A bill that tells only a day means all of it."""
    try:
        return (date.fromisoformat(time[:10]) + timedelta(days=1)).isoformat()
    except (ValueError, OverflowError):  # the reader refuses the start itself
        return time


def _kinds(target: str) -> dict[str, str]:
    if target == BILL:
        amounts = dict.fromkeys((*focus.AMOUNTS, *focus.MAYBE_AMOUNTS), "amount")
        return amounts | dict.fromkeys(focus.TIMES, "time")
    described = next(one for one in FORMATS if one.name == target)
    kinds = {}
    for column in described.columns:
        if column.parse in _AMOUNTS:
            kinds[column.name] = "amount"
        elif column.parse in _TIMES:
            kinds[column.name] = "time"
    return kinds


def plain_number(text: str, decimal: str) -> str:
    """'(1.234,56 €)' as '-1234.56'. What is no number stays as it is: the reader refuses it."""
    kept = re.sub(r"[\s$€£\u00a0']", "", text)
    negative = kept.startswith("(") and kept.endswith(")")
    kept = kept[1:-1] if negative else kept
    group = "," if decimal == "." else "."
    if re.fullmatch(rf"[+-]?\d{{1,3}}(\{group}\d{{3}})+(\{decimal}\d+)?", kept):
        kept = kept.replace(group, "")
    elif group in kept:
        return text
    kept = kept.replace(decimal, ".")
    return f"-{kept}" if negative else kept


def iso_time(text: str, way: str) -> str:
    """A time as ISO 8601; what does not look like one stays as it is."""
    if way in ("unix", "unix_ms"):
        return _of_epoch(text, 1000 if way == "unix_ms" else 1)
    found = _SLASHED.match(text)
    if way == "iso" or not found or len(found[1]) > 2:
        return text
    day, month = (found[1], found[2]) if way == "day_first" else (found[2], found[1])
    year = found[3] if len(found[3]) == 4 else f"20{found[3]}"
    time = f"T{found[4]}" if found[4] else ""
    return f"{year}-{month:>02}-{day:>02}{time}"


def _of_epoch(text: str, per_second: int) -> str:
    if not re.fullmatch(r"\d{1,14}(\.0+)?", text):
        return text
    seconds = timedelta(seconds=int(text.split(".")[0]) / per_second)
    return (datetime(1970, 1, 1, tzinfo=UTC) + seconds).isoformat()


def _records(
    stream: BinaryIO, name: str, mapping: ColumnMapping, described: Format
) -> Iterator[Batch | Rejected]:
    """The file as CSV of the canonical format; blank lines keep every row on its own line."""
    told = {**mapping.columns, **mapping.constants}
    names = [column.name for column in described.columns if column.name in told]
    with SpooledTemporaryFile(_MEMORY_BYTES) as canonical:
        out = io.TextIOWrapper(canonical, encoding="utf-8", newline="")
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(names)
        line = 2
        for at, row in rows_of(stream, mapping, name):
            out.write("\n" * (at - line))
            writer.writerow([" ".join(row[column].splitlines()) for column in names])
            line = at + 1
        out.detach()
        canonical.seek(0)
        yield from described.records(canonical, name)


def _delimiter(text: str) -> str:
    first = next((line for line in text.splitlines() if line.strip()), "")
    return max(DELIMITERS, key=first.count)
