"""The bar means the same on every page: a pick keeps what a page asks besides, and a currency is
the currency of all, or the page says of what it is not."""

from decimal import Decimal
from html import unescape
import re
from urllib.parse import parse_qs

from django.urls import reverse
import pytest

from aicost.web.pages.registry import PAGES
from ingest.models import FxRate
from tests.web.world import FIRST, QUERY

pytestmark = pytest.mark.django_db
# address, what is kept of it, what is not
OWN = (
    ("/explore/?sum=1&rows=60", {"sum": ["1"], "rows": ["60"]}, ()),
    ("/margin/?if_cost=10&if_volume=5", {"if_cost": ["10"], "if_volume": ["5"]}, ()),
    ("/targets/?q=ans&status=active", {"q": ["ans"], "status": ["active"]}, ()),
    ("/customers/?q=ac&page=2", {"q": ["ac"]}, ("page",)),
    ("/explore/?sort=-change", {"sort": ["-change"]}, ()),
)
NAMES = {
    "model": {"name": "ranker"},
    "feature": {"name": "search"},
    "team": {"name": "relevance"},
    "target": {"kind": "model", "name": "ranker"},
}


def bar_of(page: str) -> str:
    return page[page.index('<section class="bar"') : page.index("<main")]


@pytest.mark.parametrize(("address", "kept", "dropped"), OWN)
def test_a_pick_keeps_what_the_page_asks_besides(visit, costs, address, kept, dropped):
    """Every link of the bar that leads to the same page, its forms, and the link to copy."""
    bar = bar_of(visit("finance", f"{address}&{QUERY}&feature=search").content.decode())
    links = re.findall(r'<a[^>]*href="\?([^"]*)"', bar)
    assert len(links) > 10
    for link in links:
        told = parse_qs(unescape(link))
        assert {name: told.get(name) for name in kept} == kept, link
        assert not set(dropped) & set(told), link
    for form in re.findall(r'<form method="get">(.*?)</form>', bar, re.S):
        hidden = dict(re.findall(r'type="hidden" name="([^"]*)" value="([^"]*)"', form))
        assert {name: [hidden.get(name)] for name in kept} == kept
    copied = parse_qs(unescape(re.search(r'data-copy="\?([^"]*)"', bar)[1]))
    assert {name: copied.get(name) for name in kept} == kept


def test_the_filter_menu_keeps_it_too(visit, costs):
    page = visit("finance", f"/explore/?{QUERY}&sum=1&rows=60").content.decode()
    menu = unescape(re.search(r'href="(/filter/feature/[^"]*)"', page)[1])
    form = visit("finance", menu).content.decode()
    assert 'name="sum" value="1"' in form and 'name="rows" value="60"' in form


def _address(slug: str) -> str:
    return reverse(slug, kwargs=NAMES.get(slug))


@pytest.mark.parametrize("slug", [p.slug for p in PAGES.values() if "currency" in p.picks])
def test_a_page_in_another_currency_knows_all_that_it_knows_in_its_own(visit, costs, slug):
    """At 2 dollars a euro: no box fails, nothing becomes unknown, and what is left in dollars is
    named by its box."""
    FxRate.objects.create(
        month=FIRST, from_currency="EUR", to_currency="USD", rate=Decimal(2), origin="ECB"
    )
    address = f"{_address(slug)}?{QUERY}&whole=1"
    plain = visit("finance", address).content.decode()
    euros = visit("finance", f"{address}&in_currency=EUR").content.decode()
    assert "could not be filled" not in plain + euros
    main = euros[euros.index("<main") :]
    assert ("€" in main) == ("$" in plain[plain.index("<main") :])
    assert plain.count(">unknown") == euros.count(">unknown")
    rest = re.sub(r'<div><p class="note">Not in EUR:.*?</section>\s*</div>', "", main, flags=re.S)
    dollars = re.findall(r"\$[\d,.]+", re.sub(r"<dl.*?</dl>", "", rest, flags=re.S))
    assert dollars == [] or "Not in EUR" in main


def test_a_page_that_knows_no_other_currency_says_so(visit, costs):
    page = visit("finance", f"/gpus/?{QUERY}&in_currency=EUR").content.decode()
    assert "Not in EUR: the reports of this page know the currency of the bill only." in page
    assert "Not in EUR" not in visit("finance", f"/gpus/?{QUERY}").content.decode()
