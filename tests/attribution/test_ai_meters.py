"""What an AWS bill says of AI: models, token classes and units; callers; what nothing knows."""

from datetime import date
from decimal import Decimal

from django.db.models import Sum
import pytest

from aicost.kernel.periods import Period
from attribution.allocate import attribute
from attribution.classify import gpus_by_instance_type, look, own_dimensions, principal
from attribution.models import AllocatedCharge, AllocationRule
from attribution.reports import run
from attribution.reports.spec import Asker, Spec
from tests.attribution.ledger import DAY, calls, charge

MARKETPLACE = "Claude Opus 4.6 (Amazon Bedrock Edition)"


def series(**told) -> dict:
    names = (
        "provider", "service_category", "service_subcategory", "service_name", "service_code",
        "sku_meter", "resource_id", "instance_type", "charge_description", "consumed_unit",
        "pricing_unit", "commitment_discount_status",
    )  # fmt: skip
    bare = dict.fromkeys(names, "") | {"provider": "AWS", "charge_category": "Usage"}
    return bare | {"service_name": "Amazon Bedrock", "tags": {}, "extras": {}} | told


@pytest.mark.parametrize(
    ("meter", "service", "unit", "model", "token_class", "per_unit"),
    [
        ("USE1-NovaLite-input-tokens", "Amazon Bedrock", "1K tokens",
         "amazon.nova-lite", "input_tokens", 1_000),
        ("USE1-NovaLite-cache-read-input-token-count", "Amazon Bedrock", "1M tokens",
         "amazon.nova-lite", "cached_input_tokens", 1_000_000),
        ("USE1-Claude4.6Sonnet-output-tokens-batch", "Amazon Bedrock", "1K tokens",
         "anthropic.claude-sonnet-4-6", "output_tokens", 1_000),
        ("Claude3.5Sonnet-input-tokens", "Amazon Bedrock", "1K tokens",
         "anthropic.claude-3-5-sonnet", "input_tokens", 1_000),
        ("EUC1-Claude4.6Sonnet-cache-write-1h-input-tokens-long-context-cross-region-global",
         "Amazon Bedrock", "1M tokens",
         "anthropic.claude-sonnet-4-6", "cache_write_1h_tokens", 1_000_000),
        ("USE1-openai.gpt-oss-120b-mantle-input-tokens-standard", "Amazon Bedrock", "1M tokens",
         "openai.gpt-oss-120b", "input_tokens", 1_000_000),
        ("USE1-MP:USE1_CacheWrite1hInputTokenCount_Global-Units", MARKETPLACE, "Units",
         "anthropic.claude-opus-4-6", "cache_write_1h_tokens", 1_000_000),
        ("APN1-MP:APN1_InputTokenCount-Units", MARKETPLACE, "Units",
         "anthropic.claude-opus-4-6", "input_tokens", 1_000_000),
        ("USE1-MP:USE1_output_tokens_standard-Units", MARKETPLACE, "Units",
         "anthropic.claude-opus-4-6", "output_tokens", 1_000_000),
        ("USE1-Llama3-1-70B-input-tokens", "Amazon Bedrock", "1K tokens",
         "meta.llama3-1-70b-instruct", "input_tokens", 1_000),
        ("USE1-NewThing-input-tokens", "Amazon Bedrock", "1K tokens",
         "NewThing", "input_tokens", 1_000),
        ("USE1-Guardrail-ContentPolicyUnitsConsumed", "Amazon Bedrock", "1K text units",
         "", "", None),
        ("USE1-MP:USE1_InputTokenCount-Units", "AmazonBedrockFoundationModels", "Units",
         "", "input_tokens", 1_000_000),
    ],
)  # fmt: skip
def test_it_reads_model_class_and_unit_of_a_meter(
    meter, service, unit, model, token_class, per_unit
):
    code = "AmazonBedrockFoundationModels" if "-MP:" in meter else "AmazonBedrock"
    seen = look(series(sku_meter=meter, service_name=service, service_code=code,
                       consumed_unit=unit))  # fmt: skip
    assert (seen.api_model, seen.token_class, seen.tokens_per_unit) == (
        model, token_class, per_unit,
    )  # fmt: skip
    assert seen.is_ai


def test_it_does_not_take_disks_for_gpus():
    disk = series(service_name="Amazon EC2", sku_meter="USE1-EBS:VolumeUsage.gp3")
    assert not look(disk).is_ai
    assert gpus_by_instance_type()["ml.g5.12xlarge"] == 4


def test_it_knows_the_team_by_its_caller_where_the_resource_says_none():
    tags = {"iamPrincipal/team": "science", "accountTag/team": "it", "accountTag/env": "prod"}
    assert own_dimensions(tags) == {"team": "science", "environment": "prod"}
    assert own_dimensions({**tags, "user:team": "search"})["team"] == "search"


