"""A machine of Google is several meters: its GPU meter alone says how much GPU time was paid for,
and its cores, memory and GPUs are split by the same weights."""

from datetime import date
from decimal import Decimal
import json

import pytest

from attribution.allocate import attribute
from attribution.classify import look
from attribution.estimates import estimate
from attribution.models import AllocatedCharge, EstimatedCost, GpuDay
from attribution.vocabulary import BadVocabulary
from ingest.load import load
from ingest.models import Charge, GpuInterval
from tests.attribution import ledger
from tests.attribution.test_estimates import FINAL, YESTERDAY
from tests.ingest.test_gcp_bigquery import row

pytestmark = pytest.mark.django_db

D = Decimal
DAY = date(2026, 9, 1)
HOUR = 3600
VM = "//compute.googleapis.com/projects/ml/zones/us-central1-a/instances/42"
GIB = 1024**3


def meter(sku: str, cost: float, amount: float, unit: str, pricing_unit: str = "hour") -> dict:
    """Six hours of one meter of an A3 machine, as the detailed export writes it."""
    return row(
        "2026-09-01", cost, sku={"id": sku, "description": sku}, labels=[], tags=[],
        usage_start_time="2026-09-01T03:00:00Z", usage_end_time="2026-09-01T09:00:00Z",
        usage={"amount": amount, "unit": unit, "amount_in_pricing_units": amount / HOUR,
               "pricing_unit": pricing_unit},
        system_labels=[{"key": "compute.googleapis.com/machine_spec", "value": "a3-highgpu-8g"}],
        project={"id": "ml", "name": "ml"}, resource={"name": "gpu-1", "global_name": VM},
    )  # fmt: skip


def test_an_a3_machine_counts_the_gpu_time_of_its_gpu_meter_only(home):
    """Six hours of an A3: 208 vCPUs for 24, 1,872 GiB for 12, 8 GPUs for 60: 48 GPU hours at 2.
    Telemetry sees four of its GPUs, a pod holds two of them: 12 hours active, 12 unreserved, the
    other 24 unobserved. Licence and egress are no time of the machine; egress follows it."""
    rows = (
        meter("A3 Instance Core running in Americas", 24.0, 208.0 * 6 * HOUR, "seconds"),
        meter("A3 Instance Ram running in Americas", 12.0, 1872.0 * GIB * 6 * HOUR,
              "byte-seconds", "gibibyte hour"),
        meter("Nvidia H100 80GB GPU running in Americas", 60.0, 8.0 * 6 * HOUR, "seconds"),
        meter("Licensing Fee for RHEL 9 on VM with 128+ VCPU", 3.0, 6.0 * HOUR, "seconds"),
        meter("Network Inter Zone Data Transfer Out", 1.0, 5e9, "bytes", "gibibyte"),
    )  # fmt: skip
    path = home / "google.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    [delivery] = load([path])
    assert delivery.state == "published"
    ledger.node_map("node-a", VM)
    ledger.workload_map("rank-*", workload="ranker", model="ranker-v3", activity="inference")
    for device in ("G0", "G1", "G2", "G3"):
        pod = "rank-1" if device in ("G0", "G1") else ""
        ledger.gpu_hours(device, range(3, 9), pod=pod, day=DAY)
    attribute()

    parts = {}
    for charge in Charge.objects.select_related("series"):
        said = {key[1]: cost for key, cost in ledger.stands(charge.id).items()}
        parts[charge.series.sku_meter.rsplit(" ", 3)[0]] = said
    assert parts == {
        "A3 Instance Core": {"active": D(6), "unreserved": D(6), "unobserved": D(12)},
        "A3 Instance Ram": {"active": D(3), "unreserved": D(3), "unobserved": D(6)},
        "Nvidia H100 80GB GPU": {"active": D(15), "unreserved": D(15), "unobserved": D(30)},
        "Licensing Fee for RHEL 9 on VM": {"unclaimed": D(3)},
        "Network Inter Zone": {"active": D(1)},
    }
    assert _states() == {
        "active": D(25), "unreserved": D(24), "unobserved": D(48), "unclaimed": D(3)
    }  # fmt: skip
    gpu_hours = sum(GpuDay.objects.values_list("gpu_ms", flat=True)) / 3_600_000
    assert gpu_hours == 48


def _states() -> dict[str, Decimal]:
    out: dict[str, Decimal] = {}
    for part in AllocatedCharge.objects.select_related("stage1_target"):
        state = part.stage1_target.state
        out[state] = out.get(state, D(0)) + part.effective_cost
    return out


def google(cost: str, meter: str, amount: float, unit: str = "seconds", **more) -> int:
    """One meter of a Google machine, put straight into the ledger."""
    known = {"resource_id": "vm-1", "instance_type": "n1-standard-8", **more}
    return ledger.charge(
        cost, consumed=str(amount), consumed_unit=unit, provider="Google Cloud", sku_meter=meter,
        service_category="Compute", service_name="Compute Engine", **known,
    )  # fmt: skip


