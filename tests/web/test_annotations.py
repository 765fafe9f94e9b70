"""What happened, beside the charts: written by hand, posted by programs, known by the ledger."""

from datetime import UTC, date, datetime
from decimal import Decimal
import json

from django.utils.html import escape
import pytest

from aicost.accounts.models import AuditEvent
from aicost.accounts.tokens import INGEST, make_token
from aicost.kernel.periods import Period
from aicost.web import notes
from attribution.models import AllocationRule, MonthClose, Note
from attribution.reports import run
from attribution.reports.spec import Asker, Spec
from ingest.models import Delivery, Price, Restatement, Source
from tests.web.visitor import Visitor
from tests.web.world import FIRST, QUERY, SECOND, make_costs, make_people

pytestmark = pytest.mark.django_db
SEPTEMBER = Period(date(2026, 9, 1), date(2026, 10, 1))
EXPLORE = f"/explore/?{QUERY}"


@pytest.fixture
def post(client, people):
    def send(who: str, address: str, **told):
        client.force_login(people[who])
        return client.post(address, told)

    return send


def shown(visit, who: str, address: str = EXPLORE) -> str:
    return visit(who, address).content.decode()


def test_a_note_stands_on_its_day_in_the_chart_and_in_the_list(visit, post, costs):
    """Written from the form on Explore, filtered by a feature: it is about that feature, and is
    shown there, without filter, and not on another feature."""
    page = shown(visit, "engineer", f"{EXPLORE}&feature=search")
    assert 'value="feature:search" checked' in page
    answer = post("engineer", "/notes/", day="2026-09-02", text="Doubled the index",
                  about="feature:search", next=f"{EXPLORE}&feature=search")  # fmt: skip
    assert (answer.status_code, answer["Location"]) == (302, f"{EXPLORE}&feature=search")
    for query, seen in (("&feature=search", True), ("", True), ("&feature=answers", False)):
        assert ("Doubled the index" in shown(visit, "viewer", EXPLORE + query)) is seen
        figure = shown(visit, "viewer", f"/figures/explore/chart.json?{QUERY}{query}")
        assert ("Doubled the index" in figure) is seen
    assert "Doubled the index" in shown(visit, "viewer", f"/features/search/?{QUERY}&whole=1")
    event = AuditEvent.objects.get(action="note_added")
    assert (event.user.username, event.subject) == ("engineer", "Doubled the index")


def test_its_author_changes_it_and_so_do_finops_and_admin(visit, post, costs):
    post("engineer", "/notes/", day="2026-09-01", text="A typo")
    note = Note.objects.get()
    assert f"/notes/{note.pk}/" in shown(visit, "engineer")
    for who in ("finance", "viewer", "scoped"):
        assert f"/notes/{note.pk}/" not in shown(visit, who)
        assert post(who, f"/notes/{note.pk}/", day="2026-09-01", text="No").status_code == 404
        assert post(who, f"/notes/{note.pk}/delete/").status_code == 404
    for who, text in (("engineer", "A type"), ("finops", "The type"), ("admin", "Types")):
        assert visit(who, f"/notes/{note.pk}/").status_code == 200
        post(who, f"/notes/{note.pk}/", day="2026-09-02", text=text)
        note.refresh_from_db()
        assert (note.text, note.day, note.author.username) == (text, SECOND, "engineer")
    assert AuditEvent.objects.filter(action="note_changed").count() == 3
    assert post("engineer", f"/notes/{note.pk}/delete/")["Location"] == "/explore/"
    assert not Note.objects.exists()
    assert AuditEvent.objects.get(action="note_deleted").subject == "Types"


def test_a_team_sees_its_own_notes_and_no_others(visit, post, costs):
    """Who sees relevance only writes for it, reads notes of it, and nothing of the company."""
    post("finance", "/notes/", day="2026-09-01", text="Board asked for cuts")
    post("finance", "/notes/", day="2026-09-01", text="Support hired", about="team:support")
    post("finance", "/notes/", day="2026-09-01", text="Relevance hired", about="team:relevance")
    assert post("scoped", "/notes/", day="2026-09-01", text="For all").status_code == 400
    assert post("scoped", "/notes/", day="2026-09-01", text="x", team="support").status_code == 400
    post("scoped", "/notes/", day="2026-09-01", text="Ours", team="relevance")
    page = shown(visit, "scoped")
    assert "Relevance hired" in page and "Ours" in page
    assert "Board asked" not in page and "Support hired" not in page
    assert "Ours" in shown(visit, "finance")
    taken = visit("scoped", f"/export/explore/notes.csv?{QUERY}")
    text = b"".join(taken.streaming_content).decode()
    assert "Ours" in text and "Board" not in text
    board = Note.objects.get(text="Board asked for cuts")
    assert visit("scoped", f"/notes/{board.pk}/").status_code == 404


def test_who_sees_some_teams_notes_about_their_names_alone(post, costs):
    """answers and big-llm are of support: relevance learns nothing of them, not even by writing."""
    ours = {"day": "2026-09-01", "team": "relevance"}
    for about in ("feature:answers", "model:big-llm", "team:support", "workload:anything"):
        answer = post("scoped", "/notes/", text="x", about=about, **ours)
        assert answer.status_code == 400, about
    assert not Note.objects.exists()
    two = post("scoped", "/notes/", text="x", about=["feature:search", "feature:answers"], **ours)
    assert two.status_code == 400
    assert post("scoped", "/notes/", text="x", about="feature:search", **ours).status_code == 302
    assert post("finance", "/notes/", text="y", about="feature:answers", **ours).status_code == 302
    long = post("finance", "/notes/", text="z", about=f"feature:{'a' * 201}", **ours)
    assert long.status_code == 400


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"day": "yesterday", "text": "x"}, "as YYYY-MM-DD"),
        ({"day": "0001-01-01", "text": "x"}, "not in the years"),
        ({"day": "2026-09-01", "text": " "}, "Write a note"),
        ({"day": "2026-09-01", "text": "x" * 501}, "at most 500"),
        ({"day": "2026-09-01", "text": "x\x00"}, "Write a note"),
        ({"day": "2026-09-01", "text": "x", "about": "colour:red"}, "A note is about"),
    ],
)
def test_it_says_why_a_note_cannot_be_kept(post, told, said):
    answer = post("finance", "/notes/", **told)
    assert answer.status_code == 400
    assert said in answer.content.decode()
    assert not Note.objects.exists()


