"""One AWS bill in every format AWS exports, from the bucket to the ledger: one ledger.

i-1        p5 on demand, an hour, 98.32            tagged team=search
i-2        p4d under a savings plan, 19.2 of 32.77 the plan costs 20 an hour: 0.8 unused
Bedrock    2,000 x 1K tokens in, 6
Tax 1.5, Credit -3, Refund -0.25
"""

from datetime import UTC, datetime
from decimal import Decimal
import json

import pyarrow as pa
import pytest

from ingest.connect import configure
from ingest.models import Charge
from ingest.run_source import run_source
from tests.ingest.aws import csv_gz, deliver_export, deliver_legacy, parquet, s3

pytestmark = pytest.mark.django_db

PLAN = "arn:aws:savingsplans::111122223333:savingsplan/sp-1"
HOUR = ("2026-09-01T01:00:00Z", "2026-09-01T02:00:00Z")
MONTH = ("2026-09-01T00:00:00Z", "2026-10-01T00:00:00Z")
EC2 = {"code": "AmazonEC2", "name": "Amazon Elastic Compute Cloud", "operation": "RunInstances"}
P5 = {"meter": "USE1-BoxUsage:p5.48xlarge", "type": "p5.48xlarge", "unit": "Hrs", "amount": "1"}
P4 = {"meter": "USE1-BoxUsage:p4d.24xlarge", "type": "p4d.24xlarge", "unit": "Hrs", "amount": "1"}
CLAUDE = {
    "code": "AmazonBedrock", "name": "Amazon Bedrock", "operation": "InvokeModelInference",
    "meter": "USE1-NovaLite-input-tokens", "unit": "1K tokens", "amount": "2000",
}  # fmt: skip

# kind, cost, effective in FOCUS, and what both formats say of the row.
BILL = (
    ("Usage", "98.32", "98.32", {**EC2, **P5, "id": "i-1", "tags": {"team": "search"}}),
    ("SavingsPlanCoveredUsage", "32.77", "19.2", {**EC2, **P4, "id": "i-2", "plan": PLAN}),
    ("SavingsPlanNegation", "-32.77", "0", {**EC2, **P4, "plan": PLAN}),
    ("SavingsPlanRecurringFee", "20", "0", {"code": "ComputeSavingsPlans", "plan": PLAN}),
    ("Usage", "6", "6", CLAUDE),
    ("Tax", "1.5", "1.5", {**EC2, "period": MONTH}),
    ("Credit", "-3", "-3", {**EC2, "period": MONTH}),
    ("Refund", "-0.25", "-0.25", EC2),
)


def cur_rows(account: str) -> list[dict]:
    """The bill as columns of the legacy report; tags and products apart."""
    rows = []
    for kind, cost, effective, told in BILL:
        start, end = told.get("period", HOUR)
        rows.append(
            {
                "bill/PayerAccountId": account,
                "bill/BillingPeriodStartDate": MONTH[0],
                "bill/BillingEntity": "AWS",
                "lineItem/UsageAccountId": account,
                "lineItem/LegalEntity": "Amazon Web Services, Inc.",
                "lineItem/LineItemType": kind,
                "lineItem/UsageStartDate": start,
                "lineItem/UsageEndDate": end,
                "lineItem/ProductCode": told["code"],
                "lineItem/UsageType": told.get("meter", ""),
                "lineItem/Operation": told.get("operation", ""),
                "lineItem/ResourceId": told.get("id", ""),
                "lineItem/CurrencyCode": "USD",
                "lineItem/UnblendedCost": cost,
                "lineItem/UsageAmount": told.get("amount", "0"),
                "pricing/unit": told.get("unit", ""),
                "savingsPlan/SavingsPlanARN": told.get("plan", ""),
                "savingsPlan/SavingsPlanEffectiveCost": effective if "Covered" in kind else "",
                "savingsPlan/TotalCommitmentToDate": "20" if kind.endswith("RecurringFee") else "",
                "savingsPlan/UsedCommitment": "19.2" if kind.endswith("RecurringFee") else "",
                "product": told,
            }
        )
    return rows


def legacy(account: str) -> list[dict]:
    rows = cur_rows(account)
    for row in rows:
        told = row.pop("product")
        row["product/ProductName"] = told.get("name", "")
        row["product/instanceType"] = told.get("type", "")
        row["resourceTags/user:team"] = told.get("tags", {}).get("team", "")
    return rows


def snake(name: str) -> str:
    special = {"savingsPlan/SavingsPlanARN": "savings_plan_savings_plan_a_r_n"}
    letters = [f"_{c.lower()}" if c.isupper() else c for c in name.replace("/", "_")]
    return special.get(name, "".join(letters).replace("__", "_"))


def cur2(account: str, as_text: bool) -> list[dict]:
    rows = []
    for row in cur_rows(account):
        told = row.pop("product")
        product = {"product_name": told.get("name", ""), "instance_type": told.get("type", "")}
        tags = {f"user_{key}": value for key, value in told.get("tags", {}).items()}
        maps = {"product": product, "resource_tags": tags, "tags": {}}
        rows.append(
            {snake(name): value for name, value in row.items()}
            | {name: json.dumps(m) if as_text else list(m.items()) for name, m in maps.items()}
        )
    return rows


def cur2_parquet(account: str) -> bytes:
    rows = cur2(account, as_text=False)
    maps = {"product", "resource_tags", "tags"}
    fields = []
    for name in rows[0]:
        kind = pa.map_(pa.string(), pa.string()) if name in maps else pa.string()
        if name.endswith(("_cost", "_amount", "_to_date", "used_commitment")):
            kind = pa.float64()
        elif name.endswith("_date"):
            kind = pa.timestamp("ms")
        fields.append(pa.field(name, kind))
    return parquet([typed(row, fields) for row in rows], pa.schema(fields))


