"""What people come for, by keyboard alone in a real browser; a rule's own journey stands in
test_rule_journey.py."""

from datetime import date
from decimal import Decimal
import json

import pytest

from aicost.kernel.periods import Period
from attribution.reports import run
from attribution.reports.spec import Asker, Spec
from tests.web import demo_world
from tests.web.demo_world import load_days
from tests.web.typist import Typist
from tests.web.world import PASSWORD, QUERY, make_costs, make_people

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
TODAY = date(2026, 11, 22)
NOVEMBER = "from=2026-11-01&to=2026-11-21"


@pytest.fixture
def company(db):
    make_costs()
    make_people()


@pytest.fixture
def finance(company, browser, live_server):
    somebody = Typist(browser, live_server, 1440)
    somebody.log_in()
    yield somebody
    assert somebody.complaints == []


def lead(typist: Typist) -> str:
    return typist.page.locator(".lead").first.inner_text()


def test_from_the_login_to_a_filter_to_the_reason_of_a_number(company, browser, live_server):
    visitor = Typist(browser, live_server, 1440)
    page = visitor.page
    visitor.go("/login/")
    visitor.type("[name=username]", "finance")
    visitor.type("[name=password]", PASSWORD)
    visitor.enter("h1:text('Overview')")
    visitor.press(".nav a[href^='/explore/']", "#table")
    visitor.go(f"/explore/?{QUERY}")
    visitor.press(".chips summary", "#filter-menu a")
    visitor.press("#filter-menu a[href^='/filter/feature/']", "#filter-menu [value=search]")
    visitor.reach("#filter-menu [value=search]")
    page.keyboard.press("Space")
    visitor.press("#filter-menu .button", "tr.total")
    assert "feature=search" in page.url
    assert "$160.00" in page.locator("tr.total").first.inner_text()
    visitor.press("tbody a[hx-get^='/why/']", "#side.open h1")
    assert "160.00" in page.locator("#side").inner_text()
    page.keyboard.press("Escape")
    page.wait_for_selector("#side:not(.open)", state="attached")
    assert page.evaluate("document.activeElement.innerText") == "Why?"
    assert visitor.complaints == []


def test_to_a_model_by_search(finance):
    finance.go(f"/?{QUERY}")
    finance.page.keyboard.press("/")
    finance.page.keyboard.type("rank")
    finance.page.wait_for_selector(".hits a")
    finance.page.keyboard.press("ArrowDown")
    finance.enter("h1:text('ranker')")
    assert "/models/ranker/" in finance.page.url


def test_through_time_by_letters(finance):
    """Help, then the step, the comparison and the period before; back is back."""
    page = finance.page
    finance.go(f"/explore/?{QUERY}")
    page.keyboard.press("?")
    page.wait_for_selector("dialog[open]")
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog:not([open])", state="attached")
    for key, told in (("w", "step=week"), ("c", "to=2026-09-02"), (",", "to=2026-08-31")):
        before = page.url
        page.keyboard.press(key)
        page.wait_for_function("(before) => location.href !== before", arg=before)
        page.wait_for_load_state("networkidle")
        assert told in page.url, key
    page.go_back()
    page.wait_for_load_state("networkidle")
    assert "to=2026-09-02" in page.url


def test_a_cfo_finds_why_it_grew(tmp_path, settings, browser, live_server):
    """On the six months of the demo company: why did AI grow fourfold, in three clicks at most."""
    settings.AICOST_HOME = tmp_path / "home"
    load_days(tmp_path / "demo", TODAY, None)
    truth = json.loads((tmp_path / "demo" / "truth.json").read_text(encoding="utf-8"))
    finance = Typist(browser, live_server, 1440)
    first, last = (
        sum(Decimal(row["cost"]) for row in truth["monthly_totals"] if row["month"] == month)
        for month in (truth["months"][0][:7], truth["months"][4][:7])
    )
    finance.log_in()
    finance.go(f"/?{NOVEMBER}")
    finance.press("main a[href^='/why-it-grew/']", "h1:text('Why it grew')")
    said = lead(finance)
    assert f"from ${first:,.0f} in June to ${last:,.0f} in October" in said
    assert f"Of ${last - first:,.0f} more" in said
    assert "training" in said and "more inferences" in said
    before = finance.page.url
    finance.press("main .movers .plain-link", "#table")
    assert finance.page.url != before
    finance.press("main a[href^='/why/']", "#side.open h1")  # the third click: one cause, proven
    assert finance.complaints == []


@pytest.fixture
def demo(demo_days):
    with demo_days.to_be_changed():
        yield demo_days


def test_an_engineer_finds_which_gpus_idle(demo, browser, live_server):
    """On the eight days that hold the idle weekend: which of my GPUs idle, and what does it cost?
    One click to the answer, one more to the node, its holder and its hours."""
    truth, somebody = demo.truth(), Typist(browser, live_server, 1440)
    [weekend] = [one for one in truth["events"] if one["name"] == "idle_weekend"]
    somebody.log_in("finops")
    somebody.go(f"/?{demo_world.VIEW}")
    somebody.press(".nav a[href^='/gpus/']", "h1:text('GPU')")
    said = lead(somebody)
    assert "was paid for and not used" in said and "gpu-exp-01" in said
    row = somebody.page.locator("tr", has_text="gpu-exp-01").first.inner_text()
    days = Period(date.fromisoformat(truth["from"]), demo_world.TODAY)
    asked = Spec("gpu", days, Asker("finops"), group_by=("node",))
    [node] = [one for one in run(asked).rows if one["node"] == "gpu-exp-01"]
    idle = node["held_idle_cost"] + node["empty_idle_cost"] + node["unreserved_cost"]
    assert node["empty_idle_cost"] == Decimal(weekend["cost"]) < idle
    assert f"${idle:,.2f}" in row
    somebody.press("main a[href^='/gpus/gpu-exp-01/']", "h1:text('gpu-exp-01')")
    assert somebody.complaints == []
