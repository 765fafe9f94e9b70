"""Each detector of facts on a small case that can be reckoned by hand, and beside it one that is
none."""

from datetime import date, timedelta
from decimal import Decimal

from attribution.detectors import DETECTORS
from attribution.detectors.findings import settings_at

RUN = {one.name: one for one in DETECTORS if one.reads == "facts"}
SUNDAY = date(2026, 8, 30)
USD = {"currency": "USD"}


def said(name: str, rows: list[dict], sensitivity: str = "medium"):
    detector = RUN[name]
    return list(detector.run(rows, settings_at(detector.settings, sensitivity)))


def only(name: str, rows: list[dict]):
    (one,) = said(name, rows)
    return one


def day(back: int) -> date:
    """So many days before Sunday 30 August 2026."""
    return SUNDAY - timedelta(days=back)


def gpu(
    back, node="n1", active=0, held=0, empty=0, unreserved=0, unseen=0, experiment="", price=10
):
    """A row of a node's GPU hours of one day, at one price an hour."""
    hours = {"active": active, "held_idle": held, "empty_idle": empty,
             "unreserved": unreserved, "unobserved": unseen}  # fmt: skip
    row = {f"{state}_hours": Decimal(each) for state, each in hours.items()}
    row |= {f"{state}_cost": Decimal(each * price) for state, each in hours.items()}
    return USD | row | {
        "period": day(back), "resource": node, "experiment": experiment, "workload": "",
        "gpu_hours": Decimal(sum(hours.values())),
    }  # fmt: skip


def test_idle_gpus_are_told_from_the_first_idle_day_on():
    """A node works until Monday; from Tuesday on it holds 24 idle hours a day at 10 an hour."""
    busy = [gpu(back, active=24) for back in range(6, 20)]
    idle = [gpu(back, held=24, experiment="wide") for back in range(6)]
    one = only("idle_gpu", busy + idle)
    assert (one.level, one.name) == ("experiment", "wide")
    assert (one.onset, one.last, one.expected, one.actual) == (day(5), SUNDAY, 0, 1440)
    assert one.evidence["resources"] == ["n1"]
    assert said("idle_gpu", busy + idle[:4]) == []


def test_a_machine_left_on_over_a_weekend_is_told_when_it_works_on_weekdays():
    week = [gpu(back, active=20, unreserved=4) for back in range(2, 7)]
    weekend = [gpu(back, empty=24, experiment="two-tower") for back in (0, 1)]
    one = only("weekend", week + weekend)
    assert (one.name, one.onset, one.last, one.actual) == ("two-tower", day(1), SUNDAY, 480)
    assert not one.goes_on
    never_works = [gpu(back, empty=24) for back in range(20)]
    assert said("weekend", never_works) == []


def test_silent_telemetry_is_told_with_what_nobody_observed():
    """Half a day on Thursday, all of Friday, 36 hours at 10."""
    seen = [gpu(back, active=24) for back in (0, 1, 4, 5, 6, 7)]
    gap = [gpu(3, active=12, unseen=12), gpu(2, unseen=24)]
    one = only("silence", seen + gap)
    assert (one.name, one.onset, one.last, one.actual) == ("n1", day(3), day(2), 360)
    always = [gpu(back, unseen=24) for back in range(10)]
    assert said("silence", always) == []


def test_a_source_that_sends_nothing_is_told_until_it_is_gone():
    row = {"source": "mf-serve", "kind": "telemetry", "day": SUNDAY, "through": day(3)}
    one = only("source_silence", [row])
    assert (one.level, one.name, one.onset, one.actual) == ("source", "mf-serve", day(2), None)
    for back in (1, 60):
        assert said("source_silence", [row | {"through": day(back)}]) == []


def month(number, cost, revenue, last=None):
    first = date(2026, number, 1)
    last = last or date(2026, number, 28)
    return USD | {
        "feature": "support", "period": first, "through": last, "cost": Decimal(cost),
        "revenue": Decimal(revenue), "margin": Decimal(revenue) - Decimal(cost),
    }  # fmt: skip


def test_a_margin_that_turned_is_told_from_the_month_it_turned_in():
    rows = [month(5, 700, 900), month(6, 900, 900), month(7, 1100, 900), month(8, 1300, 950)]
    one = only("negative_margin", rows)
    assert (one.onset, one.expected, one.actual, one.excess) == (date(2026, 7, 1), 1850, 2400, 550)
    assert said("negative_margin", rows[2:]) == []  # it never earned: nothing turned
    young = [*rows[:2], month(7, 1100, 900, last=date(2026, 7, 4))]
    assert said("negative_margin", young) == []


