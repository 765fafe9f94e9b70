"""Machines without GPUs by their pods, and the price of GPU machines between GPUs and the rest."""

from datetime import timedelta
from decimal import Decimal

import pytest

from aicost.kernel.periods import Period
from attribution.allocate import attribute
from attribution.audit import audit, is_clean
from attribution.models import AllocationRule, GpuDay
from attribution.reports import run
from attribution.reports.spec import Asker, Spec
from ingest.models import ChangedDay, PodHour, ResourceMap
from tests.attribution.accelerated import Amounts, pod_weights
from tests.attribution.ledger import (
    DAY,
    calls,
    charge,
    gpu_hours,
    node_map,
    stands,
    workload_map,
)
from tests.ingest.rows import deliver

pytestmark = pytest.mark.django_db

D = Decimal
COLUMNS = (
    "hour,node,namespace,pod,observed_s,cpu_requested,cpu_used,cpu_capacity,"
    "memory_requested_mib,memory_used_mib,memory_capacity_mib"
)
MACHINE = {
    "resource_id": "i-0c",
    "instance_type": "m5.2xlarge",
    "service_category": "Compute",
    "consumed_unit": "Hrs",
}


def machine(billed, hours="24", **series) -> int:
    node_map("node-c", "i-0c")
    return charge(billed, consumed=hours, **{**MACHINE, **series})


def pods(tmp_path, *held: dict, cores=8, gib=32, hours=24, **node) -> None:
    """A node and its pods (`cpu` cores, `gib` of memory, requested), alike in each hour of the day;
    a pod with `only` is there in those hours."""
    lines = [COLUMNS]
    for hour in range(hours):
        at = {"hour": f"{DAY}T{hour:02}:00Z", "node": "node-c"}
        whole = {"cpu_capacity": cores, "memory_capacity_mib": gib * 1024, **node}
        there = [pod for pod in held if hour in pod.get("only", range(24))]
        for row in (whole, *map(_row, there)):
            told = {**at, **row}
            lines.append(",".join(str(told.get(name, "")) for name in COLUMNS.split(",")))
    deliver(tmp_path, "pods.csv", "\n".join(lines) + "\n", source="kube")


def _row(pod: dict) -> dict:
    named = {"namespace": "shop", "cpu_requested": pod.get("cpu", 0)}
    return {"memory_requested_mib": pod.get("gib", 0) * 1024, **named, **pod}


def money(charge_id: int | None = None) -> dict[tuple[str, str], Decimal]:
    """Effective cost by state and workload, after the whole engine."""
    attribute()
    assert is_clean(audit())
    return {(key[1], key[2]): cost for key, cost in stands(charge_id).items()}


def option(rule: str, **options: str) -> None:
    """The next version of a built-in rule, with these options."""
    attribute()
    latest = AllocationRule.objects.filter(key=rule).order_by("version").last()
    latest.pk, latest.version, latest.options = None, latest.version + 1, options
    latest.built_in = False
    latest.save()


def test_a_machine_is_shared_by_requests_and_what_nobody_asked_for_is_idle(tmp_path):
    """8 cores and 28 GB at 9 : 1 are 72 and 28 of 100. api asks for half of both, batch for a
    quarter of the cores alone: 50, 18, and 32 are left over."""
    machine("100")
    api = {"pod": "api-7c9d8f6b5d-x2x4z", "cpu": 4, "gib": 14}
    pods(tmp_path, api, {"pod": "batch-0", "cpu": 2}, gib=28)
    assert money() == {
        ("active", "api"): D(50),
        ("active", "batch"): D(18),
        ("unreserved", ""): D(32),
    }


def test_the_larger_of_requested_and_used_counts(tmp_path):
    machine("104")
    told = {"pod": "api-0", "cpu": 1, "cpu_used": 8, "gib": 32, "memory_used_mib": 1}
    pods(tmp_path, told)
    assert money() == {("active", "api"): D(104)}


def test_requests_beyond_the_machine_shrink_everyone(tmp_path):
    machine("90")
    held = [{"pod": f"w{n}x", "cpu": 8, "gib": 32} for n in range(3)]
    pods(tmp_path, *held)
    assert money() == {("active", f"w{n}x"): D(30) for n in range(3)}


