"""Cost against quality: what a version costs, what beats it, what the last gain cost a point."""

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
import pytest

from aicost.kernel.periods import Period
from attribution.allocate import attribute
from attribution.measures import better_of
from attribution.models import EntityAbove
from attribution.quality import HIGHER, LOWER, Point, beaten_by, points
from attribution.reports import run
from attribution.reports.spec import Asker, Spec
from ingest.models import QualityScore
from tests.attribution.ledger import DAY, calls, charge, delivery, source

D = Decimal
WEEK = Period(DAY, DAY + timedelta(days=5))


def on(nth: int) -> date:
    return DAY + timedelta(days=nth - 1)


def ask(period: Period = WEEK, teams=None, **filters) -> dict[tuple, dict]:
    """(version, measure) -> row."""
    rows = run(Spec("quality", period, Asker("finops", teams), filters=filters)).rows
    return {(row["model_version"], row["measure"]): row for row in rows}


def serve(nth: int, cost: str, workload: str = "serve", model: str = "rank", **tags) -> None:
    tags |= {"model": model, "activity": "inference", "workload": workload}
    charge(cost, provider="AWS", service_name="endpoint", day=on(nth), tags=tags)


def score(version: str, value: str, nth: int = 1, measure: str = "ndcg@10", model: str = "rank",
          better: str = ""):  # fmt: skip
    of = source("business", "business")
    QualityScore.objects.create(source=of, delivery=delivery(of), day=on(nth), model=model,
                                model_version=version, measure=measure, score=D(value),
                                dataset="holdout", better=better)  # fmt: skip


def five_days() -> None:
    """v1 serves alone on days 1 and 2 for 30 a day, shares day 3 with v2, which serves alone on
    days 4 and 5 for 40 a day, each day 100 calls and more. v3 has a workload of its own from day
    3: 10 a day for 20 calls. Nobody calls v4."""
    for nth, cost in enumerate(("30", "30", "35", "40", "40"), 1):
        serve(nth, cost)
    for nth, version, number in (
        (1, "v1", 100), (2, "v1", 100), (3, "v1", 60), (3, "v2", 60), (4, "v2", 100),
        (5, "v2", 100),
    ):  # fmt: skip
        calls("rank", number, day=on(nth), model_version=version, workload="serve")
    for nth in (3, 4, 5):
        serve(nth, "10", "canary")
        calls("rank", 20, day=on(nth), model_version="v3", workload="canary")
    attribute()
    for version, ndcg, loss in (("v1", "0.80", "2.0"), ("v2", "0.82", "1.5"), ("v3", "0.81", "1.6"),
                                ("v4", "0.90", "0.5")):  # fmt: skip
        score(version, ndcg, 3)
        score(version, loss, 3, "val_loss")
    score("v2", "0.70", 2)
    score("v2", "0.99", 6)


@pytest.mark.django_db
def test_it_sets_what_a_call_of_each_version_costs_against_its_last_score():
    """v1 60 / 200, v2 80 / 200: the day they share tells of neither. v3 30 / 60, no better than
    v2 and dearer. The score of day 6 is not known by then, that of day 2 no longer holds."""
    five_days()
    rows = ask()
    shown = {
        version: (row["marginal_cost_per_inference"], row["score"], row["standing"],
                  row["beaten_by"])
        for (version, measure), row in rows.items()
        if measure == "ndcg@10"
    }  # fmt: skip
    assert shown == {
        "v4": (None, D("0.9"), "", ""),
        "v2": (D("0.4"), D("0.82"), "frontier", ""),
        "v3": (D("0.5"), D("0.81"), "beaten", "v2"),
        "v1": (D("0.3"), D("0.8"), "frontier", ""),
    }
    v1, v4 = rows["v1", "ndcg@10"], rows["v4", "ndcg@10"]
    assert (v1["requests"], v1["requests_alone"]) == (260, 200)
    assert (v1["cost_from"], v1["cost_through"]) == (on(1), on(2))
    assert v4["reason"] == "no call names v4"


@pytest.mark.django_db
def test_it_puts_money_on_a_point_of_the_last_gain():
    """v2 took the lead from v1 on day 4 and costs 0.10 more a call. 580 calls in 5 days are 3,480
    in 30: 348 a month. NDCG rose by 2 points: 174 each. The loss fell by 0.5: 696 for 1."""
    five_days()
    rows = ask()
    gain = rows["v2", "ndcg@10"]
    assert (gain["leads_since"], gain["leads_after"]) == (on(4), "v1")
    assert (gain["gained_points"], gain["gain_cost_per_month"]) == (2, 348)
    assert (gain["gain_cost_per_point"], gain["reason"]) == (174, "")
    loss = rows["v2", "val_loss"]
    assert (loss["better"], loss["gained_points"]) == ("lower", D("0.5"))
    assert loss["gain_cost_per_point"] == 696
    assert rows["v3", "val_loss"]["beaten_by"] == "v2"
    assert rows["v1", "ndcg@10"]["gain_cost_per_point"] is None


@pytest.mark.django_db
def test_it_takes_the_last_days_of_a_version_that_serves_no_more():
    """Of days 4 and 5 v1 answers none: its last two days stand in, and say so."""
    five_days()
    rows = ask(Period(on(4), on(6)))
    v1 = rows["v1", "ndcg@10"]
    assert (v1["requests"], v1["marginal_cost_per_inference"]) == (None, D("0.3"))
    assert (v1["cost_from"], v1["cost_through"]) == (on(1), on(2))
    # 240 calls in 2 days are 3,600 a month, at 0.10 more each.
    assert rows["v2", "ndcg@10"]["gain_cost_per_month"] == 360