def test_nobody_notes_who_only_looks_and_nothing_leads_away(post, costs):
    assert post("viewer", "/notes/", day="2026-09-01", text="x").status_code == 403
    answer = post("finance", "/notes/", day="2026-09-01", text="x", next="//evil.example/")
    assert answer["Location"] == "/explore/"


def test_a_text_stays_a_text(visit, post, costs):
    post("finance", "/notes/", day="2026-09-01", text="<script>alert(1)</script>")
    page = shown(visit, "finance")
    assert "<script>alert" not in page
    assert escape("<script>alert(1)</script>") in page


def test_a_deploy_posted_by_api_is_named_on_the_chart(client, people, visit, costs):
    """End to end: a token, POST /api/v1/events, and the chart of the day."""
    _, text = make_token(people["finops"], "ci", [INGEST])
    row = {"id": "d-1", "at": "2026-09-02T08:00:00Z", "kind": "deploy", "title": "Ranker 4",
           "feature": "search"}  # fmt: skip
    headers = {"Authorization": f"Bearer {text}", "Idempotency-Key": "d-1"}
    answer = client.post("/api/v1/events", json.dumps([row]), content_type="application/json",
                         headers=headers)  # fmt: skip
    assert answer.status_code == 201, answer.content
    assert "Ranker 4" in shown(visit, "finance", f"/figures/explore/chart.json?{QUERY}")
    page = shown(visit, "finance")
    assert "Deploy" in page and "Ranker 4" in page
    assert "Ranker 4" not in shown(visit, "scoped")


def test_the_ledger_tells_what_it_knows_by_itself(visit, people, costs):
    """A contract price, a restated bill, a changed rule, a close and its reopening, one report."""
    who = people["finance"]
    for token_class in ("input", "output"):
        Price.objects.create(provider="vendor", model="big-llm", token_class=token_class,
                             per_units=10**6, price=Decimal(3), currency="USD", basis="contract",
                             valid_from=SECOND, changed_by=who)  # fmt: skip
    source = Source.objects.get(name="aws")
    before = Delivery.objects.get(source=source)
    later = Delivery.objects.create(source=source, name="september-2.csv", reader="focus",
                                    state="published", set_sha256="1" * 64)  # fmt: skip
    restated = Restatement.objects.create(delivery=later, previous=before, currency="USD",
        billed_delta=Decimal("-12.5"), effective_delta=Decimal("-12.5"), charges_added=0,
        charges_changed=1, charges_removed=0)  # fmt: skip
    moment = datetime(2026, 9, 2, 9, tzinfo=UTC)
    Restatement.objects.filter(pk=restated.pk).update(created_at=moment)
    AllocationRule.objects.create(key="ours", version=1, position=1, title="Ours", method="direct",
                                  valid_from=FIRST, created_by=who)  # fmt: skip
    close = MonthClose.objects.create(month=date(2026, 8, 1), closed_by=who)
    MonthClose.objects.filter(pk=close.pk).update(
        closed_at=moment, reopened_at=moment, reopened_by=who, reason="a credit came"
    )
    rows = run(Spec("annotations", SEPTEMBER, Asker("finance"))).rows
    assert [(row["at"].date(), row["kind"], row["title"]) for row in rows] == [
        (FIRST, "rule", "Rule Ours added"),
        (SECOND, "price", "vendor big-llm: contract price from this day"),
        (SECOND, "close", "August 2026 closed, edition 1"),
        (SECOND, "reopen", "August 2026 reopened: a credit came"),
        (SECOND, "restatement", "aws: bill of september-2.csv restated"),
    ]
    assert rows[-1]["billed_delta"] == Decimal("-12.5")
    assert rows[1]["author"] == "finance"
    page = shown(visit, "finance")
    assert "What happened: 5" in page
    assert "−$12.50" in page
    assert "Ours" not in shown(visit, "scoped")
    only = Spec("annotations", SEPTEMBER, Asker("finance"), filters={"model": ("ranker",)})
    assert "price" not in {row["kind"] for row in run(only).rows}


def test_a_chart_of_weeks_names_its_weeks(people, costs):
    from aicost.web.ask import Ask
    from aicost.web.filters import View

    for day in (FIRST, SECOND):
        Note.objects.create(day=day, text=f"Note of {day:%d}", author=people["finance"])
    ask = Ask(people["finance"], Asker("finance"), View(SEPTEMBER))
    assert notes.named_days(ask, "week") == {date(2026, 8, 31): "Note of 01 +1"}
    assert notes.named_days(ask, "month") == {}


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_a_note_is_written_by_hand_in_a_browser(browser, live_server):
    make_costs()
    make_people()
    visitor = Visitor(browser, live_server, 1440)
    page = visitor.page
    visitor.log_in("engineer")
    visitor.go(EXPLORE)
    page.click("#notes > summary")
    page.fill("#notes input[name=text]", "New index")
    page.fill("#notes input[name=day]", "2026-09-02")
    page.click("text=Add note")
    page.wait_for_selector("[data-drawn=yes] >> text=New index")
    assert visitor.complaints == []