def test_time_without_telemetry_is_unobserved_never_idle(tmp_path):
    machine("24")
    pods(tmp_path, {"pod": "api-0", "cpu": 8, "gib": 32}, hours=10)
    assert money() == {("active", "api"): D(10), ("unobserved", ""): D(14)}


def test_a_pod_pays_for_the_hours_it_was_there(tmp_path):
    machine("24")
    night = {"pod": "night-0", "cpu": 8, "gib": 32, "only": range(6)}
    pods(tmp_path, night)
    assert money() == {("active", "night"): D(6), ("unreserved", ""): D(18)}


def test_it_shares_what_nobody_requested_where_the_rule_says_so(tmp_path):
    machine("100")
    pods(tmp_path, {"pod": "a-0", "cpu": 3, "gib": 4}, {"pod": "b-0", "cpu": 1, "gib": 4}, gib=28)
    option("pods", unused="shared")
    assert money() == {("active", "a"): D(68), ("active", "b"): D(32)}


def test_meters_of_cores_and_of_memory_go_by_themselves(tmp_path):
    """Google bills a machine in two rows; each is split by what it is of."""
    google = {
        "provider": "Google Cloud",
        "consumed_unit": "seconds",
        "instance_type": "n2-standard",
    }
    cores = machine("60", "691200", sku_meter="N2 Instance Core running in Frankfurt", **google)
    memory = charge(
        "40", consumed="2764800",
        **{**MACHINE, **google, "sku_meter": "N2 Instance Ram running in Frankfurt",
           "consumed_unit": "gibibyte-seconds"},
    )  # fmt: skip
    pods(tmp_path, {"pod": "api-0", "cpu": 4, "gib": 32}, {"pod": "batch-0", "cpu": 4})
    money()
    assert {key[2]: cost for key, cost in stands(cores).items()} == {"api": D(30), "batch": D(30)}
    assert {key[2]: cost for key, cost in stands(memory).items()} == {"api": D(40)}


def test_a_map_names_pods_and_calls_share_a_model_served_on_cpu(tmp_path):
    machine("104")
    pods(tmp_path, {"pod": "embed-0", "cpu": 8, "gib": 32})
    workload_map("embed-*", workload="embedder", model="e5", activity="inference", team="search")
    calls("e5", 30, feature="search", activity="inference")
    calls("e5", 10, feature="rag", activity="inference")
    attribute()
    assert stands() == {
        ("workload", "active", "embedder", "e5", "search", "search"): D(78),
        ("workload", "active", "embedder", "e5", "rag", "search"): D(26),
    }


def test_a_machine_whose_pods_nobody_tells_goes_by_its_tags(tmp_path):
    """And when a cluster found it by itself, it is no GPU machine for that."""
    machine("9", tags={"team": "web"})
    ResourceMap.objects.update(found=True)
    attribute()
    assert stands() == {("workload", "active", "", "", "", "web"): D(9)}
    pods(tmp_path, {"pod": "api-0", "cpu": 8, "gib": 32})
    attribute()
    assert stands() == {("workload", "active", "api", "", "", "web"): D(9)}


def test_the_same_hours_again_change_nothing_and_others_replace_them(tmp_path):
    machine("104")
    whole = {"pod": "api-0", "cpu": 8, "gib": 32}
    pods(tmp_path, whole)
    assert money() == {("active", "api"): D(104)}
    pods(tmp_path, whole)
    assert not ChangedDay.objects.exists()
    pods(tmp_path, {**whole, "pod": "other-0"})
    assert not PodHour.objects.filter(pod="api-0").exists(), "a pod no longer told was not there"
    assert money() == {("active", "other"): D(104)}


# AWS's example: $10, 8 GPUs, 64 vCPUs, 488 GB; GPUs, vCPUs and GB of four pods.
NODE = Amounts(D(8), D(64), D(488))
PODS = ((1, 16, 100), (3, 18, 140), (2, 16, 100), (2, 16, 100))


