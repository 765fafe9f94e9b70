"""What other tools get wrong, each as a small story with its figures, from files to the ledger.

The cases are the complaints collected from the trackers of cost tools, and AWS's own example.
"""

from datetime import timedelta
from decimal import Decimal

import pytest

from aicost.kernel.periods import Period
from attribution.allocate import attribute
from attribution.audit import audit, is_clean
from attribution.reports import run
from attribution.reports.spec import Asker, Spec
from ingest.sources import dcgm
from tests.attribution.ledger import DAY, charge, gpu_hours, node_map, stands
from tests.ingest.rows import deliver
from tests.ingest.test_dcgm import scrapes

pytestmark = pytest.mark.django_db

D = Decimal
DAYS = Period(DAY, DAY + timedelta(days=1))
COLUMNS = (
    "t_start,t_end,node,device_uuid,device_model,mig_instance_id,mig_profile,workload_key,pod,"
    "util_scope,alloc_gpu_fraction,alloc_basis,observed_s,busy_s,sm_s"
)
H100 = "NVIDIA H100 80GB HBM3"


def node(billed, instance_type="p5.4xlarge", hours="24", **series) -> int:
    """A machine for a day (or `hours` of it), which telemetry calls node-a."""
    node_map("node-a", "i-0a")
    series = {"service_category": "Compute", "consumed_unit": "Hrs", **series}
    return charge(billed, consumed=hours, resource_id="i-0a", instance_type=instance_type, **series)


def telemetry(tmp_path, *rows: dict, hours=24) -> None:
    """The same rows for each hour of the day, as a canonical file."""
    lines = [COLUMNS]
    for hour in range(hours):
        times = {"t_start": f"{DAY}T{hour:02}:00Z", "t_end": f"{DAY}T{hour:02}:55Z"}
        for row in rows:
            told = {"node": "node-a", "device_uuid": "GPU-0", "device_model": H100, **row, **times}
            lines.append(",".join(str(told.get(name, "")) for name in COLUMNS.split(",")))
    deliver(tmp_path, "gpus.csv", "\n".join(lines) + "\n")


def pod(name: str, **more) -> dict:
    return {"workload_key": f"k8s:/{name}", "pod": name, **more}


def money() -> dict[tuple[str, str], Decimal]:
    """Effective cost by state and workload, after the whole engine."""
    attribute()
    assert is_clean(audit())
    return {(key[1], key[2]): cost for key, cost in stands().items()}


def consumption(*groups: str, **more) -> list[dict]:
    return run(Spec("gpu_consumption", DAYS, Asker("finance"), group_by=groups, **more)).rows


def test_two_models_of_gpu_on_one_node_share_its_price_by_time():
    """Two A100 and two L4 in one machine (Koku PR 6163: grouping without the model and MAX either
    loses a part or counts it twice). Each GPU-hour costs the same; nothing is lost or doubled."""
    node("96", "no-type-we-know")
    for device, holder in (("A0", "train"), ("A1", "train"), ("L0", "serve"), ("L1", "")):
        gpu_hours(device, range(24), pod=holder)
    assert money() == {
        ("active", "train"): D(48),
        ("active", "serve"): D(24),
        ("unreserved", ""): D(24),
    }


def test_four_quarters_of_a_virtual_gpu_are_one_gpu(tmp_path):
    """HAMi 3073 and OpenCost 3828: each 25 % was charged as a whole GPU."""
    node("24", hours="24")
    quarters = [pod(f"q{n}x", alloc_gpu_fraction="0.25", alloc_basis="request") for n in range(4)]
    telemetry(tmp_path, {}, *quarters)
    told = money()
    assert {key: cost for key, cost in told.items() if key[0] == "active"} == {
        ("active", f"q{n}x"): D("5.5") for n in range(4)
    }
    assert told["unobserved", ""] == D(2), "the last five minutes of each hour were not seen"


def test_mig_4g_and_3g_are_more_than_a_gpu_and_shrink_together(tmp_path):
    """4g.40gb is 4/7 by compute, 3g.40gb 4/8 by memory: 1.0714 together. Shares come from the
    table of cards, the file says the profiles alone."""
    node("23", hours="22")
    slices = (("1", "4g.40gb", "large"), ("2", "3g.40gb", "small"))
    told = [pod(w, mig_instance_id=n, mig_profile=p) for n, p, w in slices]
    telemetry(tmp_path, *[{**one, "util_scope": "mig_instance"} for one in told])
    large = D(23) * D("0.571429") / D("1.071429")
    found = money()
    assert set(found) == {("active", "large"), ("active", "small")}
    assert sum(found.values()) == 23
    assert abs(found["active", "large"] - large) < D("0.00001")


def test_a_device_value_repeated_for_each_pod_is_counted_once(tmp_path):
    """Three pods on one time-sliced GPU; dcgm-exporter tells the device's 0.714 with each of them
    (dcgm-exporter 587). The device was active 71.4 %, not 214.2 %, and each pod held a third."""
    node("24", "no-type-we-know", hours="1")
    gpu = 'gpu="0",UUID="GPU-1",modelName="NVIDIA A100-SXM4-80GB",Hostname="node-a"'
    metrics = ("DCGM_FI_PROF_GR_ENGINE_ACTIVE", "DCGM_FI_PROF_SM_ACTIVE")
    lines = [
        f'{metric}{{{gpu},vgpu="{n}",namespace="ml",pod="p{n}",container="c"}} 0.714'
        for n in range(3)
        for metric in metrics
    ]
    deliver(tmp_path, "a.prom", scrapes(lines, count=240), reader=dcgm.READER)
    told = money()
    assert {key[1] for key in told} == {"p0", "p1", "p2"}
    assert sum(told.values()) == 24
    assert max(told.values()) - min(told.values()) < D("0.0001")
    (device,) = consumption()
    assert (device["gr_percent"], device["sm_percent"]) == (D("71.4"), D("71.4"))
    assert (device["consumption_basis"], device["cost"]) == ("reservation", D(24))


