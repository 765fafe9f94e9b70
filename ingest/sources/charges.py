"""The canonical charge rows every bill expression ends in, and the identity of a series.

Unit of a row: one (series, UTC day, long period end, billing period, invoice), its amounts summed.
A source that says nothing, NULL or '' about a text column gives '': a CSV cannot tell them apart,
and the same bill as CSV and as Parquet has to give the same series. Inside tags and extras a null
value stays different from an empty one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
import hashlib
import json
import re

from aicost.kernel.late import Late
from ingest.sources.tags import add_pairs, read_object
from ingest.sources.values import FINE, LEDGER, PARSERS, as_text, rounded_off

ibis = Late("ibis")
ir = Late("ibis.expr.types")

# In the order in which they are hashed: append only, never reorder.
IDENTITY = (
    "provider",
    "publisher",
    "invoice_issuer",
    "billing_account_id",
    "sub_account_id",
    "service_category",
    "service_subcategory",
    "service_name",
    "service_code",
    "sku_id",
    "sku_meter",
    "operation",
    "resource_id",
    "resource_type",
    "instance_type",
    "region_id",
    "availability_zone",
    "charge_category",
    "charge_class",
    "charge_frequency",
    "pricing_category",
    "commitment_discount_id",
    "commitment_discount_status",
    "billing_currency",
    "pricing_unit",
    "consumed_unit",
)
DISPLAY = ("sub_account_name", "resource_name", "charge_description")
KEY = ("scope_issuer", "day", "long_period_end", "billing_period", "invoice_id")
AMOUNTS = ("billed_cost", "effective_cost")
MAYBE_AMOUNTS = ("list_cost", "contracted_cost", "pricing_quantity", "consumed_quantity")
COUNTS = ("rows", "rows_refused")

# `billed_rest` is what rounding to 18 decimals took from the billed cost as written: the control
# total as written is the sum of billed_cost and billed_rest. Columns named `tag:KEY` and
# `extra:KEY` may stand beside these; `tags` and `extras` hold objects as text or as a map, and
# `tags:PREFIX` lists of {key, value} (ingest.sources.tags).
COLUMNS = (
    *KEY,
    *IDENTITY,
    "tags",
    "extras",
    *DISPLAY,
    *COUNTS,
    *AMOUNTS,
    *MAYBE_AMOUNTS,
    "billed_rest",
)

# A table that has this column keeps each row apart, under its number: how lineage finds rows.
ROW = "row\x1f"

# The column of a flattened file (BillReader.flatten) with the physical line of each row.
LINE = "line\x1f"

# A reader may add this column where a delivery replaces something else than a billing period: the
# part of its scope, `arrival YYYY-MM-DD` of an append-only export; '' is the billing period.
SCOPE_PART = "scope_part"

# What an input adapter may add to a table: the day on which a row arrived in an append-only
# export, and the `billed_rest` of amounts that it has turned into decimals.
ARRIVED = "arrived\x1fon"
REST = "rest\x1fbilled"
# Of a bill that comes in several views of the same money, the view that alone has such a row; ''
# or absent where all have it. No part of a series.
VIEW = "bill_view"

_HALF_PAIR = re.compile("[\ud800-\udfff]")

# Begins the name of the column that holds a value as it was read.
_PARSED = "parsed\x1f"

# Ends the name of a column that another has already, but for upper and lower case.
TWICE = "\x1f"


def series_sha256(series: Mapping[str, object]) -> bytes:
    """The identity of a series: sha256 over its IDENTITY columns, tags and extras.

    Each value is written as its kind, its length in bytes and its UTF-8 bytes, so that no two
    series share an encoding. `tags` and `extras` are dicts of str to str or None; their keys are
    taken in byte order. The one place where identity is made.
    """
    digest = hashlib.sha256(b"series-1")
    for column in IDENTITY:
        digest.update(_encoded(series[column]))
    for column in ("tags", "extras"):
        pairs = sorted(series[column].items(), key=lambda pair: pair[0].encode())
        digest.update(b"o%d:" % len(pairs))
        for key, value in pairs:
            digest.update(_encoded(key) + _encoded(value))
    return digest.digest()


def _encoded(value: str | None) -> bytes:
    if value is None:
        return b"n"
    encoded = value.encode()
    return b"s%d:%s" % (len(encoded), encoded)


def canonical_series(row: Mapping[str, object]) -> dict[str, object]:
    """One row of text columns as a series: tags and extras parsed and joined with the columns
    `tag:KEY` and `extra:KEY` that hold something. Raises ValueError on unreadable tags."""
    series = {column: row[column] for column in (*IDENTITY, *DISPLAY)}
    for name, prefix in (("tags", "tag:"), ("extras", "extra:")):
        found = read_object(row[name])
        for column, value in row.items():
            if column.startswith(prefix) and value:
                found[column.removeprefix(prefix).rstrip(TWICE)] = value
        if name == "tags":
            add_pairs(found, row)
        series[name] = _storable(found)
    # What the price list says of a SKU, the model and the kind of tokens among it, is asked for
    # by its own names.
    details = read_object(series["extras"].pop("SkuPriceDetails", ""))
    series["extras"] = {**details, **series["extras"]}
    return series


def _storable(found: dict[str, str | None]) -> dict[str, str | None]:
    """Raises ValueError for a character that no database keeps: NUL, half of a pair."""
    for text in (*found, *found.values()):
        if text and ("\x00" in text or (not text.isascii() and _HALF_PAIR.search(text))):
            raise ValueError(f"{text[:40]!r} holds a character that cannot be stored")
    return found


class Columns:
    """The columns of a bill by name, however the file spells them. `fold` maps a spelling to the
    name it is looked up by; a column that is absent reads as '' (text) or NULL (amount, time)."""

    def __init__(self, table: ir.Table, fold=str.lower):
        self.table = table
        self.by_name: dict[str, str] = {}
        for column in table.columns:
            key = column if column.startswith(_PARSED) else fold(column)
            self.by_name.setdefault(key, column)
        self.fold = fold

    def find(self, *names: str) -> ir.Column | None:
        """The first of `names` that is present, or None."""
        for name in names:
            column = self.by_name.get(name if name.startswith(_PARSED) else self.fold(name))
            if column is not None:
                return self.table[column]
        return None

    def text(self, *names: str) -> ir.StringValue:
        """The first of `names` that holds something in the row; '' when none does."""
        present = [self.table[c] for c in map(self.by_name.get, map(self.fold, names)) if c]
        if not present:
            return ibis.literal("")
        if len(present) == 1:
            return as_text(present[0])
        texts = (column.cast("string").nullif("") for column in present)
        return ibis.coalesce(*texts, ibis.literal(""))

    def amount(self, name: str) -> ir.DecimalValue:
        """The amount of that name as `parsed` made it; NULL when it is absent."""
        found = self.find(_PARSED + self.fold(name))
        return ibis.null(LEDGER) if found is None else found

    def time(self, name: str) -> ir.TimestampValue:
        """The time of that name as `parsed` made it; NULL when it is absent."""
        found = self.find(_PARSED + self.fold(name))
        return ibis.null("timestamp") if found is None else found


def parsed(
    table: ir.Table, strict: Iterable[tuple[str, str, bool]], billed: str, fold=str.lower
) -> Columns:
    """The columns of a bill with its amounts and times read once, and two more: `billed_rest` of
    the column `billed`, and `refused` where one of the `strict` values could not be read."""
    values: dict[str, ir.Value] = {"billed_rest": ibis.literal("0").cast(FINE)}
    for column, kind, _ in strict:
        values[_PARSED + fold(column)] = PARSERS[kind](table[column])
        if fold(column) == fold(billed):
            values["billed_rest"] = rounded_off(table[column])
    if REST in table.columns:
        values["billed_rest"] = table[REST].cast(FINE)
    read = table.mutate(**values)
    refused = ibis.literal(False)
    for column, _, maybe in strict:
        bad = read[_PARSED + fold(column)].isnull()
        if maybe:
            bad = bad & read[column].notnull() & (read[column].cast("string") != "")
        refused = refused | bad
    return Columns(read.mutate(refused=refused), fold)


def row_number(columns: Columns) -> dict[str, ir.Value]:
    """The column ROW, if the table has it."""
    return {ROW: columns.table[ROW]} if ROW in columns.table.columns else {}


def grouped(rows: ir.Table) -> ir.Table:
    """Charge rows summed to one per series and KEY. `rows` has the row's own columns: KEY, text,
    amounts, `rows` and `refused` (boolean). An optional amount is NULL when any part of it is:
    unknown is not zero."""
    summed = {*AMOUNTS, *MAYBE_AMOUNTS, *DISPLAY, "billed_rest", "rows", "refused"}
    own = [name for name in rows.columns if name.startswith("sum:")]
    keys = [name for name in rows.columns if name not in summed and name not in own]
    measures = {name: rows[name].sum().fill_null(0).cast(LEDGER) for name in AMOUNTS}
    for name in MAYBE_AMOUNTS:
        total = rows[name].sum().cast(LEDGER)
        known = rows[name].count() == rows.count()
        measures[name] = ibis.ifelse(known, total, ibis.null(LEDGER))
    measures |= {name: rows[name].min() for name in DISPLAY if name in rows.columns}
    measures |= {name: rows[name].sum().cast(LEDGER) for name in own}
    measures["billed_rest"] = rows.billed_rest.sum().cast(FINE)
    measures["rows"] = rows.rows.sum().cast("int64")
    measures["rows_refused"] = rows.refused.sum().cast("int64")
    return rows.group_by(keys).aggregate(**measures)


def period_columns(start: ir.TimestampValue, end: ir.TimestampValue) -> dict[str, ir.Value]:
    """`day` and `long_period_end` of a charge period: the day it starts on; its end when the
    period is longer than a day."""
    long = end > start + ibis.interval(days=1)
    return {
        "day": start.date(),
        "long_period_end": ibis.ifelse(long, end, ibis.null("timestamp")),
    }


def arrival(time: ir.TimestampValue) -> ir.StringValue:
    """The part of the scope of a row that arrived then; '' where that is unknown."""
    return ibis.ifelse(time.isnull(), "", "arrival " + time.strftime("%Y-%m-%d"))


def with_part(groups: ir.Table) -> ir.Table:
    """Charge rows with the part of the scope each belongs to: what the reader says, else the
    billing period."""
    period = groups.billing_period.strftime("%Y-%m")
    if SCOPE_PART in groups.columns:
        period = ibis.coalesce(groups[SCOPE_PART].nullif(""), period)
    return groups.mutate(**{SCOPE_PART: period})


def missing(columns: Iterable[str], wanted: Iterable[str | tuple[str, ...]], fold) -> tuple:
    """Those of `wanted` (a tuple means: any of these) that `columns` lack."""
    have = {fold(column) for column in columns}
    lacking = []
    for names in wanted:
        names = (names,) if isinstance(names, str) else names
        if not have & set(map(fold, names)):
            lacking.append(names[0])
    return tuple(lacking)


def json_text(value: Mapping[str, str | None]) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)
