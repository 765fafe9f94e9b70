"""AWS Cost and Usage Report, legacy and CUR 2.0, CSV or Parquet (docs/sources/aws_cur.md).

Their columns are the same but for spelling; CUR 2.0 has maps where the legacy report has many
columns, and only the columns its owner chose. Line item types become FOCUS categories, so that the
same bill as CUR and as FOCUS gives one ledger. A fee row of a commitment carries both its purchase
and its unused part: two series.
"""

from __future__ import annotations

from collections.abc import Sequence
import csv
from functools import cache
from importlib.resources import files
import re

from aicost.kernel.late import Late
from ingest.sources import aws_maps
from ingest.sources.base import BillReader, Head
from ingest.sources.charges import (
    LEDGER,
    Columns,
    as_text,
    grouped,
    missing,
    parsed,
    period_columns,
    row_number,
)

ibis = Late("ibis")
ir = Late("ibis.expr.types")

NAME = "aws_cur"
REQUIRED = (
    "bill/PayerAccountId",
    "bill/BillingPeriodStartDate",
    "lineItem/LineItemType",
    "lineItem/UsageStartDate",
    "lineItem/UsageEndDate",
    ("lineItem/ProductCode", "product/servicecode", "product"),
    "lineItem/CurrencyCode",
    "lineItem/UnblendedCost",
)
TIMES = ("bill/BillingPeriodStartDate", "lineItem/UsageStartDate", "lineItem/UsageEndDate")
COST = "lineItem/UnblendedCost"
SAVINGS_PLAN_EFFECTIVE = "savingsPlan/SavingsPlanEffectiveCost"
RESERVED_EFFECTIVE = "reservation/EffectiveCost"
NET = "lineItem/NetUnblendedCost"
SPLIT_PARENT = "splitLineItem/ParentResourceId"
SPLIT_USAGE = "splitLineItem/SplitUsage"
UNUSED_PARTS = (
    "savingsPlan/TotalCommitmentToDate",
    "savingsPlan/UsedCommitment",
    "reservation/UnusedAmortizedUpfrontFeeForBillingPeriod",
    "reservation/UnusedRecurringFee",
)
MAYBE_AMOUNTS = (
    SAVINGS_PLAN_EFFECTIVE,
    RESERVED_EFFECTIVE,
    *UNUSED_PARTS,
    NET,
    SPLIT_USAGE,
    "lineItem/UsageAmount",
    "pricing/publicOnDemandCost",
)

TEXT = {
    "publisher": ("lineItem/LegalEntity",),
    "invoice_issuer": ("bill/InvoicingEntity", "lineItem/LegalEntity"),
    "billing_account_id": ("bill/PayerAccountId",),
    "sub_account_id": ("lineItem/UsageAccountId",),
    "service_name": ("product/ProductName", "product/servicename"),
    "service_code": ("lineItem/ProductCode", "product/servicecode"),
    "sku_id": ("product/sku",),
    "sku_meter": ("lineItem/UsageType",),
    "operation": ("lineItem/Operation",),
    "resource_id": ("lineItem/ResourceId",),
    "resource_type": ("product/productFamily",),
    "instance_type": ("product/instanceType",),
    "region_id": ("product/regionCode", "product/region"),
    "availability_zone": ("lineItem/AvailabilityZone",),
    "billing_currency": ("lineItem/CurrencyCode",),
    "consumed_unit": ("pricing/unit",),
    "sub_account_name": ("lineItem/UsageAccountName",),
    "charge_description": ("lineItem/LineItemDescription",),
    "invoice_id": ("bill/InvoiceId",),
    "line_item_type": ("lineItem/LineItemType",),
    "billing_entity": ("bill/BillingEntity",),
    "savings_plan": ("savingsPlan/SavingsPlanARN",),
    "reservation": ("reservation/ReservationARN",),
    "subscription": ("reservation/SubscriptionId",),
}
EXTRAS = {
    "IamPrincipal": ("lineItem/IamPrincipal",),
    "UserIdentifier": ("lineItem/UserIdentifier",),
    "TaxType": ("lineItem/TaxType",),
    "SplitParent": (SPLIT_PARENT,),
}
# What the map `product` of CUR 2.0 calls them, where they are no columns of their own.
_IN_PRODUCT = {
    "service_name": ("product_name",),
    "sku_id": ("sku",),
    "resource_type": ("product_family",),
    "instance_type": ("instance_type",),
    "region_id": ("region_code", "region"),
}

