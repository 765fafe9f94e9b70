"""One visit in a real browser: nothing on the console, nothing that scrolls sideways."""

import os
from pathlib import Path

import pytest

from tests.web.world import PASSWORD, QUERY, make_costs, make_people

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

ADDRESSES = (
    "/",
    "/explore/",
    "/models/",
    "/models/ranker/",
    "/gpus/",
    "/margin/",
    "/targets/",
    "/targets/feature/search/",
    "/statements/",
    "/finance/cost_classes/",
    "/health/",
    "/rules/",
    "/upload/",
)


@pytest.fixture
def browser(monkeypatch):
    """Debian's Chromium. Playwright keeps an event loop, which Django takes for an async caller."""
    from playwright.sync_api import sync_playwright

    monkeypatch.setitem(os.environ, "DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    with sync_playwright() as play:
        found = play.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture
def company(db):
    make_costs()
    make_people()


class Visitor:
    """A page that remembers whatever the browser complained about."""

    def __init__(self, browser, live_server, width: int, theme: str = "light"):
        self.base = live_server.url
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=theme, accept_downloads=True
        )
        self.page = context.new_page()
        self.complaints: list[str] = []
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _heard(self, message) -> None:
        if message.type in ("error", "warning", "trace"):
            self.complaints.append(f"{self.page.url}: {message.text}")

    def go(self, address: str) -> None:
        self.page.goto(self.base + address)
        self.page.wait_for_load_state("networkidle")

    def log_in(self, username: str = "finance") -> None:
        self.go("/login/")
        self.page.fill("[name=username]", username)
        self.page.fill("[name=password]", PASSWORD)
        self.page.click("text=Log in >> nth=-1")
        self.page.wait_for_load_state("networkidle")

    def sideways(self) -> int:
        return self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")


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
    page.click("#filter-menu >> text=search")
    page.wait_for_load_state("networkidle")
    assert "feature=search" in page.url
    assert "$160.00" in page.locator("tr.total").first.inner_text()
    with page.expect_download() as caught:
        page.click(".bar-tools >> text=CSV")
    assert "search" in Path(caught.value.path()).read_text(encoding="utf-8")
    page.click("tbody tr:first-child >> text=Why?")
    page.wait_for_selector("#side.open h1")
    assert "Why this number?" in page.locator("#side").inner_text()
    assert "160.00" in page.locator("#side").inner_text()
    page.keyboard.press("Escape")
    assert not page.locator("#side.open").count()
    assert visitor.complaints == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_keeps_quiet_and_narrow_on_every_page(company, browser, live_server, theme):
    """At 390 px and at 1440 px: no console message, no policy violation, nothing sideways."""
    for width in (390, 1440):
        visitor = Visitor(browser, live_server, width, theme)
        visitor.log_in()
        for address in ADDRESSES:
            visitor.go(f"{address}?{QUERY}")
            assert visitor.sideways() <= 0, (address, width)
        assert visitor.complaints == []
