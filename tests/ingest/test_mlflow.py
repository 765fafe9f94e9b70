"""MLflow: its own client writes runs to each kind of store, and they arrive in the ledger."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
import os
from pathlib import Path
import threading

import pytest
from werkzeug.serving import make_server

from aicost.kernel.periods import utc_now, utc_today
from attribution.allocate import attribute
from attribution.models import AllocatedCharge
from ingest import connect
from ingest.load import load
from ingest.models import Delivery, GpuInterval, QualityScore, Source, TrainingRun, Usage
from ingest.run_source import run_source
from ingest.sources import mlflow_runs
from ingest.sources.base import Head
from tests.ingest.bills import focus_row

pytestmark = pytest.mark.django_db
SETTINGS = {"quality": ["val_ndcg = ndcg"], "since": str(utc_today() - timedelta(days=2))}


@pytest.fixture(autouse=True)
def roots(monkeypatch, tmp_path_factory):
    """Local stores may be read where the operator says so."""
    monkeypatch.setenv("AICOST_FOLDER_ROOTS", str(tmp_path_factory.getbasetemp()))


@pytest.fixture(scope="module")
def database(tmp_path_factory) -> str:
    """MLflow's tables in SQLite, made once: it takes its time."""
    return f"sqlite:///{tmp_path_factory.mktemp('mlflow')}/mlflow.db"


@pytest.fixture(scope="module")
def server(database) -> Iterator[str]:
    """MLflow's own tracking server on that database."""
    os.environ |= {
        "_MLFLOW_SERVER_FILE_STORE": database,
        "_MLFLOW_SERVER_ARTIFACT_ROOT": str(Path(database.removeprefix("sqlite:///")).parent),
    }
    from mlflow.server import app

    served = make_server("127.0.0.1", 0, app)
    thread = threading.Thread(target=served.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{served.server_port}"
    served.shutdown()
    thread.join()


def client_of(uri: str):
    os.environ |= {"MLFLOW_ALLOW_FILE_STORE": "true", "GIT_PYTHON_REFRESH": "quiet"}
    from mlflow import MlflowClient

    return MlflowClient(tracking_uri=uri)


def at(hours: float) -> int:
    """Milliseconds of a moment so many hours after yesterday's midnight."""
    midnight = utc_now().replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=1)
    return int((midnight + timedelta(hours=hours)).timestamp() * 1000)


def train(client, experiment: str, name: str, start: float, end: float | None, **tags) -> str:
    found = client.get_experiment_by_name(experiment)
    number = found.experiment_id if found else client.create_experiment(experiment)
    run = client.create_run(number, start_time=at(start), run_name=name, tags=tags).info.run_id
    client.log_param(run, "lr", "0.1")
    client.log_metric(run, "val_ndcg", 0.5, step=1)
    client.log_metric(run, "val_ndcg", 0.8125, step=2)
    for gpu in range(2):
        client.log_metric(run, f"system/gpu_{gpu}_utilization_percentage", 71.5)
    if end is not None:
        client.set_terminated(run, "FINISHED", end_time=at(end))
    return run


def source(store: str, **more) -> Source:
    return connect.configure("lab", "mlflow", {"store": store, **SETTINGS, **more})


TAGS = {
    "model": "rank", "model_version": "7", "team": "vision", "host": "i-9", "reason": "data drift",
    "mlflow.user": "ana", "mlflow.source.git.commit": "abc123", "long": "x" * 2000,
}  # fmt: skip


@pytest.mark.parametrize("kind", ["folder", "database", "server"])
def test_it_reads_the_runs_of_each_kind_of_store(kind, tmp_path, database, request, home):
    uri = {
        "folder": lambda: f"file://{tmp_path}/mlruns",
        "database": lambda: database,
        "server": lambda: request.getfixturevalue("server"),
    }[kind]()
    experiment = f"wide-{kind}"
    run = train(client_of(uri), experiment, "first", 1, 4.5, **TAGS)
    lab = source(uri, experiments=[experiment])
    checks = connect.check_source(lab)
    assert all(check.ok for check in checks), checks
    done = run_source(lab)
    assert (done.state, done.published, done.message) == ("done", 1, "")
    [found] = TrainingRun.objects.all()
    assert (found.run_id, found.name, found.experiment) == (run, "first", experiment)
    assert (found.user, found.team, found.model, found.status) == (
        "ana", "vision", "rank", "finished",
    )  # fmt: skip
    assert (found.git_commit, found.reason, found.hosts) == ("abc123", "drift", ["i-9"])
    assert found.params == {"lr": "0.1"} and "long" not in found.tags
    assert found.gpu_ms == 2 * 12_600_000
    [score] = QualityScore.objects.all()
    assert (score.model, score.model_version, score.measure, score.score, score.experiment) == (
        "rank", "7", "ndcg", Decimal("0.8125"), experiment,
    )  # fmt: skip
    [usage] = Usage.objects.all()
    assert (usage.activity, usage.gpu_ms, usage.experiment) == ("training", 25_200_000, experiment)
    again = run_source(lab)
    assert (again.published, again.held) == (0, 0)
    assert TrainingRun.objects.count() == QualityScore.objects.count() == 1


