"""On paper: light, without navigation, the filters as text, nothing wider than the page."""

import pytest

from tests.web.visitor import Visitor
from tests.web.world import QUERY, make_costs, make_people

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

A4_PX = 688  # 210 mm less two margins of 14 mm, at 96 pixels an inch
WHITE = "rgb(255, 255, 255)"


def test_it_prints_in_the_light_with_its_filters_and_all_columns(browser, live_server):
    """Explore, Overview and Statements from a dark screen, in the print styles of an A4 page."""
    make_costs()
    make_people()
    visitor = Visitor(browser, live_server, A4_PX, "dark")
    page = visitor.page
    visitor.log_in()
    for address in (
        f"/explore/?{QUERY}&feature=search",
        f"/?{QUERY}",
        "/statements/?month=2026-09",
    ):
        visitor.go(address)
        page.emulate_media(media="print", color_scheme="dark")
        page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
        assert not page.locator(".nav").is_visible(), address
        assert visitor.sideways() <= 0, address
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == WHITE, address
        for box in page.locator("[data-drawn=yes] .main-svg").all():
            assert box.bounding_box()["width"] <= A4_PX, address
        page.evaluate("window.dispatchEvent(new Event('afterprint'))")
        page.emulate_media(media="screen", color_scheme="dark")
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") != WHITE
    visitor.go(f"/explore/?{QUERY}&feature=search")
    page.emulate_media(media="print")
    told = " ".join(page.locator(".print-state").inner_text().split())
    assert "1–2 Sep 2026" in told and "Feature: search" in told and "Basis Effective" in told
    assert page.locator("#table th", has_text="Own idle").is_visible()
    assert not page.locator("#table >> text=Why?").first.is_visible()
    assert visitor.complaints == []
