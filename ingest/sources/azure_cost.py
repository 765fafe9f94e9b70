"""Azure cost exports that are not FOCUS: EA, MCA and legacy, CSV or Parquet, in any language
(docs/sources/azure_cost.md).

A set shows either what is invoiced (actual) or what is used (amortised); both are views of one
bill, so each set says in `VIEW` which it is, and publishing refuses the other.
"""

from __future__ import annotations

from collections.abc import Sequence

from aicost.kernel.late import Late
from ingest.sources.azure_names import fold, region_of, resource_of, service_of, told
from ingest.sources.base import BillReader, Head
from ingest.sources.charges import (
    LEDGER,
    VIEW,
    Columns,
    grouped,
    missing,
    parsed,
    period_columns,
    row_number,
)

ibis = Late("ibis")
ir = Late("ibis.expr.types")

NAME = "azure_cost"
ACTUAL, AMORTISED = "actual", "amortised"

# The first that is there. A file in a second currency has its costs beside these.
COST = ("CostInBillingCurrency", "Cost", "PreTaxCost", "ExtendedCost")
DATE = ("Date", "UsageDate", "UsageDateTime")
CURRENCY = ("BillingCurrency", "BillingCurrencyCode", "Currency")
PERIOD = ("BillingPeriodStartDate", "BillingPeriodStart")
QUANTITY = ("Quantity", "UsageQuantity", "ConsumedQuantity")
LIST_COST = ("PaygCostInBillingCurrency",)
_METER = ("MeterId", "MeterCategory", "MeterName")

TEXT = {
    "billing_account_id": (
        "BillingProfileId", "BillingAccountId", "EnrollmentNumber", "SubscriptionId",
        "SubscriptionGuid",
    ),
    "sub_account_id": ("SubscriptionId", "SubscriptionGuid"),
    "sub_account_name": ("SubscriptionName",),
    "meter_category": ("MeterCategory", "ServiceName"),
    "service_code": ("ConsumedService",),
    "sku_id": ("MeterId",),
    "sku_meter": ("MeterName", "Meter"),
    "resource_name": ("ResourceName",),
    "told_type": ("ResourceType",),
    "availability_zone": ("AvailabilityZone",),
    "billing_currency": CURRENCY,
    "pricing_unit": ("UnitOfMeasure",),
    "charge_description": ("ProductName", "Product", "PlanName"),
    "invoice_id": ("InvoiceId", "InvoiceNumber"),
    "charge_type": ("ChargeType",),
    "frequency": ("Frequency",),
    "pricing_model": ("PricingModel",),
    "benefit": ("BenefitId", "ReservationId"),
    "publisher_type": ("PublisherType",),
    "publisher_name": ("PublisherName",),
    "location": ("ResourceLocation", "ResourceLocationNormalized", "Location", "MeterRegion"),
    "extra:MeterSubCategory": ("MeterSubCategory",),
    "extra:CostCenter": ("CostCenter",),
    "extra:InvoiceSection": ("InvoiceSectionName", "InvoiceSection", "DepartmentName"),
    "extra:CostAllocationRuleName": ("CostAllocationRuleName",),
}  # fmt: skip

# ChargeType -> (category, class); a refund stays what it refunds, as a correction.
_TYPES = {
    "": ("Usage", ""),
    "usage": ("Usage", ""),
    "purchase": ("Purchase", ""),
    "refund": ("Purchase", "Correction"),
    "unusedreservation": ("Usage", ""),
    "unusedsavingsplan": ("Usage", ""),
    "tax": ("Tax", ""),
    "credit": ("Credit", ""),
}
_FREQUENCIES = {"onetime": "One-Time", "recurring": "Recurring", "usagebased": "Usage-Based"}
_PRICING = {"reservation": "Committed", "savingsplan": "Committed", "spot": "Dynamic"}
_COMMITMENTS = {"reservation": "Reservation", "savingsplan": "Savings Plan"}
_UNITS = ((r"(?i)^hour", "Hours"), (r"(?i)^second", "Seconds"), (r"^$", "Units"))
# Tags that say nothing, in a way that is no object.
_NO_TAGS = ('""', "''", "null", "NULL", "None")


def identify(head: Head) -> bool:
    have = {fold(column) for column in head.columns}
    if "chargeperiodstart" in have or "lineitemlineitemtype" in have:  # FOCUS, AWS
        return False
    wanted = (COST, DATE, CURRENCY, ("SubscriptionId", "SubscriptionGuid"), _METER)
    return all(have & set(map(fold, names)) for names in wanted)


def required(columns: tuple[str, ...]) -> tuple[str, ...]:
    return missing(columns, (COST, DATE, CURRENCY), fold)


def strict(columns: Sequence[str]) -> tuple[tuple[str, str, bool], ...]:
    """(column, amount or time, may be blank) of every value that is refused when unreadable."""
    have = {fold(column): column for column in reversed(columns)}
    wanted = (
        (COST, "amount", False),
        (DATE, "time", False),
        (PERIOD, "time", True),
        (QUANTITY, "amount", True),
        (LIST_COST, "amount", True),
    )
    found = ((_first(have, names), kind, maybe) for names, kind, maybe in wanted)
    return tuple((have[name], kind, maybe) for name, kind, maybe in found if name)


