"""Suggested rules: small worlds in which the right rule is known, and noise that has none."""

from datetime import date
from decimal import Decimal
import json

import pytest

from aicost.kernel.periods import Period
from attribution.allocate import attribute
from attribution.claims import ensure_builtin_rules
from attribution.models import AllocationRule
from attribution.reports import run
from attribution.reports.formats import to_parquet
from attribution.reports.spec import Asker, NotAllowed, Spec
from attribution.ruling.gather import matches
from attribution.ruling.names import Vocabulary, is_random, stem, tokens
from attribution.ruling.suggest import Suggestion, suggest
from tests.attribution.ledger import charge, gpu_hours, stands, workload_map

pytestmark = pytest.mark.django_db
SEPTEMBER = Period(date(2026, 9, 1), date(2026, 10, 1))


def suggested() -> list[Suggestion]:
    attribute()
    return suggest(SEPTEMBER)


def told(one: Suggestion) -> list[str]:
    return [f"{c['field']} {c['op']} {c.get('value', '')}".strip() for c in one.conditions]


def owned(count: int, account: str, team: str, cost: str = "10", **more) -> None:
    for n in range(count):
        charge(cost, sub_account_id=account, resource_id=f"{team}-{account}-{n}",
               tags={"team": team}, **more)  # fmt: skip


def adopt(one: Suggestion) -> None:
    """The rule as suggested, in force."""
    AllocationRule.objects.create(
        key="suggested", version=1, position=one.position, title=one.title, method=one.method,
        conditions=list(one.conditions), assigns=dict(one.assigns),
    )  # fmt: skip


def test_it_gives_an_account_to_the_team_that_has_nearly_all_of_it():
    owned(11, "4711", "data-eng")
    owned(1, "4711", "search", cost="1")
    charge("40", sub_account_id="4711", resource_id="q-7f3a91")
    charge("8", sub_account_id="4711", service_name="Redshift", resource_id="w-0001")
    (one,) = suggested()
    assert (told(one), one.assigns) == (["account is 4711"], {"team": "data-eng"})
    assert one.why == (
        "11 of 12 attributed series of account 4711 stand on team data-eng, 99% of their money."
    )
    assert (one.cost, one.share, one.series, one.days) == (Decimal(48), Decimal(100), 2, 1)
    assert one.strength == "strong"


def test_what_it_suggests_moves_what_it_says_and_nothing_else():
    owned(6, "4711", "data-eng")
    charge("40", sub_account_id="4711", resource_id="q-7f3a91")
    charge("5", sub_account_id="4712", resource_id="q-8a")
    before = suggested()
    adopt(next(one for one in before if one.conditions))
    after = suggested()
    assert stands()[("workload", "active", "", "", "", "data-eng")] == Decimal(100)
    assert [(one.cost, bool(one.conditions)) for one in after] == [(Decimal(5), False)]


def test_it_reads_names_by_their_tokens():
    charge("10", tags={"workload": "rank-serve", "team": "relevance", "feature": "feed"})
    charge("9", resource_id="arn:aws:s3:::RankServe-logs", sub_account_id="77")
    charge("3", resource_id="rank_serve-0a1b2c3d", sub_account_id="78")
    charge("2", resource_id="crankserver", sub_account_id="79")
    found = suggested()
    pattern = "resource_id regex (?:^|[^a-z0-9])rank[^a-z0-9]*serve(?:[^a-z0-9]|$)"
    assert (told(found[0]), found[0].cost) == ([pattern], Decimal(12))
    assert found[0].assigns == {"workload": "rank-serve", "team": "relevance"}
    assert "“rank-serve”, a known workload, and all of its money stands on team" in found[0].why
    assert [one.conditions for one in found if one.name == "crankserver"] == [()]


def test_it_words_the_condition_plainly_where_it_can():
    charge("10", tags={"feature": "feed-ranking"})
    charge("3", resource_id="feed_ranking-0a1b2c3d", sub_account_id="78")
    (one,) = suggested()
    assert told(one) == ["resource_id contains feed-ranking"]
    assert (one.title, one.strength) == ("feed_ranking-0a1b2c3d to feed-ranking", "strong")


def test_it_reads_a_tag_key_that_nobody_knows():
    owned(2, "1", "search")
    owned(2, "2", "ads")
    for account, squad in (("8", "Search"), ("9", "ads")):
        charge("7", sub_account_id=account, resource_id=f"x-{account}", tags={"crew": squad})
    (one,) = suggested()
    assert (told(one), one.assigns) == (["tag:crew exists"], {"team": "tag:crew"})
    assert one.why == "Tag crew names a known team on 2 series: Search, ads."
    adopt(one)
    attribute()
    assert stands()[("workload", "active", "", "", "", "Search")] == Decimal(7)


def test_it_follows_a_resource_group_and_a_tag_pair():
    group = {"extras": {"ResourceGroup": "rg-blue"}}
    owned(3, "55", "vision", **group)
    owned(9, "55", "audio")
    charge("7", sub_account_id="55", resource_id="disk-1a", extras={"ResourceGroup": "rg-blue"})
    for n in range(3):
        charge("1", sub_account_id="66", resource_id=f"e{n}", tags={"team": "ml", "stack": "k9"})
        charge("1", sub_account_id="66", resource_id=f"f{n}", tags={"team": "bi"})
    charge("3", sub_account_id="66", resource_id="g-0b", tags={"stack": "k9"})
    first, second = suggested()
    assert told(first) == ["extra:ResourceGroup is rg-blue", "account is 55"]
    assert first.assigns == {"team": "vision"}
    assert told(second) == ["tag:stack is k9", "account is 66"]
    assert (second.assigns, second.strength) == ({"team": "ml"}, "fair")


