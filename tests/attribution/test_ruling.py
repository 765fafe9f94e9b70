"""Rules as people write them: conditions, checks on save, versions, order, history."""

from datetime import timedelta
from decimal import Decimal
import time

import pytest

from aicost.accounts.models import ENGINEER, FINANCE, AuditEvent, User
from attribution import claims
from attribution.allocate import attribute
from attribution.claims import ensure_builtin_rules, rules_on
from attribution.models import AllocatedCharge, AllocationRule
from attribution.reports.spec import NotAllowed
from attribution.ruling.draft import Draft, RuleRefused
from attribution.ruling.edit import history, newest, reorder, revert, rules_now, save, switch
from attribution.ruling.fields import FIELDS, SERIES_FIELDS, Subject
from attribution.ruling.patterns import captures, search
from attribution.ruling.validate import problems
from tests.attribution.ledger import DAY, charge, source, stands

pytestmark = pytest.mark.django_db
NEXT_DAY = DAY + timedelta(days=1)


@pytest.fixture
def fin() -> User:
    return User.objects.create(username="fin", role=FINANCE)


def draft(key="team-a", **more) -> Draft:
    told = {"title": "Account 4711 is team a", "assigns": {"team": "a"}}
    told["conditions"] = ({"field": "account", "op": "is", "value": "4711"},)
    return Draft(key, **{**told, **more})


def only(condition: dict, **assigns) -> Draft:
    return draft(conditions=(condition,), assigns=assigns or {"team": "a"})


def team_of(charge_id: int) -> str:
    return AllocatedCharge.objects.get(charge_id=charge_id).target.team


@pytest.mark.parametrize(
    ("condition", "claims_it"),
    [
        ({"field": "service_name", "op": "is", "value": "vector store"}, True),
        ({"field": "service_name", "op": "is", "value": "vector store", "exact": True}, False),
        ({"field": "service_name", "op": "is_not", "value": "VectorStore"}, False),
        ({"field": "tag:Shelf No", "op": "starts_with", "value": "cc1"}, True),
        ({"field": "tag:shelf-no", "op": "one_of", "value": ["CC 12", "CC 13"]}, True),
        ({"field": "tag:shelf-no", "op": "one_of", "value": ["CC 13"], "exact": True}, False),
        ({"field": "resource_id", "op": "contains", "value": "SEARCH"}, True),
        ({"field": "resource_id", "op": "contains", "value": "SEARCH", "exact": True}, False),
        ({"field": "resource_id", "op": "regex", "value": r"^ns/search-\w+$"}, True),
        ({"field": "resource_id", "op": "regex", "value": r"^NS/", "exact": True}, False),
        ({"field": "tag:nobody", "op": "absent"}, True),
        ({"field": "extra:Note", "op": "exists"}, True),
        ({"field": "owner", "op": "is", "value": "no"}, True),
        ({"field": "ai", "op": "is", "value": "yes"}, False),
    ],
)
def test_a_condition_holds_of_the_series_it_describes(condition, claims_it, fin):
    one = charge(
        "8",
        service_name="Vector-Store",
        resource_id="ns/search-docs",
        tags={"shelf_no": "cc-12"},
        extras={"Note": "x"},
    )
    save(only(condition), fin, "a try")
    attribute()
    assert (team_of(one) == "a") is claims_it


def test_targets_come_from_constants_tags_fields_and_captures(fin):
    one = charge("8", resource_id="prod/search-llama", tags={"squad": "Blue"}, region_id="eu-1")
    rule = only(
        {"field": "resource_id", "op": "regex", "value": r"^(?P<env>\w+)/(?P<what>\w+)-(\w+)$"},
        team="tag:squad",
        feature="capture:what",
        environment="capture:env",
        workload="field:region_id",
        model="{3}-8b",
        experiment="{what} in {env}",
        activity="inference",
    )
    save(rule, fin, "names say it")
    attribute()
    row = AllocatedCharge.objects.select_related("target").get(charge_id=one)
    told = row.target
    assert (told.team, told.feature, told.environment) == ("Blue", "search", "prod")
    assert (told.workload, told.model, told.experiment) == ("eu-1", "llama-8b", "search in prod")
    assert (told.activity, row.evidence) == ("inference", "tagged")


def test_a_pattern_that_would_hang_takes_no_time():
    began = time.perf_counter()
    assert not search(r"^(a+)+$", "a" * 50_000 + "b")
    assert captures(r"(?P<x>(a|a)*)c", "a" * 50_000) == {}
    assert time.perf_counter() - began < 1


