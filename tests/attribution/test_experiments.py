"""Experiments so far: cost, whether anybody still uses them, and what a point of quality cost."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from aicost.kernel.periods import Period
from attribution.models import CostDay, Entity, Target
from attribution.reports import run
from attribution.reports.spec import Asker, Spec
from ingest.models import QualityScore, TrainingRun
from tests.attribution.ledger import calls, delivery, source
from tests.web.world import sum_costs

pytestmark = pytest.mark.django_db
SEPTEMBER = Period(date(2026, 9, 1), date(2026, 10, 1))
D = Decimal


def spent(experiment: str, day: int, cost: str, kind: str = "workload", team: str = "ads", **more):
    state = "active" if kind == "workload" else "held_idle"
    target, _ = Target.objects.get_or_create(
        kind=kind, state=state, activity="experimentation", experiment=experiment, team=team
    )
    CostDay.objects.create(
        day=date(2026, 9, day), billing_period=SEPTEMBER.start, source=source(), target=target,
        currency=more.get("currency", "USD"), evidence="measured", billed_cost=D(cost),
        effective_cost=D(cost),
    )  # fmt: skip


def score(value: str, day: int, experiment: str = "", version: str = "v1", measure: str = "auc"):
    of = source("business", "business")
    QualityScore.objects.create(source=of, delivery=delivery(of), day=date(2026, 9, day),
                                model="m", model_version=version, experiment=experiment,
                                measure=measure, score=D(value))  # fmt: skip


def ran(experiment: str, day: int, status: str, hours: int) -> None:
    TrainingRun.objects.create(
        source=source("runs", "runs"), run_id=f"{experiment}-{day}", experiment=experiment,
        status=status, started=datetime(2026, 9, day, tzinfo=UTC), gpu_ms=hours * 3_600_000,
        ended=None if status == "running" else datetime(2026, 9, day, 9, tzinfo=UTC),
    )  # fmt: skip


def ask(teams=None, period: Period = SEPTEMBER) -> dict[str, dict]:
    sum_costs(source())
    rows = run(Spec("experiments", period, Asker("finops", teams))).rows
    return {row["experiment"]: row for row in rows}


def test_it_tells_which_still_run_and_which_are_forgotten():
    """The bill reaches 30 September. `idle` was last used on the 1st and still holds GPUs; `slow`
    on the 24th, six days before; `told` was said to be over on the 15th and goes on."""
    spent("live", 1, "100")
    spent("live", 28, "20")
    spent("idle", 1, "10")
    for day in range(25, 31):
        spent("idle", day, "10", "idle")
    spent("done", 3, "5")
    spent("slow", 24, "7")
    spent("slow", 30, "1", "idle")
    spent("told", 29, "3")
    spent("called", 2, "4")
    calls("m", 9, day=date(2026, 9, 30), experiment="called")
    ran("started", 30, "running", 2)
    Entity.objects.create(
        dimension="experiment", name="told", status="retired", retired_on=date(2026, 9, 15)
    )
    rows = ask()
    shown = {name: (row["status"], row["quiet_days"], row["cost"]) for name, row in rows.items()}
    assert shown == {
        "live": ("running", 2, 120),
        "idle": ("forgotten", 29, 70),
        "done": ("ended", 27, 5),
        "slow": ("quiet", 6, 8),
        "told": ("forgotten", 1, 3),
        "called": ("running", 0, 4),
        "started": ("running", 0, None),
    }
    idle = rows["idle"]
    assert (idle["idle_cost"], idle["week_cost"], idle["last_used"]) == (60, 60, date(2026, 9, 1))
    assert list(rows) == ["live", "idle", "slow", "done", "called", "told", "started"]


def test_it_asks_as_of_the_end_of_the_period():
    spent("live", 1, "100")
    spent("live", 28, "20")
    row = ask(period=Period(date(2026, 9, 1), date(2026, 9, 11)))["live"]
    assert (row["cost"], row["last_used"], row["data_through"]) == (
        100, date(2026, 9, 1), date(2026, 9, 1),
    )  # fmt: skip


def test_it_puts_cost_on_the_points_an_experiment_gained():
    """120 for 0.80 → 0.82, two points: 60 each; 0.83 was known only later, and from elsewhere. A
    loss of 2.0 → 1.5 is half a point."""
    spent("better", 5, "120")
    spent("lower", 5, "30")
    score("0.80", 4)
    score("0.79", 3, version="v0")
    score("0.82", 6, "better", "v2")
    score("0.81", 6, "better", "v3")
    score("0.83", 7, version="v4")
    score("2.0", 4, measure="val_loss")
    score("1.5", 6, "lower", "v5", "val_loss")
    ran("better", 5, "finished", 15)
    ran("better", 6, "failed", 5)
    rows = ask()
    better, lower = rows["better"], rows["lower"]
    assert (better["score"], better["baseline_score"]) == (D("0.82"), D("0.80"))
    assert (better["gained_points"], better["cost_per_point"]) == (2, 60)
    assert (better["runs"], better["failed_runs"], better["gpu_hours"]) == (2, 1, 20)
    assert (lower["better"], lower["gained_points"], lower["cost_per_point"]) == (
        "lower", D("0.5"), 60,
    )  # fmt: skip


def test_it_says_why_no_cost_stands_on_a_point():
    for name in ("none", "first", "worse", "mixed"):
        spent(name, 5, "10")
    spent("mixed", 5, "9", currency="EUR")
    score("0.70", 1, "first", "v1", "recall")
    score("0.80", 1)
    score("0.75", 6, "worse", "v2")
    score("0.85", 6, "mixed", "v3")
    rows = ask()
    assert {name: row["reason"] for name, row in rows.items()} == {
        "none": "no score names it",
        "first": "no score from before it, of the same model, measure and data set",
        "worse": "its best score is no better than what was known before it",
        "mixed": "its cost stands in several currencies",
    }
    assert all(row["cost_per_point"] is None for row in rows.values())


def test_it_shows_a_team_its_own_part_only():
    spent("both", 5, "10")
    spent("both", 5, "90", team="search")
    spent("other", 5, "7", team="search")
    score("0.8", 4)
    score("0.9", 6, "both", "v2")
    score("0.9", 6, "heard-of")
    rows = ask(teams=("ads",))
    assert {name: row["cost"] for name, row in rows.items()} == {"both": 10}
    assert rows["both"]["reason"] == "other teams pay for part of it"
