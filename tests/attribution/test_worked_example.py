"""One day through the whole ledger, row by row, from files: the acceptance test of the engine.

Prices are illustrative. 192 GPU-hours of one node at 2.40 each, a savings plan, support, tax, a
bucket, an untagged account, a model API; then a restatement, a new rule, a later correction.
"""

from collections import defaultdict
from datetime import date
from decimal import Decimal

import pytest

from aicost.accounts.people import add_user
from aicost.kernel.periods import Period
from attribution.allocate import attribute
from attribution.audit import audit, is_clean
from attribution.closing.months import close_month
from attribution.models import AllocatedCharge, AllocationRule, CostDay, MonthClose, ReportedCost
from attribution.reports import run
from attribution.reports.spec import Asker, Spec
from ingest.load import load
from ingest.models import Charge, Restatement
from tests.attribution import example

pytestmark = pytest.mark.django_db

D = Decimal
DAY = date(2026, 9, 1)
SEPTEMBER = Period(date(2026, 9, 1), date(2026, 10, 1))
FINANCE = Asker(role="finance")


@pytest.fixture
def ledger(tmp_path, settings):
    settings.AICOST_HOME = tmp_path / "home"
    files = tmp_path / "files"
    for paths, source in (
        (example.maps(files), "maps"),
        ([example.telemetry(files)], "gpus"),
        ([example.calls(files)], "calls"),
        ([example.revenue(files)], "revenue"),
        ([example.aws(files)], "aws"),
        ([example.api(files)], "llm-api"),
    ):
        results = load(paths, source)
        assert [one.state for one in results] == ["published"] * len(results), results
    attribute()
    return files


def by_kind(source: str, basis: str) -> dict[str, Decimal]:
    out = defaultdict(Decimal)
    rows = CostDay.objects.filter(source__name=source).select_related("target")
    for row in rows:
        out[row.target.kind] += getattr(row, f"{basis}_cost")
    return dict(out)


def reported_by_kind(close: MonthClose, basis: str, source: str = "aws") -> dict[str, Decimal]:
    out = defaultdict(Decimal)
    rows = ReportedCost.objects.filter(close=close, source__name=source).select_related("target")
    for row in rows:
        out[row.target.kind] += getattr(row, f"{basis}_cost")
    return dict(out)


def restated_by_two() -> None:
    compared = run(Spec("reported_vs_restated", SEPTEMBER, FINANCE, group_by=("kind",))).rows
    moved = {row["kind"]: (row["reported"], row["restated"], row["difference"]) for row in compared}
    assert moved == {
        "workload": (D("363.85"), D("363.85"), D(0)),
        "idle": (D("142.75"), D("142.75"), D(0)),
        "shared": (D("57.38"), D("55.38"), D(-2)),
        "unattributed": (D("38.75"), D("38.75"), D(0)),
    }
    [cause] = run(Spec("restated_causes", SEPTEMBER, FINANCE)).rows
    assert (cause["cause"], cause["deliveries"]) == ("billed in a later period", "aws-october.csv")
    assert (cause["billing_period"], cause["charges"]) == ("2026-10", 1)
    assert (cause["billed_difference"], cause["difference"], cause["moved"]) == (D(-2), D(-2), D(0))


def kinds(workload, idle, shared, unattributed) -> dict[str, Decimal]:
    given = zip(
        ("workload", "idle", "shared", "unattributed"),
        (workload, idle, shared, unattributed),
        strict=True,
    )
    return {kind: D(text) for kind, text in given}


def node_rows():
    node = Charge.objects.get(series__resource_id="i-0a", source__name="aws")
    return AllocatedCharge.objects.filter(charge_id=node.id).select_related(
        "target", "stage1_target"
    )


def stage1(column: str = "effective_cost") -> list[tuple]:
    out = defaultdict(Decimal)
    for row in node_rows():
        t = row.stage1_target
        out[(t.kind, t.state, t.workload, t.model, t.team, t.environment)] += getattr(row, column)
    return out


RANKER, LLAMA = ("ranker", "ranker-v3", "relevance"), ("summarizer", "llama-8b", "assistant")
STAGE1_ORDER = (
    ("workload", "active", *RANKER, "prod"),
    ("idle", "held_idle", *RANKER, "prod"),
    ("workload", "active", *LLAMA, "prod"),
    ("idle", "held_idle", *LLAMA, "prod"),
    ("idle", "empty_idle", *LLAMA, "prod"),
    ("idle", "unreserved", "", "", "", "prod"),
    ("unattributed", "unobserved", "", "", "", "prod"),
)


def stage2() -> dict[tuple, Decimal]:
    return {
        (row.target.model, row.target.state, row.target.feature): row.effective_cost
        for row in node_rows()
        if row.target.model
    }


