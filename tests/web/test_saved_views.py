"""Saved views: kept, shared, pinned, updated, deleted; and seen by nobody they are not for."""

from dataclasses import replace
from datetime import timedelta

from django.http import QueryDict
import pytest

from aicost.accounts.models import AuditEvent, Team
from aicost.kernel.periods import utc_today
from aicost.web import saved
from aicost.web.ask import calendar_of
from aicost.web.models import SavedView
from tests.web.visitor import Visitor
from tests.web.world import QUERY, make_costs, make_people

pytestmark = pytest.mark.django_db


@pytest.fixture
def post(client, people):
    """post("finance", "/views/keep/", name=…) -> the response to that person."""

    def send(who: str, address: str, **told):
        client.force_login(people[who])
        return client.post(address, told)

    return send


@pytest.fixture
def kept(post, costs):
    """Finance keeps Explore by team, last 28 days."""
    answer = post("finance", "/views/keep/", name="Board", path="/explore/",
                  query="period=28d&group=team")  # fmt: skip
    assert answer.status_code == 302
    return SavedView.objects.get()


def test_a_view_is_kept_from_the_bar_and_opens_the_same_state(visit, kept):
    """The form in the bar sends the page's state; the view then is the one that is shown."""
    page = visit("finance", "/explore/?period=28d&group=team").content.decode()
    assert "View: Board" in page
    assert kept.address == "/explore/?period=28d&group=team"
    assert visit("finance", kept.address).status_code == 200
    assert (
        'value="period=month&amp;group=model"'
        in visit("finance", "/explore/?group=model").content.decode()
    )
    event = AuditEvent.objects.get(action="view_saved")
    assert (event.subject, event.detail) == ("Board", {"address": kept.address})


def test_a_preset_stays_relative_for_whoever_opens_it(visit, post, people, costs):
    """Kept as "month to date" by one who begins with it, opened by one who begins with 7 days:
    the same days for both, and other days tomorrow. Days that were picked stay."""
    post("finance", "/views/keep/", name="Month", path="/", query="")
    post("finance", "/views/keep/", name="Days", path="/explore/", query=QUERY)
    month, days = SavedView.objects.get(name="Month"), SavedView.objects.get(name="Days")
    assert month.query == "period=month"
    assert "from=2026-09-01&to=2026-09-02" in days.query
    people["admin"].first_period = "7d"
    people["admin"].save()
    now = saved.parse(QueryDict(month.query), calendar_of(people["admin"]))
    month_on = replace(now.calendar, today=utc_today() + timedelta(days=40))
    later = saved.parse(QueryDict(month.query), month_on)
    assert now.preset == later.preset == "month"
    assert later.period.start > now.period.start


def test_a_page_keeps_its_own_keys(post, costs):
    post("finance", "/views/keep/", name="Ans", path="/targets/", query=f"{QUERY}&q=ans")
    assert SavedView.objects.get().query.endswith("q=ans")


def test_a_view_is_its_owners_until_it_is_shared(visit, post, people, kept):
    """ "scoped" is of team relevance: sees the view once it is shared with relevance, not with
    support; whoever sees all teams sees both; nobody but the owner changes it."""
    assert "Board" not in visit("scoped", "/views/").content.decode()
    assert "Board" not in visit("viewer", "/views/").content.decode()
    support = Team.objects.create(name="support")
    relevance = Team.objects.get(name="relevance")
    for team, seen in ((support, False), (relevance, True)):
        post("finance", f"/views/{kept.pk}/", name="Board", team=team.pk)
        assert ("Board" in visit("scoped", "/views/").content.decode()) is seen
        assert ("Board" in visit("scoped", "/explore/").content.decode()) is seen
        assert "Board" in visit("viewer", "/views/").content.decode()
    for who in ("scoped", "viewer", "engineer"):
        assert post(who, f"/views/{kept.pk}/", name="Mine").status_code == 404
        assert post(who, f"/views/{kept.pk}/delete/").status_code == 404
        assert post(who, "/views/update/", view=kept.pk, path="/", query="").status_code == 404
    assert post("admin", f"/views/{kept.pk}/", name="Board", team=relevance.pk).status_code == 302
    text = visit("scoped", kept.address).content.decode()
    assert "support" not in text.partition('id="table"')[2]
    refused = post("scoped", "/views/keep/", name="M", path="/margin/", query="")
    assert refused.status_code == 400


