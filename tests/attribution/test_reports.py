"""Reports over a small world: they add up, agree in every format, and leak nothing."""

import csv
from datetime import date
from decimal import Decimal
import io
import itertools
import json

from django.core.management import call_command
from django.db.models import F
import pyarrow.parquet as pq
import pytest

from aicost.kernel.periods import Period
from attribution.models import CostDay, CostSum, DayState
from attribution.reports import REPORTS, compare, run
from attribution.reports.columns import COUNT, DAY, DECIMAL, MEASURE, TEXT, TIME, kind_of
from attribution.reports.explain import explain
from attribution.reports.formats import to_csv, to_json, to_parquet, to_table
from attribution.reports.spec import (
    CHARGE_DIMENSIONS,
    SERIES_DIMENSIONS,
    TARGET_DIMENSIONS,
    Asker,
    BadSpec,
    NotAllowed,
    Spec,
)
from ingest.models import Charge, ResourceMap, Source
from tests.attribution import world
from tests.attribution.ledger import charge, node_map

pytestmark = pytest.mark.django_db

D = Decimal
SEPTEMBER = Period(date(2026, 9, 1), date(2026, 10, 1))
SUMMER = Period(date(2026, 8, 1), date(2026, 10, 1))
FINANCE = Asker("finance")
# alert_days is of one alert: tests/web/test_alert_pages.py has one.
OF_ALL = {name: report for name, report in REPORTS.items() if name != "alert_days"}


@pytest.fixture
def built():
    world.build()


def ask(report: str, period: Period = SEPTEMBER, asker: Asker = FINANCE, **more):
    return run(Spec(report, period, asker, **more))


def table(answer, *names):
    return [tuple(row[name] for name in names) for row in answer.rows]


def test_it_puts_owned_rows_first_and_pools_below_so_that_the_table_is_the_bill(built):
    answer = ask("cost", group_by=("feature",))
    assert table(answer, "feature", "line", "cost", "idle_cost") == [
        ("search", "owned", D(60), D(10)),
        ("assistant", "owned", D(5), D(0)),
        ("", "shared", D(2), D(0)),
        ("", "idle", D(20), D(20)),
        ("", "unattributed", D(13), D(0)),
    ]
    search = answer.rows[0]
    assert (search["measured_cost"], search["tagged_cost"]) == (D(50), D(10))
    assert (answer.currency, answer.residual) == ("USD", 0)


def test_it_adds_up_under_every_grouping_step_and_spread(built):
    rollup = (*TARGET_DIMENSIONS, *SERIES_DIMENSIONS)
    for groups in itertools.chain([()], itertools.combinations(rollup, 2)):
        for step, pools in (("total", "shown"), ("week", "spread"), ("quarter", "shown")):
            answer = ask(
                "cost", SUMMER, group_by=groups, granularity=step, idle=pools, shared=pools
            )
            assert sum(row["cost"] for row in answer.rows) == D(108), (groups, step, pools)


def test_it_adds_up_by_every_dimension_of_single_charges(built):
    for name in (*CHARGE_DIMENSIONS, "tag:team", "tag:none"):
        for beside in ("feature", "kind", "service", "evidence"):
            answer = ask("cost", group_by=(name, beside), granularity="day")
            assert sum(row["cost"] for row in answer.rows) == D(100), (name, beside)
        assert sum(row["cost"] for row in ask("cost", group_by=(name,)).rows) == D(100), name
    by_sku = ask("cost", group_by=("sku", "feature")).rows
    assert sum(row["cost"] for row in by_sku if row["line"] == "owned") == D(65)


def test_it_groups_and_filters_by_resource_rule_and_tag(built):
    answer = ask(
        "cost", group_by=("resource", "team"), filters={"instance_type": ("p4d.24xlarge",)}
    )
    assert table(answer, "resource", "team", "line", "cost", "idle_cost") == [
        ("i-1", "a", "owned", D(50), D(10)),
        ("i-1", "", "idle", D(20), D(20)),
        ("i-1", "", "unattributed", D(10), D(0)),
    ]
    by_tag = ask("cost", group_by=("tag:team", "rule"), filters={"tag:feature": ("search", "x")})
    assert table(by_tag, "tag:team", "rule", "line", "cost") == [("a", "direct", "owned", D(10))]
    untagged = ask("cost", group_by=("service",), filters={"tag:team": ("",)})
    assert sorted(table(untagged, "service", "cost")) == [
        ("Computers", D(80)),
        ("Gadgets", D(3)),
        ("Tax", D(2)),
    ]
    why = explain(Spec("cost", SEPTEMBER, FINANCE, group_by=("resource",)), {"resource": "i-1"})
    assert (why.figure, [line.part for line in why.lines]) == (D(80), [D(80)])


