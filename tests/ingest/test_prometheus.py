"""A real Prometheus, from the test of its connection to the ledger. The world it knows is drawn in
prometheus_world.py."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from aicost.kernel.periods import utc_now
from attribution.allocate import attribute
from attribution.audit import audit, is_clean
from ingest.connect import check_source, configure
from ingest.models import (
    ChangedDay,
    GpuInterval,
    Quarantined,
    ResourceMap,
    Source,
    UsageDay,
    WorkloadMap,
)
from ingest.run_source import run_source
from tests.attribution.ledger import charge, stands
from tests.ingest.prometheus_world import (
    EIGHT,
    LIVE,
    LLAMA,
    NOON,
    VMSS,
    Stand,
    backfill,
    exporter,
    exposition,
    open_metrics,
    prometheus,
    wait_for,
)
from tests.ingest.resolved import resource_of, workload_of
from tests.served import serving

pytestmark = pytest.mark.prometheus


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("prometheus")
    backfill(folder, open_metrics())
    with prometheus(folder) as url:
        yield url


@pytest.fixture
def clock(monkeypatch):
    """What the fetcher takes for now."""

    def at(moment: datetime) -> None:
        monkeypatch.setattr("ingest.fetch.prometheus.utc_now", lambda: moment)

    at(NOON + timedelta(minutes=10))
    return at


def connected(url, **more):
    values = {"url": url, "cluster": "prod", "start": "2026-09-01",
              "sets": "dcgm\nvllm\nkube", "labels": "team = cost-center", **more}  # fmt: skip
    return configure("metrics", "prometheus", values)


def told_of(source):
    return [(check.ok, check.what) for check in check_source(source)]


def bucket(device, at, workload=""):
    found = GpuInterval.objects.filter(device_uuid=device, t_start=at)
    return next(row for row in found if workload in row.workload_key and
                bool(workload) == bool(row.workload_key))  # fmt: skip


def ledger():
    """Everything of the source that stands, without what says how it came."""
    tables = (GpuInterval, UsageDay, ResourceMap, WorkloadMap)
    return [
        sorted(
            repr({k: v for k, v in row.items() if k not in ("delivery_id", "id")})
            for row in table.objects.values()
        )
        for table in tables
    ]


@pytest.mark.django_db
def test_it_brings_a_cluster_into_the_ledger(server, clock, home):
    run = run_source(connected(server))
    assert (run.state, run.message, run.held) == ("done", "", 0)
    assert Quarantined.objects.count() == 0

    held = bucket("GPU-1", EIGHT, "llama")
    assert (held.workload_key, held.node, held.cluster) == (
        f"k8s:prod/ml/{LLAMA}/main", "node-a", "prod",
    )  # fmt: skip
    assert (held.observed_ms, held.busy_ms, held.held_idle_ms) == (300_000, 150_000, 0)
    assert (held.alloc_gpu_fraction, held.alloc_basis, held.fb_total_mib) == (
        1,
        "exclusive",
        80_000,
    )
    device = bucket("GPU-1", EIGHT)
    assert (device.energy_j, device.energy_basis) == (120_000, "counter")
    idle = bucket("GPU-1", EIGHT + timedelta(minutes=90), "llama")
    assert (idle.busy_ms, idle.zero_ms, idle.held_idle_ms) == (0, 300_000, 300_000)

    assert bucket("GPU-2", EIGHT).empty_idle_ms == 300_000
    gap = GpuInterval.objects.filter(
        device_uuid="GPU-2", t_start__gte=EIGHT + timedelta(minutes=35),
        t_start__lt=EIGHT + timedelta(minutes=45),
    )  # fmt: skip
    assert not gap.exists(), "a gap is unobserved, not idle"
    assert not GpuInterval.objects.filter(device_uuid="GPU-2").exclude(workload_key="").exists()


@pytest.mark.django_db
def test_it_asks_kubernetes_what_the_labels_leave_open(server, clock, home):
    run_source(connected(server))
    asked = bucket("GPU-3", EIGHT, "train")
    assert (asked.workload_key, asked.alloc_gpu_fraction, asked.alloc_basis) == (
        "k8s:prod/ml/train-0/", 1, "request",
    )  # fmt: skip
    assert asked.busy_ms == 75_000
    assert bucket("GPU-3", EIGHT).flags == []
    broken = bucket("GPU-3", EIGHT + timedelta(minutes=60))
    assert (broken.busy_ms, broken.observed_ms) == (None, 300_000), "a sentinel is no value"

    last = bucket("GPU-4", EIGHT + timedelta(minutes=60), "once")
    assert last.observed_ms == 2 * 60_000, "it finished two minutes into the bucket"
    device = bucket("GPU-4", EIGHT + timedelta(minutes=60))
    assert (device.observed_ms, device.flags) == (300_000, ["stale_pod"])
    later = GpuInterval.objects.filter(device_uuid="GPU-4", pod="once-xxxxx",
                                       t_start__gte=EIGHT + timedelta(minutes=65))  # fmt: skip
    assert not later.exists(), "its label outlives it, and its job does not"


@pytest.mark.django_db
def test_it_counts_what_was_served(server, clock, home):
    calls = "max without (prometheus_replica) (increase(shop_calls_total[1h]))"
    own = f"shop_requests = sum by (model, feature, team) ({calls})"
    source = connected(server)
    run_source(source)
    values = {**source.settings, "sets": "kube", "custom": own}
    run_source(configure("shop", "prometheus", values))
    assert [s.usage_role for s in Source.objects.order_by("pk")] == ["provider_count", "calls"]
    [served] = UsageDay.objects.filter(feature="")
    assert (served.model, served.workload, served.activity, served.team) == (
        "llama-3.1-8b", "llama", "inference", "search",
    )  # fmt: skip
    # Four hours of ten tokens a second, four of them cached; a reset loses none.
    assert (served.input_tokens, served.cached_input_tokens) == (86_400, 57_600)
    assert (served.output_tokens, served.requests, served.successes) == (72_000, 17_280, 14_400)
    [own] = UsageDay.objects.filter(feature="search")
    assert (own.requests, own.team, own.model) == (4_800, "shop", "llama-3.1-8b")


@pytest.mark.django_db
def test_it_fills_the_maps_by_itself(server, clock, home):
    run_source(connected(server))
    place = "//compute.googleapis.com/projects/my-project"
    assert sorted(ResourceMap.objects.values_list("cluster", "node", "resource_id")) == [
        ("prod", "node-a", "i-0abc"),
        ("prod", "node-b", VMSS.format("mc_rg")),
        ("prod", "node-c", f"{place}/zones/us-central1-a/instances/4711"),
    ]
    told = ("pattern", "namespace", "activity", "model", "team", "workload", "found")
    assert sorted(WorkloadMap.objects.values_list(*told)) == [
        ("llama-*", "ml", "inference", "llama-3.1-8b", "search", "llama", True),
        ("train-*", "ml", "training", "", "vision", "train", True),
    ]
    first_days = {*WorkloadMap.objects.values_list("valid_from", flat=True),
                  *ResourceMap.objects.values_list("valid_from", flat=True)}  # fmt: skip
    assert first_days == {EIGHT.date()}


@pytest.mark.django_db
def test_it_reads_the_last_hours_again_and_changes_nothing(server, clock, home):
    source = connected(server)
    clock(EIGHT + timedelta(hours=2, minutes=40))
    run_source(source)
    clock(NOON + timedelta(minutes=10))
    source.refresh_from_db()
    assert source.state["until"] == (EIGHT + timedelta(hours=2, minutes=30)).isoformat()
    run = run_source(source)
    begun = run.facts[0]["set"].split("/")[0]
    assert begun == EIGHT.isoformat(), "2 hours back, full hours"
    before, changes = ledger(), ChangedDay.objects.count()
    source.refresh_from_db()
    again = run_source(source)
    assert (again.state, ledger(), ChangedDay.objects.count()) == ("done", before, changes)

    ChangedDay.objects.all().delete()
    whole = configure("whole", "prometheus", {**source.settings, "start": "2026-09-01"})
    run_source(whole)
    once = [[row for row in table if f"'source_id': {whole.pk}" in row] for table in ledger()]
    twice = [[row for row in table if f"'source_id': {source.pk}" in row] for table in ledger()]
    for one, two in zip(once[:2], twice[:2], strict=True):
        assert [row.replace(f"'source_id': {whole.pk}", f"'source_id': {source.pk}")
                for row in one] == two, "in one go or interrupted, the same"  # fmt: skip


@pytest.mark.django_db
def test_it_takes_a_pair_of_replicas_for_one(server, clock, home, tmp_path):
    pair = run_source(connected(server))
    backfill(tmp_path, open_metrics(replicas=("a",)))
    with prometheus(tmp_path) as alone:
        source = Source.objects.get(name="metrics")
        configure("metrics", "prometheus", {**source.settings, "url": alone}, source=source)
        Source.objects.update(state={})
        one = run_source(Source.objects.get(name="metrics"))
    assert (one.published, one.unchanged) == (0, pair.published), "the same to the byte"


@pytest.mark.django_db
def test_rows_made_by_hand_stay_and_win(server, clock, home):
    source = connected(server)
    ResourceMap.objects.create(node="node-a", resource_id="i-mine")
    WorkloadMap.objects.create(pattern="llama-*", cluster="prod", namespace="ml", team="mine",
                               valid_from=EIGHT.date())  # fmt: skip
    run_source(source)
    assert resource_of("prod", "node-a", EIGHT.date()) == "i-mine"
    assert workload_of("prod", "ml", LLAMA, EIGHT.date()).team == "mine"
    assert WorkloadMap.objects.filter(pattern="llama-*").count() == 1


@pytest.mark.django_db
def test_it_says_what_is_missing(server, clock, home, tmp_path):
    def told(**more):
        source = connected(more.pop("url", server), **more)
        found = told_of(source)
        source.delete()
        return found

    assert all(ok for ok, _ in told())
    assert (True, "3 nodes of kube-state-metrics") in told()
    [(ok, twice)] = told(custom="shop_requests = sum(increase(x[1h]))")
    assert not ok and "count the same ones" in twice
    [(ok, unreachable)] = told(url="http://127.0.0.1:9")
    assert not ok and "no answer" in unreachable
    [(ok, wrong)] = told(url=f"{server}/nowhere")
    assert not ok and "404" in wrong
    with prometheus(tmp_path, kept="30d") as empty:
        missing = "\n".join(what for ok, what in told(url=empty, start="1990-01-01") if not ok)
    assert "no DCGM series" in missing and "no kube_node_info" in missing
    assert "the server keeps" in missing and "there is nothing before" in missing


@pytest.fixture
def stand(server):
    made = Stand(server)
    with serving(made.server) as made.url:
        yield made


@pytest.mark.django_db
def test_it_trusts_no_partial_answer(stand, clock, home):
    clock(EIGHT + timedelta(hours=3, minutes=10))
    stand.warnings = ["No StoreAPIs matched for this query"]
    source = connected(stand.url)
    partial = run_source(source)
    assert any("No StoreAPIs" in warning for warning in partial.facts[-1]["warnings"])
    assert UsageDay.objects.count() == 0, "fewer calls than were are worse than none yet"
    stand.warnings = []
    clock(NOON + timedelta(minutes=10))
    source.refresh_from_db()
    assert source.state["again"]
    whole = run_source(source)
    assert all(fact["warnings"] == [] for fact in whole.facts)
    source.refresh_from_db()
    assert source.state["again"] == {}
    [served] = UsageDay.objects.all()
    assert served.requests == 17_280
    assert GpuInterval.objects.filter(device_uuid="GPU-3", workload_key="").count() == 49

    stand.warnings = ["No StoreAPIs matched for this query"]
    before = ledger()
    run_source(source)
    assert ledger() == before, "what was whole is not taken back"


@pytest.mark.django_db
def test_it_asks_in_halves_what_is_too_large(server, stand, clock, home):
    whole = run_source(connected(server))
    stand.seconds_max = 8_000
    source = Source.objects.get(name="metrics")
    configure("metrics", "prometheus", {**source.settings, "url": stand.url}, source=source)
    Source.objects.update(state={})
    halved = run_source(Source.objects.get(name="metrics"))
    assert (halved.published, halved.unchanged) == (0, whole.published), "the same to the byte"


@pytest.mark.django_db
def test_it_says_which_credential_is_wrong(stand, home):
    stand.token = "right"
    source = connected(stand.url, token="wrong")
    [check] = check_source(source)
    assert not check.ok and "401" in check.what and "token" in check.cure
    configure("metrics", "prometheus", {**source.settings, "token": "right"}, source=source)
    assert check_source(Source.objects.get())[0].ok


@pytest.mark.django_db
def test_it_reads_what_is_scraped_now(clock, home, tmp_path):
    """A live server and a live exporter: what was scraped is there, what was not is a gap."""
    with (
        exporter(exposition(EIGHT)) as port,
        prometheus(tmp_path, LIVE.format(port=port)) as url,
    ):
        today = utc_now() - timedelta(hours=1)
        source = connected(url, start=f"{today:%Y-%m-%d}", scrape_seconds="5")

        def scraped():
            clock(utc_now())
            return (True, "3 series of DCGM") in told_of(source)

        wait_for(scraped, tmp_path / "log")
        stamp = int(utc_now().timestamp())
        clock(datetime.fromtimestamp(stamp - stamp % 300 + 300, UTC) + timedelta(minutes=10))
        run = run_source(source)
    assert run.state == "done"
    device = GpuInterval.objects.filter(device_uuid="GPU-1", workload_key="").last()
    assert (device.node, device.flags) == ("node-a", ["gap"])
    assert 0 < device.observed_ms < 300_000
    assert device.busy_ms == device.observed_ms // 2
    held = GpuInterval.objects.filter(device_uuid="GPU-1", pod=LLAMA).last()
    assert held.observed_ms == device.observed_ms
    assert ResourceMap.objects.count() == 3


@pytest.mark.django_db
def test_the_bill_finds_its_nodes_by_itself(server, clock, home):
    """Of three machines at 1 an hour for the four hours: an instance, the first of a scale set,
    and one by its number."""
    place = "//compute.googleapis.com/projects/my-project/zones/us-central1-a/instances"
    machine = {"instance_type": "no-type-we-know", "service_category": "Compute",
               "consumed_unit": "Hrs", "consumed": "4"}  # fmt: skip
    node_a = charge("4", resource_id="i-0abc", **machine)
    node_b = charge("4", resource_id=VMSS.format("mc_rg"), **machine)
    node_c = charge("4", resource_id=f"{place}/4711", **machine)
    run_source(connected(server))
    attribute()
    assert is_clean(audit())

    def told(number):
        return {(key[1], key[2], key[3], key[5]): cost for key, cost in stands(number).items()}

    # The first scrape of all stands for the 15 seconds before eight, which nobody billed.
    assert told(node_b)["active", "train", "", "vision"] > Decimal("3.9")
    llama = "llama", "llama-3.1-8b", "search"
    states = {state for state, *who in told(node_a) if tuple(who) == llama}
    assert states == {"active", "held_idle"}
    assert {key[0] for key in told(node_a)} == {"active", "held_idle", "unreserved", "unobserved"}
    assert told(node_c)["active", "once", "", ""] < Decimal("1.1")
