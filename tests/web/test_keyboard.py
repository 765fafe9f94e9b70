"""The bar and the search by keyboard alone, in a real browser."""

import pytest

from tests.web.visitor import Visitor
from tests.web.world import QUERY, make_costs, make_people

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def company(db):
    make_costs()
    return make_people()


def _press(page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)
    page.wait_for_load_state("networkidle")


def test_it_asks_and_finds_without_a_mouse(company, browser, live_server):
    """Step, comparison and period by letters, Back undoes each; search by slash and arrows; help;
    a letter typed into a box is a letter."""
    visitor = Visitor(browser, live_server, 1440)
    page = visitor.page
    visitor.log_in()
    visitor.go(f"/explore/?{QUERY}")
    _press(page, "w")
    page.wait_for_url("**step=week**")
    _press(page, "c")
    page.wait_for_url(lambda url: "compare=none" not in url)
    _press(page, ",")
    page.wait_for_url("**from=2026-08-30&to=2026-08-31**")
    page.go_back()
    page.go_back()
    page.wait_for_url("**step=week**")
    assert "compare=none" in page.url

    _press(page, "?")
    assert "Period earlier" in page.locator("#keys").inner_text()
    _press(page, "d", "Escape")
    assert "step=week" in page.url
    assert not page.locator("#keys").is_visible()

    _press(page, "/")
    page.keyboard.type("RANK")
    page.wait_for_selector(".hits a")
    assert "explore" in page.url
    _press(page, "ArrowDown", "Enter")
    page.wait_for_url("**/models/ranker/**")
    assert "from=2026-09-01" in page.url
    _press(page, "g", "o")
    page.wait_for_url("**/?from=2026-09-01**")
    assert page.locator("h1").inner_text() == "Overview"
    assert visitor.complaints == []


def test_letters_can_be_turned_off(company, browser, live_server):
    """Whoever speaks to the computer would press them by accident (WCAG 2.1.4)."""
    company["finance"].letters_off = True
    company["finance"].save()
    visitor = Visitor(browser, live_server, 390)
    visitor.log_in()
    visitor.go(f"/explore/?{QUERY}")
    _press(visitor.page, "w")
    visitor.page.wait_for_timeout(300)
    assert "step=week" not in visitor.page.url
    visitor.page.click("text=Search >> visible=true")
    visitor.page.wait_for_url("**/search/**")
    visitor.page.fill("main [name=q]", "rank")
    visitor.page.keyboard.press("Enter")
    visitor.page.wait_for_url("**/search/?**q=rank**")
    visitor.page.wait_for_load_state("networkidle")
    assert "ranker" in visitor.page.locator("main").inner_text()
    assert visitor.sideways() <= 0