def test_it_loads_seven_charges_of_aws_and_two_of_the_api(ledger):
    assert Charge.objects.filter(source__name="aws").count() == 7
    assert Charge.objects.filter(source__name="llm-api").count() == 2
    support = Charge.objects.get(long_period_end__isnull=False)
    assert (support.day, support.billed_cost) == (DAY, D(30))
    assert AllocatedCharge.objects.filter(source__name="aws").count() == 20
    assert AllocatedCharge.objects.filter(source__name="llm-api").count() == 5


def test_stage_1_splits_the_node_by_192_gpu_hours(ledger):
    assert [stage1()[target] for target in STAGE1_ORDER] == [
        D("172.80"), D("38.40"), D("129.60"), D("21.60"), D("7.20"), D("52.80"), D("38.40"),
    ]  # fmt: skip
    assert [stage1("list_cost")[target] for target in STAGE1_ORDER] == [
        D("294.9534"), D("65.5452"), D("221.21505"), D("36.869175"), D("12.289725"),
        D("90.12465"), D("65.5452"),
    ]  # fmt: skip
    assert [stage1("consumed_quantity")[target] for target in STAGE1_ORDER] == [
        D(9), D(2), D("6.75"), D("1.125"), D("0.375"), D("2.75"), D(2),
    ]  # fmt: skip
    assert set(stage1("billed_cost").values()) == {D(0)}


def test_stage_2_splits_each_part_by_calls_to_the_last_digit(ledger):
    assert stage2() == {
        ("ranker-v3", "active", "assistant"): D("28.80"),
        ("ranker-v3", "active", "recommendations"): D("57.60"),
        ("ranker-v3", "active", "search"): D("86.40"),
        ("ranker-v3", "held_idle", "assistant"): D("6.40"),
        ("ranker-v3", "held_idle", "recommendations"): D("12.80"),
        ("ranker-v3", "held_idle", "search"): D("19.20"),
        ("llama-8b", "active", "assistant"): D("74.057142857142857142"),
        ("llama-8b", "active", "search"): D("55.542857142857142858"),
        ("llama-8b", "held_idle", "assistant"): D("12.342857142857142857"),
        ("llama-8b", "held_idle", "search"): D("9.257142857142857143"),
        ("llama-8b", "empty_idle", "assistant"): D("4.114285714285714285"),
        ("llama-8b", "empty_idle", "search"): D("3.085714285714285715"),
    }
    teams = {(row.target.model, row.target.team) for row in node_rows() if row.target.model}
    assert teams == {("ranker-v3", "relevance"), ("llama-8b", "assistant")}


def test_everything_else_stands_where_the_example_says(ledger):
    rows = AllocatedCharge.objects.exclude(charge_id=node_rows()[0].charge_id)
    got = sorted(
        (
            row.target.kind, row.target.state, row.target.model, row.target.feature,
            row.evidence, row.billed_cost, row.effective_cost,
        )
        for row in rows.select_related("target")
    )  # fmt: skip
    assert got == sorted([
        ("shared", "commitment", "", "", "inferred", D(480), D(0)),
        ("idle", "unused_commitment", "", "", "inferred", D(0), D("19.20")),
        ("shared", "support", "", "", "inferred", D(30), D(30)),
        ("shared", "tax", "", "", "inferred", D("27.23"), D("27.23")),
        ("workload", "active", "ranker-v3", "", "tagged", D("4.60"), D("4.60")),
        ("unattributed", "unclaimed", "", "", "fallback", D(30), D(30)),
        ("workload", "active", "big-llm", "search", "measured", D(6), D(6)),
        ("workload", "active", "big-llm", "assistant", "measured", D(9), D(9)),
        ("unattributed", "unmetered", "big-llm", "", "fallback", D("0.75"), D("0.75")),
        ("workload", "active", "big-llm", "search", "measured", D("1.80"), D("1.80")),
        ("workload", "active", "big-llm", "assistant", "measured", D("10.20"), D("10.20")),
    ])  # fmt: skip
    bucket = rows.get(target__activity="storage").target
    assert (bucket.team, bucket.feature, bucket.environment) == ("relevance", "", "")


