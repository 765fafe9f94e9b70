"""Training: spent beside written off, what runs cost, and what is unknown without them."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
import re

import pytest

from aicost.kernel.periods import Period
from aicost.web.pages.training import per_run
from attribution.allocate import attribute
from attribution.models import Entity
from attribution.reports import run
from attribution.reports.spec import Asker, Spec
from ingest.models import TrainingRun
from tests.attribution.ledger import DAY, charge, source
from tests.web.page_text import rows_of

pytestmark = pytest.mark.django_db
D = Decimal
SEPTEMBER = Period(DAY, date(2026, 10, 1))
QUERY = "from=2026-09-01&to=2026-09-30&compare=none"
FAILED = "This box could not be filled"
HOUR = 3_600_000


def train(cost: str, **tags) -> None:
    charge(cost, provider="AWS", service_name="trainer", sku_meter=str(tags),
           tags={"activity": "training", **tags})  # fmt: skip


def ran(run_id: str, status: str, hours: int | None, **more) -> None:
    began = datetime(2026, 9, 1, 5, tzinfo=UTC)
    ended = None if status == "running" else began + timedelta(hours=hours or 1)
    TrainingRun.objects.create(
        source=source("runs", "runs"), run_id=run_id, status=status, started=began, ended=ended,
        gpu_ms=None if hours is None else hours * HOUR, **more,
    )  # fmt: skip


@pytest.fixture
def trained(db):
    """365.00 for ranker, in service from 16 September for a year: 15.00 are written off in
    September. 200.00 of the experiment tuning with runs of 15, 3 and 2 GPU-hours."""
    Entity.objects.create(
        dimension="model", name="ranker",
        attributes={"serving_from": "2026-09-16", "serving_life_months": "12"},
    )  # fmt: skip
    train("365", model="ranker", team="relevance")
    train("200", experiment="tuning", team="lab")
    ran("t-1", "finished", 15, experiment="tuning", team="lab")
    ran("t-2", "failed", 3, experiment="tuning", team="lab", params={"planned_hours": "2.5"})
    ran("t-3", "running", 2, experiment="tuning", team="lab")
    ran("r-1", "finished", None, model="ranker", team="relevance")
    attribute()


def ask(report: str, teams=None, **more) -> list[dict]:
    return run(Spec(report, SEPTEMBER, Asker("finops", teams), **more)).rows


def text(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def test_what_was_spent_stands_beside_what_is_written_off(visit, trained):
    page = visit("finance", f"/training/?{QUERY}").content.decode()
    assert FAILED not in page
    lead = re.search(r'<p class="lead">(.*?)</p>', page, re.S)[1]
    said = "Training cost $565.00 over 1–30 Sep 2026, 100.0% of AI cost"
    assert said in text(lead).replace(" ,", ",")
    found = rows_of(page, "Spent and written off", "Total")
    assert found["ranker"][:4] == ["$365.00", "$0.00", "$15.00", "$350.00"]
    assert found["ranker"][4] == "16 Sep 2026, 12 months, as registered"
    assert found["No model"][:4] == ["$200.00", "$0.00", "$0.00", "$200.00"]
    assert found["Total"][:4] == ["$565.00", "$0.00", "$15.00", "$550.00"]
    by_team = visit("finance", f"/training/?{QUERY}&group=team").content.decode()
    assert rows_of(by_team, "Spent and written off", "Total")["lab"][0] == "$200.00"


def test_a_run_costs_its_part_of_its_experiment_by_gpu_time(visit, trained):
    """By hand: 200.00 over 15, 3 and 2 GPU-hours; a run that tells no GPU time costs unknown."""
    rows = {row["run"]: row["run_cost"] for row in ask("run_cost")}
    assert rows == {"t-1": 150, "t-2": 30, "t-3": 20, "r-1": None}
    assert ask("run_cost", teams=("relevance",))[0]["run"] == "r-1"
    page = visit("finance", f"/training/?{QUERY}").content.decode()
    found = rows_of(page, "Runs")
    assert list(found) == ["t-3", "t-1", "t-2", "r-1"]  # what runs still comes first
    assert (found["t-2"][6], found["r-1"][6]) == ("$30.00", "unknown")
    assert found["t-2"][3].startswith("failed") and "took 3 h" in found["t-2"][3]
    assert "4 runs, 1 still running, 1 failed or killed" in text(page)
    (row,) = ask("failed_work")
    assert numbers_of(page, "Failed and killed runs") == row["failed_runs_cost"] == rows["t-2"]


def numbers_of(page: str, name: str) -> Decimal:
    found = re.search(rf"{name} (?:final|estimate)? ?\$([0-9,]+) ?(\.[0-9]+)", text(page))
    return D(found[1].replace(",", "") + found[2])


def test_a_run_on_average_is_a_quotient_of_the_rows_that_have_a_cost():
    began = datetime(2026, 9, 3, tzinfo=UTC)
    rows = [{"run_cost": D(cost) if cost else None, "started_at": began, "currency": "USD"}
            for cost in ("150", "30", "20", "")]  # fmt: skip
    (one,) = per_run(rows, "month", DAY)
    assert (one["period"], one["runs"], one["cost"]) == (DAY, 3, 200)
    assert one["average"] == D(200) / 3


def test_without_runs_the_money_stands_and_the_next_step_is_named(visit, db):
    train("10", model="ranker")
    attribute()
    page = text(visit("finance", f"/training/?{QUERY}").content.decode())
    assert "Failed and killed runs unknown" in page
    assert "no run tells how it ended" in page
    assert "It takes training runs, from Slurm, MLflow" in page
    empty = text(visit("finance", "/training/").content.decode())
    assert "Nothing was spent on training in this period." in empty


def test_it_asks_the_database_little(visit, client, trained, django_assert_max_num_queries):
    visit("finance", f"/training/?{QUERY}")
    with django_assert_max_num_queries(12):
        client.get(f"/training/?{QUERY}")
