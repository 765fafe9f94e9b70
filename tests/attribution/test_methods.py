"""Methods beside GPU time: transfer, refunds, buckets, provisioned throughput, endpoints."""

from datetime import timedelta
from decimal import Decimal

import pytest

from attribution.allocate import attribute
from attribution.models import AllocatedCharge
from ingest.models import ChangedDay, StorageAge, StorageMap
from tests.attribution.ledger import (
    DAY,
    calls,
    charge,
    delivery,
    gpu_hours,
    node_map,
    source,
    stands,
    workload_map,
)

pytestmark = pytest.mark.django_db
NODE = {"provider": "AWS", "resource_id": "i-1", "billing_account_id": "1"}


def machine(cost: str, **more) -> int:
    return charge(cost, **NODE, sku_meter="BoxUsage:p4d.24xlarge", consumed_unit="Hrs",
                  instance_type="x.one", consumed="4", **more)  # fmt: skip


def transfer(cost: str, **more) -> int:
    told = NODE | {"sku_meter": "USE1-DataTransfer-Out-Bytes", "consumed_unit": "GB"}
    return charge(cost, **told | more)


def test_it_lets_transfer_follow_the_active_money_of_its_node():
    """A node of 4 h costs 40: ranker runs 3 h, one of them idle, for search (3 calls) and help (1);
    an hour is free. Its transfer of 8 goes where the 2 active hours are: 6 and 2."""
    machine("40")
    node_map("node-a", "i-1")
    gpu_hours("gpu-0", range(3), pod="ranker", held=1)
    gpu_hours("gpu-0", range(3, 4))
    workload_map("ranker", activity="inference", workload="ranker", model="m-1", team="ml")
    calls("m-1", 3, feature="search")
    calls("m-1", 1, feature="help")
    sent = transfer("8")
    attribute()
    assert stands(sent) == {
        ("workload", "active", "ranker", "m-1", "search", "ml"): Decimal(6),
        ("workload", "active", "ranker", "m-1", "help", "ml"): Decimal(2),
    }
    part = AllocatedCharge.objects.filter(charge_id=sent).select_related("target").first()
    assert (part.evidence, part.target.activity) == ("inferred", "network")


def test_it_leaves_other_transfer_on_its_tags_or_unattributed():
    tagged = transfer("5", resource_id="nat-1", tags={"team": "search"})
    bare = transfer("7", resource_id="nat-2")
    attribute()
    assert stands(tagged) == {("workload", "active", "", "", "", "search"): Decimal(5)}
    assert stands(bare) == {("unattributed", "unclaimed", "", "", "", ""): Decimal(7)}
    evidence = dict(AllocatedCharge.objects.values_list("charge_id", "evidence"))
    assert evidence == {tagged: "tagged", bare: "fallback"}


def test_it_gives_a_refund_back_to_who_paid():
    """A database of 30 for search and one of 10 for help under one resource; 4 come back. What
    nobody can name is a shared credit; so is a credit of a resource that charged nothing."""
    for cost, feature in (("30", "search"), ("10", "help")):
        charge(cost, provider="AWS", resource_id="db-1", sku_meter=feature,
               tags={"feature": feature})  # fmt: skip
    back = charge("-4", provider="AWS", resource_id="db-1", charge_class="Correction")
    credit = charge("-8", provider="AWS", resource_id="db-1", charge_category="Credit")
    lost = charge("-1", provider="AWS", resource_id="db-9", charge_category="Credit")
    vague = charge("-2", provider="AWS", charge_class="Correction", service_name="Amazon RDS")
    attribute()
    search, help_ = (("workload", "active", "", "", one, "") for one in ("search", "help"))
    shared = ("shared", "credit", "", "", "", "")
    assert stands(back) == {search: Decimal(-3), help_: Decimal(-1)}
    assert stands(credit) == {search: Decimal(-6), help_: Decimal(-2)}
    assert stands(lost) == {shared: Decimal(-1)}
    assert stands(vague) == {shared: Decimal(-2)}