def test_it_follows_a_run_until_it_ends_and_takes_late_metrics(tmp_path, home):
    uri = f"file://{tmp_path}/mlruns"
    client = client_of(uri)
    run = train(client, "wide", "long", 2, None, **TAGS)
    lab = source(uri)
    run_source(lab)
    assert TrainingRun.objects.get().status == "running"
    assert TrainingRun.objects.get().ended is None and lab.state["open"]
    hours = GpuInterval.objects.count()
    assert hours >= 22 and Usage.objects.get().status == "running"
    client.set_terminated(run, "FAILED", end_time=at(5))
    client.log_metric(run, "val_ndcg", 0.9, step=3)
    run_source(lab)
    assert TrainingRun.objects.get().status == "failed" and lab.state["open"] == []
    assert QualityScore.objects.get().score == Decimal("0.9")
    assert Usage.objects.get().gpu_ms == 2 * 3 * 3_600_000
    assert Delivery.objects.filter(state="superseded").exists()


def test_it_counts_the_gpus_of_nested_runs_once_and_no_score_of_a_deleted_run(tmp_path, home):
    uri = f"file://{tmp_path}/mlruns"
    client = client_of(uri)
    parent = train(client, "sweep", "all", 1, 3, host="i-9")
    train(client, "sweep", "one", 1, 2, host="i-9", **{"mlflow.parentRunId": parent})
    gone = train(client, "sweep", "gone", 4, 5, host="i-9")
    client.delete_run(gone)
    client.log_metric(parent, "val_ndcg", float("nan"), step=9)
    run_source(source(uri))
    keys = set(GpuInterval.objects.values_list("workload_key", flat=True))
    assert keys == {f"mlflow:{parent}", f"mlflow:{gone}"}
    assert TrainingRun.objects.get(name="one").parent_run == parent
    [score] = QualityScore.objects.all()
    assert score.model_version == "one"


def node_bill(folder: Path) -> Path:
    day = str(utc_today() - timedelta(days=1))
    row = {
        **focus_row("i-9", day, "48"),
        "ServiceCategory": "Compute", "x_InstanceType": "custom-2gpu", "ConsumedUnit": "Hours",
        "ConsumedQuantity": "24", "SkuPriceDetails": "GpuCount2",
        "ChargePeriodStart": f"{day}T00:00:00Z", "ChargePeriodEnd": f"{utc_today()}T00:00:00Z",
    }  # fmt: skip
    row["SkuPriceDetails"] = '"{""GpuCount"": ""2""}"'
    path = folder / "bill.csv"
    path.write_text(",".join(row) + "\n" + ",".join(row.values()) + "\n")
    return path


def test_it_brings_the_bill_of_the_host_to_the_experiment(tmp_path, home):
    """48.00 for 2 GPUs over a day is 1.00 a GPU-hour: 7 of the run, 41 nobody knows about."""
    uri = f"file://{tmp_path}/mlruns"
    train(client_of(uri), "wide", "first", 1, 4.5, **TAGS)
    run_source(source(uri))
    load([node_bill(home)])
    attribute()
    found = {}
    for row in AllocatedCharge.objects.select_related("target"):
        t = row.target
        key = (t.state, t.activity, t.experiment, t.model, t.team)
        found[key] = found.get(key, Decimal(0)) + row.effective_cost
    assert found == {
        ("active", "training", "wide", "rank", "vision"): 7,
        ("unobserved", "other", "", "", ""): 41,
    }


def test_it_names_the_experiment_of_a_slurm_job(tmp_path, home):
    """The scheduler knows who held the node, the tracker what for."""
    uri = f"file://{tmp_path}/mlruns"
    train(client_of(uri), "wide", "first", 1, 4.5, slurm_job_id="77", model="rank")
    day = utc_today() - timedelta(days=1)
    jobs = home / "jobs.psv"
    jobs.write_text(
        "# sacct cluster=lab\nJobIDRaw|JobName|Account|State|Start|End|NodeList|AllocTRES\n"
        f"77|run.sh|nlp|COMPLETED|{day}T00:00:00|{day}T12:00:00|i-9|gres/gpu=2\n"
    )
    run_source(source(uri, cluster="lab"))
    load([jobs, node_bill(home)])
    attribute()
    targets = {
        (r.target.experiment, r.target.model, r.target.team): r.effective_cost
        for r in AllocatedCharge.objects.select_related("target")
        if r.target.state == "active"
    }
    assert targets == {("wide", "rank", "nlp"): 24}


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"store": "{tmp}/no/such/folder"}, "no such folder"),
        ({"store": "sqlite:///{tmp}/no.db"}, "cannot be read"),
        ({"store": "/etc"}, "AICOST_FOLDER_ROOTS"),
        ({"store": "sqlite:////etc/passwd"}, "AICOST_FOLDER_ROOTS"),
        ({"store": "http://127.0.0.1:9"}, "no answer"),
        ({"experiments": ["other"]}, "no experiment 'other'. There are: Default, wide"),
        ({"quality": ["accuracy"]}, "There are: val_ndcg"),
    ],
)
def test_it_says_what_is_missing(given, told, tmp_path, home):
    uri = f"file://{tmp_path}/mlruns"
    train(client_of(uri), "wide", "first", 1, 2)
    given = {"store": uri, **given}
    checks = connect.check_source(source(given.pop("store").format(tmp=tmp_path), **given))
    assert told in f"{checks[-1].what}. {checks[-1].cure}" and not checks[-1].ok


def test_it_sets_a_run_aside_that_cannot_be_read(home):
    path = home / "mlflow_x.jsonl"
    path.write_text(
        '{"mlflow": {"cluster": ""}}\n{"experiment": {"name": "e"}, "info": {"run_id": "r",'
        ' "start_time": "soon"}}\n{\n[]\n'
    )
    [result] = load([path])
    assert (result.rows_loaded, result.rows_quarantined) == (0, 3)
    assert mlflow_runs.identify(Head("x", (), path.read_bytes()))
