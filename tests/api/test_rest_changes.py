"""What programs change over REST, under the rights of the pages, once for each key."""

from datetime import timedelta

from django.test import override_settings
import pytest

from aicost.accounts.models import ApiUse, AuditEvent
from aicost.jobs.models import Job
from aicost.kernel.periods import utc_today
from attribution.models import Alert, AllocationRule, Budget
from ingest.models import Delivery, PostedBody, Source
from tests.api.rest import Caller, callers
from tests.attribution.world import build

pytestmark = pytest.mark.django_db
BUDGET = {"title": "Search", "amount": "120.50", "currency": "USD", "filters": "feature=search"}


@pytest.fixture
def people():
    return callers()


def test_a_budget_is_added_changed_ended_and_removed(people):
    finance = people["finance"]
    made = finance.post("budgets", BUDGET | {"reason": "plan 2026"})
    assert made.status_code == 201, made.content
    number = made.json()["budget_id"]
    assert (made.json()["amount"], made.json()["period"]) == ("120.5", "month")
    changed = finance.patch(f"budgets/{number}", {"amount": "200"})
    assert (changed.status_code, changed.json()["amount"]) == (200, "200")
    assert changed.json()["filters"] == "feature=search"
    listed = finance.get("budgets").json()["rows"]
    assert [row["name"] for row in listed] == ["Search"]
    ended = finance.post(f"budgets/{number}/end", {"on": "2027-01-01"})
    assert ended.json()["valid_to"] == "2027-01-01"
    assert finance.get(f"budgets/{number}").json() == ended.json()
    again = finance.post("budgets", BUDGET)
    assert again.status_code == 422 and "there is a budget called Search" in again.json()["detail"]
    for body, told in (({"amount": "x"}, "number"), ({"colour": "red"}, "'colour'"),
                       ({"amount": {}}, "amount")):  # fmt: skip
        wrong = finance.patch(f"budgets/{number}", body)
        assert wrong.status_code in (400, 422) and told in wrong.json()["detail"], wrong.content
    assert finance.delete(f"budgets/{number}").json() == {"budget_id": number, "removed": True}
    assert finance.get(f"budgets/{number}").status_code == 404


def test_only_who_may_changes_budgets(people):
    row = Budget.objects.create(title="x", amount=5, currency="USD", filters={"team": ["a"]})
    reader = Caller(people["finance"].user, "read")
    assert reader.post("budgets", BUDGET).status_code == 403
    for who in ("viewer", "engineer", "scoped", "lone"):
        assert people[who].post("budgets", BUDGET).status_code == 403, who
        assert people[who].patch(f"budgets/{row.pk}", {"amount": "1"}).status_code == 403, who
    assert people["scoped"].get(f"budgets/{row.pk}").status_code == 404
    assert people["viewer"].get(f"budgets/{row.pk}").status_code == 200
    assert Budget.objects.count() == 1
    assert AuditEvent.objects.filter(action="denied", subject="/api/v1/budgets").count() >= 4


def test_a_key_is_done_once(people):
    finance = people["finance"]
    first = finance.post("budgets", BUDGET, key="k1")
    second = finance.post("budgets", BUDGET, key="k1")
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json() and second["Idempotency-Replayed"] == "true"
    assert Budget.objects.count() == 1
    other = finance.post("budgets", BUDGET | {"amount": "9"}, key="k1")
    assert other.status_code == 409 and "another body" in other.json()["detail"]
    assert finance.post("budgets", BUDGET, key="k 2").status_code == 400
    refused = finance.post("budgets", BUDGET | {"title": ""}, key="k3")
    assert refused.status_code == 422
    assert finance.post("budgets", BUDGET | {"title": "b"}, key="k3").status_code == 201
    # Another person's key is another key.
    assert people["admin"].post("budgets", BUDGET | {"title": "c"}, key="k1").status_code == 201
    assert PostedBody.objects.count() == 3


@pytest.fixture
def alert():
    return Alert.objects.create(
        level="feature", name="search", kind="spike", onset="2026-09-01", last="2026-09-02",
        raised_on="2026-09-02", currency="USD", title="Search cost more", rule="A rule.", team="a",
    )  # fmt: skip


