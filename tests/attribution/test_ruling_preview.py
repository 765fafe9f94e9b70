"""What a change would move, told before it is saved: the same as publishing then does."""

from datetime import timedelta
from decimal import Decimal
import os

from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
import pytest

from aicost.accounts.models import ADMIN, FINANCE, User
from aicost.kernel.money import QUANTUM
from aicost.kernel.periods import Period
from aicost.kernel.sqlfiles import sql
from attribution.allocate import attribute
from attribution.models import (
    AllocatedCharge,
    AllocationRule,
    CostDay,
    DayState,
    RuleSet,
    SeriesClaim,
    Target,
)
from attribution.reports.spec import Asker, NotAllowed
from attribution.ruling import told
from attribution.ruling.compiled import Claim
from attribution.ruling.draft import Draft, RuleRefused
from attribution.ruling.edit import newest, save
from attribution.ruling.fields import SERIES_FIELDS
from attribution.ruling.preview import Where, preview, reordered
from tests.attribution.ledger import DAY, calls, charge, gpu_hours, node_map, source, workload_map

CASES = int(os.environ.get("AICOST_PROPERTY_CASES", "10"))
NEXT = DAY + timedelta(days=1)
DAYS = Period(DAY, NEXT + timedelta(days=1))
ALL = Asker(ADMIN)
COUNTED = (AllocationRule, RuleSet, SeriesClaim, AllocatedCharge, CostDay, DayState, Target)
NODE = {"resource_id": "i-0a", "instance_type": "g5.xlarge", "consumed_unit": "Hrs"}
API = {"service_subcategory": "Generative AI", "consumed_unit": "1K tokens"}


def draft(*conditions: dict, key="ours", **more) -> Draft:
    told = {"title": "Ours", "conditions": conditions, "assigns": {"team": "data"}}
    return Draft(key, **{**told, **more})


def account(name: str) -> dict:
    return {"field": "account", "op": "is", "value": name}


def published() -> dict[tuple[Where, str], Decimal]:
    out: dict[tuple[Where, str], Decimal] = {}
    rows = AllocatedCharge.objects.select_related("target", "charge__series")
    for row in rows:
        where = Where(*(getattr(row.target, name) for name in Where._fields))
        key = (where, row.charge.series.billing_currency)
        out[key] = out.get(key, Decimal(0)) + row.effective_cost
    return out


def differences(before: dict, after: dict) -> dict:
    found = {key: after.get(key, 0) - before.get(key, 0) for key in {**before, **after}}
    return {key: amount for key, amount in found.items() if amount}


def unclaimed(**more) -> Where:
    return Where(
        "unattributed", "unclaimed", "other", **{**dict.fromkeys(Where._fields[3:], ""), **more}
    )


def team(name: str) -> Where:
    return unclaimed(team=name)._replace(kind="workload", state="active")


@pytest.mark.django_db
def test_it_says_which_money_would_move_and_writes_nothing():
    charge("30", sub_account_id="4711")
    charge("12", sub_account_id="4711", day=NEXT)
    charge("-2", sub_account_id="4711", day=NEXT, charge_category="Credit")
    charge("5", sub_account_id="4712", billing_currency="EUR")
    charge("7", tags={"team": "data"})
    attribute()
    counts = [model.objects.count() for model in COUNTED]
    found = preview([draft(account("4711"), valid_from=NEXT)], DAYS, ALL)
    assert [model.objects.count() for model in COUNTED] == counts
    credit = unclaimed()._replace(kind="shared", state="credit")
    assert {(m.start, m.end, m.currency, m.cost, m.charges, m.series) for m in found.moves} == {
        (unclaimed(), team("data"), "USD", Decimal(12), 1, 1),
        (credit, team("data"), "USD", Decimal(-2), 1, 1),
    }
    assert found.moved() == {"USD": Decimal(14)}
    assert (found.series, found.charges, found.waiting, found.not_reached) == (2, 2, 0, ())
    totals = {(t.dimension, t.value, t.currency): (t.before, t.after) for t in found.totals}
    assert totals["team", "data", "USD"] == (Decimal(0), Decimal(10))
    assert totals["kind", "unattributed", "USD"] == (Decimal(12), Decimal(0))
    lines = told.preview(found).splitlines()
    assert lines[0].startswith("2 charges of 2 series: 14.00 USD would move")
    assert "unattributed / unclaimed → data" in lines[1]


