"""Google Cloud billing export, standard or detailed (docs/sources/gcp_billing.md).

A flattened CSV, BigQuery's nested rows as JSON lines or Parquet, and the table in BigQuery itself
(ingest.fetch.bigquery) all go through the one expression of this module. Credits are summed per
row, never joined: docs/decisions/0015-google-credits.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
import csv
from functools import cache
from importlib.resources import files
import io
import json
import re
from typing import BinaryIO

from aicost.kernel.late import Late
from ingest.sources.base import BillReader, Head, Unreadable
from ingest.sources.charges import (
    ARRIVED,
    LEDGER,
    Columns,
    arrival,
    as_text,
    grouped,
    missing,
    parsed,
    period_columns,
    row_number,
)
from ingest.sources.tables import columns_of
from ingest.sources.values import credit_rest, credit_types

ibis = Late("ibis")
ir = Late("ibis.expr.types")

NAME = "gcp_billing"
ISSUER = "Google Cloud"
COST, CREDITS, MONTH = "cost", "credits", "invoice.month"
ARRIVAL = (ARRIVED, "partition_date", "_PARTITIONDATE", "_PARTITIONTIME", "partition_time")
REQUIRED = (
    "billing_account_id",
    "sku.id",
    "usage_start_time",
    "usage_end_time",
    COST,
    "currency",
    CREDITS,
    MONTH,
)
TIMES = ("usage_start_time", "usage_end_time")
MAYBE_AMOUNTS = ("cost_at_list", "usage.amount", "usage.amount_in_pricing_units")

TEXT = {
    "publisher": ("seller_name",),
    "billing_account_id": ("billing_account_id",),
    "sub_account_id": ("project.id",),
    "service_name": ("service.description",),
    "service_code": ("service.id",),
    "sku_id": ("sku.id",),
    "sku_meter": ("sku.description",),
    "resource_id": ("resource.global_name", "resource.name"),
    "region_id": ("location.region", "location.location"),
    "availability_zone": ("location.zone",),
    "billing_currency": ("currency",),
    "pricing_unit": ("usage.pricing_unit",),
    "consumed_unit": ("usage.unit",),
    "sub_account_name": ("project.name",),
    "resource_name": ("resource.name",),
    "charge_description": ("sku.description",),
    "cost_type": ("cost_type",),
    "transaction_type": ("transaction_type",),
    "subscription": ("subscription.instance_id",),
    "system_labels": ("system_labels",),
    "ancestors": ("project.ancestors",),
}
EXTRAS = {
    "AdjustmentType": ("adjustment_info.type", "adjustmentsInfo.type"),
    "AdjustmentMode": ("adjustment_info.mode", "adjustmentsInfo.mode"),
    "ConsumptionModel": ("consumption_model.description",),
    "ProjectAncestry": ("project.ancestry_numbers",),
}
# The nearest to the resource first: the first to name a key has it.
_LABELS = {
    "tags:": ("labels",),
    "tags:tag": ("tags",),
    "tags:project": ("project.labels",),
    "tags:system": ("system_labels",),
}
_OWN = ("cost_type", "transaction_type", "subscription", "system_labels", "ancestors")
_SYSTEM_LABEL = (
    r"""['"]key['"]:\s*['"]compute.googleapis.com/%s['"],\s*['"]value['"]:\s*['"]([^'"]*)"""
)