def test_consumption_is_a_second_view_of_the_same_money(tmp_path):
    """Two pods reserve half of a GPU each; processes tell 1,800 and 600 s of activity an hour. The
    ledger halves the GPU, the view goes 3 : 1, and both are the same 33."""
    node("36", hours="24")
    half = {"alloc_gpu_fraction": "0.5", "util_scope": "process", "alloc_basis": "replica"}
    busy, calm = pod("busy", busy_s=1800, sm_s=900, **half), pod("calm", busy_s=600, **half)
    telemetry(tmp_path, {}, busy, calm)
    assert money() == {
        ("active", "busy"): D("16.5"),
        ("active", "calm"): D("16.5"),
        ("unobserved", ""): D(3),
    }
    rows = {row["workload"]: row for row in consumption("workload")}
    assert [rows[name]["consumption_cost"] for name in ("busy", "calm", "")] == [
        D("24.75"),
        D("8.25"),
        D(3),
    ]
    assert [rows[name]["consumption_basis"] for name in rows] == ["process", "process", ""]
    assert sum(row["difference"] for row in rows.values()) == 0
    assert rows["busy"]["sm_percent"] == D("27.3"), "900 of 3,300 s: its own number, moves no money"
    assert rows["calm"]["sm_percent"] is None, "not told is not zero"


def test_without_a_process_of_its_own_consumption_falls_back_to_reservation_and_says_so(tmp_path):
    node("22", hours="22")
    share = {"alloc_gpu_fraction": "0.25", "busy_s": 3000}
    telemetry(tmp_path, {}, pod("one", **share), pod("two", **share))
    assert money()["unreserved", ""] == D("11")
    rows = consumption("workload")
    assert {row["workload"]: row["consumption_basis"] for row in rows} == {
        "one": "reservation",
        "two": "reservation",
        "": "",
    }
    assert all(row["difference"] == 0 for row in rows)


def test_consumption_leaves_alone_what_nobody_held(tmp_path):
    """A process that had the GPU for 11 of 22 hours consumed 11; the rest stays unreserved."""
    node("22", hours="22")
    half = {"observed_s": 1650, "busy_s": 1000, "util_scope": "process"}
    telemetry(tmp_path, {}, pod("one", **half))
    assert money() == {("active", "one"): D(11), ("unreserved", ""): D(11)}
    assert [row["difference"] for row in consumption("workload")] == [0, 0]


def test_a_team_sees_only_its_own_rows_of_the_consumption_view(tmp_path):
    node("24", hours="22", tags={"team": "search"})
    telemetry(tmp_path, {}, pod("one"))
    money()
    spec = Spec("gpu_consumption", DAYS, Asker("engineering", ("risk",)))
    assert run(spec).rows == []
    assert [row["team"] for row in consumption("team")] == ["search"]


def test_requests_beyond_the_device_shrink_everyone(tmp_path):
    """Four pods of half a GPU on one GPU: a quarter each, nothing clamped, nothing negative."""
    node("22", hours="22")
    telemetry(tmp_path, {}, *[pod(f"o{n}x", alloc_gpu_fraction="0.5") for n in range(4)])
    assert money() == {("active", f"o{n}x"): D("5.5") for n in range(4)}


def test_a_gap_in_telemetry_is_unobserved_never_idle():
    """Seen for 10 of 24 hours: 2 held idle, 8 active; the other 14 are unobserved."""
    node("24", "no-type-we-know")
    gpu_hours("G0", range(10), pod="train", held=2)
    assert money() == {
        ("active", "train"): D(8),
        ("held_idle", "train"): D(2),
        ("unobserved", ""): D(14),
    }


def test_a_machine_billed_for_part_of_an_hour_costs_what_was_billed(tmp_path):
    """Billed 0.25 h at 24 an hour; pods on partial-hour machines must not be under-costed (Cloud
    Intelligence Dashboards PR 797). The hour's telemetry saw 15 minutes of it."""
    node("6", hours="0.25")
    telemetry(tmp_path, {"observed_s": 900}, pod("job", observed_s=900), hours=1)
    assert money() == {("active", "job"): D(6)}


def test_a_negative_credit_follows_the_machine_it_is_for():
    """A credit of the same resource is no instance time: it stands where its money does."""
    machine = node("24", "no-type-we-know")
    gpu_hours("G0", range(18), pod="train")
    credit = charge("-8", resource_id="i-0a", charge_category="Credit")
    money()
    assert {key[1]: cost for key, cost in stands(machine).items()} == {
        "active": D(18),
        "unobserved": D(6),
    }
    assert {key[1]: cost for key, cost in stands(credit).items()} == {
        "active": D(-6),
        "unobserved": D(-2),
    }


def test_a_negative_price_of_machine_time_splits_like_a_positive_one():
    """A correction of the same meter: every part is negative, and they sum to it."""
    node("-24", "no-type-we-know")
    gpu_hours("G0", range(18), pod="train")
    assert money() == {("active", "train"): D(-18), ("unobserved", ""): D(-6)}


def test_a_charge_with_no_eligible_target_stays_whole_on_the_fallback():
    """A GPU machine that was billed for no time at all: there is nothing to weigh by, so that it
    stays whole, unobserved, and the bill still adds up."""
    one = node("7", "no-type-we-know", hours="0")
    assert money() == {("unobserved", ""): D(7)}
    ((target, cost),) = stands(one).items()
    assert target[0], cost == ("unattributed", D(7))
