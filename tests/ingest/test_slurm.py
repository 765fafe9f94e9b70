"""Slurm accounting: GPU time of jobs, their runs, and the bill of their nodes."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from aicost.kernel.periods import Period
from attribution.allocate import attribute
from attribution.models import AllocatedCharge
from attribution.reports import run
from attribution.reports.spec import Asker, Spec
from ingest.load import load
from ingest.models import GpuInterval, Quarantined, TrainingRun
from ingest.sources import slurm
from ingest.sources.base import Head
from ingest.sources.hostlist import expand
from tests.ingest.bills import focus_row

TRAPS = Path(__file__).parent / "goldens" / "slurm" / "traps" / "input.psv"
HEAD = "JobIDRaw|JobName|User|Account|WCKey|State|Start|End|ElapsedRaw|NodeList|AllocTRES\n"


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 9, 1, hour, minute, tzinfo=UTC)


def gpu_hours(**of: str) -> Decimal:
    rows = GpuInterval.objects.filter(**of).exclude(workload_key="")
    return (
        sum((Decimal(r.observed_ms) * r.alloc_gpu_fraction for r in rows), Decimal(0)) / 3_600_000
    )


@pytest.mark.parametrize(
    ("text", "nodes"),
    [
        ("gpu[01-03,07],login1", ("gpu01", "gpu02", "gpu03", "gpu07", "login1")),
        ("r[1-2]n[09-10]-ib", ("r1n09-ib", "r1n10-ib", "r2n09-ib", "r2n10-ib")),
        ("None assigned", ()),
        ("gpu1", ("gpu1",)),
    ],
)
def test_it_expands_node_lists(text, nodes):
    assert expand(text) == nodes


@pytest.mark.parametrize("text", ["gpu[3-1]", "gpu[1-2", "gpu[a-b]", "a,,b", "n[1-9999999]"])
def test_it_refuses_what_is_no_node_list(text):
    with pytest.raises(ValueError):
        expand(text)


@pytest.mark.django_db
def test_it_bills_the_allocation_once_and_takes_usage_from_the_steps(home):
    [result] = load([TRAPS])
    assert (result.reader, result.state) == ("slurm", "published")
    # 16 GPUs for two hours, over two nodes; the batch and extern steps hold nothing of their own.
    assert gpu_hours(workload_key="slurm:lab/100") == 32
    assert gpu_hours(workload_key="slurm:lab/100", node="gpu02") == 16
    first = GpuInterval.objects.get(workload_key="slurm:lab/100", node="gpu01", t_start=at(0))
    assert (first.observed_ms, first.alloc_gpu_fraction, first.util_scope) == (3_000_000, 8, "job")
    assert (first.busy_ms, first.namespace, first.pod) == (2_250_000, "vision", "train-wide")
    run = TrainingRun.objects.get(run_id="lab/100@20260901T001000Z")
    assert (run.experiment, run.team, run.user) == ("wide-embeddings", "vision", "ana")
    assert (run.gpu_ms, run.hosts) == (32 * 3_600_000, ["gpu01", "gpu02"])
    assert run.metrics == {"gpu_util": "75", "gpu_mem": str(60 * 2**30)}
    assert (run.git_commit, run.status, run.reason) == ("abc123", "finished", "")


@pytest.mark.django_db
def test_it_keeps_both_attempts_of_a_requeued_job_apart(home):
    load([TRAPS])
    runs = TrainingRun.objects.filter(workload_key="slurm:lab/101").order_by("started")
    assert [(r.status, r.reason, r.restarted_from, r.experiment) for r in runs] == [
        ("failed", "", "", ""),
        ("finished", "failure_restart", "checkpoint", ""),
    ]
    [hour] = GpuInterval.objects.filter(workload_key="slurm:lab/101")
    assert (hour.observed_ms, hour.alloc_gpu_fraction) == (50 * 60_000, 4)


@pytest.mark.django_db
def test_it_believes_no_usage_of_mig_and_knows_running_jobs_so_far(home):
    load([TRAPS])
    assert TrainingRun.objects.get(name="slice").metrics == {}
    assert gpu_hours(workload_key="slurm:lab/102") == 1
    late = TrainingRun.objects.get(name="late")
    assert (late.status, late.ended, late.reason) == ("running", None, "drift")
    assert gpu_hours(workload_key="slurm:lab/103") == 1
    assert TrainingRun.objects.get(name="waiting").started is None
    assert TrainingRun.objects.get(name="cpu-only").gpu_ms is None
    reasons = dict(Quarantined.objects.values_list("line", "reason"))
    assert set(reasons) == {15, 16, 17}
    assert "before Start" in reasons[15] and "no time" in reasons[16] and "3 fields" in reasons[17]


@pytest.mark.django_db
def test_it_says_what_is_missing_when_slurm_counts_no_gpus(home):
    path = home / "sacct_lab_2026-09-01.psv"
    row = "7|j|a|t||COMPLETED|2026-09-01T00:00:00|2026-09-01T01:00:00|3600|gpu01|cpu=8,node=1\n"
    comment = "# sacct start=2026-09-01 end=2026-09-02\n# node gpu01 gres=gpu:8\n"
    path.write_text(comment + HEAD + row)
    load([path])
    assert "AccountingStorageTRES" in Quarantined.objects.get().reason
    assert GpuInterval.objects.count() == 0
    assert TrainingRun.objects.get().run_id == "lab/7@20260901T000000Z"


@pytest.mark.django_db
def test_it_reads_local_times_in_the_zone_of_the_cluster(home):
    path = home / "jobs.psv"
    row = "7|j|a|t||COMPLETED|2026-09-01T02:00:00|2026-09-01T03:00:00|3600|gpu01|gres/gpu=1\n"
    path.write_text("# sacct cluster=lab tz=Europe/Berlin\n" + HEAD + row)
    load([path])
    assert TrainingRun.objects.get().started == at(0)


def stands() -> dict[tuple, Decimal]:
    found: dict[tuple, Decimal] = {}
    for row in AllocatedCharge.objects.select_related("target"):
        t = row.target
        key = (t.state, t.workload, t.experiment, t.team)
        found[key] = found.get(key, Decimal(0)) + row.effective_cost
    return found


def node_bill(folder: Path) -> Path:
    more = {
        "ServiceCategory": "Compute", "x_InstanceType": "p5.48xlarge", "ConsumedUnit": "Hours",
        "ConsumedQuantity": "24", "ChargePeriodStart": "2026-09-01T00:00:00Z",
        "ChargePeriodEnd": "2026-09-02T00:00:00Z",
    }  # fmt: skip
    row = {**focus_row("i-1", "2026-09-01", "192"), **more}
    path = folder / "bill.csv"
    path.write_text(",".join(row) + "\n" + ",".join(row.values()) + "\n")
    return path


@pytest.mark.django_db
def test_it_brings_the_bill_of_a_node_to_the_experiments_of_its_jobs(home):
    """192.00 for 8 GPUs over a day is 1.00 a GPU-hour: 40 of the wide run, 10 of a job that a map
    names, and 142 that nobody reserved, since the file says that it knows the whole day."""
    jobs = home / "sacct_lab_2026-09-01.psv"
    rows = (
        "1|train|ana|vision|wide|COMPLETED|2026-09-01T01:00:00|2026-09-01T06:00:00|18000|n1|"
        "gres/gpu=8\n"
        "2|tune-7|ben|nlp||FAILED|2026-09-01T08:00:00|2026-09-01T13:00:00|18000|n1|gres/gpu=2\n"
    )
    covers = "# sacct cluster=lab start=2026-09-01 end=2026-09-02\n# node n1 gres=gpu:8\n"
    jobs.write_text(covers + HEAD + rows)
    maps = home / "nodes.csv"
    maps.write_text("cluster,node,resource_id\nlab,n1,i-1\n")
    names = home / "jobs.csv"
    names.write_text("pattern,experiment,model,team\ntune-*,tuning,small-v2,\n")
    load([jobs, maps, names, node_bill(home)])
    attribute()
    assert stands() == {
        ("active", "train", "wide", "vision"): 40,
        ("active", "", "tuning", "nlp"): 10,
        ("unreserved", "", "", ""): 142,
    }


@pytest.mark.django_db
def test_it_lists_nodes_that_no_bill_knows_with_the_time_their_jobs_held(home):
    load([TRAPS])
    september = Period(date(2026, 9, 1), date(2026, 10, 1))
    rows = run(Spec("unjoined", september, Asker("finance"))).rows
    found = {row["name"]: row["gpu_hours"] for row in rows if row["detail"] == "lab"}
    assert found == {"gpu01": 17, "gpu02": 16, "gpu03": Decimal("4.333333")}


@pytest.mark.django_db
def test_it_leaves_the_rest_unobserved_when_the_file_does_not_claim_the_day(home):
    jobs = home / "jobs.psv"
    row = "1|train|ana|vision|wide|RUNNING|2026-09-01T01:00:00|Unknown|18000|i-1|gres/gpu=8\n"
    jobs.write_text("# sacct cluster=lab\n" + HEAD + row)
    load([jobs, node_bill(home)])
    attribute()
    assert stands() == {("active", "train", "wide", "vision"): 40, ("unobserved", "", "", ""): 152}


@pytest.mark.django_db
def test_it_moves_the_money_when_a_run_learns_its_experiment(home):
    jobs = home / "jobs.psv"
    row = (
        "1|train|ana|vision|{}|COMPLETED|2026-09-01T01:00:00|2026-09-01T06:00:00|1|i-1|gres/gpu=8\n"
    )
    jobs.write_text("# sacct cluster=lab\n" + HEAD + row.format(""))
    load([jobs, node_bill(home)])
    attribute()
    assert ("active", "train", "", "vision") in stands()
    jobs.write_text("# sacct cluster=lab\n" + HEAD + row.format("wide"))
    load([jobs])
    attribute()
    assert stands()[("active", "train", "wide", "vision")] == 40
    load([jobs])
    assert GpuInterval.objects.count() == 5


def test_it_knows_its_files_and_no_other(home):
    assert slurm.identify(Head("x", (), TRAPS.read_bytes()))
    assert not slurm.identify(Head("x", (), b"JobID,Start,End,NodeList,AllocTRES\n"))