def fold(name: str) -> str:
    """service.id and service_id are one column."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def identify(head: Head) -> bool:
    columns = {fold(column) for column in columns_of(head)}
    flat, nested = {"serviceid", "skuid"}, {"service", "sku"}
    known = {"billingaccountid", "usagestarttime", "cost", "currency"} <= columns
    return known and (flat <= columns or nested <= columns)


def required(columns: tuple[str, ...]) -> tuple[str, ...]:
    return missing(columns, REQUIRED, fold)


def strict(columns: Sequence[str]) -> tuple[tuple[str, str, bool], ...]:
    """(column, kind of value, may be blank) of every value that is refused when unreadable."""
    have = {fold(column): column for column in reversed(columns)}
    wanted = [(COST, "amount", False), (CREDITS, "credits", True), (MONTH, "month", False)]
    wanted += [(name, "amount", True) for name in MAYBE_AMOUNTS]
    wanted += [(name, "time", False) for name in TIMES]
    wanted += [(name, "time", True) for name in ARRIVAL]
    return tuple((have[fold(n)], kind, maybe) for n, kind, maybe in wanted if fold(n) in have)


def flatten(stream: BinaryIO, name: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Nested rows, one a line, as `service.id` and so on; lists stay JSON. Numbers stay as they
    are written."""
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="\n")
    try:
        for line, content in enumerate(text, start=1):
            if not content.strip():
                continue
            try:
                row = json.loads(content, parse_float=str, parse_int=str, parse_constant=str)
            except (ValueError, RecursionError) as error:
                told = f"no JSON ({error})"
                raise Unreadable(told, f"{name}, line {line}", "Fetch the file again") from error
            if not isinstance(row, dict):
                cure = "Export the table as newline-delimited JSON"
                raise Unreadable("no JSON object", f"{name}, line {line}", cure)
            yield line, dict(_leaves(row, ""))
    finally:
        text.detach()


def _leaves(row: dict, prefix: str) -> Iterator[tuple[str, str]]:
    for key, value in row.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{prefix}{key}.")
        elif isinstance(value, list):
            yield prefix + key, json.dumps(value, ensure_ascii=False)
        elif isinstance(value, bool):
            yield prefix + key, "true" if value else "false"
        else:
            yield prefix + key, "" if value is None else value


def expression(table: ir.Table) -> ir.Table:
    """Rows of the export as canonical charge rows, from the columns that are present."""
    columns = parsed(table, strict(table.columns), COST, fold)
    start, end = columns.time("usage_start_time"), columns.time("usage_end_time")
    text = {name: columns.text(*spellings) for name, spellings in TEXT.items()}
    credits = columns.find(CREDITS)
    row = columns.table.select(
        **text,
        **_named(columns, credits),
        **_amounts(columns),
        **period_columns(start, end),
        **row_number(columns),
        billing_period=columns.time(MONTH).date(),
        scope_part=_part(columns),
        rows=ibis.literal(1, "int64"),
        billed_rest=columns.table.billed_rest + credit_rest(credits),
        refused=columns.table.refused | (end < start),
    )
    return _finished(grouped(row))


def _named(columns: Columns, credits: ir.Column) -> dict[str, ir.Value]:
    """Labels, tags and the extras that are present."""
    named: dict[str, ir.Value] = {}
    for kind, spellings in _LABELS.items():
        if columns.find(*spellings) is not None:
            text = columns.text(*spellings)
            named[kind] = ibis.ifelse(text == "[]", "", text)
    for name, spellings in EXTRAS.items():
        if columns.find(*spellings) is not None:
            named[f"extra:{name}"] = columns.text(*spellings)
    told = columns.find("credit_types")
    named["extra:CreditTypes"] = as_text(credit_types(credits) if told is None else told)
    return named


def _amounts(columns: Columns) -> dict[str, ir.Value]:
    """Net of credits is what is invoiced; before them, what the contract's prices come to."""
    cost = columns.amount(COST)
    zero = ibis.literal("0").cast(LEDGER)
    net = (cost + ibis.coalesce(columns.amount(CREDITS), zero)).cast(LEDGER)
    return {
        "billed_cost": net,
        "effective_cost": net,
        "list_cost": columns.amount("cost_at_list"),
        "contracted_cost": cost,
        "pricing_quantity": columns.amount("usage.amount_in_pricing_units"),
        "consumed_quantity": columns.amount("usage.amount"),
    }


def _part(columns: Columns) -> ir.StringValue:
    """The day on which the row arrived, where the export tells: it is append-only, so that is what
    a delivery replaces. '' leaves the invoice's month."""
    times = [columns.time(name) for name in ARRIVAL if columns.find(name) is not None]
    if not times:
        return ibis.literal("")
    return arrival(ibis.coalesce(*times))