# (charge category, frequency); unknown types are adjustments, so that their money shows.
_TYPES = {
    "Usage": ("Usage", "Usage-Based"),
    "DiscountedUsage": ("Usage", "Usage-Based"),
    "SavingsPlanCoveredUsage": ("Usage", "Usage-Based"),
    "Refund": ("Usage", "Usage-Based"),
    "SavingsPlanNegation": ("Adjustment", "Usage-Based"),
    "SavingsPlanRecurringFee": ("Purchase", "Recurring"),
    "SavingsPlanUpfrontFee": ("Purchase", "One-Time"),
    "RIFee": ("Purchase", "Recurring"),
    "Fee": ("Purchase", "One-Time"),
    "Tax": ("Tax", "Usage-Based"),
    "Credit": ("Credit", "One-Time"),
}
_SAVINGS_PLAN = (
    "SavingsPlanCoveredUsage",
    "SavingsPlanNegation",
    "SavingsPlanRecurringFee",
    "SavingsPlanUpfrontFee",
)
_COVERED = ("DiscountedUsage", "SavingsPlanCoveredUsage")
_INSTANCE = (
    r":((?:ml\.)?[a-z][a-z0-9-]*[0-9][a-z0-9-]*\.(?:[0-9]*x?large|metal[a-z0-9-]*|medium|small))"
)
# SageMaker calls a machine by what it is for: ml.g5.12xlarge-Hosting.
_MADE_FOR = r"-(?:Hosting|Training|Notebook|Processing|Transform|Cluster)$"
_RECURRING_FEES = ("RIFee", "SavingsPlanRecurringFee")


def fold(name: str) -> str:
    """lineItem/UnblendedCost and line_item_unblended_cost are one column."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def identify(head: Head) -> bool:
    columns = {fold(column) for column in head.columns}
    marks = ("lineItem/UnblendedCost", "lineItem/UsageStartDate")
    return set(map(fold, marks)) <= columns


def required(columns: tuple[str, ...]) -> tuple[str, ...]:
    return missing(columns, REQUIRED, fold)


def strict(columns: Sequence[str]) -> tuple[tuple[str, str, bool], ...]:
    """(column, amount or time, may be blank) of every value that is refused when unreadable."""
    have = {fold(column): column for column in reversed(columns)}
    wanted = [(COST, "amount", False)]
    wanted += [(name, "amount", True) for name in MAYBE_AMOUNTS]
    wanted += [(name, "time", False) for name in TIMES]
    return tuple((have[fold(n)], kind, maybe) for n, kind, maybe in wanted if fold(n) in have)


def expression(table: ir.Table) -> ir.Table:
    """Rows of a CUR as canonical charge rows, from the columns that are present."""
    columns = parsed(table, strict(table.columns), COST, fold)
    start, end = columns.time("lineItem/UsageStartDate"), columns.time("lineItem/UsageEndDate")
    billing = columns.time("bill/BillingPeriodStartDate")
    text = {name: columns.text(*spellings) for name, spellings in TEXT.items()}
    row = columns.table.select(
        **text,
        **_named(columns),
        **_amounts(columns, text["line_item_type"]),
        **aws_maps.written(columns),
        **period_columns(start, end),
        **row_number(columns),
        billing_period=billing.truncate("M").date(),
        rows=ibis.literal(1, "int64"),
        billed_rest=columns.table.billed_rest,
        refused=columns.table.refused | (end < start),
    )
    groups = _finished(_read_maps(grouped(row)))
    return _with_unused(groups)


def _read_maps(groups: ir.Table) -> ir.Table:
    """What the maps of CUR 2.0 say where no column does."""
    text: dict[str, ir.StringValue] = {}
    for name, keys in _IN_PRODUCT.items():
        told = (aws_maps.of_product(groups, key).nullif("") for key in keys)
        text[name] = ibis.coalesce(groups[name].nullif(""), *told, ibis.literal(""))
    text["service_name"] = ibis.coalesce(text["service_name"].nullif(""), groups.service_code)
    text["instance_type"] = _instance_type(groups, text["instance_type"])
    extras = aws_maps.cost_categories(groups)
    return aws_maps.without(groups.mutate(**text, tags=aws_maps.tags(groups), extras=extras))


def _instance_type(groups: ir.Table, told: ir.StringValue) -> ir.StringValue:
    """As told, else by the meter of a used hour. What a pod had of an instance is not itself an
    instance's time."""
    is_hour = groups.line_item_type.isin(("Usage", *_COVERED))
    metered = ibis.ifelse(is_hour, groups.sku_meter.re_extract(_INSTANCE, 1), "")
    kind = ibis.coalesce(told.nullif(""), metered).re_replace(_MADE_FOR, "")
    if "extra:SplitParent" not in groups.columns:
        return kind
    return ibis.ifelse(groups["extra:SplitParent"] != "", "", kind)