def test_gpus_attached_to_any_machine_type_count_by_their_own_meter():
    """Two T4 on an N1 for ten hours, of which four are billed by another SKU; a GPU row need not
    tell the machine type. One GPU is seen, for five hours: 15 of 20 are unobserved."""
    google("4", "N1 Predefined Instance Core running in Americas", 8 * 10 * HOUR)
    google("2", "N1 Predefined Instance Ram running in Americas", 3e15, "byte-seconds")
    google("8", "Nvidia Tesla T4 GPU running in Americas", 2 * 6 * HOUR, instance_type="")
    google("2", "Nvidia Tesla T4 GPU attached to Spot Preemptible VMs", 2 * 4 * HOUR)
    ledger.node_map("node-a", "vm-1")
    ledger.gpu_hours("G0", range(5))
    attribute()
    assert _states() == {"unreserved": D(4), "unobserved": D(12)}


def test_a_machine_of_one_meter_is_instance_time_times_its_gpus():
    google("20", "Instance Core running in Americas", 5 * HOUR, instance_type="a2-highgpu-2g")
    ledger.node_map("node-a", "vm-1")
    ledger.gpu_hours("G0", range(5))
    attribute()
    assert _states() == {"unreserved": D(10), "unobserved": D(10)}


def test_cores_without_a_gpu_meter_are_never_more_than_a_day_of_the_machine():
    """Its GPU rows arrive later. 12 vCPUs for a day are 288 core hours, and 24 hours of one GPU."""
    google("24", "A2 Instance Core running", 12 * 24 * HOUR, instance_type="a2-highgpu-1g")
    ledger.node_map("node-a", "vm-1")
    ledger.gpu_hours("G0", range(6))
    attribute()
    assert _states() == {"unreserved": D(6), "unobserved": D(18)}


@pytest.mark.parametrize("unit", ["chip-hours", "hour", "seconds"])
def test_a_tpu_slice_is_billed_in_chip_hours(unit):
    """Four chips for six hours; two were seen for three hours: 6 of 24."""
    amount = 24 * HOUR if unit == "seconds" else 24
    google("24", "TpuV5e in Americas", amount, unit, instance_type="ct5lp-hightpu-4t")
    ledger.node_map("node-a", "vm-1")
    ledger.gpu_hours("C0", range(3))
    ledger.gpu_hours("C1", range(3))
    attribute()
    assert _states() == {"unreserved": D(6), "unobserved": D(18)}


def test_an_hour_of_such_a_machine_is_estimated_at_what_all_its_meters_cost():
    """Two T4 on an N1 for a day cost 48: 2 an hour. The next day both run for three hours."""
    google("16", "N1 Predefined Instance Core running", 8 * 24 * HOUR, day=FINAL)
    google("8", "N1 Predefined Instance Ram running", 3e15, "byte-seconds", day=FINAL)
    google("24", "Nvidia Tesla T4 GPU running", 2 * 24 * HOUR, day=FINAL, instance_type="")
    ledger.node_map("node-a", "vm-1")
    attribute()
    for device in ("G0", "G1"):
        ledger.gpu_hours(device, range(8, 11), day=YESTERDAY)
    GpuInterval.objects.update(device_model="T4")
    estimate()
    live = EstimatedCost.objects.filter(superseded_at=None)
    assert {one.unit_price for one in live} == {D(2)}
    assert sum(one.estimated_cost for one in live) == D(6)


SERIES = {
    "charge_category": "Usage", "commitment_discount_status": "", "consumed_unit": "seconds",
    "pricing_unit": "hour", "sku_meter": "", "resource_id": "r", "instance_type": "", "tags": {},
    "service_category": "Compute", "service_subcategory": "", "service_name": "Compute Engine",
    "service_code": "", "provider": "Google Cloud", "extras": {}, "charge_description": "",
}  # fmt: skip


@pytest.mark.parametrize(
    ("meter", "part"),
    [
        ("A4 Nvidia B200 (1 gpu slice) running in Iowa", "gpu"),
        ("NVIDIA L4 Gpu attached to Reserved VMs", "gpu"),
        ("Spot Preemptible A2 Instance Ram running in Iowa", "memory"),
        ("Sole Tenancy Premium for A2 Instance Core", "fee"),
        ("Custom Instance Core running in Iowa", "cpu"),
    ],
)
def test_it_knows_the_parts_of_a_machine_by_their_meters(meter, part):
    seen = look({**SERIES, "sku_meter": meter})
    assert (seen.instance_time, seen.instance_part) == (True, part)
    other = look({**SERIES, "sku_meter": meter, "provider": "AWS", "instance_type": "p5.48xlarge"})
    assert (other.instance_time, other.instance_part) == (True, "")


def test_a_licence_is_no_time_of_the_machine_and_an_unknown_part_is_named(home):
    seen = look({**SERIES, "sku_meter": "Licensing Fee for RHEL (GPU cost)", "instance_type": "a"})
    assert (seen.instance_time, seen.instance_part) == (False, "")
    (home / "data").mkdir(exist_ok=True)
    (home / "data" / "instance_meters.csv").write_text("provider,meter,part\noracle,gpu,card\n")
    with pytest.raises(BadVocabulary, match="instance_meters.csv: part 'card' is unknown. Choose"):
        look(SERIES)