@pytest.mark.django_db
def test_a_draft_that_moves_nothing_says_so_and_a_bad_one_is_refused():
    charge("30", sub_account_id="4711")
    attribute()
    found = preview([draft(account("nobody"))], DAYS, ALL)
    assert (found.moves, found.series, found.moved()) == ((), 0, {})
    assert told.preview(found).startswith("0 charges of 0 series: nothing would move")
    with pytest.raises(RuleRefused, match="title"):
        preview([draft(title="")], DAYS, ALL)
    with pytest.raises(NotAllowed, match="all teams"):
        preview([draft()], DAYS, Asker(FINANCE, teams=("data",)))


@pytest.mark.django_db
def test_days_nobody_has_attributed_yet_are_previewed_too():
    charge("30", sub_account_id="4711")
    found = preview([draft(account("4711"))], DAYS, ALL)
    assert [(m.start, m.end, m.cost) for m in found.moves] == [
        (unclaimed(), team("data"), Decimal(30))
    ]
    assert not SeriesClaim.objects.exists()


@pytest.mark.django_db
def test_what_follows_a_charge_that_moves_moves_with_it():
    thing = {"resource_id": "i-1"}
    charge("30", tags={"team": "a"}, **thing)
    charge("10", tags={"team": "b"}, sub_account_id="4711", **thing)
    sent = {"service_category": "Networking", "sku_meter": "DataTransfer-Out-Bytes",
            "service_code": "AWSDataTransfer"}  # fmt: skip
    charge("8", **sent, **thing)
    attribute()
    before = published()
    wanted = draft(account("4711"))
    found = preview([wanted], DAYS, ALL)
    save(wanted, User.objects.create(username="fin", role=FINANCE), "as previewed")
    attribute()
    by_team: dict[tuple[str, str], Decimal] = {}
    for one in found.moves:
        pair = (one.start.team, one.end.team)
        by_team[pair] = by_team.get(pair, Decimal(0)) + one.cost
    assert by_team == {("b", "data"): Decimal(12)}
    told = {(one.where, one.currency): one.after - one.before for one in found.stands}
    assert {key: cost for key, cost in told.items() if cost} == differences(before, published())


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("position", "method"), [(450, "tokens"), (550, "direct")])
def test_days_side_by_side_one_after_the_other_or_published_move_the_same(position, method):
    """Two connections outside of a transaction, one within; then what a day published is read."""
    node_map("node-a", "i-0a")
    workload_map("m1-*", workload="serve-m1", model="m1", activity="inference")
    days = [DAY + timedelta(days=nth) for nth in range(5)]
    for nth, day in enumerate(days):
        gpu_hours("G0", range(nth + 1), pod="m1-x", held=nth, day=day)
        calls("m1", 3, feature=f"f{nth}", input_tokens=7, day=day)
        calls("m1", 4, feature="f", input_tokens=3 + nth, day=day)
        charge("10.01", day=day, consumed="24", **NODE)
        charge("-3.33", day=day, sku_meter="m1 input tokens", **API)
    draft_of_all = draft(method=method, position=position,
                         assigns={"model": "m1", "activity": "inference"})  # fmt: skip
    period = Period(days[0], days[-1] + timedelta(days=1))
    apart = preview([draft_of_all], period, ALL)
    with transaction.atomic():
        alone = preview([draft_of_all], period, ALL)
    attribute()
    read = preview([draft_of_all], period, ALL)
    assert apart.moves
    for other in (alone, read):
        assert (apart.moves, apart.stands) == (other.moves, other.stands)
        assert (apart.series, apart.charges) == (other.series, other.charges)
    assert apart.totals == alone.totals


def test_the_queries_know_every_column_of_a_claim_and_of_a_series():
    for name in ("copy_preview_claims", "preview_claims", "preview_known", "preview_known_claims",
                 "apart_seriesclaim"):  # fmt: skip
        text = sql("attribution.ruling.replay", name)
        assert [column for column in Claim._fields if column not in text] == []
    for package, name in (("attribution.sql", "series_of_claims"),
                          ("attribution.ruling.replay", "preview_claimed")):  # fmt: skip
        text = sql(package, name)
        assert [column for column in SERIES_FIELDS if f"s.{column}" not in text] == []