def _named(columns: Columns) -> dict[str, ir.Value]:
    """Tags and cost categories, which have a column each, and the extras that are present."""
    named: dict[str, ir.Value] = {}
    for column in columns.table.columns:
        for prefix, kind in (
            ("resourceTags/user:", "tag:"),
            ("resourceTags/", "tag:"),
            ("resource_tags_user_", "tag:"),
            ("resource_tags_aws_", "tag:aws:"),
            ("costCategory/", "extra:CostCategory/"),
            ("cost_category_", "extra:CostCategory/"),
        ):
            if column.startswith(prefix) and len(column) > len(prefix):
                named[kind + column.removeprefix(prefix)] = as_text(columns.table[column])
                break
    for name, spellings in EXTRAS.items():
        if columns.find(*spellings) is not None:
            named[f"extra:{name}"] = columns.text(*spellings)
    return named


def _amounts(columns: Columns, kind: ir.StringValue) -> dict[str, ir.Value]:
    cost = columns.amount(COST)
    zero = ibis.literal("0").cast(LEDGER)
    is_reserved = columns.text("reservation/ReservationARN") != ""
    is_split = columns.text(SPLIT_PARENT) != ""
    effective = ibis.cases(
        (is_split, cost),  # its parent carries the money
        (kind == "SavingsPlanCoveredUsage", _or(columns, SAVINGS_PLAN_EFFECTIVE, cost)),
        (kind == "DiscountedUsage", _or(columns, RESERVED_EFFECTIVE, cost)),
        (kind.isin((*_RECURRING_FEES, "SavingsPlanNegation", "SavingsPlanUpfrontFee")), zero),
        ((kind == "Fee") & is_reserved, zero),
        else_=cost,
    )
    commitment, used, unused_upfront, unused_recurring = (
        _or(columns, name, zero) for name in UNUSED_PARTS
    )
    unused = ibis.cases(
        (kind == "SavingsPlanRecurringFee", commitment - used),
        (kind == "RIFee", unused_upfront + unused_recurring),
        else_=zero,
    )
    quantity = columns.amount("lineItem/UsageAmount")
    quantity = ibis.ifelse(is_split, _or(columns, SPLIT_USAGE, quantity), quantity)
    return {
        "billed_cost": cost,
        "effective_cost": effective,
        "list_cost": columns.amount("pricing/publicOnDemandCost"),
        "contracted_cost": columns.amount(NET),
        "pricing_quantity": quantity,
        "consumed_quantity": quantity,
        "sum:unused": unused.cast(LEDGER),
    }