@pytest.mark.django_db
def test_it_says_why_no_money_stands_on_a_point():
    """Two versions that never serve apart; one that is better and cheaper; one that is worse."""
    serve(1, "10", "shared", "m-1")
    for version in ("a", "b"):
        calls("m-1", 5, model_version=version, workload="shared")
        score(version, "0.5", model="m-1")
    for version, nth in (("old", 1), ("new", 2)):
        serve(nth, "10", "w", "m-4")
        calls("m-4", 10, day=on(nth), model_version=version, workload="w")
    score("old", "0.5", model="m-4")
    for model, first, then in (("m-2", "0.5", "0.6"), ("m-3", "0.6", "0.5")):
        for nth, version, cost, value in ((1, "old", "20", first), (2, "new", "10", then)):
            serve(nth, cost, "w", model)
            calls(model, 10, day=on(nth), model_version=version, workload="w")
            score(version, value, nth, model=model)
    attribute()
    found = {
        (row["model"], row["model_version"]): row
        for row in run(Spec("quality", WEEK, Asker("finops"))).rows
    }
    assert found["m-1", "a"]["marginal_cost"] is None
    assert "shares its workload with no other version" in found["m-1", "a"]["reason"]
    assert found["m-2", "new"]["reason"] == "it is better than old and costs no more"
    # 20 calls in 2 days are 300 a month, each 1 cheaper: a saving, and no price of a point.
    assert found["m-2", "new"]["gain_cost_per_month"] == -300
    assert found["m-2", "new"]["gain_cost_per_point"] is None
    assert found["m-3", "new"]["reason"] == "its score is no better than that of old"
    assert found["m-2", "old"]["beaten_by"] == "new"
    unscored = found["m-4", "new"]
    assert (unscored["score"], unscored["standing"], unscored["leads_after"]) == (None, "", "old")
    assert unscored["marginal_cost_per_inference"] == 1
    assert unscored["reason"] == "no score of this measure and data set"


@pytest.mark.django_db
def test_it_compares_models_that_are_versions_of_one_base():
    """rank-a and rank-b are registered below `rank`; the frontier is theirs together."""
    for nth, model, cost, value in ((1, "rank-a", "10", "0.7"), (2, "rank-b", "10", "0.8")):
        serve(nth, cost, "w", model)
        calls(model, 10, day=on(nth), model_version="1", workload="w")
        score("1", value, nth, model=model)
        EntityAbove.objects.create(level="base_model", dimension="model", name=model, above="rank")
    attribute()
    rows = {r["model"]: r for r in run(Spec("quality", WEEK, Asker("finops"))).rows}
    assert rows["rank-a"]["beaten_by"] == "rank-b 1"
    assert rows["rank-b"]["leads_after"] == "rank-a 1"


@pytest.mark.django_db
def test_it_shows_a_team_the_models_it_alone_pays_for():
    serve(1, "10", team="search")
    serve(1, "10", model="both", team="search")
    serve(1, "10", "other", model="both", team="ads")
    for model in ("rank", "both"):
        calls(model, 10, model_version="v1")
        score("v1", "0.8", model=model)
    attribute()
    rows = run(Spec("quality", WEEK, Asker("engineer", ("search",)))).rows
    assert [row["model"] for row in rows] == ["rank"]
    assert run(Spec("quality", WEEK, Asker("engineer", ()))).rows == []


@pytest.mark.django_db
def test_a_score_says_which_way_its_measure_is_better():
    """Of `wait` no word knows; the newest score that says so speaks for the older ones too."""
    five_days()
    for version, value in (("v1", "3"), ("v2", "2"), ("v3", "4")):
        score(version, value, measure="wait")
    assert {row["better"] for key, row in ask().items() if key[1] == "wait"} == {HIGHER}
    score("v2", "2", 2, measure="wait", better=LOWER)
    found = {key[0]: row for key, row in ask().items() if key[1] == "wait"}
    assert {row["better"] for row in found.values()} == {LOWER}
    assert found["v2"]["gained_points"] == 1
    assert found["v1"]["standing"] == "frontier", "cheaper than v2, if slower"


def test_it_knows_which_measures_are_better_low(tmp_path, settings):
    settings.AICOST_HOME = tmp_path
    assert [better_of(name) for name in ("val_loss", "WER", "perplexity (wiki)")] == [LOWER] * 3
    assert [better_of(name) for name in ("ndcg@10", "auc", "closs")] == [HIGHER] * 3
    assert better_of("loss", told=HIGHER) == HIGHER
    (tmp_path / "data").mkdir()
    own = tmp_path / "data" / "quality_measures.csv"
    own.write_text("pattern,better\n^closs$,lower\nval_loss,higher\n", encoding="utf-8")
    assert [better_of(name) for name in ("closs", "val_loss", "wer")] == [LOWER, HIGHER, LOWER]
    assert points(D("0.4182"), D("0.4096"), HIGHER, True) == D("0.86")
    assert points(D("11.5"), D("12"), LOWER, False) == D("0.5")


SMALL = st.integers(0, 6).map(D)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(SMALL, SMALL), max_size=12), st.sampled_from((HIGHER, LOWER)))
def test_nothing_on_the_frontier_is_beaten_and_all_else_is(plane, better):
    found = [Point(nth, cost, value) for nth, (cost, value) in enumerate(plane)]
    standing = beaten_by(found, better)

    def beats(a: Point, b: Point) -> bool:
        good = (a.score, b.score) if better == HIGHER else (-a.score, -b.score)
        return a.cost <= b.cost and good[0] >= good[1] and (a.cost, good[0]) != (b.cost, good[1])

    by_key = {one.key: one for one in found}
    for one in found:
        winner = standing[one.key]
        if winner is None:
            assert not any(beats(other, one) for other in found)
        else:
            assert beats(by_key[winner], one)
            assert standing[winner] is None
