"""Slow panels come after the page, and at once where there is no script."""

from dataclasses import replace
import re

import pytest

from aicost.web.pages import registry
from tests.web.visitor import Visitor
from tests.web.world import QUERY, make_costs, make_people, query_of

LAZY = [
    (page, panel)
    for page in registry.PAGES.values()
    for panel in page.panels
    if panel.lazy and page.slug != "alert"
]
FAILED = "This box could not be filled"
# A form has another one each time.
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="[^"]+"')


def broken(ask):
    raise ZeroDivisionError


@pytest.fixture
def breaking(monkeypatch):
    """Data health, whose slow panel `unjoined` breaks."""
    page = registry.PAGES["health"]
    panels = tuple(
        replace(one, build=broken) if one.slug == "unjoined" else one for one in page.panels
    )
    monkeypatch.setitem(registry.PAGES, "health", replace(page, panels=panels))


def test_there_are_slow_panels():
    assert "health" in {page.slug for page, _ in LAZY}


@pytest.mark.django_db
@pytest.mark.parametrize(("page", "panel"), LAZY, ids=lambda one: one.slug)
def test_it_sends_a_skeleton_then_the_panel(visit, costs, page, panel):
    """What htmx fetches is what the page holds with whole=1, and the skeleton links there."""
    address = f"/panels/{page.slug}/{panel.slug}/?{query_of(page.slug)}"
    part = visit("admin", address, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part
    assert FAILED not in part
    alone = visit("admin", address).content.decode()
    assert "<html" in alone
    assert TOKEN.sub("", part.strip()) in TOKEN.sub("", alone)


@pytest.mark.django_db
def test_it_shows_the_whole_page_without_script(visit, costs):
    page = visit("admin", f"/health/?{QUERY}").content.decode()
    assert 'aria-busy="true"' in page
    assert "/panels/health/unjoined/?" in page
    assert "whole=1" in page.partition("<noscript>")[2]
    whole = visit("admin", f"/health/?{QUERY}&whole=1").content.decode()
    assert "aria-busy" not in whole
    part = visit("admin", f"/panels/health/unjoined/?{QUERY}", headers={"HX-Request": "true"})
    assert part.content.decode().strip() in whole


@pytest.mark.django_db
def test_it_keeps_the_rules_of_the_page(visit, costs):
    assert visit("scoped", f"/panels/health/unjoined/?{QUERY}").status_code == 403
    assert visit("admin", f"/panels/health/nothing/?{QUERY}").status_code == 404
    assert visit("admin", "/panels/nowhere/lead/").status_code == 404
    assert visit("admin", "/panels/health/unjoined/?from=yesterday").status_code == 400


@pytest.mark.django_db
def test_it_fails_inside_its_own_box(visit, costs, breaking):
    answer = visit("admin", f"/panels/health/unjoined/?{QUERY}", headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert FAILED in answer.content.decode()


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_it_comes_by_itself_and_keeps_the_focus(browser, live_server):
    """In Chromium: both panels arrive, nothing is busy any more, the focus stays where it was; a
    panel that does not come says so in its box, and the rest of the page stands."""
    make_costs()
    make_people()
    visitor = Visitor(browser, live_server, 1440)
    page = visitor.page
    visitor.log_in("admin")
    page.route("**/panels/health/unpriced/**", lambda route: route.abort())
    page.goto(f"{live_server.url}/health/?{QUERY}")
    page.focus(".nav-brand")
    boxes = page.locator("[data-later]")
    assert boxes.count() > 1
    # By a selector: the content policy lets no text be run as script, not even a test's.
    page.locator("[data-later]:not(.here)").first.wait_for(state="detached")
    assert page.evaluate("document.activeElement.className") == "nav-brand"
    count = boxes.count()
    assert {boxes.nth(n).get_attribute("aria-busy") for n in range(count)} == {"false"}
    assert page.locator(".failed-box").count() == 1
    assert page.locator("h2", has_text="What does not join").count() == 1
    assert page.locator("h2", has_text="Deliveries").count() == 1
