"""Every money figure can be asked why, and the reason is of that figure."""

from decimal import Decimal
from functools import partial
import html
import re

import pytest

from aicost.web.pages import why
from tests.attribution.world import build

pytestmark = pytest.mark.django_db
QUERY = "from=2026-09-01&to=2026-09-01&compare=none"
PAGES = (
    "/",
    "/explore/",
    "/models/",
    "/models/rank-v1/",
    "/margin/",
    "/gpus/",
    "/unit-economics/",
    "/health/",
)
BIG = re.compile(r'class="big">(.*?)<span class="mark', re.S)


@pytest.fixture
def company(people):
    build()


def links(page: str) -> list[str]:
    return sorted({html.unescape(one) for one in re.findall(r'href="(/why/[^"]*)"', page)})


def figure(page: str) -> str:
    return re.sub(r"<[^>]*>", "", BIG.search(page).group(1)).strip()


@pytest.mark.parametrize("address", PAGES)
def test_every_reason_a_page_links_to_can_be_read(visit, company, address):
    page = visit("finance", f"{address}?{QUERY}&whole=1").content.decode()
    assert "This box could not be filled" not in page
    found = links(page)
    assert found
    for link in found:
        assert visit("finance", link).status_code == 200, link


def test_the_reason_is_of_the_figure_beside_it(visit, company):
    """Key figures of the overview; a node, its idle time and its states; margin and unit cost."""
    told = {}
    for address in ("/", "/gpus/", "/margin/", "/models/", "/health/"):
        for link in links(visit("finance", f"{address}?{QUERY}&whole=1").content.decode()):
            told[link.partition("?")[2]] = figure(visit("finance", link).content.decode())

    def of(*parts: str) -> set[str]:
        return {amount for link, amount in told.items() if all(part in link for part in parts)}

    assert "$100.00" in of("line=total", "USD")
    assert of("kind=idle", "line=total") == {"$30.00"}
    assert of("kind=unattributed", "line=total") == {"$13.00"}
    assert of("resource=i-1", "line=total") == {"$80.00"}
    assert of("line=idle", "at=resource%3Ai-1") == {"$30.00"}
    assert of("state=unreserved", "rule=gpu_time") == {"$20.00"}
    assert of("figure=margin", "search") == {"−$30.00"}
    assert of("column=marginal_cost_per_inference", "rank-v1") == {"$44.4"}
    assert of("column=loaded_cost_per_inference", "rank-v1") == {"$55.6"}
    assert of("figure=reconciliation", "2026-09") == {"$0.00"}


def test_a_panel_is_the_page_without_its_frame(visit, company):
    for asked in (
        "figure=unit_cost&at=model:rank-v1",
        "figure=margin&at=feature:search",
        "figure=reconciliation&at=source:aws&at=billing_period:2026-09",
        "at=feature:search&idle=spread&shared=spread",
    ):
        address = f"/why/?{QUERY}&{asked}"
        page = visit("finance", address).content.decode()
        panel = visit("finance", address, headers={"HX-Request": "true"}).content.decode()
        assert "<html" in page
        assert "<html" not in panel
        assert figure(panel) == figure(page)


def test_it_shows_what_was_spread_and_by_which_weight(visit, company):
    page = visit("viewer", f"/why/?{QUERY}&at=feature:search&idle=spread&shared=spread")
    text = page.content.decode()
    assert "500,000 of 680,000" in text
    assert f"+${Decimal(20) * 50 / 68:.2f}" in text
    assert "The pools: Computers unreserved" in text


def test_what_cannot_be_explained_is_said(visit, company):
    assert visit("viewer", f"/why/?{QUERY}&figure=margin&at=feature:search").status_code == 403
    assert visit("scoped", f"/why/?{QUERY}&figure=reconciliation&at=source:aws"
                 "&at=billing_period:2026-09").status_code == 403  # fmt: skip
    response = visit("finance", f"/why/?{QUERY}&figure=unit_cost&at=model:nobody")
    assert response.status_code == 404
    assert "No unit cost of nobody" in response.content.decode()
    assert visit("finance", f"/why/?{QUERY}&figure=profit").status_code == 400


def amount(page: str) -> Decimal:
    return Decimal(figure(page).lstrip("$").replace(",", "").replace("−", "-"))


def test_a_large_ledger_is_asked_step_by_step_to_its_charges(visit, company, monkeypatch):
    """A year of everything leads to its months, a month to its days, a day to its charges; each
    step is the figure it leads to, and they add up. A named charge is shown whatever the days."""
    monkeypatch.setattr(why, "is_large", bool)  # not yet
    told = "line=total&currency=USD&rows=1"
    small = visit("finance", f"/why/?from=2026-01-01&to=2026-12-31&{told}").content.decode()
    assert "Rows of the file" in small
    monkeypatch.setattr(why, "is_large", partial(bool, 1))
    year = visit("finance", f"/why/?from=2026-01-01&to=2026-12-31&{told}").content.decode()
    assert "Month by month" in year and figure(year) == figure(small)
    months = [visit("finance", link).content.decode() for link in links(year)]
    assert sum(map(amount, months)) == amount(year)
    (link,) = (one for one in links(year) if "from=2026-09-01&to=2026-09-30" in one)
    assert "rows=" not in link
    month = visit("finance", link).content.decode()
    assert "Day by day" in month
    days = [visit("finance", link).content.decode() for link in links(month)]
    assert sum(map(amount, days)) == amount(month)
    assert all("<span>1</span>Charges" in day for day in days)
    charge = re.search(r"charge=[\d:%A-]+", html.unescape(small))[0]
    named = visit("finance", f"/why/?from=2026-01-01&to=2026-12-31&{told}&{charge}")
    assert "Rows of the file" in named.content.decode()
