"""A month through its close: a correction reaches it, a change of rules does not; reopened it is
attributed anew, and closed again it has another edition."""

from datetime import date, timedelta
from decimal import Decimal
import os
from threading import Barrier, Thread

from django.db import DatabaseError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
import pytest

from aicost.accounts.models import AuditEvent
from aicost.accounts.people import add_user
from aicost.kernel.periods import Period
from attribution.allocate import attribute, claim_day
from attribution.audit import audit, is_clean
from attribution.closing.blockers import blockers_of
from attribution.closing.months import COPIES, CannotClose, close_month, reopen_month
from attribution.closing.pinned import closed_months, rates_of
from attribution.dirty import dirty_stale_rules
from attribution.models import AllocationRule, CostDay, DayState, MonthClose, ReportedCost
from attribution.reports import run
from attribution.reports.explain_calls import calls_of, token_prices
from attribution.reports.spec import Asker, Spec
from ingest.fx import Rates
from ingest.maps import mark_map_changed
from ingest.models import Alias, ChangedDay, Charge, FxRate, Price, ResourceMap, WorkloadMap
from tests.attribution.books import revenue
from tests.attribution.ledger import (
    DAY,
    calls,
    charge,
    gpu_hours,
    node_map,
    source,
    stands,
    workload_map,
)

CASES = int(os.environ.get("AICOST_PROPERTY_CASES", "60")) // 15
OCTOBER = date(2026, 10, 1)
NODE = {"resource_id": "i-0a", "instance_type": "p4d.24xlarge", "consumed_unit": "Hrs"}
D = Decimal


def dana():
    return add_user("dana", "correct-horse-battery", role="finance")


def world() -> None:
    """A node of a mapped workload, a model under an alias, an account nobody owns; and October."""
    charge("240", consumed="24", service_category="Compute", **NODE)
    for device in range(8):
        gpu_hours(f"GPU-{device}", range(24), pod="rank-0")
    node_map("node-a", "i-0a")
    workload_map("rank-*", workload="ranker", model="ranker-v3", team="relevance")
    Alias.objects.create(dimension="team", raw="rel", canonical="relevance")
    charge("10", tags={"team": "rel"}, sku_id="bucket")
    charge("30", sub_account_id="4711", sku_id="nobody")
    charge("5", day=OCTOBER, sub_account_id="4711", sku_id="nobody")
    attribute()


def standing(day: date = DAY) -> dict:
    out: dict = {}
    for row in CostDay.objects.filter(day=day).select_related("target"):
        t = row.target
        key = (t.kind, t.workload, t.team)
        out[key] = out.get(key, D(0)) + row.effective_cost
    return out


def reported(close: MonthClose) -> list:
    columns = [f.attname for f in ReportedCost._meta.fields if f.name not in ("id", "close")]
    return sorted(ReportedCost.objects.filter(close=close).values_list(*columns), key=str)


def own_account(team: str, version: int = 1) -> None:
    AllocationRule.objects.create(
        key="account-4711",
        version=version,
        position=650,
        title="Account 4711",
        method="direct",
        conditions=[{"field": "account", "op": "is", "value": "4711"}],
        assigns={"team": team},
    )


FIRST_STAND = {
    ("workload", "ranker", "relevance"): D(240),
    ("workload", "", "relevance"): D(10),
    ("unattributed", "", ""): D(30),
}


