"""Money spent on failures and retries; training as spent, and over its model's serving life."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from aicost.kernel.periods import Period
from attribution.allocate import attribute
from attribution.models import Entity
from attribution.reports import run
from attribution.reports.spec import Asker, Spec
from ingest.models import Alias, TrainingRun
from tests.attribution.ledger import DAY, calls, charge, source

pytestmark = pytest.mark.django_db
SEPTEMBER = Period(DAY, date(2026, 10, 1))
HOUR = 3_600_000


def ask(report: str, *group_by: str, period: Period = SEPTEMBER, teams=None, **more) -> list[dict]:
    return run(Spec(report, period, Asker("finops", teams), group_by=group_by, **more)).rows


def serve(cost: str, model: str, **tags) -> None:
    charge(cost, provider="AWS", service_name="endpoint", sku_meter=model,
           tags={"model": model, "activity": "inference", **tags})  # fmt: skip


def train(cost: str, day: date = DAY, **tags) -> None:
    charge(cost, provider="AWS", service_name="trainer", sku_meter=str(tags), day=day,
           tags={"activity": "training", **tags})  # fmt: skip


def finished(status: str, hours: int, experiment: str) -> None:
    at = datetime(2026, 9, 1, 5, tzinfo=UTC)
    TrainingRun.objects.create(
        source=source("runs", "runs"), run_id=f"{experiment}-{status}", experiment=experiment,
        status=status, gpu_ms=hours * HOUR, started=at, ended=at + timedelta(hours=hours),
    )  # fmt: skip


def test_it_shows_what_failures_and_retries_cost():
    """m-1 cost 100 for two features. Search: half of its 60 by tokens of failed calls. Help: 2 of
    its 8 calls failed, 10 of 40; 10 attempts for 8 calls, a fifth of the other 30. m-2 tells
    nothing. Of 20 GPU hours of the experiment 5 ended in nothing: 50 of 200."""
    serve("100", "m-1")
    serve("7", "m-2")
    calls("m-1", 12, feature="search", successes=11, input_tokens=1_000, failed_tokens=500)
    calls("m-1", 8, feature="help", successes=6, attempts=10)
    calls("m-2", 5, feature="chat")
    train("200", experiment="ranking")
    finished("finished", 15, "ranking")
    finished("failed", 3, "ranking")
    finished("killed", 2, "ranking")
    train("9", experiment="quiet")
    attribute()
    rows = {row["feature"]: row for row in ask("failed_work", "feature")}
    search, chat, none = rows["search"], rows["chat"], rows[""]
    assert (search["inference_cost"], search["failed_calls_cost"]) == (60, 30)
    assert (search["retries_cost"], search["basis"]) == (None, "tokens")
    assert [rows["help"][name] for name in (
        "inference_cost", "failed_calls_cost", "retries_cost", "failed_cost", "basis",
        "failed_requests", "retries",
    )] == [40, 10, 6, 16, "requests", 2, 2]  # fmt: skip
    assert (chat["failed_cost"], chat["untold_cost"], chat["basis"]) == (None, 7, "")
    assert [none[name] for name in (
        "training_cost", "failed_runs_cost", "untold_cost", "gpu_hours", "failed_gpu_hours",
    )] == [209, 50, 9, 20, 5]  # fmt: skip
    # Run by run: 15, 3 and 2 of 20 hours. What failed is what the failed ones cost.
    by_run = {row["status"]: row["run_cost"] for row in ask("run_cost")}
    assert by_run == {"finished": 150, "failed": 30, "killed": 20}
    by_experiment = {row["experiment"]: row for row in ask("failed_work", "experiment")}
    assert by_experiment["ranking"]["failed_runs_cost"] == 50
    [whole] = ask("failed_work")
    assert whole["failed_cost"] == 30 + 16 + 50
    assert whole["inference_cost"] + whole["training_cost"] == 316


def test_it_shows_a_team_its_own_failures_only():
    serve("60", "m-1", team="search")
    serve("40", "m-2", team="ads")
    calls("m-1", 10, successes=5)
    calls("m-2", 10, successes=5)
    attribute()
    [row] = ask("failed_work", "team", teams=("ads",))
    assert (row["team"], row["failed_calls_cost"]) == ("ads", 20)


def test_it_shows_training_as_spent():
    train("30", model="m-1", experiment="ranking")
    train("12", date(2026, 10, 4), model="m-1", experiment="ranking")
    train("5", experiment="open")
    attribute()
    period = Period(DAY, date(2026, 11, 1))
    rows = ask("training", period=period, granularity="month")
    shown = [(r["period"], r["model"], r["experiment"], r["training_cost"]) for r in rows]
    assert shown == [
        (DAY, "m-1", "ranking", 30), (DAY, "", "open", 5),
        (date(2026, 10, 1), "m-1", "ranking", 12),
    ]  # fmt: skip


def test_it_writes_training_off_over_the_serving_life():
    """365 for a model in service since 16 September for 12 months: 1 a day, 15 in September, 31
    in October. 365 more, spent in October, begin in November."""
    train("365", model="m-1", experiment="ranking")
    train("365", date(2026, 10, 20), model="m-1", experiment="ranking")
    train("5", experiment="open")
    Entity.objects.create(dimension="model", name="m-1", attributes={"serving_from": "2026-09-16"})
    attribute()
    period = Period(DAY, date(2026, 12, 1))
    rows = ask("training_amortised", "model", period=period, granularity="month")
    shown = [
        (row["period"].month, row["spent_to_date"], row["amortised_cost"], row["balance"])
        for row in rows
        if row["model"]
    ]
    assert shown == [(9, 365, 15, 350), (10, 730, 31, 684), (11, 730, 60, 624)]
    assert (rows[0]["serving_from"], rows[0]["serving_life_months"]) == (date(2026, 9, 16), 12)
    assert rows[0]["serving_basis"] == "as registered"
    nobody = [row for row in rows if not row["model"]]
    assert {(row["amortised_cost"], row["balance"], row["serving_basis"]) for row in nobody} == {
        (Decimal(0), Decimal(5), "no model")
    }
    later = Period(DAY, date(2028, 1, 1))
    [life] = ask("training_amortised", "model", period=later, filters={"model": ("m-1",)})
    assert (life["amortised_cost"], life["balance"]) == (730, 0)


def test_it_starts_with_the_first_calls_where_nobody_said():
    """A third of a cent over 366 days has no exact daily part; all parts sum to it all the same."""
    train("0.003333333333333333", model="m-1")
    calls("m-1", 1, day=date(2027, 9, 30))
    attribute()
    whole = Period(DAY, date(2029, 1, 1))
    rows = ask("training_amortised", "model", period=whole, granularity="month")
    assert sum(row["amortised_cost"] for row in rows) == Decimal("0.003333333333333333")
    assert len({row["amortised_cost"] for row in rows}) > 3
    assert rows[-1]["balance"] == 0 and rows[0]["serving_basis"] == "first calls"
    [now] = ask("training_amortised", "model")
    assert (now["amortised_cost"], now["balance"]) == (0, now["spent_to_date"])


def test_training_of_a_model_that_does_not_serve_stays_in_the_balance():
    train("12", model="shelved")
    attribute()
    later = Period(DAY, date(2028, 1, 1))
    [row] = ask("training_amortised", "model", period=later)
    assert (row["serving_basis"], row["amortised_cost"], row["balance"]) == (
        "not in service",
        0,
        12,
    )


def test_runs_meet_the_money_of_their_experiment_under_its_other_name():
    Alias.objects.create(dimension="experiment", raw="rank-old", canonical="ranking")
    train("200", experiment="rank-old")
    finished("finished", 15, "rank-old")
    finished("failed", 5, "rank-old")
    attribute()
    [row] = ask("failed_work", "experiment")
    assert (row["experiment"], row["failed_runs_cost"]) == ("ranking", 50)