@cache
def _categories() -> tuple[dict[str, str], ...]:
    """What a service and a SKU are, by pattern: a data file, the first match holds."""
    with files("ingest.data").joinpath("gcp_service_categories.csv").open() as lines:
        return tuple(csv.DictReader(lines))


def _by_pattern(groups: ir.Table, column: str) -> ir.StringValue:
    told = groups.service_name + ": " + groups.sku_meter
    lower = told.lower()
    branches = []
    for row in _categories():
        value = row[column]
        if column == "model_pattern" and value:
            value = told.re_extract(value, 1)
        branches.append((lower.re_search(row["pattern"]), value))
    return ibis.cases(*branches, else_="")


def _system_label(groups: ir.Table, name: str) -> ir.StringValue:
    return groups.system_labels.re_extract(_SYSTEM_LABEL % name, 1).fill_null("")


def _finished(groups: ir.Table) -> ir.Table:
    """What follows from the series alone, on the few groups instead of the many rows."""
    kind, sku = groups.cost_type.lower(), groups.sku_meter
    adjustment = groups["extra:AdjustmentType"] if "extra:AdjustmentType" in groups.columns else ""
    is_correction = (ibis.literal("") + adjustment).contains("CORRECTION")
    is_fee = (kind.isin(("", "regular"))) & sku.lower().startswith("commitment")
    is_covered = groups["extra:CreditTypes"].contains("COMMITTED_USAGE_DISCOUNT") & ~is_fee
    is_unused = _system_label(groups, "is_unused_reservation").lower() == "true"
    is_spot = sku.lower().re_search(r"\b(spot|preemptible)\b")
    seller = ibis.ifelse(groups.transaction_type.isin(("", "GOOGLE")), "", groups.transaction_type)
    ancestors = groups.ancestors
    added = {
        "extra:BillingEntity": seller,
        "extra:CapacityReservationStatus": ibis.ifelse(is_unused, "Unused", ""),
        "extra:ModelId": _by_pattern(groups, "model_pattern").fill_null("").strip(),
        "extra:CostType": ibis.ifelse(kind == "rounding_error", "rounding_error", ""),
    }
    return groups.mutate(
        **added,
        scope_issuer=ibis.literal(ISSUER),
        invoice_issuer=ibis.literal(ISSUER),
        invoice_id=ibis.literal(""),
        provider=ibis.literal(ISSUER),
        publisher=ibis.coalesce(groups.publisher.nullif(""), ISSUER),
        service_category=_by_pattern(groups, "service_category"),
        service_subcategory=_by_pattern(groups, "service_subcategory"),
        operation=ibis.literal(""),
        resource_type=ibis.literal(""),
        instance_type=_system_label(groups, "machine_spec"),
        charge_category=ibis.cases(
            (kind == "tax", "Tax"),
            (kind.isin(("adjustment", "rounding_error")) & ~is_correction, "Adjustment"),
            (is_fee, "Purchase"),
            else_="Usage",
        ),
        charge_class=ibis.ifelse(is_correction, "Correction", ""),
        charge_frequency=ibis.ifelse(is_fee, "Recurring", "Usage-Based"),
        pricing_category=ibis.cases(
            (is_covered, "Committed"), (is_spot, "Dynamic"), else_="Standard"
        ),
        # A fee that does not name its commitment is still one: its SKU stands for it.
        commitment_discount_id=ibis.ifelse(
            is_fee, ibis.coalesce(groups.subscription.nullif(""), sku), groups.subscription
        ),
        commitment_discount_status=ibis.cases(
            (is_unused, "Unused"), (is_covered, "Used"), else_=""
        ),
        tags=ibis.literal(""),
        extras=ibis.ifelse(
            ancestors.isin(("", "[]")), "", '{"ProjectAncestors": ' + ancestors + "}"
        ),
    ).drop(*_OWN)


READER = BillReader(NAME, identify, expression, required, strict, flatten=flatten)