def test_it_spreads_pools_over_workload_and_unattributed(built):
    answer = ask("cost", group_by=("feature",), idle="spread", shared="spread")
    assert {row["line"] for row in answer.rows} == {"owned", "unattributed"}
    assert sum(row["idle_spread"] for row in answer.rows) == D(20)
    assert sum(row["shared_spread"] for row in answer.rows) == D(2)
    own = [row["cost"] - row["idle_spread"] - row["shared_spread"] for row in answer.rows]
    assert sorted(own) == [D(5), D(13), D(60)]


def test_it_filters_by_what_is_set_and_by_what_is_not(built):
    assert table(ask("cost", filters={"team": ("b",)}), "cost") == [(D(5),)]
    unset = ask("cost", filters={"feature": ("",), "kind": ("idle", "shared")})
    assert table(unset, "cost") == [(D(22),)]
    assert ask("cost", filters={"service": ("Nothing",)}).rows == []


def test_it_tells_unit_cost_with_numerator_and_denominator(built):
    (ranker,) = ask("unit_cost", group_by=("model",)).rows
    assert (ranker["model"], ranker["requests"], ranker["successes"]) == ("rank-v1", 900, 890)
    assert (ranker["marginal_cost"], ranker["idle_cost"], ranker["loaded_cost"]) == (40, 10, 50)
    assert ranker["loaded_cost_per_inference"] == D("0.055555555555555556")
    assert ranker["tokens"] is None and ranker["loaded_cost_per_million_tokens"] is None
    assert 32 <= ranker["latency_p50_ms"] <= 2**8 and ranker["latency_p95_ms"] > 2**7
    (search,) = (
        r for r in ask("unit_cost", group_by=("feature",)).rows if r["feature"] == "search"
    )
    assert (search["outcome"], search["outcomes"]) == ("orders", 9)
    assert search["marginal_cost_per_outcome"] == D("4.444444444444444444")


def test_it_gives_calls_the_team_their_model_stands_on(built):
    (row,) = ask("unit_cost", group_by=("team", "workload")).rows
    assert (row["team"], row["workload"], row["requests"]) == ("a", "ranker", 900)
    assert ask("unit_cost", asker=Asker("engineer", ("b",))).rows == []


def test_it_ranks_features_by_margin_and_keeps_unknown_revenue_unknown(built):
    answer = ask("margin")
    assert table(answer, "feature", "line", "cost", "revenue", "margin") == [
        ("search", "owned", D(60), D(30), D(-30)),
        ("assistant", "owned", D(5), None, None),
        ("", "shared", D(2), None, None),
        ("", "idle", D(20), None, None),
        ("", "unattributed", D(13), None, None),
    ]
    search = answer.rows[0]
    assert search["margin_percent"] == D(-100)
    parts = ("active_cost", "idle_cost", "api_cost", "training_cost", "other_cost")
    assert [search[name] for name in parts] == [D(40), D(10), D(0), D(0), D(10)]


def test_it_counts_gpu_hours_by_state(built):
    (row,) = ask("gpu", group_by=("resource",)).rows
    states = ("gpu", "active", "held_idle", "empty_idle", "unreserved", "unobserved")
    assert [row[f"{state}_hours"] for state in states] == [8, 4, 1, 0, 2, 1]
    assert (row["cost"], row["active_cost"], row["unobserved_cost"]) == (80, 40, 10)
    assert table(ask("gpu", group_by=("node", "team")), "node", "team", "gpu_hours") == [
        ("node-a", "a", D(5)),
        ("node-a", "", D(3)),
    ]


def test_it_compares_with_the_period_before(built):
    spec = Spec("cost", SEPTEMBER, FINANCE, group_by=("team",))
    rows = {row["team"] or row["line"]: row for row in compare(spec).rows}
    change = ("cost", "previous", "delta", "delta_percent")
    assert [rows["a"][name] for name in change] == [D(60), D(8), D(52), D(650)]
    assert [rows["b"][name] for name in change] == [D(5), D(0), D(5), "new"]
    back = Spec("cost", Period(date(2026, 8, 1), date(2026, 9, 1)), FINANCE, group_by=("team",))
    gone = {row["team"]: row for row in compare(back, SEPTEMBER).rows}["b"]
    assert [gone[name] for name in change] == [D(0), D(5), D(-5), D(-100)]