def typed(row: dict, fields: list[pa.Field]) -> dict:
    """Values as Athena's Parquet holds them: costs are doubles, times are milliseconds."""

    def value(field):
        told = row.get(field.name)
        if told == "" or told is None:
            return None
        if pa.types.is_floating(field.type):
            return float(told)
        return instant(told) if pa.types.is_timestamp(field.type) else told

    return {field.name: value(field) for field in fields}


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC).replace(tzinfo=None)


FOCUS_KINDS = {
    "Usage": ("Usage", None), "SavingsPlanCoveredUsage": ("Usage", None),
    "SavingsPlanRecurringFee": ("Purchase", None), "Tax": ("Tax", None),
    "Credit": ("Credit", None), "Refund": ("Usage", "Correction"), "unused": ("Usage", None),
}  # fmt: skip


def focus(account: str, version: str) -> bytes:
    rows = []
    unused = ("unused", "0", "0.8", {"code": "ComputeSavingsPlans", "plan": PLAN})
    for kind, cost, effective, told in (*BILL, unused):
        if kind == "SavingsPlanNegation":
            continue  # FOCUS bills the covered hour at nothing instead
        category, corrected = FOCUS_KINDS[kind]
        start, end = told.get("period", HOUR)
        status = {"SavingsPlanCoveredUsage": "Used", "unused": "Unused"}.get(kind)
        rows.append(
            {
                "BilledCost": "0" if "Covered" in kind else cost,
                "EffectiveCost": effective,
                "BillingCurrency": "USD",
                "BillingAccountId": account,
                "SubAccountId": account,
                "BillingPeriodStart": MONTH[0],
                "BillingPeriodEnd": MONTH[1],
                "ChargePeriodStart": start,
                "ChargePeriodEnd": end,
                "ChargeCategory": category,
                "ChargeClass": corrected,
                "CommitmentDiscountId": told.get("plan"),
                "CommitmentDiscountStatus": status,
                "InvoiceIssuerName": "Amazon Web Services, Inc.",
                "ProviderName": "AWS",
                "PublisherName": "Amazon Web Services, Inc.",
                "ServiceName": told.get("name", told["code"]),
                "ResourceId": told.get("id"),
                "ConsumedQuantity": told.get("amount"),
                "ConsumedUnit": told.get("unit"),
                "x_ServiceCode": told["code"],
                "x_UsageType": told.get("meter"),
                "x_Operation": told.get("operation"),
                "Tags": list(told.get("tags", {}).items()),
                **({"InvoiceId": None, "SkuMeter": told.get("meter")} if version == "1.2" else {}),
            }
        )  # fmt: skip
    kinds = {"Tags": pa.map_(pa.string(), pa.string())}
    kinds |= dict.fromkeys(("BilledCost", "EffectiveCost", "ConsumedQuantity"), pa.float64())
    kinds |= {name: pa.timestamp("ms") for name in rows[0] if "Period" in name}
    fields = [pa.field(name, kinds.get(name, pa.string())) for name in rows[0]]
    return parquet([typed(row, fields) for row in rows], pa.schema(fields))


def deliver(bucket, which: str, account: str) -> str:
    """Put the bill in one format; the folder to look in."""
    if which == "legacy":
        deliver_legacy(bucket, "2026-09", "a1", legacy(account))
        return "cur"
    if which == "cur2 csv":
        deliver_export(bucket, "2026-09", "e1", csv_gz(cur2(account, as_text=True)), "csv.gz")
    elif which == "cur2 parquet":
        deliver_export(bucket, "2026-09", "e1", cur2_parquet(account), "snappy.parquet")
    else:
        body = focus(account, which.removeprefix("focus "))
        deliver_export(bucket, "2026-09", "e1", body, "snappy.parquet", create_new=False)
    return "exports"


def told(source) -> list[tuple]:
    """The charges that cost something, by what attribution reads of them."""
    found = []
    for c in (
        Charge.objects.filter(source=source).exclude(effective_cost=0).select_related("series")
    ):
        s = c.series
        end = c.long_period_end and c.long_period_end.isoformat()
        billed = c.billed_cost if not s.commitment_discount_id else None
        found.append(
            (str(c.day), end or "", str(c.billing_period), s.provider, s.service_name,
             s.service_code, s.sku_meter, s.operation, s.resource_id, s.instance_type,
             s.charge_category, s.charge_class, s.commitment_discount_id,
             s.commitment_discount_status, s.consumed_unit, json.dumps(s.tags),
             str(billed), str(c.effective_cost), str(s.consumed_unit and c.consumed_quantity))
        )  # fmt: skip
    return sorted(found)


FORMATS = ("legacy", "cur2 csv", "cur2 parquet", "focus 1.0", "focus 1.2")


def test_it_makes_one_ledger_of_a_bill_in_every_format(home):
    ledgers, billed = {}, {}
    with s3() as bucket:
        for number, which in enumerate(FORMATS):
            prefix = deliver(bucket, which, account=f"11112222{number:04}")
            source = configure(which, "aws_s3", bucket.config(prefix=prefix))
            run = run_source(source)
            assert (run.state, run.message, run.published) == ("done", "", 1), which
            ledgers[which] = told(source)
            billed[which] = sum(c.billed_cost for c in Charge.objects.filter(source=source))
    assert len(ledgers["legacy"]) == 7
    for which in FORMATS[1:]:
        assert ledgers[which] == ledgers["legacy"], which
    assert set(billed.values()) == {Decimal("122.57")}