@pytest.mark.django_db
def test_the_story_of_a_month():
    world()
    who = dana()
    assert standing() == FIRST_STAND
    first = close_month(DAY, who)
    kept = reported(first)
    assert (first.edition, first.blockers, first.pinned["rows"]) == (1, [], len(kept))
    assert first.pinned["totals"] == {"USD": {"billed": "280", "effective": "280"}}
    assert closed_months(DAY, OCTOBER) == [DAY] == closed_months()

    # A rule, an alias, a map of September change: October is attributed anew, September is not.
    own_account("data")
    Alias.objects.update(canonical="ads")
    WorkloadMap.objects.update(team="ads")
    ResourceMap.objects.update(node="node-b")
    mark_map_changed(*Alias.objects.all(), *WorkloadMap.objects.all(), *ResourceMap.objects.all())
    attribute()
    assert standing() == FIRST_STAND and not DayState.objects.filter(day=DAY, reasons__len__gt=0)
    assert standing(OCTOBER) == {("workload", "", "data"): D(5)}
    assert dirty_stale_rules() == 0

    # The bill is redelivered, a correction comes: both reach September, by what was pinned.
    charge("-4", charge_class="Correction", sub_account_id="4711", sku_id="nobody")
    Charge.objects.filter(series__resource_id="i-0a").update(effective_cost="250")
    charge("2", tags={"team": "rel"}, sku_id="new since")
    attribute()
    assert standing() == {
        ("workload", "ranker", "relevance"): D(250),
        ("workload", "", "relevance"): D(12),
        ("unattributed", "", ""): D(26),
    }
    assert reported(first) == kept and is_clean(audit())

    # Reopened, with a reason, September follows what holds now; closed again it is edition 2.
    with pytest.raises(CannotClose, match="Say why"):
        reopen_month(DAY, who, " ")
    reopen_month(DAY, who, "account 4711 found its owner")
    assert "wait to be attributed" in blockers_of(DAY)[0].message
    attribute()
    renamed = {
        ("workload", "", "ads"): D(12),
        ("workload", "", "data"): D(26),
        ("unattributed", "", ""): D(250),  # its node is mapped no longer
    }
    assert {k: v for k, v in standing().items() if v} == renamed
    second = close_month(DAY, who)
    assert second.edition == 2 and reported(first) == kept and reported(second) != kept
    actions = AuditEvent.objects.filter(action__startswith="month_").order_by("id")
    assert [(one.action, one.subject, one.user) for one in actions] == [
        ("month_closed", "2026-09", who),
        ("month_reopened", "2026-09", who),
        ("month_closed", "2026-09", who),
    ]


@pytest.mark.django_db
def test_it_refuses_with_reasons_and_goes_on_only_with_one():
    world()
    who = dana()
    charge("1", day=date(2026, 9, 2), of=source("llm"), sku_id="late")
    charge("1", day=date(2026, 8, 2), of=source("gone"), sku_id="late")
    attribute()
    charge("3", day=date(2026, 9, 3), sku_id="later")
    claim = claim_day("somebody", date(2026, 9, 1), OCTOBER)
    assert claim is None  # what has just come is no dirty day yet
    CostDay.objects.filter(day=date(2026, 9, 2)).update(billed_cost="0.9")
    source("aws").__class__.objects.filter(name="llm").update(state={"final_through": "2026-09-29"})
    with pytest.raises(CannotClose) as refused:
        close_month(DAY, who)
    found = {one.what: one.message for one in refused.value.blockers}
    assert found == {
        "dirty": "1 day wait to be attributed",
        "no_bill": "gone has no charges in September 2026, and had some the month before",
        "not_final": found["not_final"],
        "residual": found["residual"],
    }
    assert "llm has a residual of 0.1 billed" in found["residual"]
    assert all(one.cure for one in refused.value.blockers)
    assert not MonthClose.objects.exists() and not ReportedCost.objects.exists()
    assert claim_day("somebody", date(2026, 9, 1), OCTOBER)
    with pytest.raises(CannotClose, match="a worker is at 1 day right now"):
        close_month(DAY, who, anyway="the board meets today")
    DayState.objects.update(lease_until=None)
    close = close_month(DAY, who, anyway="the board meets today")
    assert {one["what"] for one in close.blockers} == set(found)
    with pytest.raises(CannotClose, match="closed already, by dana"):
        close_month(DAY, who, anyway="again")
    with pytest.raises(CannotClose, match="October 2026 is not closed"):
        reopen_month(OCTOBER, who, "a mistake")
    with pytest.raises(CannotClose, match="no bill has a charge in May 2025"):
        close_month(date(2025, 5, 1), who)