@pytest.mark.parametrize(
    ("wrong", "part", "told"),
    [
        ({"key": "Bad Key"}, "key", "small letters"),
        ({"key": "unclaimed"}, "key", "stays as it is"),
        ({"title": " "}, "title", "no title"),
        ({"position": 10_000}, "position", "9999"),
        ({"method": "magic"}, "method", "Choose shared"),
        ({"then": "later"}, "then", "requests"),
        ({"method": "shared"}, "fallback.state", "tax"),
        ({"fallback": {"kind": "workload", "state": "active"}}, "fallback.kind", "assigns"),
        ({"assigns": {"customer": "x"}}, "assigns.customer", "no dimension"),
        ({"assigns": {"team": ""}}, "assigns.team", "no value"),
        ({"assigns": {"team": "field:nope"}}, "assigns.team", "no field"),
        ({"assigns": {"team": "capture:x"}}, "assigns.team", "no condition captures 'x'"),
        ({"assigns": {"activity": "fun"}}, "assigns.activity", "inference"),
        ({"sources": ("gcp",)}, "sources", "no bill source 'gcp'"),
        ({"valid_from": DAY, "valid_to": DAY}, "valid_to", "not after"),
        ({"options": {"colour": "red"}}, "options.colour", "no option 'colour'"),
        ({"conditions": ({"field": "x"},)}, "conditions.0.field", "'x' is no field"),
        ({"conditions": ("x",)}, "conditions.0", "no condition"),
    ],
)
def test_a_bad_rule_is_refused_naming_part_what_and_cure(wrong, part, told, fin):
    with pytest.raises(RuleRefused) as refused:
        save(draft().but(**wrong), fin, "a try")
    assert refused.value.part == part
    assert told in str(refused.value)
    assert refused.value.cure or part == "key"
    assert not AllocationRule.objects.exists()


@pytest.mark.parametrize(
    ("condition", "part", "told"),
    [
        ({"field": "account", "op": "like", "value": "x"}, "op", "one_of"),
        ({"field": "account", "op": "is"}, "value", "no value"),
        ({"field": "account", "op": "one_of", "value": []}, "value", "nothing to choose"),
        ({"field": "account", "op": "exists", "value": "x"}, "value", "compares with nothing"),
        ({"field": "account", "op": "regex", "value": "("}, "value", "no regular expression"),
        ({"field": "account", "op": "regex", "value": "(?=x)"}, "value", "RE2"),
        ({"field": "account", "op": "is", "value": "x", "exact": "y"}, "exact", "true or false"),
        ({"field": "owner", "op": "is", "value": "maybe"}, "value", "yes or no"),
        ({"field": "tag:", "op": "exists"}, "field", "no field"),
    ],
)
def test_a_bad_condition_is_refused(condition, part, told):
    (found,) = problems(only(condition))
    assert found.part == f"conditions.0.{part}"
    assert told in str(found)


def test_every_field_of_the_list_can_be_asked():
    series = dict.fromkeys(SERIES_FIELDS, "")
    series |= {"id": 1, "source_id": 1, "tags": {}, "extras": {}}
    asked = {field.name: Subject(series).value(field.name) for field in FIELDS}
    assert {name for name, text in asked.items() if text} == {
        "owner", "ai", "instance_time", "marketplace", "network", "provisioned"
    }  # fmt: skip
    columns = {name for name in SERIES_FIELDS if name not in ("id", "source_id", "extras")}
    assert columns <= set(asked)


def test_a_version_from_a_day_on_leaves_the_days_before_and_an_end_is_an_end(fin):
    before, after = (
        charge("3", sub_account_id="4711"),
        charge("5", sub_account_id="4711", day=NEXT_DAY),
    )
    first = save(draft(), fin, "first")
    later = Draft.of(first).but(
        assigns={"team": "b"}, valid_from=NEXT_DAY, valid_to=NEXT_DAY + timedelta(days=1)
    )
    save(later, fin, "moved over")
    attribute()
    assert (team_of(before), team_of(after)) == ("a", "b")
    assert "team-a" not in {rule.key for rule in rules_on(NEXT_DAY + timedelta(days=1))}


def test_a_rule_can_be_about_some_sources_only(fin):
    gcp = source("gcp")
    here, there = charge("3", sub_account_id="4711"), charge("5", sub_account_id="4711", of=gcp)
    save(draft(sources=("gcp",)), fin, "only there")
    attribute()
    assert (team_of(here), team_of(there)) == ("", "a")