def _first(have: dict[str, str], names: Sequence[str]) -> str:
    return next((fold(name) for name in names if fold(name) in have), "")


def expression(table: ir.Table) -> ir.Table:
    """Rows of an Azure cost file as canonical charge rows, from the columns that are present."""
    have = {fold(column): column for column in reversed(table.columns)}
    cost = _first(have, COST)
    columns = parsed(table, strict(table.columns), cost, fold)
    day = columns.time(_first(have, DATE)).truncate("D")
    billing = ibis.coalesce(columns.time(_first(have, PERIOD)), day)
    text = {name: columns.text(*spellings) for name, spellings in TEXT.items()}
    # Older files have no pricing model: there a reservation's id says it.
    untold = (text["pricing_model"] == "") & (text["benefit"] != "")
    text["pricing_model"] = ibis.ifelse(untold, "Reservation", text["pricing_model"])
    info = columns.text("AdditionalInfo")
    quantity = columns.amount(_first(have, QUANTITY))
    row = columns.table.select(
        **text,
        **period_columns(day, day + ibis.interval(days=1)),
        **row_number(columns),
        **_amounts(columns, columns.amount(cost), quantity),
        resource_id=resource_of(columns.text("ResourceId", "InstanceId"), told(info, "VMName")),
        told_size=ibis.coalesce(
            told(info, "ServiceType").nullif(""), told(info, "VMSize").nullif(""), ""
        ),
        billing_period=billing.truncate("M").date(),
        tags=_tags(columns),
        rows=ibis.literal(1, "int64"),
        billed_rest=columns.table.billed_rest,
        refused=columns.table.refused,
        **{
            VIEW: _view(text, columns.amount(cost), quantity),
            "extra:ResourceGroup": columns.text("ResourceGroup", "ResourceGroupName").lower(),
        },
    )
    return _finished(grouped(row))


def _tags(columns: Columns) -> ir.Value:
    tags = columns.find("Tags")
    if tags is None or not tags.type().is_string():
        return ibis.literal("") if tags is None else tags
    return ibis.ifelse(tags.strip().isin(_NO_TAGS), ibis.literal(""), tags)


def _view(text: dict[str, ir.Value], cost: ir.Value, quantity: ir.Value) -> ir.StringValue:
    """Which of the two views alone has such a row; '' for the many that stand in both."""
    zero = ibis.literal("0").cast(LEDGER)
    kind, model = text["charge_type"].lower(), text["pricing_model"].lower()
    committed = model.isin(tuple(_COMMITMENTS))
    covered = committed & kind.isin(("", "usage"))
    return ibis.cases(
        (kind.startswith("unused"), AMORTISED),
        (covered & (cost != zero), AMORTISED),
        (committed & (kind == "purchase") & (cost != zero), ACTUAL),
        (covered & (quantity > zero), ACTUAL),
        else_="",
    )


def _amounts(columns: Columns, cost: ir.Value, quantity: ir.Value) -> dict[str, ir.Value]:
    payg = columns.amount(LIST_COST[0])
    listed, agreed = (_priced(columns, quantity, name) for name in ("PayGPrice", "UnitPrice"))
    zero = ibis.literal("0").cast(LEDGER)
    return {
        "billed_cost": cost,
        "effective_cost": cost,
        "list_cost": ibis.coalesce(payg.nullif(zero), listed),
        "contracted_cost": agreed,
        "pricing_quantity": quantity,
        "consumed_quantity": quantity,
    }


def _priced(columns: Columns, quantity: ir.Value, name: str) -> ir.DecimalValue:
    """Quantity at a price of the row; unknown when there is no price (0 is written for
    reservations and the marketplace), when it may be in another currency, or when the product
    would not be exact."""
    price = columns.find(name)
    if price is None:
        return ibis.null(LEDGER)
    half = "decimal(19, 9)"
    factors = [value.cast("string").try_cast(half) for value in (quantity, price)]
    exact = factors[0].cast(LEDGER) == quantity
    exact &= factors[1].cast(LEDGER) == price.cast("string").try_cast(LEDGER)
    pricing = columns.text("PricingCurrency", "PricingCurrencyCode")
    same = (pricing == "") | (pricing == columns.text(*CURRENCY))
    product = (factors[0] * factors[1]).cast(LEDGER)
    known = exact & same & (factors[1] > ibis.literal("0").cast(half))
    return ibis.ifelse(known, product, ibis.null(LEDGER))


