"""Which built-in rule claims what AWS, Azure and Google call tax, support, credit, refund."""

import pytest

from attribution.models import AllocationRule
from attribution.rules.builtin import BUILT_IN
from attribution.ruling.compiled import CompiledRule, decide
from attribution.ruling.fields import SERIES_FIELDS, Subject

RULES = [CompiledRule(AllocationRule(id=n, **one)) for n, one in enumerate(BUILT_IN)]
AWS, AZURE, GOOGLE = ({"provider": name} for name in ("AWS", "Microsoft", "Google Cloud"))
DISK = "/subscriptions/s/resourceGroups/r/providers/Microsoft.Compute/disks/d"


def claimed(told: dict) -> tuple[str, str]:
    """(key of the rule, kind/state its fallback or claim names)."""
    series = dict.fromkeys(SERIES_FIELDS, "") | {"charge_category": "Usage"}
    series |= {"id": 1, "source_id": 1, "tags": {}, "extras": {}} | told
    one = decide(Subject(series), RULES, {})
    return BUILT_IN[one.rule_id]["key"], f"{one.kind}/{one.state}"


@pytest.mark.parametrize(
    ("told", "rule"),
    [
        (AWS | {"charge_category": "Tax", "service_name": "Amazon Bedrock"}, "tax"),
        (AZURE | {"charge_category": "Tax", "resource_id": DISK}, "tax"),
        (GOOGLE | {"charge_category": "Tax", "service_name": "Invoice"}, "tax"),
        (AWS | {"service_code": "AWSSupportBusiness", "charge_category": "Purchase"}, "support"),
        (AZURE | {"service_name": "Azure Support", "charge_category": "Purchase"}, "support"),
        (GOOGLE | {"service_name": "Support", "sku_meter": "Enhanced Support"}, "support"),
        (AWS | {"charge_category": "Purchase", "service_name": "Some Seller",
                "extras": {"BillingEntity": "AWS Marketplace"}}, "marketplace_fee"),
        (AZURE | {"charge_category": "Purchase", "service_name": "Some Seller",
                  "extras": {"BillingEntity": "Azure Marketplace"}}, "marketplace_fee"),
        (GOOGLE | {"charge_category": "Purchase", "service_name": "Some Seller",
                   "extras": {"BillingEntity": "THIRD_PARTY_RESELLER"}}, "marketplace_fee"),
        (AWS | {"charge_category": "Credit", "service_name": "Amazon EC2"}, "credit"),
        (AZURE | {"charge_category": "Credit", "resource_id": DISK}, "resource_credit"),
        (GOOGLE | {"charge_category": "Adjustment", "resource_id": "//compute/vm"},
         "resource_credit"),
        (AWS | {"charge_class": "Correction", "service_name": "Amazon RDS"}, "refund"),
        (AZURE | {"charge_category": "Purchase", "charge_class": "Correction",
                  "resource_id": DISK}, "refund"),
        (AZURE | {"charge_category": "Purchase", "charge_class": "Correction",
                  "commitment_discount_id": "/benefit/1"}, "commitment"),
        (GOOGLE | {"charge_class": "Correction", "resource_id": "//compute/vm"}, "refund"),
        # A refund of tokens has the day's own weights.
        (AWS | {"charge_class": "Correction", "service_name": "Amazon Bedrock",
                "sku_meter": "USE1-NovaLite-input-tokens", "consumed_unit": "1K tokens"}, "tokens"),
        (AWS | {"sku_meter": "USE1-Claude-ProvisionedThroughput-ModelUnits",
                "service_name": "Amazon Bedrock", "consumed_unit": "Hrs"}, "provisioned"),
        (AZURE | {"sku_meter": "Provisioned Managed Global Unit", "service_name": "Azure OpenAI",
                  "consumed_unit": "Hours"}, "provisioned"),
        (GOOGLE | {"sku_meter": "Gemini 2.5 Pro Provisioned Throughput GSU",
                   "service_name": "Vertex AI"}, "provisioned"),
        ({"provider": "OpenAI", "service_name": "OpenAI API",
          "sku_meter": "Scale Tier gpt-4.1 input"}, "provisioned"),
        (GOOGLE | {"sku_meter": "Standard Storage US Multi-region", "resource_id": "models"},
         "storage"),
        (AZURE | {"sku_meter": "Standard Data Transfer Out", "resource_id": DISK}, "follow"),
        (GOOGLE | {"sku_meter": "Network Internet Egress", "resource_id": "//compute/vm"},
         "follow"),
        (AWS | {"sku_meter": "USE1-DataTransfer-Out-Bytes"}, "unclaimed"),
        (GOOGLE | {"resource_id": "projects/p/locations/l/endpoints/42"}, "endpoint"),
        (AZURE | {"resource_id": f"{DISK[:33]}/providers/Microsoft.MachineLearningServices"
                  "/workspaces/w/onlineEndpoints/rank"}, "endpoint"),
    ],
)  # fmt: skip
def test_it_claims_by_the_words_of_each_provider(told, rule):
    assert claimed(told)[0] == rule


def test_what_nobody_owns_stands_on_its_line():
    assert claimed(AWS | {"charge_category": "Tax"})[1] == "shared/tax"
    assert claimed(AWS | {"charge_category": "Credit"})[1] == "shared/credit"
    assert claimed(AWS | {"service_name": "x"})[1] == "unattributed/unclaimed"