def test_it_compares_step_by_step(built):
    spec = Spec("cost", SEPTEMBER, FINANCE, granularity="day", filters={"team": ("a",)})
    rows = compare(spec, Period(date(2026, 8, 2), date(2026, 9, 1))).rows
    assert [(row["period"], row["cost"], row["previous"]) for row in rows] == [
        (date(2026, 9, 1), D(60), D(8))
    ]


def test_it_says_final_only_when_the_bill_reaches_and_no_day_waits(built):
    day = Period(date(2026, 9, 1), date(2026, 9, 2))
    assert ask("cost", day).final
    assert not ask("cost", SEPTEMBER).final
    assert not ask("cost", Period(date(2025, 1, 1), date(2025, 1, 2))).final
    DayState.objects.filter(day=date(2026, 9, 1)).update(dirty_version=99)
    assert not ask("cost", day).final


def test_it_shows_what_does_not_add_up(built):
    lost = CostDay.objects.get(effective_cost=3)
    of_period = CostSum.objects.filter(
        grain="period", day=lost.day, kind=lost.target.kind, evidence=lost.evidence
    )
    left = {name: F(name) - 3 for name in ("billed_cost", "effective_cost")}
    assert of_period.update(**left) == 1
    CostSum.objects.filter(effective_cost=3).exclude(grain="period").delete()
    lost.delete()
    assert ask("cost").residual == D(3)
    (found,) = ask("reconciliation").rows
    assert (found["billing_period"], found["billed"], found["residual"]) == ("2026-09", 100, 3)
    assert found["attributed"] == found["attributed_measured"] + found["attributed_tagged"]


def test_it_lists_what_does_not_join_and_what_was_held_back(built):
    world.stranger()
    world.quarantine_row()
    Charge.objects.filter(series__resource_id="i-1").delete()
    charge("9", day=world.BEFORE, resource_id="i-retired")
    node_map("node-retired", "i-retired")
    node_map("node-typo", "i-typo")
    ResourceMap.objects.create(node="node-0", resource_id="i-0", valid_to=world.BEFORE)
    rows = ask("unjoined").rows
    assert [(row["what"], row["name"], row["gpu_hours"], row["cost"]) for row in rows] == [
        ("node without charges", "stranger", D(1), None),
        ("resource without charges", "i-1", D(7), None),
        ("resource without charges", "i-typo", None, None),
    ]
    (held,) = ask("quarantine").rows
    assert (held["file"], held["reason"], held["rows"], held["first_line"]) == (
        "calls.csv",
        "no time",
        1,
        7,
    )
    assert "raw" not in held


def test_it_leaks_nothing_of_other_teams_through_any_report(built):
    """b sees its 5.00 and what belongs to nobody's team nowhere: no name, no amount of a."""
    names = {"a", "search", "rank-v1", "ranker", "i-1", "p4d.24xlarge", "Computers"}
    foreign = {D(60), D(10), D(40), D(50), D(80), D(100), D(20), D(13), D(3), D(2), 900, 600}
    for role, (name, report) in itertools.product(("engineer", "admin"), OF_ALL.items()):
        asker = Asker(role, ("b",))
        for groups in itertools.chain([()], ((g,) for g in report.groups if g != "model_version")):
            try:
                answer = ask(name, SUMMER, asker, group_by=groups, long=True)
            except NotAllowed:
                continue
            assert answer.residual is None
            if name == "freshness":
                continue
            values = {value for row in answer.rows for value in row.values()}
            assert not values & foreign, (name, groups)
            assert not values & names, (name, groups)
    assert ask("cost", SUMMER, Asker("viewer", ())).rows == []


def test_it_names_bills_only_to_those_whose_money_they_have(built):
    """How far measurements reach, and whether the answer is final, is told to everybody."""
    Source.objects.create(name="secret vendor", kind="bill")
    told = {
        teams: [
            {one.source for one in ask("cost", SUMMER, Asker("viewer", teams)).freshness},
            {row["source"] for row in ask("freshness", SUMMER, Asker("viewer", teams)).rows},
        ]
        for teams in (None, ("b",), ())
    }
    everything = set(Source.objects.values_list("name", flat=True))
    bills = set(Source.objects.filter(kind="bill").values_list("name", flat=True))
    assert told[None] == [everything, everything]
    assert told[("b",)] == [everything - {"secret vendor"}] * 2
    assert told[()] == [everything - bills] * 2
    whole, some = (ask("cost", SUMMER, Asker("viewer", teams)) for teams in (None, ("b",)))
    assert (whole.final, whole.as_of) == (some.final, some.as_of)


