"""Series that are alike are decided once: the claims are those of asking each series anew."""

import random

from attribution import vocabulary
from attribution.models import AllocationRule
from attribution.rules.builtin import BUILT_IN
from attribution.ruling.compiled import OF_RESOURCE, CompiledRule, Decider, claim_by, decide
from attribution.ruling.fields import SERIES_FIELDS, Subject

SERIES = 3000
OURS = (
    {"key": "captured", "method": "direct", "position": 10, "assigns": {"team": "capture:what"},
     "conditions": [{"field": "resource_name", "op": "regex", "value": "^(?P<what>[a-z]+)-x$"}]},
    {"key": "filled", "method": "shared", "position": 20, "assigns": {"feature": "to {where}"},
     "conditions": [{"field": "extra:Arn", "op": "regex", "value": "arn:(?P<where>[a-c])"}],
     "fallback": {"state": "fee"}},
    {"key": "of source", "method": "direct", "position": 505, "sources": frozenset({2}),
     "assigns": {"team": "tag:Shelf No", "workload": "field:sku_id"},
     "conditions": [{"field": "tag:shelf-no", "op": "exists"}]},
    {"key": "caller", "method": "requests", "position": 595, "then": "tokens",
     "assigns": {"model": "field:api_model", "activity": "inference"},
     "conditions": [{"field": "ai", "op": "is", "value": "yes"},
                    {"field": "iam_role", "op": "exists"}]},
)  # fmt: skip
TOLD = {
    "source_id": [1, 1, 2],
    "provider": ["AWS", "Microsoft", "Google Cloud", "OpenAI"],
    "service_category": ["Compute", "Storage", "Networking", "AI and Machine Learning", ""],
    "service_subcategory": ["", "Generative AI"],
    "service_name": ["Amazon Bedrock", "Azure OpenAI", "Vertex AI", "Business Support", "Disks"],
    "service_code": ["", "AmazonBedrock", "AWSSupportBusiness"],
    "sku_id": ["s1", "s2"],
    "sku_meter": [
        "", "USE1-NovaLite-input-tokens", "USE1-m1-ProvisionedThroughput-1MonthCommit",
        "BoxUsage:p4d.24xlarge", "TimedStorage-ByteHrs", "DataTransfer-Out-Bytes",
        "Provisioned Managed Global Unit", "Nvidia Tesla A100 GPU running", "N1 Instance Core",
        "Standard Storage US", "gpt-4.1 cached input", "Whisper", "Instance Ram",
    ],
    "charge_description": ["", "GPU hours", "Imagen 4 images", "egress"],
    "charge_category": ["Usage"] * 6 + ["Tax", "Credit", "Purchase", "Adjustment"],
    "charge_class": ["", "", "Correction"],
    "commitment_discount_id": ["", "", "sp-1"],
    "commitment_discount_status": ["", "", "Used", "Unused"],
    "consumed_unit": ["", "Hrs", "1K tokens", "Tokens", "Images", "Seconds", "GB"],
    "pricing_unit": ["", "1M tokens", "Hours"],
    "instance_type": ["", "p4d.24xlarge", "m5.large", "ml.g5.xlarge"],
    "resource_id": [
        "", "i-1", "my-bucket", "pgvector-1", "arn:aws:s3:::models",
        "arn:aws:sagemaker:eu:1:training-job/tune-2026-09-01-12-30-00-123",
        "arn:aws:sagemaker:eu:1:endpoint/chat", "/onlineEndpoints/llm",
    ],
    "resource_name": ["", "vector-x", "chat-x", "vector search"],
    "tags": [
        {}, {"team": "a"}, {"Team": "b", "user:team": "c"}, {"Shelf-No": "12", "name": "n"},
        {"activity": "serving", "model": "m1"}, {"environment": "prod"}, {"name": "other"},
        {"accountTag/team": "d"}, {"workload": "w", "experiment": "e"},
    ],
    "extras": [
        {}, {"Arn": "arn:a"}, {"Arn": "arn:d"}, {"ModelId": "gpt-5"}, {"TokenType": "output"},
        {"Seller": "AWS Marketplace"}, {"IamPrincipal": "arn:aws:sts::1:assumed-role/r/s"},
        {"BillingEntity": "third_party"}, {"ModelName": "m2", "TokenType": "cached input"},
    ],
}  # fmt: skip
ALIASES = {("team", "a"): "one", ("model", "m1"): "m2", ("model", "gpt-5"): "gpt"}


def rules() -> list[CompiledRule]:
    told = sorted((*BUILT_IN, *OURS), key=lambda rule: rule["position"])
    found = []
    for pk, columns in enumerate(told, 1):
        columns = dict(columns)
        of = columns.pop("sources", None)
        found.append(CompiledRule(AllocationRule(pk=pk, **columns), of))
    return found


def test_series_that_are_alike_have_the_claims_each_of_them_would_have():
    chosen = random.Random(4)
    bare = dict.fromkeys(SERIES_FIELDS, "")
    every = [
        bare | {name: chosen.choice(values) for name, values in TOLD.items()} | {"id": nth}
        for nth in range(SERIES)
    ]
    asked = rules()
    anew = [decide(Subject(series), asked, ALIASES) for series in every]
    by_pk = {rule.rule.pk: rule for rule in asked}
    with vocabulary.steady():
        decider = Decider(asked, ALIASES)
        assert [decider.decide(Subject(series)) for series in every * 2] == anew * 2
        for series, claim in zip(every, anew, strict=True):
            ids = zip(OF_RESOURCE, (claim.resource_rule_id, claim.pod_rule_id), strict=True)
            given = by_pk[claim.rule_id], {name: by_pk[pk] for name, pk in ids if pk}
            found = decider.claim_by(Subject(series), *given)
            assert found == claim_by(Subject(series), *given, ALIASES)
    assert len(set(anew)) > SERIES // 10
    assert len({claim.rule_id for claim in anew}) >= len(asked) - 4
