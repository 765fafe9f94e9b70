"""Every page of the product in a real browser, light and dark, wide, middle and narrow."""

import os

import pytest

from tests.web.addresses import pages, unknown
from tests.web.furnished import DAYS, furnish
from tests.web.visitor import Visitor

WIDTHS = (1440, 768, 390)
# In soak the other theme is looked at by all rules and at all widths too.
WHOLE = os.environ.get("AICOST_WHOLE_SWEEP") == "1"


def with_days(address: str) -> str:
    return f"{address}{'&' if '?' in address else '?'}{DAYS}"


def test_no_address_is_forgotten():
    """A new address with arguments needs an example, or to be named as no page."""
    assert unknown() == []


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_every_page_is_quiet_fits_and_can_be_used_by_all(client, browser, live_server):
    """No console message, no policy violation, nothing sideways, nothing serious for axe. One page
    is opened in the light and the next in the dark, and seen at each width; then in the other one,
    where what depends on colours is looked at, narrow and wide."""
    people = furnish()
    client.force_login(people["admin"])
    visitor = Visitor(browser, live_server, WIDTHS[0])
    visitor.log_in("admin")
    found = []
    for nth, address in enumerate(pages(client)):
        first, other = ("light", "dark") if nth % 2 else ("dark", "light")
        visitor.turn(first)
        visitor.arrive(with_days(address))
        for width in WIDTHS:
            visitor.resize(width)
            seen = [*visitor.barriers(), *visitor.overflow()]
            found += [f"{address} at {width} px, {first}: {one}" for one in seen]
        visitor.turn(other)
        for width in WIDTHS[::-1] if WHOLE else (WIDTHS[-1], WIDTHS[0]):
            visitor.resize(width)
            seen = [*visitor.barriers(colours_alone=not WHOLE), *visitor.overflow()]
            found += [f"{address} at {width} px, {other}: {one}" for one in seen]
    found += visitor.complaints
    assert not found, "\n".join(found)