def test_it_gives_a_correction_of_a_closed_month_back_by_service_and_tags():
    """Billed a month later, it stands on the day it corrects, beside what that day cost."""
    service = {"provider": "AWS", "service_name": "Amazon Kendra", "sku_meter": "Index"}
    charge("20", **service, tags={"team": "search"})
    back = charge("-5", **service, tags={"team": "search"}, charge_class="Correction")
    attribute()
    assert stands(back) == {("workload", "active", "", "", "", "search"): Decimal(-5)}
    assert AllocatedCharge.objects.get(charge_id=back).evidence == "inferred"


def snapshot(bucket: str, day, **bytes_of) -> None:
    of = source("inventory", "storage")
    for place, size in bytes_of.items():
        prefix, _, storage_class = place.partition("__")
        StorageAge.objects.create(
            source=of, delivery=delivery(of), day=day, bucket=bucket, prefix=f"{prefix}/",
            storage_class=storage_class or "STANDARD", objects_count=1, bytes=size,
        )  # fmt: skip
    ChangedDay.objects.create(source=of, day=day, what="storage")


def bucket(cost: str, meter: str = "TimedStorage-ByteHrs", **more) -> int:
    return charge(cost, provider="AWS", service_category="Storage", resource_id="data",
                  sku_meter=meter, consumed_unit="GB-Mo", **more)  # fmt: skip


def test_it_splits_a_bucket_by_the_bytes_of_its_prefixes():
    """6 TB of checkpoints, 2 TB of an index, 2 TB nobody named: 10 for them; the cold ones of 3
    TB all belong to the checkpoints."""
    StorageMap.objects.create(pattern="checkpoints/*", model="m-1", team="ml")
    StorageMap.objects.create(bucket="data", pattern="index/*", workload="vectors", team="search")
    tb = 10**12
    snapshot("data", DAY - timedelta(days=6), checkpoints=6 * tb, index=2 * tb, misc=2 * tb,
             checkpoints__GLACIER=3 * tb)  # fmt: skip
    hot, cold = bucket("10"), bucket("1", "TimedStorage-GlacierByteHrs")
    attribute()
    checkpoints = ("workload", "active", "", "m-1", "", "ml")
    assert stands(hot) == {
        checkpoints: Decimal(6),
        ("workload", "active", "vectors", "", "", "search"): Decimal(2),
        ("unattributed", "unclaimed", "", "", "", ""): Decimal(2),
    }
    assert stands(cold) == {checkpoints: Decimal(1)}
    assert set(AllocatedCharge.objects.values_list("evidence", "target__activity")) == {
        ("measured", "storage"), ("fallback", "storage"),
    }  # fmt: skip


def test_it_decides_again_when_a_snapshot_or_a_map_comes():
    """Until a snapshot tells more, a bucket stands on its tags."""
    charged = bucket("10", tags={"team": "it"})
    attribute()
    tagged = {("workload", "active", "", "", "", "it"): Decimal(10)}
    assert stands(charged) == tagged
    assert AllocatedCharge.objects.get().evidence == "tagged"
    snapshot("data", DAY - timedelta(days=34), logs=1, models=1)
    assert len(attribute()) == 1
    assert stands(charged) == tagged
    StorageMap.objects.create(pattern="models*", model="m-1")
    ChangedDay.objects.create(source=source("maps", "map"), day=DAY, what="map")
    attribute()
    assert stands(charged) == {
        ("workload", "active", "", "", "", "it"): Decimal(5),
        ("workload", "active", "", "m-1", "", "it"): Decimal(5),
    }


UNITS = "provider,model,unit,input_tokens_per_minute,output_tokens_per_minute\n"


@pytest.fixture
def contract(home):
    (home / "data").mkdir()
    (home / "data" / "provisioned_units.csv").write_text(f"{UNITS}aws,^claude$,.,1000,250\n")


