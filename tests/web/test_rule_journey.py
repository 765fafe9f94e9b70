"""A rule made, previewed, saved, moved up and taken back, by keyboard alone in a real browser."""

import pytest

from attribution.allocate import attribute
from attribution.models import AllocationRule
from attribution.ruling.edit import newest
from tests.attribution.ledger import charge
from tests.web.typist import Typist
from tests.web.world import make_people

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
DAYS = "from=2026-09-01&to=2026-09-30"


@pytest.fixture
def company(db):
    make_people()
    for n in range(6):
        charge("10", sub_account_id="4711", resource_id=f"db-{n}", tags={"team": "data-eng"})
    charge("40", sub_account_id="4711", resource_id="scratch-1")
    attribute()


def test_a_rule_by_keyboard_alone(company, browser, live_server):
    finance = Typist(browser, live_server, 1440)
    page = finance.page
    finance.log_in()
    finance.go(f"/rules/?{DAYS}")
    finance.press("a[href='/rules/new/']", "[name=title]")
    finance.type("[name=title]", "Scratch of search")
    finance.type("[name=c-0-field]", "resource_id")
    finance.reach("[name=c-0-op]")
    page.keyboard.type("starts")
    finance.type("[name=c-0-value]", "scratch")
    finance.press("#add-condition", "[name=c-1-field]:focus")
    assert page.input_value("[name=c-0-value]") == "scratch"
    finance.press("[aria-label='Remove condition 2']", "#add-condition:focus")
    finance.type("[name=a-0-text]", "search")
    finance.type("[name=why]", "Search asked for it")
    finance.fits()
    finance.enter("text=What moves")
    finance.fits()
    assert not AllocationRule.objects.filter(built_in=False).exists()
    finance.press("form[action='/rules/save/'] button", "text=Saved.")
    key = "scratch-of-search"
    assert newest_of(key).assigns == {"team": "search"}

    at = [rule.key for rule in newest()].index(key)
    finance.go(f"/rules/?{DAYS}")
    finance.press("[aria-label='Move Scratch of search up']", "#order-bar button")
    assert finance.focused() == "Move Scratch of search up"
    assert "is now number" in page.locator("#order-said").inner_text()
    assert newest_of(key).version == 1
    page.keyboard.press("Enter")
    finance.fits()
    finance.press("#order-bar button", "text=What changes", back=True)
    finance.type("[name=why][type=text]", "Before the others")
    finance.enter("text=Saved.")
    assert [rule.key for rule in newest()].index(key) == at - 2

    finance.go(f"/rules/rule/{key}/?{DAYS}")
    finance.press(f"a[href='/rules/rule/{key}/revert/1/']", "text=What changes")
    finance.type("[name=why][type=text]", "It was right before")
    finance.enter("text=Saved.")
    assert newest_of(key).version == 3
    assert newest_of(key).position == AllocationRule.objects.get(key=key, version=1).position
    assert finance.complaints == []


def newest_of(key: str) -> AllocationRule:
    return next(rule for rule in newest() if rule.key == key)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_pages_fit_a_narrow_screen(company, browser, live_server, theme):
    visitor = Typist(browser, live_server, 390, theme)
    visitor.log_in()
    for address in ("/rules/", "/rules/new/", "/rules/rule/direct/", "/rules/import/",
                    "/rules/suggestions/", "/rules/rule/direct/edit/",
                    "/rules/rule/direct/switch/"):  # fmt: skip
        visitor.go(f"{address}?{DAYS}&preview_from=2026-09-01&preview_to=2026-09-30")
        visitor.fits()
    assert visitor.complaints == []
