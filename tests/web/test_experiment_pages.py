"""Experiments: which are forgotten, what they cost against their budget, what a point cost.

Beside the small company: `alpha` cost 40.00 on 1 and 20.00 on 2 September for the team relevance,
`beta` 5.00 and then 3.00 of idle. Of alpha two runs ended, 3 hours finished and 1 failed; its
version scores an AUC of 0.82 after 0.80.
"""

import csv
from datetime import UTC, date, datetime
from decimal import Decimal
import io
import re

import pytest

from aicost.web.trials import begun
from attribution.models import CostDay, Entity, EntityBudget, Target
from ingest.models import Annotation, QualityScore, Source, TrainingRun
from tests.attribution.ledger import delivery
from tests.web.world import FIRST, QUERY, SECOND, make_costs, sum_costs

pytestmark = pytest.mark.django_db
D = Decimal
FAILED = "This box could not be filled"
SPENT = (
    ("alpha", "workload", "40", "20"), ("beta", "workload", "5", "0"), ("beta", "idle", "0", "3"),
)  # fmt: skip


def spend(source: Source) -> None:
    """Into the rollup, before its days are summed."""
    for experiment, kind, *amounts in SPENT:
        target = Target.objects.create(
            kind=kind, state="active" if kind == "workload" else "held_idle",
            activity="experimentation", experiment=experiment, team="relevance",
        )  # fmt: skip
        for day, amount in zip((FIRST, SECOND), amounts, strict=True):
            if amount != "0":
                CostDay.objects.create(
                    day=day, billing_period=FIRST, source=source, currency="USD", target=target,
                    charge_category="Usage", evidence="measured", billed_cost=D(amount),
                    effective_cost=D(amount), service_name="Compute",
                )  # fmt: skip


@pytest.fixture
def trials(db):
    lab = Source.objects.create(name="lab", kind="bill")
    spend(lab)
    sum_costs(lab)
    make_costs()
    of = Source.objects.create(name="runs", kind="runs")
    for nth, (status, hours) in enumerate((("finished", 3), ("failed", 1))):
        TrainingRun.objects.create(
            source=of, run_id=f"r{nth}", name=f"try-{nth}", experiment="alpha", status=status,
            started=datetime(2026, 9, 1, 4, tzinfo=UTC), ended=datetime(2026, 9, 1, 8, tzinfo=UTC),
            gpu_ms=hours * 3_600_000, model_version=f"v{nth}",
        )  # fmt: skip
    for day, version, experiment, value in (
        (date(2026, 8, 30), "base", "", "0.80"), (SECOND, "v0", "alpha", "0.82"),
    ):  # fmt: skip
        QualityScore.objects.create(
            source=of, delivery=delivery(of), day=day, model="ranker", model_version=version,
            experiment=experiment, measure="auc", score=D(value), dataset="holdout",
        )  # fmt: skip
    EntityBudget.objects.create(
        dimension="experiment", name="alpha", amount=D(50), currency="USD", period="month"
    )
    Entity.objects.create(dimension="experiment", name="alpha", owner="Noor")
    Entity.objects.create(dimension="experiment", name="beta", status="retired", retired_on=FIRST)
    Annotation.objects.create(source=of, at=datetime(2026, 9, 1, 3, tzinfo=UTC), kind="commit",
                              title="Larger batch", experiment="alpha", author="Noor")  # fmt: skip


def text(response) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def test_the_list_shows_which_are_forgotten_and_adds_up_to_the_bill(visit, trials):
    """255.00 of the company and 68.00 of experiments; beta is retired and still costs."""
    page = text(visit("finance", f"/experiments/?{QUERY}"))
    assert FAILED not in page
    assert "2 experiments cost $68.00 so far; 1 in use. Nobody uses beta any more" in page
    assert (
        "beta forgotten, $8 a week forgotten $8 a week 1 Sep nobody relevance $8.00 $3.00 not set"
        in page
    )
    assert page.index("beta forgotten") < page.index("alpha running")
    told = "running 2 Sep Noor relevance $60.00 $0.00 120% of $50 2 1 failed"
    assert f"alpha running, 120% of its budget {told}" in page
    assert "0.8200 auc $30.0 $60.00" in page
    assert "Total $323.00" in page