@pytest.mark.django_db
def test_it_weighs_a_closed_month_by_the_prices_words_and_rates_of_its_close(settings, tmp_path):
    settings.AICOST_HOME = tmp_path
    (tmp_path / "data").mkdir()
    price = {"model": "big-llm", "currency": "USD", "basis": "list", "valid_from": DAY}
    for name, amount in (("input_tokens", "1"), ("output_tokens", "3")):
        Price.objects.create(token_class=name, price=amount, **price)
    FxRate.objects.create(month=DAY, from_currency="USD", to_currency="EUR", rate="0.9")
    api = {"service_category": "AI and Machine Learning", "service_subcategory": "Generative AI"}
    api |= {"service_name": "LLM API", "extras": {"ModelId": "big-llm"}}
    one = charge("40", **api)
    calls("big-llm", input_tokens=1_000_000, feature="search")
    calls("big-llm", output_tokens=1_000_000, feature="answers")
    attribute()
    before = stands(one, stage="target")
    assert sorted(before.values()) == [D(10), D(30)]
    close = close_month(DAY, dana())

    Price.objects.update(price="7")
    FxRate.objects.update(rate="0.5")
    (tmp_path / "data" / "tag_keys.csv").write_text("dimension,key\nteam,gilde\n")
    redelivered = charge("2", tags={"gilde": "blue"}, sku_id="tagged by a new word")
    attribute()
    assert stands(one, stage="target") == before
    told = token_prices(Charge.objects.get(pk=one), calls_of(DAY, ["big-llm"]))
    assert [price.per_million for price in told] == [D(1), D(3)]
    assert set(stands(redelivered)) == {("unattributed", "unclaimed", "", "", "", "")}
    assert rates_of([close]).rate(DAY, "USD", "EUR") == D("0.9")
    assert Rates().rate(DAY, "USD", "EUR") == D("0.5")

    reopen_month(DAY, close.closed_by, "new prices")
    attribute()
    assert sorted(stands(one, stage="target").values()) == [D(20), D(20)]
    assert ("workload", "active", "", "", "", "blue") in stands(redelivered)


@pytest.mark.django_db
def test_reports_of_a_closed_month_meet_money_under_the_names_of_its_close():
    """What called and what earned is named as the money is: by the pinned aliases."""
    for dimension, raw, name in (("model", "llm-old", "llm"), ("feature", "srch", "search")):
        Alias.objects.create(dimension=dimension, raw=raw, canonical=name)
    charge("40", tags={"model": "llm-old", "feature": "srch", "activity": "inference"})
    calls("llm-old", 10, feature="srch")
    revenue(DAY, 100, feature="srch")
    attribute()

    def shown() -> tuple:
        september = Period(DAY, OCTOBER)
        spec = Spec("unit_cost", september, Asker("finance"), group_by=("model", "feature"))
        units = [
            (row["model"], row["feature"], row["requests"], row["marginal_cost_per_inference"])
            for row in run(spec).rows
        ]
        margin = run(Spec("margin", september, Asker("finance"))).rows
        return units, [(row["feature"], row["cost"], row["revenue"]) for row in margin]

    told = ([("llm", "search", 10, D(4))], [("search", D(40), D(100))])
    assert shown() == told
    close = close_month(DAY, dana())
    Alias.objects.filter(dimension="model").update(canonical="other")
    Alias.objects.filter(dimension="feature").update(canonical="finding")
    mark_map_changed(*Alias.objects.all())
    attribute()
    assert shown() == told
    reopen_month(DAY, close.closed_by, "names were wrong")
    attribute()
    assert shown() == ([("other", "finding", 10, D(4))], [("finding", D(40), D(100))])


