"""Managed training jobs: the bill alone names the runs and puts their money on the experiment."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from attribution.allocate import attribute
from attribution.models import AllocatedCharge
from ingest.load import load
from ingest.models import TrainingRun
from ingest.sources.job_names import training_job
from tests.ingest.bills import focus_row, write_focus

ARN = "arn:aws:sagemaker:eu-west-1:123456789012:training-job/"


@pytest.mark.parametrize(
    ("name", "base"),
    [
        ("wide-2026-09-01-12-30-00-123", "wide"),
        ("wide-260901-1230-007-1a2b3c4d", "wide"),
        ("rank-v3", "rank-v3"),
        ("rank-20260901-123000", "rank"),
        ("2026-09-01-12-30-00-123", "2026-09-01-12-30-00-123"),
    ],
)
def test_it_knows_what_the_runs_of_a_job_have_in_common(name, base):
    assert training_job(ARN + name) == (name, base)
    assert training_job("arn:aws:sagemaker:eu-west-1:1:endpoint/" + name) is None


@pytest.mark.django_db
def test_it_makes_runs_of_the_training_jobs_on_a_bill(home):
    wide, tuned = ARN + "wide-2026-09-01-12-30-00-123", ARN + "wide-2026-09-02-08-00-00-001"
    tags = '{"user:Experiment": "deep", "team": "vision"}'
    bill = write_focus(
        home / "bill.csv",
        focus_row(wide, "2026-09-01", "7"),
        focus_row(wide, "2026-09-02", "5"),
        focus_row(tuned, "2026-09-02", "3", Tags=tags),
        focus_row("i-1", "2026-09-02", "2"),
    )
    load([bill])
    runs = TrainingRun.objects.order_by("name")
    assert [(r.name, r.experiment, r.team, r.gpu_ms) for r in runs] == [
        ("wide-2026-09-01-12-30-00-123", "wide", "", None),
        ("wide-2026-09-02-08-00-00-001", "deep", "vision", None),
    ]
    assert runs[0].started == datetime(2026, 9, 1, tzinfo=UTC)
    assert runs[0].ended == datetime(2026, 9, 3, tzinfo=UTC)
    attribute()
    found: dict[tuple, Decimal] = {}
    for row in AllocatedCharge.objects.select_related("target"):
        t = row.target
        key = (t.kind, t.activity, t.workload, t.experiment, t.team)
        found[key] = found.get(key, Decimal(0)) + row.billed_cost
    assert found == {
        ("workload", "training", "wide", "wide", ""): 12,
        ("workload", "training", "wide", "deep", "vision"): 3,
        ("unattributed", "other", "", "", ""): 2,
    }
    evidence = AllocatedCharge.objects.filter(target__experiment="wide").values_list("evidence")
    assert set(evidence) == {("inferred",)}


@pytest.mark.django_db
def test_it_keeps_one_run_when_the_month_is_delivered_again(home):
    job = ARN + "rank-v3"
    load([write_focus(home / "a.csv", focus_row(job, "2026-09-01", "7"))])
    rows = (focus_row(job, "2026-09-01", "7"), focus_row(job, "2026-09-03", "1"))
    load([write_focus(home / "b.csv", *rows)])
    [run] = TrainingRun.objects.all()
    assert (run.started.day, run.ended.day, run.experiment) == (1, 4, "rank-v3")