# Costs are multiples of 27 cents, and weights sum to divisors of 24 hours in milliseconds or
# of a power of ten: every part is whole quanta, and merged charges split as single ones do.
cents = st.integers(-40, 400).map(lambda n: Decimal(n * 27) / 100)
kinds = st.sampled_from(["node", "api", "tagged", "nobody", "served"])
bills = st.lists(
    st.tuples(cents, kinds, st.sampled_from(["m1", "m2"]), st.sampled_from(["4711", "4712"]),
              st.sampled_from([DAY, NEXT]), st.sampled_from(["aws", "gcp"])),
    min_size=2, max_size=9, unique_by=lambda bill: bill[1:],
)  # fmt: skip
shares = st.sampled_from([(1,), (1, 3), (2, 2, 1), (5, 3), (1, 4)])
CONDITIONS = (
    (),
    (account("4711"),),
    ({"field": "tag:team", "op": "exists"},),
    ({"field": "api_model", "op": "is", "value": "m1"},),
    ({"field": "instance_time", "op": "is", "value": "yes"},),
    ({"field": "resource_id", "op": "regex", "value": r"^(?P<what>\w)-"},),
)
changes = st.one_of(
    st.builds(
        dict,
        conditions=st.sampled_from(CONDITIONS),
        position=st.sampled_from([50, 550, 650, 705, 9000]),
        method=st.sampled_from(["direct", "tokens", "requests", "unattributed", "shared"]),
        then=st.sampled_from(["nothing", "requests"]),
        assigns=st.sampled_from([{}, {"team": "data"}, {"model": "m2", "activity": "inference"},
                                 {"feature": "tag:team"}]),
        fallback=st.just({"kind": "shared", "state": "fee"}),
        valid_from=st.sampled_from([None, NEXT]),
        sources=st.sampled_from([(), ("gcp",)]),
    ),
    st.sampled_from(["gpu_time", "tokens", "direct", "endpoint"]),
    st.sampled_from([("direct", "tokens"), ("tokens", "gpu_time"), ("direct", "tax")]),
)  # fmt: skip


def build(bills, hours, share) -> None:
    source("gcp")
    node_map("node-a", "i-0a")
    workload_map("m1-*", workload="serve-m1", model="m1", activity="inference")
    for day in (DAY, NEXT):
        gpu_hours("G0", range(hours), pod="m1-x", held=hours // 3, day=day)
        for nth, part in enumerate(share):
            calls("m1", part, feature=f"f{nth}", input_tokens=part * 10, day=day)
            calls("m2", part, feature=f"f{nth}", team="t", input_tokens=part * 5, day=day)
    for cost, kind, model, number, day, of in bills:
        tags = {"tags": {"team": number}} if number == "4712" else {}
        series = {
            "node": {**NODE, **tags},
            "api": {**API, "sku_meter": f"{model} input tokens", **tags},
            "tagged": {"tags": {"team": "z", "model": model, "activity": "inference"}},
            "served": {"tags": {"workload": f"serve-{model}"}, "resource_id": "x-1"},
            "nobody": {"resource_id": "x-2"},
        }[kind]  # fmt: skip
        consumed = "24" if kind == "node" else None
        series["sku_id"] = model
        charge(cost, day=day, of=source(of), sub_account_id=number, consumed=consumed, **series)


def drafts_of(change) -> list[Draft]:
    rules = {rule.key: rule for rule in newest()}
    if isinstance(change, dict):
        made = draft(*change.pop("conditions"), **change)
        return [made if made.method != "unattributed" else made.but(assigns={})]
    if isinstance(change, str):
        return [Draft.of(rules[change]).but(enabled=False)] if change in rules else []
    first, second = change
    keys = [key for key in rules if key != first]
    keys.insert(keys.index(second), first)
    return reordered(keys)


class TestPreview(TestCase):
    @settings(max_examples=CASES, deadline=None, suppress_health_check=list(HealthCheck))
    @given(bills=bills, hours=st.sampled_from([0, 6, 24]), share=shares, change=changes)
    def test_it_says_what_publishing_then_does(self, bills, hours, share, change):
        build(bills, hours, share)
        attribute()
        before = published()
        wanted = drafts_of(dict(change) if isinstance(change, dict) else change)
        found = preview(wanted, DAYS, ALL)
        by = User.objects.create(username="fin", role=FINANCE)
        for one in wanted:
            save(one, by, "as previewed")
        attribute()
        told = {(one.where, one.currency): one.after - one.before for one in found.stands}
        real = differences(before, published())
        assert {key: amount for key, amount in told.items() if amount} == real
        moved: dict = {}
        for one in found.moves:
            for where, cost in ((one.start, -one.cost), (one.end, one.cost)):
                key = (where, one.currency)
                moved[key] = moved.get(key, 0) + cost
        # A move between several losers and gainers is a share: less than a quantum off each time.
        off = {key: abs(moved.get(key, 0) - real.get(key, 0)) for key in {**moved, **real}}
        assert all(amount < QUANTUM * 16 * len(bills) for amount in off.values())
        assert sum(told.values()) == 0