def _or(columns: Columns, name: str, otherwise: ir.Value) -> ir.Value:
    return ibis.coalesce(columns.amount(name), otherwise)


@cache
def _categories() -> dict[tuple[str, str], tuple[str, str]]:
    """(family or code, its value) to (service category, subcategory): a data file."""
    with files("ingest.data").joinpath("aws_service_categories.csv").open() as lines:
        return {
            (row["matches"], row["value"]): (row["service_category"], row["service_subcategory"])
            for row in csv.DictReader(lines)
        }


def _service(groups: ir.Table, part: int) -> ir.StringValue:
    column = {"family": groups.resource_type, "code": groups.service_code}
    branches = (
        (column[what] == value, names[part]) for (what, value), names in _categories().items()
    )
    return ibis.cases(*branches, else_="")


def _finished(groups: ir.Table) -> ir.Table:
    """What follows from the series alone, on the few groups instead of the many rows."""
    kind = groups.line_item_type
    is_plan = kind.isin(_SAVINGS_PLAN)
    is_covered = kind.isin(_COVERED)
    # A fee or a covered hour whose commitment has no name is still a commitment's.
    is_reserved = kind.isin(("DiscountedUsage", "RIFee")) | (
        (kind == "Fee") & (groups.reservation != "")
    )
    commitment = ibis.cases(
        (is_plan, ibis.coalesce(groups.savings_plan.nullif(""), "unnamed savings plan")),
        (is_reserved, ibis.coalesce(groups.reservation.nullif(""), groups.subscription)),
        else_="",
    )
    known = [(kind == name, pair) for name, pair in _TYPES.items()]
    is_discount = kind.endswith("Discount")
    is_spot = groups.sku_meter.contains("SpotUsage")
    marketplace = ibis.ifelse(groups.billing_entity == "AWS", "", groups.billing_entity)
    return groups.mutate(
        scope_issuer=ibis.literal("AWS"),
        provider=ibis.literal("AWS"),
        service_category=_service(groups, 0),
        service_subcategory=_service(groups, 1),
        charge_category=ibis.cases(
            *((test, pair[0]) for test, pair in known), (is_discount, "Credit"), else_="Adjustment"
        ),
        charge_frequency=ibis.cases(
            *((test, pair[1]) for test, pair in known), else_="Usage-Based"
        ),
        charge_class=ibis.ifelse(kind == "Refund", "Correction", ""),
        pricing_category=ibis.cases(
            (is_covered | (kind == "SavingsPlanNegation"), "Committed"),
            (is_spot, "Dynamic"),
            else_="Standard",
        ),
        commitment_discount_id=commitment,
        commitment_discount_status=ibis.ifelse(is_covered, "Used", ""),
        pricing_unit=groups.consumed_unit,
        resource_name=ibis.literal(""),
        **{"extra:BillingEntity": marketplace},
    ).drop("billing_entity", "savings_plan", "reservation", "subscription")


def _with_unused(groups: ir.Table) -> ir.Table:
    """The groups, and beside each fee with an unused part that part as a series of its own."""
    zero = ibis.literal("0").cast(LEDGER)
    unused = groups.filter(groups["sum:unused"] != zero).mutate(
        charge_category=ibis.literal("Usage"),
        charge_frequency=ibis.literal("Usage-Based"),
        pricing_category=ibis.literal("Committed"),
        commitment_discount_status=ibis.literal("Unused"),
        billed_cost=zero,
        billed_rest=ibis.literal("0").cast("decimal(38, 30)"),
        effective_cost=groups["sum:unused"],
        list_cost=ibis.null(LEDGER),
        contracted_cost=ibis.null(LEDGER),
        pricing_quantity=ibis.null(LEDGER),
        consumed_quantity=ibis.null(LEDGER),
        rows=ibis.literal(0, "int64"),
        rows_refused=ibis.literal(0, "int64"),
    )
    both = groups.union(unused.select(groups.columns))
    return both.drop("sum:unused", "line_item_type")


READER = BillReader(NAME, identify, expression, required, strict)