def accelerated(tmp_path, policy: str, **options: str) -> int:
    """The example as a day of a p3.16xlarge for 240, so that 10 is an hour."""
    option("gpu_time", node_price=policy, **options)
    one = machine("240", instance_type="p3.16xlarge")
    device = 0
    for nth, (gpus, _, _) in enumerate(PODS):
        for _ in range(gpus):
            gpu_hours(f"G{device}", range(24), pod=f"p{nth}x", node="node-c")
            device += 1
    held = [{"pod": f"p{nth}x", "cpu": v, "gib": m} for nth, (_, v, m) in enumerate(PODS)]
    pods(tmp_path, *[{**one, "namespace": ""} for one in held], cores=64, gib=488)
    return one


def test_it_gives_awss_golden_figures(tmp_path):
    """$1.9089, 3.2644, 2.4134, 2.4134: the documented split of an accelerated instance, unused
    memory shared, 66 vCPUs requested of 64 shrunk. Equal to the formula to a billionth."""
    accelerated(tmp_path, "aws", unused="shared")
    told = money()
    hourly = [told["active", f"p{n}x"] / 24 for n in range(4)]
    assert [round(one, 4) for one in hourly] == [
        D("1.9089"), D("3.2644"), D("2.4134"), D("2.4134"),
    ]  # fmt: skip
    assert sum(told.values()) == 240
    weights = pod_weights(NODE, [Amounts(*map(D, pod)) for pod in PODS])
    exact = [D(10) * weight / sum(weights) for weight in weights[:4]]
    assert all(abs(a - b) < D("1e-9") for a, b in zip(hourly, exact, strict=True))
    gpu_ms = sum(GpuDay.objects.values_list("gpu_ms", flat=True))
    assert gpu_ms == 8 * 24 * 3_600_000, "GPU-hours stay hours, whatever they weigh"


def test_a_gpu_hour_is_50_cents_by_awss_weights_and_the_rest_is_idle(tmp_path):
    """9 / 178.4 of $10. Memory that nobody requested, 48 of 488 GB, is 0.27 idle an hour."""
    told = money(accelerated(tmp_path, "aws"))
    assert round(told["unreserved", ""] / 24, 4) == D("0.2691")
    assert round(_own_gpus(told["active", "p0x"] / 24, 16, 100), 3) == D("0.504")
    day = Period(DAY, DAY + timedelta(days=1))
    (row,) = run(Spec("gpu_consumption", day, Asker("finance"))).rows
    assert (row["gpu_hours"], row["difference"]) == (192, 0)


def _own_gpus(cost: Decimal, vcpus: int, memory_gb: int) -> Decimal:
    """An hour's cost of a pod of the example less that of its CPU (66 asked of 64) and memory."""
    a_unit = D(10) / D("178.4")
    return cost - a_unit * D("0.9") * vcpus * 64 / 66 - a_unit * D("0.1") * memory_gb


def test_by_price_list_cpu_and_memory_cost_what_they_cost_elsewhere(tmp_path):
    """24.48 an hour, of which 64 * 0.033 + 488 * 0.00375 = 3.942 for CPU and memory."""
    accelerated(tmp_path, "price_list", unused="shared")
    told = money()
    gpu = D(240) * (D("24.48") - D("3.942")) / D("24.48")
    cpu, memory = D(240) * D("2.112") / D("24.48"), D(240) * D("1.83") / D("24.48")
    first = gpu / 8 + cpu * 16 / 66 + memory * 100 / 440
    assert abs(told["active", "p0x"] - first) < D("1e-7")
    assert sum(told.values()) == 240


def test_without_a_policy_or_pods_the_gpus_carry_the_whole_price(tmp_path):
    one = accelerated(tmp_path, "all_gpu")
    assert money(one) == {
        ("active", "p0x"): D(30),
        ("active", "p1x"): D(90),
        ("active", "p2x"): D(60),
        ("active", "p3x"): D(60),
    }
    PodHour.objects.all().delete()
    option("gpu_time", node_price="aws")
    assert money(one)["active", "p0x"] == D(30)