def test_an_alert_is_worked_on(people, alert):
    engineer, day = people["engineer"], utc_today() + timedelta(days=3)
    path = f"alerts/{alert.pk}"
    assert engineer.post(f"{path}/acknowledge").json()["acknowledged_by"] == "engineer"
    told = engineer.post(f"{path}/snooze", {"until": day.isoformat()}).json()
    assert told["snoozed_until"] == day.isoformat()
    assert engineer.post(f"{path}/assign", {"to": "finance"}).json()["assigned_to"] == "finance"
    assert engineer.post(f"{path}/assign", {"to": None}).json()["assigned_to"] is None
    assert engineer.post(f"{path}/comment", {"text": "seen"}).status_code == 200
    told = engineer.post(f"{path}/feedback", {"verdict": "expected", "text": "launch"}).json()
    assert told["state"] == "closed"
    assert [one["what"] for one in told["events"]] == [
        "acknowledged", "snoozed", "assigned", "assigned", "commented", "feedback",
    ]  # fmt: skip
    for what, body in (("snooze", {"until": "2000-01-01"}), ("assign", {"to": "nobody"}),
                       ("feedback", {"verdict": "maybe"}), ("comment", {})):  # fmt: skip
        assert engineer.post(f"{path}/{what}", body).status_code == 422, what
    assert people["viewer"].post(f"{path}/close").status_code == 403
    assert people["scoped"].get(path).status_code == 404
    listed = people["viewer"].get("alerts", {"state": ["closed", "open"], "level": "feature"})
    assert [one["alert_id"] for one in listed.json()["alerts"]] == [alert.pk]
    assert people["viewer"].get("alerts", {"state": "open"}).json()["alerts"] == []
    assert people["viewer"].get("alerts", {"onset_from": "soon"}).status_code == 400


def test_an_event_is_announced_and_withdrawn(people):
    engineer, day = people["engineer"], utc_today()
    launch = {"level": "feature", "name": "search", "begins": day.isoformat(), "text": "Launch"}
    made = engineer.post("announcements", launch, key="a1")
    assert made.status_code == 201, made.content
    number = made.json()["announcement_id"]
    assert (made.json()["ends"], made.json()["by"]) == (None, "engineer")
    assert engineer.post("announcements", launch, key="a1").json() == made.json()
    listed = people["viewer"].get("announcements").json()
    assert [one["announcement_id"] for one in listed["announcements"]] == [number]
    assert people["scoped"].get("announcements").json()["announcements"] == []
    assert people["viewer"].post("announcements", launch).status_code == 403
    assert people["viewer"].delete(f"announcements/{number}").status_code == 403
    for wrong, told in ((launch | {"level": "all"}, "level"), (launch | {"name": ""}, "name"),
                        (launch | {"begins": "2000-01-01"}, "begins at most")):  # fmt: skip
        refused = engineer.post("announcements", wrong)
        assert refused.status_code == 422 and told in refused.json()["detail"], refused.content
    assert people["finance"].delete(f"announcements/{number}").json()["withdrawn"] is True
    assert engineer.delete(f"announcements/{number}").status_code == 404


def test_a_rule_is_added_changed_and_moved(people):
    build()
    finance = people["finance"]
    rule = {
        "key": "search-tags",
        "title": "Search",
        "conditions": [{"field": "service", "op": "is", "value": "EC2"}],
        "assigns": {"team": "constant:search"},
        "why": "asked by search",
    }
    keys = [one["key"] for one in finance.get("rules").json()["rules"]]
    made = finance.post("rules", rule, key="r1")
    assert made.status_code == 201, made.content
    assert finance.post("rules", rule, key="r1").json() == made.json()
    assert (made.json()["version"], made.json()["created_by"]) == (1, "finance")
    change = {"title": "Search, all", "base": 1, "why": "clearer"}
    assert finance.patch("rules/search-tags", change).json()["version"] == 2
    stale = finance.patch("rules/search-tags", change)
    assert stale.status_code == 409 and "has version 2" in stale.json()["detail"]
    moved = finance.post("rules/order", {"keys": ["search-tags", keys[0]], "why": "first"})
    order = [one["key"] for one in moved.json()["rules"]]
    assert order.index("search-tags") < order.index(keys[0])
    for who in ("viewer", "engineer", "scoped", "lone"):
        assert people[who].post("rules", rule | {"key": "mine"}).status_code == 403, who
    assert people["viewer"].get("rules/search-tags").status_code == 200
    assert people["scoped"].get("rules/search-tags").status_code == 403
    assert finance.get("rules/none").status_code == 404
    assert not AllocationRule.objects.filter(key="mine").exists()