def _finished(groups: ir.Table) -> ir.Table:
    """What follows from the series alone, on the few groups instead of the many rows."""
    kind, model = groups.charge_type.lower(), groups.pricing_model.lower()
    is_unused = kind.startswith("unused")
    committed = model.isin(tuple(_COMMITMENTS)) | is_unused
    covered = committed & kind.isin(("", "usage"))
    said = {name: [(kind == key, pair[n]) for key, pair in _TYPES.items()]
            for n, name in enumerate(("category", "class"))}  # fmt: skip
    marketplace = groups.publisher_type.lower() == "marketplace"
    microsoft = groups.publisher_type.lower().isin(("azure", "microsoft", ""))
    frequency = groups.frequency.lower().replace("-", "").replace(" ", "")
    meant = [(model == key, name) for key, name in _COMMITMENTS.items()]
    return _measured(groups).mutate(
        scope_issuer=ibis.literal("Microsoft"),
        provider=ibis.literal("Microsoft"),
        invoice_issuer=ibis.literal("Microsoft"),
        publisher=ibis.cases(
            (groups.publisher_name != "", groups.publisher_name),
            (microsoft, "Microsoft"),
            else_="",
        ),
        service_category=service_of(groups, "service_category"),
        service_subcategory=service_of(groups, "service_subcategory"),
        service_name=ibis.coalesce(
            groups.meter_category.nullif(""),
            ibis.ifelse(marketplace, groups.publisher_name, "").nullif(""),
            groups.service_code,
        ),
        operation=ibis.literal(""),
        resource_type=ibis.coalesce(groups.told_type.nullif(""), _type_of(groups.resource_id)),
        instance_type=ibis.ifelse(
            groups.told_size.re_search(r"^(Standard|Basic)_"), groups.told_size, ""
        ),
        region_id=region_of(groups.location),
        charge_category=ibis.cases(*said["category"], else_="Adjustment"),
        charge_class=ibis.cases(*said["class"], else_=""),
        charge_frequency=ibis.cases(
            *((frequency == key, name) for key, name in _FREQUENCIES.items()),
            else_=groups.frequency,
        ),
        pricing_category=ibis.cases(
            (is_unused, "Committed"),
            *((model == key, name) for key, name in _PRICING.items()),
            else_="Standard",
        ),
        commitment_discount_id=ibis.ifelse(
            committed, ibis.coalesce(groups.benefit.nullif(""), "unnamed commitment"), ""
        ),
        commitment_discount_status=ibis.cases(
            (is_unused, "Unused"), (covered, "Used"), else_=""
        ),
        extras=ibis.literal(""),
        **{
            "extra:BillingEntity": ibis.ifelse(marketplace, "Azure Marketplace", ""),
            "extra:CommitmentDiscountType": ibis.cases(*meant, else_=""),
        },
    ).drop(
        "charge_type", "frequency", "pricing_model", "benefit", "publisher_type",
        "publisher_name", "location", "told_type", "told_size", "meter_category",
    )  # fmt: skip


def _type_of(resource: ir.StringValue) -> ir.StringValue:
    return resource.re_extract(r"(?i)/providers/([^/]+/[^/]+)/[^/]+", 1).fill_null("")


def _measured(groups: ir.Table) -> ir.Table:
    """With the quantity in single units beside the one in blocks of '100 Hours', '10K' or '1M'.
    A block that is no power of ten leaves it unknown; a meter of tokens counts tokens."""
    unit = groups.pricing_unit.strip().replace(",", "")
    zeros = unit.re_extract(r"^1(0*)(?:[^0-9.]|$)", 1).fill_null("").length()
    letter = unit.re_extract(r"^[0-9]+ ?([KM])(?:$|[ /])", 1).fill_null("")
    of_tokens = groups.sku_meter.re_search(r"(?i)\btokens?\b")
    # '5.4 opt Dz 1M Tokens' with the unit '1': the meter's own name holds the block.
    named = groups.sku_meter.re_extract(r"(?i)\b1([KM]) tokens?\b", 1).fill_null("").upper()
    letter = ibis.ifelse((letter == "") & of_tokens & (unit == "1"), named, letter)
    power = zeros + ibis.cases((letter == "K", 3), (letter == "M", 6), else_=0)
    power = power.cast("string")
    rest = unit.re_replace(r"^[0-9]+(\.[0-9]+)? ?[KM]?(?:$|([ /].*)$)", r"\2").strip()
    rest = ibis.ifelse(unit.re_search(r"^[0-9]+ ?[A-Za-z]{2}"),
                       unit.re_replace(r"^[0-9]+ ?", ""), rest)  # fmt: skip
    plain = ibis.cases(
        (of_tokens & rest.isin(("", "Tokens", "Token")), "Tokens"),
        *((rest.re_search(pattern), name) for pattern, name in _UNITS),
        (rest.startswith("/"), ibis.literal("Units") + rest),
        else_=rest,
    )
    powered = unit.re_search(r"^10*(?:[^0-9.]|$)")
    scaled = (groups.pricing_quantity.cast("string") + "e" + power).try_cast(LEDGER)
    return groups.mutate(
        consumed_quantity=ibis.ifelse(powered, scaled, ibis.null(LEDGER)),
        consumed_unit=ibis.ifelse(powered, plain, ""),
    )


READER = BillReader(NAME, identify, expression, required, strict)