def test_the_page_says_what_it_cost_against_its_budget_and_what_a_point_cost(visit, trials):
    """60.00 for the two points from 0.80 to 0.82. Of the 60.00 the failed quarter is 15.00."""
    page = text(visit("finance", f"/experiments/alpha/?{QUERY}&whole=1"))
    assert FAILED not in page
    assert "It cost $60.00 since 1 Sep 2026. It is in use: last on 2 Sep" in page
    assert "120% of $50, set a month over budget" in page
    assert "A point cost $30.0." in page
    assert "try-1 failed 1 Sep, 04:00 1 Sep, 08:00 1.0 $15.00 unknown" in page
    assert "try-0 finished 1 Sep, 04:00 1 Sep, 08:00 3.0 $45.00 0.8200 auc" in page
    assert "Failed runs $15.00 $60.00" in page
    assert "Training compute $60.00 100.0%" in page
    assert "Commit: Larger batch Noor" in page
    beta = text(visit("finance", f"/experiments/beta/?{QUERY}&whole=1"))
    assert "Nobody has used it since 1 Sep, and it still costs $8 a week." in beta
    assert "What a point cost: not enough data. No score names it." in beta


def test_its_chart_sums_cost_beside_the_budget(visit, trials):
    chart = visit("finance", f"/figures/experiment/chart.json?{QUERY}&experiment=alpha").json()
    named = {line["name"]: [D(y) for y in line["y"]] for line in chart["data"]}
    assert named == {"Cost so far": [40, 60], "Budget to date": [50, 50]}


def test_a_team_sees_its_experiments_and_no_plans(visit, trials):
    page = text(visit("scoped", f"/experiments/?{QUERY}"))
    assert "$60.00" in page
    assert "120%" not in page
    Target.objects.filter(experiment="alpha").update(team="support")
    assert visit("scoped", f"/experiments/alpha/?{QUERY}").status_code == 403
    assert "alpha" not in text(visit("scoped", f"/experiments/?{QUERY}"))


def test_files_hold_what_the_tables_show(visit, trials):
    def rows(address: str) -> list[dict]:
        content = b"".join(visit("finance", address).streaming_content).decode()
        return list(csv.DictReader(io.StringIO(content)))

    listed = {r["experiment"]: r for r in rows(f"/export/experiments/table.csv?{QUERY}")}
    assert D(listed["alpha"]["cost_per_point"]) == 30
    assert listed["beta"]["status"] == "forgotten"
    runs = rows(f"/export/experiment/runs.csv?{QUERY}&experiment=alpha")
    assert sorted(D(row["run_cost"]) for row in runs) == [15, 45]


@pytest.mark.parametrize("address", ["/experiments/", "/experiments/alpha/"])
def test_it_asks_few_questions(visit, client, trials, django_assert_max_num_queries, address):
    visit("finance", f"{address}?{QUERY}")
    with django_assert_max_num_queries(12):
        client.get(f"{address}?from=2026-09-01&to=2026-09-02")


def test_it_says_what_there_is_to_do_on_an_empty_database(visit):
    page = text(visit("finance", "/experiments/"))
    assert "No experiment is known." in page
    assert "No experiment yet." in page
    Entity.objects.create(dimension="experiment", name="none")
    page = text(visit("finance", f"/experiments/none/?{QUERY}&whole=1"))
    assert "Nothing is known of this experiment up to this period." in page
    assert FAILED not in page


def test_a_budget_begins_anew_with_each_of_its_periods():
    """5 a month from 15 August until 1 October, then 9 a quarter."""
    months = EntityBudget(amount=D(5), period="month", valid_from=date(2026, 8, 15),
                          valid_to=date(2026, 10, 1))  # fmt: skip
    quarters = EntityBudget(amount=D(9), period="quarter", valid_from=date(2026, 10, 1))
    steps = begun([months, quarters], date(2026, 8, 20), date(2027, 1, 1))
    assert steps == [
        (date(2026, 8, 20), 5), (date(2026, 9, 1), 5), (date(2026, 10, 1), 9),
        (date(2027, 1, 1), 9),
    ]  # fmt: skip
