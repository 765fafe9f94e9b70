"""Scrapes of dcgm-exporter: one test for each trap of the format."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
import io

import pytest

from ingest.models import GpuInterval
from ingest.records import Rejected
from ingest.sources import dcgm
from ingest.sources.base import Unreadable
from tests.ingest.rows import deliver

NOON = datetime(2026, 9, 1, 12, tzinfo=UTC)
GPU = 'gpu="0",UUID="GPU-1",modelName="NVIDIA A100-SXM4-80GB",Hostname="node-1"'
POD = ',namespace="ml",pod="rank-0",container="main"'


def scrapes(lines, every=15, count=20, start=0):
    """`lines(nth)` at each scrape: text exposition with its times in comments."""
    text = []
    for nth in range(count):
        at = NOON + timedelta(seconds=start + nth * every)
        text.append(f"# scraped_at {at:%FT%TZ}")
        told = lines(nth) if callable(lines) else lines
        text += [told] if isinstance(told, str) else told
    return "\n".join(text) + "\n"


def read(text):
    found = list(dcgm.records(io.BytesIO(text.encode()), "scrape.prom"))
    rejected = [r for r in found if isinstance(r, Rejected)]
    rows = {
        (r.device_uuid, r.mig_instance_id, r.workload_key, r.t_start): r
        for r in found
        if r not in rejected
    }
    return rows, rejected


def only(text):
    """The rows of the first bucket by workload key, when there is one device."""
    rows, rejected = read(text)
    assert not rejected
    return {key[2]: row for key, row in rows.items() if row.t_start == NOON}


def busy(value, labels=GPU + POD, metric="DCGM_FI_PROF_GR_ENGINE_ACTIVE"):
    return f"{metric}{{{labels}}} {value}"


def test_it_makes_a_device_row_and_a_row_for_the_pod_that_holds_it():
    rows = only(scrapes([busy(0.5), busy(30000, metric="DCGM_FI_DEV_FB_USED")]))
    assert set(rows) == {"", "k8s:/ml/rank-0/main"}
    device, pod = rows[""], rows["k8s:/ml/rank-0/main"]
    assert (device.observed_ms, device.busy_ms, device.zero_ms) == (300_000, 150_000, 0)
    assert (device.node, device.device_model) == ("node-1", "NVIDIA A100-SXM4-80GB")
    assert (pod.namespace, pod.pod, pod.fb_used_mib_max) == ("ml", "rank-0", 30000)
    assert (pod.alloc_gpu_fraction, pod.alloc_basis) == (Decimal(1), "exclusive")
    assert device.flags == ()


def test_it_reads_hostname_and_uuid_in_either_case():
    rows = only(scrapes(busy(0.5, 'gpu="0",uuid="GPU-1",hostname="node-1"')))
    assert (rows[""].node, rows[""].device_uuid) == ("node-1", "GPU-1")


def test_it_takes_times_behind_the_values_too():
    start = int(NOON.timestamp() * 1000)
    text = "".join(f"{busy(1)} {start + nth * 15_000}\n" for nth in range(20))
    assert only(text)[""].busy_ms == 300_000


def test_it_prefers_exported_labels_to_those_of_the_exporter_itself():
    exporter = ',namespace="gpu-operator",pod="nvidia-abc",container="exporter"'
    exported = ',exported_namespace="ml",exported_pod="rank-0",exported_container="main"'
    other = 'gpu="1",UUID="GPU-2",Hostname="node-1"'
    rows, _ = read(scrapes([busy(1, GPU + exporter + exported), busy(0, other + exporter)]))
    assert {key[:3:2] for key in rows} == {
        ("GPU-1", ""),
        ("GPU-1", "k8s:/ml/rank-0/main"),
        ("GPU-2", ""),
    }


def test_it_reads_the_pod_labels_of_old_exporters():
    labels = GPU + ',pod_name="rank-0",pod_namespace="ml",container_name="main"'
    assert "k8s:/ml/rank-0/main" in only(scrapes(busy(1, labels)))


def test_it_counts_a_shared_device_once():
    pods = [GPU + f',vgpu="{n}",namespace="ml",pod="p-{n}",container="c"' for n in range(3)]
    rows = only(scrapes([busy(0.714, labels) for labels in pods]))
    assert rows[""].busy_ms == 214_200
    shares = [row.alloc_gpu_fraction for key, row in rows.items() if key]
    assert shares == [Decimal("0.333333")] * 3
    assert sum(shares) <= 1


def test_it_takes_the_unlabelled_row_of_a_virtual_gpu_as_the_device():
    pods = [GPU + f',vgpu="{n}",namespace="ml",pod="p-{n}",container="c"' for n in range(2)]
    util = "DCGM_FI_DEV_GPU_UTIL"
    lines = [busy(60, GPU, util), busy(60, pods[0], util), busy(0, pods[1], util)]
    rows = only(scrapes(lines))
    assert rows[""].busy_ms == 180_000
    assert rows["k8s:/ml/p-1/c"].zero_ms == 300_000
    assert rows["k8s:/ml/p-1/c"].util_scope == "process"


def test_it_gives_a_shared_device_that_shows_one_pod_to_that_pod():
    assert only(scrapes(busy(1)))["k8s:/ml/rank-0/main"].alloc_gpu_fraction == 1


def test_it_does_not_add_the_repeated_rows_of_hpc_jobs():
    lines = [busy(0.5, GPU + f',hpc_job="{job}"') for job in (11, 12)]
    rows = only(scrapes(lines))
    assert set(rows) == {"", "hpc:/11", "hpc:/12"}
    assert rows[""].busy_ms == 150_000
    assert rows["hpc:/11"].alloc_gpu_fraction == Decimal("0.5")


@pytest.mark.parametrize(
    ("metric", "value"),
    [
        ("DCGM_FI_DEV_GPU_UTIL", "9223372036854775794"),
        ("DCGM_FI_DEV_FB_USED", "2147483632"),
        ("DCGM_FI_DEV_POWER_USAGE", "140737488355328.000000"),
        ("DCGM_FI_DEV_GPU_UTIL", "104"),
        ("DCGM_FI_DEV_GPU_UTIL", "-1"),
        ("DCGM_FI_PROF_GR_ENGINE_ACTIVE", "1.01"),
        ("DCGM_FI_DEV_FB_USED", "98304"),
        ("DCGM_FI_DEV_GPU_UTIL", "none"),
    ],
)
def test_it_rejects_what_no_gpu_can_say_with_its_line(metric, value):
    text = scrapes(lambda nth: [busy(0.5)] + ([busy(value, metric=metric)] if nth == 3 else []))
    rows, rejected = read(text)
    assert [r.line for r in rejected] == [9]
    assert len(rows) == 2


def test_it_leaves_a_device_without_pod_label_ambiguous():
    rows = only(scrapes(busy(0, GPU)))
    assert set(rows) == {""}
    assert rows[""].flags == ("ambiguous_label",)


def test_it_weighs_mig_slices_and_disbelieves_gpu_util_under_mig():
    slices = {"1": "3g.40gb", "2": "4g.40gb", "3": "1g.10gb"}
    lines = [busy(0, GPU, "DCGM_FI_DEV_GPU_UTIL")]
    for number, profile in slices.items():
        labels = GPU + f',GPU_I_ID="{number}",GPU_I_PROFILE="{profile}"' + POD
        lines.append(busy(0, labels, "DCGM_FI_DEV_GPU_UTIL"))
        if number != "3":
            lines.append(busy(0.9, labels))
    rows, _ = read(scrapes(lines))
    pods = {key[1]: row for key, row in rows.items() if key[2]}
    assert {number: row.alloc_gpu_fraction for number, row in pods.items()} == {
        "1": Decimal("0.5"),
        "2": Decimal("0.571429"),
        "3": Decimal("0.142857"),
    }
    assert (pods["1"].busy_ms, pods["1"].zero_ms) == (270_000, 0)
    assert (pods["3"].busy_ms, pods["3"].zero_ms, pods["3"].observed_ms) == (None, None, 300_000)
    assert {row.util_scope for row in pods.values()} == {"mig_instance"}
    whole = next(row for key, row in rows.items() if key[1:3] == ("", ""))
    assert whole.zero_ms is None


def test_it_falls_back_to_gpu_util_and_never_takes_a_vanished_metric_for_zero():
    util = "DCGM_FI_DEV_GPU_UTIL"
    rows = only(scrapes(lambda nth: [busy(40, metric=util)] + ([busy(0.2)] if nth < 10 else [])))
    assert (rows[""].busy_ms, rows[""].gr_busy_ms) == (90_000, 30_000)
    rows = only(scrapes(busy(30000, metric="DCGM_FI_DEV_FB_USED")))
    assert (rows[""].busy_ms, rows[""].zero_ms, rows[""].observed_ms) == (None, None, 300_000)


def test_it_takes_one_replica_of_an_ha_pair_for_each_bucket():
    def one(replica, start):
        labels = GPU + POD + f',prometheus_replica="{replica}"'
        return scrapes(lambda nth: busy(nth % 2, labels), start=start)

    a, b = one("a", 0), one("b", 7)
    assert only(a + b) == only(b + a) == only(a + a + b)
    device = only(a + b)[""]
    assert (device.busy_ms, device.observed_ms, device.n_samples) == (150_000, 300_000, 20)


def test_it_leaves_a_gap_unobserved_and_ends_the_zero_run_there():
    def lines(nth):
        return [] if 8 <= nth < 14 else busy(0)

    device = only(scrapes(lines))[""]
    assert (device.observed_ms, device.zero_ms) == (210_000, 210_000)
    assert (device.zero_lead_ms, device.zero_tail_ms) == (120_000, 90_000)
    assert device.flags == ("gap",)


def test_it_bridges_a_scrape_or_two_that_failed():
    device = only(scrapes(lambda nth: [] if nth in (5, 6) else busy(0)))[""]
    assert (device.observed_ms, device.zero_lead_ms) == (300_000, 300_000)


def test_it_ends_the_interval_at_a_staleness_marker():
    device = only(scrapes(lambda nth: busy("NaN" if nth >= 10 else 1)))[""]
    assert device.observed_ms == 150_000


def test_it_works_with_a_scrape_every_five_minutes():
    rows, _ = read(scrapes(busy(0.5), every=300, count=12))
    assert sorted(row.observed_ms for row in rows.values()) == [300_000] * 24


def test_it_sums_energy_by_the_counter_and_over_its_reset_by_power():
    def lines(nth):
        counter = nth * 4_000_000 if nth < 10 else (nth - 10) * 4_000_000
        return [
            busy(counter, metric="DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION"),
            busy(200, metric="DCGM_FI_DEV_POWER_USAGE"),
        ]

    # 18 steps of 4,000 J; the reset and the last sample by 200 W for 15 s.
    device = only(scrapes(lines))[""]
    assert (device.energy_j, device.energy_basis) == (Decimal(18 * 4000 + 2 * 3000), "counter")


def test_it_rejects_samples_without_a_time():
    found = list(dcgm.records(io.BytesIO(f"{busy(1)}\n".encode()), "scrape.prom"))
    rejected = [r for r in found if isinstance(r, Rejected)]
    assert "# scraped_at" in rejected[0].reason


def test_it_refuses_a_file_in_which_no_gpu_speaks():
    with pytest.raises(Unreadable, match="no sample of a GPU"):
        list(dcgm.records(io.BytesIO(b"go_goroutines 8\n"), "scrape.prom"))


@pytest.mark.django_db
def test_it_changes_nothing_when_scrapes_come_twice_or_from_the_other_replica(tmp_path):
    text = scrapes(lambda nth: busy(nth % 3 / 2), count=60)
    deliver(tmp_path, "a.prom", text, reader=dcgm.READER)
    before = list(GpuInterval.objects.order_by("t_start", "workload_key").values())
    lines = text.splitlines(keepends=True)
    pairs = [lines[n] + lines[n + 1] for n in range(0, len(lines), 2)]
    again = deliver(tmp_path, "b.prom", "".join(reversed(pairs)), reader=dcgm.READER)
    other = scrapes(lambda nth: busy(nth % 3 / 2), count=60, start=7)
    replica = deliver(tmp_path, "c.prom", other, reader=dcgm.READER)
    assert (again.changed_days, replica.changed_days) == ((), ())
    assert list(GpuInterval.objects.order_by("t_start", "workload_key").values()) == before
    assert len(before) == 6