def test_a_source_is_connected_and_tested(people):
    finops = people["finops"]
    made = finops.post(
        "sources",
        {"name": "rates", "connector": "ecb_rates", "settings": {"url": "http://127.0.0.1:9/x"}},
    )
    assert made.status_code == 201, made.content
    number = made.json()["source_id"]
    told = finops.post(f"sources/{number}/test").json()
    assert told["ok"] is False and told["checks"][-1]["cure"]
    assert finops.get("sources").json()["sources"][0]["name"] == "rates"
    odd = {
        "name": "x",
        "connector": "ecb_rates",
        "settings": {"url": "https://x.example", "colour": "red"},
    }
    wrong = finops.post("sources", odd)
    assert wrong.status_code == 422 and wrong.json()["errors"][0]["field"] == "colour"
    for who in ("viewer", "engineer", "finance", "scoped"):
        assert people[who].post(f"sources/{number}/test").status_code == 403, who
    assert Source.objects.count() == 1


def test_a_file_is_sent_and_its_load_is_told(people, home):
    engineer = Caller(people["engineer"].user, "ingest")
    path = "uploads?name=calls.csv&source=calls"
    sent = engineer.post(path, b"day,x\n", key="f1", content_type="text/csv")
    assert sent.status_code == 202, sent.content
    number = sent.json()["upload_id"]
    assert engineer.get(f"uploads/{number}").json()["state"] == "new"
    again = engineer.post(path, b"day,x\n", key="f1", content_type="text/csv")
    assert again.json()["upload_id"] == number and again["Idempotency-Replayed"] == "true"
    other = engineer.post(path, b"day,y\n", key="f1", content_type="text/csv")
    assert other.status_code == 409
    assert Job.objects.filter(kind="ingest.load").count() == 1
    assert Caller(people["viewer"].user, "ingest").post(path, b"x").status_code == 403
    assert Caller(people["engineer"].user, "read").post(path, b"x").status_code == 403


def test_deliveries_are_listed_in_pages(people):
    source = Source.objects.create(name="aws", kind="bill")
    for n in range(5):
        Delivery.objects.create(source=source, name=f"d{n}", state="held", set_sha256=f"{n}")
    asked, found = {"limit": 2, "source": "aws"}, []
    while True:
        told = people["viewer"].get("deliveries", asked).json()
        found += [one["name"] for one in told["deliveries"]]
        if told["next"] is None:
            break
        asked = asked | {"cursor": told["next_cursor"]}
    assert found == ["d0", "d1", "d2", "d3", "d4"]
    assert people["scoped"].get("deliveries").status_code == 403


def test_who_asks_too_often_is_told_when_to_come_back(people):
    viewer = people["viewer"]
    with override_settings(AICOST_API_PER_MINUTE=3):
        answers = [viewer.get("dimensions") for _ in range(4)]
        while answers[-1].status_code != 429:  # a minute began amid them
            answers.append(viewer.get("dimensions"))
        assert answers[-1].status_code == 429 and 0 < int(answers[-1]["Retry-After"]) <= 60
        assert people["finance"].get("dimensions")["RateLimit-Remaining"] == "2"
    assert ApiUse.objects.filter(who=f"token:{viewer.token.pk}").count() == 1


def test_methods_and_bodies_that_are_none_are_refused_in_one_shape(people):
    admin = people["admin"]
    for answer, status in (
        (admin.client.put("/api/v1/budgets", headers=admin.headers), 405),
        (admin.post("budgets", b"{", content_type="application/json"), 400),
        (admin.post("budgets", b"a=1", content_type="application/x-www-form-urlencoded"), 415),
        (admin.post("budgets", b"[1]"), 422),
        (admin.post("budgets", b'{"title": NaN}'), 400),
        (admin.post("budgets", b"[" * 100_000), 400),
        (admin.client.post("/api/v1/budgets"), 401),
        (admin.client.get("/api/v1/budgets", headers={"Authorization": "Basic eDp5"}), 401),
    ):
        assert answer.status_code == status, answer.content
        assert answer["Content-Type"] == "application/problem+json"
        assert {"title", "status", "detail", "cure", "instance"} <= answer.json().keys()
    assert "POST" in admin.client.put("/api/v1/budgets", headers=admin.headers)["Allow"]


def test_a_browser_reads_and_does_not_write(people, client):
    client.force_login(people["finance"].user)
    assert client.get("/api/v1/reports").status_code == 200
    answer = client.post("/api/v1/budgets", BUDGET, content_type="application/json")
    assert answer.status_code == 401 and not Budget.objects.exists()
