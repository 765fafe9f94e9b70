"""Bedrock from the bucket to the features: CUR 2.0 says what it cost, the logs who it was for."""

from datetime import timedelta
from decimal import Decimal
import gzip
import json

from django.db.models import Sum
import pytest

from aicost.kernel.periods import utc_today
from attribution.allocate import attribute
from attribution.models import AllocatedCharge
from ingest.connect import configure
from ingest.run_source import run_source
from tests.ingest.aws import csv_gz, deliver_export, s3

pytestmark = pytest.mark.django_db
MODEL = "us.anthropic.claude-sonnet-4-6-20260101-v1:0"
LOGS = "logs/AWSLogs/1/BedrockModelInvocationLogs/us-east-1"


def bill_row(day, meter: str, amount: str, unit: str, cost: str) -> dict[str, str]:
    return {
        "bill_payer_account_id": "1",
        "bill_billing_period_start_date": f"{day:%Y-%m}-01T00:00:00.000Z",
        "line_item_line_item_type": "Usage",
        "line_item_usage_start_date": f"{day}T00:00:00.000Z",
        "line_item_usage_end_date": f"{day + timedelta(days=1)}T00:00:00.000Z",
        "line_item_product_code": "AmazonBedrock",
        "line_item_usage_type": meter,
        "line_item_usage_amount": amount,
        "line_item_currency_code": "USD",
        "line_item_unblended_cost": cost,
        "pricing_unit": unit,
        "tags": json.dumps({"iamPrincipal/team": "science"}),
    }


def log(number: int, day, feature: str, tokens: int) -> dict:
    return {
        "schemaType": "ModelInvocationLog",
        "timestamp": f"{day}T05:00:00Z",
        "requestId": f"r-{number}",
        "region": "us-east-1",
        "modelId": MODEL,
        "input": {"inputTokenCount": tokens},
        "output": {"outputTokenCount": 10},
        "requestMetadata": {"feature": feature},
    }


def test_it_shows_each_feature_its_part_of_the_bedrock_bill(home):
    """4,000 tokens billed, 3,000 of them logged: the rest is unmetered. Two units, one model."""
    day = utc_today() - timedelta(days=1)
    bill = [
        bill_row(day, "USE1-Claude4.6Sonnet-input-tokens", "4", "1K tokens", "8"),
        bill_row(day, "USE1-Claude4.6Sonnet-output-tokens", "0.00002", "1M tokens", "3"),
    ]
    calls = [log(1, day, "search", 2_000), log(2, day, "help", 1_000)]
    with s3() as bucket:
        deliver_export(bucket, f"{day:%Y-%m}", "e1", csv_gz(bill), "csv.gz")
        body = gzip.compress("\n".join(map(json.dumps, calls)).encode())
        bucket.put(f"{LOGS}/{day:%Y/%m/%d}/05/a.json.gz", body)
        for name, connector, prefix in (
            ("bill", "aws_s3", "exports"), ("calls", "aws_bedrock_logs", "logs"),
        ):  # fmt: skip
            done = run_source(configure(name, connector, bucket.config(prefix=prefix)))
            assert (done.state, done.message) == ("done", "")
    attribute()

    names = ("kind", "state", "feature", "team", "model")
    targets = [f"target__{name}" for name in names]
    found = AllocatedCharge.objects.values_list(*targets).annotate(cost=Sum("billed_cost"))
    model = "anthropic.claude-sonnet-4-6"
    assert {row[:-1]: row[-1] for row in found} == {
        ("workload", "active", "search", "science", model): Decimal("5.5"),
        ("workload", "active", "help", "science", model): Decimal("3.5"),
        ("unattributed", "unmetered", "", "science", model): Decimal(2),
    }
