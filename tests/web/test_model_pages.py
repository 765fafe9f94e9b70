"""Models: what a call costs against how good it is, on the list, the page of a model and in files.

Beside the small company, `ranker` answered 1,000 calls with v1 on 1 September for 60.00 and 1,000
with v2 on the 2nd for 80.00; v0 is scored and never called.
"""

import csv
from datetime import UTC, datetime
from decimal import Decimal
import io
import re

import pytest

from aicost.web.frontier import Mark, cut_ticks, drawn
from attribution.models import Entity
from ingest.models import Annotation, Price, QualityScore, Source, UsageDay
from tests.attribution.ledger import delivery
from tests.web.world import FIRST, QUERY, SECOND

pytestmark = pytest.mark.django_db
D = Decimal
SCORES = (("v1", "0.80", "2.0"), ("v2", "0.82", "1.5"), ("v0", "0.79", "3.0"))
FAILED = "This box could not be filled"


@pytest.fixture
def quality(costs):
    calls = Source.objects.create(name="calls", kind="usage")
    of = Source.objects.create(name="business", kind="business")
    for day, version in ((FIRST, "v1"), (SECOND, "v2")):
        UsageDay.objects.create(
            source=calls, day=day, model="ranker", model_version=version, requests=1000
        )
    for version, ndcg, loss in SCORES:
        for measure, value in (("ndcg@10", ndcg), ("val_loss", loss)):
            QualityScore.objects.create(
                source=of, delivery=delivery(of), day=FIRST, model="ranker",
                model_version=version, measure=measure, score=D(value), dataset="holdout",
            )  # fmt: skip


def text(response) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def test_the_list_shows_cost_and_quality_and_what_the_last_gain_cost(visit, quality):
    """140.00 for 2,000 calls are 70.00 per 1k, 80.00 with 20.00 of idle. v2 costs 0.02 more a call;
    30,000 calls a month make it 600.00, 2 points make it 300.00 each."""
    page = text(visit("viewer", f"/models/?{QUERY}"))
    for shown in ("$160.00", "$70.0", "$80.0", "0.8200 ndcg@10", "v1 → v2",
                  "+2.00 points", "+$600", "$300", "Total $255.00"):  # fmt: skip
        assert shown in page
    assert FAILED not in page


def test_the_page_of_a_model_names_what_beats_a_version_and_why_it_does_not_know(visit, quality):
    page = text(visit("finance", f"/models/ranker/?{QUERY}&whole=1"))
    assert FAILED not in page
    assert "Last gain. v1 to v2 brought +2.00 points of ndcg@10 for +$600 a month" in page
    assert "$300 a month for a point" in page
    assert "v1 scores 0.8000 and would cost 25% less" in page
    assert "v0 0.7900 unknown 0 0% cost unknown" in page
    assert "v0: no call names v0" in page
    # A loss has a plane of its own, on which less is better.
    assert "brought +0.50 points of val_loss" in page
    assert "the axis runs downwards" in page


def test_a_model_without_scores_says_how_to_get_them(visit, costs):
    page = text(visit("finance", f"/models/big-llm/?{QUERY}&whole=1"))
    assert "No score of this model." in page
    assert FAILED not in page


def test_its_changes_are_takeovers_prices_and_events(visit, quality):
    of = Source.objects.get(name="business")
    Annotation.objects.create(
        source=of, at=datetime(2026, 9, 2, 9, tzinfo=UTC), kind="deploy", title="Batch size 8",
        model="ranker", author="Priya",
    )  # fmt: skip
    for day, price in ((FIRST, "3"), (SECOND, "2.5")):
        Price.objects.create(
            provider="x", model="ranker", token_class="input", price=D(price), currency="USD",
            basis="list", valid_from=day, valid_to=None if day == SECOND else SECOND,
        )  # fmt: skip
    said = {"parameters": "410000000", "quantisation": "fp8"}
    Entity.objects.create(dimension="model", name="ranker", owner="Noor", attributes=said)
    page = text(visit("finance", f"/models/ranker/?{QUERY}&whole=1"))
    assert "Deploy: Batch size 8 Priya" in page
    assert "Price: input $2.50 per 1M, was $3.00 per 1M (list)" in page
    assert "Version: v2 took over from v1" in page
    assert "410M fp8 Noor $160.00" in page
    scoped = text(visit("scoped", f"/models/ranker/?{QUERY}&whole=1"))
    assert "Batch size 8" not in scoped
    assert "v2 took over from v1" in scoped


def test_measures_never_share_an_axis_and_better_is_up(visit, quality):
    """Each measure has a chart of its own; of a loss the axis runs downwards."""
    charts = [
        visit("finance", f"/figures/model/{slug}.json?{QUERY}&model=ranker").json()
        for slug in ("quality", "quality_2", "quality_3")
    ]
    named = [chart["layout"]["annotations"][0]["text"] for chart in charts[:2]]
    assert named == ["ndcg@10", "val_loss"]
    ends = [[D(end) for end in chart["layout"]["yaxis"]["range"]] for chart in charts[:2]]
    assert ends[0][0] < ends[0][1]
    assert ends[1][0] > ends[1][1]
    frontier = charts[0]["data"][0]
    assert frontier["line"]["shape"] == "hv"
    assert [D(x) for x in frontier["x"][:2]] == [60, 80]
    assert charts[2] == {"data": [], "layout": {}}


def test_files_hold_what_the_tables_show(visit, quality):
    def rows(address: str) -> list[dict]:
        content = b"".join(visit("finance", address).streaming_content).decode()
        return list(csv.DictReader(io.StringIO(content)))

    models = rows(f"/export/models/table.csv?{QUERY}")
    ranker = next(row for row in models if row["model"] == "ranker")
    assert D(ranker["marginal_cost_per_inference"]) == D("0.07")
    assert (ranker["measure"], D(ranker["score"])) == ("ndcg@10", D("0.82"))
    assert sum(D(row["cost"]) for row in models if row["line"] != "total") == 255
    scored = rows(f"/export/model/quality.csv?{QUERY}&model=ranker")
    gain = [D(r["gain_cost_per_point"]) for r in scored if r["gain_cost_per_point"]]
    assert gain == [300, 1200]


def test_a_team_sees_no_quality_of_what_others_pay_for(visit, quality):
    QualityScore.objects.update(model="big-llm")
    UsageDay.objects.update(model="big-llm")
    assert "ndcg@10" in text(visit("finance", f"/models/?{QUERY}"))
    assert "ndcg@10" not in text(visit("scoped", f"/models/?{QUERY}"))


@pytest.mark.parametrize("address", ["/models/", "/models/ranker/"])
def test_it_asks_few_questions(visit, client, quality, django_assert_max_num_queries, address):
    visit("finance", f"{address}?{QUERY}")
    with django_assert_max_num_queries(12):
        client.get(f"{address}?from=2026-09-01&to=2026-09-02")


def test_names_on_the_frontier_never_collide():
    marks = [
        Mark(f"version-{n}", D(10), D("0.8") + D(n) / 10_000, n == 39, True, n == 39, "")
        for n in range(40)
    ]
    layout = drawn(marks, "USD", "ndcg", lower=False)["layout"]
    named = layout["annotations"][2:]
    assert named[0]["text"] == "version-39"
    assert 1 < len(named) < len(marks)
    assert cut_ticks(D("0.402"), D("0.418")) == [D("0.400"), D("0.405"), D("0.410"), D("0.415"),
                                                 D("0.420")]  # fmt: skip
    assert len(cut_ticks(D(1), D(1))) >= 2