def test_totals_by_kind_and_what_happens_later(ledger):
    assert by_kind("aws", "effective") == kinds("307.00", "139.20", "57.23", "68.40")
    assert by_kind("aws", "billed") == kinds("4.60", "0", "537.23", "30.00")
    api = {kind: cost for kind, cost in by_kind("llm-api", "effective").items() if cost}
    assert api == {"workload": D("27.00"), "unattributed": D("0.75")}

    # 1. restated
    second = example.aws(
        ledger / "second", node="456.00", unused="24.00", untagged="33.00", tax="27.38"
    )
    assert [one.state for one in load([second], "aws")] == ["published"]
    attribute()
    restated = Restatement.objects.get()
    assert (restated.billed_delta, restated.effective_delta) == (D("3.15"), D("3.15"))
    assert [stage1()[target] for target in STAGE1_ORDER] == [
        D("171.00"), D("38.00"), D("128.25"), D("21.375"), D("7.125"), D("52.25"), D("38.00"),
    ]  # fmt: skip
    assert stage2()[("ranker-v3", "held_idle", "assistant")] == D("6.333333333333333333")
    assert stage2()[("ranker-v3", "held_idle", "recommendations")] == D("12.666666666666666667")
    assert stage2()[("llama-8b", "active", "assistant")] == D("73.285714285714285714")
    assert stage2()[("llama-8b", "active", "search")] == D("54.964285714285714286")
    assert stage2()[("llama-8b", "empty_idle", "search")] == D("3.053571428571428572")
    assert by_kind("aws", "effective") == kinds("303.85", "142.75", "57.38", "71.00")
    assert by_kind("aws", "billed") == kinds("4.60", "0", "537.38", "33.00")

    # 2. a rule from 1 September on
    AllocationRule.objects.create(
        key="account-4711",
        version=1,
        position=650,
        title="Account 4711 is data engineering",
        method="direct",
        conditions=[{"field": "account", "op": "is", "value": "4711"}],
        assigns={"team": "data-eng", "activity": "data"},
        valid_from=DAY,
    )
    attribute()
    assert by_kind("aws", "effective") == kinds("336.85", "142.75", "57.38", "38.00")
    assert by_kind("aws", "billed") == kinds("37.60", "0", "537.38", "0")
    moved = AllocatedCharge.objects.get(target__team="data-eng")
    assert (moved.evidence, moved.target.activity) == ("inferred", "data")

    # 3. September is closed
    dana = add_user("dana", "correct-horse-battery", role="finance")
    close = close_month(DAY, dana)
    reported = ReportedCost.objects.filter(close=close)
    assert sum(row.effective_cost for row in reported) == D("574.98") + D("27.75") == D("602.73")
    assert reported_by_kind(close, "effective") == kinds("336.85", "142.75", "57.38", "38.00")
    assert reported_by_kind(close, "billed") == kinds("37.60", "0", "537.38", "0")

    # 4. a correction in October's bill: September as restated, and as it was reported
    assert [one.state for one in load([example.correction(ledger)], "aws")] == ["published"]
    attribute()
    assert by_kind("aws", "effective") == kinds("336.85", "142.75", "55.38", "38.00")
    assert sum(by_kind("aws", "effective").values()) == D("572.98")
    assert reported_by_kind(close, "effective") == kinds("336.85", "142.75", "57.38", "38.00")
    restated_by_two()
    autumn = Period(date(2026, 9, 1), date(2026, 11, 1))
    spec = Spec("reconciliation", autumn, FINANCE)
    periods = {(row["source"], row["billing_period"]): row["billed"] for row in run(spec).rows}
    assert periods[("aws", "2026-09")] == D("574.98")
    assert periods[("aws", "2026-10")] == D("-2.00")
    assert is_clean(audit())


def test_margin_and_unit_cost_on_the_first_bill(ledger):
    rows = {row["feature"] or row["line"]: row for row in run(
        Spec("margin", SEPTEMBER, FINANCE)
    ).rows}  # fmt: skip
    assert round(rows["search"]["cost"], 6) == D("181.285714")
    assert round(rows["search"]["margin"], 6) == D("718.714286")
    assert rows["recommendations"]["margin"] == D("329.60")
    assert round(rows["assistant"]["margin"], 6) == D("-24.914286")
    assert rows["idle"]["cost"] == D("72.00")
    assert rows["shared"]["cost"] == D("57.23")
    assert rows["unattributed"]["cost"] == D("69.15")
    assert sum(row["cost"] for row in rows.values()) == D("599.58")
    unit = Spec("unit_cost", SEPTEMBER, FINANCE, group_by=("model",))
    ranker = next(row for row in run(unit).rows if row["model"] == "ranker-v3")
    assert ranker["requests"] == 900_000
    assert ranker["marginal_cost"] == D("172.80")
    assert ranker["marginal_cost_per_inference"] == D("0.000192")
    assert round(ranker["loaded_cost_per_inference"], 12) == D("0.000234666667")


def test_idle_and_shared_spread_over_the_receivers(ledger):
    spec = Spec(
        "cost", SEPTEMBER, FINANCE, group_by=("feature",), filters={"source": ("aws",)},
        idle="spread", shared="spread",
    )  # fmt: skip
    rows = {row["feature"] or row["line"]: row for row in run(spec).rows}
    expected = {
        "search": ("27.2240", "21.6393", "222.3490"),
        "assistant": ("19.7275", "15.6806", "161.1225"),
        "recommendations": ("11.0474", "8.7812", "90.2286"),
        "workload": ("0.8823", "0.7013", "6.1835"),
        "unattributed": ("13.1188", "10.4276", "91.9464"),
    }
    for name, (idle, shared, cost) in expected.items():
        got = tuple(round(rows[name][c], 4) for c in ("idle_spread", "shared_spread", "cost"))
        assert got == (D(idle), D(shared), D(cost)), name
    assert sum(row["cost"] for row in rows.values()) == D("571.83")
