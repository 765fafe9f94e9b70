"""What pages show, to whom, with data and without."""

import csv
from decimal import Decimal
import html
import io
import re

import pytest

from aicost.accounts.models import AuditEvent
from aicost.web.pages.registry import PAGES
from aicost.web.templatetags.look import money
from ingest.models import Source, UsageDay
from tests.web.world import FIRST, QUERY, TOTAL, query_of

pytestmark = pytest.mark.django_db

ADDRESSES = (
    "/",
    "/explore/",
    "/unit-economics/",
    "/why-it-grew/",
    "/models/",
    "/models/ranker/",
    "/experiments/",
    "/experiments/two-tower/",
    "/gpus/",
    "/training/",
    "/layers/",
    "/margin/",
    "/targets/",
    "/features/",
    "/features/search/",
    "/teams/",
    "/teams/relevance/",
    "/customers/",
    "/customers/acme/",
    "/targets/environment/prod/",
    "/statements/",
    "/finance/cost_classes/",
    "/health/",
    "/rules/",
    "/upload/",
)
# Pages of one name, which is known or not found.
NAMED = {"/models/ranker/", "/features/search/"}
UNKNOWN = {"/experiments/two-tower/", "/customers/acme/", "/targets/environment/prod/"}
FAILED = "This box could not be filled"
FIGURES = [
    (page.slug, panel.slug)
    for page in PAGES.values()
    for panel in page.panels
    if panel.figure and page.slug != "alert"  # which needs one: tests/web/test_alert_pages.py
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_it_renders_every_panel_on_an_empty_database(visit, address):
    response = visit("finance", f"{address}?whole=1")
    assert response.status_code == (404 if address in NAMED | UNKNOWN else 200)
    assert FAILED not in response.content.decode()


@pytest.mark.parametrize("address", ADDRESSES)
def test_it_renders_every_panel_with_data(visit, costs, address):
    response = visit("finance", f"{address}?{QUERY}&whole=1")
    assert response.status_code == (404 if address in UNKNOWN else 200)
    assert FAILED not in response.content.decode()


@pytest.mark.parametrize(("page", "panel"), FIGURES)
def test_it_serves_every_chart_as_json(visit, costs, page, panel):
    response = visit("finance", f"/figures/{page}/{panel}.json?{query_of(page)}")
    assert response.status_code == 200
    assert set(response.json()) == {"data", "layout"}


def test_it_sends_strangers_to_the_login(client):
    for address in (*ADDRESSES, "/explore.csv", "/margin.csv", "/why/"):
        response = client.get(address)
        assert response.status_code == 302
        assert response["Location"].startswith("/login/?next=")


def test_it_shows_the_figures_of_the_report(visit, costs):
    """Search carries its own idle; the pools are lines below; the total is the bill."""
    page = visit("viewer", f"/explore/?{QUERY}").content.decode()
    for shown in ("$160.00", "$75.50", "$10.00", "$6.50", "$3.00", "$255.00"):
        assert shown in page
    response = visit("viewer", f"/explore.csv?{QUERY}")
    rows = list(csv.DictReader(io.StringIO(response.content.decode())))
    assert sum(Decimal(row["cost"]) for row in rows) == TOTAL
    search = [Decimal(row["cost"]) for row in rows if row["feature"] == "search"]
    assert search == [Decimal("70"), Decimal("90")]


def test_it_keeps_the_question_in_the_address(visit, costs):
    """A filter is a link away, its chip takes it back, and the table follows."""
    page = visit("viewer", f"/explore/?{QUERY}&feature=answers&group=team").content.decode()
    assert "Feature: answers" in page
    assert "$75.50" in page
    assert "$160.00" not in page
    menu = visit("viewer", f"/filter/feature/?page=explore&{QUERY}").content.decode()
    assert 'name="feature" value="search"' in menu


def test_it_groups_by_resource_and_tag_for_a_month_and_longer_when_asked(visit, costs):
    menu = visit("finance", f"/explore/?{QUERY}").content.decode()
    assert "group=resource" in menu
    for query in ("group=resource,feature&sku=s", "group=tag:team", "group=rule&tag:cost+centre=7"):
        response = visit("finance", f"/explore/?from=2026-09-01&to=2026-10-01&{query}")
        assert response.status_code == 200
        assert FAILED not in response.content.decode()
        response = visit("finance", f"/explore/?from=2026-09-01&to=2026-10-02&{query}")
        assert response.status_code == 400
        assert "at most 31 days, not 32" in response.content.decode()
        assert (
            visit("finance", f"/explore/?from=2026-01-01&to=2026-10-02&{query}&long=1").status_code
            == 200
        )
    assert visit("finance", f"/?{QUERY}&resource=i-1").status_code == 200
    assert visit("finance", f"/why/?{QUERY}&at=tag:team:a&at=resource:i-1").status_code == 200


def test_it_says_what_is_wrong_with_an_address(visit):
    response = visit("viewer", "/explore/?group=colour")
    assert response.status_code == 400
    assert "group &#x27;colour&#x27; is not one of" in response.content.decode()


@pytest.mark.parametrize("who", ["viewer", "engineer", "scoped", "lone"])
def test_it_keeps_margin_from_whoever_does_not_answer_for_it(visit, costs, who):
    for address in ("/margin/", "/margin.csv", "/figures/margin/trend.json"):
        assert visit(who, f"{address}?{QUERY}").status_code == 403
    assert "Margin" not in visit(who, f"/?{QUERY}").content.decode()
    assert AuditEvent.objects.filter(action="denied", user__username=who).count() == 3


@pytest.mark.parametrize("who", ["finance", "finops", "admin"])
def test_it_shows_margin_to_whoever_answers_for_it(visit, costs, who):
    assert visit(who, f"/margin/?{QUERY}").status_code == 200


def test_it_shows_a_team_only_its_own_rows(visit, costs):
    """No page, chart, filter menu or file names the other team's feature or the company's bill."""
    addresses = [f"/?{QUERY}", f"/explore/?{QUERY}", f"/models/?{QUERY}", f"/explore.csv?{QUERY}"]
    addresses += [f"/filter/feature/?page=explore&{QUERY}"]
    addresses += [f"/figures/explore/chart.json?{QUERY}", f"/figures/overview/story.json?{QUERY}"]
    for address in addresses:
        text = visit("scoped", address).content.decode()
        assert "answers" not in text, address
        assert "big-llm" not in text, address
        assert "255.00" not in text, address
    assert "$160.00" in visit("scoped", f"/explore/?{QUERY}").content.decode()
    for address in ("/health/", "/upload/"):
        assert visit("scoped", address).status_code == 403


def test_it_writes_down_exports(visit, costs):
    visit("finance", f"/explore.csv?{QUERY}")
    event = AuditEvent.objects.get(action="export")
    assert (event.user.username, event.subject) == ("finance", "cost")


def test_it_lets_one_panel_fail_alone(visit, costs, monkeypatch):
    """A box whose report breaks says so; the others stand."""
    from attribution import reports

    broken = {k: v for k, v in reports.REPORTS.items() if k != "quarantine"}
    monkeypatch.setattr(reports, "REPORTS", broken)
    page = visit("finance", f"/health/?{QUERY}").content.decode()
    assert FAILED in page
    assert "september.csv" in page or "Reconciliation" in page


def test_it_never_shows_a_real_cost_as_zero():
    assert money(Decimal("0.0001"), "USD") == "<$0.01"
    assert money(Decimal("0"), "USD") == "$0.00"
    assert money(None, "USD") == "unknown"
    assert money(Decimal("-1234.5"), "USD") == "−$1,234.50"


WHY = (
    "line=owned&at=feature:search",
    "line=idle",
    "line=shared",
    "line=unattributed",
    "line=total",
)


@pytest.mark.parametrize("asked", WHY)
def test_it_says_why_as_a_page_and_as_a_panel(visit, costs, asked):
    address = f"/why/?{QUERY}&{asked}"
    page = visit("viewer", address).content.decode()
    assert "<html" in page
    assert "Why this number?" in page
    panel = visit("viewer", address, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in panel
    assert "Why this number?" in panel


def test_it_keeps_the_reason_of_another_teams_number(visit, costs):
    """Asked for the other team's feature, the company's total or its idle: nothing of theirs."""
    for asked in ("line=owned&at=feature:answers", "line=idle", "line=total"):
        text = visit("scoped", f"/why/?{QUERY}&{asked}").content.decode()
        assert "75" not in text.partition('class="big"')[2].partition("</p>")[0]
        assert "255" not in text.partition('class="big"')[2].partition("</p>")[0]


def test_it_refuses_a_reason_it_cannot_read(visit):
    assert visit("viewer", "/why/?at=colour:red").status_code == 400
    assert visit("viewer", "/why/?line=all").status_code == 400
    assert visit("viewer", "/why/?charge=yesterday").status_code == 400


def test_it_explains_the_row_it_stands_in(visit, costs):
    """The row Idle holds what no feature owns, and so does its reason: not all idle there is."""
    page = visit("viewer", f"/explore/?{QUERY}").content.decode()
    href = re.search(r'href="(/why/[^"]*line=idle[^"]*)"', page).group(1)
    why = visit("viewer", html.unescape(href)).content.decode()
    assert "$10<small>.00" in why


def test_it_adds_up_own_idle_to_its_total(visit, costs):
    """20.00 stand in the row of search; the pool Idle is no idle of its own."""
    page = visit("viewer", f"/explore/?{QUERY}").content.decode()
    total, _, said = page.partition('<tr class="total">')[2].partition("</table>")
    assert "$20.00" in total and "$30.00" not in total
    assert "All idle $30.00: own idle $20.00 inside the rows, $10.00 on the line Idle" in said


def test_it_answers_unknown_addresses_in_the_house_style(visit):
    response = visit("viewer", "/nothing/here/")
    assert response.status_code == 404
    assert "No such page" in response.content.decode()


def test_an_address_of_a_form_says_so_to_whoever_opens_it(client, visit):
    """As after a login that came between sending the form and its answer."""
    visit("viewer", "/")
    response = client.get("/reports/mine/", headers={"accept": "text/html,*/*"})
    assert response.status_code == 405 and response["Allow"] == "POST"
    assert "only takes what a form sends" in response.content.decode()
    assert client.get("/reports/mine/").content == b""


def test_a_model_shows_what_its_failures_cost(visit, costs):
    """140 of the ranker in two days: 2 of its 8 calls failed, 10 attempts for 8 calls."""
    calls = Source.objects.create(name="calls", kind="usage")
    address = f"/models/ranker/?{QUERY}&whole=1"
    assert "No call says how it ended." in visit("finance", address).content.decode()
    UsageDay.objects.create(source=calls, day=FIRST, model="ranker", feature="search", requests=8,
                            successes=6, attempts=10)  # fmt: skip
    page = visit("finance", address).content.decode()
    section = page[page.index("Spent on failures") :]
    for shown in ("$140.00", "$35.00", "$21.00", "40.0%", "requests"):
        assert shown in section, shown