def test_nobody_shares_with_a_team_that_is_not_theirs(post, costs):
    other = Team.objects.create(name="support")
    post("scoped", "/views/keep/", name="Mine", path="/explore/", query="")
    view = SavedView.objects.get()
    answer = post("scoped", f"/views/{view.pk}/", name="Mine", team=other.pk)
    assert answer.status_code == 400
    view.refresh_from_db()
    assert view.team is None


def test_pinned_views_stand_first(visit, post, kept):
    post("finance", "/views/keep/", name="Aardvark", path="/explore/", query="")
    post("finance", f"/views/{kept.pk}/", name="Zoo", pinned="1")
    page = visit("finance", "/explore/?group=model").content.decode()
    assert page.index("Zoo") < page.index("Aardvark")
    detail = AuditEvent.objects.get(action="view_changed").detail
    assert detail["from"] == {"name": "Board", "team": None, "pinned": False}
    assert detail["to"] == {"name": "Zoo", "team": None, "pinned": True}


def test_an_update_says_what_changes_and_who_uses_it(visit, post, kept, monkeypatch):
    """First a page that says what changes, then the change; no digest uses it while none can."""
    asked = f"/views/update/?view={kept.pk}&path=/explore/&query=period%3D7d"
    page = visit("finance", asked).content.decode()
    assert "used by no digest" in page
    assert "Last 28 days" in page and "Last 7 days" in page
    monkeypatch.setattr(saved, "digests_using", lambda view: 4)
    assert "used by 4 digests" in visit("finance", asked).content.decode()
    kept.refresh_from_db()
    assert "28d" in kept.query
    answer = post("finance", "/views/update/", view=kept.pk, path="/explore/", query="period=7d")
    assert answer["Location"] == "/explore/?period=7d"
    detail = AuditEvent.objects.get(action="view_changed").detail
    assert detail["to"] == "/explore/?period=7d"


def test_before_it_deletes_it_says_who_uses_it(visit, kept, monkeypatch):
    """The list leads to a question; nothing is gone before it is answered."""
    assert f'href="/views/{kept.pk}/delete/"' in visit("finance", "/views/").content.decode()
    asked = visit("finance", f"/views/{kept.pk}/delete/").content.decode()
    assert "used by no digest" in asked and "Last 28 days" in asked and "Keep it" in asked
    monkeypatch.setattr(saved, "digests_using", lambda view: 4)
    assert "used by 4 digests" in visit("finance", f"/views/{kept.pk}/delete/").content.decode()
    assert visit("viewer", f"/views/{kept.pk}/delete/").status_code == 404
    assert SavedView.objects.exists()


def test_it_deletes_and_writes_it_down(visit, post, kept):
    assert post("finance", f"/views/{kept.pk}/delete/").status_code == 302
    assert not SavedView.objects.exists()
    assert AuditEvent.objects.get(action="view_deleted").subject == "Board"
    assert "No view is saved yet" in visit("finance", "/views/").content.decode()


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"name": "", "path": "/explore/"}, "Give the view a name"),
        ({"name": "a\x00b", "path": "/explore/"}, "Give the view a name"),
        ({"name": "Board", "path": "/explore/"}, "You have a view Board"),
        ({"name": "x", "path": "/login/"}, "Only a page with a filter bar"),
        ({"name": "x", "path": "https://elsewhere.example/explore/"}, "Only a page with"),
        ({"name": "x", "path": "/explore/", "query": "group=colour"}, "colour&#x27; is not one"),
    ],
)
def test_it_says_why_a_view_cannot_be_kept(post, kept, told, said):
    answer = post("finance", "/views/keep/", **told)
    assert answer.status_code == 400
    assert said in answer.content.decode()
    assert SavedView.objects.count() == 1


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_a_view_is_kept_by_hand_in_a_browser(browser, live_server):
    make_costs()
    make_people()
    visitor = Visitor(browser, live_server, 1440)
    page = visitor.page
    visitor.log_in()
    visitor.go(f"/explore/?{QUERY}&group=model")
    page.click(".views >> text=Views")
    page.fill(".views input[name=name]", "By model")
    page.click("text=Save view")
    page.wait_for_selector(".views >> text=View: By model")
    visitor.go("/views/")
    page.click("text=By model")
    page.wait_for_selector("[data-drawn=yes]")
    assert "group=model" in page.url
    assert visitor.complaints == []
