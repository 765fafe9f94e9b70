"""FOCUS 1.0 to 1.3, CSV or Parquet (docs/sources/focus.md)."""

from __future__ import annotations

from collections.abc import Sequence

from aicost.kernel.late import Late
from ingest.sources.azure_names import resource_of, told
from ingest.sources.base import BillReader, Head
from ingest.sources.charges import (
    ARRIVED,
    LEDGER,
    SCOPE_PART,
    Columns,
    arrival,
    grouped,
    missing,
    parsed,
    period_columns,
    row_number,
)

ibis = Late("ibis")
ir = Late("ibis.expr.types")

NAME = "focus"
MARKS = ("billedcost", "chargeperiodstart", "chargecategory")
REQUIRED = (
    "BilledCost",
    "EffectiveCost",
    "BillingCurrency",
    "BillingAccountId",
    "BillingPeriodStart",
    "ChargePeriodStart",
    "ChargePeriodEnd",
    "ChargeCategory",
)
AMOUNTS = ("BilledCost", "EffectiveCost")
MAYBE_AMOUNTS = ("ListCost", "ContractedCost", "PricingQuantity", "ConsumedQuantity")
TIMES = ("BillingPeriodStart", "ChargePeriodStart", "ChargePeriodEnd")

TEXT = {
    "provider": ("ServiceProviderName", "ProviderName", "HostProviderName", "PublisherName"),
    "publisher": ("PublisherName",),
    "invoice_issuer": ("InvoiceIssuerName", "InvoiceIssuer"),
    "billing_account_id": ("BillingAccountId",),
    "sub_account_id": ("SubAccountId",),
    "service_category": ("ServiceCategory",),
    "service_subcategory": ("ServiceSubcategory",),
    "service_name": ("ServiceName",),
    "service_code": ("x_ServiceCode", "x_ServiceId"),
    "sku_id": ("SkuId",),
    "sku_meter": ("SkuMeter", "x_UsageType", "x_SkuMeterName"),
    "operation": ("x_Operation", "x_SkuOperation"),
    "resource_id": ("ResourceId",),
    "resource_type": ("ResourceType",),
    "region_id": ("RegionId", "Region"),
    "availability_zone": ("AvailabilityZone",),
    "charge_category": ("ChargeCategory", "ChargeType"),
    "charge_class": ("ChargeClass",),
    "charge_frequency": ("ChargeFrequency",),
    "pricing_category": ("PricingCategory",),
    "commitment_discount_id": ("CommitmentDiscountId",),
    "commitment_discount_status": ("CommitmentDiscountStatus",),
    "billing_currency": ("BillingCurrency",),
    "pricing_unit": ("PricingUnit",),
    "consumed_unit": ("ConsumedUnit",),
    "sub_account_name": ("SubAccountName",),
    "resource_name": ("ResourceName",),
    "charge_description": ("ChargeDescription",),
    "invoice_id": ("InvoiceId", "x_InvoiceId"),
    "told_instance_type": ("x_InstanceType", "x_SkuInstanceType"),
}

# Kept in the series because they say who or what for; all others are read back from the file.
EXTRAS = {
    "CapacityReservationId": ("CapacityReservationId",),
    "CapacityReservationStatus": ("CapacityReservationStatus",),
    "CommitmentDiscountType": ("CommitmentDiscountType",),
    "SkuPriceDetails": ("SkuPriceDetails", "x_SkuDetails"),
    "PrincipalId": ("PrincipalId", "x_PrincipalId", "x_IamPrincipal"),
    "CredentialId": ("CredentialId",),
    "CredentialDetails": ("CredentialDetails", "RequesterDetails"),
    "ConsumerId": ("ConsumerId",),
    "AllocatedMethodId": ("AllocatedMethodId",),
    "AllocatedResourceId": ("AllocatedResourceId",),
    "AllocatedTags": ("AllocatedTags",),
    "PricingCurrency": ("PricingCurrency",),
    "CostCategories": ("x_CostCategories",),
    "CostCenter": ("x_CostCenter",),
    "Project": ("x_Project", "x_ProjectId"),
    "ResourceGroup": ("x_ResourceGroupName",),
    "BillingEntity": ("x_BillingEntity", "x_PublisherCategory"),
    "ModelId": ("x_ModelId", "x_Model", "x_model"),
    "TokenType": ("x_TokenType",),
}

_FREQUENCIES = ("One-Time", "Recurring", "Usage-Based")
_INSTANCE = (
    r"([a-z][a-z0-9-]*[0-9][a-z0-9-]*\.(?:[0-9]*x?large|metal[a-z0-9-]*|medium|small|micro))"
)


def identify(head: Head) -> bool:
    return set(MARKS) <= {column.lower() for column in head.columns}


