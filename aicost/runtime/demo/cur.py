"""The form of a legacy cost and usage report: columns, time intervals, files, manifests."""

from datetime import UTC, date, datetime, timedelta
from functools import cache
from hashlib import sha256
import json
from pathlib import Path
from uuid import UUID

from aicost.kernel.periods import next_month
from aicost.runtime.demo import company as c
from aicost.runtime.demo import files

REPORT, BUCKET, PREFIX = "mf-hourly", "marlow-finch-billing", "ai"
_COLUMNS = """
identity/LineItemId identity/TimeInterval bill/InvoiceId bill/InvoicingEntity bill/BillingEntity
bill/BillType bill/PayerAccountId bill/BillingPeriodStartDate bill/BillingPeriodEndDate
lineItem/UsageAccountId lineItem/LineItemType lineItem/UsageStartDate lineItem/UsageEndDate
lineItem/ProductCode lineItem/UsageType lineItem/Operation lineItem/AvailabilityZone
lineItem/ResourceId lineItem/UsageAmount lineItem/NormalizationFactor
lineItem/NormalizedUsageAmount lineItem/CurrencyCode lineItem/UnblendedRate
lineItem/UnblendedCost lineItem/BlendedRate lineItem/BlendedCost lineItem/LineItemDescription
lineItem/TaxType lineItem/LegalEntity product/ProductName product/instanceFamily
product/instanceType product/location product/locationType product/operatingSystem
product/operation product/productFamily product/region product/regionCode product/servicecode
product/sku product/tenancy product/usagetype product/vcpu pricing/LeaseContractLength
pricing/OfferingClass pricing/PurchaseOption pricing/RateCode pricing/RateId pricing/currency
pricing/publicOnDemandCost pricing/publicOnDemandRate pricing/term pricing/unit
reservation/EffectiveCost reservation/ReservationARN
reservation/UnusedAmortizedUpfrontFeeForBillingPeriod reservation/UnusedRecurringFee
savingsPlan/TotalCommitmentToDate savingsPlan/SavingsPlanARN savingsPlan/SavingsPlanRate
savingsPlan/UsedCommitment savingsPlan/SavingsPlanEffectiveCost
savingsPlan/AmortizedUpfrontCommitmentForBillingPeriod
savingsPlan/RecurringCommitmentForBillingPeriod resourceTags/user:activity
resourceTags/user:environment resourceTags/user:feature resourceTags/user:model
resourceTags/user:nodegroup resourceTags/user:team
"""
COLUMNS = tuple(_COLUMNS.split())
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@cache
def stamp(hour: int) -> str:
    return f"{_EPOCH + timedelta(hours=hour):%Y-%m-%dT%H:%M:%SZ}"


@cache
def time(start: int, end: int) -> dict[str, str]:
    """The columns of a half-open range of hours."""
    return {
        "identity/TimeInterval": f"{stamp(start)}/{stamp(end)}",
        "lineItem/UsageStartDate": stamp(start),
        "lineItem/UsageEndDate": stamp(end),
    }


@cache
def sku(usage_type: str) -> str:
    return sha256(f"sku {usage_type}".encode()).hexdigest()[:16].upper()


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def _finished(month: date, closed: bool, rows: list[dict[str, str]]) -> list[list[str]]:
    """Rows with what is the same all month. An open month has no invoice yet."""
    same = {
        "bill/InvoiceId": str(1_400_000_000 + month.year * 12 + month.month) if closed else "",
        "bill/InvoicingEntity": "Amazon Web Services, Inc.",
        "bill/BillingEntity": "AWS",
        "bill/BillType": "Anniversary",
        "bill/PayerAccountId": c.PAYER,
        "bill/BillingPeriodStartDate": f"{month:%Y-%m-%d}T00:00:00Z",
        "bill/BillingPeriodEndDate": f"{next_month(month):%Y-%m-%d}T00:00:00Z",
        "lineItem/CurrencyCode": c.CURRENCY,
        "lineItem/LegalEntity": "Amazon Web Services, Inc.",
        "pricing/currency": c.CURRENCY,
        "product/region": c.REGION,
        "product/regionCode": c.REGION,
        "product/location": "US East (N. Virginia)",
    }
    done = []
    for row in rows:
        row = same | row
        series = row.get("lineItem/UsageType", "")
        identity = (row.get("lineItem/ResourceId", ""), series, row["lineItem/LineItemType"])
        row["identity/LineItemId"] = _line_item_id(*identity)
        done.append([row.get(column, "") for column in COLUMNS])
    return done


@cache
def _line_item_id(resource: str, usage_type: str, kind: str) -> str:
    """Like the real ones: the same for every hour of a series, so no key."""
    return _digest(f"{resource}|{usage_type}|{kind}")[:52]


def write_month(
    folder: Path,
    month: date,
    closed: bool,
    rows: list[dict[str, str]],
    superseded: list[dict[str, str]] | None,
) -> None:
    """One billing period: two report files, a manifest beside them and one above that names the
    current set. `superseded` is an earlier snapshot that S3 still holds and nobody may load."""
    period = f"{month:%Y%m%d}-{next_month(month):%Y%m%d}"
    place = files.made(folder, "bills", "aws", PREFIX, REPORT, period)
    if superseded is not None:
        _write_set(place, month, f"{period} first", _finished(month, False, superseded))
    manifest = _write_set(place, month, f"{period} final", _finished(month, closed, rows))
    (place / f"{REPORT}-Manifest.json").write_text(manifest, encoding="utf-8")


def _write_set(place: Path, month: date, seed: str, rows: list[list[str]]) -> str:
    assembly = str(UUID(_digest(seed)[:32]))
    inner = files.made(place, assembly)
    half = (len(rows) + 1) // 2
    keys = []
    for number, part in enumerate((rows[:half], rows[half:]), start=1):
        name = f"{REPORT}-{number}.csv.gz"
        files.write_csv(inner / name, COLUMNS, part)
        keys.append(f"{PREFIX}/{REPORT}/{place.name}/{assembly}/{name}")
    manifest = _manifest(month, assembly, keys)
    (inner / f"{REPORT}-Manifest.json").write_text(manifest, encoding="utf-8")
    return manifest


def _manifest(month: date, assembly: str, keys: list[str]) -> str:
    columns = [dict(zip(("category", "name"), name.split("/"), strict=True)) for name in COLUMNS]
    facts = {
        "assemblyId": assembly,
        "account": c.PAYER,
        "columns": columns,
        "charset": "UTF-8",
        "compression": "GZIP",
        "contentType": "text/csv",
        "reportId": _digest(REPORT),
        "reportName": REPORT,
        "billingPeriod": {
            "start": f"{month:%Y%m%d}T000000.000Z",
            "end": f"{next_month(month):%Y%m%d}T000000.000Z",
        },
        "bucket": BUCKET,
        "reportKeys": keys,
    }
    return json.dumps(facts, indent=2) + "\n"