def test_it_takes_role_and_session_of_the_caller_apart():
    arn = "arn:aws:sts::1:assumed-role/Gateway/ann@example.com"
    assert principal(series(extras={"IamPrincipal": arn})) == ("Gateway", "ann@example.com")
    user = {"IamPrincipal": "arn:aws:iam::1:user/dev/bob"}
    assert principal(series(extras=user)) == ("", "bob")


def bedrock(cost: str, meter: str, unit: str = "1K tokens", **more) -> int:
    return charge(cost, provider="AWS", service_name="Amazon Bedrock", service_code="AmazonBedrock",
                  sku_meter=meter, consumed_unit=unit, **more)  # fmt: skip


def stands(*names: str) -> dict[tuple, Decimal]:
    targets = [f"target__{name}" for name in names]
    found = AllocatedCharge.objects.values(*targets).annotate(cost=Sum("effective_cost"))
    return {tuple(row[name] for name in targets): row["cost"] for row in found}


@pytest.mark.django_db
def test_it_splits_a_bill_by_calls_under_the_names_of_both(home):
    """The bill says NovaLite, the calls amazon.nova-lite: no alias is needed."""
    bedrock("8", "USE1-NovaLite-input-tokens", consumed="4")
    calls("amazon.nova-lite", 3, feature="search", input_tokens=3_000)
    calls("amazon.nova-lite", 1, feature="help", input_tokens=1_000)
    attribute()
    assert stands("feature", "model") == {
        ("search", "amazon.nova-lite"): Decimal(6), ("help", "amazon.nova-lite"): Decimal(2),
    }  # fmt: skip


@pytest.mark.django_db
def test_it_gives_a_bedrock_call_to_who_its_caller_is(home):
    """By the caller's tag, and by its session where a rule says so."""
    arn = "arn:aws:sts::1:assumed-role/Gateway/ranking"
    bedrock("5", "USE1-NovaLite-input-tokens", tags={"iamPrincipal/team": "science"},
            extras={"IamPrincipal": arn}, consumed="1")  # fmt: skip
    AllocationRule.objects.create(
        key="gateway", version=1, position=550, title="Gateway", method="direct", then="nothing",
        conditions=[{"field": "iam_role", "op": "is", "value": "Gateway"}],
        assigns={"feature": "field:iam_session", "model": "field:api_model"}, fallback={},
    )  # fmt: skip
    attribute()
    assert stands("team", "feature", "model") == {
        ("science", "ranking", "amazon.nova-lite"): Decimal(5)
    }


@pytest.mark.django_db
def test_it_lists_ai_that_no_word_knows_until_somebody_adds_one(home):
    bedrock("3", "USE1-Guardrail-ContentPolicyUnitsConsumed", unit="1K text units")
    charge("9", provider="AWS", service_name="Amazon EC2", sku_meter="USE1-BoxUsage:p9.48xlarge",
           resource_id="i-9", instance_type="p9.48xlarge", consumed_unit="Hrs")  # fmt: skip
    charge("1", provider="AWS", service_name="Amazon EC2", sku_meter="EBS:VolumeUsage.gp3")
    attribute()
    spec = Spec("unclassified_ai", Period(DAY, date(2026, 9, 2)), Asker("admin"))
    listed = [(row["name"], row["cost"], row["reason"].split(":")[0]) for row in run(spec).rows]
    assert listed == [
        ("USE1-BoxUsage:p9.48xlarge", Decimal(9), "how many GPUs it has is not known"),
        ("USE1-Guardrail-ContentPolicyUnitsConsumed", Decimal(3), "no model is seen in the meter"),
    ]
    assert sum(stands("kind").values()) == 13

    words = home / "data"
    words.mkdir()
    (words / "gpu_instance_types.csv").write_text(
        "provider,instance_type,gpus\naws,p9.48xlarge,8\n"
    )
    (words / "ai_meters.csv").write_text(
        "grammar,provider,service,meter,model,token_class,tokens_per_unit\n"
        "ours,aws,bedrock,Guardrail,guardrails,none,\n"
    )
    attribute()
    assert run(spec).rows == []
    assert stands("model")[("guardrails",)] == 3


@pytest.mark.django_db
def test_it_fails_a_day_with_the_name_of_a_bad_file_of_words(home):
    bedrock("3", "USE1-NovaLite-input-tokens")
    (home / "data").mkdir()
    (home / "data" / "model_names.csv").write_text("provider,pattern,model\naws,(,x\n")
    failures = [day.failure for day in attribute()]
    assert len(failures) == 1
    assert "data/model_names.csv: '(' is no regular expression" in failures[0]
