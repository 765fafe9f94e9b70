"""One visit in a real browser: nothing on the console, nothing that scrolls sideways."""

from pathlib import Path

import pytest

from tests.web.visitor import Visitor
from tests.web.world import QUERY, make_costs, make_people

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

ADDRESSES = (
    "/",
    "/explore/",
    "/models/",
    "/models/ranker/",
    "/gpus/",
    "/margin/",
    "/targets/",
    "/features/",
    "/features/search/",
    "/teams/relevance/",
    "/customers/",
    "/statements/",
    "/finance/cost_classes/",
    "/health/",
    "/rules/",
    "/upload/",
)


@pytest.fixture
def company(db):
    make_costs()
    make_people()


def test_it_walks_from_login_to_the_reason_of_a_number(company, browser, live_server):
    """Login → Overview → Explore → filter → CSV → "Why this number?", as a person would."""
    visitor = Visitor(browser, live_server, 1440)
    page = visitor.page
    visitor.log_in()
    assert page.locator("h1").inner_text() == "Overview"
    visitor.go(f"/explore/?{QUERY}")
    page.wait_for_selector("[data-drawn=yes] .bars")
    assert "$255.00" in page.locator("tr.total").first.inner_text()
    page.click("text=Add filter")
    page.click("#filter-menu >> text=Feature")
    page.check("#filter-menu >> text=search")
    page.click("#filter-menu >> text=Show")
    page.wait_for_load_state("networkidle")
    assert "feature=search" in page.url
    assert "$160.00" in page.locator("tr.total").first.inner_text()
    page.click(".exports >> text=Export")
    with page.expect_download() as caught:
        page.click(".exports >> text=CSV")
    assert "search" in Path(caught.value.path()).read_text(encoding="utf-8")
    page.click("tbody tr:first-child >> text=Why?")
    page.wait_for_selector("#side.open h1")
    assert "Why this number?" in page.locator("#side").inner_text()
    assert "160.00" in page.locator("#side").inner_text()
    page.keyboard.press("Escape")
    assert not page.locator("#side.open").count()
    assert visitor.complaints == []


@pytest.mark.parametrize(("width", "theme"), [(390, "light"), (1440, "dark")])
def test_it_keeps_quiet_and_narrow_as_it_opens(company, browser, live_server, width, theme):
    """No console message, no policy violation, nothing sideways. test_sweep.py sees every page at
    every width in both themes, and makes it narrow once it is open."""
    visitor = Visitor(browser, live_server, width, theme)
    visitor.log_in()
    for address in ADDRESSES:
        visitor.arrive(f"{address}?{QUERY}")
        assert visitor.sideways() <= 0, address
    assert visitor.complaints == []