def test_history_says_who_when_why_and_what(fin):
    first = save(draft(), fin, "first")
    assert save(Draft.of(first), fin, "nothing changes") == first
    save(Draft.of(first).but(title="Data", position=640, assigns={"team": "b"}), fin, "grew")
    switch("team-a", False, fin, "pause")
    revert("team-a", 1, fin, "back")
    told = [(one.version, one.by, one.why, one.changes) for one in history("team-a")]
    assert told == [
        (4, "fin", "back", ("Title: Data → Account 4711 is team a", "Switched on",
            "Place: 640 → 650", "Target, team: b → a")),
        (3, "fin", "pause", ("Switched off",)),
        (2, "fin", "grew", ("Title: Account 4711 is team a → Data", "Place: 650 → 640",
            "Target, team: a → b")),
        (1, "fin", "first", ("New: Account 4711 is team a",)),
    ]  # fmt: skip
    events = AuditEvent.objects.filter(action="rule_saved", subject="team-a").order_by("id")
    assert [one.detail["version"] for one in events] == [1, 2, 3, 4]


def test_who_edits_what_somebody_else_changed_is_told(fin):
    mine = Draft.of(save(draft(), fin, "first"))
    save(mine.but(position=640), fin, "meanwhile")
    with pytest.raises(RuleRefused, match="has version 2 since .*by fin.*Load the rule again"):
        save(mine.but(position=630), fin, "too late")
    with pytest.raises(RuleRefused, match="Choose another name"):
        save(draft(), fin, "the same name")
    with pytest.raises(RuleRefused, match="why: the reason is missing"):
        save(mine, fin, " ")
    with pytest.raises(NotAllowed, match="finance, FinOps and admins"):
        save(mine, User.objects.create(username="eng", role=ENGINEER), "I want to")
    part = User.objects.create(username="part", role=FINANCE, sees_all_teams=False)
    with pytest.raises(NotAllowed):
        save(mine, part, "for my team")


def test_reordering_adds_versions_of_those_that_move_only(fin):
    ensure_builtin_rules()
    save(draft("a"), fin, "one")
    save(draft("b"), fin, "two")
    keys = [rule.key for rule in newest()]
    assert keys[keys.index("a") + 1] == "b" and keys.index("a") > keys.index("tokens")
    moved = reorder(["b", *[key for key in keys if key != "b"]], fin, "b first")
    assert [(rule.key, rule.version) for rule in moved] == [("b", 2)]
    assert [rule.key for rule in rules_now(DAY)][:2] == ["b", "tax"]
    assert reorder([rule.key for rule in newest()], fin, "as it is") == []
    full = ["direct", "tokens", "a"]
    reorder(full, fin, "tags first")
    order = [rule.key for rule in newest()]
    assert [key for key in order if key in full] == full
    with pytest.raises(RuleRefused, match="Leave it last"):
        reorder(["unclaimed", "a"], fin, "all of it")


def test_what_people_decide_of_built_in_rules_outlives_the_next_start(fin, monkeypatch):
    ensure_builtin_rules()
    switch("tax", False, fin, "tax is booked elsewhere")
    save(Draft.of(newest()[1]).but(title="Support, ours"), fin, "own words")
    moved = next(rule for rule in newest() if rule.key == "credit")
    save(Draft.of(moved).but(position=50), fin, "credits first")
    count = AllocationRule.objects.count()
    ensure_builtin_rules()
    assert AllocationRule.objects.count() == count

    newer = tuple({**rule, "title": f"{rule['title']}!"} for rule in claims.BUILT_IN)
    monkeypatch.setattr(claims, "BUILT_IN", newer)
    ensure_builtin_rules()
    now = {rule.key: rule for rule in newest()}
    assert (now["tax"].title, now["tax"].enabled) == ("Tax!", False)
    assert (now["credit"].title[-1], now["credit"].position) == ("!", 50)
    assert now["support"].title == "Support, ours"
    revert("support", 1, fin, "ours no more")
    ensure_builtin_rules()
    assert next(r for r in newest() if r.key == "support").title == "Support plans!"


def test_claims_of_a_switched_off_rule_go_to_the_next(fin):
    tax = charge("7", charge_category="Tax")
    attribute()
    switch("tax", False, fin, "booked elsewhere")
    attribute()
    assert stands(tax) == {("unattributed", "unclaimed", "", "", "", ""): Decimal(7)}


def test_a_day_that_failed_by_a_bad_rule_is_tried_again_when_rules_change(fin):
    """No form saves such a rule; an older release may have, or somebody in the database."""
    ensure_builtin_rules()
    AllocationRule.objects.create(
        key="bad", version=1, position=10, title="Bad", method="direct",
        conditions=[{"field": "colour", "op": "is", "value": "red"}],
    )  # fmt: skip
    one = charge("10")
    (failed,) = attribute()
    assert "'colour' is no field" in failed.failure
    assert attribute() == []
    save(draft("bad", position=10, base=1), fin, "A field there is")
    assert [day.failure for day in attribute()] == [""]
    assert AllocatedCharge.objects.filter(charge_id=one).exists()