def test_it_listens_to_telemetry_and_to_the_workload_map():
    workload_map("rank-*", workload="ranker", team="relevance")
    gpu_hours("g0", range(0, 20), pod="rank-0", node="i-gpu7", seen_by="dcgm")
    charge("30", resource_id="i-gpu7", sub_account_id="1")
    charge("4", resource_id="rank-checkpoints", sub_account_id="2")
    node, bucket = suggested()
    assert told(node) == ["resource_id is i-gpu7"]
    assert node.assigns == {"workload": "ranker", "team": "relevance"}
    assert "100% of its 20 GPU-hours are of workload ranker, team relevance" in node.why
    assert "resource map would split it by measured time" in node.why
    assert told(bucket) == ["resource_id starts_with rank-"]
    assert "fits rank-* of the workload map" in bucket.why


def test_it_suggests_nothing_for_noise():
    owned(4, "4711", "data-eng")
    owned(4, "4711", "search")
    owned(2, "4712", "ads")
    for n, name in enumerate(("vol-09a3", "prod-logs", "i-0f31c2d4", "lorem-ipsum", "eta")):
        charge(str(20 - n), sub_account_id="4711", resource_id=name)
    charge("5", sub_account_id="4712", resource_id="zeta-1")
    charge("4", sub_account_id="4799", resource_id="theta-1", tags={"environment": "prod"})
    charge("3", sub_account_id="4711", resource_id="search-ads-join")
    found = suggested()
    assert [one for one in found if one.conditions] == []
    why = {one.name: one.why for one in found}
    assert "account 4711 stands on several teams (data-eng 50%, search 50%)" in why["vol-09a3"]
    assert "only 2 series of account 4712 are attributed" in why["zeta-1"]
    assert "nothing else of account 4799 is attributed" in why["theta-1"]
    assert "several known names: “search”, “ads”" in why["search-ads-join"]


def test_it_leaves_alone_what_a_rule_cannot_cure():
    ensure_builtin_rules()
    AllocationRule.objects.create(
        key="nobody", version=1, position=640, title="Nobody's on purpose", method="unattributed",
        conditions=[{"field": "resource_id", "op": "is", "value": "pit"}],
    )  # fmt: skip
    owned(6, "4711", "data-eng")
    charge("9", sub_account_id="4711", resource_id="pit")
    (one,) = suggested()
    assert one.conditions == ()
    assert "the rule “Nobody's on purpose” claims it and finds no owner" in one.why


def test_what_another_rule_holds_without_an_owner_is_named_one_by_one():
    """A bucket no inventory tells of: the rule for buckets claims it, and so do tagged ones."""
    ensure_builtin_rules()
    AllocationRule.objects.create(
        key="held", version=1, position=640, title="Buckets", method="direct",
        conditions=[{"field": "service_name", "op": "is", "value": "S3"}],
    )  # fmt: skip
    owned(6, "4711", "data-eng", service_name="S3")
    charge("9", sub_account_id="4711", resource_id="lone-1a", service_name="S3")
    charge("7", sub_account_id="4711", resource_id="data-eng-4711-0", service_name="S3")
    first, second = suggested()
    assert told(first) == ["resource_id one_of ['lone-1a']"]
    assert (first.assigns, first.cost) == ({"team": "data-eng"}, Decimal(9))
    assert "It stands before “Buckets”, which claims them and finds no owner." in first.why
    assert second.matching == ({"field": "resource_id", "op": "is", "value": "data-eng-4711-0"},)
    assert second.conditions == () and "“Buckets” claims it and finds no owner" in second.why
    before = stands()
    adopt(first)
    attribute()
    moved = {key: amount - before.get(key, 0) for key, amount in stands().items()}
    assert {k: v for k, v in moved.items() if v} == {
        ("workload", "active", "", "", "", "data-eng"): Decimal(9),
        ("unattributed", "unclaimed", "", "", "", ""): Decimal(-9),
    }


def test_the_report_says_the_same_and_is_for_those_who_see_all():
    owned(6, "4711", "data-eng")
    charge("40", sub_account_id="4711", resource_id="q-7f3a91")
    attribute()
    answer = run(Spec("rule_suggestions", SEPTEMBER, Asker("finance")))
    (row,) = answer.rows
    assert json.loads(row["assigns"]) == {"team": "data-eng"}
    assert (row["cost"], row["position"], row["method"]) == (Decimal(40), 950, "direct")
    assert to_parquet(answer)
    with pytest.raises(NotAllowed):
        run(Spec("rule_suggestions", SEPTEMBER, Asker("finance", ("data-eng",))))


def test_names_are_compared_by_tokens():
    assert tokens("RankServe-v3_logs") == ["rank", "serve", "v3", "logs"]
    assert [is_random(t) for t in ("0682f9ec", "09a3", "20260901", "a100", "v3", "llama3")] == [
        True, True, True, False, False, False,
    ]  # fmt: skip
    assert stem("i-0682f9ec581487cae") == "i"
    rows = [{"feature": "search"}, {"workload": "search-index", "team": "core"}, {"model": "prod"}]
    known = Vocabulary(rows)
    assert [one.name for one in known.within("my-search-index-7")] == ["search-index"]
    assert [one.name for one in known.within("research")] == []
    assert known.whole("prod") is None
    for pattern, name, fits in (
        ("rank-*", "rank-0", True), ("rank-*", "prank-0", False), ("*-a-*", "x-a-y", True),
        ("ab*ba", "aba", False), ("rank", "rank", True),
    ):  # fmt: skip
        assert matches(pattern, name) is fits, pattern