def test_a_dearer_version_that_is_hardly_better_is_told_with_its_calls():
    """A million calls at 0.3 cents instead of 0.2, for 0.2 points of NDCG."""
    row = USD | {
        "model": "rank", "model_version": "v2", "leads_after": "v1", "leads_since": day(20),
        "cost_from": day(27), "day": SUNDAY, "measure": "ndcg", "requests": 1_000_000,
        "requests_alone": 1_000_000, "gained_points": Decimal("0.2"),
        "marginal_cost_per_inference": Decimal("0.003"), "before": Decimal("0.002"),
        "gain_cost_per_month": Decimal(1070),
    }  # fmt: skip
    one = only("quality_lag", [row])
    assert (one.expected, one.actual, one.onset) == (2000, 3000, day(20))
    assert said("quality_lag", [row | {"gained_points": Decimal(3)}]) == []
    assert said("cheaper_version", [row]) == []


def test_a_version_that_made_calls_cheaper_is_told_with_what_it_saves():
    row = USD | {
        "model": "rank", "model_version": "v2", "leads_after": "v1", "leads_since": day(20),
        "cost_from": day(27), "day": SUNDAY, "requests_alone": 1_000_000,
        "gain_cost_per_month": Decimal(-1070), "marginal_cost_per_inference": Decimal("0.002"),
        "before": Decimal("0.003"),
    }  # fmt: skip
    assert only("cheaper_version", [row]).excess == -1000
    assert said("cheaper_version", [row | {"day": SUNDAY + timedelta(days=30)}]) == []


def account(back, cost, unattributed, name="4471"):
    return USD | {"period": day(back), "account": name, "cost": Decimal(cost),
                  "unattributed": Decimal(unattributed)}  # fmt: skip


def test_an_account_nobody_tags_is_told_with_all_it_cost():
    rows = [account(back, 30, 30) for back in range(40)]
    rows += [account(back, 1000, 10, "prod") for back in range(40)]
    one = only("untagged", rows)
    assert (one.level, one.name, one.onset, one.actual) == ("account", "4471", day(39), 1200)


def test_a_growing_unattributed_part_is_told_against_the_weeks_before():
    """5 % of 1,000 a day, then 20 % for a week: 1,400 instead of 350."""
    rows = [account(back, 1000, 200 if back < 7 else 50, "prod") for back in range(40)]
    one = only("untagged", rows)
    assert (one.level, one.expected, one.actual) == ("organisation", 350, 1400)


def test_an_estimate_far_from_the_bill_is_told():
    row = USD | {"model": "sage", "estimated_cost": Decimal(600), "billed_cost": Decimal(800),
                 "onset": day(27), "last": SUNDAY}  # fmt: skip
    one = only("estimate_drift", [row])
    assert (one.expected, one.actual, one.excess) == (600, 800, 200)
    assert said("estimate_drift", [row | {"estimated_cost": Decimal(760)}]) == []


def test_billed_calls_that_no_log_knows_are_told_in_money():
    rows = [USD | {"period": day(back), "model": "sage", "cost": Decimal(100),
                   "unmetered": Decimal(3)} for back in range(30)]  # fmt: skip
    one = only("unmetered", rows)
    assert (one.level, one.name, one.actual, one.onset) == ("model", "sage", 90, day(29))
    assert said("unmetered", [row | {"unmetered": Decimal("0.01")} for row in rows]) == []


def test_a_retry_storm_is_more_retries_a_call_than_before():
    """A third of the calls are retries, a thirtieth before: a tenth of 300 was usual."""
    row = USD | {"model": "sage", "requests": 3000, "retries": 1000, "retries_cost": Decimal(300),
                 "requests_before": 12000, "retries_before": 400, "onset": day(6),
                 "last": SUNDAY}  # fmt: skip
    one = only("retry_storm", [row])
    assert (one.expected, one.actual) == (30, 300)
    assert said("retry_storm", [row | {"retries_before": 3000}]) == []


def test_prompts_that_grow_are_told_with_what_the_longer_input_costs():
    """1,000 tokens in and 1,000 out a call; then 3,000 in: 2,000 of 4,000 tokens are the growth."""
    weeks = [
        USD | {
            "feature": "support", "period": day(6 + 7 * back), "last": day(7 * back),
            "requests": 1000, "input_tokens": 1_000_000 if back >= 4 else 3_000_000,
            "tokens": 2_000_000 if back >= 4 else 4_000_000, "cost": Decimal(100),
        }
        for back in range(12)
    ]  # fmt: skip
    one = only("longer_input", weeks)
    assert (one.expected, one.actual, one.onset) == (200, 400, day(27))