@pytest.mark.django_db
def test_nobody_edits_what_was_reported_or_pinned():
    world()
    close = close_month(DAY, dana())
    edits = (
        "update attribution_reportedcost set billed_cost = 0",
        "delete from attribution_reportedcost",
        "insert into attribution_pinned_alias select * from attribution_pinned_alias",
        "update attribution_pinned_alias set canonical = 'ads'",
        "delete from attribution_pinnedruleset",
        "update attribution_monthclose set month = '2026-08-01'",
        "delete from attribution_monthclose",
    )
    for edit in edits:
        with (
            pytest.raises(DatabaseError, match="is never changed|nothing is added"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(edit)
    close.refresh_from_db()
    assert close.sealed and close.reopened_at is None


@pytest.mark.django_db
def test_it_pins_every_column_there_is():
    """A column that a table gets later is added to its pinned copy as well, or this says so."""
    query = "select column_name, data_type from information_schema.columns where table_name = %s"
    with connection.cursor() as cursor:
        for name in COPIES:
            cursor.execute(query, [f"ingest_{name}"])
            live = set(cursor.fetchall())
            cursor.execute(query, [f"attribution_pinned_{name}"])
            assert set(cursor.fetchall()) - {("close_id", "bigint")} == live, name
    columns = {f.attname for f in CostDay._meta.fields} | {"close_id"}
    assert {f.attname for f in ReportedCost._meta.fields} == columns


@pytest.mark.django_db(transaction=True)
def test_two_who_close_at_once_while_a_worker_attributes_make_one_edition():
    for nth in range(6):
        day = DAY + timedelta(days=nth)
        charge(f"{nth + 1}.25", day=day, sku_id="one")
    attribute()
    who = dana()
    charge("9", day=DAY, sku_id="two")
    done, start = [], Barrier(3)

    def closing() -> None:
        start.wait()
        try:
            done.append(close_month(DAY, who).edition)
        except CannotClose as error:
            done.append(str(error))
        finally:
            connection.close()

    def working() -> None:
        start.wait()
        attribute()
        connection.close()

    threads = [Thread(target=one) for one in (closing, closing, working)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    closes = list(MonthClose.objects.all())
    assert len(closes) == done.count(1) <= 1
    for close in closes or [close_month(DAY, who)]:
        rows = ReportedCost.objects.filter(close=close)
        assert sum(row.billed_cost for row in rows) == D("31.5")
        assert set(DayState.objects.values_list("rule_set")) == set(
            close.pinnedruleset_set.values_list("rule_set")
        )


late = st.lists(
    st.tuples(
        st.sampled_from(["charge", "correct", "rule", "alias", "map", "telemetry", "reopen"]),
        st.integers(0, 3),
        st.decimals(min_value=-1000, max_value=1000, places=18),
    ),
    min_size=1,
    max_size=4,
)


class Reported(TestCase):
    @settings(max_examples=CASES, deadline=None, suppress_health_check=list(HealthCheck))
    @given(late)
    def test_what_was_reported_never_changes_whatever_arrives(self, events):
        world()
        who = dana()
        editions = [close_month(DAY, who)]
        kept = {editions[0]: reported(editions[0])}
        for nth, (what, day, amount) in enumerate(events):
            self.arrive(what, DAY + timedelta(days=day), amount, nth, who)
            attribute()
            if what == "reopen":
                again = close_month(DAY, who)
                kept[again] = reported(again)
            assert is_clean(audit())
            for close, rows in kept.items():
                assert reported(close) == rows

    def arrive(self, what: str, day: date, amount: Decimal, nth: int, who) -> None:
        if what == "charge":
            charge(amount, day=day, sku_id=f"late {nth}", tags={"team": "rel"})
        elif what == "correct":
            Charge.objects.filter(series__sku_id="nobody", day=DAY).update(effective_cost=amount)
            ChangedDay.objects.create(source=source(), day=DAY, what="charges")
        elif what == "rule":
            own_account(f"team-{nth}", version=nth + 1)
        elif what == "alias":
            Alias.objects.update(canonical=f"renamed {nth}")
            mark_map_changed(*Alias.objects.all())
        elif what == "map":
            WorkloadMap.objects.update(workload=f"renamed {nth}")
            mark_map_changed(*WorkloadMap.objects.all())
        elif what == "telemetry":
            gpu_hours(f"GPU-9{nth}", range(day.day), pod="rank-1", day=DAY)
        else:
            reopen_month(DAY, who, "to see")