def required(columns: tuple[str, ...]) -> tuple[str, ...]:
    return missing(columns, REQUIRED, str.lower)


def strict(columns: Sequence[str]) -> tuple[tuple[str, str, bool], ...]:
    """(column, amount or time, may be blank) of every value that is refused when unreadable."""
    have = {column.lower(): column for column in columns}
    wanted = [(name, "amount", False) for name in AMOUNTS]
    wanted += [(name, "amount", True) for name in MAYBE_AMOUNTS]
    wanted += [(name, "time", False) for name in TIMES]
    return tuple((have[n.lower()], kind, maybe) for n, kind, maybe in wanted if n.lower() in have)


def expression(table: ir.Table) -> ir.Table:
    """Rows of FOCUS as canonical charge rows, from the columns that are present."""
    columns = parsed(table, strict(table.columns), "BilledCost")
    start, end = columns.time("ChargePeriodStart"), columns.time("ChargePeriodEnd")
    billing = columns.time("BillingPeriodStart")
    text = {name: columns.text(*spellings) for name, spellings in TEXT.items()}
    extras = {
        f"extra:{name}": columns.text(*spellings)
        for name, spellings in EXTRAS.items()
        if columns.find(*spellings) is not None
    }
    row = columns.table.select(
        **text,
        **extras,
        **_amounts(columns),
        **period_columns(start, end),
        **row_number(columns),
        **_part(columns),
        scope_issuer=text["invoice_issuer"],
        billing_period=billing.truncate("M").date(),
        tags=_tags(columns),
        rows=ibis.literal(1, "int64"),
        billed_rest=columns.table.billed_rest,
        refused=columns.table.refused | (end < start),
    )
    return _finished(grouped(row))


def _part(columns: Columns) -> dict[str, ir.Value]:
    """Of an append-only export, whose adapter tells when a row arrived, that day."""
    if ARRIVED not in columns.table.columns:
        return {}
    return {SCOPE_PART: arrival(columns.table[ARRIVED])}


def _tags(columns: Columns) -> ir.Column:
    tags = columns.find("Tags")
    return ibis.literal("") if tags is None else tags


def _amounts(columns: Columns) -> dict[str, ir.Value]:
    pairs = zip(
        ("billed_cost", "effective_cost", "list_cost", "contracted_cost", "pricing_quantity",
         "consumed_quantity"),
        (*AMOUNTS, *MAYBE_AMOUNTS),
        strict=True,
    )  # fmt: skip
    amounts = {name: columns.amount(written) for name, written in pairs}
    # Microsoft writes 0 for what it does not tell: of reservations and of the marketplace.
    zero = ibis.literal("0").cast(LEDGER)
    costs_something = (amounts["billed_cost"] != zero) | (amounts["effective_cost"] != zero)
    untold = (columns.text(*TEXT["provider"]) == "Microsoft") & costs_something
    for name in ("list_cost", "contracted_cost"):
        is_zero = untold & (amounts[name] == zero)
        amounts[name] = ibis.ifelse(is_zero, ibis.null(LEDGER), amounts[name])
    return amounts


def _finished(groups: ir.Table) -> ir.Table:
    """What one sees from the series alone, on the few groups instead of the many rows."""
    frequency = ibis.cases(
        *((groups.charge_frequency.lower() == name.lower(), name) for name in _FREQUENCIES),
        else_=groups.charge_frequency,
    )
    details = groups["extra:SkuPriceDetails"] if "extra:SkuPriceDetails" in groups.columns else ""
    seen, machine = [groups.told_instance_type], ibis.literal("")
    if not isinstance(details, str):
        seen.append(details.cast("string").re_extract(r'"InstanceType": ?"([^"]*)"', 1))
        size = told(details.cast("string"), "ServiceType")
        seen.append(ibis.ifelse(size.re_search("^(Standard|Basic)_"), size, ""))
        machine = told(details.cast("string"), "VMName")
    seen.append(groups.sku_meter.re_extract(_INSTANCE, 1))
    hourly = groups.charge_description.re_search(r"(?i)instance.?hour|\bhour")
    seen.append(ibis.ifelse(hourly, groups.charge_description.re_extract(_INSTANCE, 1), ""))
    instance = ibis.coalesce(*(value.nullif("") for value in seen), ibis.literal(""))
    return groups.mutate(
        charge_frequency=frequency,
        instance_type=instance,
        resource_id=ibis.ifelse(
            groups.resource_id.lower().startswith("/subscriptions/"),
            resource_of(groups.resource_id, machine),
            groups.resource_id,
        ),
        extras=ibis.literal(""),
    ).drop("told_instance_type")


READER = BillReader(NAME, identify, expression, required, strict)