def trial(**more):
    return USD | {
        "experiment": "wide", "quiet_days": 20, "retired": False, "still_costs": True,
        "since": day(19), "cost_since": Decimal(800), "day": SUNDAY,
    } | more  # fmt: skip


def test_a_forgotten_experiment_is_told_with_its_cost_since_it_was_used():
    one = only("forgotten_experiment", [trial()])
    assert (one.onset, one.last, one.actual) == (day(19), SUNDAY, 800)
    assert said("forgotten_experiment", [trial(quiet_days=3)]) == []
    assert said("forgotten_experiment", [trial(still_costs=False)]) == []
    assert len(said("forgotten_experiment", [trial(quiet_days=1, retired=True)])) == 1


def test_a_model_nobody_calls_is_told_with_what_serving_it_costs():
    row = USD | {"model": "old", "last_call": day(20), "cost_since": Decimal(500), "day": SUNDAY}
    assert only("uncalled_model", [row]).onset == day(19)
    assert said("uncalled_model", [row | {"last_call": day(2)}]) == []


def stored(costs):
    return [
        USD | {"level": "model", "name": "rank", "period": day(6 + 7 * back), "last": day(7 * back),
               "cost": Decimal(cost)}
        for back, cost in enumerate(reversed(costs))
    ]  # fmt: skip


def test_storage_that_only_grows_is_told_against_its_first_week():
    costs = [50, 50, 52, 55, 60, 64, 70, 75, 80, 85]
    one = only("storage_growth", stored(costs))
    assert (one.expected, one.actual) == (500, sum(costs))
    cleaned = [50, 52, 55, 60, 30, 64, 70, 75, 80, 85]
    assert said("storage_growth", stored(cleaned)) == []


def training(**more):
    return USD | {
        "level": "experiment", "name": "wide", "day": SUNDAY, "first": day(29), "budget": None,
        "cost": Decimal(0), "scores": (), "measure": "ndcg", "better": "higher",
        "cost_since_best": None,
    } | more  # fmt: skip


def test_training_past_its_budget_is_told():
    row = training(budget=Decimal(1000), cost=Decimal(1300))
    one = only("training_over_budget", [row])
    assert (one.expected, one.actual) == (1000, 1300)
    assert said("training_over_budget", [row | {"cost": Decimal(900)}]) == []


def test_training_that_gains_nothing_is_told_since_its_best_score():
    """The best NDCG is of the second of five scores; a loss counts the other way round."""
    scores = [(day(5 - k), Decimal(s)) for k, s in enumerate(("0.7", "0.8", "0.79", "0.8", "0.78"))]
    row = training(scores=scores, cost_since_best=Decimal(400))
    assert only("stalled_training", [row]).onset == day(4)
    assert said("stalled_training", [row | {"better": "lower", "scores": scores[:3]}]) == []
    falling = [(when, -score) for when, score in scores]
    assert only("stalled_training", [row | {"better": "lower", "scores": falling}]).actual == 400


def test_a_budget_that_will_not_do_is_told_with_where_it_ends():
    row = USD | {
        "level": "team", "name": "search", "title": "search", "onset": day(29), "day": SUNDAY,
        "amount": Decimal(1000), "used": Decimal(800), "forecast": Decimal(1300), "said": "alert",
        "words": "ends over the budget with a probability of 93 %",
    }  # fmt: skip
    one = only("budget_burn", [row])
    assert (one.expected, one.actual) == (1000, 1300)
    assert only("budget_burn", [row | {"forecast": None, "used": Decimal(1100)}]).actual == 1100
    assert said("budget_burn", [row | {"said": "warn"}]) == []
    assert len(said("budget_burn", [row | {"said": "warn"}], "high")) == 1


def test_a_bill_that_changed_is_told_with_the_change():
    row = USD | {"source": "api", "billed_delta": Decimal("78.12"), "first_day": day(40),
                 "last_day": day(38), "changed_on": day(2), "day": SUNDAY}  # fmt: skip
    assert only("restated_bill", [row]).excess == Decimal("78.12")
    assert said("restated_bill", [row | {"billed_delta": Decimal(3)}]) == []


def test_a_refund_of_an_earlier_day_is_told():
    row = USD | {"source": "api", "model": "sage", "period": day(50), "cost": Decimal(-180),
                 "day": SUNDAY}  # fmt: skip
    one = only("corrected_bill", [row])
    assert (one.level, one.name, one.onset, one.last) == ("model", "sage", day(50), day(50))
    assert one.actual == -180
    assert only("corrected_bill", [row | {"model": ""}]).name == "api"