def test_it_shows_margin_only_to_those_who_may_see_it(built):
    for role in ("viewer", "engineer"):
        with pytest.raises(NotAllowed, match="is for finance, finops, admin"):
            ask("margin", asker=Asker(role))
    with pytest.raises(NotAllowed, match="whole company"):
        ask("margin", asker=Asker("finance", ("a",)))


def test_it_refuses_a_question_it_cannot_answer_and_says_what_it_can():
    for more, words in (
        ({"group_by": ("colour",)}, "group_by 'colour' is not one of: feature"),
        ({"group_by": ("team", "team")}, "twice"),
        ({"filters": {"colour": ("red",)}}, "filter 'colour' is not one of"),
        ({"filters": {"tag:": ("red",)}}, "filter 'tag:' is not one of"),
        ({"group_by": ("resource",), "idle": "spread"}, "spread over targets, not over single"),
        ({"granularity": "hour"}, "granularity 'hour' is not one of: total, day"),
        ({"idle": "hidden"}, "idle 'hidden' is not one of: shown, spread"),
    ):
        with pytest.raises(BadSpec, match=words):
            ask("cost", **more)
    with pytest.raises(BadSpec, match="at most 31 days, not 61; ask for fewer, or .*--long"):
        ask("cost", SUMMER, filters={"sku": ("s",)})
    with pytest.raises(BadSpec, match="'tag:team' is not one of"):
        ask("gpu", group_by=("tag:team",))
    with pytest.raises(BadSpec, match="not one of: cost"):
        ask("costs")


def test_it_writes_the_same_numbers_in_every_format(built):
    python = {TEXT: str, DAY: date, TIME: date, COUNT: int, DECIMAL: Decimal, MEASURE: float}
    asked = [(name, report.groups[:2]) for name, report in OF_ALL.items()]
    for name, groups in [("cost", ("resource", "tag:team")), *asked]:
        answer = ask(name, SUMMER, group_by=groups, long=True)
        assert set(answer.columns) == set().union(*answer.rows or [answer.columns]), name
        for row, column in itertools.product(answer.rows, answer.columns):
            kind = python[kind_of(column)]
            assert row[column] is None or isinstance(row[column], kind), (name, column)
        document = json.loads(to_json(answer))
        assert list(document) == [
            "report", "spec", "currency", "final", "as_of", "residual", "missing_rates", "rows"
        ]  # fmt: skip
        rows = list(csv.DictReader(io.StringIO(to_csv(answer))))
        stored = pq.read_table(io.BytesIO(to_parquet(answer))).to_pylist()
        for told, cell, kept, row in zip(document["rows"], rows, stored, answer.rows, strict=True):
            assert {k: "" if v is None else str(v) for k, v in told.items()} == cell
            assert kept == row
        assert to_table(answer)
    assert document["spec"]["to"] == "2026-10-01"


def test_it_guards_text_but_not_numbers_against_formulas(built):
    CostSum.objects.filter(service_name="Bucket").update(
        service_name="=cmd|' /C calc'!A0", effective_cost=D("-1.5")
    )
    text = to_csv(ask("cost", group_by=("service",)))
    assert "\r\n2026-09-01,'=cmd|' /C calc'!A0,owned,USD,-1.5,0,0,-1.5,0,0,0\r\n" in text


def test_it_answers_on_the_command_line(built, tmp_path, capsys):
    common = ("--from", "2026-09-01", "--to", "2026-10-01", "--group-by", "team")
    call_command("report", "cost", *common, "--filter", "team=b", "--format", "json")
    document = json.loads(capsys.readouterr().out)
    assert document["residual"] == "0"
    assert document["rows"][0] | {"period": ""} == {
        "period": "", "team": "b", "line": "owned", "currency": "USD", "cost": "5",
        "idle_cost": "0", "measured_cost": "0", "tagged_cost": "5", "inferred_cost": "0",
        "fallback_cost": "0", "estimated_cost": "0",
    }  # fmt: skip
    call_command("report", "cost", *common, "--compare", "previous")
    shown = capsys.readouterr().out
    assert "Total" in shown and "100.00" in shown and "650.0" in shown and "residual 0" in shown
    file = tmp_path / "cost.parquet"
    call_command("report", "cost", *common, "--format", "parquet", "--output", str(file))
    assert sum(pq.read_table(file).column("cost").to_pylist()) == D(100)