def units(cost: str, hours: str = "24", **more) -> int:
    return charge(cost, provider="AWS", service_name="Amazon Bedrock", consumed=hours,
                  service_code="AmazonBedrock", consumed_unit="Hrs",
                  sku_meter="USE1-claude-ProvisionedThroughput-1MonthCommit", **more)  # fmt: skip


def served(model: str, feature: str, *, day=DAY, **tokens) -> None:
    calls(model, 1, feature=feature, day=day, serving_mode="provisioned", **tokens)


def test_it_shows_what_nobody_used_of_provisioned_throughput(contract):
    """A unit for a day serves 1,440 minutes × 1,000 input tokens, or × 250 output tokens. Search
    used 360 + 0 minutes of two units, help 144 + 216; 2,160 of 2,880 are idle. 48 for both."""
    served("claude", "search", input_tokens=360_000, cached_input_tokens=9_000_000)
    served("claude", "help", input_tokens=144_000, output_tokens=30_000, reasoning_tokens=24_000)
    calls("claude", 1, feature="elsewhere", input_tokens=5_000_000)
    units("24")
    units("24", sub_account_id="2")
    attribute()
    assert stands() == {
        ("workload", "active", "", "claude", "search", ""): Decimal(6),
        ("workload", "active", "", "claude", "help", ""): Decimal(6),
        ("idle", "empty_idle", "", "claude", "", ""): Decimal(36),
    }
    assert set(AllocatedCharge.objects.values_list("evidence")) == {("measured",)}


def test_it_calls_silent_capacity_idle_only_where_calls_are_metered(contract):
    """A day without a call is idle if the model was called within 30 days; else nobody knows.
    Calls that come late decide again."""
    charged = units("24", day=DAY + timedelta(days=20))
    attribute()
    assert stands(charged) == {("workload", "active", "", "claude", "", ""): Decimal(24)}
    assert AllocatedCharge.objects.get().evidence == "fallback"
    served("claude", "search", input_tokens=1)
    attribute()
    assert stands(charged) == {("idle", "empty_idle", "", "claude", "", ""): Decimal(24)}


def test_it_splits_capacity_it_does_not_know_by_tokens_and_says_so(home):
    served("claude", "search", input_tokens=300)
    served("claude", "help", output_tokens=100)
    charged = units("24")
    attribute()
    assert stands(charged) == {
        ("workload", "active", "", "claude", "search", ""): Decimal(18),
        ("workload", "active", "", "claude", "help", ""): Decimal(6),
    }
    assert set(AllocatedCharge.objects.values_list("evidence")) == {("inferred",)}


def test_it_shrinks_all_when_more_was_served_than_bought(contract):
    served("claude", "search", input_tokens=3_000_000)
    served("claude", "help", input_tokens=1_000_000)
    charged = units("24")
    attribute()
    assert stands(charged) == {
        ("workload", "active", "", "claude", "search", ""): Decimal(18),
        ("workload", "active", "", "claude", "help", ""): Decimal(6),
    }


def test_it_names_a_serverless_endpoint_and_splits_it_by_calls():
    arn = "arn:aws:sagemaker:us-east-1:1:endpoint/rank"
    bare = charge("3", provider="AWS", service_name="Amazon SageMaker", resource_id=arn,
                  sku_meter="USE1-ServerlessInf:Mem-3GB", consumed_unit="Seconds")  # fmt: skip
    tagged = charge("8", provider="AWS", service_name="Amazon SageMaker", resource_id=f"{arn}-2",
                    sku_meter="USE1-ServerlessInf:Mem-3GB", consumed_unit="Seconds",
                    tags={"model": "m-1", "workload": "mine"})  # fmt: skip
    calls("m-1", 3, feature="search")
    calls("m-1", 1, feature="help")
    attribute()
    assert stands(bare) == {("workload", "active", "rank", "", "", ""): Decimal(3)}
    assert stands(tagged) == {
        ("workload", "active", "mine", "m-1", "search", ""): Decimal(6),
        ("workload", "active", "mine", "m-1", "help", ""): Decimal(2),
    }
